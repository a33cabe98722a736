//! Approving a fleet: one look at the whole, then each request under the officer's own key, as `npki vet approve` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ca_core::fingerprint::fingerprint;
use ca_core::profile::Assurance;
use serde::Serialize;

use super::Ending;
use super::record::{Asked, Fleet};
use crate::client::Client;
use crate::client::records::{Refusal, Request};
use crate::commands::vet::{self, ToApprove};
use crate::failure::{Exit, Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

#[derive(Debug, Serialize)]
struct Done {
    profile: String,
    /// SHA-256 over the digests of all certification requests, in the order of rows.
    fleet_sha256: String,
    requests: usize,
    approved: usize,
    /// Of those: issued, as no further approval was needed.
    issued: usize,
    /// Decided before.
    settled: usize,
    refused: Vec<Refused>,
}

#[derive(Debug, Serialize)]
struct Refused {
    request: String,
    #[serde(flatten)]
    why: Refusal,
}

/// Approves what waits of a fleet.
pub(super) fn run(
    file: &Path,
    note: Option<&str>,
    assurance: Option<Assurance>,
    session: &mut Session,
) -> Ending {
    let fleet = Fleet::read(file)?;
    let client = session.client()?;
    let digests: Vec<&str> = fleet.asked.iter().map(|asked| asked.csr_sha256.as_str()).collect();
    let mut done = Done {
        profile: fleet.head.profile.clone(),
        fleet_sha256: fingerprint(digests.join("\n").as_bytes()),
        requests: fleet.asked.len(),
        approved: 0,
        issued: 0,
        settled: 0,
        refused: Vec::new(),
    };
    let gauge = session.console.gauge("reading", Some(fleet.asked.len() as u64));
    let mut waiting = Vec::new();
    for (at, asked) in fleet.asked.iter().enumerate() {
        match look(&fleet, asked, &client) {
            Ok(Some(to_approve)) => waiting.push(to_approve),
            Ok(None) => done.settled += 1,
            Err(failure) => done.refuse(asked, failure)?,
        }
        gauge.set(at as u64 + 1);
    }
    if !waiting.is_empty() {
        session.confirm(&question(&done, &waiting))?;
    }
    gauge.turn_to("approving", waiting.len() as u64);
    for (at, to_approve) in waiting.into_iter().enumerate() {
        let id = to_approve.matter.request.to_string();
        let handed_in = as_shown(&client, &to_approve)
            .and_then(|fresh| vet::hand_in(&client, fresh, note.map(str::to_owned), assurance, session));
        match handed_in {
            Ok((request, _)) => {
                done.approved += 1;
                done.issued += usize::from(request.status == "issued");
            }
            Err(failure) => done.refuse_request(id, failure)?,
        }
        gauge.set(at as u64 + 1);
    }
    let exit = if done.refused.is_empty() { Exit::Done } else { Exit::No };
    Ok(Outcome::with_exit(Simple::new("npki.fleet.approve/1", done, text), exit))
}

/// What an approval of a row's request is to state; nothing where it is decided. It must be what the fleet's file says.
fn look(fleet: &Fleet, asked: &Asked, client: &Client) -> Result<Option<ToApprove>, Failure> {
    let request: Request = client.read(&["requests", &asked.request])?;
    if request.status != "waiting" {
        return Ok(None);
    }
    let to_approve: ToApprove = client.read(&["requests", &asked.request, "approval"])?;
    let matter = &to_approve.matter;
    let same = matter.request.to_string() == asked.request
        && matter.csr_sha256 == asked.csr_sha256
        && matter.identity.to_string() == asked.identity
        && matter.profile.0 == fleet.head.profile;
    if same {
        return Ok(Some(to_approve));
    }
    Err(Failure::of(&catalogue::NOT_OF_FLEET)
        .what(format!("{} is not what the fleet's file says", asked.request)))
}

/// The same once more, of this moment: what changed since it was shown is not signed.
fn as_shown(client: &Client, shown: &ToApprove) -> Result<ToApprove, Failure> {
    let fresh: ToApprove = client.read(&["requests", &shown.matter.request.to_string(), "approval"])?;
    if fresh.matter == shown.matter {
        return Ok(fresh);
    }
    Err(Failure::of(&catalogue::NOT_OF_FLEET)
        .what(format!("{} was changed since it was read", shown.matter.request)))
}

impl Done {
    fn refuse(&mut self, asked: &Asked, failure: Failure) -> Result<(), Failure> {
        self.refuse_request(asked.request.clone(), failure)
    }

    /// What the server or this program refuses stands against one request only; without an answer nothing goes on.
    fn refuse_request(&mut self, request: String, failure: Failure) -> Result<(), Failure> {
        if !failure.is_refusal() && failure.code() != catalogue::NOT_OF_FLEET.code {
            return Err(failure);
        }
        self.refused.push(Refused { request, why: Refusal::of(&failure) });
        Ok(())
    }
}

/// All that differs is told, so that nothing hides among hundreds.
fn question(done: &Done, waiting: &[ToApprove]) -> String {
    let cas: BTreeSet<&str> = waiting.iter().map(|one| one.matter.ca.as_str()).collect();
    let mut by: BTreeMap<String, usize> = BTreeMap::new();
    waiting.iter().for_each(|one| *by.entry(one.matter.requested_by.to_string()).or_default() += 1);
    let by: Vec<String> = by.into_iter().map(|(who, count)| format!("{who} ({count})")).collect();
    let sample: Vec<String> = waiting.iter().take(3).map(|one| one.matter.subject.join(", ")).collect();
    format!(
        "Approve {} requests under {}, issued by {}, asked for by {}, the first for {}; fleet {}?",
        waiting.len(),
        done.profile,
        cas.into_iter().collect::<Vec<_>>().join(", "),
        by.join(", "),
        sample.join("; "),
        done.fleet_sha256,
    )
}

fn text(done: &Done, page: &mut Page) {
    page.verdict(
        Meaning::Good,
        "approved",
        format!(
            "{} of {} requests, {} issued; {} were decided before",
            done.approved, done.requests, done.issued, done.settled
        ),
    );
    for refused in &done.refused {
        let Refusal { code, detail, fix, .. } = &refused.why;
        page.verdict(Meaning::Bad, "refused", format!("{}: {detail} ({code}); {fix}", refused.request));
    }
    page.facts(&[("fleet", done.fleet_sha256.clone())]);
}
