//! Why a request is refused, and what its sender can do about it.

use super::MAX_OCTETS;

/// A request was refused before any policy was asked. Always the sender's to mend.
///
/// The message says what is wrong, [`CsrError::fix`] how to mend it, [`CsrError::code`] names the cause for good.
/// Nothing of a private key that was sent by mistake is kept here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// Nothing was sent.
    #[error("the certification request is empty")]
    Empty,
    /// More octets than any request needs.
    #[error("the certification request has {octets} octets; at most {MAX_OCTETS} are read")]
    TooLarge {
        /// How many came.
        octets: usize,
    },
    /// Neither DER nor a PEM block.
    #[error("this is no certification request: neither DER nor a PEM block that begins with -----BEGIN")]
    NotARequest,
    /// Text in UTF-16, as a redirection in Windows PowerShell writes.
    #[error("the file is text in UTF-16; PEM is plain ASCII")]
    Utf16,
    /// A private key instead of, or beside, a request.
    #[error("this contains a private key, which nobody else may ever see; it was not kept")]
    PrivateKeyGiven,
    /// A certificate instead of a request.
    #[error("this is a certificate, not a certification request")]
    CertificateGiven,
    /// A bare public key instead of a request.
    #[error("this is a public key alone; a certification request also proves that you hold the private key")]
    PublicKeyGiven,
    /// A PEM block of another kind.
    #[error("the PEM block is labelled {label:?}, not \"CERTIFICATE REQUEST\"")]
    OtherPem {
        /// Its label.
        label: String,
    },
    /// More than one PEM block.
    #[error("there are {count} PEM blocks; send exactly one certification request")]
    SeveralPemBlocks {
        /// How many.
        count: usize,
    },
    /// No line ends the PEM block.
    #[error("the PEM block has no -----END line: the file was cut off")]
    PemUnfinished,
    /// The PEM block ends under another label.
    #[error("the PEM block begins as {begun:?} and ends as {ended:?}")]
    PemEndMismatch {
        /// The label of its first line.
        begun: String,
        /// The label of its last line.
        ended: String,
    },
    /// What is in the PEM block is not base64.
    #[error("the PEM block is not clean base64 (RFC 4648 section 4)")]
    PemBase64,
    /// Something follows the PEM block.
    #[error("there is text after the PEM block")]
    TextAfterPem,
    /// The DER ends too early.
    #[error(
        "the certification request is cut off: it says it has at least {expected} octets, {found} are there"
    )]
    Truncated {
        /// How many its header announces, or the header itself needs.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Something follows the DER.
    #[error("{octets} octets follow the certification request")]
    TrailingOctets {
        /// How many.
        octets: usize,
    },
    /// A rule of the Distinguished Encoding Rules is broken.
    #[error("the certification request is not DER (X.690): at octet {offset}, {rule}")]
    NotDer {
        /// Where, counted from the first octet of the DER.
        offset: usize,
        /// What is wrong there.
        rule: &'static str,
    },
    /// DER, but not the structure of RFC 2986.
    #[error("the certification request's {part} is not built as the standards say (RFC 2986, RFC 5280)")]
    Structure {
        /// Which part.
        part: &'static str,
    },
    /// A version other than 0.
    #[error("the certification request's version is not 0, the only one there is (RFC 2986 section 4.1)")]
    Version,
    /// A subject attribute that names one thing occurs twice.
    #[error("the subject has {attribute} more than once; it can have one only")]
    SubjectAttributeRepeated {
        /// Short name, `CN`, or dotted object identifier.
        attribute: String,
    },
    /// A subject attribute without characters.
    #[error("the subject's {attribute} is empty (RFC 5280 appendix A.1 demands one character at least)")]
    SubjectAttributeEmpty {
        /// Short name or dotted object identifier.
        attribute: String,
    },
    /// The octets of a subject attribute are not of the string type they claim.
    #[error("the subject's {attribute} is marked as {string_type} but its octets are not that")]
    SubjectEncoding {
        /// Short name or dotted object identifier.
        attribute: String,
        /// The ASN.1 type it claims.
        string_type: &'static str,
    },
    /// A string type that is no longer used.
    #[error(
        "the subject's {attribute} is a {string_type}, which is ambiguous and no longer used (RFC 5280 section 4.1.2.4)"
    )]
    SubjectStringType {
        /// Short name or dotted object identifier.
        attribute: String,
        /// The ASN.1 type.
        string_type: &'static str,
    },
    /// A character that a reader would not see.
    #[error("the subject's {attribute} contains U+{:04X}, a character that does not show", u32::from(*.character))]
    SubjectControlCharacter {
        /// Short name or dotted object identifier.
        attribute: String,
        /// The character.
        character: char,
    },
    /// The attribute of the request that may occur once occurs twice.
    #[error("the request has two lists of requested extensions (RFC 2985 section 5.4.2 allows one)")]
    ExtensionRequestRepeated,
    /// An extension occurs twice.
    #[error("extension {oid} is requested more than once (RFC 5280 section 4.2)")]
    ExtensionRepeated {
        /// Dotted object identifier.
        oid: String,
    },
    /// A requested DNS name is none.
    #[error("the requested subject alternative name {name:?} is no DNS name: {why}")]
    DnsName {
        /// The name, control characters escaped.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A requested alternative name of another form is none.
    #[error("the requested subject alternative name {name:?} is no {form}: {why}")]
    AlternativeName {
        /// The form.
        form: &'static str,
        /// The name, control characters escaped.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key is of a kind that npki never certifies.
    #[error("{found} keys are not supported")]
    UnsupportedKey {
        /// What came, by name or object identifier.
        found: String,
    },
    /// An elliptic curve spelled out by its parameters.
    #[error(
        "the key spells its elliptic curve out in parameters instead of naming it (RFC 5480 section 2.1.1 forbids that)"
    )]
    ExplicitCurve,
    /// The algorithm identifier of the key has wrong parameters.
    #[error("the {key} key's algorithm identifier has wrong parameters: {why}")]
    KeyParameters {
        /// Which kind of key.
        key: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The key's octets are not built as they must be.
    #[error("the {key} key is not encoded as it must be: {why}")]
    KeyEncoding {
        /// Which kind of key.
        key: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// A compressed point.
    #[error("the {curve} key is a compressed point")]
    PointCompressed {
        /// The named curve.
        curve: &'static str,
    },
    /// A point of the length that belongs to another curve.
    #[error("the key says it is {curve}, whose points have {expected} octets, but its point has {found}")]
    PointLength {
        /// The named curve.
        curve: &'static str,
        /// Octets of that curve's points.
        expected: usize,
        /// Octets that came.
        found: usize,
    },
    /// The point is not on the curve.
    #[error("the {curve} key is not a point of its curve")]
    PointNotOnCurve {
        /// The named curve.
        curve: &'static str,
    },
    /// An Ed25519 key with which anyone can make signatures.
    #[error("the Ed25519 key is a point of small order, with which anyone can sign")]
    SmallOrderPoint,
    /// The RSA modulus is too short or too long.
    #[error("the RSA modulus has {bits} bits; 2048 to 4096 in steps of 8 are accepted")]
    RsaSize {
        /// How many bits.
        bits: u64,
    },
    /// The RSA modulus has a small factor.
    #[error("the RSA modulus is divisible by {factor}: anyone can compute the private key")]
    RsaSmallFactor {
        /// The factor.
        factor: u32,
    },
    /// The RSA modulus is a perfect square or its factors are close together.
    #[error(
        "the RSA modulus is the product of two primes that are too close: anyone can compute the private key"
    )]
    RsaClosePrimes,
    /// The RSA modulus was made by the library that CVE-2017-15361 is about.
    #[error(
        "the RSA key was made by a faulty chip library (ROCA, CVE-2017-15361): its private key can be computed"
    )]
    RsaRoca,
    /// The RSA exponent is too small, even or too large.
    #[error("the RSA public exponent is {why}")]
    RsaExponent {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Signed over a digest for which collisions are found.
    #[error("the certification request is signed with {algorithm}, which is broken")]
    WeakSignature {
        /// The algorithm's name.
        algorithm: String,
    },
    /// Signed in a way that npki cannot verify.
    #[error("the certification request is signed with {found}, which is not supported")]
    UnsupportedSignature {
        /// What came, by name or object identifier.
        found: String,
    },
    /// The signature algorithm does not fit the key.
    #[error("the key is {key}, but the certification request claims to be signed with {algorithm}")]
    SignatureOfAnotherKind {
        /// The key's kind.
        key: String,
        /// The claimed algorithm.
        algorithm: String,
    },
    /// The signature's algorithm identifier has wrong parameters.
    #[error("the signature algorithm {algorithm} has wrong parameters: {why}")]
    SignatureParameters {
        /// The algorithm's name.
        algorithm: String,
        /// What is wrong.
        why: &'static str,
    },
    /// An RSASSA-PSS salt of another length than the digest.
    #[error("the RSASSA-PSS salt has {found} octets; {expected} are supported, as many as the digest has")]
    PssSalt {
        /// How many came.
        found: u32,
        /// How many are supported.
        expected: u32,
    },
    /// Proof of possession failed.
    #[error(
        "the signature does not verify: the request was changed after signing, or signed with another key"
    )]
    ProofOfPossession,
}

impl CsrError {
    /// The code of this cause, which never changes its meaning.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "E-CSR-001",
            Self::TooLarge { .. } => "E-CSR-002",
            Self::NotARequest => "E-CSR-003",
            Self::Utf16 => "E-CSR-004",
            Self::PrivateKeyGiven => "E-CSR-005",
            Self::CertificateGiven => "E-CSR-006",
            Self::PublicKeyGiven => "E-CSR-007",
            Self::OtherPem { .. } => "E-CSR-008",
            Self::SeveralPemBlocks { .. } => "E-CSR-009",
            Self::PemUnfinished => "E-CSR-010",
            Self::PemEndMismatch { .. } => "E-CSR-011",
            Self::PemBase64 => "E-CSR-012",
            Self::TextAfterPem => "E-CSR-013",
            Self::Truncated { .. } => "E-CSR-014",
            Self::TrailingOctets { .. } => "E-CSR-015",
            Self::NotDer { .. } => "E-CSR-016",
            Self::Structure { .. } => "E-CSR-017",
            Self::Version => "E-CSR-018",
            Self::SubjectAttributeRepeated { .. } => "E-CSR-020",
            Self::SubjectAttributeEmpty { .. } => "E-CSR-021",
            Self::SubjectEncoding { .. } => "E-CSR-022",
            Self::SubjectStringType { .. } => "E-CSR-023",
            Self::SubjectControlCharacter { .. } => "E-CSR-024",
            Self::ExtensionRequestRepeated => "E-CSR-025",
            Self::ExtensionRepeated { .. } => "E-CSR-026",
            Self::DnsName { .. } => "E-CSR-027",
            Self::AlternativeName { .. } => "E-CSR-028",
            Self::UnsupportedKey { .. } => "E-CSR-030",
            Self::ExplicitCurve => "E-CSR-031",
            Self::KeyParameters { .. } => "E-CSR-032",
            Self::KeyEncoding { .. } => "E-CSR-033",
            Self::PointCompressed { .. } => "E-CSR-034",
            Self::PointLength { .. } => "E-CSR-035",
            Self::PointNotOnCurve { .. } => "E-CSR-036",
            Self::SmallOrderPoint => "E-CSR-037",
            Self::RsaSize { .. } => "E-CSR-040",
            Self::RsaSmallFactor { .. } => "E-CSR-041",
            Self::RsaClosePrimes => "E-CSR-042",
            Self::RsaRoca => "E-CSR-043",
            Self::RsaExponent { .. } => "E-CSR-044",
            Self::WeakSignature { .. } => "E-CSR-050",
            Self::UnsupportedSignature { .. } => "E-CSR-051",
            Self::SignatureOfAnotherKind { .. } => "E-CSR-052",
            Self::SignatureParameters { .. } => "E-CSR-053",
            Self::PssSalt { .. } => "E-CSR-054",
            Self::ProofOfPossession => "E-CSR-055",
        }
    }

    /// What the sender can do about it, in one sentence.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::Empty | Self::NotARequest | Self::OtherPem { .. } | Self::PublicKeyGiven => {
                "send the file that `openssl req -new -key key.pem -out request.pem` wrote"
            }
            Self::CertificateGiven => {
                "send the certification request that the certificate was made from, or a new one"
            }
            Self::TooLarge { .. } => "ask for fewer names and leave attachments out of the request",
            Self::Utf16 => {
                "save the file as ASCII; in PowerShell let the tool write it (-out) instead of `>`"
            }
            Self::PrivateKeyGiven => {
                "do not use that key again: make a new one and send only its certification request"
            }
            Self::SeveralPemBlocks { .. } => "send each certification request by itself",
            Self::PemUnfinished
            | Self::PemEndMismatch { .. }
            | Self::PemBase64
            | Self::TextAfterPem
            | Self::Truncated { .. }
            | Self::TrailingOctets { .. } => "send the file itself, unchanged, instead of copying its text",
            Self::NotDer { .. } | Self::Structure { .. } | Self::Version => {
                "make the request with a current tool (openssl, certtool, keytool or `npki cert request --generate`)"
            }
            Self::SubjectAttributeRepeated { .. } | Self::SubjectAttributeEmpty { .. } => {
                "write the attribute once, with a value, or leave it out: the registry knows the subject's name"
            }
            Self::SubjectEncoding { .. }
            | Self::SubjectStringType { .. }
            | Self::SubjectControlCharacter { .. } => {
                "write the name in UTF-8 (`openssl req -utf8`) and without control characters"
            }
            Self::ExtensionRequestRepeated | Self::ExtensionRepeated { .. } => "request each extension once",
            Self::DnsName { .. } => {
                "write DNS names in ASCII, internationalised ones as xn--…, and without a final dot"
            }
            Self::AlternativeName { .. } => {
                "write the name in its form: an address of four or sixteen octets, a mailbox, an absolute https address"
            }
            Self::UnsupportedKey { .. } | Self::ExplicitCurve => {
                "make a P-256, P-384, Ed25519 or ML-DSA key, or an RSA key of 2048 to 4096 bits (`openssl genpkey -algorithm \
                 EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve`)"
            }
            Self::PointCompressed { .. } => {
                "write the key with an uncompressed point (`openssl ec -conv_form uncompressed`)"
            }
            Self::KeyParameters { .. }
            | Self::KeyEncoding { .. }
            | Self::PointLength { .. }
            | Self::PointNotOnCurve { .. }
            | Self::SmallOrderPoint
            | Self::RsaSmallFactor { .. }
            | Self::RsaClosePrimes => "do not use this key: make a new one with another tool",
            Self::RsaRoca => "do not use this key: update or replace the card or chip and make a new one",
            Self::RsaSize { .. } | Self::RsaExponent { .. } => {
                "make a new key: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072` (its exponent is 65537)"
            }
            Self::WeakSignature { .. } => "sign the request with SHA-256 (`openssl req -sha256`)",
            Self::UnsupportedSignature { .. }
            | Self::SignatureOfAnotherKind { .. }
            | Self::SignatureParameters { .. } => {
                "sign the request with the key's own algorithm: ECDSA or RSA with SHA-256, SHA-384 or SHA-512, Ed25519, \
                 or ML-DSA"
            }
            Self::PssSalt { .. } => "sign with `-sigopt rsa_pss_saltlen:digest`, or with PKCS #1 v1.5",
            Self::ProofOfPossession => "make the request again with the private key of the public key in it",
        }
    }
}
