//! npki's end-to-end tests: the harness they share.
//!
//! Every test drives the installed program as a person or another system would: separate processes, real files, real
//! TLS. What npki produces is judged by programs that npki's authors did not write ([`judges`]). A judge that is not
//! installed fails the test; nothing is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on says so and stops"
)]

pub mod answers;
pub mod asker;
pub mod bystander;
pub mod census;
pub mod certificates;
pub mod codes;
pub mod counting_token;
pub mod country;
pub mod custody;
pub mod far_responder;
pub mod held_socket;
pub mod installation;
pub mod judges;
pub mod lister;
pub mod load;
pub mod made_store;
pub mod ministry;
pub mod nation;
pub mod nginx;
pub mod npki;
pub mod paper;
pub mod postgres;
pub mod programs;
pub mod promises;
pub mod proxy;
pub mod published_ledger;
pub mod requests;
pub mod rest;
pub mod rounds;
pub mod small_disk;
pub mod soft_token;
pub mod staff;
pub mod stamper;
pub mod standby;
pub mod strong_room;
pub mod witness;
pub mod workspace;

pub use country::Country;
pub use custody::Custody;
pub use far_responder::FarResponder;
pub use installation::Installation;
pub use ministry::Ministry;
pub use npki::{Npki, Outcome};
pub use staff::{Member, Staff};
pub use stamper::Stamper;
pub use witness::Witness;
