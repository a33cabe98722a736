//! Signature policies: rules by which a signer says to have signed, and by which the signature is to be judged (ETSI EN 319 122-1 clause
//! 5.2.9, EN 319 132-1 clause 5.2.9, TS 119 182-1 clause 5.2.7).

use const_oid::ObjectIdentifier;
use der::asn1::Ia5StringRef;
use der::{Any, Sequence, Tag, Tagged};
use roxmltree::Node;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::verdict::SignatureVerdict;
use crate::validation::{Answer, SubIndication};
use crate::xml::signature::{NotRead, XADES, child, maybe};
use crate::xml::{elements, text};

/// id-spq-ets-uri: where the policy can be had (EN 319 122-1 clause 5.2.9.2).
const AT_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.5.1");
/// The most letters that are repeated of what a signer wrote.
const MOST_LETTERS: usize = 200;

/// The policy that a signature was made by, as its signer states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SignaturePolicy {
    /// There is one, which follows from what was signed or from elsewhere: nothing is named that could be held against the signature.
    Implied,
    /// This one.
    Explicit {
        /// What it is called: an object identifier, dotted, or an address.
        identifier: String,
        /// Where the signer says that it can be had. Nobody goes there.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        address: Option<String>,
    },
}

/// SigPolicyQualifierInfo (EN 319 122-1 clause 5.2.9.1).
#[derive(Debug, Clone, Sequence)]
struct Qualifier {
    kind: ObjectIdentifier,
    value: Any,
}

impl SignaturePolicy {
    fn named(identifier: &str, address: Option<&str>) -> Self {
        let identifier = identifier.trim();
        // RFC 3061: an object identifier as an address, which is how XML and JSON have it.
        let identifier = identifier.strip_prefix("urn:oid:").unwrap_or(identifier);
        let shown = |text: &str| text.trim().chars().take(MOST_LETTERS).collect::<String>();
        Self::Explicit { identifier: shown(identifier), address: address.map(shown) }
    }

    /// Reads the value of id-aa-ets-sigPolicyId.
    pub(super) fn in_cms(value: &Any) -> Option<Self> {
        if value.tag() == Tag::Null {
            return Some(Self::Implied);
        }
        // SignaturePolicyId: the identifier, then the policy's digest and qualifiers, of which either may be missing.
        let parts: Vec<Any> = value.decode_as().ok()?;
        let (identifier, further) = parts.split_first()?;
        let identifier: ObjectIdentifier = identifier.decode_as().ok()?;
        let qualifiers = further.iter().filter_map(|part| part.decode_as::<Vec<Qualifier>>().ok());
        let at_address = qualifiers.flatten().find(|qualifier| qualifier.kind == AT_ADDRESS);
        let address = at_address.as_ref().and_then(|qualifier| qualifier.value.decode_as().ok());
        let address = address.map(|address: Ia5StringRef<'_>| address.as_str().to_owned());
        Some(Self::named(&identifier.to_string(), address.as_deref()))
    }

    /// Reads that of a XAdES signature out of its signed signature properties; none where it states none.
    pub(super) fn in_xml(signed: Node<'_, '_>) -> Result<Option<Self>, NotRead> {
        let Some(stated) = maybe(signed, XADES, "SignaturePolicyIdentifier")? else { return Ok(None) };
        let mut choice = elements(stated);
        let (Some(chosen), None) = (choice.next(), choice.next()) else {
            return Err(NotRead::Form("the signature policy that it states cannot be read"));
        };
        if chosen.has_tag_name((XADES, "SignaturePolicyImplied")) {
            return Ok(Some(Self::Implied));
        }
        let identifier = child(child(chosen, XADES, "SigPolicyId")?, XADES, "Identifier")?;
        let identifier = text(identifier).unwrap_or_default();
        let address = chosen.descendants().find(|node| node.has_tag_name((XADES, "SPURI"))).and_then(text);
        Ok(Some(Self::named(&identifier, address.as_deref())))
    }

    /// Reads the header parameter `sigPId`.
    pub(super) fn in_json(stated: &Value) -> Option<Self> {
        let identifier = stated.get("id")?;
        // Clause 5.2.7.1: an oId, whose identifier is in its own member.
        let identifier = identifier.get("id").unwrap_or(identifier).as_str()?;
        let qualifiers = stated.get("sigPQuals").and_then(Value::as_array).into_iter().flatten();
        let address = qualifiers.filter_map(|qualifier| qualifier.get("spURI")?.as_str()).next();
        Some(Self::named(identifier, address))
    }
}

impl SignatureVerdict {
    /// The verdict of a signature whose signer states this policy.
    ///
    /// EN 319 102-1 clause 5.2.4: a policy that is to be applied, and is not at hand, leaves open whether the signature is what it asks for.
    /// That is only said where nothing else is against the signature.
    pub(super) fn under(self, policy: Option<SignaturePolicy>) -> Self {
        let Some(SignaturePolicy::Explicit { identifier, .. }) = &policy else {
            return Self { policy, ..self };
        };
        if self.answer != Answer::Valid {
            return Self { policy, ..self };
        }
        let reason = format!(
            "its signer signed by the rules of the signature policy {identifier}, which is not at hand: all else holds, and whether it is \
             what those rules ask for cannot be told"
        );
        let why = SubIndication::SignaturePolicyNotAvailable;
        let indication = why.indication();
        let (answer, sub_indication) = (indication.answer(), Some(why));
        Self { policy, answer, indication, sub_indication, reasons: vec![reason], ..self }
    }
}
