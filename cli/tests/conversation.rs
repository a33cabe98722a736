//! Talking with a server: whom it trusts, what it sends, how answers become exit codes and files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod program;
mod server;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use program::npki;
use serde_json::{Value, json};
use server::{Asked, Clients, Pki, Server, path};

fn problem(status: u16, code: &str) -> (u16, String) {
    let body = json!({"type": "about:blank", "title": "It was refused", "status": status, "detail": "because of this",
        "code": code, "fix": "do that", "retryable": false});
    (status, body.to_string())
}

fn anchors(pki: &Pki) -> (u16, String) {
    let pem = std::fs::read_to_string(&pki.root).unwrap();
    (
        200,
        json!({"anchors": [{"ca": "root", "subject": "CN=x", "sha256": pki.fingerprint(), "pem": pem}]})
            .to_string(),
    )
}

fn request(status: &str, serial: Option<&str>) -> Value {
    json!({"id": "R-1", "profile": "device", "identity": "D-1", "status": status, "approvals_needed": 1,
        "approvals": [], "requested_by": "S-1", "requested_at": "2026-11-24T00:00:00Z", "serial": serial,
        "rejection": null, "csr_sha256": "00"})
}

fn certificate() -> Value {
    json!({"serial": "4f02", "issuer": "issuing", "profile": "device", "identity": "D-1", "subject": "CN=D-1",
        "sha256": "aa", "key_sha256": "bb", "not_before": "2026-11-24T00:00:00Z", "not_after": "2027-11-24T00:00:00Z",
        "issued_at": "2026-11-24T00:00:00Z", "status": "active", "revocation": null,
        "pem": "LEAF\n", "chain": "LEAF\nCA\n"})
}

/// A server with these answers, and a context for it in `folder`.
fn served(folder: &Path, answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Server {
    let pki = Pki::new(folder, "npki");
    let server = Server::start(&pki, Clients::Certified, answers);
    let words = ["context", "add", "test", "--url", &server.url, "--trust", path(&pki.root)];
    let identity = ["--cert", path(&pki.certificate), "--key", path(&pki.key)];
    let added = npki(folder, &[&words[..], &identity].concat(), &[]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    server
}

#[test]
fn an_anchor_is_fetched_and_pinned_by_its_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path(), "true");
    let offered = anchors(&pki);
    let server = Server::start(&pki, Clients::Anybody, move |_| offered.clone());
    let wrong = "ab".repeat(32);
    let add = |fingerprint: &str| {
        npki(
            folder.path(),
            &["--json", "context", "add", "x", "--url", &server.url, "--fingerprint", fingerprint],
            &[],
        )
    };
    let refused = add(&wrong);
    assert_eq!((refused.code, &refused.document()["error"]["code"]), (3, &"E-CTX-005".into()));
    assert_eq!(
        npki(folder.path(), &["context", "list", "--json"], &[]).document()["data"]["items"],
        json!([])
    );
    let added = add(&pki.fingerprint().to_uppercase());
    assert_eq!(added.code, 0, "{}", added.stdout);
    assert_eq!(added.document()["data"]["anchors"][0]["sha256"], pki.fingerprint());
}

#[test]
fn an_anchor_that_does_not_cover_its_server_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (Pki::new(folder.path(), "mine"), Pki::new(folder.path(), "other"));
    let offered = anchors(&other);
    // The right anchor is shown, but by a server whose own certificate is somebody else's.
    let server = Server::start(&mine, Clients::Anybody, move |_| offered.clone());
    let words =
        ["--json", "context", "add", "x", "--url", &server.url, "--fingerprint", &other.fingerprint()];
    let run = npki(folder.path(), &words, &[]);
    assert_eq!((run.code, &run.document()["error"]["code"]), (7, &"E-NET-004".into()));
}

#[test]
fn a_server_under_another_anchor_is_never_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (Pki::new(folder.path(), "mine"), Pki::new(folder.path(), "other"));
    let server = Server::start(&other, Clients::Anybody, |_| (200, "{}".to_owned()));
    npki(folder.path(), &["context", "add", "x", "--url", &server.url, "--trust", path(&mine.root)], &[]);
    let run = npki(folder.path(), &["whoami", "--json"], &[]);
    assert_eq!((run.code, &run.document()["error"]["code"]), (7, &"E-NET-004".into()));
    assert!(server.asked().is_empty(), "something was sent");
}

#[test]
fn a_server_that_wants_a_certificate_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path(), "npki");
    let server = Server::start(&pki, Clients::Certified, |_| (200, "{}".to_owned()));
    npki(folder.path(), &["context", "add", "x", "--url", &server.url, "--trust", path(&pki.root)], &[]);
    let run = npki(folder.path(), &["whoami", "--json"], &[]);
    assert_eq!((run.code, &run.document()["error"]["code"]), (4, &"E-NET-006".into()));
}

#[test]
fn problems_keep_their_code_and_choose_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    served(folder.path(), |asked| {
        let status = asked.line.rsplit('-').next().unwrap().parse().unwrap();
        problem(status, "E-REQ-007")
    });
    for (status, exit) in
        [(401, 4), (403, 4), (404, 5), (409, 6), (412, 6), (422, 2), (400, 2), (429, 7), (503, 7)]
    {
        let id = format!("R-{status}");
        let run = npki(folder.path(), &["--json", "request", "show", &id], &[]);
        let document = run.document();
        assert_eq!((run.code, &document["error"]["code"]), (exit, &"E-REQ-007".into()), "HTTP {status}");
        assert_eq!(document["error"]["status"], status);
        assert_eq!(npki(folder.path(), &["request", "show", &id], &[]).code, exit, "the same in text mode");
    }
}

#[test]
fn a_list_keeps_members_this_program_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let mut entry = certificate();
    entry["colour"] = json!("blue");
    let body = json!({"items": [entry], "next": "c-2"}).to_string();
    let server = served(folder.path(), move |_| (200, body.clone()));
    let words =
        ["cert", "list", "--identity", "D&1", "--status", "on-hold", "--limit", "7", "--after", "c-1"];
    let document = npki(folder.path(), &[&words[..], &["--json"]].concat(), &[]).document();
    assert_eq!(document["data"]["items"][0]["colour"], "blue");
    assert_eq!(document["data"]["next"], "c-2");
    assert_eq!(document["context"], "test");
    let asked = &server.asked()[0].line;
    assert_eq!(asked, "GET /v1/certificates?identity=D%261&status=on-hold&after=c-1&limit=7");
    assert!(npki(folder.path(), &words, &[]).stdout.contains("--after c-2"));
}

#[test]
fn a_new_key_stays_here_and_the_certificate_comes_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path(), |asked| match asked.line.as_str() {
        "POST /v1/requests" => (201, request("issued", Some("4f02")).to_string()),
        _ => (200, certificate().to_string()),
    });
    let out = folder.path().join("new");
    let words =
        ["cert", "request", "--profile", "device", "--identity", "D-1", "--generate", "--out", path(&out)];
    let run = npki(folder.path(), &[&words[..], &["--json"]].concat(), &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.document()["data"]["files"].as_array().unwrap().len(), 3);
    let key = out.join("key.pem");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(out.join("chain.pem")).unwrap(), "LEAF\nCA\n");
    let asked = server.asked().remove(0);
    assert!(asked.body.contains("BEGIN CERTIFICATE REQUEST") && !asked.body.contains("PRIVATE KEY"));
    assert!(asked.head.contains("idempotency-key: "), "{}", asked.head);

    let before = std::fs::read(&key).unwrap();
    let again = npki(folder.path(), &words, &[]);
    assert_eq!(again.code, 6);
    assert!(again.four_lines()[0].contains("key.pem"), "the error says which file");
    assert_eq!(std::fs::read(&key).unwrap(), before);
    assert_eq!(server.asked().len(), 2, "nothing was sent the second time");
}

#[test]
fn a_request_that_waits_leaves_nine() {
    let folder = tempfile::tempdir().unwrap();
    served(folder.path(), |_| (202, request("waiting", None).to_string()));
    let out = folder.path().join("new");
    let words =
        ["cert", "request", "--profile", "device", "--identity", "D-1", "--generate", "--out", path(&out)];
    let run = npki(folder.path(), &words, &[]);
    assert_eq!(run.code, 9, "{}", run.stderr);
    assert!(run.stdout.contains("npki request download R-1"), "{}", run.stdout);
    assert!(out.join("key.pem").exists() && !out.join("cert.pem").exists());
}

#[test]
fn a_refused_request_leaves_no_key_behind() {
    let folder = tempfile::tempdir().unwrap();
    served(folder.path(), |_| problem(404, "E-ID-001"));
    let out = folder.path().join("new");
    let words =
        ["cert", "request", "--profile", "device", "--identity", "D-1", "--generate", "--out", path(&out)];
    assert_eq!(npki(folder.path(), &words, &[]).code, 5);
    assert!(!out.join("key.pem").exists());
}

#[test]
fn an_answer_of_another_form_is_named() {
    let folder = tempfile::tempdir().unwrap();
    served(folder.path(), |_| (200, "<html>login</html>".to_owned()));
    let run = npki(folder.path(), &["whoami", "--json"], &[]);
    assert_eq!((run.code, &run.document()["error"]["code"]), (7, &"E-NET-007".into()));
}
