//! Judges a filter, and what it says of a certificate.

use ca_core::clock::in_words;
use ca_core::serial::SerialNumber;
use time::{Duration, OffsetDateTime};

use super::{Head, MAX_FILTER_OCTETS, coding};
use crate::ocsp::NotDelegated;
use crate::ocsp::certificate::{Certificate as OcspCertificate, Delegate};
use crate::signature::{ContentDigest, SignatureError, SignedFile};
use crate::validation::certificate::Certificate;

/// By how much the clocks of who made a filter and who reads it may differ.
const SKEW: Duration = Duration::minutes(5);

/// A filter signed by whom its CA appointed, and not expired at the moment it was verified for.
#[derive(Debug)]
pub struct VerifiedFilter {
    head: Head,
    listed: Vec<u64>,
    issuer: OcspCertificate,
}

/// What a filter says of a certificate that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterStatus {
    /// Neither revoked nor on hold.
    Good,
    /// Revoked or on hold; a filter tells neither since when nor why.
    Revoked,
}

/// Why a filter says nothing of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCovered {
    /// Another CA's.
    #[error("the certificate was issued by another CA than the filter is of")]
    OtherIssuer,
    /// A CA's.
    #[error("the filter speaks of end entity certificates, and this is a CA's")]
    Ca,
    /// Issued since, or so shortly before that it may be missing.
    #[error(
        "the filter speaks of certificates that are valid from before {}, and this one is younger",
        in_words(*until)
    )]
    TooYoung {
        /// From when on certificates are not covered, UTC.
        until: OffsetDateTime,
    },
}

/// Why a filter is not to be relied on.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// Larger than [`MAX_FILTER_OCTETS`].
    #[error("the filter is larger than any npki reads")]
    TooLarge,
    /// Not the form that is described in [`crate::filter`].
    #[error("not a status filter (npki.status-filter/1)")]
    Form,
    /// It is of another CA.
    #[error("the filter is of another CA")]
    OtherIssuer,
    /// It was altered, or signed in a way that npki does not accept.
    #[error("the filter's signature: {0}")]
    Signature(#[from] SignatureError),
    /// The CA did not appoint who signed.
    #[error("whoever signed the filter may not speak for the CA: {0}")]
    NotAppointed(#[from] NotDelegated),
    /// The issuer's certificate, or that in the signature, cannot be read.
    #[error("a certificate cannot be read")]
    Certificate,
    /// It is over.
    #[error("the filter expired {}; fetch a newer one", in_words(*expires))]
    Expired {
        /// When, UTC.
        expires: OffsetDateTime,
    },
    /// It claims to be made later than now.
    #[error("the filter is dated in the future: compare the clocks")]
    FromTheFuture,
}

impl VerifiedFilter {
    /// Judges a filter of the CA whose certificate (DER) is `issuer`, and trusted, as it stands at the moment `at`.
    ///
    /// # Errors
    /// See [`FilterError`].
    pub fn verify(filter: &[u8], issuer: &[u8], at: OffsetDateTime) -> Result<Self, FilterError> {
        if u64::try_from(filter.len()).is_ok_and(|length| length > MAX_FILTER_OCTETS) {
            return Err(FilterError::TooLarge);
        }
        let issuer = OcspCertificate::parse(issuer).map_err(|_| FilterError::Certificate)?;
        let (head, begin) = Head::read(filter).ok_or(FilterError::Form)?;
        if head.issuer != issuer.key_sha256() {
            return Err(FilterError::OtherIssuer);
        }
        let end = begin.checked_add(head.body).ok_or(FilterError::Form)?;
        let (signed, signature) = filter.split_at_checked(end).ok_or(FilterError::Form)?;
        verify_signature(signed, signature, &issuer, at)?;
        if head.as_of > at.saturating_add(SKEW) {
            return Err(FilterError::FromTheFuture);
        }
        if at > head.expires {
            return Err(FilterError::Expired { expires: head.expires });
        }
        let limit = 1_u128 << head.values.bits;
        let body = signed.get(begin..).unwrap_or_default();
        let listed = coding::read(body, head.revoked, head.values.rice, limit).ok_or(FilterError::Form)?;
        Ok(Self { head, listed, issuer })
    }

    /// What the filter says of itself.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// What the filter says of a certificate. Says nothing about its validity or anything else.
    ///
    /// # Errors
    /// It does not cover this certificate: ask somebody else.
    pub fn status(&self, certificate: &Certificate) -> Result<FilterStatus, NotCovered> {
        let of_issuer = OcspCertificate::parse(certificate.der())
            .ok()
            .filter(|own| own.verify_issued_by(&self.issuer).is_ok())
            .ok_or(NotCovered::OtherIssuer)?;
        if certificate.is_ca() {
            return Err(NotCovered::Ca);
        }
        if certificate.not_before() >= self.head.covers_until {
            return Err(NotCovered::TooYoung { until: self.head.covers_until });
        }
        Ok(if self.lists(of_issuer.serial()) { FilterStatus::Revoked } else { FilterStatus::Good })
    }

    /// Whether this serial number is taken for a revoked one. That it is not says nothing: perhaps it was never issued, or since.
    pub fn lists_serial(&self, serial: &SerialNumber) -> bool {
        self.lists(serial.as_bytes())
    }

    /// Whether a serial number, given by the content octets of its DER, is taken for a revoked one.
    pub(super) fn lists(&self, serial: &[u8]) -> bool {
        self.listed.binary_search(&self.head.values.of(serial)).is_ok()
    }
}

/// RFC 6960 section 4.2.2.2: whom the CA lets answer for it may also tell all answers at once.
fn verify_signature(
    signed: &[u8],
    signature: &[u8],
    issuer: &OcspCertificate,
    at: OffsetDateTime,
) -> Result<(), FilterError> {
    let signature = SignedFile::parse(signature)?;
    let digest = ContentDigest::read(signed, signature.digest_algorithm()).map_err(|_| FilterError::Form)?;
    let verified = signature.verify(digest)?;
    let signer = OcspCertificate::parse(verified.signer.der()).map_err(|_| FilterError::Certificate)?;
    Delegate::admit(signer, issuer, at)?;
    Ok(())
}
