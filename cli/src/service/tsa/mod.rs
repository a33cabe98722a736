//! `npki tsa`: a time-stamping unit on a machine of its own, with a key that never leaves it.

mod keeper;
mod keys;
mod ntp;
mod serve;
mod settings;
mod state;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ca_core::clock::{Clock, SystemClock, SystemEntropy};
use id_registry::remote::RemoteName;
use ocsp_responder::timestamp::{Serials, Ticks, TimestampingUnit, UnitParts, WatchedClock};
use time::OffsetDateTime;

use super::key_folder::Passphrase;
use super::{ServiceError, files};
use crate::files::{Readers, create};

pub(crate) use keys::{UnitCertificate, UnitRequest};
pub(crate) use serve::serve;

use keys::{AtWorkFile, UnitKeys};
use settings::TsaSettings;
use state::UnitState;

/// Held by the process that serves from a folder.
const LOCK: &str = "tsa.lock";

/// What a unit is founded from.
#[derive(Debug, Clone)]
pub(crate) struct TsaPlan {
    /// The folder: must not exist, or be empty.
    pub(crate) data: PathBuf,
    pub(crate) name: RemoteName,
    pub(crate) listen: SocketAddr,
    /// The policy of its tokens, dotted digits; the sample's without one.
    pub(crate) policy: Option<String>,
    /// A passphrase for the keys that is kept elsewhere; without one, a new one is drawn and written beside them.
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Founds a unit. It is there whole, or not at all.
///
/// # Errors
/// The folder is in use, a value does not fit, or a file cannot be read or written.
pub(crate) fn init(plan: &TsaPlan) -> Result<(), ServiceError> {
    super::draft::founded(&plan.data, &["keys", "secrets", "certificates", "state"], |folder| {
        let fresh = settings::Fresh { name: &plan.name, listen: plan.listen, policy: plan.policy.as_deref() };
        let text = settings::fresh(&fresh);
        TsaSettings::parse(&text, folder)
            .map_err(|why| ServiceError::Settings { path: plan.data.join(settings::FILE), why })?;
        create(&folder.join(settings::FILE), text.as_bytes(), Readers::Anyone)?;
        UnitState::found(state_file(folder))?;
        Passphrase::given_or_drawn(plan.passphrase_file.as_deref(), &passphrase_file(folder)).map(|_| ())
    })
}

/// A request for a certificate: the one that waits, or one for a new key.
///
/// # Errors
/// There is no unit, or the key cannot be made.
pub(crate) fn request(data: &Path) -> Result<UnitRequest, ServiceError> {
    UnitKeys::of(&TsaSettings::load(data)?).request()
}

/// Takes a certificate into use that answers a request; until when the key may sign. A unit that runs goes over to it by itself.
///
/// # Errors
/// It is none for a key that is here, or none of a time-stamping unit: then nothing changes.
pub(crate) fn accept(data: &Path, answer: &UnitCertificate) -> Result<OffsetDateTime, ServiceError> {
    let settings = TsaSettings::load(data)?;
    let keys = UnitKeys::of(&settings);
    let file = keys.answered(answer)?;
    // Numbers that this process never gives.
    let serials = Arc::new(Serials::of_start(0, &SystemEntropy)?);
    let clock = Arc::new(watched(&settings, OffsetDateTime::UNIX_EPOCH));
    let unit = unit(&settings, &keys, &file, clock, serials)?;
    keys.store(&file)?;
    Ok(unit.ends())
}

/// Takes the machine's clock for right although a later moment was noted; that moment, and what the clock shows.
///
/// # Errors
/// There is no unit, or it runs.
pub(crate) fn accept_clock(
    data: &Path,
    reason: &str,
) -> Result<(OffsetDateTime, OffsetDateTime), ServiceError> {
    TsaSettings::load(data)?;
    let _alone = alone(data)?;
    let mut state = UnitState::open(state_file(data))?;
    let (before, now) = (state.noted(), SystemClock.now());
    state.accept(now, reason)?;
    Ok((before, now))
}

/// The unit that works with this key and these certificates.
fn unit(
    settings: &TsaSettings,
    keys: &UnitKeys,
    file: &AtWorkFile,
    clock: Arc<WatchedClock>,
    serials: Arc<Serials>,
) -> Result<TimestampingUnit, ServiceError> {
    let (certificate, chain) = file.certificates()?;
    let signer = keys.open(&file.key)?;
    let policy = settings.policy;
    Ok(TimestampingUnit::new(UnitParts { signer, certificate, chain, policy, clock, serials })?)
}

/// The machine's clock, watched.
fn watched(settings: &TsaSettings, noted: OffsetDateTime) -> WatchedClock {
    let ticks = Arc::new(SinceStart(Instant::now()));
    WatchedClock::new(Arc::new(SystemClock), ticks, settings.bounds, noted)
}

/// The machine's even count of time, which stands still while it sleeps: a machine that slept is doubted, too.
#[derive(Debug)]
struct SinceStart(Instant);

impl Ticks for SinceStart {
    fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// Two processes must not count one unit's starts.
fn alone(data: &Path) -> Result<File, ServiceError> {
    files::held_alone(&data.join(LOCK))?.ok_or_else(|| ServiceError::TsaRuns(data.to_owned()))
}

fn passphrase_file(data: &Path) -> PathBuf {
    data.join("secrets/passphrase")
}

fn state_file(data: &Path) -> PathBuf {
    data.join("state/unit.json")
}
