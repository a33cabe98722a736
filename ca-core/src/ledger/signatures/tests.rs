#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::super::{Actor, Ledger, Position};
use super::*;
use crate::certificate::CaId;
use crate::clock::{SystemClock, SystemEntropy};
use crate::keys::journal::{
    Digest, JournalError, JournalPlace, JournalReader, NodeName, SignatureJournal, announce,
};
use crate::storage::memory::MemoryStore;
use crate::storage::{Change, StorageError, Store};

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

impl From<JournalError> for Failed {
    fn from(error: JournalError) -> Self {
        Self(error.to_string())
    }
}

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}

/// A CA that means, signs and records, as far as ledger and journal see it.
struct Scene {
    folder: tempfile::TempDir,
    store: Arc<MemoryStore>,
    ledger: Ledger,
}

impl Scene {
    fn new() -> Self {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let ledger = Ledger::new(clock, entropy);
        Self { folder: tempfile::tempdir().unwrap(), store: Arc::new(MemoryStore::new()), ledger }
    }

    fn journal(&self, ca: &str, node: &str) -> SignatureJournal {
        let place = JournalPlace {
            folder: self.folder.path().to_owned(),
            ca: CaId::new(ca).unwrap(),
            node: NodeName::new(node).unwrap(),
            key: Digest::of(ca.as_bytes()),
        };
        let journal = SignatureJournal::open(&place, Arc::new(SystemClock), &SystemEntropy).unwrap();
        announce(&journal, self.store.as_ref(), &self.ledger, &Actor::system("test")).unwrap();
        journal
    }

    fn event(&self, action: &'static str, subject: &str, details: &[(&str, String)]) -> Event {
        let event = self.ledger.event(&Actor::system("test"), Action::named(action), subject).unwrap();
        details.iter().fold(event, |event, (name, value)| event.with(name, value.clone()))
    }

    fn commit(&self, event: &Event) {
        self.store.commit(Change::new().explained_by(event)).unwrap();
    }

    fn mean(&self, ca: &str, serial: u32) -> Digest {
        let digest = Digest::of(format!("{ca}/{serial}").as_bytes());
        let details = [("to-be-signed-sha256", digest.to_string())];
        self.commit(&self.event("certificate.reserved", &format!("certificate:{ca}/{serial}"), &details));
        digest
    }

    fn result(&self, ca: &str, serial: u32) {
        let details = [("sha256", Digest::of(b"whole").to_string())];
        self.commit(&self.event("certificate.issued", &format!("certificate:{ca}/{serial}"), &details));
    }

    fn issue(&self, journal: &SignatureJournal, serial: u32) {
        let ca = journal.header().ca.to_string();
        journal.record(self.mean(&ca, serial)).unwrap();
        self.result(&ca, serial);
    }

    fn mark(&self, journal: &SignatureJournal) {
        let event = self.event("crl.published", &format!("crl:{}", journal.header().ca), &[]);
        self.commit(&journal.mark().into_event(event));
    }

    fn compare(&self, reconciliation: &mut Reconciliation) -> Vec<SignatureFinding> {
        let journals = JournalReader::in_folder(self.folder.path()).unwrap();
        let store = Arc::clone(&self.store);
        let mut read =
            move |from: Position| -> Result<_, Failed> { Ok(super::super::read(store.as_ref(), from, 7)?) };
        while reconciliation.step(&mut read, &journals).unwrap() == Reach::More {}
        reconciliation.findings()
    }

    fn findings(&self) -> Vec<SignatureFinding> {
        self.compare(&mut Reconciliation::new(Scope::All))
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.findings().iter().map(SignatureFinding::kind).collect()
    }
}

use super::super::Event;

#[test]
fn what_was_meant_and_signed_is_clean_on_all_nodes() {
    let scene = Scene::new();
    let (issuing, root) = (scene.journal("issuing", "alpha"), scene.journal("root", "alpha"));
    let other = scene.journal("issuing", "beta");
    for serial in 1..=20 {
        scene.issue(&issuing, serial * 3);
        scene.issue(&other, serial * 3 + 1);
        scene.issue(&root, serial);
        scene.mark(&issuing);
    }
    // Meant and never signed: a crash.
    scene.mean("issuing", 999);
    let mut reconciliation = Reconciliation::new(Scope::All);
    assert_eq!(scene.compare(&mut reconciliation), []);
    let counted = reconciliation.counted();
    assert_eq!(counted.len(), 3);
    assert!(counted.iter().all(|counted| (counted.signatures, counted.explained) == (20, 20)));
    assert_eq!(reconciliation.intended()[&CaId::new("issuing").unwrap()], 41);
    assert_eq!(reconciliation.open_intents(), 1);
}

#[test]
fn a_signature_that_nobody_meant_is_named() {
    let scene = Scene::new();
    let journal = scene.journal("issuing", "alpha");
    scene.issue(&journal, 1);
    let rogue = Digest::of(b"google.com");
    journal.record(rogue).unwrap();
    scene.issue(&journal, 2);
    let findings = scene.findings();
    let [SignatureFinding::Unexplained { sequence: 2, digest, .. }] = findings[..] else {
        panic!("{findings:?}")
    };
    assert_eq!(digest, rogue);
    assert!(findings[0].to_string().contains(&rogue.to_string()), "{}", findings[0]);
}

#[test]
fn an_intent_explains_one_signature_of_its_own_ca() {
    let scene = Scene::new();
    let (issuing, root) = (scene.journal("issuing", "alpha"), scene.journal("root", "alpha"));
    scene.issue(&issuing, 1);
    issuing.record(Digest::of(b"issuing/1")).unwrap();
    assert_eq!(scene.kinds(), ["unexplained"]);
    root.record(scene.mean("issuing", 2)).unwrap();
    assert_eq!(scene.kinds(), ["unexplained", "unexplained"]);
}

#[test]
fn a_result_without_an_entry_is_told_once_every_journal_is_at_hand() {
    let scene = Scene::new();
    // Before there was a journal.
    scene.mean("issuing", 1);
    scene.result("issuing", 1);
    let journal = scene.journal("issuing", "alpha");
    scene.mean("issuing", 2);
    scene.result("issuing", 2);
    let findings = scene.findings();
    assert!(
        matches!(&findings[..], [SignatureFinding::Unrecorded { subject, .. }] if subject == "certificate:issuing/2"),
        "{findings:?}"
    );
    drop(journal);
    let away = scene.journal("issuing", "beta");
    scene.issue(&away, 3);
    std::fs::remove_file(away.path()).unwrap();
    assert_eq!(scene.kinds(), ["missing"]);
    // A service has its own journals only.
    let mut own = Reconciliation::new(Scope::Node(NodeName::new("alpha").unwrap()));
    assert_eq!(scene.compare(&mut own), []);
}

#[test]
fn a_journal_that_was_cut_or_written_anew_is_found_out() {
    let scene = Scene::new();
    let journal = scene.journal("issuing", "alpha");
    for serial in 1..=5 {
        scene.issue(&journal, serial);
    }
    scene.mark(&journal);
    let path = journal.path().to_owned();
    drop(journal);
    assert_eq!(scene.kinds(), [] as [&str; 0]);
    let whole = std::fs::read(&path).unwrap();
    // The last entry, and a half.
    std::fs::write(&path, &whole[..whole.len() - 171]).unwrap();
    assert_eq!(scene.kinds(), ["truncated", "unrecorded"]);
    // Cut, and continued with something else up to the same length.
    let again = scene.journal("issuing", "alpha");
    again.record(scene.mean("issuing", 9)).unwrap();
    drop(again);
    assert!(scene.kinds().contains(&"rewritten"), "{:?}", scene.kinds());
    std::fs::write(&path, &whole).unwrap();
    alter(&path, whole.len() as u64 - 3 * 171 + 5);
    let kinds = scene.kinds();
    assert!(kinds.contains(&"broken"), "{kinds:?}");
}

fn alter(path: &Path, at: u64) {
    std::fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(b"7", at).unwrap();
}

#[test]
fn a_journal_that_the_ledger_does_not_know_is_told() {
    let (scene, elsewhere) = (Scene::new(), Scene::new());
    let foreign = elsewhere.journal("issuing", "gamma");
    foreign.record(Digest::of(b"something")).unwrap();
    std::fs::copy(foreign.path(), scene.folder.path().join("a.journal")).unwrap();
    assert_eq!(scene.kinds(), ["unexplained", "unannounced"]);
}

#[test]
fn it_goes_on_where_it_was_written_down_and_reports_once() {
    let scene = Scene::new();
    let journal = scene.journal("issuing", "alpha");
    let scope = Scope::Node(NodeName::new("alpha").unwrap());
    let mut reconciliation = Reconciliation::new(scope.clone());
    scene.issue(&journal, 1);
    let meant = scene.mean("issuing", 2);
    assert_eq!(scene.compare(&mut reconciliation), []);
    let written = serde_json::to_string(&reconciliation).unwrap();
    let mut later: Reconciliation = serde_json::from_str(&written).unwrap();
    journal.record(meant).unwrap();
    journal.record(Digest::of(b"rogue")).unwrap();
    assert!(later.still_fits(&JournalReader::in_folder(scene.folder.path()).unwrap()).unwrap());
    scene.compare(&mut later);
    let findings = later.unreported();
    assert_eq!(findings.len(), 1, "{findings:?}");
    let details = [(FINDING, findings[0].name())];
    let event = scene.event("signature.unexplained", &findings[0].subject(), &details);
    scene.commit(&event);
    scene.compare(&mut later);
    assert_eq!(later.unreported(), []);
    // Also for one that has forgotten everything.
    let mut anew = Reconciliation::new(scope);
    assert_eq!(scene.compare(&mut anew).len(), 1);
    assert_eq!(anew.unreported(), []);
}

#[test]
fn what_is_seen_in_the_wild_is_looked_up() {
    let scene = Scene::new();
    let journal = scene.journal("issuing", "alpha");
    scene.issue(&journal, 1);
    scene.mean("issuing", 2);
    let seen = |tbs: &str, whole: &[u8]| Seen {
        to_be_signed: Digest::of(tbs.as_bytes()),
        whole: Digest::of(whole),
        issuer: String::new(),
        signed: None,
    };
    let all = [
        seen("issuing/1", b"whole"),
        seen("issuing/1", b"other"),
        seen("issuing/2", b"whole"),
        seen("rogue", b"whole"),
    ];
    let mut digests = SeenDigests::new(all.to_vec());
    for recorded in super::super::read(scene.store.as_ref(), Position(0), 100).unwrap() {
        digests.take(&recorded).unwrap();
    }
    let found: Vec<Sighting> = digests.sightings().map(|(_, sighting)| sighting).collect();
    assert!(matches!(
        found[..],
        [
            Sighting::Known { .. },
            Sighting::OtherSignature { .. },
            Sighting::Unfinished { .. },
            Sighting::Unknown
        ]
    ));
}
