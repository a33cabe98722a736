//! Identities over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::evidence::AssuranceView;
use super::further::FurtherView;
use super::input::{Asked, At, Body, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use crate::duplicates::NotTheSame;
use crate::id::IdentityKind;
use crate::identity::{Details, FieldError, Identity, NewIdentity, Owner};
use crate::import::NamedOwner;
use crate::life::Cause;
use crate::permission::{EraseIdentities, ReadRegistry, RegisterIdentities};

/// An identity to be entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum IdentityEntered {
    /// A legal person.
    Organisation {
        /// Name as in its founding act or register.
        legal_name: String,
        /// ETSI EN 319 412-1 section 5.1.4: `GO:LS-RSL`, `NTRLS-10023`.
        identifier: String,
        /// Where it sits.
        locality: Option<String>,
        /// What else is known.
        #[serde(default)]
        further: FurtherView,
    },
    /// A natural person.
    Person {
        /// Family name.
        surname: String,
        /// Given names.
        given_name: String,
        /// ETSI EN 319 412-1 section 5.1.3: `PNOLS-012345678901`.
        identifier: String,
        /// What else is known.
        #[serde(default)]
        further: FurtherView,
        /// Persons whom this one resembles, as the refusal (E-ID-030) named them, and is not the same as.
        #[serde(default)]
        not_the_same_as: Vec<String>,
        /// How that is known. It stays in the ledger for good: no personal data.
        reason: Option<String>,
    },
    /// A machine.
    Device {
        /// The organisation that owns it.
        organisation: String,
        /// The person who answers for it.
        sponsor: String,
        /// The owner's name for it.
        asset_tag: String,
        /// Hardware type and serial number, `OID/HEX` (RFC 4108 section 5).
        hardware_module: Option<String>,
        /// What else is known.
        #[serde(default)]
        further: FurtherView,
    },
    /// A program.
    Application {
        /// The organisation that owns it.
        organisation: String,
        /// The person who answers for it.
        sponsor: String,
        /// Its name.
        name: String,
        /// Where it runs: `production`, `test`.
        environment: String,
        /// DNS names it may use.
        #[serde(default)]
        dns_names: Vec<String>,
        /// What else is known.
        #[serde(default)]
        further: FurtherView,
    },
    /// A program that acts by itself on its owner's behalf.
    Agent {
        /// The organisation that it acts for.
        organisation: String,
        /// The person who answers for it.
        sponsor: String,
        /// Its name.
        name: String,
        /// Its version, or the model that decides for it.
        version: String,
        /// What it is there for, and may do.
        purpose: String,
        /// DNS names it may use.
        #[serde(default)]
        dns_names: Vec<String>,
        /// What else is known.
        #[serde(default)]
        further: FurtherView,
    },
}

impl IdentityEntered {
    /// As entered, and whom a person is not the same as; owner and sponsor are named as they were written.
    pub(super) fn into_domain(self) -> Result<(NewIdentity<NamedOwner>, NotTheSame), FieldError> {
        let said = match &self {
            Self::Person { not_the_same_as, reason, .. } => {
                NotTheSame::entered(not_the_same_as, reason.as_deref())?
            }
            _ => NotTheSame::default(),
        };
        let entered = match self {
            Self::Organisation { legal_name, identifier, locality, further } => {
                NewIdentity::Organisation { legal_name, identifier, locality, further: further.into() }
            }
            Self::Person { surname, given_name, identifier, further, .. } => {
                NewIdentity::Person { surname, given_name, identifier, further: further.into() }
            }
            Self::Device { organisation, sponsor, asset_tag, hardware_module, further } => {
                let owner = NamedOwner { organisation, sponsor };
                NewIdentity::Device { owner, asset_tag, hardware_module, further: further.into() }
            }
            Self::Application { organisation, sponsor, name, environment, dns_names, further } => {
                NewIdentity::Application {
                    owner: NamedOwner { organisation, sponsor },
                    name,
                    environment,
                    dns_names,
                    further: further.into(),
                }
            }
            Self::Agent { organisation, sponsor, name, version, purpose, dns_names, further } => {
                let owner = NamedOwner { organisation, sponsor };
                NewIdentity::Agent { owner, name, version, purpose, dns_names, further: further.into() }
            }
        };
        Ok((entered, said))
    }
}

fn by_identifier(named: NamedOwner) -> Result<Owner, Problem> {
    Ok(Owner { organisation: named.organisation.parse()?, sponsor: named.sponsor.parse()? })
}

/// An identity. Which fields there are depends on its kind.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Identity)]
pub(super) struct IdentityView {
    /// Its identifier.
    id: String,
    /// `person`, `organisation`, `device`, `application` or `agent`.
    kind: &'static str,
    /// `active`, `suspended` or `closed`.
    status: &'static str,
    /// Why it is not active: `requested`, `investigation`, `death-reported`, `owner-suspended`, `sponsor-gone`; `deceased`,
    /// `emigrated`, `dissolved`, `retired`, `owner-closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    /// Since when it is not active.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<OffsetDateTime>,
    /// Which kinds of sources have said that the person has died.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reported_by: Vec<&'static str>,
    /// Its sponsor has gone: until when a successor must be named.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    orphaned_until: Option<OffsetDateTime>,
    /// Since when a token of it is lost.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    token_lost_since: Option<OffsetDateTime>,
    /// What a guardian decides for the person: `assistance`, `signatures` or `everything`.
    #[serde(skip_serializing_if = "Option::is_none")]
    under_guardianship: Option<&'static str>,
    /// When what is known of it was changed last.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    changed_at: Option<OffsetDateTime>,
    /// Until when certificates that say what was known before are to be replaced.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    replace_until: Option<OffsetDateTime>,
    /// When it was entered.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = String, format = DateTime)]
    registered_at: Option<OffsetDateTime>,
    /// The officer who entered it.
    registered_by: String,
    /// Whether it was erased: then nothing else is known of it any more.
    erased: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hardware_module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_names: Option<Vec<String>>,
    /// What else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    further: Option<FurtherView>,
    /// How surely it is proven, where evidence was entered; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<AssuranceView>,
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        let record = identity.record;
        let view = Self {
            id: record.id.to_string(),
            kind: record.id.kind().name(),
            status: record.status.name(),
            cause: record.cause().map(Cause::name),
            since: record.standing.as_ref().map(|standing| standing.since),
            reported_by: record
                .standing
                .iter()
                .flat_map(|standing| &standing.signals)
                .map(|signal| signal.source.name())
                .collect(),
            orphaned_until: record.orphaned_until,
            token_lost_since: record.lost_token.as_ref().map(|lost| lost.since),
            under_guardianship: record.guardianship.as_ref().map(|guardianship| guardianship.reach.name()),
            changed_at: record.changed_at,
            replace_until: record.replace_until,
            registered_at: Some(record.registered_at),
            registered_by: record.registered_by.to_string(),
            organisation: record.owner.map(|owner| owner.organisation.to_string()),
            sponsor: record.owner.map(|owner| owner.sponsor.to_string()),
            erased: identity.details.is_none(),
            ..Self::default()
        };
        let Some(details) = identity.details else { return view };
        let further = details.further();
        let further = (!further.is_empty()).then(|| FurtherView::from(further.clone()));
        let view = Self { further, ..view };
        match details {
            Details::Person { surname, given_name, identifier, .. } => Self {
                surname: Some(surname),
                given_name: Some(given_name),
                identifier: Some(identifier),
                ..view
            },
            Details::Organisation { legal_name, identifier, locality, .. } => {
                Self { legal_name: Some(legal_name), identifier: Some(identifier), locality, ..view }
            }
            Details::Device { asset_tag, hardware_module, .. } => {
                Self { asset_tag: Some(asset_tag), hardware_module, ..view }
            }
            Details::Application { name, environment, dns_names, .. } => {
                Self { name: Some(name), environment: Some(environment), dns_names: Some(dns_names), ..view }
            }
            Details::Agent { name, version, purpose, dns_names, .. } => Self {
                name: Some(name),
                version: Some(version),
                purpose: Some(purpose),
                dns_names: Some(dns_names),
                ..view
            },
        }
    }
}

/// Enters an identity. A person who may be registered already is refused with those whom it resembles (E-ID-030), and entered
/// when the same is sent again with `not_the_same_as` and a reason.
#[utoipa::path(post, path = "/v1/identities", tag = "identities", operation_id = "register_identity",
    request_body = IdentityEntered, responses((status = 201, body = IdentityView)))]
pub(super) async fn register(
    State(registry): Service,
    who: Authorised<RegisterIdentities>,
    Body(entered): Body<IdentityEntered>,
) -> Result<(StatusCode, Json<IdentityView>), Problem> {
    let (entered, said) = entered.into_domain()?;
    let entered = entered.owned_by(by_identifier)?;
    let register =
        move |registry: &crate::Registry| Ok(registry.register_distinct(&who.permit, entered, &said)?);
    let identity = blocking(&registry, register).await?;
    Ok((StatusCode::CREATED, Json(identity.into())))
}

/// Which identities to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct IdentitiesAsked {
    /// Those of this kind only.
    kind: Option<String>,
    /// Begin after this identity.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of identities.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IdentityList {
    items: Vec<IdentityView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Identities, in the order of their identifiers. Each person shown is a look at that person's record in the ledger.
#[utoipa::path(get, path = "/v1/identities", tag = "identities", operation_id = "list_identities",
    params(IdentitiesAsked), responses((status = 200, body = IdentityList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    Asked(asked): Asked<IdentitiesAsked>,
) -> Result<Json<IdentityList>, Problem> {
    let kind = parameter::<IdentityKind>("kind", asked.kind.as_deref())?;
    let after = parameter("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let read = move |registry: &crate::Registry| Ok(registry.identities(&who.permit, kind, after, size)?);
    let page = blocking(&registry, read).await?;
    let next = page.next.map(|id| id.to_string());
    Ok(Json(IdentityList { items: page.items.into_iter().map(IdentityView::from).collect(), next }))
}

/// One identity. A look at a person's record is in the ledger before the answer leaves.
#[utoipa::path(get, path = "/v1/identities/{id}", tag = "identities", operation_id = "show_identity",
    params(("id" = String, Path, description = "The identity")), responses((status = 200, body = IdentityView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<IdentityView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &crate::Registry| {
        let identity = registry.identity(&who.permit, id)?;
        let proven = registry.proven(id, None)?;
        let assurance = (!proven.items.is_empty()).then(|| proven.carried.into());
        Ok(IdentityView { assurance, ..identity.into() })
    };
    Ok(Json(blocking(&registry, read).await?))
}

/// An erasure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Erase {
    /// Why. It stays for good: no personal data.
    reason: String,
}

/// Erases an identity: nothing personal of it can be read any more, by nobody. It cannot be undone.
#[utoipa::path(post, path = "/v1/identities/{id}/erasure", tag = "identities", operation_id = "erase_identity",
    params(("id" = String, Path, description = "The identity")), request_body = Erase,
    responses((status = 200, body = IdentityView)))]
pub(super) async fn erase(
    State(registry): Service,
    who: Authorised<EraseIdentities>,
    (At(id), Body(erase)): (At, Body<Erase>),
) -> Result<Json<IdentityView>, Problem> {
    let id = id.parse()?;
    let act =
        move |registry: &crate::Registry| Ok(registry.erase_identity(&who.permit, id, &erase.reason)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}
