//! The import itself: parts are cut, sent several at once, and settled in the list's order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use id_registry::http::problem::UNKNOWN_IDENTITY;

use super::journal::{Journal, State};
use super::list::List;
use super::part::{Cutter, Part, Pending};
use super::refused::Refused;
use super::seen::Seen;
use super::workers::{Answer, Workers};
use super::{Done, Format, ImportArguments};
use crate::client::records::Refusal;
use crate::commands::word;
use crate::failure::Failure;
use crate::files;
use crate::output::Gauge;
use crate::session::Session;

/// Imports a list, or goes on with it.
pub(super) fn import(
    arguments: &ImportArguments,
    format: Format,
    session: &mut Session,
) -> Result<Done, Failure> {
    let path = arguments.file.as_path();
    let clients = (0..arguments.at_once).map(|_| session.client()).collect::<Result<Vec<_>, _>>()?;
    let kind = arguments.kind.map(word);
    let mut list = List::open(path, format, kind.as_deref())?;
    let (source, length) = files::sha256(path).map_err(|error| files::unreadable(path, &error))?;
    let server = session.context()?.url.to_string();
    let refused_path = files::absolute(&refused_path(arguments, format))?;
    let begun = State::begun(&source, &server, kind.as_deref(), &refused_path, list.place());
    let journal = Journal::beside(path);
    let left = if arguments.dry_run { None } else { journal.left(&begun)? };
    let goes_on = left.is_some();
    let state = left.unwrap_or(begun);
    if goes_on {
        session.console.note(&format!("going on behind line {}", state.row));
        list.go_on(state.place()).map_err(|error| files::unreadable(path, &error))?;
    }
    let refused = Refused::of(&list, &refused_path, state.refused_octets, goes_on)?;
    let mut import = Import {
        cutter: Cutter::of(list, arguments.dry_run),
        workers: Workers::start(clients, &session.entropy)?,
        at_once: usize::from(arguments.at_once),
        source,
        dry_run: arguments.dry_run,
        under_way: BTreeMap::new(),
        next: 0,
        state,
        journal,
        refused,
        gauge: session.console.gauge(if arguments.dry_run { "trying" } else { "importing" }, Some(length)),
    };
    if !import.dry_run {
        import.journal.write(&import.state)?;
    }
    let outcome = import.all(path);
    import.finish(outcome)
}

fn refused_path(arguments: &ImportArguments, format: Format) -> PathBuf {
    arguments
        .refused
        .clone()
        .unwrap_or_else(|| arguments.file.with_extension(format!("refused.{}", format.ending())))
}

/// A part that was sent, and its answer as soon as there is one.
struct UnderWay {
    part: Part,
    founds: bool,
    numbers: Seen,
    answer: Option<Answer>,
}

struct Import {
    cutter: Cutter,
    workers: Workers,
    at_once: usize,
    source: String,
    dry_run: bool,
    /// By their numbers, in the list's order.
    under_way: BTreeMap<u64, UnderWay>,
    next: u64,
    state: State,
    journal: Journal,
    refused: Refused,
    gauge: Gauge,
}

impl Import {
    fn all(&mut self, path: &Path) -> Result<(), Failure> {
        while let Some(part) = self.cutter.next().map_err(|error| files::unreadable(path, &error))? {
            // Owners that stand further up must have arrived before those who name them; and of two rows with one
            // number, the first is the one that is entered.
            let (waits, numbers) = (part.depends(), part.numbers());
            while self.waiting() >= self.at_once
                || self.under_way.len() >= 4 * self.at_once
                || (waits && self.founders_under_way())
                || self
                    .under_way
                    .values()
                    .any(|before| before.answer.is_none() && before.numbers.meets(&numbers))
            {
                self.hear()?;
            }
            self.send(part, numbers);
        }
        while self.waiting() > 0 {
            self.hear()?;
        }
        self.settle()?;
        self.confirm_unchanged(path)
    }

    /// How many parts wait for their answers.
    fn waiting(&self) -> usize {
        self.under_way.values().filter(|part| part.answer.is_none()).count()
    }

    fn founders_under_way(&self) -> bool {
        self.under_way.values().any(|part| part.answer.is_none() && part.founds)
    }

    fn send(&mut self, part: Part, numbers: Seen) {
        let message = part.message(&self.source, self.dry_run);
        let founds = part.founds();
        let answer = if message.is_some() { None } else { Some(Answer::default()) };
        self.under_way.insert(self.next, UnderWay { part, founds, numbers, answer });
        if let Some(message) = message {
            self.workers.send(self.next, message);
        }
        self.next += 1;
    }

    fn hear(&mut self) -> Result<(), Failure> {
        let (number, answer) = self.workers.hear()?;
        if let Some(part) = self.under_way.get_mut(&number) {
            part.answer = Some(answer?);
        }
        self.settle()
    }

    /// Settles parts as far as all before them are settled.
    fn settle(&mut self) -> Result<(), Failure> {
        while let Some(first) = self.under_way.first_entry() {
            if first.get().answer.is_none() {
                break;
            }
            let UnderWay { part, answer, .. } = first.remove();
            self.settle_part(&part, answer.unwrap_or_default())?;
            self.state.move_to(part.after);
            self.gauge.set(self.state.offset);
        }
        if self.journal.is_due() { self.note() } else { Ok(()) }
    }

    fn settle_part(&mut self, part: &Part, answer: Answer) -> Result<(), Failure> {
        self.state.registered += answer.registered;
        self.state.already += answer.already;
        let mut answers: BTreeMap<u64, _> = answer.rows.into_iter().map(|row| (row.row, row)).collect();
        for row in &part.rows {
            let why = match (&row.identity, answers.remove(&row.number)) {
                (Err(why), _) => why.clone(),
                (Ok(_), Some(answer)) if answer.outcome == "fits" => {
                    self.state.registered += 1;
                    continue;
                }
                (Ok(_), Some(answer)) => match answer.refusal {
                    Some(why) if self.fits_by_then(row, &why) => {
                        self.state.registered += 1;
                        continue;
                    }
                    Some(why) => why,
                    None => continue,
                },
                (Ok(_), None) => return Err(unanswered(row.number)),
            };
            self.state.refused += 1;
            *self.state.reasons.entry(why.code.clone()).or_default() += 1;
            self.refused.add(row, &why)?;
        }
        Ok(())
    }

    /// In a dry run nothing is entered, so the registry does not know who stands further up in the list.
    fn fits_by_then(&self, row: &Pending, why: &Refusal) -> bool {
        let has =
            |seen: &Seen, field: &str| row.identity.as_ref().is_ok_and(|identity| seen.has(identity, field));
        let field = why.field.as_deref().filter(|_| why.code == UNKNOWN_IDENTITY.code);
        field.zip(self.cutter.seen()).is_some_and(|(field, seen)| has(seen, field))
    }

    fn note(&mut self) -> Result<(), Failure> {
        self.state.refused_octets = self.refused.settle()?;
        if self.dry_run { Ok(()) } else { self.journal.write(&self.state) }
    }

    /// A list that was written to meanwhile is not the one whose digest was sent.
    fn confirm_unchanged(&self, path: &Path) -> Result<(), Failure> {
        let (now, _) = files::sha256(path).map_err(|error| files::unreadable(path, &error))?;
        if now == self.source {
            return Ok(());
        }
        Err(files::no_list(path, "it was changed while it was imported")
            .fix("run the same command again: what was entered already is refused as taken, and named"))
    }

    /// Tells what was done; or notes what is settled, so that the same command goes on from there.
    fn finish(mut self, outcome: Result<(), Failure>) -> Result<Done, Failure> {
        self.note()?;
        if let Err(failure) = outcome {
            if self.dry_run {
                return Err(failure);
            }
            let [_, cause, fix] = failure.sentences();
            let (cause, fix) = (cause.to_owned(), fix.to_owned());
            let settled = format!("{cause}; everything up to line {} is settled", self.state.row);
            return Err(failure
                .cause(settled)
                .fix(format!("{fix}; then run the same command again: it goes on there")));
        }
        if !self.dry_run {
            self.journal.remove()?;
        }
        let State { registered, already, refused, reasons, refused_file, .. } = self.state;
        Ok(Done {
            dry_run: self.dry_run,
            rows: registered + already + refused,
            registered,
            already,
            refused,
            reasons,
            refused_file: (refused > 0).then_some(refused_file),
        })
    }
}

fn unanswered(row: u64) -> Failure {
    Failure::of(&crate::failure::catalogue::ANSWER)
        .cause(format!("the server said nothing about the row of line {row}"))
}
