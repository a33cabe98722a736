//! What callers send: bodies, parameters and headers, each refused with a problem.

use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::problem::{self as table, Problem};
use crate::enrolment::IdempotencyKey;
use crate::page::PageSize;

/// The most octets of a body: the largest certification request and room for names.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// A JSON body, read whole into its type; nothing it does not know is overlooked.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        demand_json(request.headers())?;
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|error| cut(&error))?;
        read_object(&bytes).map(Self)
    }
}

/// Syntax first, so that a broken message is not mistaken for one of the wrong form; then an object and nothing else,
/// as serde would also take a list for one.
fn read_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
        .map_err(|error| Problem::new(table::JSON_BROKEN, error.to_string()))?;
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(table::JSON_UNFIT, "the message is not a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        if error.to_string().contains("hex escape") { half_a_character(bytes, &error) } else { unfit(&error) }
    })
}

/// RFC 8259 section 8.2: a text with half a surrogate pair is no text. Which field has it is told.
fn half_a_character(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let line = bytes.split(|octet| *octet == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let read = String::from_utf8_lossy(line.get(..error.column().min(line.len())).unwrap_or_default());
    let field = read.rsplit_once("\":").or_else(|| read.rsplit_once("\" :"));
    let field = field.and_then(|(before, _)| before.rsplit_once('"')).map_or("a text", |(_, field)| field);
    let field: String = field.chars().take(40).collect();
    Problem::new(table::FIELD_UNFIT, format!("{field}: it has half a character (a lone surrogate) in it"))
        .fix(format!("{field}: send whole characters, in UTF-8 or as pairs of surrogates"))
}

fn demand_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let given: String = given.chars().take(80).collect();
    Err(Problem::new(table::NOT_JSON, format!("the Content-Type is {given:?}")))
}

fn cut(error: &BytesRejection) -> Problem {
    match error {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => too_large(),
        error if error.status() == StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(table::BODY_CUT, "the connection ended within the message"),
    }
}

/// Refuses a body that announces more than is read, in a way that its sender hears: who asked first (`Expect:
/// 100-continue`, RFC 9110 section 10.1.1) is answered before sending, and of all others a bounded part is thrown away
/// before the answer, as many clients do not listen while they send.
pub(super) async fn refuse_announced_excess(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let octets =
        announced.and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if octets.is_none_or(|octets| octets <= MAX_BODY as u64) {
        return next.run(request).await;
    }
    if !request.headers().contains_key(header::EXPECT) {
        discard(request.into_body()).await;
    }
    too_large().into_response()
}

/// How much of a body that is too large is thrown away; the connection breaks off for those who send more.
const DISCARDED: usize = 16 * 1024 * 1024;

async fn discard(body: axum::body::Body) {
    let mut body = body;
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, axum::body::Bytes::len);
        if seen > DISCARDED {
            return;
        }
    }
}

fn too_large() -> Problem {
    Problem::new(table::TOO_LARGE, format!("at most {MAX_BODY} octets are read"))
}

fn unfit(error: &serde_json::Error) -> Problem {
    let text: String = error.to_string().chars().take(500).collect();
    let problem = Problem::new(table::JSON_UNFIT, text.clone());
    match nearest(&text) {
        Some(nearest) => {
            problem.fix(format!("did you mean {nearest:?}? see /openapi.json for the fields there are"))
        }
        None => problem,
    }
}

/// The most similar of the names that serde says it expected: "unknown field `surnam`, expected one of `kind`, …".
pub(super) fn nearest(text: &str) -> Option<&str> {
    if !text.starts_with("unknown ") {
        return None;
    }
    let mut quoted = text.split('`').skip(1).step_by(2);
    let asked = quoted.next()?;
    ca_core::profile::nearest(asked, quoted)
}

/// Parameters behind the question mark.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::new(table::QUERY_UNFIT, error.body_text())),
        }
    }
}

/// A moment among the parameters, RFC 3339.
pub(super) fn moment(name: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Problem> {
    let read = |text: &str| {
        OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Problem::new(table::QUERY_UNFIT, format!("{name}: write it as 2027-01-31T08:00:00Z"))
        })
    };
    text.map(read).transpose()
}

/// The variable segment of a path, as text.
#[derive(Debug)]
pub(super) struct At(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(error) => {
                let status = error.into_response().status();
                tracing::debug!(%status, "a path could not be read");
                Err(Problem::new(table::NO_ROUTE, "the address is not UTF-8"))
            }
        }
    }
}

/// Both variable segments of a path that has two, as text.
#[derive(Debug)]
pub(super) struct AtBoth(pub(super) String, pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for AtBoth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((first, second))) => Ok(Self(first, second)),
            Err(_) => Err(Problem::new(table::NO_ROUTE, "the address is not UTF-8")),
        }
    }
}

/// The Idempotency-Key header, where there is one.
#[derive(Debug)]
pub(super) struct OnceKey(pub(super) Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for OnceKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let unfit = |detail: String| Problem::new(table::HEADER_UNFIT, detail);
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = given.next() else { return Ok(Self(None)) };
        if given.next().is_some() {
            return Err(unfit("there is more than one Idempotency-Key".to_owned()));
        }
        let key = value.to_str().ok().map(IdempotencyKey::new);
        match key {
            Some(Ok(key)) => Ok(Self(Some(key))),
            Some(Err(error)) => Err(unfit(error.to_string())),
            None => Err(unfit(crate::enrolment::InvalidIdempotencyKey.to_string())),
        }
    }
}

/// Reads a parameter into its type; absence stays absence.
pub(super) fn parameter<T>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.map(|text| word(name, text)).transpose()
}

/// Reads a parameter, or a member of the message that is one of several words, into its type.
pub(super) fn word<T>(name: &str, text: &str) -> Result<T, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error: T::Err| Problem::new(table::QUERY_UNFIT, format!("{name}: {error}")))
}

/// Reads a page's size.
pub(super) fn page_size(limit: Option<usize>) -> Result<PageSize, Problem> {
    let unfit =
        |error: crate::page::InvalidPageSize| Problem::new(table::QUERY_UNFIT, format!("limit: {error}"));
    limit.map_or_else(|| Ok(PageSize::default()), |limit| PageSize::new(limit).map_err(unfit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_field_is_recognised() {
        let text = "unknown field `surnam`, expected one of `kind`, `surname`, `given_name` at line 1";
        assert_eq!(nearest(text), Some("surname"));
        assert_eq!(nearest("unknown field `qqqq`, expected `kind`"), None);
        assert_eq!(nearest("missing field `kind`"), None);
    }
}
