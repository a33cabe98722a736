//! CAs whose keys are in a token: they are made there when the installation is founded, issue as all CAs do, and whatever
//! happens to the token is told clearly and leaves nothing half done. SoftHSM plays the hardware, OpenSSL judges.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::counting_token::{CountingToken, TRIES};
use tests::country::{Country, CrlEntry};
use tests::installation::Installation;
use tests::judges::openssl::{self, Branch, Nonce};
use tests::npki::{exit, text};
use tests::soft_token::{PIN, TOKEN, module, tokens, with_token};
use tests::{answers, certificates};

/// How long a token that is back may go unseen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pilot's hierarchy with the issuing CA's key in the token.
fn hierarchy(folder: &Path) -> PathBuf {
    let pilot = ca_core::hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "pilot").unwrap().1;
    let kept = "id = \"issuing\"\nkept = \"pkcs11\"\ntoken_key = \"issuing-g1\"\n";
    let changed = pilot.replacen("id = \"issuing\"\n", kept, 1);
    assert_ne!(pilot, changed);
    let path = folder.join("hierarchy.toml");
    std::fs::write(&path, changed).unwrap();
    path
}

fn pin_file(installation: &Installation) -> PathBuf {
    installation.scratch("token").join("pin")
}

fn write_pin(path: &Path, pin: &str) {
    std::fs::write(path, format!("{pin}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// An installation whose issuing CA has its key in the token.
fn founded() -> Installation {
    founded_with(&module())
}

/// The same, by this library.
fn founded_with(module: &Path) -> Installation {
    let installation = Installation::planned();
    let (hierarchy, pin) = (hierarchy(&installation.scratch("plan")), pin_file(&installation));
    let installer = installation.somebody("installer");
    let init = installation.init_arguments();
    let init: Vec<&str> = init.iter().map(String::as_str).chain(["--hierarchy", text(&hierarchy)]).collect();
    let refused = installer.refused(exit::FAILED, &init);
    assert!(refused.detail.contains("[pkcs11]") && refused.detail.contains("--token"), "{refused:?}");
    let token = ["--token", TOKEN, "--token-module", text(module), "--token-pin-file", text(&pin)];
    // The hierarchy that npki takes by itself keeps no key in a token.
    let refused = installer.refused(exit::FAILED, &[&init[..init.len() - 2], &token].concat());
    assert!(refused.detail.contains("--token would hold no key"), "{refused:?}");
    write_pin(&pin, "1234567");
    let refused = installer.refused(exit::FAILED, &[&init[..], &token].concat());
    assert!(refused.detail.contains("refused the PIN"), "{refused:?}");
    assert!(!installation.data().exists(), "a founding that failed left something");
    write_pin(&pin, PIN);
    installer.done(&[&init[..], &token].concat());
    installation
}

#[test]
fn a_ca_issues_with_a_key_that_never_leaves_its_token() {
    with_token("a_ca_issues_with_a_key_that_never_leaves_its_token", || {
        let mut installation = founded();
        assert!(!installation.data().join("keys/issuing.key").exists());
        let operator = installation.somebody("operator");
        let shown = operator.done(&["token", "show", "--data", text(&installation.data())]);
        assert_eq!(
            (&shown["keys"][0]["label"], &shown["keys"][0]["fit"]),
            (&"issuing-g1".into(), &true.into())
        );
        installation.start();
        let mut country = Country::populated_in(installation);
        for issued in &country.issued {
            openssl::verify(&country.installation, &issued.certificate).succeeded();
        }
        let device = country.certificate("device");
        let (answer, _) = openssl::ocsp_post(&country.installation, &device.certificate, Nonce::Fresh);
        answer.succeeded().saying("Response verify OK").saying(": good");

        while_it_is_away(&country);
        let serial = country.certificate("device").serial.clone();
        country.until_the_crl(CrlEntry::Listed, &serial);
        starts_only_with_its_token(&mut country);
        country.installation.stop();
        country.installation.audit_is_clean();
        let data = country.installation.data();
        let clean = operator.done(&["audit", "signatures", "--data", text(&data)]);
        assert_eq!(clean["verdict"], "clean", "{clean}");
    });
}

fn away() -> PathBuf {
    tokens().with_file_name("pulled")
}

fn pull() {
    std::fs::rename(tokens(), away()).unwrap();
    std::fs::create_dir(tokens()).unwrap();
}

fn put_back() {
    std::fs::remove_dir(tokens()).unwrap();
    std::fs::rename(away(), tokens()).unwrap();
}

fn certificates_of(country: &Country, identity: &str) -> usize {
    let listed = country.staff.officer.npki.done(&["cert", "list", "--identity", identity]);
    listed["items"].as_array().unwrap().len()
}

/// While the service runs: a request whose certificate cannot be signed waits as before, and is issued when the token is back;
/// a revocation needs no key, and is told at once.
fn while_it_is_away(country: &Country) {
    let (installation, staff, person) = (&country.installation, &country.staff, &country.identities.person);
    let before = certificates_of(country, person);
    let out = installation.scratch("waits");
    let ask = ["cert", "request", "--profile", "person-authentication", "--identity", person];
    let asked = staff.officer.npki.run(&[&ask[..], &["--generate", "--out", text(&out)]].concat());
    let id = answers::id(answers::request(&asked.data(exit::WAITING))).to_owned();
    pull();
    at_once_or_not_at_all(country);
    let approve = ["vet", "approve", &id, "--note", "seen in person"];
    for _ in 0..2 {
        let refused = staff.second_officer.npki.run(&approve).document();
        assert_eq!(refused["error"]["code"], "E-ISS-008", "{refused}");
    }
    let shown = staff.officer.npki.done(&["request", "show", &id]);
    assert_eq!(
        (&shown["status"], &shown["approvals"]),
        (&"waiting".into(), &Value::Array(Vec::new())),
        "{shown}"
    );
    assert_eq!(certificates_of(country, person), before, "something was issued without a key");
    let revoked = &country.certificate("device");
    country.revoke(&revoked.serial, "key-compromise");
    let (answer, _) = openssl::ocsp_post(installation, &revoked.certificate, Nonce::Fresh);
    answer.saying(": revoked");
    put_back();
    // The library looks for a token that is away every few seconds, so the first attempts may be told to try again.
    let give_up = Instant::now() + PATIENCE;
    loop {
        let approved = staff.second_officer.npki.run(&approve).document();
        if approved["ok"] == true {
            assert_eq!(approved["data"]["status"], "issued", "{approved}");
            break;
        }
        assert_eq!(approved["error"]["retryable"], true, "{approved}");
        assert!(Instant::now() < give_up, "{approved}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(certificates_of(country, person), before + 1);
    staff.officer.npki.done(&["request", "download", &id, "--out", text(&out)]);
    let certificate = out.join("cert.pem");
    openssl::verify_under(installation, &Branch::of_a_pilot(installation), &certificate).succeeded();
    assert_ne!(certificates::serial(&certificate), revoked.serial);
}

/// A certificate that needs no approval is refused as a whole: no request and no certificate is left.
fn at_once_or_not_at_all(country: &Country) {
    let (officer, device) = (&country.staff.officer.npki, &country.identities.device);
    let (before, out) = (certificates_of(country, device), country.installation.scratch("refused"));
    let ask = ["cert", "request", "--profile", "device", "--identity", device];
    let refused = officer.run(&[&ask[..], &["--generate", "--out", text(&out)]].concat()).document();
    assert_eq!(refused["error"]["code"], "E-ISS-008", "{refused}");
    assert_eq!(certificates_of(country, device), before);
}

fn starts_only_with_its_token(country: &mut Country) {
    let installation = &mut country.installation;
    installation.stop();
    let (operator, data) = (installation.somebody("operator"), installation.data());
    let serve = ["serve", "--data", text(&data)];
    pull();
    let refused = operator.refused(exit::FAILED, &serve);
    assert!(refused.detail.contains(&format!("no token is called {TOKEN:?}")), "{refused:?}");
    put_back();
    // A wrong PIN is presented once, and nothing tries again by itself.
    let pin = pin_file(installation);
    write_pin(&pin, "1234567");
    let refused = operator.refused(exit::FAILED, &serve);
    assert!(
        refused.detail.contains("refused the PIN") && refused.detail.contains("not presented"),
        "{refused:?}"
    );
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = operator.refused(exit::FAILED, &serve);
    assert!(refused.detail.contains("chmod 600"), "{refused:?}");
    write_pin(&pin, PIN);
    installation.start();
}

/// A service manager starts a service again and again. A wrong PIN is presented once in all, whichever process asks, until the file
/// holds another; the token itself counts.
#[test]
fn a_service_started_over_and_over_presents_a_wrong_pin_once() {
    with_token("a_service_started_over_and_over_presents_a_wrong_pin_once", || {
        let folder = tempfile::tempdir().unwrap();
        let token = CountingToken::built_in(folder.path());
        let mut installation = founded_with(token.module());
        let (operator, data, pin) =
            (installation.somebody("operator"), installation.data(), pin_file(&installation));
        let serve = ["serve", "--data", text(&data)];
        let (before, _) = token.presented_and_left();
        let again = [("1234567", 1, "refused this PIN before"), ("7654321", 2, "the next wrong PIN locks")];
        for (wrong, presented, why) in again {
            write_pin(&pin, wrong);
            let refused = operator.refused(exit::FAILED, &serve);
            assert!(refused.detail.contains("not presented to it again"), "{refused:?}");
            for _ in 0..5 {
                let refused = operator.refused(exit::FAILED, &serve);
                assert!(refused.detail.contains(why), "{refused:?}");
            }
            assert_eq!(token.presented_and_left(), (before + presented, TRIES - presented));
        }
        // One try is left, and a person sees to it. What was refused before stays refused until a PIN is taken.
        write_pin(&pin, PIN);
        let refused = operator.refused(exit::FAILED, &serve);
        assert!(refused.detail.contains("the next wrong PIN locks"), "{refused:?}");
        token.entered_by_a_person();
        write_pin(&pin, "7654321");
        let refused = operator.refused(exit::FAILED, &serve);
        assert!(refused.detail.contains("refused this PIN before"), "{refused:?}");
        assert_eq!(token.presented_and_left(), (0, TRIES));
        // By hand it is presented all the same; here it is wrong again.
        let by_hand = operator.refused(exit::FAILED, &["token", "show", "--data", text(&data)]);
        assert!(by_hand.detail.contains("not presented to it again"), "{by_hand:?}");
        assert_eq!(token.presented_and_left(), (1, TRIES - 1));
        write_pin(&pin, PIN);
        installation.start();
        assert!(
            !pin.with_file_name("pin.refused").exists(),
            "it is forgotten with the first PIN that is taken"
        );
        installation.stop();
    });
}

/// npki never uses the last try that a token has, by hand neither; the token itself counts.
#[test]
fn a_wrong_pin_never_uses_up_the_tries_that_a_token_has() {
    with_token("a_wrong_pin_never_uses_up_the_tries_that_a_token_has", || {
        let folder = tempfile::tempdir().unwrap();
        let (token, pin) = (CountingToken::built_in(folder.path()), folder.path().join("pin"));
        let installation = Installation::planned();
        let operator = installation.somebody("operator");
        let place = ["--module", text(token.module()), "--token", TOKEN, "--pin-file", text(&pin)];
        let key = ["--key", "issuing-g1", "--algorithm", "p256"];
        write_pin(&pin, PIN);
        operator.done(&[&["token", "make-key"][..], &place, &key].concat());
        assert_eq!(token.presented_and_left(), (1, TRIES));

        write_pin(&pin, "1234567");
        let check = [&["token", "check"][..], &place, &key].concat();
        for tried in 1..TRIES {
            let refused = operator.refused(exit::FAILED, &check);
            assert!(refused.detail.contains("refused the PIN"), "{refused:?}");
            assert_eq!(token.presented_and_left(), (1 + tried, TRIES - tried));
        }
        // One is left: from now on nothing is presented, not the right one either, until a person has seen to it.
        for pin_in_file in ["1234567", "7654321", PIN] {
            write_pin(&pin, pin_in_file);
            let refused = operator.refused(exit::FAILED, &check);
            assert!(refused.detail.contains("the next wrong PIN locks"), "{refused:?}");
            assert_eq!(token.presented_and_left(), (TRIES, 1));
        }
        let shown = operator.done(&["token", "show", "--module", text(token.module())]);
        assert_eq!(shown["tokens"][0]["pin_tries"], "one", "{shown}");
        token.entered_by_a_person();
        operator.done(&check);
        assert_eq!(token.presented_and_left(), (1, TRIES));
    });
}
