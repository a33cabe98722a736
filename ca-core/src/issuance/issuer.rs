//! What issuance needs to know of the issuing CA's own certificate.

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::algorithm::SignatureAlgorithm;
use crate::csr::SubjectPublicKey;
use crate::serial::SerialNumber;

/// The issuer's name, key identifier and lifetime, read from its certificate.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// The subject, byte for byte: the issuer field of what it signs (RFC 5280 section 4.1.2.4).
    pub(crate) name: Vec<u8>,
    /// The name of the CA that certified it, byte for byte.
    pub(crate) issued_by: Vec<u8>,
    /// Its subjectKeyIdentifier: the authorityKeyIdentifier of what it signs (RFC 5280 section 4.2.1.1).
    pub(crate) key_identifier: Vec<u8>,
    /// Its SubjectPublicKeyInfo, DER.
    pub(crate) public_key_info: Vec<u8>,
    /// Its certificate's serial number.
    pub(crate) serial: SerialNumber,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    /// How it signs.
    pub(crate) algorithm: SignatureAlgorithm,
}

impl Issuer {
    /// Reads the certificate of a CA whose key is elsewhere: how it signs is taken from the certificate.
    pub(crate) fn of_certificate(certificate: &[u8]) -> Result<Self, String> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        let key = SubjectPublicKey::from_der(parsed.public_key().raw).map_err(|error| error.to_string())?;
        let algorithm = key.kind().algorithm().ok_or("its key is of a kind that CAs here do not have")?;
        Self::read(certificate, algorithm.default_signature_algorithm())
    }

    /// Reads a CA's certificate; `algorithm` is what it signs with.
    pub(crate) fn read(certificate: &[u8], algorithm: SignatureAlgorithm) -> Result<Self, String> {
        let (rest, parsed) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        if !rest.is_empty() {
            return Err("there are octets after it".to_owned());
        }
        // RFC 5280 section 4.2.1.9: only a CA's key may verify certificate signatures.
        if !parsed.is_ca() {
            return Err("it is not a CA's: basicConstraints does not say cA".to_owned());
        }
        let key_identifier = parsed
            .extensions()
            .iter()
            .find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
                _ => None,
            })
            .ok_or("it has no subjectKeyIdentifier")?;
        let serial =
            SerialNumber::from_der_content(parsed.raw_serial()).map_err(|error| error.to_string())?;
        Ok(Self {
            serial,
            name: parsed.subject().as_raw().to_vec(),
            issued_by: parsed.issuer().as_raw().to_vec(),
            key_identifier,
            public_key_info: parsed.public_key().raw.to_vec(),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            algorithm,
        })
    }
}
