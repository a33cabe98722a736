//! From DER to the parts of a request.

use super::strict::{self, BIT_STRING, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE};
use super::{CertificationRequest, CsrError, names, wishes};

/// The tag of attributes and of a certificate's version: `[0]`, constructed.
const CONTEXT_0: u8 = 0xa0;

/// Reads DER that is known to be no larger than a request may be.
pub(super) fn request(der: &[u8]) -> Result<CertificationRequest, CsrError> {
    strict::check(der)?;
    recognise_others(der)?;
    // RFC 2986 section 4.2
    let mut outer = Reader::new(der, "outline");
    let mut fields = outer.enter(SEQUENCE, "outline")?;
    let information = fields.expect(SEQUENCE)?;
    let signature_algorithm = fields.expect(SEQUENCE)?;
    let signature = fields.expect(BIT_STRING)?;
    fields.end()?;
    let signature = strict::whole_octets(&signature, "signature")?;

    // RFC 2986 section 4.1
    let mut fields = Reader::new(information.body, "certificationRequestInfo");
    if fields.expect(INTEGER)?.body != [0] {
        return Err(CsrError::Version);
    }
    let subject = fields.enter(SEQUENCE, "subject")?;
    let key = fields.expect(SEQUENCE)?;
    let attributes = fields.enter(CONTEXT_0, "list of attributes")?;
    fields.end()?;

    Ok(CertificationRequest {
        wishes: wishes::read(names::subject(subject)?, attributes)?,
        key: key.whole.to_vec(),
        // RFC 2986 section 4.2: the signature is over the DER of certificationRequestInfo, as it came.
        signed: information.whole.to_vec(),
        signature_algorithm: signature_algorithm.whole.to_vec(),
        signature: signature.to_vec(),
        der: der.to_vec(),
    })
}

/// Tells DER of other things that people send by mistake by how it begins.
fn recognise_others(der: &[u8]) -> Result<(), CsrError> {
    let mut outer = Reader::new(der, "outline");
    let mut fields = outer.enter(SEQUENCE, "outline")?;
    let first = fields.next()?;
    let second = fields.next()?.map(|second| second.tag);
    let Some(first) = first else { return Ok(()) };
    if first.tag == INTEGER {
        // PKCS #1, SEC 1 and PKCS #8 keys, and PKCS #12 files.
        return Err(CsrError::PrivateKeyGiven);
    }
    if first.tag != SEQUENCE {
        return Ok(());
    }
    let inner = Reader::new(first.body, "outline").next()?.map(|inner| inner.tag);
    match (inner, second) {
        (Some(OID), Some(OCTET_STRING)) => Err(CsrError::PrivateKeyGiven),
        (Some(OID), Some(BIT_STRING)) => Err(CsrError::PublicKeyGiven),
        (Some(CONTEXT_0), Some(SEQUENCE)) => Err(CsrError::CertificateGiven),
        _ => Ok(()),
    }
}
