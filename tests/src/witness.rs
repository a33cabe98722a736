//! A witness of its own for one test: a folder, a port, one process.

use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::Value;
use tempfile::TempDir;

use crate::answers;
use crate::installation::{Installation, free_ports, terminate};
use crate::npki::{Npki, text};
use crate::programs;
use crate::rest::{Response, Rest};

/// A witness. Dropping it ends its process and removes every file.
#[derive(Debug)]
pub struct Witness {
    folder: TempDir,
    port: u16,
    key: String,
    process: Option<Child>,
}

impl Witness {
    /// Sets one up by `npki witness init`; it knows no log, and does not run.
    pub fn founded(name: &str) -> Self {
        let [port, _] = free_ports();
        let mut witness = Self { folder: TempDir::new().unwrap(), port, key: String::new(), process: None };
        let (data, listen) = (witness.data(), format!("127.0.0.1:{port}"));
        let init = ["witness", "init", "--data", text(&data), "--name", name, "--listen", &listen];
        witness.key = answers::text(&witness.operator().done(&init), "key").to_owned();
        witness
    }

    /// One that knows the ledger of an installation, and runs.
    pub fn of(installation: &Installation, name: &str) -> Self {
        let mut witness = Self::founded(name);
        witness.learn(&installation.log_key());
        witness.start();
        witness
    }

    /// Makes a log known to it, from the next start on.
    pub fn learn(&self, key_file: &Path) {
        let data = self.data();
        self.operator().done(&["witness", "add-log", "--data", text(&data), "--key-file", text(key_file)]);
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self) {
        assert!(self.process.is_none(), "the witness runs already");
        let mut command = self.operator().command();
        command.args(["witness", "serve", "--data", text(&self.data())]);
        let rest = self.rest();
        let is_there = || rest.try_get("/healthz").is_some_and(|answer| answer.status == 200);
        self.process = Some(programs::served(&mut command, "npki witness serve", &self.log(), is_there));
    }

    /// Ends it at once, as a power cut does (SIGKILL).
    pub fn kill9(&mut self) {
        let mut process = self.process.take().expect("the witness runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends it as its operator does (SIGTERM).
    pub fn stop(&mut self) {
        let status = terminate(self.process.take().expect("the witness runs"));
        assert!(status.success(), "npki witness serve ended ({status}):\n{}", self.said());
    }

    /// The public key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("witness")
    }

    /// The command line of whoever runs it.
    pub fn operator(&self) -> Npki {
        Npki::at_home(&self.folder.path().join("operator"))
    }

    /// Asks it to cosign, with a body of the test's own.
    #[track_caller]
    pub fn add_checkpoint(&self, body: &str) -> Response {
        self.rest().post_raw("/add-checkpoint", "text/plain", body.as_bytes())
    }

    /// How far it has cosigned a log.
    #[track_caller]
    pub fn latest(&self, origin: &str) -> Value {
        let name = crate::certificates::sha256(origin.as_bytes());
        self.rest().get(&format!("/latest/{name}")).json(200)
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

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- npki witness serve said:\n{}", self.said());
        }
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself; either way it must be gone when the folder goes.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Installation {
    /// From the next start on, `quorum` of these must have cosigned what is published.
    pub fn ask_witnesses(&self, witnesses: &[&Witness], quorum: usize) {
        let tables = witnesses.iter().map(|witness| {
            format!(
                "[[ledger.witnesses]]\nurl = \"http://127.0.0.1:{}/\"\nkey = \"{}\"\n",
                witness.port, witness.key
            )
        });
        let section = format!("quorum = {quorum}\n{}", tables.collect::<String>());
        self.edit_settings(|text| text.replacen("quorum = 0\n", &section, 1));
    }
}
