//! Deciding on requests: never one's own, never twice, and what was decided stays.

use ca_core::fingerprint::fingerprint;
use ca_core::issuance::IssueError;
use ca_core::ledger::Event;
use ca_core::profile::Assurance;
use ca_core::profile_book::InForce;
use ca_core::storage::{Change, Expect, Version};
use ca_core::vault::{Envelope, VaultError};

use super::approval::{self, Judged, Signed};
use super::issue::Outcome;
use super::remarks::{seal_note, seal_rejection};
use super::{
    APPROVED, Approval, DECISION_REFUSED, Matter, REJECTED, REQUESTS, Rejection, Request, RequestError,
    RequestState, RequestStatus, Statement, index,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{RequestId, StaffId};
use crate::identity::{IdentityError, reason_line};
use crate::permission::{ApproveRequests, Permit};
use crate::principal::Role;
use crate::record::encode;
use crate::registry::{Registry, reference};
use crate::staff::Counted;

impl Registry {
    /// Approves a request by a [`Statement`](super::Statement) that the officer signed with the key of the certificate that
    /// the officer signs in with. The last approval needed issues the certificate; each counts only for what it was given to:
    /// where a fact or the profile has changed since, the earlier ones are void.
    ///
    /// # Errors
    /// The statement is not the officer's, not of now or not about what the request comes to; it is the officer's own request
    /// or approved by the officer before, it is decided already, the profile asks for a higher level than was stated
    /// or the evidence carries, the facts no longer fit
    /// (the request then still waits), or issuing failed.
    pub fn approve(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        statement: &str,
    ) -> Result<Request, RequestError> {
        until_settled(|| {
            // Who may not decide is told so before anything else is looked at.
            let (mut request, version) = self.undecided(permit, id)?;
            let signed = self.signed(permit, id, statement)?;
            // One edition decides on all of it; the commit demands that it is still in force.
            let profile = self.profile(&request.profile.0)?;
            let judged = self.judged(permit, &request, &profile)?;
            let (envelope, key_stands) = self.vault().for_writing(&reference(request.identity))?;
            self.keep_those_of(&envelope, &mut request, &judged.matter)?;
            if let Err(refused) = approval::not_by(permit.staff(), &request) {
                self.record_refusal(permit, &request, "approved already")?;
                return Err(refused);
            }
            if let Err(refused) = self.demand_other_office(permit.staff(), &request, &profile) {
                if matches!(refused, RequestError::SameOffice(_)) {
                    self.record_refusal(permit, &request, "same office")?;
                }
                return Err(refused);
            }
            demand_same(&signed.statement.matter, &judged.matter)?;
            demand_assurance(&profile, signed.statement.assurance)?;
            self.demand_evidence(permit, &profile, &request, signed.statement.assurance)?;
            let counted = self.counted(permit, Counted::Approvals, 1)?.map_err(IdentityError::from)?;
            request.approvals.push(self.approval(&envelope, &signed)?);
            let event = self.approved(permit, &signed)?;
            if !has_approvals(&request, &profile) {
                let change = key_stands.and(counted);
                let change = change.replace(REQUESTS, id.to_string(), version, encode(&request)?);
                let outcome = self.commit(change.explained_by(&event));
                return Ok(Attempt::of(outcome, || request));
            }
            let Judged { applicant, asked, admitted, .. } = judged;
            let change =
                applicant.unchanged().and(counted).and(self.key_stands(&request, &asked.csr, &admitted)?);
            let expect = Expect::Version(version);
            self.issue(admitted, &permit.actor(), Outcome { request, expect, submitted: None, change, event })
        })
    }

    /// Where the profile demands another office: a colleague of who asked does not approve. Who works for no office is nobody's
    /// colleague only as an agency operator, who approves nothing: an officer's office must be known.
    pub(super) fn demand_other_office(
        &self,
        officer: StaffId,
        request: &Request,
        profile: &InForce,
    ) -> Result<(), RequestError> {
        if !profile.vetting.other_office {
            return Ok(());
        }
        let place =
            |id| Ok::<_, Fault>(self.staff_record(id)?.map(|(record, _)| (record.role, record.office)));
        let Some((_, Some(own))) = place(officer)? else { return Err(RequestError::SameOffice(request.id)) };
        match place(request.requested_by)? {
            Some((Role::AgencyOperator { .. }, _)) => Ok(()),
            Some((_, Some(theirs))) if theirs != own => Ok(()),
            _ => Err(RequestError::SameOffice(request.id)),
        }
    }

    /// The evidence that was entered carries what the profile asks for, and no less than the officer states.
    fn demand_evidence(
        &self,
        permit: &Permit<ApproveRequests>,
        profile: &InForce,
        request: &Request,
        stated: Option<Assurance>,
    ) -> Result<(), RequestError> {
        let Some(demanded) = profile.vetting.assurance else { return Ok(()) };
        let wanted = stated.map_or(demanded, |stated| stated.max(demanded));
        let proven = self.proven(request.identity, Some(permit.staff()))?;
        let carried = proven.carried.level;
        if carried >= Some(wanted) {
            return Ok(());
        }
        let missing = self.missing(&proven, permit.staff(), wanted);
        Err(RequestError::EvidenceTooLow { profile: profile.id.clone(), wanted, carried, missing })
    }

    /// Keeps the approvals that are of this matter.
    pub(super) fn keep_those_of(
        &self,
        envelope: &Envelope,
        request: &mut Request,
        matter: &Matter,
    ) -> Result<(), RequestError> {
        let mut kept = Vec::new();
        for approval in std::mem::take(&mut request.approvals) {
            if self.is_of(envelope, &approval, matter)? {
                kept.push(approval);
            }
        }
        request.approvals = kept;
        Ok(())
    }

    fn approval(&self, envelope: &Envelope, signed: &Signed) -> Result<Approval, RequestError> {
        let Statement { matter, by, assurance, note, .. } = &signed.statement;
        let note = note.as_deref().map(|note| seal_note(envelope, matter.request, *by, note)).transpose()?;
        let statement = Some(approval::seal(envelope, signed)?);
        Ok(Approval { by: *by, at: self.now(), assurance: *assurance, note, statement })
    }

    /// The ledger holds the digest of what was signed, which gives nothing away: a signature cannot be guessed.
    fn approved(&self, permit: &Permit<ApproveRequests>, signed: &Signed) -> Result<Event, RequestError> {
        let request = signed.statement.matter.request;
        let event = self
            .event(&permit.actor(), APPROVED, format!("request:{request}"))?
            .with("identity", signed.statement.matter.identity.to_string())
            .with("statement-sha256", fingerprint(signed.text.as_bytes()));
        Ok(match signed.statement.assurance {
            Some(level) => event.with("assurance", level.name()),
            None => event,
        })
    }

    /// Rejects a request.
    ///
    /// # Errors
    /// It is the officer's own, it is decided already, there is no reason, or the store failed.
    pub fn reject(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        reason: &str,
    ) -> Result<Request, RequestError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let (mut request, version) = self.undecided(permit, id)?;
            let (reason, key_stands) = match self.vault().for_writing(&reference(request.identity)) {
                Ok((envelope, stands)) => (Some(seal_rejection(&envelope, id, &reason)?), stands),
                // Nothing more is kept of who was erased; the request must end all the same.
                Err(VaultError::Erased(_)) => (None, Change::new()),
                Err(error) => return Err(error.into()),
            };
            request.state = RequestState::Rejected(Rejection { by: permit.staff(), at: self.now(), reason });
            // The reason stands in the request, where it can be erased; the ledger cannot forget.
            let event = self.event(&permit.actor(), REJECTED, format!("request:{id}"))?;
            let event = event.with("identity", request.identity.to_string());
            let change = key_stands.replace(REQUESTS, id.to_string(), version, encode(&request)?);
            let outcome = self.commit(index::decided(change, &request).explained_by(&event));
            Ok(Attempt::of(outcome, || request))
        })
    }

    /// A request that this officer may decide on.
    fn undecided(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
    ) -> Result<(Request, Version), RequestError> {
        let (request, version) = self.request_record(id)?;
        if request.requested_by == permit.staff() {
            self.record_refusal(permit, &request, "own request")?;
            return Err(RequestError::Own(id));
        }
        match self.demand_not_own(permit.staff(), request.identity) {
            Err(own) if own.is_own() => {
                self.record_refusal(permit, &request, "own identity")?;
                return Err(own.into());
            }
            looked => looked?,
        }
        demand_waiting(&request)?;
        Ok((request, version))
    }

    /// An attempt to get around dual control is for the auditor to see.
    fn record_refusal(
        &self,
        permit: &Permit<ApproveRequests>,
        request: &Request,
        why: &str,
    ) -> Result<(), RequestError> {
        let event = self.event(&permit.actor(), DECISION_REFUSED, format!("request:{}", request.id))?;
        let event = event.with("identity", request.identity.to_string()).because(why);
        let recorded = self.commit(Change::new().explained_by(&event.refused()));
        recorded.map(|_| ()).map_err(|error| RequestError::Fault(error.into()))
    }
}

/// Goes on with a request that nobody has decided yet.
pub(super) fn demand_waiting(request: &Request) -> Result<(), RequestError> {
    match request.status() {
        RequestStatus::Waiting => Ok(()),
        status => Err(RequestError::Decided { id: request.id, status }),
    }
}

/// How surely the identity was proven is stated, and reaches what the profile asks for.
fn demand_assurance(profile: &InForce, stated: Option<Assurance>) -> Result<(), RequestError> {
    let id = || profile.id.clone();
    match (profile.vetting.assurance, stated) {
        (Some(needed), None) => Err(RequestError::AssuranceMissing { profile: id(), needed }),
        (Some(needed), Some(stated)) if stated < needed => {
            Err(RequestError::AssuranceTooLow { profile: id(), needed, stated })
        }
        _ => Ok(()),
    }
}

/// Whether as many officers approved as are needed. The profile may have become stricter since the request was made, never
/// laxer for it.
fn has_approvals(request: &Request, profile: &InForce) -> bool {
    request.approvals.len() >= usize::from(request.approvals_needed.max(profile.vetting.approvals))
}

/// The officer signed what the request comes to now; else the officer looks once more.
fn demand_same(stated: &Matter, now: &Matter) -> Result<(), RequestError> {
    if stated == now {
        return Ok(());
    }
    let pairs = [
        ("the profile", (&stated.profile, &stated.profile_sha256) == (&now.profile, &now.profile_sha256)),
        ("the CA", stated.ca == now.ca),
        ("the subject", stated.subject == now.subject),
        ("the alternative names", stated.names == now.names),
    ];
    let changed: Vec<&str> = pairs.iter().filter(|(_, same)| !same).map(|(what, _)| *what).collect();
    let changed = if changed.is_empty() { "the request itself".to_owned() } else { changed.join(", ") };
    Err(RequestError::MatterChanged(now.request, changed))
}

/// What the profile's present edition refuses and the one at the time of the request did not is the officer's to know: it is
/// no fault of the applicant's.
pub(super) fn since_changed(request: &Request, profile: &InForce, refused: RequestError) -> RequestError {
    let changed =
        profile.mark().filter(|now| request.profile_sha256.as_ref().is_some_and(|then| *then != now.sha256));
    let by_profile =
        matches!(refused, RequestError::Issue(IssueError::Refused(_)) | RequestError::WrongProfile { .. });
    match changed.filter(|_| by_profile) {
        Some(now) => RequestError::ProfileChanged {
            id: request.id,
            profile: request.profile.clone(),
            edition: now.number,
            refused: Box::new(refused),
        },
        None => refused,
    }
}
