//! The contract with scripts: streams, envelope, exit codes, help, completion, manual pages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::io::Read;
use std::process::{Command, Stdio};

use program::npki;

#[test]
fn help_is_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let run = npki(folder.path(), &["--help"], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for expected in ["Verifying (relying parties):", "Operating:", "--json", "exit-codes"] {
        assert!(run.stdout.contains(expected), "{expected} is missing in {}", run.stdout);
    }
    let run = npki(folder.path(), &["--json", "cert", "--help"], &[]);
    assert_eq!(run.document()["schema"], "npki.help/1");
}

#[test]
fn an_unknown_command_names_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let run = npki(folder.path(), &["contxt", "list"], &[]);
    assert_eq!(run.code, 2);
    let lines = run.four_lines();
    assert!(lines[0].ends_with("E-CLI-001"), "{lines:?}");
    assert_eq!(lines[2], "fix:   did you mean context?");
}

/// Words and variables.
type Case = (&'static [&'static str], &'static [(&'static str, &'static str)]);

#[test]
fn wrong_usage_gives_exactly_one_document_in_json_mode() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [Case; 6] = [
        (&["--json", "frobnicate"], &[]),
        (&["cert", "list", "--colour", "--json"], &[]),
        (&["-o", "json", "cert", "request"], &[]),
        (&["cert", "show"], &[("NPKI_OUTPUT", "json")]),
        (&["--json"], &[]),
        (&["--json", "cert", "show", "not-a-serial"], &[]),
    ];
    for (words, variables) in cases {
        let run = npki(folder.path(), words, variables);
        assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{words:?}");
        let document = run.document();
        assert_eq!(document["ok"], false, "{words:?}");
        assert_eq!(document["error"]["code"], "E-CLI-001", "{words:?}");
        for member in ["type", "title", "detail", "cause", "fix"] {
            assert!(
                document["error"][member].as_str().is_some_and(|text| !text.is_empty()),
                "{words:?} {member}"
            );
        }
    }
}

#[test]
fn a_noun_without_a_verb_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&[][..], &["cert"], &["registry", "add"]] {
        let run = npki(folder.path(), words, &[]);
        assert_eq!(run.code, 2, "{words:?}");
        assert!(run.four_lines()[2].ends_with("--help"), "{}", run.stderr);
    }
}

#[test]
fn a_variable_that_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = npki(folder.path(), &["version"], &[("NPKI_OUTPUT", "xml")]);
    assert_eq!(run.code, 2);
    assert!(run.four_lines()[0].contains("NPKI_OUTPUT"));
}

#[test]
fn colour_follows_flag_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    let codes = ["help", "codes"];
    let coloured = |words: &[&str], variables: &[(&str, &str)]| {
        npki(folder.path(), words, variables).stdout.contains('\x1b')
    };
    assert!(!coloured(&codes, &[]), "a pipe is not coloured");
    assert!(coloured(&codes, &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&codes, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(&["help", "codes", "--color", "always"], &[("NO_COLOR", "1")]), "the flag comes first");
}

#[test]
fn help_explains_topics_codes_and_commands() {
    let folder = tempfile::tempdir().unwrap();
    for topic in ["exit-codes", "environment", "config", "output", "errors", "security", "commands", "codes"]
    {
        let run = npki(folder.path(), &["help", topic], &[]);
        assert_eq!(run.code, 0, "{topic}");
        assert!(run.stdout.lines().count() > 5, "{topic}");
    }
    let run = npki(folder.path(), &["help", "e-ctx-001"], &[]);
    assert!(run.stdout.contains("npki context add"), "{}", run.stdout);
    assert!(npki(folder.path(), &["help", "cert", "request"], &[]).stdout.contains("--generate"));
    let run = npki(folder.path(), &["help", "exit-code"], &[]);
    assert_eq!(run.code, 5);
    assert!(run.four_lines()[2].contains("exit-codes"));
}

#[test]
fn every_code_in_the_sources_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut codes = std::collections::BTreeSet::new();
    collect_codes(std::path::Path::new(sources), &mut codes);
    assert!(codes.len() > 20, "the search is broken: {codes:?}");
    for code in codes {
        let run = npki(folder.path(), &["help", &code], &[]);
        assert_eq!(run.code, 0, "{code} is used, but npki help {code} does not know it");
    }
}

/// Codes of this program's own families; tests in the sources also mention codes of the server.
fn collect_codes(path: &std::path::Path, codes: &mut std::collections::BTreeSet<String>) {
    if path.is_dir() {
        for entry in path.read_dir().unwrap() {
            collect_codes(&entry.unwrap().path(), codes);
        }
        return;
    }
    let text = std::fs::read_to_string(path).unwrap();
    for family in
        ["E-AUD-", "E-BAK-", "E-CLI-", "E-SRV-", "E-WIT-", "E-CTX-", "E-NET-", "E-FILE-", "E-KEY-", "E-VFY-"]
    {
        for (start, _) in text.match_indices(family) {
            let number = &text[start + family.len()..];
            if let Some(number) = number.get(..3).filter(|number| number.bytes().all(|b| b.is_ascii_digit()))
            {
                codes.insert(format!("{family}{number}"));
            }
        }
    }
}

#[test]
fn bash_accepts_the_completion_script() {
    let folder = tempfile::tempdir().unwrap();
    let run = npki(folder.path(), &["completion", "bash"], &[]);
    assert_eq!(run.code, 0);
    let script = folder.path().join("npki.bash");
    std::fs::write(&script, &run.stdout).unwrap();
    let bash = Command::new("bash").arg("-n").arg(&script).output().expect("bash");
    assert!(bash.status.success(), "{}", String::from_utf8_lossy(&bash.stderr));
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(npki(folder.path(), &["completion", shell], &[]).stdout.contains("npki"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man");
    let run = npki(folder.path(), &["man", "--out", out.to_str().unwrap()], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let commands = npki(folder.path(), &["help", "commands"], &[]).stdout;
    for line in commands.lines().skip(1).filter(|line| line.starts_with("npki ")) {
        let page = out.join(format!("{}.1", line.trim().replace(' ', "-")));
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(text.lines().any(|line| line.starts_with(".TH npki")), "{}", page.display());
        assert!(text.contains(".SH SYNOPSIS"), "{}", page.display());
    }
}

#[test]
fn the_command_tree_changes_only_together_with_its_golden_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands.golden");
    let actual = npki(folder.path(), &["help", "commands"], &[]).stdout;
    if std::env::var_os("NPKI_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &actual).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert_eq!(actual, golden, "run with NPKI_UPDATE_GOLDEN=1 when the change is meant");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_npki"))
        .args(["completion", "bash"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_npki"))
        .arg("version")
        .stdin(Stdio::null())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("E-CLI-006"));
}
