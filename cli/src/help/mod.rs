//! Help topics, kept as text beside this file.

const TOPICS: [(&str, &str); 6] = [
    ("exit-codes", include_str!("exit-codes.txt")),
    ("environment", include_str!("environment.txt")),
    ("config", include_str!("config.txt")),
    ("output", include_str!("output.txt")),
    ("errors", include_str!("errors.txt")),
    ("security", include_str!("security.txt")),
];

/// The names of all topics; `commands` and `codes` are made when asked for.
pub fn names() -> Vec<&'static str> {
    TOPICS.iter().map(|(name, _)| *name).chain(["commands", "codes"]).collect()
}

/// A topic's text.
pub fn topic(words: &[&str]) -> Option<&'static str> {
    let [word] = words else { return None };
    TOPICS.iter().find(|(name, _)| name == word).map(|(_, text)| *text)
}
