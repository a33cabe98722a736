//! The request of an online CA: "certify this key of mine".

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{ExchangeError, must_be};
use crate::ceremony::script::CaName;
use crate::ceremony::signed::Signed;
use crate::certificate::CaId;
use crate::clock::{Clock, Entropy, whole_seconds};
use crate::keys::Signer;
use crate::keys::sealed::passphrase::as_base64;

const WHAT: &str = "request";
/// The form of the text.
const FORMAT: &str = "npki-ca-request/1";
/// How far the clocks of two machines may be apart.
const CLOCKS_APART: Duration = Duration::hours(1);

/// What a CA asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The hierarchy.
    pub hierarchy: String,
    /// The CA's name in its installation.
    pub ca: CaId,
    /// The profile of the certificate, by name.
    pub profile: String,
    /// The name that the CA is to have.
    pub name: CaName,
    /// SHA-256 of the root's certificate, lower-case hex.
    pub root_sha256: String,
    /// How long the request may wait for its ceremony.
    pub valid_for: Duration,
}

/// The text of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestContent {
    format: String,
    /// 256 random bits, hex.
    pub nonce: String,
    /// The hierarchy.
    pub hierarchy: String,
    /// The CA's name in its installation.
    pub ca: CaId,
    /// The profile asked for.
    pub profile: String,
    /// The name asked for.
    pub name: CaName,
    /// The root that is asked, by its certificate's SHA-256.
    pub root_sha256: String,
    /// The key, DER SubjectPublicKeyInfo.
    #[serde(with = "as_base64")]
    pub public_key: Vec<u8>,
    /// When it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Until when it may be answered, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// A request whose maker has proven to hold the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    signed: Signed,
    content: RequestContent,
}

impl Request {
    /// Makes a request for a new key and signs it with that key.
    ///
    /// # Errors
    /// The key could not be used, or no randomness.
    pub fn make(
        wish: Wish,
        signer: &dyn Signer,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, ExchangeError> {
        let mut nonce = [0; 32];
        entropy.fill(&mut nonce)?;
        let made_at = whole_seconds(clock.now());
        let content = RequestContent {
            format: FORMAT.to_owned(),
            nonce: hex::encode(nonce),
            hierarchy: wish.hierarchy,
            ca: wish.ca,
            profile: wish.profile,
            name: wish.name,
            root_sha256: wish.root_sha256,
            public_key: signer.public_key_info().to_vec(),
            made_at,
            expires_at: made_at + wish.valid_for,
        };
        let body = serde_json::to_string(&content)
            .map_err(|error| ExchangeError::Form { what: WHAT, why: error.to_string() })?;
        Ok(Self { signed: Signed::sign(body, "ca", signer)?, content })
    }

    /// Reads a request and verifies the proof of possession.
    ///
    /// # Errors
    /// It is no request, or was altered.
    pub fn parse(file: &[u8]) -> Result<Self, ExchangeError> {
        let refused = |source| ExchangeError::Signed { what: WHAT, source };
        Self::of(Signed::parse(file).map_err(refused)?)
    }

    pub(super) fn of(signed: Signed) -> Result<Self, ExchangeError> {
        let refused = |source| ExchangeError::Signed { what: WHAT, source };
        let content: RequestContent = serde_json::from_str(&signed.body)
            .map_err(|error| ExchangeError::Form { what: WHAT, why: error.to_string() })?;
        must_be(WHAT, &content.format, FORMAT)?;
        signed.must_be_signed_by(&content.public_key).map_err(refused)?;
        Ok(Self { signed, content })
    }

    /// Goes on only while it may be answered.
    ///
    /// # Errors
    /// It expired, or is of the future.
    pub fn must_be_current(&self, now: OffsetDateTime) -> Result<(), ExchangeError> {
        if now > self.content.expires_at {
            return Err(ExchangeError::Expired(self.content.expires_at));
        }
        if now + CLOCKS_APART < self.content.made_at {
            return Err(ExchangeError::NotYet(self.content.made_at));
        }
        Ok(())
    }

    /// What it says.
    pub const fn content(&self) -> &RequestContent {
        &self.content
    }

    /// SHA-256 of its text, hex: what its maker reads out, and what the script pins.
    pub fn digest(&self) -> String {
        self.signed.digest()
    }

    /// The file.
    pub fn to_file(&self) -> String {
        self.signed.to_file()
    }

    pub(super) const fn signed(&self) -> &Signed {
        &self.signed
    }
}
