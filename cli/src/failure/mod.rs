//! What went wrong, said in four lines: what, cause, fix, code.

use std::borrow::Cow;

use ca_core::clock::EntropyError;
use serde::Serialize;

pub mod catalogue;
mod entry;
mod exit;

pub use catalogue::Problem;
pub use exit::Exit;

/// A command that failed. Boxed inside, so that results stay small.
#[derive(Debug, Clone)]
pub struct Failure(Box<Facts>);

#[derive(Debug, Clone)]
struct Facts {
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    what: String,
    cause: String,
    fix: String,
    exit: Exit,
    retryable: bool,
    status: Option<u16>,
}

/// The `error` member of the envelope: an RFC 9457 object with `code`, `cause`, `fix` and `retryable`.
#[derive(Debug, Serialize)]
pub struct Problem9457<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    detail: &'a str,
    cause: &'a str,
    code: &'a str,
    fix: &'a str,
    retryable: bool,
}

impl From<EntropyError> for Failure {
    fn from(error: EntropyError) -> Self {
        Self::of(&catalogue::MACHINE).cause(error.to_string())
    }
}

impl Failure {
    /// A failure of the catalogue, in its general wording.
    pub fn of(problem: &'static Problem) -> Self {
        Self(Box::new(Facts {
            code: Cow::Borrowed(problem.code),
            title: Cow::Borrowed(problem.title),
            what: problem.title.to_owned(),
            cause: problem.cause.to_owned(),
            fix: problem.fix.to_owned(),
            exit: problem.exit,
            retryable: problem.retryable,
            status: None,
        }))
    }

    /// A failure that the server reported, under the server's own code.
    pub fn of_server(code: String, title: String, status: u16) -> Self {
        let exit = Exit::of_status(status);
        Self(Box::new(Facts {
            code: Cow::Owned(code),
            what: title.clone(),
            title: Cow::Owned(title),
            cause: format!("the server answered {status}"),
            fix: "npki help errors".to_owned(),
            exit,
            retryable: exit == Exit::Unavailable,
            status: Some(status),
        }))
    }

    /// Says what failed, about the very thing it happened to.
    #[must_use]
    pub fn what(mut self, what: impl Into<String>) -> Self {
        self.0.what = what.into();
        self
    }

    /// Says why.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = cause.into();
        self
    }

    /// Says what to do: a command to paste where there is one.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = fix.into();
        self
    }

    /// Says whether trying again can help.
    #[must_use]
    pub const fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// The code this failure leaves to the shell.
    pub const fn exit(&self) -> Exit {
        self.0.exit
    }

    /// Whether trying again can help.
    pub const fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the server refused, so that it is certain that nothing was done.
    pub fn is_refusal(&self) -> bool {
        self.0.status.is_some_and(|status| (400..500).contains(&status))
    }

    /// Its stable code, `E-CTX-001`.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The three sentences: what, cause, fix.
    pub fn sentences(&self) -> [&str; 3] {
        [&self.0.what, &self.0.cause, &self.0.fix]
    }

    /// The form for machines.
    pub fn problem(&self) -> Problem9457<'_> {
        let facts = &self.0;
        Problem9457 {
            kind: format!("https://npki.invalid/problems/{}", facts.code),
            title: &facts.title,
            status: facts.status,
            detail: &facts.what,
            cause: &facts.cause,
            code: &facts.code,
            fix: &facts.fix,
            retryable: facts.retryable,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.0.what, self.0.code)
    }
}

impl std::error::Error for Failure {}
