//! `npki guardianship …`: somebody else decides for a person, by law or a court's order.

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::life::{Noted, step_taken};
use super::paging::{Paging, say_if_more};
use super::{Ending, word};
use crate::client::records::Page as Listing;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with guardianships.
#[derive(Debug, Subcommand)]
pub enum GuardianshipCommand {
    /// Propose a guardianship over a person: a colleague confirms it
    Propose(ProposeArguments),
    /// Confirm a guardianship that a colleague proposed: what it takes from the ward is on hold
    Confirm(DecideArguments),
    /// Take a guardianship that waits back, or reject it
    Drop(DecideArguments),
    /// End a guardianship, as an officer who took part in none of it: what is on hold for it counts again
    End {
        /// The ward
        ward: String,
        #[command(flatten)]
        noted: Noted,
    },
    /// Show the guardianship over a person, and one that waits
    Show {
        /// The person
        ward: String,
    },
    /// List guardianships that wait for a colleague, a guardian's wards, or those whose guardian is gone
    List {
        /// The wards of this guardian
        #[arg(long, value_name = "ID", conflicts_with = "vacant")]
        guardian: Option<String>,
        /// The wards whose guardian is gone
        #[arg(long)]
        vacant: bool,
        #[command(flatten)]
        paging: Paging,
    },
}

/// What is proposed.
#[derive(Debug, Args)]
pub struct ProposeArguments {
    /// The ward
    ward: String,
    /// A person, or an organisation that is guardian by office
    #[arg(long, value_name = "ID")]
    guardian: String,
    /// On what it rests
    #[arg(long, value_enum)]
    ground: Ground,
    /// What the guardian decides
    #[arg(long, value_enum)]
    reach: Reach,
    /// The first day on which it does not count any more; a minority ends at full age without it
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    #[command(flatten)]
    noted: Noted,
}

/// What is decided on.
#[derive(Debug, Args)]
pub struct DecideArguments {
    /// The ward
    ward: String,
    /// The guardianship, as `npki guardianship show WARD` names it
    guardianship: String,
    #[command(flatten)]
    noted: Noted,
}

/// On what a guardianship rests.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Ground {
    /// The person is not of full age
    Minority,
    /// A court has appointed the guardian
    CourtOrder,
    /// The person has chosen somebody, for now or in advance
    OwnChoice,
}

/// What the guardian decides.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Reach {
    /// Nothing: the guardian stands by
    Assistance,
    /// What binds in law: certificates for signatures are on hold
    Signatures,
    /// Everything: all certificates are on hold
    Everything,
}

#[derive(Debug, Serialize, Deserialize)]
struct Proposed {
    guardianship: String,
    ward: String,
    guardian: String,
    ground: String,
    reach: String,
    until: Option<String>,
    proposed_at: String,
    proposed_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Current {
    guardianship: String,
    guardian: String,
    ground: String,
    reach: String,
    until: Option<String>,
    since: String,
    by: Vec<String>,
    vacant_since: Option<String>,
    on_hold: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Over {
    ward: String,
    current: Option<Current>,
    waiting: Option<Proposed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ward {
    ward: String,
    guardian: String,
    reach: String,
    vacant_since: Option<String>,
}

/// Proposes, decides, ends or shows.
pub fn run(command: GuardianshipCommand, session: &mut Session) -> Ending {
    match command {
        GuardianshipCommand::Propose(arguments) => propose(&arguments, session),
        GuardianshipCommand::Confirm(arguments) => confirm(&arguments, session),
        GuardianshipCommand::Drop(DecideArguments { ward, guardianship, noted }) => {
            let body = json!({"guardianship": guardianship, "note": noted.note});
            let path = ["identities", &ward, "guardianship", "drop"];
            let dropped: Proposed = session.client()?.change(&path, &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.guardianship.drop/1", dropped, |dropped, page| {
                let which = format!("{} over {}", dropped.guardianship, dropped.ward);
                page.verdict(Meaning::of_status("rejected"), "dropped", which);
            })))
        }
        GuardianshipCommand::End { ward, noted } => {
            let client = session.client()?;
            session.confirm(&format!(
                "End the guardianship over {ward}? What is on hold for it counts again."
            ))?;
            let path = ["identities", &ward, "guardianship", "end"];
            let ended = client.change(&path, &json!({"note": noted.note}), session.entropy.as_ref())?;
            Ok(step_taken(ended))
        }
        GuardianshipCommand::Show { ward } => {
            let over: Over = session.client()?.read(&["identities", &ward, "guardianship"])?;
            Ok(Outcome::done(Simple::new("npki.guardianship.show/1", over, over_text)))
        }
        GuardianshipCommand::List { guardian: None, vacant: false, paging } => {
            let list: Listing<Proposed> =
                session.client()?.list(&["guardianship-proposals"], &paging.query(&[]))?;
            Ok(Outcome::done(Simple::new("npki.guardianship.list/1", list, waiting_text)))
        }
        GuardianshipCommand::List { guardian, paging, .. } => {
            let query = paging.query(&[("guardian", guardian)]);
            let list: Listing<Ward> = session.client()?.list(&["wards"], &query)?;
            Ok(Outcome::done(Simple::new("npki.guardianship.wards/1", list, wards_text)))
        }
    }
}

fn propose(arguments: &ProposeArguments, session: &mut Session) -> Ending {
    let ProposeArguments { ward, guardian, ground, reach, until, noted } = arguments;
    let body = json!({
        "guardian": guardian, "ground": word(*ground), "reach": word(*reach), "until": until,
        "note": noted.note,
    });
    let path = ["identities", ward, "guardianship"];
    let proposed: Proposed = session.client()?.change(&path, &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.guardianship.propose/1", proposed, proposed_text)))
}

fn confirm(arguments: &DecideArguments, session: &mut Session) -> Ending {
    let DecideArguments { ward, guardianship, noted } = arguments;
    let client = session.client()?;
    session
        .confirm(&format!("Place {ward} under guardianship? What it takes from the person is on hold."))?;
    let body = json!({"guardianship": guardianship, "note": noted.note});
    let path = ["identities", ward, "guardianship", "confirm"];
    let step = client.change(&path, &body, session.entropy.as_ref())?;
    Ok(step_taken(step))
}

fn proposed_text(proposed: &Proposed, page: &mut Page) {
    let which = format!("{} over {}", proposed.guardianship, proposed.ward);
    page.verdict(Meaning::of_status("waiting"), "waits for a colleague", which);
    let mut facts = vec![
        ("guardian", proposed.guardian.clone()),
        ("ground", proposed.ground.clone()),
        ("reach", proposed.reach.clone()),
        ("until", proposed.until.clone().unwrap_or_else(|| "somebody ends it".to_owned())),
        ("proposed", format!("{} by {}", proposed.proposed_at, proposed.proposed_by)),
    ];
    facts.extend(proposed.note.iter().map(|note| ("note", note.clone())));
    page.facts(&facts);
}

fn over_text(over: &Over, page: &mut Page) {
    match &over.current {
        None => page.line(format!("{} is not under guardianship", over.ward)),
        Some(current) => {
            let (status, says) = match &current.vacant_since {
                Some(since) => ("suspended", format!("there has been no guardian since {since}")),
                None => ("active", format!("the guardian is {}", current.guardian)),
            };
            page.verdict(Meaning::of_status(status), "under guardianship", format!("{}: {says}", over.ward));
            page.facts(&[
                ("ground", current.ground.clone()),
                ("reach", current.reach.clone()),
                ("since", current.since.clone()),
                ("until", current.until.clone().unwrap_or_else(|| "somebody ends it".to_owned())),
                ("entered by", current.by.join(", ")),
                (
                    "on hold",
                    if current.on_hold.is_empty() {
                        "nothing".to_owned()
                    } else {
                        current.on_hold.join(", ")
                    },
                ),
            ]);
        }
    }
    if let Some(waiting) = &over.waiting {
        proposed_text(waiting, page);
    }
}

fn waiting_text(list: &Listing<Proposed>, page: &mut Page) {
    let row = |proposed: &Proposed| {
        let Proposed { ward, guardianship, guardian, ground, reach, proposed_by, proposed_at, .. } = proposed;
        [ward, guardianship, guardian, ground, reach, proposed_by, proposed_at].map(Clone::clone)
    };
    let head = ["WARD", "GUARDIANSHIP", "GUARDIAN", "GROUND", "REACH", "PROPOSED BY", "AT"];
    page.table(head, list.items.iter().map(row).collect(), "no guardianship waits");
    say_if_more(list, page);
}

fn wards_text(list: &Listing<Ward>, page: &mut Page) {
    let row = |ward: &Ward| {
        let vacant = ward.vacant_since.clone().unwrap_or_else(|| "-".to_owned());
        [ward.ward.clone(), ward.guardian.clone(), ward.reach.clone(), vacant]
    };
    let head = ["WARD", "GUARDIAN", "REACH", "NO GUARDIAN SINCE"];
    page.table(head, list.items.iter().map(row).collect(), "there are none");
    say_if_more(list, page);
}
