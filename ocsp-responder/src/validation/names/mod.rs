//! Names as path validation compares them: directory names in a normal form, and the other forms of a GeneralName.

pub(super) mod constraints;
pub(super) mod general;

use const_oid::ObjectIdentifier;

use super::der::{Malformed, OID, Reader, SEQUENCE, SET, oid};

/// emailAddress (PKCS #9), which old certificates hold in the subject.
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// A distinguished name: the octets it came in, and the normal form it is compared by.
///
/// RFC 5280 section 7.1: equal are names whose strings differ in case, in the type of string and in the number of
/// spaces alone. Deviation: characters are folded to lower case and not composed (NFKC), so two spellings of one
/// accented letter differ, which can only refuse a path.
#[derive(Clone)]
pub(crate) struct DistinguishedName {
    der: Box<[u8]>,
    /// Its parts one after another, each after its length: a name lies below another when that one's is a prefix.
    normal: Box<[u8]>,
}

impl DistinguishedName {
    /// Reads a Name, DER.
    pub(crate) fn read(der: &[u8]) -> Result<Self, Malformed> {
        let mut parts = Reader::only(der, SEQUENCE)?;
        let mut normal = Vec::with_capacity(der.len());
        while let Some(part) = parts.next()? {
            if part.tag != SET {
                return Err(Malformed);
            }
            framed(&mut normal, &relative(part.body)?);
        }
        Ok(Self { der: der.into(), normal: normal.into() })
    }

    /// This name with one more part: `relative` are the contents of a RelativeDistinguishedName.
    pub(crate) fn with(&self, relative_part: &[u8]) -> Result<Self, Malformed> {
        let mut normal = self.normal.to_vec();
        framed(&mut normal, &relative(relative_part)?);
        // What a relative name resolves to is compared, never shown.
        Ok(Self { der: Box::default(), normal: normal.into() })
    }

    /// The original octets.
    pub(crate) const fn der(&self) -> &[u8] {
        &self.der
    }

    /// The normal form, under which namesakes are found.
    pub(crate) const fn normal(&self) -> &[u8] {
        &self.normal
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.normal.is_empty()
    }

    /// Whether it lies in the subtree of `base`, which it may be itself (RFC 5280 section 4.2.1.10).
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        self.normal.starts_with(&base.normal)
    }

    /// The types of its attributes.
    pub(crate) fn attribute_types(&self) -> Result<Vec<ObjectIdentifier>, Malformed> {
        let mut found = Vec::new();
        let mut parts = Reader::only(&self.der, SEQUENCE)?;
        while !parts.is_at_end() {
            let mut attributes = parts.enter(SET)?;
            while !attributes.is_at_end() {
                found.push(oid(attributes.enter(SEQUENCE)?.expect(OID)?.body)?);
            }
        }
        Ok(found)
    }

    /// The values of its emailAddress attributes.
    pub(crate) fn email_addresses(&self) -> Result<Vec<String>, Malformed> {
        let mut found = Vec::new();
        let mut parts = Reader::only(&self.der, SEQUENCE)?;
        while !parts.is_at_end() {
            let mut attributes = parts.enter(SET)?;
            while !attributes.is_at_end() {
                let mut attribute = attributes.enter(SEQUENCE)?;
                if attribute.expect(OID)?.body == EMAIL_ADDRESS {
                    let value = attribute.next()?.ok_or(Malformed)?;
                    found.push(text(value.tag, value.body).ok_or(Malformed)?);
                }
            }
        }
        Ok(found)
    }
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for DistinguishedName {}

impl std::fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&ca_core::name::text(&self.der))
    }
}

/// The normal form of a RelativeDistinguishedName's contents: its attributes, ordered.
fn relative(contents: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(contents);
    let mut attributes = Vec::with_capacity(1);
    while !reader.is_at_end() {
        let mut attribute = reader.enter(SEQUENCE)?;
        let kind = attribute.expect(OID)?.body;
        oid(kind)?;
        let value = attribute.next()?.ok_or(Malformed)?;
        attribute.end()?;
        let mut normal = Vec::with_capacity(kind.len() + value.body.len() + 9);
        framed(&mut normal, kind);
        match text(value.tag, value.body) {
            // The tag 0 stands for every type of string.
            Some(text) => {
                normal.push(0);
                fold(&mut normal, &text);
            }
            None => {
                normal.push(value.tag);
                normal.extend_from_slice(value.body);
            }
        }
        attributes.push(normal);
    }
    if attributes.is_empty() {
        return Err(Malformed);
    }
    attributes.sort();
    let mut normal = Vec::new();
    attributes.iter().for_each(|attribute| framed(&mut normal, attribute));
    Ok(normal)
}

fn framed(into: &mut Vec<u8>, octets: &[u8]) {
    // Names are parts of certificates and CRLs, whose sizes are bounded far below 4 GB.
    into.extend_from_slice(&u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes());
    into.extend_from_slice(octets);
}

/// Lower case, without spaces at the ends, one space for several (RFC 4518 sections 2.2 and 2.6.1).
fn fold(into: &mut Vec<u8>, text: &str) {
    let mut words = text.split_whitespace();
    let mut add = |word: &str| {
        if word.is_ascii() {
            into.extend(word.bytes().map(|octet| octet.to_ascii_lowercase()));
        } else {
            into.extend_from_slice(word.to_lowercase().as_bytes());
        }
    };
    if let Some(first) = words.next() {
        add(first);
    }
    for word in words {
        add(" ");
        add(word);
    }
}

/// The text of a string type (RFC 5280 section 4.1.2.4, IA5String of domain components and addresses besides).
fn text(tag: u8, body: &[u8]) -> Option<String> {
    match tag {
        // UTF8String.
        0x0c => std::str::from_utf8(body).ok().map(ToOwned::to_owned),
        // PrintableString, IA5String, NumericString.
        0x13 | 0x16 | 0x12 => body.is_ascii().then(|| body.iter().map(|octet| char::from(*octet)).collect()),
        // TeletexString: Latin-1 is what issuers put there.
        0x14 => Some(body.iter().map(|octet| char::from(*octet)).collect()),
        // BMPString.
        0x1e => {
            let (pairs, rest) = body.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
        }
        // UniversalString.
        0x1c => {
            let (fours, rest) = body.as_chunks::<4>();
            let text = fours.iter().map(|four| char::from_u32(u32::from_be_bytes(*four))).collect();
            if rest.is_empty() { text } else { None }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A name of (tag of the string, text), each a common name in a part of its own.
    fn name(parts: &[(u8, &[u8])]) -> DistinguishedName {
        let framed = |tag: u8, body: &[u8]| [&[tag, u8::try_from(body.len()).unwrap()], body].concat();
        let part = |(tag, text): &(u8, &[u8])| {
            let attribute = [&[0x06, 3, 0x55, 4, 3][..], &framed(*tag, text)].concat();
            framed(SET, &framed(SEQUENCE, &attribute))
        };
        DistinguishedName::read(&framed(SEQUENCE, &parts.iter().flat_map(part).collect::<Vec<_>>())).unwrap()
    }

    #[test]
    fn case_spaces_and_the_type_of_string_do_not_count() {
        let plain = name(&[(0x13, b"Test  Authority")]);
        assert_eq!(plain, name(&[(0x0c, b" test authority ")]));
        assert_eq!(
            plain,
            name(&[(0x1e, &"TEST AUTHORITY".bytes().flat_map(|octet| [0, octet]).collect::<Vec<_>>())])
        );
        assert_eq!(name(&[(0x0c, "\u{c9}tat".as_bytes())]), name(&[(0x14, b"\xe9TAT")]));
        assert_ne!(plain, name(&[(0x13, b"TestAuthority")]));
        assert_ne!(plain, name(&[(0x04, b"Test  Authority")]), "an OCTET STRING is no text");
    }

    #[test]
    fn a_name_is_below_those_it_begins_with_part_by_part() {
        let (above, below) = (name(&[(0x13, b"a")]), name(&[(0x0c, b"A"), (0x13, b"b")]));
        assert!(below.is_within(&above) && above.is_within(&above) && below.is_within(&name(&[])));
        assert!(!above.is_within(&below));
        assert!(!name(&[(0x13, b"ab")]).is_within(&above), "a part is whole or not there");
        let part = [&[SEQUENCE, 8, 0x06, 3, 0x55, 4, 3][..], &[0x13, 1, b'B']].concat();
        assert_eq!(above.with(&part).unwrap(), below);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [&[0x30, 2, 0x31, 0][..], &[0x31, 0], &[0x30, 2, 0x30, 0], &[0x30, 0, 0]] {
            assert!(DistinguishedName::read(bad).is_err(), "{bad:02x?}");
        }
    }
}
