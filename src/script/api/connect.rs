//! Opening a connection, with the options of the command line.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map};

use crate::script::connection::Connection;
use crate::script::failure::{Failure, Raised};
use crate::script::host::Host;
use crate::script::value::written;

/// Names that read better in a script, and the options they stand for.
const PLURALS: [(&str, &str); 4] =
    [("headers", "header"), ("cookies", "cookie"), ("subprotocols", "subprotocol"), ("on_violations", "on_violation")];

#[export_module]
pub mod api {
    /// Opens a connection to a URL, as the command line would, and waits until frames may flow.
    ///
    /// Fails if it can't: see `Failure`.
    #[rhai_fn(name = "connect", return_raw)]
    pub fn connect(context: NativeCallContext, url: &str) -> Raised<Connection> {
        open(&context, url, &Map::new())
    }

    /// The same with options: those of the command line, with `_` for `-`.
    ///
    /// `#{ headers: #{ "X-Id": "1" }, subprotocols: ["v1"], compress: "off", insecure: true, connect_timeout: "2s" }`
    #[rhai_fn(name = "connect", return_raw)]
    pub fn connect_with(context: NativeCallContext, url: &str, options: Map) -> Raised<Connection> {
        open(&context, url, &options)
    }

    /// A connection of the shell by the name that `/connections` lists: `connection("bob").send("hello")`.
    #[rhai_fn(name = "connection", return_raw)]
    pub fn connection(context: NativeCallContext, name: &str) -> Raised<Connection> {
        let known = Host::of(&context).setup().hub.known();
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        let hint = match &*names {
            [] => "connect(\"ws://...\") opens one".to_owned(),
            _ => format!("there are {}", names.join(", ")),
        };
        let missing = || Failure::usage(format!("no connection is named {name:?}"), hint);
        let found = known.iter().find(|(known, _)| known == name).map(|(_, connection)| connection.clone());
        Ok(found.ok_or_else(missing)?)
    }

    /// The connections that are there without the script: those of the shell, or the clients that `wscope serve` has.
    #[rhai_fn(name = "connections")]
    pub fn connections(context: NativeCallContext) -> Array {
        known(&context, |_| true)
    }

    /// All connections that are there without the script, but this one: the other clients of `wscope serve`.
    #[rhai_fn(get = "others", pure)]
    pub fn others(context: NativeCallContext, ws: &mut Connection) -> Array {
        known(&context, |other| other.number() != ws.number())
    }
}

fn known(context: &NativeCallContext<'_>, wanted: impl Fn(&Connection) -> bool) -> Array {
    let known = Host::of(context).setup().hub.known();
    known.into_iter().filter(|(_, connection)| wanted(connection)).map(|(_, it)| Dynamic::from(it)).collect()
}

fn open(context: &NativeCallContext<'_>, url: &str, options: &Map) -> Raised<Connection> {
    let host = Host::of(context);
    let mut words = flags(options)?;
    words.extend(["--".to_owned(), url.to_owned()]);
    let options = (host.setup().options)(&words)?;
    Connection::open(&host, options)
}

/// A map of options as words of the command line.
fn flags(options: &Map) -> Raised<Vec<String>> {
    let mut words = Vec::new();
    for (name, value) in options {
        let name = PLURALS.iter().find(|(plural, _)| plural == name).map_or(name.as_str(), |(_, singular)| singular);
        flag(name, value, &mut words)?;
    }
    Ok(words)
}

fn flag(name: &str, value: &Dynamic, words: &mut Vec<String>) -> Raised<()> {
    let flag = format!("--{}", name.replace('_', "-"));
    if let Ok(switched) = value.as_bool() {
        words.extend(switched.then_some(flag));
        return Ok(());
    }
    if let Ok(all) = value.as_array_ref() {
        return all.iter().try_for_each(|value| self::flag(name, value, words));
    }
    if let Ok(all) = value.as_map_ref() {
        let separator = if name == "cookie" { "=" } else { ": " };
        for (key, value) in all.iter() {
            words.push(format!("{flag}={key}{separator}{}", plain(name, value)?));
        }
        return Ok(());
    }
    words.push(format!("{flag}={}", plain(name, value)?));
    Ok(())
}

fn plain(name: &str, value: &Dynamic) -> Raised<String> {
    if value.is_string() || value.is_int() || value.is_float() {
        return Ok(value.to_string());
    }
    let hint = "a text, a number, true, an array of them or a map";
    Err(Failure::usage(format!("the option {name} does not take {}", written(value)), hint).into())
}
