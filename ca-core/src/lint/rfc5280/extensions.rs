//! RFC 5280 section 4.2: extensions.

use der::{Decode, Encode};
use x509_cert::ext::pkix;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};

use crate::lint::examined::{Examined, extension as known};
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "rfc5280.extensions-once", clause: "RFC 5280 section 4.2", check: extensions_once },
    Rule { id: "rfc5280.extension-contents", clause: "RFC 5280 section 4.2", check: contents },
    Rule { id: "rfc5280.key-usage", clause: "RFC 5280 section 4.2.1.3", check: key_usage },
    Rule { id: "rfc5280.key-cert-sign", clause: "RFC 5280 section 4.2.1.9", check: key_cert_sign },
    Rule { id: "rfc5280.basic-constraints", clause: "RFC 5280 section 4.2.1.9", check: basic_constraints },
    Rule { id: "rfc5280.path-length", clause: "RFC 5280 section 4.2.1.9", check: path_length },
    Rule {
        id: "rfc5280.subject-key-identifier",
        clause: "RFC 5280 section 4.2.1.2",
        check: subject_key_identifier,
    },
    Rule { id: "rfc5280.name-constraints", clause: "RFC 5280 section 4.2.1.10", check: name_constraints },
    Rule { id: "rfc5280.policies", clause: "RFC 5280 section 4.2.1.4", check: policies },
    Rule { id: "rfc5280.extended-key-usage", clause: "RFC 5280 section 4.2.1.12", check: extended_key_usage },
    Rule { id: "rfc5280.crl-address", clause: "RFC 5280 section 4.2.1.13", check: crl_address },
    Rule { id: "rfc5280.information-access", clause: "RFC 5280 section 4.2.2.1", check: information_access },
];

/// RFC 5280 section 4.2: a certificate MUST NOT include more than one instance of an extension.
fn extensions_once(examined: &Examined<'_>) -> Verdict {
    let extensions = examined.tbs().extensions();
    let twice = extensions
        .iter()
        .enumerate()
        .find(|(at, extension)| extensions.iter().skip(at + 1).any(|other| other.oid == extension.oid));
    match twice {
        Some((_, extension)) => Err(format!("{} stands more than once", extension.oid)),
        None => Ok(()),
    }
}

/// RFC 5280 section 4.2: each value is the DER of its extension's type. Two readers must agree.
fn contents(examined: &Examined<'_>) -> Verdict {
    examined.tbs().extensions().iter().try_for_each(|extension| {
        let readable = !matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
        let oid = const_oid::ObjectIdentifier::from_bytes(extension.oid.as_bytes());
        let exact = oid.is_ok_and(|oid| encodes_again(oid, extension.value));
        ensure(readable && exact, format!("{} is not the DER of its type", extension.oid))
    })
}

/// Whether a second decoder and encoder gives back the same bytes. Extensions it does not know are left to
/// `npki.extensions`, which refuses them, and to the rules of their own sources.
fn encodes_again(oid: const_oid::ObjectIdentifier, value: &[u8]) -> bool {
    fn same<'a, T: Decode<'a> + Encode>(value: &'a [u8]) -> bool {
        T::from_der(value).is_ok_and(|decoded| decoded.to_der().is_ok_and(|again| again == value))
    }
    match oid {
        known::AUTHORITY_KEY_IDENTIFIER => same::<pkix::AuthorityKeyIdentifier>(value),
        known::SUBJECT_KEY_IDENTIFIER => same::<pkix::SubjectKeyIdentifier>(value),
        known::KEY_USAGE => same::<pkix::KeyUsage>(value),
        known::CERTIFICATE_POLICIES => same::<pkix::CertificatePolicies>(value),
        known::SUBJECT_ALT_NAME => same::<pkix::SubjectAltName>(value),
        known::BASIC_CONSTRAINTS => same::<pkix::BasicConstraints>(value),
        known::EXTENDED_KEY_USAGE => same::<pkix::ExtendedKeyUsage>(value),
        // RFC 5280 section 4.2.1.15: the same syntax.
        known::CRL_DISTRIBUTION_POINTS | known::FRESHEST_CRL => same::<pkix::CrlDistributionPoints>(value),
        known::AUTHORITY_INFORMATION_ACCESS => same::<pkix::AuthorityInfoAccessSyntax>(value),
        known::NAME_CONSTRAINTS => same::<pkix::NameConstraints>(value),
        known::POLICY_MAPPINGS => same::<pkix::PolicyMappings>(value),
        known::POLICY_CONSTRAINTS => same::<pkix::PolicyConstraints>(value),
        _ => true,
    }
}

/// RFC 5280 section 4.2.1.3: SHOULD be critical; at least one bit MUST be set. Ours: always present, always critical.
fn key_usage(examined: &Examined<'_>) -> Verdict {
    let extension = examined.extension(known::KEY_USAGE).ok_or("there is none")?;
    ensure(extension.critical, "it is not critical")?;
    let set = matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage) if usage.flags != 0);
    ensure(set, "no bit is set")
}

/// RFC 5280 section 4.2.1.9: keyCertSign MUST NOT be asserted unless cA is; section 4.2.1.3: and is, where cA is.
fn key_cert_sign(examined: &Examined<'_>) -> Verdict {
    let signs = examined.parsed(|extension| match extension {
        ParsedExtension::KeyUsage(usage) => Some(usage.key_cert_sign()),
        _ => None,
    });
    let is_ca = examined.tbs().is_ca();
    ensure(signs.unwrap_or_default() == is_ca, format!("cA is {is_ca}, and keyCertSign is not"))
}

/// RFC 5280 section 4.2.1.9: CAs MUST have it, critical. Whether cA is right follows from the profile.
fn basic_constraints(examined: &Examined<'_>) -> Verdict {
    let is_ca = examined.tbs().is_ca();
    ensure(is_ca == examined.profile().is_ca(), format!("cA is {is_ca}"))?;
    let critical = examined.extension(known::BASIC_CONSTRAINTS).is_none_or(|extension| extension.critical);
    ensure(critical, "they are not critical")
}

/// RFC 5280 section 4.2.1.9: CAs MUST NOT include pathLenConstraint unless cA is asserted.
fn path_length(examined: &Examined<'_>) -> Verdict {
    let length = examined.parsed(|extension| match extension {
        ParsedExtension::BasicConstraints(constraints) => constraints.path_len_constraint,
        _ => None,
    });
    ensure(length.is_none() || examined.tbs().is_ca(), "an end entity has a pathLenConstraint")
}

/// RFC 5280 section 4.2.1.2: MUST appear in CA certificates; never critical.
fn subject_key_identifier(examined: &Examined<'_>) -> Verdict {
    let extension = examined.extension(known::SUBJECT_KEY_IDENTIFIER);
    ensure(extension.is_some() || !examined.tbs().is_ca(), "a CA has none")?;
    ensure(extension.is_none_or(|extension| !extension.critical), "it is critical")?;
    let empty = extension.is_some_and(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::SubjectKeyIdentifier(identifier) if identifier.0.is_empty())
    });
    ensure(!empty, "it is empty")
}

/// RFC 5280 section 4.2.1.10: only in a CA certificate.
fn name_constraints(examined: &Examined<'_>) -> Verdict {
    let constrained = examined.extension(known::NAME_CONSTRAINTS).is_some();
    ensure(!constrained || examined.tbs().is_ca(), "an end entity has name constraints")
}

/// RFC 5280 section 4.2.1.4: a policy OID MUST NOT appear more than once.
fn policies(examined: &Examined<'_>) -> Verdict {
    let policies = examined.policies();
    let twice =
        policies.iter().enumerate().any(|(at, policy)| policies.iter().skip(at + 1).any(|it| it == policy));
    ensure(!twice, "a policy stands more than once")?;
    let present = examined.extension(known::CERTIFICATE_POLICIES).is_some();
    ensure(present != policies.is_empty(), "the extension names no policy")
}

/// RFC 5280 section 4.2.1.12. Ours: never anyExtendedKeyUsage, and never empty.
fn extended_key_usage(examined: &Examined<'_>) -> Verdict {
    let Some(extension) = examined.extension(known::EXTENDED_KEY_USAGE) else { return Ok(()) };
    let purposes = Vec::<const_oid::ObjectIdentifier>::from_der(extension.value).unwrap_or_default();
    ensure(!purposes.is_empty(), "it names no purpose")?;
    ensure(!purposes.contains(&oids::ANY_EXTENDED_KEY_USAGE.0), "it admits every purpose")
}

/// RFC 5280 section 4.2.1.13: SHOULD be non-critical; an HTTP URI to the DER of the CRL. Not https, since its
/// certificate could need the same CRL (section 8).
fn crl_address(examined: &Examined<'_>) -> Verdict {
    let Some(extension) = examined.extension(known::CRL_DISTRIBUTION_POINTS) else { return Ok(()) };
    ensure(!extension.critical, "it is critical")?;
    let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else { return Ok(()) };
    ensure(!points.points.is_empty(), "it is empty")?;
    points.iter().try_for_each(|point| {
        // Without reasons and crlIssuer it is this CA's full CRL (section 4.2.1.13).
        ensure(point.reasons.is_none() && point.crl_issuer.is_none(), "it is not for the CA's full CRL")?;
        match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) if names.iter().any(is_http) => Ok(()),
            _ => Err("a distribution point has no http address".to_owned()),
        }
    })
}

/// RFC 5280 section 4.2.2.1: MUST be non-critical; each location an HTTP URI.
fn information_access(examined: &Examined<'_>) -> Verdict {
    let Some(extension) = examined.extension(known::AUTHORITY_INFORMATION_ACCESS) else { return Ok(()) };
    ensure(!extension.critical, "it is critical")?;
    let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else { return Ok(()) };
    ensure(!access.accessdescs.is_empty(), "it is empty")?;
    let http = access.accessdescs.iter().all(|description| is_http(&description.access_location));
    ensure(http, "a location is no http address")
}

fn is_http(name: &GeneralName<'_>) -> bool {
    matches!(name, GeneralName::URI(uri)
        if uri.strip_prefix("http://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && uri.bytes().all(|byte| byte.is_ascii_graphic()))
}
