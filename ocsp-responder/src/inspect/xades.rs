//! XAdES signatures in a container.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::lines::{certificate as certificate_lines, line, moment};
use super::message;
use super::recognise;
use super::view::{CertificateView, TimestampView};
use crate::signature::{SignaturePolicy, StampedPart, XadesOutline, xades_outline};

/// A XAdES signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XadesView {
    /// Why it cannot be shown, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
    /// Whose certificate it names as its signer's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signer: Option<String>,
    /// Signature algorithm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signature_algorithm: Option<String>,
    /// When the signer claims to have signed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub claimed_signing_time: Option<OffsetDateTime>,
    /// The level that it has by what is in it, such as `B-LT`. Whether that holds, `npki verify` tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<String>,
    /// The files that it is over.
    pub covers: Vec<CoveredView>,
    /// The policy that the signer states.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<SignaturePolicy>,
    /// Its time stamps.
    pub timestamps: Vec<StampView>,
    /// How many certificates were added for judging it later.
    pub kept_certificates: usize,
    /// How many CRLs.
    pub kept_crls: usize,
    /// How many OCSP responses.
    pub kept_ocsp_responses: usize,
    /// How many counter-signatures stand in it.
    pub countersignatures: usize,
    /// The certificates that it carries for its key, the signer's first.
    pub certificates: Vec<CertificateView>,
}

/// A file that a signature is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredView {
    /// Its address, as it is signed.
    pub address: String,
    /// What the signer says that it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_type: Option<String>,
}

/// A time stamp in a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StampView {
    /// What it is over: `signature`, or `archive` for all that there was.
    pub over: StampedPart,
    /// What it states.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timestamp: Option<TimestampView>,
    /// Why it cannot be shown, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
}

/// The signatures of a file.
pub(super) fn views(octets: &[u8]) -> Vec<XadesView> {
    let refused = |why: String| XadesView { refusal: Some(why), ..XadesView::default() };
    match xades_outline(octets) {
        Ok(found) => found
            .into_iter()
            .map(|one| one.map_or_else(|error| refused(error.to_string()), |outline| view(&outline)))
            .collect(),
        Err(error) => vec![refused(error.to_string())],
    }
}

fn view(outline: &XadesOutline) -> XadesView {
    let certificates: Vec<CertificateView> =
        outline.certificates.iter().filter_map(|der| recognise::certificate(der)).collect();
    let covers = outline.covers.iter().cloned();
    XadesView {
        refusal: None,
        signer: certificates.first().map(|signer| signer.subject.clone()),
        signature_algorithm: Some(outline.algorithm.to_owned()),
        claimed_signing_time: outline.claimed_signing_time,
        level: Some(level(outline).to_owned()),
        covers: covers.map(|(address, media_type)| CoveredView { address, media_type }).collect(),
        policy: outline.policy.clone(),
        timestamps: outline.stamps.iter().map(stamp).collect(),
        kept_certificates: outline.kept_certificates,
        kept_crls: outline.kept_crls,
        kept_ocsp_responses: outline.kept_ocsp_responses,
        countersignatures: outline.countersignatures,
        certificates,
    }
}

/// By what is there (EN 319 132-1 section 6.1).
fn level(outline: &XadesOutline) -> &'static str {
    let has = |part| outline.stamps.iter().any(|(over, _)| *over == part);
    let keeps = outline.kept_crls + outline.kept_ocsp_responses > 0;
    match (has(StampedPart::Signature), keeps, has(StampedPart::Archive)) {
        (false, ..) => "B-B",
        (true, false, _) => "B-T",
        (true, true, false) => "B-LT",
        (true, true, true) => "B-LTA",
    }
}

fn stamp((over, read): &(StampedPart, Result<Vec<u8>, String>)) -> StampView {
    let over = *over;
    match read {
        Ok(token) => {
            let message = message::view(token);
            StampView { over, timestamp: message.timestamp, refusal: message.refusal }
        }
        Err(why) => StampView { over, timestamp: None, refusal: Some(why.clone()) },
    }
}

/// A signature for people.
pub(super) fn lines(view: &XadesView) -> Vec<String> {
    let mut lines = vec!["XAdES signature".to_owned()];
    lines.extend(view.refusal.iter().map(|refusal| line("Not shown", refusal)));
    lines.extend(view.signer.iter().map(|signer| line("Signer", signer)));
    lines.extend(view.signature_algorithm.iter().map(|algorithm| line("Signed with", algorithm)));
    lines.extend(view.claimed_signing_time.map(|at| line("Claimed time", &moment(at))));
    lines.extend(view.level.iter().map(|level| line("Has parts of level", level)));
    lines.extend(view.covers.iter().map(|covered| {
        let kind = covered.media_type.as_ref().map(|kind| format!(" ({kind})")).unwrap_or_default();
        line("Covers", &format!("{}{kind}", covered.address))
    }));
    lines.extend(view.policy.iter().map(|policy| match policy {
        SignaturePolicy::Implied => line("Policy", "implied"),
        SignaturePolicy::Explicit { identifier, .. } => line("Policy", identifier),
    }));
    for stamp in &view.timestamps {
        let over = match stamp.over {
            StampedPart::Signature => "the signature",
            StampedPart::Archive => "all that there was",
        };
        let at = stamp.timestamp.as_ref().map(|stated| moment(stated.at));
        let said = at.or_else(|| stamp.refusal.clone()).unwrap_or_else(|| "not shown".to_owned());
        lines.push(line("Time stamp", &format!("{said}, over {over}")));
    }
    for (name, count) in [
        ("Certificates kept", view.kept_certificates),
        ("CRLs kept", view.kept_crls),
        ("OCSP kept", view.kept_ocsp_responses),
        ("Counter-signatures", view.countersignatures),
    ] {
        lines.extend((count > 0).then(|| line(name, &count.to_string())));
    }
    lines.extend(view.certificates.iter().flat_map(certificate_lines));
    lines
}
