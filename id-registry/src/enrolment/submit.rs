//! Submitting requests. What a profile refuses is refused here, not days later.

use ca_core::alternative_name::Name;
use ca_core::csr::{CertificationRequest, VerifiedCsr};
use ca_core::profile::Profile;
use ca_core::profile_book::InForce;
use ca_core::storage::{Change, Expect};

use super::idempotency::{IdempotencyKey, Keyed, digest};
use super::issue::{Applicant, Outcome, Submitted, keep_csr};
use super::{
    REQUESTS, REQUESTS_BY_CSR, Request, RequestError, RequestState, RequestStatus, SUBMITTED, index, wishes,
};
use crate::campaign::CampaignName;
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, RequestId};
use crate::key_origin::{KeyOrigin, StatedOrigin};
use crate::permission::{Permit, RequestCertificates};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};

/// A request as it comes in: nothing in it is checked yet.
#[derive(Debug, Clone)]
pub struct Submission<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// The identity that the certificate is for.
    pub identity: IdentityId,
    /// The certification request, PEM or DER.
    pub csr: &'a [u8],
    /// Alternative names wished for besides those in the certification request, each `form:value`; without any, all that the
    /// registry grants.
    pub names: &'a [String],
    /// Where the key lives, if that is stated.
    pub key_origin: Option<StatedOrigin<'a>>,
    /// The campaign that it is for, if it replaces a certificate for one.
    pub campaign: Option<&'a str>,
}

impl<'a> Submission<'a> {
    /// A submission that says no more than it must.
    pub const fn of(profile: &'a str, identity: IdentityId, csr: &'a [u8]) -> Self {
        Self { profile, identity, csr, names: &[], key_origin: None, campaign: None }
    }
}

/// A submission whose certification request is verified.
struct Verified<'a> {
    profile: &'a str,
    identity: IdentityId,
    csr: VerifiedCsr,
    names: Vec<Name>,
    key_origin: Option<KeyOrigin>,
    campaign: Option<CampaignName>,
}

impl Verified<'_> {
    fn csr_sha256(&self) -> String {
        hex::encode(self.csr.sha256())
    }

    fn content(&self) -> String {
        let (identity, csr) = (self.identity.to_string(), self.csr_sha256());
        let mut parts = vec![self.profile, identity.as_str(), csr.as_str()];
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        parts.extend(names.iter().map(String::as_str));
        // No name's form is called so.
        let origin = self.key_origin.as_ref().map(|origin| format!("origin: {origin}"));
        parts.extend(origin.as_deref());
        let campaign = self.campaign.as_ref().map(|campaign| format!("campaign: {campaign}"));
        parts.extend(campaign.as_deref());
        digest(&parts)
    }
}

/// The profile says who may ask.
fn demand_requester(permit: &Permit<RequestCertificates>, profile: &Profile) -> Result<(), RequestError> {
    let role = permit.requester();
    let (asking, vetting) = (role.name(), &profile.vetting);
    // For what nobody may ask at all, the kind of identity is what does not fit.
    if vetting.identity_kind.is_none() || vetting.requested_by.contains(&role) {
        return Ok(());
    }
    let admitted: Vec<&str> = vetting.requested_by.iter().map(|role| role.name()).collect();
    Err(RequestError::NotAskedBy { profile: profile.id.clone(), asking, admitted: admitted.join(", ") })
}

impl Registry {
    /// Takes a request for a certificate. Where the profile asks for no approval, the certificate is issued at once.
    /// The same submission under the same key gives the same request again.
    ///
    /// # Errors
    /// The certification request, profile or identity does not fit, the request was made before, or issuing failed.
    pub fn submit(
        &self,
        permit: &Permit<RequestCertificates>,
        submission: &Submission<'_>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Request, RequestError> {
        let verified = self.verified(submission)?;
        let keyed = key.map(|key| Keyed::new(self, key, permit.staff(), verified.content())).transpose()?;
        until_settled(|| {
            if let Some(earlier) = self.submitted_before(keyed.as_ref())? {
                return Ok(Attempt::Settled(Ok(earlier)));
            }
            // Looked up each time: it may be changed meanwhile.
            let profile = self.profile(verified.profile)?;
            demand_requester(permit, &profile)?;
            let applicant = self.applicant(verified.identity, permit.scope())?;
            match self.submit_new(permit, &verified, &profile, &applicant, keyed.as_ref()) {
                // The same submission may have been committed between the look at its key and the look at its
                // certification request. Both are marked in one commit: whoever sees the second sees the first now.
                Err(RequestError::CsrUsed(used)) => match self.submitted_before(keyed.as_ref())? {
                    Some(earlier) => Ok(Attempt::Settled(Ok(earlier))),
                    None => Err(RequestError::CsrUsed(used)),
                },
                attempt => attempt,
            }
        })
    }

    fn submitted_before(&self, keyed: Option<&Keyed>) -> Result<Option<Request>, RequestError> {
        let earlier = keyed.map(|keyed| keyed.earlier(self)).transpose()?.flatten();
        earlier.map(|id| self.request_record(id).map(|(request, _)| request)).transpose()
    }

    fn verified<'a>(&self, submission: &Submission<'a>) -> Result<Verified<'a>, RequestError> {
        let csr = CertificationRequest::parse(submission.csr)?.verify()?;
        let profile = submission.profile;
        let names = submission.names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        let key_origin = submission.key_origin.map(StatedOrigin::read).transpose()?;
        let campaign = submission.campaign.map(CampaignName::for_request).transpose()?;
        Ok(Verified { profile, identity: submission.identity, csr, names, key_origin, campaign })
    }

    fn submit_new(
        &self,
        permit: &Permit<RequestCertificates>,
        verified: &Verified<'_>,
        profile: &InForce,
        applicant: &Applicant,
        keyed: Option<&Keyed>,
    ) -> Result<Attempt<Request, RequestError>, RequestError> {
        let admitted = self.admit(profile, applicant, &verified.csr, &verified.names)?;
        let mut request = self.new_request(permit, verified, profile, applicant)?;
        let key = self.key_stands(&request, &verified.csr, &admitted)?;
        let change = applicant.unchanged().and(self.first_writes(&request, keyed)?);
        let event = self
            .event(&permit.actor(), SUBMITTED, format!("request:{}", request.id))?
            .with("identity", request.identity.to_string())
            .with("profile", request.profile.0.clone())
            .with("csr-sha256", request.csr_sha256.clone());
        if request.approvals_needed == 0 {
            let submitted = Submitted { csr: verified.csr.der().to_vec(), names: verified.names.clone() };
            let submitted = Some(submitted);
            let change = change.and(key);
            let outcome = Outcome { request, expect: Expect::Absent, submitted, change, event };
            return self.issue(admitted, &permit.actor(), outcome);
        }
        let (envelope, key_stands) = self.vault().for_writing(&reference(request.identity))?;
        request.names = wishes::seal(&envelope, request.id, &verified.names)?;
        let change = keep_csr(change.and(key_stands), &envelope, request.id, verified.csr.der())?;
        let change = index::enter(change, &request)
            .insert(REQUESTS, request.id.to_string(), encode(&request)?)
            .explained_by(&event);
        let outcome = self.commit(change);
        Ok(Attempt::of(outcome, || request))
    }

    fn new_request(
        &self,
        permit: &Permit<RequestCertificates>,
        verified: &Verified<'_>,
        profile: &InForce,
        applicant: &Applicant,
    ) -> Result<Request, RequestError> {
        Ok(Request {
            id: RequestId::draw(self.entropy()).map_err(Fault::from)?,
            profile: profile.id.clone(),
            profile_sha256: profile.mark().map(|edition| edition.sha256.clone()),
            identity: verified.identity,
            organisation: applicant.identity.record.organisation(),
            csr_sha256: verified.csr_sha256(),
            dns_names: Vec::new(),
            names: None,
            key_origin: verified.key_origin.clone(),
            campaign: verified.campaign.clone(),
            approvals_needed: profile.vetting.approvals,
            approvals: Vec::new(),
            requested_by: permit.staff(),
            requested_at: self.now(),
            state: RequestState::Waiting,
        })
    }

    /// Marks the certification request, and the idempotency key, as used.
    fn first_writes(&self, request: &Request, keyed: Option<&Keyed>) -> Result<Change, RequestError> {
        let change = self.mark_csr(request)?;
        Ok(match keyed {
            Some(keyed) => change.and(keyed.used_for(request.id)?),
            None => change,
        })
    }

    /// A certification request serves one request only, unless that was rejected.
    fn mark_csr(&self, request: &Request) -> Result<Change, RequestError> {
        let found = record::find::<RequestId>(self.store(), REQUESTS_BY_CSR, &request.csr_sha256)?;
        let (key, value) = (request.csr_sha256.clone(), encode(&request.id)?);
        let Some((earlier, version)) = found else {
            return Ok(Change::new().insert(REQUESTS_BY_CSR, key, value));
        };
        if self.request_record(earlier)?.0.status() != RequestStatus::Rejected {
            return Err(RequestError::CsrUsed(earlier));
        }
        Ok(Change::new().replace(REQUESTS_BY_CSR, key, version, value))
    }
}
