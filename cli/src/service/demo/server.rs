//! The demo's `npki serve`, a process of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{ServiceError, files};

/// How long the services may take to be ready: opening sealed keys takes a second on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `npki serve`; stopped when it is dropped.
pub(super) struct Server {
    child: Child,
    record: PathBuf,
    kept: Keeping,
}

#[derive(PartialEq, Eq)]
enum Keeping {
    UntilDropped,
    Beyond,
}

impl Server {
    /// Starts the services of `data` and waits until they are ready.
    pub(super) fn start(program: &Path, data: &Path, public: SocketAddr) -> Result<Self, ServiceError> {
        let folder = data.parent().unwrap_or(data);
        let log = folder.join("serve.log");
        let file = File::create(&log).map_err(files::at(&log))?;
        let child = Command::new(program)
            .args(["serve", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(files::at(program))?;
        let record = record_path(folder);
        std::fs::write(&record, child.id().to_string()).map_err(files::at(&record))?;
        let mut server = Self { child, record, kept: Keeping::UntilDropped };
        server.wait_until_ready(public, &log)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, public: SocketAddr, log: &Path) -> Result<(), ServiceError> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if is_ready(public) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                return Err(ServiceError::Refused(format!("npki serve ended with {status}:\n{said}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(ServiceError::Refused(format!(
            "npki serve was not ready in {} s; see {}",
            PATIENCE.as_secs(),
            log.display()
        )))
    }

    /// Leaves the services running; gives their process number.
    pub(super) fn keep(mut self) -> u32 {
        self.kept = Keeping::Beyond;
        self.child.id()
    }

    /// The process that an earlier demo left serving from this folder, if it still runs.
    pub(super) fn recorded(folder: &Path) -> Option<u32> {
        let process: u32 = std::fs::read_to_string(record_path(folder)).ok()?.trim().parse().ok()?;
        // The number may belong to another program by now: only one that runs `serve` on this folder counts.
        let command = std::fs::read(format!("/proc/{process}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).into_owned();
        let folder = folder.canonicalize().ok()?;
        (command.contains("serve") && command.contains(&*folder.to_string_lossy())).then_some(process)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.kept == Keeping::UntilDropped {
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = std::fs::remove_file(&self.record);
        }
    }
}

fn record_path(folder: &Path) -> PathBuf {
    folder.join("serve.pid")
}

fn is_ready(public: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&public, Duration::from_millis(200)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// Two addresses on loopback that nobody listens on now.
pub(super) fn free_addresses() -> Result<[SocketAddr; 2], ServiceError> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let bind =
        || TcpListener::bind(loopback).map_err(|source| ServiceError::Bind { address: loopback, source });
    // Both are held at once, so that they differ.
    let (first, second) = (bind()?, bind()?);
    let address = |listener: &TcpListener| {
        listener.local_addr().map_err(|source| ServiceError::Bind { address: loopback, source })
    };
    Ok([address(&first)?, address(&second)?])
}
