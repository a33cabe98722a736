//! The subject a request asks for. A wish, not a fact: certificates take their names from the registry. It is read so
//! that it can be compared, and refused where what shows could differ from what is meant.

use std::collections::HashSet;

use const_oid::ObjectIdentifier;

use super::CsrError;
use super::strict::{Element, OID, Reader, SEQUENCE, SET};
use crate::profile::AttributeType;

/// An attribute of the subject that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedAttribute {
    attribute: String,
    value: String,
}

impl RequestedAttribute {
    /// The attribute's short name (`CN`, `serialNumber`), or its dotted object identifier when it has none here.
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// Whether it is of this type.
    pub fn is(&self, attribute: AttributeType) -> bool {
        let oid = attribute.oid().to_string();
        crate::name::keyword_of(&oid).is_some_and(|name| name == self.attribute)
    }

    /// Its value; `#` and hexadecimal DER when it is no text (RFC 4514 section 2.4).
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// How often an attribute type may occur in a subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occurrence {
    Once,
    Repeatable,
}

/// Object identifier, and whether it may be repeated; what it is called is in `crate::name`.
///
/// X.520 makes only some of these single-valued by definition. Two common names or two serial numbers in one subject
/// are refused nevertheless: software differs in which of them it shows, and a thing has one.
const ATTRIBUTES: [(&str, Occurrence); 23] = [
    ("2.5.4.3", Occurrence::Once),
    ("2.5.4.4", Occurrence::Once),
    ("2.5.4.5", Occurrence::Once),
    ("2.5.4.6", Occurrence::Once),
    ("2.5.4.7", Occurrence::Once),
    ("2.5.4.8", Occurrence::Once),
    ("2.5.4.9", Occurrence::Repeatable),
    ("2.5.4.10", Occurrence::Once),
    ("2.5.4.11", Occurrence::Repeatable),
    ("2.5.4.12", Occurrence::Once),
    ("2.5.4.15", Occurrence::Once),
    ("2.5.4.17", Occurrence::Once),
    ("2.5.4.42", Occurrence::Once),
    ("2.5.4.43", Occurrence::Once),
    ("2.5.4.44", Occurrence::Once),
    ("2.5.4.46", Occurrence::Once),
    ("2.5.4.65", Occurrence::Once),
    ("2.5.4.97", Occurrence::Once),
    ("0.9.2342.19200300.100.1.1", Occurrence::Once),
    ("0.9.2342.19200300.100.1.25", Occurrence::Repeatable),
    ("1.2.840.113549.1.9.1", Occurrence::Repeatable),
    ("1.3.6.1.4.1.311.60.2.1.3", Occurrence::Once),
    ("1.3.6.1.5.5.7.9.1", Occurrence::Once),
];

/// Reads a Name (RFC 5280 section 4.1.2.4), the contents of its SEQUENCE.
pub(super) fn subject(mut name: Reader<'_>) -> Result<Vec<RequestedAttribute>, CsrError> {
    let mut attributes = Vec::new();
    let mut single = HashSet::new();
    while let Some(relative) = name.next()? {
        if relative.tag != SET || relative.body.is_empty() {
            return Err(CsrError::Structure { part: "subject" });
        }
        let mut relative = Reader::new(relative.body, "subject");
        while let Some(pair) = relative.next()? {
            let (attribute, occurrence) = attribute_and_value(&pair)?;
            if occurrence == Occurrence::Once && !single.insert(attribute.attribute.clone()) {
                return Err(CsrError::SubjectAttributeRepeated { attribute: attribute.attribute });
            }
            attributes.push(attribute);
        }
    }
    Ok(attributes)
}

fn attribute_and_value(pair: &Element<'_>) -> Result<(RequestedAttribute, Occurrence), CsrError> {
    if pair.tag != SEQUENCE {
        return Err(CsrError::Structure { part: "subject" });
    }
    let mut fields = Reader::new(pair.body, "subject");
    let oid = dotted(fields.expect(OID)?.body);
    let value = fields.next()?.ok_or(CsrError::Structure { part: "subject" })?;
    fields.end()?;
    let known = ATTRIBUTES.iter().find(|(known, _)| *known == oid);
    let occurrence = known.map_or(Occurrence::Repeatable, |(_, occurrence)| *occurrence);
    let attribute = crate::name::keyword_of(&oid).map_or(oid, ToOwned::to_owned);
    let value = text(&attribute, &value)?;
    Ok((RequestedAttribute { attribute, value }, occurrence))
}

/// An object identifier in dotted form; hexadecimal for the few that are too long for `const_oid`.
pub(super) fn dotted(contents: &[u8]) -> String {
    ObjectIdentifier::from_bytes(contents).map_or_else(|_| hex::encode(contents), |oid| oid.to_string())
}

/// The text of an attribute value. Any of the string types will do for any attribute: in the certificate the
/// profile decides the type.
fn text(attribute: &str, value: &Element<'_>) -> Result<String, CsrError> {
    let (string_type, decoded) = match value.tag {
        0x0c => ("UTF8String", String::from_utf8(value.body.to_vec()).ok()),
        0x12 => ("NumericString", ascii(value.body, |octet| octet.is_ascii_digit() || octet == b' ')),
        0x13 => ("PrintableString", ascii(value.body, is_printable_string)),
        0x16 => ("IA5String", ascii(value.body, |octet| octet.is_ascii())),
        0x1e => ("BMPString", utf16(value.body)),
        // RFC 5280 section 4.1.2.4: only for subjects that already had certificates with these. Nobody agrees on
        // what TeletexString's octets mean.
        0x14 => return Err(obsolete(attribute, "TeletexString")),
        0x15 => return Err(obsolete(attribute, "VideotexString")),
        0x19 => return Err(obsolete(attribute, "GraphicString")),
        0x1a => return Err(obsolete(attribute, "VisibleString")),
        0x1b => return Err(obsolete(attribute, "GeneralString")),
        0x1c => return Err(obsolete(attribute, "UniversalString")),
        _ => return Ok(format!("#{}", hex::encode(value.whole))),
    };
    let text =
        decoded.ok_or_else(|| CsrError::SubjectEncoding { attribute: attribute.to_owned(), string_type })?;
    if text.is_empty() {
        return Err(CsrError::SubjectAttributeEmpty { attribute: attribute.to_owned() });
    }
    match text.chars().find(|character| is_hidden(*character)) {
        Some(character) => {
            Err(CsrError::SubjectControlCharacter { attribute: attribute.to_owned(), character })
        }
        None => Ok(text),
    }
}

fn obsolete(attribute: &str, string_type: &'static str) -> CsrError {
    CsrError::SubjectStringType { attribute: attribute.to_owned(), string_type }
}

fn ascii(octets: &[u8], admitted: impl Fn(u8) -> bool) -> Option<String> {
    octets.iter().all(|octet| admitted(*octet)).then(|| octets.iter().copied().map(char::from).collect())
}

/// X.680 section 41.4, table 10.
fn is_printable_string(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
}

/// BMPString is UCS-2: no surrogates, of which `char::from_u32` knows none either.
fn utf16(octets: &[u8]) -> Option<String> {
    let (units, rest) = octets.as_chunks::<2>();
    rest.is_empty().then_some(())?;
    units.iter().map(|unit| char::from_u32(u32::from(u16::from_be_bytes(*unit)))).collect()
}

/// Control characters, line and paragraph separators, the byte order mark, and the characters that reverse the
/// direction of writing, with which a name can be made to show as another one.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn element(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(body.len()).unwrap()], body].concat()
    }

    fn read(tag: u8, body: &[u8]) -> Result<String, CsrError> {
        let whole = element(tag, body);
        text("CN", &Element { tag, body, whole: &whole })
    }

    #[test]
    fn strings_are_what_they_say() {
        assert_eq!(read(0x0c, "Tšepo".as_bytes()).unwrap(), "Tšepo");
        assert_eq!(read(0x13, b"Government of Lesotho").unwrap(), "Government of Lesotho");
        assert_eq!(read(0x1e, &[0x00, 0x54, 0x01, 0x61]).unwrap(), "Tš");
        assert_eq!(read(0x03, &[0x00, 0xff]).unwrap(), "#030200ff");
        for (tag, body) in [
            (0x0c, &[0xc3_u8, 0x28][..]),
            (0x13, b"a*b"),
            (0x13, "š".as_bytes()),
            (0x16, &[0xe9]),
            (0x12, b"1a"),
        ] {
            assert!(matches!(read(tag, body), Err(CsrError::SubjectEncoding { .. })), "{body:02x?}");
        }
        assert!(matches!(read(0x1e, &[0xd8, 0x00]), Err(CsrError::SubjectEncoding { .. })));
        assert!(matches!(read(0x1e, &[0x00]), Err(CsrError::SubjectEncoding { .. })));
        assert!(matches!(read(0x14, b"x"), Err(CsrError::SubjectStringType { .. })));
        assert!(matches!(read(0x0c, b""), Err(CsrError::SubjectAttributeEmpty { .. })));
    }

    #[test]
    fn characters_that_do_not_show_are_refused() {
        for hidden in ["a\0b", "a\nb", "a\u{7f}", "a\u{85}", "a\u{202e}b", "\u{feff}a"] {
            assert!(
                matches!(read(0x0c, hidden.as_bytes()), Err(CsrError::SubjectControlCharacter { .. })),
                "{hidden:?}"
            );
        }
    }
}
