//! Time stamps: a unit on a machine of its own, judged by OpenSSL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::HashSet;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tests::npki::text;
use tests::soft_token::{PIN, TOKEN, module, with_token};
use tests::stamper::{line, openssl_verifies, shown};
use tests::{Installation, Npki, Staff, Stamper};

const QUERY: &str = "application/timestamp-query";

/// An installation with its staff, and somebody who trusts its root.
fn country() -> (Installation, Staff) {
    let installation = Installation::fresh();
    let staff = Staff::of(&installation);
    (installation, staff)
}

#[test]
fn what_is_stamped_openssl_verifies_and_numbers_never_come_twice() {
    let (installation, staff) = country();
    let mut unit = Stamper::founded();
    unit.start();
    unit.until_ready("there is no certificate yet");
    let file = unit.file("letter.txt");
    std::fs::write(&file, "Lengolo\n").unwrap();
    let (_, refused) = unit.stamped_for_openssl(&file, &["-sha256"]);
    assert!(
        shown(&refused).text().contains("systemFailure") || shown(&refused).text().contains("system failure")
    );
    // It goes over to the certificate by itself.
    unit.certified_by(&staff.administrator);
    unit.until_ready("ready\n");

    let mut numbers = HashSet::new();
    for digest in ["-sha256", "-sha384", "-sha512"] {
        let (query, reply) = unit.stamped_for_openssl(&file, &[digest, "-cert"]);
        openssl_verifies(&installation, &reply, &["-queryfile", text(&query)])
            .succeeded()
            .saying("Verification: OK");
        openssl_verifies(&installation, &reply, &["-data", text(&file)]).succeeded();
        let told = shown(&reply).succeeded().text();
        assert_eq!(line(&told, "Policy OID:"), "1.3.6.1.4.1.32473.426.2.1");
        assert!(told.contains("Accuracy: 0x01 seconds") && told.contains("Ordering: no"), "{told}");
        assert!(numbers.insert(line(&told, "Serial number:")));
    }
    // Over power cuts, and after a folder came back from an old copy.
    let copy = unit.file("copy");
    tests::installation::copy_folder(&unit.data(), &copy);
    for round in 0..6 {
        unit.kill9();
        if round == 3 {
            std::fs::remove_dir_all(unit.data()).unwrap();
            tests::installation::copy_folder(&copy, &unit.data());
        }
        unit.start();
        unit.until_ready("ready\n");
        for _ in 0..5 {
            let (_, reply) = unit.stamped_for_openssl(&file, &["-sha256"]);
            assert!(numbers.insert(line(&shown(&reply).text(), "Serial number:")), "round {round}");
        }
    }
    assert_eq!(numbers.len(), 33);
    let second = unit.operator().refused(6, &["serve", "--role", "tsa", "--data", text(&unit.data())]);
    assert_eq!(second.code, "E-TSA-002");
}

#[test]
fn anybody_has_a_file_stamped_and_verifies_it() {
    let (installation, staff) = country();
    let unit = Stamper::at_work(&staff.administrator);
    let person: Npki = installation.somebody("person");
    let file = unit.file("letter.txt");
    std::fs::write(&file, "Lengolo\n").unwrap();
    let stamp = unit.file("letter.txt.tsr");
    let root = installation.root();
    let stamped = person.done(&["timestamp", text(&file), "--tsa", &unit.address()]);
    assert_eq!(stamped["timestamp"], text(&stamp));
    openssl_verifies(&installation, &stamp, &["-data", text(&file)]).succeeded();

    let verify = ["verify", text(&file), "--timestamp", text(&stamp), "--trust", text(&root)];
    let verdict = person.answered(0, &verify);
    assert_eq!(verdict["details"]["indication"], "TOTAL-PASSED", "{verdict}");
    assert_eq!(verdict["details"]["statement"]["at"], stamped["at"]);
    let inspected = person.done(&["inspect", text(&stamp)]);
    assert_eq!(inspected["items"][0]["token"]["timestamp"]["serial"], stamped["serial"], "{inspected}");

    // Another file; nobody asked; another root.
    std::fs::write(&file, "Lengolo le leng\n").unwrap();
    assert_eq!(person.answered(3, &verify)["details"]["sub_indication"], "HASH_FAILURE");
    std::fs::write(&file, "Lengolo\n").unwrap();
    let offline = [&verify[..], &["--offline"]].concat();
    assert_eq!(person.answered(8, &offline)["details"]["sub_indication"], "TRY_LATER");
    let other = Installation::founded();
    let other_root = other.root();
    let foreign = ["verify", text(&file), "--timestamp", text(&stamp), "--trust", text(&other_root)];
    assert_eq!(person.answered(8, &foreign)["details"]["sub_indication"], "NO_CERTIFICATE_CHAIN_FOUND");
    // The unit is revoked: nothing proves that the stamp is older.
    let unit_serial = tests::certificates::serial(&unit.data().join("certificates/unit.pem"));
    let ending = &unit_serial[unit_serial.len() - 4..];
    staff.administrator.npki.done(&[
        "revoke",
        &unit_serial,
        "--reason",
        "key-compromise",
        "--confirm",
        ending,
    ]);
    assert_eq!(person.answered(8, &verify)["details"]["sub_indication"], "REVOKED_NO_POE");
    // A person of no permission certifies no unit.
    let request = unit.file("another");
    unit.operator().done(&["tsa", "request", "--data", text(&unit.data()), "--out", text(&request)]);
    let out = unit.file("none");
    staff.officer.npki.refused(4, &["tsa", "certify", text(&request), "--out", text(&out)]);
}

#[test]
fn hostile_requests_are_answered_and_nothing_breaks() {
    let (_installation, staff) = country();
    let unit = Stamper::at_work(&staff.administrator);
    let file = unit.file("letter.txt");
    std::fs::write(&file, "Lengolo\n").unwrap();
    let (query, _) = unit.stamped_for_openssl(&file, &["-sha256", "-cert"]);
    let good = std::fs::read(query).unwrap();
    for (options, refusal) in [
        (&["-sha1"][..], "unrecognized or unsupported algorithm identifier"),
        (&["-sha256", "-tspolicy", "1.2.3.4"], "the requested TSA policy is not supported by the TSA"),
    ] {
        let (_, reply) = unit.stamped_for_openssl(&file, options);
        let told = shown(&reply).text();
        assert!(told.contains("Status: Rejected") && told.contains(refusal), "{told}");
    }
    assert!(unit.told(&good[..20]).contains("the data submitted has the wrong format"));
    assert!(unit.told(b"").contains("the data submitted has the wrong format"));
    // Truncations and flipped bits: some are still requests, all are answered.
    for length in (0..good.len()).step_by(7) {
        assert!(unit.told(&good[..length]).contains("Status: Rejected"), "{length} octets");
    }
    for place in (0..good.len()).step_by(5) {
        let mut flipped = good.clone();
        flipped[place] ^= 0x11;
        let told = unit.told(&flipped);
        assert!(
            told.contains("Status: Granted.") || told.contains("Status: Rejected"),
            "octet {place}: {told}"
        );
    }
    assert_eq!(unit.post("application/ocsp-request", &good).status, 415);
    assert_eq!(unit.post("text/plain", &good).status, 415);
    assert_eq!(unit.post(QUERY, &vec![0x30; 100_000]).status, 413);
    assert_eq!(unit.post("Application/Timestamp-Query; charset=x", &good).status, 200);
    unit.until_ready("ready\n");
}

#[test]
fn a_clock_that_is_set_is_not_believed() {
    let (_installation, staff) = country();
    let mut unit = Stamper::founded();
    unit.certified_by(&staff.administrator);
    let file = unit.file("letter.txt");
    std::fs::write(&file, "Lengolo\n").unwrap();
    let told = |unit: &Stamper| shown(&unit.stamped_for_openssl(&file, &["-sha256"]).1).text();
    unit.start_with_clock("+0");
    unit.until_ready("ready\n");
    assert!(told(&unit).contains("Status: Granted."));
    // Forward, while it runs; and back again: somebody sets it, and it is not believed until the unit is started anew.
    for offset in ["+2h", "+0"] {
        unit.set_clock(offset);
        unit.until_ready("not ready: the clock was moved");
        let told = told(&unit);
        assert!(told.contains("the TSA's time source is not available"), "{told}");
    }
    unit.stop();
    unit.start_with_clock("+2h");
    unit.until_ready("ready\n");
    unit.stop();
    // Set back while it was off.
    unit.start_with_clock("+1h");
    unit.until_ready("was noted before");
    assert!(told(&unit).contains("the TSA's time source is not available"));
    // An operator knows that it was wrong before, and says so while the unit is stopped.
    let data = unit.data();
    let accept = ["tsa", "accept-clock", "--data", text(&data), "--reason", "the clock was two hours ahead"];
    assert_eq!(unit.operator().refused(6, &accept).code, "E-TSA-002");
    unit.stop();
    unit.operator().done(&accept);
    unit.start_with_clock("+0");
    unit.until_ready("ready\n");
    assert!(told(&unit).contains("Status: Granted."));
}

/// A server of NTP whose clock is off by what was set last, in milliseconds.
fn ntp_server(ahead: &Arc<AtomicI64>) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let ahead = Arc::clone(ahead);
    std::thread::spawn(move || {
        let mut packet = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut packet) {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let milliseconds = i64::try_from(since_1970.as_millis()).unwrap() + ahead.load(Ordering::Relaxed);
            let milliseconds = u64::try_from(milliseconds).unwrap() + 2_208_988_800_000;
            let stamp =
                (((milliseconds / 1000) << 32) | (((milliseconds % 1000) << 32) / 1000)).to_be_bytes();
            let origin: [u8; 8] = packet[40..].try_into().unwrap();
            packet = [0; 48];
            (packet[0], packet[1]) = (0x24, 2);
            packet[24..32].copy_from_slice(&origin);
            packet[32..40].copy_from_slice(&stamp);
            packet[40..].copy_from_slice(&stamp);
            socket.send_to(&packet, from).unwrap();
        }
    });
    address
}

#[test]
fn a_clock_that_differs_from_the_servers_is_not_believed() {
    let (_installation, staff) = country();
    let mut unit = Stamper::founded();
    unit.certified_by(&staff.administrator);
    let ahead = Arc::new(AtomicI64::new(3_000));
    let settings = unit.data().join("tsa.toml");
    let written = std::fs::read_to_string(&settings).unwrap();
    // The first server is not there.
    let servers = format!("servers = [\"127.0.0.1:1\", {:?}]", ntp_server(&ahead));
    std::fs::write(&settings, written.replace("servers = []", &servers)).unwrap();
    let file = unit.file("letter.txt");
    std::fs::write(&file, "Lengolo\n").unwrap();
    let told = |unit: &Stamper| shown(&unit.stamped_for_openssl(&file, &["-sha256"]).1).text();
    unit.start();
    unit.until_ready("the clock differs from the reference by -3.0");
    assert!(told(&unit).contains("the TSA's time source is not available"));
    ahead.store(20, Ordering::Relaxed);
    unit.until_ready("ready\n");
    assert!(told(&unit).contains("Status: Granted."));
}

#[test]
fn a_unit_stamps_with_a_key_that_never_leaves_its_token() {
    with_token("a_unit_stamps_with_a_key_that_never_leaves_its_token", || {
        let (installation, staff) = country();
        let mut unit = Stamper::founded();
        let settings = unit.data().join("tsa.toml");
        let written = std::fs::read_to_string(&settings).unwrap();
        let section = format!("[pkcs11]\nmodule = {:?}\ntoken = {TOKEN:?}\n\n[limits]", text(&module()));
        std::fs::write(&settings, written.replace("[limits]", &section)).unwrap();
        let pin = unit.data().join("secrets/pin");
        std::fs::write(&pin, PIN).unwrap();
        let owner: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&pin, owner).unwrap();
        unit.certified_by(&staff.administrator);
        assert_eq!(std::fs::read_dir(unit.data().join("keys")).unwrap().count(), 0);
        unit.start();
        unit.until_ready("ready\n");
        let file = unit.file("letter.txt");
        std::fs::write(&file, "Lengolo\n").unwrap();
        let (query, reply) = unit.stamped_for_openssl(&file, &["-sha256", "-cert"]);
        openssl_verifies(&installation, &reply, &["-queryfile", text(&query)]).succeeded();
    });
}
