//! What a unit answers (RFC 3161 section 2.4.2).

use der::{Any, Decode, Encode};

use super::asn1::{PkiStatusInfo, TimeStampResp};
use super::refusal::Refusal;

/// granted: exactly what was asked for.
const GRANTED: u8 = 0;
/// grantedWithMods: a token that is not quite what was asked for.
const GRANTED_WITH_MODS: u8 = 1;
/// rejection.
const REJECTION: u8 = 2;

/// A TimeStampResp, DER, and what it says.
#[derive(Debug, Clone)]
pub struct Reply {
    der: Vec<u8>,
    refusal: Option<Refusal>,
}

impl Reply {
    pub(super) fn granted(token: &[u8]) -> der::Result<Self> {
        let status = PkiStatusInfo { status: GRANTED, words: None, failure: None };
        let der = TimeStampResp { status, token: Some(Any::from_der(token)?) }.to_der()?;
        Ok(Self { der, refusal: None })
    }

    /// Says why there is no token. One that cannot even be written is empty, and no client takes it for more.
    pub fn refused(refusal: Refusal) -> Self {
        let written = refusal.bits().and_then(|bits| {
            let status = PkiStatusInfo {
                status: REJECTION,
                words: Some(vec![refusal.to_string()]),
                failure: Some(bits),
            };
            TimeStampResp { status, token: None }.to_der()
        });
        Self { der: written.unwrap_or_default(), refusal: Some(refusal) }
    }

    /// The octets.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The octets.
    pub fn into_der(self) -> Vec<u8> {
        self.der
    }

    /// Why there is no token; `None` when there is one.
    pub const fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }
}

/// What a unit answered, read by who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// Not a TimeStampResp.
    #[error("the answer is not a time-stamp reply")]
    Malformed,
    /// The unit refused.
    #[error("the time-stamping unit refused: {}", told(.refusal, .words))]
    Refused {
        /// Why, in the standard's words.
        refusal: Option<Refusal>,
        /// Why, in its own words; cut off after a line.
        words: String,
    },
}

fn told(refusal: &Option<Refusal>, words: &str) -> String {
    let name = refusal.map_or("no reason that is known", Refusal::name);
    if words.is_empty() { name.to_owned() } else { format!("{name} ({words})") }
}

/// The token in a reply: the DER of a CMS message. Nothing of it is verified.
///
/// # Errors
/// There is none.
pub fn token_of_reply(reply: &[u8]) -> Result<Vec<u8>, NoToken> {
    let reply = TimeStampResp::from_der(reply).map_err(|_| NoToken::Malformed)?;
    match (reply.status.status, reply.token) {
        (GRANTED | GRANTED_WITH_MODS, Some(token)) => token.to_der().map_err(|_| NoToken::Malformed),
        (GRANTED | GRANTED_WITH_MODS, None) => Err(NoToken::Malformed),
        _ => {
            let said = reply.status.words.unwrap_or_default().join("; ");
            let words = said.chars().filter(|letter| !letter.is_control()).take(120).collect();
            Err(NoToken::Refused { refusal: reply.status.failure.as_ref().and_then(Refusal::of_bits), words })
        }
    }
}
