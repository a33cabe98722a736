//! The user PIN of a token in custody: drawn, split among five, and put together by three. SoftHSM plays the hardware.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use ca_core::ceremony::CeremonyId;
use ca_core::ceremony::custody::{CustodyRecord, Holder, Secret, SecretKind, Share};
use ca_core::certificate::CaId;
use ca_core::clock::SystemEntropy;
use ca_core::token::{KeyPlace, Pin, TokenError, change_pin};
use ca_core::vault::master::Pkcs11MasterKey;
use zeroize::Zeroizing;

/// How SoftHSM finds its tokens.
const CONFIGURATION: &str = "SOFTHSM2_CONF";
/// Set in the process that finds the token of this test.
const INSIDE: &str = "TOKEN_OF_THIS_TEST";
const TOKEN: &str = "npki custody";
const PROVISIONAL: &str = "20771";

/// Runs itself once more, in a process that finds a fresh token.
#[test]
fn three_of_five_have_the_pin() {
    if std::env::var_os(INSIDE).is_some() {
        return holders_take_the_pin();
    }
    let folder = tempfile::tempdir().unwrap();
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "three_of_five_have_the_pin", "--nocapture"])
        .env(CONFIGURATION, new_token(folder.path()))
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout) + String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}

fn new_token(folder: &Path) -> PathBuf {
    let (tokens, configuration) = (folder.join("tokens"), folder.join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
    std::fs::write(&configuration, text).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PROVISIONAL])
        .env(CONFIGURATION, &configuration)
        .output()
        .expect("softhsm2-util is not installed: apt-get install softhsm2");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    configuration
}

fn holders_take_the_pin() {
    let place = KeyPlace {
        module: "/usr/lib/softhsm/libsofthsm2.so".into(),
        token: TOKEN.to_owned(),
        key: "key".to_owned(),
    };
    let provisional = || Pin::new(Zeroizing::new(PROVISIONAL.to_owned()));
    let secret = Secret::draw(SecretKind::TokenPin, &SystemEntropy).unwrap();
    let holders = ["Mpho", "Neo", "Tumelo", "Lerato", "Kabelo"]
        .map(|name| Holder { name: name.to_owned(), protected: false });
    let (ceremony, ca) = (CeremonyId::new("token").unwrap(), CaId::new("root").unwrap());
    let (record, shares) = CustodyRecord::split(&secret, ceremony, ca, 3, &holders, &SystemEntropy).unwrap();
    let proven: Vec<Share> = shares
        .iter()
        .zip(&record.holders)
        .map(|(share, held)| {
            Share::read(&share.written(&record, None).unwrap(), &record, held, None).unwrap()
        })
        .collect();
    // Only when every share is proven does the token get the PIN that they make.
    let together = record.combine(&proven[..3]).unwrap();
    change_pin(&place, &provisional(), &together.pin().unwrap()).unwrap();

    let refused = change_pin(&place, &provisional(), &provisional()).unwrap_err();
    assert!(matches!(refused, TokenError::WrongPin(_)), "{refused}");
    assert!(record.combine(&proven[..2]).is_err());
    let others = record.combine(&proven[2..]).unwrap().pin().unwrap();
    Pkcs11MasterKey::generate(place, others, Arc::new(SystemEntropy)).unwrap();
}
