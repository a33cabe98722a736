//! Where the password comes from when the address has none: a file like libpq's `.pgpass`, or the environment.

use std::io::Read;
use std::path::Path;

use postgres::Config;
use postgres::config::Host;
use zeroize::Zeroizing;

use crate::private_file::{self, NotPrivate};
use crate::storage::StorageError;

/// The password for `client`; `None` when nothing names one.
///
/// # Errors
/// The file cannot be read, or others than its owner may read it.
pub(super) fn find(client: &Config, file: Option<&Path>) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
    if let Some(file) = file {
        let text = read(file)?;
        let found = lookup(&text, &Wanted::of(client));
        return found.map(Some).ok_or_else(|| fault(file, "has no line for this host, database and user"));
    }
    if let Some(file) = std::env::var_os("PGPASSFILE") {
        return Ok(lookup(&read(Path::new(&file))?, &Wanted::of(client)));
    }
    Ok(std::env::var("PGPASSWORD").ok().map(|password| Zeroizing::new(password.into_bytes())))
}

fn read(file: &Path) -> Result<Zeroizing<String>, StorageError> {
    let mut opened = private_file::open(file).map_err(|why| match why {
        NotPrivate::Unreadable(error) => fault(file, &error.to_string()),
        NotPrivate::OpenToOthers => fault(file, "can be read by others than its owner (chmod 600)"),
    })?;
    let mut text = Zeroizing::new(String::new());
    opened.read_to_string(&mut text).map_err(|error| fault(file, &error.to_string()))?;
    Ok(text)
}

fn fault(file: &Path, what: &str) -> StorageError {
    StorageError(format!("the password file {}: {what}", file.display()))
}

/// What a line must be for.
struct Wanted {
    host: String,
    port: String,
    database: String,
    user: String,
}

impl Wanted {
    /// One password serves all hosts of an address: the first names the line.
    fn of(client: &Config) -> Self {
        let user = client.get_user().unwrap_or_default().to_owned();
        Self {
            host: match client.get_hosts().first() {
                Some(Host::Tcp(name)) => name.clone(),
                // libpq calls a server behind a Unix socket this.
                Some(Host::Unix(_)) | None => "localhost".to_owned(),
            },
            port: client.get_ports().first().unwrap_or(&5432).to_string(),
            database: client.get_dbname().unwrap_or(&user).to_owned(),
            user,
        }
    }

    fn is_met_by(&self, fields: &[Zeroizing<String>]) -> bool {
        let wanted = [&self.host, &self.port, &self.database, &self.user];
        wanted
            .iter()
            .zip(fields)
            .all(|(wanted, field)| field.as_str() == "*" || field.as_str() == wanted.as_str())
    }
}

/// The first line that fits counts, as with libpq.
fn lookup(text: &str, wanted: &Wanted) -> Option<Zeroizing<Vec<u8>>> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line);
        let password = fields.pop()?;
        (fields.len() == 4 && wanted.is_met_by(&fields)).then(|| Zeroizing::new(password.as_bytes().to_vec()))
    })
}

/// Splits a line at its first four colons; a backslash takes the meaning of the next character away.
fn fields(line: &str) -> Vec<Zeroizing<String>> {
    let mut fields = vec![Zeroizing::new(String::with_capacity(line.len()))];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == ':' && fields.len() < 5 {
            fields.push(Zeroizing::new(String::with_capacity(line.len())));
        } else if let Some(field) = fields.last_mut() {
            field.extend(if character == '\\' { characters.next() } else { Some(character) });
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn found(text: &str) -> Option<String> {
        let client: Config = "postgres://npki@db.gov:6000/country".parse().unwrap();
        lookup(text, &Wanted::of(&client)).map(|octets| String::from_utf8(octets.to_vec()).unwrap())
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let text = "# comment\nother:*:*:*:no\ndb.gov:5432:*:*:no\n*:6000:country:npki:yes\n*:*:*:*:late\n";
        assert_eq!(found(text).as_deref(), Some("yes"));
        assert_eq!(found("db.gov:6000:country:other:no\n"), None);
        assert_eq!(found("too:short\n"), None);
    }

    #[test]
    fn a_backslash_keeps_colons_and_backslashes() {
        assert_eq!(found(r"*:*:*:*:a\:b\\c:d").as_deref(), Some(r"a:b\c:d"));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "*:*:*:*:secret\n").unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let client: Config = "postgres://npki@db.gov/country".parse().unwrap();
        let refused = find(&client, Some(file.path())).unwrap_err().to_string();
        assert!(refused.contains("chmod 600") && !refused.contains("secret"), "{refused}");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(find(&client, Some(file.path())).unwrap().unwrap().as_slice(), b"secret");
    }
}
