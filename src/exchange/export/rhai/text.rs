//! Text that is no JSON: which parts of it change from run to run, and what the client used of it later, which is found again by
//! the text around it.

use std::ops::Range;

use super::literal::{Part, interpolated, string};
use super::volatile::{is_random, moments};
use crate::sequence::{Piece, pieces};

/// The shortest word that is not met by chance.
pub(super) const TELLING: usize = 4;

/// Characters of words beside letters and digits: of names and identifiers, and of base64, addresses and times.
const JOINTS: [&[char]; 2] = [&['_', '-'], &['_', '-', '+', '/', '=', '.', ':', '~']];

/// How much of a text tells whether it may be another one changed, in characters.
const LOOKED_AT: usize = 200;

/// A text, and what of it need not come again as it is.
#[derive(Debug)]
pub(super) struct Text<'a> {
    whole: &'a str,
    /// Of each byte.
    marks: Vec<Mark>,
    words: Vec<Word<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Same,
    /// There is something.
    Any,
    /// A word, by its place among them.
    Word(usize),
}

#[derive(Debug)]
struct Word<'a> {
    text: &'a str,
    is: Is,
}

/// What a word is.
#[derive(Debug)]
enum Is {
    /// The value of this variable.
    Variable(String),
    /// Used later.
    Found,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Text<'a> {
        Text { whole: text, marks: vec![Mark::Same; text.len()], words: Vec::new() }
    }

    /// Anything may stand here.
    pub(super) fn vary(&mut self, place: Range<usize>) {
        self.marks[place].fill(Mark::Any);
    }

    /// Times and UUIDs vary.
    pub(super) fn vary_moments(&mut self) {
        moments(self.whole).for_each(|place| self.vary(place));
    }

    /// What is not so in another text, that came in its place, varies.
    pub(super) fn vary_from(&mut self, other: &str) {
        let pieces = pieces(self.whole, other, is_joined);
        let same =
            |at: Option<usize>| at.and_then(|at| pieces.get(at)).is_none_or(|piece| matches!(piece, Piece::Same(_)));
        let mut at = 0;
        for (number, piece) in pieces.iter().enumerate() {
            let start = at;
            let (before, after) = (same(number.checked_sub(1)), same(Some(number + 1)));
            match piece {
                Piece::Same(text) => {
                    at += text.len();
                    // Random characters have the same punctuation by chance.
                    if !before && !after && !text.contains(|c: char| c.is_alphanumeric() || c.is_whitespace()) {
                        self.vary(start..at);
                    }
                }
                Piece::Recorded(text) => {
                    at += text.len();
                    self.vary(start..at);
                    if after {
                        self.vary_beside(start..at);
                    }
                }
                Piece::Live(_) if before => self.vary_beside(start..start),
                Piece::Live(_) => {}
            }
        }
        // Two runs of one day have that in common.
        for moment in moments(self.whole) {
            if self.marks[moment.clone()].contains(&Mark::Any) {
                self.vary(moment);
            }
        }
    }

    /// What is beside this place varies with it, as there may be nothing at all in it.
    fn vary_beside(&mut self, place: Range<usize>) {
        let before = self.whole[..place.start].char_indices().next_back().map(|(at, _)| at..place.start);
        let after = self.whole[place.end..].chars().next().map(|c| place.end..place.end + c.len_utf8());
        if let Some(beside) = before.or(after) {
            self.vary(beside);
        }
    }

    /// Whether something of a word varies.
    pub(super) fn varies(&self, word: &str) -> bool {
        places(self.whole, word).any(|place| self.marks[place].contains(&Mark::Any))
    }

    /// What stands before a word first, as long as it is no part of another word that is known.
    pub(super) fn before(&self, word: &str) -> Option<&'a str> {
        places(self.whole, word).find(|place| self.is_free(place)).map(|place| &self.whole[..place.start])
    }

    /// Whether no word that is known stands there.
    fn is_free(&self, place: &Range<usize>) -> bool {
        !self.marks[place.clone()].iter().any(|mark| matches!(mark, Mark::Word(_)))
    }

    /// A variable has this word.
    pub(super) fn know(&mut self, word: &'a str, variable: String) {
        self.word(word, Is::Variable(variable));
    }

    /// The word is used later.
    pub(super) fn find(&mut self, word: &'a str) {
        self.word(word, Is::Found);
    }

    fn word(&mut self, word: &'a str, is: Is) {
        for place in places(self.whole, word) {
            if self.is_free(&place) {
                self.marks[place].fill(Mark::Word(self.words.len()));
            }
        }
        self.words.push(Word { text: word, is });
    }

    /// What is expected in its place.
    pub(super) fn expected(&self) -> String {
        let stretches = self.stretches();
        let part = |(mark, text): &(Mark, &str)| match mark {
            Mark::Same => Some(Part::Text((*text).to_owned())),
            Mark::Any => None,
            Mark::Word(at) => match &self.words[*at].is {
                Is::Variable(name) => Some(Part::Variable(name.clone())),
                Is::Found => None,
            },
        };
        match stretches.iter().map(part).collect::<Option<Vec<Part>>>() {
            Some(parts) => interpolated(&parts),
            None => format!("regex({})", string(&pattern(&stretches, ".+", None))),
        }
    }

    /// The words that are used later, and for each the pattern whose group is it.
    pub(super) fn found(&self) -> Vec<(&'a str, String)> {
        let stretches = self.stretches();
        let all = self.words.iter().enumerate().filter(|(_, word)| matches!(word.is, Is::Found));
        all.map(|(at, word)| (word.text, pattern(&stretches, ".+?", Some(Mark::Word(at))))).collect()
    }

    /// Neighbours with the same mark together.
    fn stretches(&self) -> Vec<(Mark, &'a str)> {
        let mut at = 0;
        let stretch = |marks: &[Mark]| {
            let start = at;
            at += marks.len();
            (marks[0], &self.whole[start..at])
        };
        self.marks.chunk_by(|one, next| one == next).map(stretch).collect()
    }
}

/// A regular expression for the whole: `any` for what is not always the same, and a group for the first of one kind.
fn pattern(stretches: &[(Mark, &str)], any: &str, mut group: Option<Mark>) -> String {
    let mut pattern = "(?s)^".to_owned();
    let mut open = false;
    for (mark, text) in stretches {
        if *mark == Mark::Same {
            pattern += &regex::escape(text);
            open = false;
        } else if group.take_if(|group| group == mark).is_some() {
            pattern.extend(["(", any, ")"]);
            open = true;
        } else if !std::mem::replace(&mut open, true) {
            pattern += any;
        }
    }
    pattern + "$"
}

/// Whether two texts of two runs may be one that changed: they have a word in common, or nothing but something random.
#[must_use]
pub fn may_repeat(one: &str, other: &str) -> bool {
    let [one, other] =
        [one, other].map(|text| text.char_indices().nth(LOOKED_AT).map_or(text, |(end, _)| &text[..end]));
    let is_value = |text: &str| is_random(text) || text.parse::<f64>().is_ok();
    let known: Vec<&str> = other.split(|c| !is_joined(c)).filter(|word| word.len() > 1).collect();
    is_value(one) && is_value(other) || one.split(|c| !is_joined(c)).any(|word| known.contains(&word))
}

/// The words of a text: in the narrow sense, in the wide one, and what is behind a `=` or `:` in these.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let split = move |also: &'static [char]| text.split(move |c: char| !c.is_alphanumeric() && !also.contains(&c));
    let values = split(JOINTS[1]).filter_map(|word| word.split_once(['=', ':']).map(|(_, value)| value));
    JOINTS.into_iter().flat_map(split).chain(values).filter(|word| word.len() >= TELLING)
}

/// Where a word stands in a text, and is no part of a longer one.
pub(super) fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let free = |c: Option<char>| !c.is_some_and(is_joined);
    let places = text.match_indices(word).map(|(at, word)| at..at + word.len());
    places.filter(move |place| free(text[..place.start].chars().next_back()) && free(text[place.end..].chars().next()))
}

fn is_joined(c: char) -> bool {
    c.is_alphanumeric() || JOINTS[0].contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is expected of the first where the others came, too.
    fn expected(texts: &[&str]) -> String {
        let mut text = Text::new(texts[0]);
        texts[1..].iter().for_each(|other| text.vary_from(other));
        let expected = text.expected();
        if let Some(pattern) = expected.strip_prefix("regex(").and_then(|rest| rest.strip_suffix(')')) {
            let pattern = regex::Regex::new(&pattern[1..pattern.len() - 1].replace("\\\\", "\\")).unwrap();
            assert!(texts.iter().all(|text| pattern.is_match(text)), "{texts:?} {pattern}");
        }
        expected
    }

    #[test]
    fn what_differs_may_be_anything_and_what_does_not_stays() {
        assert_eq!(expected(&["hello", "hello"]), "\"hello\"");
        assert_eq!(expected(&["you are 8f-3a, ok", "you are 77-0b, ok"]), r#"regex("(?s)^you are .+, ok$")"#);
        assert_eq!(expected(&["at 10:42:01 ok", "at 11:07:02 ok"]), r#"regex("(?s)^at .+ ok$")"#);
        assert_eq!(expected(&["5 users (new)", "5 users"]), r#"regex("(?s)^5 user.+$")"#);
        assert_eq!(expected(&["a=1;b=2", "a=1;b=3", "a=2;b=2"]), r#"regex("(?s)^a=.+;b=.+$")"#);
        assert_eq!(expected(&["über", "a über"]), r#"regex("(?s)^.+ber$")"#);
        assert_eq!(expected(&["x", "y"]), r#"regex("(?s)^.+$")"#);
        assert_eq!(expected(&["on 2026-11-23 04:20:00", "on 2026-11-23 04:20:01"]), r#"regex("(?s)^on .+$")"#);
        assert_eq!(expected(&["1: 2026-11-23 04:20", "2: 2026-11-23 04:20"]), r"regex(`(?s)^.+: 2026\-11\-23 04:20$`)");
    }

    #[test]
    fn a_word_is_found_by_the_text_around_it() {
        let mut text = Text::new("sid=8f3a-61c0; token: QUJD+/==; 8f3a-61c0 at 2026-11-23 04:20 (a.b)");
        text.vary_moments();
        text.find("QUJD+/==");
        text.find("8f3a-61c0");
        assert_eq!(text.expected(), r"regex(`(?s)^sid=.+; token: .+; .+ at .+ \(a\.b\)$`)");
        let found = text.found();
        assert_eq!(found[0], ("QUJD+/==", r"(?s)^sid=.+?; token: (.+?); .+? at .+? \(a\.b\)$".to_owned()));
        assert_eq!(found[1], ("8f3a-61c0", r"(?s)^sid=(.+?); token: .+?; .+? at .+? \(a\.b\)$".to_owned()));
        let mut text = Text::new("hello 8f3a, 8f3a1");
        text.know("8f3a", "token".to_owned());
        assert_eq!(text.expected(), "`hello ${token}, 8f3a1`");
        assert!(words("auth=QUJD+/==").any(|word| word == "QUJD+/=="));
    }

    #[test]
    fn texts_that_say_something_else_are_no_repeats() {
        for (one, other, may) in [
            ("token: 8f3a", "token: 77bc", true),
            ("8f3a61c09b7e4d52", "77bc61c09b7e4d53", true),
            ("17", "18.5", true),
            ("welcome", "error: full", false),
            ("a b", "a c", false),
        ] {
            assert_eq!(may_repeat(one, other), may, "{one} {other}");
        }
    }
}
