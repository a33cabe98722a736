//! Moments of tokens: GeneralizedTime with fractions of a second.

use der::{Any, Tag, Tagged};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::validation::der::{Element, GENERALIZED_TIME, Malformed, moment};

/// A moment to the millisecond.
///
/// # Errors
/// A year that has not four digits.
pub(super) fn written(at: OffsetDateTime) -> der::Result<Any> {
    let at = at.to_offset(UtcOffset::UTC);
    if !(0..=9999).contains(&at.year()) {
        return Err(der::ErrorKind::DateTime.into());
    }
    let (date, time) = (at.date(), at.time());
    let mut text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    // RFC 3161 section 2.4.2: fractions without trailing zeros, and no point without fractions.
    let fraction = format!("{:03}", time.millisecond());
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text.push('Z');
    Any::new(Tag::GeneralizedTime, text.into_bytes())
}

/// Reads a moment; what is finer than nanoseconds is cut off.
pub(super) fn read(time: &Any) -> Result<OffsetDateTime, Malformed> {
    if time.tag() != Tag::GeneralizedTime {
        return Err(Malformed);
    }
    let text = std::str::from_utf8(time.value()).map_err(|_| Malformed)?;
    let (whole, fraction) = match text.strip_suffix('Z').ok_or(Malformed)?.split_once('.') {
        Some((_, "")) => return Err(Malformed),
        Some((whole, fraction)) => (whole, fraction),
        None => (text.trim_end_matches('Z'), ""),
    };
    if fraction.ends_with('0') || !fraction.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Malformed);
    }
    let body = format!("{whole}Z");
    let second = moment(Element { tag: GENERALIZED_TIME, body: body.as_bytes(), whole: &[] })?;
    let nanoseconds: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanoseconds = nanoseconds.parse().map_err(|_| Malformed)?;
    Ok(second + Duration::nanoseconds(nanoseconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use time::macros::datetime;

    #[test]
    fn moments_go_out_and_in_with_milliseconds() {
        for (at, text) in [
            (datetime!(2027-01-02 03:04:05 UTC), "20270102030405Z"),
            (datetime!(2027-01-02 03:04:05.25 UTC), "20270102030405.25Z"),
            (datetime!(2027-01-02 05:04:05.007 +2), "20270102030405.007Z"),
        ] {
            let any = written(at).unwrap();
            assert_eq!(any.value(), text.as_bytes());
            assert_eq!(read(&any), Ok(at));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "20270102030405.Z",
            "20270102030405.10Z",
            "20270102030405",
            "2027010203Z",
            "20270102030405.xZ",
            "",
        ] {
            let any = Any::new(Tag::GeneralizedTime, text.as_bytes()).unwrap();
            assert_eq!(read(&any), Err(Malformed), "{text}");
        }
        assert_eq!(read(&Any::new(Tag::UtcTime, *b"270102030405Z").unwrap()), Err(Malformed));
    }
}
