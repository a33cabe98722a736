#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::clock::SetClock;
use crate::keys::software::SoftwareKey;
use crate::tlog::checkpoint::{Checkpoint, Log, SignedCheckpoint};
use crate::tlog::note::NoteSigner;
use crate::tlog::tree::TreeHead;

const MOMENT: i64 = 1_679_315_147;

fn key() -> Arc<SoftwareKey> {
    Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap())
}

fn cosigner(name: &str) -> Cosigner {
    Cosigner::new(name.parse().unwrap(), key()).unwrap()
}

fn clock(moment: i64) -> SetClock {
    SetClock::at(OffsetDateTime::from_unix_timestamp(moment).unwrap())
}

fn checkpoint() -> (Log, VerifiedCheckpoint) {
    let signer = NoteSigner::new("example.org/log".parse().unwrap(), key()).unwrap();
    let log = Log::named_by(signer.verifier_key().clone()).unwrap();
    let signed = Checkpoint::new(log.origin().clone(), TreeHead::empty()).unwrap().sign(&signer).unwrap();
    (log.clone(), signed.verify(&log).unwrap())
}

fn line(cosigner: &Cosigner, checkpoint: &VerifiedCheckpoint) -> String {
    format!("{}\n", cosigner.cosign(checkpoint, &clock(MOMENT)).unwrap())
}

fn policy(cosigners: &[&Cosigner], quorum: usize) -> WitnessPolicy {
    WitnessPolicy::new(cosigners.iter().map(|cosigner| cosigner.verifier_key().clone()).collect(), quorum)
        .unwrap()
}

fn names(cosignatures: &[Cosignature]) -> Vec<&str> {
    cosignatures.iter().map(|cosignature| cosignature.witness.as_str()).collect()
}

#[test]
fn the_message_of_the_specification() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(
        String::from_utf8(message(1_679_315_147, text)).unwrap(),
        "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
         CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    );
}

#[test]
fn the_cosignature_of_the_specifications_example_has_its_time() {
    let line = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let said = Cosignature::of(&Signature::parse_lines(line).unwrap()[0]).unwrap();
    assert_eq!((said.witness.as_str(), said.time.unix_timestamp()), ("witness.example.com/w1", MOMENT));
}

#[test]
fn the_witnesses_that_cosigned_are_named() {
    let (log, mut checkpoint) = checkpoint();
    let [one, two, three] = ["w/1", "w/2", "w/3"].map(cosigner);
    let trusted = policy(&[&one, &two, &three], 2);
    assert_eq!(trusted.verify(&checkpoint), Err(CosignatureError::NoQuorum { by: Vec::new(), quorum: 2 }));
    let unknown = cosigner("w/1");
    let answer = format!("{}{}", line(&unknown, &checkpoint), line(&one, &checkpoint));
    assert_eq!(names(&trusted.collect(&mut checkpoint, answer.as_bytes()).unwrap()), ["w/1"]);
    assert!(
        matches!(trusted.verify(&checkpoint), Err(CosignatureError::NoQuorum { by, .. }) if by.len() == 1)
    );
    // The same witness again counts once.
    assert!(trusted.collect(&mut checkpoint, answer.as_bytes()).unwrap().is_empty());
    let answer = line(&three, &checkpoint);
    trusted.collect(&mut checkpoint, answer.as_bytes()).unwrap();
    let published = SignedCheckpoint::parse(checkpoint.to_string().as_bytes()).unwrap();
    let by = trusted.verify(&published.verify(&log).unwrap()).unwrap();
    assert_eq!(names(&by), ["w/1", "w/3"]);
    assert!(by.iter().all(|cosignature| cosignature.time.unix_timestamp() == MOMENT));
}

#[test]
fn wrong_cosignatures_are_refused() {
    let (_, mut checkpoint) = checkpoint();
    let witness = cosigner("w/1");
    let trusted = policy(&[&witness], 1);
    let right = witness.cosign(&checkpoint, &clock(MOMENT)).unwrap();
    for octet in 0..SIGNATURE {
        let mut octets = right.octets().to_vec();
        octets[octet] ^= 1;
        let wrong = format!("{}\n", Signature::by(witness.verifier_key(), octets));
        let refused = trusted.collect(&mut checkpoint, wrong.as_bytes());
        assert!(
            matches!(refused, Err(CosignatureError::Note(NoteError::WrongSignature { .. }))),
            "octet {octet}: {refused:?}"
        );
    }
    for length in [1, 8, 64, 71, 73] {
        let mut octets = right.octets().to_vec();
        octets.resize(length, 0);
        let wrong = format!("{}\n", Signature::by(witness.verifier_key(), octets));
        assert!(trusted.collect(&mut checkpoint, wrong.as_bytes()).is_err(), "{length}");
    }
    for answer in [&b""[..], b"\n", b"no signature\n", b"\xff"] {
        assert!(
            matches!(trusted.collect(&mut checkpoint, answer), Ok(none) if none.is_empty())
                == answer.is_empty()
        );
    }
    assert_eq!(checkpoint.note().signatures().len(), 1, "nothing was added");
    assert!(matches!(witness.cosign(&checkpoint, &clock(-1)), Err(CosignError::Clock)));
}

#[test]
fn a_policy_has_no_witness_twice() {
    let shared = key();
    let named =
        |name: &str| Cosigner::new(name.parse().unwrap(), Arc::<SoftwareKey>::clone(&shared)).unwrap();
    let keys = |cosigners: [&Cosigner; 2]| cosigners.map(|cosigner| cosigner.verifier_key().clone()).to_vec();
    let (one, same_key) = (named("w/1"), named("w/2"));
    assert!(matches!(WitnessPolicy::new(keys([&one, &same_key]), 1), Err(PolicyError::Twice(_))));
    assert!(matches!(WitnessPolicy::new(keys([&one, &cosigner("w/1")]), 1), Err(PolicyError::Twice(_))));
    let two = keys([&one, &cosigner("w/2")]);
    assert!(matches!(WitnessPolicy::new(two.clone(), 3), Err(PolicyError::Quorum { .. })));
    assert_eq!(WitnessPolicy::new(two, 2).unwrap().quorum(), 2);
    let log = NoteSigner::new("log".parse().unwrap(), key()).unwrap();
    let log = vec![log.verifier_key().clone()];
    assert!(matches!(WitnessPolicy::new(log, 1), Err(PolicyError::NotAWitness(_))));
    assert!(Log::named_by(one.verifier_key().clone()).is_err());
}
