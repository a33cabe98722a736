//! `npki campaign plan`: what a selection would reach. Nothing is changed by looking.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::Ending;
use super::super::moment::{moment, written};
use super::export::{Export, Holder};
use super::selection::SelectionArguments;
use crate::client::Client;
use crate::client::records::KeyOrigin;
use crate::failure::Failure;
use crate::files::Readers;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

pub(super) const EXAMPLES: &str = "Examples:\n  \
    npki campaign plan --token-model 'IDPrime 940' --token-batch 2017-04\n  \
    npki campaign plan --algorithm rsa-2048 --profile person-signature --by 2027-03-31 --out affected.csv\n  \
    npki campaign plan --algorithm rsa --not-issuer tls --issued-before 2024-01-01 --json";

/// What to look for, and what to tell of it.
#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// Tell how many end by themselves before this moment or day
    #[arg(long, value_name = "DATE", value_parser = moment)]
    by: Option<OffsetDateTime>,
    /// Write the certificates to this new file: CSV, or JSON lines where it ends in .jsonl
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write names and numbers of holders too; each look at a person is in the ledger
    #[arg(long, requires = "out")]
    with_names: bool,
}

/// How many certificates there are of each kind.
type Counts = BTreeMap<String, u64>;

/// What a selection reaches.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Radius {
    pub looked_at: u64,
    pub selected: u64,
    pub ending: u64,
    pub profiles: Counts,
    pub issuers: Counts,
    pub algorithms: Counts,
    pub models: Counts,
    pub organisations: Counts,
    pub staff: u64,
    pub installation: u64,
    pub origin_unknown: u64,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(flatten)]
    radius: Radius,
    items: Vec<Selected>,
    next: Option<String>,
    thousandths: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Selected {
    serial: String,
    issuer: String,
    profile: String,
    identity: String,
    organisation: Option<String>,
    algorithm: Option<String>,
    key_sha256: String,
    key_origin: Option<KeyOrigin>,
    not_after: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    addressee: Option<Holder>,
}

#[derive(Debug, Serialize)]
struct Planned {
    #[serde(flatten)]
    radius: Radius,
    file: Option<PathBuf>,
}

/// Looks, part by part.
pub fn run(arguments: &PlanArguments, session: &mut Session) -> Ending {
    let selection = arguments.selection.body()?;
    let client = session.client()?;
    let readers = if arguments.with_names { Readers::Owner } else { Readers::Anyone };
    let mut export = arguments.out.as_deref().map(|path| Export::begin(path, readers)).transpose()?;
    let detail = match (&export, arguments.with_names) {
        (None, _) => "counts",
        (Some(_), false) => "certificates",
        (Some(_), true) => "addressees",
    };
    let asked = json!({"selection": selection, "by": arguments.by.map(written), "detail": detail});
    let radius = look(&client, session, asked, |part| match &mut export {
        Some(export) => part.iter().try_for_each(|selected| export.write(selected, &row(selected))),
        None => Ok(()),
    })?;
    export.map(Export::keep).transpose()?;
    let planned = Planned { radius, file: arguments.out.clone() };
    Ok(Outcome::done(Simple::new("npki.campaign.plan/1", planned, text)))
}

/// The whole blast radius of a selection, with a bar that shows how far the look is.
///
/// # Errors
/// The server could not be asked or refused.
pub fn radius(client: &Client, session: &Session, selection: &Value) -> Result<Radius, Failure> {
    look(client, session, json!({"selection": selection}), |_| Ok(()))
}

fn look(
    client: &Client,
    session: &Session,
    mut asked: Value,
    mut take: impl FnMut(&[Selected]) -> Result<(), Failure>,
) -> Result<Radius, Failure> {
    const WHAT: &str = "looking at certificates";
    let gauge = session.console.count(WHAT);
    let mut radius = Radius::default();
    loop {
        let part: Part = client.change(&["blast-radius"], &asked, session.entropy.as_ref())?;
        take(&part.items)?;
        radius.add(part.radius);
        // How many there are nobody counts; serial numbers are spread evenly, so that the place tells.
        gauge.turn_to(WHAT, (radius.looked_at * 1_000).div_ceil(part.thousandths.max(1)));
        gauge.set(radius.looked_at);
        let (Some(next), Some(members)) = (part.next, asked.as_object_mut()) else { return Ok(radius) };
        members.insert("after".to_owned(), json!(next));
    }
}

impl Radius {
    fn add(&mut self, part: Self) {
        self.looked_at += part.looked_at;
        self.selected += part.selected;
        self.ending += part.ending;
        self.staff += part.staff;
        self.installation += part.installation;
        self.origin_unknown += part.origin_unknown;
        for (all, counts) in [
            (&mut self.profiles, part.profiles),
            (&mut self.issuers, part.issuers),
            (&mut self.algorithms, part.algorithms),
            (&mut self.models, part.models),
            (&mut self.organisations, part.organisations),
        ] {
            for (name, count) in counts {
                *all.entry(name).or_insert(0) += count;
            }
        }
    }

    /// Says it for people.
    pub fn tell(&self, page: &mut Page) {
        let word = if self.selected == 0 { Meaning::Good } else { Meaning::Doubtful };
        page.verdict(
            word,
            "selected",
            format!("{} of {} certificates ever issued", self.selected, self.looked_at),
        );
        let parts = [
            ("profile", &self.profiles),
            ("issuer", &self.issuers),
            ("algorithm", &self.algorithms),
            ("token", &self.models),
            ("organisation", &self.organisations),
        ];
        for (name, counts) in parts {
            let mut ordered: Vec<(&String, &u64)> = counts.iter().collect();
            ordered.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for (value, count) in ordered.iter().take(MOST_TOLD) {
                page.facts(&[(name, format!("{count:>9}  {value}"))]);
            }
            if ordered.len() > MOST_TOLD {
                page.line(format!("  and {} more: --json tells all", ordered.len() - MOST_TOLD));
            }
        }
        for (count, what) in [
            (
                self.staff,
                "certificates of staff would be selected too: enrol whoever needs another one (npki staff add)",
            ),
            (
                self.installation,
                "certificates of npki itself would be selected too: its operator deals with these",
            ),
            (
                self.origin_unknown,
                "certificates cannot be judged: nobody knows where their keys live (npki campaign inventory)",
            ),
        ] {
            if count > 0 {
                page.verdict(Meaning::Doubtful, "aside", format!("{count} {what}"));
            }
        }
    }
}

/// How many values of one feature are told to people.
const MOST_TOLD: usize = 10;

fn text(planned: &Planned, page: &mut Page) {
    planned.radius.tell(page);
    if planned.radius.ending > 0 {
        page.line(format!("{} of them end by themselves before that date", planned.radius.ending));
    }
    if let Some(file) = &planned.file {
        page.line(format!("written: {}", file.display()));
    }
}

/// A certificate in CSV.
fn row(selected: &Selected) -> Vec<(&'static str, String)> {
    let origin = selected.key_origin.as_ref();
    let part = |part: fn(&KeyOrigin) -> Option<String>| origin.and_then(part).unwrap_or_default();
    let mut row = vec![
        ("serial", selected.serial.clone()),
        ("issuer", selected.issuer.clone()),
        ("profile", selected.profile.clone()),
        ("identity", selected.identity.clone()),
        ("organisation", selected.organisation.clone().unwrap_or_default()),
        ("algorithm", selected.algorithm.clone().unwrap_or_default()),
        ("key_sha256", selected.key_sha256.clone()),
        ("origin", part(|origin| Some(origin.kind.clone()))),
        ("model", part(|origin| origin.model.clone())),
        ("batch", part(|origin| origin.batch.clone())),
        ("firmware", part(|origin| origin.firmware.clone())),
        ("not_after", selected.not_after.clone()),
    ];
    row.extend(Holder::columns(selected.addressee.as_ref()));
    row
}
