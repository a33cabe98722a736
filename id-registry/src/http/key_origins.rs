//! Where keys live, over HTTP.

use axum::Json;
use axum::extract::State;
use ca_core::blocked_keys::SpkiDigest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::certificates::serial_number;
use super::input::Body;
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::key_origin::{Entered, KeyOrigin, KnownOrigin, OriginEntry, OriginKind, Owning, StatedOrigin};
use crate::permission::StateKeyOrigins;

/// Where a key lives. None of it says anything about a person: a batch, never the number of one card.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyOrigin)]
pub(super) struct OriginView {
    /// `software`, `tee`, `strongbox`, `smart-card` or `hsm`.
    #[schema(value_type = String, example = "smart-card")]
    kind: OriginKind,
    /// The product: of a token its model, of a program its name and version; at most 64 characters.
    #[serde(default)]
    model: Option<String>,
    /// The batch it was made or delivered in.
    #[serde(default)]
    batch: Option<String>,
    /// Its firmware.
    #[serde(default)]
    firmware: Option<String>,
}

impl OriginView {
    pub(super) fn of(origin: &KeyOrigin) -> Self {
        let text = |name: &Option<crate::key_origin::MakersName>| name.as_ref().map(ToString::to_string);
        Self {
            kind: origin.kind,
            model: text(&origin.model),
            batch: text(&origin.batch),
            firmware: text(&origin.firmware),
        }
    }

    pub(super) fn stated(&self) -> StatedOrigin<'_> {
        StatedOrigin {
            kind: self.kind,
            model: self.model.as_deref(),
            batch: self.batch.as_deref(),
            firmware: self.firmware.as_deref(),
        }
    }
}

/// Where a key lives, and from where that is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnownKeyOrigin)]
pub(super) struct KnownOriginView {
    #[serde(flatten)]
    origin: OriginView,
    /// The request it was stated with; null where it was entered from a list.
    request: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Who stated it.
    by: String,
}

impl From<KnownOrigin> for KnownOriginView {
    fn from(known: KnownOrigin) -> Self {
        Self {
            origin: OriginView::of(&known.origin),
            request: known.request.map(|request| request.to_string()),
            at: known.at,
            by: known.by.0,
        }
    }
}

/// Origins of keys, from a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnterOrigins {
    /// 1 to 500 of them.
    entries: Vec<OriginGiven>,
    /// Where the list is from. It stays for good: no personal data.
    source: String,
}

/// The origin of one key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OriginGiven {
    /// A certificate that holds the key, by its serial number; or `key`.
    serial: Option<String>,
    /// The SHA-256 of the key's SubjectPublicKeyInfo.
    key: Option<String>,
    /// The origin.
    origin: OriginView,
}

/// What entering did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EnteredView {
    /// Keys whose origin was not known before.
    new: usize,
    /// Keys whose origin was known otherwise.
    changed: usize,
    /// Keys whose origin was known so.
    known: usize,
    /// Serial numbers that no certificate has: nothing was entered for these.
    unknown: Vec<String>,
}

impl From<Entered> for EnteredView {
    fn from(entered: Entered) -> Self {
        let Entered { new, changed, known, unknown } = entered;
        Self { new, changed, known, unknown: unknown.iter().map(ToString::to_string).collect() }
    }
}

/// Enters where keys live from a list: what is known by then is replaced. Entering the same again changes nothing.
#[utoipa::path(post, path = "/v1/key-origins", tag = "keys", operation_id = "enter_key_origins",
    request_body = EnterOrigins, responses((status = 200, body = EnteredView)))]
pub(super) async fn enter(
    State(registry): Service,
    who: Authorised<StateKeyOrigins>,
    Body(list): Body<EnterOrigins>,
) -> Result<Json<EnteredView>, Problem> {
    let entries = list.entries.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let act = move |registry: &crate::Registry| {
        Ok(registry.enter_key_origins(&who.permit, &entries, &list.source)?.into())
    };
    Ok(Json(blocking(&registry, act).await?))
}

fn entry(given: &OriginGiven) -> Result<OriginEntry, Problem> {
    let of = match (&given.serial, &given.key) {
        (Some(serial), None) => Owning::Certificate(serial_number(serial)?),
        (None, Some(key)) => Owning::Key(
            key.parse::<SpkiDigest>()
                .map_err(|error| Problem::new(table::DIGEST_MALFORMED, error.to_string()))?,
        ),
        _ => {
            let detail = "an entry names either a certificate by its serial number, or a key";
            return Err(Problem::new(table::ORIGINS_UNFIT, detail));
        }
    };
    Ok(OriginEntry { of, origin: given.origin.stated().read()? })
}
