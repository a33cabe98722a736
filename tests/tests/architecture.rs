//! The rules of ARCHITECTURE.md that a machine can check: who may know whom, and how large a room may grow.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::path::{Path, PathBuf};

use ca_core::storage::Content;
use cargo_metadata::{Metadata, MetadataCommand};
use tests::workspace;

const CRATES: [&str; 4] = ["ca-core", "id-registry", "ocsp-responder", "cli"];
const FILE_LINES: usize = 700;
const FUNCTION_LINES: &str = "too-many-lines-threshold = 80";

/// One source file: its path from the workspace's root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn read(file: PathBuf) -> Self {
        let path = file.strip_prefix(workspace::root()).unwrap().to_str().unwrap().to_owned();
        Self { text: std::fs::read_to_string(file).unwrap(), path }
    }

    fn is_under_http(&self) -> bool {
        self.path.contains("/http/")
    }

    /// The lines that hold `words`, comments left out, as `path:line`.
    fn saying(&self, words: &str) -> Vec<String> {
        let code = self.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let found = code.filter(|(_, line)| line.contains(words));
        found.map(|(number, line)| format!("{}:{}: {}", self.path, number + 1, line.trim())).collect()
    }
}

fn sources(crates: &[&str]) -> Vec<Source> {
    let files = crates.iter().flat_map(|name| workspace::files_under(&workspace::root().join(name)));
    files.filter(|file| file.extension().is_some_and(|ending| ending == "rs")).map(Source::read).collect()
}

/// The sources of the three libraries, without their tests.
fn domain() -> Vec<Source> {
    let mut sources = sources(&["ca-core", "id-registry", "ocsp-responder"]);
    sources.retain(|source| source.path.contains("/src/"));
    sources
}

fn all_sources() -> Vec<Source> {
    sources(&[&CRATES[..], &["tests"]].concat())
}

fn metadata() -> Metadata {
    let manifest = workspace::root().join("Cargo.toml");
    // What the manifests declare is enough, and needs no network.
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// What a crate of the workspace depends on, tests and build scripts included.
fn dependencies(metadata: &Metadata, name: &str) -> Vec<String> {
    let package = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name);
    package.unwrap().dependencies.iter().map(|dependency| dependency.name.clone()).collect()
}

#[track_caller]
fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

/// Finds words wherever they must not stand.
#[track_caller]
fn assert_only_where(sources: &[Source], words: &[&str], allowed: impl Fn(&Source) -> bool, rule: &str) {
    let elsewhere = sources.iter().filter(|source| !allowed(source));
    let broken: Vec<String> =
        elsewhere.flat_map(|source| words.iter().flat_map(|word| source.saying(word))).collect();
    assert_none(&broken, rule);
}

#[test]
fn crates_know_only_those_below_them() {
    let metadata = metadata();
    let inner = |name: &str| -> Vec<String> {
        let mut known = dependencies(&metadata, name);
        known.retain(|dependency| CRATES.contains(&dependency.as_str()) || dependency == "tests");
        known.sort();
        known.dedup();
        known
    };
    assert_eq!(inner("ca-core"), Vec::<String>::new());
    assert_eq!(inner("id-registry"), ["ca-core"]);
    assert_eq!(inner("ocsp-responder"), ["ca-core"]);
    assert_eq!(inner("cli"), ["ca-core", "id-registry", "ocsp-responder"]);
}

#[test]
fn only_the_authority_writes_certificates() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let writers = packages.iter().map(|package| package.name.as_str());
    let writers: Vec<_> =
        writers.filter(|name| dependencies(&metadata, name).contains(&"rcgen".to_owned())).collect();
    assert_eq!(writers, ["ca-core"], "rcgen writes certificates: in ca-core alone");
}

#[test]
fn the_domain_does_not_know_http() {
    let domain = domain();
    let http = ["axum", "tokio", "hyper", "tower", "tower_http"];
    let uses: Vec<String> =
        http.iter().flat_map(|name| [format!("{name}::"), format!("use {name};")]).collect();
    let uses: Vec<&str> = uses.iter().map(String::as_str).collect();
    assert_only_where(
        &domain,
        &uses,
        Source::is_under_http,
        "HTTP and its runtime stay under http/ and in cli",
    );
    assert_only_where(
        &domain,
        &["crate::http"],
        Source::is_under_http,
        "the domain never reaches up into http/",
    );
    for name in ["axum", "tokio", "hyper"] {
        assert!(
            !dependencies(&metadata(), "ca-core").contains(&name.to_owned()),
            "ca-core depends on {name}"
        );
    }
}

#[test]
fn one_crypto_provider_and_no_foreign_library() {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).unwrap();
    let unwanted =
        ["openssl", "openssl-sys", "aws-lc-rs", "aws-lc-sys", "aws-lc-fips-sys", "native-tls", "boring"];
    let found: Vec<String> =
        unwanted.iter().map(|name| format!("name = \"{name}\"")).filter(|line| lock.contains(line)).collect();
    assert_none(&found, "ring is the one crypto provider; no C library of TLS is linked");
}

#[test]
fn rooms_are_small() {
    let sources = all_sources();
    let long = sources.iter().map(|source| (source.text.lines().count(), &source.path));
    let long: Vec<String> = long
        .filter(|(lines, _)| *lines > FILE_LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert_none(&long, "a file of more than 700 lines holds more than one concept");

    // Clippy counts the lines of functions; what is held here is that nobody tells it to look away.
    let clippy = std::fs::read_to_string(workspace::root().join("clippy.toml")).unwrap();
    assert!(clippy.lines().any(|line| line == FUNCTION_LINES), "clippy.toml says {FUNCTION_LINES:?}");
    let manifest = std::fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("too_many_lines = \"warn\""));
    let silenced = concat!("too_many", "_lines");
    assert_only_where(&sources, &[silenced], this_file, "no function is excused from its length");
}

#[test]
fn names_say_what_is_inside() {
    let empty_words =
        ["util", "utils", "common", "commons", "helper", "helpers", "manager", "managers", "misc"];
    let is_empty = |part: &str| empty_words.contains(&part.trim_end_matches(".rs"));
    let sources = all_sources();
    let paths = sources.iter().map(|source| source.path.clone());
    let broken: Vec<String> = paths.filter(|path| path.split('/').any(is_empty)).collect();
    assert_none(&broken, "a module is named after what it knows");
}

#[test]
fn nothing_is_left_out() {
    let sources = all_sources();
    let unfinished = [concat!("#[", "ignore"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    assert_only_where(
        &sources,
        &unfinished,
        |_| false,
        "no test is skipped and nothing is called done that is not",
    );
}

#[test]
fn time_is_a_parameter() {
    let domain = domain();
    let clocks = ["SystemTime::now", "OffsetDateTime::now_utc", "UtcDateTime::now"];
    let is_clock = |source: &Source| source.path == "ca-core/src/clock.rs";
    assert_only_where(&domain, &clocks, is_clock, "only clock.rs asks the machine for the time");
}

#[test]
fn every_table_is_in_its_crates_list() {
    // A backup with an entry of a table that is not listed is refused: none must be forgotten.
    for name in ["ca-core", "id-registry", "ocsp-responder", "cli"] {
        let own = |source: &Source| source.path.contains("/src/") && !source.path.contains("conformance");
        let sources: Vec<Source> = sources(&[name]).into_iter().filter(own).collect();
        let mut declared: Vec<String> = sources.iter().flat_map(declared_tables).collect();
        declared.sort();
        assert_eq!(declared, listed_tables(name), "{name}/src/tables.rs lists what {name} declares");
    }
}

/// A table that only the embedded store makes shows itself on the first PostgreSQL.
#[test]
fn every_table_is_in_a_migration_with_its_content() {
    let folder = workspace::root().join("ca-core/src/storage/postgres/migrations");
    let steps: Vec<_> =
        workspace::files_under(&folder).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let steps = steps.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut missing = Vec::new();
    for table in ca_core::TABLES.iter().chain(id_registry::TABLES).chain(ocsp_responder::TABLES) {
        let column = match table.content() {
            Content::Records => "record json NOT NULL",
            Content::Octets => "octets bytea NOT NULL",
        };
        let created = steps.split(&format!("CREATE TABLE ${{schema}}.{} (", table.name())).nth(1);
        let columns = created.and_then(|rest| rest.split(';').next());
        if !columns.is_some_and(|columns| columns.contains(column)) {
            missing.push(format!("{}: {column}", table.name()));
        }
    }
    assert_none(&missing, "every table is made by a migration of PostgreSQL");
}

/// The names of the constants by which a source declares tables, its tests left out.
fn declared_tables(source: &Source) -> Vec<String> {
    let is_test = source.path.ends_with("/tests.rs") || source.path.contains("/tests/");
    let code = if is_test { "" } else { source.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default() };
    let lines = code
        .lines()
        .filter(|line| ["Table::records(", "Table::octets("].iter().any(|how| line.contains(how)));
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    let name =
        |line: &str| line.split_once("const ").and_then(|(_, rest)| Some(rest.split_once(':')?.0.to_owned()));
    lines.map(|line| name(line).unwrap_or_else(|| panic!("{}: {line}", source.path))).collect()
}

/// The constants in a crate's list of its tables; none where it has no list.
fn listed_tables(name: &str) -> Vec<String> {
    let file = workspace::root().join(name).join("src/tables.rs");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let list =
        text.split_once("&[Table] = &[").map_or("", |(_, list)| list.split(']').next().unwrap_or_default());
    let mut listed: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    listed.retain(|name| !name.is_empty());
    listed.sort();
    listed
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for name in CRATES.iter().chain(&["tests"]) {
        let manifest = std::fs::read_to_string(workspace::root().join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
        assert_eq!(inherits, Some(true), "{name} does not take the lints of the workspace");
    }
}

fn this_file(source: &Source) -> bool {
    Path::new(&source.path).ends_with("tests/architecture.rs")
}
