//! A small HTTPS server with canned answers, and the PKI it needs, made by openssl.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A root, and a certificate under it for `localhost` that also serves as a client's.
pub(crate) struct Pki {
    pub(crate) root: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pki {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let file = |ending: &str| folder.join(format!("{name}-{ending}"));
        let (root, root_key) = (file("root.pem"), file("root.key"));
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let subject = format!("/C=LS/O=Test/CN={name} Root");
        openssl(&[
            &[
                "req",
                "-x509",
                "-days",
                "2",
                "-subj",
                &subject,
                "-keyout",
                path(&root_key),
                "-out",
                path(&root),
            ],
            &new_key[..],
            &["-addext", "keyUsage=critical,keyCertSign"],
        ]);
        let (key, request, certificate) = (file("key.pem"), file("csr.pem"), file("cert.pem"));
        let subject = format!("/C=LS/O=Test/CN={name}");
        openssl(&[
            &["req", "-new", "-subj", &subject, "-keyout", path(&key), "-out", path(&request)],
            &new_key[..],
        ]);
        let extensions = file("extensions");
        let content = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n";
        std::fs::write(&extensions, content).unwrap();
        openssl(&[
            &[
                "x509",
                "-req",
                "-days",
                "2",
                "-in",
                path(&request),
                "-CA",
                path(&root),
                "-CAkey",
                path(&root_key),
            ][..],
            &["-CAcreateserial", "-extfile", path(&extensions), "-out", path(&certificate)],
        ]);
        Self { root, certificate, key }
    }

    pub(crate) fn fingerprint(&self) -> String {
        let der = der(&self.root);
        hex::encode(ring::digest::digest(&ring::digest::SHA256, &der))
    }
}

fn openssl(arguments: &[&[&str]]) {
    let output = Command::new("openssl").args(arguments.concat()).output().expect("openssl");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn der(file: &Path) -> Vec<u8> {
    pem::parse(std::fs::read(file).unwrap()).unwrap().into_contents()
}

/// What the server was asked: method, path, body.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

type Answers = dyn Fn(&Asked) -> (u16, String) + Send + Sync;

/// A running server; it ends with the test's process.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Whether clients must show a certificate.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Clients {
    Anybody,
    Certified,
}

impl Server {
    pub(crate) fn start(
        pki: &Pki,
        clients: Clients,
        answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(configuration(pki, clients));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answers): (_, Arc<Answers>) = (Arc::clone(&asked), Arc::new(answers));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, log, answers) = (Arc::clone(&config), Arc::clone(&log), Arc::clone(&answers));
                std::thread::spawn(move || answer(stream, config, &log, answers.as_ref()));
            }
        });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn configuration(pki: &Pki, clients: Clients) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(der(&pki.root))).unwrap();
    let builder = match clients {
        Clients::Anybody => builder.unwrap().with_no_client_auth(),
        Clients::Certified => builder.unwrap().with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
        ),
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der(&pki.key)));
    builder.with_single_cert(vec![CertificateDer::from(der(&pki.certificate))], key).unwrap()
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>, log: &Mutex<Vec<Asked>>, answers: &Answers) {
    let connection = ServerConnection::new(config).unwrap();
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    // A client that ends the connection (an untrusted server, a missing certificate) has said enough.
    let Some(asked) = read_request(&mut reader) else { return };
    let (status, body) = answers(&asked);
    log.lock().unwrap().push(asked);
    let kind = if status < 300 { "application/json" } else { "application/problem+json" };
    let stream = reader.get_mut();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn read_request(reader: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|octets| *octets > 0)?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && head != "\r\n" {
        reader.read_line(&mut head).ok().filter(|octets| *octets > 0)?;
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let line = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked { line, head, body: String::from_utf8(body).unwrap() })
}
