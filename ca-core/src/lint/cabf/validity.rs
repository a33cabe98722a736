//! A server's certificate lasts no longer than was allowed on the day it begins.

use time::macros::date;
use time::{Date, Duration};

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.validity",
    clause: "CA/Browser Forum BR section 6.3.2",
    severity: Severity::Error,
    says: "a server's certificate lasts no longer than was allowed on the day it begins",
    check,
};

/// CA/Browser Forum BR section 6.3.2: both ends belong to the period (RFC 5280 section 4.1.2.5), and part of a day is a
/// day.
fn check(examined: &Examined<'_>) -> Verdict {
    let validity = examined.tbs().validity();
    let begins = validity.not_before.to_datetime();
    let lasts = validity.not_after.to_datetime() - begins + Duration::SECOND;
    let days = most_days(begins.date());
    ensure_or(lasts <= Duration::days(days), || format!("it lasts more than {days} days"))
}

/// The table of section 6.3.2: how many days a certificate may last that is issued on a day.
fn most_days(begins: Date) -> i64 {
    const SINCE: [(Date, i64); 3] =
        [(date!(2029 - 03 - 15), 47), (date!(2027 - 03 - 15), 100), (date!(2026 - 03 - 15), 200)];
    SINCE.iter().find(|(since, _)| begins >= *since).map_or(398, |(_, days)| *days)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::most_days;

    #[test]
    fn the_bound_falls_on_three_days() {
        let days = [
            (date!(2026 - 03 - 14), 398),
            (date!(2026 - 03 - 15), 200),
            (date!(2027 - 03 - 14), 200),
            (date!(2027 - 03 - 15), 100),
            (date!(2029 - 03 - 14), 100),
            (date!(2029 - 03 - 15), 47),
        ];
        for (day, most) in days {
            assert_eq!(most_days(day), most, "{day}");
        }
    }
}
