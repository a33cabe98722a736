//! Cross-certificates: clean as issuance writes them, and each of their rules finds its fault.

use const_oid::ObjectIdentifier;
use rcgen::PublicKeyData;
use time::Duration;

use super::made::{self, ISSUING, ROOT, START};
use super::parts::{Parts, element};
use crate::ceremony::foreign::{CrossTerms, ForeignCa};
use crate::lint::examined::extension::*;
use crate::lint::{Context, lint};
use crate::profile::{AttributeType, Oid, Profile};

/// The rule, and what is spoiled.
type Case = (&'static str, fn(&mut Parts));

const CASES: &[Case] = &[
    ("npki.cross-subject", |it| it.set(AttributeType::CommonName, 0x0c, b"Another CA")),
    ("npki.cross-names", |it| it.patch(NAME_CONSTRAINTS, b"gov.example", b"gov.examplx")),
    ("npki.cross-mappings", |it| it.patch(POLICY_MAPPINGS, &[0x04, 0x01], &[0x04, 0x02])),
    // requireExplicitPolicy 1: one certificate may follow without a policy.
    ("npki.cross-policies", |it| it.put(POLICY_CONSTRAINTS, &[0x30, 0x06, 0x80, 1, 1, 0x81, 1, 0])),
    ("npki.cross-period", |it| it.set_validity([(0x17, "270101000000Z"), (0x17, "270301000000Z")])),
    ("npki.key-identifier", |it| it.put(SUBJECT_KEY_IDENTIFIER, &element(0x04, &[1; 20]))),
    ("npki.extensions", |it| it.remove(NAME_CONSTRAINTS)),
    ("npki.critical", |it| it.extension(NAME_CONSTRAINTS).critical = false),
];

fn cross_profile() -> Profile {
    let oid = |dotted: &str| Oid(ObjectIdentifier::new_unwrap(dotted));
    let terms = CrossTerms {
        not_before: START,
        not_after: START + Duration::days(365) - Duration::SECOND,
        path_length: 0,
        permitted: vec!["dns:gov.example".parse().unwrap()],
        excluded: Vec::new(),
        policies: vec![oid("1.2.3.4.1")],
        mappings: vec![(oid("1.2.3.4.1"), oid("1.2.3.5.1"))],
    };
    ForeignCa::read(&ISSUING.certificate).unwrap().profile(&terms).unwrap()
}

#[test]
fn a_cross_certificate_is_clean_and_each_rule_finds_its_fault() {
    let profile = cross_profile();
    let context = Context { issuer: Some(&ROOT.certificate), profile: &profile };
    let tbs = made::tbs(&profile, &ISSUING.key.subject_public_key_info(), Some(&ROOT));
    if let Err(findings) = lint(tbs.clone(), &context) {
        panic!("{findings}");
    }
    for (rule, spoil) in CASES {
        let mut parts = Parts::of(&tbs);
        spoil(&mut parts);
        let findings = lint(parts.assemble(), &context).unwrap_err();
        assert!(findings.0.iter().any(|finding| finding.rule == *rule), "{rule}: {findings}");
    }
}
