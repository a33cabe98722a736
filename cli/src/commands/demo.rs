//! `npki demo`.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::session::Session;

/// Where the demonstration runs.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The folder to use instead of a new temporary one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep the folder afterwards
    #[arg(long)]
    pub keep: bool,
}

/// Runs until it is told to stop.
pub fn run(arguments: &DemoArguments, session: &Session) -> Ending {
    // LEAD: call `crate::service::demo` here.
    let _ = (arguments, session);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
