use super::Ending;
#[derive(Debug, clap::Subcommand)]
pub enum CrlCommand {
    Show,
}
pub fn run(_a: CrlCommand, _s: &mut crate::session::Session) -> Ending {
    Err(crate::failure::Failure::of(&crate::failure::catalogue::NOT_LINKED))
}
