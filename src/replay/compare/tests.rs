//! Conversations that differ in one way at a time, and in every way by chance.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::event::{Closed, Direction, Side};
use crate::render::Options;

fn message(at: usize, direction: Direction, binary: bool, data: &[u8]) -> Message {
    let time = Duration::from_millis(10 * at as u64);
    Message { direction, time, number: at as u64 + 1, binary, data: Bytes::copy_from_slice(data) }
}

/// A conversation of received text, 10 ms between two.
fn said<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Conversation {
    let text = |(at, text): (usize, T)| message(at, Direction::Received, false, text.as_ref().as_bytes());
    Conversation { messages: texts.into_iter().enumerate().map(text).collect(), end: None }
}

fn closed(code: Option<u16>, reason: &'static str) -> Closed {
    Closed { by: Side::Peer, code, reason: Bytes::from_static(reason.as_bytes()), clean: code.is_some(), detail: None }
}

/// A letter an item: `=` matched, `^` moved, `!` late, `~` changed, `-` missing, `+` unexpected.
fn signs(verdict: &Verdict) -> String {
    let sign = |item: &Item| match item.name() {
        "matched" => '=',
        "moved" => '^',
        "late" => '!',
        "changed" => '~',
        "missing" => '-',
        _ => '+',
    };
    verdict.items.iter().map(sign).collect()
}

fn held(recorded: &[&str], live: &[&str]) -> String {
    signs(&compare(&said(recorded), &said(live), &Rules::default()))
}

fn shown(recorded: &Conversation, live: &Conversation, rules: &Rules) -> String {
    render(&compare(recorded, live, rules), &Options::default(), 0)
}

#[test]
fn each_kind_of_difference_is_one_and_does_not_spread() {
    assert_eq!(held(&["a", "b", "c"], &["a", "b", "c"]), "===");
    assert_eq!(held(&["a", "b", "c"], &["a", "x", "b", "c"]), "=+==");
    assert_eq!(held(&["a", "b", "c"], &["a", "c"]), "=-=");
    assert_eq!(held(&["a", "b", "c"], &["b", "c", "a"]), "^==");
    assert_eq!(held(&["a", "hello world", "c"], &["a", "hello there", "c"]), "=~=");
    assert_eq!(held(&["a", "one", "c"], &["a", "quite another", "c"]), "=-+=");
    assert_eq!(held(&[], &[]), "");
    assert_eq!(held(&["a"], &[]), "-");
    assert_eq!(held(&[], &["a"]), "+");
    // The same message again and again: only how many there are differs.
    let ticks = ["tick"; 50];
    assert_eq!(held(&ticks, &ticks[1..]), format!("-{}", "=".repeat(49)).chars().rev().collect::<String>());
}

#[test]
fn a_changed_message_is_found_by_what_it_says_that_it_is() {
    let recorded = [r#"{"id":1,"ok":true}"#, r#"{"id":2,"ok":true}"#, r#"{"type":"news","n":5}"#, "bye"];
    let live = [r#"{"id":2,"ok":false}"#, r#"{"type":"hello"}"#, r#"{"type":"news","n":"five"}"#, "bye"];
    assert_eq!(held(&recorded, &live), "-~+~=");
    // All that follows an insertion is changed a little, and still each is held against its own.
    let list = |range: std::ops::Range<u32>, stamp: u32| {
        range
            .map(|at| format!(r#"{{"item":"name {at}","price":{at}00,"stamp":{}}}"#, at * 7 + stamp))
            .collect::<Vec<_>>()
    };
    let verdict = compare(&said(list(5..40, 0)), &said(list(4..40, 3)), &Rules::default());
    assert_eq!(signs(&verdict), format!("+{}", "~".repeat(35)));
    assert!(verdict.items.iter().skip(1).all(|item| matches!(item, Item::Changed(_, fields) if fields.len() == 1)));
}

#[test]
fn what_differs_is_told_by_its_place() {
    let recorded = said([r#"{"id":1,"price":10,"tags":["a","b"],"gone":null}"#, "the quick brown fox", "unlike"]);
    let live = said([r#"{"tags":["a","c","d"],"id":1.0,"price":"10","new":{"x":[]}}"#, "the slow brown fox", "x"]);
    assert_eq!(
        shown(&recorded, &live, &Rules::default()),
        r#"✗ 3 messages: 0 matched, 2 changed, 1 missing, 1 unexpected, 0 out of order
~ ▼ 1 0.000  1 0.000  {"tags":["a","c","d"],"id":1.0,"price":"10","new":{"x":[]}}
      $.gone:   removed null
      $.price:  10 -> "10"
      $.tags.1: "b" -> "c"
      $.tags.2: added "d"
      $.new:    added {"x":[]}
~ ▼ 2 0.010  2 0.010  the slow brown fox
      the [-quick-]{+slow+} brown fox
- ▼ 3 0.020           unlike
+ ▼          3 0.020  x
"#
    );
}

#[test]
fn binary_is_compared_byte_for_byte_and_broken_text_too() {
    let one =
        |binary, data: &[u8]| Conversation { messages: vec![message(0, Direction::Received, binary, data)], end: None };
    let differs = |a: &Conversation, b: &Conversation| match compare(a, b, &Rules::default()).items.as_slice() {
        [Item::Changed(_, fields)] => fields.clone(),
        items => panic!("{items:?}"),
    };
    let (long, longer) = (one(true, &[1, 2, 3, 4, 5, 6, 7, 8]), one(true, &[1, 2, 3, 4, 5, 6, 7, 9, 9]));
    assert_eq!(differs(&long, &longer), [Difference::Bytes { offset: 7, recorded: 8, live: 9 }]);
    let (broken, other) = (one(false, b"same text \xff\xfe"), one(false, b"same text \xff\xfd"));
    assert_eq!(differs(&broken, &other), [Difference::Bytes { offset: 11, recorded: 12, live: 12 }]);
    assert_eq!(differs(&one(true, b"{}"), &one(false, b"{}")), [Difference::Kind { binary: false }]);
    assert!(compare(&broken, &broken, &Rules::default()).is_same());
    assert!(!shown(&broken, &said(["same text \u{1b}[2J"]), &Rules::default()).contains('\u{1b}'));
}

#[test]
fn what_is_ignored_does_not_count() {
    let recorded = said([r#"{"id":1,"ts":17,"say":"at 10:42 sharp"}"#, "at 10:42, 5 users"]);
    let live = said([r#"{"say":"at 11:07 sharp","id":1}"#, "at 11:07, 5 users"]);
    let regex = || vec![regex::bytes::Regex::new(r"\d+:\d+").unwrap()];
    let rules = Rules { ignore: vec!["ts".parse().unwrap()], ignore_regex: regex(), ..Rules::default() };
    assert!(compare(&recorded, &live, &rules).is_same());
    assert_eq!(signs(&compare(&recorded, &live, &Rules { ignore_regex: regex(), ..Rules::default() })), "~=");
    let fewer = said([r#"{"say":"at 11:07 sharp","id":1}"#, "at 11:07, 6 users"]);
    assert!(shown(&recorded, &fewer, &rules).ends_with("at …, [-5-]{+6+} users\n"));
}

#[test]
fn time_is_told_and_counts_only_with_a_tolerance() {
    let recorded = said(["a", "b", "c"]);
    let mut live = recorded.clone();
    live.messages[2].time += Duration::from_millis(6);
    let with = |text: &str| {
        let rules = Rules { tolerance: Some(text.parse().unwrap()), ..Rules::default() };
        compare(&recorded, &live, &rules)
    };
    let free = compare(&recorded, &live, &Rules::default());
    assert!(free.is_same());
    let ms = Duration::from_millis;
    assert_eq!(free.timing, Timing { gaps: 2, p50: ms(0), p99: ms(6), max: ms(6), beyond: 0 });
    assert_eq!([signs(&with("time=60%")), signs(&with("time=6ms"))], ["===", "==="]);
    let late = with("time=50%");
    assert!(!late.is_same() && signs(&late) == "==!" && late.timing.beyond == 1);
    assert!(
        render(&late, &Options::default(), 0)
            .ends_with("! ▼ 3 0.020  3 0.026  c\n      16.0 ms after the one before, recorded 10.0 ms\n")
    );
}

#[test]
fn the_end_counts_if_it_was_recorded() {
    let end = |end: Option<Closed>| Conversation { messages: Vec::new(), end };
    let told = |recorded: Option<Closed>, live: Option<Closed>| {
        let verdict = compare(&end(recorded), &end(live), &Rules::default());
        (verdict.is_same(), summary(&verdict).split_once(" · ").map(|(_, end)| end.to_owned()).unwrap_or_default())
    };
    assert_eq!(
        told(Some(closed(Some(1000), "bye")), Some(closed(Some(1000), "bye"))),
        (true, "closed 1000 \"bye\" as recorded".into())
    );
    assert_eq!(
        told(Some(closed(Some(1000), "")), Some(closed(Some(1001), ""))),
        (false, "closed 1001, recorded 1000".into())
    );
    assert_eq!(
        told(Some(closed(None, "")), Some(closed(Some(1000), ""))),
        (false, "closed 1000, recorded without a close frame".into())
    );
    assert_eq!(told(Some(closed(Some(1000), "")), None), (false, "not closed, recorded 1000".into()));
    assert_eq!(told(None, Some(closed(Some(1000), ""))), (true, "closed 1000, the end was not recorded".into()));
    assert_eq!(told(None, None), (true, String::new()));
}

#[test]
fn directions_are_compared_as_the_rules_say() {
    let talk = |order: &[(Direction, &str)]| Conversation {
        messages: order.iter().enumerate().map(|(at, (way, text))| message(at, *way, false, text.as_bytes())).collect(),
        end: None,
    };
    let (sent, received) = (Direction::Sent, Direction::Received);
    let recorded = talk(&[(sent, "ask"), (sent, "again"), (received, "one"), (received, "two")]);
    // Another interleaving is none of the peer's doing.
    let live = talk(&[(sent, "ask"), (received, "one"), (sent, "other"), (received, "two")]);
    assert!(compare(&recorded, &live, &Rules::default()).is_same());
    assert_eq!(signs(&compare(&recorded, &live, &Rules::default().both_ways())), "=-=+=");
    let server = talk(&[(received, "ask"), (sent, "anything"), (received, "again")]);
    assert!(compare(&recorded, &server, &Rules { ways: vec![(sent, received)], ..Rules::default() }).is_same());
}

#[test]
fn whoever_is_asked_decides_before_the_content() {
    let (recorded, live) = (said(["a", "joe", "c"]), said(["a", "ann", "c"]));
    let letters = |message: &Message| message.data.len();
    let by = |matches: &mut Matches<'_>| compare_by(&recorded, &live, &Rules::default(), matches);
    assert_eq!(signs(&by(&mut |one, other| Some(letters(one) == letters(other)))), "===");
    assert_eq!(signs(&by(&mut |_, _| None)), "=-+=");
    let never = by(&mut |_, _| Some(false));
    assert_eq!(signs(&never), "~-+~");
    assert!(render(&never, &Options::default(), 0).contains("the content is the same, what matches says no"));
}

#[test]
fn many_messages_end_soon_whether_all_or_none_are_the_same() {
    let many = |word: &str| said((0..10_000).map(|at| format!(r#"{{"seq":{at},"{word}":"{word} {}"}}"#, at * 7)));
    let (one, other) = (many("a"), many("b"));
    assert!(compare(&one, &one, &Rules::default()).is_same());
    let verdict = compare(&one, &other, &Rules::default());
    assert_eq!((verdict.counts().matched, verdict.counts().changed), (0, 10_000));
    let text = |word: &str| said((0..10_000).map(|at| format!("{word}{}", word.repeat(at % 7))));
    assert!(compare(&text("x"), &text("yz"), &Rules::default()).counts().matched == 0);
}

#[test]
fn a_fold_counts_what_it_hides() {
    let texts: Vec<String> = (0..20).map(|at| format!("message {at}")).collect();
    let mut live = texts.clone();
    live.remove(10);
    let verdict = compare(&said(&texts), &said(&live), &Rules::default());
    assert_eq!(render(&verdict, &Options::default(), 0).matches('\n').count(), 4);
    let shown = render(&verdict, &Options::default(), 2);
    let expected = "✗ 20 messages recorded, 19 came: 19 matched, 0 changed, 1 missing, 0 unexpected, 0 out of order · timing drift p50 0.00 ms, p99 0.00 ms, max 0.00 ms
⋯ 8 the same
  ▼  9 0.080   9 0.080  message 8
  ▼ 10 0.090  10 0.090  message 9
- ▼ 11 0.100            message 10
  ▼ 12 0.110  11 0.100  message 11
  ▼ 13 0.120  12 0.110  message 12
⋯ 7 the same
";
    assert_eq!(shown, expected);
}

#[test]
fn a_long_message_is_told_up_to_a_whole_character() {
    let long = message(0, Direction::Received, false, format!("x{}", "é".repeat(150)).as_bytes());
    assert_eq!(told(&long), format!("x{}… 301 B in all", "é".repeat(99)));
}

#[test]
fn a_verdict_is_a_test_run_and_an_object() {
    let mut recorded = said([r#"{"id":1,"a":1}"#, "gone", "same"]);
    let mut live = said([r#"{"id":1,"a":2}"#, "same", "really new"]);
    (recorded.end, live.end) = (Some(closed(Some(1000), "")), Some(closed(Some(1001), "bye")));
    let verdict = compare(&recorded, &live, &Rules::default());
    let suite = to_suite("x.wsrec, connection 1", &verdict);
    let told: Vec<String> = suite
        .cases
        .iter()
        .map(|case| {
            let failure = case.outcome.failure();
            let why = failure.map(|failure| format!(": {} {:?}", failure.message, failure.detail)).unwrap_or_default();
            format!("{}{why}", case.name)
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 message as recorded".to_owned(),
            r#"received #1: $.a changed ["- {\"id\":1,\"a\":1}", "+ {\"id\":1,\"a\":2}", "$.a: 1 -> 2"]"#.to_owned(),
            r#"received #2: did not come ["- gone"]"#.to_owned(),
            r#"unexpected received #3: was not recorded ["+ really new"]"#.to_owned(),
            r#"closing: closed 1001 "bye", recorded 1000 []"#.to_owned(),
        ]
    );
    let outcome = to_outcome(&verdict);
    let failure = outcome.failure().expect("it is not the same");
    assert_eq!((failure.message.as_str(), failure.detail.len()), ("4 differences", 9));
    assert_eq!(failure.detail[4..6], ["received #2: did not come", "  - gone"]);
    let object = to_json(&verdict);
    assert_eq!(object["counts"]["changed"], 1);
    assert_eq!(object["differences"][0]["fields"][0], serde_json::json!({"path": "$.a", "recorded": "1", "live": "2"}));
    assert_eq!(object["differences"][1]["live"], serde_json::Value::Null);
    assert_eq!(object["close"]["live"]["reason"], "bye");
}

fn any_message() -> impl Strategy<Value = (bool, bool, Vec<u8>)> {
    let data = prop_oneof![
        "[ab ]{0,6}".prop_map(String::into_bytes),
        (0..4u8, 0..4u8).prop_map(|(id, n)| format!(r#"{{"id":{id},"n":{n}}}"#).into_bytes()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    (any::<bool>(), prop::bool::weighted(0.2), data)
}

fn any_conversation() -> impl Strategy<Value = Conversation> {
    prop::collection::vec(any_message(), 0..30).prop_map(|all| {
        let one = |(at, (sent, binary, data)): (usize, (bool, bool, Vec<u8>))| {
            message(at, if sent { Direction::Sent } else { Direction::Received }, binary, &data)
        };
        Conversation { messages: all.into_iter().enumerate().map(one).collect(), end: None }
    })
}

proptest! {
    #[test]
    fn a_conversation_is_the_same_as_itself(talk in any_conversation()) {
        let rules = Rules { tolerance: Some(Tolerance::Time(Duration::ZERO)), ..Rules::default() };
        prop_assert!(compare(&talk, &talk, &rules.both_ways()).is_same());
    }

    #[test]
    fn every_message_is_told_of_once_and_in_order(one in any_conversation(), other in any_conversation()) {
        let verdict = compare(&one, &other, &Rules::default().both_ways());
        let counts = verdict.counts();
        prop_assert_eq!(counts.matched + counts.changed + counts.missing, one.messages.len());
        prop_assert_eq!(counts.matched + counts.changed + counts.unexpected, other.messages.len());
        let recorded: Vec<&Message> = verdict.items.iter().filter_map(Item::recorded).collect();
        prop_assert_eq!(recorded, one.messages.iter().collect::<Vec<_>>());
        let mut live: Vec<&Message> = verdict.items.iter().filter_map(Item::live).collect();
        live.sort_by_key(|message| message.number);
        prop_assert_eq!(live, other.messages.iter().collect::<Vec<_>>());
        for item in &verdict.items {
            if let Item::Changed(pair, fields) = item {
                prop_assert!(pair.recorded.direction == pair.live.direction && !fields.is_empty());
            }
        }
        // What is held the other way round is the same or not, all the same.
        prop_assert_eq!(verdict.is_same(), compare(&other, &one, &Rules::default().both_ways()).is_same());
        let shown = render(&verdict, &Options { width: Some(60), ..Options::default() }, 1);
        prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    }
}
