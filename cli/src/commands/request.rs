//! `npki request list|show|download`: requests for certificates.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::cert::Delivery;
use super::paging::{Paging, say_if_more};
use super::{Ending, word};
use crate::client::Client;
use crate::client::records::{Certificate, Page as Listing, Request};
use crate::failure::{Exit, Failure};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with requests.
#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    /// List requests
    List {
        /// Only in this state
        #[arg(long, value_enum)]
        status: Option<RequestStatus>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one request
    Show {
        /// The request
        id: String,
    },
    /// Write the certificate of an issued request, and its chain
    Download {
        /// The request
        id: String,
        /// The folder for cert.pem and chain.pem
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// A request's state.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RequestStatus {
    Waiting,
    Issued,
    Rejected,
}

/// A request and the files that were written for it.
#[derive(Debug, Serialize)]
pub struct Delivered {
    /// The request.
    pub request: Request,
    /// The files.
    pub files: Vec<PathBuf>,
}

/// Lists, shows or downloads.
pub fn run(command: RequestCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        RequestCommand::List { status, paging } => {
            list(&client, "npki.request.list/1", &paging.query(&[("status", status.map(word))]))
        }
        RequestCommand::Show { id } => show(&client, "npki.request.show/1", &id),
        RequestCommand::Download { id, out } => download(&client, &id, &Delivery::to_folder(out)),
    }
}

/// A list of requests.
///
/// # Errors
/// The server could not be asked.
pub fn list(client: &Client, schema: &'static str, query: &[(&str, Option<String>)]) -> Ending {
    let list: Listing<Request> = client.list(&["requests"], query)?;
    Ok(Outcome::done(Simple::new(schema, list, list_text)))
}

/// One request.
///
/// # Errors
/// The server could not be asked, or has none of this name.
pub fn show(client: &Client, schema: &'static str, id: &str) -> Ending {
    let request: Request = client.read(&["requests", id])?;
    Ok(Outcome::done(Simple::new(schema, request, show_text)))
}

fn download(client: &Client, id: &str, delivery: &Delivery) -> Ending {
    let request: Request = client.read(&["requests", id])?;
    deliver("npki.request.download/1", client, request, delivery)
}

/// Writes what an issued request brought; says what a waiting one waits for.
///
/// # Errors
/// The certificate could not be fetched or written.
pub fn deliver(schema: &'static str, client: &Client, request: Request, delivery: &Delivery) -> Ending {
    let (files, exit) = match (&request.serial, request.status.as_str()) {
        (Some(serial), _) => (write_certificate(client, serial, delivery)?, Exit::Done),
        (None, "rejected") => (delivery.key_file(), Exit::No),
        (None, _) => (delivery.key_file(), Exit::Waiting),
    };
    Ok(Outcome::with_exit(Simple::new(schema, Delivered { request, files }, delivered_text), exit))
}

fn write_certificate(client: &Client, serial: &str, delivery: &Delivery) -> Result<Vec<PathBuf>, Failure> {
    if !delivery.is_wanted() {
        return Ok(Vec::new());
    }
    let certificate: Certificate = client.read(&["certificates", serial])?;
    delivery.write(certificate.pem.as_deref(), certificate.chain.as_deref())
}

fn list_text(list: &Listing<Request>, page: &mut Page) {
    let rows = list.items.iter().map(|request| {
        [
            request.id.clone(),
            request.status.clone(),
            format!("{}/{}", request.approvals.len(), request.approvals_needed),
            request.profile.clone(),
            request.identity.clone(),
            request.requested_at.clone(),
        ]
    });
    let header = ["REQUEST", "STATUS", "APPROVALS", "PROFILE", "IDENTITY", "REQUESTED"];
    page.table(header, rows.collect(), "no requests");
    say_if_more(list, page);
}

/// A request for people.
pub fn show_text(request: &Request, page: &mut Page) {
    page.verdict(Meaning::of_status(&request.status), &request.status, format!("request {}", request.id));
    let mut facts = vec![
        ("profile", request.profile.clone()),
        ("identity", request.identity.clone()),
        ("requested by", format!("{}, {}", request.requested_by, request.requested_at)),
        ("approvals", format!("{} of {}", request.approvals.len(), request.approvals_needed)),
        ("csr sha256", request.csr_sha256.clone()),
    ];
    if let Some(assurance) = &request.assurance {
        facts.push(("proven", assurance.to_string()));
    }
    if let Some(campaign) = &request.campaign {
        facts.push(("for campaign", campaign.clone()));
    }
    if let Some(origin) = &request.key_origin {
        facts.push(("key from", format!("{origin} (as the applicant states)")));
    }
    for proposal in &request.proposals {
        facts.push(("PROPOSED, UNVETTED", format!("{}: {}", proposal.what, proposal.value)));
    }
    for approval in &request.approvals {
        let note = approval.note.as_deref().unwrap_or_default();
        let level = approval.assurance.as_ref().map(|level| format!(", {level}")).unwrap_or_default();
        facts.push(("approved by", format!("{}, {}{level}  {note}", approval.by, approval.at)));
    }
    if let Some(rejection) = &request.rejection {
        let reason = rejection.reason.as_deref().unwrap_or("(erased)");
        facts.push(("rejected by", format!("{}, {}  {reason}", rejection.by, rejection.at)));
    }
    if let Some(serial) = &request.serial {
        facts.push(("serial", serial.clone()));
    }
    page.facts(&facts);
}

fn delivered_text(delivered: &Delivered, page: &mut Page) {
    show_text(&delivered.request, page);
    for file in &delivered.files {
        page.line(format!("  written: {}", file.display()));
    }
    if delivered.request.status == "waiting" {
        let id = &delivered.request.id;
        page.line("A registration officer must check it.");
        page.line(format!("Follow:    npki request show {id}"));
        page.line(format!("When done: npki request download {id} --out DIR"));
    }
}
