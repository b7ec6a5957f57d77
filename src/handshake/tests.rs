//! What the tests of this floor share.

/// `bytes` cut into pieces of these lengths, the rest last.
pub(super) fn pieces<'a>(bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut out = Vec::new();
    for length in lengths {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        out.push(piece);
        rest = after;
    }
    out.push(rest);
    out
}
