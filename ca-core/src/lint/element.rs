//! DER elements one after another, without building anything: what a list of a million entries is read with.

/// One element: its identifier octet, its contents, and all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
    pub(super) whole: &'a [u8],
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;

/// Reads the elements of a structure one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Over a structure's contents.
    pub(super) const fn of(contents: &'a [u8]) -> Self {
        Self(contents)
    }

    /// The tag of the next element, without reading it.
    pub(super) fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element, if it has this tag; else nothing is read.
    pub(super) fn accept(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.tag() != Some(tag) {
            return None;
        }
        self.next()?.ok()
    }

    /// Whether nothing is left.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes that are no element: cut short, or with a length that X.690 section 10.1 does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = read(self.0);
        // After what cannot be read nothing can.
        self.0 = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(element, _)| element))
    }
}

/// The one element that the bytes are, and nothing after it.
pub(super) fn whole(bytes: &[u8], tag: u8) -> Result<Element<'_>, Malformed> {
    match read(bytes)? {
        (element, []) if element.tag == tag => Ok(element),
        _ => Err(Malformed),
    }
}

fn read(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), Malformed> {
    let (&tag, rest) = bytes.split_first().ok_or(Malformed)?;
    // X.690 section 8.1.2.4: tag numbers from 31 on. Nothing read here has any.
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    let (&first, rest) = rest.split_first().ok_or(Malformed)?;
    let (length, body) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => long_length(usize::from(first & 0x7f), rest)?,
        _ => return Err(Malformed),
    };
    let (body, rest) = body.split_at_checked(length).ok_or(Malformed)?;
    let whole = bytes.get(..bytes.len() - rest.len()).ok_or(Malformed)?;
    Ok((Element { tag, body, whole }, rest))
}

/// X.690 section 10.1: the length in the fewest octets.
fn long_length(octets: usize, bytes: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let (length, rest) = bytes.split_at_checked(octets).ok_or(Malformed)?;
    let shortest = length.first().is_some_and(|first| *first != 0);
    let length = length.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    if shortest && length >= 0x80 { Ok((length, rest)) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{Element, Elements, INTEGER, Malformed, whole};

    #[test]
    fn elements_follow_one_another() {
        let mut elements = Elements::of(&[0x02, 0x01, 0x07, 0x05, 0x00]);
        assert_eq!(elements.accept(0x05), None);
        let first = Element { tag: INTEGER, body: &[7], whole: &[0x02, 0x01, 0x07] };
        assert_eq!(elements.accept(INTEGER), Some(first));
        assert_eq!(elements.next(), Some(Ok(Element { tag: 0x05, body: &[], whole: &[0x05, 0x00] })));
        assert!(elements.is_empty());
        assert_eq!(elements.next(), None);
    }

    #[test]
    fn lengths_are_the_shortest_and_within_the_bytes() {
        for bad in [&[0x04][..], &[0x04, 0x02, 0x00], &[0x04, 0x80], &[0x04, 0x81, 0x01, 0x00], &[0x1f, 0x00]]
        {
            assert_eq!(Elements::of(bad).next(), Some(Err(Malformed)), "{bad:02x?}");
        }
        let long = [&[0x04, 0x82, 0x00, 0x80][..], &[0; 0x80]].concat();
        assert_eq!(whole(&long, 0x04), Err(Malformed));
        let long = [&[0x04, 0x81, 0x80][..], &[0; 0x80]].concat();
        assert_eq!(whole(&long, 0x04).unwrap().body.len(), 0x80);
        assert_eq!(whole(&[0x02, 0x01, 0x07, 0x00], INTEGER), Err(Malformed));
    }
}
