//! Certificates over HTTP.

use axum::Json;
use axum::extract::State;
use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::{CaId, CertificateRecord};
use ca_core::serial::SerialNumber;
use ca_core::status::{Grounds, Revocation, RevocationReason};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::input::{Asked, At, Body, page_size, parameter};
use super::key_origins::KnownOriginView;
use super::problem::{self as table, Problem};
use super::route::Service;
use super::{blocking, pem};
use crate::certificates::{CertificateFilter, CertificateStatus};
use crate::permission::{ReadRegistry, RevokeCertificates};
use crate::registry::Registry;

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Certificate)]
pub(super) struct CertificateView {
    /// Its serial number, hex.
    serial: String,
    /// The CA that issued it.
    issuer: String,
    /// The profile it was issued under.
    profile: String,
    /// Which edition of it: SHA-256 of its text, hex; null for what was issued before profiles had editions.
    profile_sha256: Option<String>,
    /// The identity it belongs to.
    identity: String,
    /// Its subject; null when the identity was erased.
    subject: Option<String>,
    /// Whether the identity was erased: then subject and certificate cannot be read any more.
    erased: bool,
    /// SHA-256 of its DER, hex.
    sha256: String,
    /// SHA-256 of its SubjectPublicKeyInfo, hex.
    key_sha256: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_before: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    issued_at: OffsetDateTime,
    /// `active`, `revoked`, `on-hold` or `expired`.
    status: &'static str,
    /// Set when revoked or on hold.
    revocation: Option<RevocationView>,
    /// Where its key lives, as far as that is known; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_origin: Option<KnownOriginView>,
    /// The certificate; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
    /// The certificate, then its issuer's; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
}

/// When and why a certificate was revoked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revocation)]
pub(super) struct RevocationView {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// As in RFC 5280 section 5.3.1, with hyphens: `key-compromise`.
    reason: &'static str,
    /// Since when the certificate is known or suspected to be invalid, where that is earlier.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    invalid_since: Option<OffsetDateTime>,
}

impl From<&Revocation> for RevocationView {
    fn from(revocation: &Revocation) -> Self {
        Self { at: revocation.at, reason: revocation.reason.name(), invalid_since: revocation.invalid_since }
    }
}

impl CertificateView {
    pub(super) fn of(registry: &Registry, record: CertificateRecord) -> Result<Self, Problem> {
        let subject = registry.subject_of(&record)?;
        Ok(Self {
            status: registry.status_of(&record).name(),
            serial: record.serial.to_string(),
            issuer: record.issuer.to_string(),
            profile: record.profile.to_string(),
            profile_sha256: record.profile_sha256,
            identity: record.identity.to_string(),
            erased: subject.is_none(),
            subject,
            sha256: record.sha256,
            key_sha256: record.key_sha256,
            not_before: record.not_before,
            not_after: record.not_after,
            issued_at: record.issued_at,
            revocation: record.revocation.as_ref().map(RevocationView::from),
            key_origin: None,
            pem: None,
            chain: None,
        })
    }
}

/// The certificate in PEM, alone and followed by those of the CAs up to below the root.
pub(super) fn pem_and_chain(registry: &Registry, issuer: &CaId, der: &[u8]) -> (String, String) {
    let leaf = pem::certificate(der);
    let above = registry.authorities().chain(issuer).iter().map(|der| pem::certificate(der));
    let chain = std::iter::once(leaf.clone()).chain(above).collect();
    (leaf, chain)
}

/// Which certificates to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CertificatesAsked {
    /// Those of this identity only.
    identity: Option<String>,
    /// Those that hold this key only: the SHA-256 of its SubjectPublicKeyInfo.
    key: Option<String>,
    /// Those that stand so only: `active`, `revoked`, `on-hold`, `expired`.
    status: Option<String>,
    /// Begin after this serial number.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of certificates.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CertificateList {
    items: Vec<CertificateView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Certificates, in the order of their serial numbers.
#[utoipa::path(get, path = "/v1/certificates", tag = "certificates", operation_id = "list_certificates",
    params(CertificatesAsked), responses((status = 200, body = CertificateList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    Asked(asked): Asked<CertificatesAsked>,
) -> Result<Json<CertificateList>, Problem> {
    let filter = CertificateFilter {
        identity: asked.identity.as_deref().map(str::parse).transpose()?,
        key: parameter::<SpkiDigest>("key", asked.key.as_deref())?,
        status: parameter::<CertificateStatus>("status", asked.status.as_deref())?,
    };
    let after = parameter::<SerialNumber>("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let list = blocking(&registry, move |registry| {
        let page = registry.certificates(&who.permit, filter, after, size)?;
        let next = page.next.map(|serial| serial.to_string());
        let items = page.items.into_iter().map(|record| CertificateView::of(registry, record));
        Ok(CertificateList { items: items.collect::<Result<_, _>>()?, next })
    });
    Ok(Json(list.await?))
}

/// One certificate, with its PEM and chain, unless its identity was erased.
#[utoipa::path(get, path = "/v1/certificates/{serial}", tag = "certificates", operation_id = "show_certificate",
    params(("serial" = String, Path, description = "The serial number, hex")),
    responses((status = 200, body = CertificateView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(serial): At,
) -> Result<Json<CertificateView>, Problem> {
    let serial = serial_number(&serial)?;
    let view = blocking(&registry, move |registry| {
        let (record, der) = registry.certificate(&who.permit, &serial)?;
        let issuer = record.issuer.clone();
        let key_origin = registry.key_origin(&who.permit, &record)?.map(KnownOriginView::from);
        let view = CertificateView { key_origin, ..CertificateView::of(registry, record)? };
        let Some(der) = der else { return Ok(view) };
        let (leaf, chain) = pem_and_chain(registry, &issuer, &der);
        Ok(CertificateView { pem: Some(leaf), chain: Some(chain), ..view })
    });
    Ok(Json(view.await?))
}

/// A revocation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// As in RFC 5280 section 5.3.1, with hyphens; `certificate-hold` suspends.
    #[schema(value_type = String, example = "superseded")]
    reason: RevocationReason,
    /// Since when the key is known or suspected to be in the wrong hands, where that is earlier than now: the
    /// invalidityDate of RFC 5280 section 5.3.2.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    invalid_since: Option<OffsetDateTime>,
    /// A note for the ledger. It stays for good: no personal data.
    note: Option<String>,
}

/// Revokes a certificate, or puts it on hold.
#[utoipa::path(post, path = "/v1/certificates/{serial}/revoke", tag = "certificates",
    operation_id = "revoke_certificate",
    params(("serial" = String, Path, description = "The serial number, hex")), request_body = Revoke,
    responses((status = 200, body = CertificateView)))]
pub(super) async fn revoke(
    State(registry): Service,
    who: Authorised<RevokeCertificates>,
    (At(serial), Body(revoke)): (At, Body<Revoke>),
) -> Result<Json<CertificateView>, Problem> {
    let serial = serial_number(&serial)?;
    let view = blocking(&registry, move |registry| {
        let grounds = Grounds { reason: revoke.reason, invalid_since: revoke.invalid_since };
        let record = registry.revoke(&who.permit, &serial, grounds, revoke.note.as_deref())?;
        CertificateView::of(registry, record)
    });
    Ok(Json(view.await?))
}

/// A release from hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    /// A note for the ledger. It stays for good: no personal data.
    note: Option<String>,
}

/// Releases a certificate from hold.
#[utoipa::path(post, path = "/v1/certificates/{serial}/release", tag = "certificates",
    operation_id = "release_certificate",
    params(("serial" = String, Path, description = "The serial number, hex")), request_body = Release,
    responses((status = 200, body = CertificateView)))]
pub(super) async fn release(
    State(registry): Service,
    who: Authorised<RevokeCertificates>,
    (At(serial), Body(release)): (At, Body<Release>),
) -> Result<Json<CertificateView>, Problem> {
    let serial = serial_number(&serial)?;
    let view = blocking(&registry, move |registry| {
        let record = registry.release(&who.permit, &serial, release.note.as_deref())?;
        CertificateView::of(registry, record)
    });
    Ok(Json(view.await?))
}

pub(super) fn serial_number(text: &str) -> Result<SerialNumber, Problem> {
    text.parse().map_err(|error: ca_core::serial::InvalidSerial| {
        Problem::new(table::SERIAL_MALFORMED, error.to_string())
    })
}
