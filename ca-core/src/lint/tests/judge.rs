//! What is remembered of a CA changes no verdict.

use x509_parser::certificate::TbsCertificate;
use x509_parser::prelude::FromDer;

use super::made::{ISSUING, issuer_of, of_profile, profile};
use super::parts::Parts;
use super::{broken, context};
use crate::csr::SubjectPublicKey;
use crate::lint::{Judge, lint};

fn key_of(tbs: &[u8]) -> SubjectPublicKey {
    let (_, parsed) = TbsCertificate::from_der(tbs).unwrap();
    SubjectPublicKey::from_der(parsed.subject_pki.raw).unwrap()
}

#[test]
fn a_judge_finds_what_lint_finds_whatever_it_saw_before() {
    for (rule, id, spoil) in broken::CASES {
        let Some(issuer) = issuer_of(id) else { continue };
        let judge = Judge::of(&issuer.certificate).unwrap();
        let clean = of_profile(id);
        let key = key_of(&clean);
        for _ in 0..2 {
            let linted = judge.lint(clean.clone(), profile(id), &key).unwrap();
            assert_eq!(linted.as_bytes(), clean, "{id}");
        }
        let mut parts = Parts::of(&clean);
        spoil(&mut parts);
        let spoiled = parts.assemble();
        let expected = lint(spoiled.clone(), &context(id));
        for _ in 0..2 {
            assert_eq!(judge.lint(spoiled.clone(), profile(id), &key), expected, "{rule}");
        }
    }
}

#[test]
fn a_judge_is_no_roots_and_reads_another_key_anew() {
    let judge = Judge::of(&ISSUING.certificate).unwrap();
    let (root, device) = (of_profile("root-ca"), of_profile("device"));
    let refused = judge.lint(root, profile("root-ca"), &key_of(&device)).unwrap_err();
    assert_eq!(refused.0[0].rule, "rfc5280.tbs-certificate");
    let other = key_of(&of_profile("device"));
    assert!(judge.lint(device, profile("device"), &other).is_ok());
    assert!(Judge::of(b"no certificate").is_err());
}
