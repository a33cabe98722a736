//! The whole of npki in one story, each step a separate process of the person who would do it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use tests::census::{self, Identities};
use tests::certificates::{self, Issued};
use tests::country::CrlEntry;
use tests::npki::{exit, text};
use tests::{Country, Installation, Member, Staff, answers};

#[test]
fn a_country_begins_with_nothing() {
    let country = Country::settled();
    trust_by_fingerprint(&country.installation);
    everybody_is_known(&country.staff);
    registry_shows(&country.staff, &country.identities);
}

/// The server's root may also be trusted by comparing a fingerprint, and a wrong one is refused.
fn trust_by_fingerprint(installation: &Installation) {
    let npki = installation.somebody("relying party");
    let root = certificates::der(&std::fs::read(installation.root()).unwrap());
    let fingerprint = certificates::sha256(&root);
    npki.done(&["context", "add", "public", "--url", &installation.url(), "--fingerprint", &fingerprint]);
    let contexts = npki.done(&["context", "list"]);
    assert!(contexts.to_string().contains("public"), "{contexts}");

    let wrong = fingerprint.chars().rev().collect::<String>();
    let url = installation.url();
    let refused =
        npki.refused(exit::NO, &["context", "add", "wrong", "--url", &url, "--fingerprint", &wrong]);
    assert_eq!(refused.code, "E-CTX-005");
    assert!(!npki.done(&["context", "list"]).to_string().contains("wrong"), "a refused context was kept");
}

fn everybody_is_known(staff: &Staff) {
    let administrator = staff.administrator.npki.done(&["whoami"]);
    assert_eq!(administrator["name"], "Lineo Mofolo");
    assert_eq!(administrator["roles"], serde_json::json!(["administrator"]));
    let officer = staff.officer.npki.done(&["whoami"]);
    assert_eq!(
        (answers::text(&officer, "id"), answers::text(&officer, "name")),
        (&*staff.officer.id, "Thabo Mokoena")
    );
    let members = staff.administrator.npki.done(&["staff", "list"]);
    for member in [&staff.officer, &staff.second_officer, &staff.auditor] {
        assert_eq!(answers::item(&members, "id", &member.id)["status"], "active");
    }
}

fn registry_shows(staff: &Staff, identities: &Identities) {
    let npki = &staff.officer.npki;
    for (kind, id) in [
        ("organisation", &identities.organisation),
        ("person", &identities.person),
        ("device", &identities.device),
        ("application", &identities.application),
    ] {
        let listed = npki.done(&["registry", "list", "--kind", kind]);
        assert_eq!(answers::item(&listed, "id", id)["status"], "active");
        assert_eq!(npki.done(&["registry", "show", id])["kind"], kind);
    }
}

#[test]
fn a_seal_needs_two_officers() {
    let country = Country::settled();
    let (staff, organisation) = (&country.staff, &country.identities.organisation);
    let operator = staff.agency_operator(&country.installation, organisation);
    let out = country.installation.scratch("seal");
    let request = ask(&operator, "organisation-seal", organisation, &out);
    let waiting = operator.npki.done(&["request", "show", &request]);
    assert_eq!((&waiting["status"], &waiting["approvals_needed"]), (&"waiting".into(), &2.into()));
    assert!(!out.join("cert.pem").exists(), "nothing is issued before it is approved");
    let queue = staff.officer.npki.done(&["queue", "list"]);
    assert_eq!(answers::item(&queue, "id", &request)["requested_by"], operator.id);

    let first = staff.officer.npki.done(&["vet", "approve", &request, "--note", "statutes seen"]);
    assert_eq!(first["status"], "waiting");
    let twice = staff.officer.npki.run(&["vet", "approve", &request]);
    assert!([exit::NOT_PERMITTED, exit::CONFLICT].contains(&twice.code), "one officer counted twice");
    let second = staff.second_officer.npki.done(&["vet", "approve", &request, "--note", "register checked"]);
    assert_eq!(second["status"], "issued");
    operator.npki.done(&["request", "download", &request, "--out", text(&out)]);
    Issued::in_folder(&out, "organisation-seal", organisation, answers::text(&second, "serial"));
    let queue = staff.officer.npki.done(&["queue", "list"]);
    assert!(answers::items(&queue).is_empty(), "an issued request waits no longer: {queue}");
}

#[test]
fn nobody_approves_an_own_request() {
    let country = Country::settled();
    let staff = &country.staff;
    let out = country.installation.scratch("signature");
    let request = ask(&staff.officer, "person-signature", &country.identities.person, &out);
    let own = staff.officer.npki.run(&["vet", "approve", &request]);
    assert!([exit::NOT_PERMITTED, exit::CONFLICT].contains(&own.code), "{own:?}");
    own.problem(own.code);
    assert_eq!(staff.officer.npki.done(&["request", "show", &request])["status"], "waiting");
    let approved = staff.second_officer.npki.done(&["vet", "approve", &request]);
    assert_eq!(approved["status"], "issued");

    let request =
        ask(&staff.officer, "person-authentication", &country.identities.person, &out.join("second"));
    let reject = ["vet", "reject", &request, "--reason", "the photograph is another person's"];
    assert_eq!(staff.second_officer.npki.done(&reject)["status"], "rejected");
    let late = staff.second_officer.npki.refused(exit::CONFLICT, &["vet", "approve", &request]);
    assert!(!late.code.is_empty());
}

/// Asks for a certificate that a person must approve; the request's identifier.
fn ask(member: &Member, profile: &str, identity: &str, out: &Path) -> String {
    let ask = ["cert", "request", "--profile", profile, "--identity", identity];
    let waiting =
        member.npki.answered(exit::WAITING, &[&ask[..], &["--generate", "--out", text(out)]].concat());
    answers::id(answers::request(&waiting))
}

#[test]
fn devices_and_applications_are_served_at_once() {
    let country = Country::settled();
    let (staff, identities) = (&country.staff, &country.identities);
    let operator = staff.agency_operator(&country.installation, &identities.organisation);
    for (profile, identity) in [("device", &identities.device), ("application", &identities.application)] {
        let out = country.installation.scratch(profile);
        let ask = ["cert", "request", "--profile", profile, "--identity", identity, "--generate"];
        let answer = operator.npki.done(&[&ask[..], &["--out", text(&out)]].concat());
        let issued =
            Issued::in_folder(&out, profile, identity, answers::text(answers::request(&answer), "serial"));
        private(&issued.key);
        let shown = operator.npki.done(&["cert", "show", &issued.serial]);
        assert_eq!((&shown["status"], &shown["identity"]), (&"active".into(), &identity.as_str().into()));
        let copy = out.join("copy.pem");
        operator.npki.done(&["cert", "download", &issued.serial, "--out", text(&copy)]);
        let der = |file: &PathBuf| certificates::der(&std::fs::read(file).unwrap());
        assert_eq!(der(&copy), der(&issued.certificate));
        assert_eq!(answers::text(&shown, "sha256"), certificates::sha256(&der(&copy)));
    }
}

/// A private key is its owner's alone.
fn private(key: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
}

#[test]
fn a_signature_ends_with_its_certificate() {
    let mut country = Country::settled();
    let (staff, identities) = (&country.staff, &country.identities);
    let seal =
        staff.issue(&country.installation, &staff.officer, "organisation-seal", &identities.organisation);
    let npki = country.installation.somebody("relying party");
    let root = country.installation.root();
    let document = PathBuf::from(npki.file("tax assessment.txt"));
    std::fs::write(&document, "You owe 120 maloti.\n").unwrap();
    let signature = npki.file("tax assessment.txt.p7s");
    let sign =
        ["seal", text(&document), "--cert", text(&seal.chain), "--key", text(&seal.key), "--out", &signature];
    npki.done(&sign);
    let verify = ["verify", text(&document), "--signature", &signature, "--trust", text(&root)];
    npki.done(&verify);
    // The certificate alone: what stands between it and the root is fetched from where it says.
    npki.done(&["verify", text(&seal.certificate), "--trust", text(&root)]);
    let status = ["status", text(&seal.certificate), "--trust", text(&root)];
    npki.done(&status);
    staff.officer.npki.done(&["status", &seal.serial]);

    std::fs::write(&document, "You owe 1200 maloti.\n").unwrap();
    npki.run(&verify).exits(exit::NO).document();
    std::fs::write(&document, "You owe 120 maloti.\n").unwrap();

    country.issued.push(seal.clone());
    country.revoke(&seal.serial, "key-compromise");
    country.until_the_crl(CrlEntry::Listed, &seal.serial);
    npki.run(&status).exits(exit::NO).document();
    country.staff.officer.npki.run(&["status", &seal.serial]).exits(exit::NO);
    let verdict = npki.run(&verify);
    // Without a time stamp nobody can prove that the signature is older than the revocation: no, or cannot tell.
    assert_eq!(verdict.code, exit::CANNOT_TELL, "{verdict:?}");
    npki.run(&["verify", text(&seal.certificate), "--trust", text(&root)]).exits(exit::NO).document();
    everything_is_on_record(&country, &seal);
}

/// What everybody can see of a revoked certificate, and what the auditor can.
fn everything_is_on_record(country: &Country, revoked: &Issued) {
    let staff = &country.staff;
    let crl = staff.officer.npki.done(&["crl", "show", "--ca", "issuing"]);
    assert!(crl.to_string().contains(&revoked.serial), "{crl}");
    let inspected = staff.officer.npki.done(&["inspect", text(&revoked.certificate)]);
    assert!(inspected.to_string().to_lowercase().contains(&revoked.serial), "{inspected}");
    let listed = staff.officer.npki.done(&["cert", "list", "--status", "revoked"]);
    assert_eq!(answers::item(&listed, "serial", &revoked.serial)["revocation"]["reason"], "key-compromise");

    let events = staff.auditor.npki.done(&["audit", "list", "--limit", "500"]);
    let about = answers::items(&events).iter().filter(|event| event.to_string().contains(&revoked.serial));
    let actions: Vec<&str> = about.map(|event| answers::text(event, "action")).collect();
    assert!(actions.len() >= 2, "issuing and revoking are both on record: {actions:?}");
    staff.officer.npki.refused(exit::NOT_PERMITTED, &["audit", "list"]);
    let name = events.to_string();
    assert!(!name.contains("PNOLS-"), "the ledger holds no personal data");
}

#[test]
fn people_read_text_and_machines_read_json() {
    let installation = Installation::fresh();
    let staff = Staff::of(&installation);
    census::organisation(&staff.officer.npki, "Maseru City Council", "GO:LS-MCC");
    let shown = staff.officer.npki.run_as_text(&["registry", "list"]);
    assert!(shown.exits(exit::DONE).stdout.contains("Maseru City Council"), "{shown:?}");
    let failed = staff.officer.npki.run_as_text(&["cert", "show", "00ff"]);
    failed.exits(exit::NOT_FOUND);
    assert!(
        failed.stdout.is_empty() && failed.stderr.contains("E-"),
        "failures go to standard error: {failed:?}"
    );
    staff.officer.npki.refused(exit::USAGE, &["cert", "show"]);
    for command in [&["version"][..], &["help", "exit-codes"], &["completion", "bash"], &["config", "path"]] {
        assert!(!installation.somebody("reader").run_as_text(command).exits(exit::DONE).stdout.is_empty());
    }
}
