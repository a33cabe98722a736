//! Names of algorithms in XML signatures (RFC 9231), and ECDSA signatures as they stand there.

use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};
use spki::SubjectPublicKeyInfoRef;

/// The identifier of a signature algorithm; `None` for one that has no name in XML, or none that others know.
pub(crate) fn identifier(algorithm: SignatureAlgorithm) -> Option<&'static str> {
    known().into_iter().find_map(|(known, identifier)| (known == algorithm).then_some(identifier))
}

/// The signature algorithm that an identifier names. SHA-1 has none here.
pub(super) fn named(identifier: &str) -> Option<SignatureAlgorithm> {
    known().into_iter().find_map(|(algorithm, known)| (known == identifier).then_some(algorithm))
}

fn known() -> [(SignatureAlgorithm, &'static str); 9] {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, RsaPkcs1, RsaPss};
    [
        (Ecdsa(Sha256), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        (Ecdsa(Sha384), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"),
        (Ecdsa(Sha512), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"),
        (RsaPkcs1(Sha256), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        (RsaPkcs1(Sha384), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"),
        (RsaPkcs1(Sha512), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
        (RsaPss(Sha256), "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
        (RsaPss(Sha384), "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"),
        (RsaPss(Sha512), "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"),
    ]
}

/// The digest that an identifier names. SHA-1 has none here.
pub(crate) fn digest_named(identifier: &str) -> Option<DigestAlgorithm> {
    DigestAlgorithm::ALL.into_iter().find(|digest| digest_identifier(*digest) == identifier)
}

/// The identifier of a digest.
pub(crate) const fn digest_identifier(digest: DigestAlgorithm) -> &'static str {
    match digest {
        DigestAlgorithm::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        DigestAlgorithm::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
        DigestAlgorithm::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
    }
}

/// RFC 3279 section 2.2.3.
#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// The octets of a coordinate of a key's curve; `None` for keys of other kinds, whose signatures stand as they are.
fn coordinate(public_key_info: &[u8]) -> Option<usize> {
    let key = SubjectPublicKeyInfoRef::from_der(public_key_info).ok()?;
    if key.algorithm.oid != const_oid::db::rfc5912::ID_EC_PUBLIC_KEY {
        return None;
    }
    // An uncompressed point is one octet and two coordinates.
    key.subject_public_key.as_bytes().map(|point| point.len().saturating_sub(1) / 2)
}

/// RFC 9231 section 2.3.6: r and s one after the other, each as long as a coordinate.
pub(crate) fn to_xml(public_key_info: &[u8], signature: Vec<u8>) -> Option<Vec<u8>> {
    let Some(length) = coordinate(public_key_info) else { return Some(signature) };
    let EcdsaSigValue { r, s } = EcdsaSigValue::from_der(&signature).ok()?;
    let mut both = Vec::with_capacity(2 * length);
    for half in [r.as_bytes(), s.as_bytes()] {
        both.resize(both.len() + length.checked_sub(half.len())?, 0);
        both.extend_from_slice(half);
    }
    Some(both)
}

/// The other way round. Exactly as long as the curve has it, so that one signature has one form.
pub(crate) fn from_xml(public_key_info: &[u8], signature: Vec<u8>) -> Option<Vec<u8>> {
    let Some(length) = coordinate(public_key_info) else { return Some(signature) };
    if signature.len() != 2 * length {
        return None;
    }
    let (r, s) = signature.split_at(length);
    EcdsaSigValue { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}
