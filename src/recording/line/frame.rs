//! A frame's line: the header as far as it is unusual, and the payload.

use std::borrow::Cow;

use crate::event::FrameEvent;
use crate::protocol::{LengthForm, Opcode};
use crate::recording::json::Object;

use super::{Lines, NUMBER_EVERY};

impl Lines {
    pub(super) fn frame(&mut self, connection: u32, event: &FrameEvent, masked: bool, object: &mut Object<'_>) {
        let (header, payload) = (&event.frame.header, &event.frame.payload);
        let number = event.number + self.base.frame;
        if number != self.next_frame || self.unnumbered >= NUMBER_EVERY {
            object.number("n", number);
            self.unnumbered = 0;
        }
        self.next_frame = number + 1;
        object.text("dir", event.direction.name());
        match header.opcode.name() {
            Some(name) => object.text("op", name),
            None => object.number("op", u64::from(header.opcode.bits())),
        }
        if !header.fin {
            object.flag("fin", false);
        }
        if header.rsv != 0 {
            object.number("rsv", u64::from(header.rsv));
        }
        if let Some(key) = header.mask {
            object.hex("mask", &key);
        }
        if header.form != LengthForm::minimal(header.length) {
            object.number("len", u64::from(header.form.bits()));
        }
        if header.length != payload.len() as u64 {
            object.number("length", header.length);
        }
        if let Some(fragment) = event.fragment {
            object.pair("fragment", (fragment.message + self.base.frame, u64::from(fragment.index)));
        }
        if event.automatic {
            object.flag("auto", true);
        }
        if let Some(after) = event.after {
            object.seconds("after", after);
        }
        if header.fin && event.message.is_none() && !header.opcode.is_control() && !header.opcode.is_reserved() {
            object.flag("message", false);
        }
        let compressed = self.is_compressed(connection, event);
        if self.masks.covers_messages() && !header.opcode.is_control() {
            return self.masked_payload(event, compressed, masked, object);
        }
        let shown = self.masks.bytes(payload);
        if masked || matches!(shown, Cow::Owned(_)) {
            object.flag("masked", true);
        }
        if !compressed {
            return object.bytes("text", "b64", &shown);
        }
        object.base64("wire", payload);
        if let Some(message) = &event.message {
            object.bytes("text", "b64", &message.data);
        }
    }

    /// The payload without what the user wants masked in messages.
    fn masked_payload(&self, event: &FrameEvent, compressed: bool, before: bool, object: &mut Object<'_>) {
        let payload = &event.frame.payload;
        // A fragment alone can't be looked into, and compressed data may refer to a message before it.
        let piece = event.fragment.is_some() || event.message.is_none();
        let data = event.message.as_ref().map_or(payload, |message| &message.data);
        let masked = self.masks.message(data);
        if before || piece || compressed || masked.is_some() {
            object.flag("masked", true);
        }
        match (compressed, masked) {
            (false, _) if piece => object.bytes("text", "b64", &vec![b'*'; payload.len()]),
            (false, masked) => object.bytes("text", "b64", masked.as_deref().unwrap_or(payload)),
            (true, masked) => {
                object.base64("wire", &vec![0; payload.len()]);
                if let Some(message) = &event.message {
                    object.bytes("text", "b64", masked.as_deref().unwrap_or(&message.data));
                }
            }
        }
    }

    /// Whether the frame belongs to a compressed message: RSV1 says so on its first frame (RFC 7692 section 6).
    fn is_compressed(&mut self, connection: u32, event: &FrameEvent) -> bool {
        let header = &event.frame.header;
        if header.opcode.is_control() || header.opcode.is_reserved() {
            return false;
        }
        let key = (connection, event.direction);
        let begun = self.compressed.iter().position(|each| *each == key);
        let compressed = match &event.message {
            Some(message) => message.compressed,
            None if header.opcode == Opcode::CONTINUATION => begun.is_some(),
            None => header.rsv & 4 != 0,
        };
        match begun {
            Some(at) if header.fin || !compressed => {
                self.compressed.swap_remove(at);
            }
            None if compressed && !header.fin => self.compressed.push(key),
            _ => {}
        }
        compressed
    }
}
