//! Scripts that are read, and those that are not.

use super::*;
use crate::ceremony::script::{SAMPLES, ScriptError};

#[test]
fn every_sample_is_a_script_and_tells_what_happens() {
    for (kind, text) in SAMPLES {
        let script = Script::parse("sample.toml", text).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(script.kind(), *kind);
        let words = script.words().join("\n");
        assert!(words.contains(&script.sha256()) && words.contains("Thabo Mokoena"), "{words}");
        assert!(words.contains("  1. "), "{words}");
    }
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_and_its_line() {
    let text = SAMPLES[0].1.replacen("threshold = 3", "treshold = 3", 1);
    let refused = Script::parse("root.toml", &text).unwrap_err();
    assert!(matches!(&refused, ScriptError::UnknownKey { nearest: Some(near), .. } if near == "threshold"));
    let line = text.lines().position(|line| line == "treshold = 3").unwrap() + 1;
    assert!(refused.to_string().contains(&format!("root.toml line {line}")), "{refused}");
    let kind = SAMPLES[0].1.replacen("kind = \"root\"", "kind = \"rot\"", 1);
    assert!(Script::parse("x", &kind).unwrap_err().to_string().contains("unknown value `rot`"));
}

#[test]
fn everything_that_cannot_be_done_is_told_together() {
    let sample = |kind: &str| SAMPLES.iter().find(|(name, _)| *name == kind).unwrap().1;
    for (kind, from, to, why) in [
        ("root", "threshold = 3", "threshold = 1", "`custody.threshold`: at least 2"),
        ("root", "threshold = 3", "threshold = 6", "at most as many as there are holders"),
        ("root", "\"http://pki", "\"https://pki", "begins with http://"),
        ("root", "\"2027-06-30\"", "\"30.6.2027\"", "a day such as"),
        ("root", "\"Neo Letsie\"", "\"Mpho Nthunya\"", "Mpho Nthunya stands more than once"),
        ("root", "profile = \"root-ca\"", "profile = \"root-c\"", "did you mean `root-ca`?"),
        ("issuing-ca", "\"issuing.request.json\"", "\"../request.json\"", "without a folder"),
        ("issuing-ca", "profile = \"issuing-ca\"", "profile = \"device\"", "no profile of an issuing CA"),
        (
            "cross-certificate",
            "permitted = [\"dn:O=Example Republic,C=XX\", \"dns:gov.example\"]",
            "permitted = []",
            "without that it could certify ours",
        ),
        ("cross-certificate", "\"dns:gov.ls\"", "\"gov.ls\"", "no space of names"),
        (
            "cross-certificate",
            "policies = [\"1.3.6.1.4.1.32473.426.1.2.1\"]",
            "policies = [\"2.5.29.32.0\"]",
            "anyPolicy is no policy",
        ),
        ("cross-certificate", "\"2029-12-31\"", "\"2026-12-31\"", "it is not after not_before"),
        ("root-crl", "\"4b1d0c9e5f6a7b8c9d0e1f2a3b4c5d6e\"", "\"xyz\"", "root_crl.revocations.serial"),
        ("root-crl", "\"2028-01-31\"", "\"9999-12-31\"", "say last = true"),
        ("root-crl", "next_update =", "last = true\nnext_update =", "leave it out"),
        ("root-crl", "next_update = \"2028-01-31\"\n", "", "or last = true"),
        (
            "key-destruction",
            "[key_destruction]",
            "[root_crl]\nnumber = 1\nnext_update = \"2030-01-01\"\noutput = \"x\"\n[key_destruction]",
            "this section is of another kind",
        ),
    ] {
        let text = sample(kind).replacen(from, to, 1);
        assert_ne!(text, sample(kind), "{from}");
        let refused = Script::parse("script.toml", &text).unwrap_err().to_string();
        assert!(refused.contains(why), "{kind} {to}: {refused}");
    }
}
