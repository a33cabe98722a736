//! The command tree: in groups for help, and whole for the golden file.

use std::fmt::Write;

/// Who uses what, in the order of `npki --help`.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Verifying (relying parties)",
        &["verify", "inspect", "lint", "status", "crl", "trust", "sign", "seal", "timestamp"],
    ),
    ("Requesting (agencies)", &["cert", "request", "fleet", "profile"]),
    (
        "Vetting and administration",
        &[
            "queue",
            "vet",
            "registry",
            "packet",
            "citizen",
            "guardianship",
            "revoke",
            "withdrawal",
            "review",
            "key",
            "campaign",
            "party",
            "notification",
            "webhook",
            "statistics",
            "retention",
            "staff",
            "office",
            "master-key",
            "audit",
        ],
    ),
    (
        "Operating",
        &[
            "init",
            "serve",
            "doctor",
            "backup",
            "restore",
            "witness",
            "responder",
            "tsa",
            "feed",
            "ca",
            "ceremony",
            "token",
            "clock",
            "demo",
        ],
    ),
    ("This program", &["context", "whoami", "config", "help", "completion", "man", "version"]),
];

/// The subcommands in groups, each with its one line.
pub fn grouped(root: &clap::Command) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        let _ = writeln!(text, "{title}:");
        for name in names {
            let about = root.find_subcommand(name).and_then(clap::Command::get_about);
            let _ = writeln!(text, "  {name:<12}{}", about.map(ToString::to_string).unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

/// Every command with its arguments, one line each: what the golden file holds.
pub fn golden(root: &clap::Command) -> String {
    let mut text = String::from("npki (every command also has the global flags)\n");
    let globals = root.get_arguments().filter(|argument| argument.is_global_set());
    for argument in globals {
        let _ = writeln!(text, "  {}", described(argument));
    }
    for child in root.get_subcommands() {
        branch(child, "npki", &mut text);
    }
    text
}

fn branch(command: &clap::Command, parent: &str, text: &mut String) {
    let path = format!("{parent} {}", command.get_name());
    if !command.has_subcommands() {
        let _ = writeln!(text, "{path}");
    }
    for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
        let _ = writeln!(text, "  {}", described(argument));
    }
    for child in command.get_subcommands() {
        branch(child, &path, text);
    }
}

fn described(argument: &clap::Arg) -> String {
    let mut line = String::new();
    if let Some(short) = argument.get_short() {
        let _ = write!(line, "-{short}, ");
    }
    if let Some(long) = argument.get_long() {
        let _ = write!(line, "--{long} ");
    }
    if argument.get_action().takes_values() {
        let names = argument.get_value_names().unwrap_or_default();
        let names =
            if names.is_empty() { argument.get_id().to_string().to_uppercase() } else { names.join(" ") };
        let _ = write!(line, "{names} ");
    }
    for value in argument.get_possible_values().iter().filter(|_| argument.get_action().takes_values()) {
        let _ = write!(line, "|{}", value.get_name());
    }
    if argument.is_required_set() {
        line.push_str(" (required)");
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::GROUPS;
    use clap::CommandFactory;

    #[test]
    fn every_command_is_in_one_group() {
        let command = crate::arguments::Arguments::command();
        for child in command.get_subcommands() {
            let count = GROUPS
                .iter()
                .flat_map(|(_, names)| names.iter())
                .filter(|name| **name == child.get_name())
                .count();
            assert_eq!(count, 1, "npki {}", child.get_name());
        }
        for name in GROUPS.iter().flat_map(|(_, names)| names.iter()) {
            assert!(command.find_subcommand(name).is_some(), "npki {name} does not exist");
        }
    }

    #[test]
    fn the_tree_is_sound() {
        crate::arguments::command().debug_assert();
    }
}
