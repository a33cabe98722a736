//! The ceremonies of an offline root, from its founding to the destruction of its key, with an online installation that
//! asks it for a certificate. OpenSSL judges what comes of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::Value;
use tests::Installation;
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::strong_room::{StrongRoom, fingerprint, head, of_root, root_script};

const SIGNATURE_POLICY: &str = "1.3.6.1.4.1.32473.426.1.2.1";
const FOREIGN_POLICY: &str = "1.3.6.1.4.1.32473.999.1";
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn a_root_is_founded_issues_lists_recognises_and_ends() {
    let room = StrongRoom::new("http://pki.gov.ls");
    let held = room.hold("root-g1", &root_script(&room, "National Root CA G1"));
    let transcript = room.verify_transcript(&held);
    openssl_judges(&room, &transcript);
    tampered(&room, &transcript);
    let issuing = issues(&room);
    recognises(&room);
    lists(&room, &issuing);
    ends(&room);
}

/// The documented way to check a transcript without npki.
fn openssl_judges(room: &StrongRoom, transcript: &Path) {
    let file: Value = serde_json::from_slice(&std::fs::read(transcript).unwrap()).unwrap();
    let (body, signature, key) = (room.path("body"), room.path("signature"), room.path("root.pub"));
    std::fs::write(&body, file["body"].as_str().unwrap()).unwrap();
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(file["signatures"][0]["signature"].as_str().unwrap())
        .unwrap();
    std::fs::write(&signature, decoded).unwrap();
    let root = room.made("root.pem");
    std::fs::write(&key, tests::judges::openssl::certificate_key(&root)).unwrap();
    let verify = ["dgst", "-sha384", "-verify", text(&key), "-signature", text(&signature), text(&body)];
    Program::named("openssl").args(verify).run().succeeded().saying("Verified OK");
}

fn tampered(room: &StrongRoom, transcript: &Path) {
    let altered = room.path("altered.json");
    let file = std::fs::read_to_string(transcript).unwrap();
    std::fs::write(&altered, file.replace("Kabelo Sello", "Kabela Sello")).unwrap();
    let verify = ["ceremony", "verify", text(&altered)];
    assert_eq!(room.npki.refused(exit::NO, &verify).code, "E-CER-011");
    assert!(room.cause(&verify).contains("it was altered"));
    let evil = room.path("evil");
    std::fs::create_dir(&evil).unwrap();
    for name in ["root.pem", "root.crl"] {
        std::fs::write(evil.join(name), "another").unwrap();
    }
    let compare = ["ceremony", "verify", text(transcript), "--files", text(&evil)];
    assert_eq!(room.npki.refused(exit::NO, &compare).code, "E-CER-011");
}

fn issues(room: &StrongRoom) -> PathBuf {
    let online = Installation::founded();
    let operator = online.somebody("operator");
    let (data, request) = (online.data(), room.made("persons.request.json"));
    let root = room.made("root.pem");
    let ask = |out: &Path| {
        let name = ["--ca", "persons-g1", "--common-name", "Issuing CA for persons G1"];
        let to = ["--hierarchy", "ls-national", "--root", text(&root), "--out", text(out)];
        operator.done(&[["ca", "request", "--data", text(&data)].as_slice(), &name, &to].concat())
    };
    // The first request is superseded: its answer would be refused.
    let superseded = room.made("old.request.json");
    ask(&superseded);
    let asked = ask(&request);
    let script = |id: &str, request: &str, sha256: &str| {
        format!(
            "{}{}[issuing_ca]\nrequest = \"{request}\"\nrequest_sha256 = \"{sha256}\"\n\
             profile = \"issuing-ca\"\nresponse = \"persons.response.json\"\n",
            head(id, "issuing-ca"),
            of_root(room)
        )
    };
    let sha256 = asked["request_sha256"].as_str().unwrap();
    let altered = room.made("altered.request.json");
    let file = std::fs::read_to_string(&request).unwrap();
    std::fs::write(&altered, file.replace("for persons", "for nobody")).unwrap();
    let wrong = script("issuing-altered", "altered.request.json", sha256);
    room.refused("issuing-altered", &wrong, exit::NO, "E-CER-010", "it was altered");
    let other = script("issuing-other", "old.request.json", sha256);
    room.refused("issuing-other", &other, exit::CONFLICT, "E-CER-002", "the request has the SHA-256");

    two_shares_are_too_few(room, &script("issuing-g1", "persons.request.json", sha256));
    let (folder, media) = (room.medium(), room.path("exchange"));
    let answers = room.path("issuing-g1.answers.toml");
    let places = room.places(text(&folder), text(&media), text(&answers));
    let held = room.npki.done(&[["ceremony", "resume"].as_slice(), &places].concat());
    room.verify_transcript(&held);
    let again = script("issuing-again", "persons.request.json", sha256);
    room.refused("issuing-again", &again, exit::NO, "E-CER-010", "answered already");
    installs(room, &online)
}

/// Two of five bring their shares, the third an altered one: nothing is signed, and the ceremony waits.
fn two_shares_are_too_few(room: &StrongRoom, script: &str) {
    let share = room.share(3);
    let kept = std::fs::read_to_string(&share).unwrap();
    let line = kept.lines().find(|line| line.trim_start().starts_with("1 ")).unwrap();
    let groups: Vec<&str> = line.split_whitespace().collect();
    let swapped = kept.replacen(groups[1], groups[2], 1);
    std::fs::write(&share, swapped).unwrap();
    let [path, answers] = room.prepared("issuing-g1", script);
    let (folder, media) = (room.medium(), room.path("exchange"));
    let places = room.places(text(&folder), text(&media), &answers);
    let refused = room.npki.refused(exit::NO, &[["ceremony", "run", &path].as_slice(), &places].concat());
    assert_eq!(refused.code, "E-CER-007");
    assert!(refused.fix.contains("npki ceremony resume"), "{refused:?}");
    assert!(!room.made("persons.response.json").exists());
    std::fs::write(&share, kept).unwrap();
    let begun = room.npki.refused(exit::CONFLICT, &[["ceremony", "run", &path].as_slice(), &places].concat());
    assert_eq!(begun.code, "E-CER-003");
}

fn installs(room: &StrongRoom, online: &Installation) -> PathBuf {
    let operator = online.somebody("operator");
    let (data, response) = (online.data(), room.made("persons.response.json"));
    let altered = room.path("altered.response.json");
    let file = std::fs::read_to_string(&response).unwrap();
    std::fs::write(&altered, file.replace("issuing-g1", "issuing-g9")).unwrap();
    let install = |file: &Path| ["ca", "install", text(file), "--data", text(&data)].map(str::to_owned);
    let args = install(&altered);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    assert_eq!(operator.refused(exit::NO, &args).code, "E-CER-010");
    let args = install(&response);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let installed = operator.done(&args);
    assert_eq!(operator.refused(exit::NO, &args).code, "E-CER-010", "a response is taken once");
    let certificate = room.path("persons-g1.pem");
    std::fs::copy(installed["certificate"].as_str().unwrap(), &certificate).unwrap();
    openssl_verify(room, &certificate, "root.crl").succeeded();
    certificate
}

fn openssl_verify(room: &StrongRoom, certificate: &Path, crl: &str) -> tests::programs::Answer {
    let list = room.path("list.pem");
    let (der, root) = (room.made(crl), room.made("root.pem"));
    let convert = ["crl", "-inform", "DER", "-in", text(&der), "-out", text(&list)];
    Program::named("openssl").args(convert).run().succeeded();
    Program::named("openssl")
        .args(["verify", "-x509_strict", "-policy_check", "-crl_check", "-CAfile", text(&root)])
        .args(["-CRLfile", text(&list), text(certificate)])
        .run()
}

/// A foreign country's CA is recognised for one policy and its own names.
fn recognises(room: &StrongRoom) {
    let foreign = Foreign::made(room);
    let sha256 = fingerprint(
        &String::from_utf8(
            Program::named("openssl")
                .args(["x509", "-noout", "-fingerprint", "-sha256", "-in", text(&foreign.certificate)])
                .run()
                .succeeded()
                .stdout,
        )
        .unwrap(),
    );
    let script = format!(
        "{}{}[cross_certificate]\ncertificate = \"foreign.pem\"\ncertificate_sha256 = \"{sha256}\"\n\
         not_before = \"2020-01-01\"\nnot_after = \"2035-12-31\"\npath_length = 0\n\
         permitted = [\"dn:O=Example Republic,C=XX\"]\nexcluded = [\"dns:gov.ls\"]\n\
         policies = [\"{SIGNATURE_POLICY}\"]\noutput = \"cross.pem\"\n\
         [[cross_certificate.policy_mappings]]\nours = \"{SIGNATURE_POLICY}\"\ntheirs = \"{FOREIGN_POLICY}\"\n",
        head("cross-xx", "cross-certificate"),
        of_root(room)
    );
    let held = room.hold("cross-xx", &script);
    room.verify_transcript(&held);
    let (root, cross) = (room.made("root.pem"), room.made("cross.pem"));
    let verify = |leaf: &Path| {
        Program::named("openssl")
            .args([
                "verify",
                "-x509_strict",
                "-policy_check",
                "-explicit_policy",
                "-policy",
                SIGNATURE_POLICY,
            ])
            .args(["-CAfile", text(&root), "-untrusted", text(&cross), text(leaf)])
            .run()
    };
    verify(&foreign.leaf(room, "citizen", "/C=XX/O=Example Republic/CN=Citizen", FOREIGN_POLICY)).succeeded();
    let ours =
        verify(&foreign.leaf(room, "pretender", "/C=LS/O=Government of Lesotho/CN=King", FOREIGN_POLICY));
    assert_ne!(ours.code, 0, "the foreign CA certified one of our names");
    let policy = verify(&foreign.leaf(room, "other", "/C=XX/O=Example Republic/CN=Citizen", "1.3.6.1.4.1.1"));
    assert_ne!(policy.code, 0, "another policy of the foreign CA was taken for ours");
}

/// A foreign CA, by OpenSSL.
struct Foreign {
    certificate: PathBuf,
    key: PathBuf,
}

impl Foreign {
    fn made(room: &StrongRoom) -> Self {
        let (certificate, key) = (room.made("foreign.pem"), room.path("foreign.key"));
        let made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj"];
        Program::named("openssl")
            .args(made)
            .args([
                "/C=XX/O=Example Republic/CN=Example CA",
                "-keyout",
                text(&key),
                "-out",
                text(&certificate),
            ])
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .run()
            .succeeded();
        Self { certificate, key }
    }

    fn leaf(&self, room: &StrongRoom, name: &str, subject: &str, policy: &str) -> PathBuf {
        let (certificate, key) = (room.path(&format!("{name}.pem")), room.path(&format!("{name}.key")));
        Program::named("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", subject])
            .args(["-CA", text(&self.certificate), "-CAkey", text(&self.key)])
            .args(["-keyout", text(&key), "-out", text(&certificate)])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "keyUsage=critical,digitalSignature"])
            .args(["-addext", &format!("certificatePolicies={policy}")])
            .run()
            .succeeded();
        certificate
    }
}

fn lists(room: &StrongRoom, issuing: &Path) {
    let shown =
        Program::named("openssl").args(["x509", "-noout", "-serial", "-in", text(issuing)]).run().succeeded();
    let serial = fingerprint(&String::from_utf8(shown.stdout).unwrap());
    let script = format!(
        "{}{}[root_crl]\nnumber = 2\nnext_update = \"2099-01-31\"\noutput = \"second.crl\"\n\
         [[root_crl.revocations]]\nserial = \"{serial}\"\nreason = \"superseded\"\nat = \"2026-01-01\"\n",
        head("crl-2", "root-crl"),
        of_root(room)
    );
    let wrong = script.replace("number = 2", "number = 9").replace("crl-2", "crl-9");
    room.refused("crl-9", &wrong, exit::CONFLICT, "E-CER-002", "the next CRL has number 2");
    let held = room.hold("crl-2", &script);
    room.verify_transcript(&held);
    let verdict = openssl_verify(room, issuing, "second.crl").saying("certificate revoked");
    assert_ne!(verdict.code, 0);
}

fn ends(room: &StrongRoom) {
    let script = format!(
        "{}{}[key_destruction]\nreason = \"succeeded by G2\"\n",
        head("end-g1", "key-destruction"),
        of_root(room)
    );
    let held = room.hold("end-g1", &script);
    room.verify_transcript(&held);
    assert!(!room.medium().join("keys/root.key").exists());
    let after = script.replace("end-g1", "end-again");
    room.refused("end-again", &after, exit::CONFLICT, "E-CER-002", "it was destroyed");
}

/// Power cuts: the process is killed as soon as anything new stands in the journal, until nothing is left to do.
#[test]
fn a_ceremony_goes_on_after_every_power_cut() {
    let room = StrongRoom::new("http://pki.gov.ls");
    let [script, answers] = room.prepared("root-g1", &root_script(&room, "National Root CA G1"));
    let (folder, media) = (room.medium(), room.path("exchange"));
    let places = room.places(text(&folder), text(&media), &answers);
    let journal = folder.join("ceremonies/root-g1/journal.jsonl");
    let lines = || std::fs::read_to_string(&journal).unwrap_or_default().lines().count();
    let mut cuts = 0;
    // How many new lines a process may write: at first it is cut after one, later it gets as far as the next step.
    let mut patience_lines = 1;
    loop {
        let begin: &[&str] = if journal.exists() { &["resume"] } else { &["run", &script] };
        let before = lines();
        let mut command = room.npki.command();
        command.args(["--no-input", "ceremony"]).args(begin).args(places);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let give_up = Instant::now() + PATIENCE;
        let ended = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break Some(status);
            }
            if lines() >= before + patience_lines {
                process.kill().unwrap();
                process.wait().unwrap();
                break None;
            }
            assert!(Instant::now() < give_up, "the ceremony does not go on");
            std::thread::sleep(Duration::from_millis(1));
        };
        match ended {
            Some(status) => {
                let said = process.wait_with_output().unwrap().stderr;
                assert!(status.success(), "{}", String::from_utf8_lossy(&said));
                break;
            }
            None => cuts += 1,
        }
        // "resumed" is one line, opening the key another: without more, nothing else would ever be done.
        patience_lines = 1 + cuts % 14;
    }
    assert!(cuts >= 5, "{cuts}");
    let transcript = folder.join("ceremonies/root-g1/transcript.json");
    let (root, exchange) = (room.made("root.pem"), room.path("exchange"));
    let verify = ["ceremony", "verify", text(&transcript), "--root", text(&root), "--files", text(&exchange)];
    room.npki.done(&verify);
    let shown = room.npki.done(&["ceremony", "show", text(&transcript)]);
    let steps = shown["steps"].as_array().unwrap();
    for step in ["custody", "key", "certificate", "crl"] {
        assert_eq!(steps.iter().filter(|entry| entry["step"] == step).count(), 1, "{step}");
    }
}

#[test]
fn wrong_scripts_and_answers_are_told() {
    let room = StrongRoom::new("http://pki.gov.ls");
    let sample = room.npki.done(&["ceremony", "example", "root"])["script"].as_str().unwrap().to_owned();
    let path = room.path("wrong.toml");
    std::fs::write(&path, sample.replacen("threshold = 3", "treshold = 3", 1)).unwrap();
    let check = ["ceremony", "check", text(&path)];
    assert_eq!(room.npki.refused(exit::USAGE, &check).code, "E-CER-001");
    assert!(room.cause(&check).contains("did you mean `threshold`?"));
    let none = room.path("none");
    let resume = ["ceremony", "resume", "--folder", text(&none), "--despite-network"];
    assert_eq!(room.npki.refused(exit::NOT_FOUND, &resume).code, "E-CER-005");

    // On paper a share is shown to a person; a pipe gets none.
    let [script, answers] = room.prepared("root-g1", &root_script(&room, "National Root CA G1"));
    let paper = std::fs::read_to_string(&script).unwrap();
    let paper: String =
        paper.lines().filter(|line| !line.starts_with("folder")).map(|line| format!("{line}\n")).collect();
    let [script_on_paper, answers_on_paper] =
        room.prepared("root-paper", &paper.replace("root-g1", "root-paper"));
    let (folder, media) = (room.path("paper"), room.path("exchange"));
    let places = room.places(text(&folder), text(&media), &answers_on_paper);
    let stopped =
        room.npki.refused(exit::USAGE, &[["ceremony", "run", &script_on_paper].as_slice(), &places].concat());
    assert_eq!(stopped.code, "E-CER-008");
    assert!(!folder.join("keys/root.key").exists());

    // Whoever did not read the printed page does not know how the fingerprint begins.
    let wrong = std::fs::read_to_string(&answers).unwrap().replacen("agree.2\" = \"", "agree.2\" = \"x", 1);
    std::fs::write(&answers, wrong).unwrap();
    let medium = room.medium();
    let places = room.places(text(&medium), text(&media), &answers);
    let refused = room.npki.refused(exit::NO, &[["ceremony", "run", &script].as_slice(), &places].concat());
    assert_eq!(refused.code, "E-CER-006");
}
