//! An issuer's certificate, as far as the rules look at it. A CA's is read once for everything that it issues.

use std::sync::OnceLock;

use const_oid::ObjectIdentifier;
use x509_parser::certificate::{TbsCertificate, X509Certificate};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::examined::policies_of;
use super::rfc5280::above;
use crate::csr::{KeyKind, SubjectPublicKey};
use crate::profile::Oid;

/// What the rules look at in an issuer's certificate.
#[derive(Debug, Clone)]
pub(super) struct Issuer {
    /// Its subject, DER.
    pub(super) subject: Vec<u8>,
    /// Who certified it, DER.
    pub(super) issuer: Vec<u8>,
    /// Its SubjectPublicKeyInfo, DER.
    pub(super) key_info: Vec<u8>,
    algorithm: Option<ObjectIdentifier>,
    parameters: Option<Vec<u8>>,
    kind: OnceLock<Result<KeyKind, String>>,
    pub(super) not_before: ASN1Time,
    pub(super) not_after: ASN1Time,
    /// Whether basicConstraints say cA.
    pub(super) is_ca: bool,
    /// Whether keyCertSign is set.
    pub(super) signs_certificates: bool,
    pub(super) path_length: Option<u32>,
    pub(super) key_identifier: Option<Vec<u8>>,
    pub(super) policies: Vec<Oid>,
    /// NameConstraints, DER.
    pub(super) name_constraints: Option<Vec<u8>>,
}

impl Issuer {
    /// Reads a certificate, DER, and nothing after it.
    pub(super) fn read(certificate: &[u8]) -> Result<Self, String> {
        match X509Certificate::from_der(certificate) {
            Ok(([], issuer)) => Ok(Self::of(&issuer.tbs_certificate)),
            Ok(_) => Err("octets follow the issuer's certificate".to_owned()),
            Err(error) => Err(format!("the issuer's certificate cannot be read: {error}")),
        }
    }

    fn of(tbs: &TbsCertificate<'_>) -> Self {
        let key = SigningKey::of(tbs);
        let name_constraints = tbs.extensions().iter().find_map(|extension| {
            let found = matches!(extension.parsed_extension(), ParsedExtension::NameConstraints(_));
            found.then(|| extension.value.to_vec())
        });
        Self {
            subject: tbs.subject().as_raw().to_vec(),
            issuer: tbs.issuer().as_raw().to_vec(),
            key_info: tbs.public_key().raw.to_vec(),
            algorithm: key.algorithm,
            parameters: key.parameters.map(<[u8]>::to_vec),
            kind: OnceLock::new(),
            not_before: tbs.validity().not_before,
            not_after: tbs.validity().not_after,
            is_ca: tbs.is_ca(),
            signs_certificates: above::signs_certificates(tbs),
            path_length: above::path_length(tbs),
            key_identifier: above::subject_key_identifier(tbs).map(<[u8]>::to_vec),
            policies: policies_of(tbs),
            name_constraints,
        }
    }

    /// Whether it certified itself.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    pub(super) fn key(&self) -> SigningKey<'_> {
        SigningKey { algorithm: self.algorithm, parameters: self.parameters.as_deref() }
    }

    /// Its key's kind, read with the checks that a request's key must pass.
    pub(super) fn kind(&self) -> Result<KeyKind, String> {
        let read = || SubjectPublicKey::from_der(&self.key_info).map(|key| key.kind());
        self.kind.get_or_init(|| read().map_err(|error| error.to_string())).clone()
    }
}

/// A key that signs, as its AlgorithmIdentifier tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SigningKey<'a> {
    /// `None` for an identifier that is none.
    pub(super) algorithm: Option<ObjectIdentifier>,
    /// The contents of the parameters: the curve's identifier.
    pub(super) parameters: Option<&'a [u8]>,
}

impl<'a> SigningKey<'a> {
    /// The key of a certificate.
    pub(super) fn of(tbs: &TbsCertificate<'a>) -> Self {
        let identifier = &tbs.subject_pki.algorithm;
        Self {
            algorithm: ObjectIdentifier::from_bytes(identifier.algorithm.as_bytes()).ok(),
            parameters: identifier.parameters.as_ref().map(|parameters| parameters.data),
        }
    }
}
