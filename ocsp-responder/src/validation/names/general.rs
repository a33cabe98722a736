//! GeneralName (RFC 5280 section 4.2.1.6): the forms that are processed, and that there are others.

use super::super::der::{Malformed, Reader};
use super::DistinguishedName;

/// A name of a subject, of a subtree or of a distribution point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GeneralName {
    /// rfc822Name.
    Email(String),
    /// dNSName.
    Dns(String),
    /// directoryName.
    Directory(DistinguishedName),
    /// uniformResourceIdentifier.
    Uri(String),
    /// iPAddress; in a subtree, address and mask.
    Address(Box<[u8]>),
    /// Any other form, as it came, its tag first.
    Other(Box<[u8]>),
}

/// A form of name: constraints of one form say nothing of names of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form(u8);

impl GeneralName {
    /// Reads GeneralNames from the contents of their SEQUENCE, which holds at least one.
    pub(crate) fn read_all(contents: &[u8]) -> Result<Vec<Self>, Malformed> {
        let mut reader = Reader::new(contents);
        let mut names = Vec::new();
        while !reader.is_at_end() {
            names.push(Self::read(&mut reader)?);
        }
        if names.is_empty() { Err(Malformed) } else { Ok(names) }
    }

    /// Reads one.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let element = reader.next()?.ok_or(Malformed)?;
        Ok(match element.tag {
            0x81 => Self::Email(ia5(element.body)?),
            0x82 => Self::Dns(ia5(element.body)?),
            // A Name is a CHOICE, so its tag is explicit.
            0xa4 => Self::Directory(DistinguishedName::read(element.body)?),
            0x86 => Self::Uri(ia5(element.body)?),
            0x87 => Self::Address(element.body.into()),
            // otherName, x400Address, ediPartyName, registeredID.
            0xa0 | 0xa3 | 0xa5 | 0x88 => Self::Other(element.whole.into()),
            _ => return Err(Malformed),
        })
    }

    pub(crate) fn form(&self) -> Form {
        Form(match self {
            Self::Email(_) => 0x81,
            Self::Dns(_) => 0x82,
            Self::Directory(_) => 0xa4,
            Self::Uri(_) => 0x86,
            Self::Address(_) => 0x87,
            Self::Other(whole) => whole.first().copied().unwrap_or_default(),
        })
    }
}

fn ia5(body: &[u8]) -> Result<String, Malformed> {
    if !body.is_ascii() {
        return Err(Malformed);
    }
    Ok(body.iter().map(|octet| char::from(*octet)).collect())
}
