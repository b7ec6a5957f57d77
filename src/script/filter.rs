//! An expression over a frame: `dir == "received" && json.type == "price"`.

use rhai::{AST, Dynamic, Engine, EvalAltResult, INT, ParseErrorType, Scope};

use crate::event::{Event, FrameEvent};

use super::callback::stumbled;
use super::engine::documented;
use super::failure::Failure;
use super::fault::{Fault, Sources};
use super::message::Message;
use super::value::{count, text, written};

/// What stands in a fault for the file.
const NAME: &str = "--where";

/// What an expression can say of a frame: see [`value`].
const NAMES: [&str; 16] = [
    "dir",
    "op",
    "text",
    "json",
    "blob",
    "size",
    "wire",
    "time",
    "after",
    "conn",
    "number",
    "fin",
    "rsv",
    "frames",
    "compressed",
    "auto",
];

/// An expression, ready to be asked.
pub struct Filter {
    engine: Engine,
    expression: AST,
    sources: Sources,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is none, or names something that a frame has not.
    pub fn new(expression: &str) -> Result<Filter, Box<Fault>> {
        let mut engine = documented();
        engine.set_max_operations(1_000_000);
        engine.set_strict_variables(true);
        #[allow(deprecated, reason = "the engine's word for an interface that may change")]
        engine.on_var(|name, _, context| {
            let frame = context.tag().read_lock::<Message>();
            Ok(frame.and_then(|frame| value(name, &frame, frame.frame()?)))
        });
        let mut sources = Sources::default();
        sources.add(NAME, expression);
        let mut names = Scope::new();
        for name in NAMES {
            names.push(name, ());
        }
        let compiled = engine.compile_expression_with_scope(&names, expression);
        let mut ast = compiled.map_err(|error| {
            let names = NAMES.join(", ");
            let hint = matches!(error.err_type(), ParseErrorType::VariableUndefined(_))
                .then(|| format!("a frame has {names}"));
            Box::new(Fault { hint, ..Fault::unreadable(&error, NAME, &sources) })
        })?;
        ast.set_source(NAME);
        Ok(Filter { engine, expression: ast, sources })
    }

    /// Whether it holds for a frame; never for another event.
    ///
    /// # Errors
    /// What goes wrong in it. What a frame has not is `()`, and no error.
    pub fn holds(&mut self, event: &Event) -> Result<bool, Box<Fault>> {
        let Some(frame) = Message::recorded(event.clone()) else { return Ok(false) };
        self.engine.set_default_tag(Dynamic::from(frame));
        let fault = |error: &EvalAltResult| Box::new(Fault::of(error, NAME, &self.sources));
        match self.engine.eval_ast::<Dynamic>(&self.expression) {
            Ok(answer) => answer.as_bool().map_err(|_| {
                let thrown = format!("the expression gives {}, and not true or false", written(&answer));
                let failure = Failure::usage(thrown, "for example: dir == \"received\" && json.price > 9");
                fault(&Box::<EvalAltResult>::from(failure))
            }),
            Err(error) if stumbled(&error) => Ok(false),
            Err(error) => Err(fault(&error)),
        }
    }
}

/// What a name stands for; what the frame has not is `()`.
fn value(name: &str, message: &Message, frame: &FrameEvent) -> Option<Dynamic> {
    let header = &frame.frame.header;
    Some(match name {
        "dir" => text(frame.direction.name()),
        // The frame's own, so `continuation` too.
        "op" => text(header.opcode.to_string()),
        // Of the message that the frame completes, or else of the frame.
        "text" => message.text(),
        "json" => message.json(),
        "blob" => Dynamic::from_blob(message.blob()),
        "size" => message.size().into(),
        "wire" => count(frame.frame.payload.len()).into(),
        "time" => message.time().into(),
        "after" => message.after(),
        "conn" => message.connection().into(),
        "number" => message.number().into(),
        "fin" => header.fin.into(),
        "rsv" => INT::from(header.rsv).into(),
        "frames" => message.frames().into(),
        "compressed" => message.is_compressed().into(),
        "auto" => frame.automatic.into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;
    use crate::event::samples::{at, received};
    use crate::protocol::Opcode;

    fn held(expression: &str, payload: &[u8]) -> Result<bool, String> {
        let frame = at(7, Kind::Frame(received(7, Opcode::TEXT, payload)));
        let held = Filter::new(expression).and_then(|mut filter| filter.holds(&frame));
        held.map_err(|fault| [vec![fault.line()], fault.more()].concat().join("\n"))
    }

    #[test]
    fn an_expression_over_a_frame() {
        let price = br#"{"type":"price","price":12.5,"tags":["a"],"by":{"name":"ann"}}"#;
        for (expression, holds) in [
            (r#"dir == "received" && json.type == "price""#, true),
            (r#"dir == "sent""#, false),
            ("json.price > 12 && json.price < 13", true),
            (r#"json.by.name == "ann" && json.tags.contains("a")"#, true),
            ("json.nothing.at.all == 1", false),
            ("json.nothing.at.all > 1", false),
            ("json.nothing.len() > 1", false),
            (r#"op == "text" && size == 62 && number == 7 && fin && rsv == 0 && conn == 1 && !compressed"#, true),
            (r#"text.contains("ann") && text.starts_with("{")"#, true),
        ] {
            assert_eq!(held(expression, price), Ok(holds), "{expression}");
        }
        assert_eq!(held("json.type == 1", b"no JSON"), Ok(false));
    }

    #[test]
    fn what_is_wrong_with_an_expression_is_told_with_its_place() {
        for (expression, told) in [
            ("dri == \"sent\"", "--where:1:1: undefined variable: dri\n  1 | dri == \"sent\"\n    | ^"),
            ("size +", "--where:1:7: script is incomplete\n  1 | size +\n    |       ^"),
            ("size", "the expression gives 2, and not true or false"),
            ("nothing(size)", "--where:1:1: function not found: nothing (int)\n  1 | nothing(size)\n    | ^"),
        ] {
            assert_eq!(held(expression, b"{}"), Err(told.to_owned()), "{expression}");
        }
    }
}
