//! The OpenAPI 3.1 document of validation.

use axum::Json;
use utoipa::OpenApi;

use super::asked::{Batch, CertificateQuestion, DocumentQuestion, SignatureQuestion};
use super::problem::ProblemDocument;
use super::{Answers, CertificateAnswer, DocumentAnswer, SignatureAnswer};

/// What relying parties may ask.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "npki validation",
        version = "1",
        description = "Whether certificates and signatures are valid, as this installation sees it. For everybody.",
        license(name = "Apache-2.0 OR MIT")
    ),
    paths(super::certificates, super::signatures, super::documents, super::batch),
    components(schemas(
        CertificateQuestion,
        SignatureQuestion,
        DocumentQuestion,
        Batch,
        CertificateAnswer,
        SignatureAnswer,
        DocumentAnswer,
        Answers,
        ProblemDocument
    ))
)]
struct Document;

/// This description of the interface.
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
