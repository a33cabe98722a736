//! The one place that writes to standard output and standard error and reads answers.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::envelope::{About, failure_json};
use super::page::{Colour, Meaning, Page};
use super::{Format, Outcome};
use crate::failure::{Exit, Failure, catalogue};

/// What the channels are to be used for.
#[derive(Debug, Clone, Copy)]
pub struct Channels {
    /// How the answer is written.
    pub format: Format,
    /// Whether escape sequences go to standard output.
    pub colour: Colour,
    /// Whether notes go to standard error.
    pub notes: Notes,
    /// Whether a person may be asked.
    pub input: Input,
}

/// Whether notes go to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notes {
    /// They do.
    Shown,
    /// They do not.
    Hidden,
}

/// Whether a person may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A person sits at a terminal.
    Person,
    /// Nobody does, or nobody wants to be asked.
    Off,
}

/// Standard input, output and error.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    channels: Channels,
}

impl Console {
    /// A console using its channels in this way.
    pub const fn new(channels: Channels) -> Self {
        Self { channels }
    }

    /// How its channels are used.
    pub(super) const fn channels(&self) -> Channels {
        self.channels
    }

    /// Says something in passing, on standard error.
    pub fn note(&self, text: &str) {
        if self.channels.notes == Notes::Shown && self.channels.format == Format::Text {
            to_stderr(&format!("{text}\n"));
        }
    }

    /// Tells of something as it happens, on standard output: for a command whose answer is the telling.
    pub fn tell(&self, line: &str) {
        let mut page = Page::new(Colour::Off);
        page.line(line);
        // Whoever closed the pipe has heard enough.
        let _ = to_stdout(page.into_text().as_bytes());
    }

    /// Shows a person something that is no answer, on standard error, whatever the format.
    pub fn show(&self, text: &str) {
        to_stderr(text);
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        self.channels.input == Input::Person
    }

    /// Fails when nobody can be asked, before anything else is done.
    ///
    /// # Errors
    /// Nobody can be asked: `flag` names what to give instead.
    pub fn ask_ready(&self, flag: &str) -> Result<(), Failure> {
        match self.channels.input {
            Input::Person => Ok(()),
            Input::Off => Err(Failure::of(&catalogue::NO_INPUT).fix(format!("give {flag}"))),
        }
    }

    /// Asks a person for a line.
    ///
    /// # Errors
    /// Nobody can be asked: `flag` names what to give instead.
    pub fn ask(&self, question: &str, flag: &str) -> Result<String, Failure> {
        self.ask_ready(flag)?;
        to_stderr(&format!("{question} "));
        let mut line = String::new();
        io::stdin()
            .read_line(&mut line)
            .map_err(|error| Failure::of(&catalogue::NO_INPUT).cause(error.to_string()))?;
        Ok(line.trim().to_owned())
    }

    /// Asks a person for a secret, which the terminal does not show.
    ///
    /// # Errors
    /// Nobody can be asked: `flag` names what to give instead.
    pub fn ask_hidden(&self, question: &str, flag: &str) -> Result<Zeroizing<String>, Failure> {
        self.ask_ready(flag)?;
        rpassword::prompt_password(format!("{question} "))
            .map(Zeroizing::new)
            .map_err(|error| Failure::of(&catalogue::NO_INPUT).cause(error.to_string()))
    }

    /// Fails when octets that are no text would go to somebody's terminal.
    ///
    /// # Errors
    /// They would.
    pub fn takes_octets(&self) -> Result<(), Failure> {
        if self.channels.format == Format::Text && io::stdout().is_terminal() {
            return Err(Failure::of(&catalogue::USAGE)
                .cause("what is made is no text, and standard output is a terminal")
                .fix("give --out FILE, or send standard output to a file or a program"));
        }
        Ok(())
    }

    /// Tells of one of many files as soon as it is done, where that has a line of its own.
    pub fn line_of(&self, context: Option<&str>, file: &Path, ending: Result<&Outcome, &Failure>) {
        if self.channels.format != Format::Ndjson {
            return;
        }
        let about = About { context, file: Some(file), format: Format::Ndjson };
        let line =
            ending.map_or_else(|failure| failure_json(failure, &about), |outcome| outcome.json(&about));
        // Whoever closed the pipe has read enough; that changes nothing about what is done.
        let _ = line.map_err(io::Error::from).and_then(|line| to_stdout(line.as_bytes()));
    }

    /// Asks for an ordinary confirmation.
    ///
    /// # Errors
    /// Nobody can be asked, or the answer is not yes.
    pub fn confirm(&self, question: &str) -> Result<(), Failure> {
        match self.ask(&format!("{question} [y/N]"), "--yes")?.to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::of(&catalogue::NOT_CONFIRMED)
                .what("not done")
                .cause("the answer was not yes")
                .fix("run the command again")),
        }
    }

    /// Writes how the command ended: the one document of standard output. Gives the code for the shell.
    pub fn finish(&self, context: Option<&str>, ending: Result<Outcome, Failure>) -> Exit {
        let written = match &ending {
            Ok(outcome) => self.write_outcome(context, outcome),
            Err(failure) => self.write_failure(context, failure),
        };
        let exit = ending.as_ref().map_or_else(Failure::exit, Outcome::exit);
        match written {
            Ok(()) => exit,
            // Who closed the pipe has read enough; that changes nothing about what was done.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
            Err(error) => {
                let failure = Failure::of(&catalogue::OUTPUT).cause(error.to_string());
                to_stderr(&four_lines(&failure, Colour::Off));
                failure.exit()
            }
        }
    }

    fn write_outcome(&self, context: Option<&str>, outcome: &Outcome) -> io::Result<()> {
        match self.channels.format {
            format @ (Format::Json | Format::Ndjson) => {
                to_stdout(outcome.json(&About { context, file: None, format })?.as_bytes())
            }
            Format::Text => {
                let mut page = Page::new(self.channels.colour);
                outcome.text(&mut page);
                match outcome.octets() {
                    Some(octets) => {
                        to_stdout(octets)?;
                        self.note(page.into_text().trim_end());
                    }
                    None => to_stdout(page.into_text().as_bytes())?,
                }
                for warning in outcome.warnings() {
                    to_stderr(&format!("warning: {warning}\n"));
                }
                Ok(())
            }
        }
    }

    fn write_failure(&self, context: Option<&str>, failure: &Failure) -> io::Result<()> {
        match self.channels.format {
            format @ (Format::Json | Format::Ndjson) => {
                to_stdout(failure_json(failure, &About { context, file: None, format })?.as_bytes())
            }
            Format::Text => {
                to_stderr(&four_lines(failure, self.channels.colour));
                Ok(())
            }
        }
    }
}

/// What, cause, fix, code.
fn four_lines(failure: &Failure, colour: Colour) -> String {
    let [what, cause, fix] = failure.sentences();
    let colour = if io::stderr().is_terminal() { colour } else { Colour::Off };
    let mut page = Page::new(colour);
    page.lead(Meaning::Bad, "error:", &format!("{what:<70}   {}", failure.code()));
    page.line(format!("cause: {cause}"));
    page.line(format!("fix:   {fix}"));
    page.line(format!("more:  npki help {}", failure.code()));
    page.into_text()
}

fn to_stdout(octets: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(octets)?;
    out.flush()
}

fn to_stderr(text: &str) {
    // There is nobody left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
