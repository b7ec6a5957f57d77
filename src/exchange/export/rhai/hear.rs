//! What a case expects of what was heard on one connection since something was done last: one message, some in their order, or
//! a flood.

use serde_json::Value;

use super::case::Script;
use super::expect::{Captive, Found, Judge};
use super::head::variable;
use super::literal::{Node, string};
use super::talk::What;
use super::volatile::{Differences, differences, shape};

/// So many messages at once, if there are also more than twice as many as were sent before, are a flood.
const FLOOD: usize = 10;

/// Of a flood so many messages of a kind are waited for.
const MOST_OF_A_FLOOD: usize = 100;

/// A flood has its messages in kinds of at least so many.
const KIND: usize = 3;

impl Script<'_> {
    /// Expects what was heard, which is all on one connection.
    pub(super) fn expect(&mut self) {
        let heard = std::mem::take(&mut self.heard);
        let asked = std::mem::take(&mut self.asked);
        match *heard {
            [] => self.asked = asked,
            [at] => self.single(at),
            _ if heard.len() >= FLOOD && heard.len() > 2 * asked => self.flood(&heard),
            _ => self.ordered(&heard),
        }
    }

    fn single(&mut self, at: usize) {
        let (node, found) = self.message(at, None);
        let expected = format!("{}.expect({})", self.names[&self.steps[at].talk], node.text(4));
        match &*found {
            [] => self.line(&format!("{expected};"), 4),
            [one] => self.capture(one, &expected),
            all => {
                let answer = self.name("answer");
                self.line(&format!("let {answer} = {expected};"), 4);
                for one in all {
                    self.capture(one, &answer);
                }
            }
        }
    }

    /// One after the other. Variables are there only behind all of them.
    fn ordered(&mut self, heard: &[usize]) {
        let (nodes, found): (Vec<Node>, Vec<Vec<Found>>) = heard.iter().map(|at| self.message(*at, None)).unzip();
        let expected = format!("{}.expect_order({})", self.names[&self.steps[heard[0]].talk], lines(&nodes));
        if found.iter().all(Vec::is_empty) {
            return self.line(&format!("{expected};"), 4);
        }
        let answers = self.name("answers");
        self.line(&format!("let {answers} = {expected};"), 4);
        for (at, found) in found.iter().enumerate() {
            for one in found {
                self.capture(one, &format!("{answers}[{at}]"));
            }
        }
    }

    /// Makes a variable of what was found in a message, unless there is one.
    fn capture(&mut self, found: &Found, message: &str) {
        let Found { text, number, name, place, pattern } = found;
        if !self.captured.contains_key(text) {
            let variable = self.name(&variable(name, "value"));
            let capture = pattern.as_ref().map(|pattern| format!(".capture({})", string(pattern))).unwrap_or_default();
            self.line(&format!("let {variable} = {message}{place}{capture};"), 4);
            self.captured.insert(text.clone(), Captive { variable, number: *number });
        }
    }

    /// Many, kind by kind: a loop for each kind of which there are some.
    fn flood(&mut self, heard: &[usize]) {
        let mut kinds: Vec<(String, Vec<usize>)> = Vec::new();
        for at in heard {
            let kind = self.json(*at).map_or_else(|| format!("{at}"), |json| shape(&json));
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, all)) => all.push(*at),
                None => kinds.push((kind, vec![*at])),
            }
        }
        if kinds.len() > MOST_OF_A_FLOOD {
            let (most, all) = (MOST_OF_A_FLOOD, kinds.len());
            self.line(&format!("// Of {all} messages, each of its own kind, the first {most} are expected."), 4);
        }
        for (_, all) in kinds.into_iter().take(MOST_OF_A_FLOOD) {
            if all.len() < KIND {
                for at in all {
                    self.single(at);
                }
                continue;
            }
            let first = self.json(all[0]).unwrap_or(Value::Null);
            let mut differs = Differences::new();
            all.iter().filter_map(|at| self.json(*at)).for_each(|json| differences(&first, &json, "", &mut differs));
            let elsewhere = all.iter().flat_map(|at| self.source.repeats_of(self.steps[*at].number));
            let elsewhere = elsewhere.filter_map(|other| serde_json::from_slice(other).ok());
            elsewhere.for_each(|json| differences(&first, &json, "", &mut differs));
            let (node, _) = self.message(all[0], Some(differs));
            if all.len() > MOST_OF_A_FLOOD {
                self.line(&format!("// {} came.", all.len()), 4);
            }
            let name = &self.names[&self.steps[all[0]].talk];
            let expected = format!("        {name}.expect({});", node.text(8));
            self.line(&format!("for n in 0..{} {{\n{expected}\n    }}", all.len().min(MOST_OF_A_FLOOD)), 4);
        }
    }

    /// What is expected at this step, and what is to be made variables.
    fn message(&mut self, at: usize, differs: Option<Differences>) -> (Node, Vec<Found>) {
        let What::Hear(payload) = &self.steps[at].what else { return (Node::Is(String::new()), Vec::new()) };
        let repeats = self.source.repeats_of(self.steps[at].number);
        let asked = || self.places[at].filter(|_| repeats.is_empty()).map(|place| self.answers.of(place));
        let differs = differs.or_else(asked).unwrap_or_default();
        let mut judge = Judge {
            head: &mut *self.head,
            sent: &self.sent,
            captured: &self.captured,
            at,
            differs,
            repeats,
            created: self.created,
            masked: payload.masked,
            found: Vec::new(),
        };
        let node = judge.message(payload);
        (node, judge.found)
    }

    fn json(&self, at: usize) -> Option<Value> {
        let What::Hear(payload) = &self.steps[at].what else { return None };
        payload.json()
    }
}

/// Messages in an array, a line each.
fn lines(nodes: &[Node]) -> String {
    let items: Vec<String> = nodes.iter().map(|node| format!("        {},\n", node.text(8))).collect();
    format!("[\n{}    ]", items.concat())
}
