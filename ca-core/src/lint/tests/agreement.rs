//! pkilint and this lint over the same certificates: those of every profile, which both find clean, and those that are
//! broken in one way each, in which both find a fault. Where they differ, `tests/lint_exceptions.toml` says why.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::broken;
use super::found::assembled;
use super::made::{self, Variation};
use super::parts::Parts;
use crate::lint::{Found, Kind, Severity, certificate};

/// What each certificate is called, and what pkilint found in it.
type Answers = BTreeMap<String, BTreeSet<String>>;

/// pkilint's linters for the certificates of a profile, with the type each is told.
fn linters(profile: &str) -> Vec<(&'static str, &'static str)> {
    let more: &[_] = match profile {
        "person-authentication"
        | "person-authentication-pseudonymous"
        | "person-signature"
        | "person-signature-short-term" => &[("etsi", "NCP-NATURAL-PERSON-CERTIFICATE")],
        "organisation-seal" | "registry-document-signer" | "trusted-list-signer" | "xroad-signing" => {
            &[("etsi", "NCP-LEGAL-PERSON-CERTIFICATE")]
        }
        "tls-server" => &[("cabf", "OV-FINAL-CERTIFICATE")],
        "ocsp-responder" => &[("cabf", "OCSP-RESPONDER")],
        _ => &[],
    };
    [&[("pkix", "")], more].concat()
}

fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin");
    std::env::var_os("NPKI_PYTHON_BIN").map_or(installed, PathBuf::from).join("python")
}

/// Asks pkilint about certificates, each with its name and its profile.
fn pkilint(certificates: &[(String, &str, Vec<u8>)]) -> Answers {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for (at, (name, profile, der)) in certificates.iter().enumerate() {
        let path = folder.path().join(format!("{at}.der"));
        std::fs::write(&path, der).unwrap();
        for (linter, kind) in linters(profile) {
            lines.push_str(&format!("{name}\t{linter}\t{kind}\t{}\n", path.display()));
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/pkilint/many.py");
    let mut child = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pkilint is installed where NPKI_PYTHON_BIN says");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let answer = child.wait_with_output().unwrap();
    assert!(answer.status.success(), "pkilint failed");
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// What we find, notices apart.
fn ours(profile: &str, der: &[u8]) -> BTreeSet<&'static str> {
    let issuer = made::issuer_of(profile).map(|ca| ca.certificate.as_slice());
    let kind = Some(Kind::of_profile(made::profile(profile)));
    let findings = certificate(&Found { certificate: der, issuer, kind }).findings;
    findings
        .iter()
        .filter(|finding| finding.severity > Severity::Notice)
        .map(|finding| finding.rule)
        .collect()
}

fn table() -> toml::Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lint_exceptions.toml");
    std::fs::read_to_string(file).unwrap().parse().unwrap()
}

fn entries(name: &str) -> Vec<toml::Table> {
    let all = table().remove(name).and_then(|value| value.as_array().cloned()).unwrap_or_default();
    all.into_iter().map(|entry| entry.as_table().unwrap().clone()).collect()
}

fn member<'t>(entry: &'t toml::Table, name: &str) -> &'t str {
    entry.get(name).and_then(toml::Value::as_str).unwrap_or_default()
}

#[test]
fn both_find_every_profiles_certificates_clean() {
    let mut corpus = Vec::new();
    for profile in made::PROFILES.iter() {
        let id = profile.id.0.as_str();
        for variation in Variation::ALL {
            let der = made::varied(profile, variation);
            assert_eq!(ours(id, &der), BTreeSet::new(), "{id} {variation:?}");
            corpus.push((format!("{id} {variation:?}"), id, der));
        }
    }
    let meant: BTreeSet<(String, String)> = entries("exception")
        .iter()
        .map(|entry| (member(entry, "profile").to_owned(), member(entry, "code").to_owned()))
        .collect();
    let mut unknown = BTreeSet::new();
    for (name, codes) in pkilint(&corpus) {
        let profile = name.split(' ').next().unwrap();
        let codes = codes.iter().map(|code| (profile.to_owned(), code.split(' ').nth(1).unwrap().to_owned()));
        unknown.extend(codes.filter(|found| !meant.contains(found)));
    }
    assert!(unknown.is_empty(), "pkilint finds these, and no exception says why: {unknown:#?}");
}

/// The broken certificates: all but those that break rules of our own, which pkilint cannot know.
fn mutations() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let standard = broken::CASES.iter().filter(|(rule, ..)| !rule.starts_with("npki."));
    let mutated = standard.map(|(rule, profile, spoil)| {
        let number = count.entry(rule).and_modify(|number| *number += 1).or_insert(1);
        let mut parts = Parts::of(&made::of_profile(profile));
        spoil(&mut parts);
        (format!("{rule} #{number}"), *profile, assembled(&parts))
    });
    mutated.collect()
}

#[test]
fn both_find_a_fault_in_what_is_broken() {
    let mutations = mutations();
    assert!(mutations.len() >= 60);
    let clean: Vec<_> = made::PROFILES
        .iter()
        .map(|profile| {
            let id = profile.id.0.as_str();
            (id.to_owned(), id, assembled(&Parts::of(&made::of_profile(id))))
        })
        .collect();
    let known = pkilint(&clean);
    let theirs = pkilint(&mutations);
    let mut differences = BTreeSet::new();
    for (name, profile, der) in &mutations {
        let new: Vec<_> = theirs[name].difference(&known[*profile]).collect();
        match (ours(profile, der).is_empty(), new.is_empty()) {
            (false, true) => drop(differences.insert((name.clone(), "npki".to_owned()))),
            (true, false) => drop(differences.insert((name.clone(), "pkilint".to_owned()))),
            (false, false) => {}
            (true, true) => panic!("nobody finds anything in {name}"),
        }
    }
    let meant = entries("divergence");
    for entry in &meant {
        assert!(member(entry, "reason").len() > 20, "a divergence needs a reason: {entry}");
    }
    let meant: BTreeSet<_> = meant
        .iter()
        .map(|entry| (member(entry, "mutation").to_owned(), member(entry, "found_by").to_owned()))
        .collect();
    let unknown: Vec<_> = differences.difference(&meant).collect();
    assert!(unknown.is_empty(), "differences without a reason: {unknown:#?}");
    let gone: Vec<_> = meant.difference(&differences).collect();
    assert!(gone.is_empty(), "differences that no longer occur, take them out: {gone:#?}");
}
