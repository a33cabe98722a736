//! RFC 5280 section 6.1 over one path, whose signatures and names the search has checked.

use time::OffsetDateTime;

use super::super::certificate::Certificate;
use super::super::extensions::{ANY_POLICY, Extensions};
use super::super::names::constraints::{Comparisons, NameConstraints, Refused};
use super::super::names::general::GeneralName;
use super::policy::{Policies, PolicyGraph};
use super::{Demands, PathFault};

/// The state variables of section 6.1.2 that are not the policies themselves.
struct State<'a> {
    constraints: Vec<&'a NameConstraints>,
    graph: PolicyGraph,
    explicit_policy: u32,
    inhibit_any_policy: u32,
    policy_mapping: u32,
    max_path_length: u32,
}

/// Processes `path`, end entity first, below `anchor`; the answer are the policies that it is valid for.
///
/// On refusal, the index of the certificate, the end entity's zero and the anchor's last, and the cause.
pub(super) fn process(
    path: &[&Certificate],
    anchor: &Certificate,
    demands: &Demands,
    at: OffsetDateTime,
    comparisons: &mut Comparisons,
) -> Result<Policies, (usize, PathFault)> {
    // What is certain of the certificate itself is said before what is wrong above it.
    if let Some(target) = path.first() {
        verify_time(target, at).map_err(|fault| (0, fault))?;
    }
    let (mut state, wanted) =
        State::below(anchor, path.len(), demands, at).map_err(|fault| (path.len(), fault))?;
    for (index, certificate) in path.iter().enumerate().rev() {
        let step =
            state.examine(certificate, index == 0, at, comparisons).and_then(|extensions| match index {
                0 => state.wrap_up(extensions),
                _ => state.descend(certificate, extensions),
            });
        step.map_err(|fault| (index, fault))?;
    }
    let policies = state.graph.conclude(&wanted);
    // Section 6.1.5 (g).
    if state.explicit_policy == 0 && policies.is_empty() {
        return Err((0, PathFault::Policy));
    }
    Ok(policies)
}

impl<'a> State<'a> {
    /// Section 6.1.2, with what the trust anchor's own certificate constrains (RFC 5937 section 3.2); besides, the
    /// policies that the user asks for.
    fn below(
        anchor: &'a Certificate,
        length: usize,
        demands: &Demands,
        at: OffsetDateTime,
    ) -> Result<(Self, Policies), PathFault> {
        verify_time(anchor, at)?;
        let extensions = anchor.extensions().map_err(|_| PathFault::Encoding)?;
        if extensions.unknown_critical {
            return Err(PathFault::CriticalExtension);
        }
        // A trust anchor is a name and a key. What its certificate says of them all the same, holds.
        if extensions.is_ca == Some(false) {
            return Err(PathFault::NotACa);
        }
        if !extensions.may_sign_certificates() {
            return Err(PathFault::KeyUsage);
        }
        let beyond = u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1);
        let first = |inhibited: bool, said: Option<u32>| {
            if inhibited { 0 } else { said.unwrap_or(beyond).min(beyond) }
        };
        let own = extensions.policies.as_ref().map_or(Policies::Any, |own| Policies::of(own.iter().copied()));
        let state = Self {
            constraints: extensions.name_constraints.iter().collect(),
            graph: PolicyGraph::new(),
            explicit_policy: first(demands.require_explicit_policy, extensions.require_explicit_policy),
            inhibit_any_policy: first(demands.inhibit_any_policy, extensions.inhibit_any_policy),
            policy_mapping: first(demands.inhibit_policy_mapping, extensions.inhibit_policy_mapping),
            max_path_length: extensions.path_length.unwrap_or(beyond).min(beyond),
        };
        Ok((state, own.intersection(&demands.policies)))
    }

    /// Section 6.1.3, but for (a)(1) and (a)(4), which the search did, and (a)(3), the status.
    fn examine(
        &mut self,
        certificate: &'a Certificate,
        is_last: bool,
        at: OffsetDateTime,
        comparisons: &mut Comparisons,
    ) -> Result<&'a Extensions, PathFault> {
        // (a)(2).
        verify_time(certificate, at)?;
        let extensions = certificate.extensions().map_err(|_| PathFault::Encoding)?;
        let self_issued = certificate.is_self_issued();
        // (b), (c).
        if is_last || !self_issued {
            self.verify_names(certificate, extensions, comparisons)?;
        }
        // (d), (e).
        let any_allowed = self.inhibit_any_policy > 0 || (!is_last && self_issued);
        self.graph.take(extensions.policies.as_deref(), any_allowed);
        // (f).
        if self.explicit_policy == 0 && self.graph.is_empty() {
            return Err(PathFault::Policy);
        }
        Ok(extensions)
    }

    fn verify_names(
        &self,
        certificate: &Certificate,
        extensions: &Extensions,
        comparisons: &mut Comparisons,
    ) -> Result<(), PathFault> {
        if self.constraints.is_empty() {
            return Ok(());
        }
        let subject = certificate.subject_name();
        let mut of_subject = Vec::new();
        // Section 4.2.1.10: the subject field counts where it is not empty; so do, where no alternative name takes
        // their place, the addresses in it. Stricter: they count always, since readers look at them always.
        if !subject.is_empty() {
            let addresses = subject.email_addresses().map_err(|_| PathFault::Encoding)?;
            of_subject.extend(addresses.into_iter().map(GeneralName::Email));
            of_subject.push(GeneralName::Directory(subject.clone()));
        }
        for name in of_subject.iter().chain(&extensions.alternative_names) {
            for constraints in &self.constraints {
                constraints.allow(name, comparisons).map_err(|refused| match refused {
                    Refused::Outside => PathFault::NameConstraints,
                    Refused::Limit => PathFault::Limit,
                })?;
            }
        }
        Ok(())
    }

    /// Section 6.1.4: from a CA to the next certificate.
    fn descend(&mut self, certificate: &Certificate, extensions: &'a Extensions) -> Result<(), PathFault> {
        // (a).
        if extensions.mappings.iter().any(|(issuer, subject)| [issuer, subject].contains(&&ANY_POLICY)) {
            return Err(PathFault::Policy);
        }
        // (b).
        self.graph.descend(&extensions.mappings, self.policy_mapping > 0);
        // (g).
        self.constraints.extend(&extensions.name_constraints);
        let self_issued = certificate.is_self_issued();
        // (h).
        if !self_issued {
            for counter in [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any_policy]
            {
                *counter = counter.saturating_sub(1);
            }
        }
        // (i), (j).
        for (counter, said) in [
            (&mut self.explicit_policy, extensions.require_explicit_policy),
            (&mut self.policy_mapping, extensions.inhibit_policy_mapping),
            (&mut self.inhibit_any_policy, extensions.inhibit_any_policy),
        ] {
            *counter = said.map_or(*counter, |said| said.min(*counter));
        }
        // (k): a certificate without extensions could be known to be a CA's by other means only; there are none.
        if !certificate.is_version_3() || extensions.is_ca != Some(true) {
            return Err(PathFault::NotACa);
        }
        // (l), (m).
        if !self_issued {
            self.max_path_length = self.max_path_length.checked_sub(1).ok_or(PathFault::PathLength)?;
        }
        if let Some(said) = extensions.path_length {
            self.max_path_length = self.max_path_length.min(said);
        }
        // (n).
        if !extensions.may_sign_certificates() {
            return Err(PathFault::KeyUsage);
        }
        // (o).
        if extensions.unknown_critical { Err(PathFault::CriticalExtension) } else { Ok(()) }
    }

    /// Section 6.1.5 (a), (b) and (f).
    fn wrap_up(&mut self, extensions: &Extensions) -> Result<(), PathFault> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if extensions.require_explicit_policy == Some(0) {
            self.explicit_policy = 0;
        }
        if extensions.unknown_critical { Err(PathFault::CriticalExtension) } else { Ok(()) }
    }
}

pub(super) fn verify_time(certificate: &Certificate, at: OffsetDateTime) -> Result<(), PathFault> {
    if at < certificate.not_before() {
        Err(PathFault::NotYetValid)
    } else if at > certificate.not_after() {
        Err(PathFault::Expired)
    } else {
        Ok(())
    }
}
