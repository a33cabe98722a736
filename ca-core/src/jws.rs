//! Statements under a signature: JSON Web Signatures in compact form (RFC 7515 section 3.1) that carry the signer's
//! certificate, so that they can be judged by anybody, years later, without us.
//!
//! Only what is written here is accepted: `alg`, `typ` and `x5c` with one certificate, all of them signed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use der::{Decode as _, Encode as _};
use serde::{Deserialize, Serialize};
use x509_cert::Certificate;

use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::keys::{KeyError, Signer};

/// The longest that is read, in octets of the compact form: a statement is a page of text, a certificate two.
pub const LONGEST: usize = 32 * 1024;

/// The protected header (RFC 7515 section 4.1). Any further member is refused: `crit` and `b64` among them would change
/// what is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    /// RFC 7515 section 4.1.6: DER in base64, not base64url.
    x5c: [String; 1],
}

/// A statement as it came in: nothing is believed of it.
#[derive(Debug)]
pub struct Unverified {
    algorithm: SignatureAlgorithm,
    certificate: Vec<u8>,
    payload: Vec<u8>,
    signed: String,
    signature: Vec<u8>,
}

/// A statement that the holder of its certificate's key signed. Whether that certificate counts is not judged here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signer's certificate, DER.
    pub certificate: Vec<u8>,
    /// What was signed.
    pub payload: Vec<u8>,
}

/// Signs a statement of the type `typ` with a key and the certificate that is for it, DER.
///
/// # Errors
/// The key is of a kind that has no name in JOSE, or could not be used.
pub fn sign(key: &dyn Signer, typ: &str, certificate: &[u8], payload: &[u8]) -> Result<String, JwsError> {
    let algorithm = key.signature_algorithm();
    let alg = name_of(algorithm).ok_or(JwsError::Algorithm)?.to_owned();
    let header = Header { alg, typ: typ.to_owned(), x5c: [STANDARD.encode(certificate)] };
    let header = serde_json::to_vec(&header).map_err(|_| JwsError::Form("its header"))?;
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = to_jose(algorithm, key.sign(signed.as_bytes())?)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

impl Unverified {
    /// Reads a statement that must be of the type `typ`.
    ///
    /// # Errors
    /// It is too long, or not in exactly this form.
    pub fn parse(text: &str, typ: &str) -> Result<Self, JwsError> {
        if text.len() > LONGEST {
            return Err(JwsError::Form("its length"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Form("its three parts"))?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Form("its three parts"))?;
        let header: Header = serde_json::from_slice(&octets(header, "its header")?)
            .map_err(|_| JwsError::Form("its header"))?;
        if header.typ != typ {
            return Err(JwsError::Form("its type"));
        }
        let algorithm = algorithm_named(&header.alg).ok_or(JwsError::Algorithm)?;
        let [certificate] = header.x5c;
        Ok(Self {
            algorithm,
            certificate: STANDARD.decode(certificate).map_err(|_| JwsError::Form("its certificate"))?,
            payload: octets(payload, "its payload")?,
            signed: signed.to_owned(),
            signature: to_der(algorithm, octets(signature, "its signature")?)?,
        })
    }

    /// Goes on when the certificate's key made the signature.
    ///
    /// # Errors
    /// It did not, or the certificate cannot be read.
    pub fn verify(self) -> Result<Verified, JwsError> {
        let unreadable = |_| JwsError::Form("its certificate");
        let certificate = Certificate::from_der(&self.certificate).map_err(unreadable)?;
        let key = certificate.tbs_certificate().subject_public_key_info().to_der().map_err(unreadable)?;
        let verified = self.algorithm.verify(&key, self.signed.as_bytes(), &self.signature);
        verified.map_err(|_| JwsError::Signature)?;
        Ok(Verified { certificate: self.certificate, payload: self.payload })
    }
}

fn octets(text: &str, what: &'static str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwsError::Form(what))
}

/// RFC 7518 section 3.1, RFC 8037 section 3.1. `none` and the symmetric ones are not among them on purpose.
const NAMES: [(&str, SignatureAlgorithm); 7] = [
    ("ES256", SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)),
    ("ES384", SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)),
    ("RS256", SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)),
    ("RS384", SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384)),
    ("PS256", SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha256)),
    ("PS384", SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha384)),
    ("EdDSA", SignatureAlgorithm::Ed25519),
];

/// The algorithm of this name; `None` for one that is not accepted.
pub fn algorithm_named(alg: &str) -> Option<SignatureAlgorithm> {
    NAMES.iter().find(|(name, _)| *name == alg).map(|(_, algorithm)| *algorithm)
}

/// The name of an algorithm, where it has one.
pub fn name_of(algorithm: SignatureAlgorithm) -> Option<&'static str> {
    NAMES.iter().find(|(_, one)| *one == algorithm).map(|(name, _)| *name)
}

/// RFC 7518 section 3.4: ECDSA signatures are R and S, each as long as the curve's order; ES256 is P-256, ES384 P-384.
///
/// # Errors
/// It is no signature of that algorithm.
pub fn to_jose(algorithm: SignatureAlgorithm, der: Vec<u8>) -> Result<Vec<u8>, JwsError> {
    let unusable = |_| JwsError::Key(KeyError::Unusable("its signature has no fixed form"));
    match algorithm {
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256) => {
            Ok(p256::ecdsa::Signature::from_der(&der).map_err(unusable)?.to_bytes().to_vec())
        }
        SignatureAlgorithm::Ecdsa(_) => {
            Ok(p384::ecdsa::Signature::from_der(&der).map_err(unusable)?.to_bytes().to_vec())
        }
        _ => Ok(der),
    }
}

/// The reverse of [`to_jose`].
///
/// # Errors
/// It has not the length of that algorithm's signatures.
pub fn to_der(algorithm: SignatureAlgorithm, fixed: Vec<u8>) -> Result<Vec<u8>, JwsError> {
    match algorithm {
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256) => {
            let signature = p256::ecdsa::Signature::from_slice(&fixed).map_err(|_| JwsError::Signature)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        SignatureAlgorithm::Ecdsa(_) => {
            let signature = p384::ecdsa::Signature::from_slice(&fixed).map_err(|_| JwsError::Signature)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        _ => Ok(fixed),
    }
}

/// A statement was not made or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// It is not in the form that is read here.
    #[error("it is no compact JSON Web Signature as npki makes them: {0} does not fit")]
    Form(&'static str),
    /// The algorithm has no name in JOSE, or none that is accepted.
    #[error("its algorithm is none of ES256, ES384, RS256, RS384, PS256, PS384, EdDSA")]
    Algorithm,
    /// The signature is not the certificate's key's.
    #[error("its signature does not verify under the certificate in it")]
    Signature,
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[cfg(test)]
mod tests;
