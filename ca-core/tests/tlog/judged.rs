//! Trees, tiles, proofs, notes and cosignatures before a foreign judge: the libraries of Go's checksum database
//! (`golang.org/x/mod/sumdb`), in the program `tests/judges/tlog`.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use ca_core::clock::SystemClock;
use ca_core::tlog::cosignature::{Cosigner, WitnessPolicy};
use ca_core::tlog::hash::Hash;
use ca_core::tlog::note::{KeyName, NoteError, SignedNote, VerifierKey};
use ca_core::tlog::tree::{TreeHead, consistency_proof, inclusion_proof};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shelf::{Shelf, SigningLog, entry, key, leaves};

const ENTRIES: usize = 66_000;

#[derive(Deserialize)]
struct Answer {
    complaints: Option<Vec<String>>,
    signers: Option<Vec<Option<Vec<String>>>>,
    note: String,
    key: String,
}

/// Asks the judge, which Go builds before it runs.
fn ask(question: &Value) -> Answer {
    let mut judge = Command::new("go")
        .args(["run", "."])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/judges/tlog"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("Go is installed: apt-get install golang-go");
    judge.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success(), "the judge gives an answer");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn base64(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_base64).collect()
}

fn shelf() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| Shelf::grown(&leaves(ENTRIES)))
}

/// Sizes at and around every power of two up to a full tile, and where tiles of level 0 and 1 become full.
fn sizes() -> Vec<u64> {
    let small = 1..=70_u64;
    let edges = [127, 128, 129, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, ENTRIES as u64];
    small.chain(edges).collect()
}

fn entries() -> Vec<String> {
    (0..ENTRIES).map(|number| String::from_utf8(entry(number)).unwrap()).collect()
}

#[test]
fn go_agrees_with_every_root_proof_and_tile() {
    let sizes = sizes();
    let root = |size: &u64| json!({"size": size, "root": shelf().head(*size).root.to_base64()});
    let inclusion = |size: u64, leaf: u64| {
        let proof = inclusion_proof(shelf(), leaf, size).unwrap();
        json!({"size": size, "leaf": leaf, "proof": base64(&proof)})
    };
    let inclusions: Vec<Value> = sizes
        .iter()
        .flat_map(|size| {
            sizes.iter().filter(|leaf| *leaf < size).chain([&0]).map(|leaf| inclusion(*size, *leaf))
        })
        .collect();
    let consistency = |old: u64, size: u64| {
        let proof = consistency_proof(shelf(), old, size).unwrap();
        json!({"old": old, "size": size, "proof": base64(&proof)})
    };
    let consistencies: Vec<Value> = sizes
        .iter()
        .flat_map(|size| sizes.iter().filter(|old| *old <= size).map(|old| consistency(*old, *size)))
        .collect();
    let tile = |((level, index), hashes): (&(u8, u64), &Vec<Hash>)| json!({"level": level, "index": index, "hashes": base64(hashes)});
    let question = json!({
        "entries": entries(),
        "trees": sizes.iter().map(root).collect::<Vec<_>>(),
        "inclusions": inclusions,
        "consistencies": consistencies,
        "tiles": shelf().tiles.iter().map(tile).collect::<Vec<_>>(),
        "text": "unused\n",
    });
    assert_eq!(ask(&question).complaints.unwrap_or_default(), Vec::<String>::new());
}

#[test]
fn go_complains_where_it_should() {
    let wrong = base64(&leaves(1));
    let question = json!({
        "entries": ["entry 0", "entry 1", "entry 2"],
        "trees": [{"size": 3, "root": wrong[0]}],
        "inclusions": [{"size": 3, "leaf": 2, "proof": wrong}],
        "consistencies": [{"old": 1, "size": 3, "proof": wrong}],
        "tiles": [{"level": 0, "index": 0, "hashes": [wrong[0], wrong[0]]}],
        "text": "unused\n",
    });
    // The inclusion proof is wrong, and not the one that Go would make.
    assert_eq!(ask(&question).complaints.unwrap_or_default().len(), 5);
}

#[test]
fn go_and_npki_believe_each_others_notes() {
    let log = SigningLog::named("example.org/log");
    let cosigner = Cosigner::new("example.org/witness".parse().unwrap(), key()).unwrap();
    let keys = [log.signer.verifier_key(), cosigner.verifier_key()].map(ToString::to_string);
    let mut checkpoint = log.sign(TreeHead::empty()).verify(&log.log).unwrap();
    let cosignature = cosigner.cosign(&checkpoint, &SystemClock).unwrap();
    let plain = checkpoint.to_string();
    let policy = WitnessPolicy::new(vec![cosigner.verifier_key().clone()], 1).unwrap();
    policy.collect(&mut checkpoint, format!("{cosignature}\n").as_bytes()).unwrap();
    let cosigned = checkpoint.to_string();
    let altered = cosigned.replacen("\n0\n", "\n1\n", 1);
    let text = "an origin\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let note = |note: &String| json!({"note": note, "keys": keys});
    let answer = ask(&json!({"notes": [note(&plain), note(&cosigned), note(&altered)], "text": text}));
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<String>>());
    let expected = [names(&["example.org/log"]), names(&["example.org/log", "example.org/witness"]), None];
    assert_eq!(answer.signers.unwrap(), expected);

    let theirs = SignedNote::parse(answer.note.as_bytes()).unwrap();
    assert_eq!(theirs.text(), text);
    assert_eq!(theirs.to_string(), answer.note);
    let known: VerifierKey = answer.key.parse().unwrap();
    assert_eq!(known.to_string(), answer.key);
    assert_eq!(theirs.verify(&[known]).unwrap()[0].name(), &"example.org/go".parse::<KeyName>().unwrap());
    let altered = SignedNote::parse(answer.note.replacen("an ", "no ", 1).as_bytes()).unwrap();
    let known = [answer.key.parse().unwrap()];
    assert!(matches!(altered.verify(&known), Err(NoteError::WrongSignature { .. })));
}
