//! Containers of files and signatures (ASiC), over `ocsp_responder::signature::asic`.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use ocsp_responder::signature::ContentDigest;
use ocsp_responder::signature::asic::{
    ContainerError, ContainerSignature, ContainerStamp, DataFile, PreparedContainer, RaisedContainer,
    verify_container,
};
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use ocsp_responder::validation::{Answer, Basis};
use time::OffsetDateTime;

use super::evidence::StatusEvidence;
use super::judgement::{Asked, Judged, Judgement, act, besides, judgement, level_of, stations, trusted};
use super::signing::Raising;
use super::stamping::stamp;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;

/// The most octets that a container unpacks to: as many as a document may have.
const MAX_UNPACKED: u64 = files::MAX_DOCUMENT;

/// A file, and what it is called in a container.
#[derive(Debug)]
pub struct Named {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, from the container's root, with slashes between folders.
    pub name: String,
}

/// A container that waits for a signature: a new one with these files, or, without any, the one that stands there already.
///
/// # Errors
/// A file cannot be read, the container is none, or is there already while files are to be put into a new one.
pub fn prepared(container: &Path, files: &[Named], at: OffsetDateTime) -> Result<PreparedContainer, Failure> {
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
    for Named { path, name } in files {
        // What is too large by itself is told as anywhere else.
        let content = files::read(path, files::MAX_DOCUMENT)?;
        left = left.checked_sub(content.len() as u64).ok_or_else(|| too_large(container))?;
        read.push((name.as_str(), content));
    }
    let read: Vec<_> = read.iter().map(|(name, content)| DataFile { name, content }).collect();
    PreparedContainer::of(&read, at).map_err(|error| not_signed_in(&error))
}

fn too_large(container: &Path) -> Failure {
    Failure::of(&catalogue::FILE_TOO_LARGE)
        .what(format!("{} would be too large", container.display()))
        .cause(format!("the files have more than {} octets together", files::MAX_DOCUMENT))
        .fix("put them into several containers")
}

/// A container whose signatures are to be raised.
///
/// # Errors
/// It is none of the form ASiC-E with CAdES signatures.
pub fn raised(container: Vec<u8>) -> Result<RaisedContainer, Failure> {
    RaisedContainer::of(container).map_err(|error| not_signed_in(&error))
}

impl Raising<'_> {
    /// Has a time stamp over all of a container put into it (level B-LTA), with what the one before is judged by.
    ///
    /// # Errors
    /// A signature in it is not valid, it cannot be added to, or there is no time stamp.
    pub fn archived_container(
        &self,
        mut raised: RaisedContainer,
        anchors: &Anchors,
        evidence: &StatusEvidence<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let now = self.clock.now();
        let container = raised.written(now).map_err(|error| not_signed_in(&error))?;
        let gathered = self.gathered(anchors, evidence, "npki verify FILE.asice", |basis| {
            let verdict = verify_container(&container, MAX_UNPACKED, basis);
            Ok(verdict.map_or((Answer::CannotTell, Vec::new()), |verdict| (verdict.answer, verdict.reasons)))
        })?;
        raised.keep(&gathered).map_err(|error| not_signed_in(&error))?;
        let prepared = raised.to_be_stamped(now).map_err(|error| not_signed_in(&error))?;
        let imprint = ContentDigest::of(prepared.manifest(), DigestAlgorithm::Sha256);
        let stamp = stamp(imprint, self.unit, self.publications, self.entropy)?;
        prepared.complete(&stamp.token).map_err(|error| not_signed_in(&error))
    }
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
pub fn judge_container(container: &[u8], asked: &Asked<'_>) -> Result<Judgement, Failure> {
    let Asked { anchors, at, evidence, demands } = *asked;
    let anchors = trusted(anchors)?;
    let basis = Basis { anchors: &anchors, intermediates: &[], evidence, ocsp: evidence, at };
    let verdict = verify_container(container, MAX_UNPACKED, &basis).ok_or_else(|| {
        Failure::of(&catalogue::NOT_VERIFIABLE)
            .cause("the container carries no signature (it is another ZIP file)")
    })?;
    let verdict = demands.of_container(verdict);
    let count = verdict.signatures.len();
    let valid = match count {
        0 => "every file is unchanged since it was stamped; nobody signed".to_owned(),
        1 => format!("every file is unchanged and covered by its signature; {CERTIFICATES}"),
        _ => format!("every file is unchanged and covered by its {count} signatures; {CERTIFICATES}"),
    };
    let judged = judgement(verdict.answer, verdict.reasons.first().cloned(), &valid, &verdict, evidence)?;
    let last = verdict.signatures.last().map(|signature| &signature.verdict);
    let path = last.and_then(|verdict| verdict.certificate.as_ref()).map(stations).unwrap_or_default();
    let claimed = last.and_then(|verdict| verdict.claimed_signing_time);
    let uncovered = verdict.uncovered.iter().map(|name| format!("NOT SIGNED  {name}"));
    let stamps = verdict.timestamps.iter().map(told_of_stamp);
    let warnings = verdict.warnings.iter().map(|warning| format!("note     {warning}"));
    let parts = uncovered.chain(verdict.signatures.iter().flat_map(told)).chain(stamps);
    let parts = parts.chain(warnings).collect();
    let verdict = Judged::Container(Box::new(verdict));
    Ok(Judgement { parts, path, claimed, judged: verdict, ..judged })
}

/// What is said of the certificates of signatures that are valid.
const CERTIFICATES: &str = "the certificates are valid and not revoked";

const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Valid => "valid",
        Answer::Invalid => "NOT VALID",
        Answer::CannotTell => "cannot tell",
    }
}

/// A signature for people: who, what, and what not.
fn told(signature: &ContainerSignature) -> Vec<String> {
    let signer = signature.verdict.certificate.as_ref().and_then(|verdict| verdict.path.first());
    let signer = signer.map_or("somebody", |signer| signer.certificate.subject.as_str());
    let (word, act) = (word(signature.verdict.answer), act(signature.verdict.kind));
    let level = level_of(signature.verdict.form, signature.verdict.level).map(|level| format!(", {level}"));
    let mut lines =
        vec![format!("{}: {word}, {act} by {signer}{}", signature.file, level.unwrap_or_default())];
    lines.extend(signature.covers.iter().map(|name| format!("  covers   {name}")));
    lines.extend(signature.leaves_out.iter().map(|name| format!("  NOT      {name}")));
    lines.extend(besides(&signature.verdict).into_iter().map(|line| format!("  {line}")));
    lines
}

/// A time stamp for people.
fn told_of_stamp(stamp: &ContainerStamp) -> String {
    let at = stamp.verdict.statement.as_ref().map(|statement| in_words(statement.at));
    let at = at.map(|at| format!(", of {at}")).unwrap_or_default();
    format!("{}: {}{at}, over {} files", stamp.file, word(stamp.verdict.answer), stamp.covers.len())
}
