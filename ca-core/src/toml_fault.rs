//! What is wrong with a TOML file, said so that its author finds the place and the word that was meant.

/// Why a TOML text was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TomlFault {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The character of the line, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong there.
    pub what: TomlMistake,
}

/// What is wrong at one place of a TOML text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TomlMistake {
    /// A key that does not exist there.
    UnknownKey {
        /// The key.
        found: String,
        /// The most similar key there is.
        nearest: Option<String>,
    },
    /// A word that is none of those a key may have.
    UnknownValue {
        /// The value.
        found: String,
        /// The most similar value there is.
        nearest: Option<String>,
    },
    /// Not TOML, or a key is missing or of another type.
    Malformed(String),
}

impl TomlFault {
    /// Reads the parser's complaint about `text`.
    pub fn of(text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        let column =
            before.and_then(|before| before.rsplit('\n').next()).map(|rest| rest.chars().count() + 1);
        // serde says "unknown field `a`, expected one of `b`, `c`": the names stand between backticks, the wrong one
        // first.
        let mut names = error.message().split('`').skip(1).step_by(2);
        let found = names.next().unwrap_or_default().to_owned();
        let nearest = nearest(&found, names).map(ToOwned::to_owned);
        let what = if error.message().starts_with("unknown field") {
            TomlMistake::UnknownKey { found, nearest }
        } else if error.message().starts_with("unknown variant") {
            TomlMistake::UnknownValue { found, nearest }
        } else {
            TomlMistake::Malformed(error.message().to_owned())
        };
        Self { line, column, what }
    }
}

impl std::fmt::Display for TomlFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let meant = |nearest: &Option<String>| {
            nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
        };
        match &self.what {
            TomlMistake::UnknownKey { found, nearest } => {
                write!(f, "unknown key `{found}`{}", meant(nearest))
            }
            TomlMistake::UnknownValue { found, nearest } => {
                write!(f, "unknown value `{found}`{}", meant(nearest))
            }
            TomlMistake::Malformed(why) => f.write_str(why),
        }
    }
}

/// The most similar of `known` to `asked`, if any is similar enough to be meant.
pub fn nearest<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::jaro_winkler(asked, name), name))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
