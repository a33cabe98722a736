//! Problems as one line of plain text: those who read them look at a fetch log, not at JSON.

use axum::http::{Method, StatusCode, Uri, header};
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
