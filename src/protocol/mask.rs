//! Masking (RFC 6455 section 5.3): the payload `XOR`ed with a four-byte key, its own inverse.

use super::frame::MaskKey;

/// Masks or unmasks `data` in place; `position` is where `data` begins in the payload.
pub fn apply(key: MaskKey, position: usize, data: &mut [u8]) {
    let key: MaskKey = std::array::from_fn(|i| key[(position + i) % 4]);
    let word = u64::from_ne_bytes(std::array::from_fn(|i| key[i % 4]));
    let mut words = data.chunks_exact_mut(8);
    for chunk in &mut words {
        let bytes: &mut [u8; 8] = chunk.try_into().expect("chunks of 8");
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_byte_meets_its_key_byte_however_the_payload_is_cut(
            key: MaskKey, data in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..200,
        ) {
            let cut = cut.min(data.len());
            let mut masked = data.clone();
            apply(key, 0, &mut masked[..cut]);
            apply(key, cut, &mut masked[cut..]);
            let expected: Vec<u8> = data.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
            prop_assert_eq!(masked, expected);
        }
    }
}
