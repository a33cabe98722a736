//! `npki serve`.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::session::Session;

/// What to run.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The folder that `npki init` set up
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Runs until it is told to stop.
pub fn run(arguments: &ServeArguments, session: &Session) -> Ending {
    // LEAD: call `crate::service::serve` here.
    let _ = (arguments, session);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
