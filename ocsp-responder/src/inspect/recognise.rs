//! Which kind of object the octets are: by PEM label, or by their form.

use cms::content_info::ContentInfo;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use x509_parser::prelude::{
    CertificateRevocationList, FromDer, ReasonCode, X509Certificate, X509CertificationRequest,
};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::framing::{Block, is_private, pem};
use super::view::{
    CertificateView, Inspected, KeyView, PrivateKeyView, RequestView, RevocationListView, RevokedView,
};
use super::{InspectError, extensions, key, ledger, list, message, names, ocsp, pkcs12, signed, stamps};
use crate::signature::asic::is_container;
use crate::signature::jades::is_jws;

/// The most CRL entries that are shown.
const SHOWN_ENTRIES: usize = 1_000;

/// A PEM object, the `position`th of its file.
pub(super) fn labelled(block: &Block, position: usize) -> Result<Inspected, InspectError> {
    if is_private(&block.label) {
        let encrypted = block.label.starts_with("ENCRYPTED") || block.label.contains("SEALED");
        return Ok(Inspected::PrivateKey(PrivateKeyView { form: block.label.clone(), encrypted }));
    }
    let der = block.der.as_slice();
    let (found, expected) = match block.label.as_str() {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
            (certificate(der).map(Inspected::Certificate), "certificate")
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            (request(der).map(Inspected::CertificationRequest), "certification request")
        }
        "X509 CRL" => (revocation_list(der).map(Inspected::RevocationList), "CRL"),
        "CMS" | "PKCS7" => (cms(der), "CMS message"),
        "PUBLIC KEY" => (public_key(der).map(Inspected::PublicKey), "public key"),
        _ => return Err(InspectError::UnknownLabel { position, label: block.label.clone() }),
    };
    found.ok_or(InspectError::Malformed { position, expected })
}

/// A document that is no DER, by how it begins.
pub(super) fn document(octets: &[u8]) -> Option<Inspected> {
    if octets.starts_with(b"%PDF-") {
        return Some(Inspected::Pdf(signed::pdf(octets)));
    }
    if is_container(octets) {
        return Some(Inspected::Container(signed::container(octets)));
    }
    if is_jws(octets) {
        return signed::jws(octets).map(Inspected::JsonWebSignature);
    }
    match octets.trim_ascii_start().first() {
        Some(b'{') => ledger::receipt(octets).map(Inspected::Receipt),
        Some(b'<') => list::view(octets).map(Inspected::TrustedList),
        _ => ledger::checkpoint(octets).map(Inspected::Checkpoint),
    }
}

/// One DER object and nothing after it.
pub(super) fn bare(der: &[u8]) -> Result<Inspected, InspectError> {
    private_key(der)
        .or_else(|| certificate(der).map(Inspected::Certificate))
        .or_else(|| request(der).map(Inspected::CertificationRequest))
        .or_else(|| cms(der))
        .or_else(|| stamps::request(der))
        .or_else(|| stamps::reply(der))
        .or_else(|| ocsp::response(der).map(Inspected::OcspResponse))
        .or_else(|| pkcs12::view(der).map(Inspected::Pkcs12))
        .or_else(|| public_key(der).map(Inspected::PublicKey))
        .or_else(|| revocation_list(der).map(Inspected::RevocationList))
        .or_else(|| ocsp::request(der).map(Inspected::OcspRequest))
        .ok_or(InspectError::NotRecognised)
}

fn whole<'a, T: FromDer<'a, x509_parser::error::X509Error>>(der: &'a [u8]) -> Option<T> {
    match T::from_der(der) {
        Ok(([], found)) => Some(found),
        _ => None,
    }
}

pub(super) fn certificate(der: &[u8]) -> Option<CertificateView> {
    let found: X509Certificate<'_> = whole(der)?;
    Some(CertificateView {
        subject: names::distinguished(found.subject()),
        issuer: names::distinguished(found.issuer()),
        serial: names::serial(found.raw_serial()),
        not_before: names::time(found.validity().not_before),
        not_after: names::time(found.validity().not_after),
        key: key::view(found.public_key()),
        signature_algorithm: names::oid(&found.signature_algorithm.algorithm.to_id_string()),
        extensions: found.extensions().iter().map(extensions::view).collect(),
        sha256: names::sha256(der),
        pem: pem("CERTIFICATE", der),
    })
}

fn request(der: &[u8]) -> Option<RequestView> {
    let found: X509CertificationRequest<'_> = whole(der)?;
    let info = &found.certification_request_info;
    let asked = info.iter_attributes().filter_map(|attribute| match attribute.parsed_attribute() {
        x509_parser::cri_attributes::ParsedCriAttribute::ExtensionRequest(asked) => Some(&asked.extensions),
        _ => None,
    });
    Some(RequestView {
        subject: names::distinguished(&info.subject),
        key: key::view(&info.subject_pki),
        signature_algorithm: names::oid(&found.signature_algorithm.algorithm.to_id_string()),
        extensions: asked.flatten().map(extensions::view).collect(),
        sha256: names::sha256(der),
        pem: pem("CERTIFICATE REQUEST", der),
    })
}

fn revocation_list(der: &[u8]) -> Option<RevocationListView> {
    let found: CertificateRevocationList<'_> = whole(der)?;
    let entries = found.iter_revoked_certificates().take(SHOWN_ENTRIES).map(|entry| RevokedView {
        serial: names::serial(entry.raw_serial()),
        at: names::time(entry.revocation_date),
        reason: entry.reason_code().map(|(_, reason)| reason_name(reason.0)),
    });
    Some(RevocationListView {
        issuer: names::distinguished(found.issuer()),
        this_update: names::time(found.last_update()),
        next_update: found.next_update().map(names::time),
        signature_algorithm: names::oid(&found.signature_algorithm.algorithm.to_id_string()),
        extensions: found.extensions().iter().map(extensions::view).collect(),
        revoked_count: found.iter_revoked_certificates().count(),
        revoked: entries.collect(),
        sha256: names::sha256(der),
    })
}

// The words of ca-core where it has one, those of RFC 5280 section 5.3.1 elsewhere.
pub(super) fn reason_name(code: u8) -> String {
    let known = ca_core::status::RevocationReason::ALL.into_iter().find(|known| known.code() == code);
    known.map_or_else(|| ReasonCode(code).to_string(), |known| known.name().to_owned())
}

fn public_key(der: &[u8]) -> Option<KeyView> {
    let found: SubjectPublicKeyInfo<'_> = whole(der)?;
    Some(key::view(&found))
}

fn cms(der: &[u8]) -> Option<Inspected> {
    // The indefinite form cannot be read further, but its beginning says what it is.
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let streamed = der.starts_with(&[0x30, 0x80]) && der.get(2..13) == Some(SIGNED_DATA);
    let is_message = streamed || ContentInfo::from_der(der).is_ok();
    is_message.then(|| Inspected::CmsMessage(message::view(der)))
}

/// The elements of the one SEQUENCE that `der` is.
fn elements(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let outer = AnyRef::from_der(der).ok().filter(|any| any.tag() == Tag::Sequence)?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() && found.len() < 16 {
        found.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(found)
}

// By the order of its parts alone: nothing of the key is decoded.
fn private_key(der: &[u8]) -> Option<Inspected> {
    let parts = elements(der)?;
    let tags: Vec<_> = parts.iter().map(Tagged::tag).collect();
    let (form, encrypted) = match tags.as_slice() {
        // RFC 5958 section 2: OneAsymmetricKey.
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => ("PRIVATE KEY", false),
        // RFC 5915 section 3: ECPrivateKey.
        [Tag::Integer, Tag::OctetString, ..] => ("EC PRIVATE KEY", false),
        // RFC 8017 appendix A.1.2: RSAPrivateKey.
        [Tag::Integer, rest @ ..] if rest.len() >= 8 && rest.iter().all(|tag| *tag == Tag::Integer) => {
            ("RSA PRIVATE KEY", false)
        }
        // RFC 5958 section 3: EncryptedPrivateKeyInfo.
        [Tag::Sequence, Tag::OctetString] if names_encryption(parts.first()?) => {
            ("ENCRYPTED PRIVATE KEY", true)
        }
        _ => return None,
    };
    Some(Inspected::PrivateKey(PrivateKeyView { form: form.to_owned(), encrypted }))
}

// PKCS#5 (1.2.840.113549.1.5) and PKCS#12 (1.2.840.113549.1.12.1) encryption schemes.
fn names_encryption(algorithm: &AnyRef<'_>) -> bool {
    let mut reader = match SliceReader::new(algorithm.value()) {
        Ok(reader) => reader,
        Err(_) => return false,
    };
    ObjectIdentifier::decode(&mut reader).is_ok_and(|oid: ObjectIdentifier| {
        let dotted = oid.to_string();
        dotted.starts_with("1.2.840.113549.1.5.") || dotted.starts_with("1.2.840.113549.1.12.1.")
    })
}
