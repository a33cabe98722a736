//! What a certificate must have in common with its issuer's (RFC 5280 sections 4.1.2.4, 4.2.1.1 and 6.1).

use der::Encode;
use x509_parser::certificate::TbsCertificate;
use x509_parser::extensions::ParsedExtension;

use crate::algorithm::SignatureAlgorithm;
use crate::lint::examined::{Examined, Field, extension, key_of, policies_of};
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "rfc5280.issuer-name", clause: "RFC 5280 section 4.1.2.4", check: issuer_name },
    Rule { id: "rfc5280.issuer-is-ca", clause: "RFC 5280 section 6.1.4", check: issuer_is_ca },
    Rule { id: "rfc5280.issuer-path-length", clause: "RFC 5280 section 4.2.1.9", check: issuer_path_length },
    Rule { id: "rfc5280.issuer-policies", clause: "RFC 5280 section 6.1.3", check: issuer_policies },
    Rule {
        id: "rfc5280.authority-key-identifier",
        clause: "RFC 5280 section 4.2.1.1",
        check: authority_key_identifier,
    },
    Rule { id: "rfc5280.within-issuer", clause: "ETSI EN 319 411-1 section 6.3.3", check: within_issuer },
    Rule {
        id: "rfc5280.signature-algorithm",
        clause: "RFC 5280 section 4.1.2.3",
        check: signature_algorithm,
    },
];

/// RFC 5280 section 4.1.2.4: the issuer field is the issuer's subject. Byte for byte, since not everybody compares
/// names as section 7.1 wants it.
fn issuer_name(examined: &Examined<'_>) -> Verdict {
    let tbs = examined.tbs();
    let subject = examined.issuer().map_or(tbs.subject(), |issuer| issuer.subject());
    ensure(tbs.issuer().as_raw() == subject.as_raw(), "the issuer is not the issuing CA's subject")
}

/// RFC 5280 section 6.1.4 (k) and (n): the issuer has cA and keyCertSign.
fn issuer_is_ca(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let signs = find(issuer, |extension| match extension {
        ParsedExtension::KeyUsage(usage) => Some(usage.key_cert_sign()),
        _ => None,
    });
    ensure(issuer.is_ca() && signs.unwrap_or_default(), "the issuer is no CA")
}

/// RFC 5280 section 4.2.1.9: how many intermediate CAs may follow.
fn issuer_path_length(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let below = path_length(examined.tbs());
    match path_length(issuer) {
        _ if !examined.tbs().is_ca() => Ok(()),
        None => Ok(()),
        Some(0) => Err("no CA may follow below the issuer".to_owned()),
        Some(above) => {
            ensure(below.is_some_and(|below| below < above), "its pathLenConstraint is beyond the issuer's")
        }
    }
}

fn path_length(tbs: &TbsCertificate<'_>) -> Option<u32> {
    find(tbs, |extension| match extension {
        ParsedExtension::BasicConstraints(constraints) => constraints.path_len_constraint,
        _ => None,
    })
}

/// RFC 5280 section 6.1.3 (d): a policy that the issuer does not list exactly is not valid on the path. A trust anchor
/// lists none (section 6.1.1).
fn issuer_policies(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let listed = policies_of(issuer);
    if issuer.subject().as_raw() == issuer.issuer().as_raw() || listed.contains(&oids::ANY_POLICY) {
        return Ok(());
    }
    match examined.policies().iter().find(|policy| !listed.contains(policy)) {
        Some(missing) => Err(format!("the issuer does not list policy {missing}")),
        None => Ok(()),
    }
}

/// RFC 5280 section 4.2.1.1: MUST be included, but for self-signed certificates, and equal the issuer's
/// subjectKeyIdentifier. Ours: never issuer and serial number, which would forbid to renew the issuer.
fn authority_key_identifier(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::AUTHORITY_KEY_IDENTIFIER);
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let found = found.ok_or("there is none")?;
    ensure(!found.critical, "it is critical")?;
    let ParsedExtension::AuthorityKeyIdentifier(identifier) = found.parsed_extension() else {
        return Err("it cannot be read".to_owned());
    };
    ensure(
        identifier.authority_cert_issuer.is_none() && identifier.authority_cert_serial.is_none(),
        "it names one certificate of the issuer",
    )?;
    let of_issuer = find(issuer, |extension| match extension {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
        _ => None,
    });
    let same = of_issuer.is_some() && identifier.key_identifier.as_ref().map(|it| it.0.to_vec()) == of_issuer;
    ensure(same, "it is not the issuer's subjectKeyIdentifier")
}

/// ETSI EN 319 411-1 section 6.3.3: a certificate does not outlive its CA's; nor, here, begin before it.
fn within_issuer(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let (own, above) = (examined.tbs().validity(), issuer.validity());
    ensure(own.not_before >= above.not_before, "it begins before the issuer's certificate")?;
    ensure(own.not_after <= above.not_after, "it outlives the issuer's certificate")
}

/// RFC 5280 section 4.1.2.3: the algorithm that the CA signs with, one of those for its key, in the octets that its
/// specification asks for.
fn signature_algorithm(examined: &Examined<'_>) -> Verdict {
    let signer: &TbsCertificate<'_> =
        examined.issuer().map_or(examined.tbs(), |issuer| &issuer.tbs_certificate);
    let kind = key_of(signer)?;
    let key = kind.algorithm().ok_or_else(|| format!("npki signs with no {kind} keys"))?;
    let field = examined.field(Field::Algorithm)?;
    let found = field.to_der().map_err(|error| error.to_string())?;
    let written = |algorithm: &SignatureAlgorithm| algorithm.identifier() == found;
    let fits = key.signature_algorithms().iter().any(written);
    ensure(fits, "it is not the algorithm of the issuing CA's key")
}

fn find<T>(tbs: &TbsCertificate<'_>, read: impl Fn(&ParsedExtension<'_>) -> Option<T>) -> Option<T> {
    tbs.extensions().iter().find_map(|extension| read(extension.parsed_extension()))
}
