//! To-be-signed bytes taken apart, to be put together again with one thing wrong.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef};
use der::{Decode, Encode, Sequence};

use crate::profile::AttributeType;

#[derive(Debug, Clone, Sequence)]
pub(super) struct Extension {
    pub(super) oid: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(super) critical: bool,
    pub(super) value: der::asn1::OctetString,
}

/// The fields of a TBSCertificate as DER, but for the subject and the extensions, which are lists.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) version: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) algorithm: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) validity: Vec<u8>,
    /// Each one attribute: its DER SET.
    pub(super) subject: Vec<Vec<u8>>,
    pub(super) key: Vec<u8>,
    pub(super) unique_identifiers: Vec<u8>,
    pub(super) extensions: Vec<Extension>,
    /// Stands after everything.
    pub(super) trailing: Vec<u8>,
}

/// One DER element.
pub(in crate::lint) fn element(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = match body.len() {
        short @ 0..0x80 => vec![u8::try_from(short).unwrap()],
        short @ 0x80..0x100 => vec![0x81, u8::try_from(short).unwrap()],
        long => [&[0x82], &u16::try_from(long).unwrap().to_be_bytes()[..]].concat(),
    };
    [&[tag], &length[..], body].concat()
}

/// An attribute: its SET of one AttributeTypeAndValue.
pub(super) fn attribute(kind: AttributeType, tag: u8, value: &[u8]) -> Vec<u8> {
    let oid = kind.oid().0.to_der().unwrap();
    element(0x31, &element(0x30, &[oid, element(tag, value)].concat()))
}

impl Parts {
    pub(super) fn of(tbs: &[u8]) -> Self {
        let fields = Vec::<AnyRef<'_>>::from_der(tbs).unwrap();
        let der = |at: usize| fields[at].to_der().unwrap();
        let subject = Vec::<Any>::from_der(&der(5)).unwrap();
        Self {
            version: der(0),
            serial: der(1),
            algorithm: der(2),
            issuer: der(3),
            validity: der(4),
            subject: subject.iter().map(|rdn| rdn.to_der().unwrap()).collect(),
            key: der(6),
            unique_identifiers: Vec::new(),
            extensions: Vec::from_der(fields[7].value()).unwrap(),
            trailing: Vec::new(),
        }
    }

    pub(super) fn assemble(&self) -> Vec<u8> {
        let extensions = element(0xa3, &self.extensions.to_der().unwrap());
        let fields = [
            &self.version[..],
            &self.serial,
            &self.algorithm,
            &self.issuer,
            &self.validity,
            &element(0x30, &self.subject.concat()),
            &self.key,
            &self.unique_identifiers,
            &extensions,
        ];
        [element(0x30, &fields.concat()), self.trailing.clone()].concat()
    }

    /// Replaces an attribute's value, or adds the attribute at the end.
    pub(super) fn set(&mut self, kind: AttributeType, tag: u8, value: &[u8]) {
        let replacement = attribute(kind, tag, value);
        match self.position(kind) {
            Some(at) => self.subject[at] = replacement,
            None => self.subject.push(replacement),
        }
    }

    pub(super) fn drop(&mut self, kind: AttributeType) {
        let at = self.position(kind).unwrap();
        self.subject.remove(at);
    }

    fn position(&self, kind: AttributeType) -> Option<usize> {
        let oid = kind.oid().0.to_der().unwrap();
        self.subject.iter().position(|rdn| rdn.windows(oid.len()).any(|window| window == oid))
    }

    /// The extension, which is there.
    pub(super) fn extension(&mut self, oid: ObjectIdentifier) -> &mut Extension {
        self.extensions.iter_mut().find(|extension| extension.oid == oid).unwrap()
    }

    /// Gives an extension this value, or adds it, not critical.
    pub(super) fn put(&mut self, oid: ObjectIdentifier, value: &[u8]) {
        let value = der::asn1::OctetString::new(value).unwrap();
        match self.extensions.iter_mut().find(|extension| extension.oid == oid) {
            Some(extension) => extension.value = value,
            None => self.extensions.push(Extension { oid, critical: false, value }),
        }
    }

    pub(super) fn remove(&mut self, oid: ObjectIdentifier) {
        let before = self.extensions.len();
        self.extensions.retain(|extension| extension.oid != oid);
        assert_ne!(before, self.extensions.len());
    }

    /// Replaces octets within an extension's value by as many others.
    pub(super) fn patch(&mut self, oid: ObjectIdentifier, from: &[u8], to: &[u8]) {
        let value = self.extension(oid).value.as_bytes().to_vec();
        let at = value.windows(from.len()).position(|window| window == from).unwrap();
        let patched = [&value[..at], to, &value[at + from.len()..]].concat();
        self.put(oid, &patched);
    }

    pub(super) fn set_validity(&mut self, moments: [(u8, &str); 2]) {
        let moments = moments.map(|(tag, text)| element(tag, text.as_bytes()));
        self.validity = element(0x30, &moments.concat());
    }
}
