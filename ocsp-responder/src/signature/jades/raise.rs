//! Raises signatures to the levels B-T, B-LT and B-LTA: what is added stands in `etsiU`, and needs none of the signer's keys. The
//! compact form has no place for it, and becomes flattened JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::JwsError;
use super::sign::JwsSignError;
use super::unsigned::Unsigned;
use super::verdict::{JwsContent, JwsSignature};
use super::wire::Written;
use crate::signature::content::ContentDigest;
use crate::signature::raise::Gathered;
use crate::signature::stamps::StampedPart;
use crate::validation::algorithm::DigestAlgorithm;

/// What a time stamp over a signature is to be about: its value, as written (TS 119 182-1 clause 5.3.4).
///
/// # Errors
/// The signature cannot be read.
pub fn jws_imprint(signature: &[u8], algorithm: DigestAlgorithm) -> Result<ContentDigest, JwsSignError> {
    Ok(ContentDigest::of(Written::read(signature)?.signature.as_bytes(), algorithm))
}

/// Whether a signature has a time stamp over its value; whether that holds is another question.
///
/// # Errors
/// The signature cannot be read.
pub fn is_jws_stamped(signature: &[u8]) -> Result<bool, JwsSignError> {
    let (_, unsigned) = opened(signature)?;
    Ok(unsigned.has("sigTst"))
}

/// The signature with a time stamp over it (level B-T), as flattened JSON.
///
/// # Errors
/// The signature cannot be read.
pub fn with_jws_timestamp(signature: &[u8], token: &[u8]) -> Result<Vec<u8>, JwsSignError> {
    let (written, mut unsigned) = opened(signature)?;
    unsigned.add_stamp(StampedPart::Signature, token);
    Ok(closed(written, unsigned))
}

/// The signature with what it was judged by (level B-LT), as flattened JSON. What it has already is not put in twice.
///
/// # Errors
/// The signature cannot be read.
pub fn jws_with_material(signature: &[u8], gathered: &Gathered) -> Result<Vec<u8>, JwsSignError> {
    let read = JwsSignature::parse(signature)?;
    let Gathered { certificates, crls, ocsp_responses, .. } = gathered.without(read.carried());
    let x_vals: Vec<Value> =
        certificates.iter().map(|one| json!({"x509Cert": {"val": STANDARD.encode(one.der())}})).collect();
    let mut r_vals = Map::new();
    for (name, found) in [("crlVals", crls), ("ocspVals", ocsp_responses)] {
        let values: Vec<Value> = found.iter().map(|der| json!({"val": STANDARD.encode(der)})).collect();
        if !values.is_empty() {
            r_vals.insert(name.to_owned(), values.into());
        }
    }
    let (written, mut unsigned) = read.into_parts();
    put(&mut unsigned, x_vals, r_vals);
    Ok(closed(written, unsigned))
}

/// Clauses 5.3.5.1, 5.3.5.2 and 6.3: xVals and rVals stand once; what time stamps are judged by later is in tstVD (clause 5.3.5.5).
fn put(unsigned: &mut Unsigned, x_vals: Vec<Value>, r_vals: Map<String, Value>) {
    let named = [
        ("xVals", Some(x_vals).filter(|values| !values.is_empty()).map(Value::from)),
        ("rVals", Some(r_vals).filter(|values| !values.is_empty()).map(Value::from)),
    ];
    let values = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    if ["xVals", "rVals", "arcTst"].iter().any(|name| unsigned.has(name)) {
        let further: Map<String, Value> = values.collect();
        if !further.is_empty() {
            unsigned.add("tstVD", further.into());
        }
    } else {
        values.for_each(|(name, value)| unsigned.add(&name, value));
    }
}

/// A signature that waits for its archive time stamp.
#[derive(Debug)]
pub struct JwsArchiveDraft {
    written: Written,
    unsigned: Unsigned,
    imprint: ContentDigest,
}

impl JwsArchiveDraft {
    /// Of a signature over `content`.
    ///
    /// # Errors
    /// The signature cannot be read; the content is not at hand; or what was added before stands in it as JSON that can be written in
    /// several ways.
    pub fn of(
        signature: &[u8],
        content: JwsContent<'_>,
        algorithm: DigestAlgorithm,
    ) -> Result<Self, JwsSignError> {
        let read = JwsSignature::parse(signature)?;
        let imprint = read.archive_imprint(read.unsigned().count(), content, algorithm)?;
        let (written, unsigned) = read.into_parts();
        Ok(Self { written, unsigned, imprint })
    }

    /// What the time stamp is to be about.
    pub const fn imprint(&self) -> &ContentDigest {
        &self.imprint
    }

    /// The signature with its archive time stamp (level B-LTA), as flattened JSON.
    pub fn complete(mut self, token: &[u8]) -> Vec<u8> {
        self.unsigned.add_stamp(StampedPart::Archive, token);
        closed(self.written, self.unsigned)
    }
}

fn opened(signature: &[u8]) -> Result<(Written, Unsigned), JwsError> {
    let mut written = Written::read(signature)?;
    let unsigned = Unsigned::read(written.etsi_u.take())?;
    Ok((written, unsigned))
}

fn closed(written: Written, unsigned: Unsigned) -> Vec<u8> {
    Written { etsi_u: unsigned.write(), ..written }.write()
}
