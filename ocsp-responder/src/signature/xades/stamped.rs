//! What the time stamps of a signature are over.

use std::io::Read;

use ca_core::algorithm::DigestAlgorithm;
use roxmltree::Node;

use super::references::Part;
use super::unsigned::Stamp;
use super::verdict::XadesSignature;
use crate::signature::content::{ContentDigest, Digesting};
use crate::signature::stamps::{self, StampedPart};
use crate::timestamp::{TimestampToken, TokenError, VerifiedToken};
use crate::xml::signature::{DS, XADES};
use crate::xml::{Canonicalization, canonical, elements};

/// Opens a file beside the signature by its address; `None` where there is none, or it is not to be read once more.
pub(in crate::signature) type Opened<'f> = dyn Fn(&str) -> Option<Box<dyn Read + 'f>> + 'f;

impl XadesSignature<'_, '_> {
    pub(super) fn token(&self, stamp: &Stamp, opened: &Opened<'_>) -> Result<VerifiedToken, TokenError> {
        let (octets, form) = stamp.read.as_ref().map_err(|why| TokenError::Document(why.clone()))?;
        // EN 319 132-1 section 5.3: over the element of the signature value, tags and all.
        if stamp.over == StampedPart::Signature {
            return stamps::over_value(octets, &canonical(self.value_node, form, None));
        }
        let token = TimestampToken::parse(octets)?.verify()?;
        let imprint = self.archived(stamp.place, form, token.statement.digest, opened)?;
        token.statement.verify_about(&imprint)?;
        Ok(token)
    }

    /// EN 319 132-1 section 5.5.2.2: all that is referenced, as it is referenced; the signed information, the signature value and the
    /// certificates; the unsigned properties before the time stamp; and objects that are none of these.
    fn archived(
        &self,
        place: usize,
        form: &Canonicalization,
        algorithm: DigestAlgorithm,
        opened: &Opened<'_>,
    ) -> Result<ContentDigest, TokenError> {
        let mut digesting = Digesting::by(algorithm);
        for reference in &self.references {
            match &reference.part {
                Part::Own(node, own) => digesting.add(&canonical(*node, own.as_ref().unwrap_or(form), None)),
                Part::File(uri) => {
                    let unread =
                        || TokenError::Document(format!("{uri}, which the time stamp is over, is not read"));
                    let file = opened(uri).ok_or_else(unread)?;
                    digesting.add_all(file).map_err(|_| unread())?;
                }
            }
        }
        let signed = [self.signed_info, self.value_node, self.key_info].into_iter();
        let parts = signed.chain(self.unsigned.before(place)).chain(self.other_objects());
        parts.for_each(|part| digesting.add(&canonical(part, form, None)));
        Ok(digesting.finish())
    }

    fn other_objects(&self) -> impl Iterator<Item = Node<'_, '_>> {
        let is_other = |object: &Node<'_, '_>| {
            object.has_tag_name((DS, "Object"))
                && !elements(*object).any(|part| part.has_tag_name((XADES, "QualifyingProperties")))
        };
        elements(self.signature).filter(is_other)
    }
}
