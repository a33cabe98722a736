//! `npki queue list`: what waits for an officer.

use clap::Subcommand;

use super::paging::Paging;
use super::{Ending, request};
use crate::session::Session;

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// List the requests that wait, oldest first
    List {
        #[command(flatten)]
        paging: Paging,
    },
}

/// Lists.
pub fn run(command: QueueCommand, session: &mut Session) -> Ending {
    let QueueCommand::List { paging } = command;
    let query = paging.query(&[("status", Some("waiting".to_owned()))]);
    request::list(&session.client()?, "npki.queue.list/1", &query)
}
