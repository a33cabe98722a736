//! Makes JAdES baseline B-B signatures.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ca_core::jws;
use ca_core::keys::Signer;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::detached::Named;
use super::error::JwsError;
use super::wire::Written;
use crate::signature::content::ContentDigest;
use crate::signature::sign::{SignError, verify_signer};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;

/// How a signature is written, and where what was signed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwsShape<'a> {
    /// Compact, the content in it.
    Compact,
    /// Flattened JSON, the content in it.
    Json,
    /// Compact, over the digest of a file of this name.
    CompactBeside(&'a str),
    /// Flattened JSON, over the digest of a file of this name.
    JsonBeside(&'a str),
}

/// A JSON Web Signature was not made.
#[derive(Debug, thiserror::Error)]
pub enum JwsSignError {
    /// As with other signatures.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The key's algorithm has no name in JOSE, or its signature no form.
    #[error(transparent)]
    Jose(#[from] jws::JwsError),
    /// The signature that is to be raised cannot be read.
    #[error(transparent)]
    Signature(#[from] JwsError),
}

/// Signs `content`. `chain` are the CA certificates above `certificate`; those that are not self-signed are put into the signature.
///
/// # Errors
/// Key and certificate do not belong together, the key has no name in JOSE (ML-DSA), or could not be used.
pub fn sign_jws(
    content: &[u8],
    shape: JwsShape<'_>,
    signer: &dyn Signer,
    certificate: &Certificate,
    chain: &[Certificate],
    at: OffsetDateTime,
) -> Result<Vec<u8>, JwsSignError> {
    verify_signer(signer, certificate, at)?;
    let algorithm = signer.signature_algorithm();
    let mut header = Map::new();
    let mut put = |name: &str, value: Value| header.insert(name.to_owned(), value);
    put("alg", jws::name_of(algorithm).ok_or(jws::JwsError::Algorithm)?.into());
    let above = chain.iter().filter(|above| !above.is_self_issued() && above.der() != certificate.der());
    let x5c = std::iter::once(certificate).chain(above).map(|one| STANDARD.encode(one.der()).into());
    put("x5c", Value::Array(x5c.collect()));
    put("x5t#S256", URL_SAFE_NO_PAD.encode(certificate.sha256()).into());
    // TS 119 182-1 clause 5.1.11: since 2025-05-15 in the place of sigT.
    put("iat", at.unix_timestamp().into());
    let payload = match shape {
        JwsShape::Compact | JwsShape::Json => Some(URL_SAFE_NO_PAD.encode(content)),
        JwsShape::CompactBeside(name) | JwsShape::JsonBeside(name) => {
            put("sigD", Named::write(name, &ContentDigest::of(content, DigestAlgorithm::Sha256)));
            put("b64", false.into());
            put("crit", json!(["sigD", "b64"]));
            None
        }
    };
    let protected = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let signed = format!("{protected}.{}", payload.as_deref().unwrap_or_default());
    let value = jws::to_jose(algorithm, signer.sign(signed.as_bytes()).map_err(SignError::Key)?)?;
    let signature = URL_SAFE_NO_PAD.encode(value);
    let is_compact = matches!(shape, JwsShape::Compact | JwsShape::CompactBeside(_));
    Ok(Written { protected, payload, signature, etsi_u: None, is_compact }.write())
}
