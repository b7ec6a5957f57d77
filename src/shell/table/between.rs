//! Commands of a shell in the middle, between the clients of a proxy and their server.

use crate::shell::gate_arguments as args;

use super::{Complete, Spec};

/// The words of the two ways.
const WAYS: &[&str] = &["to-server", "to-client"];

/// In the order in which they are offered.
pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "hold",
        aliases: &[],
        synopsis: "[to-server | to-client | off]",
        summary: "hold messages that go through",
        help: "For wscope proxy --shell. Both ways if none is named; once 1 MiB of\n\
               one way is held its source is read no further. Control frames are not\n\
               held, and a close frame lets go what is held before it. off lets all go.\n\
               /hold\n/hold to-server\n/hold off",
        complete: Complete::Words(&["to-server", "to-client", "off"]),
        parse: args::hold,
    },
    Spec {
        name: "held",
        aliases: &[],
        synopsis: "",
        summary: "list the messages held",
        help: "Each with its number, where it goes, and the connection of its client.\n/held",
        complete: Complete::Nothing,
        parse: args::held,
    },
    Spec {
        name: "release",
        aliases: &[],
        synopsis: "[N | all]",
        summary: "let a held message go on",
        help: "Without N the one that has waited longest; frame by frame as it came if it\n\
               was not edited and nothing is compressed.\n/release\n/release 3\n/release all",
        complete: Complete::Words(&["all"]),
        parse: args::release,
    },
    Spec {
        name: "edit",
        aliases: &[],
        synopsis: "N TEXT | N @FILE | N hex:... | N base64:...",
        summary: "change a held message",
        help: "Text or binary as for /send. It stays held.\n/edit 3 {\"id\": 7}\n/edit 3 hex:00ff",
        complete: Complete::AtPath,
        parse: args::edit,
    },
    Spec {
        name: "discard",
        aliases: &[],
        synopsis: "N",
        summary: "let a held message go nowhere",
        help: "The recording still has it as received.\n/discard 3",
        complete: Complete::Nothing,
        parse: args::discard,
    },
    Spec {
        name: "inject",
        aliases: &[],
        synopsis: "to-server|to-client TEXT | @FILE | hex:... | base64:...",
        summary: "send what nobody sent",
        help: "At once, past what is held. With several clients @N says whose: the\n\
               number of one of its connections.\n/inject to-client {\"op\": \"pong\"}\n@3 /inject to-server hex:00ff",
        complete: Complete::Words(WAYS),
        parse: args::inject,
    },
];
