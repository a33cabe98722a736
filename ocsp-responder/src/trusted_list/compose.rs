//! What a list says next: of the services there are, what was said of them before, and the moment.

use std::collections::{BTreeMap, BTreeSet};

use ca_core::clock::whole_seconds;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::identifiers::{Purpose, ServiceKind, Status};
use super::model::{CertificateDer, Identity, Organisation, Provider, Service, Texts, TrustedList};

/// A service as it is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveService {
    /// What kind it is.
    pub kind: ServiceKind,
    /// What it is called.
    pub name: Texts,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Addresses at which it is reached.
    pub supply_points: Vec<String>,
    /// What its certificates are for.
    pub purposes: BTreeSet<Purpose>,
    /// Since when it does not count any more, UTC.
    pub withdrawn: Option<OffsetDateTime>,
}

/// What the next list says of the provider and its services.
///
/// A service is a kind and a key (TS 119 612 section 5.5.3). One that the list knows keeps its history: where its state
/// changed, the former one goes there. None is ever left out again (section 5.5.10): what is not at work any more is withdrawn.
/// A new one counts since its certificate began, unless its key is in the list under another kind already: what a CA becomes, it
/// was not before. A certificate that cannot be read is no service.
pub fn compose(
    previous: Option<&TrustedList>,
    organisation: Organisation,
    live: &[LiveService],
    now: OffsetDateTime,
) -> Provider {
    let now = whole_seconds(now);
    let mut services: Vec<Service> =
        previous.into_iter().flat_map(|list| list.services().map(|(_, service)| service.clone())).collect();
    let mut known: BTreeSet<Key> =
        services.iter().map(|service| key(&service.kind, &service.identity)).collect();
    let live: Vec<(Key, &LiveService)> = live.iter().map(|live| (key_of(live), live)).collect();
    let mut at_work: BTreeMap<&Key, &LiveService> = BTreeMap::new();
    for (key, live) in &live {
        at_work.entry(key).or_insert(live);
    }
    for service in &mut services {
        match at_work.get(&key(&service.kind, &service.identity)) {
            Some(live) => follow(service, live, now),
            None => change(service, Status::withdrawn(), now),
        }
    }
    for (key, found) in &live {
        if !known.contains(key)
            && let Some(begun) = begin(found, &services, now)
        {
            known.insert(key.clone());
            services.push(begun);
        }
    }
    Provider { organisation, services }
}

/// What a service is known by: its kind, and the SubjectPublicKeyInfo, DER, which is read once for each.
type Key = (ServiceKind, Vec<u8>);

fn key(kind: &ServiceKind, identity: &Identity) -> Key {
    (kind.clone(), identity.public_key_info())
}

fn key_of(live: &LiveService) -> Key {
    let certificates = vec![CertificateDer(live.certificate.clone())];
    key(&live.kind, &Identity { certificates, ..Identity::default() })
}

fn follow(service: &mut Service, live: &LiveService, now: OffsetDateTime) {
    match live.withdrawn {
        Some(since) => change(service, Status::withdrawn(), since.min(now)),
        None => change(service, Status::granted(), now),
    }
    service.name.clone_from(&live.name);
    service.supply_points.clone_from(&live.supply_points);
    service.information = live.purposes.iter().map(|purpose| purpose.identifier()).collect();
    // The newest certificate of the key, with what it says; its names may differ.
    if let Some(identity) = Identity::of(&live.certificate) {
        service.identity = identity;
    }
}

/// Goes over to a state, no earlier than the one before began.
fn change(service: &mut Service, status: Status, since: OffsetDateTime) {
    if service.status == status {
        return;
    }
    service.history.insert(0, service.as_past());
    service.since = since.max(service.since);
    service.status = status;
}

fn begin(live: &LiveService, known: &[Service], now: OffsetDateTime) -> Option<Service> {
    let identity = Identity::of(&live.certificate)?;
    let (_, certificate) = X509Certificate::from_der(&live.certificate).ok()?;
    let began = whole_seconds(certificate.validity().not_before.to_datetime()).min(now);
    let key = identity.public_key_info();
    let became = known
        .iter()
        .any(|other| other.identity.public_key_info() == key && replaces(&live.kind, &other.kind));
    let mut service = Service {
        kind: live.kind.clone(),
        name: live.name.clone(),
        identity,
        status: Status::granted(),
        since: if became { now } else { began },
        supply_points: live.supply_points.clone(),
        information: live.purposes.iter().map(|purpose| purpose.identifier()).collect(),
        not_understood: Vec::new(),
        history: Vec::new(),
    };
    if let Some(since) = live.withdrawn {
        change(&mut service, Status::withdrawn(), since.min(now));
    }
    Some(service)
}

/// Whether a service of one kind was of the other before: both issue, both answer, or both stamp.
fn replaces(kind: &ServiceKind, other: &ServiceKind) -> bool {
    let family = |kind: &ServiceKind| match kind.short() {
        "Certstatus/OCSP" | "Certstatus/OCSP/QC" => 1,
        "TSA" | "TSA/QTST" => 2,
        _ => 0,
    };
    kind != other && family(kind) == family(other)
}
