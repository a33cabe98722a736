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

/// Rules whose fault lies in the issuer, beside the signature, or in certificates of no built-in profile: tests of their
/// own break them.
pub(super) const ELSEWHERE: [&str; 11] = [
    "rfc5280.issuer-is-ca",
    "rfc5280.issuer-path-length",
    "rfc5280.issuer-names",
    "rfc5280.signature-algorithms-equal",
    "rfc3161.purpose",
    "rfc3161.key-usage",
    "npki.cross-subject",
    "npki.cross-names",
    "npki.cross-mappings",
    "npki.cross-policies",
    "npki.cross-period",
];

/// id-ml-dsa-65
const ML_DSA_65: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12];
/// 2.23.140.1.2.1
const FORUM_DV: &[u8] = &[0x67, 0x81, 0x0c, 0x01, 0x02, 0x01];
/// 2.23.140.1.2.2
pub(super) const FORUM_OV: &[u8] = &[0x67, 0x81, 0x0c, 0x01, 0x02, 0x02];
/// id-qt-cps
const CPS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01];
/// id-qt-unotice
const NOTICE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02];

/// The rule, the profile, and what is spoiled.
type Case = (&'static str, &'static str, fn(&mut Parts));

pub(super) const CASES: &[Case] = &[
    // An INTEGER with an octet too many in front.
    ("rfc5280.der", "device", |it| it.serial = element(0x02, &[&[0, 0][..], &[1; 16]].concat())),
    ("rfc5280.version", "device", |it| it.version = vec![0xa0, 0x03, 0x02, 0x01, 0x01]),
    ("rfc5280.serial-number", "device", |it| it.serial = element(0x02, &[0x80; 16])),
    ("rfc5280.serial-number", "device", |it| it.serial = element(0x02, &[0x40; 21])),
    ("rfc5280.serial-number", "device", |it| it.serial = element(0x02, &[0])),
    ("npki.serial-entropy", "device", |it| it.serial = element(0x02, &[0x40; 7])),
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
    ("npki.subject-flat", "device", |it| {
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
    ("rfc5280.uri", "device", |it| it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x86, b"gates/1")))),
    ("rfc5280.uri", "device", |it| it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x86, b"https:///1")))),
    ("npki.registry-uri", "device", |it| {
        it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x86, b"urn:uuid:1")))
    }),
    ("rfc5280.rfc822-name", "device", |it| {
        it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x81, b"T <t@gov.ls>")))
    }),
    ("rfc5280.directory-name", "device", |it| {
        it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0xa4, &[0x30, 0])))
    }),
    ("rfc5280.ip-address", "tls-server", |it| {
        it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x87, &[127, 0, 0])))
    }),
    ("rfc5280.issuer-present", "device", |it| it.issuer = vec![0x30, 0x00]),
    ("rfc5280.subject-present", "issuing-ca", |it| it.subject.clear()),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"bad_label.gov.ls"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"a.*.gov.ls"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"127.0.0.1"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"-a.gov.ls"])),
    ("rfc5280.dns-name", "tls-server", |it| names(it, &[b"gov.ls."])),
    ("rfc5280.extensions-once", "device", |it| it.extensions.push(it.extensions[0].clone())),
    ("rfc5280.extension-contents", "device", |it| it.put(KEY_USAGE, &[0x04, 0x00])),
    ("rfc5280.extension-contents", "device", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x01, 0x01, 0x00])),
    ("npki.key-usage-present", "device", |it| it.remove(KEY_USAGE)),
    ("rfc5280.key-usage", "issuing-ca", |it| it.remove(KEY_USAGE)),
    ("rfc5280.criticality-recommended", "device", |it| it.extension(KEY_USAGE).critical = false),
    ("rfc5280.criticality-recommended", "device", |it| it.extension(SUBJECT_ALT_NAME).critical = true),
    ("rfc5280.key-agreement-bits", "device", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x00, 0x81])),
    ("rfc5280.key-usage", "device", |it| it.put(KEY_USAGE, &[0x03, 0x01, 0x00])),
    ("rfc5280.key-cert-sign", "device", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x02, 0x84])),
    ("rfc5280.key-cert-sign", "issuing-ca", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x01, 0x02])),
    ("rfc5280.basic-constraints", "device", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x01, 0x01, 0xff])),
    ("rfc5280.criticality", "issuing-ca", |it| it.extension(BASIC_CONSTRAINTS).critical = false),
    ("rfc5280.basic-constraints", "issuing-ca", |it| it.remove(BASIC_CONSTRAINTS)),
    ("rfc5280.path-length", "device", |it| it.put(BASIC_CONSTRAINTS, &[0x30, 0x03, 0x02, 0x01, 0x00])),
    ("rfc5280.subject-key-identifier", "issuing-ca", |it| it.remove(SUBJECT_KEY_IDENTIFIER)),
    ("rfc5280.criticality", "device", |it| it.extension(SUBJECT_KEY_IDENTIFIER).critical = true),
    ("rfc5280.subject-key-identifier-advised", "device", |it| it.remove(SUBJECT_KEY_IDENTIFIER)),
    ("rfc5280.criticality", "issuing-ca", |it| it.put(NAME_CONSTRAINTS, &permitted("gov.ls"))),
    ("rfc5280.name-constraints-form", "issuing-ca", |it| it.put(NAME_CONSTRAINTS, &[0x30, 0x00])),
    ("rfc5280.name-constraints-form", "issuing-ca", |it| it.put(NAME_CONSTRAINTS, &permitted(".gov.ls"))),
    ("rfc5280.name-constraints-form", "issuing-ca", |it| {
        let network = element(0x87, &[10, 0, 0, 0, 255, 0, 255, 0]);
        it.put(NAME_CONSTRAINTS, &element(0x30, &element(0xa0, &element(0x30, &network))));
    }),
    ("rfc5280.policy-mappings", "device", |it| it.put(POLICY_MAPPINGS, &mapping(&[0x2a, 0x03]))),
    ("rfc5280.policy-mappings", "issuing-ca", |it| {
        it.put(POLICY_MAPPINGS, &mapping(&[0x55, 0x1d, 0x20, 0x00]))
    }),
    ("rfc5280.policy-constraints", "issuing-ca", |it| it.put(POLICY_CONSTRAINTS, &[0x30, 0x00])),
    ("rfc5280.inhibit-any-policy", "device", |it| it.put(INHIBIT_ANY_POLICY, &[0x02, 0x01, 0x00])),
    ("rfc5280.policy-qualifiers", "device", |it| {
        it.put(CERTIFICATE_POLICIES, &qualified(&[0x2a, 0x03], &element(0x0c, b"x")));
    }),
    ("rfc5280.policy-qualifiers", "device", |it| {
        it.put(CERTIFICATE_POLICIES, &qualified(CPS, &element(0x16, b"no address")));
    }),
    ("rfc5280.explicit-text", "device", |it| {
        it.put(CERTIFICATE_POLICIES, &qualified(NOTICE, &element(0x30, &element(0x16, b"text"))));
    }),
    ("rfc5280.explicit-text", "device", |it| {
        it.put(CERTIFICATE_POLICIES, &qualified(NOTICE, &element(0x30, &element(0x0c, &[b'a'; 201]))));
    }),
    ("rfc5280.authority-key-identifier-pair", "device", |it| {
        it.put(AUTHORITY_KEY_IDENTIFIER, &element(0x30, &element(0x82, &[1])));
    }),
    ("npki.issuer-by-key", "device", |it| {
        it.put(AUTHORITY_KEY_IDENTIFIER, &element(0x30, &element(0x82, &[1])))
    }),
    ("rfc5280.distribution-points", "device", |it| it.put(CRL_DISTRIBUTION_POINTS, &[0x30, 0x00])),
    // A reason, and nothing else.
    ("rfc5280.distribution-points", "device", |it| {
        it.put(CRL_DISTRIBUTION_POINTS, &element(0x30, &element(0x30, &[0x81, 0x02, 0x06, 0x40])));
    }),
    ("rfc5280.information-access", "device", |it| it.put(AUTHORITY_INFORMATION_ACCESS, &[0x30, 0x00])),
    ("rfc5280.any-purpose", "device", |it| {
        purposes(it, &["2.5.29.37.0"]);
        it.extension(EXTENDED_KEY_USAGE).critical = true;
    }),
    ("npki.status-known", "device", |it| {
        it.remove(AUTHORITY_INFORMATION_ACCESS);
        it.remove(CRL_DISTRIBUTION_POINTS);
    }),
    ("npki.critical-known", "device", |it| {
        it.put(QC_STATEMENTS, &[0x30, 0x00]);
        it.extension(QC_STATEMENTS).critical = true;
    }),
    ("npki.serial-entropy", "device", |it| {
        it.serial = element(0x02, &[&[0x40; 10][..], &[1, 2, 3]].concat())
    }),
    // ecdsa-with-SHA1
    ("npki.signature-strength", "device", |it| {
        it.algorithm = element(0x30, &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);
    }),
    ("rfc5758.signature-parameters", "device", |it| {
        let with_null = [&it.algorithm[2..], &[0x05, 0x00]].concat();
        it.algorithm = element(0x30, &with_null);
    }),
    ("rfc5480.key-parameters", "device", |it| it.key = key(&[0x2b, 0x65, 0x70], &[0x05, 0x00], 32)),
    ("rfc5480.key-usage", "device", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x05, 0xa0])),
    ("rfc8410.key-usage", "device", |it| {
        it.key = key(&[0x2b, 0x65, 0x70], &[], 32);
        it.put(KEY_USAGE, &[0x03, 0x02, 0x03, 0x88]);
    }),
    ("rfc9881.key-usage", "device", |it| {
        it.key = key(ML_DSA_65, &[], 1952);
        it.put(KEY_USAGE, &[0x03, 0x02, 0x05, 0xa0]);
    }),
    ("rfc9881.key-length", "device", |it| it.key = key(ML_DSA_65, &[], 1312)),
    ("rfc9608.no-rev-avail", "device", |it| it.put(NO_REV_AVAIL, &[0x30, 0x00])),
    ("rfc9608.no-addresses", "device", |it| it.put(NO_REV_AVAIL, &[0x05, 0x00])),
    ("etsi.short-term", "device", |it| it.put(SHORT_TERM, &[0x05, 0x00])),
    ("rfc5280.name-constraints", "device", |it| it.put(NAME_CONSTRAINTS, &permitted("gov.ls"))),
    ("rfc5280.policies", "person-signature", |it| {
        let policy = element(0x30, &element(0x06, &[0x2a, 0x03]));
        it.put(CERTIFICATE_POLICIES, &element(0x30, &[policy.clone(), policy].concat()));
    }),
    ("npki.no-any-purpose", "device", |it| purposes(it, &["2.5.29.37.0"])),
    ("rfc5280.extended-key-usage", "device", |it| purposes(it, &["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.2"])),
    ("rfc5280.extended-key-usage", "device", |it| purposes(it, &[])),
    ("rfc5280.crl-address", "device", |it| it.patch(CRL_DISTRIBUTION_POINTS, b"http", b"ldap")),
    ("rfc5280.criticality-recommended", "device", |it| it.extension(CRL_DISTRIBUTION_POINTS).critical = true),
    ("rfc5280.information-access", "device", |it| it.patch(AUTHORITY_INFORMATION_ACCESS, b"http", b"ldap")),
    ("rfc5280.criticality", "device", |it| it.extension(AUTHORITY_INFORMATION_ACCESS).critical = true),
    ("rfc5280.issuer-name", "device", |it| it.issuer = element(0x30, &attribute(CommonName, UTF8, b"Other"))),
    // The same name to RFC 5280 section 7.1, in another string type: half of all software would not find the issuer.
    ("rfc5280.issuer-name", "root-ca", |it| it.set(Organization, PRINTABLE, b"Government of Lesotho")),
    ("rfc5280.issuer-policies", "device", |it| it.put(CERTIFICATE_POLICIES, &policy(&[0x2a, 0x03]))),
    ("rfc5280.authority-key-identifier", "device", |it| it.remove(AUTHORITY_KEY_IDENTIFIER)),
    ("rfc5280.authority-key-identifier", "device", |it| it.put(AUTHORITY_KEY_IDENTIFIER, &[0x30, 0x00])),
    ("rfc5280.issuer-key-identifier", "device", |it| {
        it.put(AUTHORITY_KEY_IDENTIFIER, &element(0x30, &element(0x80, &[7; 20])));
    }),
    ("npki.within-issuer", "device", |it| it.set_validity([(UTC, "270101000000Z"), (UTC, "480101000000Z")])),
    ("npki.within-issuer", "device", |it| it.set_validity([(UTC, "261231000000Z"), (UTC, "270201000000Z")])),
    // ecdsa-with-SHA256, from a CA with a P-384 key.
    ("rfc5280.signature-algorithm", "device", |it| it.algorithm[11] = 0x02),
    // The same key, another digest; the octets differ from what npki writes for it.
    ("npki.signature-algorithm", "device", |it| it.algorithm[11] = 0x02),
    ("etsi.statements", "person-signature", |it| it.extension(QC_STATEMENTS).critical = true),
    ("etsi.statements", "person-signature", |it| it.put(QC_STATEMENTS, &[0x30, 0x00])),
    ("etsi.statements", "person-signature", |it| it.put(QC_STATEMENTS, &[0x04, 0x00])),
    // The semantics of a legal person.
    ("npki.statements", "person-signature", |it| {
        it.patch(QC_STATEMENTS, &[0x8b, 0xec, 0x49, 0x01, 0x01], &[0x8b, 0xec, 0x49, 0x01, 0x02]);
    }),
    // A number of a national scheme, and nobody says whose.
    ("etsi.statement-semantics", "person-signature", |it| it.set(SerialNumber, PRINTABLE, b"SG:LS-1234")),
    ("etsi.statement-disclosure", "person-signature", |it| {
        it.patch(QC_STATEMENTS, b"\x13\x02en", b"\x13\x02fr")
    }),
    ("etsi.statement-disclosure", "person-signature", |it| it.patch(QC_STATEMENTS, b"https", b"ldaps")),
    // QcCompliance alone, which would claim EU status.
    ("etsi.statement-claim", "person-signature", |it| statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x01])),
    ("etsi.statement-type", "person-signature", |it| statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x01])),
    ("npki.statements", "person-signature", |it| statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x01])),
    ("etsi.statement-device", "person-signature", |it| statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x04])),
    // QcType of no type that there is.
    ("etsi.statement-type", "person-signature", |it| {
        statement(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x01]);
        let other = element(0x30, &element(0x06, &[0x2a, 0x03]));
        statement_with(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x06], &other);
    }),
    ("etsi.statement-legislation", "person-signature", |it| {
        statement_with(it, &[0x04, 0x00, 0x8e, 0x46, 0x01, 0x07], &element(0x30, &element(PRINTABLE, b"ls")));
    }),
    ("etsi.person-policies", "person-signature", |it| it.remove(CERTIFICATE_POLICIES)),
    ("etsi.person-status-address", "person-signature", |it| {
        it.remove(AUTHORITY_INFORMATION_ACCESS);
        it.remove(CRL_DISTRIBUTION_POINTS);
    }),
    ("etsi.person-issuer", "person-signature", |it| {
        it.issuer = element(0x30, &attribute(CommonName, UTF8, b"CA"))
    }),
    ("etsi.organisation-policies", "organisation-seal", |it| it.remove(CERTIFICATE_POLICIES)),
    ("etsi.organisation-status-address", "organisation-seal", |it| {
        it.remove(AUTHORITY_INFORMATION_ACCESS);
        it.remove(CRL_DISTRIBUTION_POINTS);
    }),
    ("etsi.organisation-issuer", "organisation-seal", |it| {
        it.issuer = element(0x30, &attribute(CommonName, UTF8, b"CA"));
    }),
    ("rfc6960.key-usage", "ocsp-responder", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x06, 0xc0])),
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
    ("cabf.names", "tls-server", |it| it.remove(SUBJECT_ALT_NAME)),
    ("cabf.names", "tls-server", |it| it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x81, b"a@gov.ls")))),
    ("cabf.wildcard", "tls-server", |it| names(it, &[b"*.ls"])),
    ("cabf.underscore", "tls-server", |it| names(it, &[b"a_b.gov.ls"])),
    ("cabf.subject", "tls-server", |it| it.drop(Country)),
    ("cabf.subject", "tls-server", |it| it.set(Surname, UTF8, b"Mokoena")),
    ("cabf.policies", "tls-server", |it| it.remove(CERTIFICATE_POLICIES)),
    ("cabf.issuer-address", "tls-server", |it| it.remove(AUTHORITY_INFORMATION_ACCESS)),
    ("cabf.reserved-policy", "tls-server", |it| {
        let both =
            [element(0x06, FORUM_DV), element(0x06, FORUM_OV)].map(|policy| element(0x30, &policy)).concat();
        it.put(CERTIFICATE_POLICIES, &element(0x30, &both));
    }),
    ("cabf.internal-name", "tls-server", |it| {
        it.put(CERTIFICATE_POLICIES, &policy(FORUM_OV));
        names(it, &[b"payroll.internal"]);
    }),
    ("cabf.reserved-address", "tls-server", |it| {
        it.put(CERTIFICATE_POLICIES, &policy(FORUM_OV));
        it.put(SUBJECT_ALT_NAME, &element(0x30, &element(0x87, &[10, 0, 0, 1])));
    }),
    ("cabf.addresses", "tls-server", |it| {
        it.put(CERTIFICATE_POLICIES, &policy(FORUM_OV));
        it.remove(AUTHORITY_INFORMATION_ACCESS);
    }),
    ("cabf.common-name", "tls-server", |it| it.set(CommonName, UTF8, b"other.gov.ls")),
    ("cabf.key-usage", "tls-server", |it| it.put(KEY_USAGE, &[0x03, 0x02, 0x05, 0x20])),
    ("cabf.purpose-alone", "tls-server", |it| purposes(it, &["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])),
    ("cabf.purpose", "tls-server", |it| purposes(it, &["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"])),
    ("cabf.validity", "tls-server", |it| it.set_validity([(UTC, "270101000000Z"), (UTC, "270720000000Z")])),
    ("cabf.validity", "tls-server", |it| it.set_validity([(UTC, "290316000000Z"), (UTC, "290502000000Z")])),
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
    ("npki.private-key-usage", "timestamping-unit", |it| {
        it.patch(PRIVATE_KEY_USAGE_PERIOD, b"20270101000000Z", b"20270102000000Z");
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

/// certificatePolicies of one policy with one qualifier.
fn qualified(id: &[u8], value: &[u8]) -> Vec<u8> {
    let qualifier = element(0x30, &[&element(0x06, id)[..], value].concat());
    let policy = [element(0x06, &[0x2a, 0x03]), element(0x30, &qualifier)].concat();
    element(0x30, &element(0x30, &policy))
}

/// policyMappings of one policy to itself.
fn mapping(oid: &[u8]) -> Vec<u8> {
    let policy = element(0x06, oid);
    element(0x30, &element(0x30, &[&policy[..], &policy].concat()))
}

/// SubjectPublicKeyInfo of so many octets.
fn key(oid: &[u8], parameters: &[u8], octets: usize) -> Vec<u8> {
    let algorithm = element(0x30, &[&element(0x06, oid)[..], parameters].concat());
    let bits = element(0x03, &[vec![0], vec![9; octets]].concat());
    element(0x30, &[algorithm, bits].concat())
}

/// Adds a QCStatement without a value.
fn statement(parts: &mut Parts, oid: &[u8]) {
    statement_with(parts, oid, &[]);
}

fn statement_with(parts: &mut Parts, oid: &[u8], value: &[u8]) {
    let old = parts.extension(QC_STATEMENTS).value.as_bytes().to_vec();
    let header = if old[1] < 0x80 { 2 } else { usize::from(old[1] & 0x7f) + 2 };
    let added = element(0x30, &[&element(0x06, oid)[..], value].concat());
    parts.put(QC_STATEMENTS, &element(0x30, &[&old[header..], &added].concat()));
}
