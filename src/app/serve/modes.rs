//! What the server does on an open connection.

use bytes::Bytes;

use crate::app::server::{Client, room};
use crate::cli::args::serve::Mode;
use crate::command::Command;

/// Serves a client to the end of its connection; `size` is that of a flood's messages, in bytes.
pub(super) fn serve(mode: Mode, size: usize, client: Client) {
    match mode {
        Mode::Echo => client.echo_all(),
        Mode::Chat => room::serve(client),
        Mode::Sink => client.sink(),
        Mode::Flood => client.flood(&Command::Text(flood(size))),
    }
}

/// A text of so many bytes that does not compress to nothing: digits in lines.
fn flood(size: usize) -> Bytes {
    let digits = (0u32..).flat_map(|number| format!("{:08x} ", number.wrapping_mul(0x9e37_79b9)).into_bytes());
    digits.take(size).collect()
}
