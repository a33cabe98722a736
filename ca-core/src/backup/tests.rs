#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use time::macros::datetime;

use super::*;
use crate::clock::{Clock, SetClock, SystemEntropy};
use crate::ledger::{Action, Actor, EVENTS, Event, Ledger};
use crate::storage::memory::MemoryStore;
use crate::storage::{
    AuditedChange, Change, CommitError, Committed, Entry, Exported, KeyRange, Moment, Restore, StorageError,
    Store, Table, Versioned,
};

const THINGS: Table = Table::octets("things");
const RECORDS: Table = Table::records("records");
const TABLES: &[Table] = &[THINGS, RECORDS, EVENTS];

fn clock() -> SetClock {
    SetClock::at(datetime!(2026-11-24 10:00 UTC))
}

fn identity() -> (Identity, Recipient) {
    let identity = made_of(&new_identity(&clock()));
    let recipient = identity.recipient();
    (identity, recipient)
}

fn made_of(new: &NewIdentity) -> Identity {
    parse_identities(&new.file).unwrap().remove(0)
}

fn event() -> Event {
    let ledger = Ledger::new(Arc::new(clock()), Arc::new(SystemEntropy));
    ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap()
}

fn filled() -> MemoryStore {
    let store = MemoryStore::new();
    for number in 0..3_u8 {
        let change = Change::new().insert(THINGS, [number], vec![number; 3]).insert(RECORDS, [number], "{}");
        store.commit(change.explained_by(&event())).unwrap();
    }
    store.commit(Change::new().insert(THINGS, "empty", "").explained_by(&event())).unwrap();
    store
}

fn contents() -> Contents {
    let file = |name: &str, mode, content: &[u8]| BackupFile {
        name: name.to_owned(),
        mode,
        content: content.to_vec(),
    };
    Contents {
        installation: "Government of Lesotho".to_owned(),
        files: vec![file("npki.toml", 0o644, b"[installation]"), file("keys/root.key", 0o600, b"sealed")],
        notes: Notes {
            checkpoint: Some("tree of 4".to_owned()),
            cosigned_checkpoint: Some("tree of 3".to_owned()),
        },
    }
}

fn backup_of(store: &dyn Store, recipients: &[Recipient]) -> (Vec<u8>, Summary) {
    let mut out = Vec::new();
    let summary = create(store, &contents(), recipients, &clock(), &mut out, &mut |_| {}).unwrap();
    (out, summary)
}

fn verified(backup: &[u8], identity: &Identity) -> Result<Summary, BackupError> {
    verify(backup, std::slice::from_ref(identity), TABLES, &mut |_| {})
}

/// Restores into memory.
struct InMemory {
    store: Arc<MemoryStore>,
    begun: Option<Box<dyn Restore>>,
    files: Vec<BackupFile>,
    judgement: Result<(), String>,
    judged: Option<Trailer>,
}

impl InMemory {
    fn new() -> Self {
        let (store, begun) = MemoryStore::begin_restore();
        Self { store, begun: Some(begun), files: Vec::new(), judgement: Ok(()), judged: None }
    }
}

impl Destination for InMemory {
    fn file(&mut self, file: BackupFile) -> Result<(), BackupError> {
        assert!(self.begun.is_some(), "files come before the store");
        self.files.push(file);
        Ok(())
    }

    fn store(&mut self) -> Result<Box<dyn Restore>, BackupError> {
        Ok(self.begun.take().expect("one store"))
    }

    fn judge(&mut self, header: &Header, trailer: &Trailer) -> Result<(), BackupError> {
        assert_eq!(header.format, FORMAT);
        self.judged = Some(trailer.clone());
        self.judgement.clone().map_err(BackupError::Refused)
    }
}

fn restored(backup: &[u8], identity: &Identity) -> Result<(InMemory, Summary), BackupError> {
    let mut to = InMemory::new();
    let summary = restore(backup, std::slice::from_ref(identity), TABLES, &mut to, &mut |_| {})?;
    Ok((to, summary))
}

fn all_of(store: &dyn Store) -> Vec<Exported> {
    let mut all = Vec::new();
    store
        .export(&mut |entry| {
            all.push(entry);
            Ok(())
        })
        .unwrap();
    all
}

/// A store that exports what it is told to, and is nothing else.
#[derive(Debug)]
struct Told(Vec<Exported>, u64);

impl Told {
    fn entry(table: Table, key: &[u8], value: Option<&[u8]>) -> Exported {
        Exported { table: table.name().to_owned(), key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
    }
}

impl Store for Told {
    fn get(&self, _: Table, _: &[u8]) -> Result<Option<Versioned>, StorageError> {
        Ok(None)
    }

    fn get_many(&self, _: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        Ok(vec![None; keys.len()])
    }

    fn scan(&self, _: Table, _: &KeyRange, _: usize) -> Result<Vec<Entry>, StorageError> {
        Ok(Vec::new())
    }

    fn commit(&self, _: AuditedChange) -> Result<Committed, CommitError> {
        Err(StorageError("it is told what it holds".to_owned()).into())
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        Ok(self.1)
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.0.iter().cloned().try_for_each(take)?;
        Ok(Moment { ledger_size: self.1 })
    }
}

#[test]
fn what_comes_back_is_what_was() {
    let (store, (identity, recipient)) = (filled(), identity());
    let large: Vec<u8> =
        (0..3_000_000_u32).flat_map(|number| (number ^ (number >> 7)).to_be_bytes()).collect();
    store.commit(Change::new().insert(THINGS, "large", large).explained_by(&event())).unwrap();
    let (backup, summary) = backup_of(&store, &[recipient]);
    assert_eq!(verified(&backup, &identity).unwrap(), summary);
    let (restored, read) = restored(&backup, &identity).unwrap();
    assert_eq!(read, summary);
    assert_eq!(restored.files, contents().files);
    assert_eq!(all_of(restored.store.as_ref()), all_of(&store));
    assert_eq!(restored.store.ledger_size().unwrap(), 5);
    assert_eq!(summary.header.made_at, clock().now());
    assert_eq!((summary.trailer.files, summary.trailer.ledger_size), (2, 5));
    assert_eq!(summary.trailer.cosigned_checkpoint.as_deref(), Some("tree of 3"));
}

#[test]
fn what_came_last_counts() {
    let (identity, recipient) = identity();
    let put = |value: &[u8]| Told::entry(THINGS, b"key", Some(value));
    let removal = Told::entry(THINGS, b"key", None);
    for (entries, left) in [
        (vec![put(b"1"), put(b"2")], Some(&b"2"[..])),
        (vec![put(b"1"), removal.clone()], None),
        (vec![put(b"1"), removal, put(b"")], Some(&b""[..])),
    ] {
        let (backup, summary) = backup_of(&Told(entries.clone(), 0), std::slice::from_ref(&recipient));
        assert_eq!(summary.trailer.entries, entries.len() as u64);
        let store = restored(&backup, &identity).unwrap().0.store;
        let found = store.get(THINGS, b"key").unwrap().map(|found| found.value);
        assert_eq!(found.as_deref(), left);
    }
}

#[test]
fn each_recipient_opens_it_and_nobody_else() {
    let both = [identity(), identity()];
    let recipients: Vec<Recipient> = both.iter().map(|(_, recipient)| recipient.clone()).collect();
    let (backup, summary) = backup_of(&filled(), &recipients);
    for (identity, _) in &both {
        assert_eq!(verified(&backup, identity).unwrap(), summary);
    }
    let (stranger, _) = identity();
    assert!(matches!(verified(&backup, &stranger), Err(BackupError::WrongIdentity)));
    let mixed = [stranger, both[1].0.clone()];
    assert!(verify(&backup[..], &mixed, TABLES, &mut |_| {}).is_ok());
    let mut out = Vec::new();
    let nobody = create(&filled(), &contents(), &[], &clock(), &mut out, &mut |_| {});
    assert!(matches!(nobody, Err(BackupError::NoRecipient)));
    assert!(out.is_empty(), "nothing is written for nobody");
}

#[test]
fn every_truncation_is_refused() {
    let (identity, recipient) = identity();
    let (backup, _) = backup_of(&filled(), &[recipient]);
    for length in 0..backup.len() {
        let refused = verified(&backup[..length], &identity).expect_err("a part of a backup");
        // Within age's head, before the payload's nonce, a part of a line is no line.
        let said = matches!(refused, BackupError::Truncated { octets } if octets == length as u64)
            || matches!(refused, BackupError::Damaged { .. } | BackupError::NotABackup);
        assert!(said, "{length}: {refused}");
        assert!(restored(&backup[..length], &identity).is_err());
    }
    let longer = [&backup[..], b"x"].concat();
    assert!(matches!(verified(&longer, &identity), Err(BackupError::Damaged { .. })));
    let twice = [&backup[..], &backup[..]].concat();
    assert!(matches!(verified(&twice, &identity), Err(BackupError::Damaged { .. })));
}

#[test]
fn every_altered_octet_is_noticed() {
    let (identity, recipient) = identity();
    let (mut backup, _) = backup_of(&filled(), &[recipient]);
    for at in 0..backup.len() {
        let flip = 1 << (at % 8);
        backup[at] ^= flip;
        assert!(verified(&backup, &identity).is_err(), "octet {at} ^ {flip:#x}");
        backup[at] ^= flip;
    }
    assert!(verified(&backup, &identity).is_ok());
}

#[test]
fn a_backup_cut_off_at_a_chunk_says_where() {
    let (identity, recipient) = identity();
    let random: Vec<u8> =
        (0..40_000_u64).flat_map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes()).collect();
    let store = Told(vec![Told::entry(THINGS, b"large", Some(&random))], 0);
    let (mut backup, _) = backup_of(&store, &[recipient]);
    let half = backup.len() / 2;
    let said = verified(&backup[..half], &identity).unwrap_err().to_string();
    assert!(said.contains("cut short") || said.contains("octet"), "{said}");
    backup[half] ^= 1;
    let refused = verified(&backup, &identity).unwrap_err();
    let BackupError::Damaged { at, .. } = refused else { panic!("{refused}") };
    assert!(at > half as u64 && at < half as u64 + 2 * 64 * 1024 + 8 * 1024, "{at} of {half}");
}

#[test]
fn a_table_of_tomorrow_is_named() {
    let (identity, recipient) = identity();
    let store = Told(vec![Told::entry(Table::octets("tomorrow"), b"key", Some(b"value"))], 0);
    let (backup, _) = backup_of(&store, &[recipient]);
    let refused = restored(&backup, &identity).err().unwrap();
    assert!(matches!(refused, BackupError::Newer { .. }), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("newer npki") && said.contains("tomorrow"), "{said}");
}

#[test]
fn a_ledger_with_a_gap_is_no_backup() {
    let (_, recipient) = identity();
    let event = |position: u64| Told::entry(EVENTS, &position.to_be_bytes(), Some(b"{}"));
    let gaps = [
        (vec![event(0), event(2)], 3, "event 1 of 3"),
        (vec![event(0)], 2, "event 1 of 2"),
        (vec![event(0), event(1)], 1, "beyond"),
        (vec![Told::entry(EVENTS, b"short", Some(b"{}"))], 0, "no position"),
    ];
    for (entries, size, expected) in gaps {
        let store = Told(entries, size);
        let made = create(
            &store,
            &contents(),
            std::slice::from_ref(&recipient),
            &clock(),
            std::io::sink(),
            &mut |_| {},
        );
        let said = made.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn what_the_judge_refuses_is_not_put_into_use() {
    let (identity, recipient) = identity();
    let (backup, summary) = backup_of(&filled(), &[recipient]);
    let judgement = Err("the witnesses have seen a larger ledger".to_owned());
    let mut to = InMemory { judgement, ..InMemory::new() };
    let refused = restore(&backup[..], &[identity], TABLES, &mut to, &mut |_| {});
    assert!(matches!(refused, Err(BackupError::Refused(_))));
    assert_eq!(to.judged, Some(summary.trailer));
    assert!(all_of(to.store.as_ref()).is_empty());
}

#[test]
fn a_full_disk_ends_the_export() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(octets.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(octets.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (_, recipient) = identity();
    let entry = |n: u64| {
        let noise: Vec<u8> = (0..1_000)
            .flat_map(|i| ((n * 1_000 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes())
            .collect();
        Told::entry(THINGS, &n.to_be_bytes(), Some(&noise))
    };
    let store = Told((0..200).map(entry).collect(), 0);
    let mut seen = 0;
    let made = create(&store, &contents(), &[recipient], &clock(), Full(100_000), &mut |progress| {
        seen = progress.entries
    });
    assert!(
        matches!(made, Err(BackupError::Write(error)) if error.kind() == std::io::ErrorKind::StorageFull)
    );
    assert!(seen < 200, "the export is broken off");
}

#[test]
fn identities_are_their_owners_alone_and_do_not_print() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity");
    let new = new_identity(&clock());
    std::fs::write(&path, new.file.as_bytes()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(read_identities(&path), Err(BackupError::Exposed(_))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let identities = read_identities(&path).unwrap();
    assert_eq!(identities[0].recipient(), new.recipient);
    let secret = new.file.lines().last().unwrap();
    for printed in [format!("{new:?}"), format!("{identities:?}")] {
        assert!(!printed.contains(&secret[20..]) && !printed.contains("SECRET-KEY"), "{printed}");
    }
    std::fs::write(&path, format!("# mine\n\n{}x\n", secret)).unwrap();
    let said = read_identities(&path).unwrap_err().to_string();
    assert!(said.contains("line 3") && !said.contains(&secret[20..]), "{said}");
    // A secret key given as a recipient is not repeated.
    let said = Recipient::parse_all(&[secret]).unwrap_err().to_string();
    assert!(said.contains("recipient 1") && !said.contains(&secret[20..]), "{said}");
}

#[test]
fn age_opens_it_and_npki_opens_what_age_made() {
    let (folder, new) = (tempfile::tempdir().unwrap(), new_identity(&clock()));
    let path = folder.path().join("identity");
    std::fs::write(&path, new.file.as_bytes()).unwrap();
    let (backup, summary) = backup_of(&filled(), std::slice::from_ref(&new.recipient));
    let content = age(&["--decrypt", "--identity", path.to_str().unwrap()], &backup);
    // What is inside is an LZ4 frame, by its magic number.
    assert_eq!(content[..4], [0x04, 0x22, 0x4d, 0x18]);
    let again = age(&["--encrypt", "--recipient", &new.recipient.to_string()], &content);
    assert_eq!(verified(&again, &made_of(&new)).unwrap(), summary);
    let derived = Command::new("age-keygen").arg("-y").arg(&path).output().expect("age: see tests/run.sh");
    assert_eq!(String::from_utf8(derived.stdout).unwrap().trim(), new.recipient.to_string());
}

fn age(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let program = Command::new("age").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut program = program.expect("age is not installed, and judges npki's backups: see tests/run.sh");
    let (mut stdin, input) = (program.stdin.take().unwrap(), input.to_vec());
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = program.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn what_is_not_a_backup_is_said_to_be_none() {
    let (identity, recipient) = identity();
    assert!(matches!(verified(b"-----BEGIN CERTIFICATE-----\n", &identity), Err(BackupError::NotABackup)));
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient.as_age())).unwrap();
    let mut other = Vec::new();
    let mut out = encryptor.wrap_output(&mut other).unwrap();
    out.write_all(&[7; 100]).unwrap();
    out.finish().unwrap();
    assert!(matches!(verified(&other, &identity), Err(BackupError::Damaged { .. })));
}
