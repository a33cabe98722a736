//! A network that breaks: a relay between npki and PostgreSQL whose connections can be cut, at any moment or at the
//! worst one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// From how many octets on a request is taken for a batch of changes: reads are much shorter.
const BATCH: usize = 2_000;

/// The worst moments to cut a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Half of the next batch has reached the server.
    HalfWay,
    /// The next batch has reached the server, which commits it; the answer does not come back.
    BeforeTheAnswer,
}

/// The relay. Ends with the test's process.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    open: Mutex<Vec<Arc<Connection>>>,
    armed: Mutex<Option<Moment>>,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
    /// The server's next answer is lost.
    deaf: AtomicBool,
}

impl Proxy {
    /// A relay to a port of this machine.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), shared: Arc::default() };
        let shared = Arc::clone(&proxy.shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                shared.relay(client.unwrap(), port);
            }
        });
        proxy
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection now; new ones are let through.
    pub fn cut(&self) {
        self.shared.open.lock().unwrap().drain(..).for_each(|connection| connection.cut());
    }

    /// Cuts a connection as soon as the moment comes.
    pub fn cut_at(&self, moment: Moment) {
        *self.shared.armed.lock().unwrap() = Some(moment);
    }

    /// Whether the moment has come since [`Proxy::cut_at`].
    pub fn has_cut(&self) -> bool {
        self.shared.armed.lock().unwrap().is_none()
    }
}

impl Shared {
    fn relay(self: &Arc<Self>, client: TcpStream, port: u16) {
        // The server may be gone: so is the client's connection then.
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let connection = Arc::new(Connection { client, server, deaf: AtomicBool::new(false) });
        self.open.lock().unwrap().push(Arc::clone(&connection));
        let (shared, requests, answers) = (Arc::clone(self), Arc::clone(&connection), connection);
        std::thread::spawn(move || shared.requests(&requests));
        std::thread::spawn(move || answers.answers());
    }

    fn requests(&self, connection: &Connection) {
        pump(&connection.client, &connection.server, |octets| {
            let mut armed = self.armed.lock().unwrap();
            match armed.take_if(|_| octets.len() >= BATCH) {
                Some(Moment::HalfWay) => octets.len() / 2,
                Some(Moment::BeforeTheAnswer) => {
                    connection.deaf.store(true, Ordering::SeqCst);
                    octets.len()
                }
                None => octets.len(),
            }
        });
        connection.cut();
    }
}

impl Connection {
    fn answers(&self) {
        pump(
            &self.server,
            &self.client,
            |octets| {
                if self.deaf.load(Ordering::SeqCst) { 0 } else { octets.len() }
            },
        );
        self.cut();
    }

    fn cut(&self) {
        // Either side may have done so already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

/// Passes on what comes, until an end closes or `passing` lets through less than there is.
fn pump(mut from: &TcpStream, mut to: &TcpStream, passing: impl Fn(&[u8]) -> usize) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let octets = &buffer[..length];
        let passed = passing(octets);
        if to.write_all(&octets[..passed]).is_err() || passed < length {
            return;
        }
    }
}
