//! An order by chance that a seed repeats.

/// Puts the items into the order that belongs to this seed: the same on every machine and in every version.
///
/// Fisher and Yates' shuffle, with the numbers of `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014).
pub fn shuffle<T>(seed: u64, items: &mut [T]) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = state;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^= number >> 31;
        items.swap(last, (number % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shuffled(seed: u64, count: usize) -> Vec<usize> {
        let mut items: Vec<_> = (0..count).collect();
        shuffle(seed, &mut items);
        items
    }

    #[test]
    fn a_seed_has_one_order_for_ever() {
        assert_eq!(shuffled(1, 8), [4, 3, 2, 7, 5, 6, 0, 1]);
        assert_ne!(shuffled(1, 8), shuffled(2, 8));
        assert_eq!((shuffled(7, 0), shuffled(7, 1)), (vec![], vec![0]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(seed: u64, count in 0..60usize) {
            let mut items = shuffled(seed, count);
            items.sort_unstable();
            prop_assert_eq!(items, (0..count).collect::<Vec<_>>());
        }
    }
}
