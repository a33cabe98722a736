//! `[registry.officers]`: when officers act, and how much of it in a day.

use id_registry::staff::{Hours, OfficerRules, Quota};
use serde::Deserialize;
use time::{Time, UtcOffset, Weekday};

/// As it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseOfficers {
    days: Vec<String>,
    from: Option<String>,
    until: Option<String>,
    utc_offset: Option<String>,
    looks_per_day: Option<u32>,
    approvals_per_day: Option<u32>,
    looks_per_minute: Option<u32>,
    approvals_per_minute: Option<u32>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl LooseOfficers {
    /// Checks it. Hours are whole or not there.
    pub(super) fn check(&self) -> Result<OfficerRules, String> {
        let quota = Quota {
            looks: self.looks_per_day,
            approvals: self.approvals_per_day,
            looks_a_minute: self.looks_per_minute,
            approvals_a_minute: self.approvals_per_minute,
        };
        let hours = match (&self.days[..], &self.from, &self.until, &self.utc_offset) {
            ([], None, None, None) => None,
            ([], ..) => return Err(unfit("days", "name those on which officers act: [\"mon\", \"fri\"]")),
            (days, Some(from), Some(until), Some(offset)) => Some(hours(days, from, until, offset)?),
            _ => return Err(unfit("days", "from, until and utc_offset go with it")),
        };
        Ok(OfficerRules { hours, quota })
    }
}

fn hours(days: &[String], from: &str, until: &str, offset: &str) -> Result<Hours, String> {
    let day = |name: &String| {
        let found = DAYS.iter().find(|(known, _)| known == name).map(|(_, day)| *day);
        found.ok_or_else(|| unfit("days", "mon, tue, wed, thu, fri, sat or sun"))
    };
    let days = days.iter().map(day).collect::<Result<Vec<_>, _>>()?;
    let (from, until) = (clock("from", from)?, clock("until", until)?);
    if from >= until {
        return Err(unfit("until", "it is later than from"));
    }
    let format = time::macros::format_description!("[offset_hour sign:mandatory]:[offset_minute]");
    let offset = UtcOffset::parse(offset, format)
        .map_err(|_| unfit("utc_offset", "how far the country's time is ahead of UTC: \"+02:00\""))?;
    Ok(Hours { days, from, until, offset })
}

fn clock(key: &str, text: &str) -> Result<Time, String> {
    let format = time::macros::format_description!("[hour]:[minute]");
    Time::parse(text, format).map_err(|_| unfit(key, "a time of the day: \"07:30\""))
}

fn unfit(key: &str, fits: &str) -> String {
    format!("registry.officers.{key}: {fits}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn checked(text: &str) -> Result<OfficerRules, String> {
        toml::from_str::<LooseOfficers>(text).unwrap().check()
    }

    #[test]
    fn hours_are_whole_or_not_there() {
        let hours = "from = \"07:30\"\nuntil = \"17:00\"\nutc_offset = \"+02:00\"\n";
        let rules = checked(&format!("days = [\"mon\", \"sat\"]\n{hours}looks_per_day = 200")).unwrap();
        assert_eq!(rules.hours.unwrap().to_string(), "Mon, Sat 07:30 to 17:00");
        assert_eq!(rules.quota, Quota { looks: Some(200), ..Quota::default() });
        assert_eq!(checked("").unwrap(), OfficerRules::default());
        for (unfit, key) in [
            (hours.to_owned(), "days"),
            ("days = [\"mon\"]".to_owned(), "days"),
            (format!("days = [\"monday\"]\n{hours}"), "days"),
            (format!("days = [\"mon\"]\n{}", hours.replace("17:00", "07:00")), "until"),
            (format!("days = [\"mon\"]\n{}", hours.replace("07:30", "7.30")), "from"),
            (format!("days = [\"mon\"]\n{}", hours.replace("+02:00", "SAST")), "utc_offset"),
        ] {
            let refused = checked(&unfit).unwrap_err();
            assert!(refused.starts_with(&format!("registry.officers.{key}: ")), "{refused}");
        }
    }
}
