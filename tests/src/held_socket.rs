//! A socket that is kept open while the service behind it is restarted, as systemd's socket units do it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::{programs, workspace};

/// The holder. Dropping it ends the service.
#[derive(Debug)]
pub struct HeldSocket {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl HeldSocket {
    /// Holds this port of 127.0.0.1 and runs `service` with it, which appends what it says to `log`.
    pub fn serving(port: u16, service: &Command, log: &Path) -> Self {
        let mut command = Command::new(programs::found("python3"));
        command.arg(workspace::root().join("tests/judges/socket_holder.py"));
        command.arg(port.to_string()).arg(log).arg(service.get_program()).args(service.get_args());
        for (name, value) in service.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let mut held = Self { process, orders, answers };
        held.hear("started");
        held
    }

    /// Has the service end as its operator does, and starts it again.
    pub fn restart(&mut self) {
        self.orders.as_mut().unwrap().write_all(b"restart\n").unwrap();
        self.hear("ended 0");
        self.hear("started");
    }

    #[track_caller]
    fn hear(&mut self, expected: &str) {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), expected);
    }
}

impl Drop for HeldSocket {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}
