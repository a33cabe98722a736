//! Reads what relying parties ask (RFC 6960 section 4.1).

use der::Decode;
use der::asn1::OctetStringRef;
use x509_cert::ext::Extension;

use super::asn1::{CertId, NONCE, OcspRequest};

/// Octets of a request that are read at all.
pub const MAX_REQUEST: usize = 64 * 1024;
/// CertIDs that one request may hold. Browsers and openssl send one, validators of long chains a handful.
pub const MAX_CERT_IDS: usize = 64;
/// Octets of the longest nonce (RFC 9654 section 2.1).
pub const MAX_NONCE: usize = 128;

/// A well-formed request within bounds. Its signature, if any, has not been verified.
#[derive(Debug)]
pub(super) struct StatusRequest {
    /// At least one, at most [`MAX_CERT_IDS`].
    pub(super) cert_ids: Vec<CertId>,
    /// The nonce extension's value, to be echoed as it is.
    pub(super) nonce: Option<Extension>,
}

impl StatusRequest {
    /// Reads a request: strict DER, within bounds, nothing critical that npki does not understand.
    ///
    /// The request's signature is accepted by its form and not verified: npki answers everyone alike, so there is
    /// nothing a signature could open (RFC 6960 section 4.1.2 leaves it to the responder to require one).
    pub(super) fn parse(der: &[u8]) -> Result<Self, MalformedRequest> {
        if der.len() > MAX_REQUEST {
            return Err(MalformedRequest::TooLong);
        }
        let request = OcspRequest::from_der(der).map_err(|_| MalformedRequest::Syntax)?;
        // RFC 6960 section 4.1.1: version DEFAULT v1 and no other version is defined; DER leaves a default out.
        if request.tbs_request.version.is_some() {
            return Err(MalformedRequest::Version);
        }
        let asked = request.tbs_request.request_list;
        if asked.is_empty() || asked.len() > MAX_CERT_IDS {
            return Err(MalformedRequest::CertIds);
        }
        let nonce = nonce(request.tbs_request.extensions.as_deref().unwrap_or_default())?;
        for single in &asked {
            refuse_critical(single.extensions.as_deref().unwrap_or_default())?;
        }
        Ok(Self { cert_ids: asked.into_iter().map(|single| single.cert_id).collect(), nonce })
    }
}

fn nonce(extensions: &[Extension]) -> Result<Option<Extension>, MalformedRequest> {
    let mut nonces = extensions.iter().filter(|extension| extension.extn_id == NONCE);
    let nonce = nonces.next();
    // RFC 5280 section 4.2, whose Extensions these are: no extension twice. With two nonces, which one is echoed?
    if nonces.next().is_some() {
        return Err(MalformedRequest::Nonce);
    }
    refuse_critical(extensions.iter().filter(|extension| extension.extn_id != NONCE))?;
    nonce.map(checked_nonce).transpose()
}

/// RFC 9654 section 2.1: `Nonce ::= OCTET STRING (SIZE (1..128))`; a responder rejects a nonce of 0 octets or of more
/// than 128 with malformedRequest.
fn checked_nonce(extension: &Extension) -> Result<Extension, MalformedRequest> {
    let value =
        <&OctetStringRef>::from_der(extension.extn_value.as_bytes()).map_err(|_| MalformedRequest::Nonce)?;
    if !(1..=MAX_NONCE).contains(&value.as_bytes().len()) {
        return Err(MalformedRequest::Nonce);
    }
    Ok(Extension { critical: false, ..extension.clone() })
}

/// RFC 6960 section 4.1.2: extensions that are not recognised are ignored unless they are critical. It names no error
/// for those that are; malformedRequest tells the client that asking again will not help.
fn refuse_critical<'a>(extensions: impl IntoIterator<Item = &'a Extension>) -> Result<(), MalformedRequest> {
    if extensions.into_iter().any(|extension| extension.critical) {
        return Err(MalformedRequest::CriticalExtension);
    }
    Ok(())
}

/// A request is not answered. The client's fault; told as malformedRequest (RFC 6960 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum MalformedRequest {
    #[error("longer than {MAX_REQUEST} octets")]
    TooLong,
    #[error("not the DER of an OCSPRequest")]
    Syntax,
    #[error("a version other than v1, or v1 spelt out")]
    Version,
    #[error("no CertID, or more than {MAX_CERT_IDS}")]
    CertIds,
    #[error("two nonces, or one that is empty, longer than {MAX_NONCE} octets or no OCTET STRING")]
    Nonce,
    #[error("an unknown critical extension")]
    CriticalExtension,
}
