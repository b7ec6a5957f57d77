//! The server's part by what releases it: what is said before the client says anything, and after each of its messages.

use std::time::Duration;

use bytes::Bytes;

use super::dealt::dealt;
use super::{Matching, Options};
use crate::protocol::DeflateParams;
use crate::replay::part::{Action, Cue, FrameKeys, Part};
use crate::replay::{Message, Score};

/// All that the server has to say.
#[derive(Debug)]
pub(super) struct Answers {
    /// The client's messages in order.
    pub(super) awaited: Vec<Message>,
    /// What is said before any of them; the time counts from the opening handshake.
    pub(super) opening: Vec<Line>,
    /// What each releases.
    pub(super) released: Vec<Vec<Line>>,
    /// After all that.
    pub(super) end: Line,
    /// The compression that frames among the lines depend on.
    pub(super) deflate: Option<DeflateParams>,
}

/// Something to do.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The number of the recorded frame.
    pub(super) number: u64,
    /// Since what releases it.
    pub(super) after: Duration,
    pub(super) action: Action,
}

impl Answers {
    /// The server's part of a connection, as the server saw it. By order each message releases what followed it, by content its
    /// own answers.
    pub(super) fn of(score: &Score, options: &Options) -> Answers {
        let Part { mut cues, awaited, deflate } = if options.frames {
            Part::frames(score, options.max_gap, FrameKeys::Recorded)
        } else {
            Part::messages(score, options.max_gap)
        };
        let line = |cue: Cue, at: Option<usize>| {
            let begun = at.map_or(Duration::ZERO, |at| awaited[at].time);
            let after = options.pace.delay(cue.time.saturating_sub(begun));
            Line { number: cue.number, after, action: cue.action }
        };
        let end = cues.pop().map(|cue| {
            let at = cue.after.checked_sub(1);
            line(cue, at)
        });
        let mut end = end.unwrap_or(Line { number: 0, after: Duration::ZERO, action: Action::Await });
        if score.end.is_none() && matches!(end.action, Action::Close { .. }) {
            // Nobody saw the end: it is the client's.
            end.action = Action::Await;
        }
        let places = match &options.matching {
            Matching::Order(_) => cues.iter().map(|cue| cue.after.checked_sub(1)).collect(),
            Matching::Json { ids, .. } => dealt(&cues, &awaited, Some(ids)),
            Matching::Any | Matching::Exact | Matching::Regex => dealt(&cues, &awaited, None),
        };
        let (mut opening, mut released) = (Vec::new(), vec![Vec::new(); awaited.len()]);
        for (cue, at) in cues.into_iter().zip(places) {
            at.map_or(&mut opening, |at| &mut released[at]).push(line(cue, at));
        }
        let awaited = awaited.into_iter().map(|heard| heard.message).collect();
        Answers { awaited, opening, released, end, deflate }
    }

    /// Every text that is sent, with the number of its frame.
    pub(super) fn texts(&self) -> impl Iterator<Item = (u64, &Bytes)> {
        self.opening.iter().chain(self.released.iter().flatten()).filter_map(|line| match &line.action {
            Action::Message { binary: false, data } => Some((line.number, data)),
            _ => None,
        })
    }

    /// What comes after this message, or before any.
    pub(super) fn lines(&self, after: Option<usize>) -> &[Line] {
        after.map_or(&self.opening, |at| &self.released[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::recording::Reader;
    use crate::replay::Pace;
    use crate::replay::server::Ids;

    /// What is released by which message, with the milliseconds after it.
    fn released(lines: &str, matching: Matching, pace: Pace) -> Vec<Vec<(String, u128)>> {
        let recording = format!("{{\"wscope\":1,\"created\":\"2026-11-23T04:20:00Z\"}}\n{lines}");
        let reader = Reader::new(recording.as_bytes(), "r").expect("a recording");
        let (scores, damages) = Score::of(reader, "r").expect("a connection");
        assert!(damages.is_empty(), "{damages:?}");
        let options = Options { matching, pace, ..Options::default() };
        let answers = Answers::of(&scores[0].clone().seen_by(Role::Server), &options);
        let all = std::iter::once(&answers.opening).chain(&answers.released);
        let shown = |line: &Line| match &line.action {
            Action::Message { data, .. } => (String::from_utf8_lossy(data).into_owned(), line.after.as_millis()),
            other => (format!("{other:?}"), line.after.as_millis()),
        };
        all.map(|lines| lines.iter().map(shown).collect()).collect()
    }

    fn frame(t: f64, dir: &str, text: &str) -> String {
        let text = serde_json::Value::from(text);
        format!("{{\"t\":{t},\"c\":1,\"ev\":\"frame\",\"dir\":\"{dir}\",\"op\":\"text\",\"text\":{text}}}\n")
    }

    fn open(role: &str) -> String {
        format!("{{\"t\":0.5,\"c\":1,\"ev\":\"open\",\"role\":\"{role}\",\"url\":\"ws://a/\"}}\n")
    }

    #[test]
    fn each_message_releases_what_followed_it_whoever_recorded() {
        for (role, client, server) in [("client", "sent", "received"), ("server", "received", "sent")] {
            let said = [
                frame(0.7, server, "hello"),
                frame(1.0, client, "a"),
                frame(1.1, server, "a1"),
                frame(1.4, server, "a2"),
                frame(2.0, client, "b"),
                frame(2.0, client, "c"),
                frame(2.5, server, "c1"),
            ];
            let lines = open(role) + said.concat().as_str();
            let of = |lines: &[(&str, u128)]| lines.iter().map(|(text, ms)| ((*text).to_owned(), *ms)).collect();
            let expected: Vec<Vec<_>> =
                vec![of(&[("hello", 200)]), of(&[("a1", 100), ("a2", 400)]), of(&[]), of(&[("c1", 500)])];
            let order = || Matching::Order(Box::default());
            assert_eq!(released(&lines, order(), Pace::Original { speed: 1.0 }), expected, "{role}");
            let fast = released(&lines, order(), Pace::Original { speed: 4.0 });
            assert_eq!(fast[3], of(&[("c1", 125)]), "{role}");
            assert!(released(&lines, order(), Pace::Wait).iter().flatten().all(|(_, after)| *after == 0));
        }
    }

    /// What is released by which message.
    fn texts(said: &[String], matching: Matching) -> Vec<Vec<String>> {
        let released = released(&(open("client") + said.concat().as_str()), matching, Pace::Wait);
        released.into_iter().map(|lines| lines.into_iter().map(|(text, _)| text).collect()).collect()
    }

    #[test]
    fn by_content_each_of_several_messages_gets_an_answer_and_the_last_the_rest() {
        let sent = |text| frame(1.0, "sent", text);
        let received = |text| frame(2.0, "received", text);
        let said = ["a", "b", "c"].map(sent).into_iter().chain(["A", "B", "C1", "C2"].map(received));
        let said: Vec<String> = said.chain([sent("d"), sent("e"), received("D"), sent("f"), received("F")]).collect();
        let expected = [&[][..], &["A"], &["B"], &["C1", "C2"], &["D"], &[], &["F"]];
        for matching in [Matching::Any, Matching::Exact, Matching::Regex] {
            assert_eq!(texts(&said, matching), expected);
        }
        let literal = [&[][..], &[], &[], &["A", "B", "C1", "C2"], &[], &["D"], &["F"]];
        assert_eq!(texts(&said, Matching::Order(Box::default())), literal);
    }

    #[test]
    fn an_answer_belongs_to_the_message_with_its_id() {
        let said = [
            frame(1.0, "sent", r#"{"id":1}"#),
            frame(1.0, "sent", "plain"),
            frame(1.0, "sent", r#"{"id":2}"#),
            frame(1.1, "received", r#"{"id":2,"result":"b"}"#),
            frame(1.2, "received", "PLAIN"),
            frame(1.2, "received", r#"{"on":"news"}"#),
            frame(1.3, "received", r#"{"id":1,"result":"a"}"#),
        ];
        let matching = || Matching::Json { rules: Box::default(), ids: Ids::default() };
        let news = [r#"{"id":2,"result":"b"}"#, r#"{"on":"news"}"#];
        assert_eq!(texts(&said, matching()), [&[][..], &[r#"{"id":1,"result":"a"}"#], &["PLAIN"], &news]);
        let timed = released(&(open("client") + said.concat().as_str()), matching(), Pace::Original { speed: 1.0 });
        assert_eq!(timed[1][0].1, 300);
    }
}
