//! From an approved request to its certificate: decided on the facts as they are at this moment.

use ca_core::alternative_name::Name;
use ca_core::authorities::Admission;
use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::CertificateRecord;
use ca_core::csr::VerifiedCsr;
use ca_core::issuance::IssueError;
use ca_core::ledger::{Actor, Event};
use ca_core::profile_book::InForce;
use ca_core::storage::{AuditedChange, Change, CommitError, Expect, Operation, Version};
use ca_core::vault::{Envelope, VaultError};

use super::{REQUEST_CSRS, REQUESTS, Request, RequestError, RequestState, csr_purpose, index, wishes};
use crate::campaign::Wish;
use crate::certificates::CERTIFICATES_BY_ORGANISATION;
use crate::fault::Attempt;
use crate::id::{IdentityId, RequestId};
use crate::identity::{IDENTITIES, Identity, IdentityError, IdentityRecord};
use crate::life;
use crate::permission::Scope;
use crate::record::encode;
use crate::registry::{Registry, reference};

/// Keeps a certification request, sealed in the envelope of the identity that it is for.
pub(super) fn keep_csr(
    change: Change,
    envelope: &Envelope,
    request: RequestId,
    csr: &[u8],
) -> Result<Change, VaultError> {
    let sealed = envelope.seal(&csr_purpose(request), csr)?;
    Ok(change.insert(REQUEST_CSRS, request.to_string(), sealed))
}

/// An identity that certificates may be issued to, and the version of its record that says so.
pub(super) struct Applicant {
    pub(super) identity: Identity,
    version: Version,
    /// The organisation that owns it, whose name its certificates bear, and the version of that one's record.
    owner: Option<(Identity, Version)>,
}

impl Applicant {
    /// Demands that the identity, and whoever owns it, still stand as they were when it was judged.
    pub(super) fn unchanged(&self) -> Change {
        let own = (&self.identity, self.version);
        let owner = self.owner.as_ref().map(|(owner, version)| (owner, *version));
        std::iter::once(own).chain(owner).fold(Change::new(), |change, (identity, version)| {
            change.check(IDENTITIES, identity.id().to_string(), Expect::Version(version))
        })
    }
}

impl Registry {
    pub(super) fn applicant(&self, id: IdentityId, scope: Scope) -> Result<Applicant, IdentityError> {
        let (record, version) = self.identity_record(id)?;
        record.within(scope)?;
        match record.demand_active() {
            Ok(()) => {
                let owner = self.owner_of(&record)?;
                Ok(Applicant { identity: self.with_details(record)?, version, owner })
            }
            Err(IdentityError::Closed(_)) if self.vault().is_erased(&reference(id))? => {
                Err(IdentityError::Erased(id))
            }
            Err(error) => Err(error),
        }
    }

    /// Asks the profile whether it admits the request now.
    pub(super) fn admit(
        &self,
        profile: &InForce,
        applicant: &Applicant,
        csr: &VerifiedCsr,
        names: &[Name],
    ) -> Result<Admission, RequestError> {
        for_its_kind(profile, applicant.identity.id())?;
        demand_own_decision(profile, &applicant.identity.record)?;
        self.demand_token_at_hand(applicant, csr)?;
        let owner = applicant.owner.as_ref().map(|(owner, _)| owner);
        let subject = self.vouched_for(&applicant.identity, owner, profile)?;
        // The key is that of the verified request; the names wished for may also stand beside it.
        let wishes = csr.wishes().clone().and_names(names);
        self.authorities().admit(csr.key().clone(), &wishes, subject, profile).map_err(RequestError::Issue)
    }

    /// Nobody gets another certificate for a key that is in a lost token. The commit demands that no other is lost meanwhile.
    fn demand_token_at_hand(&self, applicant: &Applicant, csr: &VerifiedCsr) -> Result<(), RequestError> {
        let Some(lost) = &applicant.identity.record.lost_token else { return Ok(()) };
        let key = SpkiDigest::of(csr.key().der());
        for record in self.authorities().find_many(&lost.held)?.into_iter().flatten() {
            if SpkiDigest::of_record(&record)? == key {
                return Err(RequestError::TokenLost(record.serial));
            }
        }
        Ok(())
    }

    /// What must stand about a request's key when its certificate is issued: no campaign has such certificates replaced, and
    /// it lives where it is said to, which is kept.
    pub(super) fn key_stands(
        &self,
        request: &Request,
        csr: &VerifiedCsr,
        admitted: &Admission,
    ) -> Result<Change, RequestError> {
        let wish = Wish {
            key: csr.key(),
            profile: &request.profile,
            issuer: admitted.issuer(),
            identity: Some(request.identity),
            organisation: request.organisation,
            origin: request.key_origin.as_ref(),
            campaign: request.campaign.as_ref(),
        };
        let free = self.free_of_campaigns(&wish)?.and(self.keep_origin(request, csr)?);
        Ok(free.and(self.certified_pseudonym_found(request)?))
    }

    /// Prepares and signs. Certificate and request become what they are in one commit, or neither does.
    pub(super) fn issue(
        &self,
        admitted: Admission,
        actor: &Actor,
        outcome: Outcome,
    ) -> Result<Attempt<Request, RequestError>, RequestError> {
        let mut kept = outcome.request.clone();
        let signed = admitted.issue(actor, |certificate, envelope| {
            kept.state = RequestState::Issued { serial: certificate.serial.clone() };
            if let Some(submitted) = &outcome.submitted {
                kept.names = wishes::seal(envelope, kept.id, &submitted.names)?;
            }
            outcome.change(&kept, certificate, envelope)
        });
        match signed {
            Ok(_) => Ok(Attempt::Settled(Ok(kept))),
            Err(IssueError::Commit(conflict @ CommitError::Conflict { .. })) => {
                Ok(Attempt::Overtaken(conflict))
            }
            Err(error) => Err(RequestError::Issue(error)),
        }
    }
}

/// What a guardian decides, no certificate of the ward's does. The commit demands that no guardianship begins meanwhile.
fn demand_own_decision(profile: &InForce, record: &IdentityRecord) -> Result<(), RequestError> {
    match &record.guardianship {
        Some(guardianship) if guardianship.reach.takes(profile) => {
            Err(RequestError::UnderGuardianship { id: record.id, reach: guardianship.reach })
        }
        _ => Ok(()),
    }
}

/// Goes on if the profile is for identities of this kind.
pub(super) fn for_its_kind(profile: &InForce, id: IdentityId) -> Result<(), RequestError> {
    let wanted = profile.vetting.identity_kind.as_ref();
    if wanted.is_some_and(|kind| kind == id.kind().name()) {
        return Ok(());
    }
    Err(RequestError::WrongProfile {
        profile: profile.id.clone(),
        wanted: wanted.map_or_else(|| "for no identity".to_owned(), |kind| format!("for kind {kind}")),
        identity: id,
        found: id.kind(),
    })
}

/// What came with a submission and is sealed with its request.
pub(super) struct Submitted {
    /// The certification request, DER.
    pub(super) csr: Vec<u8>,
    /// The names beside it.
    pub(super) names: Vec<Name>,
}

/// What else is written when a certificate is issued.
pub(super) struct Outcome {
    pub(super) request: Request,
    /// What the request's record must stand at; absent for a request that is issued at once.
    pub(super) expect: Expect,
    /// What is kept of a request that is issued at once.
    pub(super) submitted: Option<Submitted>,
    pub(super) change: Change,
    pub(super) event: Event,
}

impl Outcome {
    fn change(
        self,
        issued: &Request,
        certificate: &CertificateRecord,
        envelope: &Envelope,
    ) -> Result<AuditedChange, VaultError> {
        let change = match self.expect {
            Expect::Absent => index::enter(self.change, issued),
            _ => index::decided(self.change, issued),
        };
        let change = match issued.organisation {
            Some(organisation) => {
                let key = format!("{organisation}/{}", certificate.serial);
                change.insert(CERTIFICATES_BY_ORGANISATION, key, [])
            }
            None => change,
        };
        let change = match self.submitted {
            Some(submitted) => keep_csr(change, envelope, issued.id, &submitted.csr)?,
            None => change,
        };
        let kept = Operation::Put(encode(issued)?);
        // Who owns it is named in it too: whatever reaches all that an organisation has is not overtaken either.
        let owner = issued.organisation.filter(|owner| *owner != issued.identity);
        let bearers = std::iter::once(issued.identity).chain(owner);
        let change = bearers.fold(change, |change, id| life::issued(change, id, &certificate.serial));
        Ok(change
            .write(REQUESTS, issued.id.to_string(), self.expect, kept)
            .explained_by(&self.event.with("certificate", certificate.serial.to_string())))
    }
}
