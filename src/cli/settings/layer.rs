//! What one source says about options: the command line, the environment or a profile, all in the same shape.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction};

use super::Sources;
use crate::cli::args::{self, Flags};
use crate::cli::report::{Exit, Report};

/// Options by their long names. Made only of what the table of options takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) settings: BTreeMap<String, Setting>,
}

/// What an option is set to, and where.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// For errors: `WSCOPE_CA`, `/home/me/.config/wscope/config.toml:4`; empty for the command line.
    pub(super) place: String,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Of an option without a value.
    Switch(bool),
    /// Several for an option that may be repeated.
    Texts(Vec<OsString>),
}

/// Options of which a stronger layer's puts all of the weaker layers' out of force.
const RIVALS: [[&str; 2]; 4] =
    [["compress", "no-compress"], ["auth", "bearer"], ["null", "one"], ["wait", "until-close"]];

impl Layer {
    pub(super) fn command_line(flags: &Flags) -> Layer {
        let mut layer = Layer::default();
        for matches in &flags.matches {
            for arg in args::options().get_arguments() {
                let id = arg.get_id().as_str();
                if !matches!(matches.try_contains_id(id), Ok(true))
                    || matches.value_source(id) != Some(ValueSource::CommandLine)
                {
                    continue;
                }
                let value = if is_switch(arg) {
                    Value::Switch(true)
                } else {
                    Value::Texts(matches.get_raw(id).into_iter().flatten().map(OsString::from).collect())
                };
                layer.settings.insert(long(arg), Setting { place: String::new(), value });
            }
        }
        layer
    }

    /// `WSCOPE_CONNECT_TIMEOUT` for `--connect-timeout`; an empty variable says nothing.
    pub(super) fn environment(sources: Sources<'_>) -> Result<Layer, Report> {
        let mut layer = Layer::default();
        for arg in args::options().get_arguments() {
            let name = variable(arg);
            let Some(text) = (sources.variable)(&name).filter(|text| !text.is_empty()) else { continue };
            let value = match text.to_str() {
                Some(text) => from_text(arg, text).map_err(|report| report.at(&name))?,
                None => Value::Texts(vec![text]),
            };
            layer.set(arg, Setting { place: name, value })?;
        }
        Ok(layer)
    }

    /// Sets an option to what the table of options takes for it.
    pub(super) fn set(&mut self, arg: &Arg, setting: Setting) -> Result<(), Report> {
        let alone = Layer { settings: BTreeMap::from([(long(arg), setting.clone())]) };
        if let Err(error) = args::options().try_get_matches_from(alone.into_arguments()) {
            return Err(Report::from(error).at(&setting.place));
        }
        self.settings.insert(long(arg), setting);
        Ok(())
    }

    /// This layer where the stronger one says nothing.
    pub(super) fn overridden_by(mut self, stronger: Layer) -> Layer {
        for (name, setting) in &stronger.settings {
            let rivals = RIVALS.iter().filter(|rivals| rivals.contains(&name.as_str())).flatten();
            if setting.value != Value::Switch(false) {
                rivals.for_each(|rival| drop(self.settings.remove(*rival)));
            }
        }
        self.settings.extend(stronger.settings);
        self
    }

    /// The layer as a command line.
    pub(super) fn into_arguments(self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        for (name, setting) in self.settings {
            match setting.value {
                Value::Switch(true) => arguments.push(format!("--{name}").into()),
                Value::Switch(false) => {}
                Value::Texts(texts) => arguments.extend(texts.into_iter().map(|text| {
                    let mut argument = OsString::from(format!("--{name}="));
                    argument.push(text);
                    argument
                })),
            }
        }
        arguments
    }
}

/// What a text from outside of a shell means to an option: a switch is true or false, a list has one item a line.
pub(super) fn from_text(arg: &Arg, text: &str) -> Result<Value, Report> {
    let truth = match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    };
    Ok(match (arg.get_action(), truth) {
        (ArgAction::SetTrue, Some(on)) => Value::Switch(on),
        (ArgAction::SetTrue, None) => {
            return Err(Report::new(Exit::Usage, format!("{text:?} is neither true nor false")));
        }
        (ArgAction::Append, _) => Value::Texts(text.lines().filter(|line| !line.is_empty()).map(Into::into).collect()),
        (_, Some(on)) if takes_on_and_off(arg) && text.parse::<u32>().is_err() => Value::Texts(vec![on_or_off(on)]),
        _ => Value::Texts(vec![text.into()]),
    })
}

/// The environment variable that sets an option.
pub(super) fn variable(arg: &Arg) -> String {
    format!("WSCOPE_{}", long(arg).replace('-', "_").to_uppercase())
}

/// An option without a value.
pub(super) fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

/// An option that may stand without its value, and then means `on`.
pub(super) fn takes_on_and_off(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.min_values() == 0 && range.max_values() == 1) && !is_switch(arg)
}

pub(super) fn on_or_off(on: bool) -> OsString {
    if on { "on" } else { "off" }.into()
}

/// Every option has a long name; a test sees to it.
pub(super) fn long(arg: &Arg) -> String {
    arg.get_long().unwrap_or_default().to_owned()
}
