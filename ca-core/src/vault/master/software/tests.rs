#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::clock::SystemEntropy;
use crate::keys::sealed::SealedKey;
use crate::keys::software::SoftwareKey;

const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
const PASSPHRASE: &[u8] = b"correct horse";
const SUBJECT_KEY: [u8; 32] = [7; 32];

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

fn key() -> SoftwareMasterKey {
    SoftwareMasterKey::generate(entropy()).unwrap()
}

#[test]
fn what_it_wraps_it_alone_unwraps_in_the_same_context() {
    let (key, other) = (key(), key());
    let wrapped = key.wrap(&SUBJECT_KEY, b"context").unwrap();
    assert_eq!(*key.unwrap(&wrapped, b"context").unwrap(), SUBJECT_KEY);
    assert!(matches!(key.unwrap(&wrapped, b"contexT"), Err(VaultError::NotWrapped(_))));
    assert!(matches!(other.unwrap(&wrapped, b"context"), Err(VaultError::NotWrapped(id)) if id == other.id));
    assert_ne!(key.wrap(&SUBJECT_KEY, b"context").unwrap(), wrapped, "each time under another nonce");
    assert_ne!(key.id, other.id);
}

#[test]
fn nothing_altered_or_cut_unwraps() {
    let key = key();
    let wrapped = key.wrap(&SUBJECT_KEY, b"").unwrap();
    for place in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[place] ^= 1;
        assert!(key.unwrap(&altered, b"").is_err(), "octet {place}");
        assert!(key.unwrap(&wrapped[..place], b"").is_err(), "cut at {place}");
    }
}

#[test]
fn a_file_is_private_and_holds_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let key = key();
    let sealed = SealedMasterKey::seal_at_cost(&key, PASSPHRASE, CHEAP).unwrap();
    sealed.write_new(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(sealed.write_new(&path), Err(KeyError::File { .. })), "never overwritten");
    let read = SealedMasterKey::read(&path).unwrap();
    let opened = read.open(PASSPHRASE, entropy()).unwrap();
    assert_eq!((opened.id(), read.id()), (key.id(), key.id()));
    let wrapped = key.wrap(&SUBJECT_KEY, b"context").unwrap();
    assert_eq!(*opened.unwrap(&wrapped, b"context").unwrap(), SUBJECT_KEY);
    assert!(matches!(read.open(b"wrong", entropy()), Err(KeyError::WrongPassphrase)));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(SealedMasterKey::read(&path), Err(KeyError::Exposed(_))));
}

#[test]
fn the_file_cannot_be_altered_and_is_no_signing_keys() {
    let sealed = SealedMasterKey::seal_at_cost(&key(), PASSPHRASE, CHEAP).unwrap();
    let renamed = SealedMasterKey { id: MasterKeyId("software:another".to_owned()), ..sealed.clone() };
    assert!(matches!(renamed.open(PASSPHRASE, entropy()), Err(KeyError::WrongPassphrase)));

    let signing = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    let signing = SealedKey::seal_at_cost(&signing, PASSPHRASE, &SystemEntropy, CHEAP).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (master_path, signing_path) = (folder.path().join("master.key"), folder.path().join("signing.key"));
    sealed.write_new(&master_path).unwrap();
    signing.write_new(&signing_path).unwrap();
    assert!(matches!(SealedMasterKey::read(&signing_path), Err(KeyError::Malformed(_))));
    assert!(matches!(SealedKey::read(&master_path), Err(KeyError::Malformed(_))));
}

#[test]
fn nothing_secret_prints() {
    let key = key();
    let sealed = SealedMasterKey::seal_at_cost(&key, PASSPHRASE, CHEAP).unwrap();
    let shown = format!("{key:?} {key:#?} {sealed:?}");
    assert!(shown.contains(&key.id.0));
    assert!(!shown.contains(&hex::encode(*key.key)) && !shown.contains(&format!("{:?}", &key.key[..4])));
}
