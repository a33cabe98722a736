//! Makes batches durable, one statement each.
//!
//! A batch is judged on what was read at one moment, and written by one statement that first moves the turn's row on
//! from where it stood at that moment. If another node was faster, the statement does nothing, and the batch is judged
//! anew: now with the turn taken beforehand, so that the node cannot lose twice. The statement is its own transaction:
//! no node ever holds the turn while it thinks, unless nodes compete.
//!
//! A node that wrote last does not even read: it supposes that its callers' expectations hold, judges the batch on
//! that, and lets the statement verify it (of a new entry, the primary key does). Only if something is not as supposed does it read and judge anew. Nodes that
//! compete do the same with the turn taken: it is held for one statement and the commit, and the batch grows while they
//! wait for it.
//!
//! When the connection breaks while a batch is being written, what became of it is found out, not guessed: the
//! statement also notes the batch's number in the node's row.

use std::sync::Arc;

use super::Shared;
use super::batch::{Batch, Confirmed, Supposed, Turn, Wanted, as_found, supposed, wanted};
use super::committing::{Engine, Verdict, Waited};
use super::failure::{Patience, Trouble};
use super::session::Session;
use super::statements::{self, Step, Token};
use crate::storage::StorageError;

/// The committing thread's state.
pub(super) struct Committer {
    shared: Arc<Shared>,
    session: Option<Session>,
    /// Names this node for as long as it runs.
    node: [u8; 16],
    /// Counts the batches that this node tried to write.
    batch: i64,
    competition: Competition,
    /// Where this node's last batch left the turn's row, unless it is known to have moved since.
    known: Option<Turn>,
    /// The turn, if it was taken before the group was complete.
    held: Option<Turn>,
}

/// Whether other nodes write as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Competition {
    /// Not lately.
    None,
    /// One was faster; the turn stood at `last` after this node's last batch, which was one of so many `unopposed`.
    Since { last: Turn, unopposed: u8 },
}

/// After how many batches that no other node came between the competition is over. Nodes that compete often get two
/// or three turns in a row, and being overtaken costs more than a turn taken for nothing.
const UNOPPOSED: u8 = 16;

/// What became of one attempt to write a batch.
enum Attempt {
    /// It is written, or there was nothing to write.
    Done(Vec<Verdict>),
    /// Another node was faster; nothing was written.
    Overtaken,
    /// The connection broke while it was being written.
    Unknown(Vec<Verdict>, Trouble),
}

impl Committer {
    pub(super) fn new(shared: Arc<Shared>, session: Session, node: [u8; 16]) -> Self {
        let competition = Competition::None;
        Self { shared, session: Some(session), node, batch: 0, competition, known: None, held: None }
    }

    fn attempt(&mut self, group: &[Confirmed]) -> Result<Attempt, Trouble> {
        let held =
            self.held.take().filter(|_| self.session.as_ref().is_some_and(|session| !session.is_closed()));
        let mut session = self.take_session()?;
        let from = match (held, self.competition) {
            (Some(held), _) => Some(held),
            (None, Competition::None) => self.known.take(),
            (None, Competition::Since { .. }) => Some(statements::lock(&mut session, &self.shared.catalog)?),
        };
        match from {
            Some(from) => self.suppose(session, from, group),
            None => self.look(session, group),
        }
    }

    /// Judges the group on what its changes expect.
    fn suppose(&mut self, mut session: Session, from: Turn, group: &[Confirmed]) -> Result<Attempt, Trouble> {
        let supposed = supposed(group);
        let found = as_found(&supposed);
        let mut batch = Batch::new(from, &found);
        let verdicts = group.iter().map(|change| batch.add(change)).collect();
        let Some((to, left)) = batch.finish() else {
            // Nothing that is written would verify what was supposed.
            return self.look(session, group);
        };
        match self.write(&mut session, Step { from, to, supposed: &supposed, left: &left }) {
            Ok(true) => {
                self.session = Some(session);
                self.note(from, to);
                Ok(Attempt::Done(verdicts))
            }
            Ok(false) => self.look_again(session, from, group),
            Err(Trouble::Present(_)) => {
                let from = self.recover(&mut session, from)?;
                self.look_again(session, from, group)
            }
            Err(away @ Trouble::Away(_)) => Ok(Attempt::Unknown(verdicts, away)),
            Err(other) => Err(other),
        }
    }

    /// After the server refused a statement: among competitors the turn was lost with the transaction, and is taken
    /// again. Says where it stands, as far as this node knows.
    fn recover(&self, session: &mut Session, from: Turn) -> Result<Turn, Trouble> {
        self.give_the_turn_back(session)?;
        match self.competition {
            Competition::None => Ok(from),
            Competition::Since { .. } => statements::lock(session, &self.shared.catalog),
        }
    }

    /// Judges a group anew of which something was not as supposed. If that was the turn, another node writes as well.
    fn look_again(
        &mut self,
        mut session: Session,
        from: Turn,
        group: &[Confirmed],
    ) -> Result<Attempt, Trouble> {
        if self.competition == Competition::None {
            let (now, _) = statements::look(&mut session, &self.shared.catalog, &Wanted::new())?;
            if now != from {
                self.session = Some(session);
                self.competition = Competition::Since { last: from, unopposed: 0 };
                return Ok(Attempt::Overtaken);
            }
        }
        self.look(session, group)
    }

    /// Judges the group on what is there; among competitors, in the transaction that took the turn.
    fn look(&mut self, mut session: Session, group: &[Confirmed]) -> Result<Attempt, Trouble> {
        let shared = Arc::clone(&self.shared);
        let wanted = wanted(group);
        let (from, found) = statements::look(&mut session, &shared.catalog, &wanted)?;
        let mut batch = Batch::new(from, &found);
        let verdicts = group.iter().map(|change| batch.add(change)).collect();
        let Some((to, left)) = batch.finish() else {
            self.give_the_turn_back(&mut session)?;
            self.session = Some(session);
            self.known = Some(from);
            return Ok(Attempt::Done(verdicts));
        };
        match self.write(&mut session, Step { from, to, supposed: &Supposed::new(), left: &left }) {
            Ok(true) => {
                self.session = Some(session);
                self.note(from, to);
                Ok(Attempt::Done(verdicts))
            }
            Ok(false) => {
                self.give_the_turn_back(&mut session)?;
                self.session = Some(session);
                self.competition = Competition::Since { last: from, unopposed: 0 };
                Ok(Attempt::Overtaken)
            }
            Err(away @ Trouble::Away(_)) => Ok(Attempt::Unknown(verdicts, away)),
            Err(other) => Err(other),
        }
    }

    fn write(&mut self, session: &mut Session, step: Step<'_>) -> Result<bool, Trouble> {
        self.batch += 1;
        let token = Token { node: &self.node, batch: self.batch };
        let written = statements::write(session, &self.shared.catalog, token, step)?;
        if written && self.competition != Competition::None {
            session.run("COMMIT")?;
        }
        Ok(written)
    }

    fn give_the_turn_back(&self, session: &mut Session) -> Result<(), Trouble> {
        if self.competition == Competition::None { Ok(()) } else { session.run("ROLLBACK") }
    }

    /// The competition is over when nobody else wrote between several batches of this node.
    fn note(&mut self, from: Turn, to: Turn) {
        self.known = Some(to);
        self.competition = match self.competition {
            Competition::Since { last, .. } if last != from => Competition::Since { last: to, unopposed: 0 },
            Competition::Since { unopposed, .. } if unopposed < UNOPPOSED => {
                Competition::Since { last: to, unopposed: unopposed + 1 }
            }
            Competition::Since { .. } | Competition::None => Competition::None,
        };
    }

    /// The connection, taken out so that it is dropped wherever it fails.
    fn take_session(&mut self) -> Result<Session, Trouble> {
        match self.session.take() {
            Some(session) if !session.is_closed() => Ok(session),
            _ => Session::open(&self.shared.settings),
        }
    }

    fn persist_each(&mut self, group: &[Confirmed]) -> Vec<Verdict> {
        let each = group.iter().map(|change| {
            let verdicts = self.persist(std::slice::from_ref(change))?;
            verdicts.into_iter().next().unwrap_or_else(|| Err(unknown_change().into()))
        });
        each.collect()
    }

    /// Finds out what became of the last batch.
    fn settle(&mut self, patience: &mut Patience) -> Result<bool, StorageError> {
        let token_batch = self.batch;
        loop {
            let settled = self.take_session().and_then(|mut session| {
                let token = Token { node: &self.node, batch: token_batch };
                let written = statements::settle(&mut session, &self.shared.catalog, token)?;
                self.session = Some(session);
                Ok(written)
            });
            match settled {
                Ok(written) => return Ok(written),
                Err(trouble) => patience.bear(trouble).map_err(unknown)?,
            }
        }
    }
}

impl Engine for Committer {
    fn wait_for_turn(&mut self) -> Waited {
        if self.competition == Competition::None {
            return Waited::No;
        }
        let taken = self.take_session().and_then(|mut session| {
            self.held = Some(statements::lock(&mut session, &self.shared.catalog)?);
            self.session = Some(session);
            Ok(())
        });
        // What is the matter shows again, and is borne, when the group is written.
        if taken.is_ok() { Waited::Yes } else { Waited::No }
    }

    fn persist(&mut self, group: &[Confirmed]) -> Result<Vec<Verdict>, StorageError> {
        let mut patience = Patience::new(self.shared.settings.patience());
        loop {
            match self.attempt(group) {
                Ok(Attempt::Done(verdicts)) => return Ok(verdicts),
                Ok(Attempt::Overtaken) => {}
                Ok(Attempt::Unknown(verdicts, trouble)) => {
                    tracing::warn!(?trouble, "the connection to PostgreSQL broke during a commit");
                    if self.settle(&mut patience)? {
                        return Ok(verdicts);
                    }
                }
                // What the server refuses of one must not take the others down with it.
                Err(Trouble::Fault(_) | Trouble::Present(_)) if group.len() > 1 => {
                    return Ok(self.persist_each(group));
                }
                Err(trouble) => {
                    tracing::warn!(?trouble, "PostgreSQL did not take a commit");
                    patience.bear(trouble)?;
                }
            }
        }
    }

    fn failed(&mut self, error: &StorageError) {
        tracing::error!(%error, "changes were not committed");
    }
}

/// Not reached: a group of one has one verdict.
fn unknown_change() -> StorageError {
    unknown(StorageError("the change was not judged".to_owned()))
}

fn unknown(StorageError(said): StorageError) -> StorageError {
    StorageError(format!("{said}; whether the change was kept is not known until it is read back"))
}
