//! For each rule, at least one certificate that breaks it.

use const_oid::ObjectIdentifier;
use der::Encode;
use rcgen::PublicKeyData;

use super::made;
use super::parts::{Parts, attribute, element};
use crate::lint::examined::extension::*;
use crate::profile::AttributeType::{
    self, CommonName, Country, GivenName, Organization, OrganizationIdentifier, Pseudonym, SerialNumber,
    Surname,
};

const PRINTABLE: u8 = 0x13;
const UTF8: u8 = 0x0c;
const UTC: u8 = 0x17;
const GENERALIZED: u8 = 0x18;

/// Rules whose fault lies in the issuer, or in a cross-certificate's terms: tests of their own give them these.
pub(super) const ELSEWHERE: [&str; 7] = [
    "rfc5280.issuer-is-ca",
    "rfc5280.issuer-path-length",
    "npki.cross-subject",
    "npki.cross-names",
    "npki.cross-mappings",
    "npki.cross-policies",
    "npki.cross-period",
];

/// The rule, the profile, and what is spoiled.
type Case = (&'static str, &'static str, fn(&mut Parts));

pub(super) const CASES: &[Case] = &[
    // An INTEGER with an octet too many in front.
    ("rfc5280.der", "device", |it| it.serial = element(0x02, &[&[0, 0][..], &[1; 16]].concat())),
    ("rfc5280.version", "device", |it| it.version = vec![0xa0, 0x03, 0x02, 0x01, 0x01]),
    ("rfc5280.serial-number", "device", |it| it.serial = element(0x02, &[0x80; 16])),
    ("rfc5280.serial-number", "device", |it| it.serial = element(0x02, &[0x40; 21])),
    ("rfc5280.serial-number", "device", |it| it.serial = element(0x02, &[0])),
    ("rfc5280.serial-entropy", "device", |it| it.serial = element(0x02, &[0x40; 7])),
    ("rfc5280.validity-order", "device", |it| {
        it.set_validity([(UTC, "270201000000Z"), (UTC, "270101000000Z")])
    }),
    ("rfc5280.validity-order", "device", |it| {
        it.set_validity([(UTC, "270101000000Z"), (UTC, "270101000000Z")])
    }),
    ("rfc5280.validity-encoding", "device", |it| {
        it.set_validity([(UTC, "270101000000Z"), (GENERALIZED, "20270201000000Z")]);
    }),
    ("rfc5280.unique-identifiers", "device", |it| it.unique_identifiers = vec![0x82, 0x02, 0x00, 0x01]),
    ("rfc5280.subject-present", "device", |it| it.subject.clear()),
    ("rfc5280.subject-flat", "device", |it| {
        let pair = |kind: AttributeType, value: &[u8]| attribute(kind, UTF8, value)[2..].to_vec();
        it.subject.push(element(0x31, &[pair(CommonName, b"a"), pair(CommonName, b"b")].concat()));
    }),
    ("rfc5280.string-types", "device", |it| it.set(Country, UTF8, b"LS")),
    ("rfc5280.string-types", "device", |it| it.set(Organization, 0x14, b"RSL")),
    ("rfc5280.string-types", "device", |it| it.set(Organization, PRINTABLE, b"R*S")),
    ("rfc5280.upper-bounds", "device", |it| it.set(Organization, UTF8, &[b'a'; 65])),
    ("rfc5280.blanks", "device", |it| it.set(Organization, UTF8, b" RSL")),
    ("rfc5280.blanks", "device", |it| it.set(Organization, UTF8, b"")),
    ("rfc5280.blanks", "device", |it| it.set(Organization, UTF8, b"R\x07SL")),
    ("rfc5280.country", "device", |it| it.set(Country, PRINTABLE, b"ls")),
    ("rfc5280.alternative-names", "device", |it| it.put(SUBJECT_ALT_NAME, &[0x30, 0x00])),
    ("rfc5280.uri", "device", |it| it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x86, b"urn:uuid:1")))),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"bad_label.gov.ls"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"a.*.gov.ls"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"127.0.0.1"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"-a.gov.ls"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"gov.ls."])),
    ("rfc5280.extensions-once", "device", |it| it.extensions.push(it.extensions[0].clone())),
    ("rfc5280.extension-contents", "device", |it| it.put(KEY_USAGE, &[0x04, 0x00])),
    ("rfc5280.extension-contents", "device", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x01, 0x01, 0x00])),
    ("rfc5280.key-usage", "device", |it| it.remove(KEY_USAGE)),
    ("rfc5280.key-usage", "device", |it| it.extension(KEY_USAGE).critical = false),
    ("rfc5280.key-usage", "device", |it| it.put(KEY_USAGE, &[0x03, 0x01, 0x00])),
    ("rfc5280.key-cert-sign", "device", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x02, 0x84])),
    ("rfc5280.key-cert-sign", "issuing-ca", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x01, 0x02])),
    ("rfc5280.basic-constraints", "device", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x01, 0x01, 0xff])),
    ("rfc5280.basic-constraints", "issuing-ca", |it| it.extension(BASIC_CONSTRAINTS).critical = false),
    ("rfc5280.basic-constraints", "issuing-ca", |it| it.remove(BASIC_CONSTRAINTS)),
    ("rfc5280.path-length", "device", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x02, 0x01, 0x00])),
    ("rfc5280.subject-key-identifier", "issuing-ca", |it| it.remove(SUBJECT_KEY_IDENTIFIER)),
    ("rfc5280.subject-key-identifier", "device", |it| it.extension(SUBJECT_KEY_IDENTIFIER).critical = true),
    ("rfc5280.name-constraints", "device", |it| it.put(NAME_CONSTRAINTS, &permitted("gov.ls"))),
    ("rfc5280.policies", "person-signature", |it| {
        let policy = element(0x30, &element(0x06, &[0x2a, 0x03]));
        it.put(CERTIFICATE_POLICIES, &element(0x30, &[policy.clone(), policy].concat()));
    }),
    ("rfc5280.extended-key-usage", "device", |it| purposes(it, &["2.5.29.37.0"])),
    ("rfc5280.extended-key-usage", "device", |it| purposes(it, &[])),
    ("rfc5280.crl-address", "device", |it| it.patch(CRL_DISTRIBUTION_POINTS, b"http", b"ldap")),
    ("rfc5280.crl-address", "device", |it| it.extension(CRL_DISTRIBUTION_POINTS).critical = true),
    ("rfc5280.information-access", "device", |it| it.patch(AUTHORITY_INFORMATION_ACCESS, b"http", b"ldap")),
    ("rfc5280.information-access", "device", |it| it.extension(AUTHORITY_INFORMATION_ACCESS).critical = true),
    ("rfc5280.issuer-name", "device", |it| it.issuer = element(0x30, &attribute(CommonName, UTF8, b"Other"))),
    // The same name to RFC 5280 section 7.1, in another string type: half of all software would not find the issuer.
    ("rfc5280.issuer-name", "root-ca", |it| it.set(Organization, PRINTABLE, b"Government of Lesotho")),
    ("rfc5280.issuer-policies", "device", |it| it.put(CERTIFICATE_POLICIES, &policy(&[0x2a, 0x03]))),
    ("rfc5280.authority-key-identifier", "device", |it| it.remove(AUTHORITY_KEY_IDENTIFIER)),
    ("rfc5280.authority-key-identifier", "device", |it| {
        it.put(AUTHORITY_KEY_IDENTIFIER, &element(0x30, &element(0x80, &[7; 20])));
    }),
    ("rfc5280.within-issuer", "device", |it| {
        it.set_validity([(UTC, "270101000000Z"), (UTC, "480101000000Z")])
    }),
    ("rfc5280.within-issuer", "device", |it| {
        it.set_validity([(UTC, "261231000000Z"), (UTC, "270201000000Z")])
    }),
    // ecdsa-with-SHA256, from a CA with a P-384 key.
    ("rfc5280.signature-algorithm", "device", |it| it.algorithm[11] = 0x02),
    ("etsi.statements", "person-signature", |it| it.extension(QC_STATEMENTS).critical = true),
    ("etsi.statements", "person-signature", |it| it.put(QC_STATEMENTS, &[0x30, 0x00])),
    ("etsi.statements", "person-signature", |it| it.put(QC_STATEMENTS, &[0x04, 0x00])),
    // The semantics of a legal person.
    ("etsi.statement-semantics", "person-signature", |it| {
        it.patch(QC_STATEMENTS, &[0x8b, 0xec, 0x49, 0x01, 0x01], &[0x8b, 0xec, 0x49, 0x01, 0x02]);
    }),
    // A number of a national scheme, and nobody says whose.
    ("etsi.statement-semantics", "person-signature", |it| it.set(SerialNumber, PRINTABLE, b"SG:LS-1234")),
    ("etsi.statement-disclosure", "person-signature", |it| {
        it.patch(QC_STATEMENTS, b"\x13\x02en", b"\x13\x02fr")
    }),
    ("etsi.statement-disclosure", "person-signature", |it| it.patch(QC_STATEMENTS, b"https", b"ldaps")),
    // QcCompliance alone, which would claim EU status.
    ("etsi.statement-legal", "person-signature", |it| statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x01])),
    ("etsi.statement-legal", "person-signature", |it| statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x04])),
    ("etsi.person-subject", "person-signature", |it| it.drop(Country)),
    ("etsi.person-subject", "person-signature", |it| {
        it.subject.push(attribute(CommonName, UTF8, b"Another"))
    }),
    ("etsi.person-subject", "person-signature", |it| {
        it.drop(Surname);
        it.drop(GivenName);
    }),
    ("etsi.person-pseudonym", "person-signature", |it| it.set(Pseudonym, UTF8, b"ls-7QF3K2M9TX")),
    ("etsi.person-identifier", "person-signature", |it| it.set(SerialNumber, PRINTABLE, b"012345678901")),
    ("etsi.person-identifier", "person-signature", |it| it.set(SerialNumber, PRINTABLE, b"XYZLS-1")),
    ("etsi.person-identifier", "person-signature", |it| it.set(SerialNumber, PRINTABLE, b"PNOLS-")),
    ("etsi.person-key-usage", "person-signature", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x06, 0xc0])),
    ("etsi.person-extensions", "person-signature", |it| it.put(INHIBIT_ANY_POLICY, &[0x02, 0x01, 0x00])),
    ("etsi.person-extensions", "person-signature", |it| {
        it.put(POLICY_CONSTRAINTS, &[0x30, 0x03, 0x80, 0x01, 0x00])
    }),
    ("etsi.person-information-access", "person-signature", |it| it.remove(AUTHORITY_INFORMATION_ACCESS)),
    ("etsi.organisation-subject", "organisation-seal", |it| it.drop(OrganizationIdentifier)),
    ("etsi.organisation-subject", "organisation-seal", |it| it.set(Surname, UTF8, b"Mokoena")),
    ("etsi.organisation-identifier", "organisation-seal", |it| it.set(Organization, UTF8, b"GO:LS-RSL")),
    ("etsi.organisation-identifier", "organisation-seal", |it| {
        it.set(OrganizationIdentifier, UTF8, b"PNOLS-1")
    }),
    ("etsi.organisation-key-usage", "organisation-seal", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x05, 0x60])),
    ("etsi.organisation-extensions", "organisation-seal", |it| {
        it.put(NAME_CONSTRAINTS, &permitted("gov.ls"))
    }),
    ("etsi.organisation-information-access", "organisation-seal", |it| {
        it.remove(AUTHORITY_INFORMATION_ACCESS)
    }),
    ("rfc6960.purpose", "ocsp-responder", |it| purposes(it, &["1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.2"])),
    ("rfc6960.no-check", "ocsp-responder", |it| it.remove(OCSP_NO_CHECK)),
    ("rfc6960.no-check", "ocsp-responder", |it| it.put(OCSP_NO_CHECK, &[])),
    ("rfc6960.nothing-else", "ocsp-responder", |it| it.put(CERTIFICATE_POLICIES, &policy(&[0x2a, 0x03]))),
    ("tls.names", "tls-server", |it| it.remove(SUBJECT_ALT_NAME)),
    ("tls.names", "tls-server", |it| it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x81, b"a@gov.ls")))),
    ("tls.names", "tls-server", |it| it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x87, &[127, 0, 0])))),
    ("tls.common-name", "tls-server", |it| it.set(CommonName, UTF8, b"other.gov.ls")),
    ("tls.key-usage", "tls-server", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x05, 0x20])),
    ("tls.purpose", "tls-server", |it| purposes(it, &["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])),
    ("tls.validity", "tls-server", |it| it.set_validity([(UTC, "270101000000Z"), (UTC, "270411000000Z")])),
    // P-256's name over a point of P-384.
    ("npki.key-sound", "device", |it| {
        let p256 = made::p256().subject_public_key_info();
        let p384 = made::p384().subject_public_key_info();
        // SEQUENCE { id-ecPublicKey, prime256v1 } is the first 21 octets within.
        let point = element(0x03, &[&[0][..], &p384[p384.len() - 97..]].concat());
        it.key = element(0x30, &[&p256[2..23], &point].concat());
    }),
    ("npki.key-admitted", "person-signature", |it| it.key = made::ed25519().subject_public_key_info()),
    ("npki.key-of-its-own", "device", |it| it.key = made::ISSUING.key.subject_public_key_info()),
    ("npki.key-identifier", "device", |it| it.key = made::p256().subject_public_key_info()),
    ("npki.subject", "device", |it| it.drop(Organization)),
    ("npki.subject", "device", |it| it.subject.swap(0, 1)),
    ("npki.subject", "device", |it| it.set(CommonName, UTF8, b"not an asset tag")),
    ("npki.subject", "device", |it| it.set(Surname, UTF8, b"Mokoena")),
    // organizationalUnitName
    ("npki.subject", "device", |it| {
        let pair = [&[0x06, 0x03, 0x55, 0x04, 0x0b][..], &element(UTF8, b"unit")].concat();
        it.subject.push(element(0x31, &element(0x30, &pair)));
    }),
    ("npki.alternative-names", "device", |it| names(it, &[b"gate.gov.ls"])),
    ("npki.alternative-names", "device", |it| {
        it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x81, b"thabo@gov.ls")));
    }),
    ("npki.extensions", "device", |it| it.remove(CERTIFICATE_POLICIES)),
    ("npki.extensions", "device", |it| it.put(ObjectIdentifier::new_unwrap("1.2.3"), &[0x05, 0x00])),
    ("npki.extensions", "root-ca", |it| it.put(CRL_DISTRIBUTION_POINTS, &[0x30, 0x00])),
    ("npki.critical", "device", |it| it.extension(EXTENDED_KEY_USAGE).critical = true),
    ("npki.critical", "device", |it| it.extension(CERTIFICATE_POLICIES).critical = true),
    ("npki.key-usage", "device", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x05, 0xa0])),
    ("npki.extended-key-usage", "device", |it| purposes(it, &["1.3.6.1.5.5.7.3.1"])),
    ("npki.policies", "device", |it| {
        it.put(CERTIFICATE_POLICIES, &policy(&[0x04, 0x00, 0x8f, 0x7a, 0x01, 0x02]))
    }),
    ("npki.policies", "device", |it| it.patch(CERTIFICATE_POLICIES, b"pki.gov.ls/cps", b"pki.gov.ls/cpx")),
    ("npki.path-length", "issuing-ca", |it| {
        it.put(BASIC_CONSTRAINTS, &[0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x01]);
    }),
    ("npki.path-length", "issuing-ca", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x01, 0x01, 0xff])),
    // caIssuers becomes caRepository.
    ("npki.addresses", "device", |it| {
        let method = |last| [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, last];
        it.patch(AUTHORITY_INFORMATION_ACCESS, &method(0x02), &method(0x05));
    }),
    ("npki.validity", "device", |it| it.set_validity([(UTC, "270101000000Z"), (UTC, "280101000000Z")])),
];

fn names(parts: &mut Parts, names: &[&[u8]]) {
    let names: Vec<u8> = names.iter().flat_map(|name| element(0x82, name)).collect();
    parts.put(SUBJECT_ALT_NAME, &element(0x30, &names));
}

fn purposes(parts: &mut Parts, purposes: &[&str]) {
    let purposes: Vec<ObjectIdentifier> =
        purposes.iter().map(|oid| ObjectIdentifier::new_unwrap(oid)).collect();
    parts.put(EXTENDED_KEY_USAGE, &purposes.to_der().unwrap());
}

/// certificatePolicies of one policy without qualifiers.
fn policy(oid: &[u8]) -> Vec<u8> {
    element(0x30, &element(0x30, &element(0x06, oid)))
}

/// nameConstraints that permit one domain.
fn permitted(domain: &str) -> Vec<u8> {
    element(0x30, &element(0xa0, &element(0x30, &element(0x82, domain.as_bytes()))))
}

/// Adds a QCStatement without a value.
fn statement(parts: &mut Parts, oid: &[u8]) {
    let old = parts.extension(QC_STATEMENTS).value.as_bytes().to_vec();
    let header = if old[1] < 0x80 { 2 } else { usize::from(old[1] & 0x7f) + 2 };
    let added = element(0x30, &element(0x06, oid));
    parts.put(QC_STATEMENTS, &element(0x30, &[&old[header..], &added].concat()));
}
