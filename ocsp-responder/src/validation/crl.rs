//! What one CRL says of one certificate (RFC 5280 section 6.3), or why it cannot be used.
//!
//! A CRL is used only when every part of it is understood: a delta, indirect or partial CRL is never read as a
//! complete one. A partitioned CRL is complete for the certificates that name it; a delta CRL amends a complete one
//! (`delta.rs`). Deviation from section 6.3: CRLs for some reasons only are not added up.

use certval::DeferDecodeSigned;
use const_oid::db::rfc5280;
use der::Decode;
use der::asn1::ObjectIdentifier;
use time::OffsetDateTime;
use x509_cert::certificate::Raw;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, GeneralNames};
use x509_cert::ext::pkix::{CrlReason, KeyUsages};

use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;

use super::algorithm::{self, AlgorithmError};
use super::certificate::{Certificate, moment, text_of};
use super::status::{Finding, ReportedStatus};

/// The most octets a CRL may have: about a million entries with reasons take 50 MB.
pub const MAX_CRL_OCTETS: usize = 64 * 1024 * 1024;

/// How far the relying party's clock may be behind the CA's: where power fails, clocks are wrong by minutes.
const SKEW: time::Duration = time::Duration::minutes(5);

/// A CRL cannot be used for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlRefusal {
    /// Larger than [`MAX_CRL_OCTETS`].
    #[error("the CRL is larger than {MAX_CRL_OCTETS} octets")]
    TooLarge,
    /// Not a DER version 2 CRL.
    #[error("not a DER version 2 CRL")]
    Malformed,
    /// Issued under another name than the certificate.
    #[error("the CRL is of another issuer")]
    OtherIssuer,
    /// The issuer's keyUsage does not allow it to sign CRLs.
    #[error("the issuer's certificate does not allow it to sign CRLs")]
    NotACrlSigner,
    /// The signature does not verify with the issuer's key.
    #[error("the CRL's signature: {0}")]
    Signature(AlgorithmError),
    /// thisUpdate is later than the moment asked about.
    #[error("the CRL is not valid before {0}")]
    NotYetValid(OffsetDateTime),
    /// nextUpdate is earlier than the moment asked about.
    #[error("the CRL was to be replaced by {0}")]
    Stale(OffsetDateTime),
    /// There is no nextUpdate (RFC 5280 section 5.1.2.5).
    #[error("the CRL does not say until when it holds")]
    NoNextUpdate,
    /// A delta CRL (RFC 5280 section 5.2.4).
    #[error("a delta CRL, not a complete one")]
    Delta,
    /// A delta CRL that does not amend the complete CRL at hand (RFC 5280 section 6.3.3 (c)).
    #[error("a delta CRL that does not fit the complete one: {0}")]
    OtherBase(&'static str),
    /// An indirect CRL (RFC 5280 section 5.2.5).
    #[error("an indirect CRL")]
    Indirect,
    /// The CRL does not cover this kind of certificate, its distribution point, or all reasons.
    #[error("the CRL does not cover this certificate")]
    OutOfScope,
    /// A critical extension is not understood (RFC 5280 section 5.2).
    #[error("the CRL has the critical extension {0}, which is not understood")]
    CriticalExtension(ObjectIdentifier),
}

/// A CRL whose signature was verified, read whole: for showing it. Its times, and what it is about, are for the reader
/// to judge.
#[derive(Debug, Clone)]
pub struct VerifiedList {
    /// Its issuer, RFC 4514.
    pub issuer: String,
    /// Its cRLNumber (RFC 5280 section 5.2.3), decimal.
    pub number: Option<String>,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// When the next one comes at the latest, UTC.
    pub next_update: OffsetDateTime,
    /// For a delta CRL, the cRLNumber of the full CRL that it begins from, decimal.
    pub base: Option<String>,
    /// Where a partitioned CRL is, as its certificates name it.
    pub distribution_points: Vec<String>,
    /// The kind of certificates that it is restricted to.
    pub contains: Option<&'static str>,
    /// What it lists, in its own order.
    pub entries: Vec<ListEntry>,
}

/// An entry of a [`VerifiedList`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The serial number.
    pub serial: SerialNumber,
    /// Since when, UTC.
    pub at: OffsetDateTime,
    /// Why; `None` when the CRL gives no reason that npki names.
    pub reason: Option<RevocationReason>,
    /// In a delta CRL: no longer on hold (RFC 5280 section 5.3.1, removeFromCRL).
    pub removed: bool,
}

impl VerifiedList {
    /// Verifies that `issuer` made this CRL: a full one or a delta, of all certificates or some.
    ///
    /// # Errors
    /// Each way in which it is not.
    pub fn verify(crl: &[u8], issuer: &Certificate) -> Result<Self, CrlRefusal> {
        if crl.len() > MAX_CRL_OCTETS {
            return Err(CrlRefusal::TooLarge);
        }
        let list = CertificateList::<Raw>::from_der(crl).map_err(|_| CrlRefusal::Malformed)?;
        if !certval::compare_names(&list.tbs_cert_list.issuer, issuer.subject_name()) {
            return Err(CrlRefusal::OtherIssuer);
        }
        if !issuer.key_may(&[KeyUsages::CRLSign]) {
            return Err(CrlRefusal::NotACrlSigner);
        }
        let extent = extent(&list)?;
        verify_signature(crl, &list, issuer)?;
        let scope = extent.scope.as_ref();
        let entries = list.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default();
        Ok(Self {
            issuer: text_of(&list.tbs_cert_list.issuer),
            number: list_number(&list, rfc5280::ID_CE_CRL_NUMBER)?.as_deref().map(decimal),
            base: list_number(&list, rfc5280::ID_CE_DELTA_CRL_INDICATOR)?.as_deref().map(decimal),
            distribution_points: scope.map(addresses).unwrap_or_default(),
            contains: scope.and_then(restriction),
            this_update: moment(list.tbs_cert_list.this_update),
            next_update: moment(list.tbs_cert_list.next_update.ok_or(CrlRefusal::NoNextUpdate)?),
            entries: entries.iter().map(list_entry).collect::<Result<_, _>>()?,
        })
    }
}

fn list_entry(entry: &RevokedCert<Raw>) -> Result<ListEntry, CrlRefusal> {
    let serial = SerialNumber::from_der_content(entry.serial_number.as_bytes());
    let said = entry_reason(entry)?;
    Ok(ListEntry {
        serial: serial.map_err(|_| CrlRefusal::Malformed)?,
        at: moment(entry.revocation_date),
        reason: said.named(),
        removed: said == Said::Removed,
    })
}

/// A number among a CRL's extensions, big-endian without leading zeros.
pub(super) fn list_number(
    list: &CertificateList<Raw>,
    oid: ObjectIdentifier,
) -> Result<Option<Vec<u8>>, CrlRefusal> {
    let extensions = list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default();
    let Some(number) = extensions.iter().find(|extension| extension.extn_id == oid) else {
        return Ok(None);
    };
    let number =
        der::asn1::Uint::from_der(number.extn_value.as_bytes()).map_err(|_| CrlRefusal::Malformed)?;
    Ok(Some(number.as_bytes().to_vec()))
}

/// RFC 5280 section 5.2.3 allows 20 octets; numbers beyond 16 are shown in hexadecimal.
fn decimal(octets: &[u8]) -> String {
    let decimal =
        octets.iter().try_fold(0_u128, |sum, octet| Some(sum.checked_mul(256)? + u128::from(*octet)));
    decimal.map_or_else(|| format!("0x{}", hex::encode(octets)), |number| number.to_string())
}

fn addresses(scope: &IssuingDistributionPoint) -> Vec<String> {
    match &scope.distribution_point {
        Some(DistributionPointName::FullName(names)) => uris(names).collect(),
        _ => Vec::new(),
    }
}

/// The addresses among names.
pub(super) fn uris(names: &GeneralNames) -> impl Iterator<Item = String> {
    names.iter().filter_map(|name| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    })
}

const fn restriction(scope: &IssuingDistributionPoint) -> Option<&'static str> {
    if scope.only_contains_user_certs {
        Some("user-certificates")
    } else if scope.only_contains_ca_certs {
        Some("ca-certificates")
    } else {
        None
    }
}

/// Verifies `crl` and looks `certificate` up in it, at the moment `at`.
///
/// # Errors
/// Each way in which the CRL cannot be used: the status is then undetermined, neither good nor revoked.
pub fn crl_status(
    crl: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    at: OffsetDateTime,
) -> Result<Finding, CrlRefusal> {
    let (list, this_update, next_update) = usable(crl, certificate, issuer, at, Kind::Complete)?;
    let status = match lookup(&list, certificate, Kind::Complete)? {
        Some((at, said)) => ReportedStatus::Revoked { at, reason: said.named() },
        None => ReportedStatus::Good,
    };
    Ok(Finding { status, this_update, next_update: Some(next_update) })
}

/// What a CRL is to be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Complete,
    Delta,
}

/// Verifies everything about `crl` but its entries; the times are thisUpdate and nextUpdate.
pub(super) fn usable(
    crl: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    at: OffsetDateTime,
    kind: Kind,
) -> Result<(CertificateList<Raw>, OffsetDateTime, OffsetDateTime), CrlRefusal> {
    if crl.len() > MAX_CRL_OCTETS {
        return Err(CrlRefusal::TooLarge);
    }
    let list = CertificateList::<Raw>::from_der(crl).map_err(|_| CrlRefusal::Malformed)?;
    // Cheap questions first: the signature is checked before any entry is believed.
    verify_issuer(&list, certificate, issuer)?;
    let (this_update, next_update) = verify_time(&list, at)?;
    let extent = extent(&list)?;
    match (kind, extent.delta) {
        (Kind::Complete, true) => return Err(CrlRefusal::Delta),
        (Kind::Delta, false) => return Err(CrlRefusal::OtherBase("it is none")),
        _ => {}
    }
    if let Some(scope) = &extent.scope {
        verify_distribution_point(scope, certificate)?;
    }
    verify_signature(crl, &list, issuer)?;
    Ok((list, this_update, next_update))
}

fn verify_issuer(
    list: &CertificateList<Raw>,
    certificate: &Certificate,
    issuer: &Certificate,
) -> Result<(), CrlRefusal> {
    // RFC 5280 section 6.3.3 (b)(1): without cRLIssuer, the CRL's issuer is the certificate's issuer.
    let name = &list.tbs_cert_list.issuer;
    let same = certval::compare_names(name, issuer.subject_name())
        && certval::compare_names(name, certificate.issuer_name());
    if !same {
        return Err(CrlRefusal::OtherIssuer);
    }
    // RFC 5280 section 6.3.3 (f): if a key usage extension is present, cRLSign must be set.
    if issuer.key_may(&[KeyUsages::CRLSign]) { Ok(()) } else { Err(CrlRefusal::NotACrlSigner) }
}

fn verify_time(
    list: &CertificateList<Raw>,
    at: OffsetDateTime,
) -> Result<(OffsetDateTime, OffsetDateTime), CrlRefusal> {
    let this_update = moment(list.tbs_cert_list.this_update);
    let next_update = moment(list.tbs_cert_list.next_update.ok_or(CrlRefusal::NoNextUpdate)?);
    if at.saturating_add(SKEW) < this_update {
        return Err(CrlRefusal::NotYetValid(this_update));
    }
    if at > next_update {
        return Err(CrlRefusal::Stale(next_update));
    }
    Ok((this_update, next_update))
}

/// What a CRL says it is about.
struct Extent {
    delta: bool,
    scope: Option<IssuingDistributionPoint>,
}

fn extent(list: &CertificateList<Raw>) -> Result<Extent, CrlRefusal> {
    let extensions = list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    let mut extent = Extent { delta: false, scope: None };
    for extension in extensions {
        if !seen.insert(extension.extn_id) {
            return Err(CrlRefusal::Malformed);
        }
        match extension.extn_id {
            rfc5280::ID_CE_DELTA_CRL_INDICATOR => extent.delta = true,
            // Matched by number: x509-cert gives its IssuingDistributionPoint type the number of another extension.
            rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT => extent.scope = Some(scope(extension)?),
            // The signature is checked with the issuer's key itself, so its identifier adds nothing.
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER | rfc5280::ID_CE_CRL_NUMBER => {}
            other if extension.critical => return Err(CrlRefusal::CriticalExtension(other)),
            _ => {}
        }
    }
    Ok(extent)
}

fn scope(extension: &Extension) -> Result<IssuingDistributionPoint, CrlRefusal> {
    let scope = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes())
        .map_err(|_| CrlRefusal::Malformed)?;
    if scope.indirect_crl { Err(CrlRefusal::Indirect) } else { Ok(scope) }
}

// RFC 5280 section 6.3.3 (b)(2).
fn verify_distribution_point(
    scope: &IssuingDistributionPoint,
    certificate: &Certificate,
) -> Result<(), CrlRefusal> {
    let is_ca = certificate.is_ca();
    let wrong_kind = scope.only_contains_attribute_certs
        || (scope.only_contains_user_certs && is_ca)
        || (scope.only_contains_ca_certs && !is_ca);
    if wrong_kind || scope.only_some_reasons.is_some() {
        return Err(CrlRefusal::OutOfScope);
    }
    match &scope.distribution_point {
        None => Ok(()),
        Some(DistributionPointName::FullName(names)) if names_distribution_point(certificate, names) => {
            Ok(())
        }
        Some(_) => Err(CrlRefusal::OutOfScope),
    }
}

// RFC 5280 section 6.3.3 (b)(2)(i): one of the CRL's names must be one of the certificate's.
fn names_distribution_point(certificate: &Certificate, names: &GeneralNames) -> bool {
    let points: Option<Result<CrlDistributionPoints, ()>> =
        certificate.extension(rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS);
    let Some(Ok(points)) = points else { return false };
    points.0.iter().any(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(own)) => own.iter().any(|name| names.contains(name)),
        _ => false,
    })
}

fn verify_signature(crl: &[u8], list: &CertificateList<Raw>, issuer: &Certificate) -> Result<(), CrlRefusal> {
    // Over the octets as they came: decoding and encoding again may not give the same ones.
    let signed = DeferDecodeSigned::from_der(crl).map_err(|_| CrlRefusal::Malformed)?;
    // RFC 5280 section 5.1.1.2: the two algorithm identifiers MUST be the same.
    if list.tbs_cert_list.signature != list.signature_algorithm {
        return Err(CrlRefusal::Malformed);
    }
    let signature = list.signature.as_bytes().ok_or(CrlRefusal::Malformed)?;
    let key = issuer.tbs().subject_public_key_info();
    algorithm::read(&list.signature_algorithm)
        .and_then(|algorithm| algorithm::verify(algorithm, key, &signed.tbs_field, signature))
        .map_err(CrlRefusal::Signature)
}

/// What an entry says, and since when; `None`: there is none for the certificate.
pub(super) fn lookup(
    list: &CertificateList<Raw>,
    certificate: &Certificate,
    kind: Kind,
) -> Result<Option<(OffsetDateTime, Said)>, CrlRefusal> {
    let mut found = None;
    for entry in list.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default() {
        // RFC 5280 section 5.3: an unknown critical entry extension anywhere spoils the whole CRL.
        let said = entry_reason(entry)?;
        // RFC 5280 section 5.3.1: removeFromCRL belongs to delta CRLs alone.
        if said == Said::Removed && kind == Kind::Complete {
            return Err(CrlRefusal::Delta);
        }
        if entry.serial_number.as_bytes() == certificate.tbs().serial_number().as_bytes() {
            found = Some((moment(entry.revocation_date), said));
        }
    }
    Ok(found)
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Revoked, or on hold; `None` when it gives no reason that npki names.
    Revoked(Option<RevocationReason>),
    /// No longer on hold, or expired.
    Removed,
}

impl Said {
    const fn named(self) -> Option<RevocationReason> {
        match self {
            Self::Revoked(reason) => reason,
            Self::Removed => None,
        }
    }
}

fn entry_reason(entry: &RevokedCert<Raw>) -> Result<Said, CrlRefusal> {
    let mut said = Said::Revoked(None);
    for extension in entry.crl_entry_extensions.as_deref().unwrap_or_default() {
        match extension.extn_id {
            rfc5280::ID_CE_CRL_REASONS => {
                let code = CrlReason::from_der(extension.extn_value.as_bytes())
                    .map_err(|_| CrlRefusal::Malformed)?;
                said = match code {
                    CrlReason::RemoveFromCRL => Said::Removed,
                    code => Said::Revoked(
                        RevocationReason::ALL.into_iter().find(|known| known.code() == code as u8),
                    ),
                };
            }
            // RFC 5280 section 5.3.3: the certificate issuer entry extension makes a CRL indirect.
            rfc5280::ID_CE_CERTIFICATE_ISSUER => return Err(CrlRefusal::Indirect),
            rfc5280::ID_CE_INVALIDITY_DATE => {}
            other if extension.critical => return Err(CrlRefusal::CriticalExtension(other)),
            _ => {}
        }
    }
    Ok(said)
}
