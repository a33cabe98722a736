#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::keys::software::SoftwareKey;

/// The example of `golang.org/x/mod/sumdb/note`.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const BY_PETER: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const BY_ENOCH: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn parse(note: &str) -> Result<SignedNote, NoteError> {
    SignedNote::parse(note.as_bytes())
}

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

fn signer(name: &str) -> NoteSigner {
    let key = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
    NoteSigner::new(name.parse().unwrap(), Arc::new(key)).unwrap()
}

#[test]
fn the_example_of_go_verifies() {
    let text = format!("{TEXT}\n{BY_PETER}");
    let note = parse(&text).unwrap();
    assert_eq!(note.text(), TEXT);
    assert_eq!(note.to_string(), text);
    let verified = note.verify(&[key(PETER)]).unwrap();
    assert_eq!(verified, [&note.signatures()[0]]);
    assert_eq!(key(PETER).to_string(), PETER);
    assert_eq!(key(PETER).id().to_string(), "c74f20a3");
}

#[test]
fn what_was_signed_verifies_and_nothing_else_does() {
    let signer = signer("example.org/log");
    let known = [signer.verifier_key().clone()];
    let note = SignedNote::sign("one\n\ntwo\n".to_owned(), &signer).unwrap();
    let again = parse(&note.to_string()).unwrap();
    assert_eq!(again, note);
    assert_eq!(again.text(), "one\n\ntwo\n");
    assert_eq!(again.verify(&known).unwrap().len(), 1);
    let other = parse(&note.to_string().replace("two", "two ")).unwrap();
    assert!(matches!(other.verify(&known), Err(NoteError::WrongSignature { .. })));
}

#[test]
fn signatures_of_unknown_keys_are_ignored_also_where_they_share_a_name() {
    let (one, two) = (signer("same"), signer("same"));
    let mut note = SignedNote::sign("text\n".to_owned(), &two).unwrap();
    let known = [one.verifier_key().clone()];
    assert_eq!(note.verify(&known), Err(NoteError::NoKnownSignature));
    note.add(one.sign("text\n").unwrap()).unwrap();
    assert_eq!(note.verify(&known).unwrap(), [&note.signatures()[1]]);
    let both = parse(&format!("{TEXT}\n{BY_ENOCH}{BY_PETER}{BY_PETER}")).unwrap();
    assert_eq!(both.verify(&[key(PETER)]).unwrap().len(), 1, "once for each key");
    assert_eq!(both.verify(&[]), Err(NoteError::NoKnownSignature));
}

#[test]
fn a_wrong_signature_beside_a_right_one_spoils_the_note() {
    let (one, two) = (signer("one"), signer("two"));
    let mut note = SignedNote::sign("text\n".to_owned(), &one).unwrap();
    note.add(two.sign("another text\n").unwrap()).unwrap();
    let known = [one, two].map(|signer| signer.verifier_key().clone());
    assert!(
        matches!(note.verify(&known), Err(NoteError::WrongSignature { name, .. }) if name.as_str() == "two")
    );
    assert_eq!(note.verify(&known[..1]).unwrap().len(), 1);
}

#[test]
fn malformed_notes_are_refused() {
    let line = |line: &str| parse(&format!("{TEXT}\n{line}")).unwrap_err();
    let ascii = BY_PETER.replace('—', "-");
    let crlf = BY_PETER.replace('\n', "\r\n");
    for (bad, error) in [
        ("", NoteError::Form),
        ("\n", NoteError::Form),
        (BY_PETER.trim_end(), NoteError::SignatureLine(1)),
        (&ascii, NoteError::SignatureLine(1)),
        (&crlf, NoteError::ControlCharacter),
        ("—  x08go/ZJ\n", NoteError::SignatureLine(1)),
        ("— a+b x08go/ZJ\n", NoteError::SignatureLine(1)),
        ("— name\n", NoteError::SignatureLine(1)),
        ("— name \n", NoteError::SignatureLine(1)),
        ("— name x08gow==\n", NoteError::SignatureLine(1)),
        ("— name x08go/ZJ \n", NoteError::SignatureLine(1)),
        ("— na me x08go/ZJ\n", NoteError::SignatureLine(1)),
        ("— na\u{a0}me x08go/ZJ\n", NoteError::SignatureLine(1)),
    ] {
        assert_eq!(line(bad), error, "{bad:?}");
    }
    for (note, error) in [
        ("", NoteError::Form),
        (TEXT, NoteError::Form),
        (BY_PETER, NoteError::Form),
        (&format!("{TEXT}{BY_PETER}"), NoteError::Form),
        (&format!("te\txt\n\n{BY_PETER}"), NoteError::ControlCharacter),
        (&format!("te\0xt\n\n{BY_PETER}"), NoteError::ControlCharacter),
    ] {
        assert_eq!(parse(note), Err(error), "{note:?}");
    }
    assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::NotUtf8));
}

#[test]
fn the_number_and_size_of_signatures_is_bounded() {
    let note = |signatures: usize| format!("{TEXT}\n{}", BY_PETER.repeat(signatures));
    assert_eq!(parse(&note(MAX_SIGNATURES)).unwrap().signatures().len(), MAX_SIGNATURES);
    assert_eq!(parse(&note(MAX_SIGNATURES + 1)), Err(NoteError::TooManySignatures));
    let mut full = parse(&note(MAX_SIGNATURES)).unwrap();
    assert_eq!(full.add(full.signatures()[0].clone()), Err(NoteError::TooManySignatures));
    let long = format!("{}\n\n{BY_PETER}", "a".repeat(MAX_NOTE));
    assert_eq!(parse(&long), Err(NoteError::TooLong));
    // signed-note, "Format": "at least up to 16 signatures […] up to nearly 5kB in size".
    let large = Signature::by(&key(PETER), vec![7; 5000]);
    let sixteen = format!("{TEXT}\n{}", format!("{large}\n").repeat(16));
    assert_eq!(parse(&sixteen).unwrap().signatures().len(), 16);
}

#[test]
fn texts_that_are_no_notes_are_not_signed() {
    let signer = signer("name");
    let sign = |text: &str| SignedNote::sign(text.to_owned(), &signer);
    assert!(matches!(sign("no newline"), Err(SignError::Text(NoteError::Form))));
    assert!(matches!(sign(""), Err(SignError::Text(NoteError::Form))));
    assert!(matches!(sign("a\tb\n"), Err(SignError::Text(NoteError::ControlCharacter))));
}

#[test]
fn verifier_keys_are_read_strictly() {
    let error = |text: &str| text.parse::<VerifierKey>().unwrap_err();
    assert_eq!(error(&PETER.replace("Peter", "Petra")), NoteKeyError::Identifier);
    assert_eq!(error(&PETER.replace("Rpc", "Rpd")), NoteKeyError::Identifier);
    assert_eq!(error(&PETER.replace("+ARpc", "+ChAR")), NoteKeyError::Kind(10));
    for form in
        ["", "PeterNeumann", "PeterNeumann+c74f20a3", "a+c74f20a3+", "a+c74f20a3+AQ==", "a+c74f20+ARpc"]
    {
        assert_eq!(error(form), NoteKeyError::Form, "{form}");
    }
    assert_eq!(error(&format!("{PETER}\n")), NoteKeyError::Form);
    assert_eq!(error(&PETER.replace("PeterNeumann", "")), NoteKeyError::Name);
    assert_eq!(error(&PETER.replace("PeterNeumann", "Peter Neumann")), NoteKeyError::Name);
}

#[test]
fn only_ed25519_keys_sign_notes() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384] {
        let key = Arc::new(SoftwareKey::generate(algorithm).unwrap());
        assert_eq!(NoteSigner::new("name".parse().unwrap(), key).unwrap_err(), NoteKeyError::NotEd25519);
    }
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_the_same(
        text in "[ -~é\n]{0,40}", lines in "(— [ab+ ]{1,3} [A-Za-z/+=]{8,12}\n){0,3}",
    ) {
        let note = format!("{text}\n\n{lines}");
        if let Ok(parsed) = parse(&note) {
            prop_assert_eq!(parsed.to_string(), note);
        }
    }

    #[test]
    fn no_octets_upset_the_reader(octets: Vec<u8>) {
        let _ = SignedNote::parse(&octets);
    }
}
