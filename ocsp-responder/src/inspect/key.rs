//! Public keys.

use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::names;
use super::view::KeyView;

pub(super) fn view(key: &SubjectPublicKeyInfo<'_>) -> KeyView {
    KeyView { algorithm: algorithm(key), sha256: names::sha256(key.raw) }
}

fn algorithm(key: &SubjectPublicKeyInfo<'_>) -> String {
    let curve =
        || key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok()).map(|oid| oid.to_id_string());
    match (key.parsed(), curve().as_deref()) {
        (Ok(PublicKey::RSA(rsa)), _) => format!("RSA {}", rsa.key_size()),
        (Ok(PublicKey::EC(_)), Some("1.2.840.10045.3.1.7")) => "EC P-256".to_owned(),
        (Ok(PublicKey::EC(_)), Some("1.3.132.0.34")) => "EC P-384".to_owned(),
        (Ok(PublicKey::EC(_)), Some("1.3.132.0.35")) => "EC P-521".to_owned(),
        _ => match key.algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".to_owned(),
            "2.16.840.1.101.3.4.3.17" => "ML-DSA-44".to_owned(),
            "2.16.840.1.101.3.4.3.18" => "ML-DSA-65".to_owned(),
            "2.16.840.1.101.3.4.3.19" => "ML-DSA-87".to_owned(),
            "1.3.101.113" => "Ed448".to_owned(),
            other => names::oid(other),
        },
    }
}
