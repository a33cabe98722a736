//! The master key moves from a file into a token, and from one key of the token to the next. SoftHSM plays the hardware.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::Country;
use tests::npki::exit;

/// How SoftHSM finds its tokens.
const CONFIGURATION: &str = "SOFTHSM2_CONF";
/// Set in the process that finds the token of this test.
const INSIDE: &str = "TOKEN_OF_THIS_TEST";
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const TOKEN: &str = "npki test";
const PIN: &str = "20771";
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs itself once more, in a process that finds a fresh token and whose children do.
#[test]
fn the_master_key_moves_into_a_token_and_on() {
    if std::env::var_os(INSIDE).is_some() {
        return moves_into_a_token_and_on();
    }
    let folder = tempfile::tempdir().unwrap();
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_master_key_moves_into_a_token_and_on", "--nocapture"])
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
        .args(["--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PIN])
        .env(CONFIGURATION, &configuration)
        .output()
        .expect("softhsm2-util is not installed: apt-get install softhsm2");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    configuration
}

fn moves_into_a_token_and_on() {
    let mut country = Country::settled();
    country.installation.kill9();
    let settings = country.installation.data().join("npki.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace("master_key = \"software\"", "master_key = \"pkcs11\"");
    std::fs::write(country.installation.data().join("secrets/pin"), format!("{PIN}\n")).unwrap();
    let section = |key: &str, retired: &str| {
        format!(
            "\n[vault.pkcs11]\nmodule = \"{MODULE}\"\ntoken = \"{TOKEN}\"\nkey = \"{key}\"\nretired = [{retired}]\n\
             pin_file = \"secrets/pin\"\n"
        )
    };
    std::fs::write(&settings, text.clone() + &section("master-1", "")).unwrap();
    let first = made(&country);
    country.installation.start();
    assert_eq!(settled(&country)["current"], first.as_str());
    is_readable(&country);
    let refused = country.staff.administrator.npki.refused(exit::CONFLICT, &["master-key", "rotate"]);
    assert_eq!(refused.code, "E-VAULT-002");

    // The file is not needed any more.
    std::fs::remove_file(country.installation.data().join("keys/master-1.key")).unwrap();
    country.installation.kill9();
    std::fs::write(&settings, text + &section("master-2", "\"master-1\"")).unwrap();
    let second = made(&country);
    country.installation.start();
    assert_eq!(settled(&country)["current"], second.as_str());
    is_readable(&country);
}

/// Makes the master key that the settings name; its identifier. A second time it is there.
fn made(country: &Country) -> String {
    let (operator, data) = (country.installation.somebody("operator"), country.installation.data());
    let make = ["master-key", "make", "--data", data.to_str().unwrap()];
    let made = operator.done(&make)["id"].as_str().unwrap().to_owned();
    assert_eq!(operator.refused(1, &make).code, "E-SRV-009");
    made
}

/// Waits until the current master key wraps everything.
fn settled(country: &Country) -> Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let state = country.staff.administrator.npki.done(&["master-key", "show"]);
        if state["rotation"] == "idle" && state["left"] == 0 {
            return state;
        }
        assert!(Instant::now() < give_up, "not within {PATIENCE:?}: {state}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[track_caller]
fn is_readable(country: &Country) {
    let shown = country.staff.officer.npki.done(&["registry", "show", &country.identities.person]);
    assert_eq!(shown["surname"], "Mokoena");
}
