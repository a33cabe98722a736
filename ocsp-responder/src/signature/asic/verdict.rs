//! The whole answer about a container: each of its signatures, the files that it is over, and those that none is over.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::contents::{ASIC_E, ASIC_S, Contents};
use super::error::ContainerError;
use super::manifest::{Manifest, Reference};
use super::names::Role;
use super::sign::MAX_SIGNATURES;
use crate::signature::verdict::{SignatureVerdict, verify_signed_file};
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
    /// Files that no signature covers: nobody vouches for them.
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
    /// The answer about it, those files included.
    #[serde(flatten)]
    pub verdict: SignatureVerdict,
}

/// Judges every signature of a container that unpacks to at most `most_unpacked` octets; `None` for a ZIP file without signatures,
/// which is another kind of file.
pub fn verify_container(octets: &[u8], most_unpacked: u64, basis: &Basis<'_>) -> Option<ContainerVerdict> {
    let judged = Contents::read(octets, most_unpacked).and_then(|contents| judged(&contents, basis));
    match judged {
        Ok(verdict) => verdict,
        Err(error) => Some(refused(&error, basis.at)),
    }
}

fn judged(contents: &Contents<'_>, basis: &Basis<'_>) -> Result<Option<ContainerVerdict>, ContainerError> {
    let (cades, xades) = (contents.of_role(Role::Cades), contents.of_role(Role::Xades));
    if cades.is_empty() && xades.is_empty() {
        return Ok(None);
    }
    if cades.len() + xades.len() > MAX_SIGNATURES || contents.of_role(Role::Manifest).len() > MAX_SIGNATURES {
        return Err(ContainerError::TooMany);
    }
    let form = form(contents)?;
    // EN 319 162-1 clause 4.3.3.2: one signature file, META-INF/signature.p7s.
    if form == ContainerForm::Simple && cades.len() > 1 {
        return Err(ContainerError::TooMany);
    }
    let manifests = Manifests::read(contents);
    let mut signatures: Vec<_> = cades
        .iter()
        .map(|name| match form {
            ContainerForm::Extended => extended(name, contents, &manifests, basis),
            ContainerForm::Simple => simple(name, contents, basis),
        })
        .chain(
            xades
                .iter()
                .map(|name| one(name, &[], contents, refusal(&ContainerError::OtherForm("XAdES"), basis))),
        )
        .collect();
    signatures.sort_by(|one, other| one.file.cmp(&other.file));
    let covered: BTreeSet<&String> = signatures.iter().flat_map(|signature| &signature.covers).collect();
    let data = contents.of_role(Role::Data).into_iter().map(str::to_owned);
    let uncovered = data.filter(|name| !covered.contains(name)).collect();
    let faults = manifests.faults(contents);
    Ok(Some(concluded(form, signatures, uncovered, &faults, basis.at)))
}

/// The form that the container states; where it states none, that of what it holds.
fn form(contents: &Contents<'_>) -> Result<ContainerForm, ContainerError> {
    match contents.media_type()?.as_deref() {
        Some(ASIC_E) => Ok(ContainerForm::Extended),
        Some(ASIC_S) => Ok(ContainerForm::Simple),
        Some(_) => Err(ContainerError::MediaType("it is that of another kind of file")),
        None if contents.of_role(Role::Manifest).is_empty() => Ok(ContainerForm::Simple),
        None => Ok(ContainerForm::Extended),
    }
}

/// The manifests, as far as they can be read.
struct Manifests(Vec<(String, Result<Manifest, ContainerError>)>);

impl Manifests {
    fn read(contents: &Contents<'_>) -> Self {
        let names = contents.of_role(Role::Manifest).into_iter();
        let read = |name: &str| contents.unpacked(name).and_then(|octets| Manifest::read(&octets));
        Self(names.map(|name| (name.to_owned(), read(name))).collect())
    }

    /// The one that is about this signature.
    fn about(&self, signature: &str) -> Result<(&str, &Manifest), ContainerError> {
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

/// A signature over a manifest (EN 319 162-1 clause 4.4.4).
fn extended(
    name: &str,
    contents: &Contents<'_>,
    manifests: &Manifests,
    basis: &Basis<'_>,
) -> ContainerSignature {
    let (manifest_name, manifest) = match manifests.about(name) {
        Ok(found) => found,
        Err(error) => return one(name, &[], contents, refusal(&error, basis)),
    };
    let covers: Vec<String> = manifest.references.iter().map(|reference| reference.name.clone()).collect();
    let verdict =
        contents.unpacked(name).and_then(|signature| over(&signature, manifest_name, contents, basis));
    let verdict = verdict.unwrap_or_else(|error| refusal(&error, basis));
    // What is not intact needs no further reason.
    let verdict = if verdict.indication == Indication::TotalFailed {
        verdict
    } else {
        let faults = manifest.references.iter().filter_map(|reference| reference.fault(contents)).collect();
        weakened(verdict, faults, basis)
    };
    one(name, &covers, contents, verdict)
}

/// A signature over the container's one data object (clause 4.3.3.2).
fn simple(name: &str, contents: &Contents<'_>, basis: &Basis<'_>) -> ContainerSignature {
    let data = contents.of_role(Role::Data);
    let [object] = data.as_slice() else {
        return one(name, &[], contents, refusal(&ContainerError::NotOne(data.len()), basis));
    };
    let verdict = contents.unpacked(name).and_then(|signature| over(&signature, object, contents, basis));
    let verdict = verdict.unwrap_or_else(|error| refusal(&error, basis));
    one(name, &[(*object).to_owned()], contents, verdict)
}

fn over(
    signature: &[u8],
    name: &str,
    contents: &Contents<'_>,
    basis: &Basis<'_>,
) -> Result<SignatureVerdict, ContainerError> {
    let verdict = verify_signed_file(signature, contents.open(name)?, basis);
    verdict.map_err(|_| ContainerError::Damaged(name.to_owned()))
}

impl Reference {
    /// What is wrong with the file that it is to.
    fn fault(&self, contents: &Contents<'_>) -> Option<ContainerError> {
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
fn weakened(verdict: SignatureVerdict, faults: Vec<ContainerError>, basis: &Basis<'_>) -> SignatureVerdict {
    let failed = |error: &&ContainerError| error.sub_indication().indication() == Indication::TotalFailed;
    let Some(worst) = faults.iter().find(failed).or_else(|| faults.first()) else { return verdict };
    let why = worst.sub_indication();
    let decides = why.indication() == Indication::TotalFailed || verdict.answer == Answer::Valid;
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

fn one(
    name: &str,
    covers: &[String],
    contents: &Contents<'_>,
    verdict: SignatureVerdict,
) -> ContainerSignature {
    let data = contents.of_role(Role::Data).into_iter().map(str::to_owned);
    let leaves_out = data.filter(|name| !covers.contains(name)).collect();
    ContainerSignature { file: name.to_owned(), covers: covers.to_vec(), leaves_out, verdict }
}

fn refusal(error: &ContainerError, basis: &Basis<'_>) -> SignatureVerdict {
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
        uncovered: Vec::new(),
        checked_at,
    }
}

fn concluded(
    form: ContainerForm,
    signatures: Vec<ContainerSignature>,
    uncovered: Vec<String>,
    faults: &[(String, ContainerError)],
    checked_at: OffsetDateTime,
) -> ContainerVerdict {
    let not_covered = uncovered.iter().map(|name| ContainerError::Uncovered(name.clone()));
    let whole: Vec<(SubIndication, String)> = not_covered
        .map(|error| (error.sub_indication(), error.to_string()))
        .chain(faults.iter().map(|(name, error)| (error.sub_indication(), format!("{name}: {error}"))))
        .collect();
    let of_signatures = signatures.iter().filter_map(|signature| {
        let reasons = signature.verdict.reasons.join("; ");
        Some((signature.verdict.sub_indication?, format!("{}: {reasons}", signature.file)))
    });
    // What failed decides before what is open.
    let mut found: Vec<_> = whole.into_iter().chain(of_signatures).collect();
    found.sort_by_key(|(why, _)| why.indication() != Indication::TotalFailed);
    let sub_indication = found.first().map(|(why, _)| *why);
    let indication = sub_indication.map_or(Indication::TotalPassed, SubIndication::indication);
    ContainerVerdict {
        answer: indication.answer(),
        indication,
        sub_indication,
        reasons: found.into_iter().map(|(_, reason)| reason).collect(),
        container: Some(form),
        signatures,
        uncovered,
        checked_at,
    }
}
