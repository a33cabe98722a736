//! Counter-signatures in CMS: signatures over the value of another one (RFC 5652 section 11.4). They say nothing about the document, and
//! the signature that they are about stands without them.

use cms::signed_data::SignerInfo;
use const_oid::ObjectIdentifier;
use der::{Decode, Encode};

use super::attributes::SignedAttributes;
use super::content::ContentDigest;
use super::error::SignatureError;
use super::material::Material;
use super::stamps;
use super::unsigned::{MAX_TIMESTAMPS, values};
use super::verdict::{Attested, SignatureVerdict, judge_signer, refused};
use super::verify::{SignatureForm, VerifiedSignature, algorithms, find_signer, verify_value};
use crate::validation::Basis;
use crate::validation::algorithm::SignatureAlgorithm;
use crate::validation::certificate::Certificate;

/// id-countersignature (RFC 5652 section 11.4).
const COUNTER_SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.6");
/// The most that are looked at: each costs a signature and a path.
pub(super) const MOST: usize = MAX_TIMESTAMPS;

/// The answers about those of a message, each by what the message carries.
pub(super) fn judged(
    verified: &VerifiedSignature,
    material: &Material,
    basis: &Basis<'_>,
) -> Vec<SignatureVerdict> {
    let Some(signer) = verified.message.signer_infos.get(0) else { return Vec::new() };
    let countered = signer.signature.as_bytes();
    let all = values(signer.unsigned_attrs.as_ref(), COUNTER_SIGNATURE);
    let one = |value: &Vec<u8>| match read(value, countered, &verified.embedded) {
        Ok(counter) => {
            let attested = Attested {
                signer: &counter.signer,
                algorithm: counter.algorithm,
                form: counter.form,
                claimed: counter.attributes.signing_time,
            };
            let proof = stamps::prove_value(&counter.info, material, basis);
            judge_signer(&attested, proof, material, basis).under(counter.attributes.policy)
        }
        Err(error) => refused(&error, basis.at),
    };
    all.iter().take(MOST).map(one).collect()
}

/// One whose value verifies.
struct Counter {
    info: SignerInfo,
    attributes: SignedAttributes,
    algorithm: SignatureAlgorithm,
    signer: Certificate,
    form: SignatureForm,
}

fn read(value: &[u8], countered: &[u8], embedded: &[Certificate]) -> Result<Counter, SignatureError> {
    let info = SignerInfo::from_der(value).map_err(|_| SignatureError::NotCms)?;
    // One encoding, as of the message itself.
    if info.to_der().ok().as_deref() != Some(value) {
        return Err(SignatureError::Ber);
    }
    let (digest, algorithm) = algorithms(&info)?;
    let signed = info.signed_attrs.as_ref().ok_or(SignatureError::NoSignedAttributes)?;
    let attributes = SignedAttributes::of_counter_signature(signed)?;
    let signer = find_signer(&info.sid, embedded)?;
    if let Some(reference) = &attributes.signing_certificate {
        reference.verify(&signer)?;
    }
    // RFC 5652 section 11.4: what is digested is the value that it is over.
    if ContentDigest::of(countered, digest).octets() != attributes.message_digest {
        return Err(SignatureError::CounteredAltered);
    }
    verify_value(&info, algorithm, &signer)?;
    let form = match (&attributes.signing_certificate, attributes.signing_time) {
        (Some(_), Some(_)) => SignatureForm::CadesBaselineB,
        _ => SignatureForm::Cms,
    };
    Ok(Counter { info, attributes, algorithm, signer, form })
}
