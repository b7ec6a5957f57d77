//! Masking keys from the operating system's randomness (RFC 6455 section 10.3), fetched some hundred at a time.

use crate::protocol::connection::KeySource;

/// Bytes fetched at once.
const BLOCK: usize = 1024;

/// A source of unpredictable masking keys.
///
/// # Panics
/// When the operating system has no randomness to give: a client must not send predictable keys.
#[must_use]
pub fn os_keys() -> KeySource {
    let mut block = [0; BLOCK];
    let mut used = BLOCK;
    Box::new(move || {
        if used == BLOCK {
            getrandom::fill(&mut block).expect("the operating system gives randomness");
            used = 0;
        }
        used += 4;
        let mut key = [0; 4];
        key.copy_from_slice(&block[used - 4..used]);
        key
    })
}
