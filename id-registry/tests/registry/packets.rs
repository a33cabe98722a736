//! Packets: enrolled without a network, signed, carried, brought in; altered, late, twice, cut off.

use ca_core::fingerprint::fingerprint;
use ca_core::letter;
use ca_core::storage::Store;
use ca_core::storage::memory::Failure;
use id_registry::enrolment::RequestError;
use id_registry::evidence::AssuranceRules;
use id_registry::identity::{Further, IdentityError, NewIdentity};
use id_registry::import::Mode;
use id_registry::packet::{
    EntryError, MOST_OCTETS, Manifest, Outcome, PACKET_TYPE, Packet, PacketError, Piece, Sealed, Taken,
    Terms, VERSION,
};
use id_registry::page::PageSize;
use id_registry::permission::ReadRegistry;
use id_registry::principal::Role;
use id_registry::staff::NewStaff;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::country::{Country, Member, csr, csr_of, member, new_key, person};
use crate::evidence::item;
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

/// An officer's machine.
struct Machine<'a> {
    country: &'a Country,
    officer: &'a Member,
    terms: Terms,
    pieces: Vec<Sealed>,
    number: u64,
    previous: Option<String>,
}

impl<'a> Machine<'a> {
    fn of(country: &'a Country, officer: &'a Member) -> Self {
        let terms = country.registry.packet_terms(&officer.permit()).unwrap();
        Self { country, officer, terms, pieces: Vec::new(), number: 1, previous: None }
    }

    fn now(&self) -> OffsetDateTime {
        use ca_core::clock::Clock;
        self.country.clock.now()
    }

    fn keep(&mut self, entry: u32, piece: &Piece) {
        let letter = piece.seal(&self.terms.recipient).unwrap();
        self.pieces.push(Sealed { entry, letter });
    }

    fn enrol(&mut self, entry: u32, new: NewIdentity) {
        let piece = Piece::person(entry, self.now(), new).unwrap();
        self.keep(entry, &piece);
    }

    fn evidence(&mut self, entry: u32, kind: &str, issuer: &str) {
        let rules = AssuranceRules::from_toml(&self.terms.evidence).unwrap();
        let by = (&rules, self.terms.officer);
        let piece = Piece::evidence(entry, self.now(), item(kind, issuer, "B-4711/84"), by).unwrap();
        self.keep(entry, &piece);
    }

    fn manifest(&self) -> Manifest {
        let content = Packet::content(&self.pieces);
        let mut entries: Vec<u32> = self.pieces.iter().map(|piece| piece.entry).collect();
        entries.dedup();
        Manifest {
            version: VERSION,
            packet: fingerprint(&content)[..32].to_owned(),
            registry: self.terms.registry.clone(),
            device: "tablet-2-0a1b2c".to_owned(),
            number: self.number,
            previous: self.previous.clone(),
            sealed_at: self.now(),
            entries: entries.len().try_into().unwrap(),
            last: entries.last().copied().unwrap_or_default(),
            content_sha256: fingerprint(&content),
        }
    }

    fn signed(&self, manifest: &Manifest) -> Vec<u8> {
        signed(self.officer, &serde_json::to_vec(manifest).unwrap(), &self.pieces)
    }

    fn file(&self) -> Vec<u8> {
        self.signed(&self.manifest())
    }

    /// Seals what there is, and begins the next packet.
    fn next(&mut self) -> Vec<u8> {
        let manifest = self.manifest();
        let file = self.signed(&manifest);
        self.pieces.clear();
        (self.number, self.previous) = (self.number + 1, Some(manifest.content_sha256));
        file
    }
}

fn signed(by: &Member, payload: &[u8], pieces: &[Sealed]) -> Vec<u8> {
    Packet::file(&by.sign_as(PACKET_TYPE, payload), pieces)
}

fn bring(country: &Country, by: &Member, file: &[u8]) -> Result<Taken, PacketError> {
    country.registry.import_packet(&by.permit(), file, Mode::Enter)
}

fn one(number: u32) -> NewIdentity {
    person(&format!("PNOLS-{number:012}"))
}

fn outcomes(taken: &Taken) -> String {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Registered(_) => 'r',
        Outcome::Already(_) => 'a',
        Outcome::Fits => 'f',
        Outcome::Refused(_) => '-',
    };
    taken.entries.iter().map(|entry| word(&entry.outcome)).collect()
}

fn size(country: &Country) -> u64 {
    country.store.ledger_size().unwrap()
}

#[test]
fn what_is_in_a_packet_is_its_signers_and_enters_once() {
    let country = Country::founded();
    let (officer, carrier) = (country.officer(), country.enrol("Palesa Nthunya", Role::Officer));
    country.settled(&officer, "RSL");
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(3, one(3));
    machine.evidence(3, "birth-certificate", "Chief Peete of Ha Foso");
    let request = Piece::request(3, machine.now(), "person-signature", &csr()).unwrap();
    machine.keep(3, &request);
    machine.enrol(5, one(5));
    let (file, collected_at) = (machine.file(), machine.now());
    assert_absent(&file, &["Mokoena", "PNOLS", "Peete"]);
    country.pass(Duration::days(12));

    let before = size(&country);
    let tried = country.registry.import_packet(&carrier.permit(), &file, Mode::Try).unwrap();
    assert_eq!((outcomes(&tried).as_str(), size(&country)), ("ff", before), "nothing is written");
    let taken = bring(&country, &carrier, &file).unwrap();
    assert_eq!((outcomes(&taken).as_str(), taken.before), ("rr", false));
    let Outcome::Registered(id) = taken.entries[0].outcome else { panic!("{taken:?}") };
    let identity = country.registry.identity(&carrier.permit(), id).unwrap();
    assert_eq!(identity.record.registered_by, officer.principal.id(), "not the carrier's");
    let reads = carrier.permit::<ReadRegistry>();
    let proven = country.registry.evidence(&reads, id).unwrap();
    let checked = &proven.items[0];
    assert_eq!(
        (checked.checked_by, checked.checked_at),
        (officer.principal.id(), collected_at.replace_nanosecond(0).unwrap())
    );
    let history = country.registry.history(&reads, id, None, PageSize::default()).unwrap();
    let note = history.items[0].note.clone().unwrap();
    assert!(note.contains("tablet-2-0a1b2c") && note.contains("entry 3"), "{note}");
    let collected = country.events("identity.collected");
    assert_eq!((collected.len(), &*collected[0].detail["entry"]), (2, "3"));
    let imported = &country.events("packet.imported")[0];
    assert_eq!(imported.detail["content-sha256"], taken.manifest.content_sha256);
    assert_eq!(imported.detail["signed-by"], officer.principal.id().to_string());
    assert_eq!(imported.actor.0, format!("staff:{}", carrier.principal.id()));
    assert_absent(&everything(&country.store), &["Mokoena", "PNOLS-0", "Peete"]);

    let request = *taken.entries[0].request.as_ref().unwrap().as_ref().unwrap();
    let own = country.approve(&officer, request, None).unwrap_err();
    assert!(matches!(own, RequestError::Own(_)), "who enrolled does not approve: {own}");
    country.approve(&carrier, request, None).unwrap();

    let before = size(&country);
    let again = bring(&country, &carrier, &file).unwrap();
    assert_eq!((outcomes(&again).as_str(), again.before, size(&country)), ("aa", true, before));
    assert_eq!(again.entries[0].request.as_ref().unwrap().as_ref().unwrap(), &request);
    country.pass(Duration::days(20));
    let late = bring(&country, &carrier, &file).unwrap();
    assert_eq!(outcomes(&late), "aa", "what came in whole is never too old");
}

#[test]
fn whoever_touches_a_packet_is_found_out_and_nothing_is_entered() {
    let country = Country::founded();
    let officer = country.officer();
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(1, one(1));
    machine.enrol(2, one(2));
    let file = machine.file();
    let before = size(&country);
    let manifest_ends = file.iter().skip(14).position(|octet| *octet == b'\n').unwrap() + 14;
    let content = manifest_ends + 1;
    // Every octet of the frame, every 7th of the signed line (header, payload, signature), every 11th of the pieces.
    let places = (0..14).chain((14..=manifest_ends).step_by(7)).chain((content..file.len()).step_by(11));
    for at in places.chain([manifest_ends, manifest_ends - 1, content, content + 7, file.len() - 1]) {
        let mut altered = file.clone();
        altered[at] ^= 1;
        let refused = bring(&country, &officer, &altered).unwrap_err();
        assert!(
            matches!(refused, PacketError::Unfit(_) | PacketError::Signature(_) | PacketError::Signer(_)),
            "octet {at}: {refused}"
        );
    }
    for at in (0..file.len()).step_by(13) {
        bring(&country, &officer, &file[..at]).unwrap_err();
    }
    bring(&country, &officer, &[&file[..], b"x"].concat()).unwrap_err();
    for garbage in [&b""[..], b"npki-packet-1\n", b"npki-packet-1\n\n", b"PK\x03\x04", &[0xff; 1000]] {
        bring(&country, &officer, garbage).unwrap_err();
    }
    let large = bring(&country, &officer, &vec![b'x'; MOST_OCTETS + 1]).unwrap_err();
    assert!(large.to_string().contains("larger"), "{large}");
    let mut left_out = Machine::of(&country, &officer);
    left_out.pieces = vec![machine.pieces[0].clone()];
    let mixed = signed(&officer, &serde_json::to_vec(&machine.manifest()).unwrap(), &left_out.pieces);
    assert!(matches!(bring(&country, &officer, &mixed).unwrap_err(), PacketError::Unfit(_)));
    assert_eq!(size(&country), before, "nothing is written");
    assert_eq!(outcomes(&bring(&country, &officer, &file).unwrap()), "rr");
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused_though_it_is_signed() {
    let country = Country::founded();
    let officer = country.officer();
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(1, one(1));
    machine.enrol(2, one(2));
    let good = serde_json::to_value(machine.manifest()).unwrap();
    for (field, value) in [
        ("version", json!(2)),
        ("packet", json!("../../../../../../../../../../../")),
        ("packet", json!("AB".repeat(16))),
        ("device", json!("Tablet/2")),
        ("device", json!("")),
        ("number", json!(0)),
        ("previous", json!("7")),
        ("entries", json!(3)),
        ("last", json!(1)),
        ("content_sha256", json!("00".repeat(32))),
        ("colour", json!("red")),
        ("sealed_at", json!("yesterday")),
    ] {
        let mut manifest = good.clone();
        manifest[field] = value;
        let file = signed(&officer, manifest.to_string().as_bytes(), &machine.pieces);
        let refused = bring(&country, &officer, &file).unwrap_err();
        assert!(matches!(refused, PacketError::Unfit(_)), "{field}: {refused}");
    }
    machine.pieces.reverse();
    let disordered = bring(&country, &officer, &machine.file()).unwrap_err();
    assert!(matches!(disordered, PacketError::Unfit(_)), "{disordered}");
}

#[test]
fn who_signed_must_count_and_when_and_for_whom() {
    let country = Country::founded();
    let (officer, carrier) = (country.officer(), country.enrol("Palesa Nthunya", Role::Officer));
    let auditor = country.enrol("Mpho Ramaema", Role::Auditor);
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(1, one(1));
    let (file, manifest) = (machine.file(), machine.manifest());
    let elsewhere = Manifest { registry: "https://registry.example.com/".to_owned(), ..manifest.clone() };
    let refused = bring(&country, &carrier, &machine.signed(&elsewhere)).unwrap_err();
    assert!(matches!(refused, PacketError::Elsewhere { .. }), "{refused}");
    let early = Manifest { sealed_at: manifest.sealed_at + Duration::minutes(6), ..manifest.clone() };
    let refused = bring(&country, &carrier, &machine.signed(&early)).unwrap_err();
    assert!(matches!(refused, PacketError::Early { .. }), "{refused}");
    let by_auditor = signed(&auditor, &serde_json::to_vec(&manifest).unwrap(), &machine.pieces);
    let refused = bring(&country, &carrier, &by_auditor).unwrap_err();
    assert!(matches!(refused, PacketError::NotPermitted(_)), "{refused}");
    country.pass(Duration::days(30) + Duration::seconds(1));
    let refused = bring(&country, &carrier, &file).unwrap_err();
    assert!(matches!(refused, PacketError::Old { days: 30, .. }), "{refused}");
    // Sealed anew, the packet is of today; what was collected is as old as it was.
    let taken = bring(&country, &carrier, &machine.file()).unwrap();
    let Outcome::Refused(EntryError::Time { .. }) = &taken.entries[0].outcome else { panic!("{taken:?}") };

    machine.pieces.clear();
    machine.enrol(2, one(2));
    let file = machine.file();
    let id = officer.principal.id();
    country.registry.disable_staff(&country.administrator.permit(), id, "left the office").unwrap();
    let before = size(&country);
    let refused = bring(&country, &carrier, &file).unwrap_err();
    assert!(matches!(refused, PacketError::Signer(_)), "{refused}");
    assert_eq!(size(&country), before);
    let again = signed(&carrier, &serde_json::to_vec(&machine.manifest()).unwrap(), &machine.pieces);
    assert_eq!(outcomes(&bring(&country, &carrier, &again).unwrap()), "r", "a colleague vouches for it");
}

#[test]
fn entries_are_refused_one_by_one() {
    let country = Country::founded();
    let officer = country.officer();
    let born = |number: u32| NewIdentity::Person {
        surname: "Lerotholi".to_owned(),
        given_name: "Teboho".to_owned(),
        identifier: format!("PNOLS-{number:012}"),
        further: Further { birth_date: Some("1984-03-07".to_owned()), ..Further::default() },
    };
    country.register(&officer, one(1));
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(1, one(1));
    machine.enrol(2, one(2));
    machine.enrol(3, one(2));
    machine.enrol(4, born(4));
    machine.enrol(5, born(5));
    machine.evidence(6, "passport", "Passports");
    machine.enrol(7, one(7));
    machine.enrol(7, one(8));
    let late = Piece::person(8, machine.now() + Duration::hours(1), one(9)).unwrap();
    machine.keep(8, &late);
    let letter = |piece: Value| {
        letter::seal(&letter::addressee(&machine.terms.recipient).unwrap(), piece.to_string().as_bytes())
    };
    let at = "2026-11-29T10:00:00Z";
    let bad_name = json!({"entry": 9, "at": Value::Null, "what": {}});
    let mut made_up = serde_json::to_value(Piece::person(10, machine.now(), one(10)).unwrap()).unwrap();
    made_up["what"]["person"]["surname"] = json!("Mo\u{202e}koena");
    let mut device = made_up.clone();
    device["entry"] = json!(11);
    device["what"]["person"] = json!({"kind": "device", "asset_tag": "GATE-1"});
    let transplanted = json!({"entry": 1, "at": at, "what": {"evidence": {}}});
    for (entry, piece) in [(9, bad_name), (10, made_up), (11, device), (12, transplanted)] {
        let letter = letter(piece).unwrap();
        machine.pieces.push(Sealed { entry, letter });
    }
    machine.pieces.push(Sealed { entry: 13, letter: b"garbage".to_vec() });
    machine.enrol(14, one(14));
    let file = machine.file();
    let taken = bring(&country, &officer, &file).unwrap();
    assert_eq!(outcomes(&taken), "-r-r---------r", "{taken:#?}");
    let refusal = |entry: usize| match &taken.entries[entry - 1].outcome {
        Outcome::Refused(error) => error.clone(),
        other => panic!("{other:?}"),
    };
    for taken in [1, 3] {
        assert!(matches!(refusal(taken), EntryError::Identity(IdentityError::Taken { .. })));
    }
    assert!(matches!(refusal(5), EntryError::Identity(IdentityError::Resembles(_))));
    assert!(matches!(refusal(8), EntryError::Time { .. }));
    assert!(matches!(refusal(10), EntryError::Identity(IdentityError::Field(_))));
    for unreadable in [6, 7, 9, 11, 12, 13] {
        assert!(matches!(refusal(unreadable), EntryError::Unreadable(_)), "{unreadable}");
    }
    assert!(!format!("{taken:?}").contains("Lerotholi"));
    let again = bring(&country, &officer, &file).unwrap();
    assert_eq!(outcomes(&again), outcomes(&taken).replace('r', "a"));
}

#[test]
fn nobody_enrols_oneself_once_more() {
    let country = Country::founded();
    let first = country.officer();
    let own = country.register(&first, one(1));
    let key = new_key();
    let new =
        NewStaff { name: "Thabo Mokoena", role: Role::Officer, person: Some(own), csr: &csr_of(&key, "t") };
    let enrolled = country.registry.enrol_staff(&country.administrator.permit(), &new).unwrap();
    let officer = member(&country.registry, enrolled, &key);
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(1, one(1));
    let taken = bring(&country, &first, &machine.file()).unwrap();
    let Outcome::Refused(EntryError::Identity(IdentityError::Own(id))) = taken.entries[0].outcome else {
        panic!("{taken:?}")
    };
    assert_eq!(id, own);
}

#[test]
fn a_packet_that_was_cut_off_goes_on_where_it_was() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let country = Country::founded();
        let officer = country.officer();
        country.register(&officer, one(99));
        let mut machine = Machine::of(&country, &officer);
        for entry in 1..=20 {
            machine.enrol(entry, one(entry));
            machine.evidence(entry, "birth-certificate", "Chief Peete");
        }
        let file = machine.file();
        country.store.fail_next_commit(failure);
        assert!(matches!(bring(&country, &officer, &file).unwrap_err(), PacketError::Fault(_)));
        let expected = if failure == Failure::AfterPersisting { "a" } else { "r" }.repeat(20);
        assert_eq!(outcomes(&bring(&country, &officer, &file).unwrap()), expected);
        assert_eq!(country.events("identity.registered").len(), 21);
        assert_eq!(country.events("evidence.entered").len(), 20);
        assert_eq!(country.events("packet.imported").len(), 1);
    }
}

#[test]
fn gaps_and_copies_of_a_machine_are_told() {
    let country = Country::founded();
    let officer = country.officer();
    let mut machine = Machine::of(&country, &officer);
    let packets: Vec<Vec<u8>> = (1..=4)
        .map(|entry| {
            machine.enrol(entry, one(entry));
            machine.next()
        })
        .collect();
    let order = |file: &[u8]| {
        let order = bring(&country, &officer, file).unwrap().order;
        (order.missing, order.late, order.forked)
    };
    assert_eq!(order(&packets[0]), (vec![], false, false));
    assert_eq!(order(&packets[3]), (vec![2, 3], false, false));
    assert_eq!(order(&packets[2]), (vec![2], true, false));
    assert_eq!(order(&packets[1]), (vec![], true, false));
    assert_eq!(order(&packets[3]), (vec![], false, false));
    // The folder was put back from a copy, and goes on with a number that was used.
    (machine.number, machine.previous) = (4, machine.previous.take());
    machine.enrol(9, one(9));
    assert!(order(&machine.file()).2);
}

#[test]
fn an_identifier_serves_one_packet() {
    let country = Country::founded();
    let officer = country.officer();
    let mut machine = Machine::of(&country, &officer);
    machine.enrol(1, one(1));
    let first = machine.manifest();
    bring(&country, &officer, &machine.signed(&first)).unwrap();
    machine.pieces.clear();
    machine.enrol(2, one(2));
    let other = Manifest { packet: first.packet, ..machine.manifest() };
    let refused = bring(&country, &officer, &machine.signed(&other)).unwrap_err();
    assert!(matches!(refused, PacketError::Another { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn officers_bring_packets_over_http_and_nobody_else() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    let terms = caller.get("/v1/packets/terms").await;
    assert!(terms.json["recipient"].as_str().is_some_and(|it| it.starts_with("age1")), "{}", terms.json);
    caller.post("/v1/packets", json!({"packet": "not base64!"})).await.problem(422, "E-PKT-001");
    caller.post("/v1/packets", json!({"packet": "bm8="})).await.problem(422, "E-PKT-001");
    let administrator = Caller::new(&country, Some(&country.administrator));
    administrator.get("/v1/packets/terms").await.problem(403, "E-AUTH-002");
    administrator.post("/v1/packets", json!({"packet": ""})).await.problem(403, "E-AUTH-002");
}
