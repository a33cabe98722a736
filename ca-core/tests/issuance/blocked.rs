//! Blocked keys, and certificates found by their key.

use ca_core::blocked_keys::{self, BLOCKED, BlockReason, BlockedKey, KeyDigest, SpkiDigest};
use ca_core::certificate::CaId;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::issuance::{IssueError, Refusal};
use ca_core::key_index::{CERTIFICATES_BY_KEY, KeyIndex};
use ca_core::ledger::{Event, Ledger};
use ca_core::status::RevocationReason;
use ca_core::storage::{AuditedChange, Change, Expect, KeyRange, Operation, Store};
use ca_core::subject::IdentityRef;
use time::OffsetDateTime;

use crate::authority::{Ca, actor, subject};
use crate::new_key;

fn event() -> Event {
    Ledger::new(std::sync::Arc::new(SystemClock), std::sync::Arc::new(SystemEntropy))
        .event(&actor(), BLOCKED, "blocked-keys")
        .unwrap()
}

fn block(ca: &Ca, key: &SubjectPublicKey) -> usize {
    block_info(ca, key.der())
}

fn block_info(ca: &Ca, public_key_info: &[u8]) -> usize {
    let record = BlockedKey {
        reason: BlockReason::Compromised,
        source: "found in a public repository".to_owned(),
        at: OffsetDateTime::now_utc(),
        by: actor(),
    };
    let digest = KeyDigest::Spki(SpkiDigest::of(public_key_info));
    let (change, new) = blocked_keys::blocking(ca.store.as_ref(), &[digest], &record).unwrap();
    ca.store.commit(change.explained_by(&event())).unwrap();
    new
}

fn holders(ca: &Ca, key: &SubjectPublicKey) -> Vec<String> {
    holders_of(ca, key.der())
}

fn holders_of(ca: &Ca, public_key_info: &[u8]) -> Vec<String> {
    let index = KeyIndex::new(ca.store.clone());
    let found = index.certificates_of(&SpkiDigest::of(public_key_info), None, 10).unwrap();
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
fn a_ca_whose_own_key_is_blocked_certifies_its_responder_and_nobody_else() {
    let ca = Ca::founded();
    let issued = ca.issue("device", new_key()).unwrap();
    let prepared = ca.prepare("device", new_key()).unwrap();
    block_info(&ca, ca.issuing.public_key_info());
    let refused = ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()));
    assert!(
        matches!(refused, Err(IssueError::OwnKeyBlocked { .. })),
        "what was prepared before: {refused:?}"
    );
    match ca.issue("device", new_key()) {
        Err(IssueError::OwnKeyBlocked { ca: of, reason }) => {
            assert_eq!((&of, reason), (ca.issuing.id(), BlockReason::Compromised));
        }
        other => panic!("{other:?}"),
    }
    ca.issue("ocsp-responder", new_key()).unwrap();
    // What it issued can still be revoked, and is listed.
    let reason = RevocationReason::CessationOfOperation;
    ca.issuing.revoke(&issued.record.serial, reason, &actor(), AuditedChange::nothing()).unwrap();
    ca.issuing.publish_crl(time::Duration::days(1), &actor()).unwrap();
    assert_eq!(
        holders_of(&ca, ca.issuing.public_key_info()).len(),
        1,
        "a CA's own certificate is found by its key"
    );
}

#[test]
fn a_key_is_blocked_for_every_ca_of_a_store() {
    let ca = Ca::founded();
    let key = new_key();
    block(&ca, &key);
    for authority in [&ca.root, &ca.issuing] {
        let profile = authority.profiles().find("device").unwrap();
        let who = subject("device", IdentityRef("somebody".to_owned()));
        let refused = authority.admit_key(key.clone(), &Wishes::none(), who, &profile);
        let refused = matches!(refused, Err(IssueError::Refused(Refusal::KeyCompromised { .. })));
        assert!(refused, "{}", authority.id());
    }
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
