//! A case: connections that were open at the same time, and what was done and heard on them, in order.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::expect::{Captured, Sent};
use super::head::{Head, resource};
use super::literal::{Node, bytes, string};
use super::opening;
use super::say::{closing, fields, text_or_bytes};
use super::talk::{Payload, Step, Talk, Talks, What};
use super::volatile::Answers;
use crate::event::{Closed, Side};
use crate::exchange::export::Source;

/// How long an expectation waits unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// From here on a silence before something is sent is kept, as long as this, where several connections are open: what one did
/// may have to reach the others first.
const SILENCE: Duration = Duration::from_millis(100);

/// A ping that comes so late after what went before is one of a clock.
const PROMPT: Duration = Duration::from_secs(1);

/// Connections that were open at the same time.
#[derive(Debug)]
pub(super) struct Case {
    /// By their places.
    talks: Vec<usize>,
    /// Their steps, by theirs.
    steps: Vec<usize>,
}

/// What cases are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct From<'a> {
    pub(super) talks: &'a Talks,
    pub(super) source: &'a Source,
    pub(super) answers: &'a Answers,
    /// When the recording began, since the epoch; zero if it does not say.
    pub(super) created: Duration,
}

/// Variables that a script has for itself.
const OWN: [&str; 7] = ["broken", "failed", "failure", "message", "n", "status", "violation"];

/// All cases, in order of time.
pub(super) fn together(talks: &Talks) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut until = Duration::ZERO;
    let mut case_of = Vec::with_capacity(talks.all.len());
    for (at, talk) in talks.all.iter().enumerate() {
        match cases.last_mut().filter(|_| talk.open < until) {
            Some(case) => case.talks.push(at),
            None => cases.push(Case { talks: vec![at], steps: Vec::new() }),
        }
        case_of.push(cases.len() - 1);
        until = until.max(talk.end);
    }
    for (at, step) in talks.steps.iter().enumerate() {
        cases[case_of[step.talk]].steps.push(at);
    }
    cases
}

impl Case {
    /// Takes note of what came after which question.
    pub(super) fn note(&self, talks: &Talks, answers: &mut Answers) {
        let steps = self.steps(talks);
        for (step, place) in steps.iter().zip(places(talks, &steps)) {
            if let (What::Hear(payload), Some(place)) = (&step.what, place)
                && let Some(json) = payload.json()
            {
                answers.note(place, &json);
            }
        }
    }

    /// Writes it.
    pub(super) fn write(&self, from: &From<'_>, head: &mut Head, out: &mut String) {
        let From { talks, source, answers, created } = *from;
        let steps = self.steps(talks);
        let name = |at: usize| if self.talks.len() == 1 { "ws".to_owned() } else { format!("ws{}", at + 1) };
        let names: HashMap<usize, String> = self.talks.iter().enumerate().map(|(at, talk)| (*talk, name(at))).collect();
        let mut script = Script {
            talks,
            source,
            answers,
            created,
            places: places(talks, &steps),
            sent: Sent::of(steps.iter().copied().enumerate()),
            steps,
            names,
            captured: Captured::new(),
            variables: HashMap::new(),
            heard: Vec::new(),
            asked: 0,
            head,
            out,
        };
        script.line(&format!("\ntest({}, || {{", string(&self.title(talks))), 0);
        script.run();
        script.line("});", 0);
    }

    fn title(&self, talks: &Talks) -> String {
        let named = |at: &usize| {
            let talk = &talks.all[*at];
            format!("connection {} to {}", talk.number, resource(talk)).trim_end_matches(" to ").to_owned()
        };
        match &*self.talks {
            [first, second, rest @ ..] if rest.len() > 2 => {
                format!("{}, {}, and {} more", named(first), named(second), rest.len())
            }
            all => all.iter().map(named).collect::<Vec<_>>().join(", "),
        }
    }

    fn steps<'a>(&self, talks: &'a Talks) -> Vec<&'a Step> {
        self.steps.iter().map(|at| &talks.steps[*at]).collect()
    }
}

/// For each message that was heard: what had been asked on its connection, and how many came before it since.
fn places(talks: &Talks, steps: &[&Step]) -> Vec<Option<u64>> {
    let mut asked: HashMap<usize, (DefaultHasher, u64)> = HashMap::new();
    let mut place = |step: &&Step| {
        let (hasher, heard) = asked.entry(step.talk).or_insert_with(|| (DefaultHasher::new(), 0));
        match &step.what {
            What::Connect => resource(&talks.all[step.talk]).hash(hasher),
            What::Send(payload) | What::Fragments(payload, ..) => {
                if std::mem::take(heard) > 0 {
                    *hasher = DefaultHasher::new();
                }
                payload.data.hash(hasher);
            }
            What::Hear(_) => {
                *heard += 1;
                let mut hasher = hasher.clone();
                heard.hash(&mut hasher);
                return Some(hasher.finish());
            }
            _ => {}
        }
        None
    };
    steps.iter().map(&mut place).collect()
}

/// A case being written.
pub(super) struct Script<'a> {
    pub(super) talks: &'a Talks,
    pub(super) source: &'a Source,
    pub(super) answers: &'a Answers,
    pub(super) created: Duration,
    pub(super) steps: Vec<&'a Step>,
    pub(super) places: Vec<Option<u64>>,
    pub(super) sent: Sent,
    /// The variables of the connections.
    pub(super) names: HashMap<usize, String>,
    pub(super) captured: Captured,
    /// Names of variables, each with the last number that it was given with.
    pub(super) variables: HashMap<String, usize>,
    /// Steps that are to be expected together, on one connection.
    pub(super) heard: Vec<usize>,
    /// Messages sent since something was heard last.
    pub(super) asked: usize,
    pub(super) head: &'a mut Head,
    pub(super) out: &'a mut String,
}

impl Script<'_> {
    fn run(&mut self) {
        for at in 0..self.steps.len() {
            let step = self.steps[at];
            if let What::Hear(_) = step.what {
                if self.heard.first().is_some_and(|first| self.steps[*first].talk != step.talk) {
                    self.expect();
                }
                self.heard.push(at);
                continue;
            }
            self.expect();
            self.step(at, step);
        }
        self.expect();
    }

    fn step(&mut self, at: usize, step: &Step) {
        let (talk, name) = (&self.talks.all[step.talk], self.names[&step.talk].clone());
        let before = at.checked_sub(1).map(|before| self.steps[before]);
        let silence = before.map_or(Duration::ZERO, |before| step.time.saturating_sub(before.time));
        let heard = before.is_some_and(|before| before.what.is_heard());
        if self.names.len() > 1 && silence >= SILENCE && !heard && !step.what.is_heard() {
            self.line(&format!("sleep(\"{}ms\");", SILENCE.as_millis()), 4);
        }
        match &step.what {
            What::Connect => {
                let lines = opening::lines(talk, &name, self.head);
                for line in lines {
                    self.line(&line, 4);
                }
                if let Some(patience) = self.patience(step.talk) {
                    self.line(&format!("{name}.patience(\"{}s\");", patience.as_secs()), 4);
                }
            }
            What::Send(payload) => {
                self.asked += 1;
                let payload = self.payload(payload);
                self.line(&format!("{name}.send({payload});"), 4);
            }
            What::Fragments(payload, count, parts) => {
                self.asked += 1;
                let arguments = if parts.is_empty() {
                    format!("{}, {count}", self.payload(payload))
                } else {
                    let literal = |part| self.payload(&Payload { data: part, ..payload.clone() });
                    format!("[{}]", parts.iter().cloned().map(literal).collect::<Vec<_>>().join(", "))
                };
                self.line(&format!("{name}.fragment({arguments});"), 4);
            }
            What::Frame(frame) => self.line(&format!("{name}.frame({});", fields(frame).text(4)), 4),
            What::Ping(payload) => self.line(&format!("{name}.ping({});", text_or_bytes(payload)), 4),
            What::Pong(payload) => self.line(&format!("{name}.pong({});", text_or_bytes(payload)), 4),
            What::Close(payload) => self.line(&format!("{name}.{};", closing(payload)), 4),
            What::HearPing(payload) => {
                if silence < PROMPT {
                    self.control(&format!("{name}.expect_ping()"), payload);
                }
            }
            What::HearPong(payload) => self.control(&format!("{name}.expect_pong()"), payload),
            What::End(closed) => self.end(talk, &name, closed),
            What::Hear(_) => {}
        }
    }

    /// A control frame, and its payload if there is one.
    fn control(&mut self, expected: &str, payload: &[u8]) {
        let line = match std::str::from_utf8(payload) {
            Ok("") => format!("{expected};"),
            Ok(text) => format!("assert_eq({expected}.text, {});", string(text)),
            Err(_) => format!("assert_eq({expected}.blob, {});", bytes(payload)),
        };
        self.line(&line, 4);
    }

    fn end(&mut self, talk: &Talk, name: &str, closed: &Closed) {
        let ours = closed.by == Side::Us;
        if ours && talk.violations.is_empty() && !talk.closing {
            self.line(&format!("{name}.drop();"), 4);
        }
        let code = closed.code.map_or_else(|| "()".to_owned(), |code| code.to_string());
        let expected = format!("{name}.expect_close({code})");
        match std::str::from_utf8(&closed.reason) {
            Ok(reason) if !reason.is_empty() && !ours => {
                self.line(&format!("assert_eq({expected}.reason, {});", string(reason)), 4);
            }
            _ => self.line(&format!("{expected};"), 4),
        }
        if talk.violations.is_empty() {
            return;
        }
        let rules = talk.violations.iter().map(|rule| Node::Is(string(rule))).collect();
        self.line("let broken = [];", 4);
        self.line(&format!("{name}.on_violation(|violation| broken.push(violation.rule));"), 4);
        self.line("run(\"1ms\");", 4);
        self.line(&format!("assert_eq(broken, {}, \"the rules that were broken\");", Node::List(rules).text(4)), 4);
    }

    /// A name for a variable that no other has.
    pub(super) fn name(&mut self, wanted: &str) -> String {
        let mut count = self.variables.get(wanted).copied().unwrap_or_default();
        let name = loop {
            count += 1;
            let name = if count == 1 { wanted.to_owned() } else { format!("{wanted}{count}") };
            let taken = self.variables.contains_key(&name) && count > 1
                || OWN.contains(&name.as_str())
                || self.head.has(&name)
                || self.names.values().any(|known| *known == name);
            if !taken {
                break name;
            }
        };
        self.variables.insert(name.clone(), 1);
        self.variables.insert(wanted.to_owned(), count);
        name
    }

    /// How long to wait on a connection, if its answers took their time.
    fn patience(&self, talk: usize) -> Option<Duration> {
        let heard = self
            .steps
            .windows(2)
            .filter(|pair| pair[1].talk == talk && matches!(pair[1].what, What::Hear(_) | What::End(_)));
        let longest = heard.map(|pair| pair[1].time.saturating_sub(pair[0].time)).max()?;
        (longest * 2 > PATIENCE).then_some(longest * 3)
    }

    pub(super) fn line(&mut self, text: &str, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(text);
        self.out.push('\n');
    }
}
