//! `npki inspect` on all that other programs and npki itself make of a country's certificates: told by what it holds, never a secret.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::installation::free_ports;
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::{Country, Npki, bystander, paper};

struct Desk {
    country: Country,
    folder: PathBuf,
    clerk: Npki,
    signer: Issued,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::settled();
        let folder = country.installation.scratch("desk");
        let (staff, person) = (&country.staff, &country.identities.person);
        let signer = staff.issue(&country.installation, &staff.officer, "person-signature", person);
        Self { clerk: country.installation.somebody("clerk"), folder, signer, country }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The one object in a file, as JSON; the text for people has these words.
    #[track_caller]
    fn told(&self, file: &Path, words: &[&str]) -> Value {
        let items = self.clerk.done(&["inspect", text(file)])["items"].clone();
        let said = self.clerk.run_as_text(&["inspect", text(file)]).exits(exit::DONE).stdout.clone();
        for word in words {
            assert!(said.contains(word), "{word:?} in\n{said}");
        }
        assert_eq!(items.as_array().map(Vec::len), Some(1), "{items}");
        items[0].clone()
    }

    fn signs(&self, arguments: &[&str]) {
        let by = ["--cert", text(&self.signer.chain), "--key", text(&self.signer.key)];
        self.clerk.done(&[&["sign"], arguments, &by].concat());
    }
}

#[test]
fn signed_documents_are_told_with_who_signed() {
    let desk = Desk::opened();
    let (document, signed) = (desk.file("contract.pdf"), desk.file("signed.pdf"));
    std::fs::write(&document, paper::pdf("Khotso")).unwrap();
    let told = desk.told(&document, &["PDF document", "none"]);
    assert_eq!((&told["kind"], &told["signatures"]), (&json!("pdf"), &json!([])));
    desk.signs(&["--pdf", text(&document), "--out", text(&signed)]);
    let told =
        desk.told(&signed, &["Signature in the document", "Claimed time", "CMS message", "serialNumber"]);
    let one = &told["signatures"][0];
    assert_eq!((&one["timestamp"], &one["covers"]), (&json!(false), &told["octets"]), "{told}");
    assert_eq!(one["message"]["certificates"][0]["serial"], desk.signer.serial, "{told}");

    let container = desk.file("case.asice");
    desk.signs(&["--container", text(&container), text(&document)]);
    let told = desk.told(&container, &["application/vnd.etsi.asic-e+zip", "contract.pdf", "CMS message"]);
    assert_eq!((&told["kind"], &told["files"]), (&json!("container"), &json!(["contract.pdf"])), "{told}");
    assert_eq!(told["signatures"][0]["file"], "META-INF/signature001.p7s", "{told}");

    let jws = desk.file("contract.jws");
    desk.signs(&["--jws", text(&document), "--out", text(&jws)]);
    let told = desk.told(&jws, &["JSON Web Signature", "ES256", "inside"]);
    let octets = std::fs::read(&document).unwrap().len();
    assert_eq!((&told["form"], &told["payload_octets"]), (&json!("compact"), &json!(octets)), "{told}");
    assert!(
        told["header"].get("x5c").is_none()
            && told["certificates"][0]["serial"] == desk.signer.serial.as_str()
    );
    // What only looks so.
    let broken = desk.file("broken");
    for octets in [&b"PK\x03\x04 and nothing more"[..], b"%PDF-1.7 and nothing more"] {
        std::fs::write(&broken, octets).unwrap();
        assert!(desk.told(&broken, &["Not shown"])["refusal"].is_string());
    }
    for octets in [&b"{\"protected\": 1}"[..], b"<TrustServiceStatusList/>", b"eyJh.x.y", b"neither"] {
        std::fs::write(&broken, octets).unwrap();
        let refused = desk.clerk.refused(exit::USAGE, &["inspect", text(&broken)]);
        assert_eq!(refused.code, "E-FILE-004", "{refused:?}");
    }
}

#[test]
fn a_tls_server_is_told_by_what_it_sends() {
    let desk = Desk::opened();
    let own = desk.country.installation.url();
    let own = own.trim_start_matches("https://").to_owned();
    let shown = desk.clerk.done(&["inspect", &own]);
    assert_eq!((&shown["server"], &shown["is_named"]), (&json!(own), &json!(true)), "{shown}");
    assert_eq!((&shown["protocol"], &shown["items"][0]["kind"]), (&json!("TLSv1.3"), &json!("certificate")));
    let said = desk.clerk.run_as_text(&["inspect", &own]).exits(exit::DONE).stdout.clone();
    assert!(said.contains("TLS server") && said.contains("For this name      yes"), "{said}");

    // Another program's, with an OCSP response stapled, for another name, and without its CA's certificate.
    let (issuing, answer) = (desk.country.installation.issuing(), desk.file("stapled.der"));
    let url = format!("{}/ocsp", desk.country.installation.public_url());
    Program::named("openssl")
        .args([
            "ocsp",
            "-noverify",
            "-no_nonce",
            "-issuer",
            text(&issuing),
            "-cert",
            text(&desk.signer.certificate),
        ])
        .args(["-url", &url, "-respout", text(&answer)])
        .run()
        .succeeded();
    let [port, closed] = free_ports();
    let mut server = Command::new("openssl")
        .args(["s_server", "-quiet", "-accept", &port.to_string(), "-cert", text(&desk.signer.certificate)])
        .args(["-key", text(&desk.signer.key), "-status_file", text(&answer)])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "openssl s_server does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    let shown = desk.clerk.done(&["inspect", &format!("127.0.0.1:{port}")]);
    server.kill().unwrap();
    let _ = server.wait();
    assert_eq!((&shown["is_named"], &shown["staples"]), (&json!(false), &json!(true)), "{shown}");
    assert_eq!(shown["items"][0]["serial"], desk.signer.serial.as_str(), "{shown}");
    assert_eq!(shown["items"][1]["responses"][0]["status"], "good", "{shown}");
    let notes = shown["notes"].to_string();
    assert!(notes.contains("not for the name") && notes.contains("alone, without the CA's"), "{notes}");

    // Nobody there, somebody who says nothing, somebody who speaks another language, and no such name.
    let plain = desk.country.installation.public_url();
    let plain = plain.trim_start_matches("http://").trim_end_matches('/');
    for (address, code) in [
        (format!("127.0.0.1:{closed}"), "E-NET-001"),
        (plain.to_owned(), "E-NET-005"),
        ("no-such-host.invalid:443".to_owned(), "E-NET-003"),
    ] {
        let refused = desk.clerk.refused(exit::UNAVAILABLE, &["inspect", &address]);
        assert_eq!(refused.code, code, "{refused:?}");
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let late = desk.clerk.refused(exit::UNAVAILABLE, &["--timeout", "1", "inspect", &address]);
    assert_eq!(late.code, "E-NET-002", "{late:?}");
    drop(silent);
    let both = desk.clerk.refused(exit::USAGE, &["inspect", &own, text(&issuing)]);
    assert!(both.fix.contains("by itself") || both.detail.contains("server"), "{both:?}");
}

#[test]
fn what_openssl_asks_and_keeps_and_what_the_ledger_gives_is_told() {
    let desk = Desk::opened();
    let (root, issuing) = (desk.country.installation.root(), desk.country.installation.issuing());
    let (question, answer) = (desk.file("ask.der"), desk.file("answer.der"));
    let url = format!("{}/ocsp", desk.country.installation.public_url());
    let asked = ["ocsp", "-issuer", text(&issuing), "-cert", text(&desk.signer.certificate), "-url", &url];
    let kept = ["-reqout", text(&question), "-respout", text(&answer), "-CAfile", text(&root)];
    Program::named("openssl").args(asked).args(kept).run().succeeded();
    let told = desk.told(&question, &["OCSP request", "Nonce", &desk.signer.serial]);
    assert_eq!((&told["kind"], &told["signed"]), (&json!("ocsp-request"), &json!(false)));
    let nonce = told["nonce"].clone();
    assert_eq!(told["certificates"][0]["serial"], desk.signer.serial, "{told}");
    let told = desk.told(&answer, &["OCSP response", "successful", "good", "Responder"]);
    let (one, kind) = (&told["responses"][0], &told["kind"]);
    assert_eq!(
        (kind, &one["status"], &told["nonce"]),
        (&json!("ocsp-response"), &json!("good"), &nonce),
        "{told}"
    );
    assert_eq!(one["certificate"]["serial"], desk.signer.serial);

    let bundle = desk.file("own.p12");
    let made = ["pkcs12", "-export", "-inkey", text(&desk.signer.key), "-in", text(&desk.signer.certificate)];
    Program::named("openssl")
        .args(made)
        .args(["-passout", "pass:secret", "-out", text(&bundle)])
        .run()
        .succeeded();
    let told = desk.told(&bundle, &["PKCS#12", "encrypted private key"]);
    assert_eq!((&told["kind"], &told["rounds"]), (&json!("pkcs12"), &json!(2048)), "{told}");
    assert_eq!(told["parts"].as_array().map(Vec::len), Some(2), "{told}");

    let checkpoint = desk.file("checkpoint");
    let address = format!("{}/ledger/checkpoint", desk.country.installation.public_url());
    std::fs::write(&checkpoint, bystander::fetch(&desk.country.installation, &address).body).unwrap();
    let told = desk.told(&checkpoint, &["Checkpoint of a ledger", "Root"]);
    assert!(told["kind"] == "checkpoint" && told["size"].as_u64().unwrap() > 5, "{told}");
}
