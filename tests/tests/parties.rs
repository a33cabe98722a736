//! Relying parties as administrators, agencies and auditors see them, and what persons log in with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use tests::npki::{Npki, exit, text};
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
fn two_administrators_register_an_agency_that_learns_what_the_law_admits_and_it_is_seen() {
    let mut country = Country::settled();
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
