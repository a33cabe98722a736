#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ca_core::certificate::CERTIFICATES;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::ledger::{Action, Actor, Ledger};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{Change, Store};

use super::*;
use crate::service::backup::{BackupPlan, SealedKeys, write_backup};

const SETTINGS: &str = include_str!("../../../../config/npki.toml");

/// A founded installation as far as its files go, its store in memory, and a key pair for backups.
struct Stage {
    folder: tempfile::TempDir,
    store: MemoryStore,
    recipient: String,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("data/npki.toml", SETTINGS, 0o644),
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
        let store = MemoryStore::new();
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap();
        store.commit(Change::new().insert(CERTIFICATES, "01", "{}").explained_by(&event)).unwrap();
        Self { folder, store, recipient: new.recipient.to_string() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn back_up(&self, keys: SealedKeys) -> Result<(), ServiceError> {
        let recipients = vec![self.recipient.clone()];
        let plan = BackupPlan { data: self.path("data"), out: self.path("backup"), recipients, keys };
        let settings = Settings::load(&plan.data)?;
        write_backup(&self.store, &settings, &plan, &SystemClock, &mut |_| {}).map(|_| ())
    }

    fn restore_to(&self, data: &str) -> Result<(Restored, Arc<MemoryStore>), ServiceError> {
        let plan =
            RestorePlan { file: self.path("backup"), identity: self.path("identity"), data: self.path(data) };
        let filled = Mutex::new(None);
        let begin = |_: &Settings| {
            let (store, restore) = MemoryStore::begin_restore();
            *filled.lock().unwrap() = Some(store);
            Ok(restore)
        };
        let restored = restore_with(&plan, &begin, &mut |_| {})?;
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
