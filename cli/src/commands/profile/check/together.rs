//! What the profiles of a folder are together, and beside the CAs of a hierarchy.

use std::collections::BTreeMap;

use ca_core::hierarchy::HierarchyFault;
use ca_core::profile::{ProfileId, ProfileSet};
use ca_core::profile_book::{Current, unfit_for_service};
use serde::Serialize;

use super::{CheckedFile, Finding, Hierarchy, Severity};
use crate::failure::{Failure, catalogue};
use crate::service;

/// What was found in all of them.
#[derive(Debug, Default, Serialize)]
pub(super) struct Together {
    /// The hierarchy, as it was named.
    pub(super) hierarchy: Option<String>,
    /// Whether it was held against the profiles: only when each of them is good.
    pub(super) held: bool,
    pub(super) findings: Vec<Finding>,
}

/// A hierarchy that was asked for: its name, and its text.
pub(super) struct Asked {
    name: String,
    text: String,
}

/// Reads a hierarchy that npki comes with, or a file.
///
/// # Errors
/// It is neither.
pub(super) fn hierarchy(wanted: &str) -> Result<Asked, Failure> {
    let text = service::hierarchy_text(wanted)?;
    Ok(Asked { name: wanted.to_owned(), text })
}

/// Judges them together.
pub(super) fn judged(files: &[CheckedFile], hierarchy: Option<Asked>) -> Together {
    let set = ProfileSet::new(files.iter().filter_map(|file| file.good.clone()));
    let mut together = Together::default();
    together.findings.extend(doubles(files));
    let there = |id: &ProfileId| files.iter().any(|file| file.profile.as_deref() == Some(id.0.as_str()));
    let broken = |id: &ProfileId| there(id) && set.find(&id.0).is_err();
    let unfit = unfit_for_service(&set).into_iter().filter(|(id, _)| !broken(id));
    together.findings.extend(unfit.map(|(id, why)| of(id, Finding::error(&catalogue::PROFILE_SET, why))));
    together.findings.extend(set.of_one_title().into_iter().map(|(one, other)| {
        let message = format!("has the title of {}: who chooses one cannot tell them apart", other.id);
        let found = Finding::error(&catalogue::PROFILE_ADVICE, message);
        of(one.id.clone(), Finding { severity: Severity::Warning, name: Some("same-title"), ..found })
    }));
    if let Some(Asked { name, text }) = hierarchy {
        together.hierarchy = Some(name);
        together.held = files.iter().all(|file| file.good.is_some());
        if together.held {
            together.findings.extend(beside(&text, set));
        }
    }
    together
}

fn of(profile: ProfileId, finding: Finding) -> Finding {
    Finding { profile: Some(profile.0), ..finding }
}

/// Files of different folders that have one name.
fn doubles(files: &[CheckedFile]) -> Vec<Finding> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for file in files {
        let Some(name) = &file.profile else { continue };
        if let Some(other) = first.insert(name.clone(), &file.file) {
            let message = format!("{} and {} have one name", other.display(), file.file.display());
            found.push(of(ProfileId(name.clone()), Finding::error(&catalogue::PROFILE_SET, message)));
        }
    }
    found
}

/// The hierarchy against the profiles.
fn beside(text: &str, set: ProfileSet) -> Vec<Finding> {
    match Hierarchy::from_toml(text, &Current::given(set.clone())) {
        Ok(hierarchy) => {
            let advice = hierarchy.advice(&set).into_iter();
            advice.map(|(profile, advice)| of(profile, Finding::from(advice))).collect()
        }
        Err(HierarchyFault::Text(fault)) => {
            let (line, column) = (fault.line, fault.column);
            let message = format!("the hierarchy: {fault}");
            vec![Finding { line, column, ..Finding::error(&catalogue::HIERARCHY_TEXT, message) }]
        }
        Err(HierarchyFault::Rules(broken)) => broken
            .into_iter()
            .map(|rule| {
                let message = match rule.ca.as_str() {
                    "" => rule.why,
                    ca => format!("CA {ca}: {}", rule.why),
                };
                let found = Finding::error(&catalogue::HIERARCHY_RULE, message);
                Finding { clause: Some(rule.clause), ..found }
            })
            .collect(),
    }
}
