//! The composition root: puts the crates together into an installation. Written by the lead.

use crate::commands::{DemoArguments, InitArguments, ServeArguments};
use crate::failure::{Failure, catalogue};
use crate::output::Outcome;
use crate::session::Session;

/// Sets up an installation.
///
/// # Errors
/// Always, until it is linked.
pub fn init(_arguments: &InitArguments, _session: &Session) -> Result<Outcome, Failure> {
    Err(Failure::of(&catalogue::NOT_LINKED))
}

/// Runs an installation.
///
/// # Errors
/// Always, until it is linked.
pub fn serve(_arguments: &ServeArguments, _session: &Session) -> Result<Outcome, Failure> {
    Err(Failure::of(&catalogue::NOT_LINKED))
}

/// Runs a disposable installation.
///
/// # Errors
/// Always, until it is linked.
pub fn demo(_arguments: &DemoArguments, _session: &Session) -> Result<Outcome, Failure> {
    Err(Failure::of(&catalogue::NOT_LINKED))
}
