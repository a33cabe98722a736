//! What a time-stamping unit's certificate must say.

use const_oid::db::rfc5280;
use der::asn1::ObjectIdentifier;
use time::OffsetDateTime;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsages};

use crate::validation::certificate::Certificate;
use crate::validation::der::{Element, GENERALIZED_TIME, Malformed, Reader, SEQUENCE, moment};

/// id-ce-privateKeyUsagePeriod (RFC 3280 section 4.2.1.4).
const PRIVATE_KEY_USAGE_PERIOD: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.16");

/// A certificate is not one of a time-stamping unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAUnit {
    /// It has another purpose, several, or its purpose is not critical (RFC 3161 section 2.3).
    #[error("the certificate's purpose is not time-stamping alone, marked critical (RFC 3161 section 2.3)")]
    Purpose,
    /// Its key usage has neither digitalSignature nor nonRepudiation.
    #[error("the certificate does not allow its key to sign")]
    KeyUsage,
}

/// Whether a certificate is one of a time-stamping unit.
///
/// # Errors
/// What is missing.
pub(super) fn verify_purpose(certificate: &Certificate) -> Result<(), NotAUnit> {
    // RFC 3161 section 2.3: exactly one instance of extended key usage, id-kp-timeStamping alone, and critical.
    let sole = match certificate.extension::<ExtendedKeyUsage>(rfc5280::ID_CE_EXT_KEY_USAGE) {
        Some(Ok(usage)) => usage.0 == [rfc5280::ID_KP_TIME_STAMPING],
        _ => false,
    };
    if !sole || !certificate.is_critical(rfc5280::ID_CE_EXT_KEY_USAGE) {
        return Err(NotAUnit::Purpose);
    }
    // ETSI EN 319 422 clause 6.2 and RFC 5280 section 4.2.1.12: digitalSignature or nonRepudiation.
    if certificate.key_may(&[KeyUsages::DigitalSignature, KeyUsages::NonRepudiation]) {
        Ok(())
    } else {
        Err(NotAUnit::KeyUsage)
    }
}

/// Until when the key may sign: the end of its own period of use, or of the certificate's validity.
///
/// # Errors
/// The period cannot be read.
pub(super) fn key_ends(certificate: &Certificate) -> Result<OffsetDateTime, Malformed> {
    let Some(value) = certificate.extension_value(PRIVATE_KEY_USAGE_PERIOD) else {
        return Ok(certificate.not_after());
    };
    let mut period = Reader::only(value, SEQUENCE)?;
    period.optional(0x80)?;
    let end = period.optional(0x81)?;
    period.end()?;
    let end = match end {
        Some(end) => moment(Element { tag: GENERALIZED_TIME, ..end })?,
        None => certificate.not_after(),
    };
    Ok(end.min(certificate.not_after()))
}
