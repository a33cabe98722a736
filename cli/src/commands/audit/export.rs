//! `npki audit export`: events in a file, for archives, spreadsheets and log collectors.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::super::Ending;
use super::search::Filter;
use crate::client::records::{Event, Page as Listing};
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Outcome, Simple};
use crate::session::Session;

/// Which events, where and how.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    filter: Filter,
    /// The form
    #[arg(long, value_enum, default_value_t = Form::Jsonl)]
    form: Form,
    /// The file; must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// JSON Lines: all there is, to be verified offline
    Jsonl,
    /// A table for spreadsheets (RFC 4180)
    Csv,
    /// Syslog messages, one a line (RFC 5424)
    Rfc5424,
}

#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    events: u64,
}

/// Exports.
pub fn run(arguments: &ExportArguments, session: &mut Session) -> Ending {
    files::must_be_free(&arguments.out)?;
    let client = session.client()?;
    let parameters = arguments.filter.parameters();
    let mut sink = Sink::begin(arguments.form, &arguments.out)?;
    let mut after: Option<String> = None;
    loop {
        let mut query = parameters.clone();
        query.push(("after", after.clone()));
        query.push(("limit", Some("500".to_owned())));
        let page: Listing<Event> = client.list(&["events"], &query)?;
        page.items.iter().try_for_each(|event| sink.take(event))?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let written = Written { events: sink.finish()?, file: arguments.out.clone() };
    Ok(Outcome::done(Simple::new("npki.audit.export/1", written, |written, page| {
        page.line(format!("{} events written: {}", written.events, written.file.display()));
    })))
}

/// The file being written. Removed again unless it is finished.
struct Sink {
    form: Form,
    path: PathBuf,
    file: Option<BufWriter<File>>,
    events: u64,
}

impl Sink {
    fn begin(form: Form, path: &Path) -> Result<Self, Failure> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = opened.map_err(|error| files::unwritable(path, &error))?;
        let mut sink = Self { form, path: path.to_owned(), file: Some(BufWriter::new(file)), events: 0 };
        if form == Form::Csv {
            sink.line(&csv_line(&COLUMNS.map(str::to_owned)))?;
        }
        Ok(sink)
    }

    fn take(&mut self, event: &Event) -> Result<(), Failure> {
        self.events += 1;
        match self.form {
            Form::Jsonl => {
                let line = serde_json::to_string(event)
                    .map_err(|error| Failure::of(&catalogue::ANSWER).cause(error.to_string()))?;
                self.line(&line)
            }
            Form::Csv => self.line(&csv(event)),
            Form::Rfc5424 => self.line(&syslog(event)),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        // RFC 4180 section 2: lines end in CR LF.
        let end = if self.form == Form::Csv { "\r\n" } else { "\n" };
        file.write_all(line.as_bytes())
            .and_then(|()| file.write_all(end.as_bytes()))
            .map_err(|error| files::unwritable(&self.path, &error))
    }

    fn finish(mut self) -> Result<u64, Failure> {
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(|error| files::unwritable(&self.path, error.error()))?;
            file.sync_all().map_err(|error| files::unwritable(&self.path, &error))?;
        }
        Ok(self.events)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Half of an export looks like a whole one.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

const COLUMNS: [&str; 9] =
    ["position", "id", "at", "actor", "action", "subject", "outcome", "reason", "detail"];

fn csv(event: &Event) -> String {
    let detail: Vec<String> = event.detail.iter().map(|(name, value)| format!("{name}={value}")).collect();
    csv_line(&[
        event.position.to_string(),
        event.id.clone(),
        event.at.clone(),
        event.actor.clone(),
        event.action.clone(),
        event.subject.clone(),
        event.outcome.clone(),
        event.reason.clone().unwrap_or_default(),
        detail.join("; "),
    ])
}

/// RFC 4180 section 2. A cell that a spreadsheet would take for a formula begins with an apostrophe: what people typed
/// as a reason must not run where it is read.
fn csv_line(cells: &[String]) -> String {
    let cell = |cell: &String| {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let text = if formula { format!("'{cell}") } else { cell.clone() };
        if text.contains(['"', ',', '\r', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",")
}

/// RFC 5424 section 6.2.1: facility 13, log audit; severity 6, informational, or 4, warning, for a refusal.
const DONE: u8 = 13 * 8 + 6;
const REFUSED: u8 = 13 * 8 + 4;

fn syslog(event: &Event) -> String {
    let priority = if event.outcome == "refused" { REFUSED } else { DONE };
    let position = event.position.to_string();
    let mut parameters = vec![
        ("position", position.as_str()),
        ("id", &event.id),
        ("actor", &event.actor),
        ("subject", &event.subject),
        ("outcome", &event.outcome),
    ];
    if let Some(reason) = &event.reason {
        parameters.push(("reason", reason));
    }
    let mut data = String::new();
    for (name, value) in
        parameters.into_iter().chain(event.detail.iter().map(|(n, v)| (n.as_str(), v.as_str())))
    {
        // Writing to a string does not fail.
        let _ = write!(data, " {}=\"{}\"", parameter_name(name), escaped(value));
    }
    // Section 7.2.2: 32473 is the enterprise number for documentation.
    let at = microseconds(&event.at);
    format!("<{priority}>1 {at} - npki - {} [npki@32473{data}]", event.action)
}

/// RFC 5424 section 6.2.3: at most six digits of a second.
fn microseconds(at: &str) -> String {
    let Some((whole, fraction)) = at.split_once('.') else { return at.to_owned() };
    let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    let (fraction, zone) = fraction.split_at(digits);
    format!("{whole}.{}{zone}", fraction.get(..6).unwrap_or(fraction))
}

/// RFC 5424 section 6.3.3: at most 32 printable characters, without `=`, `]`, `"` and space.
fn parameter_name(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '=' | ']' | '"')).take(32).collect()
}

/// RFC 5424 section 6.3.3: `"`, `\` and `]` are escaped. Control characters would break the line.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        match c {
            '"' | '\\' | ']' => text.extend(['\\', c]),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn event() -> Event {
        serde_json::from_value(serde_json::json!({
            "position": 7, "id": "ab", "at": "2027-01-31T08:00:00.123456789Z", "actor": "staff:S-1",
            "action": "request.rejected", "subject": "request:R-1", "outcome": "refused",
            "reason": "=1+1, \"no\" ]\n", "detail": {"a=b": "c]"}, "recorded": "{}"
        }))
        .unwrap()
    }

    #[test]
    fn a_table_is_quoted_and_runs_nothing() {
        let line = csv(&event());
        assert!(line.contains("\"'=1+1, \"\"no\"\" ]\n\""), "{line}");
        assert_eq!(csv_line(&["a".to_owned(), String::new()]), "a,");
    }

    #[test]
    fn a_syslog_message_is_one_line_and_escaped() {
        let line = syslog(&event());
        assert!(
            line.starts_with(
                "<108>1 2027-01-31T08:00:00.123456Z - npki - request.rejected [npki@32473 position=\"7\""
            ),
            "{line}"
        );
        assert!(line.contains("reason=\"=1+1, \\\"no\\\" \\] \"") && line.contains(" ab=\"c\\]\""), "{line}");
        assert!(!line.contains('\n'));
    }
}
