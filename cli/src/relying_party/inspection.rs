//! What is in a file, over `ocsp_responder::inspect`.

use ocsp_responder::inspect;
use serde::Serialize;

use crate::failure::{Failure, catalogue};

/// What is in a file, object by object.
#[derive(Debug, Clone, Serialize)]
pub struct Inspected {
    /// The objects, in the file's order.
    pub items: Vec<inspect::Inspected>,
}

/// Says what is in a file, verifying nothing.
///
/// # Errors
/// It is nothing that is known here.
pub fn inspect(content: &[u8]) -> Result<Inspected, Failure> {
    let items = inspect::inspect(content)
        .map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))?;
    Ok(Inspected { items })
}
