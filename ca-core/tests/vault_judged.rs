//! Python's `cryptography` opens what the vault sealed, from master key to value, by the layout documented and nothing
//! else.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ca_core::clock::{Entropy, EntropyError, SystemClock};
use ca_core::ledger::{Action, Actor, Ledger};
use ca_core::storage::Store;
use ca_core::storage::memory::MemoryStore;
use ca_core::subject::IdentityRef;
use ca_core::vault::master::{KeyRing, SoftwareMasterKey};
use ca_core::vault::{SUBJECT_KEYS, Vault, VaultParts};

/// Gives 1, 1, 1… then 2, 2, 2… and so on: the first key drawn, the master key, is known.
#[derive(Debug, Default)]
struct Counted(AtomicU8);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(self.0.fetch_add(1, Ordering::SeqCst) + 1);
        Ok(())
    }
}

const JUDGE: &str = r#"
import base64, json, struct, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

def context(*parts):
    return b"".join(struct.pack(">Q", len(part.encode())) + part.encode() for part in parts)

def opened(key, octets, *parts):
    assert octets[0] == 1
    return AESGCM(key).decrypt(octets[1:13], octets[13:], context(*parts))

record, sealed, subject, purpose = sys.argv[1:]
wrapped = base64.b64decode(json.loads(record)["wrapped"])
key = opened(b"\x01" * 32, wrapped, "npki subject key", subject)
assert len(key) == 32
sys.stdout.buffer.write(opened(key, bytes.fromhex(sealed), "npki sealed value", subject, purpose))
"#;

/// The Python that tests/run.sh prepared, or the one on PATH.
fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin");
    let folders = std::env::var_os("NPKI_PYTHON_BIN").map(PathBuf::from).into_iter().chain([installed]);
    let mut found = folders.map(|folder| folder.join("python3")).filter(|file| file.is_file());
    found.next().unwrap_or_else(|| PathBuf::from("python3"))
}

#[test]
fn another_implementation_opens_the_key_and_the_value() {
    let entropy = Arc::new(Counted::default());
    let store = Arc::new(MemoryStore::new());
    let ledger = Ledger::new(Arc::new(SystemClock), entropy.clone());
    let vault = Vault::new(VaultParts {
        store: store.clone(),
        keys: KeyRing::of(Arc::new(SoftwareMasterKey::generate(entropy.clone()).unwrap())),
        ledger: ledger.clone(),
        clock: Arc::new(SystemClock),
        entropy,
        cached_subjects: 0,
    });
    let (subject, purpose, value) = (IdentityRef("person/P-1".to_owned()), "details/ñ", "Mokoena, Thabo — ü");
    let (sealed, change) = vault.seal(&subject, purpose, value.as_bytes()).unwrap();
    let event = ledger.event(&Actor::system("test"), Action::named("value.kept"), "value").unwrap();
    store.commit(change.explained_by(&event)).unwrap();
    let record = store.get(SUBJECT_KEYS, subject.0.as_bytes()).unwrap().unwrap().value;

    let judged = Command::new(python())
        .args(["-c", JUDGE, std::str::from_utf8(&record).unwrap(), &hex::encode(sealed), &subject.0, purpose])
        .output()
        .expect("python3 with `cryptography` judges the vault: see tests/run.sh");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    assert_eq!(String::from_utf8(judged.stdout).unwrap(), value);
}
