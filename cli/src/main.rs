//! npki: one binary for agencies, relying parties, administrators and operators.

// A binary exports nothing: `pub` marks what a module offers to the others.
#![allow(unreachable_pub)]

mod arguments;
mod client;
mod commands;
mod context;
mod failure;
mod files;
mod help;
mod new_key;
mod output;
mod relying_party;
mod request_file;
mod secret;
mod service;
mod session;

use std::process::ExitCode;

/// The C library's scatters its heap under sled, see `Cargo.toml`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    session::run(std::env::args_os()).into()
}
