//! A country whose root is offline from its first day: the online installation is founded with the root's certificate
//! alone, its CA is certified in a ceremony, and what the root revokes later stops at once. OpenSSL judges.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::certificates;
use tests::country::Country;
use tests::installation::Installation;
use tests::judges::openssl::{self, Branch};
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::strong_room::{StrongRoom, crl_script, issuing_script, link_script, root_script};

/// The policies of applications and devices.
const APPLICATION: &str = "1.3.6.1.4.1.32473.426.1.6.1";
const DEVICE: &str = "1.3.6.1.4.1.32473.426.1.5.1";
const PATIENCE: Duration = Duration::from_secs(60);

/// The pilot's hierarchy with its root kept offline.
fn hierarchy(room: &StrongRoom) -> PathBuf {
    let pilot = ca_core::hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "pilot").unwrap().1;
    let offline = pilot.replacen("id = \"root\"\n", "id = \"root\"\nkept = \"offline\"\n", 1);
    assert_ne!(pilot, offline);
    let path = room.path("hierarchy.toml");
    std::fs::write(&path, offline).unwrap();
    path
}

/// The installation, waiting for its CA's certificate.
fn founded(room: &StrongRoom, installation: &Installation) {
    let held = room.hold("root-g1", &root_script(room, "Government of Lesotho National Root CA G1"));
    room.verify_transcript(&held);
    let (hierarchy, installer) = (hierarchy(room), installation.somebody("installer"));
    let init = installation.init_arguments();
    let init: Vec<&str> = init.iter().map(String::as_str).chain(["--hierarchy", text(&hierarchy)]).collect();
    let refused = installer.refused(exit::FAILED, &init);
    assert!(refused.detail.contains("--offline root=FILE"), "{refused:?}");
    assert!(!installation.data().exists(), "a founding that failed left something");
    let another = room.path("another.pem");
    let made =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=Other"];
    Program::named("openssl").args(made).args(["-out", text(&another)]).run().succeeded();
    let with =
        |file: &Path| [&init[..], &["--offline", &format!("root={}", file.display())]].concat().join("\n");
    let refused = installer.refused(exit::FAILED, &with(&another).lines().collect::<Vec<_>>());
    assert!(refused.detail.contains("another.pem"), "{refused:?}");

    let founded = installer.done(&with(&room.made("root.pem")).lines().collect::<Vec<_>>());
    assert_eq!(founded["waiting"][0]["id"], "issuing", "{founded}");
    assert_eq!(founded["administrator"], Value::Null);
    assert_eq!(founded["cas"][0]["sha256"].as_str().unwrap(), room.root_sha256());
    let data = installation.data();
    assert!(!data.join("keys/root.key").exists(), "the offline root's key is in the installation");
    let anchors = std::fs::read_to_string(installation.trust()).unwrap();
    assert_eq!(anchors, std::fs::read_to_string(room.made("root.pem")).unwrap());
    let refused = installer.refused(exit::FAILED, &["serve", "--data", text(&data)]);
    assert!(refused.detail.contains("npki ca found"), "{refused:?}");
}

/// The CA asks, the root answers in a ceremony, and the founding is completed.
fn completed(room: &StrongRoom, installation: &Installation) {
    let (operator, data) = (installation.somebody("operator"), installation.data());
    let found = ["ca", "found", "--data", text(&data)];
    assert_eq!(operator.done(&found)["waiting"][0]["issuer"], "root");
    let out = room.made("issuing.request.json");
    let ask = ["ca", "request", "--data", text(&data), "--ca", "issuing", "--hierarchy", "ls-national"];
    let asked = operator.done(&[&ask[..], &["--out", text(&out)]].concat());
    let sha256 = asked["request_sha256"].as_str().unwrap();
    let script = issuing_script(
        room,
        "issuing-g1",
        "issuing.request.json",
        sha256,
        "issuing-ca",
        "issuing.response.json",
    );
    room.verify_transcript(&room.hold("issuing-g1", &script));
    let response = room.made("issuing.response.json");
    operator.done(&["ca", "install", text(&response), "--data", text(&data)]);
    let completed = operator.done(&found);
    assert_eq!(completed["waiting"], serde_json::json!([]), "{completed}");
    assert!(completed["administrator"].as_str().unwrap().starts_with("S-"), "{completed}");
    let again = operator.refused(exit::FAILED, &found);
    assert!(again.detail.contains("every CA"), "{again:?}");
}

fn ca(npki: &tests::npki::Npki, id: &str) -> Value {
    let listed = npki.done(&["ca", "list"]);
    listed["items"].as_array().unwrap().iter().find(|ca| ca["id"] == id).unwrap().clone()
}

#[test]
fn a_country_lives_with_a_root_that_is_offline_from_the_first_day() {
    let mut installation = Installation::planned();
    let room = StrongRoom::new(&installation.public_url());
    founded(&room, &installation);
    completed(&room, &installation);
    installation.start();
    let mut country = Country::settled_in(installation);
    let device = country.staff.issue(
        &country.installation,
        &country.staff.officer,
        "device",
        &country.identities.device,
    );
    openssl::verify(&country.installation, &device.certificate).succeeded();
    status_of_the_ca_is_the_roots_crl(&country);
    let root = ca(&country.staff.officer.npki, "root");
    assert_eq!((&root["key"], &root["crl_number"]), (&"elsewhere".into(), &1.into()), "{root}");

    // Nobody revokes here what an offline root issued, and nobody is told that he may.
    let serial = certificates::serial(&country.installation.issuing());
    let second = revoked_in_a_ceremony(&room, &country, &serial);
    a_revoked_ca_issues_nothing(&country, &second, &device.certificate);
    country.installation.restart();
    a_revoked_ca_issues_nothing(&country, &second, &device.certificate);
    the_end_of_the_crl_is_told(&room, &country, &serial);

    country.installation.stop();
    country.installation.audit_is_clean();
    let (data, issuing) = (country.installation.data(), country.installation.issuing());
    let auditor = country.installation.somebody("auditor");
    let seen = ["audit", "signatures", "--data", text(&data), "--seen", text(&second), text(&issuing)];
    let seen = auditor.done(&[&seen[..], &[text(&room.made("root.pem"))]].concat());
    let verdicts: Vec<&Value> =
        seen["seen"].as_array().unwrap().iter().map(|seen| &seen["verdict"]).collect();
    assert_eq!(verdicts, ["known", "known", "known"], "{seen}");
}

/// The next generation of an offline root, on a medium of its own: each vouches for the other in a ceremony, and the two
/// certificates are brought over while the service runs.
#[test]
fn an_offline_root_is_succeeded_by_another() {
    let mut installation = Installation::planned();
    let room = StrongRoom::new(&installation.public_url());
    founded(&room, &installation);
    completed(&room, &installation);
    installation.start();
    let mut country = Country::settled_in(installation);
    let (officer, devices) = (&country.staff.officer, &country.identities.device);
    let before = country.staff.issue(&country.installation, officer, "device", devices);
    country.installation.stop();

    let next = room.of_another("root-g2", "root-g2");
    next.hold("root-g2", &root_script(&next, "Government of Lesotho National Root CA G2"));
    planned_below(&next, &country.installation);
    country.installation.start();
    let installation = &country.installation;
    let after = country.staff.issue(
        installation,
        &country.staff.officer,
        "application",
        &country.identities.application,
    );
    let (old, new, new_ca) = (installation.root(), installation.ca("root-g2"), installation.ca("issuing-g2"));
    let unlinked = openssl::verify_path(&old, &new_ca, &after.certificate);
    assert_ne!(unlinked.code, 0);

    let administrator = &country.staff.administrator.npki;
    for (root, other, output) in [(&room, &next, "new-with-old.pem"), (&next, &room, "old-with-new.pem")] {
        let id = output.trim_end_matches(".pem");
        root.verify_transcript(&root.hold(id, &link_script(root, id, other, output)));
        let link = root.made(output);
        let installed = administrator.done(&["ca", "link", "install", text(&link)]);
        assert_eq!(installed["changed"], true, "{installed}");
        assert_eq!(administrator.done(&["ca", "link", "install", text(&link)])["changed"], false);
    }
    // A root of somebody else's, and a CA that is no root, are no links.
    let foreign = room.made("issuing.response.json");
    administrator.refused(exit::USAGE, &["ca", "link", "install", text(&foreign)]);
    let refused = administrator.refused(exit::USAGE, &["ca", "link", "install", text(&new_ca)]);
    assert_eq!(refused.code, "E-CA-006", "{refused:?}");
    let own = next.hold_refused("self", &link_script(&next, "self", &next, "self.pem"));
    assert!(own.contains("does not vouch for itself"), "{own}");

    openssl::verify_over_links(installation, &old, "root-g2", &new_ca, (&after.certificate, APPLICATION))
        .succeeded();
    let old_ca = installation.issuing();
    openssl::verify_over_links(installation, &new, "root", &old_ca, (&before.certificate, DEVICE))
        .succeeded();
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// Adds a root and a CA below it to the installation, which is stopped.
fn planned_below(next: &StrongRoom, installation: &Installation) {
    let (operator, data) = (installation.somebody("operator"), installation.data());
    let path = data.join("hierarchy.toml");
    let mut text_of = std::fs::read_to_string(&path).unwrap();
    let issues = text_of.rsplit("issues = [").next().unwrap().split(']').next().unwrap().to_owned();
    text_of += "\n[[ca]]\nid = \"root-g2\"\nkept = \"offline\"\nname = \"National Root CA G2\"\nprofile = \"root-ca\"\n\
                key = \"p384\"\nsucceeds = \"root\"\n";
    text_of += &format!(
        "\n[[ca]]\nid = \"issuing-g2\"\nissuer = \"root-g2\"\nname = \"Issuing CA G2\"\nprofile = \"issuing-ca\"\n\
         key = \"p384\"\nissues_from = \"2026-01-01T00:00:00Z\"\nissues = [{issues}]\n"
    );
    std::fs::write(&path, text_of).unwrap();
    let root = format!("root-g2={}", next.made("root-g2.pem").display());
    let found = operator.done(&["ca", "found", "--data", text(&data), "--offline", &root]);
    assert_eq!(found["waiting"][0]["id"], "issuing-g2", "{found}");
    let refused = operator.refused(exit::FAILED, &["serve", "--data", text(&data)]);
    assert!(refused.detail.contains("npki ca request --ca issuing-g2"), "{refused:?}");
    let out = next.made("g2.request.json");
    let ask = ["ca", "request", "--data", text(&data), "--ca", "issuing-g2", "--hierarchy", "ls-national"];
    let asked = operator.done(&[&ask[..], &["--out", text(&out)]].concat());
    let sha256 = asked["request_sha256"].as_str().unwrap();
    let script =
        issuing_script(next, "issuing-g2", "g2.request.json", sha256, "issuing-ca", "g2.response.json");
    next.hold("issuing-g2", &script);
    let response = next.made("g2.response.json");
    operator.done(&["ca", "install", text(&response), "--data", text(&data)]);
}

/// RFC 5280 section 4.2.2.1 and RFC 6960 section 2.3: no address of a responder, and no answer from one.
fn status_of_the_ca_is_the_roots_crl(country: &Country) {
    let installation = &country.installation;
    let (root, issuing) = (installation.root(), installation.issuing());
    let named = Program::named("openssl").args(["x509", "-noout", "-ocsp_uri", "-in", text(&issuing)]).run();
    assert!(named.succeeded().text().trim().is_empty(), "the CA's certificate names a responder");
    let url = format!("{}/ocsp", installation.public_url());
    let asked =
        ["ocsp", "-issuer", text(&root), "-cert", text(&issuing), "-url", &url, "-CAfile", text(&root)];
    let answer = Program::named("openssl").args(asked).run();
    assert!(answer.text().contains("unauthorized"), "{}", answer.text());
    let crls = certificates::crl_addresses(&issuing);
    assert_eq!(crls, [format!("{}/crl/root.crl", installation.public_url())]);
    let trust = installation.trust();
    let status = ["status", text(&issuing), "--trust", text(&trust)];
    let status = country.staff.officer.npki.done(&status);
    assert_eq!(status["status"], "good", "{status}");
}

fn revoked_in_a_ceremony(room: &StrongRoom, country: &Country, serial: &str) -> PathBuf {
    let script = crl_script(room, "crl-2", 2, "2099-01-31", &[(serial, "key-compromise")]);
    room.verify_transcript(&room.hold("crl-2", &script));
    let (administrator, second) = (&country.staff.administrator.npki, room.made("crl-2.crl"));
    let install = ["ca", "crl", "install", text(&second)];
    assert_eq!(country.staff.officer.npki.refused(exit::NOT_PERMITTED, &install).code, "E-AUTH-002");
    let mut altered = std::fs::read(&second).unwrap();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let path = room.path("altered.crl");
    std::fs::write(&path, altered).unwrap();
    let refused = administrator.refused(exit::USAGE, &["ca", "crl", "install", text(&path)]);
    assert_eq!(refused.code, "E-CA-003", "{refused:?}");
    assert!(refused.detail.contains("did not sign it"), "{refused:?}");

    let installed = administrator.done(&install);
    assert_eq!((&installed["changed"], &installed["number"]), (&true.into(), &2.into()), "{installed}");
    assert_eq!(installed["revoked"], serde_json::json!([serial]));
    assert_eq!(administrator.done(&install)["changed"], false);
    let first = room.made("root.crl");
    let older = administrator.refused(exit::CONFLICT, &["ca", "crl", "install", text(&first)]);
    assert_eq!(older.code, "E-CA-004", "{older:?}");
    second
}

fn a_revoked_ca_issues_nothing(country: &Country, crl: &Path, issued_before: &Path) {
    let (installation, officer) = (&country.installation, &country.staff.officer);
    let served =
        tests::bystander::fetch(installation, &format!("{}/crl/root.crl", installation.public_url()));
    assert_eq!(served.body, std::fs::read(crl).unwrap());
    let out = installation.scratch("refused");
    let ask = ["cert", "request", "--profile", "device", "--identity", &country.identities.device];
    let asked = officer.npki.run(&[&ask[..], &["--generate", "--out", text(&out)]].concat());
    let problem = asked.problem(exit::CONFLICT);
    assert_eq!(problem.code, "E-CA-005", "{problem:?}");
    let _ = std::fs::remove_dir_all(&out);
    let issuing = ca(&officer.npki, "issuing");
    assert_eq!(
        (&issuing["issuing"], &issuing["revocation"]["reason"]),
        (&false.into(), &"key-compromise".into())
    );
    let (issuing, trust) = (installation.issuing(), installation.trust());
    let status = ["status", text(&issuing), "--trust", text(&trust)];
    assert_eq!(officer.npki.answered(exit::NO, &status)["status"], "revoked");
    let verdict = openssl::verify_under(installation, &Branch::of_a_pilot(installation), issued_before);
    assert_ne!(verdict.code, 0);
    verdict.saying("certificate revoked");
}

/// A CRL that nobody here can replace is missed before it ends.
fn the_end_of_the_crl_is_told(room: &StrongRoom, country: &Country, serial: &str) {
    let soon = time::OffsetDateTime::now_utc() + time::Duration::seconds(40);
    let soon = soon.format(&time::format_description::well_known::Rfc3339).unwrap();
    let script = crl_script(room, "crl-3", 3, &soon, &[]);
    room.hold("crl-3", &script);
    let administrator = &country.staff.administrator.npki;
    let installed = administrator.done(&["ca", "crl", "install", text(&room.made("crl-3.crl"))]);
    assert_eq!(
        (&installed["listed"], &installed["revoked"]),
        (&1.into(), &serde_json::json!([])),
        "{serial}"
    );
    let mut states = Vec::new();
    let give_up = Instant::now() + PATIENCE;
    while states.last().is_none_or(|state| state != "ended") {
        let state = ca(administrator, "root")["crl_state"].as_str().unwrap().to_owned();
        if states.last() != Some(&state) {
            states.push(state);
        }
        assert!(Instant::now() < give_up, "{states:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(states, ["fresh", "ending", "ended"]);
    let document = administrator.run(&["ca", "list"]).document();
    let warning = document["warnings"][0].as_str().unwrap();
    assert!(warning.contains("the offline CA root") && warning.contains("npki ca crl install"), "{warning}");
}
