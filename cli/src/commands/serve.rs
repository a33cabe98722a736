//! `npki serve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Ending;
use crate::output::{Outcome, Simple};
use crate::service;

/// What to run.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The folder that `npki init`, `npki responder init` or `npki tsa init` set up
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the store is, instead of what npki.toml says: postgres://USER@HOST/DATABASE, or a folder
    #[arg(long, value_name = "ADDRESS", env = "NPKI_STORE")]
    store: Option<String>,
    /// Everything, a responder that follows the status feed of an installation elsewhere, or a time-stamping unit
    #[arg(long, value_name = "ROLE", value_enum, default_value = "installation")]
    role: Role,
}

/// What a machine is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// All services of an installation
    Installation,
    /// OCSP alone: needs neither CA nor database
    Responder,
    /// Time stamps alone: needs neither CA nor database
    Tsa,
}

#[derive(Debug, Serialize)]
struct Answer {
    data: PathBuf,
}

/// Runs until it is told to stop.
pub fn run(arguments: &ServeArguments) -> Ending {
    service::take_over_sockets()?;
    match arguments.role {
        Role::Installation => service::serve(&arguments.data, arguments.store.as_deref())?,
        // NPKI_STORE may be set for others; these roles have no store.
        Role::Tsa => service::tsa::serve(&arguments.data)?,
        Role::Responder => service::responder::serve(&arguments.data)?,
    }
    let answer = Answer { data: arguments.data.clone() };
    Ok(Outcome::done(Simple::new("npki.serve/1", answer, |answer, page| {
        page.line(format!("stopped: {}", answer.data.display()));
    })))
}
