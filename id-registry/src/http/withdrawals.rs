//! Administrative revocations, and reviews of those that were not, over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::certificates::serial_number;
use super::input::{Asked, At, Body, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use crate::id::{IdentityId, WithdrawalId};
use crate::permission::{ReadRegistry, ReviewRevocations, WithdrawCertificates};
use crate::registry::Registry;
use crate::withdrawal::{Notice, Review, Told, Verdict, Withdrawal, Word};

/// An administrative revocation of a person's certificates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Withdrawal)]
pub(super) struct WithdrawalView {
    /// Its identifier.
    id: String,
    /// The person.
    identity: String,
    /// Serial numbers of the certificates, hex.
    certificates: Vec<String>,
    /// `noticed`, `upheld`, `appealed`, `dropped`, `undone` or `revoked`.
    stage: &'static str,
    /// Until when the holder may reply.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    reply_until: OffsetDateTime,
    /// Until when the holder may appeal, once it was upheld.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    appeal_until: Option<OffsetDateTime>,
    /// What was said, in its order.
    said: Vec<SaidView>,
}

/// A step of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Said)]
struct SaidView {
    /// `notice`, `reply`, `uphold`, `drop`, `appeal`, `grant`, `dismiss` or `expire`.
    word: &'static str,
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// What was written; null in lists, and when the identity was erased.
    text: Option<String>,
}

impl From<Told> for WithdrawalView {
    fn from(told: Told) -> Self {
        let Told { withdrawal, texts } = told;
        let said = withdrawal.said.iter().zip(texts);
        Self {
            id: withdrawal.id.to_string(),
            identity: withdrawal.identity.to_string(),
            certificates: withdrawal.certificates.iter().map(ToString::to_string).collect(),
            stage: withdrawal.stage.name(),
            reply_until: withdrawal.reply_until,
            appeal_until: withdrawal.appeal_until,
            said: said
                .map(|(said, text)| SaidView {
                    word: said.word.name(),
                    by: said.by.0.clone(),
                    at: said.at,
                    text,
                })
                .collect(),
        }
    }
}

impl From<Withdrawal> for WithdrawalView {
    fn from(withdrawal: Withdrawal) -> Self {
        let texts = vec![None; withdrawal.said.len()];
        Told { withdrawal, texts }.into()
    }
}

/// Notice to a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveNotice {
    /// The person.
    identity: String,
    /// Serial numbers of the certificates that are meant, hex; all that count when none is named.
    #[serde(default)]
    certificates: Vec<String>,
    /// Why, and by which law: the holder reads it. It is kept sealed with the identity.
    reason: String,
}

/// Gives a person notice that certificates are to be revoked. Nothing happens to them yet.
#[utoipa::path(post, path = "/v1/withdrawals", tag = "withdrawals", operation_id = "give_notice",
    request_body = GiveNotice, responses((status = 201, body = WithdrawalView)))]
pub(super) async fn give_notice(
    State(registry): Service,
    who: Authorised<WithdrawCertificates>,
    Body(asked): Body<GiveNotice>,
) -> Result<(StatusCode, Json<WithdrawalView>), Problem> {
    let identity = asked.identity.parse()?;
    let certificates = asked.certificates.iter().map(|one| serial_number(one)).collect::<Result<_, _>>()?;
    let act = move |registry: &Registry| {
        let notice = Notice { identity, certificates, reason: &asked.reason };
        Ok(registry.give_notice(&who.permit, &notice)?)
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// Which withdrawals to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WithdrawalsAsked {
    /// Those of this person only.
    identity: Option<String>,
    /// Open ones only.
    open: Option<bool>,
    /// Begin after this one.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of withdrawals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WithdrawalList {
    items: Vec<WithdrawalView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Withdrawals. No names are in them, and nothing that was written.
#[utoipa::path(get, path = "/v1/withdrawals", tag = "withdrawals", operation_id = "list_withdrawals",
    params(WithdrawalsAsked), responses((status = 200, body = WithdrawalList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    Asked(asked): Asked<WithdrawalsAsked>,
) -> Result<Json<WithdrawalList>, Problem> {
    let identity: Option<IdentityId> = parameter("identity", asked.identity.as_deref())?;
    let after: Option<WithdrawalId> = parameter("after", asked.after.as_deref())?;
    let (open, size) = (asked.open.unwrap_or(false), page_size(asked.limit)?);
    let read = move |registry: &Registry| {
        let page = registry.withdrawals(&who.permit, identity, open, after, size)?;
        let next = page.next.map(|id| id.to_string());
        Ok(WithdrawalList { items: page.items.into_iter().map(WithdrawalView::from).collect(), next })
    };
    Ok(Json(blocking(&registry, read).await?))
}

/// One withdrawal, with what was written. It is a look at the person's record.
#[utoipa::path(get, path = "/v1/withdrawals/{id}", tag = "withdrawals", operation_id = "show_withdrawal",
    params(("id" = String, Path, description = "The withdrawal")), responses((status = 200, body = WithdrawalView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<WithdrawalView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.withdrawal(&who.permit, id)?.into());
    Ok(Json(blocking(&registry, read).await?))
}

/// What is written in a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// What the holder said, or the grounds of a decision. It is kept sealed with the identity.
    text: String,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident $path:literal $operation:literal $word:ident;)+) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "withdrawals", operation_id = $operation,
            params(("id" = String, Path, description = "The withdrawal")), request_body = Written,
            responses((status = 200, body = WithdrawalView)))]
        pub(super) async fn $name(
            State(registry): Service,
            who: Authorised<WithdrawCertificates>,
            (At(id), Body(written)): (At, Body<Written>),
        ) -> Result<Json<WithdrawalView>, Problem> {
            let id = id.parse()?;
            let act = move |registry: &Registry| {
                Ok(registry.step_withdrawal(&who.permit, id, Word::$word, &written.text)?)
            };
            Ok(Json(blocking(&registry, act).await?.into()))
        }
    )+};
}

steps! {
    /// Writes down what the holder replied.
    reply "/v1/withdrawals/{id}/reply" "reply_to_notice" Reply;
    /// Upholds it, by another officer than the one who gave notice, once the holder was heard: the certificates are on hold.
    uphold "/v1/withdrawals/{id}/uphold" "uphold_withdrawal" Uphold;
    /// Drops it: nothing happens.
    drop_it "/v1/withdrawals/{id}/drop" "drop_withdrawal" Drop;
    /// Writes down the holder's appeal.
    appeal "/v1/withdrawals/{id}/appeal" "appeal_withdrawal" Appeal;
    /// Grants the appeal, by an officer who took part in neither: what was put on hold counts again.
    grant "/v1/withdrawals/{id}/grant" "grant_appeal" Grant;
    /// Dismisses the appeal, by an officer who took part in neither: the certificates are revoked.
    dismiss "/v1/withdrawals/{id}/dismiss" "dismiss_appeal" Dismiss;
}

/// A certificate of a person that staff revoked, or put on hold, at once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub(super) struct ReviewView {
    serial: String,
    identity: String,
    /// A CRL reason (RFC 5280 section 5.3.1).
    reason: String,
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// `confirmed` or `objected`; null while it is to be reviewed.
    verdict: Option<&'static str>,
    reviewed_by: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    reviewed_at: Option<OffsetDateTime>,
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        let reviewed = review.reviewed;
        Self {
            serial: review.serial.to_string(),
            identity: review.identity.to_string(),
            reason: review.reason.to_string(),
            by: review.by.0,
            at: review.at,
            verdict: reviewed.as_ref().map(|one| one.verdict.name()),
            reviewed_by: reviewed.as_ref().map(|one| one.by.0.clone()),
            reviewed_at: reviewed.map(|one| one.at),
        }
    }
}

/// Which reviews to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReviewsAsked {
    /// What is still to be reviewed only.
    open: Option<bool>,
    /// Begin after this serial number.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of reviews.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReviewList {
    items: Vec<ReviewView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// What staff revoked of persons at once, and what came of looking at it afterwards.
#[utoipa::path(get, path = "/v1/revocation-reviews", tag = "withdrawals", operation_id = "list_reviews",
    params(ReviewsAsked), responses((status = 200, body = ReviewList)))]
pub(super) async fn reviews(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    Asked(asked): Asked<ReviewsAsked>,
) -> Result<Json<ReviewList>, Problem> {
    let after = asked.after.as_deref().map(serial_number).transpose()?;
    let (open, size) = (asked.open.unwrap_or(false), page_size(asked.limit)?);
    let read = move |registry: &Registry| {
        let page = registry.reviews(&who.permit, open, after, size)?;
        let next = page.next.map(|serial| serial.to_string());
        Ok(ReviewList { items: page.items.into_iter().map(ReviewView::from).collect(), next })
    };
    Ok(Json(blocking(&registry, read).await?))
}

/// How a revocation was found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reviewing {
    /// `confirmed` or `objected`.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// Why. It stays in the ledger for good: no personal data.
    note: String,
}

/// Says how a revocation was found, by somebody else than whoever revoked.
#[utoipa::path(post, path = "/v1/revocation-reviews/{serial}", tag = "withdrawals", operation_id = "review_revocation",
    params(("serial" = String, Path, description = "The serial number, hex")), request_body = Reviewing,
    responses((status = 200, body = ReviewView)))]
pub(super) async fn review(
    State(registry): Service,
    who: Authorised<ReviewRevocations>,
    (At(serial), Body(asked)): (At, Body<Reviewing>),
) -> Result<Json<ReviewView>, Problem> {
    let serial = serial_number(&serial)?;
    let act =
        move |registry: &Registry| Ok(registry.review(&who.permit, &serial, asked.verdict, &asked.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}
