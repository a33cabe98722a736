//! What is shown of each kind of object. Times are UTC, serials and digests lower-case hex, names RFC 4514.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ledger::{CheckpointView, ReceiptView};
use super::list::TrustedListView;
use super::ocsp::{OcspRequestView, OcspView};
use super::pkcs12::Pkcs12View;
use super::signed::{ContainerView, JwsView, PdfView};

/// One object of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Inspected {
    /// A certificate.
    Certificate(CertificateView),
    /// A certification request.
    CertificationRequest(RequestView),
    /// A certificate revocation list.
    RevocationList(RevocationListView),
    /// An OCSP request.
    OcspRequest(OcspRequestView),
    /// An OCSP response.
    OcspResponse(OcspView),
    /// A CMS message: a signature, a bundle of certificates, or a time-stamp token.
    CmsMessage(MessageView),
    /// A time-stamp request.
    TimestampRequest(TimestampRequestView),
    /// A time-stamp reply.
    TimestampReply(TimestampReplyView),
    /// A public key.
    PublicKey(KeyView),
    /// A private key, recognised only.
    PrivateKey(PrivateKeyView),
    /// A PKCS#12 file, from the outside.
    Pkcs12(Pkcs12View),
    /// A PDF document.
    Pdf(PdfView),
    /// A container of files and signatures, or another ZIP file.
    Container(ContainerView),
    /// A JSON Web Signature.
    JsonWebSignature(JwsView),
    /// A trusted list.
    TrustedList(TrustedListView),
    /// An event of a ledger with its proof.
    Receipt(ReceiptView),
    /// A ledger's statement of its tree.
    Checkpoint(CheckpointView),
}

/// A certificate (RFC 5280 section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number.
    pub serial: String,
    /// Start of validity.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// End of validity, inclusive.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The public key.
    pub key: KeyView,
    /// How it is signed.
    pub signature_algorithm: String,
    /// Extensions, in their order.
    pub extensions: Vec<ExtensionView>,
    /// SHA-256 of the DER.
    pub sha256: String,
    /// The certificate.
    pub pem: String,
}

/// A certification request (RFC 2986).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    /// Subject asked for.
    pub subject: String,
    /// The public key.
    pub key: KeyView,
    /// How it is signed.
    pub signature_algorithm: String,
    /// Extensions asked for.
    pub extensions: Vec<ExtensionView>,
    /// SHA-256 of the DER.
    pub sha256: String,
    /// The request.
    pub pem: String,
}

/// A certificate revocation list (RFC 5280 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationListView {
    /// Issuer.
    pub issuer: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub this_update: OffsetDateTime,
    /// When the next one will be there.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub next_update: Option<OffsetDateTime>,
    /// How it is signed.
    pub signature_algorithm: String,
    /// Extensions, in their order.
    pub extensions: Vec<ExtensionView>,
    /// Number of entries.
    pub revoked_count: usize,
    /// The first entries, at most 1 000.
    pub revoked: Vec<RevokedView>,
    /// SHA-256 of the DER.
    pub sha256: String,
}

/// An entry of a CRL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedView {
    /// Serial number.
    pub serial: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Why, in the words of RFC 5280 section 5.3.1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// A CMS message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// Why it cannot be shown further.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
    /// Whether the signed content is inside.
    pub attached: bool,
    /// Who signed, as the message says.
    pub signers: Vec<SignerView>,
    /// What a time-stamp token states.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timestamp: Option<TimestampView>,
    /// Certificates inside.
    pub certificates: Vec<CertificateView>,
    /// SHA-256 of the DER.
    pub sha256: String,
}

/// A signer of a CMS message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerView {
    /// Issuer and serial number, or key identifier.
    pub identifier: String,
    /// Digest algorithm.
    pub digest_algorithm: String,
    /// Signature algorithm.
    pub signature_algorithm: String,
    /// When the signer claims to have signed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub claimed_signing_time: Option<OffsetDateTime>,
}

/// What a time-stamp token states (RFC 3161 section 2.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampView {
    /// When it was.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// By how many milliseconds that may be off at most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy_milliseconds: Option<i64>,
    /// The token's number.
    pub serial: String,
    /// The policy that it was given under.
    pub policy: String,
    /// The digest's algorithm.
    pub digest_algorithm: String,
    /// The digest.
    pub digest: String,
    /// The request's nonce.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
}

/// A time-stamp request (RFC 3161 section 2.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampRequestView {
    /// The digest's algorithm.
    pub digest_algorithm: String,
    /// The digest.
    pub digest: String,
    /// The policy asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<String>,
    /// The nonce.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
    /// Whether the unit's certificate is asked for.
    pub certificate_wanted: bool,
    /// SHA-256 of the DER.
    pub sha256: String,
}

/// A time-stamp reply (RFC 3161 section 2.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampReplyView {
    /// Why there is no token, where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<MessageView>,
    /// SHA-256 of the DER.
    pub sha256: String,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Kind and size: `EC P-256`, `RSA 3072`, `Ed25519`.
    pub algorithm: String,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub sha256: String,
}

/// A private key, recognised only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateKeyView {
    /// Its form, as a PEM label.
    pub form: String,
    /// Whether a passphrase protects it, as far as the form tells.
    pub encrypted: bool,
}

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionView {
    /// Its number.
    pub oid: String,
    /// Its name; the number where npki knows none.
    pub name: String,
    /// Whether it is critical.
    pub critical: bool,
    /// What it says; hex of the value where npki cannot read it.
    pub values: Vec<String>,
}
