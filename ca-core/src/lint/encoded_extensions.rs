//! Extensions as they are encoded in CRLs, their entries, and OCSP answers.

use const_oid::ObjectIdentifier;

use super::element::{BOOLEAN, Elements, OCTET_STRING, OID, SEQUENCE};

/// One extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoded<'a> {
    oid: &'a [u8],
    pub(super) critical: bool,
    /// The octets of extnValue.
    pub(super) value: &'a [u8],
}

impl Encoded<'_> {
    pub(super) fn is(&self, oid: ObjectIdentifier) -> bool {
        self.oid == oid.as_bytes()
    }

    /// Its identifier, to be shown.
    pub(super) fn name(&self) -> String {
        ObjectIdentifier::from_bytes(self.oid).map_or_else(|_| hex::encode(self.oid), |oid| oid.to_string())
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.oid == other.oid
    }
}

/// Reads a SEQUENCE OF Extension one after another; `Err` for what is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extensions<'a>(Elements<'a>);

impl<'a> Extensions<'a> {
    /// Over the contents of the SEQUENCE.
    pub(super) const fn of(contents: &'a [u8]) -> Self {
        Self(Elements::of(contents))
    }

    pub(super) fn find(mut self, oid: ObjectIdentifier) -> Option<Encoded<'a>> {
        Iterator::find_map(&mut self, |found| found.ok().filter(|found| found.is(oid)))
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<Encoded<'a>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = self.0.next()?;
        let read = element
            .ok()
            .filter(|element| element.tag == SEQUENCE)
            .and_then(|element| extension(element.body));
        Some(read.ok_or_else(|| "an extension cannot be read".to_owned()))
    }
}

fn extension(contents: &[u8]) -> Option<Encoded<'_>> {
    let mut parts = Elements::of(contents);
    let oid = parts.accept(OID)?.body;
    let critical = match parts.accept(BOOLEAN).map(|element| element.body) {
        None => false,
        // X.690 sections 11.1 and 11.5: TRUE is all ones, and the default is left out.
        Some([0xff]) => true,
        Some(_) => return None,
    };
    let value = parts.accept(OCTET_STRING)?.body;
    parts.is_empty().then_some(Encoded { oid, critical, value })
}
