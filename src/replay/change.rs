//! What is changed of the messages that are sent again: values set in JSON, and `{{name}}` filled in with variables, which may
//! come from what the peer answers.
//!
//! Only text messages are changed, and of them only the bytes that have to be.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use bytes::Bytes;

use crate::recording::JsonPath;

/// A value to set in messages: `params.token=x`, or `#12:params.token=x` in that of frame 12 alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The number of the message's last frame in the recording; `None`: in each that has the path.
    pub frame: Option<u64>,
    pub path: JsonPath,
    /// JSON, or else the text of a string; `{{name}}` alone keeps the variable's type.
    pub value: String,
    /// As the user wrote it.
    text: String,
}

/// A variable to take from messages that are received: `token=result.token`. The last one that has the path counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    pub name: String,
    pub path: JsonPath,
}

/// Why a message can't be changed as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    #[error("nothing that is sent has what {0:?} is to set")]
    NowhereSet(String),
    #[error("frame {frame} is to be sent with {{{{{name}}}}}, which nothing sets")]
    Unset { frame: u64, name: String },
    #[error("frame {frame} is to be sent with {{{{{name}}}}}, and no answer before it had that")]
    NotCaptured { frame: u64, name: String },
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let wrong = || "it looks like PATH=VALUE, or #12:PATH=VALUE for frame 12 alone".to_owned();
        let (frame, rest) = match text.strip_prefix('#') {
            Some(rest) => {
                let (frame, rest) = rest.split_once(':').ok_or_else(wrong)?;
                (Some(frame.parse().map_err(|_| wrong())?), rest)
            }
            None => (None, text),
        };
        let (path, value) = rest.split_once('=').ok_or_else(wrong)?;
        let path = path.parse().map_err(|error| format!("{error}"))?;
        Ok(Setting { frame, path, value: value.to_owned(), text: text.to_owned() })
    }
}

impl FromStr for Capture {
    type Err = String;

    fn from_str(text: &str) -> Result<Capture, String> {
        let wrong = || "it looks like NAME=PATH, with a name of letters, digits and _".to_owned();
        let (name, path) = text.split_once('=').filter(|(name, _)| is_name(name)).ok_or_else(wrong)?;
        let path = path.parse().map_err(|error| format!("{error}"))?;
        Ok(Capture { name: name.to_owned(), path })
    }
}

/// All changes of a replay, and the variables so far.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    settings: Vec<Setting>,
    captures: Vec<Capture>,
    /// As JSON.
    variables: BTreeMap<String, String>,
}

impl Changes {
    /// With variables as their texts: those that are JSON are of its type, any other is a string.
    #[must_use]
    pub fn new(settings: Vec<Setting>, captures: Vec<Capture>, variables: BTreeMap<String, String>) -> Changes {
        let variables = variables.into_iter().map(|(name, text)| (name, as_json(&text))).collect();
        Changes { settings, captures, variables }
    }

    /// Finds out before anything is sent what can't come to be: `messages` are all texts that will be, by their frames.
    ///
    /// # Errors
    /// A setting that no message has the place for, a variable that is neither set nor captured.
    pub fn check<'a>(&self, messages: impl Iterator<Item = (u64, &'a Bytes)>) -> Result<(), ChangeError> {
        let mut used = vec![false; self.settings.len()];
        for (frame, data) in messages {
            let mut names = names(data);
            for (setting, used) in self.settings.iter().zip(&mut used) {
                if setting.applies_to(frame) && !setting.path.places(data).is_empty() {
                    *used = true;
                    names.extend(self::names(setting.value.as_bytes()));
                }
            }
            let is_captured = |name: &str| self.captures.iter().any(|capture| capture.name == name);
            if let Some(name) = names.into_iter().find(|name| !self.variables.contains_key(*name) && !is_captured(name))
            {
                return Err(ChangeError::Unset { frame, name: name.to_owned() });
            }
        }
        match self.settings.iter().zip(used).find(|(_, used)| !used) {
            Some((setting, _)) => Err(ChangeError::NowhereSet(setting.text.clone())),
            None => Ok(()),
        }
    }

    /// The message of this frame as it is to be sent.
    ///
    /// # Errors
    /// A variable that it needs has not come.
    pub fn apply(&self, frame: u64, data: &Bytes) -> Result<Bytes, ChangeError> {
        let mut changed = data.clone();
        for setting in self.settings.iter().filter(|setting| setting.applies_to(frame)) {
            let places = setting.path.places(&changed);
            if !places.is_empty() {
                let value = self.value(frame, &setting.value)?;
                changed = replaced(&changed, places.into_iter().map(|place| (place, value.as_bytes())));
            }
        }
        let holes = holes(&changed);
        if holes.is_empty() {
            return Ok(changed);
        }
        let json = is_json(&changed);
        let values = holes.into_iter().map(|(place, name)| Ok((place, self.text(frame, name, json)?)));
        let values = values.collect::<Result<Vec<_>, ChangeError>>()?;
        Ok(replaced(&changed, values.iter().map(|(place, value)| (place.clone(), value.as_bytes()))))
    }

    /// Takes from a message received what is to be captured.
    pub fn hear(&mut self, data: &[u8]) {
        for Capture { name, path } in &self.captures {
            path.find(data, &mut |value| {
                self.variables.insert(name.clone(), String::from_utf8_lossy(value).into_owned());
            });
        }
    }

    /// The JSON that a setting's text means now.
    fn value(&self, frame: u64, text: &str) -> Result<String, ChangeError> {
        let holes = holes(text.as_bytes());
        if let [(place, name)] = &holes[..]
            && *place == (0..text.len())
        {
            return self.variable(frame, name).cloned();
        }
        let mut filled = text.to_owned();
        for (place, name) in holes.into_iter().rev() {
            filled.replace_range(place, &self.text(frame, name, false)?);
        }
        Ok(as_json(&filled))
    }

    /// A variable as it stands in a text, or between the quotes of a JSON string.
    fn text(&self, frame: u64, name: &str, json: bool) -> Result<String, ChangeError> {
        let value = self.variable(frame, name)?;
        let Ok(text) = serde_json::from_str::<String>(value) else { return Ok(value.clone()) };
        Ok(if json { value.trim()[1..value.trim().len() - 1].to_owned() } else { text })
    }

    fn variable(&self, frame: u64, name: &str) -> Result<&String, ChangeError> {
        self.variables.get(name).ok_or_else(|| ChangeError::NotCaptured { frame, name: name.to_owned() })
    }
}

impl Setting {
    fn applies_to(&self, frame: u64) -> bool {
        self.frame.is_none_or(|only| only == frame)
    }
}

/// The text as it is if it is JSON, else as a JSON string.
fn as_json(text: &str) -> String {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => text.to_owned(),
        Err(_) => serde_json::Value::from(text).to_string(),
    }
}

/// JSON never begins with two braces, a text with a variable may.
fn is_json(data: &[u8]) -> bool {
    let data = data.trim_ascii_start();
    matches!(data.first(), Some(b'{' | b'[')) && !data.starts_with(b"{{")
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Each `{{name}}`: where, and which.
fn holes(data: &[u8]) -> Vec<(Range<usize>, &str)> {
    let mut holes = Vec::new();
    let mut from = 0;
    while let Some(start) = memchr::memmem::find(&data[from..], b"{{").map(|at| from + at) {
        from = start + 1;
        let Some(length) = memchr::memmem::find(&data[start + 2..], b"}}") else { break };
        let end = start + 2 + length;
        if let Some(name) = std::str::from_utf8(&data[start + 2..end]).ok().filter(|name| is_name(name)) {
            holes.push((start..end + 2, name));
            from = end + 2;
        }
    }
    holes
}

fn names(data: &[u8]) -> Vec<&str> {
    holes(data).into_iter().map(|(_, name)| name).collect()
}

/// The data with other bytes at these places, which are in order.
pub(super) fn replaced<'a>(data: &[u8], places: impl Iterator<Item = (Range<usize>, &'a [u8])>) -> Bytes {
    let mut out = Vec::with_capacity(data.len());
    let mut done = 0;
    for (place, value) in places {
        out.extend_from_slice(&data[done..place.start]);
        out.extend_from_slice(value);
        done = place.end;
    }
    out.extend_from_slice(&data[done..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(settings: &[&str], captures: &[&str], variables: &[(&str, &str)]) -> Changes {
        let settings = settings.iter().map(|setting| setting.parse().expect("a setting")).collect();
        let captures = captures.iter().map(|capture| capture.parse().expect("a capture")).collect();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Changes::new(settings, captures, variables)
    }

    fn applied(changes: &Changes, data: &'static str) -> String {
        let text = changes.apply(7, &Bytes::from(data)).expect("all is there");
        String::from_utf8(text.to_vec()).expect("still UTF-8")
    }

    #[test]
    fn a_value_is_set_where_it_is_and_every_other_byte_stays() {
        let message = r#"{"id": 1, "params":{"token" : "old","n":[1,2]} }"#;
        for (setting, expected) in [
            ("params.token=new", r#"{"id": 1, "params":{"token" : "new","n":[1,2]} }"#),
            ("params.token=5", r#"{"id": 1, "params":{"token" : 5,"n":[1,2]} }"#),
            (r#"params.token="5""#, r#"{"id": 1, "params":{"token" : "5","n":[1,2]} }"#),
            ("params.n.*=0", r#"{"id": 1, "params":{"token" : "old","n":[0,0]} }"#),
            ("#7:id=a\"b", r#"{"id": "a\"b", "params":{"token" : "old","n":[1,2]} }"#),
            ("#8:id=2", message),
            ("params.none=2", message),
        ] {
            assert_eq!(applied(&changes(&[setting], &[], &[]), message), expected, "{setting}");
        }
    }

    #[test]
    fn variables_fill_texts_strings_and_values() {
        let mut all = changes(&["id={{id}}"], &["id=result.id", "text=**.text"], &[("name", "an\"n")]);
        assert_eq!(applied(&all, "hello {{name}}, {{ name }} {{}}"), "hello an\"n, {{ name }} {{}}");
        assert_eq!(applied(&all, r#"{"who":"{{name}}"}"#), r#"{"who":"an\"n"}"#);
        let needs = ChangeError::NotCaptured { frame: 7, name: "id".to_owned() };
        assert_eq!(all.apply(7, &Bytes::from(r#"{"id":0}"#)), Err(needs));
        all.hear(br#"{"result":{"id":41}}"#);
        all.hear(br#"{"result":{"id": 42 ,"text":"a\n\u0062"}}"#);
        all.hear(b"{{none");
        assert_eq!(applied(&all, r#"{"id":0,"s":"{{text}}"}"#), r#"{"id":42,"s":"a\n\u0062"}"#);
        assert_eq!(applied(&all, "{{text}}{{id}}"), "a\nb42");
    }

    #[test]
    fn what_can_never_be_is_told_before_anything_is_sent() {
        let message = Bytes::from(r#"{"id":"{{id}}"}"#);
        let check = |changes: Changes| changes.check([(3, &message)].into_iter()).map_err(|error| error.to_string());
        assert_eq!(check(changes(&[], &["id=a.b"], &[])), Ok(()));
        assert_eq!(check(changes(&[], &[], &[("id", "")])), Ok(()));
        let unset = "frame 3 is to be sent with {{id}}, which nothing sets";
        assert_eq!(check(changes(&[], &["other=a"], &[])), Err(unset.to_owned()));
        let nowhere = "nothing that is sent has what \"#4:id=1\" is to set";
        assert_eq!(check(changes(&["#4:id=1"], &["id=a"], &[])), Err(nowhere.to_owned()));
        let both = changes(&["id=x{{n}}"], &["id=a"], &[]);
        assert_eq!(check(both), Err("frame 3 is to be sent with {{n}}, which nothing sets".to_owned()));
    }

    #[test]
    fn what_is_no_setting_or_capture_is_refused() {
        for text in ["", "a", "#x:a=1", "#1a=1", "=1", "a..b=1"] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
        for text in ["", "a", "1=a", "a b=c", "=c", "a="] {
            assert!(text.parse::<Capture>().is_err(), "{text}");
        }
    }
}
