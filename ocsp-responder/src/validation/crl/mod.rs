//! What CRLs say of one certificate (RFC 5280 section 6.3), or why they cannot be used.
//!
//! A CRL is used only when every part of it is understood. A partitioned CRL is complete for the certificates that name it,
//! one for some reasons only is added to others (`examine.rs`), an indirect one is believed where the certificate
//! names its issuer, and a delta CRL amends the complete one it fits (`delta.rs`).

pub mod delta;
mod examine;
pub(crate) mod list;
pub(crate) mod point;

use ca_core::name;
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use der::asn1::ObjectIdentifier;
use time::OffsetDateTime;

use super::algorithm::AlgorithmError;
use super::certificate::Certificate;
use super::der::Malformed;
use list::{Entry, RevocationList, Said};
use point::{Scope, Silent};

pub use examine::crl_findings;
pub(crate) use examine::{CrlFinding, Signers, examine};

/// The most octets a CRL may have: about a million entries with reasons take 50 MB.
pub const MAX_CRL_OCTETS: usize = 64 * 1024 * 1024;

/// A CRL cannot be used for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlRefusal {
    /// Larger than [`MAX_CRL_OCTETS`].
    #[error("the CRL is larger than {MAX_CRL_OCTETS} octets")]
    TooLarge,
    /// Not a DER version 2 CRL.
    #[error("not a DER version 2 CRL")]
    Malformed,
    /// Issued under another name than the certificate.
    #[error("the CRL is of another issuer")]
    OtherIssuer,
    /// The issuer's keyUsage does not allow it to sign CRLs.
    #[error("the issuer's certificate does not allow it to sign CRLs")]
    NotACrlSigner,
    /// The signature does not verify with the issuer's key.
    #[error("the CRL's signature: {0}")]
    Signature(AlgorithmError),
    /// thisUpdate is later than the moment asked about.
    #[error("the CRL is not valid before {0}")]
    NotYetValid(OffsetDateTime),
    /// nextUpdate is earlier than the moment asked about.
    #[error("the CRL was to be replaced by {0}")]
    Stale(OffsetDateTime),
    /// There is no nextUpdate (RFC 5280 section 5.1.2.5).
    #[error("the CRL does not say until when it holds")]
    NoNextUpdate,
    /// A delta CRL (RFC 5280 section 5.2.4).
    #[error("a delta CRL, not a complete one")]
    Delta,
    /// A delta CRL that does not amend the complete CRL at hand (RFC 5280 section 6.3.3 (c)).
    #[error("a delta CRL that does not fit the complete one: {0}")]
    OtherBase(&'static str),
    /// Entries about another CA's certificates in a CRL that does not say it has such (RFC 5280 section 5.3.3).
    #[error("the CRL lists certificates of other issuers and is not indirect")]
    Indirect,
    /// The CRL does not cover this kind of certificate, its distribution point, or all reasons.
    #[error("the CRL does not cover this certificate")]
    OutOfScope,
    /// The key that signed it is of no certificate whose own path and status hold (RFC 5280 section 6.3.3 (f)).
    #[error("the certificate of the key that signed the CRL is not proven to be valid")]
    UnprovenSigner,
    /// Too many signatures were checked before.
    #[error("the CRL was not looked at: too many were, for this certificate")]
    Limit,
    /// A critical extension is not understood (RFC 5280 section 5.2).
    #[error("the CRL has the critical extension {0}, which is not understood")]
    CriticalExtension(ObjectIdentifier),
}

impl From<Malformed> for CrlRefusal {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Silent> for CrlRefusal {
    fn from(silent: Silent) -> Self {
        match silent {
            Silent::OtherIssuer => Self::OtherIssuer,
            Silent::OutOfScope => Self::OutOfScope,
        }
    }
}

/// A CRL whose signature was verified, read whole: for showing it. Its times, and what it is about, are for the reader
/// to judge.
#[derive(Debug, Clone)]
pub struct VerifiedList {
    /// Its issuer, RFC 4514.
    pub issuer: String,
    /// Its cRLNumber (RFC 5280 section 5.2.3), decimal.
    pub number: Option<String>,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// When the next one comes at the latest, UTC.
    pub next_update: OffsetDateTime,
    /// For a delta CRL, the cRLNumber of the full CRL that it begins from, decimal.
    pub base: Option<String>,
    /// Where a partitioned CRL is, as its certificates name it.
    pub distribution_points: Vec<String>,
    /// The kind of certificates that it is restricted to.
    pub contains: Option<&'static str>,
    /// What it lists, in its own order.
    pub entries: Vec<ListEntry>,
}

/// An entry of a [`VerifiedList`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The serial number.
    pub serial: SerialNumber,
    /// Since when, UTC.
    pub at: OffsetDateTime,
    /// Why; `None` when the CRL gives no reason that npki names.
    pub reason: Option<RevocationReason>,
    /// In a delta CRL: no longer on hold (RFC 5280 section 5.3.1, removeFromCRL).
    pub removed: bool,
}

impl VerifiedList {
    /// Verifies that `issuer` made this CRL: a full one or a delta, of all certificates or some.
    ///
    /// # Errors
    /// Each way in which it is not.
    pub fn verify(crl: &[u8], issuer: &Certificate) -> Result<Self, CrlRefusal> {
        let list = Self::verified(crl, issuer)?;
        let entries = list.entries().map(|entry| list_entry(&entry?)).collect::<Result<_, _>>()?;
        Self::of(&list, entries)
    }

    /// As [`Self::verify`], and every entry is looked at; but none is kept, of which there may be a million.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_head(crl: &[u8], issuer: &Certificate) -> Result<Self, CrlRefusal> {
        let list = Self::verified(crl, issuer)?;
        list.entries().try_for_each(|entry| list_entry(&entry?).map(|_| ()))?;
        Self::of(&list, Vec::new())
    }

    fn verified<'a>(crl: &'a [u8], issuer: &Certificate) -> Result<RevocationList<'a>, CrlRefusal> {
        let list = RevocationList::read(crl)?;
        if list.issuer != *issuer.subject_name() {
            return Err(CrlRefusal::OtherIssuer);
        }
        if !issuer.extensions()?.may_sign_crls() {
            return Err(CrlRefusal::NotACrlSigner);
        }
        if let Some(unknown) = list.extensions.unknown_critical {
            return Err(CrlRefusal::CriticalExtension(unknown));
        }
        // Its entries would be shown as this issuer's own.
        if list.extensions.scope.is_indirect {
            return Err(CrlRefusal::OutOfScope);
        }
        list.verify(issuer)?;
        Ok(list)
    }

    fn of(list: &RevocationList<'_>, entries: Vec<ListEntry>) -> Result<Self, CrlRefusal> {
        Ok(Self {
            issuer: name::text(list.issuer.der()),
            number: list.extensions.number.map(decimal),
            base: list.extensions.base.map(decimal),
            distribution_points: list.extensions.scope.addresses(),
            contains: restriction(&list.extensions.scope),
            this_update: list.this_update,
            next_update: list.next_update.ok_or(CrlRefusal::NoNextUpdate)?,
            entries,
        })
    }
}

fn list_entry(entry: &Entry<'_>) -> Result<ListEntry, CrlRefusal> {
    if entry.issuer.is_some() {
        return Err(CrlRefusal::Indirect);
    }
    let serial = SerialNumber::from_der_content(entry.serial);
    Ok(ListEntry {
        serial: serial.map_err(|_| CrlRefusal::Malformed)?,
        at: entry.at,
        reason: entry.said.named(),
        removed: entry.said == Said::Removed,
    })
}

/// RFC 5280 section 5.2.3 allows 20 octets; numbers beyond 16 are shown in hexadecimal.
fn decimal(octets: &[u8]) -> String {
    let decimal =
        octets.iter().try_fold(0_u128, |sum, octet| Some(sum.checked_mul(256)? + u128::from(*octet)));
    decimal.map_or_else(|| format!("0x{}", hex::encode(octets)), |number| number.to_string())
}

const fn restriction(scope: &Scope) -> Option<&'static str> {
    if scope.only_users {
        Some("user-certificates")
    } else if scope.only_cas {
        Some("ca-certificates")
    } else {
        None
    }
}

/// Whether a CRL bears the name of this CA. Nothing of it is verified.
pub(crate) fn issuer_is(crl: &[u8], issuer: &Certificate) -> bool {
    RevocationList::read(crl).is_ok_and(|list| list.issuer == *issuer.subject_name())
}
