//! The end of a CA: only when what it issued is over, once, and for ever. OpenSSL and GnuTLS read its last CRLs.

use ca_core::authority::retire::{RetireError, retirement};
use ca_core::certificate::CaId;
use ca_core::crl::{
    Contains, CrlPlan, CrlSchedule, Form, NO_NEXT_UPDATE, Partition, PublishError, StoredCrl,
};
use ca_core::issuance::{IssueError, IssuedCertificate};
use ca_core::ledger::{Position, events};
use ca_core::status::RevocationReason;
use ca_core::storage::memory::Failure;
use ca_core::storage::{AuditedChange, Store};
use time::Duration;

use crate::authority::{Ca, actor};
use crate::crl::{Desk, delta, der, newest, plan, revoke};
use crate::new_key;

fn retire(ca: &Ca) -> Result<Vec<StoredCrl>, RetireError> {
    ca.issuing.retire("succeeded by G2", &actor())
}

fn retired(ca: &Ca) -> bool {
    retirement(ca.store.as_ref(), ca.issuing.id()).unwrap().is_some()
}

fn happened(ca: &Ca, action: &str) -> usize {
    let all = events(ca.store.as_ref(), Position(0), 10_000).unwrap();
    all.iter().filter(|event| event.action.as_str() == action).count()
}

/// A CA with three shards and delta CRLs; one of its certificates is revoked and one is not; its responder has one.
fn at_its_end() -> (Ca, IssuedCertificate, IssuedCertificate) {
    let contains = Contains::UserCertificates;
    let ca = Ca::founded_before(Duration::minutes(1)).planned(CrlPlan {
        shards: 3,
        contains,
        delta: delta(),
        ..plan()
    });
    let (ended, left) = (ca.issue("device", new_key()).unwrap(), ca.issue("application", new_key()).unwrap());
    ca.issue("ocsp-responder", new_key()).unwrap();
    revoke(&ca, &ended, RevocationReason::Superseded);
    let mut schedule = CrlSchedule::new(CaId::new("issuing").unwrap(), Duration::seconds(2));
    assert_eq!(ca.issuing.publish_due(&mut schedule, &actor()).len(), 4);
    (ca, ended, left)
}

#[test]
fn a_ca_whose_certificates_count_is_not_retired_and_goes_on() {
    let (ca, _, left) = at_its_end();
    let size = ca.store.ledger_size().unwrap();
    let refused = |ca: &Ca| match retire(ca) {
        Err(RetireError::InForce { left, .. }) => left,
        other => panic!("{other:?}"),
    };
    let found = refused(&ca);
    assert_eq!((found.count, found.some.as_slice()), (1, std::slice::from_ref(&left.record.serial)));
    assert_eq!(found.until, Some(left.record.not_after));
    assert_eq!(ca.store.ledger_size().unwrap(), size, "a refusal wrote something");
    // What is on hold can be released, so it is not over.
    revoke(&ca, &left, RevocationReason::CertificateHold);
    assert_eq!(refused(&ca).count, 1);
    ca.issuing.release(&left.record.serial, &actor(), AuditedChange::nothing()).unwrap();
    ca.issue("device", new_key()).unwrap();
    assert!(!retired(&ca));
}

#[test]
fn a_ca_whose_certificates_are_over_ends_for_ever_and_its_last_crls_hold() {
    let (ca, ended, left) = at_its_end();
    let too_late = ca.prepare("device", new_key()).unwrap();
    revoke(&ca, &left, RevocationReason::CessationOfOperation);
    let last = retire(&ca).unwrap();
    assert_eq!(last.len(), 4, "{last:?}");
    assert!(last.iter().all(|crl| crl.is_last() && crl.next_update == NO_NEXT_UPDATE));
    assert_eq!((happened(&ca, "ca.retired"), retired(&ca)), (1, true));

    // What was under way gets nothing, nor does anybody who comes later, the CA's own responder neither.
    let late = ca.issuing.sign(too_late, &actor(), |_, _| Ok(AuditedChange::nothing()));
    assert!(matches!(late, Err(IssueError::Commit(_))), "{late:?}");
    for profile in ["device", "ocsp-responder"] {
        let refused = ca.issue(profile, new_key());
        assert!(matches!(refused, Err(IssueError::IssuerRetired { .. })), "{refused:?}");
    }
    // No CRL comes after the last, however long one waits and whoever asks.
    let size = ca.store.ledger_size().unwrap();
    assert_eq!(retire(&ca).unwrap(), last);
    for partition in [Partition::FIRST, Partition::shard(1)] {
        let refused = ca.issuing.publish_full(partition, &actor());
        assert!(matches!(refused, Err(PublishError::Last(_))), "{refused:?}");
        let refused = ca.issuing.publish_delta(partition, &[], &actor());
        assert!(matches!(refused, Err(PublishError::Last(_))), "{refused:?}");
    }
    let mut schedule = CrlSchedule::new(CaId::new("issuing").unwrap(), Duration::seconds(2));
    for days in [0, 1, 4_000] {
        ca.wait(Duration::days(days));
        assert!(ca.issuing.publish_due(&mut schedule, &actor()).is_empty());
    }
    assert_eq!(ca.store.ledger_size().unwrap(), size);

    let desk = Desk::of(&ca);
    let lists = [Partition::FIRST, ended.record.crl_partition]
        .map(|partition| der(&ca, newest(&ca, partition, Form::Full)));
    for list in &lists {
        let read = desk.read(list);
        assert!(read.contains("Next Update: Dec 31 23:59:59 9999 GMT"), "{read}");
        assert!(!read.contains("FreshestCRL"), "{read}");
    }
    let crls = [("first.crl", lists[0].as_slice()), ("shard.crl", lists[1].as_slice())];
    let (accepted, said) = desk.verify(&ended, &crls, "");
    assert!(!accepted && said.contains("revoked"), "{said}");
}

#[test]
fn a_retirement_that_is_cut_off_anywhere_goes_on_and_does_nothing_twice() {
    let (ca, _, left) = at_its_end();
    revoke(&ca, &left, RevocationReason::CessationOfOperation);
    ca.store.fail_next_commit(Failure::BeforePersisting);
    retire(&ca).unwrap_err();
    assert!(!retired(&ca));
    // The record, the responder's revocation, then the first CRL's number, which is reserved anew each time.
    for _ in 0..5 {
        ca.store.fail_next_commit(Failure::AfterPersisting);
        retire(&ca).unwrap_err();
        assert!(retired(&ca) && ca.issue("device", new_key()).is_err());
    }
    let last = retire(&ca).unwrap();
    assert_eq!(last.len(), 4);
    assert_eq!((happened(&ca, "ca.retired"), happened(&ca, "certificate.revoked")), (1, 3));
    assert_eq!(retire(&ca).unwrap(), last);
}
