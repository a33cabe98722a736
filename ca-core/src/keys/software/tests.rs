#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::OnceLock;

use super::*;
use crate::algorithm::DigestAlgorithm;

/// A key of each kind. RSA keys take seconds to make and are made once.
fn made(algorithm: KeyAlgorithm) -> SoftwareKey {
    static RSA: [OnceLock<Zeroizing<Vec<u8>>>; 2] = [OnceLock::new(), OnceLock::new()];
    let once = match algorithm {
        KeyAlgorithm::Rsa3072 => &RSA[0],
        KeyAlgorithm::Rsa4096 => &RSA[1],
        other => return SoftwareKey::generate(other).unwrap(),
    };
    let pkcs8 = once.get_or_init(|| SoftwareKey::generate(algorithm).unwrap().pkcs8);
    SoftwareKey::from_pkcs8(pkcs8).unwrap()
}

fn verifies(key: &SoftwareKey, message: &[u8], signature: &[u8]) -> bool {
    key.signature_algorithm().verify(key.public_key_info(), message, signature).is_ok()
}

#[test]
fn each_algorithm_signs_and_survives_its_encodings() {
    for algorithm in KeyAlgorithm::ALL {
        let key = made(algorithm);
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
        let (one, two) = (made(algorithm), SoftwareKey::generate(algorithm).unwrap());
        assert_ne!(one.public_key_info(), two.public_key_info());
    }
}

#[test]
fn debug_shows_the_public_key_and_no_secret() {
    for algorithm in KeyAlgorithm::ALL {
        let key = made(algorithm);
        let shown = format!("{key:?} {key:#?}");
        assert!(shown.contains(&hex::encode(key.public_key_info())));
        // Whatever of the PKCS#8 form is in sight is in the public key too.
        for secret in key.pkcs8().windows(8) {
            let public = key.public_key_info().windows(8).any(|window| window == secret);
            assert!(public || !shown.contains(&hex::encode(secret)), "{algorithm}");
        }
    }
}

#[test]
fn a_public_key_of_another_is_refused() {
    // The public key ends the encoding of EC keys: put another's in its place.
    for (algorithm, octets) in [(KeyAlgorithm::P256, 65), (KeyAlgorithm::P384, 97)] {
        let (one, two) = (made(algorithm), made(algorithm));
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
        let der = made(algorithm).pkcs8().to_vec();
        for length in 0..der.len() {
            assert!(SoftwareKey::from_pkcs8(&der[..length]).is_err(), "{algorithm} cut at {length}");
        }
        let trailing = [der.as_slice(), &[0]].concat();
        assert!(SoftwareKey::from_pkcs8(&trailing).is_err());
    }
}

#[test]
fn a_pem_file_holds_exactly_one_private_key() {
    let pem = |algorithm| made(algorithm).to_pkcs8_pem();
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

#[test]
fn rsa_keys_sign_as_chosen_and_no_key_in_a_way_of_another_kind() {
    for algorithm in [KeyAlgorithm::Rsa3072, KeyAlgorithm::Rsa4096] {
        for chosen in algorithm.signature_algorithms() {
            let key = made(algorithm).signing_with(*chosen).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert!(verifies(&key, b"message", &signature), "{chosen}");
            let others = algorithm.signature_algorithms().iter().filter(|other| *other != chosen);
            for other in others {
                assert!(other.verify(key.public_key_info(), b"message", &signature).is_err());
            }
        }
    }
    let sha512 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512);
    for (algorithm, chosen) in [
        (KeyAlgorithm::Rsa3072, sha512),
        (KeyAlgorithm::Rsa3072, SignatureAlgorithm::Ed25519),
        (KeyAlgorithm::P256, SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)),
        (KeyAlgorithm::MlDsa44, SignatureAlgorithm::MlDsa65),
    ] {
        let refused = made(algorithm).signing_with(chosen).unwrap_err();
        assert!(matches!(refused, KeyError::OtherSignatureAlgorithm { .. }), "{algorithm} {chosen}");
    }
}

#[test]
fn ml_dsa_signatures_are_hedged_and_have_one_length() {
    for (algorithm, octets) in
        [(KeyAlgorithm::MlDsa44, 2420), (KeyAlgorithm::MlDsa65, 3309), (KeyAlgorithm::MlDsa87, 4627)]
    {
        let key = made(algorithm);
        let (one, two) = (key.sign(b"message").unwrap(), key.sign(b"message").unwrap());
        assert!(one != two && one.len() == octets);
        for wrong in [&one[..octets - 1], &[one.as_slice(), &[0]].concat(), &[]] {
            assert!(!verifies(&key, b"message", wrong));
        }
    }
}
