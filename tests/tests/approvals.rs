//! Approvals under the officers' own keys: what they signed is judged by an independent JOSE library and OpenSSL, by npki on
//! a machine that knows the root alone, and by npki once it was tampered with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::Country;
use tests::npki::{Npki, exit, text};
use tests::programs::Program;

/// A seal that two officers approved, and the proof of it.
struct Proven {
    country: Country,
    proof: PathBuf,
    judge: Npki,
}

impl Proven {
    fn seal() -> Self {
        let country = Country::settled();
        let (installation, staff) = (&country.installation, &country.staff);
        let issued =
            staff.issue(installation, &staff.officer, "organisation-seal", &country.identities.organisation);
        let listed = staff.officer.npki.done(&["request", "list", "--status", "issued"]);
        let of_serial = |request: &&Value| request["serial"] == issued.serial.as_str();
        let request = listed["items"].as_array().unwrap().iter().find(of_serial).unwrap();
        let id = request["id"].as_str().unwrap();
        let proof = installation.scratch("proof").join("seal.json");
        let written = staff.officer.npki.done(&["vet", "proof", id, "--out", text(&proof)]);
        assert_eq!(written["statements"], 2, "{written}");
        let judge = installation.somebody("judge");
        Self { country, proof, judge }
    }

    fn read(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.proof).unwrap()).unwrap()
    }

    fn root(&self) -> PathBuf {
        self.country.installation.root()
    }

    fn check(&self, proof: &Path, code: i32) -> Value {
        let root = self.root();
        self.judge.answered(code, &["vet", "check", text(proof), "--trust", text(&root)])
    }

    /// The proof with one thing changed.
    fn tampered(&self, what: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut proof = self.read();
        change(&mut proof);
        let file = self.proof.with_file_name(format!("{what}.json"));
        std::fs::write(&file, proof.to_string()).unwrap();
        let checked = self.check(&file, exit::NO);
        assert_eq!(checked["valid"], false, "{checked}");
        checked["faults"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect()
    }
}

/// Reads the certificate from the header, as RFC 7515 section 4.1.6 says, and verifies under its key.
const PYJWT: &str = r#"
import base64, json, sys
import jwt
from cryptography import x509
proof = json.load(open(sys.argv[1]))
for number, statement in enumerate(proof["statements"]):
    header = jwt.get_unverified_header(statement)
    assert header["typ"] == "npki-approval+jws" and len(header["x5c"]) == 1, header
    signer = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    payload = jwt.api_jws.PyJWS().decode(statement, signer.public_key(), algorithms=["ES256", "ES384"])
    stated = json.loads(payload)
    assert stated["act"] == "approve-request" and stated["matter"]["request"] == proof["request"], stated
    path = f"{sys.argv[2]}/signer-{number}.pem"
    from cryptography.hazmat.primitives.serialization import Encoding
    open(path, "wb").write(signer.public_bytes(Encoding.PEM))
    print(stated["by"], path)
"#;

#[test]
fn independent_programs_and_a_stranger_s_npki_believe_what_officers_signed() {
    let proven = Proven::seal();
    let folder = proven.proof.parent().unwrap();
    let judged = Program::named("python3").args(["-c", PYJWT, text(&proven.proof), text(folder)]).run();
    let judged = judged.succeeded().text();
    let signers: Vec<(&str, &str)> = judged.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let staff = &proven.country.staff;
    let mut by: Vec<&str> = signers.iter().map(|(by, _)| *by).collect();
    by.sort_unstable();
    let mut officers = [staff.second_officer.id.as_str(), staff.third_officer.id.as_str()];
    officers.sort_unstable();
    assert_eq!(by, officers);
    let authorities = folder.join("authorities.pem");
    let proof = proven.read();
    let all: Vec<&str> =
        proof["authorities"].as_array().unwrap().iter().map(|pem| pem.as_str().unwrap()).collect();
    std::fs::write(&authorities, all.concat()).unwrap();
    for (_, signer) in signers {
        let root = proven.root();
        let verify = ["verify", "-CAfile", text(&root), "-untrusted", text(&authorities), signer];
        Program::named("openssl").args(verify).run().succeeded();
    }

    let checked = proven.check(&proven.proof, exit::DONE);
    assert_eq!(
        (&checked["valid"], checked["approvals"].as_array().unwrap().len()),
        (&true.into(), 2),
        "{checked}"
    );
    assert_eq!(checked["approvals"][0]["note"], "seen in person");
    assert_eq!(checked["matter"]["identity"], proven.country.identities.organisation.as_str());
}

#[test]
fn a_proof_that_was_touched_is_not_believed() {
    let proven = Proven::seal();
    let other = {
        let Country { installation, staff, identities, .. } = &proven.country;
        let issued = staff.issue(installation, &staff.officer, "device", &identities.device);
        std::fs::read_to_string(&issued.certificate).unwrap()
    };
    let fault = |what: &str, change: &dyn Fn(&mut Value)| proven.tampered(what, change).join("; ");
    assert!(fault("nobody", &|one| one["statements"] = Value::Array(Vec::new())).contains("nobody signed"));
    assert!(fault("twice", &|one| one["statements"][1] = one["statements"][0].clone()).contains("twice"));
    assert!(
        fault("elsewhere", &|one| one["request"] = "R-0000000000".into()).contains("approved for request")
    );
    assert!(fault("certificate", &|one| one["certificate"] = other.as_str().into()).contains("another key"));
    assert!(fault("csr", &|one| one["csr"] = other.as_str().into()).contains("cannot be read"));
    assert!(fault("authorities", &|one| one["authorities"] = Value::Array(Vec::new())).contains("no path"));
    let altered = fault("altered", &|one| {
        let statement = one["statements"][0].as_str().unwrap().to_owned();
        let (header, rest) = statement.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();
        let at = payload.len() / 2;
        let put = if payload.as_bytes()[at] == b'A' { "B" } else { "A" };
        let payload = format!("{}{put}{}", &payload[..at], &payload[at + 1..]);
        one["statements"][0] = format!("{header}.{payload}.{signature}").into();
    });
    assert!(altered.contains("does not verify"), "{altered}");
    // Another root than the one that certified the officers.
    let stranger = Country::settled();
    let root = stranger.installation.root();
    let checked =
        proven.judge.answered(exit::NO, &["vet", "check", text(&proven.proof), "--trust", text(&root)]);
    assert!(checked["faults"][0].as_str().unwrap().contains("no path"), "{checked}");
}

#[test]
fn who_vets_sees_what_the_certificate_will_say_and_what_stands_against_it() {
    let country = Country::settled();
    let staff = &country.staff;
    let out = country.installation.scratch("waits");
    let person = &country.identities.person;
    let ask = ["cert", "request", "--profile", "person-signature", "--identity", person, "--generate"];
    let asked = staff.officer.npki.run(&[&ask[..], &["--out", text(&out)]].concat()).data(exit::WAITING);
    let id = tests::answers::id(tests::answers::request(&asked)).to_owned();
    let own = staff.officer.npki.done(&["vet", "show", &id]);
    assert!(own["not_by_you"].as_str().unwrap().contains("your own"), "{own}");
    let shown = staff.second_officer.npki.done(&["vet", "show", &id]);
    assert_eq!(shown["not_by_you"], Value::Null, "{shown}");
    let subject = shown["to_approve"]["matter"]["subject"].as_array().unwrap();
    assert!(subject.iter().any(|attribute| attribute.as_str().unwrap().starts_with("surname: ")), "{shown}");
    let approved = staff.second_officer.npki.done(&["vet", "approve", &id]);
    assert_eq!(approved["matter"], shown["to_approve"]["matter"]);
    let late = staff.third_officer.npki.refused(exit::CONFLICT, &["vet", "approve", &id]);
    assert_eq!(late.code, "E-REQ-008");
    let missing = country.installation.somebody("nobody");
    let usage = missing.refused(exit::USAGE, &["vet", "check", "no-such-file.json"]);
    assert!(!usage.fix.is_empty());
}
