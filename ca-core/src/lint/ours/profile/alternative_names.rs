//! The alternative names are of the profile's forms.

use const_oid::ObjectIdentifier;
use der::asn1::ContextSpecific;
use der::{Any, Decode, Encode};
use x509_parser::der_parser::Oid;
use x509_parser::extensions::GeneralName;

use crate::alternative_name::{Name, NameForm};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};
use crate::profile::AlternativeName;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.alternative-names",
    clause: "npki",
    severity: Severity::Error,
    says: "the alternative names are of the profile's forms, and match its patterns",
    check,
};

/// Ours: only forms that the profile has, each value as its pattern wants it, and those it requires. An address is the
/// registry's entry or one of the identity's own: where the profile has both, either will do.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let names: Vec<Name> = examined.alternative_names().iter().map(read).collect::<Result<_, _>>()?;
    let wanted = &profile.alternative_names;
    for name in &names {
        let mut forms = wanted.iter().filter(|wanted| name.is(wanted.form)).peekable();
        ensure_or(forms.peek().is_some(), || format!("the profile has no {name}"))?;
        let fits = |wanted: &AlternativeName| {
            wanted.pattern.as_ref().is_none_or(|pattern| pattern.0.is_match(&name.text()))
        };
        ensure_or(forms.any(fits), || format!("{name} does not match the profile's pattern"))?;
    }
    let mut missing =
        wanted.iter().filter(|wanted| wanted.required && !names.iter().any(|name| name.is(wanted.form)));
    missing.next().map_or(Ok(()), |missing| Err(format!("the required form {} is missing", missing.form)))
}

/// Reads a name with x509-parser's eyes; only the text of what it read is taken.
fn read(name: &GeneralName<'_>) -> Result<Name, String> {
    let text = |form, text: &str| Name::read(form, text).map_err(|error| error.to_string());
    match name {
        GeneralName::DNSName(name) => text(NameForm::Dns, name),
        GeneralName::RFC822Name(name) => text(NameForm::Email, name),
        GeneralName::URI(name) => text(NameForm::Uri, name),
        GeneralName::IPAddress(octets) => {
            Name::of_address(octets).ok_or_else(|| "an iPAddress has a bad length".to_owned())
        }
        GeneralName::RegisteredID(oid) => text(NameForm::RegisteredId, &oid.to_id_string()),
        GeneralName::DirectoryName(name) => Ok(Name::DirectoryName(name.as_raw().to_vec())),
        GeneralName::OtherName(oid, value) => other_name(oid, value),
        name => Err(format!("{name} is of no form that profiles have")),
    }
}

/// RFC 5280 section 4.2.1.6: the value is tagged explicitly, which x509-parser leaves on it.
fn other_name(oid: &Oid<'_>, tagged: &[u8]) -> Result<Name, String> {
    let type_id = ObjectIdentifier::from_bytes(oid.as_bytes()).map_err(|error| error.to_string())?;
    let value = ContextSpecific::<Any>::from_der(tagged).map_err(|error| error.to_string())?;
    let value = value.value.to_der().map_err(|error| error.to_string())?;
    Name::of_other_name(type_id, &value)
        .ok_or_else(|| format!("an otherName of type {type_id} is of no form that profiles have"))
}
