//! A PostgreSQL cluster of two: a primary, and a standby without which nothing is acknowledged.

use crate::postgres::PostgresServer;

/// Anybody on this machine may connect, a standby too.
const ANYBODY: &str = "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 trust\n";

/// A commit returns when the standby has it on its disk.
const SYNCHRONOUS: &str = "synchronous_standby_names = '*'\nsynchronous_commit = on";

/// The two servers, at addresses that stay.
#[derive(Debug)]
pub struct Pair {
    primary: PostgresServer,
    standby: PostgresServer,
}

impl Pair {
    /// Starts both.
    pub fn start() -> Self {
        let primary = PostgresServer::start();
        primary.demand(ANYBODY, SYNCHRONOUS);
        let standby = PostgresServer::standby_of(&primary);
        Self { primary, standby }
    }

    /// Makes a new database and gives its address, which names both servers.
    pub fn database(&self) -> String {
        let name = self.primary.database_name();
        let [one, other] =
            [&self.primary, &self.standby].map(|server| format!("127.0.0.1:{}", server.port()));
        format!("postgres://postgres@{one},{other}/{name}")
    }

    /// Kills the primary as a power cut does, promotes the standby, and makes what was the primary its standby. The
    /// new primary acknowledges nothing before that.
    pub fn lose_the_primary(&mut self) {
        self.primary.kill();
        self.standby.promote();
        self.primary.follow(&self.standby);
        std::mem::swap(&mut self.primary, &mut self.standby);
    }
}
