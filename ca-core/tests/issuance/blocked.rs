//! Blocked keys, and certificates found by their key.

use ca_core::blocked_keys::{self, BLOCKED, BlockReason, BlockedKey, KeyDigest, SpkiDigest};
use ca_core::certificate::CaId;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::csr::SubjectPublicKey;
use ca_core::issuance::{IssueError, Refusal};
use ca_core::key_index::{CERTIFICATES_BY_KEY, KeyIndex};
use ca_core::ledger::{Event, Ledger};
use ca_core::status::RevocationReason;
use ca_core::storage::{AuditedChange, Change, Expect, KeyRange, Operation, Store};
use time::OffsetDateTime;

use crate::authority::{Ca, actor};
use crate::new_key;

fn event() -> Event {
    Ledger::new(std::sync::Arc::new(SystemClock), std::sync::Arc::new(SystemEntropy))
        .event(&actor(), BLOCKED, "blocked-keys")
        .unwrap()
}

fn block(ca: &Ca, key: &SubjectPublicKey) -> usize {
    let record = BlockedKey {
        reason: BlockReason::Compromised,
        source: "found in a public repository".to_owned(),
        at: OffsetDateTime::now_utc(),
        by: actor(),
    };
    let digest = KeyDigest::Spki(SpkiDigest::of(key.der()));
    let (change, new) = blocked_keys::blocking(ca.store.as_ref(), &[digest], &record).unwrap();
    ca.store.commit(change.explained_by(&event())).unwrap();
    new
}

fn holders(ca: &Ca, key: &SubjectPublicKey) -> Vec<String> {
    let index = KeyIndex::new(ca.store.clone());
    let found = index.certificates_of(&SpkiDigest::of(key.der()), None, 10).unwrap();
    found.into_iter().map(|(_, record)| record.serial.to_string()).collect()
}

#[test]
fn a_blocked_key_is_refused_with_its_reason_and_nothing_is_signed() {
    let ca = Ca::founded();
    let key = new_key();
    assert_eq!((block(&ca, &key), block(&ca, &key)), (1, 0), "blocking again changes nothing");
    let refused = ca.issue("device", key.clone());
    match refused {
        Err(IssueError::Refused(refusal @ Refusal::KeyCompromised { .. })) => {
            assert_eq!(
                refusal.to_string(),
                "this key is blocked as compromised: found in a public repository"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(ca.issuing.certificates().list(None, 10).unwrap().is_empty());
    assert!(holders(&ca, &key).is_empty());
}

#[test]
fn a_key_that_is_blocked_after_admission_gets_no_certificate_either() {
    let ca = Ca::founded();
    let key = new_key();
    let prepared = ca.prepare("device", key.clone()).unwrap();
    block(&ca, &key);
    let refused = ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()));
    assert!(matches!(refused, Err(IssueError::Refused(Refusal::KeyCompromised { .. }))));
    // Even between the last look and the commit.
    let key = new_key();
    let prepared = ca.prepare("device", key.clone()).unwrap();
    let late = ca.issuing.sign(prepared, &actor(), |_, _| {
        block(&ca, &key);
        Ok(AuditedChange::nothing())
    });
    assert!(matches!(late, Err(IssueError::Commit(_))), "{late:?}");
    assert!(ca.issuing.certificates().list(None, 10).unwrap().is_empty());
}

#[test]
fn a_revocation_for_compromise_blocks_the_key_and_another_reason_does_not() {
    let ca = Ca::founded();
    for (reason, blocked) in [(RevocationReason::Superseded, false), (RevocationReason::KeyCompromise, true)]
    {
        let key = new_key();
        let issued = ca.issue("device", key.clone()).unwrap();
        ca.issuing.revoke(&issued.record.serial, reason, &actor(), AuditedChange::nothing()).unwrap();
        let again = ca.issue("device", key.clone());
        assert_eq!(
            matches!(again, Err(IssueError::Refused(Refusal::KeyCompromised { .. }))),
            blocked,
            "{reason:?}"
        );
        let record = blocked_keys::blocked(ca.store.as_ref(), key.der()).unwrap();
        assert_eq!(record.is_some(), blocked);
        if let Some(record) = record {
            assert_eq!(record.source, format!("revocation of certificate {}", issued.record.serial));
        }
    }
}

/// What a start of the service does for each CA.
fn complete(ca: &Ca, of: &CaId) -> usize {
    let ledger = Ledger::new(std::sync::Arc::new(SystemClock), std::sync::Arc::new(SystemEntropy));
    KeyIndex::new(ca.store.clone()).complete(of, &ca.vault, &ledger, &actor()).unwrap()
}

#[test]
fn certificates_are_found_by_their_key_also_those_from_before_the_index() {
    let ca = Ca::founded();
    let key = new_key();
    let mut serials: Vec<String> =
        (0..2).map(|_| ca.issue("device", key.clone()).unwrap().record.serial.to_string()).collect();
    ca.issue("device", new_key()).unwrap();
    serials.sort();
    assert_eq!(holders(&ca, &key), serials);
    // As a store of before: without the index.
    let all = ca.store.scan(CERTIFICATES_BY_KEY, &KeyRange::all(), 100).unwrap();
    let emptied = all.iter().fold(Change::new(), |change, (place, _)| {
        change.write(CERTIFICATES_BY_KEY, place.clone(), Expect::Anything, Operation::Delete)
    });
    ca.store.commit(emptied.explained_by(&event())).unwrap();
    assert!(holders(&ca, &key).is_empty());
    assert_eq!((complete(&ca, ca.issuing.id()), complete(&ca, ca.root.id())), (3, 1));
    assert_eq!(holders(&ca, &key), serials);
    let again = ca.store.scan(CERTIFICATES_BY_KEY, &KeyRange::all(), 100).unwrap();
    assert_eq!(again.len(), all.len() + 2, "every entry, and that both CAs' are whole");
    assert_eq!(complete(&ca, ca.issuing.id()), 0, "once is enough");
}
