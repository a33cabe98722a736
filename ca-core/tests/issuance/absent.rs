//! A root that is offline, as the online installation sees it: its CRL is believed for its signature alone, and what it
//! revokes stops at once.

use std::sync::Arc;

use ca_core::authority::absent::{AbsentAuthority, AbsentParts, CrlRefused, Taking};
use ca_core::authority::{Addresses, Authority, AuthorityParts};
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SetClock, SystemEntropy};
use ca_core::crl::{self, CrlName, Freshness};
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::issuance::IssueError;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::{Position, events};
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{AuditedChange, Store};
use ca_core::subject::IdentityRef;
use time::{Duration, OffsetDateTime};

use crate::authority::{Ca, actor, subject, vault};

/// A root on its own store, and an issuing CA of another installation that knows the root's certificate alone.
struct Apart {
    offline: Ca,
    store: Arc<MemoryStore>,
    clock: Arc<SetClock>,
    root: AbsentAuthority,
    issuing: Authority,
    serial: SerialNumber,
}

impl Apart {
    fn founded() -> Self {
        let key = Arc::new(SoftwareKey::generate(ca_core::algorithm::KeyAlgorithm::P384).unwrap());
        let offline = Ca::founded_with(MemoryStore::new(), key.clone());
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(SetClock::at(OffsetDateTime::now_utc()));
        let root = AbsentAuthority::new(AbsentParts {
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            id: id("root"),
            certificate: offline.root.certificate().to_vec(),
            certified_by: None,
        })
        .unwrap();
        let issuing = Authority::new(AuthorityParts {
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::new(vault(store.clone(), &clock)),
            signer: key,
            addresses: Addresses::under("http://pki.example.org", &id("issuing")),
            id: id("issuing"),
            certificate: offline.issuing.certificate().to_vec(),
            certified_by: Some(id("root")),
            profiles: offline.issuing.profiles().clone(),
        })
        .unwrap();
        root.install(&actor()).unwrap();
        root.install_issued(&id("issuing"), issuing.certificate(), &actor()).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(issuing.certificate()).unwrap();
        let serial = SerialNumber::from_der_content(parsed.raw_serial()).unwrap();
        Self { offline, store, clock, root, issuing, serial }
    }

    fn list(&self) -> Vec<u8> {
        self.offline.root.publish_crl(Duration::days(90), &actor()).unwrap().der
    }

    fn issue(&self) -> Result<(), IssueError> {
        let key = SoftwareKey::generate(ca_core::algorithm::KeyAlgorithm::P256).unwrap();
        let key = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
        let profile = self.issuing.profiles().find("device").unwrap();
        let request = self.issuing.admit_key(
            key,
            &Wishes::none(),
            subject("device", IdentityRef("D-1".to_owned())),
            &profile,
        )?;
        let prepared = self.issuing.prepare(request, &actor())?;
        self.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).map(|_| ())
    }
}

fn id(name: &str) -> CaId {
    CaId::new(name).unwrap()
}

#[test]
fn what_the_offline_root_revokes_stops_at_once() {
    let apart = Apart::founded();
    let first = apart.list();
    let taken = apart.root.take_crl(&first, &actor()).unwrap();
    assert_eq!((taken.taking, taken.number, taken.listed), (Taking::Installed, 1, 0));
    assert_eq!(apart.root.take_crl(&first, &actor()).unwrap().taking, Taking::ThereAlready);
    apart.issue().unwrap();

    // Prepared before, signed after: it is not given out either.
    let key = SoftwareKey::generate(ca_core::algorithm::KeyAlgorithm::P256).unwrap();
    let key = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
    let profile = apart.issuing.profiles().find("device").unwrap();
    let late = subject("device", IdentityRef("D-2".to_owned()));
    let request = apart.issuing.admit_key(key, &Wishes::none(), late, &profile).unwrap();
    let prepared = apart.issuing.prepare(request, &actor()).unwrap();

    let reason = RevocationReason::KeyCompromise;
    apart.offline.root.revoke(&apart.serial, reason, &actor(), AuditedChange::nothing()).unwrap();
    let taken = apart.root.take_crl(&apart.list(), &actor()).unwrap();
    assert_eq!((taken.number, taken.revoked), (2, vec![apart.serial.clone()]));
    let refused = apart.issue().unwrap_err();
    assert!(
        matches!(refused, IssueError::IssuerRevoked { reason: found, .. } if found == reason),
        "{refused}"
    );
    let late = apart.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()));
    assert!(matches!(late, Err(IssueError::Commit(_))), "{late:?}");
    assert_eq!(apart.issuing.revocation().unwrap().unwrap().reason, reason);

    // The CRL and what it revoked are facts of their own.
    let events = events(apart.store.as_ref(), Position(0), 1_000).unwrap();
    let told = |action: &str, subject: &str| {
        events.iter().filter(|event| event.action.as_str() == action && event.subject == subject).count()
    };
    assert_eq!(told("crl.installed", "crl:root"), 2);
    assert_eq!(told("certificate.revoked", &format!("certificate:root/{}", apart.serial)), 1);
    assert_eq!(told("ca.installed", "ca:root"), 1);
}

#[test]
fn a_hold_of_the_ca_ends_with_the_crl_that_leaves_it_out() {
    let apart = Apart::founded();
    let (root, none) = (&apart.offline.root, AuditedChange::nothing);
    root.revoke(&apart.serial, RevocationReason::CertificateHold, &actor(), none()).unwrap();
    apart.root.take_crl(&apart.list(), &actor()).unwrap();
    assert!(apart.issue().is_err());
    root.release(&apart.serial, &actor(), none()).unwrap();
    let taken = apart.root.take_crl(&apart.list(), &actor()).unwrap();
    assert_eq!(taken.released, std::slice::from_ref(&apart.serial));
    apart.issue().unwrap();
}

#[test]
fn whatever_is_not_the_roots_next_crl_is_refused_and_changes_nothing() {
    let apart = Apart::founded();
    let (first, second) = (apart.list(), apart.list());
    apart.root.take_crl(&second, &actor()).unwrap();
    let size = apart.store.ledger_size().unwrap();
    let refused = |der: &[u8]| apart.root.take_crl(der, &actor()).unwrap_err();
    assert!(matches!(refused(&first), CrlRefused::Older { number: 1, newest: 2 }));
    let other = Apart::founded();
    // The same name and another key: only the signature tells.
    assert!(matches!(refused(&other.list()), CrlRefused::Signature));
    let of_issuing = apart.offline.issuing.publish_crl(Duration::days(1), &actor()).unwrap().der;
    assert!(matches!(refused(&of_issuing), CrlRefused::OtherIssuer { .. }));
    let third = apart.list();
    let mut altered = third.clone();
    let middle = altered.len() / 3;
    altered[middle] ^= 1;
    refused(&altered);
    refused(&third[..third.len() - 1]);
    refused(b"no CRL");

    let now = apart.clock.now();
    apart.clock.set(now - Duration::days(2));
    assert!(matches!(refused(&third), CrlRefused::NotYet(_)));
    apart.clock.set(now + Duration::days(91));
    assert!(matches!(refused(&third), CrlRefused::Stale(_)));
    apart.clock.set(now);
    assert_eq!(apart.store.ledger_size().unwrap(), size, "a refusal wrote something");
    apart.root.take_crl(&third, &actor()).unwrap();
}

#[test]
fn a_crl_that_forgets_a_revocation_is_refused() {
    let apart = Apart::founded();
    let reason = RevocationReason::Superseded;
    apart.offline.root.revoke(&apart.serial, reason, &actor(), AuditedChange::nothing()).unwrap();
    apart.root.take_crl(&apart.list(), &actor()).unwrap();
    // The medium's store was put back to what it was before the revocation, and has gone on from there.
    let forgetful = &apart.offline;
    let key = id("root").key(&apart.serial);
    let actor_event = ca_core::ledger::Ledger::new(apart.clock.clone(), Arc::new(SystemEntropy));
    let event = actor_event.event(&actor(), ca_core::ledger::Action::named("test.forget"), "test").unwrap();
    let entry = forgetful.store.get(ca_core::certificate::REVOCATIONS, &key).unwrap().unwrap();
    let change = ca_core::storage::Change::new()
        .delete(ca_core::certificate::REVOCATIONS, key, entry.version)
        .explained_by(&event);
    forgetful.store.commit(change).unwrap();
    let refused = apart.root.take_crl(&apart.list(), &actor()).unwrap_err();
    assert!(matches!(refused, CrlRefused::Forgotten { .. }), "{refused}");
    assert!(apart.issue().is_err());
}

#[test]
fn what_a_root_leaves_out_after_its_end_may_be_left_out_though_a_crl_was_never_brought_over() {
    let apart = Apart::founded();
    let (root, reason) = (&apart.offline.root, RevocationReason::Superseded);
    root.revoke(&apart.serial, reason, &actor(), AuditedChange::nothing()).unwrap();
    apart.root.take_crl(&apart.list(), &actor()).unwrap();
    let end = apart.issuing.not_after();
    let both_wait = |by: Duration| {
        apart.offline.wait(by);
        apart.clock.set(apart.offline.clock.now());
    };
    // The first CRL past its end lists it and stays where it was made; the one after it need not.
    both_wait(end - apart.clock.now() + Duration::HOUR);
    let never_seen = apart.list();
    both_wait(Duration::HOUR);
    let taken = apart.root.take_crl(&apart.list(), &actor()).unwrap();
    assert_eq!((taken.number, taken.listed), (3, 0));
    assert!(matches!(apart.root.take_crl(&never_seen, &actor()), Err(CrlRefused::Older { .. })));
}

#[test]
fn the_end_of_a_crl_is_seen_coming() {
    let apart = Apart::founded();
    apart.root.take_crl(&apart.list(), &actor()).unwrap();
    let crl = crl::find(apart.store.as_ref(), &CrlName::first(id("root"))).unwrap().unwrap();
    let after = |days| crl.freshness(crl.this_update + Duration::days(days));
    assert_eq!(
        [1, 67, 68, 89, 90].map(after),
        [Freshness::Fresh, Freshness::Fresh, Freshness::Ending, Freshness::Ending, Freshness::Ended]
    );
}
