//! CA keys in a token: SoftHSM plays the hardware, OpenSSL judges the signatures.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ca_core::algorithm::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use ca_core::certificate::CaId;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::keys::journal::{
    Digest, JournalPlace, JournalReader, JournalledSigner, Line, NodeName, SignatureJournal,
};
use ca_core::keys::token::{Expected, Modifiable, TokenSigner, make_key, signing_keys};
use ca_core::keys::{KeyError, Signer};
use ca_core::token::{KeyPlace, Pin, TokenError, Tries, tokens};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

#[path = "../../tests/src/soft_token.rs"]
mod soft_token;

use soft_token::{PIN, TOKEN, module, with_token};

fn place(key: &str) -> KeyPlace {
    KeyPlace { module: module(), token: TOKEN.to_owned(), key: key.to_owned() }
}

fn pin(pin: &str) -> Pin {
    Pin::new(pin.to_owned().into())
}

fn make(key: &str, algorithm: KeyAlgorithm) -> TokenSigner {
    make_key(place(key), pin(PIN), &Expected::of(algorithm), &SystemEntropy).unwrap()
}

fn open(key: &str, expected: &Expected) -> Result<TokenSigner, KeyError> {
    TokenSigner::open(place(key), pin(PIN), expected, &SystemEntropy)
}

/// The token as another program's eyes see it.
fn session() -> Session {
    let library = Pkcs11::new(module()).unwrap();
    // Started already or not.
    let _ = library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let mut slots = library.get_slots_with_token().unwrap().into_iter();
    let slot = slots.find(|slot| library.get_token_info(*slot).unwrap().label() == TOKEN).unwrap();
    let session = library.open_rw_session(slot).unwrap();
    // Logged in already or not.
    let _ = session.login(UserType::User, Some(&AuthPin::new(PIN.into())));
    session
}

fn openssl_accepts(signer: &dyn Signer, message: &[u8], signature: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let key = file("key", signer.public_key_info());
    let (message, signature) = (file("message", message), file("signature", signature));
    let digest = |digest| match digest {
        DigestAlgorithm::Sha256 => "sha256",
        DigestAlgorithm::Sha384 => "sha384",
        DigestAlgorithm::Sha512 => "sha512",
    };
    let pss = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"];
    let how = match signer.signature_algorithm() {
        SignatureAlgorithm::Ecdsa(over) | SignatureAlgorithm::RsaPkcs1(over) => vec!["-digest", digest(over)],
        SignatureAlgorithm::RsaPss(over) => [&["-digest", digest(over)][..], &pss].concat(),
        _ => Vec::new(),
    };
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let judged = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey", &path(&key)])
        .args(["-in", &path(&message), "-sigfile", &path(&signature)])
        .args(how)
        .output()
        .expect("openssl is not installed");
    judged.status.success()
}

#[test]
fn each_algorithm_signs_and_openssl_verifies() {
    with_token("each_algorithm_signs_and_openssl_verifies", || {
        let kinds = [
            KeyAlgorithm::P256,
            KeyAlgorithm::P384,
            KeyAlgorithm::Rsa3072,
            KeyAlgorithm::Rsa4096,
            KeyAlgorithm::Ed25519,
        ];
        for algorithm in kinds {
            let made = make(algorithm.name(), algorithm);
            for signature in algorithm.signature_algorithms() {
                let expected = Expected { signature: Some(*signature), ..Expected::of(algorithm) };
                let signer = open(algorithm.name(), &expected).unwrap();
                assert_eq!(signer.public_key_info(), made.public_key_info());
                assert_eq!((signer.algorithm(), signer.signature_algorithm()), (algorithm, *signature));
                let signed = signer.sign(b"message").unwrap();
                assert!(openssl_accepts(&signer, b"message", &signed), "{signature}");
                assert!(!openssl_accepts(&signer, b"massage", &signed), "{signature}");
            }
        }
        let again = make_key(place("p256"), pin(PIN), &Expected::of(KeyAlgorithm::P256), &SystemEntropy);
        assert!(matches!(again, Err(KeyError::Token(TokenError::KeyThere { .. }))));
        let other = open("p256", &Expected::of(KeyAlgorithm::P384)).unwrap_err();
        assert!(other.to_string().contains("is not on curve P-384"), "{other}");
        let seen = signing_keys(&place(""), &pin(PIN), Modifiable::Refused).unwrap();
        assert_eq!(seen.len(), kinds.len());
        assert!(
            seen.iter().all(|key| key.faults.is_empty() && key.algorithm.unwrap().name() == key.label),
            "{seen:?}"
        );
        let post_quantum =
            make_key(place("ml"), pin(PIN), &Expected::of(KeyAlgorithm::MlDsa65), &SystemEntropy);
        assert!(matches!(post_quantum, Err(KeyError::Token(TokenError::UnsupportedAlgorithm(_)))));
        assert!(!format!("{:?}", open("p256", &Expected::of(KeyAlgorithm::P256)).unwrap()).contains(PIN));
    });
}

/// A template for a P-256 key, with some attributes in place of others.
fn pair(label: &str, instead: &[Attribute]) {
    let id = Attribute::Id(label.as_bytes().to_vec());
    let public = [
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
        id.clone(),
        Attribute::EcParams(hex::decode("06082a8648ce3d030107").unwrap()),
    ];
    let mut private = vec![
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
        id,
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ];
    for attribute in instead {
        private.retain(|other| other.attribute_type() != attribute.attribute_type());
        private.push(attribute.clone());
    }
    session().generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
}

#[test]
fn keys_that_are_not_fit_are_refused_and_why() {
    with_token("keys_that_are_not_fit_are_refused_and_why", || {
        let expected = Expected::of(KeyAlgorithm::P256);
        pair("good", &[]);
        open("good", &expected).unwrap();
        let faults = [
            (Attribute::Private(false), "CKA_PRIVATE"),
            (Attribute::Sensitive(false), "CKA_SENSITIVE"),
            (Attribute::Extractable(true), "CKA_EXTRACTABLE"),
            (Attribute::Sign(false), "CKA_SIGN"),
            (Attribute::Decrypt(true), "CKA_DECRYPT"),
            (Attribute::Unwrap(true), "CKA_UNWRAP"),
            (Attribute::Derive(true), "CKA_DERIVE"),
            (Attribute::AlwaysAuthenticate(true), "CKA_ALWAYS_AUTHENTICATE"),
            (Attribute::Modifiable(true), "CKA_MODIFIABLE"),
        ];
        for (fault, word) in &faults {
            pair(word, std::slice::from_ref(fault));
            let refused = open(word, &expected).unwrap_err().to_string();
            assert!(
                refused.contains(&format!("{word} is")) && refused.contains("npki token make-key"),
                "{refused}"
            );
        }
        let lenient = Expected { modifiable: Modifiable::Accepted, ..expected };
        open("CKA_MODIFIABLE", &lenient).unwrap();
        let seen = signing_keys(&place(""), &pin(PIN), Modifiable::Refused).unwrap();
        assert_eq!(seen.iter().filter(|key| key.faults.is_empty()).count(), 1);
        // Made elsewhere and put in: neither local nor never extractable.
        pair("orphan", &[]);
        let session = session();
        let wanted = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label(b"orphan".to_vec())];
        let [public] = session.find_objects(&wanted).unwrap().try_into().unwrap();
        session.destroy_object(public).unwrap();
        let refused = open("orphan", &expected).unwrap_err();
        assert!(matches!(refused, KeyError::Token(TokenError::NoPublicKey { found: 0, .. })), "{refused}");
        imported("imported");
        let refused = open("imported", &expected).unwrap_err().to_string();
        assert!(refused.contains("copies may exist"), "{refused}");
    });
}

/// Puts a key into the token that was made outside.
fn imported(label: &str) {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"])
        .arg(&key)
        .status()
        .unwrap();
    assert!(made.success());
    let put = Command::new("softhsm2-util")
        .args([
            "--import",
            key.to_str().unwrap(),
            "--token",
            TOKEN,
            "--label",
            label,
            "--id",
            "aa",
            "--pin",
            PIN,
        ])
        .output()
        .unwrap();
    assert!(put.status.success(), "{}", soft_token::said(&put));
}

#[test]
fn a_public_key_of_another_is_found_out() {
    with_token("a_public_key_of_another_is_found_out", || {
        pair("one", &[]);
        pair("two", &[]);
        let session = session();
        let of = |label: &str| {
            let wanted = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label(label.into())];
            let [found] = session.find_objects(&wanted).unwrap().try_into().unwrap();
            found
        };
        session.destroy_object(of("one")).unwrap();
        session.update_attributes(of("two"), &[Attribute::Id(b"one".to_vec())]).unwrap();
        let refused = open("one", &Expected::of(KeyAlgorithm::P256)).unwrap_err();
        assert!(matches!(refused, KeyError::Token(TokenError::FalseSignature { .. })), "{refused}");
    });
}

#[test]
fn a_wrong_pin_is_presented_once_by_all_keys_and_threads() {
    with_token("a_wrong_pin_is_presented_once_by_all_keys_and_threads", || {
        let signer = make("issuing", KeyAlgorithm::P256);
        // Nobody is logged in any more.
        drop(signer);
        session().logout().unwrap();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    let expected = Expected::of(KeyAlgorithm::P256);
                    let refused =
                        TokenSigner::open(place("issuing"), pin("99999"), &expected, &SystemEntropy);
                    let refused = refused.unwrap_err();
                    assert!(matches!(refused, KeyError::Token(TokenError::WrongPin(_))), "{refused}");
                });
            }
        });
        let [token] = tokens(&module()).unwrap().try_into().unwrap();
        assert_eq!((token.label.as_str(), token.tries), (TOKEN, Tries::Fewer));
        open("issuing", &Expected::of(KeyAlgorithm::P256)).unwrap();
        assert_eq!(tokens(&module()).unwrap()[0].tries, Tries::All);
    });
}

#[test]
fn sixteen_threads_sign_at_once_and_the_journal_has_each() {
    with_token("sixteen_threads_sign_at_once_and_the_journal_has_each", || {
        let key = Arc::new(make("issuing", KeyAlgorithm::P256));
        let folder = tempfile::tempdir().unwrap();
        let place = JournalPlace {
            folder: folder.path().to_owned(),
            ca: CaId::new("issuing").unwrap(),
            node: NodeName::new("alpha").unwrap(),
            key: Digest::of(key.public_key_info()),
        };
        let journal = SignatureJournal::open(&place, Arc::new(SystemClock), &SystemEntropy).unwrap();
        let signer = JournalledSigner::new(key, Arc::new(journal)).unwrap();
        std::thread::scope(|threads| {
            for thread in 0..16 {
                let signer = &signer;
                threads.spawn(move || {
                    for turn in 0..25 {
                        signer.sign(format!("{thread}/{turn}").as_bytes()).unwrap();
                    }
                });
            }
        });
        let lines = JournalReader::open(&place.path()).unwrap().lines(0, 1_000).unwrap();
        let mut found: Vec<Digest> = lines
            .iter()
            .map(|line| match line {
                Line::Sound(entry) => entry.digest,
                other => panic!("{other:?}"),
            })
            .collect();
        let all = (0..16).flat_map(|thread| (0..25).map(move |turn| format!("{thread}/{turn}")));
        let mut expected: Vec<Digest> = all.map(|text| Digest::of(text.as_bytes())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    });
}

#[test]
fn a_token_is_pulled_and_returned_while_threads_sign() {
    with_token("a_token_is_pulled_and_returned_while_threads_sign", || {
        let signer = make("issuing", KeyAlgorithm::P256);
        let (stop, signed, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let wait_for_more = |counter: &AtomicUsize, what: &str| {
            let (from, give_up) = (counter.load(Ordering::SeqCst), Instant::now() + Duration::from_secs(20));
            while counter.load(Ordering::SeqCst) < from + 20 {
                if Instant::now() > give_up {
                    // Lets the threads go, which the scope waits for.
                    stop.store(true, Ordering::SeqCst);
                    panic!("{what}: {:?}", signer.sign(b"again"));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        match signer.sign(b"message") {
                            Ok(_) => signed.fetch_add(1, Ordering::SeqCst),
                            Err(_) => failed.fetch_add(1, Ordering::SeqCst),
                        };
                    }
                });
            }
            wait_for_more(&signed, "before");
            let (here, away) = (soft_token::tokens(), soft_token::tokens().with_extension("away"));
            for _ in 0..2 {
                std::fs::rename(&here, &away).unwrap();
                wait_for_more(&failed, "pulled, and it signs on");
                std::fs::rename(&away, &here).unwrap();
                wait_for_more(&signed, "returned, and it does not sign");
            }
            stop.store(true, Ordering::SeqCst);
        });
    });
}
