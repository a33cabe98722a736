//! One run of the program: from the words of the command line to the code left to the shell.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use ca_core::clock::{Clock, Entropy, SystemClock, SystemEntropy};

use crate::arguments::{self, Ended, Settings};
use crate::client::Client;
use crate::commands;
use crate::context::{Configuration, Context};
use crate::failure::{Exit, Failure, catalogue};
use crate::output::{Channels, Console, Input, Outcome};

/// What every command works with.
#[derive(Debug)]
pub struct Session {
    /// The global settings, each with its origin.
    pub settings: Settings,
    /// Standard input, output and error.
    pub console: Console,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    context: Option<String>,
}

impl Session {
    fn new(settings: Settings) -> Self {
        let console = Console::new(channels(&settings));
        Self {
            settings,
            console,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            context: None,
        }
    }

    /// The context in force: `--context`, `NPKI_CONTEXT`, or the one in use.
    ///
    /// # Errors
    /// None is chosen, it does not exist, or the configuration cannot be read.
    pub fn context(&mut self) -> Result<Context, Failure> {
        let configuration = Configuration::load()?;
        let context = configuration.chosen(self.settings.context.value.as_deref())?;
        self.context = Some(context.name.clone());
        Ok(context)
    }

    /// The context in force, or nothing when none is chosen; a context that was named must exist.
    ///
    /// # Errors
    /// The named context does not exist, or the configuration cannot be read.
    pub fn context_if_any(&mut self) -> Result<Option<Context>, Failure> {
        match self.context() {
            Ok(context) => Ok(Some(context)),
            Err(failure) if failure.code() == catalogue::NO_CONTEXT.code => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// A client of the context's server.
    ///
    /// # Errors
    /// As [`Session::context`], or its files cannot be read.
    pub fn client(&mut self) -> Result<Client, Failure> {
        let context = self.context()?;
        let case = self.settings.case.value.as_deref();
        Ok(Client::of_context(&context, self.settings.timeout.value)?.in_case(case))
    }

    /// Whether somebody is asked once more before what cannot be undone: a script has said what it wants.
    pub fn asks(&self) -> bool {
        !self.settings.yes && self.console.can_ask()
    }

    /// Tells of one of many files as soon as it is done, where that has a line of its own.
    pub fn tell_of(&self, file: &Path, ending: Result<&Outcome, &Failure>) {
        self.console.line_of(self.context.as_deref(), file, ending);
    }

    /// Asks once more, where somebody is asked.
    ///
    /// # Errors
    /// The answer is not yes.
    pub fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.asks() { self.console.confirm(question) } else { Ok(()) }
    }
}

/// Runs one command line, its program name included.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Exit {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut session = match Settings::foreseen(&words) {
        Ok(settings) => Session::new(settings),
        Err(failure) => return Session::new(Settings::built_in(&words)).console.finish(None, Err(failure)),
    };
    let ending = perform(&words, &mut session);
    session.console.finish(session.context.as_deref(), ending)
}

fn perform(words: &[OsString], session: &mut Session) -> Result<Outcome, Failure> {
    let command = match arguments::parse(words)? {
        Ended::Explained(outcome) => return Ok(outcome),
        Ended::Command(arguments) => {
            session.settings = Settings::resolve(&arguments.global)?;
            session.console = Console::new(channels(&session.settings));
            arguments.command
        }
    };
    start_logging(session.settings.verbosity);
    commands::run(command, session)
}

fn channels(settings: &Settings) -> Channels {
    let input =
        if settings.no_input.value || !io::stdin().is_terminal() { Input::Off } else { Input::Person };
    Channels {
        format: settings.format.value,
        colour: settings.colour.value.resolve(io::stdout().is_terminal()),
        notes: settings.notes,
        input,
    }
}

/// Logs go to standard error only: `-v` shows what is done, `-vv` what is sent.
fn start_logging(verbosity: u8) {
    let filter = match verbosity {
        0 => return,
        1 => "npki=info",
        2 => "npki=debug,reqwest=debug,hyper_util=debug",
        _ => "trace",
    };
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // A subscriber that is set already (by a service in this process) stays.
    let _ = subscriber.try_init();
}
