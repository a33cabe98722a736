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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use der::Encode;
    use der::asn1::{Int, ObjectIdentifier, OctetString};
    use spki::AlgorithmIdentifierOwned;

    use super::super::asn1::{Request, TbsRequest};
    use super::*;

    fn extension(oid: &str, critical: bool, value: &[u8]) -> Extension {
        let extn_id = ObjectIdentifier::new(oid).unwrap();
        Extension { extn_id, critical, extn_value: OctetString::new(value.to_vec()).unwrap() }
    }

    fn nonce_of(length: usize) -> Extension {
        let value = OctetString::new(vec![7; length]).unwrap().to_der().unwrap();
        extension("1.3.6.1.5.5.7.48.1.2", false, &value)
    }

    fn request(extensions: Vec<Extension>, of_single: Vec<Extension>) -> OcspRequest {
        let oid = ObjectIdentifier::new("1.3.14.3.2.26").unwrap();
        let hash = OctetString::new([0; 20]).unwrap();
        let cert_id = CertId {
            hash_algorithm: AlgorithmIdentifierOwned { oid, parameters: None },
            issuer_name_hash: hash.clone(),
            issuer_key_hash: hash,
            serial_number: Int::new(&[1]).unwrap(),
        };
        let some = |list: Vec<Extension>| (!list.is_empty()).then_some(list);
        OcspRequest {
            tbs_request: TbsRequest {
                version: None,
                requestor_name: None,
                request_list: vec![Request { cert_id, extensions: some(of_single) }],
                extensions: some(extensions),
            },
            signature: None,
        }
    }

    fn parse(request: &OcspRequest) -> Result<StatusRequest, MalformedRequest> {
        StatusRequest::parse(&request.to_der().unwrap())
    }

    #[test]
    fn nonces_have_1_to_128_octets() {
        for length in [1, 16, 32, 128] {
            let nonce = nonce_of(length);
            assert_eq!(parse(&request(vec![nonce.clone()], vec![])).unwrap().nonce, Some(nonce));
        }
        for length in [0, 129, 1000] {
            let refused = parse(&request(vec![nonce_of(length)], vec![]));
            assert_eq!(refused.unwrap_err(), MalformedRequest::Nonce, "{length}");
        }
        let bare = extension("1.3.6.1.5.5.7.48.1.2", false, b"not an OCTET STRING");
        assert_eq!(parse(&request(vec![bare], vec![])).unwrap_err(), MalformedRequest::Nonce);
        let twice = request(vec![nonce_of(32), nonce_of(32)], vec![]);
        assert_eq!(parse(&twice).unwrap_err(), MalformedRequest::Nonce);
    }

    #[test]
    fn a_critical_nonce_is_understood_and_echoed_as_not_critical() {
        let critical = Extension { critical: true, ..nonce_of(32) };
        assert_eq!(parse(&request(vec![critical], vec![])).unwrap().nonce, Some(nonce_of(32)));
    }

    #[test]
    fn unknown_extensions_are_ignored_unless_critical() {
        let plain = || extension("1.3.6.1.5.5.7.48.1.4", false, b"0");
        let critical = || extension("1.2.3", true, b"0");
        assert!(parse(&request(vec![plain()], vec![plain()])).is_ok());
        for refused in [request(vec![critical()], vec![]), request(vec![], vec![critical()])] {
            assert_eq!(parse(&refused).unwrap_err(), MalformedRequest::CriticalExtension);
        }
    }

    #[test]
    fn versions_and_empty_lists_are_refused() {
        let mut versioned = request(vec![], vec![]);
        versioned.tbs_request.version = Some(0);
        assert_eq!(parse(&versioned).unwrap_err(), MalformedRequest::Version);
        let mut empty = request(vec![], vec![]);
        empty.tbs_request.request_list.clear();
        assert_eq!(parse(&empty).unwrap_err(), MalformedRequest::CertIds);
    }

    #[test]
    fn a_length_in_more_octets_than_needed_is_not_der() {
        let der = request(vec![], vec![]).to_der().unwrap();
        let length = der[1];
        assert!(length < 0x80);
        let padded = [&[0x30, 0x81, length], &der[2..]].concat();
        assert_eq!(StatusRequest::parse(&padded).unwrap_err(), MalformedRequest::Syntax);
    }
}
