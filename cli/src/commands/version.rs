//! `npki version`.

use serde::Serialize;

use crate::output::{Outcome, Simple};

#[derive(Debug, Serialize)]
struct Version {
    version: &'static str,
    interface: &'static str,
    target: String,
}

/// Shows the version of this program and of the interface it speaks.
pub fn run() -> Outcome {
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let version = Version { version: env!("CARGO_PKG_VERSION"), interface: "v1", target };
    Outcome::done(Simple::new("npki.version/1", version, |version, page| {
        page.line(format!("npki {}, interface {}, {}", version.version, version.interface, version.target));
    }))
}
