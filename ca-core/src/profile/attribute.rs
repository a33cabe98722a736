//! What is fixed about each attribute type, whatever the profile.

use super::{AttributeType, Oid};

impl AttributeType {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Country,
        Self::Locality,
        Self::Organization,
        Self::OrganizationIdentifier,
        Self::CommonName,
        Self::Surname,
        Self::GivenName,
        Self::SerialNumber,
        Self::Pseudonym,
        Self::BusinessCategory,
    ];

    /// Its name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Locality => "locality",
            Self::Organization => "organization",
            Self::OrganizationIdentifier => "organization-identifier",
            Self::CommonName => "common-name",
            Self::Surname => "surname",
            Self::GivenName => "given-name",
            Self::SerialNumber => "serial-number",
            Self::Pseudonym => "pseudonym",
            Self::BusinessCategory => "business-category",
        }
    }

    /// Its object identifier (X.520; organizationIdentifier and pseudonym too stand under 2.5.4).
    pub const fn oid(self) -> Oid {
        const fn oid(dotted: &str) -> Oid {
            Oid(const_oid::ObjectIdentifier::new_unwrap(dotted))
        }
        // Read when this is compiled, not each time that names are compared.
        match self {
            Self::CommonName => const { oid("2.5.4.3") },
            Self::Surname => const { oid("2.5.4.4") },
            Self::SerialNumber => const { oid("2.5.4.5") },
            Self::Country => const { oid("2.5.4.6") },
            Self::Locality => const { oid("2.5.4.7") },
            Self::Organization => const { oid("2.5.4.10") },
            Self::BusinessCategory => const { oid("2.5.4.15") },
            Self::GivenName => const { oid("2.5.4.42") },
            Self::Pseudonym => const { oid("2.5.4.65") },
            Self::OrganizationIdentifier => const { oid("2.5.4.97") },
        }
    }

    /// The most characters a value may have (RFC 5280 appendix A.1).
    pub const fn upper_bound(self) -> usize {
        match self {
            // ub-country-name-alpha-length
            Self::Country => 2,
            // ub-common-name, ub-organization-name, ub-serial-number
            Self::CommonName | Self::Organization | Self::SerialNumber => 64,
            // ub-locality-name, ub-pseudonym; X.520 section 6.6.4: ub-business-category
            Self::Locality | Self::Pseudonym | Self::BusinessCategory => 128,
            // ub-name. X.520 sets no bound for organizationIdentifier; it is read with the bound of names.
            Self::Surname | Self::GivenName | Self::OrganizationIdentifier => 32_768,
        }
    }

    /// Whether a value is a PrintableString (X.520 sections 6.2.9 and 6.3.1), not a UTF8String.
    pub const fn is_printable_string(self) -> bool {
        matches!(self, Self::Country | Self::SerialNumber)
    }
}

impl std::fmt::Display for AttributeType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a character belongs to PrintableString (X.680 section 41.4).
pub(crate) const fn is_printable(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, ' ' | '\'' | '(' | ')' | '+' | ',' | '-' | '.' | '/' | ':' | '=' | '?')
}
