//! What a whole nation has besides a country's first certificates: a member of X-Road and its security server, an agent,
//! and those who sign registers, logs and the trusted list.

use crate::answers;
use crate::certificates::Issued;
use crate::country::Country;
use crate::npki::Npki;

/// A member of X-Road.
#[track_caller]
pub fn member(officer: &Npki) -> String {
    let named = ["--name", "Ministry of Trade", "--identifier", "GO:LS-MOT"];
    let of_x_road = ["--member-class", "GOV", "--member-code", "MOT"];
    answers::id(&officer.done(&[&["registry", "add", "organisation"], &named[..], &of_x_road[..]].concat()))
}

/// A program of this organisation's, for whom a person answers.
#[track_caller]
pub fn program(officer: &Npki, organisation: &str, sponsor: &str, name: &str, more: &[&str]) -> String {
    let owner = ["--organisation", organisation, "--sponsor", sponsor];
    let named = ["--name", name, "--environment", "production"];
    let add = [&["registry", "add", "application"], &owner[..], &named[..], more].concat();
    answers::id(&officer.done(&add))
}

/// An agent of this organisation's, for which a person answers.
#[track_caller]
pub fn agent(officer: &Npki, organisation: &str, sponsor: &str) -> String {
    let owner = ["--organisation", organisation, "--sponsor", sponsor];
    let named =
        ["--name", "Customs pre-clearance", "--version", "2.1", "--purpose", "clears low-risk consignments"];
    answers::id(&officer.done(&[&["registry", "add", "agent"], &owner[..], &named[..]].concat()))
}

/// Its security server.
#[track_caller]
pub fn security_server(officer: &Npki, member: &str, sponsor: &str) -> String {
    let coded = ["--dns-name", "ss1.mot.gov.ls", "--server-code", "SS1"];
    program(officer, member, sponsor, "Security server 1", &coded)
}

/// Registers these, and has one certificate issued to each, under the seven profiles that are for them.
#[track_caller]
pub fn served(country: &Country) -> Vec<Issued> {
    let Country { staff, identities, installation, .. } = country;
    let officer = &staff.officer.npki;
    let person = &identities.person;
    let member = member(officer);
    let server = security_server(officer, &member, person);
    let agent = agent(officer, &member, person);
    let logged = program(officer, &member, person, "Trade licences", &[]);
    let wanted = [
        ("person-signature-short-term", person, "p256"),
        ("agent", &agent, "ed25519"),
        ("xroad-signing", &member, "rsa-3072"),
        ("xroad-security-server", &server, "rsa-3072"),
        ("registry-document-signer", &member, "p256"),
        ("trusted-list-signer", &identities.organisation, "p384"),
        ("audit-log-signer", &logged, "p256"),
    ];
    let issue = |(profile, identity, algorithm): (&str, &String, &str)| {
        staff.issue_for_key_of(installation, &staff.officer, profile, identity, algorithm)
    };
    wanted.map(issue).into()
}
