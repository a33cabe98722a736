//! A new name, seen from outside: two officers, what OCSP says of each certificate, what the next one bears, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tests::installation::{Installation, Keeping};
use tests::judges::openssl;
use tests::npki::exit;
use tests::postgres::PostgresServer;
use tests::{Country, answers};

#[test]
fn a_marriage_changes_the_name_and_what_bears_it_on_sled() {
    a_marriage(Country::populated());
}

#[test]
fn a_marriage_changes_the_name_and_what_bears_it_on_postgresql() {
    let server = PostgresServer::start();
    a_marriage(Country::populated_in(Installation::fresh_on(Keeping::Postgres(&server.database()))));
}

fn a_marriage(mut country: Country) {
    proposed_and_confirmed(&country);
    put_right_by_another(&country);
    country.installation.stop();
    country.installation.audit_is_clean();
}

fn proposed_and_confirmed(country: &Country) {
    let (officer, colleague) = (&country.staff.officer.npki, &country.staff.second_officer.npki);
    let person = &country.identities.person;
    let change = ["registry", "change", person, "--surname", "Nthunya", "--reason", "marriage"];
    let bidirectional = officer.refused(
        exit::USAGE,
        &["registry", "change", person, "--surname", "Nt\u{202e}hunya", "--reason", "court", "--note", "x"],
    );
    assert_eq!(bidirectional.code, "E-ID-003");
    let proposed = officer.done(&[&change[..], &["--note", "certificate 7"]].concat());
    assert_eq!(proposed["changes"][0]["after"], "Nthunya", "{proposed}");
    let id = answers::text(&proposed, "change");
    let confirm = ["registry", "confirm-change", person, id, "--note", "seen", "--yes"];
    assert_eq!(officer.refused(exit::NOT_PERMITTED, &confirm).code, "E-CHG-006");

    let waiting = colleague.done(&["registry", "changes"]);
    assert_eq!(answers::items(&waiting)[0]["change"], proposed["change"]);
    let confirmed = colleague.done(&confirm);
    assert_eq!((&confirmed["revoked"], &confirmed["identity"]["surname"]), (&2.into(), &"Nthunya".into()));
    for (profile, says) in [
        ("person-authentication", ": revoked"),
        ("person-signature", ": revoked"),
        ("person-authentication-pseudonymous", ": good"),
    ] {
        openssl::until_ocsp_serial(&country.installation, &country.certificate(profile).serial, says);
    }
    let (staff, profile) = (&country.staff, "person-signature-short-term");
    let issued = staff.issue(&country.installation, &staff.officer, profile, person);
    let shown = officer.done(&["cert", "show", &issued.serial]);
    assert!(shown["subject"].as_str().is_some_and(|subject| subject.contains("NTHUNYA")), "{shown}");
    let history = officer.done(&["registry", "history", person]);
    let last = answers::items(&history).last().unwrap();
    assert_eq!(
        (&last["action"], &last["former"]["surname"]),
        (&"identity.changed".into(), &"Mokoena".into())
    );
}

/// A correction is confirmed by somebody who did not enter what was wrong; the service ends what is not replaced in time.
fn put_right_by_another(country: &Country) {
    let (officer, colleague) = (&country.staff.officer.npki, &country.staff.second_officer.npki);
    let organisation = &country.identities.organisation;
    let change = ["registry", "change", organisation, "--legal-name", "Another Name", "--note", "gazette 4"];
    let within = ["--replace-within", "30"];
    let proposed = colleague.done(&[&change[..], &["--reason", "correction"][..], &within[..]].concat());
    let id = answers::text(&proposed, "change");
    let confirm = ["registry", "confirm-change", organisation, id, "--note", "seen", "--yes"];
    assert_eq!(officer.refused(exit::NOT_PERMITTED, &confirm).code, "E-CHG-006", "the officer entered it");
    colleague.done(&["registry", "drop-change", organisation, id, "--note", "to be proposed by the other"]);
    let proposed = officer.done(&[&change[..], &["--reason", "renamed"][..], &within[..]].concat());
    let id = answers::text(&proposed, "change");
    let confirm = ["registry", "confirm-change", organisation, id, "--note", "seen", "--yes"];
    let confirmed = colleague.done(&confirm);
    assert_eq!(confirmed["revoked"], 0, "{confirmed}");
    let to_replace = confirmed["to_replace"].as_array().unwrap();
    assert_eq!(to_replace.len(), 4, "of the seal, device, application and server: {confirmed}");
    let seal = &country.certificate("organisation-seal").serial;
    openssl::until_ocsp_serial(&country.installation, seal, ": good");
}
