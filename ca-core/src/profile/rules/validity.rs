//! How long certificates last.

use time::macros::date;
use time::{Date, Duration};

use super::{Rule, has_duplicates, refuse_if};
use crate::profile::{BrokenRule, LongestFrom, Profile, ProfileKind, ShortTerm};

pub(super) const RULES: [Rule; 6] = [
    validity_is_bounded,
    tls_servers_keep_the_bound_of_each_day,
    longest_lifetimes_are_of_their_own_days,
    key_is_used_no_longer_than_the_certificate,
    short_terms_are_nobody_s_who_must_be_asked_about,
    short_terms_are_short,
];

/// Our longest validities, in days, with a few days' grace for leap years. Shorter than what the standards allow or
/// leave open, because cryptography and organisations change.
const ROOT_DAYS: i64 = 25 * 366;
const ISSUING_DAYS: i64 = 15 * 366;
const END_ENTITY_DAYS: i64 = 5 * 366;
/// A responder cannot be revoked (RFC 6960 section 4.2.2.2.1), so its life is short.
const RESPONDER_DAYS: i64 = 60;
/// CA/Browser Forum BR section 6.3.2: how many days a server's certificate may last that is issued from a day on.
const TLS_SERVER_DAYS: [(Date, i64); 3] =
    [(date!(2026 - 03 - 15), 200), (date!(2027 - 03 - 15), 100), (date!(2029 - 03 - 15), 47)];

fn validity_is_bounded(profile: &Profile) -> Result<(), BrokenRule> {
    let (most, clause) = match profile.kind {
        ProfileKind::RootCa => (ROOT_DAYS, "npki"),
        ProfileKind::IssuingCa { .. } => (ISSUING_DAYS, "npki"),
        ProfileKind::EndEntity if profile.is_responder() => (RESPONDER_DAYS, "RFC 6960 section 4.2.2.2.1"),
        ProfileKind::EndEntity => (END_ENTITY_DAYS, "npki"),
    };
    // notBefore lies minutes back: what lasts less than an hour would hardly be there.
    let fits = profile.validity >= Duration::HOUR && profile.validity <= Duration::days(most);
    refuse_if(!fits, "validity_days", clause, format!("an hour to {most} days"))
}

fn tls_servers_keep_the_bound_of_each_day(profile: &Profile) -> Result<(), BrokenRule> {
    if !profile.is_tls_server() {
        return Ok(());
    }
    for (from, days) in TLS_SERVER_DAYS {
        refuse_if(
            profile.validity_on(from) > Duration::days(days),
            "validity_days",
            "CA/Browser Forum BR section 6.3.2",
            format!("{days} days at most from {from} on: write it into [[max_validity]]"),
        )?;
    }
    Ok(())
}

fn longest_lifetimes_are_of_their_own_days(profile: &Profile) -> Result<(), BrokenRule> {
    let days: Vec<Date> = profile.max_validity.iter().map(|limit| limit.from).collect();
    let nothing = |limit: &LongestFrom| limit.longest < Duration::DAY;
    let wrong = has_duplicates(&days) || profile.max_validity.iter().any(nothing);
    refuse_if(wrong, "max_validity", "npki", "one for each day, of a day at least")
}

fn key_is_used_no_longer_than_the_certificate(profile: &Profile) -> Result<(), BrokenRule> {
    let Some(period) = profile.private_key_usage else { return Ok(()) };
    let longest = profile.max_validity.iter().map(|limit| limit.longest);
    let shortest = longest.fold(profile.validity, Duration::min);
    // ITU-T X.509 section 9.2.2.5: the period of use of the private key, for signatures that are verified for longer.
    refuse_if(
        profile.is_ca() || period < Duration::DAY || period > shortest,
        "private_key_usage_days",
        "ITU-T X.509 section 9.2.2.5",
        "a day at least, as long as the certificate at most, and never of a CA",
    )
}

fn short_terms_are_nobody_s_who_must_be_asked_about(profile: &Profile) -> Result<(), BrokenRule> {
    if profile.short_term.is_none() {
        return Ok(());
    }
    // RFC 9608 section 2: never in a CA's certificate, and beside no address that tells of revocation.
    refuse_if(
        profile.is_ca() || profile.ocsp_no_check,
        "short_term",
        "RFC 9608 section 2",
        "neither CAs nor responders are short-term",
    )?;
    refuse_if(
        profile.ocsp_address || profile.crl_address,
        "addresses",
        "RFC 9608 section 2",
        "a short-term certificate names neither responder nor CRL",
    )
}

fn short_terms_are_short(profile: &Profile) -> Result<(), BrokenRule> {
    let Some(term) = profile.short_term else { return Ok(()) };
    let (most, clause, words) = match term {
        // ETSI EN 319 411-1 section 6.2.4 (REV-6.2.4-03A): a revocation would be acted on within 24 hours.
        ShortTerm::ValidityAssured => (Duration::DAY, "ETSI EN 319 412-1 section 5.2", "24 hours at most"),
        // CA/Browser Forum BR section 1.6.1, short-lived subscriber certificates.
        ShortTerm::NoRevocation => (Duration::WEEK, "RFC 9608 section 4", "7 days at most"),
    };
    refuse_if(profile.validity > most, "validity_hours", clause, words)
}
