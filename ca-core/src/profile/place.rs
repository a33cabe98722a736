//! Places in a profile's text.

/// Where a key first stands, as a key or as a table's name: line and character, from 1. A key that was left out stands
/// nowhere.
pub(super) fn of_key(text: &str, key: &str) -> Option<(usize, usize)> {
    let stands = |line: &str| {
        let name = line.trim_start_matches('[');
        let rest = name.strip_prefix(key)?.trim_start();
        let is_table = name.len() < line.len() && rest.starts_with(']');
        (is_table || (name.len() == line.len() && rest.starts_with('='))).then_some(())
    };
    text.lines().enumerate().find_map(|(number, line)| {
        let trimmed = line.trim_start();
        stands(trimmed).map(|()| (number + 1, line.len() - trimmed.len() + 1))
    })
}

/// The octet at which a character of a line stands.
pub(super) fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line.checked_sub(1)? {
        0 => 0,
        before => text.match_indices('\n').nth(before - 1)?.0 + 1,
    };
    let (at, _) = text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    Some(start + at)
}
