//! `npki office add|list|renew|end`: where people are registered.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Ending;
use super::paging::{Paging, say_if_more};
use crate::client::records::Page as Listing;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with offices.
#[derive(Debug, Subcommand)]
pub enum OfficeCommand {
    /// Accredit an office: officers placed in it (npki staff place) act as long as its accreditation goes
    Add {
        /// Its name
        name: String,
        /// Where it is
        #[arg(long, value_name = "TEXT")]
        place: String,
        /// The last day of its accreditation, such as 2030-12-31
        #[arg(long, value_name = "DAY")]
        until: String,
        /// By which decision. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List the offices
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Let an accreditation go on until another day
    Renew {
        /// The office
        id: String,
        /// The last day, such as 2030-12-31
        #[arg(long, value_name = "DAY")]
        until: String,
        /// By which decision. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End an accreditation for good: from now on nobody acts for the office
    End {
        /// The office
        id: String,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// An office.
#[derive(Debug, Serialize, Deserialize)]
struct Office {
    id: String,
    name: String,
    place: String,
    status: String,
    accredited_until: String,
    #[serde(flatten)]
    further: Map<String, Value>,
}

/// Does it.
pub(super) fn run(command: OfficeCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    let entropy = session.entropy.as_ref();
    let (schema, office): (_, Office) = match command {
        OfficeCommand::List { paging } => {
            let list: Listing<Office> = client.list(&["offices"], &paging.query(&[]))?;
            return Ok(Outcome::done(Simple::new("npki.office.list/1", list, list_text)));
        }
        OfficeCommand::Add { name, place, until, reason } => {
            let body = json!({"name": name, "place": place, "until": until, "reason": reason});
            ("npki.office.add/1", client.change(&["offices"], &body, entropy)?)
        }
        OfficeCommand::Renew { id, until, reason } => {
            let body = json!({"until": until, "reason": reason});
            ("npki.office.renew/1", client.change(&["offices", &id, "renew"], &body, entropy)?)
        }
        OfficeCommand::End { id, reason } => {
            session.confirm(&format!("End the accreditation of {id} for good?"))?;
            let body = json!({"reason": reason});
            ("npki.office.end/1", client.change(&["offices", &id, "end"], &body, entropy)?)
        }
    };
    Ok(Outcome::done(Simple::new(schema, office, text)))
}

fn text(office: &Office, page: &mut Page) {
    page.verdict(
        Meaning::of_status(&office.status),
        &office.status,
        format!("{}, {}", office.name, office.place),
    );
    page.facts(&[("id", office.id.clone()), ("accredited until", office.accredited_until.clone())]);
}

fn list_text(list: &Listing<Office>, page: &mut Page) {
    let rows = list.items.iter().map(|office| {
        let Office { id, status, accredited_until, name, place, .. } = office;
        [id, status, accredited_until, name, place].map(Clone::clone)
    });
    page.table(["ID", "STATUS", "UNTIL", "NAME", "PLACE"], rows.collect(), "no office is accredited");
    say_if_more(list, page);
}
