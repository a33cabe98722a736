//! The few DER forms that CRLs are written with (X.690 section 8).

use time::OffsetDateTime;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
const BOOLEAN_TRUE: [u8; 3] = [0x01, 0x01, 0xff];
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Appends tag and length (X.690 section 10.1: the shortest form).
pub(super) fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let leading = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = octets.get(leading..).unwrap_or_default();
            // At most eight octets of length.
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
            out.extend_from_slice(octets);
        }
    }
}

/// An element that holds `parts` one after the other.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    push_header(&mut out, tag, length);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A non-negative INTEGER of big-endian octets.
pub(super) fn push_integer(out: &mut Vec<u8>, magnitude: &[u8]) {
    let leading = magnitude.iter().take_while(|octet| **octet == 0).count();
    let magnitude = magnitude.get(leading..).unwrap_or_default();
    // X.690 section 8.3: the top bit is the sign, and zero has one octet.
    let padded = magnitude.first().is_none_or(|first| first & 0x80 != 0);
    push_header(out, INTEGER, magnitude.len() + usize::from(padded));
    if padded {
        out.push(0);
    }
    out.extend_from_slice(magnitude);
}

/// An INTEGER.
pub(super) fn integer(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    push_integer(&mut out, &value.to_be_bytes());
    out
}

/// An extension; `critical` is DEFAULT FALSE, so DER leaves it out (RFC 5280 section 4.1).
pub(super) fn extension(oid: &[u8], critical: Critical, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical == Critical::Yes { &BOOLEAN_TRUE } else { &[] };
    let (oid, value) = (element(OBJECT_IDENTIFIER, &[oid]), element(OCTET_STRING, &[value]));
    element(SEQUENCE, &[&oid, critical, &value])
}

/// Whether a verifier that does not know an extension must refuse the CRL (RFC 5280 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Critical {
    Yes,
    No,
}

/// A Time. RFC 5280 section 5.1.2.4: UTCTime through 2049, GeneralizedTime from 2050 on, whole seconds, Zulu.
pub(super) fn push_time(out: &mut Vec<u8>, moment: OffsetDateTime) {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    if (1950..2050).contains(&moment.year()) {
        push_header(out, UTC_TIME, 13);
        push_digits(out, moment.year().unsigned_abs() % 100, 10);
        push_from_month(out, moment);
    } else {
        push_generalized_time(out, moment);
    }
}

/// A GeneralizedTime in whole seconds, Zulu (RFC 5280 section 4.1.2.5.2).
pub(super) fn push_generalized_time(out: &mut Vec<u8>, moment: OffsetDateTime) {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    push_header(out, GENERALIZED_TIME, 15);
    push_digits(out, moment.year().unsigned_abs() % 10_000, 1_000);
    push_from_month(out, moment);
}

fn push_from_month(out: &mut Vec<u8>, moment: OffsetDateTime) {
    let (hour, minute, second) = moment.to_hms();
    for part in [u8::from(moment.month()), moment.day(), hour, minute, second] {
        push_digits(out, part.into(), 10);
    }
    out.push(b'Z');
}

/// `value` in decimal, its first digit being of the weight `place`.
fn push_digits(out: &mut Vec<u8>, value: u32, mut place: u32) {
    while place > 0 {
        out.push(b'0' + u8::try_from(value / place % 10).unwrap_or_default());
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{element, integer, push_time};
    use time::macros::datetime;

    #[test]
    fn lengths_and_integers_take_the_shortest_form() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(256), [2, 2, 1, 0]);
        assert_eq!(element(4, &[&[7; 127]])[..2], [4, 127]);
        assert_eq!(element(4, &[&[7; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[&[7; 70_000]])[..5], [4, 0x83, 0x01, 0x11, 0x70]);
    }

    #[test]
    fn times_change_their_form_in_2050() {
        let written = |moment| {
            let mut out = Vec::new();
            push_time(&mut out, moment);
            (out[0], String::from_utf8(out[2..].to_vec()).unwrap())
        };
        assert_eq!(written(datetime!(2049-12-31 23:59:58 UTC)), (0x17, "491231235958Z".to_owned()));
        assert_eq!(written(datetime!(2050-01-01 0:00 UTC)), (0x18, "20500101000000Z".to_owned()));
        assert_eq!(written(datetime!(2026-02-03 4:05:06 +2)), (0x17, "260203020506Z".to_owned()));
    }
}
