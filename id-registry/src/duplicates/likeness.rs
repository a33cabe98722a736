//! How much two persons are alike: the one rule by which an officer is asked.
//!
//! The likeness of names counts 60 of 100, that of birth dates 40.
//!
//! **Names.** Parts are folded ([`fold`](super::fold)) and compared by Jaro and Winkler's measure, of which what lies above 0.70
//! counts: names that have less in common have nothing in common. Each part of the shorter list is held against the one most
//! like it in the other, so that a second name that was left out costs little (3 in 100), and so do surname and given name
//! that were exchanged. Surname and given names count half each. Of several forms (as written, in Latin letters) the two most
//! alike count.
//!
//! **Birth dates.** The same day counts whole; day and month exchanged 0.9; month and year the same and no day known 0.85;
//! one digit another 0.8; the year the same and no more known 0.75; none known on one side 0.4; anything else nothing. So who
//! has the same name and no birth date comes to 76: in a country where thousands are called Thabo Mokoena that is listed, and by
//! itself keeps nobody out.

use strsim::jaro_winkler;

use super::fold::Names;
use crate::identity::BirthDate;

/// How much names and dates count, of 100.
const NAMES: f64 = 60.0;
const DATES: f64 = 40.0;
/// What two names without anything in common come to by Jaro and Winkler's measure.
const NOTHING: f64 = 0.70;
/// What is left when a part was left out, or surname and given name were exchanged.
const ALMOST: f64 = 0.97;
/// From where on two names are said to agree.
const AGREES: f64 = 0.75;

/// The most that two persons come to when the birth date of one is not known.
pub(super) const MOST_UNDATED: u8 = 76;

/// How much two persons are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Likeness {
    /// 0 to 100.
    pub(super) score: u8,
    /// What agrees, in words.
    pub(super) agree: Vec<&'static str>,
}

impl Likeness {
    pub(super) fn between(one: (&[Names], Option<BirthDate>), other: (&[Names], Option<BirthDate>)) -> Self {
        let (date, dated) = dates(one.1, other.1);
        let pairs = one.0.iter().flat_map(|form| other.0.iter().map(move |against| names(form, against)));
        let (name, mut agree) =
            pairs.max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or((0.0, Vec::new()));
        agree.extend(dated);
        Self { score: percent(NAMES * name + DATES * date), agree }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
fn percent(score: f64) -> u8 {
    score.round().clamp(0.0, 100.0) as u8
}

fn names(one: &Names, other: &Names) -> (f64, Vec<&'static str>) {
    let straight = (parts(&one.surname, &other.surname), parts(&one.given, &other.given));
    let crossed = (parts(&one.surname, &other.given), parts(&one.given, &other.surname));
    let mean = |(surname, given): (f64, f64)| f64::midpoint(surname, given);
    if mean(crossed) * ALMOST > mean(straight) {
        let agree =
            if crossed.0 >= AGREES && crossed.1 >= AGREES { vec!["names-exchanged"] } else { Vec::new() };
        return (mean(crossed) * ALMOST, agree);
    }
    let said = [("surname", straight.0), ("given-name", straight.1)];
    let agree = said.into_iter().filter(|(_, likeness)| *likeness >= AGREES).map(|(name, _)| name);
    (mean(straight), agree.collect())
}

/// How much two lists of parts are alike, 0 to 1.
fn parts(one: &[String], other: &[String]) -> f64 {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if few.is_empty() {
        return 0.0;
    }
    let best = |part: &String| many.iter().map(|against| alike(part, against)).fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "a name has a few parts")]
    let mean = few.iter().map(best).sum::<f64>() / few.len() as f64;
    if few.len() == many.len() { mean } else { mean * ALMOST }
}

fn alike(one: &str, other: &str) -> f64 {
    ((jaro_winkler(one, other) - NOTHING) / (1.0 - NOTHING)).clamp(0.0, 1.0)
}

fn dates(one: Option<BirthDate>, other: Option<BirthDate>) -> (f64, Option<&'static str>) {
    let (Some(one), Some(other)) = (one, other) else { return (0.4, None) };
    let same_year = one.year == other.year;
    match ((one.month, one.day), (other.month, other.day)) {
        ((Some(month), Some(day)), (Some(against), Some(against_day))) => {
            if same_year && (month, day) == (against, against_day) {
                (1.0, Some("birth-date"))
            } else if same_year && (month, day) == (against_day, against) {
                (0.9, Some("birth-date-with-day-and-month-exchanged"))
            } else if one_digit_off(&one.to_string(), &other.to_string()) {
                (0.8, Some("birth-date-but-one-digit"))
            } else {
                (0.0, None)
            }
        }
        ((Some(month), _), (Some(against), _)) if same_year && month == against => {
            (0.85, Some("birth-month"))
        }
        ((None, _), _) | (_, (None, _)) if same_year => (0.75, Some("birth-year")),
        _ => (0.0, None),
    }
}

fn one_digit_off(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count() == 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::identity::{Details, Further};

    type Person<'a> = (&'a str, &'a str, &'a str);

    fn score(one: Person<'_>, other: Person<'_>) -> (u8, Vec<&'static str>) {
        let read = |(surname, given_name, born): Person<'_>| {
            let details = Details::Person {
                surname: surname.to_owned(),
                given_name: given_name.to_owned(),
                identifier: String::new(),
                further: Further::default(),
            };
            (Names::of(&details), BirthDate::read(born).ok())
        };
        let (one, other) = (read(one), read(other));
        let found = Likeness::between((&one.0, one.1), (&other.0, other.1));
        let back = Likeness::between((&other.0, other.1), (&one.0, one.1));
        assert_eq!(found.score, back.score, "the rule has two sides");
        (found.score, found.agree)
    }

    const THABO: Person<'_> = ("Mokoena", "Thabo Joseph", "1984-03-07");

    #[test]
    fn who_may_be_the_same_comes_above_85() {
        for other in [
            ("Mokoena", "Thabo Joseph", "1984-03-07"),
            ("Mokwena", "Tabo Joseph", "1984-03-07"),
            ("MOKOENA", "Thabo", "1984-03-07"),
            ("Mokoena", "Joseph", "1984-03-07"),
            ("Thabo", "Mokoena", "1984-03-07"),
            ("Mokoena", "Thabo", "1984-07-03"),
            ("Mokoena", "Thabo", "1983-03-07"),
            ("Mokoena", "Thabo", "1984-03-01"),
            ("Mokoena", "Thabo", "1984"),
            ("Mokoena", "Thabo", "1984-03"),
            ("Mokona", "Thabo", "1984-03-07"),
        ] {
            let (score, agree) = score(THABO, other);
            assert!(score >= 85, "{other:?}: {score} {agree:?}");
        }
    }

    #[test]
    fn who_is_somebody_else_stays_below() {
        for (other, least) in [
            // A namesake, a namesake without a date, a wife after her marriage, a twin: these are listed.
            (("Mokoena", "Thabo Joseph", "1951-12-24"), 60),
            (("Mokoena", "Thabo", ""), 70),
            (("Letsie", "Thabo Joseph", "1984-03-07"), 70),
            (("Mokoena", "Lerato", "1984-03-07"), 70),
            (("Letsie", "Palesa", "1984-03-07"), 0),
            (("Letsie", "Palesa", "1990-01-01"), 0),
        ] {
            let (score, agree) = score(THABO, other);
            assert!((least..85).contains(&score), "{other:?}: {score} {agree:?}");
        }
        assert_eq!(score(("Mokoena", "Thabo", "1984"), ("Mokoena", "Thabo", "")).0, MOST_UNDATED);
    }

    #[test]
    fn it_says_what_agrees() {
        assert_eq!(
            score(THABO, ("Thabo", "Mokoena", "1984-07-03")).1,
            ["names-exchanged", "birth-date-with-day-and-month-exchanged"]
        );
        assert_eq!(score(THABO, ("Mokoena", "Lerato", "1984-03-07")).1, ["surname", "birth-date"]);
    }
}
