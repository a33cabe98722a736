//! Founding, issuing, revoking and publishing, judged by OpenSSL; and what happens when storage fails in the middle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod absent;
mod authority;
mod blocked;
mod crl;
mod feed;
mod link;
mod names;
mod nation;
mod openssl;
mod retire;
mod sealed;
mod status_index;
mod terms;
mod unwritable;
mod wishes;

use authority::{Ca, actor, subject};
use ca_core::algorithm::KeyAlgorithm;
use ca_core::authority::RevokeError;
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::issuance::{IssueError, Refusal};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::{self, Position};
use ca_core::profile::Profile;
use ca_core::status::{RevocationReason, SerialStatus, StatusSource};
use ca_core::storage::memory::Failure;
use ca_core::storage::{AuditedChange, Store};
use ca_core::subject::{Fact, IdentityRef};
use time::Duration;

fn new_key() -> SubjectPublicKey {
    let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    SubjectPublicKey::from_der(key.public_key_info()).unwrap()
}

/// A new key that the profile admits: P-256, or RSA where it admits no curve.
fn new_key_for(profile: &Profile) -> SubjectPublicKey {
    if profile.keys.admits_own(KeyAlgorithm::P256) {
        return new_key();
    }
    let key = SoftwareKey::generate(KeyAlgorithm::Rsa3072).unwrap();
    SubjectPublicKey::from_der(key.public_key_info()).unwrap()
}

#[test]
fn every_profile_makes_certificates_that_openssl_accepts_strictly() {
    let ca = Ca::founded();
    let current = ca.issuing.profiles().current().unwrap();
    let end_entities = current.profiles().iter().filter(|profile| !profile.is_ca());
    let mut issued_under = 0;
    for profile in end_entities {
        let id = profile.id.0.as_str();
        let issued = ca.issue(id, new_key_for(profile)).unwrap_or_else(|error| panic!("{id}: {error}"));
        openssl::verifies(&ca, &issued.der, id);
        issued_under += 1;
    }
    assert_eq!(issued_under, 17);
}

#[test]
fn a_revoked_certificate_is_revoked_everywhere_and_openssl_sees_it() {
    let ca = Ca::founded();
    let issued = ca.issue("device", new_key()).unwrap();
    let serial = &issued.record.serial;
    let status = || ca.issuing.certificates().status(serial).unwrap();
    assert_eq!(status(), SerialStatus::Good);
    ca.issuing.revoke(serial, RevocationReason::KeyCompromise, &actor(), AuditedChange::nothing()).unwrap();
    assert!(
        matches!(status(), SerialStatus::Revoked(found) if found.reason == RevocationReason::KeyCompromise)
    );
    let first = ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap();
    openssl::lists_as_revoked(&ca, &first.der, serial, "Key Compromise");
    let again = ca.issuing.revoke(serial, RevocationReason::Superseded, &actor(), AuditedChange::nothing());
    assert!(matches!(
        again,
        Err(RevokeError::AlreadyRevoked { reason: RevocationReason::KeyCompromise, .. })
    ));
    let second = ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap();
    assert_eq!(second.number, first.number + 1);
}

#[test]
fn a_hold_can_be_released_and_nothing_else_can() {
    let ca = Ca::founded();
    let issued = ca.issue("device", new_key()).unwrap();
    let serial = &issued.record.serial;
    let nothing = AuditedChange::nothing;
    assert!(matches!(ca.issuing.release(serial, &actor(), nothing()), Err(RevokeError::NotOnHold(_))));
    ca.issuing.revoke(serial, RevocationReason::CertificateHold, &actor(), nothing()).unwrap();
    let twice = ca.issuing.revoke(serial, RevocationReason::CertificateHold, &actor(), nothing());
    assert!(matches!(twice, Err(RevokeError::AlreadyOnHold(_))));
    ca.issuing.release(serial, &actor(), nothing()).unwrap();
    assert_eq!(ca.issuing.certificates().status(serial).unwrap(), SerialStatus::Good);
    let crl = ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap();
    openssl::lists_nothing(&crl.der);
    ca.issuing.revoke(serial, RevocationReason::CessationOfOperation, &actor(), nothing()).unwrap();
    assert!(matches!(ca.issuing.release(serial, &actor(), nothing()), Err(RevokeError::NotOnHold(_))));
}

#[test]
fn a_tls_server_is_never_suspended() {
    let ca = Ca::founded();
    let issued = ca.issue("tls-server", new_key()).unwrap();
    let held = ca.issuing.revoke(
        &issued.record.serial,
        RevocationReason::CertificateHold,
        &actor(),
        AuditedChange::nothing(),
    );
    assert!(matches!(held, Err(RevokeError::HoldForbidden { .. })));
}

#[test]
fn a_key_serves_one_identity_for_all_time() {
    let ca = Ca::founded();
    let key = new_key();
    ca.issue("device", key.clone()).unwrap();
    ca.issue("device", key.clone()).expect("a renewal with the same key, for the same identity");
    let other = subject("device", IdentityRef("D-OTHER".to_owned()));
    let profile = ca.issuing.profiles().find("device").unwrap();
    let refused = ca.issuing.admit_key(key, &Wishes::none(), other, &profile);
    assert!(matches!(refused, Err(IssueError::Refused(Refusal::KeyOfAnother))));
}

#[test]
fn only_granted_dns_names_are_admitted() {
    let ca = Ca::founded();
    let profile = ca.issuing.profiles().find("tls-server").unwrap();
    let identity =
        || subject("tls-server", IdentityRef("A-1".to_owned())).with(Fact::DnsName, "b.example.org");
    let wish = |name: &str| {
        let wishes = Wishes::none().and_names(&[name.parse().unwrap()]);
        ca.issuing.admit_key(new_key(), &wishes, identity(), &profile)
    };
    assert!(wish("dns:B.EXAMPLE.ORG").is_ok());
    assert!(matches!(
        wish("dns:c.example.org"),
        Err(IssueError::Refused(Refusal::NameNotGranted { name })) if name == "dns:c.example.org"
    ));
    assert!(matches!(
        wish("email:a@example.org"),
        Err(IssueError::Refused(Refusal::NameFormNotAdmitted { .. }))
    ));
}

#[test]
fn an_issuer_about_to_expire_issues_what_ends_before_it_and_nothing_else() {
    let ca = Ca::founded();
    let ends = ca.issuing.not_after();
    ca.clock.set(ends - Duration::days(60));
    let events = |ca: &Ca| ca.store.ledger_size().unwrap();
    let before = events(&ca);
    assert!(matches!(ca.prepare("device", new_key()), Err(IssueError::IssuerTooShort)));
    assert_eq!(events(&ca), before, "nothing was reserved");
    ca.clock.set(ends + Duration::SECOND);
    assert!(matches!(ca.prepare("device", new_key()), Err(IssueError::IssuerTooShort)));
    assert_eq!(events(&ca), before, "nothing was reserved");
}

#[test]
fn a_crash_between_reservation_and_commit_loses_nothing_and_reuses_no_serial() {
    let ca = Ca::founded();
    let prepared = ca.prepare("device", new_key()).unwrap();
    drop(prepared);
    assert_eq!(ca.issuing.abandon_open_reservations(Duration::ZERO).unwrap(), 1);
    assert_eq!(ca.issuing.abandon_open_reservations(Duration::ZERO).unwrap(), 0, "abandoned once is enough");
    let events = ledger::events(ca.store.as_ref(), Position(0), 1_000).unwrap();
    assert_eq!(events.iter().filter(|event| event.action.as_str() == "serial.abandoned").count(), 1);
}

#[test]
fn a_certificate_whose_commit_failed_is_never_given_out() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let ca = Ca::founded();
        let prepared = ca.prepare("device", new_key()).unwrap();
        ca.store.fail_next_commit(failure);
        let lost = ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()));
        assert!(matches!(lost, Err(IssueError::Commit(_))));
        // What storage kept is whole: a record has its DER, its binding and its event, or there is none of them.
        let issued = ledger::events(ca.store.as_ref(), Position(0), 1_000)
            .unwrap()
            .into_iter()
            .filter(|event| {
                event.action.as_str() == "certificate.issued" && event.detail["profile"] == "device"
            })
            .count();
        let records = ca.issuing.certificates().list(None, 100).unwrap();
        let kept = usize::from(failure == Failure::AfterPersisting);
        assert_eq!((issued, records.len()), (kept, kept));
        for record in records {
            assert!(ca.issuing.certificates().der(&record, &ca.vault).unwrap().is_some());
            let bound = ca.issuing.certificates().of_identity(&record.identity, None, 10).unwrap();
            assert_eq!(bound, [record]);
        }
    }
}

#[test]
fn two_thousand_serials_differ_and_each_has_126_random_bits() {
    use std::collections::BTreeSet;
    let draw = || ca_core::serial::SerialNumber::draw(&ca_core::clock::SystemEntropy).unwrap();
    let drawn: BTreeSet<_> = (0..2_000).map(|_| draw()).collect();
    assert_eq!(drawn.len(), 2_000);
    assert!(drawn.iter().all(|serial| serial.as_bytes().len() == 16 && serial.as_bytes()[0] & 0xc0 == 0x40));
}

/// The store is in the middle of everything: nothing here may go around it.
#[test]
fn every_issued_certificate_has_its_event() {
    let ca = Ca::founded();
    let issued = ca.issue("device", new_key()).unwrap();
    let events = ledger::events(ca.store.as_ref() as &dyn Store, Position(0), 1_000).unwrap();
    let subject = format!("certificate:issuing/{}", issued.record.serial);
    let acts: Vec<_> =
        events.iter().filter(|event| event.subject == subject).map(|event| event.action.as_str()).collect();
    assert_eq!(acts, ["serial.reserved", "certificate.issued"]);
}
