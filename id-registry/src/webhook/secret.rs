//! The secret that a receiver knows messages of ours by (Standard Webhooks, "Signature scheme").

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::clock::{Entropy, EntropyError};
use ring::hmac;
use zeroize::Zeroizing;

/// Standard Webhooks: between 24 and 64 octets, base64 behind this.
const PREFIX: &str = "whsec_";
const OCTETS: usize = 32;

/// The secret of one webhook. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<[u8; OCTETS]>);

impl WebhookSecret {
    /// Draws a new one.
    pub(super) fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut octets = Zeroizing::new([0; OCTETS]);
        entropy.fill(octets.as_mut_slice())?;
        Ok(Self(octets))
    }

    /// As the receiver takes it: `whsec_…`. Shown once, to whoever added the webhook or changed its secret.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 48));
        text.push_str(PREFIX);
        STANDARD.encode_string(self.0.as_slice(), &mut text);
        text
    }

    /// Reads what [`WebhookSecret::reveal`] wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let octets = Zeroizing::new(STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?);
        let octets: [u8; OCTETS] = octets.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(octets)))
    }

    /// Standard Webhooks, "Symmetric": `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice());
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::clock::SystemEntropy;

    use super::*;

    #[test]
    fn it_is_read_as_it_is_shown_and_does_not_print() {
        let secret = WebhookSecret::draw(&SystemEntropy).unwrap();
        let shown = secret.reveal();
        assert_eq!(WebhookSecret::read(&shown), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "WebhookSecret");
        for wrong in ["", "whsec_", "whsec_AAAA", shown.strip_prefix(PREFIX).unwrap()] {
            assert_eq!(WebhookSecret::read(wrong), None, "{wrong}");
        }
    }

    /// The signature of a message, computed by Python's hmac.
    #[test]
    fn it_signs_as_others_do() {
        let secret = WebhookSecret(Zeroizing::new([7; OCTETS]));
        let signature = secret.sign("msg_1", 1_674_087_231, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,3FNU46KRwDkPJMKlMoxIAak6gcZuO/y3TyHaWMACsmQ=");
    }
}
