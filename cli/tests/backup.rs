//! Backups, as far as they need no running installation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ca_core::backup::{Contents, Recipient, create};
use ca_core::clock::SystemClock;
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::sled::SledStore;

use program::{Run, npki};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Makes an identity, and gives its recipient.
fn key(folder: &Path, name: &str) -> String {
    let run = npki(folder, &["--json", "backup", "key", "--out", text(&folder.join(name))], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.document()["data"]["recipient"].as_str().unwrap().to_owned()
}

/// A backup of an empty store.
fn backup(folder: &Path, recipient: &str) {
    let contents = Contents { installation: "Government of Lesotho".to_owned(), ..Contents::default() };
    let recipients = Recipient::parse_all(&[recipient]).unwrap();
    let file = std::fs::File::create(folder.join("backup")).unwrap();
    create(&MemoryStore::new(), &contents, &recipients, &SystemClock, file, &mut |_| {}).unwrap();
}

fn verify(folder: &Path, identity: &str) -> Run {
    let (file, identity) = (folder.join("backup"), folder.join(identity));
    npki(folder, &["backup", "verify", text(&file), "--identity", text(&identity)], &[])
}

#[track_caller]
fn refused(run: &Run, exit: i32, code: &str) {
    assert_eq!(run.code, exit, "{}", run.stderr);
    assert!(run.four_lines()[0].ends_with(code), "{}", run.stderr);
}

#[test]
fn an_identity_is_its_owners_alone_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity");
    let words = ["backup", "key", "--out", text(&path)];
    let run = npki(folder.path(), &words, &[]);
    assert!(run.stdout.starts_with("age1") && !run.stdout.contains("SECRET"), "{}", run.stdout);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    refused(&npki(folder.path(), &words, &[]), 6, "E-FILE-003");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_backup_is_verified_by_whoever_it_was_made_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    backup(folder, &key(folder, "mine"));
    let run = verify(folder, "mine");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "no progress where there is no terminal");
    assert!(
        run.stdout.starts_with("whole") && run.stdout.contains("Government of Lesotho"),
        "{}",
        run.stdout
    );
    key(folder, "other");
    refused(&verify(folder, "other"), 8, "E-BAK-003");
    std::fs::set_permissions(folder.join("mine"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&verify(folder, "mine"), 2, "E-BAK-002");
}

#[test]
fn a_backup_that_is_not_whole_is_answered_with_no() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    backup(folder, &key(folder, "mine"));
    let whole = std::fs::read(folder.join("backup")).unwrap();
    std::fs::write(folder.join("backup"), &whole[..whole.len() - 1]).unwrap();
    refused(&verify(folder, "mine"), 3, "E-BAK-005");
    std::fs::write(folder.join("backup"), "-----BEGIN CERTIFICATE-----").unwrap();
    refused(&verify(folder, "mine"), 2, "E-BAK-004");
    std::fs::remove_file(folder.join("backup")).unwrap();
    refused(&verify(folder, "mine"), 2, "E-FILE-001");
}

#[test]
fn a_running_installation_keeps_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (data, out) = (folder.join("data"), folder.join("backup"));
    let recipient = key(folder, "mine");
    let words = |recipient| {
        ["backup", "create", "--data", text(&data), "--out", text(&out), "--recipient", recipient]
            .map(str::to_owned)
    };
    let run = |recipient| {
        let words = words(recipient);
        npki(folder, &words.each_ref().map(String::as_str), &[])
    };
    refused(&run(&recipient), 5, "E-SRV-001");
    std::fs::create_dir_all(data.join("certificates")).unwrap();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/npki.toml"), data.join("npki.toml"))
        .unwrap();
    let held = SledStore::open(data.join("store")).unwrap();
    refused(&run(&recipient), 6, "E-SRV-010");
    drop(held);
    let secret = std::fs::read_to_string(folder.join("mine")).unwrap();
    let secret = secret.lines().last().unwrap();
    let mistaken = run(secret);
    refused(&mistaken, 2, "E-BAK-001");
    assert!(!mistaken.stderr.contains(secret), "a secret key given by mistake is not repeated");
    assert!(!out.exists() && folder.read_dir().unwrap().count() == 2, "nothing is left");
}
