//! The one table of commands: parsing, help, completion and hints all come from it.

use strsim::osa_distance;

use super::arguments as args;
use super::frame_arguments;
use super::request::Action;

/// A command.
pub struct Spec {
    /// Without the slash.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The arguments, as in a usage line; empty if there are none.
    pub synopsis: &'static str,
    /// In a few words: a column of the help.
    pub summary: &'static str,
    /// What else is worth saying, then examples, a line each.
    pub help: &'static str,
    pub complete: Complete,
    /// The arguments' text to what to do; the error says what is wrong with it.
    pub(super) parse: fn(&str) -> Result<Action, String>,
}

/// What can be completed after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    Nothing,
    /// One of these, at any place.
    Words(&'static [&'static str]),
    /// A path.
    Path,
    /// A path after `@`.
    AtPath,
    /// URLs used before, and flags.
    Connect,
    /// A connection's name.
    Connection,
    /// A command's name.
    Command,
    /// A setting, then its values.
    Setting,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}", self.name)
    }
}

impl Spec {
    /// `/close [code] [reason]`.
    #[must_use]
    pub fn usage(&self) -> String {
        format!("/{} {}", self.name, self.synopsis).trim_end().to_owned()
    }
}

/// The command with this name or alias.
#[must_use]
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    COMMANDS.iter().find(|spec| spec.name == name || spec.aliases.contains(&name))
}

/// The name nearest to a mistyped one, if one is near.
#[must_use]
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let near = |known: &&str| osa_distance(known, &name) <= 1 + name.len() / 4;
    let unfinished = || COMMANDS.iter().map(|spec| spec.name).find(|known| name.len() > 1 && known.starts_with(&*name));
    let known = COMMANDS.iter().flat_map(|spec| std::iter::once(&spec.name).chain(spec.aliases)).copied();
    unfinished().or_else(|| known.filter(near).min_by_key(|known| osa_distance(known, &name)))
}

/// The words that `/filter` takes.
const FILTER_WORDS: &[&str] =
    &["sent", "received", "op=text", "op=binary", "op=ping", "op=pong", "op=close", "op=continuation", "off"];

/// Every command, in the order of the help.
pub static COMMANDS: &[Spec] = &[
    Spec {
        name: "connect",
        aliases: &["open"],
        synopsis: "URL [flags] [as NAME]",
        summary: "open a connection",
        help: "It is the one in use from then on. The flags are those of the command line.\n\
               Further connections share the timeline.\n\
               /connect ws://127.0.0.1:7000/echo\n\
               /connect wss://example.org/chat -H 'X-Room: 1' as bob",
        complete: Complete::Connect,
        parse: args::connect,
    },
    Spec {
        name: "reconnect",
        aliases: &[],
        synopsis: "",
        summary: "open it again",
        help: "As it was opened; one that is open is closed first.\n/reconnect\n@bob /reconnect",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Reconnect),
    },
    Spec {
        name: "disconnect",
        aliases: &[],
        synopsis: "",
        summary: "close it with 1000",
        help: "To give a code and a reason: /close. To end without a close frame: /drop.",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Disconnect),
    },
    Spec {
        name: "send",
        aliases: &[],
        synopsis: "TEXT | @FILE | hex:... | base64:...",
        summary: "send text or binary",
        help: "Text if it is UTF-8, else binary.\n/send hello\n/send @request.json",
        complete: Complete::AtPath,
        parse: args::send,
    },
    Spec {
        name: "text",
        aliases: &["t"],
        synopsis: "[TEXT]",
        summary: "send a text message",
        help: "A line that begins with neither / nor @ is sent like this too.\n/text @bob is not here\n/text",
        complete: Complete::Nothing,
        parse: args::text,
    },
    Spec {
        name: "binary",
        aliases: &["b"],
        synopsis: "HEX | base64:... | text:... | @FILE",
        summary: "send hex, base64, a file",
        help: "/binary deadbeef\n/binary de ad be ef\n/binary base64:3q2+7w==\n/binary @image.png",
        complete: Complete::AtPath,
        parse: args::binary,
    },
    Spec {
        name: "json",
        aliases: &["j"],
        synopsis: "JSON",
        summary: "check and send JSON",
        help: "Sent without blanks; key order, duplicate keys and numbers stay as typed.\n\
               Enter makes a new line while the end is missing, an empty line sends it.\n\
               /json {\"id\": 1, \"method\": \"ping\"}",
        complete: Complete::Nothing,
        parse: args::json,
    },
    Spec {
        name: "ping",
        aliases: &[],
        synopsis: "[TEXT | hex:... | base64:... | @FILE]",
        summary: "send a ping",
        help: "With up to 125 bytes. The pong shows the round trip.\n/ping\n/ping tick\n/ping hex:00ff",
        complete: Complete::AtPath,
        parse: args::ping,
    },
    Spec {
        name: "pong",
        aliases: &[],
        synopsis: "[TEXT | hex:... | base64:... | @FILE]",
        summary: "send a pong unasked",
        help: "With up to 125 bytes.\n/pong\n/pong still here",
        complete: Complete::AtPath,
        parse: args::pong,
    },
    Spec {
        name: "close",
        aliases: &[],
        synopsis: "[--force] [CODE [REASON]]",
        summary: "send a close frame",
        help: "Begins the closing handshake. Without a code the close frame is empty.\n\
               --force sends codes that may not be on the wire.\n\
               /close\n/close 1000 bye\n/close 4001 session expired\n/close --force 1006",
        complete: Complete::Words(&["--force", "1000", "1001", "1002", "1003", "1007", "1008", "1009", "1011"]),
        parse: args::close,
    },
    Spec {
        name: "drop",
        aliases: &[],
        synopsis: "",
        summary: "end it, no close frame",
        help: "The peer sees an abnormal closure (1006).",
        complete: Complete::Nothing,
        parse: |rest| args::none(rest, Action::Drop),
    },
    Spec {
        name: "fragment",
        aliases: &["fragments"],
        synopsis: "N TEXT | N hex:... | N base64:... | N @FILE",
        summary: "send a message in frames",
        help: "Text is cut between characters; /frame cuts anywhere.\n/fragment 3 hello\n/fragment 2 hex:00010203",
        complete: Complete::AtPath,
        parse: args::fragment,
    },
    Spec {
        name: "frame",
        aliases: &[],
        synopsis: "[op=..] [fin=0|1] [rsv=0..7] [mask=none|random|KEY] [len=7|16|64] [length=N] [PAYLOAD]",
        summary: "send any frame at all",
        help: "op: a name or 0 to 15 (default text). rsv: 4 is RSV1, 2 RSV2, 1 RSV3.\n\
               mask: as the role demands if not said; KEY is 8 hex digits.\n\
               len: how many bits the length is written in.\n\
               length: what the header claims, whatever the payload.\n\
               PAYLOAD: text, hex:..., base64:... or @FILE; -- ends the fields before it.\n\
               /frame op=3 fin=0 rsv=4 hello\n\
               /frame op=ping mask=none len=64 hex:00ff\n\
               /frame op=text length=9999 short\n\
               /frame mask=01020304 -- op=this is payload",
        complete: Complete::Words(frame_arguments::FIELDS),
        parse: frame_arguments::parse,
    },
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
        summary: "show TLS, what was agreed on",
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_every_command_explains_itself() {
        let mut seen = HashSet::new();
        for spec in COMMANDS {
            for name in std::iter::once(&spec.name).chain(spec.aliases) {
                assert!(seen.insert(*name), "/{name} twice");
                assert_eq!(find(name).map(|found| found.name), Some(spec.name));
            }
            assert!(!spec.summary.is_empty() && !spec.help.is_empty(), "/{} without help", spec.name);
        }
    }

    #[test]
    fn every_example_in_the_help_is_understood() {
        for spec in COMMANDS {
            for example in spec.help.lines().filter(|line| line.starts_with('/') || line.starts_with("@bob")) {
                crate::shell::parse::parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }

    #[test]
    fn a_slip_finds_its_command() {
        for (typed, meant) in [("conect", "connect"), ("hlep", "help"), ("recon", "reconnect"), ("JSON", "json")] {
            assert_eq!(nearest(typed), Some(meant), "{typed}");
        }
        assert_eq!(nearest("etc/passwd"), None);
    }
}
