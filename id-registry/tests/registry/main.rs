//! The registry at work on a real CA: who may do what, what is refused, and what happens at the same moment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agents;
mod approvals;
mod blast_radius;
mod blocked_keys;
mod campaign;
mod changes;
mod country;
mod duplicates;
mod enrolment;
mod erasure;
mod evidence;
mod exports;
mod guardianships;
mod http;
mod identities;
mod import;
mod key_origins;
mod ledger;
mod lives;
mod looks;
mod offices;
mod outside;
mod packets;
mod parties;
mod persons;
mod privacy;
mod profiles;
mod proposals;
mod sealed;
mod sequences;
mod staff;
mod tokens;
mod vetting;
mod webhooks;
mod withdrawals;
