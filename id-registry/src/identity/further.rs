//! What else is known of an identity: names and codes that some profiles put into certificates.

use ca_core::alternative_name::{Name, NameForm};
use ca_core::subject::{ApprovedSubject, Fact};
use serde::{Deserialize, Serialize};
use time::Date;

use super::field::{self, FieldError};
use super::{BirthDate, script};
use crate::id::IdentityKind;

/// More than one identity has of each; bounds the certificate's size.
const MOST: usize = 20;

/// Names and codes besides those that every identity of a kind has. Which of them an identity may have depends on its
/// kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Further {
    /// IP addresses it is reached at: devices, applications and agents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<String>,
    /// Its mailboxes: persons, organisations and applications.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email_addresses: Vec<String>,
    /// `https` addresses of its own: organisations, devices, applications and agents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
    /// An identifier that stays when other names change, `VALUE` or `OID/VALUE` (RFC 4043): devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permanent_identifier: Option<String>,
    /// The name under which directory services of Windows know somebody, `thabo@gov.ls`: persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<String>,
    /// An object identifier that was registered for it: organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_id: Option<String>,
    /// The class of its membership in X-Road, `GOV`: organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_class: Option<String>,
    /// Its code as a member of X-Road: organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_code: Option<String>,
    /// Its code as a security server of X-Road: applications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_code: Option<String>,
    /// When the person was born, as far as that is known, `1984-03-07`, `1984-03` or `1984` ([`BirthDate`]): persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The family name in Latin letters: persons whose name is written otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname_latin: Option<String>,
    /// The given names in Latin letters: persons whose names are written otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name_latin: Option<String>,
}

impl Further {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As entered today for an identity of a kind, each value read into its proper form.
    pub(super) fn checked(self, kind: IdentityKind, today: Date) -> Result<Self, FieldError> {
        self.demand_of_kind(kind)?;
        let code = |field, value: Option<String>| value.map(|value| code(field, &value)).transpose();
        let one =
            |field, form, value: Option<String>| value.map(|value| name(field, form, &value)).transpose();
        let latin = |field, value: Option<String>| value.map(|name| script::latin(field, &name)).transpose();
        let born = self.birth_date.map(|date| BirthDate::entered(&date, today)).transpose()?;
        let checked = Self {
            ip_addresses: names("ip_addresses", NameForm::Ip, &self.ip_addresses)?,
            email_addresses: names("email_addresses", NameForm::Email, &self.email_addresses)?,
            uris: names("uris", NameForm::Uri, &self.uris)?,
            permanent_identifier: one(
                "permanent_identifier",
                NameForm::PermanentIdentifier,
                self.permanent_identifier,
            )?,
            user_principal_name: one(
                "user_principal_name",
                NameForm::UserPrincipalName,
                self.user_principal_name,
            )?,
            registered_id: one("registered_id", NameForm::RegisteredId, self.registered_id)?,
            member_class: code("member_class", self.member_class)?,
            member_code: code("member_code", self.member_code)?,
            server_code: code("server_code", self.server_code)?,
            birth_date: born.map(|date| date.to_string()),
            surname_latin: latin("surname_latin", self.surname_latin)?,
            given_name_latin: latin("given_name_latin", self.given_name_latin)?,
        };
        if checked.member_class.is_some() != checked.member_code.is_some() {
            return Err(FieldError {
                field: "member_code",
                why: "member_class and member_code belong together".to_owned(),
                fits: "both, as the X-Road registry has them, or neither",
            });
        }
        Ok(checked)
    }

    fn demand_of_kind(&self, kind: IdentityKind) -> Result<(), FieldError> {
        use IdentityKind::{Agent, Application, Device, Organisation, Person};
        let fields: [(&'static str, bool, &[IdentityKind]); 12] = [
            ("ip_addresses", !self.ip_addresses.is_empty(), &[Device, Application, Agent]),
            (
                "email_addresses",
                !self.email_addresses.is_empty(),
                &[Person, Organisation, Application, Agent],
            ),
            ("uris", !self.uris.is_empty(), &[Organisation, Device, Application, Agent]),
            ("permanent_identifier", self.permanent_identifier.is_some(), &[Device]),
            ("user_principal_name", self.user_principal_name.is_some(), &[Person]),
            ("registered_id", self.registered_id.is_some(), &[Organisation]),
            ("member_class", self.member_class.is_some(), &[Organisation]),
            ("member_code", self.member_code.is_some(), &[Organisation]),
            ("server_code", self.server_code.is_some(), &[Application]),
            ("birth_date", self.birth_date.is_some(), &[Person]),
            ("surname_latin", self.surname_latin.is_some(), &[Person]),
            ("given_name_latin", self.given_name_latin.is_some(), &[Person]),
        ];
        match fields.into_iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
            Some((field, ..)) => Err(FieldError {
                field,
                why: format!("an identity of kind {kind} has none"),
                fits: "leave it out; see /openapi.json for what each kind has",
            }),
            None => Ok(()),
        }
    }

    /// When the person was born, as far as that is known.
    pub fn born(&self) -> Option<BirthDate> {
        self.birth_date.as_deref().and_then(|date| BirthDate::read(date).ok())
    }

    /// The facts of these, for profiles. What an organisation's members in X-Road are called is told with its own facts.
    pub(super) fn facts(&self, subject: ApprovedSubject) -> ApprovedSubject {
        let several = [
            (Fact::IpAddress, &self.ip_addresses),
            (Fact::EmailAddress, &self.email_addresses),
            (Fact::Uri, &self.uris),
        ];
        let one = [
            (Fact::PermanentIdentifier, &self.permanent_identifier),
            (Fact::UserPrincipalName, &self.user_principal_name),
            (Fact::RegisteredId, &self.registered_id),
        ];
        let several = several.into_iter().flat_map(|(fact, values)| values.iter().map(move |it| (fact, it)));
        let one = one.into_iter().filter_map(|(fact, value)| Some((fact, value.as_ref()?)));
        several.chain(one).fold(subject, |subject, (fact, value)| subject.with(fact, value.clone()))
    }

    /// Those that name nobody else, each with its field.
    pub(super) fn numbers(&self) -> Vec<(&'static str, String)> {
        let user = self.user_principal_name.as_ref().map(|it| ("user_principal_name", format!("user/{it}")));
        let registered = self.registered_id.as_ref().map(|it| ("registered_id", format!("oid/{it}")));
        let member = self.member_class.as_ref().zip(self.member_code.as_ref());
        let member = member.map(|(class, code)| ("member_code", format!("member/{class}/{code}")));
        user.into_iter().chain(registered).chain(member).collect()
    }
}

fn names(field: &'static str, form: NameForm, entered: &[String]) -> Result<Vec<String>, FieldError> {
    if entered.len() > MOST {
        return Err(FieldError {
            field,
            why: format!("there are {}, at most {MOST} are kept", entered.len()),
            fits: "those that are the identity's own",
        });
    }
    let mut kept = Vec::new();
    for value in entered {
        let value = name(field, form, value)?;
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    Ok(kept)
}

/// The value in the one spelling in which it stands in certificates.
fn name(field: &'static str, form: NameForm, value: &str) -> Result<String, FieldError> {
    let refuse = |why: &str| FieldError { field, why: why.to_owned(), fits: fits(form) };
    let name = Name::read(form, value).map_err(|error| refuse(error.why))?;
    match &name {
        Name::Ip(address) if address.is_unspecified() || address.is_multicast() => {
            Err(refuse("it is no address of one machine"))
        }
        Name::Uri(address) if !address.starts_with("https://") => Err(refuse("it is not https")),
        Name::Email(mailbox) => {
            let domain = mailbox.rsplit_once('@').map_or("", |(_, domain)| domain);
            field::dns_name(domain).map_err(|_| refuse("its domain is no full DNS name"))?;
            Ok(name.text())
        }
        _ if name.text().chars().count() > 255 => Err(refuse("it is longer than 255 characters")),
        _ => Ok(name.text()),
    }
}

const fn fits(form: NameForm) -> &'static str {
    match form {
        NameForm::Ip => "addresses of IP version 4 or 6: 192.0.2.1, 2001:db8::1",
        NameForm::Email => "mailboxes in ASCII: office@rsl.gov.ls",
        NameForm::Uri => "absolute https addresses: https://payroll.gov.ls/api",
        NameForm::PermanentIdentifier => {
            "an identifier without blanks, or the assigner's OID, a slash and it"
        }
        NameForm::UserPrincipalName => "user and realm: thabo.mokoena@gov.ls",
        NameForm::RegisteredId => "an object identifier in dotted digits: 1.3.6.1.4.1.32473.7",
        _ => "a name of this form",
    }
}

/// A code of X-Road: it stands in identifiers between slashes, and in a serialNumber, a PrintableString (X.520).
fn code(field: &'static str, value: &str) -> Result<String, FieldError> {
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-.".contains(&octet);
    if (1..=30).contains(&value.len()) && value.bytes().all(fits) {
        return Ok(value.to_owned());
    }
    Err(FieldError {
        field,
        why: "it is no code of X-Road's".to_owned(),
        fits: "1 to 30 letters, digits, hyphens and dots",
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 29);

    fn with(change: impl FnOnce(&mut Further)) -> Further {
        let mut further = Further::default();
        change(&mut further);
        further
    }

    #[test]
    fn values_are_read_into_one_spelling() {
        let entered = with(|it| {
            it.ip_addresses = vec!["2001:DB8::1".to_owned(), "2001:db8:0::1".to_owned()];
            it.email_addresses = vec!["Office@RSL.gov.ls".to_owned()];
        });
        let checked = entered.checked(IdentityKind::Application, TODAY).unwrap();
        assert_eq!(checked.ip_addresses, ["2001:db8::1"]);
        assert_eq!(checked.email_addresses, ["Office@rsl.gov.ls"]);
    }

    #[test]
    fn what_does_not_fit_names_its_field() {
        let cases: [(&str, IdentityKind, Further); 12] = [
            ("ip_addresses", IdentityKind::Person, with(|it| it.ip_addresses = vec!["192.0.2.1".to_owned()])),
            ("ip_addresses", IdentityKind::Device, with(|it| it.ip_addresses = vec!["0.0.0.0".to_owned()])),
            ("email_addresses", IdentityKind::Person, with(|it| it.email_addresses = vec!["a@b".to_owned()])),
            ("uris", IdentityKind::Device, with(|it| it.uris = vec!["http://gov.ls/".to_owned()])),
            ("uris", IdentityKind::Device, with(|it| it.uris = vec!["https://gov.ls/".to_owned(); 21])),
            (
                "user_principal_name",
                IdentityKind::Device,
                with(|it| it.user_principal_name = Some("a@gov.ls".to_owned())),
            ),
            ("member_code", IdentityKind::Organisation, with(|it| it.member_class = Some("GOV".to_owned()))),
            ("server_code", IdentityKind::Application, with(|it| it.server_code = Some("a/b".to_owned()))),
            ("birth_date", IdentityKind::Device, with(|it| it.birth_date = Some("1984".to_owned()))),
            ("birth_date", IdentityKind::Person, with(|it| it.birth_date = Some("1984-02-30".to_owned()))),
            ("surname_latin", IdentityKind::Person, with(|it| it.surname_latin = Some("李".to_owned()))),
            ("registered_id", IdentityKind::Organisation, with(|it| it.registered_id = Some("7".to_owned()))),
        ];
        for (field, kind, further) in cases {
            assert_eq!(further.checked(kind, TODAY).unwrap_err().field, field);
        }
    }
}
