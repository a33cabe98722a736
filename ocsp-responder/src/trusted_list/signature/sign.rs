//! Signing a list.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use ca_core::keys::{KeyError, Signer};
use roxmltree::{Document, Node};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ENVELOPED;
use crate::trusted_list::identifiers::TSL_SIGNING;
use crate::trusted_list::writing::{END, moment};
use crate::xml::signature::{DS, SIGNED_PROPERTIES, XADES, digest_identifier, identifier, to_xml};
use crate::xml::{Bounds, Canonicalization, XmlRefused, XmlWriter, canonical, parse};

/// A key whose signatures have no name in XML, or none that readers of lists know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not for trusted lists: use a P-256, P-384 or RSA key")]
pub struct UnusableKey(pub SignatureAlgorithm);

/// A list was not signed.
#[derive(Debug, thiserror::Error)]
pub enum NoSignature {
    /// The certificate is not for this.
    #[error("the certificate cannot sign trusted lists: {0}")]
    Certificate(&'static str),
    /// The key's kind.
    #[error(transparent)]
    Kind(#[from] UnusableKey),
    /// The key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What was written is no XML.
    #[error("the list cannot be read back: {0}")]
    Unreadable(#[from] XmlRefused),
    /// The same, in a way that only an error of npki's own explains.
    #[error("the signature has no place in the list")]
    NoPlace,
}

/// Who signs lists: a key and its certificate, which is for that.
#[derive(Debug, Clone)]
pub struct ListSigner {
    key: Arc<dyn Signer>,
    certificate: Vec<u8>,
}

impl ListSigner {
    /// A signer whose certificate, DER, is of this key and for signing trusted lists.
    ///
    /// # Errors
    /// It is of another key, or for something else, or the key is of a kind that readers of lists do not know.
    pub fn new(key: Arc<dyn Signer>, certificate: Vec<u8>) -> Result<Self, NoSignature> {
        let algorithm = key.signature_algorithm();
        let _ = identifier(algorithm).ok_or(UnusableKey(algorithm))?;
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .map_err(|_| NoSignature::Certificate("it cannot be read"))?;
        if parsed.public_key().raw != key.public_key_info() {
            return Err(NoSignature::Certificate("it is of another key"));
        }
        if !is_for_lists(&parsed) {
            return Err(NoSignature::Certificate(
                "it has not the extended key usage 0.4.0.2231.3.0; issue it under the profile trusted-list-signer",
            ));
        }
        Ok(Self { key, certificate })
    }

    /// Its certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Signs a list, which is XML without a signature that ends with the list's end tag.
    ///
    /// # Errors
    /// The key failed, or the list cannot be read.
    pub fn sign(&self, unsigned: &str, at: OffsetDateTime) -> Result<String, NoSignature> {
        let of_list = digest(parse(unsigned.as_bytes(), Bounds::LIST)?.root());
        let body = unsigned.strip_suffix(END).ok_or(NoSignature::NoPlace)?;
        let with = |of_properties: &str, value: &str| {
            format!("{body}{}{END}", self.signature(&of_list, of_properties, value, at))
        };
        let first = with("", "");
        let of_properties = digest(only(&parse(first.as_bytes(), Bounds::LIST)?, XADES, "SignedProperties")?);
        let second = with(&of_properties, "");
        let signed_info = canonical(
            only(&parse(second.as_bytes(), Bounds::LIST)?, DS, "SignedInfo")?,
            &Canonicalization::EXCLUSIVE,
            None,
        );
        let value =
            to_xml(self.key.public_key_info(), self.key.sign(&signed_info)?).ok_or(NoSignature::NoPlace)?;
        Ok(with(&of_properties, &STANDARD.encode(value)))
    }

    fn signature(&self, of_list: &str, of_properties: &str, value: &str, at: OffsetDateTime) -> String {
        let mut writer = XmlWriter::default();
        writer.element("ds:Signature", &[("xmlns:ds", DS), ("Id", "signature")], |writer| {
            writer.element("ds:SignedInfo", &[], |writer| {
                let canonical = Canonicalization::EXCLUSIVE.identifier();
                empty(writer, "ds:CanonicalizationMethod", canonical);
                let algorithm = identifier(self.key.signature_algorithm()).unwrap_or_default();
                empty(writer, "ds:SignatureMethod", algorithm);
                let of_list_to: &[(&str, &str)] = &[("Id", "list-reference"), ("URI", "")];
                reference(writer, of_list_to, &[ENVELOPED, canonical], of_list);
                let of_properties_to: &[(&str, &str)] =
                    &[("URI", "#signed-properties"), ("Type", SIGNED_PROPERTIES)];
                reference(writer, of_properties_to, &[canonical], of_properties);
            });
            writer.text("ds:SignatureValue", &[], value);
            writer.element("ds:KeyInfo", &[], |writer| {
                // TS 119 612 section 5.7.1: the signer's certificate, and no other.
                writer.element("ds:X509Data", &[], |writer| {
                    writer.text("ds:X509Certificate", &[], &STANDARD.encode(&self.certificate));
                });
            });
            writer.element("ds:Object", &[], |writer| self.properties(writer, at));
        });
        writer.finish()
    }

    /// EN 319 132-1 section 6.3: signing time, certificate and the kind of what is signed.
    fn properties(&self, writer: &mut XmlWriter, at: OffsetDateTime) {
        let attributes = [("xmlns:xades", XADES), ("Target", "#signature")];
        writer.element("xades:QualifyingProperties", &attributes, |writer| {
            writer.element("xades:SignedProperties", &[("Id", "signed-properties")], |writer| {
                writer.element("xades:SignedSignatureProperties", &[], |writer| {
                    writer.text("xades:SigningTime", &[], &moment(at));
                    writer.element("xades:SigningCertificateV2", &[], |writer| {
                        writer.element("xades:Cert", &[], |writer| {
                            writer.element("xades:CertDigest", &[], |writer| {
                                empty(writer, "ds:DigestMethod", digest_identifier(DigestAlgorithm::Sha256));
                                writer.text("ds:DigestValue", &[], &sha256(&self.certificate));
                            });
                        });
                    });
                });
                writer.element("xades:SignedDataObjectProperties", &[], |writer| {
                    let of = [("ObjectReference", "#list-reference")];
                    writer.element("xades:DataObjectFormat", &of, |writer| {
                        writer.text("xades:MimeType", &[], "text/xml");
                    });
                });
            });
        });
    }
}

/// Whether a certificate is for signing trusted lists.
pub(super) fn is_for_lists(certificate: &X509Certificate<'_>) -> bool {
    let purposes = certificate.extended_key_usage().ok().flatten();
    purposes.is_some_and(|purposes| {
        purposes.value.other.iter().any(|purpose| purpose.to_id_string() == TSL_SIGNING.to_string())
    })
}

fn reference(writer: &mut XmlWriter, attributes: &[(&str, &str)], transforms: &[&str], digest: &str) {
    writer.element("ds:Reference", attributes, |writer| {
        writer.element("ds:Transforms", &[], |writer| {
            transforms.iter().for_each(|transform| empty(writer, "ds:Transform", transform));
        });
        empty(writer, "ds:DigestMethod", digest_identifier(DigestAlgorithm::Sha256));
        writer.text("ds:DigestValue", &[], digest);
    });
}

fn empty(writer: &mut XmlWriter, name: &str, algorithm: &str) {
    writer.text(name, &[("Algorithm", algorithm)], "");
}

fn only<'a, 'input>(
    document: &'a Document<'input>,
    namespace: &str,
    name: &str,
) -> Result<Node<'a, 'input>, NoSignature> {
    document.descendants().find(|node| node.has_tag_name((namespace, name))).ok_or(NoSignature::NoPlace)
}

fn digest(node: Node<'_, '_>) -> String {
    sha256(&canonical(node, &Canonicalization::EXCLUSIVE, None))
}

fn sha256(octets: &[u8]) -> String {
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, octets))
}
