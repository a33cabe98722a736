//! Responders on other machines: an administrator's word, and what they may do on it by themselves.

use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::certificate::CaId;
use ca_core::csr::CertificationRequest;
use ca_core::keys::software::SoftwareKey;
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use id_registry::remote::RemoteName;
use id_registry::responders::{RenewalRefused, Renewed, renewal_statement};
use time::Duration;

use crate::country::{Country, csr_of, new_key};

/// A key, and the request for its certificate.
struct Pair {
    key: Arc<SoftwareKey>,
    csr: String,
}

impl Pair {
    fn new() -> Self {
        let pem = new_key();
        let csr = String::from_utf8(csr_of(&pem, "alpha")).unwrap();
        Self { key: Arc::new(SoftwareKey::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap()), csr }
    }
}

fn name() -> RemoteName {
    "alpha".parse().unwrap()
}

struct Life {
    country: Country,
    ca: CaId,
}

impl Life {
    fn new() -> Self {
        let country = Country::founded();
        let ca = CaId::new("issuing").unwrap();
        Self { country, ca }
    }

    /// As an administrator has it certified.
    fn certified(&self, pair: &Pair) -> (Vec<u8>, SerialNumber) {
        let csr = CertificationRequest::parse(pair.csr.as_bytes()).unwrap().verify().unwrap();
        let permit = self.country.administrator.permit();
        let issued = self.country.registry.certify_responder(&permit, &self.ca, &name(), &csr).unwrap();
        (issued.der, issued.record.serial)
    }

    fn statement(&self, of: &Pair, certificate: &[u8], next: &Pair) -> String {
        renewal_statement(of.key.as_ref(), certificate, (&self.ca, &name()), &next.csr).unwrap()
    }

    fn renewed(&self, of: &Pair, certificate: &[u8], next: &Pair) -> Result<Renewed, RenewalRefused> {
        self.country.registry.renew_responder(&self.ca, &self.statement(of, certificate, next))
    }

    fn revoke(&self, serial: &SerialNumber) {
        let reason = RevocationReason::CessationOfOperation;
        self.country.registry.revoke(&self.country.administrator.permit(), serial, reason, None).unwrap();
    }
}

#[test]
fn a_responder_renews_itself_from_half_of_its_life_on() {
    let life = Life::new();
    let (first, second, third) = (Pair::new(), Pair::new(), Pair::new());
    let (der, _) = life.certified(&first);
    let early = life.renewed(&first, &der, &second).unwrap_err();
    assert!(matches!(early, RenewalRefused::Early(_)), "{early}");

    life.country.pass(Duration::days(16));
    let renewed = life.renewed(&first, &der, &second).unwrap();
    assert_ne!(renewed.der, der);
    let event = life.country.events("certificate.issued").pop().unwrap();
    assert_eq!(event.actor.0, "responder:alpha");

    // The answer was lost: the same again gives the same, and no second certificate.
    let events = life.country.events("certificate.issued").len();
    assert_eq!(life.renewed(&first, &der, &second).unwrap().der, renewed.der);
    assert_eq!(life.country.events("certificate.issued").len(), events);
    // For another key the former certificate counts no more.
    let superseded = life.renewed(&first, &der, &third).unwrap_err();
    assert!(matches!(superseded, RenewalRefused::Superseded(_)), "{superseded}");

    life.country.pass(Duration::days(16));
    life.renewed(&second, &renewed.der, &third).unwrap();
}

#[test]
fn nobody_renews_who_was_not_certified_or_is_not_any_more() {
    let life = Life::new();
    let (first, second) = (Pair::new(), Pair::new());
    let (der, serial) = life.certified(&first);
    let (registry, ca) = (&life.country.registry, &life.ca);
    life.country.pass(Duration::days(16));

    // Another's signature, or key, or name, or CA.
    let stranger = life.renewed(&second, &der, &second).unwrap_err();
    assert!(matches!(stranger, RenewalRefused::Statement(_)), "{stranger}");
    let administrator = life.country.administrator.enrolled.certificate.der.clone();
    let payload = serde_json::json!({"ca": ca.as_str(), "name": "alpha", "csr": second.csr}).to_string();
    let foreign = life.country.administrator.sign_as("npki-responder-renewal+jws", payload.as_bytes());
    let refused = registry.renew_responder(ca, &foreign).unwrap_err();
    assert!(matches!(refused, RenewalRefused::Stranger), "{refused}");
    assert_ne!(administrator, der);
    let beta: RemoteName = "beta".parse().unwrap();
    let other = renewal_statement(first.key.as_ref(), &der, (ca, &beta), &second.csr).unwrap();
    assert!(matches!(registry.renew_responder(ca, &other), Err(RenewalRefused::Stranger)));
    let elsewhere = CaId::new("elsewhere").unwrap();
    let statement = life.statement(&first, &der, &second);
    assert!(matches!(registry.renew_responder(&elsewhere, &statement), Err(RenewalRefused::OtherCa)));
    let approval = life.country.administrator.sign(payload.as_bytes());
    assert!(matches!(registry.renew_responder(ca, &approval), Err(RenewalRefused::Statement(_))));
    // The same key, and no proof of the new one.
    assert!(matches!(life.renewed(&first, &der, &first), Err(RenewalRefused::SameKey)));
    let mut altered = second.csr.clone().into_bytes();
    // Within the signature, which stands last.
    let place = second.csr.find("\n-----END").unwrap() - 12;
    altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
    let unproven = Pair { key: second.key.clone(), csr: String::from_utf8(altered).unwrap() };
    assert!(matches!(life.renewed(&first, &der, &unproven), Err(RenewalRefused::Csr(_))));

    // Its word was taken back; and given anew.
    life.revoke(&serial);
    let withdrawn = life.renewed(&first, &der, &second).unwrap_err();
    assert!(matches!(withdrawn, RenewalRefused::Withdrawn(_)), "{withdrawn}");
    let third = Pair::new();
    let (again, _) = life.certified(&third);
    life.country.pass(Duration::days(31));
    let ended = life.renewed(&third, &again, &second).unwrap_err();
    assert!(matches!(ended, RenewalRefused::Ended(_)), "{ended}");
}

#[test]
fn a_key_of_any_kind_that_the_profile_takes_can_state() {
    let life = Life::new();
    let pem = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap().to_pkcs8_pem();
    let csr = String::from_utf8(csr_of(pem.as_bytes(), "alpha")).unwrap();
    let first = Pair { key: Arc::new(SoftwareKey::from_pem(&pem).unwrap()), csr };
    let (der, _) = life.certified(&first);
    life.country.pass(Duration::days(15));
    life.renewed(&first, &der, &Pair::new()).unwrap();
}
