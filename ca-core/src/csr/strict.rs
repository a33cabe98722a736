//! DER, checked before anything in it is read.
//!
//! The outline of a request is read here and not by x509-parser: its lists of names and attributes stop at the first
//! entry they cannot read and report success, so whatever follows would escape our checks.

use super::CsrError;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Deeper than any request nests, certificates within attributes included; bounds the recursion.
const MAX_DEPTH: usize = 32;

/// How bytes are not one DER element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// They end before the element does.
    Truncated { expected: usize, found: usize },
    /// They go on after it.
    Trailing { octets: usize },
    /// A rule of X.690 is broken at this offset.
    Broken { offset: usize, rule: &'static str },
}

impl From<Fault> for CsrError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Truncated { expected, found } => Self::Truncated { expected, found },
            Fault::Trailing { octets } => Self::TrailingOctets { octets },
            Fault::Broken { offset, rule } => Self::NotDer { offset, rule },
        }
    }
}

/// One element: its identifier octet, its contents, and all of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Reads the elements of a structure one after another and insists that nothing is left over.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    part: &'static str,
}

impl<'a> Reader<'a> {
    /// Over the contents of the structure called `part` in errors.
    pub(super) const fn new(contents: &'a [u8], part: &'static str) -> Self {
        Self { rest: contents, part }
    }

    /// The next element, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, CsrError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let head = header(self.rest, 0).map_err(|_| self.unexpected())?;
        let (whole, rest) = self.rest.split_at_checked(head.end).ok_or_else(|| self.unexpected())?;
        let body = whole.get(head.body..).ok_or_else(|| self.unexpected())?;
        self.rest = rest;
        Ok(Some(Element { tag: head.tag, body, whole }))
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Element<'a>, CsrError> {
        self.next()?.filter(|element| element.tag == tag).ok_or_else(|| self.unexpected())
    }

    /// The contents of the next element, a structure of its own.
    pub(super) fn enter(&mut self, tag: u8, part: &'static str) -> Result<Self, CsrError> {
        Ok(Self::new(self.expect(tag)?.body, part))
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), CsrError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.unexpected()) }
    }

    const fn unexpected(&self) -> CsrError {
        CsrError::Structure { part: self.part }
    }
}

/// The octets of a BIT STRING that must hold whole octets, as keys and signatures do.
pub(super) fn whole_octets<'a>(bits: &Element<'a>, part: &'static str) -> Result<&'a [u8], CsrError> {
    match bits.body.split_first() {
        Some((0, octets)) => Ok(octets),
        _ => Err(CsrError::Structure { part }),
    }
}

/// Checks that the bytes are exactly one element and DER through and through (X.690 sections 8, 10 and 11). What is
/// inside OCTET STRINGs, BIT STRINGs and primitive implicit tags is not DER by any general rule and not looked at.
pub(crate) fn check(der: &[u8]) -> Result<(), Fault> {
    let head = header(der, 0)?;
    if head.end > der.len() {
        return Err(Fault::Truncated { expected: head.end, found: der.len() });
    }
    if head.end < der.len() {
        return Err(Fault::Trailing { octets: der.len() - head.end });
    }
    walk(der, 0, MAX_DEPTH)
}

fn walk(elements: &[u8], offset: usize, depth: usize) -> Result<(), Fault> {
    if depth == 0 {
        return Err(Fault::Broken { offset, rule: "it nests too deeply" });
    }
    let mut at = 0;
    while let Some(rest) = elements.get(at..).filter(|rest| !rest.is_empty()) {
        let overrun = Fault::Broken { offset: offset + at, rule: "an element runs past the one around it" };
        let head = header(rest, offset + at).map_err(|fault| match fault {
            Fault::Truncated { .. } => overrun,
            other => other,
        })?;
        let body = rest.get(head.body..head.end).ok_or(overrun)?;
        let inside = offset + at + head.body;
        if head.is_constructed() {
            walk(body, inside, depth - 1)?;
        }
        universal(&head, body).map_err(|rule| Fault::Broken { offset: offset + at, rule })?;
        at += head.end;
    }
    Ok(())
}

/// An identifier and a length: where the body starts and ends, counted from the element's first octet.
struct Header {
    tag: u8,
    body: usize,
    end: usize,
}

impl Header {
    const fn is_constructed(&self) -> bool {
        self.tag & 0x20 != 0
    }
}

fn header(bytes: &[u8], offset: usize) -> Result<Header, Fault> {
    let identifier = identifier_octets(bytes, offset)?;
    let (length_octets, length) = length(bytes, identifier, offset)?;
    let body = identifier + length_octets;
    let tag = octet(bytes, 0, offset)?;
    Ok(Header { tag, body, end: body.saturating_add(length) })
}

fn octet(bytes: &[u8], at: usize, offset: usize) -> Result<u8, Fault> {
    let truncated = Fault::Truncated { expected: offset + at + 1, found: offset + bytes.len() };
    bytes.get(at).copied().ok_or(truncated)
}

/// How many identifier octets there are.
fn identifier_octets(bytes: &[u8], offset: usize) -> Result<usize, Fault> {
    const FAULT: &str = "a tag number is not written in its shortest form";
    if octet(bytes, 0, offset)? & 0x1f != 0x1f {
        return Ok(1);
    }
    // X.690 section 8.1.2.4: further identifier octets, for tag numbers from 31 on.
    let second = octet(bytes, 1, offset)?;
    if second == 0x80 || second < 31 {
        return Err(Fault::Broken { offset, rule: FAULT });
    }
    let mut at = 1;
    while octet(bytes, at, offset)? & 0x80 != 0 {
        at += 1;
    }
    Ok(at + 1)
}

/// How many length octets start at `at`, and the length they tell.
fn length(bytes: &[u8], at: usize, offset: usize) -> Result<(usize, usize), Fault> {
    let broken = |rule| Err(Fault::Broken { offset, rule });
    // X.690 section 10.1: the definite form, encoded in the minimum number of octets.
    let first = octet(bytes, at, offset)?;
    let count = match first {
        0..=0x7f => return Ok((1, usize::from(first))),
        0x80 => return broken("an element has no definite length"),
        0x81..=0x84 => usize::from(first & 0x7f),
        _ => return broken("a length is larger than any request"),
    };
    let mut length = 0_usize;
    for further in 1..=count {
        length = length << 8 | usize::from(octet(bytes, at + further, offset)?);
    }
    if length < 0x80 || length >> ((count - 1) * 8) == 0 {
        return broken("a length is not written in its shortest form");
    }
    Ok((1 + count, length))
}

/// The rules for the universal types; other classes are whatever their definition says.
fn universal(head: &Header, body: &[u8]) -> Result<(), &'static str> {
    if head.tag & 0xc0 != 0 {
        return Ok(());
    }
    let number = head.tag & 0x1f;
    // X.690 sections 8.9 to 8.12 and 10.2: these are constructed, all others, strings included, are primitive.
    let constructed = matches!(number, 8 | 11 | 16 | 17 | 29);
    if constructed != head.is_constructed() {
        return Err("an element is constructed where DER wants it primitive, or the other way round");
    }
    match number {
        0 => Err("there is an end-of-contents marker"),
        1 if !matches!(body, [0x00 | 0xff]) => Err("a BOOLEAN is neither 00 nor FF"),
        2 | 10 => minimal_integer(body),
        3 => bit_string(body),
        5 if !body.is_empty() => Err("a NULL has contents"),
        6 | 13 => object_identifier(body),
        17 => ascending(body),
        _ => Ok(()),
    }
}

/// X.690 section 8.3.2: the first nine bits are neither all zero nor all one.
fn minimal_integer(body: &[u8]) -> Result<(), &'static str> {
    match body {
        [] => Err("an INTEGER is empty"),
        [0x00, next, ..] if next & 0x80 == 0 => Err("an INTEGER is not written in its shortest form"),
        [0xff, next, ..] if next & 0x80 != 0 => Err("an INTEGER is not written in its shortest form"),
        _ => Ok(()),
    }
}

/// X.690 sections 8.6.2 and 11.2.1: at most seven unused bits, each of them zero.
fn bit_string(body: &[u8]) -> Result<(), &'static str> {
    match body {
        [] | [1..=0xff, ..] if body.len() < 2 => Err("a BIT STRING lacks its octets"),
        [8..=0xff, ..] => Err("a BIT STRING has more than seven unused bits"),
        [unused, .., last] if last & !(0xff << unused) != 0 => {
            Err("unused bits of a BIT STRING are not zero")
        }
        _ => Ok(()),
    }
}

/// X.690 section 8.19.2: every component in as few octets as possible, the last one complete.
fn object_identifier(body: &[u8]) -> Result<(), &'static str> {
    let mut starts = true;
    for octet in body {
        if starts && *octet == 0x80 {
            return Err("an OBJECT IDENTIFIER is not written in its shortest form");
        }
        starts = octet & 0x80 == 0;
    }
    if body.is_empty() || !starts { Err("an OBJECT IDENTIFIER ends within a component") } else { Ok(()) }
}

/// X.690 section 11.6: the values of a SET OF ascend. Every universal SET in a request is one. (Attributes hang on
/// an implicit tag, and clients leave them in any order: that order carries no meaning and is not judged.)
fn ascending(body: &[u8]) -> Result<(), &'static str> {
    let mut rest = body;
    let mut before: &[u8] = &[];
    while !rest.is_empty() {
        let head = header(rest, 0).map_err(|_| "an element runs past the one around it")?;
        let (value, after) =
            rest.split_at_checked(head.end).ok_or("an element runs past the one around it")?;
        if value < before {
            return Err("the values of a SET OF are not in ascending order");
        }
        (before, rest) = (value, after);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn der_passes() {
        for good in [
            &[0x05, 0x00][..],
            &[0x02, 0x01, 0x00],
            &[0x02, 0x02, 0x00, 0x80],
            &[0x03, 0x01, 0x00],
            &[0x03, 0x02, 0x04, 0xf0],
            &[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02],
            &[0xa0, 0x02, 0x05, 0x00],
            &[0x1f, 0x1f, 0x00][..],
        ] {
            if good[0] == 0x1f {
                // A universal tag above 30 does not exist, but the form is what is tested.
                assert!(header(good, 0).is_ok());
            } else {
                assert_eq!(check(good), Ok(()), "{good:02x?}");
            }
        }
    }

    #[test]
    fn every_laxity_of_ber_is_refused() {
        for bad in [
            &[0x30, 0x80, 0x00, 0x00][..],   // indefinite length
            &[0x04, 0x81, 0x01, 0x00],       // long form for a short length
            &[0x1f, 0x80, 0x1f, 0x00],       // padded tag number
            &[0x1f, 0x05, 0x00],             // long form for a low tag number
            &[0x01, 0x01, 0x01],             // BOOLEAN other than FF
            &[0x02, 0x02, 0x00, 0x01],       // padded INTEGER
            &[0x02, 0x02, 0xff, 0x80],       // padded negative INTEGER
            &[0x02, 0x00],                   // empty INTEGER
            &[0x03, 0x00],                   // BIT STRING without its first octet
            &[0x03, 0x01, 0x01],             // unused bits of nothing
            &[0x03, 0x02, 0x04, 0xff],       // unused bits set
            &[0x03, 0x02, 0x08, 0x00],       // eight unused bits
            &[0x24, 0x03, 0x04, 0x01, 0x00], // constructed OCTET STRING
            &[0x10, 0x00],                   // primitive SEQUENCE
            &[0x05, 0x01, 0x00],             // NULL with contents
            &[0x06, 0x02, 0x80, 0x01],       // padded component
            &[0x06, 0x01, 0x81],             // unfinished component
            &[0x30, 0x02, 0x00, 0x00],       // end of contents
            &[0x30, 0x03, 0x04, 0x02, 0x00], // inner past outer
            &[0x31, 0x06, 2, 1, 2, 2, 1, 1], // SET OF out of order
        ] {
            assert!(matches!(check(bad), Err(Fault::Broken { .. } | Fault::Truncated { .. })), "{bad:02x?}");
        }
    }

    #[test]
    fn length_and_depth_are_bounded() {
        assert_eq!(check(&[0x04, 0x02, 0x00]), Err(Fault::Truncated { expected: 4, found: 3 }));
        assert_eq!(check(&[0x05, 0x00, 0x00]), Err(Fault::Trailing { octets: 1 }));
        assert!(matches!(check(&[0x04, 0x85, 1, 0, 0, 0, 0]), Err(Fault::Broken { .. })));
        let mut nested = vec![0x05, 0x00];
        for _ in 0..40 {
            nested.insert(0, u8::try_from(nested.len()).unwrap());
            nested.insert(0, 0x30);
        }
        assert!(matches!(check(&nested), Err(Fault::Broken { rule: "it nests too deeply", .. })));
    }
}
