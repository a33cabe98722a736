//! Foreign programs: found, run, and judged by their exit status.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The folder, besides `PATH`, in which Python judges are looked for.
pub const PYTHON_BIN: &str = "NPKI_PYTHON_BIN";

/// A foreign program about to be run.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Answer {
    /// The command line, for messages.
    pub line: String,
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it wrote on standard output.
    pub stdout: Vec<u8>,
    /// What it wrote on standard error.
    pub stderr: Vec<u8>,
}

impl Program {
    /// A program on `PATH`, or in the folder that `NPKI_PYTHON_BIN` names.
    pub fn named(name: &str) -> Self {
        let path = find(name).unwrap_or_else(|| {
            panic!("{name} is not installed. It judges npki's work, so its absence fails the test: see tests/run.sh")
        });
        Self { name: name.to_owned(), command: Command::new(path) }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<str>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds one argument that is a path.
    #[must_use]
    pub fn path(mut self, path: &Path) -> Self {
        self.command.arg(path);
        self
    }

    /// Sets the folder it runs in.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Starts it, and goes on while it runs.
    pub fn spawned(mut self) -> Child {
        let started = self.command.stdin(Stdio::null()).spawn();
        started.unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.name))
    }

    /// Runs it without input.
    pub fn run(self) -> Answer {
        self.run_with(&[])
    }

    /// Runs it with `input` on standard input.
    pub fn run_with(mut self, input: &[u8]) -> Answer {
        let line = format!("{:?}", self.command);
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.name));
        // A program that does not read its input closes the pipe: not a fault.
        let _ = child.stdin.take().unwrap().write_all(input);
        Answer::of(line, child.wait_with_output().unwrap())
    }
}

impl Answer {
    fn of(line: String, output: Output) -> Self {
        let code = output.status.code().unwrap_or(-1);
        Self { line, code, stdout: output.stdout, stderr: output.stderr }
    }

    /// Both streams as text.
    pub fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr))
    }

    /// Goes on only when the program succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.line, self.text());
        self
    }

    /// Goes on only when the program said `words`.
    #[track_caller]
    pub fn saying(self, words: &str) -> Self {
        assert!(self.text().contains(words), "{}\ndid not say {words:?} but\n{}", self.line, self.text());
        self
    }
}

/// Where a program is.
///
/// # Panics
/// It is not installed.
pub fn found(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| panic!("{name} is not installed: see tests/run.sh"))
}

fn find(name: &str) -> Option<PathBuf> {
    // What tests/run.sh installed is found by a plain `cargo test` as well.
    let installed = crate::workspace::root().join("target/judges/bin");
    let extra = std::env::var_os(PYTHON_BIN).into_iter().map(PathBuf::from).chain([installed]);
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin"));
    extra.chain(std::env::split_paths(&path)).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The library that tells a program another time.
///
/// # Panics
/// It is not installed.
pub fn faketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let file =
        folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|file| file.exists());
    file.expect("libfaketime is not installed: see tests/run.sh")
}

/// How long a program that serves may take until it is there. Generous: continuous integration has two slow cores.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a program that serves, appends what it says to `log`, and waits until it is there.
pub(crate) fn served(command: &mut Command, what: &str, log: &Path, is_there: impl Fn() -> bool) -> Child {
    let said = || std::fs::read_to_string(log).unwrap_or_default();
    let file = File::options().create(true).append(true).open(log).unwrap();
    command.stdout(Stdio::from(file.try_clone().unwrap())).stderr(Stdio::from(file));
    let mut process = command.spawn().unwrap();
    let give_up = Instant::now() + PATIENCE;
    while !is_there() {
        if let Some(status) = process.try_wait().unwrap() {
            panic!("{what} ended ({status}):\n{}", said());
        }
        if Instant::now() > give_up {
            // Nobody else knows of it: it must not outlive the test.
            let _ = process.kill();
            let _ = process.wait();
            panic!("{what} is not there:\n{}", said());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    process
}
