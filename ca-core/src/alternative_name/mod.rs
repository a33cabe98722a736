//! Subject alternative names (RFC 5280 section 4.2.1.6): the forms there are, their values as text and as DER.
//!
//! A [`Name`] has been read: its text is in one spelling, so that what is wished for and what the registry grants can be
//! compared. `form:value` is how names are written outside certificates: `dns:payroll.gov.ls`.

mod encode;
mod syntax;

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

use crate::name;
use crate::profile::AttributeType;
use crate::subject::Fact;

pub(crate) use syntax::dns_name;

/// A form of subject alternative name that profiles know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameForm {
    /// dNSName.
    Dns,
    /// iPAddress.
    Ip,
    /// rfc822Name.
    Email,
    /// uniformResourceIdentifier: an address of the identity's own.
    Uri,
    /// uniformResourceIdentifier: where the identity's entry in the registry can be read.
    RegistryUri,
    /// directoryName: country and the person's pseudonym for one sector.
    DirectoryName,
    /// otherName hardwareModuleName (RFC 4108 section 5).
    HardwareModule,
    /// otherName permanentIdentifier (RFC 4043).
    PermanentIdentifier,
    /// otherName 1.3.6.1.4.1.311.20.2.3: the name under which directory services of Windows know somebody.
    UserPrincipalName,
    /// registeredID.
    RegisteredId,
}

impl NameForm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Dns,
        Self::Ip,
        Self::Email,
        Self::Uri,
        Self::RegistryUri,
        Self::DirectoryName,
        Self::HardwareModule,
        Self::PermanentIdentifier,
        Self::UserPrincipalName,
        Self::RegisteredId,
    ];

    /// Its name in profiles and before the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Ip => "ip",
            Self::Email => "email",
            Self::Uri => "uri",
            Self::RegistryUri => "registry-uri",
            Self::DirectoryName => "directory-name",
            Self::HardwareModule => "hardware-module",
            Self::PermanentIdentifier => "permanent-identifier",
            Self::UserPrincipalName => "user-principal-name",
            Self::RegisteredId => "registered-id",
        }
    }

    /// The registry's fact that it takes.
    pub const fn fact(self) -> Fact {
        match self {
            Self::Dns => Fact::DnsName,
            Self::Ip => Fact::IpAddress,
            Self::Email => Fact::EmailAddress,
            Self::Uri => Fact::Uri,
            Self::RegistryUri => Fact::RegistryUri,
            Self::DirectoryName => Fact::SectorPseudonym,
            Self::HardwareModule => Fact::HardwareModule,
            Self::PermanentIdentifier => Fact::PermanentIdentifier,
            Self::UserPrincipalName => Fact::UserPrincipalName,
            Self::RegisteredId => Fact::RegisteredId,
        }
    }

    /// Whether an identity may have several, of which a request may ask for some.
    pub const fn can_be_chosen(self) -> bool {
        matches!(self, Self::Dns | Self::Ip | Self::Email | Self::Uri)
    }

    /// Whether an applicant may propose one. Never what says who the identity is to others: a directory service that
    /// takes a user principal name from a certificate lets its holder in as that user.
    pub const fn can_be_proposed(self) -> bool {
        !matches!(self, Self::RegistryUri | Self::DirectoryName | Self::UserPrincipalName)
    }
}

impl std::fmt::Display for NameForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// Lower case.
    Dns(String),
    /// An address of version 4 or 6.
    Ip(IpAddr),
    /// A mailbox, its domain in lower case.
    Email(String),
    /// An absolute address.
    Uri(String),
    /// A distinguished name, DER.
    DirectoryName(Vec<u8>),
    /// Hardware type and serial number.
    HardwareModule {
        /// Whose numbering it is.
        hardware_type: ObjectIdentifier,
        /// The number.
        serial: Vec<u8>,
    },
    /// An identifier that stays when other names change.
    PermanentIdentifier {
        /// Who gives it out; left out where the certificate's issuer does.
        assigner: Option<ObjectIdentifier>,
        /// The identifier.
        value: String,
    },
    /// User and realm, `thabo@gov.ls`.
    UserPrincipalName(String),
    /// An object identifier.
    RegisteredId(ObjectIdentifier),
}

impl Name {
    /// Reads a value of one form. A directory name is not read from text: it is made.
    ///
    /// # Errors
    /// The text has not the form's syntax.
    pub fn read(form: NameForm, text: &str) -> Result<Self, NameError> {
        let read = match form {
            NameForm::Dns => dns_name(text).map(Self::Dns),
            NameForm::Ip => {
                text.parse().map(Self::Ip).map_err(|_| "it must be an address of IP version 4 or 6")
            }
            NameForm::Email => syntax::mailbox(text).map(Self::Email),
            NameForm::Uri | NameForm::RegistryUri => syntax::address(text).map(Self::Uri),
            NameForm::DirectoryName => Err("it cannot be written as text"),
            NameForm::HardwareModule => syntax::hardware_module(text),
            NameForm::PermanentIdentifier => syntax::permanent_identifier(text),
            NameForm::UserPrincipalName => syntax::user_principal_name(text).map(Self::UserPrincipalName),
            NameForm::RegisteredId => syntax::object_identifier(text).map(Self::RegisteredId),
        };
        read.map_err(|why| NameError { form: form.name(), text: text.escape_default().to_string(), why })
    }

    /// The directory name under which a person is known in one sector: country and pseudonym, nothing else.
    ///
    /// # Errors
    /// The country is not two letters.
    pub fn in_sector(country: &str, pseudonym: &str) -> Result<Self, NameError> {
        let attributes = [(AttributeType::Country, country), (AttributeType::Pseudonym, pseudonym)];
        name::encoded(&attributes).map(Self::DirectoryName).map_err(|_| NameError {
            form: NameForm::DirectoryName.name(),
            text: pseudonym.escape_default().to_string(),
            why: "it does not fit into a distinguished name",
        })
    }

    /// Whether it is of a form: an address of the registry's is an address.
    pub const fn is(&self, form: NameForm) -> bool {
        matches!(
            (self, form),
            (Self::Dns(_), NameForm::Dns)
                | (Self::Ip(_), NameForm::Ip)
                | (Self::Email(_), NameForm::Email)
                | (Self::Uri(_), NameForm::Uri | NameForm::RegistryUri)
                | (Self::DirectoryName(_), NameForm::DirectoryName)
                | (Self::HardwareModule { .. }, NameForm::HardwareModule)
                | (Self::PermanentIdentifier { .. }, NameForm::PermanentIdentifier)
                | (Self::UserPrincipalName(_), NameForm::UserPrincipalName)
                | (Self::RegisteredId(_), NameForm::RegisteredId)
        )
    }

    /// Its form's name before the colon.
    pub const fn form(&self) -> NameForm {
        match self {
            Self::Dns(_) => NameForm::Dns,
            Self::Ip(_) => NameForm::Ip,
            Self::Email(_) => NameForm::Email,
            Self::Uri(_) => NameForm::Uri,
            Self::DirectoryName(_) => NameForm::DirectoryName,
            Self::HardwareModule { .. } => NameForm::HardwareModule,
            Self::PermanentIdentifier { .. } => NameForm::PermanentIdentifier,
            Self::UserPrincipalName(_) => NameForm::UserPrincipalName,
            Self::RegisteredId(_) => NameForm::RegisteredId,
        }
    }

    /// The value as text, without its form.
    pub fn text(&self) -> String {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) | Self::UserPrincipalName(text) => {
                text.clone()
            }
            Self::Ip(address) => address.to_string(),
            Self::DirectoryName(der) => name::text(der),
            Self::HardwareModule { hardware_type, serial } => {
                format!("{hardware_type}/{}", hex::encode(serial))
            }
            Self::PermanentIdentifier { assigner: Some(assigner), value } => format!("{assigner}/{value}"),
            Self::PermanentIdentifier { assigner: None, value } => value.clone(),
            Self::RegisteredId(oid) => oid.to_string(),
        }
    }

    /// Whether two names are one: distinguished names are compared as they are read, since a client may have written
    /// other string types (RFC 5280 section 7.1).
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::DirectoryName(_), Self::DirectoryName(_)) => self.text() == other.text(),
            _ => self == other,
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.form(), self.text())
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |why| NameError { form: "form:value", text: text.escape_default().to_string(), why };
        let (form, value) = text.split_once(':').ok_or_else(|| refused("it has no form before a colon"))?;
        let form = NameForm::ALL.into_iter().find(|known| known.name() == form);
        Self::read(form.ok_or_else(|| refused("its form is none of those that npki knows"))?, value)
    }
}

/// Text is no alternative name of its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {form}: {why}")]
pub struct NameError {
    /// The form that was wanted.
    pub form: &'static str,
    /// The text, control characters escaped.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

#[cfg(test)]
mod tests;
