#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::certificate::CERTIFICATES;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::sealer::Sealer;
use ca_core::ledger::{Action, Actor, Ledger, Position};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{Change, Store};
use ca_core::tlog::note::NoteSigner;

use super::*;
use crate::service::backup::{BackupPlan, SealedKeys, write_backup};

const SETTINGS: &str = include_str!("../../../../config/npki.toml");

/// A founded installation as far as its files go, its store in memory, and a key pair for backups.
struct Stage {
    folder: tempfile::TempDir,
    store: Arc<MemoryStore>,
    recipient: String,
    sealer: Sealer,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("data/npki.toml", SETTINGS, 0o644),
            ("data/hierarchy.toml", "hierarchy", 0o644),
            ("data/profiles/device.toml", "profile", 0o640),
            ("data/certificates/root.pem", "certificate", 0o644),
            ("data/keys/root.key", "sealed", 0o600),
            ("data/secrets/passphrase", "never in a backup", 0o600),
            ("data/admin/key.pem", "never in a backup", 0o600),
        ];
        for (name, content, mode) in files {
            put(&folder.path().join(name), content, mode);
        }
        let new = backup::new_identity(&SystemClock);
        put(&folder.path().join("identity"), &new.file, 0o600);
        let store = Arc::new(MemoryStore::new());
        let key = Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap());
        let name = "pki.gov.ls/ledger";
        let signer = NoteSigner::new(name.parse().unwrap(), key).unwrap();
        let sealer = Sealer::new(store.clone(), name.parse().unwrap(), signer).unwrap();
        let log_key = sealer.verifier_key().to_string();
        put(&folder.path().join("data/certificates/ledger.vkey"), &log_key, 0o644);
        let stage = Self { folder, store, recipient: new.recipient.to_string(), sealer };
        stage.act("01");
        stage
    }

    /// Something happens, and is sealed. Gives the head.
    fn act(&self, key: &str) -> String {
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap();
        self.store.commit(Change::new().insert(CERTIFICATES, key, "{}").explained_by(&event)).unwrap();
        self.sealer.seal().unwrap().unwrap().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn back_up(&self, keys: SealedKeys) -> Result<(), ServiceError> {
        let recipients = vec![self.recipient.clone()];
        let plan =
            BackupPlan { data: self.path("data"), store: None, out: self.path("backup"), recipients, keys };
        let settings = Settings::load(&plan.data)?;
        write_backup(self.store.as_ref(), &settings, &plan, &SystemClock, &mut |_| {}).map(|_| ())
    }

    fn restore_to(&self, data: &str) -> Result<(Restored, Arc<MemoryStore>), ServiceError> {
        self.restore_knowing(data, &[], Loss::Refused)
    }

    fn restore_knowing(
        &self,
        data: &str,
        checkpoints: &[&str],
        loss: Loss,
    ) -> Result<(Restored, Arc<MemoryStore>), ServiceError> {
        let plan = RestorePlan {
            file: self.path("backup"),
            identity: self.path("identity"),
            data: self.path(data),
            checkpoints: checkpoints.iter().map(|name| self.path(name)).collect(),
            loss,
            store: None,
        };
        let filled = Mutex::new(None);
        let begin = |_: &Settings| {
            let (store, restore) = MemoryStore::begin_restore();
            *filled.lock().unwrap() = Some(store);
            Ok(restore)
        };
        let open = |_: &Settings| {
            let store: Arc<dyn Store> = filled.lock().unwrap().clone().expect("a store was begun");
            Ok(store)
        };
        let restored = restore_with(&plan, Engine { begin: &begin, open: &open }, &mut |_| {})?;
        let store = filled.lock().unwrap().take().expect("a store was begun");
        Ok((restored, store))
    }

    /// What lies beside the installation, by name.
    fn beside(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn put(path: &Path, content: &str, mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Every file under a folder: its mode and content.
fn files_under(folder: &Path) -> BTreeMap<PathBuf, (u32, String)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in next.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mode = path.metadata().unwrap().permissions().mode() & 0o777;
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, (mode, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn an_installation_comes_back_without_what_opens_its_keys() {
    let stage = Stage::new();
    stage.back_up(SealedKeys::Included).unwrap();
    assert_eq!(stage.path("backup").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (restored, store) = stage.restore_to("new").unwrap();
    let mut expected = files_under(&stage.path("data"));
    expected.retain(|name, _| !name.starts_with("secrets") && !name.starts_with("admin"));
    assert_eq!(files_under(&stage.path("new")), expected);
    assert!(stage.path("new/secrets").is_dir(), "the passphrase has its folder");
    assert_eq!(restored.keys, ["keys/root.key"]);
    assert_eq!(restored.passphrase_file, stage.path("new/secrets/passphrase"));
    assert_eq!(store.ledger_size().unwrap(), 1);
    assert!(store.get(CERTIFICATES, b"01").unwrap().is_some());
    assert_eq!(stage.beside(), ["backup", "data", "identity", "new"], "no draft is left");
}

#[test]
fn nothing_goes_back_behind_what_was_signed_unless_somebody_answers_for_it() {
    let stage = Stage::new();
    stage.back_up(SealedKeys::LeftOut).unwrap();
    stage.act("02");
    put(&stage.path("later"), &stage.act("03"), 0o644);
    let refused = stage.restore_knowing("new", &["later"], Loss::Refused).unwrap_err().to_string();
    assert!(refused.contains("gives up 2 events") && refused.contains("--accept-loss"), "{refused}");
    assert!(!stage.path("new").exists());
    let loss = Loss::Accepted("the disk burnt".to_owned());
    let (_, store) = stage.restore_knowing("new", &["later"], loss).unwrap();
    let last = ca_core::ledger::events(store.as_ref(), Position(1), 10).unwrap().pop().unwrap();
    assert_eq!(last.action.as_str(), "ledger.loss-accepted");
    assert_eq!((last.detail["kept"].as_str(), last.detail["signed"].as_str()), ("1", "3"));
    assert_eq!(last.reason.as_deref(), Some("the disk burnt"));
    assert_eq!(ca_core::ledger::heads::epoch(store.as_ref()).unwrap(), 1);
}

#[test]
fn a_backup_of_another_history_is_not_put_into_use() {
    let stage = Stage::new();
    stage.back_up(SealedKeys::LeftOut).unwrap();
    // The same log signs another first event.
    let forked = MemoryStore::new();
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), "another").unwrap();
    forked.commit(Change::new().explained_by(&event)).unwrap();
    let fork = stage.sealer.on(Arc::new(forked)).seal().unwrap().unwrap().to_string();
    put(&stage.path("fork"), &fork, 0o644);
    let refused = stage.restore_knowing("new", &["fork"], Loss::Refused).unwrap_err().to_string();
    assert!(refused.contains("another history"), "{refused}");
    assert!(!stage.path("new").exists());
    put(&stage.path("foreign"), &fork.replace("pki.gov.ls", "pki.gov.xx"), 0o644);
    assert!(stage.restore_knowing("new", &["foreign"], Loss::Refused).is_err());
}

#[test]
fn keys_go_along_only_when_asked() {
    let stage = Stage::new();
    stage.back_up(SealedKeys::LeftOut).unwrap();
    let (restored, _) = stage.restore_to("new").unwrap();
    assert!(restored.keys.is_empty());
    assert_eq!(stage.path("new/keys").read_dir().unwrap().count(), 0);
}

#[test]
fn nothing_is_overwritten() {
    let stage = Stage::new();
    put(&stage.path("backup"), "an earlier one", 0o600);
    let refused = stage.back_up(SealedKeys::LeftOut).unwrap_err();
    assert!(refused.to_string().contains("never overwritten"), "{refused}");
    assert_eq!(std::fs::read_to_string(stage.path("backup")).unwrap(), "an earlier one");
    std::fs::remove_file(stage.path("backup")).unwrap();
    stage.back_up(SealedKeys::LeftOut).unwrap();
    let before = files_under(&stage.path("data"));
    assert!(matches!(stage.restore_to("data"), Err(ServiceError::NotEmpty(_))));
    assert_eq!(files_under(&stage.path("data")), before);
    assert_eq!(stage.beside(), ["backup", "data", "identity"]);
}

#[test]
fn of_a_damaged_backup_nothing_stays() {
    let stage = Stage::new();
    stage.back_up(SealedKeys::Included).unwrap();
    let whole = std::fs::read(stage.path("backup")).unwrap();
    std::fs::write(stage.path("backup"), &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(stage.restore_to("new"), Err(ServiceError::Backup(_))));
    assert_eq!(stage.beside(), ["backup", "data", "identity"]);
}
