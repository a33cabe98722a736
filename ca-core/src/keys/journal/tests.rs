#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::clock::{SystemClock, SystemEntropy};
use crate::keys::Signer;
use crate::keys::software::SoftwareKey;

fn place(folder: &std::path::Path) -> JournalPlace {
    JournalPlace {
        folder: folder.join("signatures"),
        ca: CaId::new("issuing").unwrap(),
        node: NodeName::new("alpha").unwrap(),
        key: Digest::of(b"key"),
    }
}

fn open(place: &JournalPlace) -> Result<SignatureJournal, JournalError> {
    SignatureJournal::open(place, Arc::new(SystemClock), &SystemEntropy)
}

fn digest(number: u64) -> Digest {
    Digest::of(&number.to_be_bytes())
}

#[test]
fn what_is_recorded_is_read_again_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    let first = open(&place).unwrap();
    let id = first.mark().journal;
    assert_eq!(
        (1..=5).map(|number| first.record(digest(number)).unwrap()).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert!(matches!(open(&place), Err(JournalError::Held(_))), "one process");
    let mark = first.mark();
    drop(first);
    let again = open(&place).unwrap();
    assert_eq!(again.mark(), mark);
    assert_eq!(again.record(digest(6)).unwrap(), 6);
    let reader = JournalReader::open(&place.path()).unwrap();
    assert_eq!((reader.header().journal.clone(), reader.count().unwrap()), (id, 6));
    let lines = reader.lines(0, 100).unwrap();
    for (line, number) in lines.iter().zip(1..) {
        let Line::Sound(entry) = line else { panic!("{line:?}") };
        assert_eq!((entry.sequence, entry.digest), (number, digest(number)));
    }
    assert_eq!(reader.lines(4, 100).unwrap(), lines[4..]);
    assert_eq!(reader.chain(6).unwrap(), Some(again.mark().chain));
    assert_eq!(reader.chain(7).unwrap(), None);
}

#[test]
fn many_threads_share_flushes_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    let journal = open(&place).unwrap();
    std::thread::scope(|threads| {
        for thread in 0..16 {
            let journal = &journal;
            threads.spawn(move || {
                for turn in 0..50 {
                    journal.record(digest(thread * 1_000 + turn)).unwrap();
                }
            });
        }
    });
    let lines = JournalReader::open(&place.path()).unwrap().lines(0, 10_000).unwrap();
    let digests: std::collections::BTreeSet<Digest> = lines
        .iter()
        .map(|line| match line {
            Line::Sound(entry) => entry.digest,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((lines.len(), digests.len()), (800, 800));
}

#[test]
fn what_a_crash_left_half_written_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    let journal = open(&place).unwrap();
    for number in 1..=3 {
        journal.record(digest(number)).unwrap();
    }
    let mark = journal.mark();
    drop(journal);
    let zeros = vec![0; 2 * 171 + 30];
    for torn in [b"000000000004 2026".as_slice(), zeros.as_slice()] {
        let mut file = OpenOptions::new().append(true).open(place.path()).unwrap();
        file.write_all(torn).unwrap();
        assert_eq!(open(&place).unwrap().mark(), mark);
        assert_eq!(JournalReader::open(&place.path()).unwrap().count().unwrap(), 3);
    }
    // A crash before the first line was whole.
    std::fs::write(place.path(), "npki-signatures/1 jour").unwrap();
    assert_eq!(open(&place).unwrap().mark().count, 0);
}

#[test]
fn an_altered_line_is_told_and_another_journal_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    let journal = open(&place).unwrap();
    for number in 1..=4 {
        journal.record(digest(number)).unwrap();
    }
    drop(journal);
    let reader = JournalReader::open(&place.path()).unwrap();
    let file = OpenOptions::new().write(true).open(place.path()).unwrap();
    let length = file.metadata().unwrap().len();
    // The last digit of the second entry's digest.
    file.write_all_at(b"x", length - 3 * 171 + 12 + 1 + 27 + 1 + 63).unwrap();
    let lines = reader.lines(0, 10).unwrap();
    assert!(
        matches!(lines[..], [Line::Sound(_), Line::Unreadable, Line::Broken(_), Line::Sound(_)]),
        "{lines:?}"
    );
    let other = JournalPlace { key: Digest::of(b"another"), ..place.clone() };
    std::fs::copy(place.path(), other.path()).unwrap();
    assert!(matches!(open(&other), Err(JournalError::Foreign { why, .. }) if why.contains("another key")));
}

#[test]
fn nothing_is_signed_that_was_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let key = Arc::new(SoftwareKey::generate(KeyAlgorithm::P256).unwrap());
    let place = JournalPlace { key: Digest::of(key.public_key_info()), ..place(folder.path()) };
    let signer = JournalledSigner::new(key.clone(), Arc::new(open(&place).unwrap())).unwrap();
    signer.sign(b"message").unwrap();
    assert_eq!(signer.journal_mark().unwrap().count, 1);
    let lines = JournalReader::open(&place.path()).unwrap().lines(0, 10).unwrap();
    assert!(matches!(lines[..], [Line::Sound(entry)] if entry.digest == Digest::of(b"message")));
    let foreign = JournalPlace { key: Digest::of(b"another"), ..place };
    assert!(JournalledSigner::new(key, Arc::new(open(&foreign).unwrap())).is_err());
}
