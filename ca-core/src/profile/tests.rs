#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use super::*;

/// A built-in profile without its comments.
fn text(id: &str) -> String {
    let text = built_in(id).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

/// The text of a built-in profile with pieces replaced by others, each of which must be there.
#[track_caller]
pub(super) fn edited(id: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(built_in(id).unwrap().to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{id} has no {from:?}");
        text.replacen(from, to, 1)
    })
}

/// A built-in profile with one piece of its text replaced by another.
#[track_caller]
fn changed(id: &str, from: &str, to: &str) -> Result<Profile, ProfileError> {
    let text = text(id);
    assert!(text.contains(from), "{id} has no {from:?}");
    Profile::from_toml(id, &text.replacen(from, to, 1))
}

#[track_caller]
fn error(id: &str, from: &str, to: &str) -> String {
    changed(id, from, to).expect_err("the profile should have been refused").to_string()
}

#[test]
fn the_built_in_profiles_keep_every_rule() {
    let set = ProfileSet::built_in().unwrap();
    assert_eq!(set.iter().count(), BUILT_IN.len());
    let signature = set.find("person-signature").unwrap();
    assert_eq!(signature.key_usage, [KeyUsage::NonRepudiation]);
    assert_eq!(signature.vetting.approvals, 1);
    assert_eq!(signature.validity, Duration::days(1095));
    assert!(signature.qc_statements.as_ref().unwrap().legal.is_none());
}

#[test]
fn built_in_files_and_names_are_the_same() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/profiles");
    assert_eq!(ProfileSet::load(folder).unwrap(), ProfileSet::built_in().unwrap());
}

#[test]
fn the_issuing_ca_lists_exactly_the_policies_of_its_leaves() {
    let set = ProfileSet::built_in().unwrap();
    let policies =
        |profile: &Profile| profile.policies.iter().map(|policy| policy.oid).collect::<BTreeSet<_>>();
    let leaves = set.iter().filter(|profile| !profile.is_ca()).flat_map(policies).collect::<BTreeSet<_>>();
    assert_eq!(policies(set.find("issuing-ca").unwrap()), leaves);
}

#[test]
fn an_unknown_key_is_placed_and_the_nearest_offered() {
    let text = "title = \"x\"\nkind = \"end-entity\"\nkey_useage = []\n";
    assert_eq!(
        Profile::from_toml("device", text).unwrap_err().to_string(),
        "unknown key `key_useage` in device.toml line 3; did you mean `key_usage`?"
    );
}

#[test]
fn an_unknown_value_is_placed_and_the_nearest_offered() {
    let error = error("device", "\"digital-signature\"", "\"digital-signatur\"");
    assert!(error.starts_with("unknown value `digital-signatur` in device.toml line "), "{error}");
    assert!(error.ends_with("; did you mean `digital-signature`?"), "{error}");
}

#[test]
fn a_folder_s_errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(ProfileSet::load(folder.path()), Err(ProfileError::NoProfiles(_))));
    let path = folder.path().join("device.toml");
    std::fs::write(&path, text("device").replace("title = ", "titel = ")).unwrap();
    let error = ProfileSet::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("`titel` in {} line ", path.display())), "{error}");
    assert!(ProfileSet::load(folder.path().join("absent")).is_err());
}

#[test]
fn names_are_bounded() {
    for name in ["", "Device", "a b", "../device"] {
        assert!(matches!(Profile::from_toml(name, &text("device")), Err(ProfileError::Name(_))), "{name:?}");
    }
}

/// Profile, text, its replacement, the key at fault, the clause cited.
const BROKEN: &[(&str, &str, &str, &str, &str)] = &[
    ("device", "\"digital-signature\"", "\"key-cert-sign\"", "key_usage", "RFC 5280 section 4.2.1.9"),
    ("device", "\"digital-signature\"", "\"crl-sign\"", "key_usage", "RFC 5280 section 5"),
    (
        "device",
        "key_usage = [\"digital-signature\"]",
        "key_usage = []",
        "key_usage",
        "RFC 5280 section 4.2.1.3",
    ),
    (
        "device",
        "[\"digital-signature\"]",
        "[\"digital-signature\", \"digital-signature\"]",
        "key_usage",
        "RFC 5280 section 4.2.1.3",
    ),
    (
        "root-ca",
        "[\"key-cert-sign\", \"crl-sign\"]",
        "[\"crl-sign\"]",
        "key_usage",
        "RFC 5280 section 4.2.1.9",
    ),
    ("root-ca", "\"crl-sign\"]", "\"crl-sign\", \"digital-signature\"]", "key_usage", "npki"),
    (
        "root-ca",
        "subject_key_identifier = true",
        "subject_key_identifier = false",
        "subject_key_identifier",
        "RFC 5280 section 4.2.1.2",
    ),
    ("root-ca", "crl = false", "crl = true", "addresses", "RFC 5280 section 6.1"),
    (
        "root-ca",
        "[addresses]",
        "[[policies]]\noid = \"1.2.3\"\n[addresses]",
        "policies",
        "RFC 5280 section 6.1.1",
    ),
    ("root-ca", "7305", "9999", "validity_days", "npki"),
    (
        "root-ca",
        "attribute = \"organization\"\nfrom = \"organization\"",
        "attribute = \"locality\"\nfrom = \"locality\"",
        "subject",
        "ETSI EN 319 412-2 section 4.2.3.1",
    ),
    ("issuing-ca", "path_length = 0", "", "path_length", "RFC 5280 section 4.2.1.9"),
    ("issuing-ca", "crl = true", "crl = false", "addresses", "ETSI EN 319 412-2 section 4.4.1"),
    (
        "issuing-ca",
        "\"0.4.0.2042.1.2\"",
        "\"1.3.6.1.4.1.32473.426.1.12.1\"",
        "policies",
        "RFC 5280 section 4.2.1.4",
    ),
    (
        "person-signature",
        "[\"non-repudiation\"]",
        "[\"non-repudiation\", \"digital-signature\"]",
        "key_usage",
        "ETSI EN 319 412-2 section 4.3.2",
    ),
    (
        "person-signature",
        "\"0.4.0.2042.1.2\"",
        "\"0.4.0.194112.1.2\"",
        "policies",
        "ETSI EN 319 411-2 section 5.3",
    ),
    ("person-signature", "\"0.4.0.2042.1.2\"", "\"2.5.29.32.0\"", "policies", "RFC 5280 section 4.2.1.4"),
    ("person-signature", "\"0.4.0.2042.1.2\"", "\"7.1\"", "policies", "X.660 section 7.6"),
    (
        "person-signature",
        "\"https://pki.gov.ls/cps\"",
        "\"pki.gov.ls/cps\"",
        "cps",
        "RFC 5280 section 4.2.1.4",
    ),
    (
        "person-signature",
        "\"https://pki.gov.ls/pds-en.pdf\"",
        "\"http://pki.gov.ls/pds-en.pdf\"",
        "disclosure",
        "ETSI EN 319 412-5 section 4.3.4",
    ),
    (
        "person-signature",
        "language = \"en\"",
        "language = \"fr\"",
        "disclosure",
        "ETSI EN 319 412-5 section 4.3.4",
    ),
    (
        "person-signature",
        "language = \"st\"",
        "language = \"en\"",
        "disclosure",
        "ETSI EN 319 412-5 section 4.3.4",
    ),
    (
        "person-signature",
        "semantics = \"natural\"",
        "semantics = \"legal\"",
        "qc_statements",
        "ETSI EN 319 412-1 section 5.1.4",
    ),
    (
        "person-signature",
        "[addresses]",
        "[qc_statements.legal]\ncountries = [\"LS\"]\npurpose = \"seal\"\ncertified_device = true\n[addresses]",
        "legal",
        "ETSI EN 319 412-5 section 4.2",
    ),
    (
        "person-signature",
        "[addresses]",
        "[qc_statements.legal]\ncountries = []\npurpose = \"signature\"\ncertified_device = true\n[addresses]",
        "legal",
        "ETSI EN 319 412-5 section 4.2",
    ),
    ("person-signature", "from = \"surname\"", "from = \"surname\"\nrequired = false", "", ""),
    (
        "person-signature",
        "attribute = \"country\"\nfrom",
        "attribute = \"locality\"\nfrom",
        "subject",
        "ETSI EN 319 412-2 section 4.2.4",
    ),
    (
        "person-authentication",
        "attribute = \"given-name\"",
        "attribute = \"surname\"",
        "subject",
        "ETSI EN 319 412-2 section 4.2.4",
    ),
    (
        "person-authentication-pseudonymous",
        "attribute = \"common-name\"\nfrom",
        "attribute = \"surname\"\nfrom",
        "subject",
        "ETSI EN 319 412-2 section 4.2.4",
    ),
    (
        "organisation-seal",
        "from = \"organization-identifier\"",
        "from = \"organization-identifier\"\nrequired = false",
        "subject",
        "ETSI EN 319 412-3 section 4.2.1",
    ),
    (
        "organisation-seal",
        "\"https://pki.gov.ls/agencies\"",
        "\"agencies\"",
        "name_registration_authority",
        "RFC 3739 section 3.2.6.1",
    ),
    ("organisation-seal", "approvals = 2", "approvals = 3", "approvals", "npki"),
    ("device", "identity_kind = \"device\"", "identity_kind = \"devise\"", "identity_kind", "npki"),
    ("device", "identity_kind = \"device\"", "", "identity_kind", "npki"),
    ("device", "[\"client-auth\"]", "[\"2.5.29.37.0\"]", "extended_key_usage", "RFC 5280 section 4.2.1.12"),
    (
        "device",
        "[\"client-auth\"]",
        "[\"client-auth\", \"client-auth\"]",
        "extended_key_usage",
        "RFC 5280 section 4.2.1.12",
    ),
    ("device", "[\"client-auth\"]", "[\"client-outh\"]", "extended_key_usage", "npki"),
    ("device", "[\"client-auth\"]", "[\"time-stamping\"]", "extended_key_usage", "RFC 3161 section 2.3"),
    (
        "device",
        "end_entity_constraints = true",
        "extended_key_usage_critical = true",
        "extended_key_usage_critical",
        "npki",
    ),
    (
        "device",
        "end_entity_constraints = true",
        "ocsp_no_check = true",
        "ocsp_no_check",
        "RFC 6960 section 4.2.2.2",
    ),
    ("device", "[2048, 4096]", "[1024, 4096]", "rsa_bits", "NIST SP 800-131A"),
    ("device", "form = \"registry-uri\"", "form = \"hardware-module\"", "alternative_names", "npki"),
    ("device", "max_length = 64", "max_length = 99999", "max_length", "RFC 5280 appendix A.1"),
    ("device", "pattern = '^[A-Z]{2}$'", "pattern = '[A-Z]{2}'", "pattern", "npki"),
    ("device", "pattern = '^[A-Z]{2}$'", "pattern = '^[A-Z{2}$'", "pattern", "npki"),
    ("device", "pattern = '^[A-Z]{2}$'", "pattern = '^a)|(?:b$'", "pattern", "npki"),
    ("device", "from = \"country\"", "fixed = \"ls\"", "fixed", "X.520 section 6.3.1"),
    ("device", "from = \"country\"", "fixed = \"LS\"\nfrom = \"country\"", "subject", "npki"),
    ("device", "validity_days = 365", "validity_days = 0", "validity_days", "npki"),
    ("device", "title = \"Authentication of a device\"", "title = \"\"", "title", "npki"),
    (
        "tls-server",
        "validity_days = 100",
        "validity_days = 201",
        "validity_days",
        "CA/Browser Forum BR section 6.3.2",
    ),
    ("tls-server", "days = 47", "days = 48", "validity_days", "CA/Browser Forum BR section 6.3.2"),
    ("tls-server", "\"2029-03-15\"", "\"2027-03-15\"", "max_validity", "npki"),
    ("tls-server", "\"2029-03-15\"", "\"15 March 2029\"", "max_validity", "npki"),
    ("device", "validity_days = 365", "validity_days = 365\nvalidity_hours = 24", "validity_days", "npki"),
    (
        "device",
        "validity_days = 365",
        "validity_days = 365\nprivate_key_usage_days = 366",
        "private_key_usage_days",
        "ITU-T X.509 section 9.2.2.5",
    ),
    (
        "device",
        "validity_days = 365",
        "validity_hours = 24\nshort_term = \"no-revocation\"",
        "addresses",
        "RFC 9608 section 2",
    ),
    (
        "device",
        "validity_days = 365",
        "validity_days = 8\nshort_term = \"no-revocation\"",
        "validity_hours",
        "RFC 9608 section 4",
    ),
    (
        "device",
        "validity_days = 365",
        "validity_hours = 25\nshort_term = \"validity-assured\"",
        "validity_hours",
        "ETSI EN 319 412-1 section 5.2",
    ),
    (
        "ocsp-responder",
        "validity_days = 30",
        "validity_hours = 24\nshort_term = \"no-revocation\"",
        "short_term",
        "RFC 9608 section 2",
    ),
    (
        "person-signature",
        "semantics = \"natural\"",
        "semantics = \"natural\"\nlimit = { currency = \"Lsl\", amount = 1, exponent = 0 }",
        "limit",
        "ETSI EN 319 412-5 section 4.3.2",
    ),
    ("device", "approvals = 0", "approvals = 0\nrequested_by = []", "requested_by", "npki"),
    ("device", "approvals = 0", "approvals = 0\nother_office = true", "other_office", "npki"),
    (
        "device",
        "approvals = 0",
        "approvals = 0\nassurance = \"high\"",
        "assurance",
        "ETSI EN 319 411-1 section 6.2.2",
    ),
    (
        "tls-server",
        "required = true",
        "required = false",
        "alternative_names",
        "CA/Browser Forum BR section 7.1.2.7.12",
    ),
    (
        "tls-server",
        "[\"server-auth\"]",
        "[\"server-auth\", \"client-auth\"]",
        "extended_key_usage",
        "CA/Browser Forum BR section 7.1.2.7.10",
    ),
    ("tls-server", "rsa_bits = [2048, 4096]", "", "key_usage", "RFC 5480 section 3"),
    ("tls-server", "curves = [\"p256\", \"p384\"]\nrsa_bits = [2048, 4096]", "curves = []", "keys", "npki"),
    (
        "ocsp-responder",
        "[\"ocsp-signing\"]",
        "[\"ocsp-signing\", \"client-auth\"]",
        "extended_key_usage",
        "RFC 6960 section 4.2.2.2",
    ),
    ("ocsp-responder", "ocsp_no_check = true", "", "ocsp_no_check", "CA/Browser Forum BR section 4.9.9"),
    (
        "ocsp-responder",
        "validity_days = 30",
        "validity_days = 365",
        "validity_days",
        "RFC 6960 section 4.2.2.2.1",
    ),
    (
        "ocsp-responder",
        "[\"digital-signature\"]",
        "[\"non-repudiation\"]",
        "key_usage",
        "RFC 6960 section 4.2.2.2",
    ),
    ("ocsp-responder", "approvals = 0", "approvals = 1", "approvals", "npki"),
    ("tls-server", "form = \"ip\"", "form = \"ip\"\nfrom = \"dns-name\"", "alternative_names", "npki"),
    ("tls-server", "form = \"ip\"", "form = \"ip\"\nfrom = \"request\"", "pattern", "npki"),
    (
        "application",
        "form = \"dns\"",
        "form = \"dns\"\nfrom = \"request\"\npattern = '^[a-z]+$'",
        "approvals",
        "ETSI EN 319 411-1 section 6.2.2",
    ),
    (
        "tls-server",
        "form = \"ip\"",
        "form = \"user-principal-name\"\nfrom = \"request\"\npattern = '^a$'",
        "from",
        "ETSI EN 319 411-1 section 6.2.2",
    ),
    (
        "tls-server",
        "from = \"organization\"",
        "from = \"request\"\npattern = '^[A-Z]+$'",
        "from",
        "ETSI EN 319 411-1 section 6.2.2",
    ),
    (
        "person-signature",
        "from = \"common-name\"",
        "from = \"request\"\npattern = '^[A-Z]+$'",
        "from",
        "ETSI EN 319 411-1 section 6.2.2",
    ),
    (
        "person-signature",
        "[addresses]",
        "[[alternative_names]]\nform = \"email\"\nfrom = \"request\"\nrequired = false\npattern = '^a@b$'\n[addresses]",
        "from",
        "ETSI EN 319 411-1 section 6.2.2",
    ),
    (
        "person-signature",
        "[addresses]",
        "[[alternative_names]]\nform = \"directory-name\"\nrequired = false\n[addresses]",
        "sector",
        "npki",
    ),
    (
        "person-signature",
        "[addresses]",
        "[[alternative_names]]\nform = \"directory-name\"\nrequired = false\nsector = \"A B\"\n[addresses]",
        "sector",
        "npki",
    ),
    ("tls-server", "form = \"ip\"", "form = \"ip\"\nsector = \"health\"", "sector", "npki"),
    ("tls-server", "form = \"ip\"", "form = \"hardware-module\"", "alternative_names", "npki"),
];

#[test]
fn each_rule_is_enforced_and_cited() {
    for (id, from, to, key, clause) in BROKEN {
        if key.is_empty() {
            // The boundary of a rule: one of given name and surname is enough.
            changed(id, from, to).unwrap();
            continue;
        }
        match changed(id, from, to) {
            Err(ProfileError::Rules { broken, .. }) => assert!(
                broken.iter().any(|rule| rule.key == *key && rule.clause == *clause),
                "{id}: {from:?} became {to:?}: expected {key} and {clause}, found {broken:#?}"
            ),
            other => panic!("{id}: {from:?} became {to:?}: {other:?}"),
        }
    }
}

#[test]
fn values_come_from_the_request_where_a_pattern_bounds_them_and_an_officer_sees_them() {
    let proposed = "form = \"ip\"\nfrom = \"request\"\npattern = '^10[.][0-9.]+$'";
    let profile = changed("tls-server", "form = \"ip\"", proposed).unwrap();
    assert!(profile.takes_proposals());
    let proposed = "from = \"request\"\npattern = '^[A-Za-z ]+$'";
    assert!(changed("tls-server", "from = \"locality\"", proposed).unwrap().takes_proposals());
    assert!(!changed("tls-server", "days = 47", "days = 46").unwrap().takes_proposals());
    let error = error("device", "from = \"country\"", "from = \"contry\"");
    assert!(error.ends_with("; did you mean `country`?"), "{error}");
}

#[test]
fn a_lifetime_shrinks_on_the_day_on_which_its_rule_changes() {
    let server = changed("tls-server", "validity_days = 100", "validity_days = 199").unwrap();
    for (day, days) in [
        (time::macros::datetime!(2027-03-14 23:59:59 UTC), 199),
        (time::macros::datetime!(2027-03-15 00:00 UTC), 100),
        (time::macros::datetime!(2029-03-15 01:00 +2), 100),
        (time::macros::datetime!(2029-03-15 00:00 UTC), 47),
    ] {
        assert_eq!(server.validity_at(day), Duration::days(days), "{day}");
    }
}

#[test]
fn the_legal_switch_turns_on_whole() {
    let legal = "[qc_statements.legal]\ncountries = [\"LS\"]\npurpose = \"signature\"\n";
    let on = format!("{legal}certified_device = true\n[addresses]");
    let profile = changed("person-signature", "[addresses]", &on).unwrap();
    assert_eq!(profile.qc_statements.unwrap().legal.unwrap().countries, ["LS"]);
    let half = error("person-signature", "[addresses]", &format!("{legal}[addresses]"));
    assert!(half.contains("missing field `certified_device`"), "{half}");
}

#[test]
fn a_pattern_covers_the_whole_value() {
    let profile = changed("device", "pattern = '^[A-Z]{2}$'", "pattern = '^LS|ZA$'").unwrap();
    let pattern = profile.attribute(AttributeType::Country).unwrap().pattern.clone().unwrap();
    assert!(pattern.0.is_match("LS") && pattern.0.is_match("ZA"));
    assert!(!pattern.0.is_match("LSX") && !pattern.0.is_match("XZA") && !pattern.0.is_match("LS\n"));
}
