//! Offices by the real programs: who is placed in one acts as long as it is accredited, and not on relatives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use serde_json::Value;
use tests::Country;
use tests::installation::Keeping;
use tests::npki::exit;
use tests::postgres::PostgresServer;

#[test]
fn an_office_is_accredited_and_its_officers_act_on_sled() {
    story_of_an_office(Country::settled());
}

#[test]
fn an_office_is_accredited_and_its_officers_act_on_postgresql() {
    let server = PostgresServer::start();
    story_of_an_office(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn story_of_an_office(mut country: Country) {
    let administrator = country.staff.administrator.npki.clone();
    let officer = country.staff.officer.npki.clone();
    let me = officer.done(&["whoami"])["id"].as_str().unwrap().to_owned();
    let why = ["--reason", "order 7 of 2026"];
    let add = ["office", "add", "Home Affairs", "--place", "Hlotse", "--until"];
    let late = administrator.refused(exit::USAGE, &[&add[..], &["2001-12-31"], &why].concat());
    assert!(late.code == "E-ID-003" && late.detail.contains("until"), "{late:?}");
    let unfit = administrator.refused(exit::USAGE, &[&add[..], &["31.12.2030"], &why].concat());
    assert!(unfit.code == "E-ID-003" && unfit.detail.contains("until: it is no day"), "{unfit:?}");
    let office = administrator.done(&[&add[..], &["2999-12-31"], &why].concat());
    let office = office["id"].as_str().unwrap().to_owned();
    let person = officer.done(&[
        "registry",
        "add",
        "person",
        "--surname",
        "Mokoena",
        "--given-name",
        "Lerato",
        "--identifier",
        "PNOLS-91",
    ]);
    let person = person["id"].as_str().unwrap();
    let place =
        |more: &[&str]| -> Value { administrator.done(&[&["staff", "place", &me], more, &why].concat()) };
    let placed = place(&["--office", &office, "--relative", person, "--looks-per-day", "2"]);
    assert_eq!((&placed["office"], &placed["relatives"][0]), (&office.as_str().into(), &person.into()));
    let suspend = ["registry", "suspend", person, "--cause", "investigation", "--note", "case 12"];
    let related = officer.refused(exit::NOT_PERMITTED, &suspend);
    assert!(related.code == "E-AUTH-011" && related.detail.contains("relative"), "{related:?}");
    let look = ["registry", "show", person];
    officer.done(&look);
    officer.done(&look);
    let beyond = officer.refused(exit::NOT_PERMITTED, &look);
    assert!(beyond.code == "E-AUTH-014" && beyond.fix.contains("--looks-per-day"), "{beyond:?}");
    let text = administrator.run_as_text(&["office", "list"]).stdout;
    assert!(text.contains("accredited") && text.contains("Hlotse"), "{text}");
    administrator.done(&["office", "end", &office, "--reason", "closed"]);
    let ended = officer.refused(exit::NOT_PERMITTED, &look);
    assert!(ended.code == "E-AUTH-012" && ended.fix.contains("npki staff place"), "{ended:?}");
    place(&["--office", "none", "--relative", "none", "--looks-per-day", "100"]);
    officer.done(&look);
    country.installation.stop();
    country.installation.audit_is_clean();
}
