#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tempfile::TempDir;

use super::*;
use crate::clock::{EntropyError, SystemEntropy};

const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
const PASSPHRASE: &[u8] = b"correct horse";

fn sealed(algorithm: KeyAlgorithm) -> (SoftwareKey, SealedKey) {
    let key = SoftwareKey::generate(algorithm).unwrap();
    let sealed = SealedKey::seal_at_cost(&key, PASSPHRASE, &SystemEntropy, CHEAP).unwrap();
    (key, sealed)
}

#[test]
fn the_right_passphrase_opens_and_no_other() {
    for algorithm in KeyAlgorithm::ALL {
        let (key, sealed) = sealed(algorithm);
        let opened = sealed.open(PASSPHRASE).unwrap();
        assert_eq!(opened.public_key_info(), key.public_key_info());
        assert_eq!(opened.pkcs8(), key.pkcs8());
        assert_eq!((sealed.algorithm(), sealed.public_key_info()), (algorithm, key.public_key_info()));
        for wrong in [&b""[..], b"battery staple", b"correct horse ", b"Correct horse"] {
            assert!(matches!(sealed.open(wrong), Err(KeyError::WrongPassphrase)));
        }
    }
}

#[test]
fn the_default_cost_opens_too() {
    let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    let sealed = SealedKey::seal(&key, PASSPHRASE, &SystemEntropy).unwrap();
    assert_eq!(sealed.cost, Cost { memory_kib: 65_536, passes: 3, lanes: 1 });
    sealed.open(PASSPHRASE).unwrap();
}

#[test]
fn no_part_of_the_file_can_be_exchanged_or_altered() {
    let [(_, sealed), (_, other)] = [sealed(KeyAlgorithm::P384), sealed(KeyAlgorithm::P384)];
    let alterations: [fn(&mut SealedKey, &SealedKey); 12] = [
        |key, _| key.algorithm = KeyAlgorithm::P256,
        |key, other| key.public_key.clone_from(&other.public_key),
        |key, _| key.public_key.truncate(10),
        |key, other| key.salt.clone_from(&other.salt),
        |key, other| key.nonce.clone_from(&other.nonce),
        |key, other| key.sealed.clone_from(&other.sealed),
        |key, _| key.sealed[0] ^= 1,
        |key, _| *key.sealed.last_mut().unwrap() ^= 1,
        |key, _| key.sealed.clear(),
        |key, _| key.cost.memory_kib += 1,
        |key, _| key.cost.passes += 1,
        |key, _| key.cost.lanes += 1,
    ];
    for (index, alter) in alterations.into_iter().enumerate() {
        let mut altered = sealed.clone();
        alter(&mut altered, &other);
        assert!(matches!(altered.open(PASSPHRASE), Err(KeyError::WrongPassphrase)), "alteration {index}");
    }
    sealed.open(PASSPHRASE).unwrap();
}

#[test]
fn what_cannot_be_a_key_of_ours_is_refused_before_any_work() {
    let (_, sealed) = sealed(KeyAlgorithm::P256);
    let alterations: [fn(&mut SealedKey); 8] = [
        |key| key.format = 2,
        |key| key.cost.memory_kib = u32::MAX,
        |key| key.cost.memory_kib = 0,
        |key| key.cost.passes = u32::MAX,
        |key| key.cost.passes = 0,
        |key| key.cost.lanes = 17,
        |key| key.nonce.truncate(11),
        |key| key.salt.clear(),
    ];
    for (index, alter) in alterations.into_iter().enumerate() {
        let mut altered = sealed.clone();
        alter(&mut altered);
        assert!(matches!(altered.open(PASSPHRASE), Err(KeyError::Malformed(_))), "alteration {index}");
    }
}

#[test]
fn headers_that_differ_differ_in_their_octets() {
    let (_, sealed) = sealed(KeyAlgorithm::P256);
    let mut shifted = sealed.clone();
    let moved = shifted.salt.remove(0);
    shifted.public_key.push(moved);
    assert_ne!(sealed.terms().header(), shifted.terms().header());
}

#[test]
fn sealing_twice_gives_nothing_in_common() {
    let (key, one) = sealed(KeyAlgorithm::P256);
    let two = SealedKey::seal_at_cost(&key, PASSPHRASE, &SystemEntropy, CHEAP).unwrap();
    assert_ne!(one.salt, two.salt);
    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.sealed, two.sealed);
}

#[test]
fn an_empty_passphrase_and_missing_randomness_seal_nothing() {
    #[derive(Debug)]
    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }
    let (key, _) = sealed(KeyAlgorithm::P256);
    let empty = SealedKey::seal_at_cost(&key, b"", &SystemEntropy, CHEAP);
    assert!(matches!(empty, Err(KeyError::EmptyPassphrase)));
    assert!(matches!(SealedKey::seal_at_cost(&key, PASSPHRASE, &Dry, CHEAP), Err(KeyError::Entropy(_))));
}

#[test]
fn nothing_secret_prints_or_is_written() {
    let (key, sealed) = sealed(KeyAlgorithm::P256);
    let secret = key.pkcs8()[36..68].to_vec();
    let text = toml::to_string(&sealed).unwrap();
    for form in [hex::encode(&secret), BASE64.encode(&secret[..30]), "correct horse".to_owned()] {
        assert!(!text.contains(&form) && !format!("{sealed:?}").contains(&form));
    }
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    (folder, path)
}

#[test]
fn a_file_is_private_and_holds_the_key() {
    let (folder, path) = file();
    let (key, sealed) = sealed(KeyAlgorithm::P384);
    sealed.write_new(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    let opened = SealedKey::read(&path).unwrap().open(PASSPHRASE).unwrap();
    assert_eq!(opened.public_key_info(), key.public_key_info());
}

#[test]
fn a_file_is_never_overwritten() {
    let (folder, path) = file();
    let (key, first) = sealed(KeyAlgorithm::P256);
    first.write_new(&path).unwrap();
    let (_, second) = sealed(KeyAlgorithm::P256);
    match second.write_new(&path) {
        Err(KeyError::File { source, .. }) => assert_eq!(source.kind(), std::io::ErrorKind::AlreadyExists),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    assert_eq!(SealedKey::read(&path).unwrap().public_key_info(), key.public_key_info());
    let nowhere = folder.path().join("missing/root.key");
    assert!(matches!(second.write_new(&nowhere), Err(KeyError::File { .. })));
}

#[test]
fn a_file_open_to_others_is_refused() {
    let (_folder, path) = file();
    sealed(KeyAlgorithm::P256).1.write_new(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o601, 0o777] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(SealedKey::read(&path), Err(KeyError::Exposed(_))), "{mode:o}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    SealedKey::read(&path).unwrap();
}

#[test]
fn what_is_no_sealed_key_is_refused() {
    let (folder, path) = file();
    let (_, sealed) = sealed(KeyAlgorithm::P256);
    let good = toml::to_string(&sealed).unwrap();
    let bad = [
        String::new(),
        "-----BEGIN PRIVATE KEY-----".to_owned(),
        good.replace("p256", "p257"),
        good.replace("salt = \"", "salt = \"?"),
        format!("more = 1\n{good}"),
        good.replace("lanes", "threads"),
        format!("{good}# {}", "x".repeat(100_000)),
    ];
    for text in bad {
        std::fs::write(&path, &text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(SealedKey::read(&path), Err(KeyError::Malformed(_))), "{text:.80}");
    }
    assert!(matches!(SealedKey::read(&folder.path().join("missing")), Err(KeyError::File { .. })));
    assert!(SealedKey::read(folder.path()).is_err());
}
