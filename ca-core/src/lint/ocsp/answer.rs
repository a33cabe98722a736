//! ResponseData as lint reads it.

use crate::lint::element::{Element, Elements, GENERALIZED_TIME, INTEGER, OCTET_STRING, SEQUENCE, whole};
use crate::lint::encoded_extensions::{Encoded, Extensions};

/// ResponseData (RFC 6960 section 4.2.1).
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) version: Option<Element<'a>>,
    pub(super) responder: Element<'a>,
    pub(super) produced: Element<'a>,
    pub(super) singles: Vec<Single<'a>>,
    pub(super) extensions: Vec<Encoded<'a>>,
}

/// SingleResponse: what is said of one certificate.
#[derive(Debug)]
pub(super) struct Single<'a> {
    pub(super) name_digest: &'a [u8],
    pub(super) key_digest: &'a [u8],
    pub(super) serial: &'a [u8],
    pub(super) status: Element<'a>,
    pub(super) this_update: Element<'a>,
    pub(super) next_update: Option<Element<'a>>,
    pub(super) extensions: Vec<Encoded<'a>>,
}

impl<'a> Answer<'a> {
    /// `None` for what has not the shape of ResponseData.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let mut parts = Elements::of(whole(data, SEQUENCE).ok()?.body);
        let version = parts.accept(0xa0);
        let responder = parts.accept(0xa1).or_else(|| parts.accept(0xa2))?;
        let produced = parts.accept(GENERALIZED_TIME)?;
        let singles = Elements::of(parts.accept(SEQUENCE)?.body).map(|single| Single::read(&single.ok()?));
        let singles = singles.collect::<Option<Vec<_>>>()?;
        let extensions = extensions(parts.accept(0xa1))?;
        parts.is_empty().then_some(Self { version, responder, produced, singles, extensions })
    }
}

impl<'a> Single<'a> {
    fn read(single: &Element<'a>) -> Option<Self> {
        let mut parts = Elements::of(single.body);
        let mut id = Elements::of(parts.accept(SEQUENCE)?.body);
        id.accept(SEQUENCE)?;
        let (name_digest, key_digest) = (id.accept(OCTET_STRING)?.body, id.accept(OCTET_STRING)?.body);
        let serial = id.accept(INTEGER)?.body;
        let status = parts.next()?.ok()?;
        let this_update = parts.accept(GENERALIZED_TIME)?;
        let next_update = match parts.accept(0xa0) {
            Some(next) => Some(whole(next.body, GENERALIZED_TIME).ok()?),
            None => None,
        };
        let extensions = extensions(parts.accept(0xa1))?;
        let read = Self { name_digest, key_digest, serial, status, this_update, next_update, extensions };
        (parts.is_empty() && id.is_empty()).then_some(read)
    }
}

/// Extensions under an explicit tag; `None` for what are none.
fn extensions(outer: Option<Element<'_>>) -> Option<Vec<Encoded<'_>>> {
    let Some(outer) = outer else { return Some(Vec::new()) };
    Extensions::of(whole(outer.body, SEQUENCE).ok()?.body).collect::<Result<_, _>>().ok()
}
