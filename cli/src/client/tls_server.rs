//! What a TLS server shows of itself: its certificates as it sends them, and what it staples to them. Nobody is trusted, and nothing is
//! sent but what begins a connection.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::server::ParsedCertificate;
use rustls::{ClientConnection, InvalidMessage};
use rustls_pki_types::{CertificateDer, ServerName};

use super::tls;
use crate::failure::{Failure, catalogue};

/// The address of a server: a name, or an IP address (of version 6 in brackets), a colon and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    host: String,
    port: u16,
}

/// What a server has shown.
#[derive(Debug)]
pub struct ShownByServer {
    /// The address that answered.
    pub address: SocketAddr,
    /// The version of TLS that was agreed on, such as `TLSv1.3`.
    pub protocol: String,
    /// The cipher suite that was agreed on, such as `TLS13_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The certificates, in the order in which they were sent.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The OCSP response that was sent with the first (RFC 6066 section 8), DER.
    pub stapled: Option<Vec<u8>>,
}

impl ServerAddress {
    /// Reads one; `None` for what has another form, such as the name of a file.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(bracketed) => bracketed.parse::<IpAddr>().ok().filter(IpAddr::is_ipv6)?.to_string(),
            // RFC 3986 section 3.2.2: an address of version 6 stands in brackets, where its colons are not taken for the port's.
            None => Some(host).filter(|host| !host.contains(':'))?.to_owned(),
        };
        // RFC 952: no slash of a path.
        ServerName::try_from(host.clone()).ok()?;
        Some(Self { host, port })
    }

    /// Whether a certificate is for this name (RFC 9525).
    pub fn is_named_in(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok(name) = self.name() else { return false };
        ParsedCertificate::try_from(certificate)
            .is_ok_and(|certificate| rustls::client::verify_server_name(&certificate, &name).is_ok())
    }

    /// Begins a connection, takes what is shown, and ends it, within `patience` in all but for what the system needs to find the name.
    ///
    /// # Errors
    /// The name is not found, nothing listens, it does not answer in time, or does not speak TLS.
    pub fn look(&self, patience: Duration) -> Result<ShownByServer, Failure> {
        let deadline = Instant::now() + patience;
        let (mut stream, address) = self.connected(deadline)?;
        let stapled = Arc::new(Mutex::new(Vec::new()));
        let config = tls::watching(&stapled)?;
        let begun = ClientConnection::new(Arc::new(config), self.name()?);
        let mut connection = begun.map_err(|error| self.without_tls(&error))?;
        self.shake(&mut connection, &mut stream, deadline)?;
        let certificates = connection.peer_certificates().unwrap_or_default();
        let certificates = certificates.iter().map(|certificate| certificate.clone().into_owned()).collect();
        let protocol = connection.protocol_version().and_then(|version| version.as_str()).unwrap_or_default();
        let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        connection.send_close_notify();
        // Who has shown everything need not hear it.
        let _ = connection.write_tls(&mut stream);
        let stapled = std::mem::take(&mut *stapled.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(ShownByServer {
            address,
            protocol: protocol.replace('_', "."),
            cipher_suite: suite.unwrap_or_default().to_owned(),
            certificates,
            stapled: Some(stapled).filter(|stapled| !stapled.is_empty()),
        })
    }

    fn name(&self) -> Result<ServerName<'static>, Failure> {
        let refused =
            |_| Failure::of(&catalogue::USAGE).cause(format!("{} is no name of a server", self.host));
        ServerName::try_from(self.host.clone()).map_err(refused)
    }

    /// A connection to the first of its addresses that takes one.
    fn connected(&self, deadline: Instant) -> Result<(TcpStream, SocketAddr), Failure> {
        let unknown = |error: &io::Error| {
            Failure::of(&catalogue::UNREACHABLE)
                .what(format!("{self} could not be reached"))
                .cause(format!("the name {} is not found: {error}", self.host))
                .fix("check the name and the network")
        };
        let addresses = (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| unknown(&error))?;
        let mut last = unknown(&io::Error::from(io::ErrorKind::NotFound));
        for address in addresses {
            match TcpStream::connect_timeout(&address, self.left(deadline)?) {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => last = self.broken(&error),
            }
        }
        Err(last)
    }

    fn shake(
        &self,
        connection: &mut ClientConnection,
        stream: &mut TcpStream,
        deadline: Instant,
    ) -> Result<(), Failure> {
        while connection.is_handshaking() {
            let left = Some(self.left(deadline)?);
            let timed = stream.set_read_timeout(left).and_then(|()| stream.set_write_timeout(left));
            timed.map_err(|error| self.broken(&error))?;
            if connection.wants_write() {
                connection.write_tls(stream).map_err(|error| self.broken(&error))?;
                continue;
            }
            if connection.read_tls(stream).map_err(|error| self.broken(&error))? == 0 {
                return Err(Failure::of(&catalogue::TLS)
                    .what(format!("no secure connection to {self} could be made"))
                    .cause("it ended the connection without a word of TLS")
                    .fix("check the port: it must be one where TLS begins at once"));
            }
            connection.process_new_packets().map_err(|error| self.without_tls(&error))?;
        }
        Ok(())
    }

    /// How much time is left.
    fn left(&self, deadline: Instant) -> Result<Duration, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.too_late()) } else { Ok(left) }
    }

    fn too_late(&self) -> Failure {
        Failure::of(&catalogue::TIMEOUT)
            .what(format!("{self} did not answer in time"))
            .cause("the network or the server is slow or down, or it waits for something else than TLS")
    }

    fn broken(&self, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::of(&catalogue::REFUSED)
                .what(format!("{self} refused the connection"))
                .fix("check that the server runs, and the port"),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => self.too_late(),
            _ => Failure::of(&catalogue::UNREACHABLE)
                .what(format!("{self} could not be reached"))
                .cause(error.to_string())
                .fix("check the name, the port and the network"),
        }
    }

    fn without_tls(&self, error: &rustls::Error) -> Failure {
        let cause = match error {
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => "it does not speak TLS at this port, or begins in another way (STARTTLS)".to_owned(),
            other => other.to_string(),
        };
        Failure::of(&catalogue::TLS)
            .what(format!("no secure connection to {self} could be made"))
            .cause(cause)
            .fix("check the port: it must be one where TLS begins at once, of version 1.2 or 1.3")
    }
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ServerAddress;

    #[test]
    fn addresses_are_told_from_files() {
        for (text, shown) in [
            ("registry.gov.ls:443", "registry.gov.ls:443"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("[::1]:443", "[::1]:443"),
        ] {
            assert_eq!(ServerAddress::parse(text).map(|address| address.to_string()).as_deref(), Some(shown));
        }
        for text in [
            "registry.gov.ls",
            "a/b:443",
            "a:0",
            "a:65536",
            "a:b",
            "::1:443",
            "[127.0.0.1]:1",
            "a b:1",
            ":443",
            "",
        ] {
            assert_eq!(ServerAddress::parse(text), None, "{text}");
        }
    }
}
