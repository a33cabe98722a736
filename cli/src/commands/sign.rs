use super::Ending;
use clap::Args;
#[derive(Debug, Args)]
pub struct SignArguments {}
pub fn run(_a: &SignArguments, _s: &mut crate::session::Session) -> Ending {
    Err(crate::failure::Failure::of(&crate::failure::catalogue::NOT_LINKED))
}
