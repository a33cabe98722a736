//! What clap says, in the words of the output contract.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Failure, catalogue};
use crate::output::{Outcome, Page, Report};

/// Text that was asked for: help, the version.
#[derive(Debug, Serialize)]
pub struct Shown {
    #[serde(skip)]
    schema: &'static str,
    text: String,
}

impl Shown {
    /// A text to show under a schema.
    pub const fn new(schema: &'static str, text: String) -> Self {
        Self { schema, text }
    }
}

impl Report for Shown {
    fn schema(&self) -> &'static str {
        self.schema
    }

    fn data(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    fn text(&self, page: &mut Page) {
        page.verbatim(&self.text);
    }
}

/// Turns what ended clap's parsing into an answer or a failure.
///
/// # Errors
/// Wrong usage.
pub fn explained(error: &clap::Error) -> Result<Outcome, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp => Ok(Outcome::done(Shown::new("npki.help/1", error.render().to_string()))),
        ErrorKind::DisplayVersion => {
            Ok(Outcome::done(Shown::new("npki.version.text/1", error.render().to_string())))
        }
        _ => Err(misused(error)),
    }
}

fn misused(error: &clap::Error) -> Failure {
    let usage = usage_line(error);
    let cause =
        usage.as_ref().map_or_else(|| catalogue::USAGE.cause.to_owned(), |line| format!("usage: {line}"));
    let fix = match suggestion(error) {
        Some(word) => format!("did you mean {word}?"),
        None => help_command(usage.as_deref()),
    };
    Failure::of(&catalogue::USAGE).what(what(error)).cause(cause).fix(fix)
}

/// The first paragraph of clap's message, in one line.
fn what(error: &clap::Error) -> String {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    ) {
        return "the command is not complete".to_owned();
    }
    let rendered = error.render().to_string();
    let paragraph = rendered.split("\n\n").next().unwrap_or(&rendered);
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").map(str::to_owned).unwrap_or(line)
}

fn usage_line(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let usage = usage.to_string();
    let line = usage.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(line.strip_prefix("Usage: ").unwrap_or(&line).to_owned())
}

fn suggestion(error: &clap::Error) -> Option<String> {
    [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(word)) => Some(word.clone()),
            Some(ContextValue::Strings(words)) => words.first().cloned(),
            _ => None,
        })
}

/// The help of the command that was misused: its name is what its usage begins with.
fn help_command(usage: Option<&str>) -> String {
    let words = usage.unwrap_or("npki").split(' ');
    let name = words.take_while(|word| {
        word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
    });
    let name = name.collect::<Vec<_>>().join(" ");
    format!("{} --help", if name.is_empty() { "npki" } else { &name })
}
