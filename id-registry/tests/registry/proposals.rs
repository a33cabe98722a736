//! What the registry knows besides, and what an applicant proposes: where it comes from, who sees it, how it is kept.

use ca_core::issuance::{IssueError, Refusal};
use ca_core::profile::built_in;
use id_registry::enrolment::{Request, RequestError, Submission};
use id_registry::id::IdentityId;
use id_registry::identity::{Further, IdentityError, NewIdentity, Owner};
use id_registry::permission::RegisterIdentities;

use crate::country::{Country, Member, csr, csr_with, person};
use crate::sealed::{assert_absent, everything};

/// A built-in profile with one piece of its text replaced.
fn changed(id: &str, from: &str, to: &str) -> String {
    let text = built_in(id).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// An application's certificate with what its applicant proposes.
fn proposing() -> String {
    let names = "[[alternative_names]]\nform = \"ip\"\nrequired = false\nfrom = \"request\"\npattern = '^10[.][0-9.]+$'";
    changed("application", "approvals = 0", "approvals = 1")
        .replacen("[addresses]", &format!("{names}\n\n[addresses]"), 1)
        .replacen("from = \"common-name\"", "from = \"request\"\npattern = '^[a-z]+[.]gov$'", 1)
}

fn submit(
    country: &Country,
    by: &Member,
    identity: IdentityId,
    csr: &[u8],
    names: &[&str],
) -> Result<Request, RequestError> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let submission = Submission { names: &names, ..Submission::of("application", identity, csr) };
    country.registry.submit(&by.permit(), &submission, None)
}

#[test]
fn the_approving_officer_sees_what_is_proposed_and_it_is_sealed() {
    let country = Country::founded_with(&[("application", &proposing())]);
    let (applicant, officer) = (country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let csr = csr_with(&["-subj", "/CN=payslips.gov"]);
    let request = submit(&country, &applicant, things.application, &csr, &["ip:10.20.30.40"]).unwrap();
    let proposals = country.registry.proposals(&request).unwrap();
    let seen: Vec<_> = proposals.iter().map(|it| (it.what.as_str(), it.value.as_str())).collect();
    assert_eq!(seen, [("common-name", "payslips.gov"), ("ip", "10.20.30.40")]);
    assert_absent(&everything(&country.store), &["payslips.gov", "10.20.30.40"]);
    let request = country.approve(&officer, request.id, None).unwrap();
    let der = country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap().1.unwrap();
    let has = |octets: &[u8]| der.windows(octets.len()).any(|window| window == octets);
    assert!(has(b"payslips.gov") && has(&[0x87, 4, 10, 20, 30, 40]));
}

#[test]
fn what_is_proposed_amiss_is_refused_at_once() {
    let country = Country::founded_with(&[("application", &proposing())]);
    let officer = country.officer();
    let application = country.settled(&officer, "RSL").application;
    let good = || csr_with(&["-subj", "/CN=payslips.gov"]);
    let refused = |csr: &[u8], names: &[&str]| match submit(&country, &officer, application, csr, names) {
        Err(RequestError::Issue(IssueError::Refused(refusal))) => refusal,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(&csr_with(&["-subj", "/O=x"]), &[]), Refusal::ProposalMissing { .. }));
    assert!(matches!(refused(&csr_with(&["-subj", "/CN=Bank"]), &[]), Refusal::ProposalUnfit { .. }));
    assert!(matches!(refused(&good(), &["ip:192.0.2.1"]), Refusal::ProposalUnfit { .. }));
    assert!(matches!(refused(&good(), &["email:a@gov.ls"]), Refusal::NameFormNotAdmitted { .. }));
    let malformed = submit(&country, &officer, application, &good(), &["ip:gov.ls"]);
    assert!(matches!(malformed, Err(RequestError::Name(_))));
    assert_eq!(country.certificates_of(application), 0);
}

#[test]
fn a_person_s_sector_pseudonym_stays_the_same_in_its_sector_alone() {
    let names = |sector: &str| {
        format!(
            "[[alternative_names]]\nform = \"directory-name\"\nsector = \"{sector}\"\nrequired = true\n\n[addresses]"
        )
    };
    let of = |sector: &str| changed("person-authentication-pseudonymous", "[addresses]", &names(sector));
    let country = Country::founded_with(&[("health-login", &of("health")), ("tax-login", &of("tax"))]);
    let (applicant, officer) = (country.officer(), country.officer());
    let person = country.settled(&applicant, "RSL").person;
    let name = |profile: &str| {
        let request = country.submit(&applicant, profile, person, &csr()).unwrap();
        let request = country.approve(&officer, request.id, None).unwrap();
        let serial = request.serial().unwrap();
        let der = country.registry.certificate(&officer.permit(), serial).unwrap().1.unwrap();
        let sector = profile.split_once('-').unwrap().0.as_bytes();
        let at = der.windows(sector.len()).position(|window| window == sector).expect("a sector's name");
        String::from_utf8(der[at..at + sector.len() + 18].to_vec()).unwrap()
    };
    let (health, again, tax) = (name("health-login"), name("health-login"), name("tax-login"));
    assert_eq!(health, again);
    assert!(health.strip_prefix("health") != tax.strip_prefix("tax"), "{health} {tax}");
}

#[test]
fn what_else_is_known_is_kept_and_names_one_identity_only() {
    let country = Country::founded();
    let officer = country.officer();
    let permit = officer.permit::<RegisterIdentities>();
    let named = |identifier: &str| {
        let NewIdentity::Person { surname, given_name, identifier, .. } = person(identifier) else {
            panic!("a person")
        };
        let further = Further { user_principal_name: Some("thabo@GOV.ls".to_owned()), ..Further::default() };
        NewIdentity::Person { surname, given_name, identifier, further }
    };
    let first = country.registry.register_identity(&permit, named("PNOLS-1")).unwrap();
    let known = first.known().unwrap().further();
    assert_eq!(known.user_principal_name.as_deref(), Some("thabo@gov.ls"));
    let taken = country.registry.register_identity(&permit, named("PNOLS-2")).unwrap_err();
    assert!(
        matches!(taken, IdentityError::Taken { field: "user_principal_name", existing } if existing == first.id())
    );
    assert_absent(&everything(&country.store), &["thabo"]);
    let owner = Owner { organisation: country.settled(&officer, "RSL").organisation, sponsor: first.id() };
    let device = NewIdentity::Device {
        owner,
        asset_tag: "GATE-2".to_owned(),
        hardware_module: None,
        further: Further { server_code: Some("1".to_owned()), ..Further::default() },
    };
    let unfit = country.registry.register_identity(&permit, device).unwrap_err();
    assert!(matches!(unfit, IdentityError::Field(error) if error.field == "server_code"));
}
