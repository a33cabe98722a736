//! The identities of the tests, and a count of everything that a refused request must not change.

use std::collections::BTreeMap;

use crate::answers;
use crate::npki::Npki;
use crate::rest::Rest;

/// One identity of each kind.
#[derive(Debug)]
pub struct Identities {
    /// An agency.
    pub organisation: String,
    /// A person, who sponsors the next two.
    pub person: String,
    /// A device of the agency.
    pub device: String,
    /// An application of the agency.
    pub application: String,
}

/// How many there are of everything.
#[derive(Debug, PartialEq, Eq)]
pub struct Census(BTreeMap<&'static str, usize>);

impl Census {
    /// Counts, as an officer or administrator sees it.
    #[track_caller]
    pub fn of(rest: &Rest) -> Self {
        let lists = ["identities", "requests", "certificates"];
        Self(lists.into_iter().map(|list| (list, rest.all(&format!("/v1/{list}")).len())).collect())
    }

    /// Goes on only when nothing changed since.
    #[track_caller]
    pub fn is_unchanged(&self, rest: &Rest, after: &str) {
        assert_eq!(*self, Self::of(rest), "{after} changed something");
    }
}

/// Registers one identity of each kind.
#[track_caller]
pub fn register(officer: &Npki) -> Identities {
    let organisation = organisation(officer, "Revenue Services Lesotho", "GO:LS-RSL");
    let person = person(officer, "Mokoena", "Thabo", "PNOLS-012345678901");
    let device = device(officer, &organisation, &person, "RSL-GATE-0001");
    let application = application(officer, &organisation, &person, "Payroll", "payroll.gov.ls");
    Identities { organisation, person, device, application }
}

/// Registers an organisation.
#[track_caller]
pub fn organisation(officer: &Npki, name: &str, identifier: &str) -> String {
    let add = ["registry", "add", "organisation", "--name", name, "--identifier", identifier];
    answers::id(&officer.done(&[&add[..], &["--locality", "Maseru"]].concat()))
}

/// Registers a person.
#[track_caller]
pub fn person(officer: &Npki, surname: &str, given_name: &str, identifier: &str) -> String {
    let names = ["--surname", surname, "--given-name", given_name];
    let add = [&["registry", "add", "person"], &names[..], &["--identifier", identifier]].concat();
    answers::id(&officer.done(&add))
}

/// Registers a device.
#[track_caller]
pub fn device(officer: &Npki, organisation: &str, sponsor: &str, asset_tag: &str) -> String {
    let owner = ["--organisation", organisation, "--sponsor", sponsor];
    let tag = ["--asset-tag", asset_tag, "--hardware-module", "1.3.6.1.4.1.32473.1/0a0b0c01"];
    answers::id(&officer.done(&[&["registry", "add", "device"], &owner[..], &tag[..]].concat()))
}

/// Registers so many further devices.
#[track_caller]
pub fn devices(officer: &Npki, of: &Identities, count: usize) -> Vec<String> {
    let register = |number| device(officer, &of.organisation, &of.person, &format!("RSL-METER-{number:04}"));
    (0..count).map(register).collect()
}

/// Registers an application.
#[track_caller]
pub fn application(officer: &Npki, organisation: &str, sponsor: &str, name: &str, dns_name: &str) -> String {
    let owner = ["--organisation", organisation, "--sponsor", sponsor];
    let named = ["--name", name, "--environment", "production", "--dns-name", dns_name];
    answers::id(&officer.done(&[&["registry", "add", "application"], &owner[..], &named[..]].concat()))
}
