//! `npki profile show`: all of a profile in a clerk's words.

use ca_core::profile::describe::Statement;
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::history::Edition;
use super::in_force;
use super::meaning::statement_lines;
use super::source::{EditionName, Found};
use crate::client::Client;
use crate::client::records::{Page as Listing, ProfileSummary};
use crate::commands::Ending;
use crate::failure::Failure;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to show.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The profile, or one of its editions: npki profile history NAME
    #[arg(value_name = "NAME[@EDITION]")]
    name: EditionName,
    /// Print its text alone, as it was approved
    #[arg(long)]
    toml: bool,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    summary: Option<ProfileSummary>,
    edition: u64,
    /// `in-force`, `retired`, or `superseded` by a later edition.
    state: &'static str,
    /// The newest edition's number.
    newest: u64,
    sha256: String,
    since: String,
    origin: String,
    proposed_by: Option<String>,
    approved_by: Option<String>,
    reason: Option<String>,
    /// The CAs that issue under the profile today.
    issued_by: Vec<String>,
    /// Until when a certificate lasts that is issued today, UTC.
    issued_today_until: Option<String>,
    /// All that it says.
    statements: Vec<Statement>,
    /// Why this npki cannot tell what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<String>,
    text: String,
}

#[derive(Debug, serde::Deserialize)]
struct Ca {
    id: String,
    issues: Vec<String>,
    issuing: bool,
}

/// Shows it.
pub fn run(arguments: &ShowArguments, session: &mut Session) -> Ending {
    let client = session.client()?;
    let edition = arguments.name.read(&client)?;
    let newest = match arguments.name.number {
        None => edition.number,
        Some(_) => newest(&edition.profile, &client)?.number,
    };
    let issued_by = if edition.state == "retired" { Vec::new() } else { issuers(&edition.profile, &client)? };
    let (profile, now) = (edition.profile.clone(), session.clock.now());
    let mut shown = Shown::of(edition, newest, issued_by, now);
    if shown.summary.is_none() {
        // What this npki cannot read the server tells in its own words.
        shown.summary = in_force(session)?.items.into_iter().find(|listed| listed.id == profile);
    }
    let write: fn(&Shown, &mut Page) = if arguments.toml { toml_text } else { text };
    Ok(Outcome::done(Simple::new("npki.profile.show/1", shown, write)))
}

fn newest(profile: &str, client: &Client) -> Result<Edition, Failure> {
    EditionName { profile: profile.to_owned(), number: None }.read(client)
}

/// The CAs that issue under it now.
fn issuers(profile: &str, client: &Client) -> Result<Vec<String>, Failure> {
    let cas: Listing<Ca> = client.list(&["cas"], &[])?;
    let issues = |ca: &Ca| ca.issuing && ca.issues.iter().any(|issued| issued == profile);
    Ok(cas.items.into_iter().filter(issues).map(|ca| ca.id).collect())
}

impl Shown {
    fn of(edition: Edition, newest: u64, issued_by: Vec<String>, now: OffsetDateTime) -> Self {
        let state = match edition.state.as_str() {
            _ if edition.number != newest => "superseded",
            "retired" => "retired",
            _ => "in-force",
        };
        let Edition { number, sha256, since, origin, proposed_by, approved_by, reason, .. } = &edition;
        let (number, sha256, since, origin) = (*number, sha256.clone(), since.clone(), origin.clone());
        let (proposed_by, approved_by, reason) = (proposed_by.clone(), approved_by.clone(), reason.clone());
        let Found { unread, text, read, .. } = Found::edition(edition);
        let until = |profile: &ca_core::profile::Profile| {
            let until = now.checked_add(profile.validity_at(now))?;
            Some(until.date().to_string())
        };
        Self {
            summary: read.as_ref().map(summary),
            edition: number,
            state,
            newest,
            sha256,
            since,
            origin,
            proposed_by,
            approved_by,
            reason,
            issued_by,
            issued_today_until: read.as_ref().and_then(until).filter(|_| state != "retired"),
            statements: read.map(|profile| profile.statements()).unwrap_or_default(),
            unread,
            text,
        }
    }
}

/// The same as lists tell, of any edition.
fn summary(profile: &ca_core::profile::Profile) -> ProfileSummary {
    ProfileSummary {
        id: profile.id.to_string(),
        title: profile.title.clone(),
        identity_kind: profile.vetting.identity_kind.clone(),
        approvals: profile.vetting.approvals.into(),
        validity_days: profile.validity.whole_days().unsigned_abs(),
        keys: profile.keys.names(),
        further: Map::<String, Value>::new(),
    }
}

fn toml_text(shown: &Shown, page: &mut Page) {
    page.verbatim(&shown.text);
}

fn text(shown: &Shown, page: &mut Page) {
    let id = shown.summary.as_ref().map(|summary| summary.id.clone()).unwrap_or_default();
    let meaning = match shown.state {
        "in-force" => Meaning::Good,
        "retired" => Meaning::Bad,
        _ => Meaning::Doubtful,
    };
    let behind = if shown.state == "superseded" { format!(" of {}", shown.newest) } else { String::new() };
    page.verdict(meaning, shown.state, format!("{id}, edition {}{behind}, {}", shown.edition, shown.since));
    let issued_by = match (shown.issued_by.is_empty(), shown.state) {
        (false, _) => shown.issued_by.join(", "),
        (true, "retired") => "nobody any more".to_owned(),
        (true, _) => "npki itself: no CA issues under it on request".to_owned(),
    };
    let mut facts = vec![("sha256", shown.sha256.clone()), ("issued by", issued_by)];
    facts.extend(
        shown.issued_today_until.iter().map(|until| ("issued today", format!("lasts until {until}"))),
    );
    match (&shown.proposed_by, &shown.approved_by) {
        (Some(proposed_by), Some(approved_by)) => {
            facts.push(("proposed by", proposed_by.clone()));
            facts.push(("approved by", approved_by.clone()));
        }
        _ => facts.push(("came by", shown.origin.clone())),
    }
    facts.extend(shown.reason.iter().map(|reason| ("reason", reason.clone())));
    page.facts(&facts);
    if let Some(why) = &shown.unread {
        page.line(format!("This npki cannot tell what it says: {why}"));
    }
    statement_lines(&shown.statements).iter().for_each(|line| page.line(line));
}
