//! What endpoints without JSON share. Problems are one line of plain text: those who read them look at a fetch log.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A status and a line that says what to do about it.
pub(super) fn problem(status: StatusCode, line: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        // Mistakes are mended: no cache should keep telling of them.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, format!("{line}\n")).into_response()
}

/// The type of a request's body, its parameters aside; nothing where there is none.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

/// Whether a request's body is of this type. RFC 9110 section 8.3.1: types are compared without regard to case,
/// parameters aside.
pub(super) fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    media_type(headers).eq_ignore_ascii_case(wanted)
}

/// Our fault: says nothing of what is behind it.
pub(super) fn unavailable() -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "This cannot be read at present. Try again in a minute.")
}

pub(super) async fn no_such_page(uri: Uri) -> Response {
    // RFC 5019 section 5 puts base64 straight into the path; such a path is not repeated back at length.
    let path: String = uri.path().chars().take(60).collect();
    problem(
        StatusCode::NOT_FOUND,
        &format!(
            "Nothing is published at {path}. There are /ocsp, /crl/NAME.crl, /ca/NAME.cer and /ledger/checkpoint."
        ),
    )
}

pub(super) async fn no_such_method(method: Method) -> Response {
    let method: String = method.as_str().chars().take(20).collect();
    problem(StatusCode::METHOD_NOT_ALLOWED, &format!("{method} is not possible here."))
}
