//! Certificate policies along a path (RFC 5280 sections 6.1.2 to 6.1.5), after RFC 9618.
//!
//! RFC 9618 section 4 replaces the tree of valid policies, which a hostile path can make grow exponentially, by a graph
//! with one node for each policy at each depth. It accepts the same paths.

use std::collections::{BTreeMap, BTreeSet};

use const_oid::ObjectIdentifier;

use super::super::extensions::ANY_POLICY;

/// Policies: those named, or all there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Policies {
    /// Every policy.
    #[default]
    Any,
    /// These.
    Named(BTreeSet<ObjectIdentifier>),
}

impl Policies {
    /// These policies; anyPolicy among them stands for all.
    pub fn of(policies: impl IntoIterator<Item = ObjectIdentifier>) -> Self {
        let named: BTreeSet<_> = policies.into_iter().collect();
        if named.contains(&ANY_POLICY) { Self::Any } else { Self::Named(named) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Named(named) if named.is_empty())
    }

    /// Each in dotted form.
    pub(crate) fn dotted(&self) -> Vec<String> {
        match self {
            Self::Any => vec![ANY_POLICY.to_string()],
            Self::Named(named) => named.iter().map(ToString::to_string).collect(),
        }
    }

    /// Those that are in both.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, both) | (both, Self::Any) => both.clone(),
            (Self::Named(one), Self::Named(other)) => Self::Named(one & other),
        }
    }
}

/// The valid policies at one depth.
#[derive(Debug, Default)]
struct Level {
    /// Each policy with those one level above that it follows from; none: it follows from anyPolicy there.
    nodes: BTreeMap<ObjectIdentifier, Vec<ObjectIdentifier>>,
    /// Whether anyPolicy is valid here.
    any: bool,
}

impl Level {
    fn is_empty(&self) -> bool {
        self.nodes.is_empty() && !self.any
    }
}

/// The graph, from the trust anchor down to the certificate that was processed last.
#[derive(Debug)]
pub(super) struct PolicyGraph {
    above: Vec<Level>,
    /// What is valid of the newest certificate; before it is processed, what is expected of it.
    current: Level,
}

impl PolicyGraph {
    /// Section 6.1.2 (a): anyPolicy at depth zero, which expects any policy of the first certificate.
    pub(super) const fn new() -> Self {
        Self { above: Vec::new(), current: Level { nodes: BTreeMap::new(), any: true } }
    }

    /// Section 6.1.3 (d) and (e): what a certificate says of its policies, which come in ascending order.
    pub(super) fn take(&mut self, policies: Option<&[ObjectIdentifier]>, any_allowed: bool) {
        let Some(policies) = policies else {
            // (e): without certificatePolicies nothing is valid.
            self.current = Level::default();
            return;
        };
        // (d)(2): anyPolicy keeps all that is expected.
        let has = |policy: &ObjectIdentifier| policies.binary_search(policy).is_ok();
        let any = any_allowed && has(&ANY_POLICY);
        let level = &mut self.current;
        if !any {
            level.nodes.retain(|policy, _| has(policy));
        }
        if level.any {
            // (d)(1)(ii): below anyPolicy, each policy may begin.
            for policy in policies.iter().filter(|policy| **policy != ANY_POLICY) {
                level.nodes.entry(*policy).or_default();
            }
        }
        level.any &= any;
    }

    /// Section 6.1.3 (f): whether nothing is valid any more.
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// Section 6.1.4 (b): what is expected of the next certificate. With mapping inhibited, what would be mapped ends.
    pub(super) fn descend(&mut self, mappings: &[(ObjectIdentifier, ObjectIdentifier)], allowed: bool) {
        let level = &mut self.current;
        let mut next = Level { nodes: BTreeMap::new(), any: level.any };
        let mut mapped = BTreeSet::new();
        for (issuer, subject) in mappings {
            if !allowed {
                // (b)(2).
                level.nodes.remove(issuer);
                continue;
            }
            // (b)(1): below anyPolicy, what is mapped begins here.
            if level.any {
                level.nodes.entry(*issuer).or_default();
            }
            if level.nodes.contains_key(issuer) {
                next.nodes.entry(*subject).or_default().push(*issuer);
                mapped.insert(*issuer);
            }
        }
        for policy in level.nodes.keys().filter(|policy| !mapped.contains(*policy)) {
            next.nodes.entry(*policy).or_default().push(*policy);
        }
        self.above.push(std::mem::replace(level, next));
    }

    /// Section 6.1.5 (g): the valid policies in the terms of the trust anchor, and among those that the user asks for.
    pub(super) fn conclude(&self, wanted: &Policies) -> Policies {
        if self.current.any {
            return wanted.clone();
        }
        let mut begun = BTreeSet::new();
        let mut reached: BTreeSet<ObjectIdentifier> = self.current.nodes.keys().copied().collect();
        for level in std::iter::once(&self.current).chain(self.above.iter().rev()) {
            let mut higher = BTreeSet::new();
            for policy in reached {
                match level.nodes.get(&policy).map(Vec::as_slice) {
                    // (g)(iii)(1): its parent is anyPolicy.
                    Some([]) => drop(begun.insert(policy)),
                    Some(parents) => higher.extend(parents.iter().copied()),
                    None => {}
                }
            }
            reached = higher;
        }
        Policies::Named(begun).intersection(wanted)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn policy(number: u32) -> ObjectIdentifier {
        ObjectIdentifier::new(&format!("2.16.840.1.101.3.2.1.48.{number}")).unwrap()
    }

    fn named(numbers: &[u32]) -> Policies {
        Policies::of(numbers.iter().copied().map(policy))
    }

    fn list(numbers: &[u32]) -> Vec<ObjectIdentifier> {
        numbers.iter().copied().map(policy).collect()
    }

    #[test]
    fn a_policy_holds_where_all_certificates_have_it() {
        let mut graph = PolicyGraph::new();
        graph.take(Some(&list(&[1, 2])), true);
        graph.descend(&[], true);
        graph.take(Some(&list(&[2, 3])), true);
        assert_eq!(graph.conclude(&Policies::Any), named(&[2]));
        assert!(graph.conclude(&named(&[1])).is_empty());
        graph.descend(&[], true);
        graph.take(None, true);
        assert!(graph.is_empty() && graph.conclude(&Policies::Any).is_empty());
    }

    #[test]
    fn mapped_policies_are_told_in_the_terms_of_the_anchor() {
        let mut graph = PolicyGraph::new();
        graph.take(Some(&list(&[1, 4])), true);
        graph.descend(&[(policy(1), policy(2)), (policy(1), policy(3))], true);
        graph.take(Some(&list(&[3])), true);
        assert_eq!(graph.conclude(&Policies::Any), named(&[1]));
        let mut inhibited = PolicyGraph::new();
        inhibited.take(Some(&list(&[1, 4])), true);
        inhibited.descend(&[(policy(1), policy(2))], false);
        inhibited.take(Some(&[policy(4)]), false);
        assert_eq!(inhibited.conclude(&Policies::Any), named(&[4]));
    }

    #[test]
    fn any_policy_lets_policies_begin_where_it_is_allowed() {
        let mut graph = PolicyGraph::new();
        graph.take(Some(&[ANY_POLICY]), true);
        assert_eq!(graph.conclude(&named(&[7])), named(&[7]));
        graph.descend(&[(policy(1), policy(2))], true);
        graph.take(Some(&list(&[2, 5])), true);
        // Policy 2 is what policy 1 became, and does not begin here itself.
        assert_eq!(graph.conclude(&Policies::Any), named(&[1, 5]));
        let mut inhibited = PolicyGraph::new();
        inhibited.take(Some(&[ANY_POLICY]), false);
        assert!(inhibited.is_empty());
    }

    #[test]
    fn a_path_that_would_make_a_tree_explode_stays_small() {
        let mut graph = PolicyGraph::new();
        let all: Vec<u32> = (1..=100).collect();
        let everything: Vec<_> =
            all.iter().flat_map(|one| all.iter().map(|other| (policy(*one), policy(*other)))).collect();
        for _ in 0..6 {
            graph.take(Some(&list(&all)), true);
            graph.descend(&everything, true);
        }
        graph.take(Some(&list(&all)), true);
        assert_eq!(graph.conclude(&Policies::Any), named(&all));
    }
}
