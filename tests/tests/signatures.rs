//! Signatures that nobody meant: the journals beside the CA keys are held against the ledger, by the service and by an
//! auditor; what was made past both is found by what it left in the world.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ca_core::certificate::CaId;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::keys::Signer;
use ca_core::keys::journal::{Digest, JournalPlace, JournalReader, SignatureJournal};
use ca_core::keys::sealed::SealedKey;
use ca_core::keys::software::SoftwareKey;
use serde_json::Value;
use tests::npki::{exit, text};
use tests::{Country, soft_token};

const PATIENCE: Duration = Duration::from_secs(30);

fn journals(country: &Country) -> PathBuf {
    country.installation.data().join("keys/signatures")
}

fn of_issuing(country: &Country) -> JournalReader {
    let all = JournalReader::in_folder(&journals(country)).unwrap();
    all.into_iter().find(|journal| journal.header().ca.as_str() == "issuing").unwrap()
}

fn key(country: &Country) -> SoftwareKey {
    let data = country.installation.data();
    let passphrase = std::fs::read_to_string(data.join("secrets/passphrase")).unwrap();
    let sealed = SealedKey::read(&data.join("keys/issuing.key")).unwrap();
    sealed.open(passphrase.lines().next().unwrap().as_bytes()).unwrap()
}

/// Uses the key as an intruder would who has npki's own code: with an entry in the journal, and no intent.
fn rogue_use(country: &Country) -> Digest {
    let header = of_issuing(country).header().clone();
    let place = JournalPlace {
        folder: journals(country),
        ca: CaId::new("issuing").unwrap(),
        node: header.node,
        key: header.key,
    };
    let journal = SignatureJournal::open(&place, Arc::new(SystemClock), &SystemEntropy).unwrap();
    let digest = Digest::of(b"*.google.com");
    journal.record(digest).unwrap();
    digest
}

/// The country's person's certificate with another serial number, signed with the CA's very key, past everything.
fn forged(country: &Country, signer: &dyn Signer, name: &str) -> PathBuf {
    let genuine = genuine(country);
    let (_, parsed) = x509_parser::parse_x509_certificate(&genuine).unwrap();
    let serial = parsed.raw_serial().to_vec();
    let mut signed = parsed.tbs_certificate.as_ref().to_vec();
    let at = signed.windows(serial.len()).position(|octets| octets == serial).unwrap();
    signed[at + serial.len() - 1] ^= 1;
    let identifier = signer.signature_algorithm().identifier();
    let mut bits = vec![0];
    bits.extend(signer.sign(&signed).unwrap());
    let whole = sequence(0x30, &[signed, identifier.to_vec(), sequence(0x03, &[bits])]);
    let path = country.installation.scratch("forged").join(name);
    std::fs::write(&path, whole).unwrap();
    path
}

fn sequence(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let head = if body.len() < 128 { vec![tag, length[1]] } else { vec![tag, 0x82, length[0], length[1]] };
    [head, body].concat()
}

fn genuine(country: &Country) -> Vec<u8> {
    let path = country.installation.data().join("certificates/server.pem");
    let (_, block) = x509_parser::pem::parse_x509_pem(&std::fs::read(path).unwrap()).unwrap();
    block.contents
}

fn alarms(country: &Country) -> Vec<Value> {
    let found = country.staff.auditor.npki.done(&["audit", "search", "--action", "signature.unexplained"]);
    found["items"].as_array().unwrap().clone()
}

#[test]
fn a_signature_that_nobody_meant_is_an_alarm() {
    let mut country = Country::settled();
    country.installation.stop();
    let data = country.installation.data();
    let auditor = country.installation.somebody("auditor");
    let audit = ["audit", "signatures", "--data", text(&data)];
    let clean = auditor.done(&audit);
    assert_eq!(clean["verdict"], "clean", "{clean}");
    let counted = clean["journals"].as_array().unwrap();
    let issuing = counted.iter().find(|journal| journal["ca"] == "issuing").unwrap();
    assert!(issuing["signatures"].as_u64().unwrap() > 5, "{clean}");
    assert_eq!(issuing["signatures"], issuing["explained"]);

    let digest = rogue_use(&country).to_string();
    let found = auditor.answered(exit::NO, &audit);
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        (&found["findings"][0]["kind"], &found["findings"][0]["digest"]),
        (&"unexplained".into(), &digest.as_str().into())
    );

    // The service sees it too, says so, and writes it into the ledger once, however often it is started.
    for start in 0..2 {
        country.installation.start();
        let give_up = Instant::now() + PATIENCE;
        while alarms(&country).is_empty() {
            assert!(Instant::now() < give_up, "{}", country.installation.said());
            std::thread::sleep(Duration::from_millis(100));
        }
        let said = country.installation.said();
        assert!(start > 0 || said.contains("SIGNATURES AND LEDGER DISAGREE"), "{said}");
        // With the server's ledger, while it runs.
        let folder = journals(&country);
        let npki = &country.staff.auditor.npki;
        let found = npki.answered(exit::NO, &["audit", "signatures", "--journals", text(&folder)]);
        assert_eq!(found["findings"][0]["digest"], digest.as_str());
        country.installation.stop();
    }
    country.installation.start();
    assert_eq!(alarms(&country).len(), 1);
    country.installation.stop();

    // Cut off behind the last mark that the ledger has, it is found out as well.
    let journal = of_issuing(&country);
    let whole = std::fs::read(journal.path()).unwrap();
    let start = whole.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    std::fs::write(journal.path(), &whole[..start]).unwrap();
    let kinds = kinds(&auditor.answered(exit::NO, &audit));
    assert!(kinds.iter().any(|kind| kind == "truncated"), "{kinds:?}");
    std::fs::remove_file(journal.path()).unwrap();
    let found = auditor.answered(exit::NO, &audit);
    assert_eq!(self::kinds(&found), ["missing"]);
    let id = found["findings"][0]["journal"].as_str().unwrap();
    auditor.done(&[&audit[..], &["--lost", id]].concat());
}

fn kinds(found: &Value) -> Vec<String> {
    let findings = found["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_signed_past_npki_is_found_by_what_it_left() {
    let mut country = Country::settled();
    let forged_by_us = forged(&country, &key(&country), "forged.cer");
    let stranger = SoftwareKey::generate(ca_core::algorithm::KeyAlgorithm::P384).unwrap();
    let foreign = forged(&country, &stranger, "foreign.cer");
    let genuine = country.installation.data().join("certificates/server.pem");
    let seen = [text(&genuine), text(&forged_by_us), text(&foreign)];
    let issuing = country.installation.issuing();
    let look = [&["audit", "signatures", "--ca", text(&issuing), "--seen"][..], &seen].concat();
    let verdicts = |found: &Value| -> Vec<(String, bool)> {
        let seen = found["seen"].as_array().unwrap().iter();
        seen.map(|seen| (seen["verdict"].as_str().unwrap().to_owned(), seen["alarm"].as_bool().unwrap()))
            .collect()
    };
    let expected = [("known", false), ("unknown", true), ("unknown", false)]
        .map(|(word, alarm)| (word.to_owned(), alarm));
    let online = country.staff.auditor.npki.answered(exit::NO, &look);
    assert_eq!(verdicts(&online), expected, "{online}");
    assert!(online["seen"][1]["signed_by"].as_str().unwrap().contains("Issuing CA"), "{online}");
    // The journal cannot know: the key was used past it.
    country.installation.stop();
    let (auditor, data) = (country.installation.somebody("auditor"), country.installation.data());
    let clean = auditor.done(&["audit", "signatures", "--data", text(&data)]);
    assert_eq!(clean["verdict"], "clean");
    let look = [&["audit", "signatures", "--data", text(&data), "--seen"][..], &seen].concat();
    assert_eq!(verdicts(&auditor.answered(exit::NO, &look)), expected);
    auditor.done(&["audit", "signatures", "--data", text(&data), "--seen", text(&genuine)]);
}

#[test]
fn keys_are_made_shown_and_checked_in_a_token() {
    soft_token::with_token("keys_are_made_shown_and_checked_in_a_token", || {
        let country = Country::settled();
        let operator = country.installation.somebody("operator");
        let pin = country.installation.scratch("token").join("pin");
        std::fs::write(&pin, format!("{}\n", soft_token::PIN)).unwrap();
        let module = soft_token::module();
        let place = ["--module", text(&module), "--token", soft_token::TOKEN, "--pin-file", text(&pin)];
        let with = |arguments: &[&str]| -> Vec<String> {
            arguments.iter().chain(&place).map(ToString::to_string).collect()
        };
        let make = with(&["token", "make-key", "--key", "root", "--algorithm", "p384"]);
        let make: Vec<&str> = make.iter().map(String::as_str).collect();
        let exposed = operator.refused(1, &make);
        assert!(exposed.detail.contains("chmod 600"), "{}", exposed.detail);
        restrict(&pin);
        let made = operator.done(&make);
        assert_eq!((&made["algorithm"], &made["key"]), (&"p384".into(), &"root".into()));
        assert!(made["public_key"].as_str().unwrap().contains("BEGIN PUBLIC KEY"));
        assert!(operator.refused(1, &make).detail.contains("already"));
        let shown = with(&["token", "show"]);
        let shown = operator.done(&shown.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(shown["tokens"][0]["pin_tries"], "all");
        assert_eq!(
            (&shown["keys"][0]["fit"], &shown["keys"][0]["key_sha256"]),
            (&true.into(), &made["key_sha256"])
        );
        assert!(!shown.to_string().contains(soft_token::PIN));
        // By the settings of an installation.
        let settings = format!(
            "\n[pkcs11]\nmodule = \"{}\"\ntoken = \"{}\"\npin_file = \"{}\"\n",
            module.display(),
            soft_token::TOKEN,
            pin.display()
        );
        country.installation.edit_settings(|text| text.to_owned() + &settings);
        let data = country.installation.data();
        let check = ["token", "check", "--data", text(&data), "--key", "root", "--algorithm"];
        operator.done(&[&check[..], &["p384"]].concat());
        let other = operator.refused(1, &[&check[..], &["p256"]].concat());
        assert!(other.detail.contains("not on curve P-256"), "{}", other.detail);
        std::fs::write(&pin, "99999\n").unwrap();
        for _ in 0..2 {
            assert!(
                operator.refused(1, &[&check[..], &["p384"]].concat()).detail.contains("refused the PIN")
            );
        }
        std::fs::write(&pin, soft_token::PIN).unwrap();
        operator.done(&[&check[..], &["p384"]].concat());
    });
}

fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
