//! Validation for relying parties: `/v1/validation/certificates`, `/v1/validation/signatures`, `/v1/validation/documents`,
//! `/v1/validation/batch`.
//!
//! For everybody, over TLS only: an answer is not signed, and a document may be confidential. Whoever does not want to send it
//! sends its digest. The installation's own certificates are judged by its own records, without a call to anybody.
//!
//! An answer of no is status 200: the question was answered. Work is bounded: octets of a question, certificates and evidence
//! in it, signatures that a search for a path checks, questions at once.

mod asked;
mod openapi;
mod problem;
mod wish;

pub use problem::{ProblemKind, catalogue};

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::ToSchema;

use self::asked::{
    AskedCertificate, AskedDocument, AskedSignature, Batch, CertificateQuestion, Circumstances, DocumentKind,
    DocumentQuestion, MOST_QUESTIONS, Question, SignatureQuestion,
};
use self::problem::{self as table, Problem, ProblemDocument};
use self::wish::Wish;
use super::pace::{PaceSettings, paced};
use super::plain;
use crate::metrics::Metrics;
use crate::signature::asic::ContainerVerdict;
use crate::signature::pades::PdfVerdict;
use crate::signature::{Judged, SignatureVerdict};
use crate::validation::Verdict;
use crate::validator::{SignatureContent, Unanswerable, Validator};

/// The most octets of a question: a document of three quarters of it, in base64.
pub const MAX_QUESTION: usize = 8 * 1024 * 1024;
/// How much of a question that is too large is read and thrown away.
const DISCARDED: usize = 2 * MAX_QUESTION;
/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the endpoints work with.
#[derive(Debug, Clone)]
struct Desk {
    validator: Arc<Validator>,
    /// As many are judged at once as there are processors: more would only wait for each other.
    places: Arc<Semaphore>,
}

/// The endpoints; no address asks more often than `pace` says, where it says something.
pub fn validation_router(
    validator: Arc<Validator>,
    pace: Option<PaceSettings>,
    metrics: Arc<Metrics>,
) -> Router {
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let constant = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let routes = Router::new()
        .route("/v1/validation/certificates", post(certificates))
        .route("/v1/validation/signatures", post(signatures))
        .route("/v1/validation/documents", post(documents))
        .route("/v1/validation/batch", post(batch))
        .route("/v1/validation/openapi.json", get(openapi::document))
        .with_state(Desk { validator, places: Arc::new(Semaphore::new(at_once)) });
    paced(routes, pace, metrics.refusals(), too_often)
        .layer(constant(header::CACHE_CONTROL, "no-store"))
        .layer(constant(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

fn too_often(seconds: u64) -> Response {
    Problem::new(table::TOO_OFTEN, format!("wait {seconds} s")).after(seconds).into_response()
}

/// The answer to one of several questions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Answered {
    /// About a certificate.
    Certificate(CertificateAnswer),
    /// About a signature.
    Signature(Box<SignatureAnswer>),
    /// About a document.
    Document(Box<DocumentAnswer>),
    /// It was not answered.
    Problem(ProblemDocument),
}

/// The answers to several questions, in their order.
#[derive(Debug, Serialize, ToSchema)]
struct Answers {
    /// As many as there were questions.
    answers: Vec<Answered>,
}

/// Whether a certificate is valid.
#[derive(Debug, Serialize, ToSchema)]
struct CertificateAnswer {
    /// The answer and its main reason, in one sentence for people.
    summary: String,
    /// The answer with all that led to it.
    #[serde(flatten)]
    verdict: Verdict,
}

/// Whether a signature is valid.
#[derive(Debug, Serialize, ToSchema)]
struct SignatureAnswer {
    /// The answer and its main reason, in one sentence for people.
    summary: String,
    /// The answer with all that led to it.
    #[serde(flatten)]
    verdict: SignatureVerdict,
}

/// Whether a document's signatures are valid.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentAnswer {
    /// The answer and its main reason, in one sentence for people.
    summary: String,
    /// The answer with all that led to it.
    #[serde(flatten)]
    verdict: DocumentVerdict,
}

/// The answer about a PDF document, or about a container.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum DocumentVerdict {
    /// About a PDF document.
    Pdf(PdfVerdict),
    /// About a container.
    Container(ContainerVerdict),
}

impl From<PdfVerdict> for DocumentAnswer {
    fn from(verdict: PdfVerdict) -> Self {
        let valid = || {
            "unchanged since it was signed; the signers' certificates are valid and not revoked".to_owned()
        };
        let summary = verdict.reasons.first().cloned().unwrap_or_else(valid);
        Self { summary, verdict: DocumentVerdict::Pdf(verdict) }
    }
}

impl From<ContainerVerdict> for DocumentAnswer {
    fn from(verdict: ContainerVerdict) -> Self {
        let valid =
            || "every file is unchanged and signed; the certificates are valid and not revoked".to_owned();
        let summary = verdict.reasons.first().cloned().unwrap_or_else(valid);
        Self { summary, verdict: DocumentVerdict::Container(verdict) }
    }
}

impl From<Verdict> for CertificateAnswer {
    fn from(verdict: Verdict) -> Self {
        let reason = verdict.reasons.first().map(ToString::to_string);
        Self {
            summary: reason.unwrap_or_else(|| "the certificate is valid and not revoked".to_owned()),
            verdict,
        }
    }
}

impl From<SignatureVerdict> for SignatureAnswer {
    fn from(verdict: SignatureVerdict) -> Self {
        let valid =
            || "unchanged since it was signed; the signer's certificate is valid and not revoked".to_owned();
        Self { summary: verdict.reasons.first().cloned().unwrap_or_else(valid), verdict }
    }
}

/// Whether a certificate is valid, at a moment that has passed or now.
///
/// Besides JSON, the certificate alone is taken: `application/pkix-cert` (DER) or `application/x-pem-file`, its chain behind it.
#[utoipa::path(post, path = "/v1/validation/certificates", tag = "validation", operation_id = "validate_certificate",
    request_body(content(
        (CertificateQuestion = "application/json"),
        (Vec<u8> = "application/pkix-cert"),
        (String = "application/x-pem-file"))),
    responses((status = 200, description = "The answer, yes or no or cannot tell", body = CertificateAnswer)))]
async fn certificates(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CertificateAnswer>, Problem> {
    let kind = media_type(&headers);
    let body = whole(&headers, body).await?;
    let asked = if FILES.contains(&kind.as_str()) {
        AskedCertificate::of_file(&body)?
    } else {
        object::<CertificateQuestion>(&kind, &body)?.read()?
    };
    desk.judge(move |validator| certificate(validator, asked)).await.map(Json)
}

/// Whether a signature is valid, at a moment that has passed or now; on request as a report.
#[utoipa::path(post, path = "/v1/validation/signatures", tag = "validation", operation_id = "validate_signature",
    params(Wish), request_body = SignatureQuestion,
    responses((status = 200, description = "The answer, yes or no or cannot tell, or a report of it", content(
        (SignatureAnswer = "application/json"),
        (String = "application/xml"),
        (String = "text/html")))))]
async fn signatures(
    State(desk): State<Desk>,
    wish: Result<Query<Wish>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let wish = Wish::read(wish)?;
    let asked = object::<SignatureQuestion>(&media_type(&headers), &whole(&headers, body).await?)?.read()?;
    let by_digest = matches!(asked.content, SignatureContent::Digest(_));
    let told = move |validator: &Validator| {
        wish.told(signature(validator, asked)?, |answer| {
            if by_digest { Judged::ByDigest(&answer.verdict) } else { Judged::Signature(&answer.verdict) }
        })
    };
    desk.judge(told).await
}

/// Whether the signatures in a PDF document are valid, and what was changed after each; or those in a container (ASiC-E or ASiC-S with
/// CAdES or XAdES), and which of its files none covers; on request as a report. The document is not kept. Sent as it is, it is judged for
/// now; in JSON there can be a moment that has passed, and evidence, beside it.
#[utoipa::path(post, path = "/v1/validation/documents", tag = "validation", operation_id = "validate_document",
    params(Wish), request_body(content(
        (DocumentQuestion = "application/json"),
        (Vec<u8> = "application/pdf"),
        (Vec<u8> = "application/vnd.etsi.asic-e+zip"),
        (Vec<u8> = "application/vnd.etsi.asic-s+zip"))),
    responses((status = 200, description = "The answer, yes or no or cannot tell, or a report of it", content(
        (DocumentAnswer = "application/json"),
        (String = "application/xml"),
        (String = "text/html")))))]
async fn documents(
    State(desk): State<Desk>,
    wish: Result<Query<Wish>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let wish = Wish::read(wish)?;
    let kind = media_type(&headers);
    let asked = match kind.as_str() {
        "application/json" => object::<DocumentQuestion>(&kind, &whole(&headers, body).await?)?.read()?,
        "application/pdf" => AskedDocument::of_file(whole(&headers, body).await?, DocumentKind::Pdf),
        known if CONTAINERS.contains(&known) => {
            AskedDocument::of_file(whole(&headers, body).await?, DocumentKind::Container)
        }
        _ => {
            let detail = format!(
                "the Content-Type is {kind:?}, not application/pdf, that of a container (ASiC), or application/json"
            );
            return Err(Problem::new(table::NOT_JSON, detail));
        }
    };
    let judged = move |validator: &Validator| {
        wish.told(document(validator, asked)?, |answer| match &answer.verdict {
            DocumentVerdict::Pdf(verdict) => Judged::Pdf(verdict),
            DocumentVerdict::Container(verdict) => Judged::Container(verdict),
        })
    };
    desk.judge(judged).await
}

/// Several questions at once, each answered by itself.
#[utoipa::path(post, path = "/v1/validation/batch", tag = "validation", operation_id = "validate_batch",
    request_body = Batch,
    responses((status = 200, description = "An answer to each, in their order", body = Answers)))]
async fn batch(State(desk): State<Desk>, headers: HeaderMap, body: Body) -> Result<Json<Answers>, Problem> {
    let Batch { questions } = object(&media_type(&headers), &whole(&headers, body).await?)?;
    let count = questions.len();
    if count > MOST_QUESTIONS {
        let detail =
            format!("questions: {count} are there, at most {MOST_QUESTIONS} are answered in one call");
        return Err(Problem::new(table::TOO_MANY, detail));
    }
    let all = move |validator: &Validator| {
        Ok(Answers { answers: questions.into_iter().map(|question| one(validator, question)).collect() })
    };
    desk.judge(all).await.map(Json)
}

fn one(validator: &Validator, question: Question) -> Answered {
    let answered = match question {
        Question::Certificate(asked) => {
            asked.read().and_then(|asked| certificate(validator, asked)).map(Answered::Certificate)
        }
        Question::Signature(asked) => asked
            .read()
            .and_then(|asked| signature(validator, asked))
            .map(|answer| Answered::Signature(Box::new(answer))),
        Question::Document(asked) => asked
            .read()
            .and_then(|asked| document(validator, asked))
            .map(|answer| Answered::Document(Box::new(answer))),
    };
    answered.unwrap_or_else(|problem| Answered::Problem(problem.document()))
}

fn certificate(validator: &Validator, asked: AskedCertificate) -> Result<CertificateAnswer, Problem> {
    let AskedCertificate { certificate, circumstances } = asked;
    let (chain, at) = (&circumstances.chain, circumstances.at);
    Ok(validator.certificate(&certificate, chain, circumstances.evidence, at)?.into())
}

fn signature(validator: &Validator, asked: AskedSignature) -> Result<SignatureAnswer, Problem> {
    let AskedSignature { signature, content, circumstances } = asked;
    let (chain, at) = (&circumstances.chain, circumstances.at);
    Ok(validator.signature(&signature, content, chain, circumstances.evidence, at)?.into())
}

fn document(validator: &Validator, asked: AskedDocument) -> Result<DocumentAnswer, Problem> {
    let AskedDocument { octets, kind, circumstances } = asked;
    let Circumstances { chain, evidence, at } = circumstances;
    Ok(match kind {
        DocumentKind::Pdf => validator.document(&octets, &chain, evidence, at)?.into(),
        DocumentKind::Container => validator.container(&octets, &chain, evidence, at)?.into(),
    })
}

impl From<Unanswerable> for Problem {
    fn from(unanswerable: Unanswerable) -> Self {
        let detail = unanswerable.to_string();
        match unanswerable {
            Unanswerable::Future(_) => Self::new(table::FUTURE, detail),
            Unanswerable::NoContent | Unanswerable::DigestOnly => Self::new(table::CONTENT, detail),
            Unanswerable::Document(_) | Unanswerable::Unsigned => Self::new(table::NO_DOCUMENT, detail),
            Unanswerable::OtherDigest { .. } => Self::new(table::OTHER_DIGEST, detail),
        }
    }
}

impl Desk {
    /// Judges off the threads that serve connections, when a place is free.
    async fn judge<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Validator) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.place().await?;
        let validator = Arc::clone(&self.validator);
        let judged = super::blocking(move || {
            let judged = act(&validator);
            drop(place);
            judged
        });
        judged.await.unwrap_or_else(|| Err(Problem::new(table::INTERNAL, "the fault is ours")))
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let waited = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let busy = || Problem::new(table::BUSY, "others are before you").after(1);
        waited.map_err(|_| busy())?.map_err(|_| busy())
    }
}

/// The media types of containers (EN 319 162-1).
const CONTAINERS: [&str; 2] = ["application/vnd.etsi.asic-e+zip", "application/vnd.etsi.asic-s+zip"];
/// The media types of a certificate by itself.
const FILES: [&str; 4] = [
    "application/pkix-cert",
    "application/x-x509-ca-cert",
    "application/x-pem-file",
    "application/pem-certificate-chain",
];

/// The type of a question, as far as it is worth repeating.
fn media_type(headers: &HeaderMap) -> String {
    plain::media_type(headers).chars().take(80).collect::<String>().to_ascii_lowercase()
}

/// Reads a question. Who sends more hears so: as many clients do not listen while they send, a part of what is too much is thrown
/// away before the answer; who asks first (`Expect: 100-continue`, RFC 9110 section 10.1.1) is answered before sending.
async fn whole(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(table::TOO_LARGE, format!("at most {MAX_QUESTION} octets are read"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let too_many = announced.is_some_and(|octets: u64| octets > MAX_QUESTION as u64);
    if too_many && headers.contains_key(header::EXPECT) {
        return Err(too_large());
    }
    let (mut body, mut read, mut seen) = (body, Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Problem::new(table::BODY_CUT, "the connection ended within the question"))?;
        let octets = frame.data_ref().map_or(&[][..], |data| data);
        seen += octets.len();
        if seen > DISCARDED {
            break;
        }
        if seen <= MAX_QUESTION && !too_many {
            read.extend_from_slice(octets);
        }
    }
    if too_many || seen > MAX_QUESTION { Err(too_large()) } else { Ok(read) }
}

/// Nothing that is not known is overlooked; serde would also take a list for an object.
fn object<T: DeserializeOwned>(kind: &str, body: &[u8]) -> Result<T, Problem> {
    if kind != "application/json" {
        return Err(Problem::new(table::NOT_JSON, format!("the Content-Type is {kind:?}")));
    }
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(table::UNFIT, "the question is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        // What a value is is not repeated back at length.
        let said: String = error.to_string().chars().take(300).collect();
        Problem::new(table::UNFIT, said)
    })
}
