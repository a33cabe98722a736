//! The value of each extension is the DER of its type, to a second reader too.

use der::{Decode, Encode};
use x509_cert::ext::pkix;
use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.extension-contents",
    clause: "RFC 5280 section 4.2",
    severity: Severity::Error,
    says: "the value of each extension is the DER of its type, to a second reader too",
    check,
};

/// RFC 5280 section 4.2: each value is the DER of its extension's type. Two readers must agree.
fn check(examined: &Examined<'_>) -> Verdict {
    examined.tbs().extensions().iter().try_for_each(|extension| {
        examined.look_once(extension, || {
            let readable = !matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
            let oid = const_oid::ObjectIdentifier::from_bytes(extension.oid.as_bytes());
            let exact = oid.is_ok_and(|oid| encodes_again(oid, extension.value));
            ensure_or(readable && exact, || format!("{} is not the DER of its type", extension.oid))
        })
    })
}

/// Whether a second decoder and encoder gives back the same bytes. Extensions it does not know are left to the rules
/// of their own sources, and under a profile to `npki.extensions`, which refuses them.
fn encodes_again(oid: const_oid::ObjectIdentifier, value: &[u8]) -> bool {
    fn same<'a, T: Decode<'a> + Encode>(value: &'a [u8]) -> bool {
        T::from_der(value).is_ok_and(|decoded| decoded.to_der().is_ok_and(|again| again == value))
    }
    match oid {
        extension::AUTHORITY_KEY_IDENTIFIER => same::<pkix::AuthorityKeyIdentifier>(value),
        extension::SUBJECT_KEY_IDENTIFIER => same::<pkix::SubjectKeyIdentifier>(value),
        extension::KEY_USAGE => same::<pkix::KeyUsage>(value),
        extension::CERTIFICATE_POLICIES => same::<pkix::CertificatePolicies>(value),
        extension::POLICY_MAPPINGS => same::<pkix::PolicyMappings>(value),
        extension::SUBJECT_ALT_NAME => same::<pkix::SubjectAltName>(value),
        extension::ISSUER_ALT_NAME => same::<pkix::IssuerAltName>(value),
        extension::BASIC_CONSTRAINTS => same::<pkix::BasicConstraints>(value),
        extension::NAME_CONSTRAINTS => same::<pkix::NameConstraints>(value),
        extension::POLICY_CONSTRAINTS => same::<pkix::PolicyConstraints>(value),
        extension::INHIBIT_ANY_POLICY => same::<pkix::InhibitAnyPolicy>(value),
        extension::EXTENDED_KEY_USAGE => same::<pkix::ExtendedKeyUsage>(value),
        // RFC 5280 section 4.2.1.15: the same syntax.
        extension::CRL_DISTRIBUTION_POINTS | extension::FRESHEST_CRL => {
            same::<pkix::CrlDistributionPoints>(value)
        }
        extension::AUTHORITY_INFORMATION_ACCESS => same::<pkix::AuthorityInfoAccessSyntax>(value),
        _ => true,
    }
}
