//! OCSP requests and responses (RFC 6960).

use der::asn1::OctetString;
use der::{Decode, Encode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use x509_cert::ext::Extension;

use super::lines::{line, moment};
use super::view::CertificateView;
use super::{names, recognise};
use crate::ocsp::asn1::{
    BASIC, BasicResponse, CertId, CertStatus, NONCE, OcspRequest, OcspResponse, ResponderId, ResponseData,
    SingleResponse, WireStatus, from_wire_time,
};

/// The most questions or answers that are shown.
const SHOWN: usize = 1_000;

/// An OCSP request (RFC 6960 section 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcspRequestView {
    /// The certificates that it asks about.
    pub certificates: Vec<CertIdView>,
    /// The nonce, hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
    /// Whether it is signed.
    pub signed: bool,
    /// SHA-256 of the DER.
    pub sha256: String,
}

/// A certificate as OCSP names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertIdView {
    /// Its serial number.
    pub serial: String,
    /// The digest that its issuer is named by.
    pub digest_algorithm: String,
    /// Of the issuer's name.
    pub issuer_name_digest: String,
    /// Of the issuer's key.
    pub issuer_key_digest: String,
}

/// An OCSP response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcspView {
    /// responseStatus (RFC 6960 section 4.2.1).
    pub response_status: String,
    /// What it answers, where it does.
    #[serde(flatten, skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<OcspAnswerView>,
    /// SHA-256 of the DER.
    pub sha256: String,
}

/// A basic OCSP response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcspAnswerView {
    /// Who answers: a name, or `key` with SHA-1 of the key.
    pub responder: String,
    /// When it was signed.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub produced_at: Option<OffsetDateTime>,
    /// The answers, at most 1 000.
    pub responses: Vec<OcspStatusView>,
    /// The nonce, hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
    /// How it is signed.
    pub signature_algorithm: String,
    /// Certificates inside.
    pub certificates: Vec<CertificateView>,
}

/// What is said of one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcspStatusView {
    /// Which.
    pub certificate: CertIdView,
    /// `good`, `revoked` or `unknown`.
    pub status: String,
    /// Since when it is revoked.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub revoked_at: Option<OffsetDateTime>,
    /// Why, in the words of RFC 5280 section 5.3.1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// When that was so.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub this_update: Option<OffsetDateTime>,
    /// When newer is to be had.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub next_update: Option<OffsetDateTime>,
}

/// Reads a request.
pub(super) fn request(der: &[u8]) -> Option<OcspRequestView> {
    let found = OcspRequest::from_der(der).ok()?;
    let asked = &found.tbs_request;
    (!asked.request_list.is_empty()).then(|| OcspRequestView {
        certificates: asked.request_list.iter().take(SHOWN).map(|one| cert_id(&one.cert_id)).collect(),
        nonce: nonce(asked.extensions.as_deref()),
        signed: found.signature.is_some(),
        sha256: names::sha256(der),
    })
}

/// Reads a response; of one that cannot be read further, its status.
pub(super) fn response(der: &[u8]) -> Option<OcspView> {
    let found = OcspResponse::from_der(der).ok()?;
    let response_status = match found.status {
        WireStatus::Successful => "successful",
        WireStatus::MalformedRequest => "malformedRequest",
        WireStatus::InternalError => "internalError",
        WireStatus::TryLater => "tryLater",
        WireStatus::SigRequired => "sigRequired",
        WireStatus::Unauthorized => "unauthorized",
    };
    let basic = found.bytes.filter(|bytes| bytes.response_type == BASIC);
    Some(OcspView {
        response_status: response_status.to_owned(),
        answer: basic.and_then(|bytes| answer(bytes.response.as_bytes())),
        sha256: names::sha256(der),
    })
}

fn answer(der: &[u8]) -> Option<OcspAnswerView> {
    let basic = BasicResponse::from_der(der).ok()?;
    let data: ResponseData = basic.data.decode_as().ok()?;
    let certificates = basic.certificates.iter().flatten();
    let certificates = certificates.filter_map(|any| recognise::certificate(&any.to_der().ok()?));
    Some(OcspAnswerView {
        responder: match &data.responder {
            ResponderId::ByName(name) => ca_core::name::text(&name.to_der().ok()?),
            ResponderId::ByKey(key) => format!("key {}", hex::encode(key.as_bytes())),
        },
        produced_at: from_wire_time(data.produced_at),
        responses: data.responses.iter().take(SHOWN).map(status).collect(),
        nonce: nonce(data.extensions.as_deref()),
        signature_algorithm: names::oid(&basic.algorithm.oid.to_string()),
        certificates: certificates.collect(),
    })
}

fn status(single: &SingleResponse) -> OcspStatusView {
    let (word, revoked_at, reason) = match &single.status {
        CertStatus::Good(_) => ("good", None, None),
        CertStatus::Unknown(_) => ("unknown", None, None),
        CertStatus::Revoked(revoked) => {
            let reason = revoked.reason.map(|reason| recognise::reason_name(reason as u8));
            ("revoked", from_wire_time(revoked.revocation_time), reason)
        }
    };
    OcspStatusView {
        certificate: cert_id(&single.cert_id),
        status: word.to_owned(),
        revoked_at,
        reason,
        this_update: from_wire_time(single.this_update),
        next_update: single.next_update.and_then(from_wire_time),
    }
}

fn cert_id(id: &CertId) -> CertIdView {
    CertIdView {
        serial: names::serial(id.serial_number.as_bytes()),
        digest_algorithm: names::oid(&id.hash_algorithm.oid.to_string()),
        issuer_name_digest: hex::encode(id.issuer_name_hash.as_bytes()),
        issuer_key_digest: hex::encode(id.issuer_key_hash.as_bytes()),
    }
}

/// RFC 9654 section 2.1: an OCTET STRING in the extension's value; older ones stand there as they are.
fn nonce(extensions: Option<&[Extension]>) -> Option<String> {
    let found = extensions?.iter().find(|extension| extension.extn_id == NONCE)?.extn_value.as_bytes();
    let inside = OctetString::from_der(found);
    Some(hex::encode(inside.as_ref().map_or(found, OctetString::as_bytes)))
}

/// A request for people.
pub(super) fn request_lines(view: &OcspRequestView) -> Vec<String> {
    let mut lines = vec!["OCSP request".to_owned()];
    lines.extend(view.certificates.iter().flat_map(cert_id_lines));
    lines.extend(view.nonce.iter().map(|nonce| line("Nonce", nonce)));
    lines.push(line("Signed", if view.signed { "yes" } else { "no" }));
    lines.push(line("SHA-256", &view.sha256));
    lines
}

fn cert_id_lines(id: &CertIdView) -> [String; 2] {
    let issuer =
        format!("{} name {} key {}", id.digest_algorithm, id.issuer_name_digest, id.issuer_key_digest);
    [line("Serial", &id.serial), line("Issuer by", &issuer)]
}

/// A response for people, without the certificates in it.
pub(super) fn response_lines(view: &OcspView) -> Vec<String> {
    let mut lines = vec!["OCSP response".to_owned(), line("Response", &view.response_status)];
    let stated = |at: Option<OffsetDateTime>| at.map_or_else(|| "not stated".to_owned(), moment);
    if let Some(answer) = &view.answer {
        lines.push(line("Responder", &answer.responder));
        lines.push(line("Produced", &stated(answer.produced_at)));
        for one in &answer.responses {
            lines.extend(cert_id_lines(&one.certificate));
            let since = one.revoked_at.map(|at| format!(" since {}", moment(at))).unwrap_or_default();
            let why = one.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            lines.push(line("Status", &format!("{}{since}{why}", one.status)));
            lines.push(line("This update", &stated(one.this_update)));
            lines.push(line("Next update", &stated(one.next_update)));
        }
        lines.extend(answer.nonce.iter().map(|nonce| line("Nonce", nonce)));
        lines.push(line("Signed with", &answer.signature_algorithm));
    }
    lines.push(line("SHA-256", &view.sha256));
    lines
}
