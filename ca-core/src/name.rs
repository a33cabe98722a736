//! Distinguished names as text, for records and for people (RFC 4514). Names are compared as bytes, never as text.

use const_oid::ObjectIdentifier;
use der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Any, Decode, Encode, Tag, Tagged};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

use crate::profile::AttributeType;

/// Short names of attribute types. RFC 4514 section 3 fixes the first ones; it leaves others to their descriptors,
/// which is how people know them.
const KEYWORDS: &[(ObjectIdentifier, &str)] = &[
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
    (ObjectIdentifier::new_unwrap("2.5.4.4"), "surname"),
    (ObjectIdentifier::new_unwrap("2.5.4.42"), "givenName"),
    (ObjectIdentifier::new_unwrap("2.5.4.5"), "serialNumber"),
    (ObjectIdentifier::new_unwrap("2.5.4.65"), "pseudonym"),
    (ObjectIdentifier::new_unwrap("2.5.4.97"), "organizationIdentifier"),
    (ObjectIdentifier::new_unwrap("2.5.4.15"), "businessCategory"),
    (ObjectIdentifier::new_unwrap("2.5.4.12"), "title"),
    (ObjectIdentifier::new_unwrap("2.5.4.13"), "description"),
    (ObjectIdentifier::new_unwrap("2.5.4.17"), "postalCode"),
    (ObjectIdentifier::new_unwrap("2.5.4.20"), "telephoneNumber"),
    (ObjectIdentifier::new_unwrap("2.5.4.41"), "name"),
    (ObjectIdentifier::new_unwrap("2.5.4.43"), "initials"),
    (ObjectIdentifier::new_unwrap("2.5.4.44"), "generationQualifier"),
    (ObjectIdentifier::new_unwrap("2.5.4.45"), "x500UniqueIdentifier"),
    (ObjectIdentifier::new_unwrap("2.5.4.46"), "dnQualifier"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.1"), "jurisdictionLocality"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.2"), "jurisdictionStateOrProvince"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.3"), "jurisdictionCountry"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.9.1"), "dateOfBirth"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"), "emailAddress"),
];

/// A DER name as RFC 4514 text, the most specific part first; what is no name is shown as hexadecimal.
pub fn text(der: &[u8]) -> String {
    let Ok(name) = RdnSequence::from_der(der) else { return format!("#{}", hex::encode(der)) };
    // RFC 4514 section 2.1: in reverse order.
    let parts = name.as_ref().iter().rev().map(|relative| {
        let attributes: Vec<String> = relative.as_ref().iter().map(attribute).collect();
        attributes.join("+")
    });
    parts.collect::<Vec<_>>().join(",")
}

fn attribute(attribute: &AttributeTypeAndValue) -> String {
    let keyword = keyword(attribute.oid);
    match (keyword, string(attribute)) {
        (Some(keyword), Some(value)) => format!("{keyword}={}", escaped(&value)),
        // RFC 4514 section 2.4: a type without a name, or a value that is no string, goes with its encoding.
        (keyword, _) => {
            let kind = keyword.map_or_else(|| attribute.oid.to_string(), ToOwned::to_owned);
            format!("{kind}=#{}", hex::encode(attribute.value.to_der().unwrap_or_default()))
        }
    }
}

/// Whether a text has the form of an ISO 3166-1 alpha-2 code, as RFC 5280 appendix A.1 wants it in countryName: two capital letters.
pub fn is_country_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|octet| octet.is_ascii_uppercase())
}

/// A distinguished name, DER, of these attributes in this order, each in a part of its own.
///
/// # Errors
/// A value does not fit the attribute's string type.
pub fn encoded(attributes: &[(AttributeType, &str)]) -> der::Result<Vec<u8>> {
    let part = |(attribute, value): &(AttributeType, &str)| {
        let value = if attribute.is_printable_string() {
            Any::encode_from(&PrintableStringRef::new(value)?)?
        } else {
            // RFC 5280 section 4.1.2.4: UTF8String for all new names.
            Any::encode_from(&Utf8StringRef::new(value)?)?
        };
        RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue { oid: attribute.oid().0, value }])
    };
    let parts = attributes.iter().map(part).collect::<der::Result<Vec<_>>>()?;
    RdnSequence::from(parts).to_der()
}

/// An attribute type's short name, or its dotted identifier, from the content octets of the identifier.
pub(crate) fn short(oid: &[u8]) -> String {
    match ObjectIdentifier::from_bytes(oid) {
        Ok(oid) => keyword(oid).map_or_else(|| oid.to_string(), ToOwned::to_owned),
        Err(_) => hex::encode(oid),
    }
}

/// The short name of the attribute type of this dotted identifier.
pub(crate) fn keyword_of(dotted: &str) -> Option<&'static str> {
    keyword(ObjectIdentifier::new(dotted).ok()?)
}

fn keyword(oid: ObjectIdentifier) -> Option<&'static str> {
    KEYWORDS.iter().find(|(known, _)| *known == oid).map(|(_, keyword)| *keyword)
}

fn string(attribute: &AttributeTypeAndValue) -> Option<String> {
    let value = &attribute.value;
    match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::NumericString | Tag::VisibleString => {
            std::str::from_utf8(value.value()).ok().filter(|text| text.is_ascii()).map(ToOwned::to_owned)
        }
        // X.680 section 41: pairs of octets, as older CAs write names.
        Tag::BmpString => {
            let pairs = value.value().chunks_exact(2);
            let whole = pairs.remainder().is_empty();
            let units = pairs.map(|pair| pair.iter().fold(0, |unit, octet| unit << 8 | u16::from(*octet)));
            String::from_utf16(&units.collect::<Vec<_>>()).ok().filter(|_| whole)
        }
        // ITU-T T.61 and Latin-1 agree on these letters alone; others are shown as they are encoded.
        Tag::TeletexString => {
            std::str::from_utf8(value.value()).ok().filter(|text| text.is_ascii()).map(ToOwned::to_owned)
        }
        _ => None,
    }
}

/// RFC 4514 section 2.4. Control characters are escaped as well, so that a name cannot act on a terminal.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::new();
    for (index, character) in value.chars().enumerate() {
        let edge = (character == ' ' && (index == 0 || index == last)) || (character == '#' && index == 0);
        match character {
            control if control.is_control() => {
                let mut octets = [0; 4];
                for octet in control.encode_utf8(&mut octets).bytes() {
                    text.push_str(&format!("\\{octet:02x}"));
                }
            }
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            _ if edge => text.extend(['\\', character]),
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(parts: &[(&str, &str)]) -> Vec<u8> {
        let relative = |(oid, value): &(&str, &str)| {
            let value = Any::new(Tag::Utf8String, value.as_bytes()).unwrap();
            let oid = ObjectIdentifier::new(oid).unwrap();
            RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue { oid, value }]).unwrap()
        };
        RdnSequence::from(parts.iter().map(relative).collect::<Vec<_>>()).to_der().unwrap()
    }

    #[test]
    fn names_read_as_people_know_them() {
        let der = name(&[("2.5.4.6", "LS"), ("2.5.4.97", "GO:LS-GOV"), ("2.5.4.3", "MOKOENA,TŠEPO")]);
        assert_eq!(text(&der), r"CN=MOKOENA\,TŠEPO,organizationIdentifier=GO:LS-GOV,C=LS");
    }

    #[test]
    fn names_of_older_cas_are_read() {
        let one = |oid: &str, tag: Tag, value: &[u8]| {
            let value = Any::new(tag, value).unwrap();
            let pair = AttributeTypeAndValue { oid: ObjectIdentifier::new(oid).unwrap(), value };
            let relative = RelativeDistinguishedName::try_from(vec![pair]).unwrap();
            text(&RdnSequence::from(vec![relative]).to_der().unwrap())
        };
        assert_eq!(one("2.5.4.17", Tag::NumericString, b"100"), "postalCode=100");
        assert_eq!(one("2.5.4.44", Tag::BmpString, b"\0J\x01`"), "generationQualifier=J\u{160}");
        assert_eq!(one("2.5.4.10", Tag::TeletexString, b"Office"), "O=Office");
        assert_eq!(one("2.5.4.10", Tag::TeletexString, b"Caf\xe9"), "O=#1404436166e9");
        assert_eq!(one("2.5.4.10", Tag::BmpString, b"\0J\x01"), "O=#1e03004a01");
    }

    #[test]
    fn nothing_in_a_name_can_pass_for_something_else() {
        let der = name(&[("2.5.4.3", " #a+b=\"c\"\u{1b}[2J "), ("1.2.3.4", "x")]);
        assert_eq!(text(&der), r#"1.2.3.4=#0c0178,CN=\ #a\+b=\"c\"\1b[2J\ "#);
        assert_eq!(text(b"\xff"), "#ff");
    }
}
