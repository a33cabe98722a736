//! The words for why an identity is not active.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in JSON and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::life::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|word| word.name() == text);
                found.ok_or_else(|| $crate::life::UnknownWord(Self::ALL.iter().map(|word| word.name()).collect()))
            }
        }
    };
}

pub(super) use words;

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

/// Text is none of the words that fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("choose one of {}", .0.join(", "))]
pub struct UnknownWord(pub Vec<&'static str>);
