//! How far long work has come: on standard error, for a person at a terminal, and nowhere else.

use std::fmt;
use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::{Channels, Console, Notes};
use super::envelope::Format;

/// How often a second it is drawn at most: a slow line must not slow the work down.
const DRAWN_A_SECOND: u8 = 8;

/// Of work whose end is known. Plain characters without colour: they are the same on every terminal.
const KNOWN: &str = "{msg} [{bar:30}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}, {eta} left";
/// Of work whose end is not known.
const UNKNOWN: &str = "{spinner} {msg} {binary_bytes} {binary_bytes_per_sec}, {elapsed}";

/// Of things that are counted, whose number is known.
const COUNTED: &str = "{msg} [{bar:30}] {human_pos}/{human_len}, {eta} left";

/// Shows how far the work has come until it is dropped; then its line is gone.
pub struct Gauge(ProgressBar);

impl Gauge {
    /// The octets, or things, done so far.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Says what is being done now, of how many things.
    pub fn turn_to(&self, what: &str, total: u64) {
        if self.0.message() != what {
            self.0.set_message(what.to_owned());
        }
        self.0.set_length(total);
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauge").field("octets", &self.0.position()).finish()
    }
}

impl Console {
    /// Begins to show how far `what` has come, of `total` octets where that is known.
    pub fn gauge(&self, what: &str, total: Option<u64>) -> Gauge {
        self.drawn(what, total, if total.is_some() { KNOWN } else { UNKNOWN })
    }

    /// Begins to show how many things are done.
    pub fn count(&self, what: &str) -> Gauge {
        self.drawn(what, Some(0), COUNTED)
    }

    fn drawn(&self, what: &str, total: Option<u64>, template: &str) -> Gauge {
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let terminal = if io::stderr().is_terminal() && !dumb { Terminal::Drawable } else { Terminal::None };
        let target = if self.is_watched(terminal) {
            ProgressDrawTarget::stderr_with_hz(DRAWN_A_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(total, target).with_message(what.to_owned());
        // A template that cannot be read leaves the library's own; a test holds ours readable.
        Gauge(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style.progress_chars("=> ").tick_chars("-\\|/ ")),
            Err(_) => bar,
        })
    }

    fn is_watched(&self, terminal: Terminal) -> bool {
        let Channels { format, notes, .. } = self.channels();
        terminal == Terminal::Drawable && notes == Notes::Shown && format == Format::Text
    }
}

/// What standard error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminal {
    /// A terminal that can take a line back.
    Drawable,
    /// Something else.
    None,
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressStyle;

    use super::{COUNTED, Channels, Console, Format, KNOWN, Notes, Terminal, UNKNOWN};
    use crate::output::{Colour, Input};

    #[test]
    fn only_a_person_at_a_terminal_sees_it() {
        let console =
            |format, notes| Console::new(Channels { format, notes, colour: Colour::Off, input: Input::Off });
        assert!(console(Format::Text, Notes::Shown).is_watched(Terminal::Drawable));
        assert!(!console(Format::Text, Notes::Shown).is_watched(Terminal::None));
        assert!(!console(Format::Text, Notes::Hidden).is_watched(Terminal::Drawable), "--quiet");
        assert!(!console(Format::Json, Notes::Shown).is_watched(Terminal::Drawable), "--json");
    }

    #[test]
    fn the_templates_can_be_read() {
        for template in [KNOWN, UNKNOWN, COUNTED] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
