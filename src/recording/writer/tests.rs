//! Files as recorders leave them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::event::Kind;
use crate::event::samples::{at, on, received, violation};
use crate::protocol::{Opcode, Rule};
use crate::recording::Entry;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn open(path: &Path, existing: Existing) -> Result<Writer, WriteError> {
    Writer::open(path, &Clock::start(), &Masks::default(), existing)
}

fn entries(path: &Path) -> Vec<Entry> {
    let mut reader = Reader::open(path).expect("a recording");
    std::iter::from_fn(|| reader.entry().expect("readable")).collect()
}

fn write(path: &Path, existing: Existing, events: &[Event]) {
    let mut writer = open(path, existing).expect("a writer");
    for event in events {
        writer.event(event).expect("room");
    }
    writer.flush().expect("room");
}

#[test]
fn a_recording_is_for_its_owner_and_nobody_else() {
    let folder = folder();
    let path = folder.path().join("a.wsrec");
    write(&path, Existing::Append, &[at(1, Kind::Note("hi".into()))]);
    let mode = || fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("it is ours");
    write(&path, Existing::Overwrite, &[]);
    assert_eq!(mode(), 0o600);
    assert!(entries(&path).is_empty());
}

#[test]
fn an_append_goes_on_counting_connections_frames_and_time() {
    let folder = folder();
    let path = folder.path().join("a.wsrec");
    let frame = |connection, number| on(connection, number * 1000, Kind::Frame(received(number, Opcode::TEXT, b"x")));
    write(&path, Existing::Append, &[frame(1, 1), frame(2, 2), frame(1, 3)]);
    // As a killed recorder leaves it, an hour ahead of the next one's clock.
    let mut torn = fs::read(&path).expect("readable");
    torn.extend_from_slice(b"{\"t\":3600.000000,\"c\":2,\"ev\":\"note\",\"text\":\"late\"}\n{\"t\":3600.1");
    fs::write(&path, torn).expect("room");
    let broken = on(1, 1500, violation(1, Rule::ReservedOpcode, "", b"", 0));
    write(&path, Existing::Append, &[frame(1, 1), broken, frame(2, 2)]);
    let read = entries(&path);
    assert!(matches!(&read[4], Entry::Damaged(damage) if damage.place.line == Some(6)), "{:?}", read[4]);
    assert!(matches!(&read[5], Entry::Append(_)), "{:?}", read[5]);
    let event = |i: usize| match &read[i] {
        Entry::Event(event) => event.clone(),
        other => panic!("{other:?}"),
    };
    let numbers = [6, 7, 8].map(|i| match event(i).kind {
        Kind::Frame(frame) => Some(frame.number),
        Kind::Violation { frame, .. } => frame,
        _ => None,
    });
    assert_eq!(numbers, [Some(4), Some(4), Some(5)]);
    assert_eq!([6, 7, 8].map(|i| event(i).connection), [3, 3, 4]);
    let times = [3, 6, 7, 8].map(|i| event(i).time);
    assert!(times.is_sorted() && times[1] < Duration::from_secs(3601), "{times:?}");
}

#[test]
fn a_file_that_is_no_recording_is_left_alone_unless_forced() {
    let folder = folder();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "mine\n").expect("room");
    let error = open(&path, Existing::Append).expect_err("not a recording");
    let begins = "where a recording begins with {\"wscope\":1,";
    assert_eq!(
        error.to_string(),
        format!("cannot append: \"{}\" is no recording: a line that is no header at byte 0, {begins}", path.display())
    );
    assert_eq!(error.hint(), "--force overwrites it");
    assert_eq!(fs::read(&path).expect("readable"), b"mine\n");
    write(&path, Existing::Overwrite, &[at(1, Kind::Note("hi".into()))]);
    assert_eq!(entries(&path).len(), 1);
    let error = open(&path, Existing::Refuse).expect_err("it is there");
    assert_eq!(error.to_string(), format!("cannot record to \"{}\": it is there already", path.display()));
}

#[test]
fn a_file_has_one_recorder_at_a_time() {
    let folder = folder();
    let path = folder.path().join("a.wsrec");
    let first = open(&path, Existing::Append).expect("a writer");
    let error = open(&path, Existing::Overwrite).expect_err("it is locked");
    assert_eq!(
        error.to_string(),
        format!("cannot record to \"{}\": another wscope is recording to it", path.display())
    );
    drop(first);
    write(&path, Existing::Append, &[]);
    assert!(matches!(entries(&path)[..], [Entry::Append(_)]));
}

#[test]
fn a_full_disk_is_told_by_name() {
    // The device that is always full, where there is one.
    let Ok(mut writer) = open(Path::new("/dev/full"), Existing::Append).map_err(|error| {
        let full = "cannot record to \"/dev/full\": no space left on device";
        assert!(!Path::new("/dev/full").exists() || error.to_string() == full, "{error}");
    }) else {
        return;
    };
    writer.event(&at(1, Kind::Note("hi".into()))).expect("buffered");
    let error = writer.flush().expect_err("full");
    assert!(matches!(WriteError::of(&error), Some(WriteError::Lost { .. })), "{error}");
}
