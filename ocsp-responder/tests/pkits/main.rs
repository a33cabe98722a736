//! NIST's Public Key Interoperability Test Suite judges path validation: RFC 5280 section 6, policies, name constraints and
//! CRLs of all kinds.
//!
//! The certificates and CRLs come with the PyPI package `cryptography-vectors`, which tests/run.sh installs; what each
//! test asks and expects is in `pkits.toml`, where we answer otherwise in `exceptions.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use der::asn1::ObjectIdentifier;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::path::{Demands, Policies, Pool};
use ocsp_responder::validation::status::{CrlOnly, GatheredEvidence};
use ocsp_responder::validation::{Answer, Inquiry, Verdict, judge};
use serde::Deserialize;
use time::macros::datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    test: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    section: String,
    name: String,
    target: String,
    certificates: Vec<String>,
    crls: Vec<String>,
    runs: Vec<Run>,
}

/// The inputs of RFC 5280 section 6.1.1, the answer, and the policies that a valid path is valid for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    policies: Option<Vec<u8>>,
    #[serde(default)]
    require_explicit_policy: bool,
    #[serde(default)]
    inhibit_policy_mapping: bool,
    #[serde(default)]
    inhibit_any_policy: bool,
    answer: Answer,
    valid_for: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    exception: Vec<Exception>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    section: String,
    answer: Answer,
    reason: String,
}

/// How many tests and runs the suite has, so that none is lost from the list.
const TESTS: usize = 224;
const RUNS: usize = 247;

/// NIST-test-policy-n of the Computer Security Objects Register; without a list, every policy.
fn policies(numbers: Option<&Vec<u8>>) -> Policies {
    let policy = |number| ObjectIdentifier::new(&format!("2.16.840.1.101.3.2.1.48.{number}")).unwrap();
    numbers.map_or(Policies::Any, |numbers| Policies::of(numbers.iter().map(policy)))
}

impl Run {
    fn demands(&self) -> Demands {
        Demands {
            policies: policies(self.policies.as_ref()),
            require_explicit_policy: self.require_explicit_policy,
            inhibit_policy_mapping: self.inhibit_policy_mapping,
            inhibit_any_policy: self.inhibit_any_policy,
        }
    }
}

impl Test {
    /// The verdict, and the policies of the path.
    fn verdict(&self, run: &Run, vectors: &Path) -> (Verdict, Option<Policies>) {
        let anchor = certificate(vectors, "TrustAnchorRootCertificate");
        let others: Vec<_> = self.certificates.iter().map(|name| certificate(vectors, name)).collect();
        let crls = self.crls.iter().map(|name| read(&vectors.join("crls").join(format!("{name}.crl"))));
        let (target, pool, demands) =
            (certificate(vectors, &self.target), Pool::new(&others, &[anchor]), run.demands());
        // The certificates and CRLs of the suite hold from 2010 to 2030.
        let at = datetime!(2015-01-01 0:00 UTC);
        let evidence = GatheredEvidence { crls: crls.collect(), ocsp_responses: Vec::new() };
        let inquiry =
            Inquiry { pool: &pool, demands: &demands, evidence: &evidence, ocsp: &CrlOnly, at, known: None };
        let path = pool.find_path(&target, &demands, at);
        (judge(&target, &inquiry), path.ok().map(|path| path.policies().clone()))
    }
}

fn certificate(vectors: &Path, name: &str) -> Certificate {
    let der = read(&vectors.join("certs").join(format!("{name}.crt")));
    Certificate::from_der(&der).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Where the package of vectors is: asked of the Python that tests/run.sh prepared, or the one on PATH.
fn vectors() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin");
    let folders = std::env::var_os("NPKI_PYTHON_BIN").map(PathBuf::from).into_iter().chain([installed]);
    let mut found = folders.map(|folder| folder.join("python3")).filter(|file| file.is_file());
    let python = found.next().unwrap_or_else(|| PathBuf::from("python3"));
    let script = "import cryptography_vectors; print(cryptography_vectors.__path__[0], end='')";
    let output = Command::new(&python).args(["-c", script]).output().expect("python3 is installed");
    assert!(
        output.status.success(),
        "{}: cryptography-vectors is not installed (bash tests/run.sh installs it): {}",
        python.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    PathBuf::from(String::from_utf8(output.stdout).unwrap()).join("x509/PKITS_data")
}

#[test]
fn every_test_of_pkits_comes_out_as_it_should() {
    let suite: Suite = toml::from_str(include_str!("pkits.toml")).unwrap();
    let exceptions: Exceptions = toml::from_str(include_str!("exceptions.toml")).unwrap();
    let mut excepted: BTreeMap<_, _> =
        exceptions.exception.iter().map(|exception| (exception.section.as_str(), exception)).collect();
    assert!(exceptions.exception.iter().all(|exception| !exception.reason.is_empty()));
    let vectors = vectors();
    let (mut runs, mut wrong) = (0, Vec::new());
    for test in &suite.test {
        let exception = excepted.remove(test.section.as_str());
        for (number, run) in test.runs.iter().enumerate() {
            runs += 1;
            let (verdict, found) = test.verdict(run, &vectors);
            let expected = exception.map_or(run.answer, |exception| exception.answer);
            let unexpectedly_right = exception.is_some() && expected == run.answer;
            let for_others =
                verdict.answer == Answer::Valid && found != Some(policies(run.valid_for.as_ref()));
            if verdict.answer != expected || unexpectedly_right || for_others {
                wrong.push(format!(
                    "{}/{number} {}: {:?} for {expected:?}, valid for {found:?}: {:?}",
                    test.section, test.name, verdict.answer, verdict.reasons
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {runs} runs:\n{}", wrong.len(), wrong.join("\n"));
    assert!(excepted.is_empty(), "exceptions to no test: {:?}", excepted.keys());
    assert_eq!((suite.test.len(), runs), (TESTS, RUNS));
}
