//! When a campaign does what: stages, each with its dates, and what is done with what is left at them.

use ca_core::clock::{in_words, whole_seconds};
use ca_core::status::RevocationReason;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, UtcOffset};

use super::selection::{KeyClass, MOST_VALUES};

/// The most stages of a campaign.
pub const MOST_STAGES: u16 = 100;

/// How far ahead a date may lie: a slip of a pen is more likely than a plan.
const FARTHEST: Duration = Duration::days(3_660);

/// What becomes of certificates that were replaced, when their stage's date comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenReplaced {
    /// They are revoked too: their keys are no better than those of the others.
    Revoke,
    /// They run to their end.
    Keep,
}

impl WhenReplaced {
    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Keep => "keep",
        }
    }
}

impl std::str::FromStr for WhenReplaced {
    type Err = TermsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Revoke, Self::Keep].into_iter().find(|it| it.name() == text).ok_or(TermsError::WhenReplaced)
    }
}

/// The terms of a campaign: what the second administrator approves, together with its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// How many stages there are. Whatever belongs to one identity is in one stage.
    pub stages: u16,
    /// How long after a stage the next one follows, in seconds.
    pub every_seconds: u64,
    /// When the first stage is to be notified, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub notify_at: OffsetDateTime,
    /// When what is left of the first stage is put on hold, UTC.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub hold_at: Option<OffsetDateTime>,
    /// When what is left of the first stage is revoked for good, UTC.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub revoke_at: Option<OffsetDateTime>,
    /// Why it is revoked; set exactly when it is to be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<RevocationReason>,
    /// What becomes of those that were replaced.
    pub when_replaced: WhenReplaced,
    /// The kinds of keys that count as a replacement; any that the selection does not select, where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub replace_with: Vec<KeyClass>,
}

/// One stage's dates, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Counted from 1.
    pub number: u16,
    /// When its holders are to be notified.
    pub notify_at: OffsetDateTime,
    /// When what is left is put on hold.
    pub hold_at: Option<OffsetDateTime>,
    /// When what is left is revoked.
    pub revoke_at: Option<OffsetDateTime>,
}

impl Stage {
    /// The first moment at which something is done to what is left.
    pub fn due_at(&self) -> Option<OffsetDateTime> {
        self.hold_at.into_iter().chain(self.revoke_at).min()
    }
}

impl Terms {
    /// Goes on only with terms that can be kept, as seen from `now`.
    ///
    /// # Errors
    /// What cannot be kept.
    pub fn sound(&self, now: OffsetDateTime) -> Result<(), TermsError> {
        if !(1..=MOST_STAGES).contains(&self.stages) {
            return Err(TermsError::Stages(self.stages));
        }
        if self.stages > 1 && self.every_seconds == 0 {
            return Err(TermsError::NoInterval);
        }
        let Some(due) = self.stage(1).due_at() else { return Err(TermsError::NoDate) };
        if due <= now {
            return Err(TermsError::Past(due));
        }
        if self.notify_at > due {
            return Err(TermsError::NotifiedLate { notify: self.notify_at, due });
        }
        if let (Some(hold), Some(revoke)) = (self.hold_at, self.revoke_at)
            && hold >= revoke
        {
            return Err(TermsError::HeldLate { hold, revoke });
        }
        let last = self.stage(self.stages);
        if last.hold_at.into_iter().chain(last.revoke_at).any(|date| date > now + FARTHEST) {
            return Err(TermsError::Far);
        }
        self.sound_reason()
    }

    fn sound_reason(&self) -> Result<(), TermsError> {
        if self.replace_with.len() > MOST_VALUES {
            return Err(TermsError::Kinds(self.replace_with.len()));
        }
        match (self.revoke_at, self.reason) {
            (Some(_), None) => Err(TermsError::NoReason),
            (None, Some(_)) => Err(TermsError::ReasonNotTaken),
            (Some(_), Some(RevocationReason::CertificateHold)) => Err(TermsError::HoldIsNoReason),
            _ => Ok(()),
        }
    }

    /// The same, with dates in whole seconds: as the clock that they are held against.
    #[must_use]
    pub fn in_whole_seconds(self) -> Self {
        let whole = |date| whole_seconds(date).to_offset(UtcOffset::UTC);
        Self {
            notify_at: whole(self.notify_at),
            hold_at: self.hold_at.map(whole),
            revoke_at: self.revoke_at.map(whole),
            ..self
        }
    }

    /// The dates of a stage, counted from 1.
    pub fn stage(&self, number: u16) -> Stage {
        let seconds = self.every_seconds.saturating_mul(u64::from(number.saturating_sub(1)));
        let later = Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
        // Past the last day that can be written, nothing becomes due.
        let shifted = |date: OffsetDateTime| date.checked_add(later).unwrap_or(FAR_FUTURE);
        Stage {
            number,
            notify_at: shifted(self.notify_at),
            hold_at: self.hold_at.map(shifted),
            revoke_at: self.revoke_at.map(shifted),
        }
    }

    /// All stages, in their order.
    pub fn all_stages(&self) -> impl Iterator<Item = Stage> + '_ {
        (1..=self.stages).map(|number| self.stage(number))
    }
}

const FAR_FUTURE: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);

/// Terms that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// No stages, or too many.
    #[error("a campaign has 1 to {MOST_STAGES} stages, not {0}")]
    Stages(u16),
    /// Stages without a time between them.
    #[error("with more than one stage it must be said how long after each the next one follows")]
    NoInterval,
    /// Nothing is to be done at any date.
    #[error("there is no date at which what is left is put on hold or revoked")]
    NoDate,
    /// The date is past.
    #[error("the first date, {}, is past", in_words(*.0))]
    Past(OffsetDateTime),
    /// The date is too far ahead.
    #[error("the last date is more than ten years ahead")]
    Far,
    /// Notification after the fact.
    #[error("holders would be notified on {}, after the first date, {}", in_words(*notify), in_words(*due))]
    NotifiedLate {
        /// When they would be notified.
        notify: OffsetDateTime,
        /// When something is done.
        due: OffsetDateTime,
    },
    /// Hold after revocation.
    #[error("what is left would be put on hold on {}, not before it is revoked, on {}", in_words(*hold), in_words(*revoke))]
    HeldLate {
        /// When it would be held.
        hold: OffsetDateTime,
        /// When it is revoked.
        revoke: OffsetDateTime,
    },
    /// A revocation needs a reason.
    #[error("what is revoked is revoked for a reason, and none is given")]
    NoReason,
    /// Where nothing is revoked there is no reason for it.
    #[error("a reason for revoking is given, and no date at which anything is revoked")]
    ReasonNotTaken,
    /// Hold has a date of its own.
    #[error("certificate-hold is no reason to revoke for good: give the date of a hold instead")]
    HoldIsNoReason,
    /// Too many kinds of keys.
    #[error("{0} kinds of keys are named as replacements, and at most {MOST_VALUES} are taken")]
    Kinds(usize),
    /// Not a way to deal with what was replaced.
    #[error("unknown word for what becomes of replaced certificates: choose revoke or keep")]
    WhenReplaced,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-01 0:00 UTC);

    fn terms() -> Terms {
        Terms {
            stages: 3,
            every_seconds: 7 * 86_400,
            notify_at: NOW,
            hold_at: Some(datetime!(2026-11-10 0:00 UTC)),
            revoke_at: Some(datetime!(2026-12-01 0:00 UTC)),
            reason: Some(RevocationReason::KeyCompromise),
            when_replaced: WhenReplaced::Revoke,
            replace_with: Vec::new(),
        }
    }

    #[test]
    fn stages_follow_each_other() {
        let stages: Vec<Stage> = terms().all_stages().collect();
        assert_eq!(terms().sound(NOW), Ok(()));
        let [first, _, third] = stages[..] else { panic!("{stages:?}") };
        assert_eq!((first.number, first.due_at()), (1, Some(datetime!(2026-11-10 0:00 UTC))));
        assert_eq!(third.notify_at, datetime!(2026-11-15 0:00 UTC));
        assert_eq!(third.revoke_at, Some(datetime!(2026-12-15 0:00 UTC)));
        let endless = Terms { every_seconds: u64::MAX, ..terms() };
        assert_eq!(endless.stage(3).revoke_at, Some(FAR_FUTURE));
        assert_eq!(endless.sound(NOW), Err(TermsError::Far));
    }

    #[test]
    fn terms_that_cannot_be_kept_say_which() {
        let past = datetime!(2026-10-31 0:00 UTC);
        let cases = [
            (Terms { stages: 0, ..terms() }, TermsError::Stages(0)),
            (Terms { stages: 101, ..terms() }, TermsError::Stages(101)),
            (Terms { every_seconds: 0, ..terms() }, TermsError::NoInterval),
            (Terms { hold_at: None, revoke_at: None, reason: None, ..terms() }, TermsError::NoDate),
            (Terms { hold_at: Some(past), ..terms() }, TermsError::Past(past)),
            (
                Terms { hold_at: terms().revoke_at, ..terms() },
                TermsError::HeldLate {
                    hold: datetime!(2026-12-01 0:00 UTC),
                    revoke: datetime!(2026-12-01 0:00 UTC),
                },
            ),
            (
                Terms { notify_at: datetime!(2026-11-11 0:00 UTC), ..terms() },
                TermsError::NotifiedLate {
                    notify: datetime!(2026-11-11 0:00 UTC),
                    due: datetime!(2026-11-10 0:00 UTC),
                },
            ),
            (Terms { reason: None, ..terms() }, TermsError::NoReason),
            (Terms { revoke_at: None, ..terms() }, TermsError::ReasonNotTaken),
            (
                Terms { reason: Some(RevocationReason::CertificateHold), ..terms() },
                TermsError::HoldIsNoReason,
            ),
        ];
        for (terms, error) in cases {
            assert_eq!(terms.sound(NOW), Err(error), "{terms:?}");
        }
    }
}
