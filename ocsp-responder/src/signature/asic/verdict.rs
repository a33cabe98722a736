//! The whole answer about a container: each of its signatures, the files that it is over, and those that none is over.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::contents::{ASIC_E, ASIC_S, Contents};
use super::error::ContainerError;
use super::listing;
use super::manifest::{Manifest, Reference};
use super::names::Role;
use super::sign::MAX_SIGNATURES;
use super::stamps::{ContainerStamp, Stamps};
use crate::signature::verdict::{Kept, SignatureVerdict, verify_kept_file};
use crate::validation::{Answer, Basis, Indication, SubIndication};

/// A form of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ContainerForm {
    /// ASiC-E: several files, each signature with a manifest.
    #[serde(rename = "asic-e")]
    Extended,
    /// ASiC-S: one file.
    #[serde(rename = "asic-s")]
    Simple,
}

/// The answer about a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerVerdict {
    /// Valid where every signature is, and every file is covered by one; invalid where one is; else nobody can tell.
    pub answer: Answer,
    /// EN 319 102-1 main indication.
    pub indication: Indication,
    /// EN 319 102-1 sub-indication of what decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_indication: Option<SubIndication>,
    /// Why not, in words; empty when valid.
    pub reasons: Vec<String>,
    /// Its form, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<ContainerForm>,
    /// Each signature, in the order of their names; none where the container is refused as a whole.
    pub signatures: Vec<ContainerSignature>,
    /// Each time stamp beside the signatures, in the order of their names (level B-LTA).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub timestamps: Vec<ContainerStamp>,
    /// What is worth a look and decides nothing: where the container's own list of its files (`META-INF/manifest.xml`), which nothing signs,
    /// is not what is in it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// Files that no signature covers, or, where nobody signed, no time stamp: nobody vouches for them.
    pub uncovered: Vec<String>,
    /// The moment that was asked about, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
}

/// One signature of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerSignature {
    /// Its name in the container.
    pub file: String,
    /// The files that it is over.
    pub covers: Vec<String>,
    /// The files of the container that it is not over.
    pub leaves_out: Vec<String>,
    /// What its signer says that each of them is, by their names, where it is said (XAdES).
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub media_types: BTreeMap<String, String>,
    /// The answer about it, those files included.
    #[serde(flatten)]
    pub verdict: SignatureVerdict,
}

/// Judges every signature and time stamp of a container that unpacks to at most `most_unpacked` octets; `None` for a ZIP file without
/// any, which is another kind of file.
pub fn verify_container(octets: &[u8], most_unpacked: u64, basis: &Basis<'_>) -> Option<ContainerVerdict> {
    let judged = Contents::read(octets, most_unpacked).and_then(|contents| judged(&contents, basis));
    match judged {
        Ok(verdict) => verdict,
        Err(error) => Some(refused(&error, basis.at)),
    }
}

fn judged(contents: &Contents<'_>, basis: &Basis<'_>) -> Result<Option<ContainerVerdict>, ContainerError> {
    let (cades, xades) = (contents.of_role(Role::Cades), contents.of_role(Role::Xades));
    let of = |role| contents.of_role(role).len();
    let (signatures, stamps) = (cades.len() + xades.len(), of(Role::TimeStamp));
    if signatures + stamps == 0 {
        return Ok(None);
    }
    if [signatures, stamps, of(Role::Manifest), of(Role::ArchiveManifest)]
        .iter()
        .any(|all| *all > MAX_SIGNATURES)
    {
        return Err(ContainerError::TooMany);
    }
    let form = form(contents)?;
    // EN 319 162-1 clause 4.3.3.2: one signature file, META-INF/signature.p7s or META-INF/signatures.xml.
    if form == ContainerForm::Simple && signatures > 1 {
        return Err(ContainerError::TooMany);
    }
    let manifests = Manifests::read(contents);
    let stamps = Stamps::judged(contents, &manifests, form, basis);
    let inspection = Inspection { contents, manifests: &manifests, stamps: &stamps, basis };
    let judged = cades.iter().map(|name| match form {
        ContainerForm::Extended => inspection.extended(name),
        ContainerForm::Simple => inspection.simple(name),
    });
    let judged = judged.chain(inspection.over_files(&xades, form)?);
    let data: Vec<&str> = contents.of_role(Role::Data);
    let mut signatures: Vec<ContainerSignature> = judged
        .map(|Judged { file, covers, media_types, verdict }| {
            let covered: HashSet<&str> = covers.iter().map(String::as_str).collect();
            let leaves_out = data.iter().filter(|name| !covered.contains(**name));
            let leaves_out = leaves_out.map(|name| (*name).to_owned()).collect();
            ContainerSignature { file, covers, leaves_out, media_types, verdict }
        })
        .collect();
    signatures.sort_by(|one, other| one.file.cmp(&other.file));
    let warnings = listing::differences(contents, &signatures);
    let verdict = concluded(form, signatures, stamps, &data, manifests.faults(contents), basis.at);
    Ok(Some(ContainerVerdict { warnings, ..verdict }))
}

/// The form that the container states; where it states none, that of what it holds.
fn form(contents: &Contents<'_>) -> Result<ContainerForm, ContainerError> {
    match contents.media_type()?.as_deref() {
        Some(ASIC_E) => Ok(ContainerForm::Extended),
        Some(ASIC_S) => Ok(ContainerForm::Simple),
        Some(_) => Err(ContainerError::MediaType("it is that of another kind of file")),
        None if [Role::Manifest, Role::Xades].iter().all(|role| contents.of_role(*role).is_empty()) => {
            Ok(ContainerForm::Simple)
        }
        None => Ok(ContainerForm::Extended),
    }
}

/// The manifests, as far as they can be read.
pub(super) struct Manifests(Vec<(String, Result<Manifest, ContainerError>)>);

impl Manifests {
    pub(super) fn read(contents: &Contents<'_>) -> Self {
        let names =
            [Role::Manifest, Role::ArchiveManifest].into_iter().flat_map(|role| contents.of_role(role));
        let read = |name: &str| {
            let manifest = contents.unpacked(name).and_then(|octets| Manifest::read(&octets))?;
            let is_over_stamp = Role::of(&manifest.signature) == Role::TimeStamp;
            let is_archive = Role::of(name) == Role::ArchiveManifest;
            if is_archive && !is_over_stamp { Err(ContainerError::NoStamp) } else { Ok(manifest) }
        };
        Self(names.map(|name| (name.to_owned(), read(name))).collect())
    }

    /// The one that this time stamp is over.
    pub(super) fn stamped(&self, stamp: &str) -> Result<(&str, &Manifest), ContainerError> {
        self.about(stamp).map_err(|error| match error {
            ContainerError::Manifests(count) => ContainerError::StampManifests(count),
            other => other,
        })
    }

    /// All that time stamps are said to be over.
    pub(super) fn stamped_files(&self) -> HashSet<&str> {
        let read = self.0.iter().filter_map(|(_, read)| read.as_ref().ok());
        let over_stamps = read.filter(|manifest| Role::of(&manifest.signature) == Role::TimeStamp);
        over_stamps
            .flat_map(|manifest| &manifest.references)
            .map(|reference| reference.name.as_str())
            .collect()
    }

    /// The one that is about this signature.
    pub(super) fn about(&self, signature: &str) -> Result<(&str, &Manifest), ContainerError> {
        let read = self.0.iter().filter_map(|(name, read)| Some((name.as_str(), read.as_ref().ok()?)));
        let about: Vec<_> = read.filter(|(_, manifest)| manifest.signature == signature).collect();
        match about.as_slice() {
            [one] => Ok(*one),
            several => Err(ContainerError::Manifests(several.len())),
        }
    }

    /// What is wrong with them besides the signatures that are there.
    fn faults(&self, contents: &Contents<'_>) -> Vec<(String, ContainerError)> {
        let fault = |(name, read): &(String, Result<Manifest, ContainerError>)| match read {
            Err(error) => Some((name.clone(), error.clone())),
            Ok(manifest) if contents.has(&manifest.signature) => None,
            Ok(_) => Some((name.clone(), ContainerError::SignatureMissing(name.clone()))),
        };
        self.0.iter().filter_map(fault).collect()
    }
}

/// A signature by its name, the files that it is over with what they are said to be, and the answer about it.
pub(super) struct Judged {
    pub(super) file: String,
    pub(super) covers: Vec<String>,
    pub(super) media_types: BTreeMap<String, String>,
    pub(super) verdict: SignatureVerdict,
}

impl Judged {
    /// One that is over these files, of which it does not say what they are.
    pub(super) fn over(file: impl Into<String>, covers: Vec<String>, verdict: SignatureVerdict) -> Self {
        Self { file: file.into(), covers, media_types: BTreeMap::new(), verdict }
    }

    /// One that is refused.
    pub(super) fn refused(file: impl Into<String>, error: &ContainerError, basis: &Basis<'_>) -> Self {
        Self::over(file, Vec::new(), refusal(error, basis))
    }
}

/// What signatures are judged by.
pub(super) struct Inspection<'a> {
    pub(super) contents: &'a Contents<'a>,
    manifests: &'a Manifests,
    stamps: &'a Stamps,
    pub(super) basis: &'a Basis<'a>,
}

impl Inspection<'_> {
    /// A signature over a manifest (EN 319 162-1 clause 4.4.4).
    fn extended(&self, name: &str) -> Judged {
        let (manifest_name, manifest) = match self.manifests.about(name) {
            Ok(found) => found,
            Err(error) => return Judged::refused(name, &error, self.basis),
        };
        let covers = manifest.references.iter().map(|reference| reference.name.clone()).collect();
        let verdict = self.over(name, manifest_name);
        // What is not intact needs no further reason.
        if verdict.indication == Indication::TotalFailed {
            return Judged::over(name, covers, verdict);
        }
        let faults = manifest.references.iter().filter_map(|reference| reference.fault(self.contents));
        Judged::over(name, covers, weakened(verdict, faults.collect(), self.basis))
    }

    /// A signature over the container's one data object (clause 4.3.3.2).
    fn simple(&self, name: &str) -> Judged {
        let data = self.contents.of_role(Role::Data);
        match data.as_slice() {
            [object] => Judged::over(name, vec![(*object).to_owned()], self.over(name, object)),
            _ => Judged::refused(name, &ContainerError::NotOne(data.len()), self.basis),
        }
    }

    /// What the container keeps of a file of signatures.
    pub(super) fn kept(&self, signature: &str) -> Kept<'_> {
        Kept { material: &self.stamps.material, known: self.stamps.known(signature, self.basis.at) }
    }

    fn over(&self, signature: &str, name: &str) -> SignatureVerdict {
        let kept = self.kept(signature);
        let read = || {
            let (octets, content) = (self.contents.unpacked(signature)?, self.contents.open(name)?);
            let verdict = verify_kept_file(&octets, content, kept, self.basis);
            verdict.map_err(|_| ContainerError::Damaged(name.to_owned()))
        };
        read().unwrap_or_else(|error| refusal(&error, self.basis))
    }
}

impl Reference {
    /// What is wrong with the file that it is to.
    pub(super) fn fault(&self, contents: &Contents<'_>) -> Option<ContainerError> {
        let signed = match &self.digest {
            Ok(digest) => digest,
            Err(algorithm) => return Some(ContainerError::Digest(self.name.clone(), algorithm.clone())),
        };
        match contents.digest(&self.name, signed.algorithm()) {
            Ok(found) if found == *signed => None,
            Ok(_) => Some(ContainerError::Altered(self.name.clone())),
            Err(error) => Some(error),
        }
    }
}

/// The verdict with what is wrong with the files; the worst of it decides.
pub(super) fn weakened(
    verdict: SignatureVerdict,
    faults: Vec<ContainerError>,
    basis: &Basis<'_>,
) -> SignatureVerdict {
    let failed = |error: &&ContainerError| error.sub_indication().indication() == Indication::TotalFailed;
    let Some(worst) = faults.iter().find(failed).or_else(|| faults.first()) else { return verdict };
    let why = worst.sub_indication();
    // A policy that is not at hand is said where nothing else is against a signature.
    let holds = verdict.answer == Answer::Valid
        || verdict.sub_indication == Some(SubIndication::SignaturePolicyNotAvailable);
    let decides = why.indication() == Indication::TotalFailed || holds;
    let told = faults.iter().map(ToString::to_string);
    let refusal = refusal(worst, basis);
    let reasons = if decides {
        told.chain(verdict.reasons.iter().cloned()).collect()
    } else {
        verdict.reasons.iter().cloned().chain(told).collect()
    };
    if !decides {
        return SignatureVerdict { reasons, ..verdict };
    }
    let (answer, indication) = (refusal.answer, refusal.indication);
    SignatureVerdict { answer, indication, sub_indication: Some(why), reasons, ..verdict }
}

pub(super) fn refusal(error: &ContainerError, basis: &Basis<'_>) -> SignatureVerdict {
    SignatureVerdict::refusing(error.sub_indication(), error.to_string(), basis.at)
}

/// One that is refused as a whole.
fn refused(error: &ContainerError, checked_at: OffsetDateTime) -> ContainerVerdict {
    let sub_indication = error.sub_indication();
    ContainerVerdict {
        answer: sub_indication.indication().answer(),
        indication: sub_indication.indication(),
        sub_indication: Some(sub_indication),
        reasons: vec![error.to_string()],
        container: None,
        signatures: Vec::new(),
        timestamps: Vec::new(),
        warnings: Vec::new(),
        uncovered: Vec::new(),
        checked_at,
    }
}

/// The signatures decide, with how all of it stands there; a time stamp that nobody can rely on proves nothing, and where it was needed
/// a signature says so. Where nobody signed, the time stamps decide.
fn concluded(
    form: ContainerForm,
    signatures: Vec<ContainerSignature>,
    stamps: Stamps,
    data: &[&str],
    faults: Vec<(String, ContainerError)>,
    checked_at: OffsetDateTime,
) -> ContainerVerdict {
    let uncovered = uncovered(data, &signatures, &stamps.told);
    let whole = uncovered.iter().map(|name| ContainerError::Uncovered(name.clone()));
    let whole = whole.map(|error| (error.sub_indication(), error.to_string()));
    let faults = faults.into_iter().chain(stamps.faults);
    let faults = faults.map(|(name, error)| (error.sub_indication(), format!("{name}: {error}")));
    let of_signatures = signatures.iter().filter_map(|signature| {
        let reasons = signature.verdict.reasons.join("; ");
        Some((signature.verdict.sub_indication?, format!("{}: {reasons}", signature.file)))
    });
    let fallen = || {
        stamps.told.iter().filter_map(|stamp| {
            let reasons = stamp.verdict.reasons.join("; ");
            Some((stamp.verdict.sub_indication?, format!("{}: {reasons}", stamp.file)))
        })
    };
    let deciding = fallen().filter(|_| signatures.is_empty());
    // What failed decides before what is open, and a policy that is not at hand last of all.
    let mut found: Vec<_> = whole.chain(faults).chain(of_signatures).chain(deciding).collect();
    found.sort_by_key(|(why, _)| match why {
        SubIndication::SignaturePolicyNotAvailable => 2,
        why => u8::from(why.indication() != Indication::TotalFailed),
    });
    if !found.is_empty() && !signatures.is_empty() {
        found.extend(fallen());
    }
    let sub_indication = found.first().map(|(why, _)| *why);
    let indication = sub_indication.map_or(Indication::TotalPassed, SubIndication::indication);
    ContainerVerdict {
        answer: indication.answer(),
        indication,
        sub_indication,
        reasons: found.into_iter().map(|(_, reason)| reason).collect(),
        container: Some(form),
        signatures,
        timestamps: stamps.told,
        warnings: Vec::new(),
        uncovered,
        checked_at,
    }
}

fn uncovered(data: &[&str], signatures: &[ContainerSignature], stamps: &[ContainerStamp]) -> Vec<String> {
    let of_signatures = signatures.iter().flat_map(|signature| &signature.covers);
    // A time stamp says when, and nobody's name.
    let of_stamps = stamps.iter().filter(|_| signatures.is_empty()).flat_map(|stamp| &stamp.covers);
    let covered: HashSet<&str> = of_signatures.chain(of_stamps).map(String::as_str).collect();
    data.iter().filter(|name| !covered.contains(**name)).map(|name| (*name).to_owned()).collect()
}
