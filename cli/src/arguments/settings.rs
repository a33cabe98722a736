//! Global settings: flag, then environment, then what is built in. Each value knows where it comes from.

use std::ffi::OsString;
use std::time::Duration;

use serde::Serialize;

use super::Global;
use crate::failure::{Failure, catalogue};
use crate::output::{Colour, Format, Notes};

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The program.
    BuiltIn,
}

impl Origin {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::BuiltIn => "built in",
        }
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColourChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColourChoice {
    /// Decides for a channel.
    pub const fn resolve(self, is_terminal: bool) -> Colour {
        match self {
            Self::Always => Colour::On,
            Self::Auto if is_terminal => Colour::On,
            Self::Auto | Self::Never => Colour::Off,
        }
    }
}

/// The global settings of one run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How the answer is written.
    pub format: Setting<Format>,
    /// The context that was named.
    pub context: Setting<Option<String>>,
    /// Whether asking is forbidden.
    pub no_input: Setting<bool>,
    /// When to colour.
    pub colour: Setting<ColourChoice>,
    /// How long to wait for a server's answer.
    pub timeout: Setting<Duration>,
    /// The case that persons are looked up for.
    pub case: Setting<Option<String>>,
    /// Whether ordinary confirmations are given beforehand.
    pub yes: bool,
    /// Whether notes are shown.
    pub notes: Notes,
    /// How much is logged.
    pub verbosity: u8,
}

const DEFAULT_TIMEOUT_SECONDS: u64 = 30;

impl Settings {
    /// Settings from flags and environment.
    ///
    /// # Errors
    /// A variable has a value that does not fit.
    pub fn resolve(global: &Global) -> Result<Self, Failure> {
        Ok(Self {
            format: format(global)?,
            context: named(global.context.as_ref(), "NPKI_CONTEXT"),
            no_input: no_input(global),
            colour: colour(global),
            timeout: timeout(global)?,
            case: named(global.case.as_ref(), "NPKI_CASE"),
            yes: global.yes,
            notes: if global.quiet { Notes::Hidden } else { Notes::Shown },
            verbosity: global.verbose,
        })
    }

    /// Settings guessed from the bare words, for answering a command line that turns out to be wrong: also then,
    /// who asked for JSON gets JSON.
    ///
    /// # Errors
    /// A variable has a value that does not fit.
    pub fn foreseen(words: &[OsString]) -> Result<Self, Failure> {
        Self::resolve(&Global { output: format_asked_for(words), ..Global::default() })
    }

    /// Settings when even the environment cannot be read.
    pub fn built_in(words: &[OsString]) -> Self {
        let format = format_asked_for(words).unwrap_or(Format::Text);
        Self {
            format: setting(format, Origin::BuiltIn),
            context: setting(None, Origin::BuiltIn),
            no_input: setting(true, Origin::BuiltIn),
            colour: setting(ColourChoice::Never, Origin::BuiltIn),
            timeout: setting(Duration::from_secs(DEFAULT_TIMEOUT_SECONDS), Origin::BuiltIn),
            case: setting(None, Origin::BuiltIn),
            yes: false,
            notes: Notes::Shown,
            verbosity: 0,
        }
    }
}

const fn setting<T>(value: T, origin: Origin) -> Setting<T> {
    Setting { value, origin }
}

fn format(global: &Global) -> Result<Setting<Format>, Failure> {
    if global.json {
        return Ok(setting(Format::Json, Origin::Flag));
    }
    if let Some(format) = global.output {
        return Ok(setting(format, Origin::Flag));
    }
    match variable("NPKI_OUTPUT").as_deref() {
        None => Ok(setting(Format::Text, Origin::BuiltIn)),
        Some("text") => Ok(setting(Format::Text, Origin::Environment)),
        Some("json") => Ok(setting(Format::Json, Origin::Environment)),
        Some("ndjson") => Ok(setting(Format::Ndjson, Origin::Environment)),
        Some(other) => Err(bad_variable("NPKI_OUTPUT", other, "text, json or ndjson")),
    }
}

fn named(flag: Option<&String>, name: &str) -> Setting<Option<String>> {
    match (flag, variable(name)) {
        (Some(name), _) => setting(Some(name.clone()), Origin::Flag),
        (None, Some(name)) => setting(Some(name), Origin::Environment),
        (None, None) => setting(None, Origin::BuiltIn),
    }
}

fn no_input(global: &Global) -> Setting<bool> {
    if global.no_input {
        return setting(true, Origin::Flag);
    }
    match variable("NPKI_NO_INPUT") {
        Some(value) => setting(value != "0", Origin::Environment),
        None => setting(false, Origin::BuiltIn),
    }
}

/// no-color.org: any value but the empty one of `NO_COLOR` means no colour; bixense.com/clicolors for the others.
fn colour(global: &Global) -> Setting<ColourChoice> {
    if let Some(choice) = global.color {
        return setting(choice, Origin::Flag);
    }
    let environment = |choice| setting(choice, Origin::Environment);
    if variable("NO_COLOR").is_some() {
        return environment(ColourChoice::Never);
    }
    if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return environment(ColourChoice::Always);
    }
    if variable("CLICOLOR").is_some_and(|value| value == "0")
        || variable("TERM").is_some_and(|value| value == "dumb")
    {
        return environment(ColourChoice::Never);
    }
    setting(ColourChoice::Auto, Origin::BuiltIn)
}

fn timeout(global: &Global) -> Result<Setting<Duration>, Failure> {
    if let Some(seconds) = global.timeout {
        return Ok(setting(Duration::from_secs(seconds), Origin::Flag));
    }
    let Some(value) = variable("NPKI_TIMEOUT") else {
        return Ok(setting(Duration::from_secs(DEFAULT_TIMEOUT_SECONDS), Origin::BuiltIn));
    };
    match value.parse::<u64>() {
        Ok(seconds @ 1..=3600) => Ok(setting(Duration::from_secs(seconds), Origin::Environment)),
        _ => Err(bad_variable("NPKI_TIMEOUT", &value, "whole seconds from 1 to 3600")),
    }
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn bad_variable(name: &str, value: &str, expected: &str) -> Failure {
    Failure::of(&catalogue::ENVIRONMENT)
        .what(format!("{name} has a value that does not fit"))
        .cause(format!("it is {value:?}; expected {expected}"))
        .fix(format!("unset {name}"))
}

/// The form that a command line asks for, which may be wrong otherwise.
fn format_asked_for(words: &[OsString]) -> Option<Format> {
    let words: Vec<&str> =
        words.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let is_named = |name: &str| {
        let joined = [format!("--output={name}"), format!("-o{name}"), format!("-o={name}")];
        words.iter().any(|word| joined.iter().any(|form| word == form))
            || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", value] if *value == name))
    };
    if is_named("ndjson") {
        return Some(Format::Ndjson);
    }
    (words.contains(&"--json") || is_named("json")).then_some(Format::Json)
}

#[cfg(test)]
mod tests {
    use super::{ColourChoice, format_asked_for};
    use crate::output::{Colour, Format};

    fn words(line: &str) -> Vec<std::ffi::OsString> {
        line.split(' ').map(Into::into).collect()
    }

    #[test]
    fn json_is_recognised_in_a_command_line_that_is_wrong() {
        for line in [
            "npki frob --json",
            "npki -o json frob",
            "npki --output json x",
            "npki x --output=json",
            "npki -ojson",
        ] {
            assert_eq!(format_asked_for(&words(line)), Some(Format::Json), "{line}");
        }
        for line in ["npki frob", "npki -o text", "npki verify -- --json", "--json"] {
            assert_eq!(format_asked_for(&words(line)), None, "{line}");
        }
    }

    #[test]
    fn colour_is_for_terminals() {
        assert_eq!(ColourChoice::Auto.resolve(true), Colour::On);
        assert_eq!(ColourChoice::Auto.resolve(false), Colour::Off);
        assert_eq!(ColourChoice::Always.resolve(false), Colour::On);
        assert_eq!(ColourChoice::Never.resolve(true), Colour::Off);
    }
}
