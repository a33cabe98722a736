//! The life of identities, seen from outside: what OCSP and CRLs say after each step, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use tests::country::CrlEntry;
use tests::installation::{Installation, Keeping};
use tests::judges::openssl;
use tests::npki::{Npki, exit};
use tests::postgres::PostgresServer;
use tests::{Country, answers, census};

/// From a decision to every OCSP answer (one node).
const BOUND: Duration = Duration::from_secs(1);

#[test]
fn a_death_is_in_every_status_within_the_bound_and_can_be_undone_on_sled() {
    a_death(Country::populated());
}

#[test]
fn a_death_is_in_every_status_within_the_bound_and_can_be_undone_on_postgresql() {
    let server = PostgresServer::start();
    a_death(Country::populated_in(Installation::fresh_on(Keeping::Postgres(&server.database()))));
}

fn a_death(mut country: Country) {
    mistaken_and_real(&country);
    country.installation.stop();
    country.installation.audit_is_clean();
}

fn mistaken_and_real(country: &Country) {
    let (officer, colleague) = (&country.staff.officer.npki, &country.staff.second_officer.npki);
    let person = &country.identities.person;
    let reported = officer.done(&step("report-death", person, &["--source", "chief"]));
    assert_eq!((&reported["status"], &reported["held"]), (&"suspended".into(), &3.into()), "{reported}");
    everywhere(country, ": revoked", CrlEntry::Listed);
    let alone = colleague.refused(exit::CONFLICT, &step("confirm-death", person, &["--yes"]));
    assert_eq!(alone.code, "E-ID-014");

    // A mistake: the same three certificates count again.
    let own = officer.refused(exit::NOT_PERMITTED, &step("find-alive", person, &[]));
    assert_eq!(own.code, "E-ID-013");
    let alive = colleague.done(&step("find-alive", person, &[]));
    assert_eq!((&alive["status"], &alive["released"]), (&"active".into(), &3.into()), "{alive}");
    everywhere(country, ": good", CrlEntry::Absent);

    // No mistake.
    officer.done(&step("report-death", person, &["--source", "civil-register"]));
    let itself = officer.refused(exit::NOT_PERMITTED, &step("confirm-death", person, &["--yes"]));
    assert_eq!(itself.code, "E-ID-013");
    let dead = colleague.done(&step("confirm-death", person, &["--yes"]));
    assert_eq!((&dead["status"], &dead["cause"]), (&"closed".into(), &"deceased".into()));
    assert_eq!((&dead["revoked"], &dead["things"]), (&3.into(), &2.into()), "{dead}");
    everywhere(country, ": revoked", CrlEntry::Listed);
    let device = officer.done(&["registry", "show", &country.identities.device]);
    assert!(device["orphaned_until"].is_string(), "{device}");
    told(officer, person);
}

/// The ledger proves it, and whoever works with the person reads it.
fn told(officer: &Npki, person: &str) {
    let history = officer.done(&["registry", "history", person]);
    let actions: Vec<&str> =
        answers::items(&history).iter().map(|entry| answers::text(entry, "action")).collect();
    let twice = ["identity.death-reported", "identity.found-alive", "identity.death-reported"];
    assert_eq!(actions, [&twice[..], &["identity.died"]].concat());
    assert!(answers::items(&history).iter().all(|entry| entry["note"] == "letter 12 of 3 May"));
}

fn step<'a>(name: &'a str, id: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["registry", name, id, "--note", "letter 12 of 3 May"], more].concat()
}

/// What OpenSSL hears of the person's certificates within the bound, and the CRL says within its own.
fn everywhere(country: &Country, says: &str, entry: CrlEntry) {
    let decided = Instant::now();
    for profile in ["person-authentication", "person-authentication-pseudonymous", "person-signature"] {
        let serial = &country.certificate(profile).serial;
        loop {
            let answer = openssl::ocsp_serial(&country.installation, serial).text();
            if answer.contains(says) {
                break;
            }
            assert!(decided.elapsed() < BOUND, "{profile} is not {says:?}: {answer}");
        }
    }
    for profile in ["person-authentication", "person-authentication-pseudonymous", "person-signature"] {
        country.until_the_crl(entry, &country.certificate(profile).serial);
    }
}

/// A card is lost, found, and at last stolen: OpenSSL sees each within the bound.
#[test]
fn a_lost_card_is_on_hold_until_it_is_found_and_revoked_when_it_was_stolen() {
    let mut country = Country::populated();
    let (officer, colleague) = (&country.staff.officer.npki, &country.staff.second_officer.npki);
    let person = &country.identities.person;
    let nobody_knows =
        officer.refused(exit::CONFLICT, &step("lost-token", person, &["--model", "IDPrime 940"]));
    assert_eq!(nobody_knows.code, "E-TOK-004");
    let lost = officer.done(&step("lost-token", person, &["--all"]));
    assert_eq!((&lost["held"], &lost["status"]), (&3.into(), &"active".into()), "{lost}");
    everywhere(&country, ": revoked", CrlEntry::Listed);
    let shown = officer.done(&["registry", "show", person]);
    assert!(shown["token_lost_since"].is_string(), "{shown}");
    let own = officer.refused(exit::NOT_PERMITTED, &step("lost-token", person, &["--found"]));
    assert_eq!(own.code, "E-ID-013");
    assert_eq!(colleague.done(&step("lost-token", person, &["--found"]))["released"], 3);
    everywhere(&country, ": good", CrlEntry::Absent);
    let serial = &country.certificate("person-signature").serial;
    let stolen = officer.done(&step("lost-token", person, &["--serial", serial, "--stolen", "--yes"]));
    assert_eq!(stolen["revoked"], 1, "{stolen}");
    let certificate = officer.done(&["cert", "show", serial]);
    assert_eq!(certificate["revocation"]["reason"], "key-compromise", "{certificate}");
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// Nobody answers for a device any more: the service itself suspends it when the days of grace are over.
#[test]
fn a_device_without_a_sponsor_is_suspended_by_itself() {
    let mut installation = Installation::founded();
    installation.edit_settings(|text| {
        assert!(text.contains("sponsor_grace_days = 30"));
        text.replace("sponsor_grace_days = 30", "sponsor_grace_days = 0")
    });
    installation.start();
    let mut country = Country::populated_in(installation);
    let administrator = &country.staff.administrator.npki;
    let (person, device) = (&country.identities.person, &country.identities.device);
    let refused =
        country.staff.officer.npki.refused(exit::NOT_PERMITTED, &step("close", person, &emigrated()));
    assert_eq!(refused.code, "E-AUTH-002");
    let closed = administrator.done(&step("close", person, &emigrated()));
    assert_eq!((&closed["revoked"], &closed["things"]), (&3.into(), &2.into()), "{closed}");
    let officer = &country.staff.officer.npki;
    let give_up = Instant::now() + Duration::from_secs(20);
    while officer.done(&["registry", "show", device])["cause"] != "sponsor-gone" {
        assert!(Instant::now() < give_up, "the device still counts");
        std::thread::sleep(Duration::from_millis(200));
    }
    let serial = &country.certificate("device").serial;
    assert!(openssl::ocsp_serial(&country.installation, serial).text().contains(": revoked"));
    let heir = census::person(officer, "Moshoeshoe", "Lineo", "PNOLS-199901010001");
    let handed = officer.done(&step("hand-over", device, &["--sponsor", &heir]));
    assert_eq!((&handed["status"], &handed["released"]), (&"active".into(), &1.into()), "{handed}");
    assert!(openssl::ocsp_serial(&country.installation, serial).text().contains(": good"));
    country.installation.stop();
    country.installation.audit_is_clean();
}

const fn emigrated() -> [&'static str; 3] {
    ["--cause", "emigrated", "--yes"]
}

/// A court appoints a guardian: within the bound OpenSSL hears that the ward's signatures do not count, and that they do again.
#[test]
fn a_guardianship_takes_the_signatures_and_gives_them_back_on_sled() {
    a_guardianship(Country::populated());
}

#[test]
fn a_guardianship_takes_the_signatures_and_gives_them_back_on_postgresql() {
    let server = PostgresServer::start();
    a_guardianship(Country::populated_in(Installation::fresh_on(Keeping::Postgres(&server.database()))));
}

fn a_guardianship(mut country: Country) {
    let (officer, colleague) = (&country.staff.officer.npki, &country.staff.second_officer.npki);
    let (ward, agency) = (&country.identities.person, &country.identities.organisation);
    let serial = &country.certificate("person-signature").serial;
    let noted = |arguments: &[&'static str]| [arguments, &["--note", "order 7 of the High Court"]].concat();
    let propose = |ground: &'static str| {
        let named = ["guardianship", "propose", ward, "--guardian", agency, "--ground", ground];
        [&named[..], &["--reach", "signatures", "--note", "order 7 of the High Court"]].concat()
    };
    assert_eq!(officer.refused(exit::CONFLICT, &propose("minority")).code, "E-GUA-002");
    let waits = officer.done(&propose("court-order"));
    let name = answers::text(&waits, "guardianship");
    let confirm = [&["guardianship", "confirm", ward, name, "--yes"][..], &noted(&[])].concat();
    assert_eq!(officer.refused(exit::NOT_PERMITTED, &confirm).code, "E-GUA-007");
    let begun = colleague.done(&confirm);
    assert_eq!((&begun["held"], &begun["status"]), (&1.into(), &"active".into()), "{begun}");
    says(&country, serial, ": revoked");
    country.until_the_crl(CrlEntry::Listed, serial);
    says(&country, &country.certificate("person-authentication").serial, ": good");
    let shown = officer.done(&["guardianship", "show", ward]);
    assert_eq!(shown["current"]["on_hold"], serde_json::json!([serial]), "{shown}");
    let wards = officer.done(&["guardianship", "list", "--guardian", agency]);
    assert_eq!(answers::items(&wards).len(), 1, "{wards}");

    let end = [&["guardianship", "end", ward, "--yes"][..], &noted(&[])].concat();
    assert_eq!(colleague.refused(exit::NOT_PERMITTED, &end).code, "E-GUA-007");
    let released = country.staff.administrator.npki.refused(exit::CONFLICT, &["cert", "release", serial]);
    assert_eq!(released.code, "E-CERT-009");
    assert_eq!(country.staff.third_officer.npki.done(&end)["released"], 1);
    says(&country, serial, ": good");
    country.until_the_crl(CrlEntry::Absent, serial);
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// What OpenSSL hears of a certificate within the bound.
fn says(country: &Country, serial: &str, says: &str) {
    let decided = Instant::now();
    loop {
        let answer = openssl::ocsp_serial(&country.installation, serial).text();
        if answer.contains(says) {
            return;
        }
        assert!(decided.elapsed() < BOUND, "{serial} is not {says:?}: {answer}");
    }
}
