//! A PostgreSQL of our own for tests: a new cluster in a folder that goes with it, reached by a Unix socket or over
//! loopback. It ends with the test's process, however that ends.
//!
//! The tests of `ca-core`, which cannot depend on this crate, take this file in by its path: it uses nothing of npki.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to start, also after a crash.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Anyone on this machine may be `postgres` there, unless [`PostgresServer::demand`] says otherwise.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
    running: Mutex<Option<Child>>,
}

impl PostgresServer {
    /// A server for this test alone.
    pub fn start() -> Self {
        Self::start_in(&std::env::temp_dir())
    }

    /// The same, with its files in a folder that everybody may enter.
    pub fn start_in(folder: &Path) -> Self {
        let programs = programs();
        let folder = tempfile::tempdir_in(folder).unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        own_folder(&data);
        let initdb = programs.join("initdb");
        succeed(
            as_user(&initdb)
                .arg("-D")
                .arg(&data)
                .args(["-A", "trust", "-U", "postgres", "-E", "UTF8"])
                .args(["--no-locale", "--no-sync"]),
        );
        let server = Self::new(folder, programs);
        server.run();
        server
    }

    fn new(folder: TempDir, programs: PathBuf) -> Self {
        let port = free_port();
        Self { folder, programs, port, databases: AtomicU32::new(0), running: Mutex::new(None) }
    }

    /// A standby of `primary`, which follows it from now on.
    pub fn standby_of(primary: &Self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let standby = Self::new(folder, primary.programs.clone());
        standby.follow(primary);
        standby
    }

    /// Throws away what this server had, and makes it a standby of `primary`. Its address stays.
    pub fn follow(&self, primary: &Self) {
        self.stop();
        let data = self.data();
        if data.exists() {
            std::fs::remove_dir_all(&data).unwrap();
        }
        own_folder(&data);
        let mut copy = as_user(&primary.programs.join("pg_basebackup"));
        copy.arg("-h").arg(primary.data()).args(["-p", &primary.port.to_string(), "-U", "postgres"]);
        // -R: it is a standby, and knows whom to follow.
        succeed(copy.arg("-D").arg(&data).args(["-R", "-X", "stream", "-c", "fast", "--no-sync"]));
        self.run();
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        succeed(as_user(&self.programs.join("pg_ctl")).args(["promote", "-w", "-D"]).arg(self.data()));
    }

    /// The server that all tests share which run at the same time.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Makes a new database and gives its address, by the Unix socket.
    pub fn database(&self) -> String {
        let name = self.database_name();
        let folder = self.data().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}:{}/{name}", self.port)
    }

    /// Makes a new database and gives its name.
    pub fn database_name(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The port on 127.0.0.1, which is also part of the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The cluster's folder, where the socket is as well.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs SQL with psql and gives what it prints, unaligned and without headings.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.arg("-h").arg(self.data()).args([
            "-p",
            &self.port.to_string(),
            "-U",
            "postgres",
            "-d",
            database,
        ]);
        succeed(psql.args(["-v", "ON_ERROR_STOP=1", "-qAtX", "-c", sql]))
    }

    /// Runs pgbench on a new database, made ready by the SQL of `prepare`: the transactions of `script` in a second.
    pub fn pgbench(&self, prepare: &str, script: &str, clients: u64, run: Duration) -> f64 {
        let database = self.database_name();
        self.sql(&database, prepare);
        let file = self.folder.path().join("pgbench.sql");
        std::fs::write(&file, script).unwrap();
        let mut pgbench = Command::new(self.programs.join("pgbench"));
        pgbench.arg("-h").arg(self.data()).args(["-p", &self.port.to_string(), "-U", "postgres"]);
        pgbench.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string()]);
        let said = succeed(pgbench.args(["-T", &run.as_secs().to_string(), "-f"]).arg(file).arg(database));
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("pgbench says no rate:\n{said}"))
    }

    /// Replaces who may connect and how (`pg_hba.conf`), adds settings, and starts the server again.
    pub fn demand(&self, hba: &str, settings: &str) {
        let place = self.data().join("pg_hba.conf");
        std::fs::write(place, hba).unwrap();
        let mut file =
            std::fs::OpenOptions::new().append(true).open(self.data().join("postgresql.conf")).unwrap();
        writeln!(file, "{settings}").unwrap();
        self.stop();
        self.run();
    }

    /// Puts a file into the cluster's folder, for the server's eyes alone.
    pub fn give(&self, name: &str, content: &str) {
        let file = self.data().join(name);
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(&file));
        }
    }

    /// Kills every process of the server at once, as when the machine's power is cut.
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        succeed(Command::new("kill").args(["-9", &pid]));
        for child in children.split_whitespace() {
            // It may be gone already: its parent is.
            let _ = Command::new("kill").args(["-9", child]).stderr(Stdio::null()).status();
        }
    }

    /// Starts the server again after [`PostgresServer::kill`].
    pub fn restart(&self) {
        self.stop();
        self.run();
    }

    fn run(&self) {
        let until = Instant::now() + PATIENCE;
        // After a crash, the next server cannot start before the last process of the former is gone.
        while !self.try_run(until) {
            assert!(Instant::now() < until, "PostgreSQL does not start:\n{}", self.log());
        }
    }

    fn try_run(&self, until: Instant) -> bool {
        // The shell ends the server when this process ends and its end of the pipe with it.
        let script = "\"$0\" -D \"$1\" -k \"$1\" -p \"$2\" -c listen_addresses=127.0.0.1 -c max_connections=300 \
             >>\"$1/log\" 2>&1 & pid=$!; (cat >/dev/null; kill -INT $pid) 2>/dev/null <&3 & wait $pid";
        let shell = format!("exec 3<&0; {script}");
        let mut child = as_user(Path::new("sh"))
            .args(["-c", &shell])
            .arg(self.programs.join("postgres"))
            .arg(self.data())
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            // The shell tells when the server is killed; the server itself writes to its log.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = Command::new(self.programs.join("pg_isready"));
        ready.arg("-h").arg(self.data()).args(["-p", &self.port.to_string(), "-q"]);
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if ready.status().unwrap().success() {
                *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
                return true;
            }
            assert!(Instant::now() < until, "PostgreSQL does not answer:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn stop(&self) {
        if let Some(mut child) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(child.stdin.take());
            child.wait().unwrap();
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.data().join("log")).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder of initdb, postgres and psql.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&path).filter_map(|folder| std::fs::canonicalize(folder.join("initdb")).ok());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = versions.map(|version| version.path().join("bin/initdb")).collect();
    installed.sort();
    let found = on_path.chain(installed.into_iter().rev()).find(|initdb| {
        ["initdb", "postgres", "pg_isready", "psql"].iter().all(|name| initdb.with_file_name(name).is_file())
    });
    let found = found.expect("no PostgreSQL is installed: apt-get install postgresql");
    found.parent().unwrap().to_owned()
}

/// PostgreSQL refuses to run as root.
fn is_root() -> bool {
    succeed(Command::new("id").arg("-u")).trim() == "0"
}

fn own_folder(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    if is_root() {
        succeed(Command::new("chown").arg("postgres").arg(folder));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
