//! JSON Web Signatures (JAdES), over `ocsp_responder::signature::jades`.

use ca_core::clock::Entropy;
use ca_core::keys::Signer;
use ocsp_responder::signature::SignError;
use ocsp_responder::signature::jades::{JwsShape, JwsSignError, jws_imprint, sign_jws, with_jws_timestamp};
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use time::OffsetDateTime;

use super::judgement::{certificate, others};
use super::material::Chain;
use super::stamping::stamp;
use crate::client::Publications;
use crate::failure::{Failure, catalogue};

/// Signs a document (JAdES baseline B-B).
///
/// # Errors
/// Key and certificate do not belong together, or the key cannot sign in this form.
pub fn sign(
    document: &[u8],
    shape: JwsShape<'_>,
    chain: &Chain,
    key: &dyn Signer,
    at: OffsetDateTime,
) -> Result<Vec<u8>, Failure> {
    let others = others(chain)?;
    let signer = certificate(&chain.certificate)?;
    sign_jws(document, shape, key, &signer, &others, at).map_err(|error| match error {
        JwsSignError::Sign(SignError::OtherKey) => Failure::of(&catalogue::KEY_MISMATCH),
        other => refused(&other),
    })
}

/// Has a time stamp over the signature put into it (level B-T).
///
/// # Errors
/// There is no time stamp.
pub fn stamped(
    signature: &[u8],
    unit: &url::Url,
    publications: &Publications,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Failure> {
    let imprint = jws_imprint(signature, DigestAlgorithm::Sha256).map_err(|error| refused(&error))?;
    let stamp = stamp(imprint, unit, publications, entropy)?;
    with_jws_timestamp(signature, &stamp.token).map_err(|error| refused(&error))
}

fn refused(error: &JwsSignError) -> Failure {
    Failure::of(&catalogue::NOT_SIGNED).cause(error.to_string())
}
