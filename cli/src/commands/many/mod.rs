//! Many files by one command: each has its own answer, one that fails stops none of the others, and the sum is told at the end.

mod walk;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::Ending;
use crate::failure::{Exit, Failure};
use crate::output::{Format, Meaning, Outcome, Page, Report};
use crate::session::Session;

pub use walk::{Found, PassedOver, named};

/// After so many files in a row for which a service could not be reached, the rest is left for the next run.
const MOST_UNAVAILABLE: u32 = 3;

/// What is done with each file.
#[derive(Debug, Clone, Copy)]
pub struct Errand {
    /// The schema of the answer about all of them: `npki.sign.files/1`.
    pub schema: &'static str,
    /// What is being done, for the gauge: `signing`.
    pub doing: &'static str,
    /// What a person is told of each.
    pub shown: Shown,
}

/// What a person is told of each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing, where it went well.
    Exceptions,
    /// A line.
    Lines,
    /// All that the command says of one.
    Whole,
}

/// What became of a file.
#[derive(Debug)]
pub enum Step {
    /// There is an answer: the word that it is counted under, what that means, and what to add in a line.
    Answered {
        /// The answer of the command for this file alone.
        outcome: Outcome,
        /// The word.
        word: &'static str,
        /// Its meaning.
        meaning: Meaning,
        /// What to add; nothing where it went well.
        why: Option<String>,
    },
    /// There is nothing to do, as expected.
    Done(&'static str),
    /// It was left out, and the person should know.
    Left(&'static str),
}

/// Whether a command line names many files: several, or a folder.
pub fn is_many(paths: &[PathBuf]) -> bool {
    paths.len() > 1 || paths.iter().any(|path| path.is_dir())
}

/// Does the errand for each file, and tells of all.
///
/// # Errors
/// None of a single file: those are part of the answer.
pub fn run(
    errand: Errand,
    found: Found,
    session: &mut Session,
    mut each: impl FnMut(&Path, &mut Session) -> Result<Step, Failure>,
) -> Ending {
    let mut told = Told::new(errand, session.settings.format.value);
    for (path, why) in &found.passed_over {
        told.enter(path, Ok(Step::Left(why.words())), session);
    }
    for (path, failure) in found.unreadable {
        told.enter(&path, Err(failure), session);
    }
    let gauge = session.console.count(errand.doing);
    let (mut unavailable, total) = (0, found.files.len());
    for (done, path) in found.files.iter().enumerate() {
        gauge.turn_to(errand.doing, total as u64);
        gauge.set(done as u64);
        let step = each(path, session);
        let is_away = step.as_ref().is_err_and(|failure| failure.is_retryable());
        unavailable = if is_away { unavailable + 1 } else { 0 };
        told.enter(path, step, session);
        if unavailable == MOST_UNAVAILABLE {
            told.count_more("not tried", total - done - 1);
            break;
        }
    }
    drop(gauge);
    let exit = told.exit;
    Ok(Outcome::with_exit(told, exit))
}

/// One file of the answer.
#[derive(Debug, Serialize)]
struct Item {
    file: PathBuf,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip)]
    meaning: Meaning,
    #[serde(skip)]
    whole: Option<Outcome>,
}

/// The answer about all of them.
struct Told {
    errand: Errand,
    format: Format,
    items: Vec<Item>,
    /// Words with how many files came out so, in the order in which they first did.
    counts: Vec<(&'static str, usize)>,
    exit: Exit,
}

impl Told {
    const fn new(errand: Errand, format: Format) -> Self {
        Self { errand, format, items: Vec::new(), counts: Vec::new(), exit: Exit::Done }
    }

    fn enter(&mut self, path: &Path, step: Result<Step, Failure>, session: &Session) {
        let (item, exit) = self.item(path, step, session);
        self.exit = self.exit.worse(exit);
        self.count_more(item.result, 1);
        let is_shown = match self.format {
            Format::Json => true,
            // Each has had its line.
            Format::Ndjson => false,
            Format::Text => self.errand.shown != Shown::Exceptions || item.why.is_some(),
        };
        if is_shown {
            self.items.push(item);
        }
    }

    fn item(&self, path: &Path, step: Result<Step, Failure>, session: &Session) -> (Item, Exit) {
        let item = |result, meaning, why| {
            let file = path.to_owned();
            Item { file, result, why, data: None, error: None, meaning, whole: None }
        };
        match step {
            Ok(Step::Answered { outcome, word, meaning, why }) => {
                session.tell_of(path, Ok(&outcome));
                let exit = outcome.exit();
                let mut item = item(word, meaning, why);
                match self.format {
                    // A value that JSON cannot express has no place in the answer either.
                    Format::Json => item.data = outcome.data().ok(),
                    _ if self.errand.shown == Shown::Whole => item.whole = Some(outcome),
                    _ => {}
                }
                (item, exit)
            }
            Ok(Step::Done(why)) => {
                session.tell_of(path, Ok(&left(path, why)));
                // Of ten thousand that were done before, nobody wants to read a line each.
                let why = Some(why.to_owned()).filter(|_| self.format == Format::Json);
                (item("skipped", Meaning::Good, why), Exit::Done)
            }
            Ok(Step::Left(why)) => {
                session.tell_of(path, Ok(&left(path, why)));
                (item("passed over", Meaning::Doubtful, Some(why.to_owned())), Exit::Done)
            }
            Err(failure) => {
                session.tell_of(path, Err(&failure));
                let [what, cause, fix] = failure.sentences();
                let why = format!("{what}: {cause} ({}); {fix}", failure.code());
                let mut item = item("refused", Meaning::Bad, Some(why));
                if self.format == Format::Json {
                    item.error = serde_json::to_value(failure.problem()).ok();
                }
                (item, failure.exit())
            }
        }
    }

    fn count_more(&mut self, word: &'static str, more: usize) {
        match self.counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += more,
            None => self.counts.push((word, more)),
        }
    }

    /// `9 998 signed, 2 refused`.
    fn sum(&self) -> String {
        let parts: Vec<_> =
            self.counts.iter().map(|(word, count)| format!("{} {word}", grouped(*count))).collect();
        parts.join(", ")
    }
}

/// A file that was left as it is.
fn left(path: &Path, why: &'static str) -> Outcome {
    #[derive(Serialize)]
    struct Left {
        file: PathBuf,
        why: &'static str,
    }
    let left = Left { file: path.to_owned(), why };
    Outcome::done(crate::output::Simple::new("npki.skipped/1", left, |left, page| {
        page.line(format!("{}: {}", left.file.display(), left.why));
    }))
}

impl Report for Told {
    fn schema(&self) -> &'static str {
        self.errand.schema
    }

    fn data(&self) -> serde_json::Result<Value> {
        let counts: serde_json::Map<String, Value> = self
            .counts
            .iter()
            .map(|(word, count)| ((*word).replace(' ', "_"), Value::from(*count)))
            .collect();
        let mut data = serde_json::Map::new();
        if self.format == Format::Json {
            data.insert("items".to_owned(), serde_json::to_value(&self.items)?);
            data.insert("next".to_owned(), Value::Null);
        }
        data.insert("counts".to_owned(), Value::Object(counts));
        Ok(Value::Object(data))
    }

    fn text(&self, page: &mut Page) {
        for item in &self.items {
            page.verdict(item.meaning, item.result, item.file.display().to_string());
            if let Some(why) = &item.why {
                page.line(format!("  {why}"));
            }
            if let Some(whole) = &item.whole {
                whole.text(page);
            }
        }
        page.line(self.sum());
    }
}

/// A number as people read it: 10 000.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(9_998), grouped(1_234_567)],
            ["0", "999", "9 998", "1 234 567"]
        );
    }
}
