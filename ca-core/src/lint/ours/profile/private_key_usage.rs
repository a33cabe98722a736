//! The private key is used as long as the profile says.

use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.private-key-usage",
    clause: "ITU-T X.509 section 9.2.2.5",
    severity: Severity::Error,
    says: "the private key is used from the certificate's beginning on, as long as the profile says",
    check,
};

/// ITU-T X.509 section 9.2.2.5: two moments of GeneralizedTime, tagged implicitly. Ours: the first is the certificate's
/// own, and both ends belong to the period, as they do to the validity.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(period) = examined.profile().and_then(|profile| profile.private_key_usage) else {
        return Ok(());
    };
    let Some(found) = examined.extension(extension::PRIVATE_KEY_USAGE_PERIOD) else { return Ok(()) };
    let (from, until) = period_of(found.value).ok_or("it is not two moments")?;
    ensure(from == examined.tbs().validity().not_before.to_datetime(), "it begins at another moment")?;
    ensure(until - from + Duration::SECOND == period, "it lasts another time than the profile says")
}

fn period_of(value: &[u8]) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let [0x30, 34, 0x80, 15, rest @ ..] = value else { return None };
    let (from, rest) = rest.split_at_checked(15)?;
    let [0x81, 15, until @ ..] = rest else { return None };
    Some((moment(from)?, moment(until)?))
}

/// RFC 5280 section 4.1.2.5.2: seconds, and Z.
fn moment(octets: &[u8]) -> Option<OffsetDateTime> {
    let form = format_description!("[year][month][day][hour][minute][second]Z");
    let text = std::str::from_utf8(octets).ok()?;
    PrimitiveDateTime::parse(text, form).ok().map(PrimitiveDateTime::assume_utc)
}
