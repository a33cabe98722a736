//! A witness, as logs and attackers meet it.

use std::path::Path;

use crate::shelf::{Shelf, SigningLog, key, leaves};
use ca_core::clock::SetClock;
use ca_core::tlog::checkpoint::SignedCheckpoint;
use ca_core::tlog::cosignature::{Cosigner, WitnessPolicy};
use ca_core::tlog::hash::{Hash, leaf_hash};
use ca_core::tlog::tree::{TreeHead, consistency_proof};
use ca_core::tlog::witness::{
    AddCheckpoint, MAX_BODY, Refusal, RequestError, State, Witness, WitnessError, name_of,
};
use tempfile::TempDir;
use time::OffsetDateTime;

/// One log with 600 leaves, one witness that knows it.
struct Scene {
    folder: TempDir,
    log: SigningLog,
    shelf: Shelf,
    cosigner: Cosigner,
    clock: SetClock,
}

impl Scene {
    fn set() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            log: SigningLog::named("example.org/log"),
            shelf: Shelf::grown(&leaves(600)),
            cosigner: Cosigner::new("example.org/witness".parse().unwrap(), key()).unwrap(),
            clock: SetClock::at(OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()),
        }
    }

    /// The witness as it starts: with what the folder remembers.
    fn witness(&self) -> Witness {
        let state = State::open(&self.state()).unwrap();
        Witness::new(vec![self.log.log.clone()], self.cosigner.clone(), state).unwrap()
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("witness")
    }

    fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        consistency_proof(&self.shelf, old, new).unwrap()
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        self.log.sign(self.shelf.head(size))
    }

    fn body(&self, old: u64, new: u64) -> String {
        AddCheckpoint::new(old, self.proof(old, new), self.checkpoint(new)).unwrap().to_string()
    }

    fn add(&self, body: &str) -> Result<String, WitnessError> {
        self.witness().add_checkpoint(body.as_bytes(), &self.clock)
    }

    fn refusal(&self, body: &str) -> Refusal {
        match self.add(body) {
            Err(WitnessError::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// The size the witness tells whoever asks with a wrong one.
    fn remembered(&self) -> u64 {
        match self.refusal(&self.request(599, &[], &self.checkpoint(600))) {
            Refusal::NotFromLatest { latest } => latest,
            other => panic!("{other:?}"),
        }
    }

    fn request(&self, old: u64, proof: &[Hash], checkpoint: &SignedCheckpoint) -> String {
        AddCheckpoint::new(old, proof.to_vec(), checkpoint.clone()).unwrap().to_string()
    }

    fn fork(&self, size: u64) -> SignedCheckpoint {
        self.log.sign(TreeHead { size, root: leaf_hash(b"another history") })
    }

    fn assert_cosigned(&self, answer: &str, checkpoint: SignedCheckpoint) {
        let policy = WitnessPolicy::new(vec![self.cosigner.verifier_key().clone()], 1).unwrap();
        let mut checkpoint = checkpoint.verify(&self.log.log).unwrap();
        let added = policy.collect(&mut checkpoint, answer.as_bytes()).unwrap();
        assert_eq!(added.len(), 1);
        assert_eq!(added[0].time.unix_timestamp(), 1_800_000_000);
        policy.verify(&checkpoint).unwrap();
    }
}

#[test]
fn a_log_that_only_grows_is_cosigned_also_after_restarts() {
    let scene = Scene::set();
    let mut old = 0;
    for new in [0, 1, 255, 256, 256, 257, 600] {
        let answer = scene.add(&scene.body(old, new)).unwrap();
        scene.assert_cosigned(&answer, scene.checkpoint(new));
        old = new;
    }
}

#[test]
fn the_first_checkpoint_needs_no_proof() {
    let scene = Scene::set();
    let with_proof = scene.request(0, &leaves(1), &scene.checkpoint(300));
    assert_eq!(scene.refusal(&with_proof).status(), 422);
    assert_eq!(scene.remembered(), 0);
    scene.add(&scene.body(0, 300)).unwrap();
    assert_eq!(scene.remembered(), 300);
}

#[test]
fn an_old_size_that_is_not_the_latest_is_told_the_latest() {
    let scene = Scene::set();
    scene.add(&scene.body(0, 300)).unwrap();
    for (old, new) in [(0, 300), (0, 600), (299, 600), (301, 600), (299, 299), (300, 299)] {
        let refusal = scene.refusal(&scene.request(old, &[], &scene.checkpoint(new)));
        if old > new {
            assert_eq!((refusal.status(), refusal), (400, Refusal::Shrunk { old_size: 300, size: 299 }));
        } else {
            assert_eq!(
                (refusal.status(), refusal),
                (409, Refusal::NotFromLatest { latest: 300 }),
                "{old} {new}"
            );
        }
    }
    assert_eq!(Refusal::SIZE_TYPE, "text/x.tlog.size");
}

#[test]
fn another_history_is_never_cosigned() {
    let scene = Scene::set();
    scene.add(&scene.body(0, 300)).unwrap();
    let latest = scene.shelf.head(300);
    let same_size = scene.refusal(&scene.request(300, &[], &scene.fork(300)));
    assert_eq!((same_size.status(), same_size), (409, Refusal::Forked { latest }));
    for proof in [Vec::new(), scene.proof(300, 600)] {
        let refusal = scene.refusal(&scene.request(300, &proof, &scene.fork(600)));
        assert!(matches!(refusal, Refusal::Proof(_)), "{refusal:?}");
        assert_eq!(refusal.status(), 422);
    }
    let spare = scene.refusal(&scene.request(300, &leaves(1), &scene.checkpoint(300)));
    assert_eq!(spare.status(), 422, "a proof where none is needed");
    assert_eq!(scene.remembered(), 300);
}

#[test]
fn an_empty_tree_has_one_root() {
    let scene = Scene::set();
    let wrong = scene.log.sign(TreeHead { size: 0, root: leaf_hash(b"") });
    let refusal = scene.refusal(&scene.request(0, &[], &wrong));
    assert_eq!((refusal.status(), refusal), (409, Refusal::Forked { latest: TreeHead::empty() }));
}

#[test]
fn strangers_are_refused() {
    let scene = Scene::set();
    let unknown = SigningLog::named("example.org/unknown").sign(scene.shelf.head(300));
    let refusal = scene.refusal(&scene.request(0, &[], &unknown));
    assert_eq!(
        (refusal.status(), refusal),
        (404, Refusal::UnknownLog("example.org/unknown".parse().unwrap()))
    );
    let impostor = SigningLog::named("example.org/log").sign(scene.shelf.head(300));
    let refusal = scene.refusal(&scene.request(0, &[], &impostor));
    assert!(matches!(refusal, Refusal::Signature(_)), "{refusal:?}");
    assert_eq!(refusal.status(), 403);
    // The size of what was signed is changed, the signature is not.
    let altered = scene.body(0, 300).replace("\n300\n", "\n301\n");
    assert_eq!(scene.refusal(&altered).status(), 403);
    assert_eq!(scene.remembered(), 0);
    assert_eq!(
        std::fs::read_dir(scene.state()).unwrap().filter(|file| ends(file, "checkpoint")).count(),
        0,
        "nothing was remembered"
    );
}

fn ends(file: &std::io::Result<std::fs::DirEntry>, ending: &str) -> bool {
    file.as_ref().unwrap().path().extension().is_some_and(|found| found == ending)
}

#[test]
fn requests_of_another_form_are_refused() {
    let scene = Scene::set();
    let note = scene.checkpoint(300).to_string();
    let hash = leaf_hash(b"").to_base64();
    let malformed = |body: &str| match scene.refusal(body) {
        Refusal::Malformed(error) => {
            assert_eq!(Refusal::Malformed(error.clone()).status(), 400);
            error
        }
        other => panic!("{other:?}"),
    };
    for (body, error) in [
        (String::new(), RequestError::Form),
        ("old 0\n".to_owned(), RequestError::Form),
        (format!("\n\n{note}"), RequestError::OldSize),
        (format!("old\n\n{note}"), RequestError::OldSize),
        (format!("old 00\n\n{note}"), RequestError::OldSize),
        (format!("old +1\n\n{note}"), RequestError::OldSize),
        (format!("old  1\n\n{note}"), RequestError::OldSize),
        (format!("Old 1\n\n{note}"), RequestError::OldSize),
        (format!("old 1 \n\n{note}"), RequestError::OldSize),
        (format!("old 0\r\n\n{note}"), RequestError::OldSize),
        (format!("old 1\n{hash}\n{}\n\n{note}", &hash[1..]), RequestError::ProofLine(2)),
        (format!("old 1\n{hash} \n\n{note}"), RequestError::ProofLine(1)),
        (format!("old 1\n{}\n{note}", format!("{hash}\n").repeat(64)), RequestError::LongProof),
        ("a".repeat(MAX_BODY + 1), RequestError::TooLong),
    ] {
        assert_eq!(malformed(&body), error, "{body:?}");
    }
    assert!(matches!(malformed("old 0\n\n"), RequestError::Checkpoint(_)));
    assert!(matches!(malformed(&format!("old 0\n\n{}", note.trim_end())), RequestError::Checkpoint(_)));
    // 63 lines are read, and prove nothing here.
    let longest = format!("old 0\n{}\n{note}", format!("{hash}\n").repeat(63));
    assert_eq!(scene.refusal(&longest).status(), 422);
    assert_eq!(AddCheckpoint::new(0, leaves(64), scene.checkpoint(1)), Err(RequestError::LongProof));
}

#[test]
fn the_request_of_the_specification_is_read() {
    let body = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";
    assert_eq!(AddCheckpoint::parse(body.as_bytes()).unwrap().to_string(), body);
}

#[test]
fn of_two_histories_shown_at_once_one_is_cosigned() {
    let scene = Scene::set();
    scene.add(&scene.body(0, 300)).unwrap();
    // The log shows half of its callers another tree, which also begins with the first 300 leaves.
    let mut other = Shelf::grown(&leaves(300));
    let forked: Vec<Hash> = leaves(1000).split_off(700);
    let forked = other.grow(&scene.shelf.head(300), &forked);
    let proof = consistency_proof(&other, 300, 600).unwrap();
    let bodies = [scene.body(300, 600), scene.request(300, &proof, &scene.log.sign(forked))];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let ask = |at: usize| {
            let (body, scene) = (&bodies[at % 2], &scene);
            // Witnesses of their own, as different processes have them.
            move || (at % 2, scene.witness().add_checkpoint(body.as_bytes(), &scene.clock))
        };
        let running: Vec<_> = (0..16).map(|at| scope.spawn(ask(at))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let cosigned: Vec<_> = answers.iter().filter(|(_, answer)| answer.is_ok()).collect();
    assert_eq!(cosigned.len(), 1, "{answers:?}");
    assert!(
        answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).all(|error| error.status() == 409)
    );
    let winner = if cosigned[0].0 == 0 { scene.shelf.head(600) } else { forked };
    let again = scene.add(&scene.request(600, &[], &scene.log.sign(winner))).unwrap();
    scene.assert_cosigned(&again, scene.log.sign(winner));
}

fn files(folder: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let found = std::fs::read_dir(folder).unwrap().filter(|file| ends(file, ending));
    found.map(|file| file.unwrap().path()).collect()
}

#[test]
fn a_damaged_memory_cosigns_nothing() {
    let scene = Scene::set();
    scene.add(&scene.body(0, 300)).unwrap();
    let [file] = files(&scene.state(), "checkpoint").try_into().unwrap();
    let remembered = std::fs::read(&file).unwrap();
    assert_eq!(
        SignedCheckpoint::parse(&remembered).unwrap().verify(&scene.log.log).unwrap().head(),
        &scene.shelf.head(300),
        "what it remembers is evidence: the log signed it"
    );
    let elsewhere = SigningLog::named("example.org/other").sign(scene.shelf.head(300)).to_string();
    for damaged in [&b""[..], &remembered[..remembered.len() / 2], elsewhere.as_bytes()] {
        std::fs::write(&file, damaged).unwrap();
        let refused = scene.add(&scene.body(300, 600)).unwrap_err();
        assert!(matches!(refused, WitnessError::State(_)), "{refused:?}");
        assert_eq!(refused.status(), 500);
    }
    std::fs::write(&file, remembered).unwrap();
    scene.add(&scene.body(300, 600)).unwrap();
}

#[test]
fn a_draft_that_a_crash_left_behind_is_no_memory() {
    let scene = Scene::set();
    scene.add(&scene.body(0, 300)).unwrap();
    let [file] = files(&scene.state(), "checkpoint").try_into().unwrap();
    std::fs::write(file.with_extension("draft"), scene.fork(500).to_string()).unwrap();
    assert_eq!(scene.remembered(), 300);
    scene.add(&scene.body(300, 600)).unwrap();
    assert!(files(&scene.state(), "draft").is_empty());
}

#[test]
fn what_cannot_be_remembered_is_not_cosigned() {
    let scene = Scene::set();
    scene.add(&scene.body(0, 300)).unwrap();
    let [file] = files(&scene.state(), "checkpoint").try_into().unwrap();
    // A folder stands where the draft would be written.
    let draft = file.with_extension("draft");
    std::fs::create_dir(&draft).unwrap();
    assert!(matches!(scene.add(&scene.body(300, 600)), Err(WitnessError::State(_))));
    std::fs::remove_dir(draft).unwrap();
    assert_eq!(scene.remembered(), 300);
}

#[test]
fn a_failed_cosignature_can_be_asked_for_again() {
    let scene = Scene::set();
    scene.clock.set(OffsetDateTime::UNIX_EPOCH - time::Duration::SECOND);
    assert!(matches!(scene.add(&scene.body(0, 300)), Err(WitnessError::Cosign(_))));
    scene.clock.set(OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap());
    let answer = scene.add(&scene.body(300, 300)).unwrap();
    scene.assert_cosigned(&answer, scene.checkpoint(300));
}

#[test]
fn a_log_is_known_once() {
    let scene = Scene::set();
    let twice = vec![scene.log.log.clone(), scene.log.log.clone()];
    let state = State::open(&scene.state()).unwrap();
    assert!(Witness::new(twice, scene.cosigner.clone(), state).is_err());
    assert!(State::open(&scene.folder.path().join("no/such/parent")).is_err());
}

#[test]
fn it_tells_how_far_it_cosigned_a_log_that_it_knows() {
    let scene = Scene::set();
    let name = name_of(scene.log.log.origin());
    let nothing = scene.witness().latest(&name).unwrap().unwrap();
    assert_eq!((nothing.head, nothing.checkpoint), (TreeHead::empty(), None));
    scene.add(&scene.body(0, 300)).unwrap();
    let latest = scene.witness().latest(&name).unwrap().unwrap();
    assert_eq!((&latest.origin, latest.head), (scene.log.log.origin(), scene.shelf.head(300)));
    latest.checkpoint.unwrap().verify(&scene.log.log).unwrap();
    assert_eq!(scene.witness().latest(&name.to_uppercase()).unwrap(), None);
    assert_eq!(scene.witness().latest("../../etc/passwd").unwrap(), None);
}
