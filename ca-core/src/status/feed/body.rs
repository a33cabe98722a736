//! The body of a message: for each CA its certificate and the statuses of serial numbers.
//!
//! All numbers are big-endian. Two octets: how many CAs. Of each: its name after its length (1 octet), its certificate,
//! DER, after its length (4 octets; an increment leaves it out and says 0), how many entries (8 octets), the entries. An
//! entry is one octet for the status (0 good, a CRLReason of RFC 5280 section 5.3.1 for revoked, 255 never issued), the
//! serial number after its length (1 octet), and of a revoked one the seconds since 1970 (8 octets).
//!
//! Serial numbers are random: no compression makes them shorter. 18 octets of a certificate that is good, 26 of a revoked one.

use time::OffsetDateTime;

use crate::certificate::CaId;
use crate::serial::SerialNumber;
use crate::status::{Revocation, RevocationReason, SerialStatus};

const GOOD: u8 = 0;
const UNKNOWN: u8 = 255;

/// Writes a body.
#[derive(Debug, Default)]
pub(super) struct BodyWriter {
    octets: Vec<u8>,
    cas: u16,
    /// Where the count of the present CA's entries stands, and how many there are.
    count: (usize, u64),
}

impl BodyWriter {
    pub(super) fn new() -> Self {
        Self { octets: vec![0; 2], ..Self::default() }
    }

    /// Goes on with this CA.
    pub(super) fn ca(&mut self, ca: &CaId, certificate: &[u8]) {
        self.close();
        self.cas = self.cas.saturating_add(1);
        // A CA's name has at most 64 octets.
        let name = ca.as_str().as_bytes();
        self.octets.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.octets.extend_from_slice(name);
        self.octets.extend_from_slice(&u32::try_from(certificate.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.octets.extend_from_slice(certificate);
        self.count = (self.octets.len(), 0);
        self.octets.extend_from_slice(&[0; 8]);
    }

    /// Adds an entry of the present CA.
    pub(super) fn entry(&mut self, serial: &[u8], status: &SerialStatus) {
        let state = match status {
            SerialStatus::Good => GOOD,
            SerialStatus::Revoked(revocation) => revocation.reason.code(),
            SerialStatus::Unknown => UNKNOWN,
        };
        // A serial number has at most 64 octets.
        self.octets.extend_from_slice(&[state, u8::try_from(serial.len()).unwrap_or(u8::MAX)]);
        self.octets.extend_from_slice(serial);
        if let SerialStatus::Revoked(revocation) = status {
            self.octets.extend_from_slice(&revocation.at.unix_timestamp().to_be_bytes());
        }
        self.count.1 += 1;
    }

    /// Octets so far.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.octets.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.close();
        self.octets[..2].copy_from_slice(&self.cas.to_be_bytes());
        self.octets
    }

    fn close(&mut self) {
        let (place, count) = self.count;
        if let Some(field) = self.octets.get_mut(place..place + 8).filter(|_| place > 0) {
            field.copy_from_slice(&count.to_be_bytes());
        }
    }
}

/// What a body is read into.
pub(super) trait TakesBody {
    /// From here on entries are of this CA.
    fn ca(&mut self, ca: CaId, certificate: &[u8]);
    /// The status of a serial number.
    fn entry(&mut self, serial: &SerialNumber, status: SerialStatus);
}

/// Reads a body to its last octet.
pub(super) fn read(octets: &[u8], into: &mut dyn TakesBody) -> Option<()> {
    let mut rest = Rest(octets);
    let mut last: Option<CaId> = None;
    for _ in 0..u16::from_be_bytes(rest.array()?) {
        let length = rest.octet()?;
        let ca = CaId::new(std::str::from_utf8(rest.take(length.into())?).ok()?).ok()?;
        // One section for each CA, in the order of their names.
        if last.as_ref().is_some_and(|last| *last >= ca) {
            return None;
        }
        last = Some(ca.clone());
        let length = u32::from_be_bytes(rest.array()?);
        into.ca(ca, rest.take(usize::try_from(length).ok()?)?);
        for _ in 0..u64::from_be_bytes(rest.array()?) {
            let (serial, status) = entry(&mut rest)?;
            into.entry(&serial, status);
        }
    }
    rest.0.is_empty().then_some(())
}

fn entry(rest: &mut Rest<'_>) -> Option<(SerialNumber, SerialStatus)> {
    let (state, length) = (rest.octet()?, rest.octet()?);
    let octets = rest.take(length.into())?;
    let serial = SerialNumber::from_der_content(octets).ok()?;
    if serial.as_bytes() != octets {
        return None;
    }
    let status = match state {
        GOOD => SerialStatus::Good,
        UNKNOWN => SerialStatus::Unknown,
        code => {
            let reason = RevocationReason::ALL.into_iter().find(|reason| reason.code() == code)?;
            let at = OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(rest.array()?)).ok()?;
            SerialStatus::Revoked(Revocation { at, reason, invalid_since: None })
        }
    };
    Some((serial, status))
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn octet(&mut self) -> Option<u8> {
        self.array::<1>().map(|[octet]| octet)
    }
}
