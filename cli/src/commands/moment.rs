//! Moments and spans of time, as people write them.

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

/// A moment as the server reads it.
pub fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
