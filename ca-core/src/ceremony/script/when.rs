//! Moments in a script: a day, `2027-06-01`, or a moment, `2027-06-01T12:00:00Z`.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime, Time, UtcOffset};

/// Which end of a day is meant where only a day is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    First,
    /// RFC 5280 section 4.1.2.5: a period includes its last second.
    Last,
}

/// Reads a day or a moment, in UTC, to the second.
pub(super) fn moment(text: &str, end: End) -> Option<OffsetDateTime> {
    // The library reads a day out of a longer text too.
    if let Some(date) = (text.len() == 10).then(|| Date::parse(text, &Iso8601::DATE).ok()).flatten() {
        let time = match end {
            End::First => Time::MIDNIGHT,
            End::Last => Time::from_hms(23, 59, 59).ok()?,
        };
        return Some(date.with_time(time).assume_utc());
    }
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?.to_offset(UtcOffset::UTC);
    moment.replace_nanosecond(0).ok()
}
