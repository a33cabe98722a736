//! What OCSP and CRL say, and what that means together.

use serde::Serialize;
use time::OffsetDateTime;

use crate::failure::Exit;

/// What one source said, its signature verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The status.
    #[serde(flatten)]
    pub status: Status,
    /// The moment it was true at.
    #[serde(with = "time::serde::rfc3339")]
    pub this_update: OffsetDateTime,
    /// When newer is to be had.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_update: Option<OffsetDateTime>,
}

/// The status of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    /// In force, as far as revocation goes.
    Good,
    /// Revoked or on hold.
    Revoked {
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Why, where it is said.
        reason: Option<String>,
    },
    /// The issuer does not know it.
    Unknown,
}

/// What the sources mean together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In force.
    Good,
    /// In force until it ends: it says of itself that nobody tells of its revocation (RFC 9608).
    NoRevocation,
    /// Revoked or on hold.
    Revoked,
    /// Its validity has ended.
    Expired,
    /// The issuer does not know it.
    Unknown,
    /// Two sources contradict each other.
    Disagreement,
    /// No source answered.
    Undetermined,
}

impl Standing {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NoRevocation => "no-revocation",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Disagreement => "disagreement",
            Self::Undetermined => "undetermined",
        }
    }

    /// The code left to the shell.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Good | Self::NoRevocation => Exit::Done,
            Self::Revoked | Self::Expired => Exit::No,
            Self::Unknown => Exit::NotFound,
            Self::Disagreement | Self::Undetermined => Exit::CannotTell,
        }
    }
}

/// What the sources that answered mean together.
pub fn together(ocsp: Option<&Said>, crl: Option<&Said>) -> Standing {
    match (ocsp, crl) {
        (None, None) => Standing::Undetermined,
        (Some(said), None) | (None, Some(said)) => alone(said),
        // RFC 6960 section 2.2: unknown is the responder's word about the serial number. A CRL only lists what is
        // revoked: that it is silent says nothing about whether the certificate exists.
        (Some(ocsp), Some(crl)) if ocsp.status == Status::Unknown && crl.status == Status::Good => {
            alone(ocsp)
        }
        (Some(ocsp), Some(crl)) => both(ocsp, crl),
    }
}

const fn alone(said: &Said) -> Standing {
    match said.status {
        Status::Good => Standing::Good,
        Status::Revoked { .. } => Standing::Revoked,
        Status::Unknown => Standing::Unknown,
    }
}

fn both(left: &Said, right: &Said) -> Standing {
    match (&left.status, &right.status) {
        (Status::Revoked { at, reason }, Status::Good) => {
            revoked_and_good(left, *at, reason.as_deref(), right)
        }
        (Status::Good, Status::Revoked { at, reason }) => {
            revoked_and_good(right, *at, reason.as_deref(), left)
        }
        (left_status, right_status) if same_word(left_status, right_status) => alone(left),
        _ => Standing::Disagreement,
    }
}

/// Two answers about two moments need not contradict each other: a CRL made before the revocation is silent about
/// it, and a certificate may have been released from hold since.
fn revoked_and_good(revoked: &Said, at: OffsetDateTime, reason: Option<&str>, good: &Said) -> Standing {
    if good.this_update <= at {
        Standing::Revoked
    } else if reason == Some("certificate-hold") && good.this_update > revoked.this_update {
        Standing::Good
    } else {
        Standing::Disagreement
    }
}

const fn same_word(left: &Status, right: &Status) -> bool {
    matches!(
        (left, right),
        (Status::Good, Status::Good)
            | (Status::Revoked { .. }, Status::Revoked { .. })
            | (Status::Unknown, Status::Unknown)
    )
}

#[cfg(test)]
mod tests {
    use super::{Said, Standing, Status, together};
    use time::OffsetDateTime;

    fn at(minute: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(minute)
    }

    fn good(minute: i64) -> Said {
        Said { status: Status::Good, this_update: at(minute), next_update: None }
    }

    fn unknown(minute: i64) -> Said {
        Said { status: Status::Unknown, ..good(minute) }
    }

    fn revoked(since: i64, minute: i64, reason: &str) -> Said {
        let status = Status::Revoked { at: at(since), reason: Some(reason.to_owned()) };
        Said { status, ..good(minute) }
    }

    #[test]
    fn silence_is_never_good() {
        assert_eq!(together(None, None), Standing::Undetermined);
        assert_eq!(together(Some(&unknown(5)), Some(&good(5))), Standing::Unknown);
        assert_eq!(together(Some(&unknown(5)), None), Standing::Unknown);
    }

    #[test]
    fn a_crl_older_than_the_revocation_does_not_contradict_it() {
        let ocsp = revoked(10, 12, "key-compromise");
        assert_eq!(together(Some(&ocsp), Some(&good(9))), Standing::Revoked);
        assert_eq!(together(Some(&good(9)), Some(&ocsp)), Standing::Revoked);
        assert_eq!(together(Some(&ocsp), Some(&good(11))), Standing::Disagreement);
        assert_eq!(together(Some(&ocsp), Some(&revoked(10, 11, "key-compromise"))), Standing::Revoked);
    }

    #[test]
    fn a_release_from_hold_does_not_contradict_the_older_crl() {
        let crl = revoked(10, 11, "certificate-hold");
        assert_eq!(together(Some(&good(15)), Some(&crl)), Standing::Good);
        let crl = revoked(10, 11, "key-compromise");
        assert_eq!(together(Some(&good(15)), Some(&crl)), Standing::Disagreement);
    }

    #[test]
    fn sources_that_contradict_each_other_leave_no_answer() {
        assert_eq!(together(Some(&unknown(5)), Some(&revoked(1, 5, "superseded"))), Standing::Disagreement);
        assert_eq!(Standing::Disagreement.exit().number(), 8);
        assert_eq!(Standing::Unknown.exit().number(), 5);
        assert_eq!(Standing::Expired.exit().number(), 3);
    }
}
