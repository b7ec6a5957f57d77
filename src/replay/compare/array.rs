//! Which element of an array is which one of another, so that one more or less is just that.
//!
//! ```text
//! the same key, where all have one     -> a pair; an element whose key the other side has not is none
//! else the same value, in order        -> a pair
//! between two pairs, those alike       -> a pair
//! between two pairs, the same place    -> a pair
//! the rest                             -> of one side alone
//! ```

use std::collections::HashSet;

use super::json::Json;
use super::kin::Kin;
use crate::sequence::{Names, likest, pairs};

/// How many pairs of elements are looked at for the likest in a whole comparison; beyond, the place decides.
pub(super) const EFFORT: usize = 1 << 18;

/// The same between two pairs of an array.
const OF_A_GAP: usize = 1 << 12;

/// Members that say which element it is, the first that all have.
const KEYS: [&str; 7] = ["id", "_id", "uuid", "guid", "key", "seq", "name"];

/// An element of either array or of both, by its index there.
pub(super) type Row = (Option<usize>, Option<usize>);

/// The elements that count, of both arrays, each in order.
pub(super) fn rows(one: &[Json], other: &[Json], effort: &mut usize) -> Vec<Row> {
    let [ours, theirs] = [one, other].map(|all| all.iter().enumerate().filter(|(_, json)| json.counts()).collect());
    let both = Both { ours, theirs };
    let mut rows = Vec::new();
    if let Some([first, second]) = both.keys() {
        both.within(both.whole(), pairs(&first, &second), &mut rows, &mut |gap, rows| both.apart(gap, rows));
    } else {
        let [first, second] = both.values();
        both.within(both.whole(), pairs(&first, &second), &mut rows, &mut |gap, rows| both.alike(gap, effort, rows));
    }
    rows
}

/// The elements that count, each with its index.
struct Both<'a> {
    ours: Vec<(usize, &'a Json)>,
    theirs: Vec<(usize, &'a Json)>,
}

/// What is between two pairs: from the places after the first up to those of the second.
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: (usize, usize),
    to: (usize, usize),
}

impl Both<'_> {
    /// Each element's key as a number; `None` unless all have one of their own, and some are on both sides.
    fn keys(&self) -> Option<[Vec<u32>; 2]> {
        KEYS.iter().find_map(|name| {
            let mut names = Names::default();
            let mut keys = |all: &[(usize, &Json)]| {
                let keys: Option<Vec<u32>> =
                    all.iter().map(|(_, json)| Some(names.of(Some(key(json, name)?)))).collect();
                keys.filter(|keys| keys.iter().collect::<HashSet<_>>().len() == keys.len())
            };
            let (first, second) = (keys(&self.ours)?, keys(&self.theirs)?);
            let known: HashSet<&u32> = first.iter().collect();
            second.iter().any(|key| known.contains(key)).then_some([first, second])
        })
    }

    /// Each element's value as a number.
    fn values(&self) -> [Vec<u32>; 2] {
        let mut names = Names::default();
        [&self.ours, &self.theirs].map(|all| {
            let canonical = |json: &Json| {
                let mut out = String::new();
                json.canonical(&mut out);
                out
            };
            all.iter().map(|(_, json)| names.of(Some(canonical(json)))).collect()
        })
    }

    fn whole(&self) -> Gap {
        Gap { from: (0, 0), to: (self.ours.len(), self.theirs.len()) }
    }

    /// Adds these pairs, and asks about the gaps between them.
    fn within(
        &self,
        gap: Gap,
        pairs: Vec<(usize, usize)>,
        rows: &mut Vec<Row>,
        ask: &mut dyn FnMut(Gap, &mut Vec<Row>),
    ) {
        let mut from = gap.from;
        for (i, j) in pairs {
            ask(Gap { from, to: (i, j) }, rows);
            rows.push((Some(self.ours[i].0), Some(self.theirs[j].0)));
            from = (i + 1, j + 1);
        }
        ask(Gap { from, to: gap.to }, rows);
    }

    /// Of each side alone.
    fn apart(&self, gap: Gap, rows: &mut Vec<Row>) {
        rows.extend((gap.from.0..gap.to.0).map(|i| (Some(self.ours[i].0), None)));
        rows.extend((gap.from.1..gap.to.1).map(|j| (None, Some(self.theirs[j].0))));
    }

    /// Those that are alike together, the others by their place.
    fn alike(&self, gap: Gap, effort: &mut usize, rows: &mut Vec<Row>) {
        let (height, width) = (gap.to.0 - gap.from.0, gap.to.1 - gap.from.1);
        let size = height * width;
        if size == 0 || size > OF_A_GAP.min(*effort) {
            return self.by_place(gap, rows);
        }
        *effort -= size;
        let kin = |all: &[(usize, &Json)]| all.iter().map(|(_, json)| Kin::of_json(json)).collect::<Vec<_>>();
        let (ours, theirs) = (kin(&self.ours[gap.from.0..gap.to.0]), kin(&self.theirs[gap.from.1..gap.to.1]));
        let found = likest(height, width, &mut |row, column| ours[row].likeness(&theirs[column]));
        let found = found.into_iter().map(|(row, column)| (gap.from.0 + row, gap.from.1 + column)).collect();
        self.within(gap, found, rows, &mut |gap, rows| self.by_place(gap, rows));
    }

    /// The first with the first, and what is left alone.
    fn by_place(&self, gap: Gap, rows: &mut Vec<Row>) {
        let common = (gap.to.0 - gap.from.0).min(gap.to.1 - gap.from.1);
        let pairs = (0..common).map(|at| (gap.from.0 + at, gap.from.1 + at)).collect();
        self.within(gap, pairs, rows, &mut |gap, rows| self.apart(gap, rows));
    }
}

/// What the member of this name says that an object is.
fn key(json: &Json, name: &str) -> Option<String> {
    let Json::Object(members) = json else { return None };
    let (_, value) = members.iter().find(|(known, _)| known == name)?;
    match value {
        Json::Bare(token) if matches!(&**token, "null" | "true" | "false") => None,
        Json::Bare(_) | Json::Text(_) => {
            let mut key = String::new();
            value.canonical(&mut key);
            Some(key)
        }
        Json::Ignored | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::event::Direction;
    use crate::replay::compare::difference::{Difference, differences};
    use crate::replay::compare::{Rules, canonical};
    use crate::replay::conversation::Message;

    fn message(text: &str) -> Message {
        let data = text.to_owned().into();
        Message { direction: Direction::Received, time: Duration::ZERO, number: 1, binary: false, data }
    }

    fn rules(ignored: &[&str]) -> Rules {
        Rules { ignore: ignored.iter().map(|path| path.parse().unwrap()).collect(), ..Rules::default() }
    }

    /// What differs without what is at these places: `$.0: 1 -> 2`, `$.0: + 2`, `$.0: - 1`.
    fn found(recorded: &str, live: &str, ignored: &[&str]) -> Vec<String> {
        let all = differences(&message(recorded), &message(live), &rules(ignored), &mut { EFFORT });
        let told = |difference| match difference {
            Difference::Value { path, recorded: Some(recorded), live: Some(live) } => {
                format!("{path}: {recorded} -> {live}")
            }
            Difference::Value { path, recorded: Some(recorded), .. } => format!("{path}: - {recorded}"),
            Difference::Value { path, live: Some(live), .. } => format!("{path}: + {live}"),
            other => panic!("{other:?}"),
        };
        all.into_iter().map(told).collect()
    }

    #[test]
    fn an_element_more_or_less_changes_no_other() {
        let list = r#"{"items":[{"sku":"a","price":1},{"sku":"b","price":2},{"sku":"c","price":3}]}"#;
        let more =
            r#"{"items":[{"sku":"x","price":9},{"sku":"a","price":1},{"sku":"b","price":2},{"sku":"c","price":4}]}"#;
        assert_eq!(found(list, more, &[]), [r#"$.items.0: + {"price":9,"sku":"x"}"#, "$.items.2.price: 3 -> 4"]);
        assert_eq!(found(more, list, &[]), [r#"$.items.0: - {"price":9,"sku":"x"}"#, "$.items.3.price: 4 -> 3"]);
        assert_eq!(found("[1,2,3,4]", "[1,3,4,5]", &[]), ["$.1: - 2", "$.3: + 5"]);
        // In place, and alike or not.
        assert_eq!(found("[1,[2],3]", r#"[1,[4],{"a":5}]"#, &[]), ["$.1.0: 2 -> 4", r#"$.2: 3 -> {"a":5}"#]);
    }

    #[test]
    fn who_has_another_key_is_somebody_else_if_keys_stay() {
        let users = |a: u32, b: u32| format!(r#"[{{"id":{a},"on":true}},{{"id":{b},"on":true}}]"#);
        let expected = [r#"$.0: + {"id":3,"on":true}"#, r#"$.1: - {"id":2,"on":true}"#];
        assert_eq!(found(&users(1, 2), &users(3, 1), &[]), expected);
        assert_eq!(found(&users(1, 2), &users(3, 4), &[]), ["$.0.id: 1 -> 3", "$.1.id: 2 -> 4"]);
        assert_eq!(found(&users(1, 1), &users(1, 2), &[]), ["$.1.id: 1 -> 2"]);
        assert!(found(&users(1, 2), &users(3, 1), &["*.id"]).is_empty());
    }

    #[test]
    fn an_index_is_ignored_wherever_its_element_has_gone() {
        let list = r#"[{"name":"a","t":1},{"name":"b","t":2}]"#;
        let more = r#"[{"name":"x","t":7},{"name":"a","t":3},{"name":"b","t":4}]"#;
        for ignored in [&["*.t"][..], &["0.t", "1.t", "2.t"]] {
            assert_eq!(found(list, more, ignored), [r#"$.0: + {"name":"x"}"#]);
        }
        // That of the live message is left out by its own index.
        assert_eq!(found(list, more, &["1.t"]), [r#"$.0: + {"name":"x","t":7}"#]);
        assert_eq!(found(list, more, &["0"]), [r#"$.1: + {"name":"a","t":3}"#, "$.1.t: 2 -> 4"]);
        assert!(found(list, r#"[5,{"t":2,"name":"b"}]"#, &["0"]).is_empty());
    }

    #[test]
    fn large_arrays_end_soon_whatever_is_in_them() {
        let array = |from: u32, step: u32| {
            let all = (0..20_000).map(|at| format!(r#"{{"v":{}}}"#, at * step + from)).collect::<Vec<_>>();
            format!("[{}]", all.join(","))
        };
        assert_eq!(found(&array(0, 1), &array(1, 1), &[]), [r#"$.0: - {"v":0}"#, r#"$.19999: + {"v":20000}"#]);
        assert_eq!(found(&array(0, 2), &array(1, 2), &[]).len(), 20_000);
        assert!(found(&array(0, 2), &array(0, 3), &[]).len() < 40_000);
        // All have a key, and none the same.
        let keyed = |step| array(0, 1).replace("\"v\":", &format!("\"id\":{step}"));
        assert_eq!(found(&keyed(1), &keyed(2), &[]).len(), 20_000);
    }

    /// A small array of numbers, objects with and without a key, and arrays of these.
    fn any_array() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            (0..4u8).prop_map(|n| n.to_string()),
            (0..5u8, 0..3u8).prop_map(|(id, n)| format!(r#"{{"id":{id},"n":{n}}}"#)),
            (0..3u8, 0..3u8).prop_map(|(a, b)| format!(r#"{{"a":{a},"b":[{b}]}}"#)),
        ];
        let array =
            |inner| prop::collection::vec(inner, 0..7).prop_map(|all: Vec<String>| format!("[{}]", all.join(",")));
        prop_oneof![array(leaf.clone().boxed()), array(array(leaf.boxed()).boxed())]
    }

    proptest! {
        #[test]
        fn arrays_differ_in_something_unless_they_are_the_same(one in any_array(), other in any_array(), few in 0..5usize) {
            let ignored = &["0", "1.n", "*.*.id", "**.b"][..few];
            let content = |text: &str| canonical(&message(text), &rules(ignored));
            prop_assert_eq!(found(&one, &other, ignored).is_empty(), content(&one) == content(&other));
        }

        #[test]
        fn one_element_more_is_one_difference(all in prop::collection::vec(0..1000u32, 0..40), at in any::<prop::sample::Index>()) {
            let (mut more, at) = (all.clone(), at.index(all.len() + 1));
            more.insert(at, 5000);
            let json = |all: &[u32]| serde_json::to_string(all).unwrap();
            prop_assert_eq!(found(&json(&all), &json(&more), &[]), [format!("$.{at}: + 5000")]);
            prop_assert_eq!(found(&json(&more), &json(&all), &[]), [format!("$.{at}: - 5000")]);
        }

        #[test]
        fn every_element_has_one_row(one in any_array(), other in any_array()) {
            let [ours, theirs] = [&one, &other].map(|text| match Json::read(text, &Rules::default()) {
                Some(Json::Array(all)) => all,
                other => panic!("{other:?}"),
            });
            let rows = rows(&ours, &theirs, &mut { EFFORT });
            prop_assert!(rows.iter().filter_map(|row| row.0).eq(0..ours.len()));
            prop_assert!(rows.iter().filter_map(|row| row.1).eq(0..theirs.len()));
        }
    }
}
