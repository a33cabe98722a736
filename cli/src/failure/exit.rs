//! Exit codes: the same in text and in JSON mode.

use std::process::ExitCode;

/// What a command leaves to the shell. `npki help exit-codes` explains them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; or the answer is yes, valid, healthy.
    Done,
    /// Failed, unclassified.
    Failed,
    /// Wrong usage or missing input.
    Usage,
    /// The answer is no: invalid, revoked, expired, untrusted.
    No,
    /// Signing in is needed, or it is not permitted.
    SignIn,
    /// Not found.
    NotFound,
    /// A conflict, or a state that forbids the act.
    Conflict,
    /// The network or the server is not available; trying again helps.
    Unavailable,
    /// Cannot tell: no status, no path, sources disagree.
    CannotTell,
    /// Accepted; waits for a person.
    Waiting,
}

impl Exit {
    /// All of them, with the words of `npki help exit-codes`.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::No,
        Self::SignIn,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
        Self::CannotTell,
        Self::Waiting,
    ];

    /// The number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::No => 3,
            Self::SignIn => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Unavailable => 7,
            Self::CannotTell => 8,
            Self::Waiting => 9,
        }
    }

    /// Of two, the one that says more of what is wrong: what a command over many files leaves to the shell. A definite no comes
    /// before all that only was not done.
    pub const fn worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    const fn weight(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Waiting => 1,
            Self::CannotTell => 2,
            Self::Unavailable => 3,
            Self::NotFound => 4,
            Self::Conflict => 5,
            Self::Usage => 6,
            Self::Failed => 7,
            Self::SignIn => 8,
            Self::No => 9,
        }
    }

    /// The exit code for an HTTP status that reports a failure.
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::SignIn,
            404 | 410 => Self::NotFound,
            409 | 412 => Self::Conflict,
            400 | 413 | 415 | 422 => Self::Usage,
            429 | 500..=599 => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_status_of_the_interface_has_its_exit_code() {
        let expected = [
            (400, 2),
            (401, 4),
            (403, 4),
            (404, 5),
            (409, 6),
            (412, 6),
            (413, 2),
            (415, 2),
            (422, 2),
            (429, 7),
            (500, 7),
            (503, 7),
            (418, 1),
        ];
        for (status, exit) in expected {
            assert_eq!(Exit::of_status(status).number(), exit, "HTTP {status}");
        }
    }

    #[test]
    fn the_help_topic_names_every_exit_code() {
        let topic = include_str!("../help/exit-codes.txt");
        for exit in Exit::ALL {
            assert!(
                topic.lines().any(|line| line.trim_start().starts_with(&format!("{} ", exit.number()))),
                "exit code {} is not explained",
                exit.number()
            );
        }
    }
}
