//! Certificate serial numbers (RFC 5280 section 4.1.2.2).

use serde::{Deserialize, Serialize};

use crate::clock::{Entropy, EntropyError};

/// Octets of a serial number that npki makes: 128 bits, of which 126 are random.
///
/// CA/Browser Forum BR section 7.1 asks for at least 64 bits from a CSPRNG; RFC 5280 allows at most 20 octets.
pub const ISSUED_LENGTH: usize = 16;

/// A certificate's serial number: its DER INTEGER content octets, without leading zeros that only mark the sign.
///
/// Serials that others issued may be longer than RFC 5280 allows; they are kept as they are, up to 64 octets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// Draws a new serial number: positive, non-zero, always [`ISSUED_LENGTH`] octets (RFC 5280 section 4.1.2.2).
    ///
    /// # Errors
    /// No randomness.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut octets = vec![0; ISSUED_LENGTH];
        entropy.fill(&mut octets)?;
        if let Some(first) = octets.first_mut() {
            // Top bit clear: a positive INTEGER. Next bit set: never zero, never shortened by DER.
            *first = (*first & 0x7f) | 0x40;
        }
        Ok(Self(octets))
    }

    /// Takes the content octets of a DER INTEGER.
    ///
    /// # Errors
    /// Empty, negative is not judged here, or longer than 64 octets.
    pub fn from_der_content(octets: &[u8]) -> Result<Self, InvalidSerial> {
        if octets.is_empty() || octets.len() > 64 {
            return Err(InvalidSerial);
        }
        let leading = octets.iter().take_while(|octet| **octet == 0).count().min(octets.len() - 1);
        Ok(Self(octets.get(leading..).unwrap_or(octets).to_vec()))
    }

    /// Big-endian magnitude: the key under which the certificate is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl std::str::FromStr for SerialNumber {
    type Err = InvalidSerial;

    /// Reads hexadecimal, in either case, with or without colons and a leading `0x`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        let padded = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits };
        Self::from_der_content(&hex::decode(padded).map_err(|_| InvalidSerial)?)
    }
}

impl TryFrom<String> for SerialNumber {
    type Error = InvalidSerial;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SerialNumber> for String {
    fn from(serial: SerialNumber) -> Self {
        serial.to_string()
    }
}

/// Not a serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a serial number: write it in hexadecimal, as in `npki cert list`")]
pub struct InvalidSerial;
