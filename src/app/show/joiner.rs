//! Messages in place of their fragments.

use crate::event::{FrameEvent, Kind};
use crate::protocol::{Frame, Header, Opcode};

use super::Item;

/// Holds fragments back until their message is whole; those of a message that never is come out as they are.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    /// In order, of any connection.
    held: Vec<Item>,
}

impl Joiner {
    /// What an item makes ready to be shown, in order.
    pub(super) fn take(&mut self, mut item: Item) -> Vec<Item> {
        let connection = item.event.connection;
        let Kind::Frame(frame) = &mut item.event.kind else {
            // With the connection its unfinished messages are over.
            let over = matches!(item.event.kind, Kind::Close(_));
            let mut ready = if over { self.release(|each, _| each == connection) } else { Vec::new() };
            ready.push(item);
            return ready;
        };
        let direction = frame.direction;
        let is_same = |each: u32, frame: &FrameEvent| each == connection && frame.direction == direction;
        match (&frame.fragment, &frame.message) {
            (None, _) => vec![item],
            (Some(_), Some(_)) => {
                self.release(is_same);
                join(frame);
                item.sight.line.clear();
                vec![item]
            }
            (Some(fragment), None) => {
                let mut ready = if fragment.index == 1 { self.release(is_same) } else { Vec::new() };
                if frame.frame.header.fin {
                    ready.extend(self.release(is_same));
                    ready.push(item);
                } else {
                    self.held.push(item);
                }
                ready
            }
        }
    }

    /// All that is still held back.
    pub(super) fn rest(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.held)
    }

    fn release(&mut self, is_wanted: impl Fn(u32, &FrameEvent) -> bool) -> Vec<Item> {
        let wanted = |item: &mut Item| match &item.event.kind {
            Kind::Frame(frame) => is_wanted(item.event.connection, frame),
            _ => false,
        };
        self.held.extract_if(.., wanted).collect()
    }
}

/// Makes a message's last fragment a frame that carries all of it, inflated; its time and number stay.
fn join(frame: &mut FrameEvent) {
    let Some(message) = &mut frame.message else { return };
    message.frames = 1;
    message.compressed = false;
    let opcode = if message.binary { Opcode::BINARY } else { Opcode::TEXT };
    let header = Header { mask: frame.frame.header.mask, ..Header::new(opcode, message.data.len() as u64) };
    frame.frame = Frame { header, payload: message.data.clone() };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::show::selection::Sight;
    use crate::event::{Direction, Event, Fragment};
    use crate::protocol::Message;

    fn fragment(number: u64, direction: Direction, index: u32, fin: bool, whole: Option<&'static str>) -> Item {
        let header = Header { fin, ..Header::new(Opcode::CONTINUATION, 1) };
        let frame = Frame { header, payload: "x".into() };
        let message = whole.map(|text| Message {
            binary: false,
            data: text.into(),
            frames: index,
            compressed: false,
            wire: text.len() as u64,
        });
        let fragment = Some(Fragment { message: number + 1 - u64::from(index), index });
        let kind = FrameEvent { number, direction, frame, fragment, message, automatic: false, after: None };
        Item { event: Event { time: Duration::ZERO, connection: 1, kind: Kind::Frame(kind) }, sight: Sight::default() }
    }

    fn numbers(items: &[Item]) -> Vec<u64> {
        items
            .iter()
            .filter_map(|item| if let Kind::Frame(frame) = &item.event.kind { Some(frame.number) } else { None })
            .collect()
    }

    #[test]
    fn fragments_become_their_message_and_what_is_never_finished_is_not_lost() {
        let mut joiner = Joiner::default();
        assert!(joiner.take(fragment(1, Direction::Sent, 1, false, None)).is_empty());
        assert!(joiner.take(fragment(2, Direction::Received, 1, false, None)).is_empty());
        let whole = joiner.take(fragment(3, Direction::Sent, 2, true, Some("xx")));
        assert_eq!(numbers(&whole), [3]);
        let Kind::Frame(frame) = &whole[0].event.kind else { panic!("a frame") };
        assert_eq!((&frame.frame.payload[..], frame.frame.header.opcode), (&b"xx"[..], Opcode::TEXT));
        let close =
            Item { event: Event { kind: Kind::Note(String::new()), ..whole[0].event.clone() }, ..whole[0].clone() };
        assert_eq!(joiner.take(close).len(), 1);
        assert_eq!(numbers(&joiner.take(fragment(5, Direction::Received, 1, false, None))), [2]);
        assert_eq!(numbers(&joiner.rest()), [5]);
    }
}
