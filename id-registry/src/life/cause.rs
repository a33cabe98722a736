//! The words for why an identity is not active.

use crate::words::words;

words! {
    /// Why an officer suspends an identity.
    SuspensionCause {
        /// Whoever it is about, or answers for it, asked for it.
        Requested = "requested",
        /// Something about it is looked into.
        Investigation = "investigation",
    }
}

words! {
    /// Why an identity is closed.
    ClosureCause {
        /// The person has left the country for good.
        Emigrated = "emigrated",
        /// The organisation was dissolved.
        Dissolved = "dissolved",
        /// The device or application is not used any more.
        Retired = "retired",
    }
}

words! {
    /// Where word comes from that a person has died.
    DeathSource {
        /// The register of births, deaths and marriages.
        CivilRegister = "civil-register",
        /// A court's declaration of death.
        Court = "court",
        /// A hospital or clinic.
        HealthFacility = "health-facility",
        /// A chief's letter.
        Chief = "chief",
        /// The family.
        Family = "family",
        /// An agency that pays or serves the person.
        Agency = "agency",
    }
}

words! {
    /// Why an identity stands as it does.
    Cause {
        /// Whoever it is about asked for it.
        Requested = "requested",
        /// Something about it is looked into.
        Investigation = "investigation",
        /// The person is said to have died.
        DeathReported = "death-reported",
        /// The organisation that owns it is suspended.
        OwnerSuspended = "owner-suspended",
        /// Nobody answers for it any more.
        SponsorGone = "sponsor-gone",
        /// The person has died.
        Deceased = "deceased",
        /// The person has left the country for good.
        Emigrated = "emigrated",
        /// The organisation was dissolved.
        Dissolved = "dissolved",
        /// It is not used any more.
        Retired = "retired",
        /// The organisation that owned it was closed.
        OwnerClosed = "owner-closed",
    }
}

impl From<SuspensionCause> for Cause {
    fn from(cause: SuspensionCause) -> Self {
        match cause {
            SuspensionCause::Requested => Self::Requested,
            SuspensionCause::Investigation => Self::Investigation,
        }
    }
}

impl From<ClosureCause> for Cause {
    fn from(cause: ClosureCause) -> Self {
        match cause {
            ClosureCause::Emigrated => Self::Emigrated,
            ClosureCause::Dissolved => Self::Dissolved,
            ClosureCause::Retired => Self::Retired,
        }
    }
}
