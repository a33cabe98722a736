//! Why what is known of an identity is changed, and what that means for its certificates.

use ca_core::status::RevocationReason;

use crate::id::IdentityKind;
use crate::words::words;

words! {
    /// Why what is known of an identity is changed.
    ChangeReason {
        /// A marriage.
        Marriage = "marriage",
        /// A divorce.
        Divorce = "divorce",
        /// A court's or an authority's order.
        Court = "court",
        /// An organisation, device, application or agent has another name.
        Renamed = "renamed",
        /// Another version of a program runs, or another model decides.
        Upgraded = "upgraded",
        /// It sits, or is reached, elsewhere.
        Moved = "moved",
        /// What was entered was wrong.
        Correction = "correction",
        /// Somebody had themselves entered as another.
        IdentityTheft = "identity-theft",
    }
}

impl ChangeReason {
    /// The reasons for which an identity of a kind is changed.
    pub fn of_kind(kind: IdentityKind) -> Vec<Self> {
        let fits = |reason: &Self| match reason {
            Self::Marriage | Self::Divorce | Self::IdentityTheft => kind == IdentityKind::Person,
            Self::Renamed | Self::Moved => kind != IdentityKind::Person,
            Self::Upgraded => matches!(kind, IdentityKind::Application | IdentityKind::Agent),
            Self::Court => matches!(kind, IdentityKind::Person | IdentityKind::Organisation),
            Self::Correction => true,
        };
        Self::ALL.iter().copied().filter(fits).collect()
    }

    /// Whether what was known was never true.
    pub(super) const fn puts_right(self) -> bool {
        matches!(self, Self::Correction | Self::IdentityTheft)
    }

    /// What certificates are revoked for. RFC 5280 section 5.3.1 with X.509 section 9.5.3.1: affiliationChanged says that the
    /// subject's name or other information was modified and no key is suspected; privilegeWithdrawn, that a privilege is
    /// withdrawn, as of whoever got a certificate by deceit.
    pub(super) const fn revocation(self) -> RevocationReason {
        match self {
            Self::IdentityTheft => RevocationReason::PrivilegeWithdrawn,
            _ => RevocationReason::AffiliationChanged,
        }
    }
}
