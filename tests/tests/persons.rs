//! Persons by the real programs: what is known of them, and nobody registered twice without an officer's word.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use serde_json::{Value, json};
use tests::Country;
use tests::installation::Keeping;
use tests::npki::{Outcome, exit, text};
use tests::postgres::PostgresServer;

fn add<'a>(surname: &'a str, number: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let person =
        ["registry", "add", "person", "--surname", surname, "--given-name", "Thabo", "--identifier", number];
    [&person, more].concat()
}

const BORN: [&str; 2] = ["--birth-date", "1984-03-07"];

#[test]
fn nobody_is_registered_twice_without_a_word() {
    resembling(Country::settled());
}

#[test]
fn nobody_is_registered_twice_without_a_word_on_postgresql() {
    let server = PostgresServer::start();
    resembling(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn resembling(mut country: Country) {
    let officer = country.staff.officer.npki.clone();
    let wrong = officer.refused(exit::USAGE, &add("Mokoena", "PNOLS-71", &["--birth-date", "1984-02-30"]));
    assert!(wrong.code == "E-ID-003" && wrong.detail.contains("no such day"), "{wrong:?}");
    let latin = ["--surname-latin", "Mokoena"];
    let first = officer.done(&add("Mokoena", "PNOLS-71", &[BORN, latin].concat()));
    assert_eq!(first["further"], json!({"birth_date": "1984-03-07", "surname_latin": "Mokoena"}), "{first}");
    let first = first["id"].as_str().unwrap().to_owned();

    let refused = officer.refused(exit::CONFLICT, &add("Mokwena", "PNOLS-72", &BORN));
    assert!(refused.code == "E-ID-030" && refused.detail.contains(&first), "{refused:?}");
    let list = country.installation.scratch("lists").join("people.csv");
    let row = "Mokwena;Thabo;PNOLS-72;1984-03-07";
    std::fs::write(&list, format!("surname;given_name;identifier;birth_date\n{row}\n")).unwrap();
    let import = |code, list: &std::path::Path| -> Value {
        officer.answered(code, &["registry", "import", text(list), "--kind", "person"])
    };
    assert_eq!(import(3, &list)["refused"], 1);
    let written = std::fs::read_to_string(list.with_file_name("people.refused.csv")).unwrap();
    assert!(written.contains("E-ID-030") && written.contains(&first), "{written}");
    let mended = list.with_file_name("mended.csv");
    let header = "surname;given_name;identifier;birth_date;not_the_same_as;reason";
    std::fs::write(&mended, format!("{header}\n{row};{first};both were seen\n")).unwrap();
    assert_eq!(import(0, &mended)["registered"], 1);

    let found = officer.done(&["registry", "duplicates", &first]);
    let second = found["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&found["items"][0]["score"], &found["items"][0]["surname"]),
        (&json!(100), &json!("Mokwena"))
    );
    let said = ["--not-the-same-as", &first, "--not-the-same-as", &second, "--reason", "three were seen"];
    let third = officer.done(&add("Mokoena", "PNOLS-73", &[&BORN[..], &said].concat()));
    let subject = format!("identity:{}", third["id"].as_str().unwrap());
    let events = country.staff.auditor.npki.done(&["audit", "search", "--about", &subject]);
    let registered = &events["items"].as_array().unwrap()[0];
    assert_eq!(registered["reason"], "three were seen", "{events}");
    assert!(registered["detail"]["not-the-same-as"].as_str().unwrap().contains(&second), "{events}");
    proven(&country, &first);
    seen(&country, &first);
    let erase = ["registry", "erase", &second, "--reason", "by request", "--yes"];
    country.staff.administrator.npki.done(&erase);
    let left = officer.done(&["registry", "duplicates", &first]);
    assert!(left["items"].as_array().unwrap().iter().all(|one| one["id"] != json!(second)), "{left}");
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// Nobody looks a person up without saying for which case, and the person learns who did.
fn seen(country: &Country, person: &str) {
    let officer = &country.staff.officer.npki;
    let mut command = officer.command();
    command.env_remove("NPKI_CASE").args(["--json", "--no-input", "registry", "show", person]);
    let said = Outcome::of(&mut command).problem(exit::USAGE);
    assert!(said.code == "E-CAS-001" && said.fix.contains("--case"), "{said:?}");
    let unfit = officer.refused(exit::USAGE, &["registry", "show", person, "--case", "about Thabo"]);
    assert_eq!(unfit.code, "E-CAS-002", "{unfit:?}");
    officer.done(&["registry", "show", person, "--case", "K-2026/114"]);
    let log = country.staff.auditor.npki.done(&["citizen", "log", person]);
    let looks = log["internalProcessings"].as_array().unwrap();
    assert_eq!(looks[1]["queryGroupId"], "K-2026/114", "{log}");
    assert_eq!(log["totalUsages"], looks.len(), "{log}");
    let text = officer.run_as_text(&["citizen", "log", person, "--limit", "3"]).stdout;
    assert!(text.contains("Your record was looked at") && text.contains("--offset"), "{text}");
    let saw = country.staff.auditor.npki.done(&["audit", "who-saw", person]);
    assert!(
        saw["items"].as_array().unwrap().iter().any(|look| look["detail"]["case"] == "K-2026/114"),
        "{saw}"
    );
    let none = country.staff.administrator.npki.refused(exit::NOT_PERMITTED, &["citizen", "log", person]);
    assert_eq!(none.code, "E-AUTH-002", "{none:?}");
}

/// A scan is known by its digest; the level follows from what was entered.
fn proven(country: &Country, person: &str) {
    let officer = &country.staff.officer.npki;
    let scan = country.installation.scratch("scans").join("letter.pdf");
    std::fs::write(&scan, "a scan").unwrap();
    let evidence = |kind: &str, issuer: &str| {
        let add =
            ["registry", "evidence", "add", person, "--kind", kind, "--issuer", issuer, "--how", "in-person"];
        officer.done(&[&add[..], &["--reference", "12/2026", "--scan", text(&scan)]].concat())
    };
    let letter = evidence("chiefs-letter", "Chief of Ha Foso");
    assert_eq!(letter["scan_sha256"], tests::certificates::sha256(b"a scan"), "{letter}");
    let level = || officer.done(&["registry", "show", person])["assurance"]["level"].clone();
    assert_eq!(level(), "low");
    evidence("birth-certificate", "Civil Registry");
    assert_eq!(level(), "substantial");
    let listed = officer.done(&["registry", "evidence", "list", person]);
    assert_eq!(
        (listed["items"].as_array().unwrap().len(), &listed["assurance"]["proofing"]),
        (2, &json!("baseline"))
    );
    let unknown = officer.refused(
        exit::USAGE,
        &["registry", "evidence", "add", person, "--kind", "pasport", "--issuer", "x", "--how", "remote"],
    );
    assert!(unknown.detail.contains("did you mean passport?"), "{unknown:?}");
}
