use super::Ending;
use clap::Args;
#[derive(Debug, Args)]
pub struct VerifyArguments {}
pub fn run(_a: &VerifyArguments, _s: &mut crate::session::Session) -> Ending {
    Err(crate::failure::Failure::of(&crate::failure::catalogue::NOT_LINKED))
}
