//! The protected header: what the signer's key vouches for besides the content (RFC 7515 section 4, TS 119 182-1 clause 5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use ca_core::jws;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::detached::Named;
use super::error::JwsError;
use super::wire::octets;
use crate::signature::error::{MAX_EMBEDDED, SignatureError};
use crate::signature::policy::SignaturePolicy;
use crate::validation::certificate::Certificate;

/// What may be critical, as it is understood here. RFC 7515 section 4.1.11: none of that RFC's own names may.
const UNDERSTOOD: [&str; 7] = ["b64", "sigD", "sigT", "iat", "x5t#o", "sigX5ts", "sigPId"];
/// What proves nothing about who signed (RFC 7518 sections 3.2 and 3.6).
const NO_SIGNATURES: [&str; 4] = ["none", "HS256", "HS384", "HS512"];

/// A protected header as read.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) signer: Certificate,
    /// All certificates, the signer's first.
    pub(super) certificates: Vec<Certificate>,
    pub(super) claimed: Option<OffsetDateTime>,
    /// Whether the payload is signed as base64url, rather than as it is (RFC 7797).
    pub(super) is_encoded: bool,
    /// The policy that the signer states.
    pub(super) policy: Option<SignaturePolicy>,
    /// How what was signed is named, where it stands elsewhere.
    pub(super) named: Option<Named>,
}

impl Header {
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, JwsError> {
        critical(members)?;
        let certificates = chain(members)?;
        let signer = certificates.first().cloned().ok_or(JwsError::NoSigner)?;
        bound(members, &signer)?;
        let is_encoded = match members.get("b64") {
            None => true,
            Some(value) => value.as_bool().ok_or(JwsError::Parameter("b64"))?,
        };
        Ok(Self {
            algorithm: algorithm(members)?,
            claimed: claimed(members)?,
            is_encoded,
            policy: policy(members)?,
            named: members.get("sigD").map(Named::read).transpose()?,
            signer,
            certificates,
        })
    }
}

fn critical(members: &Map<String, Value>) -> Result<(), JwsError> {
    let refused = |name: &str| JwsError::Critical(name.chars().take(40).collect());
    let names = match members.get("crit") {
        None => Vec::new(),
        // RFC 7515 section 4.1.11: never empty.
        Some(Value::Array(names)) if !names.is_empty() => names.clone(),
        Some(_) => return Err(refused("crit")),
    };
    let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| refused("crit"))?;
    for (place, name) in names.iter().enumerate() {
        let is_twice = names.iter().take(place).any(|earlier| earlier == name);
        if is_twice || !UNDERSTOOD.contains(name) || !members.contains_key(*name) {
            return Err(refused(name));
        }
    }
    // RFC 7797 section 6; TS 119 182-1 clause 5.1.9: whoever does not know these would verify something else.
    match ["b64", "sigD"].iter().find(|name| members.contains_key(**name) && !names.contains(name)) {
        Some(name) => Err(refused(name)),
        None => Ok(()),
    }
}

fn algorithm(members: &Map<String, Value>) -> Result<SignatureAlgorithm, JwsError> {
    let alg = members.get("alg").and_then(Value::as_str).ok_or(JwsError::Parameter("alg"))?;
    let shown = || alg.chars().take(40).collect::<String>();
    if NO_SIGNATURES.iter().any(|name| name.eq_ignore_ascii_case(alg)) {
        return Err(JwsError::NoSignature(shown()));
    }
    // RFC 9864 section 2.2: the name that says which EdDSA.
    let known = if alg == "Ed25519" { Some(SignatureAlgorithm::Ed25519) } else { jws::algorithm_named(alg) };
    known.ok_or_else(|| JwsError::Algorithm(shown()))
}

/// RFC 7515 section 4.1.6: the signer's certificate first, each DER in base64, not base64url.
fn chain(members: &Map<String, Value>) -> Result<Vec<Certificate>, JwsError> {
    let wrong = || JwsError::Parameter("x5c");
    let list = members.get("x5c").ok_or(JwsError::NoSigner)?.as_array().ok_or_else(wrong)?;
    if list.is_empty() || list.len() > MAX_EMBEDDED {
        return Err(wrong());
    }
    let read = |text: &Value| {
        let der = STANDARD.decode(text.as_str().ok_or_else(wrong)?).map_err(|_| wrong())?;
        Certificate::from_der(&der).map_err(|_| JwsError::Signature(SignatureError::Certificate))
    };
    list.iter().map(read).collect()
}

/// Each digest of the signer's certificate that is there is that of the certificate (RFC 7515 section 4.1.8, TS 119 182-1 clauses
/// 5.1.7 and 5.2.2). The certificate itself is signed, too, so that none needs to be.
fn bound(members: &Map<String, Value>, signer: &Certificate) -> Result<(), JwsError> {
    let other = || JwsError::Signature(SignatureError::SignerReference);
    if let Some(digest) = members.get("x5t#S256") {
        let digest = octets(digest.as_str().ok_or(JwsError::Parameter("x5t#S256"))?, "x5t#S256")?;
        if digest != signer.sha256() {
            return Err(other());
        }
    }
    let all = members
        .get("sigX5ts")
        .map(|all| all.as_array().and_then(|all| all.first()).ok_or(JwsError::Parameter("sigX5ts")));
    for reference in members.get("x5t#o").map(Ok).into_iter().chain(all) {
        let reference = reference?;
        let part = |name| reference.get(name).and_then(Value::as_str).ok_or(JwsError::Parameter("x5t#o"));
        let algorithm = digest_named(part("digAlg")?).ok_or(JwsError::Parameter("x5t#o"))?;
        let digest = ring::digest::digest(algorithm.ring(), signer.der());
        if octets(part("digVal")?, "x5t#o")? != digest.as_ref() {
            return Err(other());
        }
    }
    Ok(())
}

/// TS 119 182-1 clause 5.2.7.
fn policy(members: &Map<String, Value>) -> Result<Option<SignaturePolicy>, JwsError> {
    let stated = members.get("sigPId");
    stated.map(|stated| SignaturePolicy::in_json(stated).ok_or(JwsError::Parameter("sigPId"))).transpose()
}

/// TS 119 182-1 clause 5.1.11: `iat`, in seconds, is what signatures have since 2025-05-15; those from before have `sigT` (5.2.1).
fn claimed(members: &Map<String, Value>) -> Result<Option<OffsetDateTime>, JwsError> {
    match (members.get("iat"), members.get("sigT")) {
        (None, None) => Ok(None),
        (Some(seconds), None) => {
            let moment =
                seconds.as_i64().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
            moment.map(Some).ok_or(JwsError::Parameter("iat"))
        }
        (None, Some(text)) => {
            let moment = text.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
            moment.map(Some).ok_or(JwsError::Parameter("sigT"))
        }
        (Some(_), Some(_)) => Err(JwsError::Parameter("sigT")),
    }
}

/// The names of digests in JAdES (TS 119 182-1 annex E).
pub(super) fn digest_named(name: &str) -> Option<DigestAlgorithm> {
    match name {
        "S256" => Some(DigestAlgorithm::Sha256),
        "S384" => Some(DigestAlgorithm::Sha384),
        "S512" => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}
