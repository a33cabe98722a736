//! `[crl]` in `npki.toml`: how each CA of the installation publishes its CRLs.
//!
//! What stands in `[crl]` holds for every CA below a root; roots publish one list of everything, valid for long. A CA
//! with a section `[crl.ca.NAME]` publishes as that says, and what it leaves out is as `[crl]` would have it when it
//! left it out, too.

use std::collections::BTreeMap;

use ca_core::certificate::CaId;
use ca_core::crl::{Contains, CrlPlan, DeltaPlan, MOST_SHARDS, NamedIn};
use ca_core::hierarchy::{Hierarchy, PlannedCa};
use serde::Deserialize;
use time::Duration;

use super::ServiceError;
use super::settings::bounded;

/// The section as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseCrl {
    validity_hours: u32,
    root_validity_days: u32,
    publish_within_seconds: u32,
    shards: u16,
    contains: Contains,
    delta: Option<LooseDelta>,
    ca: BTreeMap<String, LooseCaCrl>,
}

/// A section of one CA's own, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseCaCrl {
    validity_hours: u32,
    shards: u16,
    contains: Contains,
    delta: Option<LooseDelta>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseDelta {
    validity_hours: u32,
    #[serde(default)]
    in_certificates: bool,
}

impl Default for LooseCrl {
    fn default() -> Self {
        let LooseCaCrl { validity_hours, shards, contains, delta } = LooseCaCrl::default();
        let ca = BTreeMap::new();
        let (root_validity_days, publish_within_seconds) = (90, 2);
        Self { validity_hours, root_validity_days, publish_within_seconds, shards, contains, delta, ca }
    }
}

impl Default for LooseCaCrl {
    fn default() -> Self {
        Self { validity_hours: 24, shards: 0, contains: Contains::Everything, delta: None }
    }
}

/// The plans of all CAs.
#[derive(Debug, Clone)]
pub(crate) struct CrlPlans {
    /// How soon after a revocation a CRL is published.
    pub(super) within: Duration,
    below_roots: CrlPlan,
    roots: CrlPlan,
    own: BTreeMap<CaId, CrlPlan>,
}

impl CrlPlans {
    /// How a CA publishes its CRLs.
    pub(super) fn of(&self, ca: &PlannedCa) -> CrlPlan {
        let others = if ca.issuer.is_some() { &self.below_roots } else { &self.roots };
        self.own.get(&ca.id).unwrap_or(others).clone()
    }

    /// Every section of a CA's own is of a CA that there is: a misspelt one would be without effect.
    ///
    /// # Errors
    /// One is not.
    pub(super) fn check_names(&self, hierarchy: &Hierarchy) -> Result<(), ServiceError> {
        match self.own.keys().find(|id| hierarchy.find(id).is_none()) {
            None => Ok(()),
            Some(unknown) => {
                let known: Vec<_> = hierarchy.iter().map(|ca| ca.id.as_str()).collect();
                Err(ServiceError::Refused(format!(
                    "npki.toml has a section [crl.ca.{unknown}], and hierarchy.toml no such CA; there are {}",
                    known.join(", ")
                )))
            }
        }
    }
}

impl LooseCrl {
    /// Checks the section.
    ///
    /// # Errors
    /// Which value is wrong, and what it may be.
    pub(super) fn check(self) -> Result<CrlPlans, String> {
        let within = bounded(self.publish_within_seconds, 1, 86_400, "crl.publish_within_seconds")?;
        let root_days = bounded(self.root_validity_days, 1, 366, "crl.root_validity_days")?;
        let Self { validity_hours, shards, contains, delta, ca, .. } = self;
        let below_roots = LooseCaCrl { validity_hours, shards, contains, delta };
        let own = ca.into_iter().map(|(name, own)| {
            let id = CaId::new(name.as_str()).map_err(|error| format!("crl.ca.{name}: {error}"))?;
            Ok::<_, String>((id, own.plan(&format!("crl.ca.{name}"), LONGEST_OF_ANY)?))
        });
        Ok(CrlPlans {
            within: Duration::seconds(within.into()),
            own: own.collect::<Result<_, _>>()?,
            below_roots: below_roots.plan("crl", LONGEST)?,
            roots: CrlPlan::whole(Duration::days(root_days.into())),
        })
    }
}

/// RFC 5280 section 5.1.2.5 leaves nextUpdate to policy: at most a week online, ETSI EN 319 411-1 CSS-6.3.9-05 asks for
/// a CRL at least every 24 hours. In hours.
const LONGEST: u32 = 168;
/// A section of its own may be a root's.
const LONGEST_OF_ANY: u32 = 366 * 24;

impl LooseCaCrl {
    fn plan(&self, section: &str, longest: u32) -> Result<CrlPlan, String> {
        let validity = bounded(self.validity_hours, 1, longest, &format!("{section}.validity_hours"))?;
        if self.shards > MOST_SHARDS {
            return Err(format!("{section}.shards is {}: it must be 0 to {MOST_SHARDS}", self.shards));
        }
        let delta = self.delta.as_ref().map(|delta| {
            let hours =
                bounded(delta.validity_hours, 1, validity, &format!("{section}.delta.validity_hours"))?;
            let named_in = if delta.in_certificates { NamedIn::CrlsAndCertificates } else { NamedIn::Crls };
            Ok::<_, String>(DeltaPlan { validity: Duration::hours(hours.into()), named_in })
        });
        Ok(CrlPlan {
            validity: Duration::hours(validity.into()),
            shards: self.shards,
            delta: delta.transpose()?,
            contains: self.contains,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ca_core::profile::ProfileSet;
    use ca_core::profile_book::Current;

    use super::*;

    fn plans(text: &str) -> Result<CrlPlans, String> {
        toml::from_str::<LooseCrl>(text).map_err(|error| error.to_string())?.check()
    }

    fn national() -> Hierarchy {
        let (_, text) = ca_core::hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "national").unwrap();
        Hierarchy::from_toml(text, &Current::given(ProfileSet::built_in().unwrap())).unwrap()
    }

    #[test]
    fn a_ca_has_the_plan_of_its_own_section_and_nothing_of_the_others() {
        let hierarchy = national();
        let below = hierarchy.iter().find(|ca| ca.issuer.is_some()).unwrap();
        let root = hierarchy.roots().next().unwrap();
        let text = format!(
            "shards = 16\n[delta]\nvalidity_hours = 6\n[ca.{}]\nshards = 4\n[ca.{}]\nvalidity_hours = 2400",
            below.id, root.id
        );
        let plans = plans(&text).unwrap();
        plans.check_names(&hierarchy).unwrap();
        assert_eq!(plans.of(below), CrlPlan { shards: 4, ..CrlPlan::default() });
        assert_eq!(plans.of(root), CrlPlan::whole(Duration::hours(2_400)));
        let other = hierarchy.iter().find(|ca| ca.issuer.is_some() && ca.id != below.id).unwrap();
        assert_eq!((plans.of(other).shards, plans.of(other).delta.is_some()), (16, true));
        let other_root = hierarchy.roots().find(|ca| ca.id != root.id);
        other_root.into_iter().for_each(|ca| assert_eq!(plans.of(ca), CrlPlan::whole(Duration::days(90))));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_section() {
        for (text, said) in [
            ("shards = 20000", "crl.shards"),
            ("[ca.persons]\nshards = 20000", "crl.ca.persons.shards"),
            ("[ca.persons]\nvalidity_hours = 9000", "crl.ca.persons.validity_hours"),
            ("[ca.persons.delta]\nvalidity_hours = 25", "crl.ca.persons.delta.validity_hours"),
            ("[ca.persons]\nvalidity_days = 1", "validity_days"),
            ("[ca.Persons]", "crl.ca.Persons"),
        ] {
            let refused = plans(text).unwrap_err();
            assert!(refused.contains(said), "{refused}");
        }
        let unknown = plans("[ca.person]").unwrap().check_names(&national()).unwrap_err().to_string();
        assert!(unknown.contains("[crl.ca.person]") && unknown.contains("persons"), "{unknown}");
    }
}
