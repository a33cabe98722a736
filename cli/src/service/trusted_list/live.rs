//! The trust services that the installation has at this moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use ca_core::authority::absent::AbsentAuthority;
use ca_core::authority::{Addresses, Authority};
use ca_core::certificate::{CaId, Certificates, bound_to_each};
use ca_core::hierarchy::{Hierarchy, PlannedCa};
use ca_core::profile::{KeyUsage, Profile, ProfileId};
use ca_core::profile_book::Current;
use ca_core::serial::SerialNumber;
use ca_core::status::Revocation;
use ocsp_responder::trusted_list::identifiers::{Purpose, ServiceKind};
use ocsp_responder::trusted_list::{LiveService, Texts};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::settings::TrustedListSettings;
use crate::service::ServiceError;
use crate::service::hierarchy::{OpenedHierarchy, Standing};
use crate::service::serve::Foundation;

/// How the identities begin that time-stamping units' certificates are bound to.
const UNITS: &str = "system:timestamping@";
/// The most certificates of units that are listed: a unit has one a year.
const MOST_UNITS: usize = 1_000;

/// A CA and what tells whether it was revoked.
#[derive(Debug)]
struct ListedCa {
    id: CaId,
    certificate: Vec<u8>,
    standing: Standing,
}

/// Tells which services there are.
#[derive(Debug)]
pub(super) struct Installed {
    plan: Hierarchy,
    cas: Vec<ListedCa>,
    foundation: Foundation,
    settings: TrustedListSettings,
}

impl Installed {
    pub(super) fn of(
        hierarchy: &OpenedHierarchy,
        foundation: &Foundation,
        settings: &TrustedListSettings,
    ) -> Self {
        let listed = hierarchy.iter().map(|(ca, opened)| ListedCa {
            id: ca.id.clone(),
            certificate: opened.certificate.clone(),
            standing: opened.standing.clone(),
        });
        Self {
            plan: hierarchy.planned().clone(),
            cas: listed.collect(),
            foundation: foundation.clone(),
            settings: settings.clone(),
        }
    }

    /// All services there are now.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn services(&self, now: OffsetDateTime) -> Result<Vec<LiveService>, ServiceError> {
        let current = self.foundation.profiles.current()?;
        let (plan, answering) = (self.plan.in_effect(&current), self.plan.answering(&current));
        let mut services = Vec::new();
        for (ca, planned) in self.cas.iter().filter_map(|ca| Some((ca, plan.find(&ca.id)?))) {
            let issuing = self.issuing(ca, planned, &current, now)?;
            if answering.contains(&ca.id) {
                services.push(self.answering(ca, &issuing));
            }
            services.push(issuing);
        }
        services.extend(self.units()?);
        services.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
        Ok(services)
    }

    /// Whether a certificate, DER, that one of the CAs issued is revoked or on hold.
    ///
    /// # Errors
    /// The store failed, or it is no certificate.
    pub(super) fn is_revoked(&self, certificate: &[u8]) -> Result<bool, ServiceError> {
        let unreadable = || ServiceError::Refused("the signer's certificate cannot be read".to_owned());
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| unreadable())?;
        let serial =
            SerialNumber::from_der_content(parsed.tbs_certificate.raw_serial()).map_err(|_| unreadable())?;
        for ca in &self.cas {
            let issued = Certificates::new(Arc::clone(&self.foundation.store), ca.id.clone());
            if issued.find(&serial)?.is_some_and(|record| record.revocation.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn issuing(
        &self,
        ca: &ListedCa,
        planned: &PlannedCa,
        current: &Current,
        now: OffsetDateTime,
    ) -> Result<LiveService, ServiceError> {
        let kind = match (self.is_qualified(&ca.id), &planned.issuer) {
            (false, _) => ServiceKind::ca(),
            (true, Some(_)) => ServiceKind::qualified_ca(),
            (true, None) => ServiceKind::qualified_root(),
        };
        let by_word = self.settings.withdrawn.contains(&ca.id).then_some(now);
        let revoked = revocation(&ca.standing)?.map(|revocation| revocation.at);
        Ok(LiveService {
            kind,
            name: english(&planned.name),
            certificate: ca.certificate.clone(),
            supply_points: vec![Addresses::under(&self.foundation.base_url, &ca.id).crl],
            purposes: planned.issues.iter().filter_map(|id| purpose(current, id)).collect::<BTreeSet<_>>(),
            withdrawn: revoked.or(by_word),
        })
    }

    /// A root is what the CAs below it are.
    fn is_qualified(&self, id: &CaId) -> bool {
        self.settings.qualified.iter().any(|qualified| self.plan.path(qualified).any(|ca| ca.id == *id))
    }

    /// RFC 6960 section 4.2.2.2: a responder counts because its CA appointed it. So the CA's key is what the service is known by:
    /// responders' own keys change every month, and a list would grow by one service each time.
    fn answering(&self, ca: &ListedCa, issuing: &LiveService) -> LiveService {
        let qualified = issuing.kind == ServiceKind::qualified_ca();
        let kind = if qualified { ServiceKind::qualified_ocsp() } else { ServiceKind::ocsp() };
        let name = issuing.name.values().next().cloned().unwrap_or_default();
        LiveService {
            kind,
            name: english(&format!("OCSP of {name}")),
            supply_points: vec![Addresses::under(&self.foundation.base_url, &ca.id).ocsp],
            purposes: BTreeSet::new(),
            ..issuing.clone()
        }
    }

    /// Time-stamping units: each key that was certified for one.
    fn units(&self) -> Result<Vec<LiveService>, ServiceError> {
        let kind = match self.settings.qualified_timestamps {
            true => ServiceKind::qualified_timestamping(),
            false => ServiceKind::timestamping(),
        };
        let store = Arc::clone(&self.foundation.store);
        let mut units = Vec::new();
        for place in bound_to_each(store.as_ref(), UNITS, MOST_UNITS)? {
            let issued = Certificates::new(Arc::clone(&store), place.ca().clone());
            let Some(record) = issued.find(place.serial())? else { continue };
            let Some(der) = issued.der(&record, &self.foundation.vault)? else { continue };
            let Ok((_, parsed)) = X509Certificate::from_der(&der) else { continue };
            let subject = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
            units.push(LiveService {
                kind: kind.clone(),
                name: english(subject.unwrap_or("Time-Stamping Unit")),
                supply_points: self.settings.timestamping.clone(),
                purposes: BTreeSet::new(),
                withdrawn: record.revocation.as_ref().map(|revocation| revocation.at),
                certificate: der,
            });
        }
        Ok(units)
    }
}

fn revocation(standing: &Standing) -> Result<Option<Revocation>, ServiceError> {
    Ok(match standing {
        Standing::AtWork(authority) => Authority::revocation(authority)?,
        Standing::Absent(absent) => AbsentAuthority::revocation(absent)?,
    })
}

/// What certificates under a profile are for, where TS 119 612 section 5.5.9.4 has a word for it.
fn purpose(current: &Current, id: &ProfileId) -> Option<Purpose> {
    const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
    let profile: &Profile = current.latest(id)?;
    let signs = profile.key_usage.contains(&KeyUsage::NonRepudiation);
    match profile.vetting.identity_kind.as_deref() {
        Some("person") if signs => Some(Purpose::Signatures),
        // A purpose of its own, such as signing lists, is no seal.
        Some("organisation") if signs && profile.extended_key_usage.is_empty() => Some(Purpose::Seals),
        _ if profile.extended_key_usage.iter().any(|oid| oid.0.to_string() == SERVER_AUTH) => {
            Some(Purpose::Websites)
        }
        _ => None,
    }
}

fn english(text: &str) -> Texts {
    Texts::from([("en".to_owned(), text.to_owned())])
}
