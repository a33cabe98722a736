//! DER, read as places in the octets it came in: a certificate keeps its octets once, and where in them each part is.
//!
//! The structures that relying parties read (RFC 5280 appendix A) have tags of one octet and at most four octets of
//! length; anything else is refused.

use const_oid::ObjectIdentifier;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The octets are not DER, or not the structure they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One element: its identifier octet, its contents, and all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// Reads the elements of a structure one after another.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Over the contents of a structure.
    pub(crate) const fn new(contents: &'a [u8]) -> Self {
        Self(contents)
    }

    /// Over the contents of the one element of this tag that `octets` are.
    pub(crate) fn only(octets: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        let mut reader = Self(octets);
        let element = reader.expect(tag)?;
        reader.end()?;
        Ok(Self(element.body))
    }

    /// The next element, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, Malformed> {
        let Some((&tag, after_tag)) = self.0.split_first() else { return Ok(None) };
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let (length, contents) = length(after_tag)?;
        let (body, rest) = contents.split_at_checked(length).ok_or(Malformed)?;
        let whole = self.0.get(..self.0.len() - rest.len()).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Some(Element { tag, body, whole }))
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        self.next()?.filter(|element| element.tag == tag).ok_or(Malformed)
    }

    /// The next element when it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.0.first() == Some(&tag) { self.next() } else { Ok(None) }
    }

    /// The contents of the next element, a structure of this tag.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Self, Malformed> {
        Ok(Self(self.expect(tag)?.body))
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing may be left.
    pub(crate) const fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// X.690 section 10.1: the definite form, in the minimum number of octets.
fn length(octets: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let (&first, mut rest) = octets.split_first().ok_or(Malformed)?;
    let count = match first {
        0..=0x7f => return Ok((usize::from(first), rest)),
        0x81..=0x84 => first & 0x7f,
        _ => return Err(Malformed),
    };
    let mut length = 0_usize;
    for _ in 0..count {
        let (&octet, after) = rest.split_first().ok_or(Malformed)?;
        length = length << 8 | usize::from(octet);
        rest = after;
    }
    let shortest = length >= 0x80 && length >> (usize::from(count - 1) * 8) != 0;
    if shortest { Ok((length, rest)) } else { Err(Malformed) }
}

/// A BOOLEAN's value (X.690 section 11.1).
pub(crate) const fn boolean(body: &[u8]) -> Result<bool, Malformed> {
    match body {
        [0xff] => Ok(true),
        [0x00] => Ok(false),
        _ => Err(Malformed),
    }
}

/// The contents of an INTEGER in its shortest form (X.690 section 8.3.2), of either sign.
pub(crate) const fn integer(body: &[u8]) -> Result<&[u8], Malformed> {
    match body {
        [] => Err(Malformed),
        [0x00, next, ..] if *next < 0x80 => Err(Malformed),
        [0xff, next, ..] if *next >= 0x80 => Err(Malformed),
        _ => Ok(body),
    }
}

/// An INTEGER that is not negative, big-endian without leading zeros.
pub(crate) fn magnitude(body: &[u8]) -> Result<&[u8], Malformed> {
    match integer(body)? {
        [first, ..] if *first >= 0x80 => Err(Malformed),
        [0, rest @ ..] => Ok(rest),
        other => Ok(other),
    }
}

/// An INTEGER (0..MAX) that counts certificates: what does not fit is more than there can be.
pub(crate) fn count(body: &[u8]) -> Result<u32, Malformed> {
    let octets = magnitude(body)?;
    if octets.len() > 4 {
        return Ok(u32::MAX);
    }
    Ok(octets.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)))
}

/// An OBJECT IDENTIFIER from its contents.
pub(crate) fn oid(body: &[u8]) -> Result<ObjectIdentifier, Malformed> {
    ObjectIdentifier::from_bytes(body).map_err(|_| Malformed)
}

/// The octets of the BIT STRING that a signature is. One that does not hold whole octets is none, and verifies under no
/// key, as an empty one does.
pub(crate) fn signature(body: &[u8]) -> &[u8] {
    match body.split_first() {
        Some((0, octets)) => octets,
        _ => body.get(body.len()..).unwrap_or_default(),
    }
}

/// The first sixteen named bits of a BIT STRING, bit 0 the most significant one.
pub(crate) fn named_bits(body: &[u8]) -> Result<u16, Malformed> {
    match body {
        [0] => Ok(0),
        [0..=7, octets @ ..] if !octets.is_empty() => {
            let octet = |place| u16::from(octets.get(place).copied().unwrap_or_default());
            Ok(octet(0) << 8 | octet(1))
        }
        _ => Err(Malformed),
    }
}

/// A Time (RFC 5280 section 4.1.2.5): seconds are there, and the zone is Z.
pub(crate) fn moment(element: Element<'_>) -> Result<OffsetDateTime, Malformed> {
    let (year, rest) = match element.tag {
        UTC_TIME => {
            let (year, rest) = digits(element.body, 2)?;
            // Section 4.1.2.5.1: 50 and above are of the twentieth century.
            (if year >= 50 { 1900 + year } else { 2000 + year }, rest)
        }
        GENERALIZED_TIME => digits(element.body, 4)?,
        _ => return Err(Malformed),
    };
    let mut parts = [0_u8; 5];
    let mut rest = rest;
    for part in &mut parts {
        let (value, after) = digits(rest, 2)?;
        *part = u8::try_from(value).map_err(|_| Malformed)?;
        rest = after;
    }
    if rest != b"Z" {
        return Err(Malformed);
    }
    let [month, day, hour, minute, second] = parts;
    let month = Month::try_from(month).map_err(|_| Malformed)?;
    let date = Date::from_calendar_date(year, month, day).map_err(|_| Malformed)?;
    let time = Time::from_hms(hour, minute, second).map_err(|_| Malformed)?;
    Ok(PrimitiveDateTime::new(date, time).assume_utc())
}

fn digits(octets: &[u8], count: usize) -> Result<(i32, &[u8]), Malformed> {
    let (digits, rest) = octets.split_at_checked(count).ok_or(Malformed)?;
    let add = |sum: i32, octet: &u8| {
        if octet.is_ascii_digit() { Ok(sum * 10 + i32::from(octet - b'0')) } else { Err(Malformed) }
    };
    Ok((digits.iter().try_fold(0, add)?, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(octets: &[u8]) -> Result<(u8, usize), Malformed> {
        let mut reader = Reader::new(octets);
        let element = reader.next()?.ok_or(Malformed)?;
        reader.end()?;
        Ok((element.tag, element.body.len()))
    }

    #[test]
    fn one_element_has_one_encoding() {
        assert_eq!(read(&[0x05, 0x00]), Ok((5, 0)));
        assert_eq!(read(&[&[0x04, 0x81, 0x80][..], &[7; 128]].concat()), Ok((4, 128)));
        for bad in [
            &[0x30, 0x80, 0, 0][..],
            &[0x04, 0x81, 0x01, 0],
            &[0x04, 0x82, 0x00, 0x80],
            &[0x1f, 0x1f, 0x00],
            &[0x04, 0x02, 0x00],
            &[0x04, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x04],
            &[0x05, 0x00, 0x00],
        ] {
            assert_eq!(read(bad), Err(Malformed), "{bad:02x?}");
        }
    }

    #[test]
    fn numbers_are_read_whole() {
        assert_eq!(count(&[0x00, 0xff]), Ok(255));
        assert_eq!(count(&[1, 0, 0, 0, 0]), Ok(u32::MAX));
        assert_eq!(count(&[0xff]), Err(Malformed));
        assert_eq!(magnitude(&[0]), Ok(&[][..]));
        assert_eq!(integer(&[0xff, 0x80]), Err(Malformed));
        assert_eq!(integer(&[0x80]), Ok(&[0x80][..]));
        assert_eq!(named_bits(&[7, 0x80]), Ok(0x8000));
        assert_eq!(named_bits(&[1]), Err(Malformed));
    }

    #[test]
    fn times_of_both_centuries_are_read() {
        let read = |tag, text: &str| {
            moment(Element { tag, body: text.as_bytes(), whole: &[] }).map(OffsetDateTime::unix_timestamp)
        };
        assert_eq!(read(UTC_TIME, "500101120100Z"), Ok(-631_108_740));
        assert_eq!(read(UTC_TIME, "491231235959Z"), Ok(2_524_607_999));
        assert_eq!(read(GENERALIZED_TIME, "20500101000000Z"), Ok(2_524_608_000));
        for bad in [
            "2501011200Z",
            "250101120000",
            "250101120000+0000",
            "251301120000Z",
            "250101246000Z",
            "25010112000 Z",
        ] {
            assert_eq!(read(UTC_TIME, bad), Err(Malformed), "{bad}");
        }
        assert_eq!(read(GENERALIZED_TIME, "20250101000000.5Z"), Err(Malformed));
    }
}
