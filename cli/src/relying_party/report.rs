//! Reports of signatures in a file, in the form that the report's name ends with.

use std::path::{Path, PathBuf};

use ocsp_responder::signature::{self, Language, ReportForm};

use super::judgement::Judged;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};

/// Where a report goes, and how it is written.
#[derive(Debug, Clone)]
pub struct ReportFile {
    path: PathBuf,
    form: ReportForm,
}

impl ReportFile {
    /// Reads its name.
    ///
    /// # Errors
    /// It ends as no report does.
    pub fn named(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => ReportForm::Simple,
            Some("xml") => ReportForm::Etsi,
            Some("html") => ReportForm::Page(Language::default()),
            _ => {
                return Err("the form is told by the name: end it with .json (SiVa's simple report), .xml \
                            (ETSI TS 119 102-2) or .html (a page for people)"
                    .to_owned());
            }
        };
        Ok(Self { path, form })
    }

    /// Writes what was judged of the signatures in a file, or over it.
    ///
    /// # Errors
    /// There are none, or the report cannot be written.
    pub fn write(&self, file: &Path, judged: &Judged, language: Language) -> Result<(), Failure> {
        let judged = match judged {
            Judged::Signature(verdict) => signature::Judged::Signature(verdict),
            Judged::Pdf(verdict) => signature::Judged::Pdf(verdict),
            Judged::Container(verdict) => signature::Judged::Container(verdict),
            Judged::Other => {
                return Err(Failure::of(&catalogue::USAGE)
                    .cause("a report is about signatures, and there is none")
                    .fix("leave --report out; --json tells all that was found out about a certificate"));
            }
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let form = match self.form {
            ReportForm::Page(_) => ReportForm::Page(language),
            other => other,
        };
        let written = form.written(&name, judged);
        let written = written.map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))?;
        files::replace(&self.path, &written, Readers::Anyone)
    }
}
