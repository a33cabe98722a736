//! What evidence carries together, and what would be missing.

use ca_core::profile::Assurance;
use time::{Date, Duration};

use super::rules::{AssuranceRules, KindRule, OwnEvidence};
use super::{Evidence, How};
use crate::id::StaffId;

/// A level of identity proofing of ETSI TS 119 461 v2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proofing {
    /// Baseline LoIP.
    Baseline,
    /// Extended LoIP.
    Extended,
}

impl Proofing {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Extended => "extended",
        }
    }

    /// Its object identifier.
    pub const fn oid(self) -> &'static str {
        match self {
            Self::Baseline => "0.4.0.19461.1.1",
            Self::Extended => "0.4.0.19461.1.2",
        }
    }
}

/// What evidence carries on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The level; `None` when nothing that counts carries any.
    pub level: Option<Assurance>,
    /// The same in the words of ETSI TS 119 461, from its baseline on.
    pub proofing: Option<Proofing>,
    /// How many items count.
    pub counted: usize,
    /// Why each of the others does not count, in words.
    pub left_out: Vec<String>,
}

/// An item that counts.
struct Counted<'a> {
    rule: &'a KindRule,
    kind: &'a str,
    issuer: String,
    how: How,
}

impl AssuranceRules {
    /// What evidence carries today, for an officer who decides or for nobody in particular.
    pub fn carried(&self, evidence: &[Evidence], today: Date, decides: Option<StaffId>) -> Carried {
        let mut left_out = Vec::new();
        let mut counted = Vec::new();
        let mut own = Vec::new();
        for item in evidence {
            match self.standing(item, today) {
                Err(why) => left_out.push(format!("{} of {}: {why}", item.kind, item.checked_at.date())),
                Ok(standing) if decides == Some(item.checked_by) => own.push((item, standing)),
                Ok(standing) => counted.push(standing),
            }
        }
        let counts = match self.own_evidence {
            OwnEvidence::Counts => true,
            OwnEvidence::BesideOthers => !counted.is_empty(),
            OwnEvidence::Never => false,
        };
        for (item, standing) in own {
            if counts {
                counted.push(standing);
            } else {
                let of = format!("{} of {}", item.kind, item.checked_at.date());
                left_out.push(format!("{of}: whoever decides entered it"));
            }
        }
        let level = self.level(&counted);
        Carried { level, proofing: self.proofing(level), counted: counted.len(), left_out }
    }

    /// Which kinds of evidence would bring an identity to a level, checked today in person by a colleague.
    pub(super) fn would_bring(
        &self,
        evidence: &[Evidence],
        today: Date,
        decides: Option<StaffId>,
        wanted: Assurance,
    ) -> Vec<&str> {
        let kept = evidence
            .iter()
            .filter(|item| decides != Some(item.checked_by) || self.own_evidence != OwnEvidence::Never);
        let standing: Vec<Counted<'_>> = kept.filter_map(|item| self.standing(item, today).ok()).collect();
        let brings = |(kind, rule): &(&String, &KindRule)| {
            let issuer = "\u{0}".to_owned();
            let new = Counted { rule, kind, issuer, how: How::InPerson };
            let pairs = standing.iter().filter(|item| independent(item, &new));
            let together = pairs.map(|item| item.rule.with_another.min(rule.with_another)).max();
            rule.alone.max(together) >= Some(wanted)
        };
        self.kinds.iter().filter(brings).map(|(kind, _)| kind.as_str()).collect()
    }

    fn standing<'a>(&'a self, item: &'a Evidence, today: Date) -> Result<Counted<'a>, &'static str> {
        let rule = self.kinds.get(&item.kind).ok_or("the rules do not name its kind any more")?;
        let since = item.issued_on.unwrap_or(item.checked_at.date());
        let lapses = rule.lapses_after_days.and_then(|days| since.checked_add(Duration::days(days.into())));
        if item.expires_on.is_some_and(|end| end < today) || lapses.is_some_and(|end| end < today) {
            return Err("it has lapsed");
        }
        // Who issued it is sealed, and gone when the identity was erased.
        let issuer = item.issuer.as_deref().ok_or("the identity was erased")?.trim().to_lowercase();
        Ok(Counted { rule, kind: &item.kind, issuer, how: item.how })
    }

    fn level(&self, counted: &[Counted<'_>]) -> Option<Assurance> {
        let alone = counted.iter().filter_map(|item| item.rule.alone).max();
        let pairs = counted.iter().enumerate().flat_map(|(at, one)| {
            counted.iter().skip(at + 1).filter(|other| independent(one, other)).map(move |other| (one, other))
        });
        let together = pairs.map(|(one, other)| one.rule.with_another.min(other.rule.with_another)).max();
        let level = alone.max(together)?;
        // CIR (EU) 2015/1502, annex, section 2.1.2, level high: the person is compared with the evidence.
        let present = counted.iter().any(|item| item.how == How::InPerson);
        Some(if present { level } else { level.min(self.remote_at_most) })
    }

    fn proofing(&self, level: Option<Assurance>) -> Option<Proofing> {
        match level? {
            level if level >= self.extended => Some(Proofing::Extended),
            level if level >= self.baseline => Some(Proofing::Baseline),
            _ => None,
        }
    }
}

/// Two items prove more than one only when neither follows from the other.
fn independent(one: &Counted<'_>, other: &Counted<'_>) -> bool {
    one.kind != other.kind && one.issuer != other.issuer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::clock::SystemEntropy;
    use time::macros::{date, datetime};

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 29);

    fn officer() -> StaffId {
        StaffId::draw(&SystemEntropy).unwrap()
    }

    fn item(kind: &str, issuer: &str, by: StaffId) -> Evidence {
        Evidence {
            id: String::new(),
            kind: kind.to_owned(),
            issuer: Some(issuer.to_owned()),
            reference: None,
            issued_on: None,
            expires_on: None,
            how: How::InPerson,
            scan_sha256: None,
            checked_by: by,
            checked_at: datetime!(2026-11-01 10:00 UTC),
        }
    }

    fn level(items: &[&Evidence], decides: Option<StaffId>) -> Option<Assurance> {
        let items: Vec<Evidence> = items.iter().map(|item| (*item).clone()).collect();
        AssuranceRules::built_in().unwrap().carried(&items, TODAY, decides).level
    }

    #[test]
    fn a_chiefs_letter_alone_is_low_and_a_second_independent_item_makes_it_substantial() {
        let by = officer();
        let letter = item("chiefs-letter", "Chief of Ha Foso", by);
        let birth = item("birth-certificate", "Civil Registry", by);
        assert_eq!(level(&[], None), None);
        assert_eq!(level(&[&letter], None), Some(Assurance::Low));
        assert_eq!(level(&[&letter, &letter], None), Some(Assurance::Low));
        let other_letter = item("chiefs-letter", "Chief of Ha Abia", by);
        assert_eq!(level(&[&letter, &other_letter], None), Some(Assurance::Low));
        assert_eq!(level(&[&letter, &birth], None), Some(Assurance::Substantial));
        let same_hand = item("birth-certificate", " chief of HA FOSO", by);
        assert_eq!(level(&[&letter, &same_hand], None), Some(Assurance::Low));
        let (passport, card) = (item("passport", "Passports", by), item("national-id-card", "NICR", by));
        assert_eq!(level(&[&passport], None), Some(Assurance::Substantial));
        assert_eq!(level(&[&passport, &birth], None), Some(Assurance::Substantial));
        assert_eq!(level(&[&passport, &card], None), Some(Assurance::High));
        assert_eq!(level(&[&item("community-witness", "Her aunt", by)], None), None);
    }

    #[test]
    fn evidence_lapses_and_what_nobody_saw_in_person_is_not_high() {
        let by = officer();
        let (mut passport, mut card) =
            (item("passport", "Passports", by), item("national-id-card", "NICR", by));
        (passport.how, card.how) = (How::Remote, How::Remote);
        assert_eq!(level(&[&passport, &card], None), Some(Assurance::Substantial));
        card.how = How::InPerson;
        assert_eq!(level(&[&passport, &card], None), Some(Assurance::High));
        card.expires_on = Some(TODAY);
        assert_eq!(level(&[&passport, &card], None), Some(Assurance::High), "its last day");
        card.expires_on = TODAY.previous_day();
        let rules = AssuranceRules::built_in().unwrap();
        let carried = rules.carried(&[passport, card], TODAY, None);
        assert_eq!((carried.level, carried.counted), (Some(Assurance::Substantial), 1));
        assert_eq!(carried.left_out, ["national-id-card of 2026-11-01: it has lapsed"]);
        let mut letter = item("chiefs-letter", "Chief", by);
        letter.issued_on = Some(date!(2026 - 01 - 01));
        assert_eq!(level(&[&letter], None), None, "older than 180 days");
    }

    #[test]
    fn what_the_deciding_officer_entered_counts_beside_others() {
        let (own, other) = (officer(), officer());
        let passport = item("passport", "Passports", own);
        assert_eq!(level(&[&passport], Some(own)), None);
        assert_eq!(level(&[&passport], Some(other)), Some(Assurance::Substantial));
        let card = item("national-id-card", "NICR", other);
        assert_eq!(level(&[&passport, &card], Some(own)), Some(Assurance::High));
        let never = super::super::rules::BUILT_IN.replace("\"beside-others\"\n\n", "\"never\"\n\n");
        let never = AssuranceRules::from_toml(&never).unwrap();
        let carried = never.carried(&[passport, card], TODAY, Some(own));
        assert_eq!((carried.level, carried.left_out.len()), (Some(Assurance::Substantial), 1));
    }

    #[test]
    fn levels_have_the_names_of_etsi_and_it_is_said_what_would_bring_them() {
        let by = officer();
        let rules = AssuranceRules::built_in().unwrap();
        let letter = [item("chiefs-letter", "Chief", by)];
        assert_eq!(rules.carried(&letter, TODAY, None).proofing, None);
        let brings = rules.would_bring(&letter, TODAY, None, Assurance::Substantial);
        assert!(brings.contains(&"birth-certificate") && brings.contains(&"passport"), "{brings:?}");
        assert!(!brings.contains(&"chiefs-letter") && !brings.contains(&"community-witness"));
        assert!(rules.would_bring(&letter, TODAY, None, Assurance::High).is_empty());
        let passport = [item("passport", "Passports", by)];
        let carried = rules.carried(&passport, TODAY, None);
        assert_eq!(carried.proofing.map(Proofing::oid), Some("0.4.0.19461.1.1"));
    }
}
