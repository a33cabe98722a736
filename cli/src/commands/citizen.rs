//! `npki citizen log`: what was done with what is known of a person, and why.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Ending;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What a person may know of the own entry.
#[derive(Debug, Subcommand)]
pub enum CitizenCommand {
    /// What was issued in a person's name, who looked, and why: the newest first
    #[command(after_help = EXAMPLES)]
    Log {
        /// The person
        id: String,
        /// Not before this moment, such as 2027-01-31T08:00:00Z
        #[arg(long, value_name = "MOMENT")]
        since: Option<String>,
        /// Before this moment
        #[arg(long, value_name = "MOMENT")]
        until: Option<String>,
        /// Without what came of work on many at once: campaigns and lists
        #[arg(long)]
        without_bulk: bool,
        /// How many at most, 1 to 10000
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        /// How many to leave out before the first
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        offset: u32,
    },
}

const EXAMPLES: &str = "The JSON is that of findUsage of Estonia's data tracker, version 3.

  npki citizen log P-7QF3K2M9T4 --case K-2026/114
  npki citizen log P-7QF3K2M9T4 --since 2026-01-01T00:00:00Z --json";

/// What was done, in the form of `findUsage`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usages {
    total_usages: u64,
    returned_usages: u64,
    data_responses: Vec<Usage>,
    internal_processings: Vec<Usage>,
    #[serde(flatten)]
    further: Map<String, Value>,
}

/// One entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    log_time: String,
    purpose: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    query_group_id: Option<String>,
    initiator_org: Organisation,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    initiator_person: Option<Person>,
    #[serde(flatten)]
    further: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Organisation {
    name: String,
    #[serde(flatten)]
    further: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    alternative_code: String,
    #[serde(flatten)]
    further: Map<String, Value>,
}

/// Shows it.
pub(super) fn run(command: CitizenCommand, session: &mut Session) -> Ending {
    let CitizenCommand::Log { id, since, until, without_bulk, limit, offset } = command;
    let asked = [
        ("periodStart", since),
        ("periodEnd", until),
        ("includeBulkProcessing", Some((!without_bulk).to_string())),
        ("limit", Some(limit.to_string())),
        ("offset", Some(offset.to_string())),
    ];
    let found: Usages = session.client()?.ask(&["identities", &id, "usage"], &asked)?;
    Ok(Outcome::done(Simple::new("npki.citizen.log/1", found, text)))
}

/// The ledger tells moments to the nanosecond; a person reads seconds.
fn whole_seconds(moment: &str) -> String {
    match moment.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => moment.to_owned(),
    }
}

fn text(found: &Usages, page: &mut Page) {
    let mut usages: Vec<&Usage> = found.data_responses.iter().chain(&found.internal_processings).collect();
    usages.sort_by(|one, other| other.log_time.cmp(&one.log_time));
    let rows = usages.into_iter().map(|usage| {
        let person =
            usage.initiator_person.as_ref().map_or("npki by itself", |person| &person.alternative_code);
        [
            whole_seconds(&usage.log_time),
            usage.purpose.clone(),
            format!("{}, {person}", usage.initiator_org.name),
            usage.query_group_id.clone().unwrap_or_default(),
        ]
    });
    page.table(["AT", "WHAT", "WHO", "CASE"], rows.collect(), "nothing was done");
    if found.returned_usages < found.total_usages {
        page.line(format!(
            "{} of {}; --limit and --offset show others",
            found.returned_usages, found.total_usages
        ));
    }
}
