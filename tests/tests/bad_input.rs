//! What must be refused: by whom, with which code, and with nothing changed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use serde_json::json;
use tests::census::{self, Census};
use tests::npki::{Problem, exit, text};
use tests::requests::{self, OpensslKey};
use tests::{Country, Member, answers, bystander, codes};

/// Runs a refused command and checks that nothing changed.
#[track_caller]
fn refused(country: &Country, member: &Member, code: i32, args: &[&str]) -> Problem {
    let officer = &country.staff.officer.rest;
    let before = Census::of(officer);
    let problem = member.npki.refused(code, args);
    before.is_unchanged(officer, &args.join(" "));
    problem
}

fn ask<'a>(profile: &'a str, identity: &'a str, request: &'a str) -> [&'a str; 8] {
    ["cert", "request", "--profile", profile, "--identity", identity, "--csr", request]
}

#[test]
fn requests_that_cannot_be_read_or_believed() {
    let country = Country::settled();
    let folder = country.installation.scratch("bad");
    let good = requests::der(&requests::openssl(&folder, &requests::P256));
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let made = |key: &OpensslKey| requests::openssl(&folder, key);
    let twice = requests::openssl_with_subject(&folder, &requests::P256, "/C=LS/CN=one/CN=two");
    let cases: [(&str, PathBuf, &str); 11] = [
        ("empty", plain(&folder, "empty.csr", b""), codes::CSR_EMPTY),
        (
            "garbage",
            plain(&folder, "garbage.csr", b"please issue me a certificate"),
            codes::CSR_NOT_A_REQUEST,
        ),
        ("truncated", cut(&folder, "cut.csr", &good), codes::CSR_TRUNCATED),
        ("truncated PEM", cut_pem(&folder, &good), codes::CSR_TRUNCATED),
        (
            "trailing",
            requests::write_pem(&folder, "more.csr", &[&good[..], b"\x05\0"].concat()),
            codes::CSR_TRAILING,
        ),
        ("forged", requests::write_pem(&folder, "forged.csr", &forged), codes::CSR_NO_POSSESSION),
        ("RSA-1024", made(&requests::RSA1024), codes::CSR_RSA_SIZE),
        ("P-521", made(&requests::P521), codes::CSR_UNSUPPORTED_KEY),
        ("two common names", twice, codes::CSR_REPEATED_NAME),
        ("a certificate", country.installation.root(), codes::CSR_CERTIFICATE),
        ("forged DER", plain(&folder, "forged.der", &forged), codes::CSR_NO_POSSESSION),
    ];
    let officer = &country.staff.officer;
    for (name, file, code) in &cases {
        let args = ask("device", &country.identities.device, text(file));
        let problem = refused(&country, officer, exit::USAGE, &args);
        assert_eq!(problem.code, *code, "{name}: {}", problem.detail);
    }
}

fn plain(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

fn cut(folder: &Path, name: &str, der: &[u8]) -> PathBuf {
    plain(folder, name, &der[..der.len() - 20])
}

fn cut_pem(folder: &Path, der: &[u8]) -> PathBuf {
    requests::write_pem(folder, "cut.pem", &der[..der.len() / 2])
}

#[test]
fn requests_that_are_too_large() {
    let country = Country::settled();
    let officer = &country.staff.officer;
    let before = Census::of(&officer.rest);
    let body = |octets: usize| {
        let csr = "A".repeat(octets);
        json!({"profile": "device", "identity": country.identities.device, "csr": csr})
    };
    let problem = officer.rest.post("/v1/requests", &body(100 * 1024));
    assert!([400, 413, 422].contains(&problem.status), "{problem:?}");
    let status = problem.status;
    assert_eq!(problem.problem(status)["code"], codes::CSR_TOO_LARGE);
    // Far beyond the bound of the whole message: cut off before it is read.
    officer.rest.post("/v1/requests", &body(8 * 1024 * 1024)).problem(413);
    before.is_unchanged(&officer.rest, "oversized requests");
    let file = plain(&country.installation.scratch("large"), "large.csr", &[b'A'; 100 * 1024]);
    let args = ask("device", &country.identities.device, text(&file));
    refused(&country, officer, exit::USAGE, &args);
}

/// A private key sent by mistake is neither kept nor repeated.
#[test]
fn a_private_key_sent_by_mistake_is_not_kept() {
    let country = Country::settled();
    let officer = &country.staff.officer;
    let key = std::fs::read_to_string(&officer.key).unwrap();
    let body = json!({"profile": "device", "identity": country.identities.device, "csr": key});
    let response = officer.rest.post("/v1/requests", &body);
    let said = String::from_utf8_lossy(&response.body).into_owned();
    let status = response.status;
    assert_eq!(response.problem(status)["code"], codes::CSR_PRIVATE_KEY);
    let secret: Vec<&str> = key.lines().filter(|line| !line.starts_with("-----")).collect();
    let secret = secret.first().unwrap();
    assert!(!said.contains(secret) && !country.installation.said().contains(secret), "the key was repeated");
}

#[test]
fn requests_for_somebody_else() {
    let country = Country::settled();
    let (staff, identities) = (&country.staff, &country.identities);
    let other = census::organisation(&staff.officer.npki, "Maseru City Council", "GO:LS-MCC");
    let stranger = staff.agency_operator(&country.installation, &other);
    let file = requests::openssl(&country.installation.scratch("other"), &requests::P256);
    for (profile, identity) in [
        ("device", &identities.device),
        ("application", &identities.application),
        ("organisation-seal", &identities.organisation),
        ("person-signature", &identities.person),
    ] {
        let problem = refused(&country, &stranger, exit::NOT_PERMITTED, &ask(profile, identity, text(&file)));
        assert_eq!(problem.code, codes::NOT_YOURS, "{profile}");
    }
    for id in [&identities.device, &identities.person] {
        let hidden = stranger.npki.run(&["registry", "show", id]);
        assert!([exit::NOT_PERMITTED, exit::NOT_FOUND].contains(&hidden.code), "{hidden:?}");
    }
    let seen = stranger.npki.done(&["registry", "list"]).to_string();
    assert!(!seen.contains(&identities.device), "a stranger sees another agency's device: {seen}");
    refused(
        &country,
        &stranger,
        exit::NOT_PERMITTED,
        &[
            "registry",
            "add",
            "person",
            "--surname",
            "Nobody",
            "--given-name",
            "At All",
            "--identifier",
            "PNOLS-999999999999",
        ],
    );
}

#[test]
fn each_role_does_only_its_own() {
    let country = Country::settled();
    let (staff, identities) = (&country.staff, &country.identities);
    let device = staff.issue(&country.installation, &staff.officer, "device", &identities.device);
    let ending = &device.serial[device.serial.len() - 4..];
    let revoke = ["revoke", &device.serial, "--reason", "superseded", "--confirm", ending];
    let hire =
        ["staff", "add", "--name", "A Friend", "--role", "administrator", "--generate", "--out", "friend"];
    let register = ["registry", "add", "organisation", "--name", "Shell Ltd", "--identifier", "NTRLS-1"];
    let fire = ["staff", "disable", &staff.officer.id, "--reason", "disagreed with me"];
    let file = requests::openssl(&country.installation.scratch("roles"), &requests::P256);
    let ask = ask("device", &identities.device, text(&file));
    for (member, command) in [
        (&staff.officer, &revoke[..]),
        (&staff.officer, &hire),
        (&staff.second_officer, &fire),
        (&staff.auditor, &revoke),
        (&staff.auditor, &register),
        (&staff.auditor, &ask),
        (&staff.administrator, &register),
    ] {
        let problem = refused(&country, member, exit::NOT_PERMITTED, command);
        assert_eq!(problem.code, codes::NOT_PERMITTED, "{command:?}");
    }
    let still = staff.officer.npki.done(&["cert", "show", &device.serial]);
    assert_eq!(still["status"], "active");
}

/// Well formed, and nobody's.
const NO_PERSON: &str = "P-000000000X";
/// Well formed, and nobody's.
const NO_REQUEST: &str = "R-000000000T";

#[test]
fn things_that_do_not_exist() {
    let country = Country::settled();
    let officer = &country.staff.officer;
    let file = requests::openssl(&country.installation.scratch("unknown"), &requests::P256);
    let device = &country.identities.device;

    let misspelt = officer.npki.run(&ask("devise", device, text(&file)));
    let problem = misspelt.problem(misspelt.code);
    assert!([exit::USAGE, exit::NOT_FOUND].contains(&misspelt.code), "{misspelt:?}");
    assert_eq!(problem.code, codes::NO_SUCH_PROFILE);
    assert!(format!("{} {}", problem.detail, problem.fix).contains("device"), "no nearest name: {problem:?}");

    // The check character tells a typing error from an identity that does not exist.
    let mut mistyped = device.clone();
    let last = if mistyped.pop() == Some('0') { '1' } else { '0' };
    mistyped.push(last);
    let problem = refused(&country, officer, exit::USAGE, &ask("device", &mistyped, text(&file)));
    assert!(problem.detail.contains("mistyped"), "{problem:?}");
    let problem = refused(&country, officer, exit::NOT_FOUND, &["registry", "show", NO_PERSON]);
    assert_eq!(problem.code, codes::NO_SUCH_IDENTITY);
    let args = ask("person-signature", NO_PERSON, text(&file));
    assert_eq!(refused(&country, officer, exit::NOT_FOUND, &args).code, codes::NO_SUCH_IDENTITY);

    let unknown = "42".repeat(16);
    let problem = refused(&country, officer, exit::NOT_FOUND, &["cert", "show", &unknown]);
    assert_eq!(problem.code, codes::NO_SUCH_CERTIFICATE);
    let revoke = ["revoke", &unknown, "--reason", "superseded", "--confirm", "4242"];
    let problem = refused(&country, &country.staff.administrator, exit::NOT_FOUND, &revoke);
    assert_eq!(problem.code, codes::NO_SUCH_CERTIFICATE);
    refused(&country, officer, exit::NOT_FOUND, &["request", "show", NO_REQUEST]);
}

#[test]
fn a_profile_for_another_kind_of_identity() {
    let country = Country::settled();
    let file = requests::openssl(&country.installation.scratch("kind"), &requests::P256);
    let officer = &country.staff.officer;
    for (profile, identity) in [
        ("person-signature", &country.identities.device),
        ("device", &country.identities.person),
        ("staff-authentication", &country.identities.person),
        ("issuing-ca", &country.identities.organisation),
    ] {
        let before = Census::of(&officer.rest);
        let outcome = officer.npki.run(&ask(profile, identity, text(&file)));
        let forbidden = [exit::USAGE, exit::NO, exit::NOT_PERMITTED, exit::NOT_FOUND, exit::CONFLICT];
        assert!(forbidden.contains(&outcome.code), "{profile}: {outcome:?}");
        outcome.problem(outcome.code);
        before.is_unchanged(&officer.rest, profile);
    }
}

#[test]
fn the_same_twice() {
    let country = Country::settled();
    let officer = &country.staff.officer;
    let file = requests::openssl(&country.installation.scratch("twice"), &requests::P256);
    let args = ask("device", &country.identities.device, text(&file));
    let first = answers::id(answers::request(&officer.npki.done(&args)));
    let problem = refused(&country, officer, exit::CONFLICT, &args);
    assert_eq!(problem.code, codes::SAME_REQUEST);
    assert!(problem.detail.contains(&first), "the earlier request is not named: {problem:?}");

    let other = census::device(
        &officer.npki,
        &country.identities.organisation,
        &country.identities.person,
        "RSL-GATE-0002",
    );
    let problem = officer.npki.run(&ask("device", &other, text(&file)));
    assert_ne!(problem.code, exit::DONE, "one key for two identities");

    let again = ["registry", "add", "organisation", "--name", "Revenue Again", "--identifier", "GO:LS-RSL"];
    let problem = refused(&country, officer, exit::CONFLICT, &again);
    assert_eq!(problem.code, codes::SAME_IDENTIFIER);

    let serial = answers::text(&officer.npki.done(&["request", "show", &first]), "serial").to_owned();
    country.revoke(&serial, "superseded");
    let ending = &serial[serial.len() - 4..];
    let revoke = ["revoke", &serial, "--reason", "key-compromise", "--confirm", ending];
    refused(&country, &country.staff.administrator, exit::CONFLICT, &revoke);
    let release = ["cert", "release", &serial];
    refused(&country, &country.staff.administrator, exit::CONFLICT, &release);
}

#[test]
fn staff_that_is_staff_no_longer() {
    let country = Country::settled();
    let (staff, administrator) = (&country.staff, &country.staff.administrator);
    let me = staff.third_officer.npki.done(&["whoami"]);
    assert_eq!(me["id"], staff.third_officer.id);
    let disable = ["staff", "disable", &staff.third_officer.id, "--reason", "left the service"];
    administrator.npki.done(&disable);
    staff.third_officer.npki.refused(exit::NOT_PERMITTED, &["whoami"]);
    let members = administrator.npki.done(&["staff", "list"]);
    let former = answers::item(&members, "id", &staff.third_officer.id);
    assert_eq!(former["status"], "disabled");

    // The certificate alone, revoked, ends the access too: at once, not when a list is next fetched.
    let other = answers::item(&members, "id", &staff.second_officer.id);
    country.revoke(answers::text(other, "serial"), "key-compromise");
    let file = requests::openssl(&country.installation.scratch("former"), &requests::P256);
    let args = ask("device", &country.identities.device, text(&file));
    refused(&country, &staff.second_officer, exit::NOT_PERMITTED, &args);
}

#[test]
fn without_a_credential_or_with_a_foreign_one() {
    let country = Country::settled();
    let nobody = country.installation.somebody("nobody");
    let (url, root) = (country.installation.url(), country.installation.root());
    nobody.done(&["context", "add", "bare", "--url", &url, "--trust", text(&root)]);
    let problem = nobody.refused(exit::NOT_PERMITTED, &["whoami"]);
    assert!(!problem.fix.is_empty());
    for path in
        ["/v1/whoami", "/v1/identities", "/v1/requests", "/v1/certificates", "/v1/staff", "/v1/events"]
    {
        bystander::rest(&country.installation).get(path).problem(401);
    }
    // A certificate of this CA for anything but staff work opens nothing.
    let device = country.staff.issue(
        &country.installation,
        &country.staff.officer,
        "device",
        &country.identities.device,
    );
    let response = country.installation.rest(&device.chain, &device.key).try_get("/v1/identities");
    assert!(response.is_none_or(|answer| [401, 403].contains(&answer.status)), "a device reads the registry");
}

#[test]
fn messages_that_are_not_the_interface() {
    let country = Country::settled();
    let rest = &country.staff.officer.rest;
    let before = Census::of(rest);
    let good = json!({"kind": "organisation", "legal_name": "A", "identifier": "GO:LS-A"}).to_string();
    rest.post_raw("/v1/identities", "text/plain", good.as_bytes()).problem(415);
    rest.post_raw("/v1/identities", "application/x-www-form-urlencoded", good.as_bytes()).problem(415);
    for body in
        ["", "{", "[]", "null", "{\"kind\":\"alien\"}", "{\"kind\":\"organisation\",\"legal_name\":7}"]
    {
        let response = rest.post_raw("/v1/identities", "application/json", body.as_bytes());
        assert!([400, 422].contains(&response.status), "{body:?}: {response:?}");
        let status = response.status;
        response.problem(status);
    }
    let unknown =
        json!({"kind": "organisation", "legal_name": "A", "identifier": "GO:LS-A", "roles": ["admin"]});
    let response = rest.post("/v1/identities", &unknown);
    assert!([400, 422].contains(&response.status), "an unknown member was overlooked: {response:?}");
    for identifier in ["", "LS-A", "GO:XX", "PNOLS-1", "GO:LS-", "GO:LS-A\u{202e}B", &"GO:LS-A".repeat(100)] {
        let body = json!({"kind": "organisation", "legal_name": "A", "identifier": identifier});
        let response = rest.post("/v1/identities", &body);
        assert!([400, 422].contains(&response.status), "{identifier:?} was taken: {response:?}");
    }
    before.is_unchanged(rest, "messages that are none");
}
