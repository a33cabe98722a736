//! The output contract: one answer on standard output, everything else on standard error.

mod console;
mod envelope;
mod page;
mod progress;
mod simple;

pub use console::{Channels, Console, Input, Notes};
pub use envelope::{Format, Outcome, Report};
pub use page::{Colour, Meaning, Page};
pub use progress::Gauge;
pub use simple::Simple;
