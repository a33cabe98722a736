//! Persons enrolled on a machine without a network, by the real program: signed, carried by a colleague, brought in twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tests::installation::Keeping;
use tests::npki::{exit, text};
use tests::postgres::PostgresServer;
use tests::requests::{P256, openssl_with_subject};
use tests::{Country, Member, answers};

/// Something was refused.
const REFUSED: i32 = 3;

/// An officer's machine.
struct Machine<'a> {
    officer: &'a Member,
    folder: PathBuf,
}

impl<'a> Machine<'a> {
    fn prepared(country: &Country, officer: &'a Member, device: &str) -> Self {
        let folder = country.installation.scratch(device);
        officer.npki.done(&["packet", "begin", "--folder", text(&folder), "--device", device]);
        Self { officer, folder }
    }

    fn words<'b>(&'b self, verb: &[&'b str], more: &[&'b str]) -> Vec<&'b str> {
        [&["packet"], verb, &["--folder", text(&self.folder)], more].concat()
    }

    fn add(&self, surname: &str, number: &str, more: &[&str]) -> Value {
        let person = ["--surname", surname, "--given-name", "Thabo", "--identifier", number];
        self.officer.npki.done(&self.words(&["add"], &[&person[..], more].concat()))
    }

    fn sealed(&self) -> Vec<PathBuf> {
        let made = self.officer.npki.done(&self.words(&["seal"], &[]));
        let packets = made["packets"].as_array().unwrap();
        packets.iter().map(|packet| PathBuf::from(answers::text(packet, "file"))).collect()
    }

    fn listed(&self) -> Value {
        self.officer.npki.done(&self.words(&["list"], &[]))
    }

    /// Everything on the machine, octet for octet.
    fn everything(&self) -> Vec<u8> {
        fn read(path: &Path, into: &mut Vec<u8>) {
            if path.is_dir() {
                path.read_dir().unwrap().for_each(|entry| read(&entry.unwrap().path(), into));
            } else {
                into.extend(std::fs::read(path).unwrap());
            }
        }
        let mut all = Vec::new();
        read(&self.folder, &mut all);
        all
    }
}

fn brought(by: &Member, code: i32, packet: &Path) -> Value {
    by.npki.answered(code, &["packet", "import", text(packet)])["packets"][0]["taken"].clone()
}

fn counts(taken: &Value) -> [u64; 3] {
    ["registered", "already", "refused"].map(|name| taken[name].as_u64().unwrap_or_else(|| panic!("{taken}")))
}

#[test]
fn persons_enrolled_without_a_network_are_brought_in_once_on_sled() {
    story_of_a_packet(Country::settled());
}

#[test]
fn persons_enrolled_without_a_network_are_brought_in_once_on_postgresql() {
    let server = PostgresServer::start();
    story_of_a_packet(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn story_of_a_packet(mut country: Country) {
    let (officer, carrier) = (&country.staff.officer, &country.staff.second_officer);
    let machine = Machine::prepared(&country, officer, "tablet-2");
    country.installation.stop();
    collect(&country, &machine);
    let kit = machine.folder.join("kit.json");
    let before = std::fs::read(&kit).unwrap();
    let [packet] = &machine.sealed()[..] else { panic!("one packet holds them") };
    assert!(packet.metadata().unwrap().len() < 8_000, "{packet:?}");
    // The power went after the packet was written, before it was counted.
    std::fs::write(&kit, before).unwrap();
    let listed = machine.listed();
    assert_eq!(listed["waiting"].as_array().unwrap().len(), 0, "{listed}");
    assert_eq!(listed["sealed"].as_array().unwrap().len(), 1, "{listed}");
    let nothing = officer.npki.refused(exit::CONFLICT, &machine.words(&["seal"], &[]));
    assert_eq!(nothing.code, "E-PKT-103");

    country.installation.start();
    let tried = carrier.npki.answered(REFUSED, &["packet", "import", text(packet), "--dry-run"]);
    assert_eq!(counts(&tried["packets"][0]["taken"]), [0, 0, 1], "{tried}");
    let taken = brought(carrier, REFUSED, packet);
    assert_eq!(counts(&taken), [2, 0, 1], "{taken}");
    assert_eq!(taken["signed_by"], officer.id.as_str());
    let entries = taken["entries"].as_array().unwrap();
    assert_eq!(
        (&entries[2]["entry"], &entries[2]["refusal"]["code"]),
        (&4.into(), &"E-ID-002".into()),
        "{taken}"
    );
    let person = answers::text(&entries[0], "id");
    let shown = carrier.npki.done(&["registry", "show", person]);
    assert_eq!(
        (&shown["surname"], &shown["registered_by"]),
        (&"Lerotholi".into(), &officer.id.as_str().into())
    );
    let evidence = carrier.npki.done(&["registry", "evidence", "list", person]);
    assert_eq!(answers::items(&evidence).len(), 2, "{evidence}");
    let request = answers::text(&entries[0], "request");
    let own = officer.npki.refused(exit::NOT_PERMITTED, &["vet", "approve", request]);
    assert_eq!(own.code, "E-REQ-006", "who enrolled asked for it");
    let approved = carrier.npki.done(&["vet", "approve", request, "--note", "as enrolled"]);
    assert_eq!(approved["status"], "issued", "{approved}");

    let again = brought(carrier, REFUSED, packet);
    assert_eq!((counts(&again), &again["before"]), ([0, 2, 1], &true.into()), "{again}");
    assert_eq!(again["entries"][0]["request"], request);
    refused_whole(&country, packet);
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// Without a network: entries are judged, sealed and kept one by one.
fn collect(country: &Country, machine: &Machine<'_>) {
    let csr = openssl_with_subject(&country.installation.scratch("csr"), &P256, "/");
    let (npki, request) = (&machine.officer.npki, ["--csr", text(&csr), "--profile", "person-signature"]);
    let first = machine.add(
        "Lerotholi",
        "PNOLS-000000000001",
        &[&request[..], &["--birth-date", "1984-03-07"]].concat(),
    );
    assert_eq!(first["entry"], 1, "{first}");
    for (kind, issuer) in
        [("birth-certificate", "Registrar of Thaba-Tseka"), ("chiefs-letter", "Chief Peete")]
    {
        let item = ["--kind", kind, "--issuer", issuer, "--reference", "7/26", "--how", "in-person"];
        npki.done(&machine.words(&["evidence", "1"], &item));
    }
    let wrong = ["--surname", "X", "--given-name", "Y", "--identifier", "PNOLS-000000000002"];
    let wrong = [&wrong[..], &["--birth-date", "1984-02-30"]].concat();
    let unfit = npki.refused(exit::USAGE, &machine.words(&["add"], &wrong));
    assert_eq!(unfit.code, "E-PKT-104");
    let item = ["--kind", "horoscope", "--issuer", "Stars", "--how", "in-person"];
    assert_eq!(npki.refused(exit::USAGE, &machine.words(&["evidence", "1"], &item)).code, "E-PKT-104");
    machine.add("Ramaema", "PNOLS-000000000002", &[]);
    machine.add("Mistake", "PNOLS-000000000003", &[]);
    npki.done(&machine.words(&["drop", "3"], &["--yes"]));
    assert_eq!(npki.refused(exit::NOT_FOUND, &machine.words(&["drop", "3"], &["--yes"])).code, "E-PKT-102");
    let fourth = machine.add("Ramaema", "PNOLS-000000000002", &[]);
    assert_eq!(fourth["entry"], 4, "no number is used again");
    let listed = machine.listed();
    assert_eq!(
        (&listed["waiting"][0]["evidence"], &listed["waiting"][0]["request"]),
        (&2.into(), &true.into())
    );
    for letter in machine.folder.join("waiting").read_dir().unwrap() {
        assert_eq!(letter.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let all = machine.everything();
    for personal in ["Lerotholi", "Ramaema", "PNOLS", "Peete", "1984-03-07"] {
        assert!(!all.windows(personal.len()).any(|part| part == personal.as_bytes()), "{personal} lies open");
    }
}

/// What is no packet, or was touched, changes nothing.
fn refused_whole(country: &Country, packet: &Path) {
    let npki = &country.staff.second_officer.npki;
    let folder = country.installation.scratch("bad");
    let good = std::fs::read(packet).unwrap();
    let mut altered = good.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    for (name, content) in
        [("altered", &altered[..]), ("short", &good[..good.len() / 2]), ("garbage", b"PK\x03\x04")]
    {
        let file = folder.join(name);
        std::fs::write(&file, content).unwrap();
        assert_eq!(npki.refused(exit::USAGE, &["packet", "import", text(&file)]).code, "E-PKT-001", "{name}");
    }
    let huge = folder.join("huge");
    File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    assert_eq!(npki.refused(exit::USAGE, &["packet", "import", text(&huge)]).code, "E-FILE-005");
    let garbage = folder.join("garbage");
    let both = npki.answered(REFUSED, &["packet", "import", text(&garbage), text(packet)]);
    assert_eq!(both["packets"][0]["refusal"]["code"], "E-PKT-001", "{both}");
    assert_eq!(counts(&both["packets"][1]["taken"]), [0, 2, 1], "one that is refused stops no other");
}

#[test]
fn a_power_cut_while_a_packet_comes_in_loses_nobody_and_enters_nobody_twice() {
    let mut country = Country::settled();
    let machine = Machine::prepared(&country, &country.staff.officer, "tablet-3");
    for at in 0..30 {
        machine.add("Mokoena", &format!("PNOLS-{at:012}"), &[]);
    }
    let [packet] = &machine.sealed()[..] else { panic!("one packet holds them") };
    let mut import = country.staff.second_officer.npki.command();
    let import = import.args(["packet", "import", text(packet)]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    country.installation.kill9();
    import.wait().unwrap();
    country.installation.start();
    let taken = brought(&country.staff.second_officer, exit::DONE, packet);
    let [registered, already, refused] = counts(&taken);
    assert_eq!((registered + already, refused), (30, 0), "{taken}");
    assert!(registered == 0 || already == 0, "all or none had entered");
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn a_packet_of_who_was_disabled_is_vouched_for_by_a_colleague() {
    let country = Country::settled();
    let staff = &country.staff;
    let machine = Machine::prepared(&country, &staff.officer, "tablet-4");
    machine.add("Mokoena", "PNOLS-000000000001", &[]);
    let [packet] = &machine.sealed()[..] else { panic!("one packet holds it") };
    staff.administrator.npki.done(&["staff", "disable", &staff.officer.id, "--reason", "left", "--yes"]);
    let import = ["packet", "import", text(packet)];
    assert_eq!(staff.second_officer.npki.refused(exit::NOT_PERMITTED, &import).code, "E-PKT-002");
    staff.third_officer.npki.done(&["packet", "seal", "--again", text(packet)]);
    let taken = brought(&staff.second_officer, exit::DONE, packet);
    assert_eq!((counts(&taken), &taken["signed_by"]), ([1, 0, 0], &staff.third_officer.id.as_str().into()));
}
