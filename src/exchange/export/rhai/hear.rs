//! What a case expects of what was heard on one connection since something was done last: one message, some in their order, or
//! a flood.

use serde_json::Value;

use super::case::Script;
use super::expect::Judge;
use super::head::variable;
use super::literal::Node;
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
            [(variable, path)] => self.line(&format!("let {variable} = {expected}.json{path};"), 4),
            all => {
                let answer = self.name("answer");
                self.line(&format!("let {answer} = {expected}.json;"), 4);
                for (variable, path) in all {
                    self.line(&format!("let {variable} = {answer}{path};"), 4);
                }
            }
        }
    }

    /// One after the other. What one of them brings is known to those behind it.
    fn ordered(&mut self, heard: &[usize]) {
        let mut nodes = Vec::new();
        let mut found = Vec::new();
        let known = self.captured.clone();
        for (place, at) in heard.iter().enumerate() {
            // Variables are there only behind all of them.
            let new = std::mem::replace(&mut self.captured, known.clone());
            let (node, more) = self.message(*at, None);
            let here = std::mem::replace(&mut self.captured, new);
            self.captured.extend(here);
            nodes.push(node);
            found.extend(more.into_iter().map(|(variable, path)| (variable, place, path)));
        }
        let expected = format!("{}.expect_order({})", self.names[&self.steps[heard[0]].talk], lines(&nodes));
        if found.is_empty() {
            return self.line(&format!("{expected};"), 4);
        }
        let answers = self.name("answers");
        self.line(&format!("let {answers} = {expected};"), 4);
        for (variable, place, path) in found {
            self.line(&format!("let {variable} = {answers}[{place}].json{path};"), 4);
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
            let (node, _) = self.message(all[0], Some(differs));
            if all.len() > MOST_OF_A_FLOOD {
                self.line(&format!("// {} came.", all.len()), 4);
            }
            let name = &self.names[&self.steps[all[0]].talk];
            let expected = format!("        {name}.expect({});", node.text(8));
            self.line(&format!("for n in 0..{} {{\n{expected}\n    }}", all.len().min(MOST_OF_A_FLOOD)), 4);
        }
    }

    /// What is expected at this step, and the variables that are to be made of it, each with where its value stands.
    fn message(&mut self, at: usize, differs: Option<Differences>) -> (Node, Vec<(String, String)>) {
        let What::Hear(payload) = &self.steps[at].what else { return (Node::Is(String::new()), Vec::new()) };
        let loops = differs.is_some();
        let differs = differs.or_else(|| self.places[at].map(|place| self.repeats.of(place))).unwrap_or_default();
        let mut judge = Judge {
            head: &mut *self.head,
            sent: &self.sent,
            captured: &self.captured,
            at,
            differs,
            created: self.created,
            masked: payload.masked,
            found: Vec::new(),
        };
        let node = judge.message(payload);
        let found = if loops { Vec::new() } else { judge.found };
        let mut variables = Vec::new();
        for (text, name, path) in found {
            let name = self.name(&variable(&name, "value"));
            self.captured.insert(text, name.clone());
            variables.push((name, path));
        }
        (node, variables)
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
