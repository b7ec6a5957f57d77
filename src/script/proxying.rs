//! A script between a client and a server: its functions say what becomes of each message.
//!
//! ```text
//! fn to_server(m) { if m.json.type == "debug" { drop() } else { delay("50ms", m) } }
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, INT, Map};

use crate::event::{Event, Kind};
use crate::proxy::{Crossing, End, Opened, Outcome, Peer, Tamper};

use super::failure::{Failure, Raised};
use super::fault::{Fault, Reason};
use super::hooks::{Hooks, Tell, This};
use super::host::Host;
use super::message::Message;
use super::program::Program;
use super::value::{bytes, duration, text, to_json, written};

/// The functions that a proxy's script can define.
pub const PROXYING: [&str; 3] = ["on_open(conn)", "to_server(m)", "to_client(m)"];

/// A script that changes messages.
pub struct Proxying {
    hooks: Hooks,
    tell: Box<Tell>,
}

impl Proxying {
    /// Runs a script to its last line, for its functions.
    ///
    /// # Errors
    /// It fails, or has none of these functions.
    pub fn read(mut program: Program, tell: Box<Tell>) -> Result<Arc<Proxying>, Box<Fault>> {
        register(&mut program.engine);
        Ok(Arc::new(Proxying { hooks: Hooks::read(program, &PROXYING)?, tell }))
    }

    /// What the script runs with.
    #[must_use]
    pub const fn host(&self) -> &Host {
        self.hooks.host()
    }

    /// The script for one client. Its thread needs [`super::STACK`].
    #[must_use]
    pub fn client(self: &Arc<Self>) -> Box<dyn Tamper> {
        Box::new(Client {
            this: self.hooks.this(),
            about: Opened::default(),
            failed: false,
            proxying: Arc::clone(self),
        })
    }
}

struct Client {
    proxying: Arc<Proxying>,
    this: This,
    about: Opened,
    /// A function has failed: what comes after that goes on as it is.
    failed: bool,
}

impl Tamper for Client {
    fn opened(&mut self, about: &Opened) -> Outcome {
        self.about = about.clone();
        let conn = Map::from_iter([
            ("client".into(), Dynamic::from(INT::from(about.client))),
            ("server".into(), Dynamic::from(INT::from(about.server))),
            ("resource".into(), text(about.resource.as_str())),
        ]);
        match self.call("on_open", Dynamic::from(conn)).and_then(|given| self.acts("on_open", &given, None)) {
            Some(acts) => {
                let notes = acts.says.iter().map(|say| format!("script: says {}", say.describe())).collect();
                Outcome { crossings: acts.says, notes, end: acts.end }
            }
            None => Outcome::default(),
        }
    }

    fn message(&mut self, crossing: Crossing) -> Outcome {
        let name = if crossing.to == Peer::Server { "to_server" } else { "to_client" };
        if !self.proxying.hooks.has(name) {
            return Outcome::pass(crossing);
        }
        let connection = if crossing.to == Peer::Server { self.about.client } else { self.about.server };
        let time = self.proxying.host().setup().timeline.clock().elapsed();
        let event = Event { time, connection, kind: Kind::Frame(crossing.as_frame()) };
        let given = Message::recorded(event).and_then(|message| self.call(name, Dynamic::from(message)));
        match given.and_then(|given| self.acts(name, &given, Some(&crossing))) {
            Some(acts) => noted(&crossing, acts),
            None => Outcome::pass(crossing),
        }
    }
}

impl Client {
    /// What a function gives; `None` if there is none, or it failed, which is told.
    fn call(&mut self, name: &str, value: Dynamic) -> Option<Dynamic> {
        if self.failed {
            return None;
        }
        match self.proxying.hooks.call(name, &mut self.this, (value,)) {
            Ok(given) => given,
            Err(fault) => {
                self.fail(name, fault);
                None
            }
        }
    }

    /// What a function wants done; `None` for nothing in particular.
    fn acts(&mut self, name: &str, given: &Dynamic, crossing: Option<&Crossing>) -> Option<Acts> {
        if given.is_unit() {
            return None;
        }
        let acts = Wish::of(given).and_then(|wish| wish.granted(crossing));
        acts.inspect_err(|failure| {
            let fault = Fault::new(Reason::Script, failure.message.clone());
            self.fail(name, Box::new(Fault { hint: failure.hint.clone(), ..fault }));
        })
        .ok()
    }

    fn fail(&mut self, name: &str, fault: Box<Fault>) {
        self.failed = true;
        (self.proxying.tell)(name, self.about.client, fault);
    }
}

/// What becomes of a message, with what the recording says about that.
fn noted(crossing: &Crossing, acts: Acts) -> Outcome {
    let Acts { says, end } = acts;
    let is_it = |say: &Crossing| say.to == crossing.to && say.is_same(crossing);
    let mut notes = Vec::new();
    match &says[..] {
        [] => notes.push(format!("script: dropped {}", crossing.describe())),
        [say] if is_it(say) && say.delay.is_zero() => {}
        [say] if is_it(say) => notes.push(format!("script: held back for {:?} {}", say.delay, crossing.describe())),
        says => {
            let says: Vec<_> = says.iter().map(|say| if is_it(say) { "it".to_owned() } else { say.brief() }).collect();
            notes.push(format!("script: changed {} into {}", crossing.describe(), says.join(", then ")));
        }
    }
    Outcome { crossings: says, notes, end }
}

/// What is sent on, in order, and whether both legs are closed then.
#[derive(Default)]
struct Acts {
    says: Vec<Crossing>,
    end: Option<End>,
}

/// What a script's value wants: a script makes these of `drop()`, `delay(...)`, `all([...])`, `client(...)`, `server(...)` and
/// `close(...)`.
#[derive(Clone, Default)]
struct Wish {
    says: Vec<Said>,
    end: Option<End>,
}

#[derive(Clone)]
struct Said {
    /// `None`: where the message at hand goes.
    to: Option<Peer>,
    binary: bool,
    data: Bytes,
    delay: Duration,
}

impl Wish {
    /// A message, text, bytes, or a map or an array as JSON; or a wish.
    fn of(value: &Dynamic) -> Result<Wish, Failure> {
        if let Some(wish) = value.read_lock::<Wish>() {
            return Ok(wish.clone());
        }
        let (binary, data) = if let Some(message) = value.read_lock::<Message>() {
            (message.opcode() == "binary", message.data().clone())
        } else if value.is_map() || value.is_array() {
            (false, to_json(value).map_err(|error| no_message(value).detail(vec![error.to_string()]))?.into())
        } else {
            (value.is_blob(), bytes(value).map_err(|_| no_message(value))?)
        };
        let said = Said { to: None, binary, data, delay: Duration::ZERO };
        Ok(Wish { says: vec![said], end: None })
    }

    /// The same for the message at hand, which stays what it is if that is what is said.
    fn granted(self, crossing: Option<&Crossing>) -> Result<Acts, Failure> {
        let mut acts = Acts { says: Vec::new(), end: self.end };
        for Said { to, binary, data, delay } in self.says {
            let Some(to) = to.or(crossing.map(|crossing| crossing.to)) else {
                let hint = "client(x) and server(x) say whom";
                return Err(Failure::usage("there is no message that would have a direction", hint));
            };
            let mut say = crossing.filter(|crossing| crossing.to == to).cloned();
            let said = say.get_or_insert_with(|| Crossing::new(to, binary, data.clone()));
            said.replace(binary, data);
            said.delay += delay;
            acts.says.extend(say);
        }
        Ok(acts)
    }

    fn towards(mut self, peer: Peer) -> Wish {
        self.says.iter_mut().for_each(|said| said.to = Some(peer));
        self
    }
}

fn no_message(value: &Dynamic) -> Failure {
    let hint = "a message is m, a text, a blob, a map or an array (as JSON), or what drop(), delay(time, m), all([m, ...]), \
                client(m), server(m) and close(code, reason) make";
    Failure::usage(format!("{} is no message", written(value)), hint)
}

fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Wish>("Wish");
    engine.register_fn("drop", Wish::default);
    engine.register_fn("delay", |time: Dynamic, it: Dynamic| -> Raised<Wish> {
        let (time, mut wish) = (duration(&time)?, Wish::of(&it)?);
        wish.says.iter_mut().for_each(|said| said.delay += time);
        Ok(wish)
    });
    engine.register_fn("all", |parts: Array| -> Raised<Wish> {
        let mut whole = Wish::default();
        for part in parts {
            let wish = Wish::of(&part)?;
            whole.says.extend(wish.says);
            whole.end = whole.end.or(wish.end);
        }
        Ok(whole)
    });
    engine.register_fn("client", |it: Dynamic| -> Raised<Wish> { Ok(Wish::of(&it)?.towards(Peer::Client)) });
    engine.register_fn("server", |it: Dynamic| -> Raised<Wish> { Ok(Wish::of(&it)?.towards(Peer::Server)) });
    engine.register_fn("close", |code: INT, reason: &str| -> Raised<Wish> {
        let code = u16::try_from(code).ok().filter(|code| crate::protocol::close::allowed_on_wire(*code));
        let Some(code) = code else {
            return Err(Failure::usage("that status code is not allowed on the wire", "1000, or 3000 to 4999").into());
        };
        Ok(Wish { says: Vec::new(), end: Some(End { code, reason: reason.to_owned() }) })
    });
}
