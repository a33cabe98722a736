//! A root's key is made in a token by a ceremony that is interrupted at every point there is: the PIN is changed once, the
//! key is made once, and the token is never locked. SoftHSM plays the hardware.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::result_large_err,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use ca_core::ceremony::CeremonyError;
use ca_core::ceremony::room::{Question, Room, RoomError, StepMoment};
use ca_core::ceremony::run::{Conduct, Held, Tool, begin, resume};
use ca_core::ceremony::script::Script;
use ca_core::ceremony::transcript::Transcript;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::keys::token::{Modifiable, signing_keys};
use ca_core::keys::{KeyError, Signer};
use ca_core::token::{KeyPlace, Pin, TokenError, is_pin};
use zeroize::Zeroizing;

#[path = "../../tests/src/soft_token.rs"]
mod soft_token;

use soft_token::{PIN, TOKEN, module, with_token};

const HOLDERS: [&str; 3] = ["Mpho", "Neo", "Tumelo"];

/// People who are interrupted at each point the first time that it is reached, and remember their shares.
#[derive(Default)]
struct People {
    answers: BTreeMap<String, String>,
    seen: BTreeSet<String>,
}

impl People {
    fn pause(&mut self, point: String) -> Result<(), RoomError> {
        if self.seen.insert(point) { Err(RoomError::Stopped) } else { Ok(()) }
    }
}

impl Room for People {
    fn tell(&mut self, _lines: &[String]) -> Result<(), RoomError> {
        Ok(())
    }

    fn ask(&mut self, question: &Question) -> Result<Zeroizing<String>, RoomError> {
        self.pause(format!("asked {}", question.key))?;
        Ok(Zeroizing::new(self.answers[&question.key].clone()))
    }

    fn show_share(&mut self, holder: &str, written: &str) -> Result<(), RoomError> {
        let index = HOLDERS.iter().position(|name| *name == holder).unwrap() + 1;
        self.answers.insert(format!("share.{index}"), written.to_owned());
        Ok(())
    }

    fn progress(&mut self, step: &str, moment: StepMoment) -> Result<(), RoomError> {
        self.pause(format!("{step} {moment:?}"))
    }
}

fn script(key: &str) -> Script {
    let holders: String = HOLDERS.map(|name| format!("[[custody.holders]]\nname = \"{name}\"\n")).concat();
    let text = format!(
        "format = 1\nid = \"root-g1\"\nkind = \"root\"\ntitle = \"A test\"\nhierarchy = \"ls\"\nplace = \"a room\"\n\
         officer = \"Lineo\"\nentropy = \"the operating system\"\n[[witnesses]]\nname = \"Thabo\"\n\
         [root]\nca = \"root\"\nalgorithm = \"p256\"\nkept = \"pkcs11\"\nbase_url = \"http://pki.gov.ls\"\n\
         crl_next_update = \"2099-06-30\"\n[root.token]\nmodule = \"{}\"\nlabel = \"{TOKEN}\"\nkey = \"{key}\"\n\
         [root.name]\ncountry = \"LS\"\norganisation = \"Government of Lesotho\"\ncommon_name = \"Root G1\"\n\
         [custody]\nthreshold = 2\n{holders}",
        module().display()
    );
    Script::parse("test.toml", &text).unwrap()
}

fn conducted<T>(folder: &Path, people: &mut People, hold: impl FnOnce(Conduct<'_>) -> T) -> T {
    let tool = Tool {
        version: "test".to_owned(),
        executable_sha256: "00".repeat(32),
        machine: BTreeMap::from([("system".to_owned(), "test".to_owned())]),
    };
    hold(Conduct {
        folder,
        media: None,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        tool: &tool,
        room: people,
    })
}

/// Holds the ceremony, resumed after each interruption; how often.
fn held(folder: &Path, people: &mut People, key: &str) -> (Held, usize) {
    let script = script(key);
    let id = script.id.clone();
    for number in 1..=2 {
        people.answers.insert(format!("agree.{number}"), script.sha256()[..8].to_owned());
    }
    let mut outcome = conducted(folder, people, |conduct| begin(script, conduct));
    for interruptions in 0..200 {
        match outcome {
            Ok(held) => return (held, interruptions),
            Err(CeremonyError::Room(RoomError::Stopped)) => {}
            Err(error) => panic!("{error}"),
        }
        outcome = conducted(folder, people, |conduct| resume(Some(&id), conduct));
    }
    panic!("it never ends");
}

#[test]
fn a_ceremony_with_a_token_goes_on_after_every_interruption() {
    with_token("a_ceremony_with_a_token_goes_on_after_every_interruption", interrupted_everywhere);
}

fn interrupted_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut people = People::default();
    people.answers.insert("token.pin".to_owned(), PIN.to_owned());
    let (held, interruptions) = held(folder.path(), &mut people, "root-g1");
    assert!(interruptions >= 20, "{interruptions}");
    let transcript = Transcript::parse(&std::fs::read(&held.transcript).unwrap()).unwrap();
    transcript.verify(None).unwrap();
    for step in ["custody", "pin-begun", "pin", "key-begun", "key", "certificate", "crl"] {
        let count = transcript.content().steps.iter().filter(|entry| entry.step == step).count();
        assert_eq!(count, 1, "{step}");
    }
    let place = KeyPlace { module: module(), token: TOKEN.to_owned(), key: "root-g1".to_owned() };
    assert!(!is_pin(&place, &Pin::new(Zeroizing::new(PIN.to_owned()))).unwrap(), "the PIN of before is good");
    // What the holders have opens the token, which holds one key, fit, and of the root's certificate.
    let station = ca_core::ceremony::station::Station::new(
        folder.path(),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
    );
    let custody = station.custody().unwrap().unwrap();
    let shares: Vec<_> = (1..=2)
        .map(|index| {
            let held = custody.held(index).unwrap();
            let written = &people.answers[&format!("share.{index}")];
            ca_core::ceremony::custody::Share::read(written, &custody, held, None).unwrap()
        })
        .collect();
    let secret = custody.combine(&shares).unwrap();
    let keys = signing_keys(&place, &secret.pin().unwrap(), Modifiable::Refused).unwrap();
    assert_eq!(keys.len(), 1);
    let signer: Arc<dyn Signer> = station.signer(&secret).unwrap();
    let store = station.store().unwrap();
    let ca = ca_core::certificate::CaId::new("root").unwrap();
    let certificate = ca_core::ceremony::station::Station::certificate(store.as_ref(), &ca).unwrap().unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
    assert_eq!(parsed.public_key().raw, signer.public_key_info());
}

#[test]
fn a_key_of_somebody_else_is_not_taken_for_the_roots() {
    with_token("a_key_of_somebody_else_is_not_taken_for_the_roots", another_key_is_there);
}

fn another_key_is_there() {
    let place = KeyPlace { module: module(), token: TOKEN.to_owned(), key: "root-g1".to_owned() };
    let expected = ca_core::keys::token::Expected::of(ca_core::algorithm::KeyAlgorithm::P256);
    let pin = Pin::new(Zeroizing::new(PIN.to_owned()));
    drop(ca_core::keys::token::make_key(place, pin, &expected, &SystemEntropy).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut people = People::default();
    people.answers.insert("token.pin".to_owned(), PIN.to_owned());
    let script = script("root-g1");
    for number in 1..=2 {
        people.answers.insert(format!("agree.{number}"), script.sha256()[..8].to_owned());
    }
    let mut outcome = conducted(folder.path(), &mut people, |conduct| begin(script, conduct));
    let mut refusals = 0;
    // However often it is resumed.
    while refusals < 3 {
        let refused = outcome.unwrap_err();
        match refused {
            CeremonyError::Room(RoomError::Stopped) => {}
            CeremonyError::Key(KeyError::Token(TokenError::KeyThere { .. })) => refusals += 1,
            other => panic!("{other}"),
        }
        outcome = conducted(folder.path(), &mut people, |conduct| resume(None, conduct));
    }
    assert!(!folder.path().join("keys/root.key").exists());
}
