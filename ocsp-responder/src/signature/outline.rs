//! What a CMS message says of itself, for display: nothing here is verified.

use ca_core::name;
use cms::signed_data::SignerIdentifier;
use der::{Decode, Encode};
use time::OffsetDateTime;
use x509_cert::time::Time;

use super::attributes::SIGNING_TIME;
use super::attributes::moment;
use super::error::SignatureError;
use super::verify::{content_inside, read_message};
use crate::timestamp::TST_INFO;

/// The parts of a SignedData message.
#[derive(Debug)]
pub(crate) struct Outline {
    /// The signed content, where it is inside.
    pub(crate) content: Option<Vec<u8>>,
    /// Whether it is what a time-stamp token states.
    pub(crate) is_timestamp: bool,
    /// DER certificates inside.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Who signed.
    pub(crate) signers: Vec<SignerOutline>,
}

/// One signer as the message names it.
#[derive(Debug)]
pub(crate) struct SignerOutline {
    /// Issuer and serial number, or key identifier.
    pub(crate) identifier: String,
    /// Dotted number of the digest algorithm.
    pub(crate) digest_algorithm: String,
    /// Dotted number of the signature algorithm.
    pub(crate) signature_algorithm: String,
    /// When the signer claims to have signed.
    pub(crate) claimed_signing_time: Option<OffsetDateTime>,
}

/// Reads the outline of a DER message.
pub(crate) fn outline(der: &[u8]) -> Result<Outline, SignatureError> {
    let message = read_message(der)?;
    let certificates = message.certificates.iter().flatten();
    let signers = message.signer_infos.iter().map(|signer| SignerOutline {
        identifier: match &signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(found) => {
                let serial = hex::encode(found.serial_number.as_bytes());
                let issuer = found.issuer.to_der().map(|der| name::text(&der)).unwrap_or_default();
                format!("serial {} issued by {issuer}", serial.trim_start_matches("00"))
            }
            SignerIdentifier::SubjectKeyIdentifier(found) => {
                format!("key {}", hex::encode(found.0.as_bytes()))
            }
        },
        digest_algorithm: signer.digest_alg.oid.to_string(),
        signature_algorithm: signer.signature_algorithm.oid.to_string(),
        claimed_signing_time: signer
            .signed_attrs
            .iter()
            .flat_map(|attributes| attributes.iter())
            .find(|attribute| attribute.oid == SIGNING_TIME)
            .and_then(|attribute| attribute.values.get(0)?.to_der().ok())
            .and_then(|value| Time::from_der(&value).ok())
            .map(moment),
    });
    Ok(Outline {
        content: content_inside(&message, message.content.econtent_type)?,
        is_timestamp: message.content.econtent_type == TST_INFO,
        certificates: certificates.filter_map(|any| any.to_der().ok()).collect(),
        signers: signers.collect(),
    })
}
