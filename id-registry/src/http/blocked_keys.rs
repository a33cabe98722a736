//! Blocked keys over HTTP.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::blocked_keys::{BlockReason, BlockedKey, KeyDigest, SpkiDigest};
use ca_core::certificate::CertificateRecord;
use ca_core::key_index::Place;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::certificates::CertificateView;
use super::input::{Asked, At, Body, page_size, parameter};
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::blocked_keys::Blocking;
use crate::page::PageSize;
use crate::permission::BlockKeys;
use crate::registry::Registry;

/// A key that gets no certificates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BlockedKey)]
pub(super) struct BlockedKeyView {
    /// SHA-256 of its SubjectPublicKeyInfo, hex; or the digest of Debian's lists of weak keys, 20 hex digits.
    digest: String,
    /// `compromised` or `weak`.
    reason: &'static str,
    /// Where that is known from.
    source: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Who blocked it.
    by: String,
}

impl BlockedKeyView {
    fn of(digest: KeyDigest, record: BlockedKey) -> Self {
        let BlockedKey { reason, source, at, by } = record;
        Self { digest: digest.to_string(), reason: reason.name(), source, at, by: by.0 }
    }
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageAsked {
    /// Begin after what the page before ended with.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of blocked keys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BlockedKeyList {
    items: Vec<BlockedKeyView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Blocked keys, in the order of their digests.
#[utoipa::path(get, path = "/v1/blocked-keys", tag = "keys", operation_id = "list_blocked_keys",
    params(PageAsked), responses((status = 200, body = BlockedKeyList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<BlockKeys>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<BlockedKeyList>, Problem> {
    let after = parameter::<KeyDigest>("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let page =
        blocking(&registry, move |registry| Ok(registry.blocked_keys(&who.permit, after.as_ref(), size)?))
            .await?;
    let items = page.items.into_iter().map(|(digest, record)| BlockedKeyView::of(digest, record)).collect();
    Ok(Json(BlockedKeyList { items, next: page.next.map(|digest| digest.to_string()) }))
}

/// A blocked key, and certificates that hold it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BlockedKeyDetail {
    #[serde(flatten)]
    key: BlockedKeyView,
    /// The first hundred certificates that hold it.
    certificates: Vec<CertificateView>,
}

/// One blocked key, with certificates that hold it.
#[utoipa::path(get, path = "/v1/blocked-keys/{digest}", tag = "keys", operation_id = "show_blocked_key",
    params(("digest" = String, Path, description = "The key's digest")),
    responses((status = 200, body = BlockedKeyDetail)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<BlockKeys>,
    At(digest): At,
) -> Result<Json<BlockedKeyDetail>, Problem> {
    let digest: KeyDigest = read(&digest)?;
    let detail = blocking(&registry, move |registry| {
        let (record, holders) = registry.blocked_key(&who.permit, &digest)?;
        Ok(BlockedKeyDetail {
            key: BlockedKeyView::of(digest, record),
            certificates: views(registry, holders)?,
        })
    });
    Ok(Json(detail.await?))
}

/// Keys to block.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    /// Digests of keys, 1 to 1000: SHA-256 of the SubjectPublicKeyInfo, hex or base64.
    keys: Vec<String>,
    /// `compromised` or `weak`.
    #[schema(value_type = String, example = "compromised")]
    reason: BlockReason,
    /// Where that is known from. It stays for good and applicants are told: no personal data.
    source: String,
    /// The names of CAs of the installation that are to issue nothing more, as their own key is among these.
    #[serde(default)]
    stops: Vec<String>,
}

/// What blocking did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BlockedView {
    /// How many keys were free before.
    blocked: usize,
    /// How many were blocked already.
    known: usize,
    /// Which of them certificates that count are for.
    in_use: Vec<String>,
    /// The CAs whose own key is among these: they issue nothing more.
    stopped: Vec<String>,
}

/// Blocks keys for all time: nobody gets a certificate for them. Blocking again changes nothing.
#[utoipa::path(post, path = "/v1/blocked-keys", tag = "keys", operation_id = "block_keys",
    request_body = Block, responses((status = 200, body = BlockedView)))]
pub(super) async fn block(
    State(registry): Service,
    who: Authorised<BlockKeys>,
    Body(block): Body<Block>,
) -> Result<Json<BlockedView>, Problem> {
    let digests = block.keys.iter().map(|key| read(key)).collect::<Result<Vec<KeyDigest>, _>>()?;
    let blocked = blocking(&registry, move |registry| {
        let Block { reason, source, stops, .. } = &block;
        let wish = Blocking { digests: &digests, reason: *reason, source, stops };
        Ok(registry.block_keys(&who.permit, &wish)?)
    });
    let blocked = blocked.await?;
    Ok(Json(BlockedView {
        blocked: blocked.blocked,
        known: blocked.known,
        in_use: blocked.in_use.iter().map(ToString::to_string).collect(),
        stopped: blocked.stopped.iter().map(ToString::to_string).collect(),
    }))
}

/// A revocation by key. It has no terms: an empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeByKey {}

/// How far the certificates of a key are revoked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevokedByKeyView {
    /// Those that were revoked now.
    revoked: Vec<CertificateView>,
    /// How many are left: ask again.
    left: usize,
    /// Those of CAs whose key is not at hand here, such as an offline root.
    elsewhere: Vec<CertificateView>,
}

/// Revokes the certificates of a blocked key, a hundred in each call: ask again while any are left.
#[utoipa::path(post, path = "/v1/blocked-keys/{digest}/revocation", tag = "keys",
    operation_id = "revoke_by_key",
    params(("digest" = String, Path, description = "SHA-256 of the key, hex")), request_body = RevokeByKey,
    responses((status = 200, body = RevokedByKeyView)))]
pub(super) async fn revoke(
    State(registry): Service,
    who: Authorised<BlockKeys>,
    (At(digest), Body(RevokeByKey {})): (At, Body<RevokeByKey>),
) -> Result<Json<RevokedByKeyView>, Problem> {
    let key: SpkiDigest = read(&digest)?;
    let view = blocking(&registry, move |registry| {
        let done = registry.revoke_by_key(&who.permit, &key, PageSize::default())?;
        Ok(RevokedByKeyView {
            revoked: views(registry, done.revoked)?,
            left: done.left,
            elsewhere: views(registry, done.elsewhere)?,
        })
    });
    Ok(Json(view.await?))
}

/// An RSA key and a certificate that holds it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RsaKeyView {
    /// SHA-256 of the key, hex.
    key_sha256: String,
    /// The CA that issued the certificate.
    issuer: String,
    /// The certificate's serial number, hex.
    serial: String,
    /// The key: base64 of its DER SubjectPublicKeyInfo.
    public_key: String,
}

/// A page of RSA keys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RsaKeyList {
    items: Vec<RsaKeyView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// RSA keys of all certificates ever issued, for a search for shared primes.
#[utoipa::path(get, path = "/v1/rsa-keys", tag = "keys", operation_id = "list_rsa_keys",
    params(PageAsked), responses((status = 200, body = RsaKeyList)))]
pub(super) async fn rsa_keys(
    State(registry): Service,
    who: Authorised<BlockKeys>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<RsaKeyList>, Problem> {
    let after = parameter::<Place>("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let page =
        blocking(&registry, move |registry| Ok(registry.rsa_keys(&who.permit, after.as_ref(), size)?))
            .await?;
    let items = page.items.into_iter().map(|holder| RsaKeyView {
        key_sha256: holder.key.to_string(),
        issuer: holder.issuer.to_string(),
        serial: holder.serial.to_string(),
        public_key: STANDARD.encode(holder.public_key_info),
    });
    Ok(Json(RsaKeyList { items: items.collect(), next: page.next.map(|place| place.to_string()) }))
}

fn views(registry: &Registry, records: Vec<CertificateRecord>) -> Result<Vec<CertificateView>, Problem> {
    records.into_iter().map(|record| CertificateView::of(registry, record)).collect()
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| {
        let shown: String = text.chars().take(80).collect();
        Problem::new(table::DIGEST_MALFORMED, format!("{shown:?}: {error}"))
    })
}
