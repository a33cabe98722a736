//! What a file and an entry are in octets.

use super::{BackupError, BackupFile};

/// An entry's octets, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntryParts<'a> {
    pub(super) table: &'a str,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

/// The octets of an entry before its key; `None` when a length does not fit its field.
pub(super) fn entry_head(table: &str, key: &[u8]) -> Option<Vec<u8>> {
    let mut head = vec![u8::try_from(table.len()).ok()?];
    head.extend_from_slice(table.as_bytes());
    head.extend_from_slice(&u32::try_from(key.len()).ok()?.to_be_bytes());
    Some(head)
}

/// Takes an entry's octets apart.
pub(super) fn entry_parts(octets: &[u8]) -> Option<EntryParts<'_>> {
    let (length, rest) = octets.split_first()?;
    let (table, rest) = rest.split_at_checked(usize::from(*length))?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (key, value) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(EntryParts { table: std::str::from_utf8(table).ok()?, key, value })
}

/// The octets of a file before its content.
///
/// # Errors
/// Its name or mode must not be in a backup.
pub(super) fn file_head(file: &BackupFile) -> Result<Vec<u8>, BackupError> {
    let refused = |why: &str| BackupError::File { name: file.name.clone(), why: why.to_owned() };
    check(&file.name, file.mode).map_err(refused)?;
    let length = u16::try_from(file.name.len()).map_err(|_| refused("its name is too long"))?;
    Ok([&length.to_be_bytes()[..], file.name.as_bytes(), &file.mode.to_be_bytes()].concat())
}

/// Makes a file of its octets.
///
/// # Errors
/// The octets are none, or its name or mode must not be in a backup: a file that is restored stays in its folder.
pub(super) fn file(octets: &[u8]) -> Result<BackupFile, &'static str> {
    let malformed = "a file's octets are in disorder";
    let (length, rest) = octets.split_first_chunk::<2>().ok_or(malformed)?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(malformed)?;
    let (mode, content) = rest.split_first_chunk::<4>().ok_or(malformed)?;
    let name = std::str::from_utf8(name).map_err(|_| malformed)?.to_owned();
    let mode = u32::from_be_bytes(*mode);
    check(&name, mode)?;
    Ok(BackupFile { name, mode, content: content.to_vec() })
}

fn check(name: &str, mode: u32) -> Result<(), &'static str> {
    let leads_away = |part: &str| part.is_empty() || part == "." || part == "..";
    if name.split('/').any(leads_away) || name.contains('\0') {
        return Err("its name leads out of the folder");
    }
    // No set-user-ID and no sticky bits: nothing of an installation has them.
    if mode & !0o777 != 0 { Err("its mode is more than permissions") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{BackupFile, entry_head, entry_parts, file, file_head};

    #[test]
    fn an_entry_comes_back_and_no_beginning_of_one_does() {
        let head = entry_head("things", b"key").unwrap();
        let whole = [&head[..], b"key", b"value"].concat();
        let parts = entry_parts(&whole).unwrap();
        assert_eq!((parts.table, parts.key, parts.value), ("things", &b"key"[..], &b"value"[..]));
        for length in 0..head.len() + 3 {
            assert_eq!(entry_parts(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn a_file_stays_in_its_folder() {
        let named = |name: &str, mode| BackupFile { name: name.to_owned(), mode, content: vec![1] };
        for name in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\0b"] {
            assert!(file_head(&named(name, 0o600)).is_err(), "{name:?}");
            let forged =
                [&[0, u8::try_from(name.len()).unwrap()], name.as_bytes(), &[0, 0, 1, 0o200]].concat();
            assert!(file(&forged).is_err(), "{name:?}");
        }
        assert!(file_head(&named("a", 0o4755)).is_err());
        let kept = named("profiles/device.toml", 0o640);
        assert_eq!(file(&[file_head(&kept).unwrap(), kept.content.clone()].concat()).unwrap(), kept);
    }
}
