//! The master key moves from a file into a token, and from one key of the token to the next. SoftHSM plays the hardware.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::Country;
use tests::npki::exit;
use tests::soft_token::{PIN, TOKEN, module, with_token};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_master_key_moves_into_a_token_and_on() {
    with_token("the_master_key_moves_into_a_token_and_on", moves_into_a_token_and_on);
}

fn moves_into_a_token_and_on() {
    let mut country = Country::settled();
    country.installation.kill9();
    let settings = country.installation.data().join("npki.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace("master_key = \"software\"", "master_key = \"pkcs11\"");
    let pin = country.installation.data().join("secrets/pin");
    std::fs::write(&pin, format!("{PIN}\n")).unwrap();
    std::fs::set_permissions(&pin, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let section = |key: &str, retired: &str| {
        format!(
            "\n[vault.pkcs11]\nmodule = \"{}\"\ntoken = \"{TOKEN}\"\nkey = \"{key}\"\nretired = [{retired}]\n\
             pin_file = \"secrets/pin\"\n",
            module().display()
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
