//! The few facts of a certificate that OCSP turns on, and who may answer for an issuer.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::signature::{self, SignatureError};

/// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
const NO_CHECK: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1, 5];

/// A certificate as read: nothing about it has been verified.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    to_be_signed: Vec<u8>,
    /// The AlgorithmIdentifier, DER.
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
    subject: Vec<u8>,
    subject_text: String,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    public_key_info: Vec<u8>,
    public_key_bits: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    usages: Usages,
}

/// What a certificate's extensions say about answering for others.
#[derive(Debug, Clone, Copy)]
struct Usages {
    /// id-kp-OCSPSigning is listed.
    ocsp_signing: bool,
    /// Key usage, where present, has digitalSignature.
    signing: bool,
    /// id-pkix-ocsp-nocheck is there.
    no_check: bool,
}

impl Certificate {
    /// Reads one DER certificate.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, read) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        // RFC 5280 section 4.1.1.2: the algorithm outside the signed part must be the one inside.
        if !rest.is_empty() || read.signature_algorithm != read.tbs_certificate.signature {
            return Err(CertificateError::Malformed);
        }
        let validity = read.validity();
        let (signature_algorithm, signature) = outer_parts(der).ok_or(CertificateError::Malformed)?;
        Ok(Self {
            der: der.to_vec(),
            to_be_signed: read.tbs_certificate.as_ref().to_vec(),
            signature_algorithm,
            signature,
            subject: read.subject().as_raw().to_vec(),
            subject_text: ca_core::name::text(read.subject().as_raw()),
            issuer: read.issuer().as_raw().to_vec(),
            serial: read.raw_serial().to_vec(),
            public_key_info: read.public_key().raw.to_vec(),
            public_key_bits: read.public_key().subject_public_key.data.to_vec(),
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
            usages: usages(&read)?,
        })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The DER of the subject's name.
    pub(crate) fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The subject's name, to be read by people.
    pub(crate) fn subject_text(&self) -> &str {
        &self.subject_text
    }

    /// The content octets of the serial number.
    pub(crate) fn serial(&self) -> &[u8] {
        &self.serial
    }

    pub(crate) fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub(crate) fn key_sha256(&self) -> [u8; 32] {
        digest(&SHA256, &self.public_key_info).as_ref().try_into().unwrap_or_default()
    }

    /// The public key's bits, without tag, length and the count of unused bits.
    pub(crate) fn public_key_bits(&self) -> &[u8] {
        &self.public_key_bits
    }

    pub(crate) const fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    pub(crate) const fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// RFC 5280 section 4.1.2.5: from notBefore through notAfter, inclusive.
    pub(crate) fn is_in_force(&self, at: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&at)
    }

    /// Verifies that `issuer` signed this certificate under its own name.
    pub(crate) fn verify_issued_by(&self, issuer: &Self) -> Result<(), SignatureError> {
        // Issuer and subject name are compared byte for byte: RFC 5280 section 4.1.2.6 has a CA encode its name alike
        // in both places, and CertIDs hash those very bytes.
        if self.issuer != issuer.subject {
            return Err(SignatureError::Wrong);
        }
        signature::verify(
            &issuer.public_key_info,
            &self.signature_algorithm,
            &self.to_be_signed,
            &self.signature,
        )
    }
}

/// RFC 5280 section 4.1: the last two of a certificate's three parts, which the reader of the rest takes too lightly: the
/// signature under any tag, and with bits said to be unused. A signature is whole octets; else the same certificate would
/// have a second form.
fn outer_parts(certificate: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let parts = Vec::<AnyRef<'_>>::from_der(certificate).ok()?;
    let [_, algorithm, signature] = parts.as_slice() else { return None };
    let signature = signature.decode_as::<BitStringRef<'_>>().ok()?.as_bytes()?.to_vec();
    Some((algorithm.to_der().ok()?, signature))
}

fn usages(read: &X509Certificate<'_>) -> Result<Usages, CertificateError> {
    let malformed = |_| CertificateError::Malformed;
    let extended = read.tbs_certificate.extended_key_usage().map_err(malformed)?;
    let key_usage = read.tbs_certificate.key_usage().map_err(malformed)?;
    Ok(Usages {
        ocsp_signing: extended.is_some_and(|usage| usage.value.ocsp_signing),
        signing: key_usage.is_none_or(|usage| usage.value.digital_signature()),
        no_check: read
            .extensions()
            .iter()
            .any(|extension| extension.oid.iter().is_some_and(|arcs| arcs.eq(NO_CHECK.iter().copied()))),
    })
}

/// A responder certificate that may answer for an issuer at the moment it was admitted for.
#[derive(Debug, Clone)]
pub(crate) struct Delegate(Certificate);

impl Delegate {
    /// Admits `certificate` as a delegate of `issuer`.
    pub(crate) fn admit(
        certificate: Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Self, NotDelegated> {
        // RFC 6960 section 4.2.2.2: issued directly by the CA whose certificates are asked about, with the same key…
        certificate.verify_issued_by(issuer).map_err(|_| NotDelegated::OtherIssuer)?;
        // …and id-kp-OCSPSigning in the extended key usage; anyExtendedKeyUsage is not enough.
        if !certificate.usages.ocsp_signing {
            return Err(NotDelegated::NoOcspSigning);
        }
        // RFC 5280 section 4.2.1.12: both usage extensions must allow it.
        if !certificate.usages.signing {
            return Err(NotDelegated::NoDigitalSignature);
        }
        // RFC 6960 section 4.2.2.2.1 leaves a responder without nocheck to local policy. Ours: nobody else is asked
        // about the responder, so the CA itself must have said that nobody needs to be.
        if !certificate.usages.no_check {
            return Err(NotDelegated::NoNoCheck);
        }
        if !certificate.is_in_force(at) {
            return Err(NotDelegated::NotInForce);
        }
        Ok(Self(certificate))
    }

    pub(crate) const fn certificate(&self) -> &Certificate {
        &self.0
    }
}

/// A certificate could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not exactly one DER certificate.
    #[error("not a DER certificate")]
    Malformed,
}

/// A certificate may not answer for an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDelegated {
    /// Another CA, or another key of the same name, issued it.
    #[error("the responder's certificate was not issued by the CA it answers for")]
    OtherIssuer,
    /// Its extended key usage lacks id-kp-OCSPSigning.
    #[error("the responder's certificate is not meant for signing OCSP responses")]
    NoOcspSigning,
    /// Its key usage lacks digitalSignature.
    #[error("the responder's key may not make digital signatures")]
    NoDigitalSignature,
    /// It lacks id-pkix-ocsp-nocheck, so its own status would have to be asked for.
    #[error("the responder's certificate lacks id-pkix-ocsp-nocheck")]
    NoNoCheck,
    /// Not yet valid, or expired.
    #[error("the responder's certificate is not in force at this time")]
    NotInForce,
}
