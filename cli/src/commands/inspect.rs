use super::Ending;
use clap::Args;
#[derive(Debug, Args)]
pub struct InspectArguments {}
pub fn run(_a: &InspectArguments) -> Ending {
    Err(crate::failure::Failure::of(&crate::failure::catalogue::NOT_LINKED))
}
