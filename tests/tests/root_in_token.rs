//! An offline root whose key is in a token: the holders share its PIN, the key is made in the token and never leaves it, and
//! ends there. SoftHSM plays the hardware, OpenSSL judges.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use ca_core::ceremony::custody::{CustodyRecord, Share};
use ca_core::keys::token::{KeySeen, Modifiable, signing_keys};
use ca_core::token::{KeyPlace, Pin};
use serde_json::Value;
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::soft_token::{PIN, TOKEN, module, with_token};
use tests::strong_room::{StrongRoom, crl_script, head, of_root, root_script};

fn script(room: &StrongRoom) -> String {
    let token = format!(
        "algorithm = \"p384\"\nkept = \"pkcs11\"\n[root.token]\nmodule = \"{}\"\nlabel = \"{TOKEN}\"\nkey = \"root-g1\"\n",
        module().display()
    );
    // The other keys of [root] come before its tables.
    let plain = root_script(room, "National Root CA G1").replacen("algorithm = \"p384\"\n", "", 1);
    let (before, after) = plain.split_once("[root.name]").unwrap();
    format!("{before}{token}[root.name]{after}")
}

fn place() -> KeyPlace {
    KeyPlace { module: module(), token: TOKEN.to_owned(), key: "root-g1".to_owned() }
}

#[test]
fn a_root_lives_and_ends_in_its_token() {
    with_token("a_root_lives_and_ends_in_its_token", || {
        let room = StrongRoom::new("http://pki.gov.ls");
        refused_before_anything_happens(&room);
        founded(&room);
        lists(&room);
        ends(&room);
    });
}

fn refused_before_anything_happens(room: &StrongRoom) {
    let wrong = script(room).replace(&format!("label = \"{TOKEN}\""), "label = \"elsewhere\"");
    let said = room.hold_refused("root-g1", &wrong);
    assert!(said.contains("not at hand"), "{said}");
    let software = script(room).replace("kept = \"pkcs11\"", "kept = \"software\"");
    let path = room.path("software.toml");
    std::fs::write(&path, software).unwrap();
    let check = ["ceremony", "check", text(&path)];
    assert_eq!(room.npki.refused(exit::USAGE, &check).code, "E-CER-001");
    assert!(room.cause(&check).contains("say kept = \"pkcs11\""));
    std::fs::write(&path, script(room).replace("algorithm = \"p384\"", "algorithm = \"ml-dsa-65\"")).unwrap();
    assert!(room.cause(&check).contains("tokens make"), "{}", room.cause(&check));
}

/// The officer types a wrong PIN first; the ceremony waits and goes on.
fn founded(room: &StrongRoom) {
    room.also_answers("token.pin", "1234567");
    let said = room.hold_refused("root-g1", &script(room));
    assert!(said.contains("refused the PIN"), "{said}");
    room.also_answers("token.pin", PIN);
    let held = room.resumed("root-g1");
    let transcript = room.verify_transcript(&held);
    let shown = room.npki.done(&["ceremony", "show", text(&transcript)]);
    let step = |name: &str| -> Vec<Value> {
        let steps = shown["steps"].as_array().unwrap();
        steps.iter().filter(|entry| entry["step"] == name).cloned().collect()
    };
    assert_eq!((step("pin").len(), step("key").len()), (1, 1));
    assert_eq!(step("key")[0]["facts"]["token"], TOKEN);
    assert!(!std::fs::read_to_string(&transcript).unwrap().contains(PIN), "a PIN is in the transcript");
    assert!(!room.medium().join("keys/root.key").exists(), "the key is in a file");
    // The PIN of before opens nothing any more.
    let before = Pin::new(PIN.to_owned().into());
    assert!(signing_keys(&place(), &before, Modifiable::Refused).is_err());
    let (root, list) = (room.made("root.pem"), room.made("root.crl"));
    let verify = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", text(&root), text(&root)];
    Program::named("openssl").args(verify).run().succeeded();
    let crl = ["crl", "-inform", "DER", "-in", text(&list), "-noout", "-verify", "-CAfile", text(&root)];
    Program::named("openssl").args(crl).run().succeeded().saying("verify OK");
    // It is private, was made in the token, and cannot be taken out: else it would have faults.
    let keys = keys_in_token(room);
    assert_eq!((keys.len(), keys[0].label.as_str()), (1, "root-g1"));
    assert!(keys[0].faults.is_empty(), "{:?}", keys[0].faults);
}

/// What three of the holders see in the token, opened with the PIN that they share.
fn keys_in_token(room: &StrongRoom) -> Vec<KeySeen> {
    let record = std::fs::read(room.medium().join("custody.json")).unwrap();
    let record = CustodyRecord::parse(&record).unwrap();
    let share = |index: u8| {
        let written = std::fs::read_to_string(room.share(index.into())).unwrap();
        Share::read(&written, &record, record.held(index).unwrap(), None).unwrap()
    };
    let pin = record.combine(&[share(2), share(3), share(4)]).unwrap().pin().unwrap();
    signing_keys(&place(), &pin, Modifiable::Refused).unwrap()
}

/// A later ceremony: three other holders open the same token.
fn lists(room: &StrongRoom) {
    let held = room.hold("crl-2", &crl_script(room, "crl-2", 2, "2099-01-31", &[]));
    room.verify_transcript(&held);
    let (root, list) = (room.made("root.pem"), room.made("crl-2.crl"));
    let crl = ["crl", "-inform", "DER", "-in", text(&list), "-noout", "-verify", "-CAfile", text(&root)];
    Program::named("openssl").args(crl).run().succeeded().saying("verify OK");
}

fn ends(room: &StrongRoom) {
    let script = format!(
        "{}{}[key_destruction]\nreason = \"succeeded by G2\"\n",
        head("end-g1", "key-destruction"),
        of_root(room)
    );
    let held = room.hold("end-g1", &script);
    room.verify_transcript(&held);
    let said = room.hold_refused("end-again", &script.replace("end-g1", "end-again"));
    assert!(said.contains("it was destroyed"), "{said}");
    assert!(keys_in_token(room).is_empty());
}
