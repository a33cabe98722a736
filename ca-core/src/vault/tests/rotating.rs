//! A new master key takes over and nothing is lost.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

fn page(keys: usize) -> NonZeroUsize {
    NonZeroUsize::new(keys).unwrap()
}

fn rotate(vault: &Vault, keys: usize) -> Result<Rotation, VaultError> {
    vault.rotate(page(keys), &actor(), &mut |_| ControlFlow::Continue(()))
}

/// A house whose first `subjects` have a value under the old key; then vaults of the old and the new time.
fn before_rotation(subjects: usize) -> (House, Vault, Vault) {
    let house = House::new();
    let (old_key, new_key) = (master(), master());
    // Each knows the other's key, as nodes must before the new one is made current anywhere.
    let old = house.vault(KeyRing::of(old_key.clone()).and_retired(new_key.clone()).unwrap());
    let new = house.vault(KeyRing::of(new_key).and_retired(old_key).unwrap());
    for number in 0..subjects {
        house.keep(&old, &subject(number), &format!("value/{number}"), number.to_string().as_bytes());
    }
    (house, old, new)
}

fn assert_all_open(house: &House, vault: &Vault, subjects: usize) {
    // Without the key of the old time.
    let alone = house.vault(KeyRing::of(vault.ring().current.clone()));
    for number in 0..subjects {
        let kept = house.kept(&alone, &subject(number), &format!("value/{number}"));
        assert_eq!(kept.unwrap(), number.to_string().as_bytes());
    }
}

#[test]
fn every_key_is_wrapped_anew_page_by_page() {
    let (house, _, new) = before_rotation(25);
    new.erase(&subject(24), &actor(), "reason", &AuditedChange::nothing()).unwrap();
    assert_eq!(new.left_to_rotate().unwrap(), 24);
    let mut told = Vec::new();
    let result = new.rotate(page(10), &actor(), &mut |so_far| {
        told.push((so_far.rewrapped, so_far.left));
        ControlFlow::Continue(())
    });
    assert_eq!(result.unwrap(), Rotation { rewrapped: 24, left: 0 });
    assert_eq!(told, [(10, 14), (20, 4), (24, 0)]);
    assert_eq!(house.named_master_keys(), [new.ring().current().id().clone()]);
    assert_all_open(&house, &new, 24);
    assert!(new.is_erased(&subject(24)).unwrap());

    let events = house.events(&ROTATED);
    let counts: Vec<_> =
        events.iter().map(|event| (&*event.detail["rewrapped"], &*event.detail["left"])).collect();
    assert_eq!(counts, [("10", "14"), ("10", "4"), ("4", "0")]);
    assert_eq!(rotate(&new, 10).unwrap(), Rotation { rewrapped: 0, left: 0 });
    assert_eq!(house.events(&ROTATED).len(), 3, "nothing done, nothing told");
}

#[test]
fn a_crash_half_way_loses_nothing_and_the_next_call_goes_on() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let (house, old, new) = before_rotation(25);
        let outcome = new.rotate(page(10), &actor(), &mut |so_far| {
            if so_far.rewrapped == 10 {
                house.store.fail_next_commit(failure);
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(outcome, Err(VaultError::Commit(CommitError::Storage(_)))));
        for number in 0..25 {
            for vault in [&old, &new] {
                let kept = house.kept(vault, &subject(number), &format!("value/{number}"));
                assert_eq!(kept.unwrap(), number.to_string().as_bytes());
            }
        }
        let persisted = if failure == Failure::AfterPersisting { 20 } else { 10 };
        assert_eq!(rotate(&new, 10).unwrap(), Rotation { rewrapped: 25 - persisted, left: 0 });
        assert_all_open(&house, &new, 25);
    }
}

#[test]
fn it_can_be_told_to_stop() {
    let (_, _, new) = before_rotation(25);
    let stopped = new.rotate(page(10), &actor(), &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!(stopped, Rotation { rewrapped: 10, left: 15 });
}

#[test]
fn what_another_node_wrote_under_the_old_key_is_reported_as_left() {
    let (house, old, new) = before_rotation(5);
    let mut late = false;
    let first = new.rotate(page(10), &actor(), &mut |_| {
        if !std::mem::replace(&mut late, true) {
            // Before the place that the rotation has reached.
            house.keep(&old, &IdentityRef("first".to_owned()), "late", b"late");
        }
        ControlFlow::Continue(())
    });
    assert_eq!(first.unwrap(), Rotation { rewrapped: 5, left: 1 });
    assert_eq!(rotate(&new, 10).unwrap(), Rotation { rewrapped: 1, left: 0 });
    assert_eq!(house.kept(&new, &IdentityRef("first".to_owned()), "late").unwrap(), b"late");
}

#[test]
fn a_missing_old_key_stops_it_and_harms_nothing() {
    let (house, old, new) = before_rotation(3);
    let without = house.vault(KeyRing::of(new.ring().current.clone()));
    assert!(matches!(rotate(&without, 10), Err(VaultError::UnknownMasterKey(_))));
    assert_eq!(house.kept(&old, &subject(0), "value/0").unwrap(), b"0");
}

#[test]
fn four_threads_write_while_it_runs_and_nothing_is_lost() {
    const WRITERS: usize = 4;
    let (house, old, new) = before_rotation(200);
    let done = AtomicBool::new(false);
    let written = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (house, old, new, done) = (&house, &old, &new, &done);
                threads.spawn(move || {
                    let mut written = Vec::new();
                    // At least so many, so that some fall into the rotation on any machine.
                    while !done.load(Ordering::SeqCst) || written.len() < 100 {
                        let number = written.len();
                        // Old and new subjects; nodes of the old and the new time.
                        let who = subject((number * 7 + writer) % 400);
                        let vault = if number % 2 == 0 { new } else { old };
                        let purpose = format!("busy/{writer}/{number}");
                        house.keep(vault, &who, &purpose, purpose.as_bytes());
                        written.push((who, purpose));
                    }
                    written
                })
            })
            .collect();
        // While others write under the old key there may always be some left; it is done all the same.
        rotate(&new, 7).unwrap();
        done.store(true, Ordering::SeqCst);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(written.len() >= WRITERS * 100);
    // Nobody writes under the old key any more.
    assert_eq!(rotate(&new, 50).unwrap().left, 0);
    assert_eq!(house.named_master_keys(), [new.ring().current().id().clone()]);
    assert_all_open(&house, &new, 200);
    let alone = house.vault(KeyRing::of(new.ring().current.clone()));
    for (who, purpose) in written {
        assert_eq!(house.kept(&alone, &who, &purpose).unwrap(), purpose.as_bytes());
    }
}

#[test]
fn a_key_made_current_while_others_work_wraps_from_then_on() {
    let house = House::new();
    let (former, next) = (master(), master());
    let vault = house.vault(KeyRing::of(former.clone()));
    assert!(vault.ring().is_single());
    house.keep(&vault, &subject(0), "value/0", b"before");
    vault.make_current(next.clone(), &actor()).unwrap();
    house.keep(&vault, &subject(1), "value/1", b"after");
    assert_eq!(house.kept(&vault, &subject(0), "value/0").unwrap(), b"before");
    let in_use = vault.master_keys_in_use().unwrap();
    assert_eq!(in_use, [(former.id().clone(), 1), (next.id().clone(), 1)].into());
    assert_eq!(vault.left_to_rotate().unwrap(), 1);
    assert_eq!(rotate(&vault, 10).unwrap(), Rotation { rewrapped: 1, left: 0 });
    let event = house.events(&MADE_CURRENT).remove(0);
    assert_eq!((event.subject, &event.detail["from"]), (format!("master-key:{}", next.id()), &former.id().0));
    let alone = house.vault(KeyRing::of(next));
    assert_eq!(house.kept(&alone, &subject(0), "value/0").unwrap(), b"before");
    assert_eq!(house.kept(&alone, &subject(1), "value/1").unwrap(), b"after");
}

#[test]
fn a_key_that_was_retired_so_far_can_be_made_current() {
    let house = House::new();
    let (former, next) = (master(), master());
    let vault = house.vault(KeyRing::of(former.clone()).and_retired(next.clone()).unwrap());
    vault.make_current(next.clone(), &actor()).unwrap();
    assert_eq!(vault.ring().current().id(), next.id());
    assert!(vault.ring().named(former.id()).is_ok());
    house.store.fail_next_commit(Failure::BeforePersisting);
    assert!(vault.make_current(former, &actor()).is_err());
    assert_eq!(vault.ring().current().id(), next.id(), "without its event nothing changes");
}
