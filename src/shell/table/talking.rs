//! Commands that open, send and close.

use crate::shell::arguments as args;
use crate::shell::frame_arguments;
use crate::shell::request::Action;

use super::{Complete, Spec};

/// In the order in which they are offered.
pub(super) static COMMANDS: &[Spec] = &[
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
];
