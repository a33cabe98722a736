//! `npki whoami`.

use super::Ending;
use crate::client::records::Principal;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// Asks the server who one is.
pub fn run(session: &mut Session) -> Ending {
    let principal: Principal = session.client()?.read(&["whoami"])?;
    Ok(Outcome::done(Simple::new("npki.whoami/1", principal, text)))
}

fn text(principal: &Principal, page: &mut Page) {
    page.facts(&[
        ("name", principal.name.clone()),
        ("id", principal.id.clone()),
        ("roles", principal.roles.join(", ")),
        ("organisation", principal.organisation.clone().unwrap_or_else(|| "none".to_owned())),
    ]);
}
