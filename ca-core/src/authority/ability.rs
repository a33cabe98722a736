//! Whether a CA can issue under a profile at all: held against its own certificate and its CRLs, not against the profile
//! that its certificate was made under, which may have been changed since.

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Authority, issue};
use crate::certificate::CaId;
use crate::clock::in_words;
use crate::profile::{Oid, Profile, oids};

/// A CA cannot issue under a profile, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CA {ca} cannot issue under profile {profile}: {why} ({clause})")]
pub struct Unable {
    /// The CA.
    pub ca: CaId,
    /// The profile.
    pub profile: String,
    /// What stands against it.
    pub why: String,
    /// Where the rule stands; "npki" for rules of our own.
    pub clause: &'static str,
}

/// What a CA's own certificate bounds.
#[derive(Debug, Default)]
struct Bounds {
    /// Its policies; `None` where it has no such extension.
    policies: Option<Vec<const_oid::ObjectIdentifier>>,
    /// Its extended key usages; `None` where it has no such extension.
    purposes: Option<Vec<const_oid::ObjectIdentifier>>,
}

impl Bounds {
    fn of(certificate: &[u8]) -> Self {
        let mut bounds = Self::default();
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return bounds };
        let oid = |id: &x509_parser::der_parser::Oid<'_>| {
            const_oid::ObjectIdentifier::from_bytes(id.as_bytes()).ok()
        };
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::CertificatePolicies(policies) => {
                    bounds.policies = Some(policies.iter().filter_map(|it| oid(&it.policy_id)).collect());
                }
                ParsedExtension::ExtendedKeyUsage(_) => {
                    bounds.purposes = Some(purposes(extension.value).unwrap_or_default());
                }
                _ => {}
            }
        }
        bounds
    }
}

/// ExtKeyUsageSyntax (RFC 5280 section 4.2.1.12): the parser above sorts the purposes it knows away.
fn purposes(value: &[u8]) -> Option<Vec<const_oid::ObjectIdentifier>> {
    use der::Decode;
    Vec::<const_oid::ObjectIdentifier>::from_der(value).ok()
}

impl Authority {
    /// Goes on if certificates under this profile can be issued by this CA now.
    ///
    /// # Errors
    /// What stands against it.
    pub fn can_issue(&self, profile: &Profile, now: OffsetDateTime) -> Result<(), Unable> {
        let unable = |clause: &'static str, why: String| {
            let (ca, profile) = (self.parts.id.clone(), profile.id.to_string());
            Err(Unable { ca, profile, why, clause })
        };
        let contains = self.plan.contains;
        if !contains.covers(profile.kind) {
            return unable("RFC 5280 section 5.2.5", format!("its CRLs are about {contains}"));
        }
        if now + profile.validity > self.issuer.not_after {
            let (days, end) = (profile.validity.whole_days(), in_words(self.issuer.not_after));
            return unable("npki", format!("it ends on {end}, before a certificate of {days} days would"));
        }
        let bounds = Bounds::of(&self.parts.certificate);
        // A trust anchor's own policies are not looked at (RFC 5280 section 6.1.1).
        if let Some(policies) = bounds.policies.filter(|_| !self.is_root())
            && let Some(missing) =
                profile.policies.iter().find(|it| !allows(&policies, it.oid, oids::ANY_POLICY))
        {
            let why = format!("its own certificate does not list policy {}", missing.oid.0);
            return unable("RFC 5280 section 6.1.3", why);
        }
        // Verifiers exempt delegated responders, which a TLS CA's certificate must not name.
        let Some(purposes) = bounds.purposes.filter(|_| !issue::tells_status(profile)) else { return Ok(()) };
        let outside = profile
            .extended_key_usage
            .iter()
            .find(|it| !allows(&purposes, **it, oids::ANY_EXTENDED_KEY_USAGE));
        match outside {
            None if !profile.extended_key_usage.is_empty() => Ok(()),
            None => unable(
                NESTED,
                "its own certificate bounds extended key usages, and the profile has none".to_owned(),
            ),
            Some(purpose) => {
                unable(NESTED, format!("its own certificate does not list extended key usage {}", purpose.0))
            }
        }
    }
}

const NESTED: &str = "CA/Browser Forum BR section 7.1.2.10.6";

fn allows(listed: &[const_oid::ObjectIdentifier], wanted: Oid, any: Oid) -> bool {
    listed.contains(&wanted.0) || listed.contains(&any.0)
}
