//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019 sections 5 and 6).

use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT;
use percent_encoding::percent_decode_str;

use super::caching::Validators;
use super::{Answering, blocking, plain};
use crate::metrics::Origin;
use crate::ocsp::{Answer, Heard};

/// The longest path that is read, in octets. RFC 5019 section 5 has clients GET up to 255; a few CertIDs with
/// SHA-256 and a nonce fit into this many.
const MAX_PATH: usize = 4096;

const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: &str = "application/ocsp-response";

/// The addresses of OCSP.
pub(super) fn routes(state: Answering) -> Router {
    Router::new()
        // Some clients append a slash to the address in the certificate before they POST.
        .route("/ocsp", post(by_post))
        .route("/ocsp/", post(by_post).get(empty_get))
        .route("/ocsp/{*base64}", get(by_get))
        .with_state(state)
}

async fn by_post(
    State(state): State<Answering>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !plain::is_of_type(&headers, REQUEST_TYPE) {
        return plain::problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "An OCSP request has the content type application/ocsp-request.",
        );
    }
    let request = match body {
        Ok(request) => request,
        Err(rejection) => return unreadable_body(&rejection),
    };
    // RFC 9111 section 4.2.1: what a POST is answered with is for its sender alone unless it says otherwise.
    uncacheable(respond(&state, "POST", &request).await)
}

async fn by_get(
    State(state): State<Answering>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    if uri.path().len() > MAX_PATH {
        return plain::problem(StatusCode::URI_TOO_LONG, "This is too long for GET: use POST.");
    }
    // The client speaks OCSP: it is told in OCSP that its request cannot be read.
    let Some(request) = asked(uri.path()) else {
        return uncacheable(Answer::malformed_request());
    };
    let answer = respond(&state, "GET", &request).await;
    given(&state, answer, &headers)
}

/// The answer to a GET of this path, if it is kept.
pub(super) fn kept(state: &Answering, path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.len() > MAX_PATH {
        return None;
    }
    let Heard::Answered(answer) = state.responders.hear(&asked(path)?) else { return None };
    answer.freshness()?;
    state.metrics.answered("GET", &answer, Origin::AtHand);
    Some(given(state, answer, headers))
}

/// An answer as caches may keep it, or word that the client has it.
fn given(state: &Answering, answer: Answer, headers: &HeaderMap) -> Response {
    let Some(freshness) = answer.freshness() else { return uncacheable(answer) };
    let validators = Validators::of_digest(answer.sha256())
        .modified(freshness.this_update)
        .expiring(state.clock.now(), freshness.next_update);
    // By the digest alone. Two answers may be of one second, and the certificate revoked between them: by the date, whoever
    // has the first would be told that nothing has changed (RFC 9110 section 8.8.2.2).
    if headers.contains_key(header::IF_NONE_MATCH)
        && let Some(held) = validators.not_modified(headers, RESPONSE_TYPE)
    {
        return held;
    }
    let mut response = body(answer).into_response();
    // Not one by one: each would be looked for first.
    *response.headers_mut() = validators.headers(RESPONSE_TYPE);
    response
}

/// GET without a request.
async fn empty_get() -> Response {
    uncacheable(Answer::malformed_request())
}

/// What is kept is given at once, and what is in memory is signed at once; what waits for a store or a key waits elsewhere.
async fn respond(state: &Answering, method: &'static str, request: &[u8]) -> Answer {
    let (answer, origin) = match state.responders.hear(request) {
        Heard::Answered(answer) => (answer, Origin::AtHand),
        Heard::ToSign(unsigned) => {
            let begun = Instant::now();
            let answer = match unsigned.answer_at_once() {
                Some(answer) => answer,
                None => blocking(move || unsigned.answer()).await.unwrap_or_else(Answer::internal_error),
            };
            (answer, Origin::Signed(begun.elapsed()))
        }
    };
    state.metrics.answered(method, &answer, origin);
    answer
}

/// The octets as they are kept, not copied.
fn body(answer: Answer) -> Bytes {
    Bytes::from_owner(answer)
}

/// RFC 6960 appendix A.1: whatever the OCSP status, HTTP itself went well.
fn uncacheable(answer: Answer) -> Response {
    let headers = [(header::CONTENT_TYPE, RESPONSE_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, body(answer)).into_response()
}

fn unreadable_body(rejection: &BytesRejection) -> Response {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            plain::problem(StatusCode::PAYLOAD_TOO_LARGE, "An OCSP request has at most 64 KiB.")
        }
        // The connection broke within the body.
        _ => plain::problem(StatusCode::BAD_REQUEST, "The request's body could not be read."),
    }
}

/// The request in a path.
fn asked(path: &str) -> Option<Vec<u8>> {
    decode(&percent_decode_str(path.strip_prefix("/ocsp/")?).decode_utf8().ok()?)
}

/// Reads the base64 of a path whose percent-encoding is undone.
///
/// RFC 6960 appendix A.1 asks for standard base64, percent-encoded. In the wild there are also: `/`, `+` and `=`
/// left as they are, a doubled slash before the request, the URL-safe alphabet, padding left out. None of them can be
/// mistaken for another: an OCSPRequest begins with 30, its base64 with `M`.
fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_start_matches('/').bytes();
    let standard: Vec<u8> = letters
        .map(|letter| match letter {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    STANDARD_PAD_INDIFFERENT.decode(standard).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::decode;

    proptest! {
        #[test]
        fn every_spelling_of_base64_in_the_wild_is_read(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            let mut request = vec![0x30];
            request.extend(bytes);
            let standard = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &request);
            let unpadded = standard.trim_end_matches('=').to_owned();
            let url_safe = standard.replace('+', "-").replace('/', "_");
            for spelling in [&standard, &unpadded, &url_safe, &format!("/{standard}")] {
                prop_assert_eq!(decode(spelling), Some(request.clone()));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,300}") {
            let _ = decode(&text);
        }
    }
}
