//! Who answers, and who is let in.

use std::os::unix::fs::PermissionsExt;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::*;

/// A server that is reached by TLS and password alone, and the folder with its CA's certificate.
struct Guarded {
    server: PostgresServer,
    folder: tempfile::TempDir,
    database: String,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Guarded {
    fn new() -> Self {
        let server = PostgresServer::start();
        let database = server.database_name();
        server.sql(&database, "CREATE ROLE npki LOGIN PASSWORD 'hunter2'");
        server.sql(&database, &format!("GRANT CREATE ON DATABASE {database} TO npki"));
        let (root, key) = (authority("Test CA"), KeyPair::generate().unwrap());
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        server.give("server.pem", &certificate.signed_by(&key, &root).unwrap().pem());
        server.give("server.key", &key.serialize_pem());
        server.demand(
            "local all postgres trust\nhostssl all npki 127.0.0.1/32 scram-sha-256\n",
            "ssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'",
        );
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
        std::fs::write(folder.path().join("other.pem"), authority("Other CA").pem()).unwrap();
        Self { server, folder, database }
    }

    fn open(&self, user: &str, host: &str, parameters: &str) -> Result<PostgresStore, StorageError> {
        let (port, folder) = (self.server.port(), self.folder.path().display());
        let parameters = parameters.replace("DIR", &folder.to_string());
        let address = format!("postgres://{user}@{host}:{port}/{}?patience=5&{parameters}", self.database);
        PostgresStore::open(&PostgresSettings::parse(&address).unwrap())
    }

    fn refusal(&self, user: &str, host: &str, parameters: &str) -> String {
        let refused = self.open(user, host, parameters).unwrap_err().to_string();
        assert!(!refused.contains("hunter"), "{refused}");
        refused
    }
}

#[test]
fn the_server_is_verified_and_the_password_bound_to_it() {
    let guarded = Guarded::new();
    let ca = "sslrootcert=DIR/root.pem";
    let store = guarded.open("npki:hunter2", "localhost", &format!("{ca}&channel_binding=require")).unwrap();
    store.commit(explained(Change::new().insert(CERTIFICATES, "a", "{}"))).unwrap();
    assert_eq!(store.ledger_size().unwrap(), 1);

    let wrong = guarded.refusal("npki:hunter3", "localhost", ca);
    assert!(wrong.contains("does not accept this user and password"), "{wrong}");
    let other = guarded.refusal("npki:hunter2", "localhost", "sslrootcert=DIR/other.pem");
    assert!(other.contains("not who it should be"), "{other}");
    let name = guarded.refusal("npki:hunter2", "127.0.0.1", ca);
    assert!(name.contains("not who it should be"), "{name}");
    let plain = guarded.refusal("npki:hunter2", "localhost", "");
    assert!(plain.contains("no encryption"), "{plain}");
    let file = guarded.refusal("npki:hunter2", "localhost", "sslrootcert=DIR/none.pem");
    assert!(file.contains("none.pem"), "{file}");

    let passfile = guarded.folder.path().join("passwords");
    std::fs::write(&passfile, "localhost:*:*:npki:hunter2\n").unwrap();
    std::fs::set_permissions(&passfile, PermissionsExt::from_mode(0o600)).unwrap();
    guarded.open("npki", "localhost", &format!("{ca}&passfile=DIR/passwords")).unwrap();
}

#[test]
fn a_server_that_would_lose_what_it_acknowledged_is_not_used() {
    let server = PostgresServer::start();
    let settings = settings(&server);
    server.demand("local all all trust\n", "synchronous_commit = off");
    let mut session = Session::open(&settings).unwrap();
    let setting = session.query("SELECT current_setting('synchronous_commit')", &[], &[]).unwrap();
    assert_eq!(setting[0].get::<_, &str>(0), "on");
    server.demand("local all all trust\n", "fsync = off");
    let refused = PostgresStore::open(&settings).unwrap_err().to_string();
    assert!(refused.contains("fsync = off"), "{refused}");
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let server = PostgresServer::shared();
    let address = server.database() + "_none";
    let refused = PostgresStore::open(&PostgresSettings::parse(&address).unwrap()).unwrap_err().to_string();
    assert!(refused.contains("must be made first") && refused.contains("_none"), "{refused}");
}
