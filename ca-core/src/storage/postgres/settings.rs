//! Where the database is and how it is talked to, read from one address.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::password;
use super::tls::{Tls, TlsFiles};
use crate::storage::StorageError;

/// How long a call tries again while the server is away, unless the address says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many connections read, unless the address says otherwise.
const READERS: usize = 8;
/// More would be a mistake: PostgreSQL makes a process for each.
const MOST_READERS: usize = 256;
/// PostgreSQL cuts longer names off; the schema of the views adds `_report`.
const LONGEST_SCHEMA: usize = 48;

/// Where the database is and how it is talked to.
#[derive(Clone)]
pub struct PostgresSettings {
    client: Config,
    tls: Option<TlsFiles>,
    passfile: Option<PathBuf>,
    schema: String,
    readers: usize,
    patience: Duration,
}

impl PostgresSettings {
    /// Reads `postgres://user@host[:port][,host[:port]…]/database?name=value&…`; a host that is a percent-encoded path
    /// is the folder of a Unix socket. Of several hosts the one that takes writes is used. Names besides those of
    /// libpq that concern connections (`connect_timeout`, `keepalives_idle`, `application_name`, …):
    ///
    /// - `sslmode`: `verify-full`, the default for a server on another machine, or `disable`, the default on this one;
    /// - `sslrootcert`: a PEM file, the CA certificates that the server's is verified with;
    /// - `sslcert`, `sslkey`: PEM files, the certificate and key that npki shows;
    /// - `passfile`: a file of lines `host:port:database:user:password` (libpq's `.pgpass`), for its owner alone.
    ///   Without it, the environment's `PGPASSFILE` or `PGPASSWORD` count;
    /// - `schema`: where the tables are, `npki` by default; the views for reports are in `<schema>_report`;
    /// - `readers`: how many connections read, 1 to 256, 8 by default; one more writes;
    /// - `patience`: how many seconds a call tries again while the server is away, 30 by default.
    ///
    /// # Errors
    /// The address cannot be read, or would send records over a network in the clear without saying so.
    pub fn parse(address: &str) -> Result<Self, StorageError> {
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut own, mut libpq) = (Own::default(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if !own.take(pair)? {
                libpq.push(pair);
            }
        }
        let client = format!("{place}?{}", libpq.join("&"))
            .parse::<Config>()
            .map_err(|error| wrong(&super::failure::causes(&error)))?;
        own.settings(client)
    }

    /// The schema of the tables.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    pub(super) const fn readers(&self) -> usize {
        self.readers
    }

    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// What a connection is made with: the password and the files of TLS are read anew each time, so that they can be
    /// replaced while npki runs.
    pub(super) fn connection(&self) -> Result<(Config, Tls), StorageError> {
        let mut client = self.client.clone();
        if client.get_password().is_none()
            && let Some(password) = password::find(&client, self.passfile.as_deref())?
        {
            client.password(&*password);
        }
        Ok((client, self.tls.as_ref().map_or(Ok(Tls::Plain), TlsFiles::read)?))
    }
}

/// Without the password.
impl std::fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("hosts", &self.client.get_hosts())
            .field("ports", &self.client.get_ports())
            .field("database", &self.client.get_dbname())
            .field("user", &self.client.get_user())
            .field("schema", &self.schema)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// The parameters that are npki's.
#[derive(Default)]
struct Own {
    sslmode: Option<String>,
    sslrootcert: Option<String>,
    sslcert: Option<String>,
    sslkey: Option<String>,
    passfile: Option<String>,
    schema: Option<String>,
    readers: Option<String>,
    patience: Option<String>,
}

impl Own {
    /// Takes `name=value` if it is npki's; says whether it was.
    fn take(&mut self, pair: &str) -> Result<bool, StorageError> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match name {
            "sslmode" => &mut self.sslmode,
            "sslrootcert" => &mut self.sslrootcert,
            "sslcert" => &mut self.sslcert,
            "sslkey" => &mut self.sslkey,
            "passfile" => &mut self.passfile,
            "schema" => &mut self.schema,
            "readers" => &mut self.readers,
            "patience" => &mut self.patience,
            _ => return Ok(false),
        };
        let value = percent_encoding::percent_decode_str(value).decode_utf8();
        let value = value.map_err(|_| wrong(&format!("{name} is not UTF-8")))?.into_owned();
        match place.replace(value) {
            Some(_) => Err(wrong(&format!("{name} is given twice"))),
            None => Ok(true),
        }
    }

    fn settings(self, mut client: Config) -> Result<PostgresSettings, StorageError> {
        if client.get_hosts().is_empty() {
            return Err(wrong("it names no host"));
        }
        let tls = self.tls(&client)?;
        client.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        be_robust(&mut client);
        Ok(PostgresSettings {
            client,
            tls,
            schema: schema(self.schema)?,
            readers: number(self.readers.as_deref(), "readers", READERS, MOST_READERS)?,
            patience: number(self.patience.as_deref(), "patience", PATIENCE.as_secs() as usize, 3_600)
                .map(|seconds| Duration::from_secs(seconds as u64))?,
            passfile: self.passfile.map(PathBuf::from),
        })
    }

    fn tls(&self, client: &Config) -> Result<Option<TlsFiles>, StorageError> {
        let mode = self.sslmode.as_deref();
        match mode {
            Some("disable") => Ok(None),
            None if self.sslrootcert.is_none() && is_local(client) => Ok(None),
            Some("verify-full") | None => self.tls_files().map(Some),
            Some("allow" | "prefer" | "require" | "verify-ca") => Err(wrong(
                "sslmode must be verify-full (or disable): with the others nobody knows who answers",
            )),
            Some(_) => Err(wrong("sslmode must be verify-full or disable")),
        }
    }

    fn tls_files(&self) -> Result<TlsFiles, StorageError> {
        let Some(root) = &self.sslrootcert else {
            return Err(wrong(
                "a server on another machine is talked to by TLS: add sslrootcert=FILE, the PEM file of the CA that \
                 issued its certificate (or sslmode=disable, if something else protects the network between)",
            ));
        };
        let client = match (&self.sslcert, &self.sslkey) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => return Err(wrong("sslcert and sslkey belong together")),
        };
        Ok(TlsFiles { root: root.into(), client })
    }
}

/// A server that is gone, or has stopped taking writes, is found out within seconds.
fn be_robust(client: &mut Config) {
    client.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if client.get_application_name().is_none() {
        client.application_name("npki");
    }
    if client.get_connect_timeout().is_none() {
        client.connect_timeout(Duration::from_secs(5));
    }
    if client.get_tcp_user_timeout().is_none() {
        client.tcp_user_timeout(Duration::from_secs(15));
    }
    if client.get_keepalives_interval().is_none() {
        let (idle, interval) = (Duration::from_secs(15), Duration::from_secs(5));
        client.keepalives_idle(idle).keepalives_interval(interval).keepalives_retries(3);
    }
}

/// Whether nothing leaves this machine.
fn is_local(client: &Config) -> bool {
    let named = client.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    });
    named && client.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn schema(name: Option<String>) -> Result<String, StorageError> {
    let name = name.unwrap_or_else(|| "npki".to_owned());
    let fits = (1..=LONGEST_SCHEMA).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && !name.starts_with("pg_");
    if fits {
        Ok(name)
    } else {
        Err(wrong("schema must have 1 to 48 characters of a-z, 0-9 and _, a letter first"))
    }
}

fn number(text: Option<&str>, name: &str, default: usize, most: usize) -> Result<usize, StorageError> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| wrong(&format!("{name} must be a number from 1 to {most}")))
}

fn wrong(what: &str) -> StorageError {
    StorageError(format!("the PostgreSQL address is wrong: {what}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refusal(address: &str) -> String {
        PostgresSettings::parse(address).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let settings = PostgresSettings::parse("postgres://npki@localhost/npki").unwrap();
        assert_eq!((settings.schema(), settings.readers(), settings.patience()), ("npki", 8, PATIENCE));
        assert!(settings.tls.is_none());
        let settings =
            PostgresSettings::parse("postgres://npki@%2Frun%2Fpg/npki?schema=pki_2&readers=3&patience=5")
                .unwrap();
        assert_eq!((settings.schema(), settings.readers()), ("pki_2", 3));
        assert_eq!(settings.patience(), Duration::from_secs(5));
    }

    #[test]
    fn a_server_elsewhere_is_not_talked_to_in_the_clear_by_accident() {
        for address in [
            "postgres://npki@db.gov/npki",
            "postgres://npki@localhost,db.gov/npki",
            "postgres://npki@localhost/npki?hostaddr=192.0.2.1",
        ] {
            assert!(refusal(address).contains("sslrootcert"), "{address}");
        }
        assert!(refusal("postgres://npki@db.gov/npki?sslmode=require").contains("verify-full"));
        assert!(PostgresSettings::parse("postgres://npki@db.gov/npki?sslmode=disable").is_ok());
        let settings =
            PostgresSettings::parse("postgres://npki@a.gov,b.gov:5433/npki?sslrootcert=%2Fetc%2Fca.pem");
        assert!(settings.unwrap().tls.is_some());
    }

    #[test]
    fn wrong_parameters_are_named() {
        assert!(refusal("postgres://npki@localhost/npki?schema=a%22b").contains("schema"));
        assert!(refusal("postgres://npki@localhost/npki?readers=0").contains("readers"));
        assert!(refusal("postgres://npki@localhost/npki?patience=soon").contains("patience"));
        assert!(refusal("postgres://npki@localhost/npki?shcema=npki").contains("shcema"));
        assert!(refusal("postgres://npki@localhost/npki?schema=a&schema=b").contains("twice"));
        assert!(refusal("postgres:///npki").contains("host"));
    }

    #[test]
    fn the_password_is_not_shown() {
        let settings = PostgresSettings::parse("postgres://npki:hunter2@localhost/npki").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(!refusal("postgres://npki:hunter2@localhost/npki?x=1").contains("hunter2"));
    }
}
