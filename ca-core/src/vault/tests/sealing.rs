//! What is sealed opens where it was put, and nowhere else.

use super::*;

fn vault() -> (House, Vault) {
    let house = House::new();
    let vault = house.vault(KeyRing::of(master()));
    (house, vault)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_value_opens_for_its_subject_and_purpose_alone(
        value in proptest::collection::vec(any::<u8>(), 0..300),
        purpose in ".{0,20}",
        other_purpose in ".{0,20}",
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let (house, vault) = vault();
        let (sealed, change) = vault.seal(&subject(1), &purpose, &value).unwrap();
        house.commit(change).unwrap();
        house.keep(&vault, &subject(2), "another", b"value");

        prop_assert_eq!(sealed.len(), value.len() + 29);
        let opened = vault.open(&subject(1), &purpose, &sealed).unwrap().unwrap();
        prop_assert_eq!(opened.as_slice(), value.as_slice());
        let refused = |subject: &IdentityRef, purpose: &str, sealed: &[u8]| {
            matches!(vault.open(subject, purpose, sealed), Err(VaultError::NotSealed { .. }))
        };
        prop_assert!(refused(&subject(2), &purpose, &sealed));
        prop_assert!(other_purpose == purpose || refused(&subject(1), &other_purpose, &sealed));
        let mut altered = sealed.clone();
        altered[place.index(sealed.len())] ^= 1 << bit;
        prop_assert!(refused(&subject(1), &purpose, &altered));
        prop_assert!(refused(&subject(1), &purpose, &sealed[..place.index(sealed.len())]));
    }

    #[test]
    fn foreign_octets_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
        let (house, vault) = vault();
        house.keep(&vault, &subject(1), "value", b"value");
        let opened = vault.open(&subject(1), "value", &octets);
        let refused = matches!(opened, Err(VaultError::NotSealed { .. }));
        prop_assert!(refused);
    }
}

#[test]
fn a_subject_and_its_purpose_cannot_be_divided_otherwise() {
    let (house, vault) = vault();
    let (one, two) = (IdentityRef("ab".to_owned()), IdentityRef("a".to_owned()));
    let (envelope, change) = vault.for_writing(&one).unwrap();
    house.commit(change).unwrap();
    // The same key under another name: only what is authenticated tells them apart.
    let sealed = envelope.seal("c", b"value").unwrap();
    let key = vault.record(&one).unwrap().unwrap().0;
    let KeyRecord::Kept(kept) = key else { panic!("kept") };
    let raw = vault.unwrapped(&one, &kept, vault.cache.ticket()).unwrap();
    let misled = Envelope::new(two, raw, entropy());
    assert!(matches!(misled.open("bc", &sealed), Err(VaultError::NotSealed { .. })));
}

#[test]
fn several_values_of_one_change_share_the_first_key() {
    let (house, vault) = vault();
    let (envelope, change) = vault.for_writing(&subject(1)).unwrap();
    let change = change.insert(VALUES, "text", envelope.seal("text", b"CN=Thabo").unwrap()).insert(
        VALUES,
        "der",
        envelope.seal("der", b"\x30\x00").unwrap(),
    );
    house.commit(change).unwrap();
    assert_eq!(house.kept(&vault, &subject(1), "text").unwrap(), b"CN=Thabo");
    assert_eq!(house.kept(&vault, &subject(1), "der").unwrap(), b"\x30\x00");
    // Another node, which never saw the key.
    let keys = KeyRing::clone(&vault.ring());
    assert_eq!(house.kept(&house.vault(keys), &subject(1), "der").unwrap(), b"\x30\x00");
}

#[test]
fn records_go_in_and_come_out() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Person {
        surname: String,
    }
    let (house, vault) = vault();
    let person = Person { surname: "Mokoena".to_owned() };
    let (sealed, change) = vault.seal_record(&subject(1), "details", &person).unwrap();
    house.commit(change).unwrap();
    assert_eq!(vault.open_record(&subject(1), "details", &sealed).unwrap(), Some(person));
    let error = vault.open_record::<u32>(&subject(1), "details", &sealed).unwrap_err();
    assert!(matches!(error, VaultError::Record { .. }));
    assert!(!format!("{error} {error:?}").contains("Mokoena"), "an error quotes no personal data");
}

#[test]
fn of_two_first_values_at_once_one_begins_again() {
    let (house, vault) = vault();
    let (_, one) = vault.seal(&subject(1), "a", b"a").unwrap();
    let (_, two) = vault.seal(&subject(1), "b", b"b").unwrap();
    house.commit(one).unwrap();
    assert!(matches!(house.commit(two), Err(CommitError::Conflict { table, .. }) if table == SUBJECT_KEYS));
    house.keep(&vault, &subject(1), "b", b"b");
    assert_eq!(house.kept(&vault, &subject(1), "b").unwrap(), b"b");
}

#[test]
fn a_wrapped_key_moved_to_another_subject_opens_nothing() {
    let (house, vault) = vault();
    house.keep(&vault, &subject(1), "value", b"value");
    let stolen = house.store.get(SUBJECT_KEYS, subject(1).0.as_bytes()).unwrap().unwrap().value;
    house.commit(Change::new().insert(SUBJECT_KEYS, subject(2).0, stolen)).unwrap();
    assert!(matches!(vault.for_reading(&subject(2)), Err(VaultError::NotWrapped(_))));
    assert!(matches!(vault.for_writing(&subject(2)), Err(VaultError::NotWrapped(_))));
}

#[test]
fn what_is_missing_is_said() {
    let (house, vault) = vault();
    assert!(
        matches!(vault.open(&subject(1), "value", b""), Err(VaultError::NoKey(who)) if who == subject(1))
    );
    house.keep(&vault, &subject(1), "value", b"value");
    let stranger = house.vault(KeyRing::of(master()));
    let missing = vault.ring().current().id().clone();
    assert!(
        matches!(stranger.for_reading(&subject(1)), Err(VaultError::UnknownMasterKey(id)) if id == missing)
    );
    house.commit(Change::new().put(SUBJECT_KEYS, subject(1).0, "{}")).unwrap();
    assert!(matches!(vault.for_reading(&subject(1)), Err(VaultError::Storage(_))));
}

#[test]
fn a_ring_holds_each_name_once() {
    let (one, two) = (master(), master());
    let ring = KeyRing::of(one.clone()).and_retired(two.clone()).unwrap();
    for again in [one, two] {
        assert!(matches!(ring.clone().and_retired(again), Err(VaultError::TwoKeysOfOneName(_))));
    }
}

#[test]
fn nothing_secret_prints() {
    let (house, vault) = vault();
    let (envelope, change) = vault.for_writing(&subject(1)).unwrap();
    house.commit(change).unwrap();
    let (KeyRecord::Kept(kept), _) = vault.record(&subject(1)).unwrap().unwrap() else { panic!("kept") };
    let raw = vault.unwrapped(&subject(1), &kept, vault.cache.ticket()).unwrap();
    let shown = format!("{envelope:?} {:?} {:?}", vault.cache, vault.ring());
    for form in [hex::encode(**raw), format!("{:?}", &raw[..4]), String::from_utf8_lossy(&raw[..]).into()] {
        assert!(!shown.contains(&form) && !format!("{vault:?}").contains(&form));
    }
}
