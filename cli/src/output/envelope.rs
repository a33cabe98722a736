//! The envelope: what machines read, whatever the command.

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
        Self { report: Box::new(report), exit, warnings: Vec::new() }
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
    pub fn json(&self, context: Option<&str>) -> serde_json::Result<String> {
        let data = self.report.data()?;
        document(&Envelope {
            schema: self.report.schema(),
            ok: true,
            context,
            data: Some(data),
            error: None,
            warnings: &self.warnings,
        })
    }
}

/// The envelope of a failure.
///
/// # Errors
/// A value that JSON cannot express.
pub fn failure_json(failure: &Failure, context: Option<&str>) -> serde_json::Result<String> {
    let error = Some(serde_json::to_value(failure.problem())?);
    document(&Envelope { schema: "npki.error/1", ok: false, context, data: None, error, warnings: &[] })
}

#[derive(Serialize)]
struct Envelope<'a> {
    schema: &'a str,
    ok: bool,
    context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    warnings: &'a [String],
}

fn document(envelope: &Envelope<'_>) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(envelope)?;
    text.push('\n');
    Ok(text)
}
