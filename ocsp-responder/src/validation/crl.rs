//! What one CRL says of one certificate (RFC 5280 section 6.3), or why it cannot be used.
//!
//! A CRL is used only when every part of it is understood: a delta, indirect or partial CRL is never read as a
//! complete one. Deviation from section 6.3: several partial CRLs are not added up.

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
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralNames};
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

/// A complete CRL whose signature and scope were verified, read whole: for showing it. Its times are for the reader to
/// judge.
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
}

impl VerifiedList {
    /// Verifies that `issuer` made this CRL and that it is a complete one.
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
        verify_scope(&list, issuer)?;
        verify_signature(crl, &list, issuer)?;
        let entries = list.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default();
        Ok(Self {
            issuer: text_of(&list.tbs_cert_list.issuer),
            number: crl_number(&list)?,
            this_update: moment(list.tbs_cert_list.this_update),
            next_update: moment(list.tbs_cert_list.next_update.ok_or(CrlRefusal::NoNextUpdate)?),
            entries: entries.iter().map(list_entry).collect::<Result<_, _>>()?,
        })
    }
}

fn list_entry(entry: &RevokedCert<Raw>) -> Result<ListEntry, CrlRefusal> {
    let serial = SerialNumber::from_der_content(entry.serial_number.as_bytes());
    Ok(ListEntry {
        serial: serial.map_err(|_| CrlRefusal::Malformed)?,
        at: moment(entry.revocation_date),
        reason: entry_reason(entry)?,
    })
}

fn crl_number(list: &CertificateList<Raw>) -> Result<Option<String>, CrlRefusal> {
    let extensions = list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default();
    let Some(number) = extensions.iter().find(|extension| extension.extn_id == rfc5280::ID_CE_CRL_NUMBER)
    else {
        return Ok(None);
    };
    let number =
        der::asn1::Uint::from_der(number.extn_value.as_bytes()).map_err(|_| CrlRefusal::Malformed)?;
    // RFC 5280 section 5.2.3 allows 20 octets; numbers beyond 16 are shown in hexadecimal.
    let octets = number.as_bytes();
    let decimal =
        octets.iter().try_fold(0_u128, |sum, octet| Some(sum.checked_mul(256)? + u128::from(*octet)));
    Ok(Some(decimal.map_or_else(|| format!("0x{}", hex::encode(octets)), |number| number.to_string())))
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
    if crl.len() > MAX_CRL_OCTETS {
        return Err(CrlRefusal::TooLarge);
    }
    let list = CertificateList::<Raw>::from_der(crl).map_err(|_| CrlRefusal::Malformed)?;
    // Cheap questions first: the signature is checked before any entry is believed.
    verify_issuer(&list, certificate, issuer)?;
    let (this_update, next_update) = verify_time(&list, at)?;
    verify_scope(&list, certificate)?;
    verify_signature(crl, &list, issuer)?;
    let status = lookup(&list, certificate)?;
    Ok(Finding { status, this_update, next_update: Some(next_update) })
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

fn verify_scope(list: &CertificateList<Raw>, certificate: &Certificate) -> Result<(), CrlRefusal> {
    let extensions = list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    for extension in extensions {
        if !seen.insert(extension.extn_id) {
            return Err(CrlRefusal::Malformed);
        }
        match extension.extn_id {
            rfc5280::ID_CE_DELTA_CRL_INDICATOR => return Err(CrlRefusal::Delta),
            // Matched by number: x509-cert gives its IssuingDistributionPoint type the number of another extension.
            rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT => verify_distribution_point(extension, certificate)?,
            // The signature is checked with the issuer's key itself, so its identifier adds nothing.
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER | rfc5280::ID_CE_CRL_NUMBER => {}
            other if extension.critical => return Err(CrlRefusal::CriticalExtension(other)),
            _ => {}
        }
    }
    Ok(())
}

// RFC 5280 section 6.3.3 (b)(2).
fn verify_distribution_point(extension: &Extension, certificate: &Certificate) -> Result<(), CrlRefusal> {
    let scope = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes())
        .map_err(|_| CrlRefusal::Malformed)?;
    if scope.indirect_crl {
        return Err(CrlRefusal::Indirect);
    }
    let is_ca = certificate.is_ca();
    let wrong_kind = scope.only_contains_attribute_certs
        || (scope.only_contains_user_certs && is_ca)
        || (scope.only_contains_ca_certs && !is_ca);
    if wrong_kind || scope.only_some_reasons.is_some() {
        return Err(CrlRefusal::OutOfScope);
    }
    match scope.distribution_point {
        None => Ok(()),
        Some(DistributionPointName::FullName(names)) if names_distribution_point(certificate, &names) => {
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

fn lookup(list: &CertificateList<Raw>, certificate: &Certificate) -> Result<ReportedStatus, CrlRefusal> {
    let mut found = None;
    for entry in list.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default() {
        // RFC 5280 section 5.3: an unknown critical entry extension anywhere spoils the whole CRL.
        let reason = entry_reason(entry)?;
        if entry.serial_number.as_bytes() == certificate.tbs().serial_number().as_bytes() {
            found = Some(ReportedStatus::Revoked { at: moment(entry.revocation_date), reason });
        }
    }
    Ok(found.unwrap_or(ReportedStatus::Good))
}

fn entry_reason(entry: &RevokedCert<Raw>) -> Result<Option<RevocationReason>, CrlRefusal> {
    let mut reason = None;
    for extension in entry.crl_entry_extensions.as_deref().unwrap_or_default() {
        match extension.extn_id {
            rfc5280::ID_CE_CRL_REASONS => {
                let code = CrlReason::from_der(extension.extn_value.as_bytes())
                    .map_err(|_| CrlRefusal::Malformed)?;
                // RFC 5280 section 5.3.1: removeFromCRL belongs to delta CRLs alone.
                if code == CrlReason::RemoveFromCRL {
                    return Err(CrlRefusal::Delta);
                }
                reason = RevocationReason::ALL.into_iter().find(|known| known.code() == code as u8);
            }
            // RFC 5280 section 5.3.3: the certificate issuer entry extension makes a CRL indirect.
            rfc5280::ID_CE_CERTIFICATE_ISSUER => return Err(CrlRefusal::Indirect),
            rfc5280::ID_CE_INVALIDITY_DATE => {}
            other if extension.critical => return Err(CrlRefusal::CriticalExtension(other)),
            _ => {}
        }
    }
    Ok(reason)
}
