//! Files that are carried between a service elsewhere and its installation, and what such a service keeps: JSON that says what form
//! it has.

use serde::{Deserialize, Serialize};

use super::ServiceError;

/// Reads a file; `what` says what it should be, such as "request of `npki tsa`".
///
/// # Errors
/// It is none.
pub(super) fn parsed<'a, T: Deserialize<'a>>(octets: &'a [u8], what: &str) -> Result<T, ServiceError> {
    serde_json::from_slice(octets)
        .map_err(|error| ServiceError::Refused(format!("this is no {what}: {error}")))
}

/// Demands that a file has the form that this npki knows.
///
/// # Errors
/// It has another.
pub(super) fn must_be(found: &str, expected: &str) -> Result<(), ServiceError> {
    if found == expected {
        return Ok(());
    }
    let shown: String = found.chars().take(60).collect();
    Err(ServiceError::Refused(format!("the file is of the form {shown:?}, this npki knows {expected:?}")))
}

/// A file's text.
///
/// # Errors
/// It cannot be written as JSON, which has no cause that could be told.
pub(crate) fn written(file: &impl Serialize) -> Result<String, ServiceError> {
    let text =
        serde_json::to_string_pretty(file).map_err(|error| ServiceError::Refused(error.to_string()))?;
    Ok(format!("{text}\n"))
}
