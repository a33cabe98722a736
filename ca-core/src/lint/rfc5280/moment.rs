//! Moments as RFC 5280 writes them, in certificates, CRLs and OCSP answers.

use crate::lint::element::{Element, GENERALIZED_TIME, UTC_TIME};
use crate::lint::{Verdict, ensure};

/// RFC 5280 sections 4.1.2.5 and 5.1.2.4: to the second, in Zulu; UTCTime through 2049, GeneralizedTime from 2050.
pub(in crate::lint) fn check(tag: u8, text: &[u8]) -> Verdict {
    let digits = text.strip_suffix(b"Z").unwrap_or_default();
    ensure(!digits.is_empty() && digits.iter().all(u8::is_ascii_digit), "a moment is not digits and Z")?;
    match (tag, digits.len()) {
        // RFC 5280 section 4.1.2.5.1: YYMMDDHHMMSSZ
        (UTC_TIME, 12) => Ok(()),
        // RFC 5280 section 4.1.2.5.2: YYYYMMDDHHMMSSZ, without fractions of a second
        (GENERALIZED_TIME, 14) => {
            let late = digits >= b"2050".as_slice();
            ensure(late, "a moment before 2050 is a GeneralizedTime, and should be a UTCTime")
        }
        _ => Err("a moment is not to the second".to_owned()),
    }
}

/// A moment that [`check`] let through, or a GeneralizedTime of that form, as digits of equal length that compare as
/// the moments do: RFC 5280 section 4.1.2.5.1 puts years from 50 on into the twentieth century.
pub(in crate::lint) fn comparable(tag: u8, text: &[u8]) -> Option<[u8; 14]> {
    let digits = text.strip_suffix(b"Z")?;
    let mut whole = [0; 14];
    match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let century = if digits.first()? >= &b'5' { b"19" } else { b"20" };
            whole.first_chunk_mut::<2>()?.copy_from_slice(century);
            whole.last_chunk_mut::<12>()?.copy_from_slice(digits);
        }
        (GENERALIZED_TIME, 14) => whole.copy_from_slice(digits),
        _ => return None,
    }
    Some(whole)
}

/// A GeneralizedTime to the second, in Zulu, to be compared; `None` for anything else (RFC 5280 section 4.1.2.5.2).
pub(in crate::lint) fn generalized(element: Element<'_>) -> Option<[u8; 14]> {
    let moment = comparable(element.tag, element.body)?;
    (element.tag == GENERALIZED_TIME && moment.iter().all(u8::is_ascii_digit)).then_some(moment)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{check, comparable};

    const UTC: u8 = 0x17;
    const GENERALIZED: u8 = 0x18;

    #[test]
    fn the_form_changes_in_2050() {
        assert_eq!(check(UTC, b"491231235959Z"), Ok(()));
        assert_eq!(check(GENERALIZED, b"20500101000000Z"), Ok(()));
        for (tag, text) in [
            (GENERALIZED, &b"20491231235959Z"[..]),
            (UTC, b"4912312359Z"),
            (UTC, b"491231235959+0000"),
            (GENERALIZED, b"20500101000000.5Z"),
            (0x16, b"491231235959Z"),
        ] {
            assert!(check(tag, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn moments_compare_over_the_change_of_form_and_of_century() {
        let at = |tag, text: &[u8]| comparable(tag, text).unwrap();
        assert!(at(UTC, b"491231235959Z") < at(GENERALIZED, b"20500101000000Z"));
        assert!(at(UTC, b"991231235959Z") < at(UTC, b"000101000000Z"));
        assert_eq!(comparable(UTC, b"soon"), None);
    }
}
