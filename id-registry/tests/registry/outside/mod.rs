//! Fifty ways to a certificate outside its profile, each tried over the interface as a stranger, an agency, an officer or an
//! administrator would. Each is refused by its own rule, and nothing is signed.
//!
//! The ways that need bytes no tool makes (RSA moduli of broken chips, points off the curve, DER that two readers read
//! differently) are in ca-core: `tests/csr_requests` and `tests/issuance/wishes.rs`.

mod asked;
mod decided;
mod holder;
mod keys;

use id_registry::identity::Owner;
use id_registry::principal::Role;
use serde_json::{Value, json};

use crate::country::{Country, Member, Things, csr_of, csr_with, device, new_key};
use crate::http::{Answer, Caller};

/// A country at work: two agencies with their things, and one of each role.
pub(super) struct World {
    country: Country,
    applicant: Member,
    second: Member,
    third: Member,
    leaver: Member,
    operator: Member,
    auditor: Member,
    own: Things,
    other: Things,
    /// The key of the first agency's device, PEM, and the certificate that it got for it, DER.
    device_key: Vec<u8>,
    device_certificate: Vec<u8>,
}

/// What was tried, and how it must be answered.
struct Way {
    what: String,
    code: &'static str,
    answer: Answer,
}

impl Way {
    fn new(what: impl Into<String>, code: &'static str, answer: Answer) -> Self {
        Self { what: what.into(), code, answer }
    }
}

impl World {
    fn begun() -> Self {
        let country = Country::founded();
        let [applicant, second, third, leaver] = [(); 4].map(|()| country.officer());
        let (own, other) = (country.settled(&applicant, "RSL"), country.settled(&applicant, "MCC"));
        let role = Role::AgencyOperator { organisation: own.organisation };
        let operator = country.enrol("Operator", role);
        let auditor = country.enrol("Auditor", Role::Auditor);
        let device_key = new_key();
        let issued = country.submit(&applicant, "device", own.device, &csr_of(&device_key, "x")).unwrap();
        let certificate = country.registry.certificate(&applicant.permit(), issued.serial().unwrap());
        let device_certificate = certificate.unwrap().1.unwrap();
        Self {
            country,
            applicant,
            second,
            third,
            leaver,
            operator,
            auditor,
            own,
            other,
            device_key,
            device_certificate,
        }
    }

    fn caller(&self, member: &Member) -> Caller {
        Caller::new(&self.country, Some(member))
    }

    /// Asks for a certificate as a member of staff does.
    async fn ask(&self, by: &Member, body: Value) -> Answer {
        self.caller(by).post("/v1/requests", body).await
    }

    /// Asks, and expects that it waits for approval; its identifier.
    async fn waiting(&self, by: &Member, body: Value) -> String {
        let answer = self.ask(by, body).await;
        assert_eq!(answer.status, 202, "{}", answer.json);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    async fn decide(&self, by: &Member, id: &str, how: &str, body: Value) -> Answer {
        self.caller(by).post(&format!("/v1/requests/{id}/{how}"), body).await
    }

    /// Approves as an officer's program does: what is shown is signed. Whoever is shown nothing tries without.
    async fn approve(&self, by: &Member, id: &str) -> Answer {
        let prepared = self.caller(by).get(&format!("/v1/requests/{id}/approval")).await;
        if !prepared.json["matter"].is_object() {
            let unsigned = self.decide(by, id, "approve", json!({"statement": ""})).await;
            assert!(unsigned.status.is_client_error(), "{:?}", unsigned.json);
            return prepared;
        }
        self.decide(by, id, "approve", by.approval(&prepared.json, "seen in person")).await
    }

    fn owner(&self) -> Owner {
        Owner { organisation: self.own.organisation, sponsor: self.own.person }
    }

    /// Another device of the agency's, with nothing issued for it.
    fn another_device(&self, tag: &str) -> String {
        self.country.register(&self.applicant, device(self.owner(), tag)).to_string()
    }

    /// What is refused below is refused for what it asks: without that, each is taken.
    async fn as_it_should_be(&self) {
        for (profile, holder, status) in [
            ("device", self.own.device, 201),
            ("application", self.own.application, 201),
            ("tls-server", self.own.application, 202),
            ("person-authentication", self.own.person, 202),
            ("person-signature", self.own.person, 202),
            ("organisation-seal", self.own.organisation, 202),
        ] {
            let answer = self.ask(&self.applicant, body(profile, &holder.to_string(), &request(&[]))).await;
            assert_eq!(answer.status, status, "{profile}: {}", answer.json);
        }
        let mut named = body("tls-server", &self.own.application.to_string(), &request(&[]));
        named["names"] = json!(["dns:payroll.gov.ls"]);
        assert_eq!(self.ask(&self.applicant, named).await.status, 202);
        let own = body("device", &self.own.device.to_string(), &request(&[]));
        assert_eq!(self.ask(&self.operator, own).await.status, 201);
    }

    /// How many certificates there are, by what the store says.
    fn certificates(&self) -> usize {
        self.country.registry.authorities().list(None, 10_000).unwrap().len()
    }
}

/// The body of a request that is as it should be but for what the way changes.
fn body(profile: &str, identity: &str, csr: &[u8]) -> Value {
    json!({"profile": profile, "identity": identity, "csr": String::from_utf8(csr.to_vec()).unwrap()})
}

/// A new key's certification request, made by OpenSSL with these arguments, PEM.
fn request(arguments: &[&str]) -> Vec<u8> {
    csr_with(&[&["-utf8"], arguments].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_fifty_ways_nobody_obtains_a_certificate_outside_its_profile() {
    let world = World::begun();
    world.as_it_should_be().await;
    let (issued, signed) = (world.certificates(), world.country.events("certificate.issued").len());
    let mut ways = asked::ways(&world).await;
    ways.extend(keys::ways(&world).await);
    ways.extend(holder::ways(&world).await);
    // These approve requests that are as they should be before something changes: what came of them is looked at there.
    let wrong = |way: &&Way| way.answer.json["code"] != way.code || !way.answer.status.is_client_error();
    let wrong =
        ways.iter().filter(wrong).map(|way| format!("{}, not {}: {}", way.what, way.code, way.answer.json));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.certificates(), issued);
    assert_eq!(world.country.events("certificate.issued").len(), signed);
    let decided = decided::ways(&world).await;
    assert!(ways.len() + decided.len() >= 50, "{} and {}", ways.len(), decided.len());
}
