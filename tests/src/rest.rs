//! The REST interface as other systems see it: through curl.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::npki::{CASE, text};
use crate::programs::Program;

/// One client of the REST interface.
#[derive(Debug, Clone)]
pub struct Rest {
    base: String,
    trust: PathBuf,
    credential: Option<(PathBuf, PathBuf)>,
}

/// One answer over HTTP.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The content.
    pub body: Vec<u8>,
}

impl Rest {
    /// A client without a certificate.
    pub fn new(base: &str, trust: &Path) -> Self {
        Self { base: base.to_owned(), trust: trust.to_path_buf(), credential: None }
    }

    /// The same client with a certificate.
    #[must_use]
    pub fn signed_in(mut self, certificate: &Path, key: &Path) -> Self {
        self.credential = Some((certificate.to_path_buf(), key.to_path_buf()));
        self
    }

    /// The address before every path.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET that must be answered.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.try_get(path).unwrap_or_else(|| panic!("no answer to GET {path}"))
    }

    /// GET; `None` when there is no server.
    pub fn try_get(&self, path: &str) -> Option<Response> {
        self.send(path, &[], b"")
    }

    /// POST of JSON that must be answered.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.try_post(path, body, &[]).unwrap_or_else(|| panic!("no answer to POST {path}"))
    }

    /// POST of JSON with further header fields (`Name: value`); `None` when the connection broke before the answer was
    /// complete.
    pub fn try_post(&self, path: &str, body: &Value, headers: &[&str]) -> Option<Response> {
        let mut options = vec!["-X", "POST", "--data-binary", "@-", "-H", "Content-Type: application/json"];
        options.extend(headers.iter().flat_map(|header| ["-H", header]));
        self.send(path, &options, body.to_string().as_bytes())
    }

    /// POST of anything under any content type.
    #[track_caller]
    pub fn post_raw(&self, path: &str, content_type: &str, body: &[u8]) -> Response {
        let header = format!("Content-Type: {content_type}");
        let options = ["-X", "POST", "--data-binary", "@-", "-H", &header];
        self.send(path, &options, body).unwrap_or_else(|| panic!("no answer to POST {path}"))
    }

    /// A request with curl's own options.
    pub fn send(&self, path: &str, options: &[&str], body: &[u8]) -> Option<Response> {
        let folder = TempDir::new().unwrap();
        let (head, content) = (folder.path().join("head"), folder.path().join("content"));
        let mut curl = Program::named("curl").args(["--silent", "--show-error", "--max-time", "60"]);
        curl = curl.args(["--noproxy", "*", "--dump-header", text(&head), "--output", text(&content)]);
        curl = curl.args(["--cacert", text(&self.trust), "-H", &format!("Npki-Case: {CASE}")]);
        if let Some((certificate, key)) = &self.credential {
            curl = curl.args(["--cert", text(certificate), "--key", text(key)]);
        }
        // curl fails on an answer cut short, so a 201 that arrives half is no 201.
        let answer = curl.args(options).args([&format!("{}{path}", self.base)]).run_with(body);
        (answer.code == 0).then(|| read_response(&head, &content))
    }

    /// All items of a list, page after page.
    #[track_caller]
    pub fn all(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("{path}{separator}limit=100{after}")).json(200);
            items.extend(crate::answers::items(&page).iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }
}

impl Response {
    /// The content as JSON, of an answer that must have this status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        let content = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{content}");
        serde_json::from_str(&content).unwrap_or_else(|error| panic!("{error}: {content}"))
    }

    /// The problem (RFC 9457) of a refusal that must have this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        let problem = self.json(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for member in ["type", "title", "detail", "code", "fix"] {
            assert!(problem[member].as_str().is_some_and(|said| !said.is_empty()), "{member}: {problem}");
        }
        assert!(problem["retryable"].is_boolean(), "{problem}");
        problem
    }

    /// A header field; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

fn read_response(head: &Path, content: &Path) -> Response {
    let head = std::fs::read_to_string(head).unwrap();
    // An interim answer (100) comes before the final one: keep the last block.
    let block = head.trim_end().rsplit("\r\n\r\n").next().unwrap_or_default();
    let mut lines = block.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers = fields.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    let body = std::fs::read(content).unwrap_or_default();
    Response { status: status.unwrap_or_else(|| panic!("no status in {head:?}")), headers, body }
}
