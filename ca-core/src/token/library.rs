//! Token makers' libraries: each loaded once for the whole process, used by many threads, and started anew when that is
//! the only way to see a token that came back.
//!
//! PKCS#11 2.40 section 5.4 starts a library once for a process, and nothing may be under way in it when it is stopped. So
//! whoever calls it holds an [`InUse`]; a restart waits until nobody does, and all sessions from before are void.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use super::TokenError;

/// How long a library is left alone after a restart: other tokens' sessions end with each.
const BETWEEN_RESTARTS: Duration = Duration::from_secs(2);
/// How long a restart waits for calls that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// The libraries of this process.
static LOADED: Mutex<BTreeMap<PathBuf, Arc<Library>>> = Mutex::new(BTreeMap::new());

struct Library {
    pkcs11: Pkcs11,
    turn: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Default)]
struct Turn {
    /// How often it was started anew: sessions belong to one life.
    life: u64,
    users: usize,
    restarting: bool,
    restarted: Option<Instant>,
}

/// A library that somebody calls. While it is held, the library is not stopped.
pub(crate) struct InUse {
    library: Arc<Library>,
    life: u64,
}

impl InUse {
    /// Loads and starts the library where that is needed, and waits for a restart that is under way.
    ///
    /// # Errors
    /// It cannot be loaded or started.
    pub(crate) fn of(module: &Path) -> Result<Self, TokenError> {
        let library = loaded(module)?;
        let turn = library.turn();
        let waited = library.changed.wait_while(turn, |turn| turn.restarting);
        let mut turn = waited.unwrap_or_else(PoisonError::into_inner);
        // Also where another part of this process had stopped it.
        start(&library.pkcs11).map_err(failed(module))?;
        turn.users += 1;
        let life = turn.life;
        drop(turn);
        Ok(Self { library, life })
    }

    /// The library.
    pub(crate) fn pkcs11(&self) -> &Pkcs11 {
        &self.library.pkcs11
    }

    /// Sessions of another life than this are void.
    pub(crate) const fn life(&self) -> u64 {
        self.life
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.library.turn().users -= 1;
        self.library.changed.notify_all();
    }
}

/// Stops and starts a library, for a token that it does not see. Whether it was, by this thread or another, so that it is
/// worth looking again. The caller must not hold an [`InUse`] of it.
pub(crate) fn restart(module: &Path) -> bool {
    let Ok(library) = loaded(module) else { return false };
    let mut turn = library.turn();
    if turn.restarting {
        let life = turn.life;
        let waited = library.changed.wait_while(turn, |turn| turn.restarting);
        return waited.unwrap_or_else(PoisonError::into_inner).life != life;
    }
    if turn.restarted.is_some_and(|last| last.elapsed() < BETWEEN_RESTARTS) {
        return false;
    }
    turn.restarting = true;
    turn.restarted = Some(Instant::now());
    let waited = library.changed.wait_timeout_while(turn, PATIENCE, |turn| turn.users > 0);
    let (mut turn, _) = waited.unwrap_or_else(PoisonError::into_inner);
    let idle = turn.users == 0;
    if idle {
        tracing::warn!(library = %module.display(), "a token is not seen: its library is started anew");
        // One that cannot be stopped was stopped already; one that cannot be started says so to the next user.
        let _ = library.pkcs11.clone().finalize();
        let _ = start(&library.pkcs11);
        turn.life += 1;
    }
    turn.restarting = false;
    drop(turn);
    library.changed.notify_all();
    idle
}

impl Library {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        // Nothing panics while it is held.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn loaded(module: &Path) -> Result<Arc<Library>, TokenError> {
    // Nothing panics while it is held.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = loaded.get(module) {
        return Ok(Arc::clone(library));
    }
    let pkcs11 = Pkcs11::new(module).map_err(failed(module))?;
    let library = Arc::new(Library { pkcs11, turn: Mutex::default(), changed: Condvar::new() });
    loaded.insert(module.to_owned(), Arc::clone(&library));
    Ok(library)
}

fn start(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        outcome => outcome,
    }
}

fn failed(module: &Path) -> impl Fn(Error) -> TokenError + use<> {
    let module = module.to_owned();
    move |source| TokenError::Module { module: module.clone(), source }
}
