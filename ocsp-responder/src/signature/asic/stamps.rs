//! Time stamps beside the signatures of a container: each over a manifest of what there was (EN 319 162-1 clause A.7), or over the
//! one data object.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::contents::Contents;
use super::error::ContainerError;
use super::names::Role;
use super::verdict::{ContainerForm, Manifests};
use crate::signature::material::Material;
use crate::signature::stamps::{self, judge_stamp, take_token};
use crate::signature::verify::SignedFile;
use crate::timestamp::{TimestampToken, TimestampVerdict, TokenError, VerifiedToken};
use crate::validation::{Answer, Basis};

/// The answer about a time stamp beside the signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerStamp {
    /// Its name in the container.
    pub file: String,
    /// The files that it is over: data, signatures, manifests, and earlier time stamps.
    pub covers: Vec<String>,
    /// The answer about it, at the moment until which it is known to have existed.
    #[serde(flatten)]
    pub verdict: TimestampVerdict,
}

/// What the time stamps of a container say.
pub(super) struct Stamps {
    /// In the order of their names.
    pub(super) told: Vec<ContainerStamp>,
    /// What is wrong with how they stand there, by the names of the files.
    pub(super) faults: Vec<(String, ContainerError)>,
    /// What their tokens carry. Nothing of it is trusted.
    pub(super) material: Material,
    /// Those that hold: what they cover, and the moment that each proves.
    holding: Vec<(HashSet<String>, OffsetDateTime)>,
}

/// One, before it is judged.
struct Found {
    file: String,
    covers: Vec<String>,
    token: Result<VerifiedToken, TokenError>,
}

impl Stamps {
    /// Judges all of a container, those first that cover others: each is judged as of the moment that a newer one proves (EN 319 102-1
    /// clause 5.6.2.4).
    pub(super) fn judged(
        contents: &Contents<'_>,
        manifests: &Manifests,
        form: ContainerForm,
        basis: &Basis<'_>,
    ) -> Self {
        let mut stamps =
            Self { told: Vec::new(), faults: Vec::new(), material: Material::default(), holding: Vec::new() };
        let mut waiting: Vec<Found> = Vec::new();
        for name in contents.of_role(Role::TimeStamp) {
            match stamps.found(name, contents, manifests, form) {
                Ok(found) => waiting.push(found),
                Err(error) => stamps.faults.push((name.to_owned(), error)),
            }
        }
        let pool = carried(contents);
        while let Some(next) = outermost(&waiting) {
            let found = waiting.swap_remove(next);
            stamps.judge(found, &pool, basis);
        }
        stamps.told.sort_by(|one, other| one.file.cmp(&other.file));
        stamps
    }

    /// Since when at the latest a file of the container has existed; the moment of asking where nothing shows it.
    pub(super) fn known(&self, file: &str, now: OffsetDateTime) -> OffsetDateTime {
        let covering = self.holding.iter().filter(|(covered, _)| covered.contains(file));
        covering.map(|(_, at)| *at).min().unwrap_or(now)
    }

    fn judge(&mut self, found: Found, pool: &Material, basis: &Basis<'_>) {
        let Found { file, covers, token } = found;
        let verdict = judge_stamp(&token, self.known(&file, basis.at), pool, basis);
        if let Err(error) = &token {
            self.faults.push((file.clone(), ContainerError::Stamp(error.to_string())));
        }
        let proven = verdict.statement.as_ref().map(|statement| statement.at);
        if let Some(at) = proven.filter(|_| verdict.answer == Answer::Valid) {
            self.holding.push((covers.iter().cloned().collect(), at));
        }
        self.told.push(ContainerStamp { file, covers, verdict });
    }

    fn found(
        &mut self,
        name: &str,
        contents: &Contents<'_>,
        manifests: &Manifests,
        form: ContainerForm,
    ) -> Result<Found, ContainerError> {
        let data = contents.of_role(Role::Data);
        let (over, covers) = match (manifests.stamped(name), form, data.as_slice()) {
            (Ok((file, manifest)), ..) => {
                let covers = manifest.references.iter().map(|reference| reference.name.clone());
                (file, covers.collect())
            }
            // Clause 4.3.3.2: in ASiC-S the time stamp is over the data object itself.
            (Err(ContainerError::StampManifests(0)), ContainerForm::Simple, [object]) => {
                (*object, vec![(*object).to_owned()])
            }
            (Err(error), ..) => return Err(error),
        };
        let octets = contents.unpacked(name)?;
        take_token(&mut self.material, &octets);
        let token = token(&octets, over, contents);
        // What it covers is there as it was covered; what it says of anything else nobody can rely on.
        let faults = manifests.stamped(name).into_iter().flat_map(|(_, manifest)| &manifest.references);
        let fault = faults.filter_map(|reference| reference.fault(contents)).next();
        let token = match (token, fault) {
            (Ok(_), Some(fault)) => Err(TokenError::Document(fault.to_string())),
            (token, _) => token,
        };
        Ok(Found { file: name.to_owned(), covers, token })
    }
}

/// What signatures and time stamps carry. Nothing of it is trusted.
pub(super) fn carried(contents: &Contents<'_>) -> Material {
    let mut pool = Material::default();
    let read = |name: &str| contents.unpacked(name).ok();
    for stamp in contents.of_role(Role::TimeStamp).into_iter().filter_map(read) {
        take_token(&mut pool, &stamp);
    }
    for signature in contents.of_role(Role::Cades).into_iter().filter_map(read) {
        let signed = SignedFile::parse(&signature);
        signed.iter().for_each(|signed| pool.add(&stamps::material(signed.message())));
    }
    pool
}

fn token(octets: &[u8], over: &str, contents: &Contents<'_>) -> Result<VerifiedToken, TokenError> {
    let token = TimestampToken::parse(octets)?.verify()?;
    let digest = contents.digest(over, token.statement.digest);
    token.statement.verify_about(&digest.map_err(|error| TokenError::Document(error.to_string()))?)?;
    Ok(token)
}

/// One that no other covers; any, where they cover each other, which those that are over what they say cannot.
fn outermost(waiting: &[Found]) -> Option<usize> {
    let covered: HashSet<&String> = waiting.iter().flat_map(|found| &found.covers).collect();
    let outer = waiting.iter().position(|found| !covered.contains(&found.file));
    outer.or_else(|| waiting.len().checked_sub(1))
}
