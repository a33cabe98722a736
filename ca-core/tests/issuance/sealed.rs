//! What is personal in certificates is sealed in the store, and an erased identity gets nothing more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::issuance::IssueError;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::{KeyError, Signer};
use ca_core::status::{SerialStatus, StatusSource};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{AuditedChange, Store};

use crate::authority::{Ca, actor};
use crate::new_key;

/// Of the certificate, what may name a person is sealed; what says whether it counts is not.
#[test]
fn the_store_names_nobody_and_status_needs_no_vault() {
    let ca = Ca::founded();
    let issued = ca.issue("person-authentication", new_key()).unwrap();
    let mut stored = Vec::new();
    ca.store
        .export(&mut |entry| {
            stored.extend(entry.key);
            stored.extend(entry.value.unwrap_or_default());
            Ok(())
        })
        .unwrap();
    let holds = |text: &[u8]| stored.windows(text.len()).any(|part| part == text);
    assert!(holds(issued.record.sha256.as_bytes()), "the search is broken");
    for personal in ["MOKOENA", "TŠEPO", "PNOLS-012345678901"] {
        assert!(!holds(personal.as_bytes()), "{personal}");
    }
    assert!(!holds(&issued.der));
    let record = ca.issuing.certificates().find(&issued.record.serial).unwrap().unwrap();
    let subject = record.open_subject(&ca.vault).unwrap().unwrap();
    assert!(subject.contains("MOKOENA") && subject.contains("PNOLS-012345678901"), "{subject}");
    assert_eq!(ca.issuing.certificates().der(&record, &ca.vault).unwrap().unwrap(), issued.der);
    assert_eq!(ca.issuing.certificates().status(&record.serial).unwrap(), SerialStatus::Good);
}

/// A key that counts its signatures.
#[derive(Debug)]
struct Counting(SoftwareKey, AtomicUsize);

impl Signer for Counting {
    fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm()
    }

    fn public_key_info(&self) -> &[u8] {
        self.0.public_key_info()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.sign(message)
    }
}

#[test]
fn for_an_erased_identity_nothing_is_signed_and_status_still_answers() {
    let signer = Arc::new(Counting(SoftwareKey::generate(KeyAlgorithm::P384).unwrap(), AtomicUsize::new(0)));
    let ca = Ca::founded_with(MemoryStore::new(), signer.clone());
    let issued = ca.issue("device", new_key()).unwrap();
    let identity = &issued.record.identity;
    let prepared = ca.prepare("device", new_key()).unwrap();
    ca.vault.erase(identity, &actor(), "asked to", &AuditedChange::nothing()).unwrap();
    let signatures = signer.1.load(Ordering::SeqCst);
    let refused = ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()));
    assert!(matches!(refused, Err(IssueError::Erased(erased)) if erased == *identity));
    assert_eq!(signer.1.load(Ordering::SeqCst), signatures, "refused before anything was signed");
    let certificates = ca.issuing.certificates();
    let record = certificates.find(&issued.record.serial).unwrap().unwrap();
    assert_eq!(record.open_subject(&ca.vault).unwrap(), None);
    assert_eq!(certificates.der(&record, &ca.vault).unwrap(), None);
    assert_eq!(certificates.status(&record.serial).unwrap(), SerialStatus::Good);
}
