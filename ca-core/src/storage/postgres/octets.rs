//! Values on their way to and from the server, octet for octet: `bytea`, and `json`, which PostgreSQL keeps as the
//! text it was given.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// A column of either type, as it is.
pub(super) struct Octets(pub(super) Vec<u8>);

impl<'a> FromSql<'a> for Octets {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::BYTEA | Type::JSON)
    }
}

/// A parameter of either type, as it is.
#[derive(Debug)]
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl ToSql for Raw<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::BYTEA | Type::JSON)
    }

    to_sql_checked!();
}
