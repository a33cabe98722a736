//! What is wrong with a public key: the same rules for a subscriber's request, a CA's own key and a file on a desk.
//!
//! A key by itself is judged by [`examine`]; what only shows beside other keys, by [`shared_primes`]. Keys that are
//! known to be in others' hands are a list, kept by [`crate::blocked_keys`].

mod clause;
mod examine;
pub mod rsa;
pub mod shared_primes;

pub use clause::clause;
pub use examine::{Examined, Weakness, examine, rsa_key};
