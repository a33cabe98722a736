//! The status of a certificate: the one truth that OCSP, CRLs and every other form are made from.

pub mod feed;
mod followed;
mod follower;
mod index;
mod serials;

pub use followed::FollowedStore;
pub use follower::{Progress, StatusFollower};
pub use index::{IndexedStatus, StatusIndex};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::serial::SerialNumber;
use crate::storage::StorageError;

/// Why a certificate was revoked (RFC 5280 section 5.3.1).
///
/// `unspecified` is left out on purpose: an administrator always knows a reason, and a CRL should then omit the
/// extension. `removeFromCRL` belongs to delta CRLs, `aACompromise` to attribute authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationReason {
    /// The private key is in the wrong hands.
    KeyCompromise,
    /// The issuing CA's key is in the wrong hands.
    CaCompromise,
    /// The subject's name or other facts changed.
    AffiliationChanged,
    /// A new certificate takes this one's place.
    Superseded,
    /// The certificate is no longer needed.
    CessationOfOperation,
    /// On hold: may be released (the only reason that can be undone).
    CertificateHold,
    /// What the certificate said about its subject is no longer so.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The CRLReason code of RFC 5280 section 5.3.1.
    pub const fn code(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::CertificateHold => "certificate-hold",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
        }
    }
}

impl std::fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for RevocationReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(UnknownReason)
    }
}

/// Not a name of [`RevocationReason`].
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "unknown revocation reason: choose key-compromise, ca-compromise, affiliation-changed, superseded, \
     cessation-of-operation, certificate-hold or privilege-withdrawn"
)]
pub struct UnknownReason;

/// When and why a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When the revocation took effect, UTC, whole seconds.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Why.
    pub reason: RevocationReason,
    /// Since when the key is known or suspected to be in the wrong hands, or the certificate otherwise invalid, where
    /// that is earlier (RFC 5280 section 5.3.2). UTC, whole seconds.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub invalid_since: Option<OffsetDateTime>,
}

/// Why a certificate is to be revoked, and since when it was invalid. A [`RevocationReason`] alone is such grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds {
    /// Why.
    pub reason: RevocationReason,
    /// As [`Revocation::invalid_since`].
    pub invalid_since: Option<OffsetDateTime>,
}

impl From<RevocationReason> for Grounds {
    fn from(reason: RevocationReason) -> Self {
        Self { reason, invalid_since: None }
    }
}

/// What an issuing CA says of a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialStatus {
    /// Issued by this CA and not revoked. Says nothing about expiry.
    Good,
    /// Revoked or on hold.
    Revoked(Revocation),
    /// Never issued by this CA: absence is never `Good`.
    Unknown,
}

/// What is known of a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The status.
    pub status: SerialStatus,
    /// A moment at which it was certainly so; `None`: the one at which it was asked for.
    pub as_of: Option<OffsetDateTime>,
    /// The edition that the status is of, or an earlier one; `None`: nobody would notice that it changes.
    pub edition: Option<Edition>,
    /// Until when it may be told although nothing newer is heard; `None`: for as long as an answer is valid.
    pub until: Option<OffsetDateTime>,
}

/// As long as it stays the same, no change of a status is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition(u64);

impl Edition {
    /// The one after so many changes.
    pub const fn after(changes: u64) -> Self {
        Self(changes)
    }
}

/// Answers what an issuing CA says of a serial number, now.
pub trait StatusSource: Send + Sync + std::fmt::Debug {
    /// The status of `serial`.
    ///
    /// # Errors
    /// The status could not be read: say neither good nor revoked.
    fn status(&self, serial: &SerialNumber) -> Result<SerialStatus, StorageError>;

    /// The status of `serial`, as of when, and of which edition.
    ///
    /// # Errors
    /// As [`StatusSource::status`].
    fn known(&self, serial: &SerialNumber) -> Result<Known, StorageError> {
        Ok(Known { status: self.status(serial)?, as_of: None, edition: None, until: None })
    }

    /// The same, where it is known without waiting for a store.
    fn at_hand(&self, _: &SerialNumber) -> Option<Known> {
        None
    }

    /// The edition of the status of `serial`; `None`: what was said of it may not be said again. Never waits for a store.
    fn edition(&self, _: &SerialNumber) -> Option<Edition> {
        None
    }
}
