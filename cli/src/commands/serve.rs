//! `npki serve`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Ending;
use crate::output::{Outcome, Simple};
use crate::service;

/// What to run.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The folder that `npki init` set up
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the store is, instead of what npki.toml says: postgres://USER@HOST/DATABASE, or a folder
    #[arg(long, value_name = "ADDRESS", env = "NPKI_STORE")]
    store: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    data: PathBuf,
}

/// Runs until it is told to stop.
pub fn run(arguments: &ServeArguments) -> Ending {
    service::serve(&arguments.data, arguments.store.as_deref())?;
    let answer = Answer { data: arguments.data.clone() };
    Ok(Outcome::done(Simple::new("npki.serve/1", answer, |answer, page| {
        page.line(format!("stopped: {}", answer.data.display()));
    })))
}
