//! Names of CAs, profiles, ceremonies and campaigns: they stand in file names, addresses and on the command line.

/// Whether a name has 1 to `most` octets and none but lower-case letters, digits and hyphens.
pub fn is_plain(name: &str, most: usize) -> bool {
    (1..=most).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
