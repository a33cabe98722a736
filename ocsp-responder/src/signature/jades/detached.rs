//! What a JWS is over when it does not carry it (TS 119 182-1 clause 5.2.8).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::error::JwsError;
use super::header::digest_named;
use super::wire::octets;
use crate::signature::content::ContentDigest;
use crate::signature::error::SignatureError;
use crate::validation::algorithm::DigestAlgorithm;

/// Clause 5.2.8.3.2: the octets of what is named are the payload.
const BY_URI: &str = "http://uri.etsi.org/19182/ObjectIdByURI";
/// Clause 5.2.8.3.3: digests of what is named; the payload is empty.
const BY_URI_HASH: &str = "http://uri.etsi.org/19182/ObjectIdByURIHash";

/// How what was signed is named.
#[derive(Debug)]
pub(super) enum Named {
    /// It is the payload.
    Payload,
    /// By its digest.
    Digest(ContentDigest),
}

impl Named {
    /// Reads `sigD` over one file. Names are the signer's own: which file is meant, whoever verifies says.
    pub(super) fn read(value: &Value) -> Result<Self, JwsError> {
        let wrong = || JwsError::Parameter("sigD");
        let list = |name| value.get(name).and_then(Value::as_array).map(Vec::as_slice);
        let names = list("pars").filter(|names| names.iter().all(Value::is_string)).ok_or_else(wrong)?;
        let mechanism = value.get("mId").and_then(Value::as_str).ok_or_else(wrong)?;
        if mechanism != BY_URI && mechanism != BY_URI_HASH {
            return Err(JwsError::Mechanism(mechanism.chars().take(80).collect()));
        }
        let [_] = names else {
            return Err(if names.is_empty() { wrong() } else { JwsError::Files(names.len()) });
        };
        if mechanism == BY_URI {
            return Ok(Self::Payload);
        }
        let Some([digest]) = list("hashV") else { return Err(wrong()) };
        let algorithm =
            value.get("hashM").and_then(Value::as_str).and_then(digest_named).ok_or_else(wrong)?;
        let digest = octets(digest.as_str().ok_or_else(wrong)?, "sigD")?;
        ContentDigest::given(algorithm, digest).map(Self::Digest).ok_or_else(wrong)
    }

    /// `sigD` for a file of this name.
    pub(super) fn write(name: &str, digest: &ContentDigest) -> Value {
        let hash = match digest.algorithm() {
            DigestAlgorithm::Sha256 => "S256",
            DigestAlgorithm::Sha384 => "S384",
            DigestAlgorithm::Sha512 => "S512",
        };
        json!({
            "mId": BY_URI_HASH, "pars": [name], "hashM": hash, "hashV": [URL_SAFE_NO_PAD.encode(digest.octets())],
        })
    }
}

/// Verifies the digest of a file against the signed one; of its base64url where that is what was digested.
pub(super) fn verify(signed: &ContentDigest, is_encoded: bool, content: &[u8]) -> Result<(), JwsError> {
    let found = if is_encoded {
        ContentDigest::of(URL_SAFE_NO_PAD.encode(content).as_bytes(), signed.algorithm())
    } else {
        ContentDigest::of(content, signed.algorithm())
    };
    if found == *signed { Ok(()) } else { Err(SignatureError::ContentAltered.into()) }
}
