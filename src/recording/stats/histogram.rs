//! Many values in fixed room: counts in log-linear buckets, so that quantiles need no list of what was seen.

/// Buckets to each power of two.
const STEPS: u64 = 64;

/// Enough for any 64-bit value.
const BUCKETS: usize = (STEPS as usize) * 59;

/// How often which value was seen.
///
/// Values below 64 are kept exactly; above, a bucket is as wide as 1/64 of the power of two that it begins in. So a quantile
/// is never too low, and at most 1/64 (1.6 %) too high. 30 KB, however many values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    sum: u128,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: vec![0; BUCKETS], count: 0, sum: 0, max: 0 }
    }
}

impl Histogram {
    /// Takes note of a value.
    pub fn add(&mut self, value: u64) {
        self.buckets[bucket(value)] += 1;
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// How many values there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The largest, exactly; 0 if there was none.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The mean, rounded down; 0 if there was no value.
    #[must_use]
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(u128::from(self.count)).unwrap_or_default() as u64
    }

    /// The nearest-rank percentile, to the precision of a bucket; 0 if there was no value.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> u64 {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank {
                return highest(index).min(self.max);
            }
        }
        self.max
    }

    /// How many values there were in ranges that grow by a factor of four: `(lowest, highest, count)`, from the first to the
    /// last that has any. The first ranges are 0, 1 to 3, 4 to 15.
    #[must_use]
    pub fn ranges(&self) -> Vec<(u64, u64, u64)> {
        let mut ranges: Vec<(u64, u64, u64)> = Vec::new();
        for (index, count) in self.buckets.iter().enumerate() {
            let value = highest(index);
            // A power of four, and three times it, and all below.
            let low = value.checked_ilog2().map_or(0, |log| 1u64 << (log & !1));
            let high = low | low << 1 | low.saturating_sub(1);
            match ranges.last_mut().filter(|range| range.0 == low) {
                Some(range) => range.2 += count,
                None => ranges.push((low, high, *count)),
            }
        }
        let is_empty = |range: &(u64, u64, u64)| range.2 == 0;
        let first = ranges.iter().position(|range| !is_empty(range)).unwrap_or(ranges.len());
        let last = ranges.iter().rposition(|range| !is_empty(range)).map_or(first, |last| last + 1);
        ranges[first..last].to_vec()
    }
}

fn bucket(value: u64) -> usize {
    if value < STEPS {
        return value as usize;
    }
    let shift = value.ilog2() - STEPS.ilog2();
    (u64::from(shift) * STEPS + (value >> shift)) as usize
}

/// The highest value of a bucket.
const fn highest(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * STEPS {
        return index;
    }
    let shift = index / STEPS - 1;
    let top = (index % STEPS + STEPS) << shift;
    top | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_values_are_exact_and_the_largest_fits() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.percentile(50), histogram.max(), histogram.mean()), (0, 0, 0));
        (1..=100).for_each(|value| histogram.add(value));
        let percentiles = [1, 50, 90, 99, 100].map(|percent| histogram.percentile(percent));
        assert_eq!(percentiles, [1, 50, 90, 99, 100]);
        assert_eq!(histogram.mean(), 50);
        histogram.add(u64::MAX);
        assert_eq!((histogram.percentile(100), histogram.count()), (u64::MAX, 101));
    }

    #[test]
    fn ranges_grow_by_four_from_the_first_to_the_last() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.ranges(), []);
        for value in [0, 5, 15, 16, 300] {
            histogram.add(value);
        }
        assert_eq!(histogram.ranges(), [(0, 0, 1), (1, 3, 0), (4, 15, 2), (16, 63, 1), (64, 255, 0), (256, 1023, 1)]);
        let mut huge = Histogram::default();
        huge.add(u64::MAX);
        assert_eq!(huge.ranges(), [(1 << 62, u64::MAX, 1)]);
    }

    proptest! {
        #[test]
        fn a_percentile_is_that_of_the_sorted_list_or_a_64th_above(
            values in proptest::collection::vec(prop_oneof![any::<u64>(), 0u64..1000, 0u64..1 << 30], 1..200),
            percent in 1u8..=100,
        ) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.add(*value);
            }
            let mut sorted = values;
            sorted.sort_unstable();
            let exact = sorted[(sorted.len() * usize::from(percent)).div_ceil(100) - 1];
            let found = histogram.percentile(percent);
            prop_assert!(found >= exact && found - exact <= exact / 64, "{found} for {exact}");
        }
    }
}
