//! Entity tags (RFC 9110 section 8.8.3): who has an answer already is told so without being sent it again, which on a slow link
//! is most of the time of a program that follows a list. The look at a person is in the ledger all the same.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::{self as table, Problem};

/// Answers that are larger have no tag.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Gives what is read a tag, and answers 304 to whoever has it. Refuses conditions on changes.
pub(super) async fn tagged(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads {
        return match refused_condition(request.headers()) {
            Some(problem) => problem.into_response(),
            None => next.run(request).await,
        };
    }
    let held = request.headers().clone();
    let response = next.run(request).await;
    let small = response.body().size_hint().upper().is_some_and(|octets| octets <= LARGEST);
    if response.status() != StatusCode::OK || !small {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(content) = to_bytes(body, usize::MAX).await else {
        return super::internal().into_response();
    };
    let Ok(tag) = HeaderValue::try_from(tag_of(&content)) else {
        return Response::from_parts(parts, Body::from(content));
    };
    let is_held = is_held(&held, &tag);
    parts.headers.insert(header::ETAG, tag);
    if !is_held {
        return Response::from_parts(parts, Body::from(content));
    }
    // RFC 9110 section 15.4.5: nothing but what tells which answer is meant.
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

/// RFC 9110 section 13.1.1: a change whose condition does not hold is not made. Changes here have no state of their own that a
/// condition could be held against: decisions name what was shown. To ignore one would be to make what was not wanted.
fn refused_condition(headers: &HeaderMap) -> Option<Problem> {
    let conditions = [header::IF_MATCH, header::IF_UNMODIFIED_SINCE];
    let found = conditions.into_iter().find(|name| headers.contains_key(name))?;
    Some(Problem::new(table::CONDITION, format!("{found} was sent with a change")))
}

/// The octets decide, so it is a strong one. 132 bits of SHA-256.
fn tag_of(content: &[u8]) -> String {
    let digest = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, content));
    format!("\"{}\"", digest.get(..22).unwrap_or_default())
}

/// RFC 9110 section 13.1.2: compared as weak ones are, in a list, or any.
fn is_held(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let listed = |value: &HeaderValue| {
        let listed = value.to_str().unwrap_or_default().split(',').map(str::trim);
        listed
            .map(|held| held.strip_prefix("W/").unwrap_or(held))
            .any(|held| held == "*" || held.as_bytes() == tag.as_bytes())
    };
    headers.get_all(header::IF_NONE_MATCH).iter().any(listed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_any() {
        let tag = HeaderValue::try_from(tag_of(b"{}")).unwrap();
        let held = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, HeaderValue::try_from(*value).unwrap());
            }
            is_held(&headers, &tag)
        };
        let text = tag.to_str().unwrap();
        assert_eq!(text.len(), 24);
        for found in [text, "*", &format!("W/{text}"), &format!("\"other\", {text}")] {
            assert!(held(&[found]), "{found}");
        }
        assert!(held(&["\"other\"", text]));
        for other in ["", "\"other\"", text.trim_matches('"'), &text.to_lowercase()] {
            assert!(!held(&[other]), "{other}");
        }
        assert!(!held(&[]));
    }
}
