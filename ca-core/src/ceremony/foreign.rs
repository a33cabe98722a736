//! A foreign CA that is cross-certified, and on which terms (RFC 5280 sections 3.2, 4.2.1.5, 4.2.1.10 and 4.2.1.11).
//!
//! Its name, key and key identifier are taken over octet for octet: what it has issued must find its issuer in the
//! cross-certificate as it does in the CA's own.

use std::str::FromStr;

use der::asn1::Ia5String;
use der::{Decode, Encode};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::constraints::name::{GeneralSubtree, NameConstraints};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{PolicyConstraints, PolicyMapping, PolicyMappings};
use x509_cert::name::Name;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::algorithm::KeyAlgorithm;
use crate::csr::{CsrError, SubjectPublicKey};
use crate::issuance::EncodingError;
use crate::issuance::to_be_signed::key_identifier;
use crate::profile::{
    CrossCertification, KeyRules, KeyUsage, Oid, Policy, Profile, ProfileId, ProfileKind, RequestSubject,
    Vetting,
};

/// The terms of a cross-certification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossTerms {
    /// From when on, UTC.
    pub not_before: OffsetDateTime,
    /// Until when, inclusive, UTC.
    pub not_after: OffsetDateTime,
    /// How many CAs may follow below the foreign one.
    pub path_length: u8,
    /// The names that the foreign CA, and those below it, may certify.
    pub permitted: Vec<NameSpace>,
    /// The names that they may not.
    pub excluded: Vec<NameSpace>,
    /// The policies for which the foreign CA is certified, as its own domain calls ours.
    pub policies: Vec<Oid>,
    /// Our policy, and the foreign one that counts as it.
    pub mappings: Vec<(Oid, Oid)>,
}

/// A space of names (RFC 5280 section 4.2.1.10): `dns:gov.ls`, `email:gov.ls`, `uri:.gov.ls`, `dn:C=LS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSpace {
    text: String,
    name: GeneralName,
}

impl FromStr for NameSpace {
    type Err = InvalidNameSpace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidNameSpace(text.to_owned());
        let (form, value) = text.split_once(':').ok_or_else(invalid)?;
        if value.is_empty() {
            return Err(invalid());
        }
        let ascii = || Ia5String::new(value).map_err(|_| invalid());
        let name = match form {
            "dns" => GeneralName::DnsName(ascii()?),
            "email" => GeneralName::Rfc822Name(ascii()?),
            "uri" => GeneralName::UniformResourceIdentifier(ascii()?),
            "dn" => GeneralName::DirectoryName(Name::from_str(value).map_err(|_| invalid())?),
            _ => return Err(invalid()),
        };
        Ok(Self { text: text.to_owned(), name })
    }
}

impl std::fmt::Display for NameSpace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Not a space of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no space of names: write dns:gov.ls, email:gov.ls, uri:.gov.ls or dn:O=…,C=LS")]
pub struct InvalidNameSpace(String);

/// A foreign CA, as its certificate shows it.
#[derive(Debug, Clone)]
pub struct ForeignCa {
    subject: Vec<u8>,
    key: SubjectPublicKey,
    key_identifier: Vec<u8>,
}

impl ForeignCa {
    /// Reads its certificate, DER.
    ///
    /// # Errors
    /// It is no certificate of a CA, or its key is not fit.
    pub fn read(certificate: &[u8]) -> Result<Self, ForeignError> {
        let unreadable = |why: String| ForeignError::Certificate(why);
        let (rest, parsed) =
            X509Certificate::from_der(certificate).map_err(|error| unreadable(error.to_string()))?;
        if !rest.is_empty() {
            return Err(unreadable("there are octets after it".to_owned()));
        }
        // RFC 5280 section 4.2.1.9: only a CA's key may verify certificate signatures.
        if !parsed.is_ca() {
            return Err(unreadable("it is not a CA's: basicConstraints does not say cA".to_owned()));
        }
        let key = SubjectPublicKey::from_der(parsed.public_key().raw)?;
        let named = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
            _ => None,
        });
        let key_identifier = match named {
            Some(identifier) => identifier,
            None => key_identifier(&key),
        };
        Ok(Self { subject: parsed.subject().as_raw().to_vec(), key, key_identifier })
    }

    /// Its name as text (RFC 4514).
    pub fn name(&self) -> String {
        crate::name::text(&self.subject)
    }

    /// Its key.
    pub const fn key(&self) -> &SubjectPublicKey {
        &self.key
    }

    /// What the ledger calls it.
    pub fn reference(&self) -> String {
        format!("foreign-ca:{}", super::fingerprint(&self.subject))
    }

    /// The profile of its cross-certificate: made from the terms, for this one certificate.
    ///
    /// # Errors
    /// A value does not fit its ASN.1 type.
    pub fn profile(&self, terms: &CrossTerms) -> Result<Profile, EncodingError> {
        let policy = |oid: &Oid| Policy { oid: *oid, cps: None };
        Ok(Profile {
            id: ProfileId("cross-certificate".to_owned()),
            title: "Cross-certificate of a foreign CA".to_owned(),
            kind: ProfileKind::IssuingCa { path_length: terms.path_length },
            subject: Vec::new(),
            request_subject: RequestSubject::Ignored,
            alternative_names: Vec::new(),
            key_usage: vec![KeyUsage::KeyCertSign, KeyUsage::CrlSign],
            extended_key_usage: Vec::new(),
            extended_key_usage_critical: false,
            policies: terms.policies.iter().map(policy).collect(),
            qc_statements: None,
            subject_key_identifier: true,
            end_entity_constraints: false,
            ocsp_address: false,
            ca_issuers_address: true,
            crl_address: true,
            ocsp_no_check: false,
            crl_at_once: true,
            validity: terms.not_after - terms.not_before + Duration::SECOND,
            max_validity: Vec::new(),
            private_key_usage: None,
            short_term: None,
            // Its keys are its own country's affair, as long as they are sound.
            keys: KeyRules {
                curves: vec![KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519],
                rsa_bits: Some((2048, 4096)),
                ml_dsa: vec![KeyAlgorithm::MlDsa44, KeyAlgorithm::MlDsa65, KeyAlgorithm::MlDsa87],
            },
            vetting: Vetting::of_nobody(),
            cross: Some(CrossCertification {
                subject: self.subject.clone(),
                key_identifier: self.key_identifier.clone(),
                not_before: terms.not_before,
                not_after: terms.not_after,
                name_constraints: Some(terms.name_constraints()?),
                policy_mappings: terms.policy_mappings()?,
                policy_constraints: Some(policy_constraints()?),
            }),
        })
    }
}

impl CrossTerms {
    fn name_constraints(&self) -> Result<Vec<u8>, EncodingError> {
        let subtrees = |spaces: &[NameSpace]| {
            let subtree =
                |space: &NameSpace| GeneralSubtree { base: space.name.clone(), minimum: 0, maximum: None };
            (!spaces.is_empty()).then(|| spaces.iter().map(subtree).collect())
        };
        let constraints = NameConstraints {
            permitted_subtrees: subtrees(&self.permitted),
            excluded_subtrees: subtrees(&self.excluded),
        };
        Ok(constraints.to_der()?)
    }

    fn policy_mappings(&self) -> Result<Option<Vec<u8>>, EncodingError> {
        if self.mappings.is_empty() {
            return Ok(None);
        }
        let mapping = |(ours, theirs): &(Oid, Oid)| PolicyMapping {
            issuer_domain_policy: ours.0,
            subject_domain_policy: theirs.0,
        };
        Ok(Some(PolicyMappings(self.mappings.iter().map(mapping).collect()).to_der()?))
    }
}

/// RFC 5280 section 4.2.1.11: every certificate below must be of an acceptable policy, and nobody below maps any further.
fn policy_constraints() -> Result<Vec<u8>, EncodingError> {
    let constraints = PolicyConstraints { require_explicit_policy: Some(0), inhibit_policy_mapping: Some(0) };
    Ok(constraints.to_der()?)
}

/// Reads one certificate, DER or PEM, and gives its DER.
///
/// # Errors
/// It is neither.
pub fn certificate_der(file: &[u8]) -> Result<Vec<u8>, ForeignError> {
    let der = match pem::parse(file) {
        Ok(block) if block.tag() == "CERTIFICATE" => block.into_contents(),
        Ok(block) => return Err(ForeignError::Certificate(format!("it is a PEM block {}", block.tag()))),
        Err(_) => file.to_vec(),
    };
    x509_cert::Certificate::from_der(&der).map_err(|error| ForeignError::Certificate(error.to_string()))?;
    Ok(der)
}

/// A foreign CA cannot be certified.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// Its certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// Its key is not fit.
    #[error("the foreign CA's key is not fit: {0}")]
    Key(#[from] CsrError),
    /// Something of it cannot be encoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
}
