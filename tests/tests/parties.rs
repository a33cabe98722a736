//! Relying parties as administrators, agencies and auditors see them, and what persons log in with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::installation::{Installation, Keeping};
use tests::npki::{Npki, exit, text};
use tests::postgres::PostgresServer;
use tests::programs::Program;
use tests::{Country, answers};

/// A file of terms in the administrator's home.
fn terms(of: &Npki, name: &str, content: &str) -> String {
    let file = of.file(name);
    std::fs::write(&file, content).unwrap();
    file
}

fn ask(by: &Npki, person: &str, attributes: &str) -> Value {
    by.done(&[
        "party",
        "ask",
        person,
        "--purpose",
        "child-grant",
        "--attribute",
        attributes,
        "--case",
        "CG-1",
    ])
}

#[test]
fn two_administrators_register_an_agency_that_learns_what_the_law_admits_and_it_is_seen_on_sled() {
    story_of_a_party(Country::settled());
}

#[test]
fn two_administrators_register_an_agency_that_learns_what_the_law_admits_and_it_is_seen_on_postgresql() {
    let server = PostgresServer::start();
    story_of_a_party(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn story_of_a_party(mut country: Country) {
    let (installation, staff) = (&country.installation, &country.staff);
    let one = &staff.administrator.npki;
    let two = staff.administrator.hire(installation, "Second Administrator", "administrator", &[]).npki;
    let (agency, person) = (&country.identities.organisation, &country.identities.person);
    let operator = staff.agency_operator(installation, agency).npki;
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/relying-party.toml");

    let add = ["party", "add", agency, "--terms", sample, "--reason", "memorandum 4 of 2026"];
    let proposed = one.done(&add);
    let change = answers::text(&proposed, "change");
    let own = one.refused(exit::NOT_PERMITTED, &["party", "confirm", agency, change]);
    assert_eq!(own.code, "E-RPY-006");
    assert_eq!(two.done(&["party", "list", "--waiting"])["items"][0]["change"], change);
    assert_eq!(two.done(&["party", "confirm", agency, change])["status"], "registered");

    let told = ask(&operator, person, "pseudonym,surname,alive");
    assert_eq!((&told["attributes"]["alive"], &told["receiver"]), (&json!("yes"), &json!(agency)), "{told}");
    let pseudonym = told["attributes"]["pseudonym"].as_str().unwrap();
    assert_eq!(ask(&operator, pseudonym, "surname")["attributes"]["surname"], told["attributes"]["surname"]);
    let more =
        ["party", "ask", person, "--purpose", "proof-of-life", "--attribute", "surname", "--case", "CG-1"];
    let refused = operator.refused(exit::NOT_PERMITTED, &more);
    assert_eq!(refused.code, "E-RPY-009");
    assert!(refused.detail.contains("it admits alive"), "{refused:?}");
    assert_eq!(one.refused(exit::NOT_PERMITTED, &more).code, "E-AUTH-002");

    let about = format!("identity:{person}");
    let found = |action: &str| {
        let search = ["audit", "search", "--about", &about, "--action", action];
        answers::items(&staff.auditor.npki.done(&search)).clone()
    };
    let (disclosed, refused) = (found("attributes.disclosed"), found("attributes.refused"));
    assert_eq!((disclosed.len(), refused.len()), (2, 1), "{disclosed:?} {refused:?}");
    assert_eq!(
        disclosed[0]["detail"]["legal-basis"],
        "Children's Protection and Welfare Act 2011, section 7"
    );
    assert!(!disclosed[0].to_string().contains(told["attributes"]["surname"].as_str().unwrap()));

    let narrow = terms(
        one,
        "narrow.toml",
        "[[purposes]]\nname = \"child-grant\"\nlegal_basis = \"Act 7\"\nattributes = [\"alive\"]\n",
    );
    let changed = one.done(&["party", "change", agency, "--terms", &narrow, "--reason", "memorandum 5"]);
    two.done(&["party", "confirm", agency, answers::text(&changed, "change")]);
    let wide =
        ["party", "ask", person, "--purpose", "child-grant", "--attribute", "surname", "--case", "CG-1"];
    assert_eq!(operator.refused(exit::NOT_PERMITTED, &wide).code, "E-RPY-009");
    two.done(&["party", "end", agency, "--reason", "data was passed on"]);
    assert_eq!(operator.refused(exit::CONFLICT, &wide).code, "E-RPY-003");
    assert_eq!(operator.done(&["party", "show", agency])["party"]["status"], "ended");
    let unfit = terms(one, "unfit.toml", "sector = \"health\"\npurpose = []\n");
    let unfit = one.refused(exit::USAGE, &["party", "add", agency, "--terms", &unfit, "--reason", "x"]);
    assert!(unfit.detail.contains("purpose"), "{unfit:?}");
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// PROFILES: the pseudonymous certificate is what a person gets unless somebody asks for a name.
#[test]
fn a_person_logs_in_without_telling_a_name_unless_asked_for_one() {
    let country = Country::settled();
    let (officer, person) = (&country.staff.officer.npki, &country.identities.person);
    let out = country.installation.scratch("login");
    let asked = ["cert", "request", "--identity", person, "--generate", "--out", text(&out)];
    let waiting = officer.answered(exit::WAITING, &asked);
    let request = answers::id(answers::request(&waiting));
    assert_eq!(answers::request(&waiting)["profile"], "person-authentication-pseudonymous");
    country.staff.second_officer.npki.done(&["vet", "approve", &request]);
    officer.done(&["request", "download", &request, "--out", text(&out)]);
    let certificate = out.join("cert.pem");
    let read = Program::named("openssl").args(["x509", "-noout", "-subject", "-nameopt", "multiline", "-in"]);
    let subject = read.args([text(&certificate)]).run().succeeded().text();
    assert!(subject.contains("pseudonym") && subject.contains("commonName"), "{subject}");
    for telling in ["surname", "givenName", "serialNumber"] {
        assert!(!subject.contains(telling), "{subject}");
    }
    let agency = &country.identities.organisation;
    let unnamed = officer.refused(exit::USAGE, &["cert", "request", "--identity", agency, "--generate"]);
    assert_eq!(unnamed.code, "E-CLI-001");
}

/// Settings under which the service counts over and over, and keeps nothing of rejected requests.
const FORGETFUL: &str = "
[statistics]
hours = 0
[[retention]]
matter = \"rejected-requests\"
days = 0
basis = \"Data Protection Act 2011, section 15\"
";

/// Asks again until the answer is as awaited.
#[track_caller]
fn until(by: &Npki, args: &[&str], awaited: impl Fn(&Value) -> bool) -> Value {
    let give_up = Instant::now() + Duration::from_secs(60);
    loop {
        let outcome = by.run(args);
        let answer = (outcome.code == exit::DONE).then(|| outcome.data(exit::DONE));
        match answer.filter(|answer| awaited(answer)) {
            Some(answer) => return answer,
            None => assert!(Instant::now() < give_up, "{args:?}: {outcome:?}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_service_counts_without_telling_of_the_few_and_forgets_what_was_refused() {
    let plain = |settings: &str| {
        let at = settings.find("[statistics]").unwrap();
        let end = at + settings[at..].find("\n[store]").unwrap();
        format!("{}{}{FORGETFUL}", &settings[..at], &settings[end..])
    };
    let mut country = Country::settled_in(Installation::fresh_edited("pilot", plain));
    let (officer, auditor) = (&country.staff.officer.npki, &country.staff.auditor.npki);
    let of = |counted: &Value, of: &str, by: &str| {
        let mut groups = counted["groups"].as_array().unwrap().iter();
        groups.find(|group| group["of"] == of && group["by"] == by).cloned().unwrap()
    };
    // One person, one organisation, a device and an application: none of them is told.
    let counted = until(officer, &["statistics"], |counted| {
        of(counted, "certificates", "profile")["total"].is_null()
            && of(counted, "identities", "kind")["total"].is_null()
    });
    assert_eq!(counted["threshold"], 10);
    assert!(of(&counted, "person", "status")["cells"]["active"].is_null(), "{counted}");

    let out = country.installation.scratch("refused");
    let person = &country.identities.person;
    let asked = ["cert", "request", "--identity", person, "--generate", "--out", text(&out)];
    let request = answers::id(answers::request(&officer.answered(exit::WAITING, &asked)));
    country.staff.second_officer.npki.done(&["vet", "reject", &request, "--reason", "not the holder's face"]);
    let due = auditor.done(&["retention", "show"]);
    assert_eq!(
        (&due["rules"][0]["matter"], &due["rules"][0]["due"]),
        (&json!("rejected-requests"), &json!(1))
    );
    // What is due is swept at each start, and once a day.
    country.installation.restart();
    let (officer, auditor) = (&country.staff.officer.npki, &country.staff.auditor.npki);
    until(auditor, &["retention", "show"], |due| due["rules"][0]["due"] == 0);
    let about = format!("request:{request}");
    let erased = auditor.done(&["audit", "search", "--about", &about, "--action", "retention.erased"]);
    assert_eq!(answers::items(&erased)[0]["detail"]["basis"], "Data Protection Act 2011, section 15");
    assert_eq!(officer.done(&["request", "show", &request])["status"], "rejected");
    country.installation.stop();
    country.installation.audit_is_clean();
}
