//! Who may ask under a profile, and how surely the identity must have been proven.

use ca_core::profile::{Assurance, built_in};
use id_registry::enrolment::{RequestError, RequestStatus};
use id_registry::principal::Role;

use crate::country::{Country, csr};
use crate::evidence::{enter, item};

fn changed(id: &str, from: &str, to: &str) -> String {
    let text = built_in(id).unwrap();
    let at = text.rfind(from).expect("the text is there");
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

#[test]
fn a_profile_is_asked_for_by_those_it_names() {
    let officers = changed("device", "approvals = 0", "approvals = 0\nrequested_by = [\"officer\"]");
    let agencies =
        changed("application", "approvals = 0", "approvals = 0\nrequested_by = [\"agency-operator\"]");
    let country = Country::founded_with(&[("device", &officers), ("application", &agencies)]);
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let operator = country.enrol("An Operator", Role::AgencyOperator { organisation: things.organisation });
    let refused = country.submit(&operator, "device", things.device, &csr());
    assert!(
        matches!(refused, Err(RequestError::NotAskedBy { asking: "agency-operator", .. })),
        "{refused:?}"
    );
    let refused = country.submit(&officer, "application", things.application, &csr());
    assert!(matches!(refused, Err(RequestError::NotAskedBy { asking: "officer", .. })), "{refused:?}");
    country.submit(&officer, "device", things.device, &csr()).unwrap();
    country.submit(&operator, "application", things.application, &csr()).unwrap();
}

#[test]
fn an_approval_states_the_level_that_the_profile_asks_for() {
    let seal = changed("organisation-seal", "approvals = 2", "approvals = 2\nassurance = \"substantial\"");
    let country = Country::founded_with(&[("organisation-seal", &seal)]);
    let (applicant, first, second) = (country.officer(), country.officer(), country.officer());
    let organisation = country.settled(&applicant, "RSL").organisation;
    for item in
        [item("founding-act", "Parliament", "Act 7/1990"), item("register-extract", "Companies", "10023")]
    {
        enter(&country, &applicant, organisation, &item);
    }
    let id = country.submit(&applicant, "organisation-seal", organisation, &csr()).unwrap().id;
    let approve = |by: &crate::country::Member, level| country.approve_at(by, id, Some("seen"), level);
    assert!(matches!(
        approve(&first, None),
        Err(RequestError::AssuranceMissing { needed: Assurance::Substantial, .. })
    ));
    assert!(matches!(
        approve(&first, Some(Assurance::Low)),
        Err(RequestError::AssuranceTooLow { stated: Assurance::Low, .. })
    ));
    assert!(country.events("request.approved").is_empty());
    let waiting = approve(&first, Some(Assurance::Substantial)).unwrap();
    assert_eq!(waiting.status(), RequestStatus::Waiting);
    let issued = approve(&second, Some(Assurance::High)).unwrap();
    let levels: Vec<_> = issued.approvals.iter().map(|approval| approval.assurance).collect();
    assert_eq!(levels, [Some(Assurance::Substantial), Some(Assurance::High)]);
    let events = country.events("request.approved");
    let told: Vec<_> = events.iter().map(|event| event.detail["assurance"].as_str()).collect();
    assert_eq!(told, ["substantial", "high"]);
}
