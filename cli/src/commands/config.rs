//! `npki config show|path`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::{Ending, word};
use crate::arguments::{Origin, Settings};
use crate::context;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show each setting and where it comes from
    Show,
    /// Show where the configuration file is
    Path,
}

#[derive(Debug, Serialize)]
struct Shown {
    file: PathBuf,
    settings: Vec<ShownSetting>,
}

#[derive(Debug, Serialize)]
struct ShownSetting {
    name: &'static str,
    value: Option<String>,
    origin: Origin,
}

#[derive(Debug, Serialize)]
struct Path {
    path: PathBuf,
}

/// Shows.
pub fn run(command: ConfigCommand, session: &Session) -> Ending {
    let file = context::path()?;
    match command {
        ConfigCommand::Path => {
            Ok(Outcome::done(Simple::new("npki.config.path/1", Path { path: file }, |shown, page| {
                page.line(shown.path.display().to_string());
            })))
        }
        ConfigCommand::Show => {
            let shown = Shown { file, settings: settings(&session.settings) };
            Ok(Outcome::done(Simple::new("npki.config.show/1", shown, text)))
        }
    }
}

fn settings(settings: &Settings) -> Vec<ShownSetting> {
    let shown = |name, value, origin| ShownSetting { name, value, origin };
    vec![
        shown("output", Some(word(settings.format.value)), settings.format.origin),
        shown("context", settings.context.value.clone(), settings.context.origin),
        shown("no-input", Some(settings.no_input.value.to_string()), settings.no_input.origin),
        shown("color", Some(word(settings.colour.value)), settings.colour.origin),
        shown("case", settings.case.value.clone(), settings.case.origin),
        shown("timeout", Some(settings.timeout.value.as_secs().to_string()), settings.timeout.origin),
    ]
}

fn text(shown: &Shown, page: &mut Page) {
    page.line(format!("file: {}", shown.file.display()));
    let rows = shown.settings.iter().map(|setting| {
        let value = setting.value.clone().unwrap_or_else(|| "none".to_owned());
        [setting.name.to_owned(), value, setting.origin.name().to_owned()]
    });
    page.table(["SETTING", "VALUE", "FROM"], rows.collect(), "");
}
