//! Divided and delta CRLs: judged by OpenSSL and GnuTLS, and over failures of storage.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::certificate::CaId;
use ca_core::crl::{
    Contains, CrlName, CrlPlan, CrlSchedule, DeltaPlan, Form, NamedIn, Partition, PublishError, StoredCrl,
    find,
};
use ca_core::issuance::{IssueError, IssuedCertificate, Refusal};
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::sealer::Sealer;
use ca_core::status::{Grounds, RevocationReason};
use ca_core::storage::AuditedChange;
use ca_core::storage::memory::Failure;
use ca_core::tlog::note::NoteSigner;
use time::Duration;

use crate::authority::{Ca, actor};
use crate::new_key;

pub(crate) fn delta() -> Option<DeltaPlan> {
    Some(DeltaPlan { validity: Duration::hours(6), named_in: NamedIn::CrlsAndCertificates })
}

pub(crate) fn plan() -> CrlPlan {
    CrlPlan::whole(Duration::hours(24))
}

fn name(partition: Partition, form: Form) -> CrlName {
    CrlName::new(CaId::new("issuing").unwrap(), partition, form)
}

pub(crate) fn newest(ca: &Ca, partition: Partition, form: Form) -> StoredCrl {
    find(ca.store.as_ref(), &name(partition, form)).unwrap().unwrap()
}

pub(crate) fn der(ca: &Ca, crl: StoredCrl) -> Vec<u8> {
    crl.load(ca.store.as_ref()).unwrap().der
}

pub(crate) fn revoke(ca: &Ca, certificate: &IssuedCertificate, grounds: impl Into<Grounds>) {
    let serial = &certificate.record.serial;
    ca.issuing.revoke(serial, grounds, &actor(), AuditedChange::nothing()).unwrap();
}

fn schedule() -> CrlSchedule {
    CrlSchedule::new(CaId::new("issuing").unwrap(), Duration::seconds(2))
}

/// What is due now is made: the names of it.
fn tick(ca: &Ca, schedule: &mut CrlSchedule) -> Vec<String> {
    let made = ca.issuing.publish_due(schedule, &actor());
    made.into_iter().map(|outcome| outcome.unwrap().name.key()).collect()
}

/// The log that covers the ledger of a store, with its index. It has a key of its own in each test.
fn sealer(ca: &Ca) -> Sealer {
    let key = Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap());
    let signer = NoteSigner::new("example.org/ledger".parse().unwrap(), key).unwrap();
    Sealer::new(ca.store.clone(), "example.org/ledger".parse().unwrap(), signer).unwrap()
}

/// Files for judges.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn of(ca: &Ca) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.put("root.pem", "CERTIFICATE", ca.root.certificate());
        desk.put("issuing.pem", "CERTIFICATE", ca.issuing.certificate());
        let root = ca.root.publish_crl(Duration::days(90), &actor()).unwrap();
        desk.put("root.crl", "X509 CRL", &root.der);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, tag: &str, der: &[u8]) {
        std::fs::write(self.path(name), pem::encode(&pem::Pem::new(tag, der))).unwrap();
    }

    fn judge(&self, line: &str) -> (bool, String) {
        let mut words = line.split_whitespace();
        let output =
            Command::new(words.next().unwrap()).args(words).current_dir(self.0.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// `openssl verify` of a leaf against these CRLs of the issuing CA.
    pub(crate) fn verify(
        &self,
        leaf: &IssuedCertificate,
        crls: &[(&str, &[u8])],
        further: &str,
    ) -> (bool, String) {
        self.put("leaf.pem", "CERTIFICATE", &leaf.der);
        let mut line = format!(
            "openssl verify -x509_strict -crl_check_all -extended_crl {further} -CAfile root.pem \
             -untrusted issuing.pem -CRLfile root.crl"
        );
        for (file, der) in crls {
            self.put(file, "X509 CRL", der);
            line += &format!(" -CRLfile {file}");
        }
        self.judge(&format!("{line} leaf.pem"))
    }

    /// OpenSSL's and GnuTLS's reading of a CRL, both having verified its signature.
    pub(crate) fn read(&self, crl: &[u8]) -> String {
        self.put("read.crl", "X509 CRL", crl);
        let (verified, openssl) = self.judge("openssl crl -in read.crl -CAfile issuing.pem -noout -text");
        assert!(verified && openssl.contains("verify OK"), "{openssl}");
        let (verified, gnutls) =
            self.judge("certtool --verify-crl --load-ca-certificate issuing.pem --infile read.crl");
        assert!(verified && gnutls.contains("Verified"), "{gnutls}");
        let pyca = "import sys\nfrom cryptography import x509\n\
            crl = x509.load_pem_x509_crl(open(sys.argv[1], 'rb').read())\n\
            print(len(crl), *[type(e.value).__name__ for e in crl.extensions])\n\
            for entry in list(crl)[:3]: print(*[e.value for e in entry.extensions])\n";
        std::fs::write(self.path("read.py"), pyca).unwrap();
        let python = python();
        let (read, pyca) = self.judge(&format!("{} read.py read.crl", python.display()));
        assert!(read, "{pyca}");
        format!("{openssl}\n{pyca}")
    }
}

fn python() -> PathBuf {
    let folders = [
        std::env::var_os("NPKI_PYTHON_BIN").map(PathBuf::from),
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin")),
    ];
    let found = folders.into_iter().flatten().map(|folder| folder.join("python"));
    found.into_iter().find(|path| path.exists()).unwrap_or_else(|| PathBuf::from("python3"))
}

#[test]
fn a_delta_tells_what_changed_and_openssl_uses_it() {
    let ca = Ca::founded_before(Duration::minutes(1)).planned(CrlPlan { delta: delta(), ..plan() });
    let (lost, held) = (ca.issue("device", new_key()).unwrap(), ca.issue("application", new_key()).unwrap());
    let mut schedule = schedule();
    revoke(&ca, &held, RevocationReason::CertificateHold);
    assert_eq!(tick(&ca, &mut schedule), ["issuing"]);
    ca.wait(Duration::seconds(3));
    assert_eq!(tick(&ca, &mut schedule), ["issuing/delta"]);
    assert_eq!(tick(&ca, &mut schedule), [""; 0]);
    let base = newest(&ca, Partition::FIRST, Form::Full);
    let empty = newest(&ca, Partition::FIRST, Form::Delta);
    assert_eq!((base.number, empty.number, empty.base()), (1, 2, Some(1)));

    revoke(&ca, &lost, RevocationReason::KeyCompromise);
    ca.issuing.release(&held.record.serial, &actor(), AuditedChange::nothing()).unwrap();
    ca.wait(Duration::seconds(3));
    assert_eq!(tick(&ca, &mut schedule), ["issuing/delta"]);
    let (base, delta) = (der(&ca, base), der(&ca, newest(&ca, Partition::FIRST, Form::Delta)));
    let desk = Desk::of(&ca);
    let read = desk.read(&delta);
    assert!(read.contains("Remove From CRL") && read.contains("Key Compromise"), "{read}");
    assert!(read.contains("2 AuthorityKeyIdentifier CRLNumber DeltaCRLIndicator\n"), "{read}");
    assert!(desk.read(&base).contains("1 AuthorityKeyIdentifier CRLNumber FreshestCRL\n"));

    let full = [("a.crl", base.as_slice())];
    let both = [("a.crl", base.as_slice()), ("b.crl", delta.as_slice())];
    assert!(desk.verify(&lost, &full, "").0);
    let (accepted, said) = desk.verify(&lost, &both, "-use_deltas");
    assert!(!accepted && said.contains("revoked"), "{said}");
    assert!(!desk.verify(&held, &full, "").0);
    let (accepted, said) = desk.verify(&held, &both, "-use_deltas");
    assert!(accepted, "{said}");
}

#[test]
fn a_shard_holds_its_own_certificates_and_stays_when_there_are_more() {
    let ca = Ca::founded_before(Duration::minutes(1)).planned(plan());
    let before = ca.issue("device", new_key()).unwrap();
    let ca =
        ca.planned(CrlPlan { shards: 3, contains: Contains::UserCertificates, delta: delta(), ..plan() });
    let sharded: Vec<_> = (0..12).map(|_| ca.issue("device", new_key()).unwrap()).collect();
    let numbers: std::collections::BTreeSet<_> =
        sharded.iter().map(|issued| issued.record.crl_partition.number()).collect();
    assert!(numbers.len() > 1 && numbers.iter().all(|number| (1..=3).contains(number)), "{numbers:?}");
    let [victim, .., innocent] = sharded.as_slice() else { panic!("twelve were issued") };
    revoke(&ca, victim, RevocationReason::Superseded);
    revoke(&ca, &before, RevocationReason::Superseded);
    assert_eq!(tick(&ca, &mut schedule()), ["issuing", "issuing/1", "issuing/2", "issuing/3"]);

    let desk = Desk::of(&ca);
    let full = |ca: &Ca, number| der(ca, newest(ca, Partition::shard(number), Form::Full));
    let of = |ca: &Ca, issued: &IssuedCertificate| full(ca, issued.record.crl_partition.number());
    let read = desk.read(&of(&ca, victim));
    let number = victim.record.crl_partition.number();
    assert!(read.contains(&format!("URI:http://pki.example.org/crl/issuing/{number}.crl")), "{read}");
    assert!(read.contains(&format!("URI:http://pki.example.org/crl/issuing/{number}-delta.crl")), "{read}");
    assert!(read.contains("Only User Certificates"), "{read}");
    assert!(read.contains("IssuingDistributionPoint"), "{read}");
    let (_, leaf) = {
        desk.put("leaf.pem", "CERTIFICATE", &victim.der);
        desk.judge("openssl x509 -in leaf.pem -noout -ext crlDistributionPoints,freshestCRL")
    };
    assert!(leaf.contains(&format!("/crl/issuing/{number}.crl")), "{leaf}");
    assert!(leaf.contains(&format!("/crl/issuing/{number}-delta.crl")), "{leaf}");

    let all: Vec<Vec<u8>> = (0..=3).map(|number| full(&ca, number)).collect();
    let crls: Vec<_> = ["0", "1", "2", "3"].into_iter().zip(all.iter().map(Vec::as_slice)).collect();
    for (issued, good) in [(victim, false), (&before, false), (innocent, true)] {
        let (accepted, said) = desk.verify(issued, &crls, "");
        assert_eq!(accepted, good, "{said}");
    }
    // No CRL but its own speaks of a certificate.
    let own = usize::from(number);
    let others: Vec<_> = crls.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, crl)| *crl).collect();
    let (accepted, said) = desk.verify(victim, &others, "");
    assert!(!accepted && !said.contains("revoked"), "{said}");

    // More shards, then none: every certificate stays where it is, and its CRL goes on.
    let mut ca = ca;
    for shards in [7, 0] {
        ca.wait(Duration::seconds(3));
        ca = ca.planned(CrlPlan { shards, ..plan() });
        tick(&ca, &mut schedule());
        assert_eq!(newest(&ca, victim.record.crl_partition, Form::Full).entries(), Some(1));
        assert_eq!(newest(&ca, Partition::FIRST, Form::Full).entries(), Some(1));
        let read = desk.read(&full(&ca, 0));
        assert!(read.contains("URI:http://pki.example.org/crl/issuing.crl"), "{read}");
    }
}

#[test]
fn an_invalidity_date_is_in_the_crl_and_must_be_believable() {
    let ca = Ca::founded_before(Duration::days(3));
    let issued = ca.issue("device", new_key()).unwrap();
    ca.wait(Duration::days(3));
    let reason = RevocationReason::KeyCompromise;
    let day = |days| Some(issued.record.not_before + Duration::days(days));
    for wrong in [day(-1), day(4)] {
        let grounds = Grounds { reason, invalid_since: wrong };
        let serial = &issued.record.serial;
        let refused = ca.issuing.revoke(serial, grounds, &actor(), AuditedChange::nothing()).unwrap_err();
        assert!(refused.to_string().contains("give a moment from"), "{refused}");
    }
    revoke(&ca, &issued, Grounds { reason, invalid_since: day(1) });
    let crl = ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap();
    let read = Desk::of(&ca).read(&crl.der);
    assert!(read.contains("Invalidity Date") && read.contains("InvalidityDate("), "{read}");
}

#[test]
fn what_expired_is_listed_once_more() {
    let ca = Ca::founded();
    let issued = ca.issue("device", new_key()).unwrap();
    let publish = || ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap().entries();
    publish();
    ca.wait(issued.record.not_after - issued.record.issued_at - Duration::HOUR);
    revoke(&ca, &issued, RevocationReason::Superseded);
    assert_eq!(publish(), Some(1));
    ca.wait(Duration::HOUR * 2);
    assert_eq!(publish(), Some(1), "the first after its end");
    ca.wait(Duration::HOUR);
    assert_eq!(publish(), Some(0));
}

#[test]
fn many_revocations_make_few_crls_and_some_wait_for_the_next() {
    let ca = Ca::founded().planned(plan());
    let mut schedule = schedule();
    assert_eq!(tick(&ca, &mut schedule), ["issuing"]);
    ca.wait(Duration::seconds(3));
    let mut made = 0;
    for _ in 0..20 {
        revoke(&ca, &ca.issue("device", new_key()).unwrap(), RevocationReason::Superseded);
        made += tick(&ca, &mut schedule).len();
    }
    assert_eq!(made, 1, "the first is published at once");
    ca.wait(Duration::seconds(2));
    assert_eq!(tick(&ca, &mut schedule), ["issuing"]);
    assert_eq!(newest(&ca, Partition::FIRST, Form::Full).entries(), Some(20));
    // By age alone.
    ca.wait(Duration::hours(11));
    assert_eq!(tick(&ca, &mut schedule), [""; 0]);
    ca.wait(Duration::hours(1));
    assert_eq!(tick(&ca, &mut schedule), ["issuing"]);
}

#[test]
fn a_start_signs_only_what_the_newest_crls_lack() {
    let ca = Ca::founded().planned(CrlPlan { shards: 2, delta: delta(), ..plan() });
    let sealer = sealer(&ca);
    let issued: Vec<_> = (0..2).map(|_| ca.issue("device", new_key()).unwrap()).collect();
    assert_eq!(tick(&ca, &mut schedule()), ["issuing", "issuing/1", "issuing/2"]);
    ca.wait(Duration::seconds(3));
    assert_eq!(tick(&ca, &mut schedule()), ["issuing/delta", "issuing/1/delta", "issuing/2/delta"]);
    assert_eq!(tick(&ca, &mut schedule()), [""; 0]);
    // Stopped between a revocation and its CRL, once before the ledger's index has it and once after.
    for revoked in issued.iter().take(2) {
        revoke(&ca, revoked, RevocationReason::Superseded);
        ca.wait(Duration::seconds(3));
        let own = format!("issuing/{}/delta", revoked.record.crl_partition.number());
        assert_eq!(tick(&ca, &mut schedule()), [own]);
        assert_eq!(tick(&ca, &mut schedule()), [""; 0]);
        sealer.seal().unwrap();
        assert_eq!(tick(&ca, &mut schedule()), [""; 0]);
    }
    let listed = |form| (1..=2).map(move |number| newest(&ca, Partition::shard(number), form).entries());
    assert_eq!(listed(Form::Delta).flatten().sum::<u64>(), 2);
}

#[test]
fn a_start_with_another_plan_makes_full_crls_anew() {
    let ca = Ca::founded().planned(plan());
    assert_eq!(tick(&ca, &mut schedule()), ["issuing"]);
    let others = [
        CrlPlan { validity: Duration::hours(12), ..plan() },
        CrlPlan { contains: Contains::UserCertificates, ..plan() },
        CrlPlan { delta: delta(), ..plan() },
        plan(),
    ];
    let mut ca = ca;
    for other in others {
        ca.wait(Duration::seconds(1));
        ca = ca.planned(other);
        assert_eq!(tick(&ca, &mut schedule()), ["issuing"]);
    }
}

#[test]
fn a_ca_of_one_kind_of_certificates_issues_no_other_and_has_issued_none() {
    let ca = Ca::founded().planned(CrlPlan { contains: Contains::CaCertificates, ..plan() });
    let refused = ca.issue("device", new_key());
    assert!(matches!(refused, Err(IssueError::Refused(Refusal::CrlLeavesOut { .. }))), "{refused:?}");
    let ca = ca.planned(plan());
    ca.issue("device", new_key()).unwrap();
    ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    let ca = ca.planned(CrlPlan { contains: Contains::CaCertificates, ..plan() });
    let refused = ca.issuing.publish_full(Partition::FIRST, &actor());
    assert!(matches!(refused, Err(PublishError::Contrary { .. })), "{refused:?}");
    let ca = ca.planned(CrlPlan { contains: Contains::UserCertificates, ..plan() });
    ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    assert!(Desk::of(&ca).read(&der(&ca, newest(&ca, Partition::FIRST, Form::Full))).contains("Only User"));
}

#[test]
fn numbers_never_go_back_over_a_crash_in_any_scope() {
    let ca = Ca::founded().planned(CrlPlan { shards: 2, delta: delta(), ..plan() });
    let (one, two) = (Partition::shard(1), Partition::shard(2));
    let mut numbers = Vec::new();
    ca.issuing.publish_full(one, &actor()).unwrap();
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        for _ in 0..2 {
            ca.wait(Duration::seconds(1));
            ca.store.fail_next_commit(failure);
            assert!(ca.issuing.publish_delta(one, &[], &actor()).is_err());
            let delta = ca.issuing.publish_delta(one, &[], &actor()).unwrap();
            ca.wait(Duration::seconds(1));
            let full = ca.issuing.publish_full(one, &actor()).unwrap();
            numbers.extend([delta.number, full.number]);
        }
    }
    assert!(numbers.is_sorted_by(|before, after| before < after), "{numbers:?}");
    // A number that was reserved, and perhaps signed, before the crash is not used again: two gaps.
    assert_eq!(numbers, [2, 3, 4, 5, 7, 8, 10, 11]);
    assert_eq!(ca.issuing.publish_full(two, &actor()).unwrap().number, 1, "each scope counts for itself");
}

#[test]
fn a_clock_that_was_set_back_does_not_set_back_a_crl_nor_keep_it_from_being_made() {
    let ca = Ca::founded();
    let first = ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    ca.wait(Duration::hours(-5));
    let second = ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    assert_eq!((second.number, second.this_update), (first.number + 1, first.this_update));
}

#[test]
fn a_large_crl_lies_in_chunks_and_a_crash_leaves_none_behind() {
    use ca_core::certificate::REVOCATIONS;
    use ca_core::crl::CRL_CHUNKS;
    use ca_core::storage::{Change, KeyRange, Store};
    let ca = Ca::founded();
    let issued = ca.issue("device", new_key()).unwrap();
    revoke(&ca, &issued, RevocationReason::KeyCompromise);
    let entries = ca.store.scan(REVOCATIONS, &KeyRange::all(), 1).unwrap();
    let ledger = ca_core::ledger::Ledger::new(ca.clock.clone(), Arc::new(ca_core::clock::SystemEntropy));
    let event = ledger.event(&actor(), ca_core::ledger::Action::named("test.filled"), "crl").unwrap();
    let fill = (0..20_000_u128).fold(Change::new(), |change, serial| {
        // From the first octet 00 to the last, as no CA's own serial numbers are; 0 is none.
        let key = [b"issuing/".as_slice(), &((serial + 1) * (u128::MAX / 20_000)).to_be_bytes()].concat();
        change.put(REVOCATIONS, key, entries[0].1.value.clone())
    });
    ca.store.commit(fill.explained_by(&event)).unwrap();
    let chunks = || ca.store.scan(CRL_CHUNKS, &KeyRange::all(), 1_000).unwrap().len();

    let first = ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap();
    let stored = newest(&ca, Partition::FIRST, Form::Full);
    assert_eq!((stored.entries(), stored.octets()), (Some(20_001), first.der.len() as u64));
    assert!(stored.parts() > 2 && chunks() == stored.parts() as usize);
    assert_eq!(der(&ca, stored.clone()), first.der);
    let (_, parsed) = x509_parser::parse_x509_crl(&first.der).unwrap();
    assert!(parsed.iter_revoked_certificates().is_sorted_by(|one, other| one.serial() < other.serial()));
    assert!(Desk::of(&ca).read(&first.der).contains("20001 AuthorityKeyIdentifier CRLNumber\n"));

    // The one before may still be read; the one before that is gone.
    ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    assert_eq!(chunks(), 2 * stored.parts() as usize);
    assert!(stored.part(ca.store.as_ref(), 0).is_ok());
    ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    assert_eq!(chunks(), 2 * stored.parts() as usize);
    assert!(stored.part(ca.store.as_ref(), 0).is_err());
}
