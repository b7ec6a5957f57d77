//! What every match of a regular expression has, as it stands in the strings of a recording: found by a search of whole blocks of
//! the file, it tells which lines are worth a look.

use memchr::memmem;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind};

/// The most that are searched for at once without becoming slow.
const MOST: usize = 48;

/// The length beyond which another byte makes a search no faster, in bytes.
const LONG: usize = 8;

/// The shortest that is worth a search, in bytes.
const SHORTEST: usize = 2;

/// Literals one of which is in each match; `None` if there are none, too many, or too short ones. They are as a JSON string holds
/// them where it has no escape but those of two bytes.
pub(super) fn escaped(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let hir = ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    let mut best: Option<Vec<Vec<u8>>> = None;
    for seq in sequences(&hir) {
        for literals in [usize::MAX, 4, 3].into_iter().filter_map(|cut| usable(&seq, cut)) {
            if best.as_ref().is_none_or(|best| worth(&literals) > worth(best)) {
                best = Some(literals);
            }
        }
    }
    best
}

/// What each match begins with, ends with, and what each part of it that must be there begins with.
fn sequences(hir: &Hir) -> Vec<Seq> {
    let prefixes = |hir: &Hir| Extractor::new().kind(ExtractKind::Prefix).extract(hir);
    let mut all = vec![prefixes(hir), Extractor::new().kind(ExtractKind::Suffix).extract(hir)];
    match hir.kind() {
        HirKind::Concat(parts) => {
            for (index, part) in parts.iter().enumerate() {
                all.push(prefixes(&Hir::concat(parts[index..].to_vec())));
                all.extend(sequences(part));
            }
        }
        HirKind::Capture(capture) => all.extend(sequences(&capture.sub)),
        HirKind::Repetition(repetition) if repetition.min > 0 => all.extend(sequences(&repetition.sub)),
        _ => {}
    }
    all
}

/// The literals as they stand in a recording, cut to their first bytes, if they are few and long enough.
fn usable(seq: &Seq, cut: usize) -> Option<Vec<Vec<u8>>> {
    let mut literals: Vec<Vec<u8>> = Vec::new();
    for literal in seq.literals()? {
        let bytes = literal.as_bytes();
        let escaped = json(&bytes[..bytes.len().min(cut)]).filter(|escaped| escaped.len() >= SHORTEST)?;
        if !literals.contains(&escaped) {
            literals.push(escaped);
        }
    }
    if literals.len() > MOST {
        return None;
    }
    // One that has another in it is found with that.
    let all = literals.clone();
    let has_other = |each: &[u8]| all.iter().any(|other| other != each && memmem::find(each, other).is_some());
    literals.retain(|each| !has_other(each));
    (!literals.is_empty()).then_some(literals)
}

/// Few and long ones are found fast, and seldom where there is no match.
fn worth(literals: &[Vec<u8>]) -> (usize, std::cmp::Reverse<usize>) {
    let shortest = literals.iter().map(Vec::len).min().unwrap_or_default();
    (shortest.min(LONG), std::cmp::Reverse(literals.len()))
}

/// The longest stretch of these bytes that a JSON string has in one way only (RFC 8259 section 7), `\u` and digits apart: a
/// slash may be escaped, and controls without a letter of their own always are by digits.
fn json(bytes: &[u8]) -> Option<Vec<u8>> {
    let stretches = bytes.split(|byte| *byte == b'/' || *byte < 0x20 && letter(*byte).is_none());
    let escaped = stretches.map(|stretch| {
        let mut escaped = Vec::new();
        for byte in stretch {
            match letter(*byte) {
                Some(letter) => escaped.extend([b'\\', letter]),
                None => escaped.push(*byte),
            }
        }
        escaped
    });
    escaped.max_by_key(Vec::len)
}

/// What is behind the backslash in the escape of such a byte.
const fn letter(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;

    #[test]
    fn the_longest_that_every_match_has_are_looked_for() {
        for (pattern, expected) in [
            ("price", &["price"][..]),
            ("\"id\":123", &[r#"\"id\":123"#]),
            ("a/bc", &["bc"]),
            ("\"", &[r#"\""#]),
            ("tab\tbed", &[r"tab\tbed"]),
            ("nul\0beds", &["beds"]),
            (r"C:\\", &[r"C:\\"]),
            ("né", &["né"]),
            ("^price$", &["price"]),
            (r"[0-9]+ (?:orders|of them) \w+", &[" orders ", " of them "]),
            (r"\d{3}-(order|bill)s?", &["-order", "-bill"]),
            (r"x*(price.*)+y", &["price"]),
            (r"pri.e", &["pri"]),
            ("(?i)ab", &["AB", "Ab", "aB", "ab"]),
        ] {
            let literals = escaped(pattern).unwrap_or_default();
            let mut literals: Vec<_> = literals.into_iter().map(|each| String::from_utf8(each).unwrap()).collect();
            literals.sort_unstable();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(literals, expected, "{pattern}");
        }
        for pattern in ["", "a*", "[0-9]{9,}", "a|b", "x?", r"\w+", "/", "\0", "foo|"] {
            assert_eq!(escaped(pattern), None, "{pattern}");
        }
        let long = escaped("(?i)subscription").unwrap();
        assert!(long.len() <= MOST && long.iter().all(|literal| literal.len() >= 3), "{long:?}");
    }

    proptest! {
        #[test]
        fn no_match_is_lost(
            pattern in r#"((a|b|"|/|é|\\\\|\\n|\\x00|\.|\[ab\]|\(b\||\(|\)|"a|\(\?i:ab\)|\\d|\|)[*+?]?){1,7}"#,
            text in "[aAbB\"\\\\/é\n\0 1]{0,12}",
        ) {
            if let Ok(regex) = Regex::new(&pattern)
                && let Some(literals) = escaped(&pattern)
                && regex.is_match(text.as_bytes())
            {
                let shorten = |text: &str| text.replace("\\u0000", "\u{1}");
                let json = shorten(&serde_json::to_string(&text).unwrap());
                let slashed = json.replace('/', "\\/");
                for json in [json, slashed] {
                    let has = |literal: &Vec<u8>| memmem::find(json.as_bytes(), literal).is_some();
                    prop_assert!(literals.iter().any(has), "{pattern:?} {literals:?} {json}");
                }
            }
        }
    }
}
