//! What some bytes are to be taken for before anything in them is believed.

use super::element::{self, Elements, GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME};

/// What bytes have the shape of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A Certificate.
    Certificate,
    /// A CertificateList.
    Crl,
    /// A CertificationRequest.
    Request,
    /// None of these.
    Other,
}

impl Shape {
    /// Looks at the outline alone, so that a certificate that is broken inside is still one.
    pub fn of(der: &[u8]) -> Self {
        let inner = element::whole(der, SEQUENCE).ok();
        let inner = inner.and_then(|outer| Elements::of(outer.body).accept(SEQUENCE));
        let Some(inner) = inner else { return Self::Other };
        let mut tags = Elements::of(inner.body).map_while(Result::ok).map(|element| element.tag);
        match [tags.next(), tags.next(), tags.next(), tags.next()] {
            // The version of certificates stands under [0], that of CRLs and requests does not.
            [Some(0xa0), Some(INTEGER), ..] => Self::Certificate,
            [Some(INTEGER), Some(SEQUENCE), Some(SEQUENCE), Some(UTC_TIME | GENERALIZED_TIME)] => Self::Crl,
            [Some(SEQUENCE), Some(SEQUENCE), Some(UTC_TIME | GENERALIZED_TIME), _] => Self::Crl,
            [Some(INTEGER), Some(SEQUENCE), Some(SEQUENCE), Some(0xa0)] => Self::Request,
            [Some(INTEGER), Some(SEQUENCE), Some(SEQUENCE), Some(SEQUENCE)] => Self::Certificate,
            _ => Self::Other,
        }
    }
}
