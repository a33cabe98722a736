//! What goes wrong with a server, told apart by what helps.

use std::time::{Duration, Instant};

use postgres::Error;
use postgres::error::SqlState;

use crate::storage::StorageError;

/// What went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server or the way to it is gone, or it takes no writes any more. What was under way may have happened or
    /// not. A new connection may find a server.
    Away(String),
    /// The server refused for the moment, and did nothing. The same again may succeed.
    Busy(String),
    /// Something stands under a key that was supposed to be free; nothing was done.
    Present(String),
    /// Trying again does not help.
    Fault(StorageError),
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Self {
        Self::Fault(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let said = causes(&error);
        match error.code() {
            Some(code) if is_away(code) => Self::Away(said),
            Some(code) if is_busy(code) => Self::Busy(said),
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Self::Present(said),
            Some(code) => Self::Fault(StorageError(format!("{}PostgreSQL says: {said}", advice(code)))),
            None if error.is_closed() => Self::Away(said),
            None => match input_output(&error) {
                Some(io) if is_of_tls(io) => {
                    Self::Fault(StorageError(format!("the server is not who it should be: {said}")))
                }
                Some(_) => Self::Away(said),
                None => Self::Fault(StorageError(format!("PostgreSQL cannot be used: {said}"))),
            },
        }
    }
}

impl Trouble {
    /// As the caller is told of it when nothing is tried again.
    pub(super) fn error(self) -> StorageError {
        match self {
            Self::Away(said) => StorageError(format!("PostgreSQL is away: {said}")),
            Self::Busy(said) => StorageError(format!("PostgreSQL is busy: {said}")),
            Self::Present(said) => StorageError(format!("an entry is there that was not found: {said}")),
            Self::Fault(error) => error,
        }
    }
}

/// An error and what it comes from, in one line.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        source = cause.source();
    }
    said
}

fn input_output(error: &Error) -> Option<&std::io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

fn is_of_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// PostgreSQL's appendix A, classes 08 and 57P; a server that became a standby; one that is full or being recovered;
/// and a connection that the server gave up because npki stood still.
fn is_away(code: &SqlState) -> bool {
    let away = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    code.code().starts_with("08") || away.contains(code)
}

fn is_busy(code: &SqlState) -> bool {
    let busy = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
    ];
    busy.contains(code)
}

fn advice(code: &SqlState) -> &'static str {
    match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "the server does not accept this user and password; "
        }
        SqlState::INVALID_CATALOG_NAME => "the database must be made first (createdb); ",
        SqlState::INSUFFICIENT_PRIVILEGE => "the database's user lacks a right; ",
        SqlState::DISK_FULL => "the server's disk is full; ",
        _ => "",
    }
}

/// How long it is worth trying again.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    const FIRST_PAUSE: Duration = Duration::from_millis(20);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);

    pub(super) fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, pause: Self::FIRST_PAUSE }
    }

    /// Waits a little, longer each time.
    ///
    /// # Errors
    /// Trying again does not help, or patience is at its end.
    pub(super) fn bear(&mut self, trouble: Trouble) -> Result<(), StorageError> {
        if matches!(trouble, Trouble::Fault(_) | Trouble::Present(_)) || Instant::now() >= self.until {
            return Err(trouble.error());
        }
        std::thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(Self::LONGEST_PAUSE);
        Ok(())
    }
}
