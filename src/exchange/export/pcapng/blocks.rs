//! Blocks of a pcapng file (draft-ietf-opsawg-pcapng): one section, one interface, a block a packet with its comments.

use std::io::{self, Write};
use std::time::Duration;

/// Each packet is an IPv4 or IPv6 one, without anything below: `LINKTYPE_RAW`.
const LINK_RAW: u16 = 101;

const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const SECTION: u32 = 0x0A0D_0D0A;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

const OPTION_END: u16 = 0;
const COMMENT: u16 = 1;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIPTION: u16 = 3;
const APPLICATION: u16 = 4;
/// Times are in negative powers of ten of a second: 9 for nanoseconds.
const RESOLUTION: u16 = 9;

/// What a packet's block has before the packet, in bytes.
const BEFORE_PACKET: usize = 28;

/// The longest comment, in bytes: the length of an option has 16 bits.
const LONGEST_COMMENT: usize = 0xFFFC;

/// Writes packets. The one written last is held back: what follows may have something to say about it.
pub(super) struct Blocks<'a> {
    out: &'a mut dyn Write,
    held: bool,
    /// Of the packet written last, held back or not.
    time: Duration,
    packet: Vec<u8>,
    comments: Vec<u8>,
}

impl<'a> Blocks<'a> {
    /// Begins the file.
    pub(super) fn begin(out: &'a mut dyn Write) -> io::Result<Blocks<'a>> {
        let mut section = Vec::new();
        section.extend(BYTE_ORDER.to_le_bytes());
        section.extend(1_u16.to_le_bytes());
        section.extend(0_u16.to_le_bytes());
        // How long the section is: not known.
        section.extend(u64::MAX.to_le_bytes());
        option(APPLICATION, concat!("wscope ", env!("CARGO_PKG_VERSION")).as_bytes(), &mut section);
        let mut interface = Vec::new();
        interface.extend(LINK_RAW.to_le_bytes());
        interface.extend([0; 2]);
        // No limit to what is kept of a packet.
        interface.extend(0_u32.to_le_bytes());
        option(INTERFACE_NAME, b"recording", &mut interface);
        option(INTERFACE_DESCRIPTION, b"WebSocket connections, decrypted, in TCP that is made up", &mut interface);
        option(RESOLUTION, &[9], &mut interface);
        for (kind, mut body) in [(SECTION, section), (INTERFACE, interface)] {
            option(OPTION_END, &[], &mut body);
            let size = (body.len() as u32 + 12).to_le_bytes();
            out.write_all(&[&kind.to_le_bytes(), &size, &body[..], &size].concat())?;
        }
        Ok(Blocks { out, held: false, time: Duration::ZERO, packet: Vec::new(), comments: Vec::new() })
    }

    /// The next packet: `time` since the Unix epoch, never before the one before; `write` appends its bytes.
    pub(super) fn packet(&mut self, time: Duration, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.release()?;
        self.packet.clear();
        write(&mut self.packet);
        self.held = true;
        self.time = self.time.max(time);
        Ok(())
    }

    /// Says something about the packet before, or, while there is none, about the next.
    pub(super) fn comment(&mut self, text: &str) {
        let mut end = text.len().min(LONGEST_COMMENT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        option(COMMENT, &text.as_bytes()[..end], &mut self.comments);
    }

    /// The same about the next packet.
    pub(super) fn comment_next(&mut self, text: &str) -> io::Result<()> {
        self.release()?;
        self.comment(text);
        Ok(())
    }

    /// Writes the packet that is held back.
    pub(super) fn release(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.held) {
            return Ok(());
        }
        let stamp = self.time.as_nanos() as u64;
        let padding = padding(self.packet.len());
        if !self.comments.is_empty() {
            option(OPTION_END, &[], &mut self.comments);
        }
        let size = (BEFORE_PACKET + self.packet.len() + padding + self.comments.len() + 4) as u32;
        let length = self.packet.len() as u32;
        let fields = [PACKET, size, 0, (stamp >> 32) as u32, stamp as u32, length, length];
        let mut before = [0; BEFORE_PACKET];
        for (place, field) in before.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.out.write_all(&before)?;
        self.out.write_all(&self.packet)?;
        self.out.write_all(&[0; 3][..padding])?;
        self.out.write_all(&self.comments)?;
        self.comments.clear();
        self.out.write_all(&size.to_le_bytes())
    }
}

/// Appends an option, filled up to 4 bytes.
fn option(code: u16, value: &[u8], out: &mut Vec<u8>) {
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
    out.extend(&[0; 3][..padding(value.len())]);
}

const fn padding(length: usize) -> usize {
    length.wrapping_neg() & 3
}
