//! Sending: what lies behind a webhook's place in the ledger, in the ledger's order, until it is taken.
//!
//! Whoever sends says so first, in the ledger: of several nodes the one that does so first sends, and each person is told in
//! the own log what an organisation is about to learn. Then the messages leave, and then it is entered what was taken. A node
//! that dies in between leaves its claim behind; it goes on by itself when it is back, another node when the claim has run
//! out. What was sent and not entered is sent again: at least once, and a receiver knows it by its `webhook-id`.

use std::sync::atomic::{AtomicBool, Ordering};

use ca_core::clock::{Entropy, EntropyError};
use ca_core::ledger::{Event, Position};
use ca_core::storage::{AuditedChange, Change, CommitError, KeyRange, Version};
use time::{Duration, OffsetDateTime};

use super::audience::Notice;
use super::follow::{Batch, Bounds};
use super::subscribe::{itself, replaced};
use super::{
    Claim, DELIVERED, FAILED, Failing, Last, PASSED, SENDING, State, TESTED, TOLD, Undelivered, WEBHOOKS,
    Webhook, WebhookError, Why,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::WebhookId;
use crate::identity::IdentityStatus;
use crate::permission::{ManageWebhooks, Permit};
use crate::record;
use crate::registry::Registry;

/// One turn sends so many messages at most, and looks at so many events.
const TURN: Bounds = Bounds { notices: 20, events: 5_000 };
/// After this no further message of a turn is begun: a receiver that takes each, slowly, does not outlast the claim.
const NO_FURTHER: Duration = Duration::seconds(60);
/// How long nobody else sends what a node has begun to send.
const CLAIMED: Duration = Duration::minutes(2);
/// A webhook that has nothing to tell of so many events remembers that it saw them.
const REMEMBERED: u64 = 10_000;

/// The first time to wait after a failure; it doubles with each…
const SHORTEST: Duration = Duration::seconds(2);
/// …up to this.
const LONGEST: Duration = Duration::hours(1);

/// How far a webhook's events were looked at; what is forgotten is looked at again.
#[derive(Debug, Default, Clone, Copy)]
pub struct Followed(Position);

/// Who sends, and whether nothing more is to be begun.
#[derive(Debug, Clone, Copy)]
pub struct Shift<'a> {
    /// The node, by the name that no other has.
    pub node: &'a str,
    /// Set when it ends: the message that is under way is the last.
    pub ends: &'a AtomicBool,
}

/// What one turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There is nothing to send, not now or not by this node.
    Nothing,
    /// So many messages were taken, and there may be more.
    Taken(usize),
    /// Something was not taken.
    Failed(Undelivered),
}

impl Registry {
    /// The webhooks that this node may have to send of at this moment.
    ///
    /// # Errors
    /// The store failed.
    pub fn webhooks_due(&self, node: &str) -> Result<Vec<WebhookId>, WebhookError> {
        let now = self.now();
        let (mut due, mut range) = (Vec::new(), KeyRange::all());
        loop {
            let found = self.store().scan(WEBHOOKS, &range, READ_AT_ONCE)?;
            for (_, entry) in &found {
                let webhook: Webhook = record::decode(WEBHOOKS, entry)?;
                due.extend(webhook.is_due(now, node).then_some(webhook.id));
            }
            match found.last() {
                Some((key, _)) if found.len() == READ_AT_ONCE => range = range.after(key),
                _ => return Ok(due),
            }
        }
    }

    /// Sends some of what a webhook has to tell, where it is this node's turn.
    ///
    /// # Errors
    /// No such webhook, or the registry failed. What was not entered is sent again.
    pub fn carry_on_webhook(
        &self,
        id: WebhookId,
        followed: &mut Followed,
        shift: Shift<'_>,
    ) -> Result<Turn, WebhookError> {
        let (webhook, version) = self.webhook_record(id)?;
        if !webhook.is_due(self.now(), shift.node) || self.pause_for_organisation(&webhook)? {
            return Ok(Turn::Nothing);
        }
        let batch = self.batch(&webhook, webhook.cursor.max(followed.0), TURN)?;
        if batch.notices.is_empty() {
            followed.0 = batch.until;
            return self.pass(webhook, version, &batch);
        }
        let Some(claimed) = self.claim(webhook, version, &batch, shift.node)? else {
            return Ok(Turn::Nothing);
        };
        let (taken, failure) = self.send(&claimed, &batch, shift)?;
        self.settle(&claimed, &batch, taken, failure)?;
        Ok(failure.map_or(Turn::Taken(taken), Turn::Failed))
    }

    /// An organisation that is suspended or closed is told nothing, as its operators are not signed in.
    fn pause_for_organisation(&self, webhook: &Webhook) -> Result<bool, WebhookError> {
        let status = self.identity_record(webhook.organisation)?.0.status;
        if status == IdentityStatus::Active {
            return Ok(false);
        }
        until_settled(|| {
            let (mut webhook, version) = self.webhook_record(webhook.id)?;
            if webhook.state != State::Active {
                return Ok(Attempt::Settled(Ok(true)));
            }
            let reason = format!("organisation {} is {status}", webhook.organisation);
            let paused = self.paused_by_itself(&mut webhook, &reason)?;
            let change = replaced(&webhook, version, Change::new())?.explained_by(&paused);
            Ok(Attempt::of(self.commit(change), || true))
        })
    }

    /// Nothing of this is told. Now and then it is remembered, so that a start does not look at all of it again.
    fn pass(&self, webhook: Webhook, version: Version, batch: &Batch) -> Result<Turn, WebhookError> {
        if batch.until.0 - webhook.cursor.0 < REMEMBERED {
            // Further events wait where not all were looked at.
            return Ok(if batch.complete { Turn::Nothing } else { Turn::Taken(0) });
        }
        let event = self.event(&itself(), PASSED, webhook.about())?.with("until", batch.until.to_string());
        let passed = Webhook { cursor: batch.until, ..webhook };
        match self.commit(replaced(&passed, version, Change::new())?.explained_by(&event)) {
            // Whoever was faster has remembered as much, or something else that is looked at next time.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(Turn::Taken(0)),
            Err(error) => Err(Fault::from(error).into()),
        }
    }

    /// Says in the ledger that this node sends now, and in the log of each person of whom something is told; nothing where
    /// another node was faster.
    fn claim(
        &self,
        webhook: Webhook,
        version: Version,
        batch: &Batch,
        node: &str,
    ) -> Result<Option<Webhook>, WebhookError> {
        let told_before = webhook.told;
        let claim = Claim { node: node.to_owned(), until: self.now() + CLAIMED };
        let claimed = Webhook { sending: Some(claim), told: told_before.max(batch.until), ..webhook };
        let event = self
            .event(&itself(), SENDING, claimed.about())?
            .with("node", node)
            .with("messages", batch.notices.len().to_string());
        let mut change =
            replaced(&claimed, version, Change::new())?.explained_by(&spanning(event, &batch.notices));
        for notice in batch.notices.iter().filter(|notice| notice.position >= told_before) {
            change = change.and(self.told(&claimed, notice)?);
        }
        match self.commit(change) {
            Ok(_) => Ok(Some(claimed)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(Fault::from(error).into()),
        }
    }

    /// What a person's log says of a notice.
    fn told(&self, webhook: &Webhook, notice: &Notice) -> Result<AuditedChange, WebhookError> {
        let Some(basis) = &notice.person else { return Ok(AuditedChange::nothing()) };
        let event = self
            .event(&itself(), TOLD, format!("identity:{}", basis.person))?
            .with("receiver", webhook.organisation.to_string())
            .with("purpose", basis.purpose.clone())
            .with("legal-basis", basis.legal_basis.clone())
            .with("kind", notice.kind.name())
            .with("webhook", webhook.id.to_string());
        Ok(Change::new().explained_by(&event))
    }

    /// Sends a batch until something is not taken: how many were.
    fn send(
        &self,
        webhook: &Webhook,
        batch: &Batch,
        shift: Shift<'_>,
    ) -> Result<(usize, Option<Undelivered>), WebhookError> {
        let secrets = self.secrets_of(webhook)?;
        let begun = self.now();
        let mut taken = 0;
        for (notice, number) in batch.notices.iter().zip(webhook.delivered + 1..) {
            if shift.ends.load(Ordering::Relaxed) || self.now() - begun > NO_FURTHER {
                break;
            }
            let message = self.message(webhook, &secrets, notice, number)?;
            if let Err(failure) = self.parts.carrier.carry(&webhook.address, &message) {
                return Ok((taken, Some(failure)));
            }
            taken += 1;
        }
        Ok((taken, None))
    }

    /// Enters what was taken, and what was not.
    fn settle(
        &self,
        claimed: &Webhook,
        batch: &Batch,
        taken: usize,
        failure: Option<Undelivered>,
    ) -> Result<(), WebhookError> {
        until_settled(|| {
            let (mut webhook, version) = self.webhook_record(claimed.id)?;
            if webhook.sending != claimed.sending {
                // The claim had run out and another node sends, or the webhook was ended.
                return Ok(Attempt::Settled(Ok(())));
            }
            let action = if failure.is_some() { FAILED } else { DELIVERED };
            let delivered = batch.notices.get(..taken).unwrap_or_default();
            let mut event = self.event(&itself(), action, webhook.about())?.with("taken", taken.to_string());
            event = spanning(event, delivered);
            webhook.sending = None;
            webhook.delivered += delivered.len() as u64;
            webhook.cursor = batch.notices.get(taken).map_or(batch.until, |next| next.position);
            if let Some(last) = delivered.last() {
                webhook.last = Some(Last { at: self.now(), position: last.position });
                webhook.failing = None;
            }
            let mut also = AuditedChange::nothing();
            if let Some(error) = failure {
                let failing = self.failing(webhook.failing.take(), error)?;
                event = event.with("error", error.to_string()).with("attempts", failing.attempts.to_string());
                if let Some(reason) = self.gives_up(&failing).filter(|_| webhook.state == State::Active) {
                    also = Change::new().explained_by(&self.paused_by_itself(&mut webhook, &reason)?);
                }
                webhook.failing = Some(failing);
            }
            let change = replaced(&webhook, version, Change::new())?.explained_by(&event).and(also);
            Ok(Attempt::of(self.commit(change), || ()))
        })
    }

    fn failing(&self, before: Option<Failing>, error: Undelivered) -> Result<Failing, Fault> {
        let now = self.now();
        let attempts = before.as_ref().map_or(1, |before| before.attempts.saturating_add(1));
        let since = before.map_or(now, |before| before.since);
        Ok(Failing { since, attempts, next_try: now + wait(attempts, self.entropy())?, error })
    }

    /// Why it is not tried again.
    fn gives_up(&self, failing: &Failing) -> Option<String> {
        let patience = self.settings().webhook_patience;
        if failing.error.why == Why::Gone {
            return Some("the receiver says that it is there no more (410)".to_owned());
        }
        let (days, attempts, error) = (patience.whole_days(), failing.attempts, failing.error);
        (self.now() - failing.since >= patience)
            .then(|| format!("nothing was taken for {days} days, in {attempts} attempts; the last: {error}"))
    }

    /// Sends a message that tells nothing, also to a webhook that is paused: whether it was taken.
    ///
    /// # Errors
    /// No such webhook, it was ended, or the registry failed.
    pub fn test_webhook(
        &self,
        permit: &Permit<ManageWebhooks>,
        id: WebhookId,
    ) -> Result<Option<Undelivered>, WebhookError> {
        let (webhook, _) = self.webhook_record(id)?;
        webhook.demand_not_ended()?;
        let message = self.test_message(&webhook, &self.secrets_of(&webhook)?)?;
        let failure = self.parts.carrier.carry(&webhook.address, &message).err();
        let event = self.event(&permit.actor(), TESTED, webhook.about())?;
        let event = match failure {
            Some(error) => event.with("error", error.to_string()).refused(),
            None => event,
        };
        self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
        Ok(failure)
    }
}

/// How many webhooks are read at once.
const READ_AT_ONCE: usize = 500;

impl Webhook {
    /// Whether this node may send of it now.
    fn is_due(&self, now: OffsetDateTime, node: &str) -> bool {
        let waits = self.failing.as_ref().is_some_and(|failing| now < failing.next_try);
        let anothers = self.sending.as_ref().is_some_and(|claim| claim.node != node && now < claim.until);
        self.state == State::Active && !waits && !anothers
    }
}

/// Which events it is about.
fn spanning(event: Event, notices: &[Notice]) -> Event {
    match (notices.first(), notices.last()) {
        (Some(first), Some(last)) => {
            event.with("from", first.position.to_string()).with("to", last.position.to_string())
        }
        _ => event,
    }
}

/// How long to wait after so many attempts: between half of it and all, so that receivers that failed together are not
/// asked together again.
fn wait(attempts: u32, entropy: &dyn Entropy) -> Result<Duration, EntropyError> {
    let doubled = attempts.saturating_sub(1).min(16);
    let longest = (SHORTEST * (1_i32 << doubled)).min(LONGEST);
    let mut drawn = [0; 2];
    entropy.fill(&mut drawn)?;
    Ok(longest / 2 + longest / 2 * (f64::from(u16::from_be_bytes(drawn)) / f64::from(u16::MAX)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Debug)]
    struct Always(u8);

    impl Entropy for Always {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn the_time_between_attempts_doubles_up_to_an_hour() {
        let between =
            |attempts| [0, 255].map(|octet| wait(attempts, &Always(octet)).unwrap().whole_seconds());
        assert_eq!(between(1), [1, 2]);
        assert_eq!(between(2), [2, 4]);
        assert_eq!(between(11), [1_024, 2_048]);
        assert_eq!(between(12), [1_800, 3_600]);
        assert_eq!(between(u32::MAX), [1_800, 3_600]);
    }
}
