//! A token that counts tries with its PIN, as smart cards do and SoftHSM does not: SoftHSM behind a library of ours.

use std::path::{Path, PathBuf};

use crate::programs::Program;
use crate::{soft_token, workspace};

/// How many wrong PINs in a row it takes before it is locked.
pub const TRIES: usize = 3;

/// The library, made for one test.
#[derive(Debug)]
pub struct CountingToken {
    state: PathBuf,
    module: PathBuf,
}

impl CountingToken {
    /// Builds it, with the C compiler that Rust links with.
    pub fn built_in(folder: &Path) -> Self {
        let (state, module) = (folder.join("tries"), folder.join("counting_token.so"));
        let source = workspace::root().join("tests/judges/counting_token/counting_token.c");
        let define = |name: &str, path: &Path| format!("-D{name}=\"{}\"", path.display());
        let (real, kept) = (define("REAL", &soft_token::module()), define("STATE", &state));
        Program::named("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", &real, &kept, "-o"])
            .path(&module)
            .path(&source)
            .args(["-ldl"])
            .run()
            .succeeded();
        Self { state, module }
    }

    /// Where it is.
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// How often a PIN was presented to it, and how many wrong ones it takes yet.
    pub fn presented_and_left(&self) -> (usize, usize) {
        let state = std::fs::read_to_string(&self.state).unwrap_or_default();
        let left = state.lines().filter_map(|line| line.strip_prefix("left ")).next_back();
        let presented = state.lines().filter(|line| *line == "login").count();
        (presented, left.map_or(TRIES, |left| left.parse().unwrap()))
    }

    /// What a person does who knows the PIN, with the maker's own tool.
    pub fn entered_by_a_person(&self) {
        std::fs::remove_file(&self.state).unwrap();
    }
}
