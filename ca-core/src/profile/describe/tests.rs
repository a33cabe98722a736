#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::profile::tests::edited;
use crate::profile::{ProfileId, ProfileSet, built_in};

fn text(name: &str) -> &'static str {
    built_in(name).unwrap()
}

/// A built-in profile, and the same with one passage changed.
#[track_caller]
fn change(name: &str, from: &str, to: &str) -> Vec<Difference> {
    let before = Profile::from_toml(name, text(name)).unwrap();
    differences(&before, &Profile::from_toml(name, &edited(name, &[(from, to)])).unwrap())
}

#[track_caller]
fn one(name: &str, from: &str, to: &str) -> String {
    let found = change(name, from, to);
    let [one] = &found[..] else { panic!("{found:?}") };
    let about = one.about.as_deref().map(|about| format!(" {about}")).unwrap_or_default();
    format!("{} {}{about}: {}", one.turn.mark(), one.part.name(), one.words)
}

#[test]
fn differences_are_told_in_words() {
    for (name, from, to, said) in [
        (
            "person-signature",
            "validity_days = 1095",
            "validity_days = 365",
            "~ validity lifetime: shortened from 1095 days to 365 days",
        ),
        (
            "person-signature",
            "[[policies]]\noid = \"0.4.0.2042.1.2\"",
            "",
            "- policy 0.4.0.2042.1.2: NCP+: the key is in a secure device (ETSI EN 319 411-1); no practice statement \
             named",
        ),
        ("person-signature", "curves = [\"p256\", ", "curves = [", "- key p256: admitted"),
        (
            "person-signature",
            "[2048, 4096]",
            "[3072, 4096]",
            "~ key rsa: no longer: from 2048 bits. now: from 3072 bits",
        ),
        (
            "tls-server",
            "required = false",
            "required = true",
            "~ subject locality: no longer: left out where there is none. now: required",
        ),
        (
            "tls-server",
            "attribute = \"locality\"",
            "attribute = \"business-category\"\nfixed = \"Government Entity\"\n[[subject]]\nattribute = \"locality\"",
            "+ subject business-category: always \"Government Entity\"; required",
        ),
        (
            "tls-server",
            "approvals = 1",
            "approvals = 2",
            "~ vetting approved by: raised from one officer other than who asks to 2 officers other than who asks",
        ),
        (
            "device",
            "validity_days = 365",
            "validity_hours = 12",
            "~ validity lifetime: shortened from 365 days to 12 hours",
        ),
        (
            "person-signature",
            "identity_kind = \"person\"",
            "identity_kind = \"person\"\nassurance = \"high\"",
            "+ vetting assurance: the identity is proven to level high at least",
        ),
        (
            "person-signature",
            "semantics = \"natural\"",
            "semantics = \"natural\"\nlimit = { currency = \"LSL\", amount = 5, exponent = 4 }",
            "+ statement limit: transactions of at most 5 × 10^4 LSL",
        ),
    ] {
        assert_eq!(one(name, from, to), said);
    }
}

#[test]
fn what_means_the_same_is_told_as_the_same() {
    for (name, from, to) in [
        ("person-signature", "# person-signature", "# another comment\n#"),
        ("person-signature", "curves = [\"p256\", \"p384\"]", "curves = [\"p384\", \"p256\"]"),
        (
            "tls-server",
            "\"digital-signature\", \"key-encipherment\"",
            "\"key-encipherment\", \"digital-signature\"",
        ),
        (
            "tls-server",
            "attribute = \"country\"\n",
            "attribute = \"country\"\nrequired = true\nmax_length = 2\n",
        ),
        ("tls-server", "validity_days = 100", "validity_hours = 2400"),
    ] {
        assert_eq!(change(name, from, to), [], "{name}: {from} to {to}");
    }
}

#[test]
fn another_order_in_the_certificate_is_a_difference() {
    let found = one("tls-server", "[[subject]]\nattribute = \"organization\"\nfrom = \"organization\"\n", "");
    assert!(found.starts_with("- subject organization"), "{found}");
    let moved = text("tls-server")
        .replacen("[[subject]]\nattribute = \"organization\"\nfrom = \"organization\"\n", "", 1)
        .replacen(
            "[[subject]]\n",
            "[[subject]]\nattribute = \"organization\"\nfrom = \"organization\"\n[[subject]]\n",
            1,
        );
    let after = Profile::from_toml("tls-server", &moved).unwrap();
    let before = Profile::from_toml("tls-server", text("tls-server")).unwrap();
    let found = differences(&before, &after);
    let [order] = &found[..] else { panic!("{found:?}") };
    assert_eq!(order.words, "organization, country, locality instead of country, locality, organization");
}

/// Nothing in which two profiles differ is passed over: no two of those that npki comes with are told as the same.
#[test]
fn whatever_differs_is_told() {
    let set = ProfileSet::built_in().unwrap();
    for one in set.iter() {
        assert_eq!(differences(one, one), []);
        for other in set.iter().filter(|other| other.id != one.id) {
            let renamed = Profile { id: one.id.clone(), ..other.clone() };
            assert_ne!(*one, renamed);
            let there = differences(one, other);
            assert!(!there.is_empty(), "{} and {}", one.id, other.id);
            let back = differences(other, one);
            assert_eq!(there.len(), back.len(), "{} and {}", one.id, other.id);
        }
    }
}

/// Each member of a profile changes what is told.
#[test]
fn every_member_is_told() {
    use time::Duration;
    let like = Profile::from_toml("person-signature", text("person-signature")).unwrap();
    let qc = |edit: fn(&mut crate::profile::QcStatements)| {
        let mut profile = like.clone();
        edit(profile.qc_statements.as_mut().unwrap());
        profile
    };
    let with = |edit: fn(&mut Profile)| {
        let mut profile = like.clone();
        edit(&mut profile);
        profile
    };
    let changed = [
        with(|it| it.title.push('!')),
        with(|it| it.kind = crate::profile::ProfileKind::IssuingCa { path_length: 0 }),
        with(|it| it.subject[0].required = false),
        with(|it| it.subject[1].pattern = it.subject[0].pattern.clone()),
        with(|it| it.request_subject = crate::profile::RequestSubject::Ignored),
        with(|it| it.key_usage.clear()),
        with(|it| it.extended_key_usage.push(crate::profile::oids::CLIENT_AUTH)),
        with(|it| it.extended_key_usage_critical = true),
        with(|it| it.policies[1].cps = Some("https://example.org".to_owned())),
        with(|it| it.qc_statements = None),
        with(|it| it.subject_key_identifier = false),
        with(|it| it.end_entity_constraints = true),
        with(|it| it.ocsp_address = false),
        with(|it| it.ca_issuers_address = false),
        with(|it| it.crl_address = false),
        with(|it| it.ocsp_no_check = true),
        with(|it| it.crl_at_once = false),
        with(|it| it.validity = Duration::hours(7)),
        with(|it| {
            it.max_validity.push(crate::profile::LongestFrom {
                from: time::macros::date!(2027 - 01 - 01),
                longest: Duration::DAY,
            });
        }),
        with(|it| it.private_key_usage = Some(Duration::DAY)),
        with(|it| it.short_term = Some(crate::profile::ShortTerm::NoRevocation)),
        with(|it| it.keys.rsa_bits = None),
        with(|it| it.keys.ml_dsa.clear()),
        with(|it| it.vetting.identity_kind = None),
        with(|it| it.vetting.approvals = 0),
        with(|it| it.vetting.requested_by.clear()),
        qc(|it| it.semantics = crate::profile::Semantics::Legal),
        qc(|it| it.name_registration_authority = Some("https://a".to_owned())),
        qc(|it| it.disclosure.swap(0, 1)),
        qc(|it| it.retention_years = Some(7)),
    ];
    for (at, profile) in changed.iter().enumerate() {
        assert_ne!(differences(&like, profile), [], "change {at} is passed over");
    }
    let renamed = Profile { id: ProfileId("another".to_owned()), ..like.clone() };
    assert_eq!(differences(&like, &renamed), [], "a name says nothing in a certificate");
}
