//! The machine: from where a step of a withdrawal leads where, when, and who may take it. It decides, and changes nothing.

use ca_core::ledger::Actor;
use time::OffsetDateTime;

use crate::words::words;

use super::{Stage, Withdrawal, WithdrawalError};

words! {
    /// What is done in a withdrawal.
    Word {
        /// The holder was given notice.
        Notice = "notice",
        /// The holder replied.
        Reply = "reply",
        /// An officer upheld it.
        Uphold = "uphold",
        /// An officer dropped it.
        Drop = "drop",
        /// The holder appealed.
        Appeal = "appeal",
        /// An officer granted the appeal.
        Grant = "grant",
        /// An officer dismissed the appeal.
        Dismiss = "dismiss",
        /// The time for an appeal passed.
        Expire = "expire",
    }
}

/// What a step does to the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    Hold,
    Release,
    Revoke,
}

impl Word {
    /// Where it leads from where the withdrawal stands.
    ///
    /// # Errors
    /// It does not begin there, comes too early or too late, or takes somebody else.
    pub(super) fn from(
        self,
        withdrawal: &Withdrawal,
        by: &Actor,
        now: OffsetDateTime,
    ) -> Result<(Stage, Effect), WithdrawalError> {
        let next = match (withdrawal.stage, self) {
            (Stage::Noticed, Self::Reply) => (Stage::Noticed, Effect::Nothing),
            (Stage::Noticed, Self::Drop) => (Stage::Dropped, Effect::Nothing),
            (Stage::Noticed, Self::Uphold) => {
                demand_heard(withdrawal, now)?;
                (Stage::Upheld, Effect::Hold)
            }
            (Stage::Upheld, Self::Appeal) => {
                demand_in_time(withdrawal, now)?;
                (Stage::Appealed, Effect::Nothing)
            }
            (Stage::Upheld, Self::Expire) if demand_in_time(withdrawal, now).is_err() => {
                (Stage::Revoked, Effect::Revoke)
            }
            (Stage::Appealed, Self::Grant) => (Stage::Undone, Effect::Release),
            (Stage::Appealed, Self::Dismiss) => (Stage::Revoked, Effect::Revoke),
            _ => return Err(self.elsewhere(withdrawal)),
        };
        let decides = matches!(self, Self::Uphold | Self::Grant | Self::Dismiss);
        if decides && took_part(withdrawal, by) {
            return Err(WithdrawalError::SamePerson(withdrawal.id));
        }
        Ok(next)
    }

    fn elsewhere(self, withdrawal: &Withdrawal) -> WithdrawalError {
        let needed = match self {
            Self::Notice => "notice is given once",
            Self::Reply | Self::Uphold | Self::Drop => "it is decided already",
            Self::Appeal => "an appeal is against what was upheld",
            Self::Grant | Self::Dismiss => "there is no appeal to rule on",
            Self::Expire => "its time for an appeal has not passed",
        };
        WithdrawalError::Elsewhere { id: withdrawal.id, stage: withdrawal.stage, needed }
    }
}

/// Nobody is judged unheard: the holder has replied, or had the time to.
fn demand_heard(withdrawal: &Withdrawal, now: OffsetDateTime) -> Result<(), WithdrawalError> {
    let has_replied = withdrawal.said.iter().any(|said| said.word == Word::Reply);
    if has_replied || now >= withdrawal.reply_until {
        return Ok(());
    }
    Err(WithdrawalError::TooEarly { until: withdrawal.reply_until })
}

fn demand_in_time(withdrawal: &Withdrawal, now: OffsetDateTime) -> Result<(), WithdrawalError> {
    match withdrawal.appeal_until {
        Some(until) if now >= until => Err(WithdrawalError::TooLate { until }),
        _ => Ok(()),
    }
}

/// Whether somebody gave notice or decided before. Who wrote down what the holder said has not taken part.
fn took_part(withdrawal: &Withdrawal, by: &Actor) -> bool {
    let decided = |word| matches!(word, Word::Notice | Word::Uphold);
    withdrawal.said.iter().any(|said| decided(said.word) && said.by == *by)
}
