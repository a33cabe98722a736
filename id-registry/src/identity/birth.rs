//! Birth dates as civil registers have them: ISO 8601, complete, or with gaps where day or month was never written down.

use time::{Date, Month};

use super::field::FieldError;

/// The oldest person on record lived 122 years: whoever is said to be older was mistyped.
const OLDEST: i32 = 130;

/// A birth date, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BirthDate {
    /// The year, four digits.
    pub year: i32,
    /// The month, 1 to 12; none is known where the register has the year only.
    pub month: Option<u8>,
    /// The day of the month; never without the month.
    pub day: Option<u8>,
}

impl BirthDate {
    /// Reads `1984-03-07`, `1984-03` or `1984` (ISO 8601-1:2019 section 5.2.2, extended format).
    ///
    /// # Errors
    /// It is no such date, there is no such day, it lies after `today`, or more than 130 years before.
    pub(super) fn entered(text: &str, today: Date) -> Result<Self, FieldError> {
        let date = Self::read(text)?;
        if date.first()? > today {
            return Err(refused("it lies in the future"));
        }
        if date.year < today.year() - OLDEST {
            return Err(refused("it lies more than 130 years back"));
        }
        Ok(date)
    }

    /// Reads what was judged when it was entered.
    ///
    /// # Errors
    /// It is no date.
    pub(crate) fn read(text: &str) -> Result<Self, FieldError> {
        let form = || refused("it is not written as ISO 8601 has it");
        let number = |part: &str, digits: usize| {
            let fits = part.len() == digits && part.bytes().all(|c| c.is_ascii_digit());
            fits.then(|| part.parse::<u16>().ok()).flatten().ok_or_else(form)
        };
        let small = |part: &str| Ok(u8::try_from(number(part, 2)?).unwrap_or(u8::MAX));
        let mut parts = text.split('-');
        let year = i32::from(number(parts.next().unwrap_or_default(), 4)?);
        let month = parts.next().map(small).transpose()?;
        let day = parts.next().map(small).transpose()?;
        if parts.next().is_some() {
            return Err(form());
        }
        let date = Self { year, month, day };
        date.first()?;
        Ok(date)
    }

    /// Whether somebody who was born then is `age` years old on a day; `None` where day or month decide and are not known.
    /// Whoever was born on 29 February is a year older on 1 March where there is no such day.
    pub(crate) fn is_over(&self, age: u8, today: Date) -> Option<bool> {
        let earliest = (self.year + i32::from(age), self.month.unwrap_or(1), self.day.unwrap_or(1));
        if today >= self.comes_of_age(age) {
            Some(true)
        } else if (today.year(), u8::from(today.month()), today.day()) < earliest {
            Some(false)
        } else {
            None
        }
    }

    /// The day on which somebody who was born then is surely `age` years old: where day or month are not known, the last that
    /// it may be.
    pub(crate) fn comes_of_age(&self, age: u8) -> Date {
        let year = self.year + i32::from(age);
        let month = self.month.and_then(|month| Month::try_from(month).ok()).unwrap_or(Month::December);
        let day = self.day.unwrap_or_else(|| month.length(self.year));
        // 29 February is followed by 1 March where there is no such day. A year has four digits, so there is such a date.
        let next = || Date::from_calendar_date(year, month.next(), 1).unwrap_or(Date::MAX);
        Date::from_calendar_date(year, month, day).unwrap_or_else(|_| next())
    }

    /// The first day that it may be.
    pub(crate) fn first(&self) -> Result<Date, FieldError> {
        let month =
            Month::try_from(self.month.unwrap_or(1)).map_err(|_| refused("there is no such month"))?;
        Date::from_calendar_date(self.year, month, self.day.unwrap_or(1))
            .map_err(|_| refused("that month has no such day"))
    }
}

impl std::fmt::Display for BirthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}", self.year)?;
        let parts = self.month.into_iter().chain(self.day);
        parts.into_iter().try_for_each(|part| write!(f, "-{part:02}"))
    }
}

fn refused(why: &str) -> FieldError {
    FieldError {
        field: "birth_date",
        why: why.to_owned(),
        fits: "year, month and day as 1984-03-07; 1984-03 or 1984 where no more is known",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 29);

    #[test]
    fn dates_are_complete_or_have_gaps_at_their_end() {
        for right in ["1984-03-07", "1984-03", "1984", "2024-02-29", "2026-11-29", "2026-11", "2026", "1896"]
        {
            assert_eq!(BirthDate::entered(right, TODAY).unwrap().to_string(), right);
        }
    }

    #[test]
    fn an_age_is_told_where_it_is_sure() {
        let over = |text: &str, age| BirthDate::read(text).unwrap().is_over(age, TODAY);
        assert_eq!((over("2008-11-29", 18), over("2008-11-30", 18)), (Some(true), Some(false)));
        assert_eq!(
            (over("2008-10", 18), over("2008-11", 18), over("2008-12", 18)),
            (Some(true), None, Some(false))
        );
        assert_eq!((over("2007", 18), over("2008", 18), over("2009", 18)), (Some(true), None, Some(false)));
        assert_eq!(over("1984-03-07", 120), Some(false));
        let leap = BirthDate::read("2004-02-29").unwrap();
        assert_eq!(leap.is_over(18, date!(2022 - 02 - 28)), Some(false));
        assert_eq!(leap.is_over(18, date!(2022 - 03 - 01)), Some(true));
    }

    #[test]
    fn somebody_comes_of_age_on_the_first_day_on_which_it_is_sure() {
        for (born, day) in [
            ("2008-11-29", date!(2026 - 11 - 29)),
            ("2008-11", date!(2026 - 11 - 30)),
            ("2008-02", date!(2026 - 03 - 01)),
            ("2008", date!(2026 - 12 - 31)),
            ("2004-02-29", date!(2022 - 03 - 01)),
        ] {
            let born = BirthDate::read(born).unwrap();
            assert_eq!(born.comes_of_age(18), day);
            assert_eq!(born.is_over(18, day), Some(true), "{born}");
            assert_ne!(born.is_over(18, day.previous_day().unwrap()), Some(true), "{born}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        for (wrong, why) in [
            ("1984-02-30", "no such day"),
            ("2023-02-29", "no such day"),
            ("1984-13-01", "no such month"),
            ("1984-00", "no such month"),
            ("1984-01-00", "no such day"),
            ("2026-11-30", "future"),
            ("2026-12", "future"),
            ("2027", "future"),
            ("1895-12-31", "130 years"),
            ("0084", "130 years"),
            ("07/03/1984", "ISO 8601"),
            ("7-3-1984", "ISO 8601"),
            ("84-03-07", "ISO 8601"),
            ("1984-3-7", "ISO 8601"),
            ("1984-03-07T00:00", "ISO 8601"),
            ("1984-03-07-01", "ISO 8601"),
            ("1984-", "ISO 8601"),
            ("１９８４", "ISO 8601"),
            ("+984", "ISO 8601"),
            ("", "ISO 8601"),
        ] {
            let error = BirthDate::entered(wrong, TODAY).unwrap_err();
            assert_eq!(error.field, "birth_date");
            assert!(error.why.contains(why), "{wrong}: {error}");
            assert!(wrong.is_empty() || !error.to_string().contains(wrong), "{error} shows the value");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,20}") {
            let _ = BirthDate::entered(&text, TODAY);
        }
    }
}
