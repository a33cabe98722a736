//! Erasing identities: who may, when it is refused, and what is left.

use std::sync::Arc;

use ca_core::ledger::{Position, events};
use ca_core::status::RevocationReason;
use ca_core::storage::Store;
use ca_core::subject::IdentityRef;
use ca_core::vault::VaultError;
use id_registry::id::IdentityId;
use id_registry::identity::{Identity, IdentityError, IdentityStatus};
use id_registry::permission::{EraseIdentities, ReadRegistry, RevokeCertificates};

use crate::country::{Country, Member, csr, person};
use crate::sealed::{assert_absent, everything};

fn erase(country: &Country, id: IdentityId) -> Result<Identity, IdentityError> {
    let permit = country.administrator.permit::<EraseIdentities>();
    country.registry.erase_identity(&permit, id, "asked to, letter 12/2026")
}

/// A person with a certificate that was revoked; a request that was rejected.
fn known_person(
    country: &Country,
    officer: &Member,
    other: &Member,
) -> (IdentityId, ca_core::serial::SerialNumber) {
    let person = country.register(officer, person("PNOLS-0815"));
    let request = country.submit(officer, "person-signature", person, &csr()).unwrap();
    let issued = country.approve(other, request.id, Some("his scar was seen")).unwrap();
    let rejected = country.submit(officer, "person-signature", person, &csr()).unwrap();
    country.registry.reject(&other.permit(), rejected.id, "the wrong face").unwrap();
    (person, issued.serial().unwrap().clone())
}

fn revoke(country: &Country, serial: &ca_core::serial::SerialNumber) {
    let permit = country.administrator.permit::<RevokeCertificates>();
    country.registry.revoke(&permit, serial, RevocationReason::CessationOfOperation, None).unwrap();
}

#[test]
fn what_counts_stands_in_the_way() {
    let country = Country::founded();
    let (officer, other) = (country.officer(), country.officer());
    let (person, serial) = known_person(&country, &officer, &other);
    let refused = erase(&country, person).unwrap_err();
    assert!(matches!(refused, IdentityError::HasCertificate { serial: ref s, .. } if *s == serial));
    let things = country.settled(&officer, "RSL");
    for id in [things.person, things.organisation] {
        let refused = erase(&country, id).unwrap_err();
        assert!(matches!(refused, IdentityError::AnswersFor { .. }), "{refused}");
        let identity = country.registry.identity(&officer.permit::<ReadRegistry>(), id).unwrap();
        assert_eq!(identity.record.status, IdentityStatus::Active, "a refusal changes nothing");
        assert!(identity.details.is_some());
    }
    for id in [things.device, things.application, things.person, things.organisation] {
        erase(&country, id).unwrap();
    }
    assert_eq!(country.events("identity.erased").len(), 4);
}

#[test]
fn nothing_personal_is_left_and_everything_else_is() {
    let country = Country::founded();
    let (officer, other) = (country.officer(), country.officer());
    let (id, serial) = known_person(&country, &officer, &other);
    revoke(&country, &serial);
    let before = events(country.store.as_ref(), Position(0), 10_000).unwrap();
    let erased = erase(&country, id).unwrap();
    assert_eq!((erased.record.status, erased.details), (IdentityStatus::Closed, None));

    let subject = IdentityRef(id.to_string());
    assert!(country.vault.for_reading(&subject).unwrap().is_none());
    assert!(matches!(country.vault.for_writing(&subject), Err(VaultError::Erased(_))));
    // Not even the wrapped key is left: whoever has the store and the master key opens nothing.
    let record = country.store.get(ca_core::vault::SUBJECT_KEYS, id.to_string().as_bytes()).unwrap().unwrap();
    assert!(!String::from_utf8(record.value).unwrap().contains("wrapped"));
    assert_absent(&everything(&country.store), &["Mokoena", "MOKOENA", "PNOLS", "scar", "the wrong face"]);

    let kept = country.registry.authorities().find(&serial).unwrap().unwrap();
    assert!(kept.revocation.is_some());
    let (record, der) = country.registry.certificate(&officer.permit::<ReadRegistry>(), &serial).unwrap();
    assert_eq!((der, record.open_subject(&country.vault).unwrap()), (None, None));
    let after = events(country.store.as_ref(), Position(0), 10_000).unwrap();
    assert_eq!(after[..before.len()], before, "the ledger forgets nothing");
    for action in ["identity.closed", "subject.erased", "identity.erased"] {
        let event = country.events(action).remove(0);
        assert_eq!(event.subject, format!("identity:{id}"));
        assert_eq!(event.reason.as_deref(), Some("asked to, letter 12/2026"));
    }
}

#[test]
fn an_erased_identity_stays_erased_and_its_number_is_free() {
    let country = Country::founded();
    let (officer, other) = (country.officer(), country.officer());
    let (id, serial) = known_person(&country, &officer, &other);
    let waiting = country.submit(&officer, "person-authentication", id, &csr()).unwrap();
    revoke(&country, &serial);
    erase(&country, id).unwrap();
    assert!(matches!(erase(&country, id), Err(IdentityError::Erased(again)) if again == id));
    let refused = country.submit(&officer, "person-signature", id, &csr()).unwrap_err();
    assert!(matches!(refused, id_registry::enrolment::RequestError::Identity(IdentityError::Erased(_))));
    assert!(country.approve(&other, waiting.id, None).is_err());
    let rejected = country.registry.reject(&other.permit(), waiting.id, "erased").unwrap();
    assert_eq!(country.registry.remarks(&rejected).unwrap().rejection, None, "nothing more is kept");
    let anew = country.register(&officer, person("PNOLS-0815"));
    assert_ne!(anew, id);
}

/// Whatever the order: no identity ends erased with a certificate that counts.
#[test]
fn an_issuance_at_the_same_moment_is_seen_or_refused() {
    for round in 0..5 {
        let country = Country::founded();
        let officer = country.officer();
        let things = country.settled(&officer, &format!("R{round}"));
        let csr = csr();
        let (registry, device) = (Arc::clone(&country.registry), things.device);
        std::thread::scope(|scope| {
            scope.spawn(|| country.submit(&officer, "device", device, &csr));
            scope.spawn(|| erase(&country, device));
        });
        let read = officer.permit::<ReadRegistry>();
        let erased = registry.identity(&read, device).unwrap().details.is_none();
        let certificates = country.certificates_of(device);
        assert!(!(erased && certificates > 0), "erased with a certificate that counts");
    }
}
