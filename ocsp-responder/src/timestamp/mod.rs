//! Time stamps (RFC 3161, RFC 5816, ETSI EN 319 422): proof that something was there at a moment.
//!
//! A [`TimestampingAuthority`] works through a [`TimestampingUnit`], which answers requests with tokens or refusals. A token tells a moment, so the unit gives none while its
//! [`WatchedClock`] cannot be believed, and no two tokens have one number, whatever happens ([`Serials`]).
//! [`TimestampQuery`] asks, [`TimestampToken`] reads and verifies what came.

mod asn1;
mod authority;
mod certificate;
mod clock;
mod moment;
mod query;
mod refusal;
mod reply;
mod request;
mod serial;
#[cfg(test)]
pub(crate) mod tests;
mod token;
mod unit;
mod verdict;

pub(crate) use asn1::TST_INFO;
pub use authority::TimestampingAuthority;
pub use certificate::NotAUnit;
pub use clock::{ClockBounds, ClockDoubt, ReferenceBounds, Ticks, WatchedClock};
pub use query::{Answered, NotAnswered, QueryError, TimestampQuery};
pub use refusal::Refusal;
pub use reply::{NoToken, Reply, token_of_reply};
pub(crate) use request::RequestOutline;
pub use request::{MAX_REQUEST, TimestampRequest};
pub use serial::Serials;
pub use token::{Statement, TimestampToken, TokenError, VerifiedToken};
pub use unit::{TimestampingUnit, UnitError, UnitParts, UnitPolicy};
pub use verdict::{StatementView, TimestampVerdict, verify_timestamp};
pub(crate) use verdict::{judge_token, refuse_token};
