//! Documents with signatures in them: PDF documents, containers, JSON Web Signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::lines::{certificate, line, message as message_lines, moment};
use super::view::{CertificateView, MessageView};
use super::xades::{self, XadesView};
use super::{MAX_OCTETS, message, names, recognise};
use crate::signature::{asic, jades, pades};

/// A PDF document with its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfView {
    /// Its signatures and time stamps, the first that was made first.
    pub signatures: Vec<PdfSignatureView>,
    /// Why they cannot be shown, where they cannot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
    /// How many octets it has.
    pub octets: usize,
    /// SHA-256 of it.
    pub sha256: String,
}

/// A signature, or a time stamp, in a PDF document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfSignatureView {
    /// The name of its field.
    pub field: String,
    /// Whether it is a time stamp over the document.
    pub timestamp: bool,
    /// When the signer claims to have signed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub claimed: Option<OffsetDateTime>,
    /// What it lets others do to the document afterwards; nothing is restricted where this is left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restrictions: Option<pades::Restrictions>,
    /// How many octets of the document it is about, from the beginning.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub covers: Option<usize>,
    /// The CMS message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<MessageView>,
    /// Why it cannot be shown, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
}

/// A container of files and signatures (ASiC), or another ZIP file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerView {
    /// The media type that it states.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_type: Option<String>,
    /// The files that are not there for the signatures' sake.
    pub files: Vec<String>,
    /// The manifests.
    pub manifests: Vec<String>,
    /// The signatures (CAdES and XAdES).
    pub signatures: Vec<ContainedSignatureView>,
    /// What else stands beside the files: time stamps, lists for other programs.
    pub besides: Vec<String>,
    /// Why it cannot be shown further, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
    /// SHA-256 of it.
    pub sha256: String,
}

/// A signature in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainedSignatureView {
    /// Its file.
    pub file: String,
    /// The CMS message (CAdES); nothing where it cannot be unpacked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<MessageView>,
    /// The signatures in it (XAdES).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub xades: Vec<XadesView>,
}

/// A JSON Web Signature (RFC 7515).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwsView {
    /// `compact` or `json`.
    pub form: String,
    /// The protected header, its certificates left out.
    pub header: Map<String, Value>,
    /// How many octets were signed; nothing where they stand elsewhere.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload_octets: Option<usize>,
    /// How many things were added since it was signed, such as time stamps.
    pub added: usize,
    /// Certificates inside.
    pub certificates: Vec<CertificateView>,
    /// SHA-256 of it.
    pub sha256: String,
}

/// Reads a PDF document.
pub(super) fn pdf(octets: &[u8]) -> PdfView {
    let (signatures, refusal) = match pades::outline(octets) {
        Ok(places) => (places.into_iter().map(pdf_signature).collect(), None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    PdfView { signatures, refusal, octets: octets.len(), sha256: names::sha256(octets) }
}

fn pdf_signature(place: pades::PlaceOutline) -> PdfSignatureView {
    let (covers, message, not_covered) = match place.covered {
        Ok((end, der)) => (Some(end), Some(message::view(&der)), None),
        Err(error) => (None, None, Some(error.to_string())),
    };
    let (restrictions, untold) = match place.restrictions {
        Ok(said) => (Some(said).filter(|said| !said.is_empty()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let refusal = not_covered.or(untold);
    let (field, timestamp, claimed) = (place.field, place.is_stamp, place.claimed);
    PdfSignatureView { field, timestamp, claimed, restrictions, covers, message, refusal }
}

/// Reads a container.
pub(super) fn container(octets: &[u8]) -> ContainerView {
    let sha256 = names::sha256(octets);
    match asic::outline(octets, MAX_OCTETS as u64) {
        Ok(found) => {
            let cades = found.signatures.into_iter().map(contained);
            let xades = found.xades.into_iter().map(contained_xades);
            ContainerView {
                media_type: found.media_type,
                files: found.files,
                manifests: found.manifests,
                signatures: cades.chain(xades).collect(),
                besides: found.besides,
                refusal: None,
                sha256,
            }
        }
        Err(error) => ContainerView {
            media_type: None,
            files: Vec::new(),
            manifests: Vec::new(),
            signatures: Vec::new(),
            besides: Vec::new(),
            refusal: Some(error.to_string()),
            sha256,
        },
    }
}

fn contained((file, octets): (String, Option<Vec<u8>>)) -> ContainedSignatureView {
    ContainedSignatureView { file, message: octets.map(|der| message::view(&der)), xades: Vec::new() }
}

fn contained_xades((file, octets): (String, Option<Vec<u8>>)) -> ContainedSignatureView {
    let xades = octets.map(|octets| xades::views(&octets)).unwrap_or_default();
    ContainedSignatureView { file, message: None, xades }
}

/// Reads a JSON Web Signature.
pub(super) fn jws(octets: &[u8]) -> Option<JwsView> {
    let mut found = jades::outline(octets).ok()?;
    let chain = found.header.remove("x5c");
    let chain = chain.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let certificates = chain.filter_map(|text| recognise::certificate(&STANDARD.decode(text).ok()?));
    Some(JwsView {
        form: if found.is_compact { "compact" } else { "json" }.to_owned(),
        payload_octets: found.payload,
        added: found.added,
        certificates: certificates.collect(),
        header: found.header,
        sha256: names::sha256(octets),
    })
}

/// A PDF document for people.
pub(super) fn pdf_lines(view: &PdfView) -> Vec<String> {
    let mut lines = vec!["PDF document".to_owned(), line("Octets", &view.octets.to_string())];
    lines.extend(view.refusal.iter().map(|refusal| line("Not shown", refusal)));
    if view.signatures.is_empty() && view.refusal.is_none() {
        lines.push(line("Signatures", "none"));
    }
    lines.push(line("SHA-256", &view.sha256));
    for one in &view.signatures {
        lines.push(
            if one.timestamp { "Time stamp in the document" } else { "Signature in the document" }.to_owned(),
        );
        lines.push(line("Field", &one.field));
        lines.extend(one.claimed.map(|at| line("Claimed time", &moment(at))));
        lines.extend(one.covers.map(|covers| {
            let rest = view.octets.saturating_sub(covers);
            let added = if rest == 0 { String::new() } else { format!(", {rest} were added later") };
            line("Covers", &format!("the first {covers} octets{added}"))
        }));
        lines.extend(one.restrictions.iter().map(|said| line("Afterwards", &said.to_string())));
        lines.extend(one.refusal.iter().map(|refusal| line("Not shown", refusal)));
        lines.extend(one.message.iter().flat_map(message_lines));
    }
    lines
}

/// A container for people.
pub(super) fn container_lines(view: &ContainerView) -> Vec<String> {
    let mut lines = vec!["Container of files (ZIP)".to_owned()];
    lines.push(line("Media type", view.media_type.as_deref().unwrap_or("not stated")));
    lines.extend(view.refusal.iter().map(|refusal| line("Not shown", refusal)));
    for (name, files) in [("File", &view.files), ("Manifest", &view.manifests), ("Besides", &view.besides)] {
        lines.extend(files.iter().map(|file| line(name, file)));
    }
    lines.push(line("SHA-256", &view.sha256));
    for one in &view.signatures {
        lines.push(format!("Signature {}", line("", &one.file).trim()));
        match &one.message {
            Some(message) => lines.extend(message_lines(message)),
            None if !one.xades.is_empty() => lines.extend(one.xades.iter().flat_map(xades::lines)),
            None => lines.push(line("Not shown", "it cannot be unpacked")),
        }
    }
    lines
}

/// A JSON Web Signature for people.
pub(super) fn jws_lines(view: &JwsView) -> Vec<String> {
    let mut lines = vec!["JSON Web Signature".to_owned(), line("Form", &view.form)];
    for (name, value) in &view.header {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        lines.push(line(name, &text));
    }
    let content =
        view.payload_octets.map_or_else(|| "detached".to_owned(), |count| format!("inside, {count} octets"));
    lines.push(line("Content", &content));
    lines.push(line("Added later", &view.added.to_string()));
    lines.push(line("SHA-256", &view.sha256));
    lines.extend(view.certificates.iter().flat_map(certificate));
    lines
}
