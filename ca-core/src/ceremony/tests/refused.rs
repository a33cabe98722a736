//! What a ceremony refuses, and what its transcript gives away.

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::ceremony::custody::ShareError;
use crate::ceremony::signed::{Signed, SignedError};
use crate::ceremony::transcript::TranscriptError;
use crate::keys::software::SoftwareKey;

#[test]
fn two_shares_open_nothing_and_a_wrong_one_is_told() {
    let mut vault = founded();
    let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
    let text = life::issuing_script(&vault, "issuing", &life::request(&vault, &key));
    // Four are named, three are needed: two of them have nothing to give.
    for absent in ["share.4", "share.5"] {
        vault.people.answers.insert(absent.to_owned(), String::new());
    }
    let refused = vault.begin(&text).unwrap_err();
    assert!(matches!(refused, CeremonyError::Share(ShareError::TooFew { .. })), "{refused}");
    // Nothing was signed, and with the shares it goes on. Here somebody gives another's share.
    let neo = vault.people.answers["share.2"].clone();
    vault.people.answers.insert("share.4".to_owned(), neo);
    vault.people.answers.insert("share.5".to_owned(), "nonsense".to_owned());
    let refused = vault.resume().unwrap_err();
    assert!(refused.to_string().contains("this is the share of Neo, not of Lerato"), "{refused}");
}

#[test]
fn a_script_or_share_that_does_not_fit_stops_before_anything_happens() {
    let mut vault = founded();
    let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
    let request = life::request(&vault, &key);
    let text = life::issuing_script(&vault, "issuing", &request);
    for (from, to, why) in [
        (request.digest(), "1".repeat(64), "the request has the SHA-256"),
        (vault.root_sha256(), "2".repeat(64), "the root on the medium has the fingerprint"),
        ("\"Lerato\"".to_owned(), "\"Sello\"".to_owned(), "Sello holds no share"),
        ("\"Neo\", \"Lerato\", ".to_owned(), String::new(), "2 holders are named, 3 are needed"),
        ("hierarchy = \"ls\"".to_owned(), "hierarchy = \"za\"".to_owned(), "the medium is of root"),
    ] {
        let refused = vault.begin(&text.replace(&from, &to)).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert!(!vault.medium().join("ceremonies/issuing").exists(), "{why}");
    }
    vault.clock.set(time::macros::datetime!(2027-03-01 00:00 UTC));
    let expired = vault.begin(&text).unwrap_err().to_string();
    assert!(expired.contains("the request expired"), "{expired}");
    let again = vault.begin(&root_script(vault.folder.path())).unwrap_err();
    assert!(matches!(again, CeremonyError::Finished(_)), "{again}");
    let another = root_script(vault.folder.path()).replace("\"root-g1\"", "\"root-g2\"");
    let refused = vault.begin(&another).unwrap_err().to_string();
    assert!(refused.contains("one medium is for one root"), "{refused}");
}

#[test]
fn whoever_does_not_confirm_stops_it() {
    let mut vault = Vault::new();
    vault.people.answers.insert("share.2".to_owned(), neo(&vault));
    let text = root_script(vault.folder.path());
    let script = Script::parse("x", &text).unwrap();
    vault.people.answers.insert("agree.1".to_owned(), script.sha256()[..8].to_owned());
    vault.people.answers.insert("agree.2".to_owned(), "00000000".to_owned());
    let refused = vault.conducted(|conduct| begin(script, conduct)).unwrap_err();
    assert!(matches!(refused, CeremonyError::NotConfirmed(ref name) if name == "Thabo"), "{refused}");
    assert!(vault.people.told.iter().any(|line| line.contains("any 3 of them open the key")));
    assert!(!vault.medium().join("custody.json").exists());
}

#[test]
fn an_altered_transcript_is_refused_with_its_reason() {
    let mut vault = Vault::new();
    vault.people.answers.insert("share.2".to_owned(), neo(&vault));
    let witness = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    let public = pem::encode(&pem::Pem::new("PUBLIC KEY", crate::keys::Signer::public_key_info(&witness)));
    let named = format!("name = \"Thabo\"\npublic_key = '''{public}'''\n");
    let text = root_script(vault.folder.path()).replace("name = \"Thabo\"\n", &named);
    let held = vault.begin(&text).unwrap();
    let file = std::fs::read_to_string(&held.transcript).unwrap();
    let read = |text: &str| Transcript::parse(text.as_bytes()).unwrap();
    let whole = read(&file);
    assert!(!whole.verify(None).unwrap().witnesses[0].signed);
    let mut cosigned = whole.clone();
    cosigned.cosign("Thabo", &witness).unwrap();
    assert!(cosigned.verify(None).unwrap().witnesses[0].signed);
    assert!(matches!(cosigned.cosign("Nobody", &witness), Err(TranscriptError::UnknownWitness(_))));
    let stranger = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    assert!(matches!(cosigned.cosign("Thabo", &stranger), Err(TranscriptError::OtherWitnessKey(_))));

    let altered = read(&file.replace("Kabelo", "Kabela")).verify(None).unwrap_err();
    assert!(matches!(altered, TranscriptError::Signature(SignedError::Altered)), "{altered}");
    // Another root's key signs what it likes: it is not the root of the one who asks.
    let refused = whole.verify(Some(b"another certificate")).unwrap_err();
    assert!(matches!(refused, TranscriptError::OtherRoot { .. }), "{refused}");

    // Even the root's own key cannot sign a transcript that does not hold together: whoever had it afterwards.
    let station =
        super::super::station::Station::new(&vault.medium(), vault.clock.clone(), Arc::new(SystemEntropy));
    let record = station.custody().unwrap().unwrap();
    let shares: Vec<_> = [3, 4, 5]
        .map(|index| {
            let written = &vault.people.answers[&format!("share.{index}")];
            let held = record.held(index).unwrap();
            super::super::custody::Share::read(written, &record, held, None).unwrap()
        })
        .to_vec();
    let root = station.signer(&record.combine(&shares).unwrap()).unwrap();
    let body = whole_body(&file);
    let forged = |from: &str, to: &str| {
        let changed = body.replacen(from, to, 1);
        assert_ne!(changed, body, "{from}");
        read(&Signed::sign(changed, "root", root.as_ref()).unwrap().to_file()).verify(None).unwrap_err()
    };
    assert!(matches!(forged("A test", "B test"), TranscriptError::Script));
    assert!(matches!(forged("\"step\":\"key\"", "\"step\":\"kez\""), TranscriptError::Steps(_)));
    assert!(matches!(
        forged("\"file\":\"root.pem\"", "\"file\":\"evil.pem\""),
        TranscriptError::Contradiction(_)
    ));
    assert!(matches!(forged("\"threshold\":3", "\"threshold\":2"), TranscriptError::Contradiction(_)));
}

fn whole_body(file: &str) -> String {
    Signed::parse(file.as_bytes()).unwrap().body
}
