//! A master key in a token: SoftHSM plays the hardware.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::Arc;

use ca_core::clock::{Entropy, SystemClock, SystemEntropy};
use ca_core::ledger::Ledger;
use ca_core::storage::memory::MemoryStore;
use ca_core::subject::IdentityRef;
use ca_core::token::{KeyPlace, Pin, TokenError};
use ca_core::vault::master::{KeyRing, MasterKey, Pkcs11MasterKey};
use ca_core::vault::{Vault, VaultError, VaultParts};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

#[path = "../../tests/src/soft_token.rs"]
mod soft_token;

use soft_token::{PIN, TOKEN, module, with_token};

const SUBJECT_KEY: [u8; 32] = [7; 32];

fn place(key: &str) -> KeyPlace {
    KeyPlace { module: module(), token: TOKEN.to_owned(), key: key.to_owned() }
}

fn pin(pin: &str) -> Pin {
    Pin::new(pin.to_owned().into())
}

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

fn generate(key: &str) -> Result<Pkcs11MasterKey, TokenError> {
    Pkcs11MasterKey::generate(place(key), pin(PIN), entropy())
}

fn open(key: &str) -> Result<Pkcs11MasterKey, TokenError> {
    Pkcs11MasterKey::open(place(key), pin(PIN), entropy())
}

/// The token as another program's eyes see it.
fn library() -> Pkcs11 {
    let library = Pkcs11::new(module()).unwrap();
    // Started already or not.
    let _ = library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    library
}

fn session(library: &Pkcs11) -> Session {
    let mut slots = library.get_slots_with_token().unwrap().into_iter();
    let slot = slots.find(|slot| library.get_token_info(*slot).unwrap().label() == TOKEN).unwrap();
    let session = library.open_rw_session(slot).unwrap();
    // Logged in already or not.
    let _ = session.login(UserType::User, Some(&AuthPin::new(PIN.into())));
    session
}

fn assert_works(key: &dyn MasterKey) {
    let wrapped = key.wrap(&SUBJECT_KEY, b"context").unwrap();
    assert_eq!(*key.unwrap(&wrapped, b"context").unwrap(), SUBJECT_KEY);
}

#[test]
fn what_it_wraps_it_alone_unwraps_in_the_same_context() {
    with_token("what_it_wraps_it_alone_unwraps_in_the_same_context", || {
        let (key, other) = (generate("master 1").unwrap(), generate("master 2").unwrap());
        assert_ne!(key.id(), other.id());
        let wrapped = key.wrap(&SUBJECT_KEY, b"context").unwrap();
        let again = open("master 1").unwrap();
        assert_eq!(again.id(), key.id());
        assert_eq!(*again.unwrap(&wrapped, b"context").unwrap(), SUBJECT_KEY);
        let refused = |outcome| matches!(outcome, Err(VaultError::NotWrapped(_)));
        assert!(refused(key.unwrap(&wrapped, b"contexT")));
        assert!(refused(other.unwrap(&wrapped, b"context")));
        for octet in 0..wrapped.len() {
            let mut altered = wrapped.clone();
            altered[octet] ^= 1;
            assert!(refused(key.unwrap(&altered, b"context")), "octet {octet}");
            assert!(refused(key.unwrap(&wrapped[..octet], b"context")), "cut at {octet}");
        }
        assert_works(&key);
        assert!(!format!("{key:?}").contains(PIN));
    });
}

#[test]
fn the_key_cannot_leave_the_token() {
    with_token("the_key_cannot_leave_the_token", || {
        let _key = generate("master").unwrap();
        let library = library();
        let session = session(&library);
        let wanted = [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(b"master".to_vec())];
        let [key] = session.find_objects(&wanted).unwrap().try_into().unwrap();
        let asked = [
            AttributeType::Value,
            AttributeType::Sensitive,
            AttributeType::AlwaysSensitive,
            AttributeType::Extractable,
            AttributeType::NeverExtractable,
        ];
        let told = session.get_attributes(key, &asked).unwrap();
        let expected = [
            Attribute::Sensitive(true),
            Attribute::AlwaysSensitive(true),
            Attribute::Extractable(false),
            Attribute::NeverExtractable(true),
        ];
        assert_eq!(told, expected, "and no CKA_VALUE");
        let made = session
            .generate_key(&Mechanism::AesKeyGen, &[Attribute::ValueLen(32.into()), Attribute::Wrap(true)]);
        assert!(session.wrap_key(&Mechanism::AesKeyWrap, made.unwrap(), key).is_err());
        assert!(matches!(generate("master"), Err(TokenError::KeyThere { .. })), "never a second of its name");
    });
}

#[test]
fn keys_that_are_not_fit_are_refused() {
    with_token("keys_that_are_not_fit_are_refused", || {
        let library = library();
        let session = session(&library);
        let fit = |label: &str| {
            vec![
                Attribute::Label(label.as_bytes().to_vec()),
                Attribute::KeyType(KeyType::AES),
                Attribute::Id(vec![1]),
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::ValueLen(32.into()),
            ]
        };
        let make = |template: &[Attribute]| session.generate_key(&Mechanism::AesKeyGen, template).unwrap();
        make(&fit("good"));
        assert_works(&open("good").unwrap());
        let faults = [
            (2, Attribute::Id(Vec::new()), "CKA_ID"),
            (4, Attribute::Private(false), "PIN"),
            (5, Attribute::Sensitive(false), "CKA_SENSITIVE"),
            (6, Attribute::Extractable(true), "CKA_EXTRACTABLE"),
            (7, Attribute::Encrypt(false), "CKA_ENCRYPT"),
            (8, Attribute::Decrypt(false), "CKA_DECRYPT"),
            (9, Attribute::ValueLen(16.into()), "256"),
        ];
        for (place, fault, word) in faults {
            let mut template = fit(word);
            template[place] = fault;
            make(&template);
            assert!(matches!(open(word), Err(TokenError::Unfit { why, .. }) if why.contains(word)), "{word}");
        }
        make(&fit("good"));
        assert!(matches!(open("good"), Err(TokenError::Unfit { why, .. }) if why.contains("several")));
    });
}

#[test]
fn a_wrong_pin_is_said_and_presented_once() {
    with_token("a_wrong_pin_is_said_and_presented_once", || {
        let wrong = Pkcs11MasterKey::open(place("master"), pin("99999"), entropy());
        assert!(matches!(wrong, Err(TokenError::WrongPin(token)) if token == TOKEN));
        let library = library();
        let slots = library.get_slots_with_token().unwrap();
        let states: Vec<_> = slots.iter().map(|slot| library.get_token_info(*slot).unwrap()).collect();
        assert!(states.iter().all(|state| !state.user_pin_locked() && !state.user_pin_final_try()));
        assert_works(&generate("master").unwrap());
    });
}

#[test]
fn a_pin_changed_meanwhile_is_presented_once() {
    with_token("a_pin_changed_meanwhile_is_presented_once", || {
        let key = generate("master").unwrap();
        let library = library();
        let session = session(&library);
        session.set_pin(&AuthPin::new(PIN.into()), &AuthPin::new("55555".into())).unwrap();
        assert_works(&key);
        session.logout().unwrap();
        // A token locks itself after a few.
        for _ in 0..20 {
            let outcome = key.wrap(&SUBJECT_KEY, b"");
            assert!(matches!(outcome, Err(VaultError::Token(TokenError::WrongPin(_)))), "{outcome:?}");
        }
        session.login(UserType::User, Some(&AuthPin::new("55555".into()))).unwrap();
        let reopened = Pkcs11MasterKey::open(place("master"), pin("55555"), entropy());
        assert_works(&reopened.unwrap());
    });
}

#[test]
fn what_is_missing_is_said() {
    with_token("what_is_missing_is_said", || {
        assert!(matches!(open("nobody"), Err(TokenError::NoKey { key, .. }) if key == "nobody"));
        let elsewhere = KeyPlace { token: "another".to_owned(), ..place("master") };
        let outcome = Pkcs11MasterKey::open(elsewhere, pin(PIN), entropy());
        assert!(matches!(outcome, Err(TokenError::NoToken { at_hand, .. }) if at_hand == [TOKEN]));
        let nothing = KeyPlace { module: PathBuf::from("/nowhere/lib.so"), ..place("master") };
        let outcome = Pkcs11MasterKey::open(nothing, pin(PIN), entropy());
        assert!(matches!(outcome, Err(TokenError::Module { .. })));
    });
}

#[test]
fn lost_sessions_and_logins_are_survived() {
    with_token("lost_sessions_and_logins_are_survived", || {
        let key = generate("master").unwrap();
        let wrapped = key.wrap(&SUBJECT_KEY, b"context").unwrap();
        let unwraps = |why: &str| {
            let outcome = key.unwrap(&wrapped, b"context");
            assert_eq!(*outcome.unwrap_or_else(|error| panic!("{why}: {error}")), SUBJECT_KEY);
        };
        let library = library();
        session(&library).logout().unwrap();
        unwraps("after a logout");
        library.clone().finalize().unwrap();
        unwraps("after the library was stopped");
        library.clone().finalize().unwrap();
        library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        unwraps("after the library was started anew");
        // Away, and back with another key in its place.
        let session = session(&library);
        let wanted = [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(b"master".to_vec())];
        let [there] = session.find_objects(&wanted).unwrap().try_into().unwrap();
        session.destroy_object(there).unwrap();
        assert!(matches!(key.wrap(&SUBJECT_KEY, b""), Err(VaultError::Token(TokenError::NoKey { .. }))));
        let _other = generate("master").unwrap();
        let outcome = key.wrap(&SUBJECT_KEY, b"");
        assert!(
            matches!(outcome, Err(VaultError::Token(TokenError::Unfit { why, .. })) if why.contains("another"))
        );
    });
}

#[test]
fn a_vault_works_on_a_token_from_many_threads() {
    with_token("a_vault_works_on_a_token_from_many_threads", || {
        let store = Arc::new(MemoryStore::new());
        let ledger = Ledger::new(Arc::new(SystemClock), entropy());
        let vault = Vault::new(VaultParts {
            store: store.clone(),
            keys: KeyRing::of(Arc::new(generate("master").unwrap())),
            ledger,
            clock: Arc::new(SystemClock),
            entropy: entropy(),
            cached_subjects: 0,
        });
        // More than sessions may be open.
        std::thread::scope(|threads| {
            for thread in 0..32 {
                let vault = &vault;
                threads.spawn(move || {
                    for number in 0..8 {
                        let who = IdentityRef(format!("person/{thread}-{number}"));
                        let (envelope, _) = vault.for_writing(&who).unwrap();
                        let sealed = envelope.seal("value", b"value").unwrap();
                        assert_eq!(envelope.open("value", &sealed).unwrap().as_slice(), b"value");
                    }
                });
            }
        });
    });
}
