//! A time-stamping unit on a machine of its own, for one test: a folder, a port, one process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::installation::{Installation, free_ports, terminate};
use crate::npki::{Npki, text};
use crate::programs::{self, Answer, Program};
use crate::rest::{Response, Rest};
use crate::staff::Member;

/// How long it may take until it is as it should be.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a request is, over HTTP.
const QUERY_TYPE: &str = "application/timestamp-query";

/// A unit. Dropping it ends its process and removes every file.
#[derive(Debug)]
pub struct Stamper {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Stamper {
    /// Sets one up by `npki tsa init`; it does not run.
    pub fn founded() -> Self {
        let [port, _] = free_ports();
        let unit = Self { folder: TempDir::new().unwrap(), port, process: None };
        let (data, listen) = (unit.data(), format!("127.0.0.1:{port}"));
        unit.operator().done(&["tsa", "init", "--data", text(&data), "--name", "alpha", "--listen", &listen]);
        unit
    }

    /// One that runs, certified by an installation.
    pub fn at_work(administrator: &Member) -> Self {
        let mut unit = Self::founded();
        unit.certified_by(administrator);
        unit.start();
        unit.until_ready("ready\n");
        unit
    }

    /// Has its key certified, as an administrator does it with files.
    pub fn certified_by(&self, administrator: &Member) {
        let (request, certificate) = (self.file("request"), self.file("certificate"));
        for old in [&request, &certificate] {
            let _ = std::fs::remove_file(old);
        }
        let data = self.data();
        self.operator().done(&["tsa", "request", "--data", text(&data), "--out", text(&request)]);
        administrator.npki.done(&["tsa", "certify", text(&request), "--out", text(&certificate)]);
        self.operator().done(&["tsa", "accept", text(&certificate), "--data", text(&data)]);
    }

    /// Starts it and waits until it is there.
    pub fn start(&mut self) {
        let command = self.operator().command();
        self.start_as(command);
    }

    /// As [`Stamper::start`], with a clock that is wrong by what [`Stamper::set_clock`] said last.
    pub fn start_with_clock(&mut self, offset: &str) {
        self.set_clock(offset);
        let mut command = self.operator().command();
        command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command.env("FAKETIME_TIMESTAMP_FILE", self.file("clock")).env("FAKETIME_NO_CACHE", "1");
        self.start_as(command);
    }

    /// Sets the clock of a unit that runs with one of its own: wrong by `offset`, as libfaketime reads it, such as `+25h`.
    pub fn set_clock(&self, offset: &str) {
        std::fs::write(self.file("clock"), offset).unwrap();
    }

    fn start_as(&mut self, mut command: Command) {
        assert!(self.process.is_none(), "the unit runs already");
        command.args(["serve", "--role", "tsa", "--data", text(&self.data())]);
        let rest = self.rest();
        let is_there = || rest.try_get("/healthz").is_some_and(|answer| answer.status == 200);
        self.process = Some(programs::served(&mut command, "npki serve --role tsa", &self.log(), is_there));
    }

    /// Ends it at once, as a power cut does (SIGKILL).
    pub fn kill9(&mut self) {
        let mut process = self.process.take().expect("the unit runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends it as its operator does (SIGTERM).
    pub fn stop(&mut self) {
        let status = terminate(self.process.take().expect("the unit runs"));
        assert!(status.success(), "npki serve --role tsa ended ({status}):\n{}", self.said());
    }

    /// Waits until it is ready, or until it says why not.
    #[track_caller]
    pub fn until_ready(&self, says: &str) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let said = String::from_utf8(self.rest().get("/readyz").body).unwrap();
            if said.contains(says) {
                return;
            }
            assert!(Instant::now() < give_up, "not {says:?} but {said:?}:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it answers to a request of OpenSSL's about a file; the files of request and reply.
    pub fn stamped_for_openssl(&self, file: &Path, options: &[&str]) -> (PathBuf, PathBuf) {
        let (query, reply) = (self.file("query.tsq"), self.file("reply.tsr"));
        let ask = Program::named("openssl").args(["ts", "-query", "-data", text(file), "-out", text(&query)]);
        ask.args(options).run().succeeded();
        let answer = self.post(QUERY_TYPE, &std::fs::read(&query).unwrap());
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/timestamp-reply"));
        std::fs::write(&reply, answer.body).unwrap();
        (query, reply)
    }

    /// POST of anything to it.
    pub fn post(&self, content_type: &str, body: &[u8]) -> Response {
        self.rest().post_raw("/tsa", content_type, body)
    }

    /// What it answers to this request, in OpenSSL's words.
    pub fn told(&self, request: &[u8]) -> String {
        let answer = self.post(QUERY_TYPE, request);
        assert_eq!(answer.status, 200);
        let reply = self.file("told.tsr");
        std::fs::write(&reply, answer.body).unwrap();
        shown(&reply).text()
    }

    /// Where it answers.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/tsa", self.port)
    }

    /// Its folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("tsa")
    }

    /// A file beside it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command line of whoever runs it.
    pub fn operator(&self) -> Npki {
        Npki::at_home(&self.folder.path().join("operator"))
    }

    /// What it wrote so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn rest(&self) -> Rest {
        // Plain HTTP: no trust is needed.
        Rest::new(&format!("http://127.0.0.1:{}", self.port), Path::new("/dev/null"))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }
}

impl Drop for Stamper {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- npki serve --role tsa said:\n{}", self.said());
        }
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself; either way it must be gone when the folder goes.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// What OpenSSL shows of a reply.
pub fn shown(reply: &Path) -> Answer {
    Program::named("openssl").args(["ts", "-reply", "-in", text(reply), "-text"]).run()
}

/// What OpenSSL says of a reply over a file, with the root alone.
pub fn openssl_verifies(installation: &Installation, reply: &Path, over: &[&str]) -> Answer {
    let root = installation.root();
    Program::named("openssl")
        .args(["ts", "-verify", "-in", text(reply), "-CAfile", text(&root)])
        .args(over)
        .run()
}

/// A line of what OpenSSL shows of a reply, after its name.
#[track_caller]
pub fn line(shown: &str, name: &str) -> String {
    let found = shown.lines().find_map(|line| line.strip_prefix(name));
    found.unwrap_or_else(|| panic!("no {name} in {shown}")).trim().to_owned()
}
