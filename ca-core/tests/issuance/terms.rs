//! How long certificates last, and what says so: hours, the use of the key, and that nobody asks about revocation.

use ca_core::clock::Clock as _;
use ca_core::csr::Wishes;
use ca_core::profile::{Profile, built_in};
use ca_core::profile_book::InForce;
use ca_core::storage::AuditedChange;
use ca_core::subject::IdentityRef;
use time::macros::datetime;

use crate::authority::{Ca, actor, subject};
use crate::new_key;
use crate::openssl;

/// A built-in profile with pieces of its text replaced.
fn changed(id: &str, pieces: &[(&str, &str)]) -> Profile {
    let text = built_in(id).unwrap().to_owned();
    let text = pieces.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(&format!("\n{from}")), "{from}");
        text.replacen(&format!("\n{from}"), &format!("\n{to}"), 1)
    });
    Profile::from_toml(id, &text).unwrap_or_else(|error| panic!("{error}"))
}

fn issued(ca: &Ca, profile: &Profile) -> Vec<u8> {
    let who = subject(&profile.id.0, IdentityRef(format!("X-{}", profile.id)));
    let pinned = InForce::pinned(profile.clone());
    let request = ca.issuing.admit_key(new_key(), &Wishes::none(), who, &pinned).unwrap();
    let prepared = ca.issuing.prepare(request, &actor()).unwrap_or_else(|error| panic!("{error}"));
    ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).unwrap().der
}

fn lasts_seconds(der: &[u8]) -> i64 {
    let (_, parsed) = x509_parser::parse_x509_certificate(der).unwrap();
    parsed.validity().not_after.timestamp() - parsed.validity().not_before.timestamp() + 1
}

fn value(der: &[u8], oid: &str) -> Option<(bool, Vec<u8>)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(der).unwrap();
    let found = parsed.extensions().iter().find(|extension| extension.oid.to_id_string() == oid)?;
    Some((found.critical, found.value.to_vec()))
}

const NO_REVOCATION: &str = "2.5.29.56";
const VALIDITY_ASSURED: &str = "0.4.0.194121.2.1";
const NULL: (bool, [u8; 2]) = (false, [5, 0]);

#[test]
fn short_term_certificates_last_hours_and_say_that_nobody_asks() {
    let ca = Ca::founded();
    let silent = [("ocsp = true", "ocsp = false"), ("crl = true", "crl = false")];
    let null = || Some((NULL.0, NULL.1.to_vec()));
    let term = ("validity_days = 90", "validity_hours = 24\nshort_term = \"no-revocation\"");
    let der = issued(&ca, &changed("application", &[&[term][..], &silent].concat()));
    assert_eq!(lasts_seconds(&der), 24 * 3600);
    assert_eq!((value(&der, NO_REVOCATION), value(&der, VALIDITY_ASSURED)), (null(), None));
    let term = ("validity_days = 1095", "validity_hours = 12\nshort_term = \"validity-assured\"");
    let der = issued(&ca, &changed("person-signature", &[&[term][..], &silent].concat()));
    assert_eq!(lasts_seconds(&der), 12 * 3600);
    assert_eq!((value(&der, NO_REVOCATION), value(&der, VALIDITY_ASSURED)), (null(), null()));
    assert!(value(&der, "2.5.29.31").is_none(), "no CRL is named");
}

#[test]
fn openssl_reads_how_long_the_key_is_used() {
    let ca = Ca::founded();
    let usage = ("validity_days = 730", "validity_days = 730\nprivate_key_usage_days = 365");
    let der = issued(&ca, &changed("organisation-seal", &[usage]));
    let shown = openssl::shows(&der, "privateKeyUsagePeriod");
    assert!(shown.contains("Not Before:") && shown.contains("Not After:"), "{shown}");
}

#[test]
fn a_server_s_certificate_is_as_long_as_the_day_of_issuance_allows() {
    let server = changed("tls-server", &[("validity_days = 100", "validity_days = 199")]);
    let ca = Ca::founded();
    assert!(ca.clock.now() < datetime!(2029-03-15 0:00 UTC), "the test's past has come");
    for (day, days) in [
        (datetime!(2027-03-15 00:02 UTC), 100),
        (datetime!(2029-03-14 23:59 UTC), 100),
        (datetime!(2029-03-15 00:02 UTC), 47),
    ] {
        ca.clock.set(day);
        assert_eq!(lasts_seconds(&issued(&ca, &server)), days * 24 * 3600, "{day}");
    }
}

#[test]
fn limits_of_trust_are_written_as_the_profile_says() {
    let ca = Ca::founded();
    let limits = "semantics = \"natural\"\nretention_years = 10\nlimit = { currency = \"LSL\", amount = 5, exponent = 4 }";
    let der = issued(&ca, &changed("person-signature", &[("semantics = \"natural\"", limits)]));
    let (_, statements) = value(&der, "1.3.6.1.5.5.7.1.3").unwrap();
    let has = |octets: &[u8]| statements.windows(octets.len()).any(|window| window == octets);
    assert!(has(&[0x30, 0x0b, 0x13, 3, b'L', b'S', b'L', 2, 1, 5, 2, 1, 4]) && has(&[2, 1, 10]));
}
