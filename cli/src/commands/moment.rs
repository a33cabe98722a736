//! Moments and spans of time, as people write them.

use std::time::Duration;

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

/// Reads a day, which begins at midnight UTC, or a moment.
///
/// # Errors
/// It is neither; said for people.
pub fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| Date::parse(text, &Iso8601::DATE).map(|day| day.midnight().assume_utc()))
        .map_err(|_| "write a day as 2027-03-31, or a moment as 2027-03-31T14:05:00Z".to_owned())
}

/// Reads a span of time: `7d`, `12h`, `30m`, `10s`.
///
/// # Errors
/// It is none; said for people.
pub fn span(text: &str) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        Some('s') => 1,
        _ => 0,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse::<u64>().ok());
    let seconds = number.and_then(|number| number.checked_mul(unit)).filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs).ok_or_else(|| "write a number and a unit: 7d, 12h, 30m, 10s".to_owned())
}

/// A moment as the server reads it.
pub fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        assert_eq!(span("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!((span("90m"), span("10s")), (Ok(Duration::from_secs(5_400)), Ok(Duration::from_secs(10))));
        for wrong in ["", "d", "7", "0d", "-1d", "1.5h", "7w", "99999999999999999999d", "7 d", "7\u{e4}"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_begin_at_midnight() {
        assert_eq!(moment("2027-03-31").map(written), Ok("2027-03-31T00:00:00Z".to_owned()));
        assert_eq!(
            moment("2027-03-31T14:05:00+02:00").map(written),
            Ok("2027-03-31T14:05:00+02:00".to_owned())
        );
        assert!(moment("31.3.2027").is_err());
    }
}
