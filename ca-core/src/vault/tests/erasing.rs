//! Whoever was erased stays erased.

use super::*;

fn erase(vault: &Vault, who: &IdentityRef) -> Result<(), VaultError> {
    vault.erase(who, &actor(), "asked to be forgotten", &AuditedChange::nothing())
}

#[test]
fn an_erased_subject_never_opens_again_and_gets_no_new_key() {
    let house = House::new();
    let keys = KeyRing::of(master());
    let (here, elsewhere) = (house.vault(keys.clone()), house.vault(keys));
    for number in [1, 2] {
        house.keep(&here, &subject(number), &format!("value/{number}"), b"value");
    }
    // Both nodes hold the unwrapped key.
    assert_eq!(house.kept(&elsewhere, &subject(1), "value/1").unwrap(), b"value");
    erase(&here, &subject(1)).unwrap();

    for vault in [&here, &elsewhere] {
        assert_eq!(house.kept(vault, &subject(1), "value/1"), None);
        assert!(vault.is_erased(&subject(1)).unwrap());
        assert!(
            matches!(vault.seal(&subject(1), "value/1", b"x"), Err(VaultError::Erased(who)) if who == subject(1))
        );
        assert!(matches!(erase(vault, &subject(1)), Err(VaultError::Erased(_))));
        assert_eq!(house.kept(vault, &subject(2), "value/2").unwrap(), b"value", "nobody else is touched");
    }
    let record = house.store.get(SUBJECT_KEYS, subject(1).0.as_bytes()).unwrap().unwrap().value;
    let record = String::from_utf8(record).unwrap();
    assert!(record.contains("erased") && !record.contains("wrapped"), "{record}");
}

#[test]
fn the_ledger_says_who_erased_whom_and_why_once() {
    let house = House::new();
    let vault = house.vault(KeyRing::of(master()));
    house.keep(&vault, &subject(1), "value", b"value");
    erase(&vault, &subject(1)).unwrap();
    erase(&vault, &subject(1)).unwrap_err();
    let [event] = house.events(&ERASED).try_into().unwrap();
    assert_eq!((event.subject.as_str(), event.actor), ("identity:person/P-0001", actor()));
    assert_eq!(event.reason.as_deref(), Some("asked to be forgotten"));
    assert_eq!(house.events(&Action::named("value.kept")).len(), 1, "what was is still told");
}

#[test]
fn a_value_on_its_way_during_an_erasure_is_refused() {
    let house = House::new();
    let vault = house.vault(KeyRing::of(master()));
    house.keep(&vault, &subject(1), "value", b"value");
    let (sealed, change) = vault.seal(&subject(1), "late", b"late").unwrap();
    erase(&vault, &subject(1)).unwrap();
    assert!(matches!(
        house.commit(change.insert(VALUES, "late", sealed)),
        Err(CommitError::Conflict { table, .. }) if table == SUBJECT_KEYS
    ));
    assert_eq!(house.store.get(VALUES, b"late").unwrap(), None);
}

#[test]
fn somebody_without_a_key_can_be_erased_too() {
    let house = House::new();
    let vault = house.vault(KeyRing::of(master()));
    let (sealed, first) = vault.seal(&subject(1), "value", b"value").unwrap();
    erase(&vault, &subject(1)).unwrap();
    assert!(house.commit(first.insert(VALUES, "value", sealed)).is_err());
    assert!(matches!(vault.for_writing(&subject(1)), Err(VaultError::Erased(_))));
}

#[test]
fn what_belongs_to_the_erasure_happens_with_it_or_nothing_does() {
    let house = House::new();
    let vault = house.vault(KeyRing::of(master()));
    house.keep(&vault, &subject(1), "value", b"value");
    let also =
        house.audited(Change::new().check(VALUES, "closed", Expect::Absent).insert(VALUES, "closed", ""));
    house.commit(Change::new().insert(VALUES, "closed", "")).unwrap();
    let outcome = vault.erase(&subject(1), &actor(), "reason", &also);
    assert!(matches!(outcome, Err(VaultError::Commit(CommitError::Conflict { table: VALUES, .. }))));
    assert_eq!(house.kept(&vault, &subject(1), "value").unwrap(), b"value");

    let also = house.audited(Change::new().insert(VALUES, "closed now", ""));
    vault.erase(&subject(1), &actor(), "reason", &also).unwrap();
    assert!(house.store.get(VALUES, b"closed now").unwrap().is_some());
    assert_eq!(house.kept(&vault, &subject(1), "value"), None);
}

#[test]
fn an_erasure_that_failed_after_all_was_kept_is_an_erasure() {
    let house = House::new();
    let vault = house.vault(KeyRing::of(master()));
    house.keep(&vault, &subject(1), "value", b"value");
    house.store.fail_next_commit(Failure::BeforePersisting);
    assert!(matches!(erase(&vault, &subject(1)), Err(VaultError::Commit(_))));
    assert_eq!(house.kept(&vault, &subject(1), "value").unwrap(), b"value");
    house.store.fail_next_commit(Failure::AfterPersisting);
    assert!(matches!(erase(&vault, &subject(1)), Err(VaultError::Commit(_))));
    assert_eq!(house.kept(&vault, &subject(1), "value"), None);
    assert_eq!(house.events(&ERASED).len(), 1);
}
