//! Commands that look back, choose what is seen, and run the shell itself.

use crate::shell::arguments as args;
use crate::shell::request::Action;

use super::{Complete, Spec};

/// The words that `/filter` takes.
const FILTER_WORDS: &[&str] =
    &["sent", "received", "op=text", "op=binary", "op=ping", "op=pong", "op=close", "op=continuation", "off"];

/// In the order in which they are offered.
pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "headers",
        aliases: &[],
        synopsis: "",
        summary: "show the handshake, raw",
        help: "As on the wire, whatever --headers says.\n/headers\n@bob /headers",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Headers),
    },
    Spec {
        name: "info",
        aliases: &[],
        synopsis: "",
        summary: "show TLS, what was agreed",
        help: "Address, timings, subprotocol, extensions, TLS and its certificate.\n/info\n@bob /info",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Info),
    },
    Spec {
        name: "show",
        aliases: &["s"],
        synopsis: "[N]",
        summary: "show a frame bit by bit",
        help: "Header bits, hexdump, JSON, inflated. Without N the last frame; -2 is the\n\
               one before it. However old, it comes from the session's recording, without\n\
               what --mask-json masks; with --no-autosave the last 1,000 are kept.\n\
               /show\n/show 17\n/show -2",
        complete: Complete::Nothing,
        parse: args::show,
    },
    Spec {
        name: "last",
        aliases: &["l"],
        synopsis: "[N]",
        summary: "show the last frames again",
        help: "Ten without N. Any number, as /set says now, whatever is filtered. Ctrl-C\n\
               stops it.\n/last\n/last 50",
        complete: Complete::Nothing,
        parse: args::last,
    },
    Spec {
        name: "find",
        aliases: &["f"],
        synopsis: "REGEX",
        summary: "find payloads by a regex",
        help: "Shows the last 100 whose payload matches, of all that /show can show.\n\
               A plain word is found fastest; Ctrl-C stops it.\n/find error|fail\n/find (?i)\"id\":\\s*7\\b\n/find (?-u)\\xff\\xfe",
        complete: Complete::Nothing,
        parse: args::find,
    },
    Spec {
        name: "filter",
        aliases: &[],
        synopsis: "[sent|received] [op=..] [REGEX] | off",
        summary: "choose which frames to see",
        help: "Only the screen is filtered: /last and /find know all frames.\n\
               Without arguments says what is filtered.\n\
               /filter received op=text\n/filter sent heartbeat\n/filter off",
        complete: Complete::Words(FILTER_WORDS),
        parse: args::filter,
    },
    Spec {
        name: "set",
        aliases: &[],
        synopsis: "[SETTING [VALUE]]",
        summary: "choose how they are shown",
        help: "Without a value says what it is, without a setting lists all.\n/set\n/set format full\n/set timestamps clock\n/set json pretty\n/set on-violation continue",
        complete: Complete::Setting,
        parse: args::set,
    },
    Spec {
        name: "stats",
        aliases: &[],
        synopsis: "",
        summary: "count frames, bytes, rates",
        help: "Counted from the start, all connections together.",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Stats),
    },
    Spec {
        name: "use",
        aliases: &["u"],
        synopsis: "NAME",
        summary: "use another connection",
        help: "A connection without a name has its number.\n\
               @NAME before a line sends just that line there.\n\
               /use bob\n@bob hello\n@2 /ping",
        complete: Complete::Connection,
        parse: args::use_connection,
    },
    Spec {
        name: "connections",
        aliases: &["ls"],
        synopsis: "",
        summary: "list the connections",
        help: "The one in use has a >.",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Connections),
    },
    Spec {
        name: "history",
        aliases: &[],
        synopsis: "[N]",
        summary: "list the lines typed",
        help: "Twenty without N. Ctrl-R searches.\n\
               A line that begins with a blank, or holds a password, a token or a cookie,\n\
               is not kept for the next time.",
        complete: Complete::Nothing,
        parse: args::history,
    },
    Spec {
        name: "note",
        aliases: &["n"],
        synopsis: "TEXT",
        summary: "put a note on the timeline",
        help: "And into the recording.\n/note now with the new server",
        complete: Complete::Nothing,
        parse: args::note,
    },
    Spec {
        name: "record",
        aliases: &[],
        synopsis: "[[--force] FILE | stop]",
        summary: "record to a file, or stop",
        help: "From now on; what was before: /save. A recording that is there is appended\n\
               to, --force overwrites it. Without arguments it says where it records to.\n\
               /record session.wsrec\n/record --force session.wsrec\n/record stop",
        complete: Complete::Path,
        parse: args::record,
    },
    Spec {
        name: "save",
        aliases: &[],
        synopsis: "[--force] FILE",
        summary: "copy the session to a file",
        help: "Every session is recorded anyway, and the last 20 are kept.\n/save found.wsrec\n\
               /save --force found.wsrec",
        complete: Complete::Path,
        parse: args::save,
    },
    Spec {
        name: "source",
        aliases: &[],
        synopsis: "FILE",
        summary: "run the lines of a file",
        help: "An error names file and line; the rest still runs. Ctrl-C stops it.\n/source steps.txt",
        complete: Complete::Path,
        parse: args::source,
    },
    Spec {
        name: "help",
        aliases: &["?", "h"],
        synopsis: "[COMMAND]",
        summary: "list or explain commands",
        help: "/help\n/help frame",
        complete: Complete::Command,
        parse: args::help,
    },
    Spec {
        name: "quit",
        aliases: &["q", "exit"],
        synopsis: "",
        summary: "close all and leave",
        help: "With 1000, as Ctrl-D does. It waits 2 s at most; Ctrl-C leaves at once.",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Quit),
    },
];
