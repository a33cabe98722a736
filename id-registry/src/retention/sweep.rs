//! Going through what there is, page by page, and erasing what is due.

use ca_core::ledger::{Actor, Event};
use ca_core::storage::{Change, Expect, KeyRange, StorageError};
use time::{Duration, OffsetDateTime};

use super::due::Verdict;
use super::{Due, ERASED, Matter, RetentionError, Rule};
use crate::enrolment::{REQUESTS, Request};
use crate::evidence::IDENTITY_EVIDENCE;
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, RequestId};
use crate::identity::{IDENTITIES, IdentityRecord};
use crate::permission::{Permit, ReadRetention};
use crate::record;
use crate::registry::Registry;

/// How long after a sweep began the next begins.
const EVERY: Duration = Duration::days(1);

/// How many requests, and how many identities, one look examines at most.
const EXAMINED: usize = 5_000;

/// A sweep under way; nothing is when it is new or has ended.
#[derive(Debug, Default)]
pub struct Sweeping {
    begun_at: Option<OffsetDateTime>,
    place: Place,
}

/// After what the next page begins.
#[derive(Debug, Default, Clone)]
enum Place {
    #[default]
    End,
    Requests(Vec<u8>),
    Identities(Vec<u8>),
}

impl Registry {
    /// Sweeps on, where it is time: a page of at most `most` entries; how many were erased. Each is a commit of its own.
    ///
    /// # Errors
    /// One of them failed: the first failure. The others are erased all the same, and the sweep goes on behind them.
    pub fn carry_on_retention(&self, sweeping: &mut Sweeping, most: usize) -> Result<usize, RetentionError> {
        if self.settings().retention.all().is_empty() {
            return Ok(0);
        }
        let (table, after) = match &sweeping.place {
            Place::End if sweeping.begun_at.is_some_and(|begun| self.now() < begun + EVERY) => return Ok(0),
            Place::End => {
                sweeping.begun_at = Some(self.now());
                (REQUESTS, Vec::new())
            }
            Place::Requests(after) => (REQUESTS, after.clone()),
            Place::Identities(after) => (IDENTITIES, after.clone()),
        };
        let found = self.store().scan(table, &KeyRange::all().after(&after), most.max(1))?;
        let last = found.last().map(|(key, _)| key.clone()).unwrap_or_default();
        sweeping.place = match (table == REQUESTS, found.len() < most.max(1)) {
            (true, false) => Place::Requests(last),
            (true, true) => Place::Identities(Vec::new()),
            (false, false) => Place::Identities(last),
            (false, true) => Place::End,
        };
        let mut erased = 0;
        let mut failure = None;
        for (_, entry) in &found {
            let swept = if table == REQUESTS {
                self.sweep_request(record::decode::<Request>(REQUESTS, entry)?.id)
            } else {
                self.sweep_identity(record::decode::<IdentityRecord>(IDENTITIES, entry)?.id)
            };
            match swept {
                Ok(count) => erased += count,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(erased), Err)
    }

    fn sweep_request(&self, id: RequestId) -> Result<usize, RetentionError> {
        until_settled(|| {
            let lost = || StorageError(format!("request {id} is lost"));
            let (request, version): (Request, _) =
                record::find(self.store(), REQUESTS, id.to_string())?.ok_or_else(lost)?;
            let Some((rule, Verdict::Goes)) = self.request_due(&request)? else {
                return Ok(Attempt::Settled(Ok(0)));
            };
            let emptied = self.request_emptied(request, version)?;
            let event = self.erasure(&rule, format!("request:{id}"))?;
            Ok(Attempt::of(self.commit(emptied.explained_by(&event)), || 1))
        })
    }

    fn sweep_identity(&self, id: IdentityId) -> Result<usize, RetentionError> {
        let record = self.identity_record(id)?.0;
        let mut erased = 0;
        for (rule, verdict) in self.identity_due(&record)? {
            if verdict != Verdict::Goes {
                continue;
            }
            match rule.matter {
                Matter::Evidence => self.erase_evidence(id, &rule)?,
                _ => self.erase_person(id, &rule)?,
            }
            erased += 1;
        }
        Ok(erased)
    }

    fn erase_evidence(&self, id: IdentityId, rule: &Rule) -> Result<(), RetentionError> {
        until_settled(|| {
            let kept = self.evidence_kept(id)?;
            let event = self.erasure(rule, format!("identity:{id}"))?.with("items", kept.len().to_string());
            let gone = kept
                .into_iter()
                .fold(Change::new(), |change, (key, version)| change.delete(IDENTITY_EVIDENCE, key, version));
            Ok(Attempt::of(self.commit(gone.explained_by(&event)), || ()))
        })
    }

    /// As an administrator's erasure, by the rule; whoever was opened again meanwhile stays.
    fn erase_person(&self, id: IdentityId, rule: &Rule) -> Result<(), RetentionError> {
        let actor = Actor::system("retention");
        let reason = format!("{} for {} days: {}", rule.matter, rule.days, rule.basis);
        until_settled(|| {
            let (record, version) = self.identity_record(id)?;
            if !self.identity_due(&record)?.contains(&(rule.clone(), Verdict::Goes)) {
                return Ok(Attempt::Settled(Ok(())));
            }
            let event = self.erasure(rule, format!("identity:{id}"))?;
            let stands = Change::new().check(IDENTITIES, id.to_string(), Expect::Version(version));
            Ok(match self.erase_closed(&actor, id, &reason, &stands.explained_by(&event))? {
                Attempt::Settled(outcome) => Attempt::Settled(outcome.map_err(RetentionError::from)),
                Attempt::Overtaken(conflict) => Attempt::Overtaken(conflict),
            })
        })
    }

    fn erasure(&self, rule: &Rule, subject: String) -> Result<Event, Fault> {
        let event = self.event(&Actor::system("retention"), ERASED, subject)?;
        Ok(event
            .with("matter", rule.matter.name())
            .with("days", rule.days.to_string())
            .with("basis", rule.basis.clone()))
    }

    /// The rules, and what is due of each among the first [5000](EXAMINED) requests and as many identities; and whether these are all.
    ///
    /// # Errors
    /// Store or vault failed.
    pub fn retention(&self, _permit: &Permit<ReadRetention>) -> Result<(Vec<Due>, bool), RetentionError> {
        let rules = self.settings().retention.all();
        let mut dues: Vec<Due> =
            rules.iter().map(|rule| Due { rule: rule.clone(), due: 0, held_back: 0 }).collect();
        let mut count = |rule: &Rule, verdict: Verdict| {
            if let Some(due) = dues.iter_mut().find(|due| due.rule == *rule) {
                match verdict {
                    Verdict::Goes => due.due += 1,
                    Verdict::HeldBack => due.held_back += 1,
                    Verdict::Stays => {}
                }
            }
        };
        let mut all = true;
        if !rules.is_empty() {
            let requests = self.store().scan(REQUESTS, &KeyRange::all(), EXAMINED)?;
            for (_, entry) in &requests {
                if let Some((rule, verdict)) = self.request_due(&record::decode(REQUESTS, entry)?)? {
                    count(&rule, verdict);
                }
            }
            let identities = self.store().scan(IDENTITIES, &KeyRange::all(), EXAMINED)?;
            for (_, entry) in &identities {
                for (rule, verdict) in self.identity_due(&record::decode(IDENTITIES, entry)?)? {
                    count(&rule, verdict);
                }
            }
            all = requests.len() < EXAMINED && identities.len() < EXAMINED;
        }
        Ok((dues, all))
    }
}
