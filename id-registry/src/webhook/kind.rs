//! What a receiver can be told of: some of the ledger's actions, by the ledger's own names, so that what was told is found
//! under the name it was told by.

use ca_core::ledger::Event;

use crate::party::Attribute;
use crate::words::words;

words! {
    /// A kind of event.
    Kind {
        /// An identity was entered.
        Registered = "identity.registered",
        /// It was suspended.
        Suspended = "identity.suspended",
        /// It counts again.
        Resumed = "identity.resumed",
        /// A person is said to have died.
        DeathReported = "identity.death-reported",
        /// A person has died.
        Died = "identity.died",
        /// A person who was said to be dead is alive.
        FoundAlive = "identity.found-alive",
        /// It was closed.
        Closed = "identity.closed",
        /// It was opened again.
        Reopened = "identity.reopened",
        /// What is known of it is something else.
        Changed = "identity.changed",
        /// Nothing is known of it any more.
        Erased = "identity.erased",
        /// A device, application or agent has another sponsor.
        HandedOver = "identity.handed-over",
        /// Its sponsor has gone.
        Orphaned = "identity.orphaned",
        /// Its sponsor is back.
        SponsorBack = "identity.sponsor-back",
        /// A token of it is lost.
        TokenLost = "identity.token-lost",
        /// A token of it was stolen.
        TokenStolen = "identity.token-stolen",
        /// A lost token of it is found.
        TokenFound = "identity.token-found",
        /// A request for a certificate was approved.
        RequestApproved = "request.approved",
        /// A request for a certificate was rejected.
        RequestRejected = "request.rejected",
        /// A certificate was issued.
        Issued = "certificate.issued",
        /// A certificate was revoked.
        Revoked = "certificate.revoked",
        /// A certificate was put on hold.
        Held = "certificate.held",
        /// A certificate was released from hold.
        Released = "certificate.released",
        /// A CRL was published.
        CrlPublished = "crl.published",
        /// The organisation's purposes as a relying party are others.
        PartyChanged = "party.changed",
        /// The organisation is no relying party any more.
        PartyEnded = "party.ended",
    }
}

impl Kind {
    /// The kind of an event; none for what nobody is told of.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Self::named(event.action.as_str())
    }

    pub(super) fn named(action: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == action)
    }

    /// Whether everybody may know: CRLs list what is revoked and on hold, with the serial number and the reason.
    pub(super) const fn is_public(self) -> bool {
        matches!(self, Self::Revoked | Self::Held | Self::Released | Self::CrlPublished)
    }

    /// What whoever may know these attributes of a person is told of an event about that person: what they could have asked
    /// for, and nothing more. Who may know the status alone is not told that it is a death that changed it.
    pub(super) fn as_told(self, event: &Event, admitted: &[Attribute]) -> Option<Self> {
        let may = |attribute| admitted.contains(&attribute);
        match self {
            Self::Died | Self::DeathReported | Self::FoundAlive if may(Attribute::Alive) => Some(self),
            Self::Died if may(Attribute::Status) => Some(Self::Closed),
            Self::DeathReported if may(Attribute::Status) => Some(Self::Suspended),
            // Found alive is no way back for who was suspended before.
            Self::FoundAlive if may(Attribute::Status) && !event.detail.contains_key("cause") => {
                Some(Self::Resumed)
            }
            Self::Suspended | Self::Resumed | Self::Closed | Self::Reopened if may(Attribute::Status) => {
                Some(self)
            }
            Self::Changed => {
                let fields = event.detail.get("fields").map_or("", String::as_str);
                fields.split(',').any(|field| admitted.iter().any(|one| one.shows(field))).then_some(self)
            }
            // Whoever was told something is told that it is to be forgotten (GDPR article 19).
            Self::Erased => Some(self),
            _ => None,
        }
    }
}

impl Attribute {
    /// Whether a change of this field of a person can be seen in it.
    fn shows(self, field: &str) -> bool {
        match self {
            Self::Surname => field == "surname",
            Self::GivenName => field == "given_name",
            Self::SurnameLatin => field == "surname_latin",
            Self::GivenNameLatin => field == "given_name_latin",
            Self::BirthDate | Self::AgeOver(_) => field == "birth_date",
            Self::NationalNumber => field == "identifier",
            Self::Alive | Self::Status | Self::Assurance | Self::Pseudonym => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::authority;

    use super::*;
    use crate::{enrolment, identity, life, party};

    #[test]
    fn every_kind_is_an_action_of_the_ledger() {
        let actions = [
            identity::REGISTERED,
            life::SUSPENDED,
            life::RESUMED,
            life::DEATH_REPORTED,
            life::DIED,
            life::FOUND_ALIVE,
            identity::CLOSED,
            life::REOPENED,
            life::change::CHANGED,
            identity::ERASED,
            life::HANDED_OVER,
            life::ORPHANED,
            life::SPONSOR_BACK,
            life::TOKEN_LOST,
            life::TOKEN_STOLEN,
            life::TOKEN_FOUND,
            enrolment::APPROVED,
            enrolment::REJECTED,
            authority::ISSUED,
            authority::REVOKED,
            authority::HELD,
            authority::RELEASED,
            authority::CRL_PUBLISHED,
            party::CHANGED,
            party::ENDED,
        ];
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(kinds, actions.iter().map(|action| action.as_str()).collect::<Vec<_>>());
    }
}
