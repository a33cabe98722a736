//! What an approval says, and under whose key: an officer signs exactly what the certificate will hold, so that nobody, the
//! registry's own operators included, can make up or bend an approval, and anybody can judge it years later.

use ca_core::authorities::Admission;
use ca_core::jws;
use ca_core::profile::{Assurance, ProfileId};
use ca_core::profile_book::InForce;
use ca_core::storage::StorageError;
use ca_core::vault::{Envelope, SealedText, VaultError, purpose_of_field};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::decide::{demand_waiting, since_changed};
use super::issue::Applicant;
use super::wishes::Asked;
use super::{Approval, REQUESTS, Request, RequestError};
use crate::id::{IdentityId, RequestId, StaffId};
use crate::identity::{IdentityError, reason_line};
use crate::look::Work;
use crate::permission::{ApproveRequests, Permit, ReadRegistry};
use crate::registry::{Registry, reference};
use crate::staff::SignInError;

/// The type of a signed approval (RFC 7515 section 4.1.9).
pub const APPROVAL_TYPE: &str = "npki-approval+jws";

/// How old a statement may be when it is handed in: an officer reads, thinks and signs.
const READING: Duration = Duration::hours(1);
/// How far an officer's clock may be ahead.
const AHEAD: Duration = Duration::minutes(5);

/// What is approved: a request with all that its certificate will hold of the registry's facts and the applicant's wishes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matter {
    /// The request.
    pub request: RequestId,
    /// The profile.
    pub profile: ProfileId,
    /// SHA-256 of the text of its edition in force, hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profile_sha256: Option<String>,
    /// The CA that will issue.
    pub ca: String,
    /// The identity that the certificate is for.
    pub identity: IdentityId,
    /// The subject's attributes in their order, each `type: value`.
    pub subject: Vec<String>,
    /// The alternative names, each `form:value`.
    pub names: Vec<String>,
    /// SHA-256 of the certification request's DER, hex: it holds the key.
    pub csr_sha256: String,
    /// Where the key lives, as the applicant states it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_origin: Option<String>,
    /// The campaign that a certificate is replaced for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign: Option<String>,
    /// Who asked.
    pub requested_by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
}

impl std::fmt::Debug for Matter {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matter").field("request", &self.request).finish_non_exhaustive()
    }
}

/// What an approval is to state, and what keeps the officer who asks from giving it.
#[derive(Debug)]
pub struct ToApprove {
    /// What is approved.
    pub matter: Matter,
    /// Why somebody else must approve it.
    pub hindrance: Option<RequestError>,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// The certificate may be issued.
    ApproveRequest,
}

/// What an officer signs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// What is decided.
    pub act: Act,
    /// About what.
    pub matter: Matter,
    /// By whom.
    pub by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// To which level the officer saw the identity proven.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assurance: Option<Assurance>,
    /// What the officer notes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

impl std::fmt::Debug for Statement {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement")
            .field("matter", &self.matter)
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

/// What proves how a request was approved.
#[derive(Clone)]
pub struct Proof {
    /// The request.
    pub request: RequestId,
    /// The certification request, DER.
    pub csr: Vec<u8>,
    /// What the officers signed, in the order of the approvals.
    pub statements: Vec<String>,
    /// The certificate that was issued, DER.
    pub certificate: Option<Vec<u8>>,
    /// The certificates of this installation's CAs, DER.
    pub authorities: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Proof {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").field("request", &self.request).finish_non_exhaustive()
    }
}

/// A statement whose signature is that of the officer who hands it in.
pub(super) struct Signed {
    pub(super) statement: Statement,
    /// As it came, for whoever judges it later.
    pub(super) text: String,
}

/// What a request comes to now.
pub(super) struct Judged {
    pub(super) applicant: Applicant,
    pub(super) asked: Asked,
    pub(super) admitted: Admission,
    pub(super) matter: Matter,
}

impl Registry {
    /// What an approval of this request is to state, as everything stands now. For a person that is a look at the record.
    ///
    /// # Errors
    /// It is decided already, or the facts no longer fit the profile.
    pub fn to_approve(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
    ) -> Result<ToApprove, RequestError> {
        let (mut request, _) = self.request_record(id)?;
        demand_waiting(&request)?;
        let profile = self.profile(&request.profile.0)?;
        let Judged { matter, .. } = self.judged(permit, &request, &profile)?;
        let envelope = self.vault().for_reading(&reference(request.identity))?;
        let envelope = envelope.ok_or(IdentityError::Erased(request.identity))?;
        self.keep_those_of(&envelope, &mut request, &matter)?;
        self.record_looks(permit, [request.identity], &Work::on("request", id))?;
        let own = || self.demand_not_own(permit.staff(), request.identity).map_err(RequestError::from);
        let elsewhere = || self.demand_other_office(permit.staff(), &request, &profile);
        let hindrance =
            not_by(permit.staff(), &request).and_then(|()| own()).and_then(|()| elsewhere()).err();
        Ok(ToApprove { hindrance, matter })
    }

    pub(super) fn judged(
        &self,
        permit: &Permit<ApproveRequests>,
        request: &Request,
        profile: &InForce,
    ) -> Result<Judged, RequestError> {
        let applicant = self.applicant(request.identity, permit.scope())?;
        let asked = self.asked(request)?.ok_or(IdentityError::Erased(request.identity))?;
        let admitted = self
            .admit(profile, &applicant, &asked.csr, &asked.names)
            .map_err(|refused| since_changed(request, profile, refused))?;
        let matter = Matter {
            request: request.id,
            profile: request.profile.clone(),
            profile_sha256: profile.mark().map(|edition| edition.sha256.clone()),
            ca: admitted.issuer().to_string(),
            identity: request.identity,
            subject: admitted.subject().map(|(kind, value)| format!("{}: {value}", kind.name())).collect(),
            names: admitted.names().map(ToString::to_string).collect(),
            csr_sha256: request.csr_sha256.clone(),
            key_origin: request.key_origin.as_ref().map(ToString::to_string),
            campaign: request.campaign.as_ref().map(ToString::to_string),
            requested_by: request.requested_by,
            requested_at: request.requested_at,
        };
        Ok(Judged { applicant, asked, admitted, matter })
    }

    /// Believes a statement that its officer hands in, about this request, now.
    pub(super) fn signed(
        &self,
        permit: &Permit<ApproveRequests>,
        id: RequestId,
        text: &str,
    ) -> Result<Signed, RequestError> {
        let verified = jws::Unverified::parse(text, APPROVAL_TYPE)?.verify()?;
        let signer = self.authenticate(&verified.certificate).map_err(|error| match error {
            SignInError::Fault(fault) => RequestError::Fault(fault),
            error => RequestError::Signer(Box::new(error)),
        })?;
        let statement: Statement = serde_json::from_slice(&verified.payload)
            .map_err(|error| RequestError::Statement(format!("it cannot be read: {error}")))?;
        let refused = |why: &str| Err(RequestError::Statement(why.to_owned()));
        if signer.id() != permit.staff() || statement.by != permit.staff() {
            return refused("it is somebody else's");
        }
        if statement.matter.request != id {
            return refused("it is about another request");
        }
        let age = self.now() - statement.at;
        if age > READING || age < -AHEAD {
            return refused("it is not of this hour");
        }
        if let Some(note) = &statement.note
            && reason_line("note", note)? != *note
        {
            return refused("its note begins or ends with a space");
        }
        Ok(Signed { statement, text: text.to_owned() })
    }

    /// Whether an approval was of this matter: facts or profile may have changed since, and nobody approved the change.
    pub(super) fn is_of(
        &self,
        envelope: &Envelope,
        approval: &Approval,
        matter: &Matter,
    ) -> Result<bool, RequestError> {
        let Some(sealed) = &approval.statement else { return Ok(false) };
        let text = envelope.open_text(&purpose(matter.request, approval.by), sealed)?;
        let damaged = || StorageError(format!("an approval of {} is damaged", matter.request));
        // Verified once more: what was stored is trusted no further than what was sent.
        let verified = jws::Unverified::parse(&text, APPROVAL_TYPE).and_then(jws::Unverified::verify);
        let payload = verified.map_err(|_| damaged())?.payload;
        let statement: Statement = serde_json::from_slice(&payload).map_err(|_| damaged())?;
        Ok(statement.matter == *matter)
    }

    /// What proves how a request was approved. For a person that is a look at the record.
    ///
    /// # Errors
    /// No such request, it belongs to another organisation, or its identity was erased.
    pub fn proof_of(&self, permit: &Permit<ReadRegistry>, id: RequestId) -> Result<Proof, RequestError> {
        let request = self.request(permit, id)?;
        let erased = || IdentityError::Erased(request.identity);
        let asked = self.asked(&request)?.ok_or_else(erased)?;
        let envelope = self.vault().for_reading(&reference(request.identity))?.ok_or_else(erased)?;
        // Approvals from before they were signed have none.
        let signed = request.approvals.iter().filter_map(|one| Some((one.by, one.statement.as_ref()?)));
        let statements = signed
            .map(|(by, sealed)| envelope.open_text(&purpose(id, by), sealed))
            .collect::<Result<_, VaultError>>()?;
        let record = request.serial().map(|serial| self.authorities().find(serial)).transpose()?.flatten();
        let certificate =
            record.map(|record| self.authorities().der(&record, self.vault())).transpose()?.flatten();
        self.record_looks(permit, [request.identity], &Work::on("request", id))?;
        let authorities = self.authorities().own_certificates();
        Ok(Proof { request: id, csr: asked.csr.der().to_vec(), statements, certificate, authorities })
    }
}

/// Nobody approves a request of one's own, or one request twice.
pub(super) fn not_by(officer: StaffId, request: &Request) -> Result<(), RequestError> {
    if request.requested_by == officer {
        return Err(RequestError::Own(request.id));
    }
    if request.approvals.iter().any(|approval| approval.by == officer) {
        return Err(RequestError::ApprovedAlready(request.id));
    }
    Ok(())
}

pub(super) fn seal(envelope: &Envelope, signed: &Signed) -> Result<SealedText, VaultError> {
    let statement = &signed.statement;
    envelope.seal_text(&purpose(statement.matter.request, statement.by), &signed.text)
}

/// An officer's approval of a request; a later one replaces it.
fn purpose(request: RequestId, officer: StaffId) -> String {
    purpose_of_field(REQUESTS, request, format_args!("statement/{officer}"))
}
