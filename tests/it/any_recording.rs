//! Recordings that nobody made: lines lost, doubled and moved, numbers and bytes changed. What is left of one can be taken to
//! every format, brought in again, played and compared.

use std::fs;

use proptest::prelude::*;
use proptest::sample::Index;
use serde::de::IgnoredAny;
use wscope::event::Role;
use wscope::exchange::export::{self, Format, Source};
use wscope::exchange::import::import;
use wscope::render::Options;
use wscope::replay::compare::{Rules, compare, render, to_json};
use wscope::replay::{FrameKeys, Part, Score};

const RECORDINGS: [&str; 4] = [
    "tests/golden/diff/a.wsrec",
    "tests/golden/diff/b.wsrec",
    "tests/golden/export/awkward.wsrec",
    "tests/recordings/v1.wsrec",
];

const HARS: [&str; 3] = ["tests/golden/export/awkward.har", "tests/har/mitmproxy.har", "tests/har/playwright.har"];

/// What is done to a line behind the header.
#[derive(Clone, Debug)]
enum Edit {
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    /// A number of it is another one.
    Number(Index, Index, String),
    Byte(Index, Index, u8),
    Cut(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    let number = prop_oneof![
        (0u64..20).prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        (0u64..1_000_000_000_000).prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        Just("-1".to_owned()),
        Just("1e400".to_owned()),
    ];
    prop_oneof![
        index().prop_map(Edit::Drop),
        index().prop_map(Edit::Double),
        (index(), index()).prop_map(|(a, b)| Edit::Swap(a, b)),
        (index(), index(), number).prop_map(|(line, at, number)| Edit::Number(line, at, number)),
        (index(), index(), any::<u8>()).prop_map(|(line, at, byte)| Edit::Byte(line, at, byte)),
        (index(), index()).prop_map(|(line, at)| Edit::Cut(line, at)),
    ]
}

impl Edit {
    fn make(&self, lines: &mut Vec<Vec<u8>>) {
        if lines.is_empty() {
            return;
        }
        let count = lines.len();
        match self {
            Edit::Drop(line) => drop(lines.remove(line.index(count))),
            Edit::Double(line) => {
                let line = line.index(count);
                lines.insert(line, lines[line].clone());
            }
            Edit::Swap(a, b) => lines.swap(a.index(count), b.index(count)),
            Edit::Number(line, at, number) => {
                let line = &mut lines[line.index(count)];
                let starts = (1..line.len()).filter(|&i| line[i].is_ascii_digit() && !line[i - 1].is_ascii_digit());
                let starts: Vec<usize> = starts.collect();
                if !starts.is_empty() {
                    let start = starts[at.index(starts.len())];
                    let length = line[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    line.splice(start..start + length, number.bytes());
                }
            }
            Edit::Byte(line, at, byte) => {
                let line = &mut lines[line.index(count)];
                if !line.is_empty() {
                    let at = at.index(line.len());
                    line[at] = *byte;
                }
            }
            Edit::Cut(line, at) => {
                let line = &mut lines[line.index(count)];
                line.truncate(at.index(line.len() + 1));
            }
        }
    }
}

/// The file with these edits to what is between separators; what comes first stays.
fn edited(file: &str, separator: u8, edits: &[Edit]) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    let mut lines = bytes.split(|byte| *byte == separator).map(<[u8]>::to_vec);
    let header = lines.next().unwrap();
    let mut lines: Vec<Vec<u8>> = lines.collect();
    for edit in edits {
        edit.make(&mut lines);
    }
    lines.insert(0, header);
    lines.join(&separator)
}

proptest! {
    // Each goes a long way.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_of_it_goes_everywhere(
        recording in 0..RECORDINGS.len(),
        edits in prop::collection::vec(edit(), 0..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.wsrec");
        fs::write(&path, edited(RECORDINGS[recording], b'\n', &edits)).unwrap();
        for format in Format::ALL {
            let source = Source::open(&path, Vec::new()).unwrap();
            let mut out = Vec::new();
            export::export(format, &source, &mut out).unwrap();
            let file = folder.path().join("any").with_extension(format.name());
            fs::write(&file, &out).unwrap();
            match format {
                Format::Har => {
                    serde_json::from_slice::<IgnoredAny>(&out).unwrap();
                    import(&file).into_iter().flatten().for_each(drop);
                }
                Format::Pcapng => import(&file).into_iter().flatten().for_each(drop),
                Format::Jsonl => out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).for_each(|line| {
                    serde_json::from_slice::<IgnoredAny>(line).unwrap();
                }),
                Format::Rhai => {
                    let text = String::from_utf8(out).unwrap();
                    prop_assert!(rhai::Engine::new().compile(&text).is_ok(), "{text}");
                }
                Format::Html | Format::Txt | Format::Csv => prop_assert!(String::from_utf8(out).is_ok()),
                Format::Parquet => prop_assert!(out.starts_with(b"PAR1") && out.ends_with(b"PAR1")),
            }
        }
    }

    #[test]
    fn what_is_left_of_a_har_is_brought_in_or_told(har in 0..HARS.len(), edits in prop::collection::vec(edit(), 0..8)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.har");
        fs::write(&path, edited(HARS[har], b',', &edits)).unwrap();
        let ended = import(&path).and_then(|mut imported| imported.try_for_each(|event| event.map(drop)));
        if let Err(error) = ended {
            let told = error.to_string();
            prop_assert!(told.contains("any.har") && !told.contains(char::is_control), "{told}");
        }
    }

    #[test]
    fn what_is_left_of_it_can_be_played_and_compared(
        recording in 0..RECORDINGS.len(),
        edits in prop::collection::vec(edit(), 0..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.wsrec");
        fs::write(&path, edited(RECORDINGS[recording], b'\n', &edits)).unwrap();
        let (whole, _) = Score::all(RECORDINGS[recording].as_ref()).unwrap();
        let Ok((scores, _)) = Score::all(&path) else { return Ok(()) };
        for score in scores {
            for role in [Role::Client, Role::Server] {
                let score = score.clone().seen_by(role);
                drop((Part::messages(&score, None), Part::frames(&score, None, FrameKeys::Recorded)));
            }
            let live = score.conversation();
            prop_assert!(compare(&live, &live, &Rules::default().both_ways()).is_same(), "it is the same as itself");
            for recorded in &whole {
                let recorded = recorded.conversation();
                let verdict = compare(&recorded, &live, &Rules::default().both_ways());
                let counts = verdict.counts();
                let told = counts.matched + counts.changed + counts.missing;
                prop_assert_eq!(told, recorded.messages.len(), "each recorded message is told once");
                prop_assert!(!render(&verdict, &Options::default(), 1).is_empty());
                prop_assert!(to_json(&verdict).is_object());
            }
        }
    }
}
