//! Small plots of characters: a sparkline of values over time, and bars beside numbers.

/// Eighths of a line's height.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Eighths of a column's width.
const WIDTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// A column a value, as high as it is beside `max`; a blank is 0, and nothing else is.
#[must_use]
pub fn sparkline(values: impl IntoIterator<Item = u64>, max: u64) -> String {
    let column = |value: u64| match eighths(value, max, 8) {
        0 => ' ',
        height => HEIGHTS[height - 1],
    };
    values.into_iter().map(column).collect()
}

/// A bar as long as `value` is beside `max`, which has `width` columns; empty for 0, and nothing else is.
#[must_use]
pub fn bar(value: u64, max: u64, width: usize) -> String {
    let eighths = eighths(value, max, 8 * width);
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(WIDTHS[eighths % 8 - 1]);
    }
    bar
}

/// `value` of `max`, as steps of `steps`: rounded, at least 1 if there is any.
fn eighths(value: u64, max: u64, steps: usize) -> usize {
    let value = u128::from(value.min(max));
    let rounded = (value * steps as u128 * 2 + u128::from(max)).checked_div(2 * u128::from(max)).unwrap_or_default();
    (rounded as usize).max(usize::from(value > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_full_and_only_nothing_is_blank() {
        assert_eq!(sparkline([0, 1, 500, 1000, 1001], 1000), " ▁▄██");
        assert_eq!(sparkline([0, 0], 0), "  ");
        assert_eq!(sparkline([u64::MAX, 1], u64::MAX), "█▁");
    }

    #[test]
    fn a_bar_has_eighths_of_a_column() {
        let bars = [0, 1, 50, 95, 100].map(|value| bar(value, 100, 4));
        assert_eq!(bars, ["", "▏", "██", "███▊", "████"]);
    }
}
