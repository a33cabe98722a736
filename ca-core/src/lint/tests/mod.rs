#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agreement;
mod broken;
mod cross;
mod found;
mod judge;
mod judges;
pub(super) mod made;
pub(super) mod parts;

use std::collections::BTreeSet;

use super::catalogue::GROUPS;
use super::examined::Examined;
use super::rule::{Group, Rule};
use super::{Context, findings, lint};
use made::{issuer_of, of_profile, profile};
use parts::Parts;

fn context(id: &str) -> Context<'static> {
    Context { issuer: issuer_of(id).map(|issuer| issuer.certificate.as_slice()), profile: profile(id) }
}

#[test]
fn what_issuance_writes_under_each_built_in_profile_is_clean() {
    for profile in made::PROFILES.iter() {
        let id = profile.id.0.as_str();
        let tbs = of_profile(id);
        match lint(tbs.clone(), &context(id)) {
            Ok(linted) => assert_eq!(linted.as_bytes(), tbs),
            Err(findings) => panic!("{id}: {findings}"),
        }
    }
}

#[test]
fn taking_apart_and_putting_together_changes_nothing() {
    let tbs = of_profile("device");
    assert_eq!(Parts::of(&tbs).assemble(), tbs);
}

#[test]
fn each_rule_finds_its_fault() {
    for (rule, id, spoil) in broken::CASES {
        let mut parts = Parts::of(&of_profile(id));
        spoil(&mut parts);
        let tbs = parts.assemble();
        let examined =
            Examined::to_be_signed(&tbs, &context(id)).unwrap_or_else(|why| panic!("{rule}: {why}"));
        let found = findings(&examined);
        assert!(
            found.iter().any(|finding| finding.rule == *rule),
            "{id}: {rule} did not find its fault: {found:?}"
        );
    }
}

#[test]
fn every_rule_has_a_case_that_breaks_it() {
    let broken = broken::CASES.iter().map(|(rule, ..)| *rule);
    let broken: BTreeSet<&str> = broken.chain(broken::ELSEWHERE).collect();
    let rules: Vec<&Rule> = GROUPS.iter().flat_map(|Group { rules, .. }| *rules).collect();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
    assert_eq!(rules.len(), ids.len(), "two rules have one name");
    let untested: Vec<_> = ids.difference(&broken).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn unreadable_bytes_are_one_finding() {
    let tbs = of_profile("device");
    let only = |bytes: &[u8], context: &Context<'_>| {
        let findings = lint(bytes.to_vec(), context).unwrap_err().0;
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].rule, "rfc5280.tbs-certificate");
    };
    only(&[], &context("device"));
    only(&tbs[..tbs.len() - 1], &context("device"));
    only(&[&tbs[..], &[0]].concat(), &context("device"));
    // Not self-issued, and yet without an issuer; an issuer that is none.
    only(&tbs, &Context { issuer: None, ..context("device") });
    only(&tbs, &Context { issuer: Some(&tbs), ..context("device") });
}

#[test]
fn a_ca_cannot_follow_below_an_issuing_ca_nor_a_leaf_below_a_leaf() {
    let below = |id: &str, issuer: &[u8]| {
        let context = Context { issuer: Some(issuer), profile: profile(id) };
        let findings = lint(of_profile(id), &context).unwrap_err().0;
        findings.iter().map(|finding| finding.rule).collect::<BTreeSet<_>>()
    };
    assert!(below("issuing-ca", &made::ISSUING.certificate).contains("rfc5280.issuer-path-length"));
    let found = below("device", &made::signed("tls-server"));
    assert!(found.contains("rfc5280.issuer-is-ca"), "{found:?}");
    assert!(found.contains("rfc5280.issuer-policies"), "{found:?}");
    assert!(found.contains("npki.within-issuer"), "{found:?}");
}

#[test]
fn nothing_panics_whatever_octet_is_changed() {
    let tbs = of_profile("person-signature");
    for at in 0..tbs.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut spoiled = tbs.clone();
            spoiled[at] ^= change;
            let _ = lint(spoiled, &context("person-signature"));
        }
    }
}

#[test]
fn a_tls_server_may_have_addresses_beside_names() {
    let server = profile("tls-server");
    let tbs = made::with_names(server, &["dns:localhost", "ip:127.0.0.1", "ip:::1"]);
    let linted = lint(tbs, &context("tls-server")).unwrap();
    let octets = [&[0x87, 4, 127, 0, 0, 1][..], &[0x87, 16], &[0; 15], &[1]].concat();
    assert!(linted.as_bytes().windows(octets.len()).any(|window| window == octets));
}
