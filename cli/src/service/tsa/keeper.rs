//! What a unit does all the time: looks at the clock, notes how late it is, goes over to a new certificate, asks what time others
//! have.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ca_core::clock::{SystemClock, SystemEntropy, in_words};
use ocsp_responder::timestamp::{Serials, TimestampingAuthority, WatchedClock};

use super::keys::{AtWorkFile, UnitKeys};
use super::settings::TsaSettings;
use super::state::UnitState;
use super::{ntp, unit};
use crate::service::ServiceError;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often it is noted how late it is: a clock that is set back over a power cut by more is noticed.
const NOTE: Duration = Duration::from_secs(10);
/// How soon the servers are asked again when none has confirmed the time.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Keeps one unit at work.
#[derive(Debug)]
pub(super) struct Keeper {
    settings: TsaSettings,
    keys: UnitKeys,
    state: UnitState,
    clock: Arc<WatchedClock>,
    serials: Arc<Serials>,
    authority: Arc<TimestampingAuthority>,
    at_work: Option<AtWorkFile>,
    note_at: Instant,
    /// What is wrong with the clock, and with the certificate: told once, and not each second.
    complaints: [Option<String>; 2],
}

impl Keeper {
    pub(super) fn new(
        settings: &TsaSettings,
        state: UnitState,
        clock: Arc<WatchedClock>,
        serials: Arc<Serials>,
    ) -> Self {
        Self {
            settings: settings.clone(),
            keys: UnitKeys::of(settings),
            state,
            authority: Arc::new(TimestampingAuthority::new(Arc::clone(&clock))),
            clock,
            serials,
            at_work: None,
            note_at: Instant::now(),
            complaints: [None, None],
        }
    }

    /// Who answers.
    pub(super) const fn authority(&self) -> &Arc<TimestampingAuthority> {
        &self.authority
    }

    /// Works until `stop` says so or is dropped; then notes how late it is.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            self.turn();
        }
        self.note();
    }

    /// Does what is due.
    pub(super) fn turn(&mut self) {
        let believed = self.clock.moment().map(|_| ()).map_err(|doubt| doubt.to_string());
        self.complain(
            0,
            believed,
            "the clock is not believed, and no tokens are given",
            "the clock is believed",
        );
        if Instant::now() >= self.note_at {
            self.note_at = Instant::now() + NOTE;
            self.note();
        }
        let looked = self.certificate().map_err(|error| error.to_string());
        self.complain(1, looked, "the unit's certificate cannot be used", "the unit's certificate is in use");
    }

    fn note(&mut self) {
        if let Err(error) = self.state.note(self.clock.newest()) {
            tracing::error!(%error, "it cannot be noted how late it is; it is tried again");
        }
    }

    /// Goes over to a certificate that was accepted.
    fn certificate(&mut self) -> Result<(), ServiceError> {
        let Some(file) = self.keys.at_work()? else { return Ok(()) };
        if self.at_work.as_ref() == Some(&file) {
            return Ok(());
        }
        let (clock, serials) = (Arc::clone(&self.clock), Arc::clone(&self.serials));
        let unit = unit(&self.settings, &self.keys, &file, clock, serials)?;
        tracing::info!(key = %file.key, until = %in_words(unit.ends()), "giving tokens with a new certificate");
        self.authority.appoint(unit);
        self.at_work = Some(file);
        Ok(())
    }

    fn complain(&mut self, which: usize, outcome: Result<(), String>, wrong: &str, right: &str) {
        let Some(before) = self.complaints.get_mut(which) else { return };
        match outcome {
            Ok(()) if before.take().is_some() => tracing::info!("{right} again"),
            Ok(()) => {}
            Err(why) if before.is_some() => *before = Some(why),
            Err(why) => {
                tracing::error!(%why, "{wrong}");
                *before = Some(why);
            }
        }
    }
}

/// Asks the servers what time it is, until `stop` says so or is dropped.
pub(super) fn compare(settings: &TsaSettings, clock: &WatchedClock, stop: &Receiver<()>) {
    let Some(bounds) = settings.bounds.reference else { return };
    let mut wait = Duration::ZERO;
    while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(wait) {
        wait = ASK_AGAIN;
        for server in &settings.servers {
            // Half of what the clock may be off by is for the way there and back.
            match ntp::offset(server, bounds.offset / 2, &SystemClock, &SystemEntropy) {
                Ok(offset) => {
                    clock.compared(offset);
                    if offset.abs() <= bounds.offset {
                        wait = settings.ask;
                    }
                    break;
                }
                Err(error) => tracing::warn!(server, %error, "the time could not be asked"),
            }
        }
    }
}
