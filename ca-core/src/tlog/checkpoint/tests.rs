#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::keys::software::SoftwareKey;
use crate::tlog::hash::leaf_hash;

fn signer(name: &str) -> NoteSigner {
    let key = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
    NoteSigner::new(name.parse().unwrap(), Arc::new(key)).unwrap()
}

fn head() -> TreeHead {
    TreeHead { size: 20_852_163, root: leaf_hash(b"") }
}

fn parse_signed(text: &str) -> Result<SignedCheckpoint, CheckpointError> {
    let note = SignedNote::sign(text.to_owned(), &signer("example.org/log")).unwrap();
    SignedCheckpoint::parse(note.to_string().as_bytes())
}

/// The example of tlog-checkpoint.
const EXAMPLE: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
";

#[test]
fn the_example_of_the_specification_is_read() {
    let signed = SignedCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(signed.to_string(), EXAMPLE);
    assert_eq!(signed.claimed_origin().as_str(), "example.com/behind-the-sofa");
    assert_eq!(signed.claimed_head().size, 20_852_163);
    assert_eq!(signed.claimed_head().root.to_base64(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
}

#[test]
fn a_checkpoint_is_believed_of_its_log_only() {
    let key = signer("example.org/log");
    let log = Log::named_by(key.verifier_key().clone()).unwrap();
    let checkpoint = Checkpoint::new(log.origin().clone(), head()).unwrap();
    let signed = checkpoint.clone().sign(&key).unwrap();
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert_eq!(read, signed);
    assert_eq!(read.verify(&log).unwrap().checkpoint(), &checkpoint);

    let elsewhere = Checkpoint::new("example.org/other".parse().unwrap(), head()).unwrap();
    let elsewhere = elsewhere.sign(&key).unwrap().verify(&log);
    assert!(matches!(elsewhere, Err(CheckpointError::OtherLog { .. })), "{elsewhere:?}");
    let by_another = checkpoint.sign(&signer("example.org/log")).unwrap().verify(&log);
    assert_eq!(by_another, Err(CheckpointError::Note(NoteError::NoKnownSignature)));
}

#[test]
fn a_log_may_change_its_key() {
    let (old, new, foreign) = (signer("old"), signer("new"), signer("foreign"));
    let keys = [&old, &new].map(|key| key.verifier_key().clone()).to_vec();
    let log = Log::new("example.org/log".parse().unwrap(), keys).unwrap();
    for key in [&old, &new] {
        let checkpoint = Checkpoint::new(log.origin().clone(), head()).unwrap();
        let mut signed = checkpoint.sign(key).unwrap();
        let by_log = signed.to_string();
        signed.note.add(foreign.sign(signed.note.text()).unwrap()).unwrap();
        let verified = signed.clone().verify(&log).unwrap();
        assert_eq!(verified.to_string(), signed.to_string(), "others' signatures stay");
        assert_eq!(verified.without_others().to_string(), by_log);
    }
    assert_eq!(Log::new("a".parse().unwrap(), Vec::new()), Err(LogError::NoKey));
}

#[test]
fn extension_lines_are_kept_and_signed() {
    let root = head().root.to_base64();
    let text = format!("any origin + more\n0\n{root}\none\ntwo three\n");
    let signed = parse_signed(&text).unwrap();
    assert_eq!(signed.checkpoint.extensions(), ["one", "two three"]);
    assert_eq!(signed.checkpoint.to_string(), text);
}

#[test]
fn texts_of_another_form_are_refused() {
    let root = head().root.to_base64();
    let short = &root[..40];
    for (text, error) in [
        ("origin\n1\n".to_owned(), CheckpointError::Lines),
        ("origin\n".to_owned(), CheckpointError::Lines),
        (format!("\n1\n{root}\n"), CheckpointError::Origin),
        (format!("origin\n\n{root}\n"), CheckpointError::Size),
        (format!("origin\n01\n{root}\n"), CheckpointError::Size),
        (format!("origin\n-1\n{root}\n"), CheckpointError::Size),
        (format!("origin\n 1\n{root}\n"), CheckpointError::Size),
        (format!("origin\n9223372036854775808\n{root}\n"), CheckpointError::Size),
        (format!("origin\n1\n{short}\n"), CheckpointError::Root),
        (format!("origin\n1\n{root} \n"), CheckpointError::Root),
        (format!("origin\n1\n{root}\n\n"), CheckpointError::Lines),
        (format!("origin\n1\n{root}\n\nextension\n"), CheckpointError::Lines),
    ] {
        assert_eq!(parse_signed(&text), Err(error), "{text:?}");
    }
    assert!(parse_signed(&format!("origin\n9223372036854775807\n{root}\n")).is_ok());
    let large = Checkpoint::new("origin".parse().unwrap(), TreeHead { size: 1 << 63, ..head() });
    assert_eq!(large, Err(CheckpointError::Size));
}
