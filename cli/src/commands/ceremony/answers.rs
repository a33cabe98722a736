//! Prepared answers: TOML, one line for each question's name, such as `"agree.1" = "3f9a01bc"`. For rehearsals and
//! tests; at a ceremony people answer.

use std::collections::BTreeMap;
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::{Failure, catalogue};
use crate::files;

/// Answers by the questions' names.
#[derive(Clone)]
pub struct Answers(BTreeMap<String, Zeroizing<String>>);

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("to", &self.0.keys()).finish()
    }
}

impl Answers {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be read, or is not of that form.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = Zeroizing::new(files::read(path, super::MAX_TEXT)?);
        let read: BTreeMap<String, String> =
            toml::from_str(&String::from_utf8_lossy(&text)).map_err(|error| {
                Failure::of(&catalogue::CONTENT)
                    .what("the prepared answers cannot be read")
                    .cause(error.message().to_owned())
                    .fix("write lines such as \"agree.1\" = \"3f9a01bc\"")
            })?;
        Ok(Self(read.into_iter().map(|(key, answer)| (key, Zeroizing::new(answer))).collect()))
    }

    /// The answer to a question.
    pub fn to(&self, key: &str) -> Option<Zeroizing<String>> {
        self.0.get(key).cloned()
    }
}
