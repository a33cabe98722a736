//! Deciding on requests: never one's own, never twice, and what was decided stays.

use ca_core::issuance::IssueError;
use ca_core::ledger::Event;
use ca_core::profile::Assurance;
use ca_core::profile_book::InForce;
use ca_core::storage::{Change, Expect, Version};
use ca_core::vault::VaultError;

use super::issue::{Applicant, Outcome};
use super::remarks::{seal_note, seal_rejection};
use super::{
    APPROVED, Approval, DECISION_REFUSED, REJECTED, REQUESTS, Rejection, Request, RequestError, RequestState,
    RequestStatus, index,
};
use crate::fault::{Attempt, until_settled};
use crate::id::RequestId;
use crate::identity::{IdentityError, reason_line};
use crate::permission::{ApproveRequests, Permit};
use crate::record::encode;
use crate::registry::{Registry, reference};

impl Registry {
    /// Approves a request without a word about how surely the identity was proven: see [`Self::approve_at`].
    ///
    /// # Errors
    /// As there.
    pub fn approve(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        note: Option<&str>,
    ) -> Result<Request, RequestError> {
        self.approve_at(permit, id, note, None)
    }

    /// Approves a request; `assurance` is the level to which the officer saw the identity proven. The last approval needed
    /// issues the certificate, on the facts as they are then.
    ///
    /// # Errors
    /// It is the officer's own or approved by the officer before, it is decided already, the profile asks for a higher
    /// level than was stated or the evidence carries, the facts no longer fit (the request then still waits), or issuing failed.
    pub fn approve_at(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        note: Option<&str>,
        assurance: Option<Assurance>,
    ) -> Result<Request, RequestError> {
        let note = note.map(|note| reason_line("note", note)).transpose()?;
        until_settled(|| {
            let (mut request, version) = self.undecided(permit, id)?;
            let applicant = self.applicant(request.identity, permit.scope());
            if let Ok(applicant) = &applicant {
                // Whoever approved it before the identity's facts were changed approved something else.
                request.approvals.retain(|approval| applicant.is_current(approval.at));
            }
            // One edition decides on all of it; the commit demands that it is still in force.
            let profile = self.profile(&request.profile.0)?;
            if request.approvals.iter().any(|approval| approval.by == permit.staff()) {
                self.record_refusal(permit, id, "approved already")?;
                return Err(RequestError::ApprovedAlready(id));
            }
            demand_assurance(&profile, assurance)?;
            self.demand_evidence(permit, &profile, &request, assurance)?;
            let (envelope, key_stands) = self.vault().for_writing(&reference(request.identity))?;
            let by = permit.staff();
            let note = note.as_deref().map(|note| seal_note(&envelope, id, by, note)).transpose()?;
            request.approvals.push(Approval { by, at: self.now(), assurance, note });
            let event = self.event(&permit.actor(), APPROVED, format!("request:{id}"))?;
            let event = match assurance {
                Some(level) => event.with("assurance", level.name()),
                None => event,
            };
            if !has_approvals(&request, &profile) {
                let change = key_stands.replace(REQUESTS, id.to_string(), version, encode(&request)?);
                let outcome = self.commit(change.explained_by(&event));
                return Ok(Attempt::of(outcome, || request));
            }
            self.issue_approved(permit, &profile, &applicant?, (request, version), event)
        })
    }

    /// The evidence that was entered carries what the profile asks for, and no less than the officer states.
    fn demand_evidence(
        &self,
        permit: &Permit<ApproveRequests>,
        profile: &InForce,
        request: &Request,
        stated: Option<Assurance>,
    ) -> Result<(), RequestError> {
        let Some(wanted) =
            profile.vetting.assurance.max(stated).filter(|_| profile.vetting.assurance.is_some())
        else {
            return Ok(());
        };
        let proven = self.proven(request.identity, Some(permit.staff()))?;
        let carried = proven.carried.level;
        if carried >= Some(wanted) {
            return Ok(());
        }
        let missing = self.missing(&proven, permit.staff(), wanted);
        Err(RequestError::EvidenceTooLow { profile: profile.id.clone(), wanted, carried, missing })
    }

    fn issue_approved(
        &self,
        permit: &Permit<ApproveRequests>,
        profile: &InForce,
        applicant: &Applicant,
        (request, version): (Request, Version),
        event: Event,
    ) -> Result<Attempt<Request, RequestError>, RequestError> {
        let asked = self.asked(&request)?.ok_or(IdentityError::Erased(request.identity))?;
        let admitted = self
            .admit(profile, applicant, &asked.csr, &asked.names)
            .map_err(|refused| since_changed(&request, profile, refused))?;
        let change = applicant.unchanged().and(self.key_stands(&request, &asked.csr, &admitted)?);
        let outcome = Outcome { request, expect: Expect::Version(version), submitted: None, change, event };
        self.issue(admitted, &permit.actor(), outcome)
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
            self.record_refusal(permit, id, "own request")?;
            return Err(RequestError::Own(id));
        }
        match request.status() {
            RequestStatus::Waiting => Ok((request, version)),
            status => Err(RequestError::Decided { id, status }),
        }
    }

    /// An attempt to get around dual control is for the auditor to see.
    fn record_refusal(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        why: &str,
    ) -> Result<(), RequestError> {
        let event = self.event(&permit.actor(), DECISION_REFUSED, format!("request:{id}"))?.because(why);
        let recorded = self.commit(Change::new().explained_by(&event.refused()));
        recorded.map(|_| ()).map_err(|error| RequestError::Fault(error.into()))
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
/// laxer for it; approvals from before it asked for a level count when they reach it.
fn has_approvals(request: &Request, profile: &InForce) -> bool {
    let vetting = &profile.vetting;
    let needed = usize::from(request.approvals_needed.max(vetting.approvals));
    request.approvals.iter().filter(|approval| approval.assurance >= vetting.assurance).count() >= needed
}

/// What the profile's present edition refuses and the one at the time of the request did not is the officer's to know: it is
/// no fault of the applicant's.
fn since_changed(request: &Request, profile: &InForce, refused: RequestError) -> RequestError {
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
