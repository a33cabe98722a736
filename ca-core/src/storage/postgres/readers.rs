//! The connections that read: a few, shared by all who ask.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::failure::{Patience, Trouble};
use super::session::Session;
use super::settings::PostgresSettings;
use crate::storage::StorageError;

/// The connections that read.
pub(super) struct Readers {
    settings: PostgresSettings,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Session>,
    /// How many are out, or being made.
    out: usize,
}

impl Readers {
    pub(super) fn new(settings: PostgresSettings) -> Self {
        Self { settings, pool: Mutex::default(), returned: Condvar::new() }
    }

    /// Lets `read` ask the server; again on another connection when one turns out to be gone.
    pub(super) fn read<T>(
        &self,
        read: impl Fn(&mut Session) -> Result<T, Trouble>,
    ) -> Result<T, StorageError> {
        let mut patience = Patience::new(self.settings.patience());
        loop {
            let lease = self.lease();
            let outcome = lease.session().and_then(|mut session| {
                let outcome = read(&mut session);
                lease.give_back(session, &outcome);
                outcome
            });
            drop(lease);
            match outcome {
                Ok(found) => return Ok(found),
                Err(trouble) => patience.bear(trouble)?,
            }
        }
    }

    fn lease(&self) -> Lease<'_> {
        let mut pool = self.pool();
        while pool.out >= self.settings.readers() {
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        pool.out += 1;
        Lease(self)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // Nothing panics while it holds the lock.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        // A connection brings a runtime of its own, which must not be dropped on a thread that is running another's
        // task: there it would panic.
        let idle = std::mem::take(&mut self.pool().idle);
        if let Ok(thread) = std::thread::Builder::new().spawn(|| drop(idle)) {
            let _ = thread.join();
        }
    }
}

/// The right to use one connection.
struct Lease<'a>(&'a Readers);

impl Lease<'_> {
    fn session(&self) -> Result<Session, Trouble> {
        let idle = self.0.pool().idle.pop();
        match idle {
            Some(session) if !session.is_closed() => Ok(session),
            _ => Session::open(&self.0.settings),
        }
    }

    fn give_back<T>(&self, session: Session, outcome: &Result<T, Trouble>) {
        let mut pool = self.0.pool();
        if matches!(outcome, Err(Trouble::Away(_))) {
            // The others are most likely gone as well.
            let gone = std::mem::take(&mut pool.idle);
            drop(pool);
            drop((gone, session));
        } else if !session.is_closed() {
            pool.idle.push(session);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.0.pool().out -= 1;
        self.0.returned.notify_one();
    }
}
