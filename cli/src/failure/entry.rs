//! An entry of the catalogue, and all of them: this program's own and the server's.

use super::Exit;
use super::catalogue::LOCAL;

/// One entry of the catalogue. The wording is general; a failure may say it more precisely.
#[derive(Debug, Clone, Copy)]
pub struct Problem {
    /// Its stable code.
    pub code: &'static str,
    /// What happened.
    pub title: &'static str,
    /// Why it usually happens.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// The code left to the shell.
    pub exit: Exit,
    /// Whether trying again can help.
    pub retryable: bool,
}

/// An entry as help prints it, whether it is local or the server's.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Entry {
    /// Its stable code.
    pub code: String,
    /// What happened.
    pub title: String,
    /// Why it usually happens.
    pub cause: String,
    /// What to do about it.
    pub fix: String,
    /// The exit code.
    pub exit: u8,
    /// Whether trying again can help.
    pub retryable: bool,
}

/// Every code there is: this program's own and those of the server, sorted.
pub fn entries() -> Vec<Entry> {
    let mut all: Vec<Entry> = LOCAL.iter().map(Entry::from).chain(server_entries()).collect();
    all.sort_by(|left, right| left.code.cmp(&right.code));
    all
}

/// The server's codes: its tables of problems, and the causes for which it refuses a certification request.
fn server_entries() -> impl Iterator<Item = Entry> {
    let registry = id_registry::http::problem::catalogue().iter();
    let registry =
        registry.map(|kind| of_status(kind.code, kind.status, kind.title, kind.fix, kind.retryable));
    let validation = ocsp_responder::http::validation::catalogue().iter();
    let validation =
        validation.map(|kind| of_status(kind.code, kind.status, kind.title, kind.fix, kind.retryable));
    let requests = ca_core::csr::catalogue::one_of_each().into_iter().map(|cause| Entry {
        code: cause.code().to_owned(),
        title: "the certification request is refused".to_owned(),
        cause: format!("for example: {cause}"),
        fix: cause.fix().to_owned(),
        exit: Exit::Usage.number(),
        retryable: false,
    });
    registry.chain(validation).chain(requests)
}

/// A problem that the server answers with this status.
fn of_status(code: &str, status: u16, title: &str, fix: &str, retryable: bool) -> Entry {
    Entry {
        code: code.to_owned(),
        title: title.to_owned(),
        cause: format!("the server answers {status}"),
        fix: fix.to_owned(),
        exit: Exit::of_status(status).number(),
        retryable,
    }
}

impl From<&Problem> for Entry {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            title: problem.title.to_owned(),
            cause: problem.cause.to_owned(),
            fix: problem.fix.to_owned(),
            exit: problem.exit.number(),
            retryable: problem.retryable,
        }
    }
}
