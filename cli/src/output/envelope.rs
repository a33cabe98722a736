//! The envelope: what machines read, whatever the command.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use super::Page;
use crate::failure::{Exit, Failure};

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people; not stable.
    Text,
    /// One JSON document; stable within its schema.
    Json,
    /// JSON, a document a line: of a command over many files one for each, as it is done, and one at the end.
    Ndjson,
}

/// An answer, in both of its forms.
pub trait Report {
    /// The schema's name: `npki.cert.list/1`. Members may be added under it, never taken away.
    fn schema(&self) -> &'static str;

    /// The `data` of the envelope.
    ///
    /// # Errors
    /// A value that JSON cannot express.
    fn data(&self) -> serde_json::Result<Value>;

    /// The form for people.
    fn text(&self, page: &mut Page);
}

/// A command that did what it was asked; the answer itself may be no.
pub struct Outcome {
    report: Box<dyn Report>,
    exit: Exit,
    warnings: Vec<String>,
    octets: Option<Vec<u8>>,
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcome").field("schema", &self.report.schema()).field("exit", &self.exit).finish()
    }
}

impl Outcome {
    /// An answer that leaves 0 to the shell.
    pub fn done(report: impl Report + 'static) -> Self {
        Self::with_exit(report, Exit::Done)
    }

    /// An answer that leaves another code to the shell.
    pub fn with_exit(report: impl Report + 'static, exit: Exit) -> Self {
        Self { report: Box::new(report), exit, warnings: Vec::new(), octets: None }
    }

    /// The answer is these octets: as text they alone go to standard output, and what there is to say of them to standard error; in
    /// JSON they are the member `content`, base64.
    #[must_use]
    pub fn carrying(self, octets: Vec<u8>) -> Self {
        Self { octets: Some(octets), ..self }
    }

    /// The octets that are the answer.
    pub fn octets(&self) -> Option<&[u8]> {
        self.octets.as_deref()
    }

    /// The `data` of the envelope.
    ///
    /// # Errors
    /// A value that JSON cannot express.
    pub fn data(&self) -> serde_json::Result<Value> {
        let mut data = self.report.data()?;
        if let (Some(octets), Value::Object(members)) = (&self.octets, &mut data) {
            members.insert("content".to_owned(), STANDARD.encode(octets).into());
        }
        Ok(data)
    }

    /// Adds something the caller should know although the command succeeded.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// The code left to the shell.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// What the caller should know besides.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The form for people.
    pub fn text(&self, page: &mut Page) {
        self.report.text(page);
    }

    /// The form for machines.
    ///
    /// # Errors
    /// A value that JSON cannot express.
    pub fn json(&self, about: &About<'_>) -> serde_json::Result<String> {
        let data = Some(self.data()?);
        let (schema, warnings) = (self.report.schema(), self.warnings.as_slice());
        about.document(&Envelope {
            schema,
            ok: true,
            context: about.context,
            file: about.file,
            data,
            error: None,
            warnings,
        })
    }
}

/// What an envelope says besides the answer, and how it is written.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The context.
    pub context: Option<&'a str>,
    /// The file, of many.
    pub file: Option<&'a Path>,
    /// How it is written.
    pub format: Format,
}

impl About<'_> {
    fn document(&self, envelope: &Envelope<'_>) -> serde_json::Result<String> {
        let mut text = match self.format {
            Format::Ndjson => serde_json::to_string(envelope)?,
            Format::Json | Format::Text => serde_json::to_string_pretty(envelope)?,
        };
        text.push('\n');
        Ok(text)
    }
}

/// The envelope of a failure.
///
/// # Errors
/// A value that JSON cannot express.
pub fn failure_json(failure: &Failure, about: &About<'_>) -> serde_json::Result<String> {
    let error = Some(serde_json::to_value(failure.problem())?);
    let (context, file) = (about.context, about.file);
    about.document(&Envelope {
        schema: "npki.error/1",
        ok: false,
        context,
        file,
        data: None,
        error,
        warnings: &[],
    })
}

#[derive(Serialize)]
struct Envelope<'a> {
    schema: &'a str,
    ok: bool,
    context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    warnings: &'a [String],
}
