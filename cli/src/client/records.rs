//! What the server sends, as far as this program reads it. What it does not read, it hands on unchanged.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// One page of a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; nothing at the end.
    #[serde(default)]
    pub next: Option<String>,
}

/// Why one of many things that were sent at once was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: String,
    /// The field that does not fit, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What happened and why.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
}

impl Refusal {
    /// The same as a failure of a command.
    pub fn of(failure: &Failure) -> Self {
        let [detail, _, fix] = failure.sentences();
        Self { code: failure.code().to_owned(), field: None, detail: detail.to_owned(), fix: fix.to_owned() }
    }
}

/// The answer of `/v1/trust-anchors`.
#[derive(Debug, Deserialize)]
pub struct TrustAnchors {
    /// Each anchor.
    pub anchors: Vec<OfferedAnchor>,
}

/// A trust anchor as offered.
#[derive(Debug, Deserialize)]
pub struct OfferedAnchor {
    /// Its certificate.
    pub pem: String,
}

/// A problem document (RFC 9457) with npki's members.
#[derive(Debug, Deserialize)]
pub struct Problem {
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    fix: Option<String>,
    #[serde(default)]
    retryable: Option<bool>,
}

impl Problem {
    /// The same, as a failure of this program.
    pub fn into_failure(self, status: u16) -> Failure {
        let mut failure = Failure::of_server(self.code, self.title, status);
        if let Some(detail) = self.detail.filter(|detail| !detail.is_empty()) {
            failure = failure.cause(detail);
        }
        if let Some(fix) = self.fix.filter(|fix| !fix.is_empty()) {
            failure = failure.fix(fix);
        }
        match self.retryable {
            Some(retryable) => failure.retryable(retryable),
            None => failure,
        }
    }
}

/// Who one is to the server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Principal {
    pub id: String,
    pub name: String,
    pub roles: Vec<String>,
    pub organisation: Option<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// A profile, in short.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProfileSummary {
    pub id: String,
    pub title: String,
    pub identity_kind: Option<String>,
    pub approvals: u64,
    pub validity_days: u64,
    #[serde(default)]
    pub keys: Vec<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// A registered identity. Its facts depend on its kind.
#[derive(Debug, Serialize, Deserialize)]
pub struct Identity {
    pub id: String,
    pub kind: String,
    pub status: String,
    pub registered_at: String,
    /// How surely it is proven, where evidence was entered; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assurance: Option<Assurance>,
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

impl Identity {
    /// A name for a list.
    pub fn display_name(&self) -> String {
        let fact = |name: &str| self.facts.get(name).and_then(Value::as_str);
        match (fact("legal_name").or(fact("asset_tag")).or(fact("name")), fact("surname"), fact("given_name"))
        {
            (Some(name), ..) => name.to_owned(),
            (None, Some(surname), Some(given)) => format!("{surname}, {given}"),
            _ if self.facts.get("erased") == Some(&Value::Bool(true)) => "(erased)".to_owned(),
            _ => String::new(),
        }
    }
}

/// A request for a certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub id: String,
    pub profile: String,
    pub identity: String,
    pub status: String,
    pub approvals_needed: u64,
    pub approvals: Vec<Approval>,
    pub requested_by: String,
    pub requested_at: String,
    pub serial: Option<String>,
    pub rejection: Option<Rejection>,
    pub csr_sha256: String,
    /// The campaign that it replaces a certificate for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign: Option<String>,
    /// Where its key lives, as the applicant states it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_origin: Option<KeyOrigin>,
    /// What the applicant proposes for the certificate; nobody has vetted it.
    #[serde(default)]
    pub proposals: Vec<Proposal>,
    /// While it waits: how surely the identity is proven.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assurance: Option<Assurance>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// How surely an identity is proven by the evidence there is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Assurance {
    pub level: Option<String>,
    #[serde(default)]
    pub proofing: Option<String>,
    #[serde(default)]
    pub counted: u64,
    #[serde(default)]
    pub left_out: Vec<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl std::fmt::Display for Assurance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.level.as_deref().unwrap_or("not at all"))?;
        if let Some(proofing) = &self.proofing {
            write!(f, " (ETSI TS 119 461 {proofing})")?;
        }
        write!(f, ", evidence that counts: {}", self.counted)?;
        self.left_out.iter().try_for_each(|why| write!(f, "; not {why}"))
    }
}

/// A value that an applicant proposes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Proposal {
    pub what: String,
    pub value: String,
    pub pattern: String,
}

/// An officer's approval.
#[derive(Debug, Serialize, Deserialize)]
pub struct Approval {
    pub by: String,
    pub at: String,
    #[serde(default)]
    pub assurance: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// An officer's refusal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rejection {
    pub by: String,
    pub at: String,
    /// Nothing when the identity was erased.
    #[serde(default)]
    pub reason: Option<String>,
}

/// An issued certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Certificate {
    pub serial: String,
    pub issuer: String,
    pub profile: String,
    pub identity: String,
    /// Nothing when the identity was erased.
    pub subject: Option<String>,
    pub sha256: String,
    pub not_before: String,
    pub not_after: String,
    pub status: String,
    pub revocation: Option<Revocation>,
    /// Where its key lives, as far as that is known; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_origin: Option<KeyOrigin>,
    /// The certificate; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pem: Option<String>,
    /// The certificate, then its issuer's; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl Certificate {
    /// Its subject, or why there is none.
    pub fn shown_subject(&self) -> &str {
        self.subject.as_deref().unwrap_or("(erased)")
    }
}

/// Where a key lives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyOrigin {
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub firmware: Option<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl std::fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.kind)?;
        for (what, name) in [("", &self.model), ("batch ", &self.batch), ("firmware ", &self.firmware)] {
            if let Some(name) = name {
                write!(f, ", {what}{name}")?;
            }
        }
        Ok(())
    }
}

/// When and why it was revoked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Revocation {
    pub at: String,
    pub reason: String,
    /// Since when it is known or suspected to be invalid, where that is earlier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub invalid_since: Option<String>,
}

/// A member of staff.
#[derive(Debug, Serialize, Deserialize)]
pub struct StaffMember {
    pub id: String,
    pub name: String,
    pub role: String,
    pub organisation: Option<String>,
    #[serde(default)]
    pub office: Option<String>,
    #[serde(default)]
    pub relatives: Vec<String>,
    pub status: String,
    #[serde(default)]
    pub serial: Option<String>,
    /// The certificate, when it was just issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pem: Option<String>,
    /// The certificate, then its issuer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// Where the master keys of personal data stand.
#[derive(Debug, Serialize, Deserialize)]
pub struct MasterKey {
    pub current: String,
    /// How many keys each master key wraps.
    pub in_use: std::collections::BTreeMap<String, u64>,
    pub rewrapped: u64,
    pub left: u64,
    /// `idle`, `running` or `failed`.
    pub rotation: String,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    pub position: u64,
    pub id: String,
    pub at: String,
    pub actor: String,
    pub action: String,
    pub subject: String,
    #[serde(default)]
    pub reason: Option<String>,
    pub outcome: String,
    #[serde(default)]
    pub detail: std::collections::BTreeMap<String, String>,
    /// The event as it is stored, to the character.
    #[serde(default)]
    pub recorded: String,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}
