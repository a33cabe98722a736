//! `npki campaign start`: what it would reach is looked at first; then its members are gathered.

use std::time::Duration;

use ca_core::status::RevocationReason;
use clap::Args;
use id_registry::campaign::selection::KeyClass;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::Ending;
use super::super::moment::{moment, span, written};
use super::super::revoke::reason_parser;
use super::plan::radius;
use super::records::{Campaign, tell};
use super::selection::SelectionArguments;
use crate::client::Client;
use crate::failure::{Exit, Failure, catalogue};
use crate::output::{Outcome, Simple};
use crate::session::Session;

pub(super) const EXAMPLES: &str = "Examples:\n  \
    npki campaign start cards-2017 --token-model 'IDPrime 940' --token-batch 2017-04 \\\n      \
    --why 'CVE-2017-15361, letter of the maker' --hold-at 2026-12-01 --revoke-at 2027-03-31 --reason key-compromise \\\n      \
    --stages 4 --stage-every 7d --replace-with p384\n  \
    npki campaign start no-rsa --algorithm rsa --not-issuer tls --why 'decision 12/2026' --revoke-at 2027-06-30 \\\n      \
    --reason superseded --stage-size 50000\n\n\
    Dates are those of the first stage. Exit code 9: another administrator must approve it.";

/// A campaign to be started.
#[derive(Debug, Args)]
pub struct StartArguments {
    /// Its name: lower-case letters, digits and hyphens
    name: String,
    /// Why there is one. It stays for good: no personal data
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// When the first stage is to be notified: a day or a moment, UTC [default: now]
    #[arg(long, value_name = "DATE", value_parser = moment)]
    notify_at: Option<OffsetDateTime>,
    /// When what is left of the first stage is put on hold
    #[arg(long, value_name = "DATE", value_parser = moment, required_unless_present = "revoke_at")]
    hold_at: Option<OffsetDateTime>,
    /// When what is left of the first stage is revoked for good
    #[arg(long, value_name = "DATE", value_parser = moment, requires = "reason")]
    revoke_at: Option<OffsetDateTime>,
    /// Why it is revoked, as CRL and OCSP tell it
    #[arg(long, value_parser = reason_parser(), requires = "revoke_at")]
    reason: Option<RevocationReason>,
    /// In how many stages
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    stages: u16,
    /// In as many stages as it takes for none to have more than about so many members
    #[arg(long, value_name = "N", conflicts_with = "stages", value_parser = clap::value_parser!(u64).range(1..))]
    stage_size: Option<u64>,
    /// How long after a stage the next one follows: 7d, 12h, 30m, 10s
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = span)]
    stage_every: Duration,
    /// What becomes of certificates that were replaced, when their date comes: revoke them too, as their keys are no
    /// better, or keep them until they end [default: revoke where there is a date for it]
    #[arg(long, value_parser = ["revoke", "keep"])]
    when_replaced: Option<String>,
    /// A kind of key that counts as a replacement; may be given several times [default: any that is not selected]
    #[arg(long, value_name = "ALGORITHM")]
    replace_with: Vec<KeyClass>,
    #[command(flatten)]
    selection: SelectionArguments,
}

/// Looks, asks, starts, gathers.
pub fn run(arguments: &StartArguments, session: &mut Session) -> Ending {
    let selection = arguments.selection.body()?;
    let client = session.client()?;
    let radius = radius(&client, session, &selection)?;
    if radius.selected == 0 {
        return Err(Failure::of(&catalogue::NOTHING_SELECTED)
            .cause(format!("none of {} certificates is in force and selected", radius.looked_at)));
    }
    let stages = match arguments.stage_size {
        Some(size) => radius.selected.div_ceil(size),
        None => u64::from(arguments.stages),
    };
    session.confirm(&format!(
        "Start campaign {} for {} certificates in {stages} stages?",
        arguments.name, radius.selected
    ))?;
    let body = json!({
        "name": arguments.name, "selection": selection, "why": arguments.why, "terms": terms(arguments, stages),
    });
    let mut campaign: Campaign = client.change(&["campaigns"], &body, session.entropy.as_ref())?;
    campaign = gathered(&client, session, campaign)?;
    let exit = if campaign.gathered.is_some() { Exit::Done } else { Exit::Waiting };
    Ok(Outcome::with_exit(Simple::new("npki.campaign.start/1", campaign, tell), exit))
}

fn terms(arguments: &StartArguments, stages: u64) -> Value {
    let replace_with: Vec<String> = arguments.replace_with.iter().map(ToString::to_string).collect();
    json!({
        "stages": stages,
        "every_seconds": arguments.stage_every.as_secs(),
        "notify_at": arguments.notify_at.map(written),
        "hold_at": arguments.hold_at.map(written),
        "revoke_at": arguments.revoke_at.map(written),
        "reason": arguments.reason.map(RevocationReason::name),
        "when_replaced": arguments.when_replaced.as_deref().unwrap_or("revoke"),
        "replace_with": replace_with,
    })
}

/// Has the members gathered, and shows how far that is. Who is cut off here has lost nothing: the service goes on.
fn gathered(client: &Client, session: &Session, mut campaign: Campaign) -> Result<Campaign, Failure> {
    const WHAT: &str = "gathering members";
    let gauge = session.console.count(WHAT);
    while let Some(thousandths) = campaign.gathered {
        gauge.turn_to(WHAT, (campaign.members * 1_000).div_ceil(thousandths.max(1)));
        gauge.set(campaign.members);
        let path = ["campaigns", &campaign.name, "gathering"];
        campaign = client.change(&path, &json!({}), session.entropy.as_ref())?;
    }
    Ok(campaign)
}
