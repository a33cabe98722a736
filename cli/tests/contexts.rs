//! Contexts, and the way to a server that is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use program::{Run, npki};

/// A CA certificate and its key, made by openssl.
fn anchor(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("root.pem"), folder.join("root.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/C=LS/O=Test/CN=Test Root", "-addext", "basicConstraints=critical,CA:TRUE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

fn add(folder: &Path, name: &str, url: &str) -> Run {
    let (certificate, _) = anchor(folder);
    npki(
        folder,
        &["--json", "context", "add", name, "--url", url, "--trust", certificate.to_str().unwrap()],
        &[],
    )
}

#[test]
fn contexts_come_go_and_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(add(path, "prod", "https://pki.gov.ls:8443").document()["data"]["current"], true);
    assert_eq!(add(path, "lab", "https://localhost:8443").document()["data"]["current"], false);
    let list = npki(path, &["context", "list", "--json"], &[]).document();
    assert_eq!(list["schema"], "npki.context.list/1");
    assert_eq!(list["data"]["items"].as_array().unwrap().len(), 2);

    assert_eq!(npki(path, &["context", "use", "lab"], &[]).code, 0);
    let shown = npki(path, &["context", "show", "--json"], &[]).document();
    assert_eq!(shown["data"]["name"], "lab");
    assert_eq!(shown["data"]["anchors"][0]["sha256"].as_str().unwrap().len(), 64);
    let named = npki(path, &["context", "show", "--json"], &[("NPKI_CONTEXT", "prod")]).document();
    assert_eq!(named["data"]["name"], "prod");

    assert_eq!(npki(path, &["context", "remove", "lab"], &[]).code, 0);
    let run = npki(path, &["whoami"], &[]);
    assert_eq!(run.code, 2);
    assert_eq!(run.four_lines()[2], "fix:   npki context use prod");
}

#[test]
fn the_configuration_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    add(folder.path(), "prod", "https://pki.gov.ls:8443");
    let file = folder.path().join("config.toml");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let path = npki(folder.path(), &["config", "path"], &[]);
    assert_eq!(path.stdout.trim(), file.to_str().unwrap());
}

#[test]
fn a_context_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    add(folder.path(), "prod", "https://pki.gov.ls:8443");
    let again = add(folder.path(), "prod", "https://elsewhere:8443");
    assert_eq!(again.code, 6);
    assert_eq!(again.document()["error"]["code"], "E-CTX-004");
}

#[test]
fn only_https_origins_are_servers() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["http://pki.gov.ls", "https://pki.gov.ls/path", "https://user:secret@pki.gov.ls", "ftp://x"] {
        let run = add(folder.path(), "prod", url);
        assert_eq!((run.code, &run.document()["error"]["code"]), (2, &"E-CTX-007".into()), "{url}");
    }
}

#[test]
fn what_is_no_ca_certificate_is_no_anchor() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("note.txt");
    std::fs::write(&file, "trust me").unwrap();
    let words = ["--json", "context", "add", "x", "--url", "https://x", "--trust", file.to_str().unwrap()];
    assert_eq!(npki(folder.path(), &words, &[]).document()["error"]["code"], "E-CTX-006");
    let words = ["--json", "context", "add", "x", "--url", "https://x", "--fingerprint", "abc"];
    assert_eq!(npki(folder.path(), &words, &[]).document()["error"]["code"], "E-CLI-001");
}

#[test]
fn a_client_certificate_is_checked_and_kept_as_an_absolute_path() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = anchor(folder.path());
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let words = [
        "--json",
        "context",
        "add",
        "me",
        "--url",
        "https://x",
        "--trust",
        certificate,
        "--cert",
        certificate,
    ];
    let with_key = [&words[..], &["--key", key]].concat();
    let added = npki(folder.path(), &with_key, &[]).document();
    assert_eq!(added["data"]["key"], key, "{added}");
    let with_wrong_key = [&words[..], &["--key", certificate]].concat();
    assert_eq!(npki(folder.path(), &with_wrong_key, &[]).document()["error"]["code"], "E-KEY-001");
    assert_eq!(npki(folder.path(), &words, &[]).code, 2, "a certificate without its key is of no use");
}

#[test]
fn without_a_context_the_error_names_the_command_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = npki(folder.path(), &["cert", "list"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.four_lines()[2].starts_with("fix:   npki context add"), "{}", run.stderr);
    let run = npki(folder.path(), &["cert", "list", "--context", "prod", "--json"], &[]);
    assert_eq!((run.code, &run.document()["error"]["code"]), (5, &"E-CTX-002".into()));
}

/// A port of this machine at which nothing listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_server_that_is_not_there_leaves_seven() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("https://127.0.0.1:{}", closed_port());
    add(folder.path(), "prod", &url);
    let run = npki(folder.path(), &["whoami", "--json"], &[]);
    assert_eq!(run.code, 7);
    let document = run.document();
    assert_eq!(document["error"]["code"], "E-NET-001");
    assert_eq!(document["error"]["retryable"], true);
    assert_eq!(document["context"], "prod");
    let run = npki(folder.path(), &["whoami"], &[]);
    assert_eq!(run.code, 7, "the same in text mode");
    run.four_lines();

    let fingerprint = "ab".repeat(32);
    let words = ["context", "add", "other", "--url", &url, "--fingerprint", &fingerprint];
    assert_eq!(npki(folder.path(), &words, &[]).code, 7);
}

#[test]
fn a_server_that_never_answers_leaves_seven() {
    let folder = tempfile::tempdir().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    add(folder.path(), "prod", &format!("https://{}", silent.local_addr().unwrap()));
    let run = npki(folder.path(), &["whoami", "--json", "--timeout", "1"], &[]);
    assert_eq!((run.code, &run.document()["error"]["code"]), (7, &"E-NET-002".into()));
}

#[test]
fn revoking_without_a_person_needs_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    add(folder.path(), "prod", &format!("https://127.0.0.1:{}", closed_port()));
    let words = ["revoke", "4f02aabb", "--reason", "superseded"];
    let run = npki(folder.path(), &words, &[]);
    assert_eq!(run.code, 2);
    assert!(run.four_lines()[2].contains("--confirm"), "{}", run.stderr);
    let yes = npki(folder.path(), &[&words[..], &["--yes", "--no-input"]].concat(), &[]);
    assert_eq!(yes.code, 2, "--yes is not for what cannot be undone");
    let wrong = npki(folder.path(), &[&words[..], &["--confirm", "ffff", "--json"]].concat(), &[]);
    assert_eq!((wrong.code, &wrong.document()["error"]["code"]), (2, &"E-CLI-003".into()));
    let right = npki(folder.path(), &[&words[..], &["--confirm", "AABB"]].concat(), &[]);
    assert_eq!(right.code, 7, "confirmed, so it goes to the server");
}
