//! Personal data at rest: sealed, erased, and re-wrapped under a new master key while the country works and when the
//! power goes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ca_core::clock::SystemEntropy;
use ca_core::vault::master::{MasterKey, SealedMasterKey, SoftwareMasterKey};
use serde_json::{Value, json};
use tests::installation::random_u16;
use tests::npki::exit;
use tests::rest::Rest;
use tests::{Country, answers, census};

/// How long a rotation of a small country may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that names somebody in the country of these tests.
const PERSONAL: [&str; 16] = [
    "Mokoena",
    "MOKOENA",
    "THABO",
    "Thabo",
    "PNOLS",
    "012345678901",
    "Lineo",
    "Mofolo",
    "Palesa",
    "Nthunya",
    "Teboho",
    "Lerotholi",
    "Mpho",
    "Ramaema",
    "seen in person",
    "RSL-GATE-0001",
];

#[test]
fn the_folder_of_the_store_names_nobody() {
    let mut country = Country::populated();
    country.installation.kill9();
    names_nobody(&country.installation.data().join("store"));
}

/// Reads every file, as whoever carries the disk away does.
#[track_caller]
fn names_nobody(folder: &Path) {
    let mut searched = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).unwrap();
            searched += content.len();
            for text in PERSONAL {
                let found = content.windows(text.len()).any(|part| part == text.as_bytes());
                assert!(!found, "{} tells {text:?}", path.display());
            }
        }
    }
    assert!(searched > 10_000, "the search is broken");
}

#[test]
fn an_erased_person_cannot_be_read_and_the_status_still_answers() {
    let country = Country::settled();
    let (staff, identities) = (&country.staff, &country.identities);
    let person = census::person(&staff.officer.npki, "Khama", "Neo", "PNOLS-777");
    let issued = staff.issue(&country.installation, &staff.officer, "person-signature", &person);
    let administrator = &staff.administrator.npki;
    let erase = ["registry", "erase", &person, "--reason", "asked to, letter 12"];
    assert_eq!(administrator.refused(exit::CONFLICT, &erase).code, "E-ID-009");
    country.revoke(&issued.serial, "cessation-of-operation");
    staff.officer.npki.refused(exit::NOT_PERMITTED, &erase);
    let erased = administrator.done(&erase);
    assert_eq!((&erased["status"], &erased["erased"]), (&json!("closed"), &json!(true)));
    assert_eq!(administrator.refused(exit::NOT_FOUND, &erase).code, "E-ID-008");

    let shown = staff.officer.npki.done(&["registry", "show", &person]);
    assert!(shown.get("surname").is_none() && shown["erased"] == true, "{shown}");
    let certificate = staff.officer.npki.done(&["cert", "show", &issued.serial]);
    assert_eq!((&certificate["status"], &certificate["subject"]), (&json!("revoked"), &Value::Null));
    assert!(certificate.get("pem").is_none(), "{certificate}");
    let copy = staff.officer.npki.file("copy.pem");
    let download = ["cert", "download", &issued.serial, "--out", &copy];
    assert_eq!(staff.officer.npki.refused(exit::NOT_FOUND, &download).code, "E-CLI-009");
    // Whoever has the certificate itself still learns that it does not count.
    let root = country.installation.root();
    let status = ["status", tests::npki::text(&issued.certificate), "--trust", tests::npki::text(&root)];
    staff.officer.npki.run(&status).exits(exit::NO);

    let others = administrator
        .refused(exit::CONFLICT, &["registry", "erase", &identities.person, "--reason", "by mistake"]);
    assert_eq!(others.code, "E-ID-010");
    // The number is free again.
    let anew = census::person(&staff.officer.npki, "Khama", "Neo", "PNOLS-777");
    assert_ne!(anew, person);
}

#[test]
fn the_master_key_is_rotated_while_the_country_works() {
    let mut country = Country::settled();
    let rest = &country.staff.officer.rest;
    let before = state(&country);
    assert_eq!((&before["left"], &before["rotation"]), (&json!(0), &json!("idle")));
    country.staff.officer.npki.refused(exit::NOT_PERMITTED, &["master-key", "rotate"]);
    let (done, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (done, made) = (&done, &made);
            scope.spawn(move || {
                for number in 0.. {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    register(rest, &format!("{worker}-{number}"));
                    made.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        until("somebody works", || made.load(Ordering::SeqCst) >= 4);
        for _ in 0..3 {
            let rotated = country.staff.administrator.npki.done(&["master-key", "rotate"]);
            assert_eq!((&rotated["left"], &rotated["rotation"]), (&json!(0), &json!("idle")), "{rotated}");
        }
        let so_far = made.load(Ordering::SeqCst);
        until("work goes on", || made.load(Ordering::SeqCst) >= so_far + 4);
        done.store(true, Ordering::SeqCst);
    });
    let after = state(&country);
    assert_ne!(after["current"], before["current"]);
    let in_use: Vec<&String> = after["in_use"].as_object().unwrap().keys().collect();
    assert_eq!(in_use, [after["current"].as_str().unwrap()], "one master key wraps everything");
    everybody_is_readable(&country, made.load(Ordering::SeqCst));
    // The former keys are not needed any more.
    let keys = country.installation.data().join("keys");
    country.installation.kill9();
    for former in ["master-1.key", "master-2.key", "master-3.key"] {
        std::fs::remove_file(keys.join(former)).unwrap();
    }
    country.installation.start();
    everybody_is_readable(&country, made.load(Ordering::SeqCst));
}

#[test]
fn a_rotation_cut_off_by_the_power_is_taken_up_at_the_next_start() {
    let mut country = Country::settled();
    for number in 0..30 {
        register(&country.staff.officer.rest, &format!("0-{number}"));
    }
    for _ in 0..3 {
        let administrator = country.staff.administrator.rest.clone();
        let asked = std::thread::spawn(move || {
            administrator.try_post("/v1/master-key/rotation", &json!({}), &[]);
        });
        std::thread::sleep(Duration::from_millis(u64::from(random_u16() % 800)));
        country.installation.kill9();
        asked.join().unwrap();
        country.installation.start();
        settled(&country);
        everybody_is_readable(&country, 30);
    }
    // The moment that a random cut seldom meets: the new key is durable, and nothing is re-wrapped yet.
    country.installation.kill9();
    let next = next_master_key(&country.installation.data());
    country.installation.start();
    assert_eq!(settled(&country)["current"], next.as_str());
    everybody_is_readable(&country, 30);
}

/// Writes the next master key's file as the service does; its name.
fn next_master_key(data: &Path) -> String {
    let key = SoftwareMasterKey::generate(std::sync::Arc::new(SystemEntropy)).unwrap();
    let passphrase = std::fs::read_to_string(data.join("secrets/passphrase")).unwrap();
    let sealed = SealedMasterKey::seal(&key, passphrase.trim().as_bytes()).unwrap();
    let folder = data.join("keys");
    let free = (1..).map(|number| folder.join(format!("master-{number}.key"))).find(|path| !path.exists());
    sealed.write_new(&free.unwrap()).unwrap();
    key.id().0.clone()
}

fn state(country: &Country) -> Value {
    country.staff.administrator.npki.done(&["master-key", "show"])
}

/// Waits until nothing is left under former keys.
fn settled(country: &Country) -> Value {
    let mut last = Value::Null;
    until("the rotation is done", || {
        last = state(country);
        last["rotation"] == "idle" && last["left"] == 0
    });
    last
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn register(rest: &Rest, number: &str) {
    let person = json!({"kind": "person", "surname": format!("Surname {number}"), "given_name": "Neo",
        "identifier": format!("PNOLS-{number}")});
    rest.post("/v1/identities", &person).json(201);
}

/// Of those that `register` made, `count` are there, each whole.
#[track_caller]
fn everybody_is_readable(country: &Country, count: usize) {
    let persons = country.staff.officer.rest.all("/v1/identities?kind=person");
    let surnames: BTreeSet<&str> = persons.iter().map(|person| answers::text(person, "surname")).collect();
    assert_eq!(surnames.iter().filter(|name| name.starts_with("Surname ")).count(), count);
    for person in &persons {
        let number = answers::text(person, "surname").strip_prefix("Surname ");
        let identifier = number.map(|number| format!("PNOLS-{number}"));
        assert!(identifier.is_none_or(|identifier| person["identifier"] == identifier), "{person}");
    }
}
