#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn payloads(shelf: &Shelf, known: Known) -> Result<(Vec<Vec<u8>>, u64), StorageError> {
    let mut payloads = Vec::new();
    let last = replay(shelf, known, |payload| {
        payloads.push(payload.to_vec());
        Ok(())
    })?;
    Ok((payloads, last))
}

const NOTHING: Known = Known { flushed: 0, seen: 0 };

#[test]
fn frames_are_given_back_in_order_over_several_files() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    let mut journal = Journal::after(&shelf, 0);
    let written: Vec<_> = (1..=5).map(|i| vec![i; if i == 3 { 40_000_000 } else { 20_000_000 }]).collect();
    // More files than may wait, were they not put away.
    for payload in &written {
        journal.append(payload).unwrap();
        shelf.files().full.clear();
    }
    assert_eq!(files(&shelf.folder).unwrap().len(), 5);
    let after = |flushed| payloads(&Shelf::new(folder.path()), Known { flushed, seen: 5 }).unwrap();
    assert_eq!(after(0), (written.clone(), 5));
    assert_eq!(after(3), (written[3..].to_vec(), 5));
    assert_eq!(after(5), (Vec::new(), 5));
    // The third file is not the last, and must be whole.
    let third = shelf.folder.join(format!("{:016x}", 3));
    fs::write(&third, b"").unwrap();
    assert!(payloads(&Shelf::new(folder.path()), NOTHING).is_err());
    fs::remove_file(&third).unwrap();
    assert!(payloads(&Shelf::new(folder.path()), NOTHING).is_err());
    // What was flushed before need not be there.
    assert_eq!(after(3), (written[3..].to_vec(), 5));
}

#[test]
fn old_frames_behind_the_last_one_of_a_file_used_again_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    let mut journal = Journal::after(&shelf, 0);
    (0..5).for_each(|_| journal.append(b"old").unwrap());
    journal.close();
    shelf.retire(5).unwrap();
    journal.append(b"new").unwrap();
    let found = payloads(&shelf, Known { flushed: 5, seen: 6 }).unwrap();
    assert_eq!(found, (vec![b"new".to_vec()], 6));
}

#[test]
fn appending_within_the_file_does_not_change_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    let mut journal = Journal::after(&shelf, 0);
    journal.append(b"first").unwrap();
    let path = shelf.folder.join(format!("{:016x}", 1));
    let length = fs::metadata(&path).unwrap().len();
    (0..SMALL_STEP / 4096).for_each(|_| journal.append(b"next").unwrap());
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
}

#[test]
fn who_waits_for_room_is_sent_away_when_nobody_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    (0..=MOST_WAITING as u64).for_each(|last| shelf.put(Full { path: PathBuf::new(), last }));
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| Journal::after(&shelf, 9).append(b"more").unwrap_err());
        shelf.give_up();
        assert!(waiting.join().unwrap().to_string().contains("full"));
    });
}
