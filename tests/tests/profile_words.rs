//! What profiles say in words: checked before they are founded with, compared, shown, and told before somebody decides.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;

use serde_json::Value;
use tests::certificates::sha256;
use tests::ministry::own_profiles;
use tests::npki::{exit, text};
use tests::{Country, Ministry, Npki, answers};

/// An `npki` of somebody who has neither a server nor a data folder.
fn nobody() -> (tempfile::TempDir, Npki) {
    let folder = tempfile::tempdir().unwrap();
    let npki = Npki::at_home(&folder.path().join("home"));
    (folder, npki)
}

fn findings<'a>(checked: &'a Value, profile: &str) -> &'a Vec<Value> {
    let files = checked["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["profile"] == profile).unwrap_or_else(|| panic!("no {profile}"));
    file["findings"].as_array().unwrap()
}

fn place(finding: &Value) -> (u64, u64) {
    (finding["line"].as_u64().unwrap(), finding["column"].as_u64().unwrap())
}

/// Where a passage stands in a file.
fn place_of(file: &Path, passage: &str) -> (u64, u64) {
    let text = std::fs::read_to_string(file).unwrap();
    let (line, found) = text.lines().enumerate().find(|(_, line)| line.contains(passage)).unwrap();
    (line as u64 + 1, found.find(passage).unwrap() as u64 + 1)
}

#[test]
fn every_fault_of_every_file_is_told_with_its_place() {
    let (folder, npki) = nobody();
    let profiles = own_profiles(
        folder.path(),
        &[
            ("device", "validity_days = 365", "validity_dais = 365"),
            ("device", "\"client-auth\"", "\"client-aut\""),
            ("device", "max_length = 64", "max_lenght = 64"),
            ("application", "identity_kind = \"application\"", "identity_kind = \"aplication\""),
            ("tls-server", "kind = \"end-entity\"", "kind = \"end-entty\""),
            ("organisation-seal", "title = ", "title "),
        ],
    );
    std::fs::write(profiles.join("latin.toml"), b"# caf\xe9\n").unwrap();
    std::fs::write(profiles.join("Device 2.toml"), "title = 1").unwrap();
    std::fs::write(profiles.join("README"), "not a profile").unwrap();
    let checked = npki.answered(exit::NO, &["profile", "check", text(&profiles)]);
    let device = findings(&checked, "device");
    let codes: Vec<_> = device.iter().map(|it| answers::text(it, "code")).collect();
    assert_eq!(codes, ["E-PROF-103", "E-PROF-105", "E-PROF-103"], "{device:?}");
    let file = profiles.join("device.toml");
    assert_eq!(place(&device[0]), place_of(&file, "validity_dais"));
    assert_eq!(device[0]["nearest"], "validity_days");
    assert!(answers::text(&device[1], "message").contains("did you mean `client-auth`"), "{device:?}");
    assert_eq!(place(&device[1]), place_of(&file, "extended_key_usage"));
    assert_eq!(place(&device[2]), place_of(&file, "max_lenght"));
    let application = findings(&checked, "application");
    assert_eq!(application[0]["code"], "E-PROF-105", "{application:?}");
    assert!(answers::text(&application[0], "message").contains("application"), "{application:?}");
    let server = findings(&checked, "tls-server");
    assert_eq!((&server[0]["code"], &server[0]["nearest"]), (&"E-PROF-104".into(), &"end-entity".into()));
    let seal = findings(&checked, "organisation-seal");
    assert_eq!(seal[0]["code"], "E-PROF-102", "{seal:?}");
    assert_eq!(place(&seal[0]).0, place_of(&profiles.join("organisation-seal.toml"), "title \"").0);
    assert_eq!(findings(&checked, "latin")[0]["code"], "E-PROF-102");
    assert_eq!(findings(&checked, "Device 2")[0]["code"], "E-PROF-101");
    // The others are good, whatever these are; and nothing that is there is called missing.
    assert!(findings(&checked, "person-signature").iter().all(|it| it["severity"] == "warning"));
    assert_eq!(checked["together"]["findings"].as_array().unwrap().len(), 0, "{checked}");

    let page = npki.run_as_text(&["profile", "check", text(&profiles)]);
    let page = &page.exits(exit::NO).stdout;
    let files = format!("{} files: ", checked["files"].as_array().unwrap().len());
    for said in ["bad", "E-PROF-103: line", "did you mean `validity_days`?", &files] {
        assert!(page.contains(said), "no {said:?} in\n{page}");
    }
}

#[test]
fn what_is_checked_is_what_the_service_takes() {
    let (folder, npki) = nobody();
    let profiles = own_profiles(folder.path(), &[]);
    let check = |code: i32, more: &[&str]| {
        npki.answered(code, &[&["profile", "check", text(&profiles)], more].concat())
    };
    let checked = check(exit::DONE, &["--hierarchy", "national"]);
    assert_eq!((&checked["errors"], &checked["together"]["held"]), (&0.into(), &true.into()), "{checked}");
    let warned = findings(&checked, "device");
    assert_eq!(warned[0]["name"], "example-oid", "the country has no identifiers of its own yet: {warned:?}");
    let digest = sha256(&std::fs::read(profiles.join("device.toml")).unwrap());
    let files = checked["files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["sha256"] == digest.as_str()), "{checked}");
    check(exit::NO, &["--fail-on", "warning"]);
    // A policy that the CA does not have, and a profile that the service needs.
    let application = profiles.join("application.toml");
    let foreign = std::fs::read_to_string(&application).unwrap().replace("426.1.6.1", "426.1.6.7");
    std::fs::write(&application, foreign).unwrap();
    std::fs::remove_file(profiles.join("tls-server.toml")).unwrap();
    let checked = check(exit::NO, &["--hierarchy", "national"]);
    let together = checked["together"]["findings"].as_array().unwrap();
    let has = |code: &str, said: &str| {
        together.iter().any(|it| it["code"] == code && answers::text(it, "message").contains(said))
    };
    assert!(has("E-PROF-106", "missing") && has("E-PROF-108", "426.1.6.7"), "{checked}");
    assert!(has("E-PROF-108", "\"tls-server\""), "{checked}");

    for (words, code, problem) in [
        (&["profile", "check", "nowhere.toml"][..], exit::USAGE, "E-FILE-001"),
        (&["profile", "check"], exit::USAGE, "E-CLI-001"),
        (&["profile", "check", text(&application), "--hierarchy", "pilot"], exit::USAGE, "E-CLI-001"),
    ] {
        assert_eq!(npki.refused(code, words).code, problem, "{words:?}");
    }
    let unknown =
        npki.refused(exit::FAILED, &["profile", "check", text(&profiles), "--hierarchy", "natinal"]);
    assert!(unknown.detail.contains("national"), "{unknown:?}");
    let empty = npki.file("empty");
    std::fs::create_dir(&empty).unwrap();
    assert_eq!(npki.refused(exit::USAGE, &["profile", "check", &empty]).code, "E-FILE-004");
}

#[test]
fn files_are_compared_without_a_server() {
    let (folder, npki) = nobody();
    let profiles = own_profiles(
        folder.path(),
        &[
            ("person-signature", "validity_days = 1095", "validity_days = 365"),
            ("person-signature", "[[policies]]\noid = \"0.4.0.2042.1.2\"\n", ""),
            ("device", "# device", "# another comment"),
        ],
    );
    let file = |name: &str| text(&profiles.join(name)).to_owned();
    let signature = file("person-signature.toml");
    let diff = ["profile", "diff", "person-signature@built-in", &signature];
    let found = npki.answered(exit::NO, &diff);
    let words: Vec<_> =
        found["differences"].as_array().unwrap().iter().map(|it| answers::text(it, "words")).collect();
    assert_eq!(words.len(), 2, "{found}");
    assert!(words.contains(&"shortened from 1095 days to 365 days"), "{found}");
    let page = npki.run_as_text(&diff);
    let page = &page.exits(exit::NO).stdout;
    assert!(page.contains("- policy 0.4.0.2042.1.2: NCP+"), "{page}");
    assert!(!page.contains("validity_days"), "this is no diff of texts:\n{page}");
    let device = file("device.toml");
    let same = npki.done(&["profile", "diff", "device@built-in", &device]);
    assert_eq!((&same["same"], &same["identical"]), (&true.into(), &false.into()), "{same}");
    let page = npki.run_as_text(&["profile", "diff", "device@built-in", &device]);
    assert!(page.exits(exit::DONE).stdout.contains("No difference in meaning"), "{}", page.stdout);
    let broken = npki.file("broken.toml");
    std::fs::write(&broken, "titel = 1").unwrap();
    let problem = npki.refused(exit::USAGE, &["profile", "diff", &device, &broken]);
    assert!(problem.fix.contains("npki profile check"), "{problem:?}");
    let unknown = npki.refused(exit::NOT_FOUND, &["profile", "diff", "devise@built-in", &device]);
    assert!(unknown.code == "E-CTX-010" && unknown.fix.contains("device@built-in"), "{unknown:?}");
    assert_eq!(npki.refused(exit::USAGE, &["profile", "diff", &device, "device@x"]).code, "E-CLI-001");
    assert_eq!(npki.refused(exit::USAGE, &["profile", "diff", &device, "./gone.toml"]).code, "E-FILE-001");
}

#[test]
fn what_is_in_force_is_shown_and_told_before_it_is_changed() {
    let ministry = Ministry::of(Country::settled());
    let (officer, first) = (&ministry.country.staff.officer.npki, &ministry.country.staff.administrator.npki);
    shown_in_words(&ministry, officer);
    let file = ministry.edited("device", "validity_days = 365", "validity_days = 40");
    let proposal = ministry.propose(&file, &[]);
    let told = &proposal["change"]["differences"][0];
    assert_eq!(told["words"], "shortened from 365 days to 40 days", "{proposal}");
    let id = answers::id(&proposal);
    for member in [&ministry.second.npki, officer] {
        let seen = member.done(&["profile", "proposals", &id]);
        assert_eq!(seen["change"]["differences"][0], *told, "{seen}");
        let page = member.run_as_text(&["profile", "proposals", &id]);
        let page = &page.exits(exit::DONE).stdout;
        assert!(
            page.contains("shortened from 365 days to 40 days") && page.contains("+validity_days = 40"),
            "{page}"
        );
    }
    ministry.approve(&proposal);
    let diff = officer.answered(exit::NO, &["profile", "diff", "device@1", "device"]);
    assert_eq!((&diff["from"]["edition"], &diff["to"]["edition"]), (&1.into(), &2.into()), "{diff}");
    officer.done(&["profile", "diff", "device", text(&file)]);
    let page = first.run_as_text(&["profile", "propose", text(&file), "--reason", "again"]);
    assert!(page.exits(exit::CONFLICT).stderr.contains("No difference in meaning"), "{}", page.stderr);
    let old = officer.done(&["profile", "show", "device@1"]);
    assert_eq!((&old["state"], &old["validity_days"]), (&"superseded".into(), &365.into()), "{old}");

    // A profile that nobody is given certificates under any more differs in that.
    let meter = file.with_file_name("meter.toml");
    std::fs::copy(&file, &meter).unwrap();
    let proposal = ministry.propose(&meter, &["--issued-by", "issuing"]);
    assert!(proposal["change"]["statements"].as_array().unwrap().len() > 20, "{proposal}");
    ministry.approve(&proposal);
    assert_eq!(officer.done(&["profile", "show", "meter"])["issued_by"][0], "issuing");
    ministry
        .approve(&first.answered(exit::WAITING, &["profile", "retire", "meter", "--reason", "none left"]));
    let diff = officer.run_as_text(&["profile", "diff", "meter@1", "meter@2"]);
    assert!(
        diff.exits(exit::NO).stdout.contains("Nothing is issued under meter edition 2 any more"),
        "{}",
        diff.stdout
    );
    let retired = officer.done(&["profile", "show", "meter"]);
    assert_eq!((&retired["state"], retired["issued_by"].as_array().unwrap().len()), (&"retired".into(), 0));

    for (words, code) in
        [(["profile", "show", "devise"], "E-REQ-001"), (["profile", "show", "device@7"], "E-PROF-215")]
    {
        assert_eq!(officer.refused(exit::NOT_FOUND, &words).code, code);
    }
    assert_eq!(officer.refused(exit::USAGE, &["profile", "show", "device@new"]).code, "E-CLI-001");
}

fn shown_in_words(ministry: &Ministry, officer: &Npki) {
    let page = officer.run_as_text(&["profile", "show", "person-signature"]);
    let page = &page.exits(exit::DONE).stdout;
    for said in [
        "in-force",
        "person-signature, edition 1",
        "Electronic signature of a person",
        "issued by     issuing",
        "the registry's surname; required; at most 64 characters",
        "commits its holder to what is signed",
        "NCP+: the key is in a secure device",
        "disclosure statement at https://pki.gov.ls/pds-st.pdf",
        "1095 days",
        "from 2048 bits; to 4096 bits",
        "one officer other than who asks",
    ] {
        assert!(page.contains(said), "no {said:?} in\n{page}");
    }
    let shown = officer.done(&["profile", "show", "person-signature"]);
    let text = answers::text(&shown, "text");
    assert_eq!(shown["sha256"], sha256(text.as_bytes()).as_str());
    let statements = shown["statements"].as_array().unwrap();
    let number = statements.iter().find(|it| it["about"] == "serial-number").unwrap();
    assert_eq!(number["value"]["pattern"], "^(PNO|IDC|PAS|TIN)[A-Z]{2}-[0-9A-Za-z]{1,40}$", "{number}");
    let raw = officer.run_as_text(&["profile", "show", "person-signature", "--toml"]);
    assert_eq!(raw.exits(exit::DONE).stdout, text, "it is the text that was approved");
    let administrator = &ministry.country.staff.administrator.npki;
    assert_eq!(administrator.done(&["profile", "show", "person-signature"])["text"], text);
}
