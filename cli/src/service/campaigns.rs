//! Campaigns are carried out by the service itself: a date does not wait for somebody to type. One thread; what it remembers
//! only spares work, and a restart begins anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use ca_core::clock::Clock;
use id_registry::Registry;
use id_registry::campaign::{Campaign, CampaignError, CampaignName, MemberPlace, Phase};
use id_registry::fault::Fault;
use time::{Duration, OffsetDateTime};

/// How often it is looked whether anything is due.
const TICK: StdDuration = StdDuration::from_secs(1);

/// How often members are looked at though no date has come: what was replaced is told as so.
const SWEEP: Duration = Duration::minutes(10);

/// How many batches are done for one campaign before the next one has its turn.
const BATCHES: usize = 20;

/// Carries campaigns on.
#[derive(Debug)]
pub(crate) struct CampaignKeeper {
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    rounds: BTreeMap<CampaignName, Round>,
}

/// A round through the members of a campaign.
#[derive(Debug, Clone)]
struct Round {
    begun_at: OffsetDateTime,
    after: Option<MemberPlace>,
    ended: bool,
}

impl CampaignKeeper {
    pub(crate) fn new(registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        Self { registry, clock, rounds: BTreeMap::new() }
    }

    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            let campaigns = match self.registry.unfinished_campaigns() {
                Ok(campaigns) => campaigns,
                Err(error) => {
                    tracing::error!(%error, "campaigns cannot be read; it is tried again");
                    continue;
                }
            };
            self.rounds.retain(|name, _| campaigns.iter().any(|campaign| campaign.name == *name));
            for campaign in &campaigns {
                if self.carry_on(campaign, stop) == Turn::Stopped {
                    return;
                }
            }
        }
    }

    /// Does some batches of a campaign, if anything is due.
    fn carry_on(&mut self, campaign: &Campaign, stop: &Receiver<()>) -> Turn {
        let name = &campaign.name;
        for _ in 0..BATCHES {
            let now = self.clock.now();
            let round = match self.rounds.get(name) {
                Some(round) if !round.ended => round.clone(),
                Some(round) if !is_due(campaign, round.begun_at, now) => return Turn::Done,
                _ => Round { begun_at: now, after: None, ended: false },
            };
            match self.registry.carry_on(name, round.after.as_ref()) {
                Ok(done) => {
                    let turned = done.turned.total();
                    if turned > 0 {
                        tracing::info!(campaign = %name, turned, left = done.campaign.left(), "a campaign goes on");
                    }
                    let ended = done.through;
                    self.rounds.insert(name.clone(), Round { after: done.next, ended, ..round });
                }
                // Somebody else decided about it, or another node was faster: the next tick sees it as it is then.
                Err(CampaignError::Phase { .. } | CampaignError::Unknown(_)) => return Turn::Done,
                Err(CampaignError::Fault(Fault::Contended(_))) => return Turn::Done,
                Err(error) => {
                    tracing::error!(campaign = %name, %error, "a campaign could not be carried on; it is tried again");
                    return Turn::Done;
                }
            }
            if !matches!(stop.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty)) {
                return Turn::Stopped;
            }
        }
        Turn::Done
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Done,
    Stopped,
}

/// Whether members are to be looked at again that were last looked at in a round begun then.
fn is_due(campaign: &Campaign, begun_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    if campaign.look.is_some() || campaign.phase == Phase::Gathering {
        return true;
    }
    let came = |date: OffsetDateTime| begun_at < date && date <= now;
    let dates =
        campaign.terms.all_stages().flat_map(|stage| stage.hold_at.into_iter().chain(stage.revoke_at));
    campaign.left() > 0 && (now - begun_at >= SWEEP || dates.into_iter().any(came))
}
