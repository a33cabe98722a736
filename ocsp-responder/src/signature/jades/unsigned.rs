//! What was added to a signature after it was made: the elements of `etsiU` (TS 119 182-1 clause 5.3).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::error::JwsError;
use super::strict;
use super::wire::octets;
use crate::signature::material::{MAX_CARRIED, Material};
use crate::signature::stamps::StampedPart;
use crate::signature::unsigned::MAX_TIMESTAMPS;
use crate::validation::certificate::Certificate;

/// The most elements that are looked at. A signature that is stamped anew every year for a century has some two hundred.
const MAX_ELEMENTS: usize = 256;
/// DER, where an encoding is named (clause 5.4.1); it is what is meant where none is.
const DER: &str = "http://uri.etsi.org/01903/v1.2.2#DER";

/// One element.
#[derive(Debug)]
pub(super) struct Element {
    name: String,
    value: Value,
    /// As it stands in the signature, in base64url; `None` where it stands there as JSON.
    written: Option<String>,
}

/// The elements, in their order.
#[derive(Debug, Default)]
pub(super) struct Unsigned(Vec<Element>);

/// A time stamp among them.
#[derive(Debug)]
pub(super) struct Stamp {
    /// Which element it stands in.
    pub(super) place: usize,
    pub(super) over: StampedPart,
    /// The token, DER.
    pub(super) token: Vec<u8>,
}

impl Unsigned {
    /// Clause 5.3.1: all are objects with one member, or all are the base64url of such.
    pub(super) fn read(etsi_u: Option<Value>) -> Result<Self, JwsError> {
        let wrong = || JwsError::Parameter("etsiU");
        let Some(etsi_u) = etsi_u else { return Ok(Self::default()) };
        let Value::Array(list) = etsi_u else { return Err(wrong()) };
        if list.len() > MAX_ELEMENTS {
            return Err(JwsError::TooMany("elements of etsiU", MAX_ELEMENTS));
        }
        let is_clear = list.first().is_some_and(Value::is_object);
        let element = |value| match value {
            Value::Object(members) if is_clear => Element::of(members, None),
            Value::String(text) if !is_clear => {
                let members = strict::object(&octets(&text, "etsiU")?, "an element of etsiU")?;
                Element::of(members, Some(text))
            }
            _ => Err(wrong()),
        };
        let elements: Vec<Element> = list.into_iter().map(element).collect::<Result<_, _>>()?;
        if elements.is_empty() { Err(wrong()) } else { Ok(Self(elements)) }
    }

    /// `etsiU` as it is written; `None` where there is nothing in it.
    pub(super) fn write(self) -> Option<Value> {
        let written = |Element { name, value, written }| match written {
            Some(text) => Value::String(text),
            None => Value::Object(Map::from_iter([(name, value)])),
        };
        let all: Vec<Value> = self.0.into_iter().map(written).collect();
        Some(all).filter(|all| !all.is_empty()).map(Value::Array)
    }

    /// Adds one behind all others, written as those are.
    pub(super) fn add(&mut self, name: &str, value: Value) {
        let is_clear = self.0.first().is_some_and(|first| first.written.is_none());
        let written = (!is_clear).then(|| {
            let element = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
            URL_SAFE_NO_PAD.encode(element.to_string())
        });
        self.0.push(Element { name: name.to_owned(), value, written });
    }

    /// Adds a time stamp.
    pub(super) fn add_stamp(&mut self, over: StampedPart, token: &[u8]) {
        self.add(name_of(over), json!({"tstTokens": [{"val": STANDARD.encode(token)}]}));
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|element| element.name == name)
    }

    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }

    /// The elements in front of one as they stand in the signature; `None` where that is JSON, which can be written in many ways.
    pub(super) fn written_before(&self, place: usize) -> Option<Vec<&str>> {
        self.0.iter().take(place).map(|element| element.written.as_deref()).collect()
    }

    /// The time stamps over the signature value (clause 5.3.4), and those over all that stands before them (clause 5.3.6). Of too
    /// many, those that were made first count of the former, and the last of the latter.
    pub(super) fn stamps(&self) -> Result<Vec<Stamp>, JwsError> {
        let mut first = self.stamps_over(StampedPart::Signature)?;
        first.truncate(MAX_TIMESTAMPS);
        let mut last = self.stamps_over(StampedPart::Archive)?;
        let superseded = last.len().saturating_sub(MAX_TIMESTAMPS);
        first.extend(last.drain(superseded..));
        Ok(first)
    }

    fn stamps_over(&self, over: StampedPart) -> Result<Vec<Stamp>, JwsError> {
        let name = name_of(over);
        let wrong = || JwsError::Parameter(name);
        let mut stamps = Vec::new();
        for (place, element) in self.0.iter().enumerate().filter(|(_, element)| element.name == name) {
            let tokens = element.value.get("tstTokens").and_then(Value::as_array).ok_or_else(wrong)?;
            if tokens.len() > MAX_TIMESTAMPS {
                return Err(JwsError::TooMany("time stamps in one element", MAX_TIMESTAMPS));
            }
            for token in tokens {
                let token = object(token, name)?.ok_or_else(wrong)?;
                stamps.push(Stamp { place, over, token });
            }
        }
        Ok(stamps)
    }

    /// What it can be judged by (clauses 5.3.5.1 to 5.3.5.5): nothing of it is trusted.
    pub(super) fn material(&self) -> Result<Material, JwsError> {
        let mut material = Material::default();
        for Element { name, value, .. } in &self.0 {
            match name.as_str() {
                "xVals" | "axVals" => certificates(value, &mut material)?,
                "rVals" | "arVals" => revocation(value, &mut material)?,
                // anyValData: since version 1.2.1.
                "tstVD" | "anyValData" => {
                    value.get("xVals").map_or(Ok(()), |values| certificates(values, &mut material))?;
                    value.get("rVals").map_or(Ok(()), |values| revocation(values, &mut material))?;
                }
                _ => {}
            }
        }
        Ok(material)
    }
}

impl Element {
    fn of(members: Map<String, Value>, written: Option<String>) -> Result<Self, JwsError> {
        let mut members = members.into_iter();
        match (members.next(), members.next()) {
            (Some((name, value)), None) => Ok(Self { name, value, written }),
            _ => Err(JwsError::Parameter("etsiU")),
        }
    }
}

const fn name_of(over: StampedPart) -> &'static str {
    match over {
        StampedPart::Signature => "sigTst",
        StampedPart::Archive => "arcTst",
    }
}

fn certificates(values: &Value, material: &mut Material) -> Result<(), JwsError> {
    for value in values.as_array().ok_or(JwsError::Parameter("xVals"))? {
        // Certificates of another kind (otherCert) are passed over.
        let Some(x509) = value.get("x509Cert") else { continue };
        let certificate = object(x509, "xVals")?.and_then(|der| Certificate::from_der(&der).ok());
        material.certificates.extend(certificate);
    }
    material.certificates.truncate(MAX_CARRIED);
    Ok(())
}

fn revocation(values: &Value, material: &mut Material) -> Result<(), JwsError> {
    let evidence = &mut material.evidence;
    for (name, found) in [("crlVals", &mut evidence.crls), ("ocspVals", &mut evidence.ocsp_responses)] {
        let Some(values) = values.get(name) else { continue };
        for value in values.as_array().ok_or(JwsError::Parameter("rVals"))? {
            found.extend(object(value, "rVals")?);
        }
        found.truncate(MAX_CARRIED);
    }
    Ok(())
}

/// The octets of a PKI object (clause 5.4.1); `None` where they are encoded in another way than DER.
fn object(value: &Value, of: &'static str) -> Result<Option<Vec<u8>>, JwsError> {
    if value.get("encoding").is_some_and(|encoding| encoding != DER) {
        return Ok(None);
    }
    let text = value.get("val").and_then(Value::as_str).ok_or(JwsError::Parameter(of))?;
    STANDARD.decode(text).map(Some).map_err(|_| JwsError::Parameter(of))
}
