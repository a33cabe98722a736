//! The ledger end to end: sealed within seconds, published for everybody, proven by receipts, watched by witnesses, and
//! caught when it lies. Judged by the libraries of Go's checksum database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::ledger::receipt::Receipt;
use ca_core::tlog::checkpoint::Log;
use ca_core::tlog::cosignature::WitnessPolicy;
use serde_json::{Value, json};
use tests::judges::checksum_database;
use tests::npki::{exit, text};
use tests::published_ledger::{Head, entries, fetch, head, tile, until_published};
use tests::staff::{Member, administrator};
use tests::{Country, Installation, Witness, answers};

/// How long sealing may take. A second by design; continuous integration has two slow cores.
const SEALED_WITHIN: Duration = Duration::from_secs(5);
/// How long a witness may take to be asked again after it failed, and to answer.
const COSIGNED_WITHIN: Duration = Duration::from_secs(30);

fn log_key(installation: &Installation) -> String {
    std::fs::read_to_string(installation.log_key()).unwrap().trim().to_owned()
}

fn log(installation: &Installation) -> Log {
    Log::named_by(log_key(installation).parse().unwrap()).unwrap()
}

/// How many events there are, as the auditor sees it.
fn ledger_size(auditor: &Member) -> u64 {
    auditor.rest.get("/v1/ledger").json(200)["size"].as_u64().unwrap()
}

/// Makes events: each look at a person's record is one.
fn look(by: &Member, person: &str, times: usize) {
    for _ in 0..times {
        by.rest.get(&format!("/v1/identities/{person}")).json(200);
    }
}

/// One event, made by whoever founded the installation.
fn hire(administrator: &Member, installation: &Installation, number: usize) {
    administrator.hire(installation, &format!("Auditor {number}"), "auditor", &[]);
}

fn base64(entries: &[Vec<u8>]) -> Vec<String> {
    entries.iter().map(|entry| STANDARD.encode(entry)).collect()
}

#[test]
fn everybody_can_audit_the_tree_that_is_published() {
    let country = Country::settled();
    let installation = &country.installation;
    let (officer, auditor) = (&country.staff.officer, &country.staff.auditor);
    let first = until_published(installation, ledger_size(auditor), SEALED_WITHIN).0;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| look(officer, &country.identities.person, 70));
        }
    });
    let (second, waited) = until_published(installation, ledger_size(auditor), SEALED_WITHIN);
    eprintln!("{} events were published {waited:?} after the last of them", second.size);
    assert!(second.size > 256, "a full tile: {}", second.size);
    assert_eq!(second.origin, format!("{}/ledger", installation.public_url().trim_start_matches("http://")));

    let entries = entries(installation, second.size);
    let full = second.size / 256;
    let mut tiles = vec![(0, 0, 256), (1, 0, full)];
    tiles.extend(Some((0, full, second.size % 256)).filter(|(_, _, width)| *width > 0));
    let tiles: Vec<Value> = tiles
        .into_iter()
        .map(|(level, index, width)| {
            json!({"level": level, "index": index, "hashes": tile(installation, level, index, width)})
        })
        .collect();
    let tree = |head: &Head| json!({"size": head.size, "root": head.root});
    let note = |note: &str| json!({"note": note, "keys": [log_key(installation)]});
    let altered =
        second.note.replacen(&format!("\n{}\n", second.size), &format!("\n{}\n", second.size - 1), 1);
    let judgement = checksum_database::judge(json!({
        "binary": base64(&entries),
        "trees": [tree(&first), tree(&second)],
        "tiles": tiles,
        "notes": [note(&first.note), note(&second.note), note(&altered)],
    }));
    assert_eq!(judgement.complaints, Vec::<String>::new());
    let by_log = Some(vec![second.origin.clone()]);
    assert_eq!(judgement.signers, [by_log.clone(), by_log, None]);
}

#[test]
fn what_is_published_says_how_long_it_holds_and_what_is_not_there() {
    let installation = Installation::fresh();
    let head = until_published(&installation, 1, SEALED_WITHIN).0;
    let checkpoint = fetch(&installation, "checkpoint");
    assert_eq!(checkpoint.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(checkpoint.header("cache-control"), "public, max-age=1");
    let partial = format!("tile/0/000.p/{}", head.size);
    for path in [partial.clone(), format!("tile/entries/000.p/{}", head.size), "tile/0/000.p/1".to_owned()] {
        let answer = fetch(&installation, &path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/octet-stream"),
            "{path}"
        );
        assert!(answer.header("cache-control").contains("immutable"), "{path}");
    }
    let key = fetch(&installation, "key");
    assert_eq!(String::from_utf8(key.body).unwrap().trim(), log_key(&installation));
    for path in [
        "tile/0/000".to_owned(),
        "tile/entries/000".to_owned(),
        "tile/0/000.p/255".to_owned(),
        "tile/0/001.p/1".to_owned(),
        "tile/5/000.p/1".to_owned(),
        "tile/entries/x018/x446/x744/x073/x709/x551/615".to_owned(),
        "tile/64/000".to_owned(),
        "tile/0/0".to_owned(),
        "tile/0/000.p/0".to_owned(),
        "tile/0/..%2F..%2Fkey".to_owned(),
        "tile/%FF/000".to_owned(),
        "tile/".to_owned(),
        format!("{partial}/"),
    ] {
        let answer = fetch(&installation, &path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

/// Receipts for all that happened to something, once it is sealed.
#[track_caller]
fn receipts(reader: &Member, path: &str) -> Vec<Receipt> {
    let begun = Instant::now();
    loop {
        let answer = reader.rest.get(path);
        if answer.status == 200 {
            let items = answers::items(&answer.json(200)).clone();
            return items.into_iter().map(|item| serde_json::from_value(item).unwrap()).collect();
        }
        let status = answer.status;
        assert_eq!(answer.problem(status)["retryable"], true);
        assert!(begun.elapsed() < SEALED_WITHIN, "{path} is not sealed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn receipts_prove_what_happened_and_nothing_else() {
    let country = Country::settled();
    let (installation, staff) = (&country.installation, &country.staff);
    let issued = staff.issue(installation, &staff.officer, "person-signature", &country.identities.person);
    country.revoke(&issued.serial, "superseded");
    let mut all = receipts(&staff.officer, &format!("/v1/certificates/{}/receipts", issued.serial));
    let requests = staff.officer.rest.all("/v1/requests");
    let request = answers::item(&Value::Array(requests), "serial", &issued.serial)["id"].clone();
    all.extend(receipts(&staff.officer, &format!("/v1/requests/{}/receipts", request.as_str().unwrap())));

    let (log, nobody) = (log(installation), WitnessPolicy::new(Vec::new(), 0).unwrap());
    let proven: Vec<String> = all
        .iter()
        .map(|receipt| receipt.verify(&log, &nobody).unwrap().event.action.as_str().to_owned())
        .collect();
    for action in ["certificate.issued", "certificate.revoked", "request.submitted", "request.approved"] {
        assert!(proven.iter().any(|proven| proven == action), "{action}: {proven:?}");
    }
    let file = installation.scratch("receipts").join("receipt.json");
    std::fs::write(&file, serde_json::to_vec(&all[0]).unwrap()).unwrap();
    let told = installation.somebody("reader").done(&["inspect", text(&file)])["items"][0].clone();
    assert_eq!((&told["kind"], &told["position"]), (&"receipt".into(), &all[0].position.0.into()), "{told}");
    assert_eq!(told["event"]["action"].as_str(), proven.first().map(String::as_str), "{told}");

    let largest = all.iter().map(|receipt| Head::read(&receipt.checkpoint).size).max().unwrap();
    let entries = entries(installation, largest);
    for receipt in &all {
        let place = usize::try_from(receipt.position.0).unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, receipt.event.as_bytes());
        assert_eq!(entries[place], digest.as_ref(), "the public tree holds another event");
    }
    let inclusions = all.iter().map(|receipt| {
        let size = Head::read(&receipt.checkpoint).size;
        json!({"size": size, "leaf": receipt.position.0, "proof": receipt.proof})
    });
    let trees = all.iter().map(|receipt| Head::read(&receipt.checkpoint));
    let trees = trees.map(|head| json!({"size": head.size, "root": head.root}));
    let notes =
        all.iter().map(|receipt| json!({"note": receipt.checkpoint, "keys": [log_key(installation)]}));
    let judgement = checksum_database::judge(json!({
        "binary": base64(&entries),
        "inclusions": inclusions.collect::<Vec<_>>(),
        "trees": trees.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
    }));
    assert_eq!(judgement.complaints, Vec::<String>::new());
    assert!(judgement.signers.iter().all(Option::is_some), "{:?}", judgement.signers);
    one_character_is_enough(&all[0], &log);
}

/// A receipt with any one character exchanged proves nothing.
fn one_character_is_enough(receipt: &Receipt, log: &Log) {
    let nobody = WitnessPolicy::new(Vec::new(), 0).unwrap();
    let exchanged = |text: &str, place: usize| {
        let mut octets = text.as_bytes().to_vec();
        octets[place] = if octets[place] == b'1' { b'2' } else { b'1' };
        String::from_utf8(octets).ok()
    };
    let fails = |receipt: &Receipt, what: &str| {
        assert!(receipt.verify(log, &nobody).is_err(), "{what} was altered: {receipt:?}");
    };
    for place in 0..receipt.event.len() {
        let Some(event) = exchanged(&receipt.event, place) else { continue };
        fails(&Receipt { event, ..receipt.clone() }, "the event");
    }
    for step in 0..receipt.proof.len() {
        let mut proof = receipt.proof.clone();
        proof[step] = exchanged(&proof[step], 7).unwrap();
        fails(&Receipt { proof, ..receipt.clone() }, "the proof");
    }
    for place in 0..receipt.checkpoint.len() {
        let Some(checkpoint) = exchanged(&receipt.checkpoint, place) else { continue };
        fails(&Receipt { checkpoint, ..receipt.clone() }, "the checkpoint");
    }
    let position = ca_core::ledger::Position(receipt.position.0 + 1);
    fails(&Receipt { position, ..receipt.clone() }, "the position");
    fails(&Receipt { proof: Vec::new(), ..receipt.clone() }, "the proof");
}

#[test]
fn the_ledger_is_read_by_auditors_and_receipts_by_those_they_concern() {
    let country = Country::settled();
    let (installation, staff) = (&country.installation, &country.staff);
    let own = staff.issue(installation, &staff.officer, "device", &country.identities.device);
    let person = staff.issue(installation, &staff.officer, "person-signature", &country.identities.person);
    for closed in ["/v1/events", "/v1/events/0", "/v1/ledger"] {
        staff.officer.rest.get(closed).problem(403);
        staff.auditor.rest.get(closed).json(200);
    }
    let operator = staff.agency_operator(installation, &country.identities.organisation);
    assert!(!receipts(&operator, &format!("/v1/certificates/{}/receipts", own.serial)).is_empty());
    operator.rest.get(&format!("/v1/certificates/{}/receipts", person.serial)).problem(403);
    let everything = staff.auditor.rest.all("/v1/events");
    let about = format!("identity:{}", country.identities.device);
    let found = staff.auditor.rest.all(&format!("/v1/events?about={about}"));
    let expected: Vec<&Value> = everything
        .iter()
        .filter(|event| {
            event["subject"] == *about || event["detail"]["identity"] == country.identities.device
        })
        .collect();
    assert!(found.len() >= 2, "{found:?}");
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}

/// An installation whose published head two witnesses must have cosigned.
fn watched_by_two() -> (Installation, [Witness; 2]) {
    let mut installation = Installation::founded();
    let witnesses = ["one.example.org", "two.example.org"].map(|name| Witness::of(&installation, name));
    installation.ask_witnesses(&[&witnesses[0], &witnesses[1]], 2);
    installation.start();
    (installation, witnesses)
}

#[test]
fn the_published_head_is_cosigned_and_waits_for_a_witness_that_is_away() {
    let (installation, [one, mut two]) = watched_by_two();
    let administrator = administrator(&installation);
    hire(&administrator, &installation, 0);
    let cosigned = until_published(&installation, 1, COSIGNED_WITHIN).0;
    assert_eq!(cosigned.signatures(), 3);
    let keys = [log_key(&installation), one.key().to_owned(), two.key().to_owned()];
    let judgement = checksum_database::judge(json!({"notes": [{"note": cosigned.note, "keys": keys}]}));
    assert_eq!(judgement.signers[0].as_ref().map(Vec::len), Some(3));

    two.kill9();
    let before = settled_head(&installation);
    for number in 1..4 {
        hire(&administrator, &installation, number);
    }
    until_said(&installation, "a witness does not cosign");
    assert_eq!(head(&installation).unwrap().note, before.note, "published without its witnesses");
    two.start();
    let after = until_published(&installation, before.size + 3, COSIGNED_WITHIN).0;
    assert_eq!(after.signatures(), 3);
    assert!(installation.said().contains("the witness cosigns again"));
}

/// The published head once it does not grow any more.
fn settled_head(installation: &Installation) -> Head {
    let mut last = head(installation).unwrap();
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(100));
        let now = head(installation).unwrap();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

#[track_caller]
fn until_said(installation: &Installation, words: &str) {
    let begun = Instant::now();
    while !installation.said().contains(words) {
        assert!(
            begun.elapsed() < COSIGNED_WITHIN,
            "the server did not say {words:?}:\n{}",
            installation.said()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// One witness, whose cosignature every published head has.
fn watched() -> (Installation, Witness) {
    let mut installation = Installation::founded();
    let witness = Witness::of(&installation, "witness.example.org");
    installation.ask_witnesses(&[&witness], 1);
    installation.start();
    (installation, witness)
}

#[test]
fn a_copy_that_goes_another_way_is_not_cosigned() {
    let (mut installation, witness) = watched();
    let administrator = administrator(&installation);
    hire(&administrator, &installation, 0);
    until_published(&installation, 1, COSIGNED_WITHIN);
    installation.stop();
    let mut copy = installation.copied();
    installation.start();
    for number in 1..3 {
        hire(&administrator, &installation, number);
    }
    let honest = settled_head(&installation);
    assert_eq!(witness.latest(&honest.origin)["size"], honest.size);
    let was = Head::read(&std::fs::read_to_string(copy.data().join("checkpoint")).unwrap());
    copy.start();
    let double = tests::staff::administrator(&copy);
    for number in 1..5 {
        hire(&double, &copy, number);
    }
    until_said(&copy, "differ: an old copy of the store was put back");
    assert_eq!(head(&copy).unwrap().size, was.size, "the fork is published");
    assert!(witness.said().contains("shows another history"), "{}", witness.said());
    // The honest one goes on undisturbed.
    hire(&administrator, &installation, 9);
    until_published(&installation, honest.size + 1, COSIGNED_WITHIN);
}

#[test]
fn an_old_copy_that_is_put_back_is_noticed() {
    let (mut installation, witness) = watched();
    let administrator = administrator(&installation);
    hire(&administrator, &installation, 0);
    until_published(&installation, 1, COSIGNED_WITHIN);
    installation.stop();
    let old = installation.copied();
    let was = Head::read(&std::fs::read_to_string(old.data().join("checkpoint")).unwrap());
    installation.start();
    for number in 1..20 {
        hire(&administrator, &installation, number);
    }
    let newest = settled_head(&installation);
    installation.stop();
    // The copy's settings name other ports.
    let settings = std::fs::read(installation.data().join("npki.toml")).unwrap();
    installation.put_back(&old.data());
    std::fs::write(installation.data().join("npki.toml"), settings).unwrap();
    installation.start();
    hire(&administrator, &installation, 50);
    until_said(&installation, "an old copy of the store was put back");
    assert!(
        installation
            .said()
            .contains(&format!("it has cosigned {} events", witness.latest(&was.origin)["size"]))
    );
    assert_eq!(head(&installation).unwrap().size, was.size, "the published head moved");
    assert!(witness.latest(&was.origin)["size"].as_u64().unwrap() >= newest.size);
}

/// Without witnesses, the newest head beside the store is all that remembers.
#[test]
fn an_old_store_under_a_newer_head_is_not_served() {
    let mut installation = Installation::fresh();
    let administrator = administrator(&installation);
    installation.stop();
    let (store, old) = (installation.data().join("store"), installation.scratch("old").join("store"));
    tests::installation::copy_folder(&store, &old);
    installation.start();
    for number in 0..3 {
        hire(&administrator, &installation, number);
    }
    installation.stop();
    let newest = std::fs::read_to_string(installation.data().join("checkpoint")).unwrap();
    assert!(!installation.said().contains("is not the one that was signed"), "{}", installation.said());
    std::fs::remove_dir_all(&store).unwrap();
    tests::installation::copy_folder(&old, &store);
    // Signing on would make a second history under the same name; and a backup would be of the wrong one.
    let (data, operator) = (installation.data(), installation.somebody("operator"));
    let (identity, backup) =
        (installation.scratch("backup").join("id"), installation.scratch("backup").join("b"));
    let made = operator.done(&["backup", "key", "--out", text(&identity)]);
    let recipient = made["recipient"].as_str().unwrap();
    for command in [
        &["serve", "--data", text(&data)][..],
        &["backup", "create", "--data", text(&data), "--out", text(&backup), "--recipient", recipient],
        &["clock", "accept", "--data", text(&data), "--reason", "a drill"],
    ] {
        let refused = operator.refused(exit::CONFLICT, command);
        assert_eq!(refused.code, "E-SRV-012", "{command:?}: {refused:?}");
        assert!(refused.detail.contains("is not the one that was signed"), "{refused:?}");
    }
    assert!(!backup.exists());
    // Nothing was written to it; whoever audits it may open it.
    let events = |store: &Path| {
        let audit = ["audit", "verify", "--data", text(&data), "--store", text(store)];
        operator.answered(exit::NO, &audit)["events"].as_u64().unwrap()
    };
    assert_eq!(events(&store), events(&old));
    assert_eq!(std::fs::read_to_string(data.join("checkpoint")).unwrap(), newest);
}

#[test]
fn a_witness_that_is_killed_forgets_nothing() {
    let (installation, mut witness) = watched();
    let administrator = administrator(&installation);
    hire(&administrator, &installation, 0);
    let first = until_published(&installation, 1, COSIGNED_WITHIN).0;
    let log_only = first.note.lines().take(5).map(|line| format!("{line}\n")).collect::<String>();
    let mut known = first.size;
    for round in 0..5 {
        std::thread::scope(|scope| {
            let making = scope.spawn(|| hire(&administrator, &installation, 10 + round));
            std::thread::sleep(Duration::from_millis(u64::from(tests::installation::random_u16() % 700)));
            witness.kill9();
            making.join().unwrap();
        });
        witness.start();
        let latest = witness.latest(&first.origin)["size"].as_u64().unwrap();
        assert!(latest >= known, "it had cosigned {known}, and remembers {latest}");
        known = latest;
        let again = witness.add_checkpoint(&format!("old 0\n\n{log_only}"));
        assert_eq!((again.status, again.header("content-type")), (409, "text/x.tlog.size"));
        assert!(String::from_utf8(again.body).unwrap().trim().parse::<u64>().unwrap() >= known);
        assert_eq!(
            witness.add_checkpoint(&format!("old {known}\n\n{log_only}")).status,
            smaller(known, &first)
        );
    }
    let size = first.size + 5;
    until_published(&installation, size, COSIGNED_WITHIN);
}

/// A checkpoint that is smaller than what it is said to follow from is refused as such; one of the same size is
/// cosigned again.
fn smaller(known: u64, head: &Head) -> u16 {
    if known > head.size { 400 } else { 200 }
}

#[test]
fn a_witness_is_one_process_and_answers_strangers_briefly() {
    let mut witness = Witness::founded("witness.example.org");
    witness.start();
    let data = witness.data();
    let refused = witness.operator().refused(exit::CONFLICT, &["witness", "serve", "--data", text(&data)]);
    assert_eq!(refused.code, "E-WIT-002");
    for body in ["", "old 0\n", "old x\n\nnote\n\n\u{2014} a b\n"] {
        assert_eq!(witness.add_checkpoint(body).status, 400, "{body:?}");
    }
    assert_eq!(witness.add_checkpoint(&format!("old 0\n\n{}", stranger_note())).status, 404);
    assert_eq!(witness.add_checkpoint(&"x".repeat(1024 * 1024)).status, 413);
    witness.stop();
    witness.start();
    let key = witness.operator().done(&["witness", "key", "--data", text(&witness.data())]);
    assert_eq!(answers::text(&key, "key"), witness.key());
}

/// A well-formed checkpoint of a log that nobody knows.
fn stranger_note() -> String {
    let signature = STANDARD.encode([7; 68]);
    format!(
        "example.org/x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} example.org/x {signature}\n"
    )
}
