//! Nothing personal is at rest in clear, and the indexes give nothing away.

use ca_core::storage::Store;
use ca_core::storage::memory::MemoryStore;
use id_registry::enrolment::{IdempotencyKey, Submission};
use id_registry::identity::{IDENTITY_NUMBERS, IdentityError};
use id_registry::permission::{ReadRegistry, RegisterIdentities, RequestCertificates};
use id_registry::principal::Role;
use ring::digest::{SHA256, digest};

use crate::country::{Country, csr_with, person};

/// Everything in a store, keys and values, one after the other.
pub(crate) fn everything(store: &MemoryStore) -> Vec<u8> {
    let mut stored = Vec::new();
    store
        .export(&mut |entry| {
            stored.extend(entry.key);
            stored.push(0);
            stored.extend(entry.value.unwrap_or_default());
            stored.push(0);
            Ok(())
        })
        .unwrap();
    stored
}

#[track_caller]
pub(crate) fn assert_absent(stored: &[u8], personal: &[&str]) {
    for text in personal {
        let found = stored.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!found, "the store tells {text:?}");
    }
}

#[test]
fn a_settled_country_is_sealed_at_rest() {
    let country = Country::founded();
    let (one, two) = (country.enrol("Palesa Nthunya", Role::Officer), country.officer());
    let things = country.settled(&one, "RSL");
    let csr = csr_with(&[]);
    let submission = Submission::of("person-signature", things.person, &csr);
    let key = IdempotencyKey::new("PNOLS-0815").unwrap();
    let request = country.registry.submit(&one.permit::<RequestCertificates>(), &submission, Some(&key));
    let request = request.unwrap();
    let again = country.registry.submit(&one.permit(), &submission, Some(&key)).unwrap();
    assert_eq!(again.id, request.id, "the blinded key still finds its request");
    country.approve(&two, request.id, Some("his scar was seen")).unwrap();
    let other = country.submit(&one, "person-authentication", things.person, &csr_with(&[])).unwrap();
    country.registry.reject(&two.permit(), other.id, "the photograph is his brother's").unwrap();
    country.submit(&one, "device", things.device, &csr_with(&["-subj", "/CN=Kept Secret"])).unwrap();
    let stored = everything(&country.store);
    assert!(stored.windows(12).any(|part| part == things.person.to_string().as_bytes()), "no search");
    assert_absent(
        &stored,
        &[
            "Mokoena",
            "MOKOENA",
            "Thabo",
            "THABO",
            "PNOLS",
            "Agency RSL",
            "GO:LS-RSL",
            "Maseru",
            "GATE-1",
            "Payroll",
            "Palesa",
            "Nthunya",
            "First Administrator",
            "An Officer",
            "scar",
            "photograph",
            "Kept Secret",
            "PNOLS-0815",
        ],
    );
}

/// Whoever has the store tries all numbers there are.
#[test]
fn a_number_cannot_be_guessed_from_its_place_in_the_index() {
    let country = Country::founded();
    let officer = country.officer();
    country.register(&officer, person("PNOLS-4711"));
    for text in ["person/PNOLS-4711", "PERSON/PNOLS-4711", "PNOLS-4711"] {
        let guess = digest(&SHA256, text.as_bytes());
        assert!(country.store.get(IDENTITY_NUMBERS, guess.as_ref()).unwrap().is_none(), "{text}");
    }
    let again =
        country.registry.register_identity(&officer.permit::<RegisterIdentities>(), person("pnols-4711"));
    assert!(again.is_err(), "refused for its form");
    let again = country.registry.register_identity(&officer.permit(), person("PNOLS-4711"));
    assert!(matches!(again, Err(IdentityError::Taken { .. })), "the index still finds it");
}

#[test]
fn a_value_moved_to_another_identity_does_not_open_there() {
    use ca_core::ledger::{Action, Actor, Ledger};
    use ca_core::storage::Change;
    use id_registry::identity::IDENTITY_DETAILS;

    let country = Country::founded();
    let officer = country.officer();
    let (one, other) =
        (country.register(&officer, person("PNOLS-1")), country.register(&officer, person("PNOLS-2")));
    let details = country.store.get(IDENTITY_DETAILS, one.to_string().as_bytes()).unwrap().unwrap().value;
    let ledger = Ledger::new(country.clock.clone(), std::sync::Arc::new(ca_core::clock::SystemEntropy));
    let event = ledger.event(&Actor::system("thief"), Action::named("value.moved"), "x").unwrap();
    let moved = Change::new().put(IDENTITY_DETAILS, other.to_string(), details).explained_by(&event);
    country.store.commit(moved).unwrap();
    let read = country.registry.identity(&officer.permit::<ReadRegistry>(), other).unwrap_err();
    assert!(matches!(&read, IdentityError::Fault(_)), "{read}");
    assert!(!read.to_string().contains("Mokoena"));
}
