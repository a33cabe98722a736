//! JSON Web Signatures (JAdES), over `ocsp_responder::signature::jades`.

use ca_core::keys::Signer;
use ocsp_responder::signature::SignError;
use ocsp_responder::signature::jades::{
    JwsArchiveDraft, JwsContent, JwsError, JwsShape, JwsSignError, JwsSignature, is_jws_stamped, jws_imprint,
    jws_with_material, sign_jws, with_jws_timestamp,
};
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use time::OffsetDateTime;

use super::evidence::StatusEvidence;
use super::judgement::{certificate, others};
use super::material::Chain;
use super::signing::Raising;
use super::stamping::stamp;
use crate::context::Anchors;
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

/// Whether a signature carries what was signed; what is none carries nothing.
pub fn carries_content(signature: &[u8]) -> bool {
    carries(&JwsSignature::parse(signature))
}

fn carries(read: &Result<JwsSignature, JwsError>) -> bool {
    read.as_ref().is_ok_and(|read| read.attached().is_ok_and(|inside| inside.is_some()))
}

impl Raising<'_> {
    /// Has a time stamp over the value of a JSON Web Signature put into it (level B-T), unless it has one.
    ///
    /// # Errors
    /// The signature cannot be read, or there is no time stamp.
    pub fn stamped_jws(&self, signature: &[u8]) -> Result<Vec<u8>, Failure> {
        if is_jws_stamped(signature).map_err(|error| not_raised(&error))? {
            return Ok(signature.to_vec());
        }
        let imprint = jws_imprint(signature, DigestAlgorithm::Sha256).map_err(|error| not_raised(&error))?;
        let stamp = stamp(imprint, self.unit, self.publications, self.entropy)?;
        with_jws_timestamp(signature, &stamp.token).map_err(|error| not_raised(&error))
    }

    /// Puts everything into a JSON Web Signature that it is judged by now (level B-LT).
    ///
    /// # Errors
    /// It is not valid: there is nothing to keep.
    pub fn jws_with_material(
        &self,
        signature: &[u8],
        anchors: &Anchors,
        evidence: &StatusEvidence<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let gathered = self.gathered(anchors, evidence, "npki verify FILE.jws", |basis| {
            let read = JwsSignature::parse(signature);
            let content = self.content(&read);
            let verdict = JwsSignature::judge(read, content, basis);
            Ok((verdict.answer, verdict.reasons))
        })?;
        jws_with_material(signature, &gathered).map_err(|error| not_raised(&error))
    }

    /// Has a time stamp over all of it put into a JSON Web Signature (level B-LTA).
    ///
    /// # Errors
    /// The signature cannot be read, or there is no time stamp.
    pub fn archived_jws(&self, signature: &[u8]) -> Result<Vec<u8>, Failure> {
        let content = self.content(&JwsSignature::parse(signature));
        let draft = JwsArchiveDraft::of(signature, content, DigestAlgorithm::Sha256)
            .map_err(|error| not_raised(&error))?;
        let stamp = stamp(draft.imprint().clone(), self.unit, self.publications, self.entropy)?;
        Ok(draft.complete(&stamp.token))
    }

    /// What was signed: in the signature, or beside it.
    fn content(&self, read: &Result<JwsSignature, JwsError>) -> JwsContent<'_> {
        if carries(read) { JwsContent::Inside } else { JwsContent::Octets(self.document) }
    }
}

fn refused(error: &JwsSignError) -> Failure {
    Failure::of(&catalogue::NOT_SIGNED).cause(error.to_string())
}

fn not_raised(error: &JwsSignError) -> Failure {
    refused(error).what("the signature cannot be raised")
}
