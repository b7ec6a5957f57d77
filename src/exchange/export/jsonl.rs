//! JSON Lines: an object a message, for `jq` and for data frames of another kind.
//!
//! | member | what it is |
//! |--------|------------|
//! | `time`, `t` | wall time in UTC; seconds since the recording began |
//! | `connection`, `frame` | numbers, as in the recording; the frame is the message's last |
//! | `direction`, `type` | `sent` or `received`; `text` or `binary` |
//! | `size` | bytes |
//! | `text` or `base64` | the message, whole and inflated; in base64 where it is not UTF-8 |
//! | `frames` | how many frames it came in, where that is not one |
//! | `wire` | bytes of payload on the wire, of a compressed message |
//! | `after` | of the first message after one that was sent: seconds since then |
//! | `altered` | true where something of it was masked |

use std::io::Write;

use super::wall::Wall;
use super::{ExportError, Source};
use crate::event::{Event, Kind};
use crate::recording::Entry;
use crate::recording::json::Object;

/// Writes all messages.
///
/// # Errors
/// One of the two can't be read or written.
pub(super) fn write(source: &Source, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut wall = Wall::new(source.header().created);
    let (mut line, mut time) = (Vec::new(), Vec::new());
    let mut pass = source.pass()?;
    while let Some(entry) = pass.entry()? {
        let Entry::Event(Event { time: at, connection, kind: Kind::Frame(frame) }) = entry else { continue };
        let Some(message) = frame.message else { continue };
        line.clear();
        time.clear();
        wall.write(at, &mut time);
        let mut object = Object::begin(&mut line);
        object.bytes("time", "time", &time);
        object.seconds("t", at);
        object.number("connection", u64::from(connection));
        object.number("frame", frame.number);
        object.text("direction", frame.direction.name());
        object.text("type", if message.binary { "binary" } else { "text" });
        object.number("size", message.data.len() as u64);
        object.bytes("text", "base64", &message.data);
        if message.frames != 1 {
            object.number("frames", u64::from(message.frames));
        }
        if message.compressed {
            object.number("wire", message.wire);
        }
        if let Some(after) = frame.after {
            object.seconds("after", after);
        }
        if pass.masked() {
            object.flag("altered", true);
        }
        object.end();
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}
