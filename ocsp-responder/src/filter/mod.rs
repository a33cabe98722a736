//! The compact filter: which of a CA's certificates are revoked, small enough to be carried to where there is no network.
//!
//! **The form**, `npki.status-filter/1`. Three parts, one after the other: a head of text that ends with an empty line, the body, and
//! a detached CMS signature (RFC 5652) over both, DER, to the end of the file. The head, with one space between words:
//!
//! ```text
//! npki.status-filter/1
//! issuer SHA-256 of the CA's SubjectPublicKeyInfo
//! as-of 2026-11-30T06:00:00Z
//! expires 2026-12-07T06:00:00Z
//! covers not-before-until 2026-11-30T05:50:00Z
//! issued 1000000
//! revoked 20000
//! values salt 0011223344556677 bits 41 rice 26
//! body 68750
//! ```
//!
//! **Whom it speaks of.** Of every end entity certificate of that CA whose notBefore is earlier than `covers` says, and of no
//! other. It is signed by a responder that the CA appointed (RFC 6960 section 4.2.2.2), whose certificate the
//! signature carries, with that of the CA.
//!
//! **The body.** The value of a certificate is the first `bits` bits of SHA-256 over the salt and the content octets of its serial
//! number's DER. The body lists the values of all that are revoked or on hold, ascending: of each what it exceeds the one before
//! by, less one (the first as it is), as a Golomb-Rice code of `rice` bits: the quotient as so many ones and a zero, then the rest,
//! the highest bit first. What is left of the last octet is zero. A certificate is revoked if its value is listed.
//!
//! Whoever makes a filter holds the value of every other certificate against the list, and takes another salt where one is on it: of
//! the certificates that it covers it says nothing wrong. A serial number that was never issued is on the list with a chance of
//! less than one in all that were.

mod check;
mod coding;
mod head;
mod make;
#[cfg(test)]
mod tests;

pub use check::{FilterError, FilterStatus, NotCovered, VerifiedFilter};
pub use head::Head;
pub use make::{FilterMaker, Unmade};

use ring::digest::{SHA256, digest};

/// The most octets of a filter that is read: that of some ten million revoked certificates.
pub const MAX_FILTER_OCTETS: u64 = 64 * 1024 * 1024;

/// What the values of a filter are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Values {
    salt: [u8; 8],
    /// 1 to 64.
    bits: u8,
    /// Less than `bits`.
    rice: u8,
}

impl Values {
    /// The value of a serial number, given by the content octets of its DER.
    fn of(self, serial: &[u8]) -> u64 {
        let mut octets = Vec::with_capacity(self.salt.len() + serial.len());
        octets.extend_from_slice(&self.salt);
        octets.extend_from_slice(serial);
        let digest = digest(&SHA256, &octets);
        let first = digest.as_ref().first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(first) >> (64 - u32::from(self.bits))
    }
}
