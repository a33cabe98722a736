//! Who signed: the certificate that what is signed names, and that the signature carries.

use der::Decode;
use roxmltree::Node;

use super::error::XadesError;
use crate::signature::error::{MAX_EMBEDDED, SignatureError};
use crate::signature::message::IssuerSerial;
use crate::validation::certificate::Certificate;
use crate::xml::elements;
use crate::xml::signature::{DS, NotRead, XADES, base64_in, child, maybe, names_certificate};

/// The certificates that a signature carries for its key, as they stand there. Keys, names and addresses beside them are not looked at.
pub(super) fn carried(key_info: Node<'_, '_>) -> Result<Vec<Certificate>, XadesError> {
    let data = elements(key_info).filter(|part| part.has_tag_name((DS, "X509Data")));
    let all = data.flat_map(elements).filter(|part| part.has_tag_name((DS, "X509Certificate")));
    let mut certificates = Vec::new();
    for one in all {
        if certificates.len() == MAX_EMBEDDED {
            return Err(SignatureError::TooLarge.into());
        }
        let certificate = Certificate::from_der(&base64_in(one)?).map_err(|_| SignatureError::Certificate)?;
        certificates.push(certificate);
    }
    if certificates.is_empty() { Err(SignatureError::NoSignerCertificate.into()) } else { Ok(certificates) }
}

/// The one among them that is named as the signer's.
pub(super) fn named(properties: Node<'_, '_>, carried: &[Certificate]) -> Result<Certificate, XadesError> {
    for certificate in carried {
        let is_named = names_certificate(properties, certificate.der()).map_err(|error| match error {
            // SHA-1 alone binds the signer's certificate no longer.
            NotRead::Algorithm(_) => XadesError::Signature(SignatureError::WeakCertificateReference),
            other => other.into(),
        })?;
        if is_named {
            issuer_fits(properties, certificate)?;
            return Ok(certificate.clone());
        }
    }
    Err(SignatureError::SignerReference.into())
}

/// EN 319 132-1 section 5.2.2: where the issuer and serial number are stated too (IssuerSerialV2), they are the certificate's. In the older
/// form they stand as text, which can be written in many ways; the digest says enough.
fn issuer_fits(properties: Node<'_, '_>, certificate: &Certificate) -> Result<(), XadesError> {
    let signed = child(properties, XADES, "SignedSignatureProperties")?;
    let named = maybe(signed, XADES, "SigningCertificateV2")?.and_then(|named| elements(named).next());
    let Some(stated) = named.map(|first| maybe(first, XADES, "IssuerSerialV2")).transpose()?.flatten() else {
        return Ok(());
    };
    let read = IssuerSerial::from_der(&base64_in(stated)?);
    let read =
        read.map_err(|_| XadesError::Form("the issuer and serial number of its certificate cannot be read"))?;
    if read.is_of(certificate) { Ok(()) } else { Err(SignatureError::SignerReference.into()) }
}
