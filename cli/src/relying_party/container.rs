//! Containers of files and signatures (ASiC), over `ocsp_responder::signature::asic`.

use std::path::{Path, PathBuf};

use ocsp_responder::signature::asic::{
    ContainerError, ContainerSignature, DataFile, PreparedContainer, verify_container,
};
use ocsp_responder::validation::{Answer, Basis};
use time::OffsetDateTime;

use super::evidence::StatusEvidence;
use super::judgement::{Judged, Judgement, act, judgement, stations, trusted};
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;

/// The most octets that a container unpacks to: as many as a document may have.
const MAX_UNPACKED: u64 = files::MAX_DOCUMENT;

/// A container that waits for a signature: a new one with these files, or, without any, the one that stands there already.
///
/// # Errors
/// A file cannot be read, the container is none, or is there already while files are to be put into a new one.
pub fn prepared(
    container: &Path,
    files: &[PathBuf],
    at: OffsetDateTime,
) -> Result<PreparedContainer, Failure> {
    if files.is_empty() {
        let existing = files::read(container, files::MAX_DOCUMENT)?;
        return PreparedContainer::adding_to(existing, at).map_err(|error| not_signed_in(&error));
    }
    if container.exists() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause(format!("{} exists, and what is in it was signed by somebody", container.display()))
            .fix("to add a signature to it name no files; to make a new one choose another name"));
    }
    let mut read = Vec::new();
    let mut left = files::MAX_DOCUMENT;
    for path in files {
        let content = files::read(path, left)?;
        left -= content.len() as u64;
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            let cause = format!("{} has no name that can stand in a container", path.display());
            Failure::of(&catalogue::USAGE).cause(cause).fix("give it a name in UTF-8")
        })?;
        read.push((name.to_owned(), content));
    }
    let read: Vec<_> = read.iter().map(|(name, content)| DataFile { name, content }).collect();
    PreparedContainer::of(&read, at).map_err(|error| not_signed_in(&error))
}

/// Why a container was not signed.
pub fn not_signed_in(error: &ContainerError) -> Failure {
    Failure::of(&catalogue::NOT_SIGNED)
        .cause(error.to_string())
        .fix("see what is wrong: npki verify CONTAINER")
}

/// Judges every signature of a container at a moment.
///
/// # Errors
/// It carries none; a verdict of no is no error.
pub fn judge_container(
    container: &[u8],
    anchors: &Anchors,
    at: OffsetDateTime,
    evidence: &StatusEvidence<'_>,
) -> Result<Judgement, Failure> {
    let anchors = trusted(anchors)?;
    let basis = Basis { anchors: &anchors, intermediates: &[], evidence, ocsp: evidence, at };
    let verdict = verify_container(container, MAX_UNPACKED, &basis).ok_or_else(|| {
        Failure::of(&catalogue::NOT_VERIFIABLE)
            .cause("the container carries no signature (it is another ZIP file)")
    })?;
    let count = verdict.signatures.len();
    let signed =
        if count == 1 { "by its signature".to_owned() } else { format!("by its {count} signatures") };
    let valid =
        format!("every file is unchanged and covered {signed}; the certificates are valid and not revoked");
    let judged = judgement(verdict.answer, verdict.reasons.first().cloned(), &valid, &verdict, evidence)?;
    let last = verdict.signatures.last().map(|signature| &signature.verdict);
    let path = last.and_then(|verdict| verdict.certificate.as_ref()).map(stations).unwrap_or_default();
    let claimed = last.and_then(|verdict| verdict.claimed_signing_time);
    let uncovered = verdict.uncovered.iter().map(|name| format!("NOT SIGNED  {name}"));
    let parts = uncovered.chain(verdict.signatures.iter().flat_map(told)).collect();
    let verdict = Judged::Container(Box::new(verdict));
    Ok(Judgement { parts, path, claimed, judged: verdict, ..judged })
}

/// A signature for people: who, what, and what not.
fn told(signature: &ContainerSignature) -> Vec<String> {
    let word = match signature.verdict.answer {
        Answer::Valid => "valid",
        Answer::Invalid => "NOT VALID",
        Answer::CannotTell => "cannot tell",
    };
    let signer = signature.verdict.certificate.as_ref().and_then(|verdict| verdict.path.first());
    let signer = signer.map_or("somebody", |signer| signer.certificate.subject.as_str());
    let act = act(signature.verdict.kind);
    let mut lines = vec![format!("{}: {word}, {act} by {signer}", signature.file)];
    lines.extend(signature.covers.iter().map(|name| format!("  covers   {name}")));
    lines.extend(signature.leaves_out.iter().map(|name| format!("  NOT      {name}")));
    lines
}
