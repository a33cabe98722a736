//! How a CA publishes what it revoked.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::name::Partition;
use crate::profile::ProfileKind;

/// The most shards: one for each thousand of ten million revocations, and few enough to sign them all each day.
pub const MOST_SHARDS: u16 = 10_000;

/// How a CA publishes its CRLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlPlan {
    /// How long a full CRL is valid. The next is made when half of this is over.
    pub validity: Duration,
    /// Over how many shards new certificates are spread; 0: none. May grow; certificates stay where they are, and shards
    /// once published go on being published when it shrinks.
    pub shards: u16,
    /// Whether changes are published as delta CRLs between the full ones.
    pub delta: Option<DeltaPlan>,
    /// Which kind of certificates this CA issues.
    pub contains: Contains,
}

/// How delta CRLs are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaPlan {
    /// How long a delta CRL is valid. The next is made when half of this is over, and after each change.
    pub validity: Duration,
    /// Where its address stands.
    pub named_in: NamedIn,
}

/// Where freshestCRL stands (RFC 5280 sections 4.2.1.15 and 5.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedIn {
    /// In full CRLs.
    Crls,
    /// In full CRLs, and in certificates issued from now on, for ever.
    CrlsAndCertificates,
}

/// Which certificates a CA's CRLs are about (RFC 5280 section 5.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contains {
    /// Of any kind.
    #[default]
    Everything,
    /// End entities' only: onlyContainsUserCerts.
    UserCertificates,
    /// CAs' only: onlyContainsCACerts.
    CaCertificates,
}

impl CrlPlan {
    /// Full CRLs of everything, in one piece.
    pub const fn whole(validity: Duration) -> Self {
        Self { validity, shards: 0, delta: None, contains: Contains::Everything }
    }

    /// Where a certificate of this serial number goes: the serial number is random, so shards fill evenly.
    pub(crate) fn place(&self, serial: &[u8]) -> Partition {
        let tail: [u8; 4] = serial.last_chunk().copied().unwrap_or_default();
        match u32::from(self.shards) {
            0 => Partition::FIRST,
            shards => Partition::shard(
                u16::try_from(u32::from_be_bytes(tail) % shards).unwrap_or_default().saturating_add(1),
            ),
        }
    }
}

impl Default for CrlPlan {
    fn default() -> Self {
        Self::whole(Duration::hours(24))
    }
}

impl Contains {
    /// Whether CRLs that say so cover certificates of this kind.
    pub const fn covers(self, kind: ProfileKind) -> bool {
        matches!(
            (self, kind),
            (Self::Everything, _)
                | (Self::UserCertificates, ProfileKind::EndEntity)
                | (Self::CaCertificates, ProfileKind::RootCa | ProfileKind::IssuingCa { .. })
        )
    }
}

impl std::fmt::Display for Contains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Everything => "certificates of any kind",
            Self::UserCertificates => "end entities' certificates only",
            Self::CaCertificates => "CAs' certificates only",
        })
    }
}
