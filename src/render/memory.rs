//! What rendering must remember of a connection to show its next event: no more than that.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;

use crate::event::{Direction, FrameEvent, Open, Role};
use crate::protocol::{MaskKey, Opcode};

/// The connections that have been named or seen and are not closed.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    connections: BTreeMap<u32, Known>,
    /// How many of them have a tag of so many characters.
    widths: BTreeMap<usize, usize>,
}

/// One of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Its name, or else its number.
    tag: String,
    pub open: Option<Box<Open>>,
    /// Whether the opening handshake is done.
    pub ready: bool,
    /// The last head of the opening handshake, for the faults in it.
    pub head: Bytes,
    /// The unfinished message sent and the one received.
    unfinished: [Option<Content>; 2],
    /// Whether there are others, or were while it lasted.
    told_apart: bool,
}

/// What a data frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub binary: bool,
    pub compressed: bool,
}

impl Memory {
    pub(super) fn name(&mut self, connection: u32, name: &str) {
        let known = self.forget(connection).unwrap_or_default();
        self.remember(connection, Known { tag: name.to_owned(), ..known });
    }

    /// The connection's state, from now on remembered.
    pub(super) fn of(&mut self, connection: u32) -> &mut Known {
        if !self.connections.contains_key(&connection) {
            self.remember(connection, Known { tag: connection.to_string(), ..Known::default() });
        }
        self.connections.entry(connection).or_default()
    }

    fn remember(&mut self, connection: u32, known: Known) {
        *self.widths.entry(known.width()).or_default() += 1;
        let told_apart = known.told_apart || !self.connections.is_empty();
        if self.connections.len() == 1 {
            self.connections.values_mut().for_each(|first| first.told_apart = true);
        }
        self.connections.insert(connection, Known { told_apart, ..known });
    }

    pub(super) fn forget(&mut self, connection: u32) -> Option<Known> {
        let known = self.connections.remove(&connection)?;
        if let Entry::Occupied(mut count) = self.widths.entry(known.width()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(known)
    }

    /// What tells this connection from the others, if there are others or were while it lasted: its name or number, and blanks
    /// up to the width of the longest. For what belongs to none, as 0, blanks alone where there are several.
    pub(super) fn tag(&self, connection: u32) -> Option<(&str, usize)> {
        let known = self.connections.get(&connection);
        let is_told = known.map_or(self.connections.len() > 1, |known| known.told_apart);
        let (widest, _) = self.widths.last_key_value().filter(|_| is_told)?;
        Some((known.map_or("", |known| &known.tag), *widest))
    }
}

impl Known {
    fn width(&self) -> usize {
        self.tag.chars().count()
    }

    pub(super) fn role(&self) -> Role {
        self.open.as_ref().map_or(Role::Client, |open| open.role)
    }

    /// What a data frame carries; `None` for a control or reserved frame and for a continuation of nothing.
    pub(super) fn content(&mut self, event: &FrameEvent) -> Option<Content> {
        let header = &event.frame.header;
        let unfinished = &mut self.unfinished[usize::from(event.direction == Direction::Sent)];
        let content = match header.opcode {
            Opcode::CONTINUATION => *unfinished,
            Opcode::TEXT | Opcode::BINARY => {
                Some(Content { binary: header.opcode == Opcode::BINARY, compressed: header.rsv & 4 != 0 })
            }
            _ => return None,
        };
        *unfinished = content.filter(|_| !header.fin);
        match &event.message {
            Some(message) => Some(Content { binary: message.binary, compressed: message.compressed }),
            None => content,
        }
    }

    /// What there is to say of a frame's masking: that it is not as the sender's role demands (RFC 6455 section 5.1),
    /// or that its key hides nothing.
    pub(super) fn unusual_mask(&self, event: &FrameEvent) -> Option<String> {
        let sender_is_client = (event.direction == Direction::Sent) == (self.role() == Role::Client);
        match event.frame.header.mask {
            Some(key) if !sender_is_client || key == [0; 4] => Some(mask_words(key)),
            None if sender_is_client => Some("unmasked".into()),
            _ => None,
        }
    }
}

/// `mask 9f2c11aa`.
pub(super) fn mask_words(key: MaskKey) -> String {
    format!("mask {:08x}", u32::from_be_bytes(key))
}
