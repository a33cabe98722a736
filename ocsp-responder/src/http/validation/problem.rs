//! What validation refuses to look at, as it goes over the wire (RFC 9457), in one table. A verdict of no is no problem.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// Its stable code.
    pub code: &'static str,
    /// The HTTP status it goes out with.
    pub status: u16,
    /// What happened, in general.
    pub title: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// Whether the same call can succeed later.
    pub retryable: bool,
}

macro_rules! problems {
    ($($name:ident = $code:literal $status:literal $retryable:literal, $title:literal, $fix:literal;)+) => {
        $(#[doc = $title]
        pub(super) const $name: ProblemKind =
            ProblemKind { code: $code, status: $status, title: $title, fix: $fix, retryable: $retryable };)+
        static TABLE: &[ProblemKind] = &[$($name),+];
    };
}

problems! {
    NOT_JSON = "E-VAL-001" 415 false, "This takes JSON, or a certificate",
        "send Content-Type: application/json; a certificate can come as application/pkix-cert (DER) or application/x-pem-file, a document as application/pdf or as a container";
    UNFIT = "E-VAL-002" 422 false, "The question has another form",
        "see /v1/validation/openapi.json for the fields there are";
    NOT_BASE64 = "E-VAL-003" 422 false, "A field is neither base64 nor PEM",
        "encode the octets in base64 (RFC 4648 section 4), or send the PEM as it is";
    NO_CERTIFICATE = "E-VAL-004" 422 false, "A field holds no certificate",
        "send one X.509 certificate, DER in base64, or PEM";
    TOO_MANY = "E-VAL-005" 422 false, "There are more of a kind than are looked at",
        "leave out what the certificate does not need, or ask in several calls";
    CONTENT = "E-VAL-006" 422 false, "The signed content is needed, once",
        "send content (base64), or digest with its algorithm and value, and not both";
    OTHER_DIGEST = "E-VAL-007" 422 false, "The signature needs another digest",
        "digest the content with the algorithm that the detail names";
    FUTURE = "E-VAL-008" 422 false, "Nobody knows what will be valid then",
        "ask for a moment that has passed, or leave \"at\" out";
    TOO_LARGE = "E-VAL-009" 413 false, "The question is too large",
        "send the digest of the content instead of the content";
    BODY_CUT = "E-VAL-010" 400 true, "The question did not arrive whole", "send it again";
    BUSY = "E-VAL-011" 503 true, "Too much is being validated at once", "ask again after the seconds of Retry-After";
    INTERNAL = "E-VAL-012" 500 true, "The question was not answered", "ask again; if it stays, tell the operator";
    TOO_OFTEN = "E-VAL-013" 429 true, "You ask more often than one address may",
        "ask again after the seconds of Retry-After, and several questions in one call: /v1/validation/batch";
    NO_DOCUMENT = "E-VAL-014" 422 false, "This is no signed document",
        "send the PDF or the container (ASiC) as it is, with the signatures in it; a signature beside a file goes to /v1/validation/signatures";
}

/// Every problem this interface gives.
pub fn catalogue() -> &'static [ProblemKind] {
    TABLE
}

/// A question that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    kind: ProblemKind,
    detail: String,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None }
    }

    /// Says after how many seconds to ask again.
    pub(super) fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// As one of several answers.
    pub(super) fn document(self) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("https://npki.invalid/problems/{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: self.detail,
            code: self.kind.code,
            fix: self.kind.fix,
            retryable: self.kind.retryable,
        }
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// Leads to the code's meaning.
    #[schema(format = "uri")]
    r#type: String,
    /// What happened, in general.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened in particular.
    detail: String,
    /// The stable code.
    #[schema(pattern = "^E-VAL-[0-9]{3}$")]
    code: &'static str,
    /// What to do about it.
    fix: &'static str,
    /// Whether the same call can succeed later.
    retryable: bool,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let wait = self.retry_after.map(|seconds| [(header::RETRY_AFTER, HeaderValue::from(seconds))]);
        let media_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        (status, wait.map(AppendHeaders), [media_type], Json(self.document())).into_response()
    }
}
