//! Lists of certificates as files: CSV for spreadsheets, JSON lines for programs. Written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files::{self, Draft, Readers};

/// Whom to write to about a certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Holder {
    name: String,
    identifier: Option<String>,
    #[serde(default)]
    email_addresses: Vec<String>,
    sponsor: Option<Sponsor>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sponsor {
    id: String,
    name: Option<String>,
    identifier: Option<String>,
    #[serde(default)]
    email_addresses: Vec<String>,
}

impl Holder {
    /// The columns that name people; they are there, empty, where nobody is named.
    pub(super) fn columns(holder: Option<&Self>) -> [(&'static str, String); 7] {
        let sponsor = holder.and_then(|holder| holder.sponsor.as_ref());
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        [
            ("name", text(holder.map(|holder| &holder.name))),
            ("identifier", text(holder.and_then(|holder| holder.identifier.as_ref()))),
            ("email", holder.map(|holder| holder.email_addresses.join(" ")).unwrap_or_default()),
            ("sponsor", text(sponsor.map(|sponsor| &sponsor.id))),
            ("sponsor_name", text(sponsor.and_then(|sponsor| sponsor.name.as_ref()))),
            ("sponsor_identifier", text(sponsor.and_then(|sponsor| sponsor.identifier.as_ref()))),
            ("sponsor_email", sponsor.map(|sponsor| sponsor.email_addresses.join(" ")).unwrap_or_default()),
        ]
    }
}

/// A list under construction.
pub(super) struct Export {
    path: PathBuf,
    draft: Draft,
    form: Form,
    lines: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    JsonLines,
}

impl Export {
    /// Begins a list that is to stand in a new file.
    pub(super) fn begin(path: &Path, readers: Readers) -> Result<Self, Failure> {
        files::must_be_free(path)?;
        let lines = path.extension().is_some_and(|extension| extension == "jsonl" || extension == "ndjson");
        let form = if lines { Form::JsonLines } else { Form::Csv };
        Ok(Self { path: path.to_owned(), draft: Draft::begin(path, readers)?, form, lines: 0 })
    }

    /// Adds an entry: the whole of it in JSON, its columns in CSV.
    pub(super) fn write(
        &mut self,
        entry: &impl Serialize,
        columns: &[(&'static str, String)],
    ) -> Result<(), Failure> {
        let written = match self.form {
            Form::JsonLines => json_line(entry),
            Form::Csv => csv_lines(columns, self.lines == 0),
        };
        self.lines += 1;
        let unwritable = |error: std::io::Error| files::unwritable(&self.path, &error);
        self.draft.file().write_all(&written.map_err(unwritable)?).map_err(unwritable)
    }

    /// Puts the file in its place; gives how many entries it has.
    pub(super) fn keep(self) -> Result<u64, Failure> {
        self.draft.keep()?;
        Ok(self.lines)
    }
}

fn json_line(entry: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

fn csv_lines(columns: &[(&'static str, String)], first: bool) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if first {
        writer.write_record(columns.iter().map(|(name, _)| name))?;
    }
    writer.write_record(columns.iter().map(|(_, value)| value))?;
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}
