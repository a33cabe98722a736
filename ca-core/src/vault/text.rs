//! Sealed texts and octets as fields of records that stay readable otherwise, and the purposes they are sealed for.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use super::{Envelope, VaultError};
use crate::keys::sealed::passphrase::as_base64;
use crate::storage::Table;

/// A text that only its subject's envelope opens. It has no `Display`, and its `Debug` says how long it is.
///
/// In JSON it is base64, so that the record around it stays readable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedText(#[serde(with = "as_base64")] Vec<u8>);

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedText({} octets)", self.0.len())
    }
}

/// The purpose of a value that stands in `table` under `key`: it opens nowhere else.
pub fn purpose_of(table: Table, key: impl Display) -> String {
    format!("{}/{key}", table.name())
}

/// The purpose of one field of the record that stands in `table` under `key`.
pub fn purpose_of_field(table: Table, key: impl Display, field: impl Display) -> String {
    format!("{}/{key}#{field}", table.name())
}

impl Envelope {
    /// Seals a text for one purpose.
    ///
    /// # Errors
    /// As [`Envelope::seal`].
    pub fn seal_text(&self, purpose: &str, text: &str) -> Result<SealedText, VaultError> {
        self.seal(purpose, text.as_bytes()).map(SealedText)
    }

    /// Opens a text that was sealed for this subject and purpose.
    ///
    /// # Errors
    /// As [`Envelope::open`].
    pub fn open_text(&self, purpose: &str, sealed: &SealedText) -> Result<String, VaultError> {
        let opened = self.open(purpose, &sealed.0)?;
        // Only a text is ever sealed as one: anything else was sealed as something else.
        let text = std::str::from_utf8(&opened);
        text.map(str::to_owned).map_err(|_| self.not_sealed(purpose))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use zeroize::Zeroizing;

    use super::*;
    use crate::clock::SystemEntropy;
    use crate::subject::IdentityRef;

    const TABLE: Table = Table::records("certificates");

    fn envelope() -> Envelope {
        let key = Arc::new(Zeroizing::new([7; 32]));
        Envelope::new(IdentityRef("person/P-1".to_owned()), key, Arc::new(SystemEntropy))
    }

    #[test]
    fn a_sealed_text_neither_prints_nor_reads_as_text() {
        let sealed = envelope().seal_text(&purpose_of_field(TABLE, "1", "subject"), "CN=MOKOENA").unwrap();
        let json = serde_json::to_string(&sealed).unwrap();
        assert!(!json.contains("MOKOENA") && !format!("{sealed:?}").contains("MOKOENA"));
        let read: SealedText = serde_json::from_str(&json).unwrap();
        let opened = envelope().open_text(&purpose_of_field(TABLE, "1", "subject"), &read).unwrap();
        assert_eq!(opened, "CN=MOKOENA");
    }

    #[test]
    fn it_opens_in_its_own_field_alone() {
        let sealed = envelope().seal_text(&purpose_of_field(TABLE, "1", "subject"), "CN=MOKOENA").unwrap();
        for elsewhere in [purpose_of_field(TABLE, "2", "subject"), purpose_of(TABLE, "1")] {
            assert!(matches!(envelope().open_text(&elsewhere, &sealed), Err(VaultError::NotSealed { .. })));
        }
    }
}
