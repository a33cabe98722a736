//! A JSON Web Signature as it is written: compact (RFC 7515 section 7.1) or as flattened JSON (section 7.2.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::JwsError;
use super::strict;
use crate::signature::error::{MAX_ATTACHED_OCTETS, MAX_SIGNATURE_OCTETS};

/// The most octets of a signature with its content, in base64url.
const MAX_OCTETS: usize = MAX_SIGNATURE_OCTETS + MAX_ATTACHED_OCTETS / 3 * 4;
/// The most octets of a protected header, as written: its certificates and little else.
const MAX_HEADER: usize = 512 * 1024;

/// Whether a file looks like a JSON Web Signature, rather than like something else that can be verified.
pub fn is_jws(octets: &[u8]) -> bool {
    let text = octets.trim_ascii();
    if text.len() > MAX_OCTETS {
        return false;
    }
    if text.first() == Some(&b'{') {
        let outline = serde_json::from_slice::<Outline>(text);
        return outline.is_ok_and(|outline| outline.protected.is_some() || outline.signatures.is_some());
    }
    // A header is an object: `{"` in base64url.
    let is_letter = |octet: &u8| octet.is_ascii_graphic();
    text.starts_with(b"ey")
        && text.iter().filter(|octet| **octet == b'.').count() >= 2
        && text.iter().all(is_letter)
}

/// By what JSON is told to be a JWS. What stands in it is not looked at, and not kept.
#[derive(Deserialize)]
struct Outline {
    protected: Option<IgnoredAny>,
    signatures: Option<IgnoredAny>,
}

/// Its parts; nothing is decoded but what says how to.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// The protected header, as written.
    pub(super) protected: String,
    /// The payload as written, where there is one.
    pub(super) payload: Option<String>,
    /// The signature value, as written.
    pub(super) signature: String,
    /// What nobody signed: only `etsiU`.
    pub(super) etsi_u: Option<Value>,
    pub(super) is_compact: bool,
}

impl Written {
    pub(super) fn read(octets: &[u8]) -> Result<Self, JwsError> {
        if octets.len() > MAX_OCTETS {
            return Err(JwsError::TooLarge);
        }
        let text = std::str::from_utf8(octets.trim_ascii()).map_err(|_| JwsError::Form("it is no text"))?;
        let written = if text.starts_with('{') { Self::flattened(text)? } else { Self::compact(text)? };
        let besides = octets.len() - written.payload.as_ref().map_or(0, String::len);
        if written.protected.len() > MAX_HEADER || besides > MAX_SIGNATURE_OCTETS {
            return Err(JwsError::TooLarge);
        }
        Ok(written)
    }

    fn compact(text: &str) -> Result<Self, JwsError> {
        let mut parts = text.split('.');
        let (Some(protected), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Form("it has not three parts"));
        };
        Ok(Self {
            protected: protected.to_owned(),
            payload: Some(payload.to_owned()).filter(|payload| !payload.is_empty()),
            signature: signature.to_owned(),
            etsi_u: None,
            is_compact: true,
        })
    }

    fn flattened(text: &str) -> Result<Self, JwsError> {
        let mut members = strict::object(text.as_bytes(), "the signature")?;
        if members.contains_key("signatures") {
            return Err(JwsError::Several);
        }
        let mut text = |name: &'static str| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(JwsError::Form("a part of it is no text")),
        };
        let (protected, payload, signature) = (text("protected")?, text("payload")?, text("signature")?);
        let etsi_u = match members.remove("header") {
            None => None,
            Some(Value::Object(header)) => unprotected(header)?,
            Some(_) => return Err(JwsError::Form("its header is no object")),
        };
        if !members.is_empty() {
            return Err(JwsError::Form("it has members that are not known, which nobody signed"));
        }
        Ok(Self {
            protected: protected.ok_or(JwsError::Form("nothing in it is protected"))?,
            payload: payload.filter(|payload| !payload.is_empty()),
            signature: signature.ok_or(JwsError::Form("it has no signature value"))?,
            etsi_u,
            is_compact: false,
        })
    }

    /// The protected header's members.
    pub(super) fn header(&self) -> Result<Map<String, Value>, JwsError> {
        strict::object(&octets(&self.protected, "the protected header")?, "the protected header")
    }

    /// What is written: compact as long as nothing stands beside what is signed.
    pub(super) fn write(self) -> Vec<u8> {
        if self.is_compact && self.etsi_u.is_none() {
            let payload = self.payload.unwrap_or_default();
            return format!("{}.{payload}.{}", self.protected, self.signature).into_bytes();
        }
        let mut members = Map::new();
        if let Some(payload) = self.payload {
            members.insert("payload".to_owned(), payload.into());
        }
        members.insert("protected".to_owned(), self.protected.into());
        if let Some(etsi_u) = self.etsi_u {
            let header = Map::from_iter([("etsiU".to_owned(), etsi_u)]);
            members.insert("header".to_owned(), header.into());
        }
        members.insert("signature".to_owned(), self.signature.into());
        Value::Object(members).to_string().into_bytes()
    }
}

/// TS 119 182-1 clause 5.3.1: `etsiU` is what may stand unsigned; all else would be somebody else's word.
fn unprotected(mut header: Map<String, Value>) -> Result<Option<Value>, JwsError> {
    let etsi_u = header.remove("etsiU");
    match header.keys().next() {
        Some(other) => Err(JwsError::NotProtected(other.chars().take(40).collect())),
        None => Ok(etsi_u),
    }
}

/// RFC 7515 section 2: base64url without padding; one text for each octets.
pub(super) fn octets(text: &str, what: &'static str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwsError::Base64(what))
}
