//! The CAs of the installation, as its staff sees them.

use axum::Json;
use axum::extract::State;
use ca_core::authorities::PlacedAuthority;
use ca_core::authority::absent::{AbsentAuthority, TakenCrl, Taking};
use ca_core::authority::{link, retire};
use ca_core::certificate::CaId;
use ca_core::crl::{self, CrlName, Freshness, StoredCrl};
use ca_core::fingerprint::fingerprint;
use ca_core::profile_book::Current;
use ca_core::status::Revocation;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::certificates::RevocationView;
use super::input::{At, Body};
use super::problem::{self as table, Problem};
use super::route::Service;
use super::{blocking, pem};
use crate::fault::Fault;
use crate::permission::{ManageCas, SignedIn};
use crate::registry::Registry;

/// The CAs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaList {
    items: Vec<CaView>,
}

/// A CA.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ca)]
struct CaView {
    /// Its name in this installation.
    id: String,
    /// Its subject.
    subject: String,
    /// The subject of the CA that certified it: its own for a root.
    issuer: String,
    /// How it signs.
    algorithm: String,
    /// `here`, or `elsewhere`: then it is offline, and what it makes is brought over in files.
    key: &'static str,
    /// SHA-256 of its certificate's DER, hex.
    sha256: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// Set when its own certificate is revoked or on hold: it issues nothing more.
    revocation: Option<RevocationView>,
    /// The profiles of end entities it issues under.
    issues: Vec<String>,
    /// Whether it issues at this time.
    issuing: bool,
    /// From when on it issues; null from the beginning.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    issues_from: Option<OffsetDateTime>,
    /// Until when it issues; null as long as what it issues ends before it does.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    issues_until: Option<OffsetDateTime>,
    /// Since when it issues nothing more, for good; null: it was not retired.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retired: Option<OffsetDateTime>,
    /// The number of its newest CRL; null before the first.
    crl_number: Option<u64>,
    /// When its next CRL is due at the latest.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    crl_next_update: Option<OffsetDateTime>,
    /// `fresh`, `ending` (less than a quarter of its life is left), `ended`, `last` (none comes after it) or `none`.
    crl_state: &'static str,
    /// Its certificate.
    pem: String,
    /// For a root: the certificates in which other roots vouch for it.
    links: Vec<LinkView>,
}

/// A certificate in which one root vouches for another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub(super) struct LinkView {
    /// The root that signed it.
    issuer: String,
    /// SHA-256 of its DER, hex.
    sha256: String,
    /// The certificate.
    pem: String,
}

/// The CAs of this installation, those whose keys are here first.
#[utoipa::path(get, path = "/v1/cas", tag = "session", operation_id = "list_cas",
    responses((status = 200, body = CaList)))]
pub(super) async fn list(
    State(registry): Service,
    _who: Authorised<SignedIn>,
    _nothing: (),
) -> Result<Json<CaList>, Problem> {
    let items = blocking(&registry, |registry| {
        let authorities = registry.authorities();
        let profiles = registry.profiles_in_force().map_err(Fault::from)?;
        let here = authorities.iter().map(|placed| of_placed(registry, placed, &profiles));
        here.chain(authorities.all_absent().map(|absent| of_absent(registry, absent))).collect()
    });
    Ok(Json(CaList { items: items.await? }))
}

fn of_placed(registry: &Registry, placed: &PlacedAuthority, profiles: &Current) -> Result<CaView, Problem> {
    let PlacedAuthority { authority, tenure, .. } = placed;
    let issues = registry.authorities().issued_by(placed, profiles);
    let crl = newest(registry, authority.id())?;
    let revocation = authority.revocation().map_err(Fault::from)?;
    Ok(CaView {
        id: authority.id().to_string(),
        subject: authority.subject(),
        issuer: authority.issued_by(),
        algorithm: authority.algorithm().to_string(),
        key: "here",
        sha256: fingerprint(authority.certificate()),
        not_after: authority.not_after(),
        issues: issues.iter().map(ToString::to_string).collect(),
        issuing: !issues.is_empty() && tenure.covers(registry.now()) && revocation.is_none(),
        revocation: revocation.as_ref().map(RevocationView::from),
        issues_from: tenure.from,
        issues_until: tenure.until,
        retired: retired(registry, authority.id())?,
        crl_state: state(registry, crl.as_ref()),
        crl_number: crl.as_ref().map(|crl| crl.number),
        crl_next_update: crl.map(|crl| crl.next_update),
        pem: pem::certificate(authority.certificate()),
        links: links(registry, authority.id())?,
    })
}

fn of_absent(registry: &Registry, absent: &AbsentAuthority) -> Result<CaView, Problem> {
    let crl = newest(registry, absent.id())?;
    let revocation: Option<Revocation> = absent.revocation().map_err(Fault::from)?;
    Ok(CaView {
        id: absent.id().to_string(),
        subject: absent.subject(),
        issuer: absent.issued_by(),
        algorithm: absent.key().map_or_else(|| "another".to_owned(), |key| key.to_string()),
        key: "elsewhere",
        sha256: fingerprint(absent.certificate()),
        not_after: absent.not_after(),
        issues: Vec::new(),
        issuing: false,
        revocation: revocation.as_ref().map(RevocationView::from),
        issues_from: None,
        issues_until: None,
        retired: retired(registry, absent.id())?,
        crl_state: state(registry, crl.as_ref()),
        crl_number: crl.as_ref().map(|crl| crl.number),
        crl_next_update: crl.map(|crl| crl.next_update),
        pem: pem::certificate(absent.certificate()),
        links: links(registry, absent.id())?,
    })
}

fn links(registry: &Registry, ca: &CaId) -> Result<Vec<LinkView>, Problem> {
    let found = link::links_of(registry.store(), ca).map_err(Fault::from)?;
    Ok(found.into_iter().map(|(issuer, der)| LinkView::of(&issuer, &der)).collect())
}

impl LinkView {
    fn of(issuer: &CaId, der: &[u8]) -> Self {
        Self { issuer: issuer.to_string(), sha256: fingerprint(der), pem: pem::certificate(der) }
    }
}

fn retired(registry: &Registry, ca: &CaId) -> Result<Option<OffsetDateTime>, Problem> {
    let retirement = retire::retirement(registry.store(), ca).map_err(Fault::from)?;
    Ok(retirement.map(|retirement| retirement.at))
}

fn newest(registry: &Registry, ca: &CaId) -> Result<Option<StoredCrl>, Problem> {
    Ok(crl::find(registry.store(), &CrlName::first(ca.clone())).map_err(Fault::from)?)
}

fn state(registry: &Registry, crl: Option<&StoredCrl>) -> &'static str {
    match crl.map(|crl| crl.freshness(registry.now())) {
        _ if crl.is_some_and(StoredCrl::is_last) => "last",
        None => "none",
        Some(Freshness::Fresh) => "fresh",
        Some(Freshness::Ending) => "ending",
        Some(Freshness::Ended) => "ended",
    }
}

/// A CRL that an offline CA made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstallCrl {
    /// The CRL, PEM (RFC 7468).
    pem: String,
}

/// A CRL that was taken over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InstalledCrl {
    /// The CA.
    ca: String,
    /// Whether it changed anything: false when it was the newest before.
    changed: bool,
    /// Its number.
    number: u64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    this_update: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    next_update: OffsetDateTime,
    /// How many certificates it lists.
    listed: usize,
    /// The serial numbers that were not listed before, hex.
    revoked: Vec<String>,
    /// The serial numbers that were on hold and are not any more, hex.
    released: Vec<String>,
    /// SHA-256 of its DER, hex.
    sha256: String,
}

impl InstalledCrl {
    fn of(ca: &CaId, taken: TakenCrl) -> Self {
        Self {
            ca: ca.to_string(),
            changed: taken.taking == Taking::Installed,
            number: taken.number,
            this_update: taken.this_update,
            next_update: taken.next_update,
            listed: taken.listed,
            revoked: taken.revoked.iter().map(ToString::to_string).collect(),
            released: taken.released.iter().map(ToString::to_string).collect(),
            sha256: taken.sha256,
        }
    }
}

/// Takes over a CRL of a CA whose key is elsewhere. It is published from now on, and a CA that it lists stops issuing.
#[utoipa::path(post, path = "/v1/cas/{id}/crl", tag = "cas", operation_id = "install_crl",
    params(("id" = String, Path, description = "The CA")), request_body = InstallCrl,
    responses((status = 200, body = InstalledCrl)))]
pub(super) async fn install_crl(
    State(registry): Service,
    who: Authorised<ManageCas>,
    (At(id), Body(install)): (At, Body<InstallCrl>),
) -> Result<Json<InstalledCrl>, Problem> {
    let ca = ca_named(&id)?;
    let der = pem::contents(&install.pem, "X509 CRL")
        .ok_or_else(|| Problem::new(table::CRL_REFUSED, "it is no PEM block X509 CRL"))?;
    let act = move |registry: &Registry| {
        let taken = registry.install_crl(&who.permit, &ca, &der)?;
        Ok(InstalledCrl::of(&ca, taken))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// A link certificate that a root made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstallLink {
    /// The certificate, PEM (RFC 7468).
    pem: String,
}

/// A link certificate that was taken into use.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InstalledLink {
    /// The root that it is about.
    subject: String,
    /// The root that vouches for it.
    issuer: String,
    /// Whether it changed anything: false when it was in use before.
    changed: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// SHA-256 of its DER, hex.
    sha256: String,
}

/// Takes a certificate into use in which one root of this installation vouches for another. It is published at once.
#[utoipa::path(post, path = "/v1/cas/links", tag = "cas", operation_id = "install_link",
    request_body = InstallLink, responses((status = 200, body = InstalledLink)))]
pub(super) async fn install_link(
    State(registry): Service,
    who: Authorised<ManageCas>,
    Body(install): Body<InstallLink>,
) -> Result<Json<InstalledLink>, Problem> {
    let der = pem::contents(&install.pem, "CERTIFICATE")
        .ok_or_else(|| Problem::new(table::LINK_REFUSED, "it is no PEM block CERTIFICATE"))?;
    let act = move |registry: &Registry| {
        let (link, changed) = registry.install_link(&who.permit, &der)?;
        Ok(InstalledLink {
            subject: link.subject.to_string(),
            issuer: link.issuer.to_string(),
            changed,
            not_after: link.not_after,
            sha256: fingerprint(&link.der),
        })
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// A name that no CA can have is no CA's.
fn ca_named(id: &str) -> Result<CaId, Problem> {
    let shown: String = id.chars().take(40).collect();
    CaId::new(id).map_err(|_| Problem::new(table::UNKNOWN_CA, format!("no CA is called {shown:?}")))
}
