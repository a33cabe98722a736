//! nginx, as agencies run it: before a service, or with a certificate of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::installation::{free_ports, terminate};
use crate::programs;
use crate::rest::Rest;

/// An nginx of one test. Dropping it ends it.
#[derive(Debug)]
pub struct Nginx {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Nginx {
    /// Starts one with these servers; `servers` is told a port of 127.0.0.1 that is its own, where it must answer plain HTTP, and
    /// the folder of its files.
    pub fn with(servers: impl FnOnce(u16, &Path) -> String) -> Self {
        let [port, _] = free_ports();
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("    {name}_temp_path {}/{name};\n", path.display()))
            .concat();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {0}/pid;\nevents {{}}\nhttp {{\n    access_log off;\n{places}{1}}}\n",
            path.display(),
            servers(port, path)
        );
        std::fs::write(path.join("nginx.conf"), text).unwrap();
        let mut nginx = Self { folder, port, process: None };
        let mut command = Command::new(programs::found("nginx"));
        command.arg("-p").arg(nginx.folder()).arg("-c").arg(nginx.folder().join("nginx.conf"));
        command.arg("-e").arg(nginx.folder().join("error.log"));
        let rest = Rest::new(&nginx.url(), Path::new("/dev/null"));
        let is_there = || rest.try_get("/").is_some();
        nginx.process = Some(programs::served(&mut command, "nginx", &nginx.folder().join("said"), is_there));
        nginx
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder of its files.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = std::fs::read_to_string(self.folder().join("error.log")).unwrap_or_default();
            eprintln!("--- nginx said:\n{said}");
        }
        if let Some(process) = self.process.take() {
            terminate(process);
        }
    }
}
