//! One part of a run that is split over several machines: `2/3`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The `index`th of `count` parts, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// Why a text names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    #[error("it is I/N, as 1/3 for the first of three")]
    Form,
    #[error("the parts of {count} are 1/{count} to {count}/{count}")]
    Outside { count: u32 },
    #[error("there is no part of 0")]
    OfNone,
}

impl Shard {
    /// The `index`th of `count` parts.
    ///
    /// # Errors
    /// Unless `1 <= index <= count`.
    pub const fn new(index: u32, count: u32) -> Result<Shard, ShardError> {
        match (index, count) {
            (_, 0) => Err(ShardError::OfNone),
            (0, _) => Err(ShardError::Outside { count }),
            _ if index > count => Err(ShardError::Outside { count }),
            _ => Ok(Shard { index, count }),
        }
    }

    /// Which part, from 1.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Of how many parts.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Every part of the set that this one is of.
    pub fn all(self) -> impl Iterator<Item = Shard> {
        (1..=self.count).map(move |index| Shard { index, ..self })
    }

    /// Which cases are this part's, as indices into `keys`, ascending; a key is what names a case, such as its suite's path
    /// and its name.
    ///
    /// The keys are sorted and dealt out one by one, so the parts of a set share no case, miss none, and differ by one case at
    /// most, in whatever order each machine finds the files. Equal keys are told apart by their order.
    #[must_use]
    pub fn select<K: Ord>(self, keys: &[K]) -> Vec<usize> {
        let mut sorted: Vec<usize> = (0..keys.len()).collect();
        sorted.sort_by_key(|&at| &keys[at]);
        let mut own: Vec<usize> =
            sorted.into_iter().skip(self.index as usize - 1).step_by(self.count as usize).collect();
        own.sort_unstable();
        own
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Shard, ShardError> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let (index, count) = text.split_once('/').ok_or(ShardError::Form)?;
        let (Some(index), Some(count)) = (number(index), number(count)) else { return Err(ShardError::Form) };
        Shard::new(index, count)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shard, D::Error> {
        #[derive(Deserialize)]
        struct Pair {
            index: u32,
            count: u32,
        }
        let Pair { index, count } = Pair::deserialize(deserializer)?;
        Shard::new(index, count).map_err(|_| serde::de::Error::custom(format!("a shard {index}/{count}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
        for (text, error) in [
            ("2", ShardError::Form),
            ("/", ShardError::Form),
            ("+1/3", ShardError::Form),
            ("1/3/5", ShardError::Form),
            ("1/99999999999", ShardError::Form),
            ("0/3", ShardError::Outside { count: 3 }),
            ("4/3", ShardError::Outside { count: 3 }),
            ("1/0", ShardError::OfNone),
        ] {
            assert_eq!(text.parse::<Shard>(), Err(error), "{text}");
        }
    }

    #[test]
    fn cases_are_dealt_out_in_sorted_order() {
        let keys = [("b", "1"), ("a", "2"), ("a", "1"), ("b", "2"), ("a", "3")];
        assert_eq!("1/2".parse::<Shard>().unwrap().select(&keys), [2, 3, 4]);
        assert_eq!("2/2".parse::<Shard>().unwrap().select(&keys), [0, 1]);
    }

    proptest! {
        #[test]
        fn shards_are_disjoint_complete_and_balanced(keys in prop::collection::vec("[a-c]{0,3}", 0..60), count in 1u32..9) {
            let parts: Vec<_> = Shard::new(1, count).unwrap().all().map(|shard| shard.select(&keys)).collect();
            let mut all = parts.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..keys.len()).collect::<Vec<_>>());
            let sizes = || parts.iter().map(Vec::len);
            prop_assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1);
        }

        #[test]
        fn a_case_stays_in_its_shard_whatever_the_order(
            keys in prop::collection::btree_set("[a-z]{1,4}", 0..40).prop_map(|keys| keys.into_iter().collect::<Vec<_>>()),
            mixed in any::<prop::sample::Index>(),
            count in 1u32..5,
        ) {
            let mut other = keys.clone();
            if !other.is_empty() {
                let middle = mixed.index(other.len());
                other.rotate_left(middle);
                other.reverse();
            }
            for shard in Shard::new(1, count).unwrap().all() {
                let named = |keys: &[String]| {
                    let mut names: Vec<_> = shard.select(keys).into_iter().map(|at| keys[at].clone()).collect();
                    names.sort();
                    names
                };
                prop_assert_eq!(named(&keys), named(&other));
            }
        }
    }
}
