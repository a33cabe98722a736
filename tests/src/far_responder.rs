//! An OCSP responder on a machine of its own, for one test: a folder, a port, one process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::installation::{Installation, free_ports, terminate};
use crate::judges::openssl::{self, Branch};
use crate::npki::{Npki, text};
use crate::programs::{self, Answer};
use crate::rest::{Response, Rest};
use crate::staff::Member;

/// How long it may take until it is as it should be.
const PATIENCE: Duration = Duration::from_secs(60);

/// A responder. Dropping it ends its process and removes every file.
#[derive(Debug)]
pub struct FarResponder {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl FarResponder {
    /// Sets one up by `npki responder init`, with these arguments besides; it does not run.
    pub fn founded(more: &[&str]) -> Self {
        let [port, _] = free_ports();
        let responder = Self { folder: TempDir::new().unwrap(), port, process: None };
        let (data, listen) = (responder.data(), format!("127.0.0.1:{port}"));
        let init = ["responder", "init", "--data", text(&data), "--name", "alpha", "--listen", &listen];
        responder.operator().done(&[&init[..], more].concat());
        responder
    }

    /// One that follows the feed of an installation; it does not run.
    pub fn following(installation: &Installation) -> Self {
        Self::following_at(installation, &installation.public_url())
    }

    /// The same, over what stands before the installation at this address.
    pub fn following_at(installation: &Installation, url: &str) -> Self {
        let key = installation.data().join("certificates/feed.vkey");
        Self::founded(&["--feed", url, "--key-file", text(&key)])
    }

    /// Changes its settings.
    pub fn edit_settings(&self, edit: impl FnOnce(&str) -> String) {
        let path = self.data().join("responder.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let edited = edit(&text);
        assert_ne!(edited, text, "nothing was changed");
        std::fs::write(&path, edited).unwrap();
    }

    /// Has its keys certified, as an administrator does it with files.
    pub fn certified_by(&self, administrator: &Member) {
        let (request, certificates) = (self.file("request"), self.file("certificates"));
        for old in [&request, &certificates] {
            let _ = std::fs::remove_file(old);
        }
        let data = self.data();
        self.operator().done(&["responder", "request", "--data", text(&data), "--out", text(&request)]);
        administrator.npki.done(&["responder", "certify", text(&request), "--out", text(&certificates)]);
        self.operator().done(&["responder", "accept", text(&certificates), "--data", text(&data)]);
    }

    /// Starts it and waits until it is there.
    pub fn start(&mut self) {
        let command = self.operator().command();
        self.start_as(command);
    }

    /// As [`FarResponder::start`], with a clock that is wrong by `offset`, as libfaketime reads it: `+25h`.
    pub fn start_with_clock(&mut self, offset: &str) {
        let mut command = self.operator().command();
        command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", offset);
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.start_as(command);
    }

    fn start_as(&mut self, mut command: Command) {
        assert!(self.process.is_none(), "the responder runs already");
        command.args(["serve", "--role", "responder", "--data", text(&self.data())]);
        let rest = self.rest();
        let is_there = || rest.try_get("/healthz").is_some_and(|answer| answer.status == 200);
        self.process =
            Some(programs::served(&mut command, "npki serve --role responder", &self.log(), is_there));
    }

    /// Ends it at once, as a power cut does (SIGKILL).
    pub fn kill9(&mut self) {
        let mut process = self.process.take().expect("the responder runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends it as its operator does (SIGTERM).
    pub fn stop(&mut self) {
        let status = terminate(self.process.take().expect("the responder runs"));
        assert!(status.success(), "npki serve --role responder ended ({status}):\n{}", self.said());
    }

    /// What it says of whether it is ready.
    pub fn readiness(&self) -> Response {
        self.rest().get("/readyz")
    }

    /// Waits until it is ready, or until it says why not.
    #[track_caller]
    pub fn until_ready(&self, says: &str) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let said = String::from_utf8(self.readiness().body).unwrap();
            if said.contains(says) {
                return;
            }
            assert!(Instant::now() < give_up, "not {says:?} but {said:?}:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until its log says so.
    #[track_caller]
    pub fn until_said(&self, says: &str) {
        let give_up = Instant::now() + PATIENCE;
        while !self.said().contains(says) {
            assert!(Instant::now() < give_up, "not {says:?}:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What OpenSSL makes of its answer about a serial number.
    pub fn ocsp(&self, installation: &Installation, serial: &str) -> Answer {
        openssl::ocsp_serial_at(&self.address(), &Branch::of_a_pilot(installation), serial)
    }

    /// Waits until it says so of a serial number; how long that took.
    #[track_caller]
    pub fn until_ocsp(&self, installation: &Installation, serial: &str, says: &str) -> Duration {
        let begun = Instant::now();
        loop {
            let answer = self.ocsp(installation, serial).text();
            if answer.contains(says) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < PATIENCE, "{serial} is not {says:?}: {answer}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where it answers OCSP.
    pub fn address(&self) -> String {
        format!("{}/ocsp", self.url())
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its public address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has at a path.
    pub fn get(&self, path: &str) -> Response {
        self.rest().get(path)
    }

    /// Its folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("responder")
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
        Rest::new(&self.url(), Path::new("/dev/null"))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }
}

impl Drop for FarResponder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- npki serve --role responder said:\n{}", self.said());
        }
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself; either way it must be gone when the folder goes.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
