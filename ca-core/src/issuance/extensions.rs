//! The certificate extensions that the certificate writer cannot express, as DER.

use const_oid::ObjectIdentifier;
use der::asn1::{Ia5String, Null, OctetString};
use der::{Any, Encode};
use rcgen::CustomExtension;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};
use x509_cert::ext::pkix::certpolicy::{PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, CertificatePolicies, SubjectAltName,
};

use super::EncodingError;
use crate::alternative_name::Name;
use crate::authority::Addresses;
use crate::crl::extensions::distribution_points;
use crate::profile::{CrossCertification, Policy, Profile, ShortTerm};

/// id-ce-certificatePolicies
const CERTIFICATE_POLICIES: &[u64] = &[2, 5, 29, 32];
/// id-ce-nameConstraints
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
/// id-ce-policyMappings
const POLICY_MAPPINGS: &[u64] = &[2, 5, 29, 33];
/// id-ce-policyConstraints
const POLICY_CONSTRAINTS: &[u64] = &[2, 5, 29, 36];
/// id-ce-subjectAltName
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
/// id-ce-subjectKeyIdentifier
const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
/// id-ce-basicConstraints
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
/// id-ce-freshestCRL
const FRESHEST_CRL: &[u64] = &[2, 5, 29, 46];
/// id-ce-extKeyUsage
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
/// id-pe-authorityInfoAccess
const AUTHORITY_INFORMATION_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
/// id-pkix-ocsp-nocheck
const OCSP_NO_CHECK: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1, 5];

/// id-ce-privateKeyUsagePeriod
const PRIVATE_KEY_USAGE_PERIOD: &[u64] = &[2, 5, 29, 16];
/// id-ce-noRevAvail
const NO_REV_AVAIL: &[u64] = &[2, 5, 29, 56];
/// ext-etsi-valassured-ST-certs
const VALIDITY_ASSURED: &[u64] = &[0, 4, 0, 194_121, 2, 1];

/// id-qt-cps
const CPS_QUALIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
/// id-ad-ocsp
const ACCESS_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// id-ad-caIssuers
const ACCESS_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// Wraps DER content as an extension.
pub(super) fn extension(oid: &[u64], criticality: Criticality, content: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content);
    extension.set_criticality(criticality == Criticality::Critical);
    extension
}

/// Whether a verifier that does not know the extension must refuse the certificate (RFC 5280 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Criticality {
    Critical,
    NonCritical,
}

/// certificatePolicies (RFC 5280 section 4.2.1.4), not critical.
pub(super) fn certificate_policies(policies: &[Policy]) -> Result<CustomExtension, EncodingError> {
    let policies = policies.iter().map(policy_information).collect::<Result<Vec<_>, _>>()?;
    Ok(extension(CERTIFICATE_POLICIES, Criticality::NonCritical, CertificatePolicies(policies).to_der()?))
}

fn policy_information(policy: &Policy) -> Result<PolicyInformation, EncodingError> {
    let qualifier = |cps: &String| -> Result<_, EncodingError> {
        let qualifier = Some(Any::encode_from(&Ia5String::new(cps)?)?);
        Ok(vec![PolicyQualifierInfo { policy_qualifier_id: CPS_QUALIFIER, qualifier }])
    };
    let policy_qualifiers = policy.cps.as_ref().map(qualifier).transpose()?;
    Ok(PolicyInformation { policy_identifier: policy.oid.0, policy_qualifiers })
}

/// authorityInfoAccess (RFC 5280 section 4.2.2.1), never critical; `None` where the profile wants neither address.
pub(super) fn authority_information_access(
    profile: &Profile,
    addresses: &Addresses,
) -> Result<Option<CustomExtension>, EncodingError> {
    let wanted = [
        (profile.ocsp_address, ACCESS_OCSP, &addresses.ocsp),
        (profile.ca_issuers_address, ACCESS_CA_ISSUERS, &addresses.ca_issuers),
    ];
    let mut descriptions = Vec::new();
    for (_, access_method, address) in wanted.into_iter().filter(|(wanted, ..)| *wanted) {
        let access_location = GeneralName::UniformResourceIdentifier(Ia5String::new(address)?);
        descriptions.push(AccessDescription { access_method, access_location });
    }
    if descriptions.is_empty() {
        return Ok(None);
    }
    let content = AuthorityInfoAccessSyntax(descriptions).to_der()?;
    Ok(Some(extension(AUTHORITY_INFORMATION_ACCESS, Criticality::NonCritical, content)))
}

/// subjectAltName (RFC 5280 section 4.2.1.6); not critical, since every profile has a subject. `None` when empty.
pub(super) fn subject_alternative_names(names: &[Name]) -> Result<Option<CustomExtension>, EncodingError> {
    if names.is_empty() {
        return Ok(None);
    }
    let names = names.iter().map(Name::encoded).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(extension(SUBJECT_ALT_NAME, Criticality::NonCritical, SubjectAltName(names).to_der()?)))
}

/// freshestCRL (RFC 5280 section 4.2.1.15), not critical: where the delta CRL of the certificate's CRL is.
pub(super) fn freshest_crl(address: &str) -> CustomExtension {
    extension(FRESHEST_CRL, Criticality::NonCritical, distribution_points(address))
}

/// extKeyUsage (RFC 5280 section 4.2.1.12).
pub(super) fn extended_key_usage(profile: &Profile) -> Result<CustomExtension, EncodingError> {
    let purposes: Vec<ObjectIdentifier> = profile.extended_key_usage.iter().map(|oid| oid.0).collect();
    let criticality =
        if profile.extended_key_usage_critical { Criticality::Critical } else { Criticality::NonCritical };
    Ok(extension(EXTENDED_KEY_USAGE, criticality, purposes.to_der()?))
}

/// subjectKeyIdentifier (RFC 5280 section 4.2.1.2), not critical.
pub(super) fn subject_key_identifier(identifier: &[u8]) -> Result<CustomExtension, EncodingError> {
    let content = OctetString::new(identifier)?.to_der()?;
    Ok(extension(SUBJECT_KEY_IDENTIFIER, Criticality::NonCritical, content))
}

/// basicConstraints of an end entity: cA is DEFAULT FALSE, so DER leaves it out (RFC 5280 section 4.2.1.9).
pub(super) fn end_entity_constraints() -> CustomExtension {
    extension(BASIC_CONSTRAINTS, Criticality::Critical, vec![0x30, 0x00])
}

/// What only a cross-certificate has: nameConstraints, policyConstraints (RFC 5280 sections 4.2.1.10 and 4.2.1.11: MUST
/// be critical) and policyMappings (section 4.2.1.5: SHOULD).
pub(super) fn cross_certification(cross: &CrossCertification) -> Vec<CustomExtension> {
    let mut all = Vec::new();
    if let Some(constraints) = &cross.name_constraints {
        all.push(extension(NAME_CONSTRAINTS, Criticality::Critical, constraints.clone()));
    }
    if let Some(mappings) = &cross.policy_mappings {
        all.push(extension(POLICY_MAPPINGS, Criticality::Critical, mappings.clone()));
    }
    if let Some(constraints) = &cross.policy_constraints {
        all.push(extension(POLICY_CONSTRAINTS, Criticality::Critical, constraints.clone()));
    }
    all
}

/// privateKeyUsagePeriod (ITU-T X.509 section 9.2.2.5), not critical: from the certificate's beginning on.
pub(super) fn private_key_usage_period(
    not_before: OffsetDateTime,
    period: Duration,
) -> Result<CustomExtension, EncodingError> {
    let form = format_description!("[year][month][day][hour][minute][second]Z");
    let moment = |tag: u8, moment: OffsetDateTime| -> Result<Vec<u8>, EncodingError> {
        let text = moment
            .to_offset(UtcOffset::UTC)
            .format(form)
            .map_err(|error| EncodingError(error.to_string()))?;
        let length = u8::try_from(text.len()).map_err(|error| EncodingError(error.to_string()))?;
        Ok([&[tag, length], text.as_bytes()].concat())
    };
    // Both ends belong to it, as to the validity. The tags are implicit: [0] notBefore, [1] notAfter.
    let (from, until) = (moment(0x80, not_before)?, moment(0x81, not_before + period - Duration::SECOND)?);
    let length = u8::try_from(from.len() + until.len()).map_err(|error| EncodingError(error.to_string()))?;
    let content = [&[0x30, length], from.as_slice(), until.as_slice()].concat();
    Ok(extension(PRIVATE_KEY_USAGE_PERIOD, Criticality::NonCritical, content))
}

/// What says that nobody is to ask about revocation: noRevAvail (RFC 9608 section 2), and for validity-assured ones the
/// statement of ETSI EN 319 412-1 section 5.2.2. Each is NULL, neither is critical.
pub(super) fn short_term(term: ShortTerm) -> Result<Vec<CustomExtension>, EncodingError> {
    let statement =
        |oid| -> Result<_, EncodingError> { Ok(extension(oid, Criticality::NonCritical, Null.to_der()?)) };
    match term {
        ShortTerm::NoRevocation => Ok(vec![statement(NO_REV_AVAIL)?]),
        ShortTerm::ValidityAssured => Ok(vec![statement(NO_REV_AVAIL)?, statement(VALIDITY_ASSURED)?]),
    }
}

/// id-pkix-ocsp-nocheck: NULL, not critical (RFC 6960 section 4.2.2.2.1).
pub(super) fn ocsp_no_check() -> Result<CustomExtension, EncodingError> {
    Ok(extension(OCSP_NO_CHECK, Criticality::NonCritical, Null.to_der()?))
}
