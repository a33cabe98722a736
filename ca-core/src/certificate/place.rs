//! The place of a certificate among all of an installation.

use super::{CaId, CertificateRecord};
use crate::serial::SerialNumber;

use serde::{Deserialize, Serialize};

/// Where a certificate stands among those of all CAs: `issuing/4a0b…`. Places are ordered by CA, then by serial number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificatePlace {
    ca: CaId,
    serial: SerialNumber,
}

impl CertificatePlace {
    /// The place of a certificate of this CA.
    pub const fn new(ca: CaId, serial: SerialNumber) -> Self {
        Self { ca, serial }
    }

    /// The place of a certificate.
    pub fn of(record: &CertificateRecord) -> Self {
        Self::new(record.issuer.clone(), record.serial.clone())
    }

    /// The CA that issued it.
    pub const fn ca(&self) -> &CaId {
        &self.ca
    }

    /// Its serial number.
    pub const fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// The key under which its record is kept.
    pub fn key(&self) -> Vec<u8> {
        self.ca.key(&self.serial)
    }

    /// The place under a key of the table of certificates.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let slash = key.iter().position(|octet| *octet == b'/')?;
        let (ca, serial) = key.split_at_checked(slash)?;
        let ca = CaId::new(std::str::from_utf8(ca).ok()?).ok()?;
        Some(Self { ca, serial: SerialNumber::from_der_content(serial.get(1..)?).ok()? })
    }

    /// How far through its CA's certificates this place lies, in thousandths: the serial numbers that npki draws are
    /// spread evenly.
    pub fn thousandths(&self) -> u16 {
        let mut first = self.serial.as_bytes().iter().copied().chain(std::iter::repeat(0));
        let (high, low) = (first.next().unwrap_or(0), first.next().unwrap_or(0));
        // Of the first octet, the highest bit is never set and the next one always: see SerialNumber::draw.
        let even = u32::from(high & 0x3f) << 8 | u32::from(low);
        u16::try_from((even * 1_000) >> 14).unwrap_or(1_000)
    }
}

impl std::fmt::Display for CertificatePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.ca, self.serial)
    }
}

impl std::str::FromStr for CertificatePlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let (ca, serial) = text.split_once('/').ok_or(InvalidPlace)?;
        let ca = CaId::new(ca).map_err(|_| InvalidPlace)?;
        Ok(Self { ca, serial: serial.parse().map_err(|_| InvalidPlace)? })
    }
}

impl TryFrom<String> for CertificatePlace {
    type Error = InvalidPlace;

    fn try_from(text: String) -> Result<Self, InvalidPlace> {
        text.parse()
    }
}

impl From<CertificatePlace> for String {
    fn from(place: CertificatePlace) -> Self {
        place.to_string()
    }
}

/// Not the place of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a certificate's place is its CA's name, a slash and its serial number")]
pub struct InvalidPlace;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::clock::SystemEntropy;

    #[test]
    fn a_place_is_read_as_it_is_written_and_as_it_is_kept() {
        let place = CertificatePlace::new(
            CaId::new("issuing-2").unwrap(),
            SerialNumber::draw(&SystemEntropy).unwrap(),
        );
        assert_eq!(place.to_string().parse(), Ok(place.clone()));
        assert_eq!(CertificatePlace::from_key(&place.key()), Some(place));
        for wrong in ["", "issuing", "issuing/", "/4a", "Issuing/4a", "issuing/4a/4b"] {
            assert_eq!(wrong.parse::<CertificatePlace>(), Err(InvalidPlace), "{wrong}");
        }
    }

    #[test]
    fn places_tell_how_far_a_reader_is() {
        let at =
            |serial: &str| format!("issuing/{serial}").parse::<CertificatePlace>().unwrap().thousandths();
        assert_eq!((at("4000"), at("6000ff"), at("7fff")), (0, 500, 999));
        // Serial numbers of others tell nothing, and break nothing.
        assert!(at("01") <= 1_000 && at("ff") <= 1_000);
    }
}
