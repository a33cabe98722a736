//! A page of text for people.

use comfy_table::{Table, presets};

/// What a word on a page means. Colour repeats the word's meaning and never carries it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// In force, valid, done.
    Good,
    /// Revoked, invalid, failed.
    Bad,
    /// Waits, on hold, cannot tell.
    Doubtful,
    /// A heading.
    Heading,
}

impl Meaning {
    /// The meaning of a status word of the interface.
    pub fn of_status(status: &str) -> Self {
        match status {
            "active" | "issued" | "good" | "no-revocation" | "valid" | "done" | "registered" => Self::Good,
            "revoked" | "rejected" | "expired" | "disabled" | "invalid" | "refused" | "ended" => Self::Bad,
            _ => Self::Doubtful,
        }
    }

    const fn escape(self) -> &'static str {
        match self {
            Self::Good => "\x1b[32m",
            Self::Bad => "\x1b[31m",
            Self::Doubtful => "\x1b[33m",
            Self::Heading => "\x1b[1m",
        }
    }
}

/// Text under construction.
#[derive(Debug)]
pub struct Page {
    text: String,
    colour: Colour,
}

/// Whether escape sequences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// They are.
    On,
    /// They are not.
    Off,
}

impl Page {
    /// An empty page.
    pub const fn new(colour: Colour) -> Self {
        Self { text: String::new(), colour }
    }

    /// Adds a line. Control characters in it are made harmless.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(&harmless(line.as_ref()));
        self.text.push('\n');
    }

    /// Adds text of this program's own, line breaks and all (help, scripts).
    pub fn verbatim(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Adds a line that begins with a word of meaning.
    pub fn verdict(&mut self, meaning: Meaning, word: &str, rest: impl AsRef<str>) {
        self.lead(meaning, word, &format!("  {}", rest.as_ref()));
    }

    /// Adds a line whose first word has a meaning, one space before the rest.
    pub fn lead(&mut self, meaning: Meaning, word: &str, rest: &str) {
        let line = format!("{} {}", self.painted(meaning, word), harmless(rest));
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Adds name and value, values aligned.
    pub fn facts(&mut self, facts: &[(&str, String)]) {
        let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in facts {
            self.line(format!("  {name:width$}  {value}").trim_end());
        }
    }

    /// Adds a table, or what to say when it has no rows.
    pub fn table<const N: usize>(&mut self, header: [&str; N], rows: Vec<[String; N]>, empty: &str) {
        if rows.is_empty() {
            self.line(empty);
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(header);
        for row in rows {
            table.add_row(row.map(|cell| harmless(&cell)));
        }
        for (index, line) in table.trim_fmt().lines().enumerate() {
            let line = line.trim_end();
            let line = if index == 0 { self.painted(Meaning::Heading, line) } else { line.to_owned() };
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// The finished text.
    pub fn into_text(self) -> String {
        self.text
    }

    fn painted(&self, meaning: Meaning, word: &str) -> String {
        let word = harmless(word);
        match self.colour {
            Colour::On => format!("{}{word}\x1b[0m", meaning.escape()),
            Colour::Off => word,
        }
    }
}

/// Names in certificates and answers are others' words: none of them may move the cursor, repaint the screen or
/// turn the reading direction around.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{Colour, Meaning, Page};

    #[test]
    fn foreign_words_cannot_steer_the_terminal() {
        let mut page = Page::new(Colour::Off);
        page.line("CN=\x1b[2Jevil\u{202e}");
        page.table(["A"], vec![["x\ny\x07".to_owned()]], "none");
        let text = page.into_text();
        assert!(!text.contains('\x1b') && !text.contains('\u{202e}') && !text.contains('\x07'));
        assert_eq!(text.lines().count(), 3, "a cell must stay in its line: {text:?}");
    }

    #[test]
    fn colour_repeats_the_word() {
        let mut page = Page::new(Colour::On);
        page.verdict(Meaning::Bad, "revoked", "key-compromise");
        assert_eq!(page.into_text(), "\x1b[31mrevoked\x1b[0m   key-compromise\n");
        let mut page = Page::new(Colour::Off);
        page.verdict(Meaning::Bad, "revoked", "key-compromise");
        assert_eq!(page.into_text(), "revoked   key-compromise\n");
    }
}
