//! What is asked: read into what can be judged, or refused with a problem.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::problem::{self as table, Problem};
use crate::signature::ContentDigest;
use crate::signature::asic::is_container;
use crate::signature::jades::is_jws;
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::status::{GatheredEvidence, MAX_EVIDENCE};
use crate::validator::SignatureContent;

/// What PEM begins with (RFC 7468 section 2).
const PEM: &str = "-----BEGIN ";
/// The most certificates that stand between.
const MOST_CHAIN: usize = 16;
/// The most questions of one call.
pub(super) const MOST_QUESTIONS: usize = 64;

/// Is this certificate valid?
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateQuestion {
    /// The certificate: DER in base64, or PEM. Further certificates of a PEM bundle count as `chain`.
    certificate: String,
    /// Certificates that may stand between it and the root, each DER in base64 or PEM; at most 16. Those of this installation
    /// are known here.
    #[serde(default)]
    chain: Vec<String>,
    /// The moment to answer for; the present, if it is left out.
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
    /// Further evidence of status. The status of this installation's certificates is known here.
    #[serde(default)]
    evidence: Evidence,
}

/// Is this signature valid?
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureQuestion {
    /// The signature: CMS (CAdES), DER in base64, or PEM; or a JSON Web Signature (JAdES), compact or flattened JSON, as it is.
    signature: String,
    /// What was signed, base64. Either this or `digest`, or neither where the signature carries it.
    #[serde(default)]
    content: Option<String>,
    /// The digest of what was signed, so that the content need not leave the house.
    #[serde(default)]
    digest: Option<Digest>,
    /// Certificates that may stand between and are not in the signature; at most 16.
    #[serde(default)]
    chain: Vec<String>,
    /// The moment to answer for; the present, if it is left out.
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
    /// Further evidence of status.
    #[serde(default)]
    evidence: Evidence,
}

/// Are the signatures in this document valid?
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentQuestion {
    /// The document, base64: a PDF, or a container (ASiC-E or ASiC-S, with CAdES or XAdES), with the signatures in it.
    document: String,
    /// Certificates that may stand between and are not in the document; at most 16.
    #[serde(default)]
    chain: Vec<String>,
    /// The moment to answer for; the present, if it is left out.
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
    /// Further evidence of status.
    #[serde(default)]
    evidence: Evidence,
}

/// A digest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Digest {
    /// Which.
    algorithm: DigestName,
    /// Its octets, base64.
    value: String,
}

/// A digest algorithm.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum DigestName {
    /// SHA-256.
    #[serde(rename = "sha-256")]
    Sha256,
    /// SHA-384.
    #[serde(rename = "sha-384")]
    Sha384,
    /// SHA-512.
    #[serde(rename = "sha-512")]
    Sha512,
}

/// Evidence of status; none of it is believed before it is verified.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    /// CRLs, DER in base64 or PEM; at most 8.
    #[serde(default)]
    crls: Vec<String>,
    /// OCSP responses, DER in base64; at most 8.
    #[serde(default)]
    ocsp: Vec<String>,
}

/// Several questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    /// At most 64, each answered by itself.
    pub(super) questions: Vec<Question>,
}

/// One of several questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Question {
    /// About a certificate.
    Certificate(CertificateQuestion),
    /// About a signature.
    Signature(SignatureQuestion),
    /// About a document with signatures in it.
    Document(DocumentQuestion),
}

/// What stands beside a question.
#[derive(Debug, Default)]
pub(super) struct Circumstances {
    pub(super) chain: Vec<Certificate>,
    pub(super) evidence: GatheredEvidence,
    pub(super) at: Option<OffsetDateTime>,
}

/// A certificate to be judged.
#[derive(Debug)]
pub(super) struct AskedCertificate {
    pub(super) certificate: Certificate,
    pub(super) circumstances: Circumstances,
}

/// A signature to be judged.
#[derive(Debug)]
pub(super) struct AskedSignature {
    pub(super) signature: Vec<u8>,
    pub(super) content: SignatureContent,
    pub(super) circumstances: Circumstances,
}

/// A document to be judged.
#[derive(Debug)]
pub(super) struct AskedDocument {
    pub(super) octets: Vec<u8>,
    pub(super) kind: DocumentKind,
    pub(super) circumstances: Circumstances,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// A PDF.
    Pdf,
    /// A container of files and signatures.
    Container,
}

impl AskedDocument {
    /// A file as it is, of the kind that its media type says.
    pub(super) fn of_file(octets: Vec<u8>, kind: DocumentKind) -> Self {
        Self { octets, kind, circumstances: Circumstances::default() }
    }
}

impl DocumentQuestion {
    pub(super) fn read(self) -> Result<AskedDocument, Problem> {
        let octets = octets("document", &self.document)?;
        let kind = if is_container(&octets) { DocumentKind::Container } else { DocumentKind::Pdf };
        let circumstances = circumstances(&self.chain, &self.evidence, self.at)?;
        Ok(AskedDocument { octets, kind, circumstances })
    }
}

impl AskedCertificate {
    /// A file as it is: DER, or PEM with the chain behind.
    pub(super) fn of_file(octets: &[u8]) -> Result<Self, Problem> {
        let (certificate, chain) = bundle("the body", octets)?;
        let circumstances = Circumstances { chain, ..Circumstances::default() };
        Ok(Self { certificate, circumstances })
    }
}

impl CertificateQuestion {
    pub(super) fn read(self) -> Result<AskedCertificate, Problem> {
        let (certificate, behind) = bundle("certificate", &octets_or_pem("certificate", &self.certificate)?)?;
        let mut circumstances = circumstances(&self.chain, &self.evidence, self.at)?;
        circumstances.chain.extend(behind);
        bounded("chain", circumstances.chain.len(), MOST_CHAIN)?;
        Ok(AskedCertificate { certificate, circumstances })
    }
}

impl SignatureQuestion {
    pub(super) fn read(self) -> Result<AskedSignature, Problem> {
        let content = match (self.content, self.digest) {
            (Some(content), None) => SignatureContent::Octets(octets("content", &content)?),
            (None, Some(digest)) => SignatureContent::Digest(digest.read()?),
            (None, None) => SignatureContent::Inside,
            (Some(_), Some(_)) => {
                return Err(Problem::new(table::CONTENT, "both content and digest are there"));
            }
        };
        Ok(AskedSignature {
            signature: if is_jws(self.signature.as_bytes()) {
                self.signature.into_bytes()
            } else {
                octets_or_pem("signature", &self.signature)?
            },
            content,
            circumstances: circumstances(&self.chain, &self.evidence, self.at)?,
        })
    }
}

impl Digest {
    fn read(&self) -> Result<ContentDigest, Problem> {
        let algorithm = match self.algorithm {
            DigestName::Sha256 => DigestAlgorithm::Sha256,
            DigestName::Sha384 => DigestAlgorithm::Sha384,
            DigestName::Sha512 => DigestAlgorithm::Sha512,
        };
        let value = octets("digest.value", &self.value)?;
        let length = value.len();
        ContentDigest::given(algorithm, value).ok_or_else(|| {
            Problem::new(table::UNFIT, format!("digest.value: {length} octets are no {algorithm}"))
        })
    }
}

fn circumstances(
    chain: &[String],
    evidence: &Evidence,
    at: Option<OffsetDateTime>,
) -> Result<Circumstances, Problem> {
    bounded("chain", chain.len(), MOST_CHAIN)?;
    bounded("evidence.crls", evidence.crls.len(), MAX_EVIDENCE)?;
    bounded("evidence.ocsp", evidence.ocsp.len(), MAX_EVIDENCE)?;
    let mut certificates = Vec::new();
    for (place, text) in chain.iter().enumerate() {
        let field = format!("chain[{place}]");
        let (first, further) = bundle(&field, &octets_or_pem(&field, text)?)?;
        certificates.push(first);
        certificates.extend(further);
    }
    let each = |field: &str, texts: &[String]| {
        texts.iter().map(|text| der(field, text)).collect::<Result<Vec<_>, _>>()
    };
    let evidence = GatheredEvidence {
        crls: each("evidence.crls", &evidence.crls)?,
        ocsp_responses: each("evidence.ocsp", &evidence.ocsp)?,
    };
    Ok(Circumstances { chain: certificates, evidence, at })
}

fn bounded(field: &str, count: usize, most: usize) -> Result<(), Problem> {
    let refused =
        || Problem::new(table::TOO_MANY, format!("{field}: {count} are there, at most {most} are looked at"));
    if count <= most { Ok(()) } else { Err(refused()) }
}

fn bundle(field: &str, octets: &[u8]) -> Result<(Certificate, Vec<Certificate>), Problem> {
    let read = Certificate::read_bundle(octets)
        .map_err(|error| Problem::new(table::NO_CERTIFICATE, format!("{field}: {error}")))?;
    let mut read = read.into_iter();
    let first = read.next().ok_or_else(|| Problem::new(table::NO_CERTIFICATE, format!("{field}: none")))?;
    Ok((first, read.collect()))
}

/// What reads PEM itself, as it is; all else is base64.
fn octets_or_pem(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    if text.contains(PEM) { Ok(text.as_bytes().to_vec()) } else { octets(field, text) }
}

/// DER, out of PEM or of base64.
fn der(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    if !text.contains(PEM) {
        return octets(field, text);
    }
    let mut objects = x509_parser::pem::Pem::iter_from_buffer(text.as_bytes());
    let object = objects.next().and_then(Result::ok).map(|object| object.contents);
    object.ok_or_else(|| Problem::new(table::NOT_BASE64, format!("{field}: the PEM cannot be read")))
}

/// Base64, which may be broken into lines.
fn octets(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    let letters: Vec<u8> = text.bytes().filter(|letter| !letter.is_ascii_whitespace()).collect();
    STANDARD.decode(letters).map_err(|error| Problem::new(table::NOT_BASE64, format!("{field}: {error}")))
}
