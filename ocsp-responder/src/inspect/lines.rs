//! The same as text for people. Its form may change; scripts read the JSON.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::view::{
    CertificateView, ExtensionView, Inspected, KeyView, MessageView, RequestView, RevocationListView,
    TimestampReplyView, TimestampRequestView, TimestampView,
};
use super::{ledger, list, ocsp, pkcs12, signed};

impl Inspected {
    /// Lines of text that show the object.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Certificate(view) => certificate(view),
            Self::CertificationRequest(view) => request(view),
            Self::RevocationList(view) => revocation_list(view),
            Self::OcspRequest(view) => ocsp::request_lines(view),
            Self::OcspResponse(view) => {
                let inside = view.answer.iter().flat_map(|answer| &answer.certificates);
                ocsp::response_lines(view).into_iter().chain(inside.flat_map(certificate)).collect()
            }
            Self::Pkcs12(view) => pkcs12::lines(view),
            Self::Pdf(view) => signed::pdf_lines(view),
            Self::Container(view) => signed::container_lines(view),
            Self::JsonWebSignature(view) => signed::jws_lines(view),
            Self::TrustedList(view) => list::lines(view),
            Self::Receipt(view) => ledger::receipt_lines(view),
            Self::Checkpoint(view) => ledger::checkpoint_lines(view),
            Self::CmsMessage(view) => message(view),
            Self::TimestampRequest(view) => timestamp_request(view),
            Self::TimestampReply(view) => timestamp_reply(view),
            Self::PublicKey(view) => std::iter::once("Public key".to_owned()).chain(key(view)).collect(),
            Self::PrivateKey(view) => {
                let kept = if view.encrypted { "yes" } else { "no" };
                vec!["Private key (not shown)".to_owned(), line("Form", &view.form), line("Encrypted", kept)]
            }
        }
    }
}

pub(super) fn line(name: &str, value: &str) -> String {
    // Names come from strangers: a control character must not move the reader's cursor.
    let safe: String = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("  {name:<18} {safe}")
}

pub(super) fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

fn key(view: &KeyView) -> [String; 2] {
    [line("Key", &view.algorithm), line("Key SHA-256", &view.sha256)]
}

fn extensions(list: &[ExtensionView]) -> Vec<String> {
    let mut lines = Vec::new();
    for extension in list {
        let critical = if extension.critical { " (critical)" } else { "" };
        lines.push(line("Extension", &format!("{}{critical}", extension.name)));
        lines.extend(extension.values.iter().map(|value| line("", value)));
    }
    lines
}

pub(super) fn certificate(view: &CertificateView) -> Vec<String> {
    let mut lines = vec![
        "Certificate".to_owned(),
        line("Subject", &view.subject),
        line("Issuer", &view.issuer),
        line("Serial", &view.serial),
        line("Valid from", &moment(view.not_before)),
        line("Valid to", &moment(view.not_after)),
    ];
    lines.extend(key(&view.key));
    lines.push(line("Signed with", &view.signature_algorithm));
    lines.extend(extensions(&view.extensions));
    lines.push(line("SHA-256", &view.sha256));
    lines
}

fn request(view: &RequestView) -> Vec<String> {
    let mut lines = vec!["Certification request".to_owned(), line("Subject", &view.subject)];
    lines.extend(key(&view.key));
    lines.push(line("Signed with", &view.signature_algorithm));
    lines.extend(extensions(&view.extensions));
    lines.push(line("SHA-256", &view.sha256));
    lines
}

fn revocation_list(view: &RevocationListView) -> Vec<String> {
    let mut lines = vec![
        "Certificate revocation list".to_owned(),
        line("Issuer", &view.issuer),
        line("This update", &moment(view.this_update)),
        line("Next update", &view.next_update.map_or_else(|| "not stated".to_owned(), moment)),
        line("Signed with", &view.signature_algorithm),
    ];
    lines.extend(extensions(&view.extensions));
    lines.push(line("Revoked", &view.revoked_count.to_string()));
    lines.extend(view.revoked.iter().map(|entry| {
        let reason = entry.reason.as_deref().unwrap_or("no reason stated");
        line("", &format!("{} since {} ({reason})", entry.serial, moment(entry.at)))
    }));
    lines.push(line("SHA-256", &view.sha256));
    lines
}

pub(super) fn message(view: &MessageView) -> Vec<String> {
    let mut lines = vec!["CMS message".to_owned()];
    if let Some(refusal) = &view.refusal {
        lines.push(line("Not shown", refusal));
    }
    lines.push(line("Content", if view.attached { "inside" } else { "detached" }));
    lines.extend(view.timestamp.iter().flat_map(timestamp));
    for signer in &view.signers {
        lines.push(line("Signer", &signer.identifier));
        lines.push(line("Digest", &signer.digest_algorithm));
        lines.push(line("Signed with", &signer.signature_algorithm));
        let claimed = signer.claimed_signing_time.map_or_else(|| "no time claimed".to_owned(), moment);
        lines.push(line("Claimed time", &claimed));
    }
    lines.push(line("SHA-256", &view.sha256));
    for inside in &view.certificates {
        lines.extend(certificate(inside));
    }
    lines
}

fn timestamp(view: &TimestampView) -> Vec<String> {
    let accuracy = view.accuracy_milliseconds;
    let accuracy =
        accuracy.map_or_else(|| "not stated".to_owned(), |milliseconds| format!("{milliseconds} ms"));
    let nonce = view.nonce.iter().map(|nonce| line("Nonce", nonce));
    [
        line("States the time", &moment(view.at)),
        line("Accuracy", &accuracy),
        line("Number", &view.serial),
        line("Policy", &view.policy),
        line("Digest stamped", &format!("{} {}", view.digest_algorithm, view.digest)),
    ]
    .into_iter()
    .chain(nonce)
    .collect()
}

fn timestamp_request(view: &TimestampRequestView) -> Vec<String> {
    let wanted = if view.certificate_wanted { "asked for" } else { "not asked for" };
    let mut lines = vec![
        "Time-stamp request".to_owned(),
        line("Digest", &format!("{} {}", view.digest_algorithm, view.digest)),
        line("Certificate", wanted),
    ];
    lines.extend(view.policy.iter().map(|policy| line("Policy", policy)));
    lines.extend(view.nonce.iter().map(|nonce| line("Nonce", nonce)));
    lines.push(line("SHA-256", &view.sha256));
    lines
}

fn timestamp_reply(view: &TimestampReplyView) -> Vec<String> {
    let mut lines = vec!["Time-stamp reply".to_owned()];
    lines.extend(view.refusal.iter().map(|refusal| line("No token", refusal)));
    lines.push(line("SHA-256", &view.sha256));
    lines.extend(view.token.iter().flat_map(message));
    lines
}
