//! The rules by which evidence carries an assurance level: a TOML file, `config/assurance.toml`.

use std::collections::BTreeMap;

use ca_core::profile::{Assurance, nearest};
use ca_core::toml_fault::TomlFault;
use serde::Deserialize;

use crate::identity::FieldError;

/// The rules that npki comes with.
pub const BUILT_IN: &str = include_str!("../../../config/assurance.toml");

/// What officers entered themselves, when they decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OwnEvidence {
    /// It counts as any other.
    Counts,
    /// It counts when there is something that a colleague entered.
    BesideOthers,
    /// It does not count.
    Never,
}

/// The rules, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssuranceRules {
    pub(super) remote_at_most: Assurance,
    pub(super) own_evidence: OwnEvidence,
    pub(super) baseline: Assurance,
    pub(super) extended: Assurance,
    pub(super) kinds: BTreeMap<String, KindRule>,
    text: String,
}

/// What a kind of evidence carries.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindRule {
    pub(super) alone: Option<Assurance>,
    pub(super) with_another: Assurance,
    pub(super) lapses_after_days: Option<u32>,
    #[serde(default)]
    pub(super) needs_reference: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseFile {
    rule: LooseRule,
    etsi_119_461: LooseEtsi,
    kind: BTreeMap<String, KindRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseRule {
    remote_at_most: Assurance,
    own_evidence: OwnEvidence,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseEtsi {
    baseline: Assurance,
    extended: Assurance,
}

impl AssuranceRules {
    /// The rules that npki comes with.
    ///
    /// # Errors
    /// None: a test reads them.
    pub fn built_in() -> Result<Self, String> {
        Self::from_toml(BUILT_IN)
    }

    /// The file that they were read from: for a machine that is to know them without a network.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a file of rules.
    ///
    /// # Errors
    /// It is no TOML, has an unknown key or word, or a rule contradicts itself: says where and what was meant.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let loose: LooseFile =
            toml::from_str(text).map_err(|error| TomlFault::of(text, &error).to_string())?;
        if loose.kind.is_empty() {
            return Err("there is no kind of evidence: [kind.NAME]".to_owned());
        }
        if loose.etsi_119_461.baseline > loose.etsi_119_461.extended {
            return Err("etsi_119_461: extended is not below baseline".to_owned());
        }
        for (name, rule) in &loose.kind {
            let letters = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
            if name.is_empty() || name.len() > 40 || !name.bytes().all(letters) {
                return Err(format!(
                    "kind.{name}: a kind's name is 1 to 40 small letters, digits and hyphens"
                ));
            }
            if rule.alone.is_some_and(|alone| alone > rule.with_another) {
                return Err(format!("kind.{name}: with_another is not below alone"));
            }
            if rule.lapses_after_days.is_some_and(|days| !(1..=36_500).contains(&days)) {
                return Err(format!("kind.{name}: lapses_after_days is 1 to 36500"));
            }
        }
        Ok(Self {
            remote_at_most: loose.rule.remote_at_most,
            own_evidence: loose.rule.own_evidence,
            baseline: loose.etsi_119_461.baseline,
            extended: loose.etsi_119_461.extended,
            kinds: loose.kind,
            text: text.to_owned(),
        })
    }

    /// The rule of a kind that was entered.
    pub(super) fn kind(&self, name: &str) -> Result<&KindRule, FieldError> {
        self.kinds.get(name).ok_or_else(|| FieldError {
            field: "kind",
            why: match nearest(name, self.kinds.keys().map(String::as_str)) {
                Some(nearest) => format!("there is no such kind of evidence; did you mean {nearest}?"),
                None => {
                    let names: Vec<&str> = self.kinds.keys().map(String::as_str).collect();
                    format!("there is no such kind of evidence; there are {}", names.join(", "))
                }
            },
            fits: "a kind that the rules of this installation name (assurance.toml)",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_rules_that_npki_comes_with_are_read() {
        let rules = AssuranceRules::built_in().unwrap();
        assert_eq!(rules.kinds["chiefs-letter"].alone, Some(Assurance::Low));
        assert!(rules.kind("chefs-letter").unwrap_err().why.contains("chiefs-letter"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_the_nearest_word() {
        for (from, to, said) in [
            ("remote_at_most", "remote_at_mots", "did you mean `remote_at_most`?"),
            ("own_evidence = \"beside-others\"", "own_evidence = \"beside-other\"", "`beside-others`"),
            ("needs_reference = true", "need_reference = true", "did you mean `needs_reference`?"),
            (
                "alone = \"low\"\nwith_another = \"substantial\"",
                "alone = \"high\"\nwith_another = \"low\"",
                "below",
            ),
            ("lapses_after_days = 365", "lapses_after_days = 0", "1 to 36500"),
            ("[kind.passport]", "[kind.\"Pass port\"]", "small letters"),
            (
                "baseline = \"substantial\"\nextended = \"high\"",
                "baseline = \"high\"\nextended = \"low\"",
                "baseline",
            ),
        ] {
            assert!(BUILT_IN.contains(from), "{from}");
            let error = AssuranceRules::from_toml(&BUILT_IN.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(said), "{to}: {error}");
        }
    }
}
