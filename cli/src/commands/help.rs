//! `npki help`.

use clap::Args;

use super::Ending;
use crate::arguments::{self, Shown};
use crate::failure::{Failure, catalogue};
use crate::help;
use crate::output::{Outcome, Simple};

/// What to explain.
#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A topic, a code such as E-CTX-001, or a command
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

/// Explains.
pub fn run(arguments: &HelpArguments) -> Ending {
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(shown(arguments::command().render_help().to_string())),
        ["commands"] => Ok(shown(arguments::golden(&arguments::command()))),
        ["codes"] => {
            Ok(Outcome::done(Simple::new("npki.help.codes/1", catalogue::entries(), |entries, page| {
                let rows = entries
                    .iter()
                    .map(|entry| [entry.code.clone(), entry.exit.to_string(), entry.title.clone()]);
                page.table(["CODE", "EXIT", "MEANING"], rows.collect(), "");
            })))
        }
        [word] if word.to_ascii_uppercase().starts_with("E-") => explain_code(&word.to_ascii_uppercase()),
        words => match (help::topic(words), command_help(words)) {
            (Some(text), _) => Ok(shown(text.to_owned())),
            (None, Some(text)) => Ok(shown(text)),
            (None, None) => Err(no_topic(&words.join(" "))),
        },
    }
}

fn explain_code(code: &str) -> Ending {
    let entry = catalogue::entries().into_iter().find(|entry| entry.code == code);
    let entry = entry.ok_or_else(|| no_topic(code))?;
    Ok(Outcome::done(Simple::new("npki.help.code/1", entry, |entry, page| {
        page.line(format!("{}: {}", entry.code, entry.title));
        let retry = if entry.retryable { "yes" } else { "no" };
        page.facts(&[
            ("cause", entry.cause.clone()),
            ("fix", entry.fix.clone()),
            ("exit code", entry.exit.to_string()),
            ("retry helps", retry.to_owned()),
        ]);
    })))
}

fn command_help(words: &[&str]) -> Option<String> {
    let mut root = arguments::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word)?;
    }
    Some(command.render_long_help().to_string())
}

fn shown(text: String) -> Outcome {
    Outcome::done(Shown::new("npki.help/1", text))
}

fn no_topic(word: &str) -> Failure {
    let failure = Failure::of(&catalogue::NO_TOPIC).what(format!("there is no help on {word}"));
    let codes: Vec<String> = catalogue::entries().into_iter().map(|entry| entry.code).collect();
    let root = arguments::command();
    let names = help::names()
        .into_iter()
        .chain(codes.iter().map(String::as_str))
        .chain(root.get_subcommands().map(clap::Command::get_name));
    match crate::context::nearest(word, names) {
        Some(near) => failure.fix(format!("did you mean npki help {near}?")),
        None => failure,
    }
}
