//! Certificates of any origin: what they are taken for, and what is found without a profile.

use std::collections::BTreeSet;

use super::broken::FORUM_OV;
use super::made::{self, ISSUING, ROOT};
use super::parts::{Parts, element};
use crate::lint::examined::extension::*;
use crate::lint::{Found, KeyHolders, Kind, Report, Severity, certificate, rules};

/// Puts a signature, which lint does not verify, behind the parts.
pub(super) fn assembled(parts: &Parts) -> Vec<u8> {
    signed_as(parts, &parts.algorithm)
}

fn signed_as(parts: &Parts, algorithm: &[u8]) -> Vec<u8> {
    let signature = element(0x03, &[0, 0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]);
    element(0x30, &[&parts.assemble()[..], algorithm, &signature].concat())
}

fn rules_of(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

fn look<'a>(der: &'a [u8], issuer: Option<&'a [u8]>, kind: Option<Kind>) -> Report {
    certificate(&Found { certificate: der, issuer, kind })
}

#[test]
fn every_profile_is_recognised_and_clean() {
    for (id, kind) in [
        ("root-ca", Kind::Ca),
        ("issuing-ca", Kind::Ca),
        ("tls-server", Kind::TlsServer),
        ("ocsp-responder", Kind::Responder),
        ("person-signature", Kind::Person),
        ("person-signature-short-term", Kind::Person),
        ("person-authentication", Kind::Person),
        ("person-authentication-pseudonymous", Kind::Person),
        ("organisation-seal", Kind::Organisation),
        ("xroad-signing", Kind::Organisation),
        ("trusted-list-signer", Kind::Organisation),
        // Without statements, and without a commitment, its content does not tell it from a program's.
        ("registry-document-signer", Kind::Other),
        ("audit-log-signer", Kind::Other),
        ("agent", Kind::Other),
        ("xroad-security-server", Kind::Other),
        ("device", Kind::Other),
        ("application", Kind::Other),
        ("staff-authentication", Kind::Other),
    ] {
        let der = made::signed(id);
        let issuer = made::issuer_of(id).map(|ca| ca.certificate.as_slice());
        for issuer in [issuer, None] {
            let report = look(&der, issuer, None);
            assert_eq!(report.kind, Some(kind), "{id}");
            assert_eq!(report.findings, [], "{id}");
        }
    }
}

#[test]
fn what_it_is_told_to_be_it_is_held_to() {
    let device = made::signed("device");
    let found = rules_of(&look(&device, None, Some(Kind::TlsServer)));
    assert!(found.contains("cabf.purpose"), "{found:?}");
    let found = rules_of(&look(&device, None, Some(Kind::Ca)));
    assert!(found.contains("rfc5280.basic-constraints"), "{found:?}");
}

#[test]
fn a_time_stamping_unit_says_so_critically_and_alone() {
    let mut parts = Parts::of(&made::of_profile("device"));
    // id-kp-timeStamping, not critical.
    let purpose = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
    parts.put(EXTENDED_KEY_USAGE, &element(0x30, &purpose));
    let report = look(&assembled(&parts), None, None);
    assert_eq!(report.kind, Some(Kind::TimeStamping));
    assert_eq!(rules_of(&report), BTreeSet::from(["rfc3161.purpose"]));
    parts.extension(EXTENDED_KEY_USAGE).critical = true;
    assert_eq!(look(&assembled(&parts), None, None).findings, []);
    parts.put(KEY_USAGE, &[0x03, 0x02, 0x03, 0x88]);
    assert_eq!(rules_of(&look(&assembled(&parts), None, None)), BTreeSet::from(["rfc3161.key-usage"]));
}

#[test]
fn the_algorithm_beside_the_signature_is_compared() {
    let parts = Parts::of(&made::of_profile("device"));
    let mut other = parts.algorithm.clone();
    other[11] = 0x02;
    let der = signed_as(&parts, &other);
    assert_eq!(rules_of(&look(&der, None, None)), BTreeSet::from(["rfc5280.signature-algorithms-equal"]));
}

#[test]
fn names_are_held_against_the_issuers_constraints() {
    let mut issuer =
        Parts::of(&made::tbs(made::profile("issuing-ca"), &made::public(&ISSUING.key), Some(&ROOT)));
    let permitted = element(0xa0, &element(0x30, &element(0x82, b"gov.ls")));
    issuer.put(NAME_CONSTRAINTS, &element(0x30, &permitted));
    issuer.extension(NAME_CONSTRAINTS).critical = true;
    let issuer = assembled(&issuer);
    let mut parts = Parts::of(&made::of_profile("tls-server"));
    assert_eq!(look(&assembled(&parts), Some(&issuer), None).findings, []);
    parts.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x82, b"payroll.gov.za")));
    let found = rules_of(&look(&assembled(&parts), Some(&issuer), None));
    assert_eq!(found, BTreeSet::from(["rfc5280.issuer-names"]));
}

#[test]
fn internal_names_are_for_private_trust() {
    let mut parts = Parts::of(&made::of_profile("tls-server"));
    parts.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x82, b"payroll.internal")));
    assert_eq!(look(&assembled(&parts), None, None).findings, []);
    parts.put(CERTIFICATE_POLICIES, &element(0x30, &element(0x30, &element(0x06, FORUM_OV))));
    assert_eq!(rules_of(&look(&assembled(&parts), None, None)), BTreeSet::from(["cabf.internal-name"]));
}

#[test]
fn one_key_with_two_subjects_is_found() {
    let mut holders = KeyHolders::default();
    let mut parts = Parts::of(&made::of_profile("device"));
    let one = assembled(&parts);
    assert_eq!(holders.see(&one), None);
    assert_eq!(holders.see(&one), None);
    parts.set(crate::profile::AttributeType::CommonName, 0x0c, b"RSL-GATE-0002");
    let found = holders.see(&assembled(&parts)).unwrap();
    assert_eq!((found.rule, found.severity), ("npki.key-of-one-subject", Severity::Error));
}

#[test]
fn what_is_no_certificate_is_one_finding() {
    let device = made::signed("device");
    for bad in [&[][..], b"certificate", &device[..device.len() - 1], &[&device[..], &[0]].concat()] {
        let report = look(bad, None, None);
        assert_eq!(report.kind, None);
        assert_eq!(report.findings.len(), 1, "{report:?}");
    }
}

#[test]
fn every_rule_is_listed_once_with_its_clause() {
    let listed = rules();
    let names: BTreeSet<_> = listed.iter().map(|rule| rule.id).collect();
    assert_eq!(names.len(), listed.len());
    for rule in &listed {
        assert!(!rule.clause.is_empty() && !rule.says.ends_with('.') && rule.says.len() > 10, "{rule:?}");
    }
    for source in ["rfc5280.", "cabf.", "etsi.", "rfc6960.", "rfc3161.", "rfc9608.", "rfc9881.", "npki."] {
        assert!(names.iter().any(|name| name.starts_with(source)), "{source}");
    }
}

#[test]
fn nothing_panics_whatever_octet_is_changed() {
    for id in ["tls-server", "issuing-ca"] {
        let der = made::signed(id);
        for at in 0..der.len() {
            for change in [0x01, 0x80] {
                let mut spoiled = der.clone();
                spoiled[at] ^= change;
                let _ = look(&spoiled, Some(&ISSUING.certificate), None);
            }
        }
    }
}
