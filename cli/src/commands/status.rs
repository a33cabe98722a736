use super::Ending;
use clap::Args;
#[derive(Debug, Args)]
pub struct StatusArguments {}
pub fn run(_a: &StatusArguments, _s: &mut crate::session::Session) -> Ending {
    Err(crate::failure::Failure::of(&crate::failure::catalogue::NOT_LINKED))
}
