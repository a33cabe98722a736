//! Rotation of the master key while the service runs: the next key is durable before it wraps anything, then a thread
//! re-wraps what former ones wrap, page by page. What a crash leaves is taken up at the next start.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use ca_core::ledger::Actor;
use ca_core::vault::master::MasterKeyId;
use ca_core::vault::{Rotation, Vault, VaultError};
use id_registry::fault::Fault;
use id_registry::master_keys::{MasterKeyState, MasterKeys, Progress, RotationError};

use super::key_folder::KeyFolder;
use super::settings::MasterKeyKind;

/// How many keys are re-wrapped in one change: small enough that others wait for little, large enough that its flush to
/// disk costs little.
const PAGE: NonZeroUsize = NonZeroUsize::new(200).unwrap();

/// How often a rotation goes through all keys at most. A second pass finds what was being wrapped when the key was
/// exchanged; what many passes do not end is another node that knows no better.
const PASSES: usize = 10;

/// Keeps the master keys of a running service.
#[derive(Debug)]
pub(crate) struct MasterKeyKeeper {
    keys: KeyFolder,
    kind: MasterKeyKind,
    shared: Arc<Shared>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

/// What the one who asks and the one who re-wraps both see.
#[derive(Debug)]
struct Shared {
    vault: Arc<Vault>,
    job: Mutex<Job>,
    stop: AtomicBool,
}

#[derive(Debug)]
struct Job {
    progress: Progress,
    in_use: BTreeMap<MasterKeyId, u64>,
    rewrapped: u64,
    left: u64,
}

impl MasterKeyKeeper {
    pub(crate) fn new(vault: Arc<Vault>, keys: KeyFolder, kind: MasterKeyKind) -> Self {
        let job = Job { progress: Progress::Idle, in_use: BTreeMap::new(), rewrapped: 0, left: 0 };
        let shared = Arc::new(Shared { vault, job: Mutex::new(job), stop: AtomicBool::new(false) });
        Self { keys, kind, shared, worker: Mutex::new(None) }
    }

    /// Takes up what an earlier run left under former keys, if there are any.
    pub(crate) fn resume(&self) {
        if !self.shared.vault.ring().is_single() {
            let mut job = self.shared.job();
            self.begin(&mut job, Actor::system("rotation"));
        }
    }

    /// Stops re-wrapping after the page at hand, and waits for it.
    pub(crate) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker {
            let _ = worker.join();
        }
    }

    fn begin(&self, job: &mut Job, actor: Actor) {
        (job.progress, job.rewrapped) = (Progress::Running, 0);
        let shared = Arc::clone(&self.shared);
        let worker = std::thread::spawn(move || shared.work(&actor));
        // The one before has ended: its job is not running.
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = Some(worker);
    }
}

impl MasterKeys for MasterKeyKeeper {
    fn rotate(&self, actor: &Actor) -> Result<(), RotationError> {
        let mut job = self.shared.job();
        if job.progress == Progress::Running {
            return Err(RotationError::Running { left: job.left });
        }
        match self.kind {
            MasterKeyKind::Software => {
                let next = self.keys.create_master_key();
                let next = next.map_err(|error| RotationError::NoKey(error.to_string()))?;
                self.shared.vault.make_current(Arc::new(next), actor)?;
            }
            // The token's next key was named in the settings: it is current since the start.
            MasterKeyKind::Token if self.shared.vault.left_to_rotate()? == 0 => {
                return Err(RotationError::NothingToDo);
            }
            MasterKeyKind::Token => {}
        }
        self.shared.count(&mut job)?;
        self.begin(&mut job, actor.clone());
        Ok(())
    }

    fn state(&self) -> Result<MasterKeyState, Fault> {
        let mut job = self.shared.job();
        if job.progress != Progress::Running {
            self.shared.count(&mut job)?;
        }
        Ok(MasterKeyState {
            current: self.shared.vault.ring().current().id().clone(),
            in_use: job.in_use.clone(),
            rewrapped: job.rewrapped,
            left: job.left,
            progress: job.progress,
        })
    }
}

impl Shared {
    fn job(&self) -> MutexGuard<'_, Job> {
        // Each field is true by itself.
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, job: &mut Job) -> Result<(), VaultError> {
        job.in_use = self.vault.master_keys_in_use()?;
        let current = self.vault.ring().current().id().clone();
        job.left = job.in_use.iter().filter(|(id, _)| **id != current).map(|(_, keys)| keys).sum();
        Ok(())
    }

    fn work(&self, actor: &Actor) {
        let progress = match self.rewrap(actor) {
            Ok(0) => Progress::Idle,
            Ok(left) => {
                tracing::warn!(left, "keys are left under former master keys; the next start goes on");
                Progress::Failed
            }
            Err(error) => {
                tracing::error!(%error, "the rotation of the master key ended early; the next start goes on");
                Progress::Failed
            }
        };
        self.job().progress = progress;
    }

    /// Re-wraps until nothing is left, and tells how much is.
    fn rewrap(&self, actor: &Actor) -> Result<u64, VaultError> {
        let mut done = Rotation { rewrapped: 0, left: 0 };
        for _ in 0..PASSES {
            let before = done.rewrapped;
            let pass = self.vault.rotate(PAGE, actor, &mut |so_far| self.tell(before, so_far))?;
            done = Rotation { rewrapped: before + pass.rewrapped, left: pass.left };
            if self.tell(before, pass).is_break() || done.left == 0 {
                break;
            }
        }
        tracing::info!(rewrapped = done.rewrapped, left = done.left, "the master key was rotated");
        Ok(done.left)
    }

    fn tell(&self, before: u64, so_far: Rotation) -> ControlFlow<()> {
        let mut job = self.job();
        (job.rewrapped, job.left) = (before + so_far.rewrapped, so_far.left);
        if self.stop.load(Ordering::Acquire) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
