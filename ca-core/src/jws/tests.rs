#![allow(clippy::unwrap_used)]

use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm as Scheme};

use super::*;
use crate::keys::software::SoftwareKey;

const TYPE: &str = "npki-test+jws";

fn signer(scheme: &'static Scheme) -> (SoftwareKey, Vec<u8>) {
    let pair = KeyPair::generate_for(scheme).unwrap();
    let certificate =
        CertificateParams::new(vec!["a.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
    (SoftwareKey::from_pkcs8(&pair.serialize_der()).unwrap(), certificate.der().to_vec())
}

fn p256() -> (SoftwareKey, Vec<u8>) {
    signer(&rcgen::PKCS_ECDSA_P256_SHA256)
}

fn judged(text: &str) -> Result<Verified, JwsError> {
    Unverified::parse(text, TYPE)?.verify()
}

/// The same statement with its header changed, and signed anew with this key: only the header can be what refuses it.
fn with_header(key: &SoftwareKey, certificate: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> String {
    let made = sign(key, TYPE, certificate, b"{}").unwrap();
    let (header, _) = made.split_once('.').unwrap();
    let mut header: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    change(&mut header);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode("{}"));
    let signature = to_jose(key.signature_algorithm(), key.sign(signed.as_bytes()).unwrap()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn what_is_signed_is_read_again() {
    for scheme in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        let (key, certificate) = signer(scheme);
        let text = sign(&key, TYPE, &certificate, "tlhahlobo".as_bytes()).unwrap();
        assert_eq!(judged(&text).unwrap(), Verified { certificate, payload: b"tlhahlobo".to_vec() });
    }
}

#[test]
fn a_key_that_is_not_the_certificates_signs_nothing() {
    let ((key, _), (_, certificate)) = (p256(), p256());
    let text = sign(&key, TYPE, &certificate, b"{}").unwrap();
    assert!(matches!(judged(&text), Err(JwsError::Signature)));
}

#[test]
fn every_octet_is_signed() {
    let (key, certificate) = p256();
    let text = sign(&key, TYPE, &certificate, br#"{"act":"approve-request"}"#).unwrap();
    for place in (0..text.len()).step_by(7) {
        let mut altered = text.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert!(judged(&altered).is_err(), "octet {place}");
    }
    let (signed, signature) = text.rsplit_once('.').unwrap();
    assert!(judged(&format!("{signed}.")).is_err());
    assert!(judged(&format!("{signed}.{signature}=")).is_err());
}

#[test]
fn no_other_header_is_accepted() {
    let (key, certificate) = p256();
    let header = |change: &dyn Fn(&mut serde_json::Value)| with_header(&key, &certificate, change);
    assert!(judged(&header(&|_| ())).is_ok());
    for alg in ["none", "HS256", "ES512", "es256", "ES384", "RS256", ""] {
        let refused = judged(&header(&|header| header["alg"] = alg.into()));
        assert!(matches!(refused, Err(JwsError::Algorithm | JwsError::Signature)), "{alg}");
    }
    let crit = judged(&header(&|header| header["crit"] = serde_json::json!(["b64"])));
    assert!(matches!(crit, Err(JwsError::Form("its header"))));
    let another = judged(&header(&|header| header["typ"] = "JWT".into()));
    assert!(matches!(another, Err(JwsError::Form("its type"))));
    let two = judged(&header(&|header| {
        let one = header["x5c"][0].clone();
        header["x5c"] = serde_json::json!([one, one]);
    }));
    assert!(matches!(two, Err(JwsError::Form("its header"))));
    let key_of_its_own = judged(&header(&|header| header["jwk"] = serde_json::json!({"kty": "EC"})));
    assert!(matches!(key_of_its_own, Err(JwsError::Form("its header"))));
}

#[test]
fn what_is_no_statement_is_refused() {
    for text in ["", ".", "..", "...", "a.b.c", "e30.e30.e30", &"A".repeat(LONGEST + 1), "\u{202e}.\u{0}.x"] {
        assert!(judged(text).is_err(), "{text:.20}");
    }
}
