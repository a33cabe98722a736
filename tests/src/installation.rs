//! A whole npki of its own for one test: a folder, two ports, one server process.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use tempfile::TempDir;

use crate::bystander;
use crate::npki::{Npki, text};
use crate::programs::{self, Program};
use crate::rest::Rest;

/// Where an installation keeps its records.
#[derive(Debug, Clone, Copy)]
pub enum Keeping<'a> {
    /// In the embedded store, in its data folder.
    Embedded,
    /// In the embedded store, in this folder.
    Folder(&'a Path),
    /// In the PostgreSQL database at this address.
    Postgres(&'a str),
}

/// A fresh installation with its server running. Dropping it ends the server and removes every file.
#[derive(Debug)]
pub struct Installation {
    folder: TempDir,
    https: u16,
    http: u16,
    server: Option<Child>,
}

impl Installation {
    /// Makes an installation by `npki init`, starts `npki serve` and waits until it is ready.
    pub fn fresh() -> Self {
        Self::fresh_on(Keeping::Embedded)
    }

    /// The same, with its records kept there.
    pub fn fresh_on(keeping: Keeping<'_>) -> Self {
        Self::running(keeping, &[])
    }

    /// The same, with the CAs of this hierarchy.
    pub fn fresh_with(hierarchy: &str) -> Self {
        Self::running(Keeping::Embedded, &["--hierarchy", hierarchy])
    }

    /// The same, with its settings edited before the first start.
    pub fn fresh_edited(hierarchy: &str, edit: impl FnOnce(&str) -> String) -> Self {
        let mut installation = Self::empty();
        installation.initialise(Keeping::Embedded, &["--hierarchy", hierarchy]);
        installation.edit_settings(edit);
        installation.start();
        installation
    }

    fn running(keeping: Keeping<'_>, more: &[&str]) -> Self {
        let mut installation = Self::empty();
        installation.initialise(keeping, more);
        installation.start();
        installation
    }

    /// Makes an installation by `npki init`; nothing runs yet.
    pub fn founded() -> Self {
        let installation = Self::empty();
        installation.initialise(Keeping::Embedded, &[]);
        installation
    }

    /// An installation whose data folder `fill` makes, as a restore does; it is given the folder, which is not there
    /// yet. It has the ports of `like`, whose server is stopped; nothing runs yet.
    pub fn filled(like: &Self, fill: impl FnOnce(&Npki, &Path)) -> Self {
        assert!(like.server.is_none(), "its ports are in use");
        let mut installation = Self::empty();
        (installation.https, installation.http) = (like.https, like.http);
        fill(&installation.somebody("operator"), &installation.data());
        installation
    }

    /// An installation that is not founded yet: its addresses are known, as an offline root needs them.
    pub fn planned() -> Self {
        Self::empty()
    }

    /// Founds it by `npki init` with these arguments besides the usual ones; nothing runs yet.
    pub fn found(&self, more: &[&str]) {
        self.initialise(Keeping::Embedded, more);
    }

    /// What `npki init` is told of it.
    pub fn init_arguments(&self) -> Vec<String> {
        let (listen, public) = (format!("127.0.0.1:{}", self.https), format!("127.0.0.1:{}", self.http));
        let data = self.data();
        let arguments = [
            ["--data", text(&data)],
            ["--country", "LS"],
            ["--organisation", "Government of Lesotho"],
            ["--admin-name", "Lineo Mofolo"],
            ["--listen", &listen],
            ["--public-listen", &public],
            ["--public-url", &self.public_url()],
            ["--tls-name", "localhost"],
        ];
        ["init"].into_iter().chain(arguments.into_iter().flatten()).map(str::to_owned).collect()
    }

    fn empty() -> Self {
        let [https, http] = free_ports();
        Self { folder: TempDir::new().unwrap(), https, http, server: None }
    }

    /// The same installation once more, on other ports, as somebody has it who copied its data folder.
    pub fn copied(&self) -> Self {
        assert!(self.server.is_none(), "a running store cannot be copied");
        self.another_node()
    }

    /// Another node of an installation on PostgreSQL: a copy of its keys, settings and certificates, on other ports.
    pub fn another_node(&self) -> Self {
        let copy = Self::empty();
        copy_folder(&self.data(), &copy.data());
        let address = |port: u16| format!("\"127.0.0.1:{port}\"");
        copy.edit_settings(|text| {
            let service = (format!("service = {}", address(self.https)), address(copy.https));
            let public = (format!("\npublic = {}", address(self.http)), address(copy.http));
            // Its journals of signatures are its own.
            let text = text.replacen("[keys]\n", &format!("[keys]\nnode = \"node-{}\"\n", copy.https), 1);
            text.replacen(&service.0, &format!("service = {}", service.1), 1).replacen(
                &public.0,
                &format!("\npublic = {}", public.1),
                1,
            )
        });
        copy
    }

    /// Puts the data folder in the place of this one's, whose server is stopped.
    pub fn put_back(&self, data: &Path) {
        assert!(self.server.is_none(), "the server has its files open");
        std::fs::remove_dir_all(self.data()).unwrap();
        copy_folder(data, &self.data());
    }

    /// Rewrites `npki.toml`; it counts from the next start.
    pub fn edit_settings(&self, edit: impl FnOnce(&str) -> String) {
        let file = self.data().join("npki.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let edited = edit(&text);
        assert_ne!(text, edited, "nothing was edited");
        std::fs::write(file, edited).unwrap();
    }

    fn initialise(&self, keeping: Keeping<'_>, more: &[&str]) {
        let arguments = self.init_arguments();
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match keeping {
            Keeping::Embedded => {}
            Keeping::Folder(folder) => arguments.extend(["--store", text(folder)]),
            Keeping::Postgres(address) => arguments.extend(["--store", address]),
        }
        arguments.extend(more);
        self.somebody("installer").done(&arguments);
    }

    /// Starts the server and waits until it is ready.
    pub fn start(&mut self) {
        let mut command = self.somebody("operator").command();
        self.start_as(&mut command);
    }

    /// As [`Installation::start`], with a clock that is wrong by `offset`, as libfaketime reads it: `+1h`.
    pub fn start_with_clock(&mut self, offset: &str) {
        let mut command = self.somebody("operator").command();
        command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", offset);
        self.start_as(command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1"));
    }

    fn start_as(&mut self, command: &mut Command) {
        assert!(self.server.is_none(), "the server runs already");
        command.args(["serve", "--data", text(&self.data())]);
        let ready = bystander::rest(self);
        let is_ready = || ready.try_get("/readyz").is_some_and(|response| response.status == 200);
        self.server = Some(programs::served(command, "npki serve", &self.log(), is_ready));
    }

    /// Ends the server at once, as a power cut does (SIGKILL).
    pub fn kill9(&mut self) {
        let mut server = self.server.take().expect("the server runs");
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Ends the server as its operator does (SIGTERM): it finishes what it has begun.
    pub fn stop(&mut self) {
        let server = self.server.take().expect("the server runs");
        let status = terminate(server);
        assert!(status.success(), "npki serve ended ({status}):\n{}", self.said());
    }

    /// `npki audit verify` of the whole store says that it is clean: no event missing or changed, no record that the
    /// ledger does not explain. The embedded store must not be in use.
    #[track_caller]
    pub fn audit_is_clean(&self) {
        let audit = self.somebody("auditor").done(&["audit", "verify", "--data", text(&self.data())]);
        assert_eq!(audit["verdict"], "clean", "{audit}");
        assert!(audit["records"].as_u64().is_some_and(|records| records > 0), "{audit}");
    }

    /// Starts the server again on what the last one left.
    pub fn restart(&mut self) {
        if self.server.is_some() {
            self.kill9();
        }
        self.start();
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for files of the test.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("scratch").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// All roots' certificates, PEM: what everybody trusts.
    pub fn trust(&self) -> PathBuf {
        self.data().join("certificates/anchors.pem")
    }

    /// A CA's certificate, PEM.
    pub fn ca(&self, id: &str) -> PathBuf {
        self.data().join("certificates").join(format!("{id}.pem"))
    }

    /// The national root CA's certificate, PEM.
    pub fn root(&self) -> PathBuf {
        self.ca("root")
    }

    /// The certificate of the issuing CA of a pilot, PEM.
    pub fn issuing(&self) -> PathBuf {
        self.ca("issuing")
    }

    /// The public key of the ledger, as `npki init` wrote it.
    pub fn log_key(&self) -> PathBuf {
        self.data().join("certificates/ledger.vkey")
    }

    /// The base address of the REST interface.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.https)
    }

    /// The port of the REST interface.
    pub const fn https_port(&self) -> u16 {
        self.https
    }

    /// The port of what is published to everybody.
    pub const fn http_port(&self) -> u16 {
        self.http
    }

    /// The base address of what is published to everybody.
    pub fn public_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// An `npki` of somebody who has no context yet.
    pub fn somebody(&self, name: &str) -> Npki {
        Npki::at_home(&self.folder.path().join("people").join(name))
    }

    /// REST with a client certificate.
    pub fn rest(&self, certificate: &Path, key: &Path) -> Rest {
        Rest::new(&self.url(), &self.trust()).signed_in(certificate, key)
    }

    /// What the server wrote so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- npki serve said:\n{}", self.said());
        }
        if let Some(mut server) = self.server.take() {
            // The server may have ended by itself; either way it must be gone when the folder goes.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Asks a process to end, and waits until it has.
pub fn terminate(mut process: Child) -> ExitStatus {
    Program::named("sh").args(["-c", &format!("kill -TERM {}", process.id())]).run().succeeded();
    process.wait().unwrap()
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    Program::named("cp").args(["-a"]).path(from).path(to).run().succeeded();
}

/// Two ports nobody listens on, below the range the kernel gives to outgoing connections: a client of another test
/// must not sit on our port when the server comes back after a crash.
pub fn free_ports() -> [u16; 2] {
    let mut free = std::iter::repeat_with(|| 10_000 + random_u16() % 22_000)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let first = free.next().unwrap();
    [first, free.find(|port| *port != first).unwrap()]
}

/// A random number, for ports and for moments.
pub fn random_u16() -> u16 {
    let random = ring::rand::generate::<[u8; 2]>(&ring::rand::SystemRandom::new()).unwrap();
    u16::from_be_bytes(random.expose())
}
