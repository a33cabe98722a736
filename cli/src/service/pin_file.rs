//! The file that a token's user PIN stands in.

use std::path::PathBuf;
use std::sync::Arc;

use ca_core::clock::SystemEntropy;
use ca_core::token::{Asking, Pin, Refusals};

use super::ServiceError;
use crate::files::is_stream;
use crate::secret::{credential_or, first_line};

/// Where a PIN is, and who reads it.
#[derive(Debug, Clone)]
pub(crate) struct PinFile {
    path: PathBuf,
    /// The name of the systemd credential that is preferred over the file.
    credential: Option<&'static str>,
    asking: Asking,
}

impl PinFile {
    /// The first line of this file.
    pub(crate) const fn at(path: PathBuf) -> Self {
        Self { path, credential: None, asking: Asking::Service }
    }

    /// Or, where systemd gives a credential of this name, of that.
    #[must_use]
    pub(crate) fn or_credential(self, name: &'static str) -> Self {
        Self { credential: Some(name), ..self }
    }

    /// For a person, who sees what comes of it: also a PIN is presented that the token refused before.
    #[must_use]
    pub(crate) fn by_hand(self) -> Self {
        Self { asking: Asking::Person, ..self }
    }

    /// Reads the PIN. That a token refuses it is remembered beside the file.
    ///
    /// # Errors
    /// There is none that is taken, or others than its owner may read it.
    pub(super) fn read(&self) -> Result<Pin, ServiceError> {
        let given = self.credential.map_or_else(|| self.path.clone(), |name| credential_or(name, &self.path));
        let pin = Pin::new(first_line(&given)?);
        if is_stream(&self.path) {
            return Ok(pin);
        }
        Ok(pin.remembered(Refusals::beside(&self.path, self.asking, Arc::new(SystemEntropy))))
    }
}
