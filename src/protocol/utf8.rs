//! UTF-8, whole or as it arrives (RFC 6455 section 8.1), with the place of the first bad byte.

/// The index of the first byte that can't be UTF-8, or where an unfinished character begins.
#[must_use]
pub fn first_error(bytes: &[u8]) -> Option<usize> {
    simdutf8::compat::from_utf8(bytes).err().map(|error| error.valid_up_to())
}
