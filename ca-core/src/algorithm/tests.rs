#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn names_are_read_back() {
    for algorithm in KeyAlgorithm::ALL {
        assert_eq!(algorithm.name().parse::<KeyAlgorithm>().unwrap(), algorithm);
        assert_eq!(serde_json::to_string(&algorithm).unwrap(), format!("{:?}", algorithm.name()));
        assert!(UnknownAlgorithm.to_string().contains(algorithm.name()));
    }
    for algorithm in SignatureAlgorithm::ALL {
        assert_eq!(algorithm.name().parse::<SignatureAlgorithm>().unwrap(), algorithm);
        let json = serde_json::to_string(&algorithm).unwrap();
        assert_eq!(serde_json::from_str::<SignatureAlgorithm>(&json).unwrap(), algorithm);
    }
    assert!("rsa-2048".parse::<KeyAlgorithm>().is_err() && "P256".parse::<KeyAlgorithm>().is_err());
    assert!("sha1-with-rsa".parse::<SignatureAlgorithm>().is_err());
}

#[test]
fn every_key_has_a_default_among_what_it_admits_and_says_what_can_be_chosen() {
    for key in KeyAlgorithm::ALL {
        assert_eq!(key.signature_algorithms().first(), Some(&key.default_signature_algorithm()));
        for algorithm in key.signature_algorithms() {
            assert!(UnknownSignatureAlgorithm.to_string().contains(algorithm.name()));
        }
    }
    assert!(!KeyAlgorithm::MlDsa65.admits(SignatureAlgorithm::MlDsa87));
    assert!(!KeyAlgorithm::P256.admits(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)));
    assert!(KeyAlgorithm::Rsa4096.admits(SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha256)));
}

#[test]
fn identifiers_are_read_back_and_no_two_are_the_same() {
    for algorithm in SignatureAlgorithm::ALL {
        assert_eq!(SignatureAlgorithm::from_identifier(algorithm.identifier()), Ok(algorithm));
    }
    let all: std::collections::BTreeSet<_> =
        SignatureAlgorithm::ALL.into_iter().map(SignatureAlgorithm::identifier).collect();
    assert_eq!(all.len(), SignatureAlgorithm::ALL.len());
}

#[test]
fn identifiers_cut_off_or_longer_are_refused() {
    for algorithm in SignatureAlgorithm::ALL {
        let der = algorithm.identifier();
        for length in 0..der.len() {
            assert!(SignatureAlgorithm::from_identifier(&der[..length]).is_err());
        }
        assert!(SignatureAlgorithm::from_identifier(&[der, &[0]].concat()).is_err());
    }
}

#[test]
fn parameters_must_be_those_of_the_algorithm() {
    let with_null = |der: &[u8]| {
        let mut der = [der, &[0x05, 0x00]].concat();
        der[1] += 2;
        der
    };
    for algorithm in [SignatureAlgorithm::Ed25519, SignatureAlgorithm::MlDsa44, SignatureAlgorithm::MlDsa87] {
        let refused = SignatureAlgorithm::from_identifier(&with_null(algorithm.identifier()));
        assert!(matches!(refused, Err(IdentifierError::Parameters { .. })), "{algorithm}: {refused:?}");
    }
    // RFC 4055 section 5: absent parameters MUST be accepted.
    let rsa = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    let mut without = rsa.identifier()[..13].to_vec();
    without[1] -= 2;
    assert_eq!(SignatureAlgorithm::from_identifier(&without), Ok(rsa));
    // The salt's length is the last octet.
    let mut salt = SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha256).identifier().to_vec();
    *salt.last_mut().unwrap() = 20;
    let refused = SignatureAlgorithm::from_identifier(&salt);
    assert_eq!(refused, Err(IdentifierError::PssSalt { found: 20, expected: 32 }));
    // Two digests.
    let mut mixed = SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha256).identifier().to_vec();
    mixed[29] = 2;
    assert!(SignatureAlgorithm::from_identifier(&mixed).is_err());
}
