//! Running a changed profile over requests that were made: what would be admitted, refused, or written otherwise. It is
//! looked at before anything is proposed, a bounded number of requests at a time; nothing personal leaves by it.

use std::collections::BTreeMap;

use ca_core::authority::rehearsal::Rehearsal;
use ca_core::certificate::CaId;
use ca_core::issuance::{IssueError, Refusal};
use ca_core::ledger::Action;
use ca_core::profile::ProfileId;
use ca_core::profile_book::{InForce, NotInForce, Wanted, digest};
use ca_core::subject::Fact;
use time::OffsetDateTime;

use super::issue::for_its_kind;
use super::wishes::Asked;
use super::{REQUEST_INDEX, REQUESTS, Request, RequestError, index};
use crate::fault::Fault;
use crate::id::RequestId;
use crate::identity::{Identity, IdentityError};
use crate::page::PageSize;
use crate::permission::{ChangeProfiles, Permit};
use crate::profiles::ProfileChangeError;
use crate::record;
use crate::registry::{Registry, reference};

/// A changed profile was run over requests.
pub const SIMULATED: Action = Action::named("profile.simulated");

/// How many requests, of this profile or of others, one call looks at. It bounds the work; the cursor goes on.
const EXAMINED: usize = 2_000;
/// How many are read at once.
const BATCH: usize = 200;
/// How many requests are named for each effect.
const EXAMPLES: usize = 5;

/// A changed profile, and over which requests it is run.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'a> {
    /// The profile.
    pub profile: &'a ProfileId,
    /// Its TOML, as it would be.
    pub text: &'a str,
    /// The CA that would issue under it, where that is not settled.
    pub issued_by: Option<&'a CaId>,
    /// Requests from this moment on, UTC.
    pub since: OffsetDateTime,
}

/// What a change does to a request. It tells rules and parts, never what stands in them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: it is admitted, with the same content.
    Same,
    /// Nothing: it is refused by this rule as before.
    RefusedAsBefore(String),
    /// What was refused would be admitted.
    AdmittedNow,
    /// What was admitted would be refused, by this rule.
    RefusedNow(String),
    /// What was refused would be refused by this rule instead.
    RefusedOtherwise(String),
    /// This part of the certificate, or of the vetting, would be otherwise.
    Differs(String),
    /// It cannot be told: the request is not one that is taken today.
    Undetermined,
}

impl Effect {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::RefusedAsBefore(_) => "refused-as-before",
            Self::AdmittedNow => "admitted-now",
            Self::RefusedNow(_) => "refused-now",
            Self::RefusedOtherwise(_) => "refused-otherwise",
            Self::Differs(_) => "differs",
            Self::Undetermined => "undetermined",
        }
    }

    /// The rule, or the part.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::RefusedAsBefore(detail)
            | Self::RefusedNow(detail)
            | Self::RefusedOtherwise(detail)
            | Self::Differs(detail) => Some(detail),
            Self::Same | Self::AdmittedNow | Self::Undetermined => None,
        }
    }
}

/// How often something was found, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: usize,
    /// Some of the requests.
    pub examples: Vec<RequestId>,
}

impl Tally {
    fn add(&mut self, request: RequestId) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(request);
        }
    }
}

/// What was found in one page of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulated {
    /// Requests of the profile.
    pub requests: usize,
    /// Of these, those whose identity was erased: nothing is known of them any more.
    pub erased: usize,
    /// What would become of the others, by what became of them; a request stands at each part that differs.
    pub effects: BTreeMap<(&'static str, Effect), Tally>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<RequestId>,
}

/// What an edition does with a request.
enum Verdict {
    Admitted(Rehearsal),
    Refused(String),
}

impl Registry {
    /// Runs a changed profile over requests, beginning after `after`: at most `size` of the profile's, and a bounded
    /// number of others passed over. The beginning of a simulation is in the ledger, with the digest of its text.
    ///
    /// # Errors
    /// The text does not fit what is in force, `after` is no request, or the registry failed.
    pub fn simulate_profile(
        &self,
        permit: &Permit<ChangeProfiles>,
        simulation: &Simulation<'_>,
        after: Option<RequestId>,
        size: PageSize,
    ) -> Result<Simulated, SimulationError> {
        let current = self.profiles_in_force().map_err(Fault::from)?;
        let wanted = Wanted::Text { text: simulation.text, issued_by: simulation.issued_by };
        let judged = self
            .authorities()
            .judge(&current, simulation.profile, wanted)
            .map_err(ProfileChangeError::from)?;
        let candidate = judged.in_force().map_err(RequestError::from)?;
        let former = match current.find(&simulation.profile.0) {
            Err(NotInForce::Storage(error)) => return Err(RequestError::from(error).into()),
            former => former.ok(),
        };
        if after.is_none() {
            let event = self
                .event(&permit.actor(), SIMULATED, format!("profile:{}", simulation.profile))?
                .with("sha256", digest(simulation.text));
            self.commit(ca_core::storage::Change::new().explained_by(&event)).map_err(Fault::from)?;
        }
        let editions = Editions { former: former.as_ref(), candidate: &candidate, now: self.now() };
        Ok(self.simulated(&editions, simulation, after, size)?)
    }

    fn simulated(
        &self,
        editions: &Editions<'_>,
        simulation: &Simulation<'_>,
        after: Option<RequestId>,
        size: PageSize,
    ) -> Result<Simulated, RequestError> {
        let mut found = Simulated::default();
        let mut place = after.map(|id| self.request_record(id).map(|(request, _)| request)).transpose()?;
        let mut examined = 0;
        while examined < EXAMINED {
            let batch = self.requests_since(simulation.since, place.as_ref())?;
            let last = batch.len() < BATCH;
            for request in batch {
                examined += 1;
                if request.profile == *simulation.profile {
                    self.simulate(&request, editions, &mut found)?;
                }
                place = Some(request);
                if found.requests == size.entries() {
                    found.next = place.map(|request| request.id);
                    return Ok(found);
                }
            }
            if last {
                return Ok(found);
            }
        }
        found.next = place.map(|request| request.id);
        Ok(found)
    }

    fn requests_since(
        &self,
        since: OffsetDateTime,
        after: Option<&Request>,
    ) -> Result<Vec<Request>, RequestError> {
        let listed = self.store().scan(REQUEST_INDEX, &index::since(since, after), BATCH)?;
        let ids = listed.iter().map(|(key, _)| index::named(key)).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<_> = ids.iter().map(|id| id.to_string().into_bytes()).collect();
        let records = self.store().get_many(REQUESTS, &keys)?;
        ids.into_iter()
            .zip(records)
            .map(|(id, entry)| Ok(record::decode(REQUESTS, &entry.ok_or(RequestError::Unknown(id))?)?))
            .collect()
    }

    fn simulate(
        &self,
        request: &Request,
        editions: &Editions<'_>,
        found: &mut Simulated,
    ) -> Result<(), RequestError> {
        found.requests += 1;
        let Some(effects) = self.effects(request, editions)? else {
            found.erased += 1;
            return Ok(());
        };
        let became = request.status().name();
        for effect in effects {
            found.effects.entry((became, effect)).or_default().add(request.id);
        }
        Ok(())
    }

    /// What the change does to a request; `None` when its identity was erased.
    fn effects(
        &self,
        request: &Request,
        editions: &Editions<'_>,
    ) -> Result<Option<Vec<Effect>>, RequestError> {
        if self.vault().is_erased(&reference(request.identity))? {
            return Ok(None);
        }
        let asked = match self.asked(request) {
            Err(RequestError::Csr(_) | RequestError::Name(_)) => return Ok(Some(vec![Effect::Undetermined])),
            asked => asked?,
        };
        let Some(asked) = asked else { return Ok(None) };
        let (record, _) = self.identity_record(request.identity)?;
        let identity = self.with_details(record).map_err(IdentityError::from)?;
        let after = match self.verdict(&asked, &identity, editions.candidate, editions.now) {
            Err(RequestError::Identity(IdentityError::Erased(_))) => return Ok(None),
            verdict => verdict?,
        };
        let Some(former) = editions.former else { return Ok(Some(without_former(after))) };
        let before = self.verdict(&asked, &identity, former, editions.now)?;
        Ok(Some(match (before, after) {
            (Verdict::Admitted(before), Verdict::Admitted(after)) => {
                let parts = after.differences_from(&before);
                let parts = parts.into_iter().map(|it| format!("{} {}", it.part, it.turn.name()));
                let effects: Vec<_> =
                    parts.chain(vetting(former, editions.candidate)).map(Effect::Differs).collect();
                if effects.is_empty() { vec![Effect::Same] } else { effects }
            }
            (Verdict::Refused(_), Verdict::Admitted(_)) => vec![Effect::AdmittedNow],
            (Verdict::Admitted(_), Verdict::Refused(rule)) => vec![Effect::RefusedNow(rule)],
            (Verdict::Refused(before), Verdict::Refused(after)) if before == after => {
                vec![Effect::RefusedAsBefore(after)]
            }
            (Verdict::Refused(_), Verdict::Refused(rule)) => vec![Effect::RefusedOtherwise(rule)],
        }))
    }

    fn verdict(
        &self,
        asked: &Asked,
        identity: &Identity,
        profile: &InForce,
        now: OffsetDateTime,
    ) -> Result<Verdict, RequestError> {
        if for_its_kind(profile, identity.id()).is_err() {
            return Ok(Verdict::Refused("identity-kind".to_owned()));
        }
        // Drawn anew for each certificate: it must make no difference here.
        let subject = self.approved_subject(identity, profile)?.instead(Fact::Pseudonym, "ls-0000000000");
        match self.authorities().rehearse(asked.csr.key().clone(), &asked.wishes(), subject, profile, now) {
            Ok(rehearsal) => Ok(Verdict::Admitted(rehearsal)),
            Err(IssueError::Refused(refusal)) => Ok(Verdict::Refused(rule(&refusal))),
            Err(IssueError::Lint(findings)) => {
                // The rule's name stands before the colon; what it found may name somebody.
                let rule = findings.first().and_then(|finding| finding.split(':').next()).unwrap_or_default();
                Ok(Verdict::Refused(format!("lint {rule}")))
            }
            Err(IssueError::Encoding(_)) => Ok(Verdict::Refused("encoding".to_owned())),
            Err(IssueError::NoAuthority(_)) => Ok(Verdict::Refused("no-issuer".to_owned())),
            Err(IssueError::IssuerTooShort) => Ok(Verdict::Refused("issuer-ends".to_owned())),
            Err(error) => Err(RequestError::Issue(error)),
        }
    }
}

/// The two editions that are compared, and the moment at which both issue.
struct Editions<'a> {
    former: Option<&'a InForce>,
    candidate: &'a InForce,
    now: OffsetDateTime,
}

/// Where nothing is issued under the profile now, whatever is admitted is new.
fn without_former(after: Verdict) -> Vec<Effect> {
    match after {
        Verdict::Admitted(_) => vec![Effect::AdmittedNow],
        Verdict::Refused(rule) => vec![Effect::RefusedOtherwise(rule)],
    }
}

/// What whoever asks and approves would notice.
fn vetting(former: &InForce, candidate: &InForce) -> Vec<String> {
    let (before, after) = (&former.vetting, &candidate.vetting);
    let mut parts = Vec::new();
    if before.approvals != after.approvals {
        parts.push("approvals changed".to_owned());
    }
    if before.assurance != after.assurance {
        parts.push("assurance changed".to_owned());
    }
    parts
}

/// A refusal's rule, without what it is about: that may name somebody.
fn rule(refusal: &Refusal) -> String {
    let (rule, about) = match refusal {
        Refusal::KeyNotAdmitted { key, .. } => ("key-not-admitted", Some(key.as_str())),
        Refusal::FactMissing { fact, .. } => ("fact-missing", Some(fact.as_str())),
        Refusal::FactUnfit { fact, .. } => ("fact-unfit", Some(fact.as_str())),
        Refusal::NameNotGranted { .. } => ("name-not-granted", None),
        Refusal::NameFormNotAdmitted { .. } => ("name-form-not-admitted", None),
        Refusal::ProposalMissing { what, .. } => ("proposal-missing", Some(what.as_str())),
        Refusal::ProposalUnfit { what, .. } => ("proposal-unfit", Some(what.as_str())),
        Refusal::SubjectDiffers { attribute, .. } => ("subject-differs", Some(attribute.as_str())),
        Refusal::WishNotAdmitted { .. } => ("wish-not-admitted", None),
        Refusal::KeyOfAnother => ("key-of-another", None),
        Refusal::CrlLeavesOut { .. } => ("crl-leaves-out", None),
        Refusal::KeyCompromised { .. } => ("key-compromised", None),
    };
    about.map_or_else(|| rule.to_owned(), |about| format!("{rule} {about}"))
}

/// A changed profile was not run.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// It does not fit what is in force.
    #[error(transparent)]
    Change(#[from] ProfileChangeError),
    /// The requests could not be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
