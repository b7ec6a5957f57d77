//! What rendering must remember of a connection to show its next event: no more than that.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::event::{Direction, FrameEvent, Open, Role};
use crate::protocol::{MaskKey, Opcode};

/// The connections that have been named or seen and are not closed.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    connections: BTreeMap<u32, Known>,
}

/// One of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    name: Option<String>,
    pub open: Option<Box<Open>>,
    /// Whether the opening handshake is done.
    pub ready: bool,
    /// The last head of the opening handshake, for the faults in it.
    pub head: Bytes,
    /// The unfinished message sent and the one received.
    unfinished: [Option<Content>; 2],
    /// Whether it was told apart from others.
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
        self.connections.entry(connection).or_default().name = Some(name.to_owned());
    }

    /// The connection's state, from now on remembered.
    pub(super) fn of(&mut self, connection: u32) -> &mut Known {
        self.connections.entry(connection).or_default()
    }

    pub(super) fn forget(&mut self, connection: u32) {
        self.connections.remove(&connection);
    }

    /// What tells this connection from the others, if there are others or were while it lasted: its name or number, padded to
    /// the longest.
    pub(super) fn tag(&mut self, connection: u32) -> Option<String> {
        if self.connections.len() > 1 {
            self.connections.values_mut().for_each(|known| known.told_apart = true);
        } else if !self.connections.get(&connection)?.told_apart {
            return None;
        }
        let tag = |(number, known): (&u32, &Known)| known.name.clone().unwrap_or_else(|| number.to_string());
        let width = self.connections.iter().map(|each| tag(each).chars().count()).max()?;
        let own = self.connections.get_key_value(&connection).map(tag).unwrap_or_default();
        Some(format!("{own:<width$}"))
    }
}

impl Known {
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
