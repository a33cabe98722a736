//! What a certificate is for, which decides the rules that hold for it: from its profile when it is issued, from its
//! content when it is found in a file.

use const_oid::ObjectIdentifier;

use super::examined::{Examined, bit, extension};
use crate::profile::{AttributeType, Profile, oids};

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A certification authority.
    Ca,
    /// A TLS server.
    TlsServer,
    /// A natural person.
    Person,
    /// A legal person.
    Organisation,
    /// An OCSP responder.
    Responder,
    /// A time-stamping unit.
    TimeStamping,
    /// Something else: a device, a program, a member of staff. The rules that hold for all hold for it.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ca,
        Self::TlsServer,
        Self::Person,
        Self::Organisation,
        Self::Responder,
        Self::TimeStamping,
        Self::Other,
    ];

    /// Its name: `ca`, `tls`, `person`, `organisation`, `responder`, `tsa`, `other`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::TlsServer => "tls",
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Responder => "responder",
            Self::TimeStamping => "tsa",
            Self::Other => "other",
        }
    }

    /// What a profile's certificates are.
    pub fn of_profile(profile: &Profile) -> Self {
        match () {
            () if profile.is_ca() => Self::Ca,
            () if profile.is_responder() => Self::Responder,
            () if profile.is_tls_server() => Self::TlsServer,
            () if profile.extended_key_usage.contains(&oids::TIME_STAMPING) => Self::TimeStamping,
            () if profile.is_for_person() => Self::Person,
            () if profile.is_for_organisation() => Self::Organisation,
            () => Self::Other,
        }
    }

    /// What a certificate's content says that it is.
    pub(super) fn of_content(examined: &Examined<'_>) -> Self {
        let has = |purpose: ObjectIdentifier| examined.purposes().contains(&purpose);
        let signs = examined.key_usage().is_some_and(|bits| bits & bit::KEY_CERT_SIGN != 0);
        match () {
            () if examined.is_ca() || signs => Self::Ca,
            () if has(oids::OCSP_SIGNING.0) => Self::Responder,
            () if has(oids::TIME_STAMPING.0) => Self::TimeStamping,
            () if has(oids::SERVER_AUTH.0) => Self::TlsServer,
            () if names_a_person(examined) => Self::Person,
            () if names_an_organisation(examined) => Self::Organisation,
            () => Self::Other,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// ETSI EN 319 412-2 section 4.2.4: names of a person, or a pseudonym in their place.
fn names_a_person(examined: &Examined<'_>) -> bool {
    use AttributeType::{GivenName, Pseudonym, Surname};
    [GivenName, Surname, Pseudonym].into_iter().any(|attribute| examined.has(attribute))
}

/// ETSI EN 319 412-3 section 4.2.1: an organisation's identifier, in a certificate that seals or makes statements. A
/// device's names its owner too and does neither.
fn names_an_organisation(examined: &Examined<'_>) -> bool {
    let seals = examined.key_usage().is_some_and(|bits| bits & bit::NON_REPUDIATION != 0);
    let states = examined.extension(extension::QC_STATEMENTS).is_some();
    examined.has(AttributeType::OrganizationIdentifier) && (seals || states)
}
