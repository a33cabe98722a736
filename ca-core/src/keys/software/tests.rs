#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, UnparsedPublicKey};

use super::*;

fn verifies(key: &SoftwareKey, message: &[u8], signature: &[u8]) -> bool {
    // The public key's bits end the SubjectPublicKeyInfo.
    let bits = |octets: usize| &key.public_key_info()[key.public_key_info().len() - octets..];
    match key.algorithm() {
        KeyAlgorithm::P256 => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bits(65)).verify(message, signature)
        }
        KeyAlgorithm::P384 => {
            UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, bits(97)).verify(message, signature)
        }
        KeyAlgorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, bits(32)).verify(message, signature),
    }
    .is_ok()
}

#[test]
fn each_algorithm_signs_and_survives_its_encodings() {
    for algorithm in KeyAlgorithm::ALL {
        let key = SoftwareKey::generate(algorithm).unwrap();
        let der = SoftwareKey::from_pkcs8(key.pkcs8()).unwrap();
        let pem = SoftwareKey::from_pem(&key.to_pkcs8_pem()).unwrap();
        for again in [der, pem] {
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.public_key_info(), key.public_key_info());
            let signature = again.sign(b"message").unwrap();
            assert!(verifies(&key, b"message", &signature));
            assert!(!verifies(&key, b"massage", &signature));
        }
    }
}

#[test]
fn two_keys_are_never_the_same() {
    for algorithm in KeyAlgorithm::ALL {
        let (one, two) =
            (SoftwareKey::generate(algorithm).unwrap(), SoftwareKey::generate(algorithm).unwrap());
        assert_ne!(one.public_key_info(), two.public_key_info());
    }
}

#[test]
fn debug_shows_the_public_key_and_no_secret() {
    for algorithm in KeyAlgorithm::ALL {
        let key = SoftwareKey::generate(algorithm).unwrap();
        let shown = format!("{key:?} {key:#?}");
        assert!(shown.contains(&hex::encode(key.public_key_info())));
        let secret = encoding::decode_pkcs8(key.pkcs8()).unwrap().secret;
        assert!(!shown.contains(&hex::encode(secret.as_slice())));
        assert!(!shown.contains(&format!("{:?}", &secret[..4])));
    }
}

#[test]
fn a_public_key_of_another_is_refused() {
    // The public key ends the encoding of EC keys: put another's in its place.
    for (algorithm, octets) in [(KeyAlgorithm::P256, 65), (KeyAlgorithm::P384, 97)] {
        let (one, two) =
            (SoftwareKey::generate(algorithm).unwrap(), SoftwareKey::generate(algorithm).unwrap());
        let mut mixed = one.pkcs8().to_vec();
        let cut = mixed.len() - octets;
        mixed.truncate(cut);
        mixed.extend_from_slice(&two.pkcs8()[cut..]);
        assert!(matches!(SoftwareKey::from_pkcs8(&mixed), Err(KeyError::Malformed(_))));
    }
    let mut version_2 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref().to_vec();
    *version_2.last_mut().unwrap() ^= 1;
    assert!(matches!(SoftwareKey::from_pkcs8(&version_2), Err(KeyError::Malformed(_))));
}

#[test]
fn damaged_keys_are_refused() {
    for algorithm in KeyAlgorithm::ALL {
        let der = SoftwareKey::generate(algorithm).unwrap().pkcs8().to_vec();
        for length in 0..der.len() {
            assert!(SoftwareKey::from_pkcs8(&der[..length]).is_err(), "{algorithm} cut at {length}");
        }
        let trailing = [der.as_slice(), &[0]].concat();
        assert!(SoftwareKey::from_pkcs8(&trailing).is_err());
    }
}

#[test]
fn a_pem_file_holds_exactly_one_private_key() {
    let pem = |algorithm| SoftwareKey::generate(algorithm).unwrap().to_pkcs8_pem();
    let (one, two) = (pem(KeyAlgorithm::P256), pem(KeyAlgorithm::Ed25519));
    let both = format!("{}{}", one.as_str(), two.as_str());
    assert!(matches!(SoftwareKey::from_pem(&both), Err(KeyError::Malformed(why)) if why.contains("several")));
    for none in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"] {
        assert!(
            matches!(SoftwareKey::from_pem(none), Err(KeyError::Malformed(why)) if why.contains("no private"))
        );
    }
    let beside = format!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{}", one.as_str());
    SoftwareKey::from_pem(&beside).unwrap();
}
