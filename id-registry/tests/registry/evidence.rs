//! Evidence and the levels that follow from it: entered, sealed, counted, and demanded at approval.

use ca_core::profile::{Assurance, built_in};
use id_registry::enrolment::{RequestError, RequestStatus, Statement};
use id_registry::evidence::{EvidenceError, MOST, NewEvidence};
use id_registry::id::IdentityId;
use id_registry::permission::{ReadRegistry, RegisterIdentities};
use id_registry::principal::Role;
use serde_json::json;

use crate::country::{Country, Member, csr, person};
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

pub(crate) fn item(kind: &str, issuer: &str, reference: &str) -> NewEvidence {
    NewEvidence {
        kind: kind.to_owned(),
        issuer: issuer.to_owned(),
        reference: Some(reference.to_owned()),
        how: "in-person".to_owned(),
        ..NewEvidence::default()
    }
}

pub(crate) fn enter(country: &Country, officer: &Member, id: IdentityId, new: &NewEvidence) {
    country.registry.enter_evidence(&officer.permit::<RegisterIdentities>(), id, new).unwrap();
}

fn level(country: &Country, officer: &Member, id: IdentityId) -> Option<Assurance> {
    country.registry.evidence(&officer.permit::<ReadRegistry>(), id).unwrap().carried.level
}

#[test]
fn evidence_is_sealed_and_the_ledger_tells_kinds_and_digests() {
    let country = Country::founded();
    let officer = country.officer();
    let id = country.register(&officer, person("PNOLS-1"));
    assert_eq!(level(&country, &officer, id), None);
    let letter = NewEvidence {
        scan_sha256: Some("AB".repeat(32)),
        issued_on: Some("2026-01-01".to_owned()),
        ..item("birth-certificate", "Chief Peete of Ha Foso", "B-4711/84")
    };
    enter(&country, &officer, id, &letter);
    assert_eq!(level(&country, &officer, id), Some(Assurance::Low));
    enter(&country, &officer, id, &item("passport", "Passports of Lesotho", "RA012345"));
    enter(&country, &officer, id, &item("national-id-card", "NICR", "012345678901"));
    assert_eq!(level(&country, &officer, id), Some(Assurance::High));
    let entered = country.events("evidence.entered");
    assert_eq!((entered.len(), entered[0].subject.clone()), (3, format!("identity:{id}")));
    assert_eq!((&*entered[0].detail["kind"], &*entered[0].detail["how"]), ("birth-certificate", "in-person"));
    assert_eq!(entered[0].detail["scan-sha256"], "ab".repeat(32));
    let personal = ["Chief Peete", "Ha Foso", "4711/84", "RA012345", "Passports of Lesotho"];
    assert_absent(&everything(&country.store), &personal);
    let permit = officer.permit::<ReadRegistry>();
    let proven = country.registry.evidence(&permit, id).unwrap();
    assert_eq!(proven.items[0].issuer.as_deref(), Some("Chief Peete of Ha Foso"));
    assert!(!format!("{proven:?} {letter:?}").contains("Peete"));
    country.registry.erase_identity(&country.administrator.permit(), id, "by request 3/2026").unwrap();
    let proven = country.registry.evidence(&permit, id).unwrap();
    assert_eq!((proven.items.len(), proven.carried.level), (3, None));
    assert!(proven.items.iter().all(|item| item.issuer.is_none() && item.reference.is_none()));
}

#[test]
fn what_does_not_fit_is_refused_by_its_field() {
    let country = Country::founded();
    let officer = country.officer();
    let id = country.register(&officer, person("PNOLS-1"));
    let passport = || item("passport", "Passports", "RA1");
    let text = |text: &str| Some(text.to_owned());
    for (new, field, why) in [
        (item("pasport", "Passports", "RA1"), "kind", "did you mean passport?"),
        (item("horoscope-of-birth", "Stars", "1"), "kind", "no such kind"),
        (NewEvidence { reference: None, ..passport() }, "reference", "has a number"),
        (item("passport", "", "RA1"), "issuer", "empty"),
        (item("passport", "Pass\u{202e}ports", "RA1"), "issuer", "does not show"),
        (NewEvidence { how: "by post".to_owned(), ..passport() }, "how", "neither"),
        (NewEvidence { issued_on: text("2999-01-01"), ..passport() }, "issued_on", "future"),
        (NewEvidence { issued_on: text("1.1.2020"), ..passport() }, "issued_on", "ISO 8601"),
        (NewEvidence { expires_on: text("2020-01-01"), ..passport() }, "expires_on", "lapsed"),
        (NewEvidence { scan_sha256: text("abc"), ..passport() }, "scan_sha256", "no SHA-256"),
    ] {
        let refused = country.registry.enter_evidence(&officer.permit(), id, &new).unwrap_err();
        let EvidenceError::Field(error) = refused else { panic!("{refused}") };
        assert!(error.field == field && error.why.contains(why), "{error}");
    }
    enter(&country, &officer, id, &passport());
    let again = country.registry.enter_evidence(&officer.permit(), id, &passport()).unwrap_err();
    assert!(matches!(again, EvidenceError::Twice { .. }));
    for at in 1..MOST {
        enter(&country, &officer, id, &item("chiefs-letter", "Chief", &at.to_string()));
    }
    let more = country.registry.enter_evidence(&officer.permit(), id, &item("chiefs-letter", "Chief", "x"));
    assert!(matches!(more.unwrap_err(), EvidenceError::TooMany(_)));
    let operator = country.settled(&officer, "RSL").organisation;
    let operator = country.enrol("An Operator", Role::AgencyOperator { organisation: operator });
    country.registry.evidence(&operator.permit::<ReadRegistry>(), id).unwrap_err();
}

#[test]
fn evidence_lapses_while_it_lies_there() {
    let country = Country::founded();
    let officer = country.officer();
    let id = country.register(&officer, person("PNOLS-1"));
    enter(&country, &officer, id, &item("chiefs-letter", "Chief of Ha Foso", "12"));
    enter(&country, &officer, id, &item("birth-certificate", "Civil Registry", "13"));
    assert_eq!(level(&country, &officer, id), Some(Assurance::Substantial));
    country.pass(time::Duration::days(200));
    assert_eq!(level(&country, &officer, id), Some(Assurance::Low));
}

fn demanding(level: &str) -> Country {
    let text = built_in("person-signature").unwrap();
    let at = text.rfind("approvals = 1").unwrap();
    let rest = &text[at + "approvals = 1".len()..];
    let text = format!("{}approvals = 1\nassurance = \"{level}\"{rest}", &text[..at]);
    Country::founded_with(&[("person-signature", &text)])
}

#[test]
fn a_profile_demands_a_level_and_what_is_missing_is_said() {
    let country = demanding("substantial");
    let (applicant, colleague) = (country.officer(), country.officer());
    let id = country.register(&applicant, person("PNOLS-1"));
    let request = country.submit(&applicant, "person-signature", id, &csr()).unwrap().id;
    let approve = |level| country.approve_at(&colleague, request, None, Some(level));
    let missing = |outcome: Result<_, RequestError>| match outcome {
        Err(RequestError::EvidenceTooLow { carried, missing, .. }) => (carried, missing),
        other => panic!("{other:?}"),
    };
    let (carried, said) = missing(approve(Assurance::Substantial));
    assert!(carried.is_none() && said.contains("passport") && !said.contains("chiefs-letter"), "{said}");
    enter(&country, &applicant, id, &item("chiefs-letter", "Chief of Ha Foso", "12"));
    let (carried, said) = missing(approve(Assurance::Substantial));
    assert!(carried == Some(Assurance::Low) && said.contains("birth-certificate"), "{said}");
    enter(&country, &applicant, id, &item("birth-certificate", "Civil Registry", "13"));
    let (carried, said) = missing(approve(Assurance::High));
    assert!(carried == Some(Assurance::Substantial), "more is stated than the evidence carries: {said}");
    let issued = approve(Assurance::Substantial).unwrap();
    assert_eq!(issued.status(), RequestStatus::Issued);
}

#[test]
fn what_the_deciding_officer_entered_does_not_count_alone() {
    let country = demanding("substantial");
    let (applicant, colleague) = (country.officer(), country.officer());
    let id = country.register(&applicant, person("PNOLS-1"));
    enter(&country, &colleague, id, &item("passport", "Passports", "RA1"));
    let request = country.submit(&applicant, "person-signature", id, &csr()).unwrap().id;
    let approve = || country.approve_at(&colleague, request, None, Some(Assurance::Substantial));
    let Err(RequestError::EvidenceTooLow { missing, .. }) = approve() else { panic!() };
    assert!(missing.contains("whoever decides entered it"), "{missing}");
    enter(&country, &applicant, id, &item("chiefs-letter", "Chief", "12"));
    assert_eq!(approve().unwrap().status(), RequestStatus::Issued);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_the_level_stands_with_identity_and_request() {
    let country = demanding("high");
    let (applicant, colleague) = (country.officer(), country.officer());
    let id = country.register(&applicant, person("PNOLS-1"));
    let (caller, other) = (Caller::new(&country, Some(&applicant)), Caller::new(&country, Some(&colleague)));
    let path = format!("/v1/identities/{id}/evidence");
    let passport = json!({"kind": "passport", "issuer": "Passports", "reference": "RA1", "how": "in-person", "issued_on": "2020-05-01"});
    let entered = caller.post(&path, passport.clone()).await;
    assert_eq!((entered.status.as_u16(), &entered.json["issued_on"]), (201, &json!("2020-05-01")));
    caller.post(&path, passport).await.problem(409, "E-EVI-001");
    caller
        .post(&path, json!({"kind": "pass", "issuer": "x", "how": "remote"}))
        .await
        .problem(422, "E-ID-003");
    let huge = json!({"kind": "passport", "issuer": "x".repeat(300 * 1024), "how": "remote"});
    caller.post(&path, huge).await.problem(413, "E-HTTP-003");
    let assurance = json!({"level": "substantial", "proofing": "baseline", "proofing_oid": "0.4.0.19461.1.1",
        "counted": 1, "left_out": []});
    let listed = caller.get(&path).await.json;
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["assurance"]), (1, &assurance));
    let shown = caller.get(&format!("/v1/identities/{id}")).await.json;
    assert_eq!(shown["assurance"], assurance, "{shown}");
    let request = country.submit(&applicant, "person-signature", id, &csr()).unwrap().id;
    let shown = other.get(&format!("/v1/requests/{request}")).await.json;
    assert_eq!(shown["assurance"], assurance, "{shown}");
    let statement =
        Statement { assurance: Some(Assurance::High), ..country.statement(&colleague, request).unwrap() };
    let statement = colleague.sign(&serde_json::to_vec(&statement).unwrap());
    let approve = format!("/v1/requests/{request}/approve");
    let refused = other.post(&approve, json!({"statement": statement})).await;
    refused.problem(409, "E-REQ-013");
    let said = refused.json["detail"].as_str().unwrap();
    assert!(said.contains("carries substantial") && said.contains("national-id-card"), "{said}");
}
