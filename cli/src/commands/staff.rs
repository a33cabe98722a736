//! `npki staff add|list|place|disable`.

use std::path::PathBuf;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::profile::AttributeType;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::key_pair::CsrSource;
use super::{Ending, word};
use crate::client::Client;
use crate::client::records::{Page as Listing, StaffMember};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with staff.
#[derive(Debug, Subcommand)]
pub enum StaffCommand {
    /// Add a member of staff and issue the certificate to sign in with
    Add(AddArguments),
    /// List the staff
    List,
    /// Place a member in an office, link the own entry, say whose cases the member keeps out of; what is not given stays
    Place {
        /// The member of staff
        id: String,
        /// The office, or none
        #[arg(long, value_name = "ID")]
        office: Option<String>,
        /// The member's own entry among the registry's persons: the member decides on nothing about it
        #[arg(long, value_name = "ID")]
        person: Option<String>,
        /// A person whose cases the member keeps out of; all of them, each time. "none": nobody
        #[arg(long = "relative", value_name = "ID")]
        relatives: Vec<String>,
        /// The most persons that the member may look up in a day
        #[arg(long, value_name = "NUMBER")]
        looks_per_day: Option<u32>,
        /// The most requests that the member may approve in a day
        #[arg(long, value_name = "NUMBER")]
        approvals_per_day: Option<u32>,
        /// The most persons that the member may look up in a minute
        #[arg(long, value_name = "NUMBER")]
        looks_per_minute: Option<u32>,
        /// The most requests that the member may approve in a minute
        #[arg(long, value_name = "NUMBER")]
        approvals_per_minute: Option<u32>,
        /// Whether the member may act at any hour
        #[arg(long, value_name = "YES|NO", value_parser = ["yes", "no"])]
        any_hour: Option<String>,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Disable a member of staff; revokes the certificates in the same change
    Disable {
        /// The member of staff
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Whom to add.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// Name
    #[arg(long)]
    name: String,
    /// What the person may do
    #[arg(long, value_enum)]
    role: Role,
    /// The organisation an agency operator belongs to
    #[arg(long, value_name = "ID", required_if_eq("role", "agency-operator"))]
    organisation: Option<String>,
    /// The member's own entry among the registry's persons: the member decides on nothing about it
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    #[command(flatten)]
    csr: CsrSource,
    /// The folder for key.pem, cert.pem and chain.pem [default with --generate: this one]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    Administrator,
    Officer,
    Auditor,
    AgencyOperator,
}

#[derive(Debug, Serialize)]
struct Added {
    #[serde(flatten)]
    member: StaffMember,
    files: Vec<PathBuf>,
}

/// Adds, lists or disables.
pub fn run(command: StaffCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        StaffCommand::Add(arguments) => add(&arguments, &client, session),
        StaffCommand::List => {
            let list: Listing<StaffMember> = client.list(&["staff"], &[])?;
            Ok(Outcome::done(Simple::new("npki.staff.list/1", list, list_text)))
        }
        StaffCommand::Place {
            id,
            office,
            person,
            relatives,
            looks_per_day,
            approvals_per_day,
            looks_per_minute,
            approvals_per_minute,
            any_hour,
            reason,
        } => {
            let relatives = match &relatives[..] {
                [] => None,
                [none] if none == "none" => Some(Vec::new()),
                _ => Some(relatives),
            };
            let body = json!({
                "office": office, "person": person, "relatives": relatives, "reason": reason,
                "looks_per_day": looks_per_day, "approvals_per_day": approvals_per_day,
                "looks_per_minute": looks_per_minute, "approvals_per_minute": approvals_per_minute,
                "any_hour": any_hour.map(|word| word == "yes"),
            });
            let member: StaffMember =
                client.change(&["staff", &id, "place"], &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.staff.place/1", member, show_text)))
        }
        StaffCommand::Disable { id, reason } => {
            session.confirm(&format!("Disable {id} and revoke the certificates?"))?;
            let path = ["staff", &id, "disable"];
            let member: StaffMember =
                client.change(&path, &json!({"reason": reason}), session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.staff.disable/1", member, show_text)))
        }
    }
}

fn add(arguments: &AddArguments, client: &Client, session: &Session) -> Ending {
    let entropy = session.entropy.as_ref();
    let subject = [(AttributeType::CommonName, arguments.name.clone())];
    let prepared = arguments.csr.prepare(KeyAlgorithm::P256, &subject, arguments.out.clone())?;
    let mut body = json!({"name": arguments.name, "role": word(arguments.role), "csr": prepared.csr});
    let further = [("organisation", &arguments.organisation), ("person", &arguments.person)];
    for (name, value) in further {
        if let (Some(members), Some(value)) = (body.as_object_mut(), value) {
            members.insert(name.to_owned(), json!(value));
        }
    }
    let answer = client.change::<StaffMember>(&["staff"], &body, entropy);
    let member = prepared.delivery.settle(answer)?;
    let files = prepared.delivery.write(member.pem.as_deref(), member.chain.as_deref())?;
    Ok(Outcome::done(Simple::new("npki.staff.add/1", Added { member, files }, added_text)))
}

fn added_text(added: &Added, page: &mut Page) {
    show_text(&added.member, page);
    for file in &added.files {
        page.line(format!("  written: {}", file.display()));
    }
    if added.files.iter().any(|file| file.ends_with("key.pem")) {
        page.line("To sign in with it:  npki context add NAME --url URL --trust FILE --cert chain.pem --key key.pem");
    }
}

fn show_text(member: &StaffMember, page: &mut Page) {
    page.verdict(
        Meaning::of_status(&member.status),
        &member.status,
        format!("{} {}", member.role, member.name),
    );
    page.facts(&[
        ("id", member.id.clone()),
        ("organisation", member.organisation.clone().unwrap_or_else(|| "none".to_owned())),
        ("keeps out of", kept_out_of(member)),
        ("office", member.office.clone().unwrap_or_else(|| "none".to_owned())),
        ("serial", member.serial.clone().unwrap_or_default()),
    ]);
}

fn kept_out_of(member: &StaffMember) -> String {
    match member.relatives.len() {
        0 => "nobody's cases".to_owned(),
        _ => format!("the cases of {}", member.relatives.join(", ")),
    }
}

fn list_text(list: &Listing<StaffMember>, page: &mut Page) {
    let rows = list.items.iter().map(|member| {
        [
            member.id.clone(),
            member.role.clone(),
            member.status.clone(),
            member.organisation.clone().unwrap_or_default(),
            member.name.clone(),
        ]
    });
    page.table(["ID", "ROLE", "STATUS", "ORGANISATION", "NAME"], rows.collect(), "no staff");
}
