//! Deciding on requests: never one's own, never twice, and what was decided stays.

use ca_core::csr::CertificationRequest;
use ca_core::ledger::Event;
use ca_core::storage::{Change, Expect, StorageError, Version};

use super::issue::Outcome;
use super::{
    APPROVED, Approval, DECISION_REFUSED, REJECTED, REQUEST_CSRS, REQUESTS, Rejection, Request, RequestError,
    RequestState, RequestStatus, index,
};
use crate::fault::{Attempt, until_settled};
use crate::id::RequestId;
use crate::identity::reason_line;
use crate::permission::{ApproveRequests, Permit};
use crate::record::encode;
use crate::registry::Registry;

impl Registry {
    /// Approves a request. The last approval needed issues the certificate, on the facts as they are then.
    ///
    /// # Errors
    /// It is the officer's own or approved by the officer before, it is decided already, the facts no longer fit
    /// (the request then still waits), or issuing failed.
    pub fn approve(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        note: Option<&str>,
    ) -> Result<Request, RequestError> {
        let note = note.map(|note| reason_line("note", note)).transpose()?;
        until_settled(|| {
            let (mut request, version) = self.undecided(permit, id)?;
            if request.approvals.iter().any(|approval| approval.by == permit.staff()) {
                self.record_refusal(permit, id, "approved already")?;
                return Err(RequestError::ApprovedAlready(id));
            }
            request.approvals.push(Approval { by: permit.staff(), at: self.now(), note: note.clone() });
            let event = self.event(&permit.actor(), APPROVED, format!("request:{id}"))?;
            if request.approvals.len() < self.approvals_needed(&request)? {
                let change = Change::new().replace(REQUESTS, id.to_string(), version, encode(&request)?);
                let outcome = self.commit(change.explained_by(&event));
                return Ok(Attempt::of(outcome, || request));
            }
            self.issue_approved(permit, request, version, event)
        })
    }

    fn issue_approved(
        &self,
        permit: &Permit<ApproveRequests>,
        request: Request,
        version: Version,
        event: Event,
    ) -> Result<Attempt<Request, RequestError>, RequestError> {
        let id = request.id;
        let missing = || StorageError(format!("request {id} has lost its certification request"));
        let csr = self.store().get(REQUEST_CSRS, id.to_string().as_bytes())?.ok_or_else(missing)?;
        // Verified once more: what was stored is trusted no further than what was sent.
        let csr = CertificationRequest::parse(&csr.value)?.verify()?;
        let applicant = self.applicant(request.identity, permit.scope())?;
        let profile = self.authority().profiles().find(&request.profile.0)?;
        let admitted = self.admit(profile, &applicant, &csr, &request.dns_names)?;
        let change = applicant.unchanged();
        let outcome = Outcome { request, expect: Expect::Version(version), change, event };
        self.issue(admitted, &permit.actor(), outcome)
    }

    /// The profile may have become stricter since the request was made, never laxer for it.
    fn approvals_needed(&self, request: &Request) -> Result<usize, RequestError> {
        let profile = self.authority().profiles().find(&request.profile.0)?;
        Ok(usize::from(request.approvals_needed.max(profile.vetting.approvals)))
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
            let rejection = Rejection { by: permit.staff(), at: self.now(), reason: reason.clone() };
            request.state = RequestState::Rejected(rejection);
            let event =
                self.event(&permit.actor(), REJECTED, format!("request:{id}"))?.because(reason.clone());
            let change = Change::new().replace(REQUESTS, id.to_string(), version, encode(&request)?);
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
