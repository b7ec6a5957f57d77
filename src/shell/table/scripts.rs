//! Commands that run Rhai, and the user's own.

use crate::shell::script_arguments as args;

use super::{Complete, Spec};

/// In the order in which they are offered.
pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "eval",
        aliases: &["="],
        synopsis: "EXPRESSION",
        summary: "evaluate Rhai, as = does",
        help: "ws is the connection in use, connection(\"bob\") another one. Variables and\n\
               functions stay; ws = connect(...) uses that one from then on. Enter makes a\n\
               new line while the end is missing, Ctrl-C stops it. wscope run --api lists\n\
               the functions.\n\
               = 6 * 7\n= ws.send(\"hi\"); ws.recv().text\n@bob = ws.expect(contains(\"ok\"), \"2s\")",
        complete: Complete::Expression,
        parse: args::eval,
    },
    Spec {
        name: "run",
        aliases: &[],
        synopsis: "FILE [ARGS]",
        summary: "run a Rhai script",
        help: "On this timeline; ws is the connection in use. Variables of = are not seen.\n\
               What it opens is closed at its end. Ctrl-C stops it.\n\
               /run scripts/smoke.rhai\n@bob /run subscribe.rhai trades",
        complete: Complete::Path,
        parse: args::run,
    },
    Spec {
        name: "on",
        aliases: &[],
        synopsis: "[EVENT FUNCTION | EVENT off]",
        summary: "call a function for events",
        help: "EVENT: open, message, ping, close, violation. Called as they\n\
               come, beside the prompt; a function that fails is called no more. Without\n\
               arguments lists them.\n\
               /on message |m| if m.text == \"ping\" { ws.send(\"pong\") }\n\
               /on close |end| print(end.code)\n/on message off",
        complete: Complete::Handler,
        parse: args::on,
    },
    Spec {
        name: "alias",
        aliases: &[],
        synopsis: "[NAME = TEXT]",
        summary: "make a command of your own",
        help: "Then /NAME ARGS is the line TEXT, with $1 to $9 and $* put in. Without TEXT\n\
               it is forgotten. ~/.config/wscope/aliases has those that are there from the\n\
               start, one a line.\n\
               /alias sub = /json {\"op\": \"subscribe\", \"channel\": \"$1\"}\n/alias double = = 2 * $1",
        complete: Complete::Nothing,
        parse: args::alias,
    },
];
