//! Which signature algorithms are read. A whitelist: everything else is refused by name.

use super::CsrError;
use super::names::dotted;
use super::oids;
use super::strict::{Element, INTEGER, NULL, OID, Reader, SEQUENCE};

/// The digest that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    const fn octets(self) -> u32 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    fn from_oid(oid: &str) -> Result<Self, CsrError> {
        match oid {
            "2.16.840.1.101.3.4.2.1" => Ok(Self::Sha256),
            "2.16.840.1.101.3.4.2.2" => Ok(Self::Sha384),
            "2.16.840.1.101.3.4.2.3" => Ok(Self::Sha512),
            SHA1 | MD5 => {
                Err(CsrError::WeakSignature { algorithm: format!("RSASSA-PSS over {}", oids::name_of(oid)) })
            }
            other => Err(CsrError::UnsupportedSignature {
                found: format!("RSASSA-PSS over {}", oids::name_of(other)),
            }),
        }
    }
}

const SHA1: &str = "1.3.14.3.2.26";
const MD5: &str = "1.2.840.113549.2.5";

/// A signature algorithm that can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    Ecdsa(Digest),
    RsaPkcs1(Digest),
    /// With MGF1 over the same digest and a salt of its length.
    RsaPss(Digest),
    Ed25519,
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ecdsa(digest) => write!(f, "{} with ECDSA", digest.name()),
            Self::RsaPkcs1(digest) => write!(f, "{} with RSA", digest.name()),
            Self::RsaPss(digest) => write!(f, "RSASSA-PSS over {}", digest.name()),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

impl SignatureAlgorithm {
    /// Reads the contents of an AlgorithmIdentifier.
    pub(super) fn read(mut identifier: Reader<'_>) -> Result<Self, CsrError> {
        let oid = dotted(identifier.expect(OID)?.body);
        let parameters = identifier.next()?;
        identifier.end()?;
        let algorithm = match oid.as_str() {
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Digest::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Digest::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Digest::Sha512),
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Digest::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Digest::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Digest::Sha512),
            oids::RSASSA_PSS => return pss(parameters),
            oids::ED25519 => Self::Ed25519,
            // Collisions are found: MD2, MD4, MD5 and SHA-1 with RSA, SHA-1 with ECDSA and DSA.
            "1.2.840.113549.1.1.2"
            | "1.2.840.113549.1.1.3"
            | "1.2.840.113549.1.1.4"
            | "1.2.840.113549.1.1.5"
            | "1.3.14.3.2.29"
            | "1.2.840.10045.4.1"
            | "1.2.840.10040.4.3" => {
                return Err(CsrError::WeakSignature { algorithm: oids::name_of(&oid) });
            }
            other => return Err(CsrError::UnsupportedSignature { found: oids::name_of(other) }),
        };
        algorithm.admits(parameters.as_ref())?;
        Ok(algorithm)
    }

    fn admits(self, parameters: Option<&Element<'_>>) -> Result<(), CsrError> {
        let why = match (self, parameters) {
            (_, None) => return Ok(()),
            // RFC 4055 section 5: NULL MUST be written; absent parameters MUST be accepted too.
            (Self::RsaPkcs1(_), Some(parameters)) if parameters.tag == NULL => return Ok(()),
            (Self::RsaPkcs1(_), Some(_)) => "they must be NULL",
            // RFC 5758 section 3.2, RFC 8410 section 3: absent.
            (_, Some(_)) => "there must be none",
        };
        Err(CsrError::SignatureParameters { algorithm: self.to_string(), why })
    }
}

/// RFC 4055 section 3.1: RSASSA-PSS-params. DER leaves out what has its default value, so what is missing is SHA-1,
/// and a trailer field that is there is not the only one there is.
fn pss(parameters: Option<Element<'_>>) -> Result<SignatureAlgorithm, CsrError> {
    let malformed = || pss_parameters("they are no RSASSA-PSS-params");
    let parameters = parameters.filter(|parameters| parameters.tag == SEQUENCE).ok_or_else(malformed)?;
    let mut fields = Reader::new(parameters.body, PSS);
    let mut field = fields.next()?;
    let digest = match next_if(&mut fields, &mut field, 0xa0)? {
        Some(identifier) => digest_identifier(identifier)?,
        None => return Digest::from_oid(SHA1).map(SignatureAlgorithm::RsaPss),
    };
    let mask = next_if(&mut fields, &mut field, 0xa1)?;
    // RFC 4055 section 3.1 strongly recommends one digest for both; the verifier knows no other pair.
    if mask.map(mask_digest).transpose()? != Some(digest) {
        return Err(pss_parameters("the mask must be MGF1 over the same digest"));
    }
    let found = next_if(&mut fields, &mut field, 0xa2)?.map_or(Ok(20), salt_octets)?;
    if field.is_some() {
        return Err(pss_parameters("nothing may follow the salt's length"));
    }
    // RFC 4055 section 3.1 recommends as many octets as the digest has; the verifier knows no other.
    if found != digest.octets() {
        return Err(CsrError::PssSalt { found, expected: digest.octets() });
    }
    Ok(SignatureAlgorithm::RsaPss(digest))
}

const PSS: &str = "RSASSA-PSS-params";

fn pss_parameters(why: &'static str) -> CsrError {
    CsrError::SignatureParameters { algorithm: "RSASSA-PSS".to_owned(), why }
}

/// The contents of the current field if it has this tag; steps on to the next field then.
fn next_if<'a>(
    fields: &mut Reader<'a>,
    field: &mut Option<Element<'a>>,
    tag: u8,
) -> Result<Option<Reader<'a>>, CsrError> {
    let Some(found) = field.filter(|field| field.tag == tag) else { return Ok(None) };
    *field = fields.next()?;
    Ok(Some(Reader::new(found.body, PSS)))
}

/// One AlgorithmIdentifier of a digest, its parameters NULL or absent (RFC 4055 section 2.1), and nothing after it.
fn digest_identifier(mut explicit: Reader<'_>) -> Result<Digest, CsrError> {
    let mut identifier = explicit.enter(SEQUENCE, PSS)?;
    explicit.end()?;
    let oid = dotted(identifier.expect(OID)?.body);
    let parameters = identifier.next()?;
    identifier.end()?;
    if parameters.is_some_and(|parameters| parameters.tag != NULL) {
        return Err(pss_parameters("a digest's parameters must be NULL or absent"));
    }
    Digest::from_oid(&oid)
}

fn mask_digest(mut explicit: Reader<'_>) -> Result<Digest, CsrError> {
    let mut identifier = explicit.enter(SEQUENCE, PSS)?;
    explicit.end()?;
    if dotted(identifier.expect(OID)?.body) != oids::MGF1 {
        return Err(pss_parameters("the mask must be MGF1"));
    }
    digest_identifier(identifier)
}

fn salt_octets(mut explicit: Reader<'_>) -> Result<u32, CsrError> {
    let integer = explicit.expect(INTEGER)?;
    explicit.end()?;
    let mut octets = [0; 4];
    match integer.body {
        [0..0x80, ..] if integer.body.len() <= octets.len() => {
            let start = octets.len() - integer.body.len();
            octets.iter_mut().skip(start).zip(integer.body).for_each(|(to, from)| *to = *from);
            Ok(u32::from_be_bytes(octets))
        }
        _ => Err(pss_parameters("the salt's length is negative or absurd")),
    }
}
