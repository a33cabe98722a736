//! The comparison itself, a step at a time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::super::{Event, Glimpse, Position, Recorded};
use super::finding::SignatureFinding;
use super::intent::Intents;
use super::{FINDING, SIGNATURE_UNEXPLAINED};
use crate::certificate::CaId;
use crate::keys::journal::{
    Digest, Entry, JOURNAL, JOURNAL_BEGUN, JournalError, JournalId, JournalMark, JournalReader, KEY, Line,
    NODE, NodeName,
};
use crate::storage::StorageError;

/// How many lines of a journal are read at a time.
const LINES: usize = 1_024;

/// Which journals ought to be at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// All that the ledger knows: for an auditor.
    All,
    /// Those of one node: for a service, which has no others.
    Node(NodeName),
}

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// There is more to read.
    More,
    /// Both sides were read to their ends.
    End,
}

/// What was compared of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The CA.
    pub ca: CaId,
    /// The node.
    pub node: NodeName,
    /// The journal.
    pub journal: JournalId,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub key: Digest,
    /// How many signatures the journal has.
    pub signatures: u64,
    /// How many of them an intent of the ledger explains.
    pub explained: u64,
}

/// Ledger and journals, compared as far as they were read. It can be written down and gone on with later.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reconciliation {
    scope: Scope,
    next: Position,
    /// The time of the last event read.
    #[serde(with = "time::serde::rfc3339")]
    now: OffsetDateTime,
    intents: Intents,
    /// How many intents there were, by CA.
    intended: BTreeMap<CaId, u64>,
    journals: BTreeMap<JournalId, Journal>,
    /// Entries without an intent as far as the ledger was read.
    waiting: BTreeMap<Digest, Vec<Waiting>>,
    /// What was found besides, and stays found.
    found: BTreeSet<SignatureFinding>,
    /// Names of findings that the ledger has.
    reported: BTreeSet<String>,
}

/// What is known of one journal.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    ca: CaId,
    node: NodeName,
    key: Digest,
    /// The event that began it.
    begun: Option<Position>,
    /// Lines read.
    read: u64,
    /// The chain at the last of them.
    chain: Option<Digest>,
    explained: u64,
    /// What the ledger last remembers of it.
    recorded: u64,
    /// Whether it was at hand at the last step.
    #[serde(skip)]
    at_hand: bool,
}

impl Journal {
    /// One of which nothing was read yet, and that no event has begun.
    const fn unread(ca: CaId, node: NodeName, key: Digest) -> Self {
        Self { ca, node, key, begun: None, read: 0, chain: None, explained: 0, recorded: 0, at_hand: false }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Waiting {
    journal: JournalId,
    sequence: u64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl Reconciliation {
    /// Begins at the beginning of both.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            next: Position(0),
            now: OffsetDateTime::UNIX_EPOCH,
            intents: Intents::default(),
            intended: BTreeMap::new(),
            journals: BTreeMap::new(),
            waiting: BTreeMap::new(),
            found: BTreeSet::new(),
            reported: BTreeSet::new(),
        }
    }

    /// Which journals it expects.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether what was read of these journals is what they hold: where it is not, as after a crash that took what was not
    /// durable, begin anew.
    ///
    /// # Errors
    /// A journal cannot be read.
    pub fn still_fits(&self, journals: &[JournalReader]) -> Result<bool, JournalError> {
        for reader in journals {
            let Some(journal) = self.journals.get(&reader.header().journal) else { continue };
            if journal.read > 0 && reader.chain(journal.read)? != journal.chain {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many events were read.
    pub const fn events(&self) -> u64 {
        self.next.0
    }

    /// The events that came before journals were kept, or of CAs without one, are not held against anything; this many
    /// intents are waiting for their entry.
    pub fn open_intents(&self) -> usize {
        self.intents.len()
    }

    /// Reads one batch of events (`read` gives those from a position on, oldest first, none at the end) and the entries up
    /// to the time of its last one. At [`Reach::End`] all was compared that was there when the step began.
    ///
    /// # Errors
    /// Ledger or journal cannot be read.
    pub fn step<E: From<JournalError> + From<StorageError>>(
        &mut self,
        read: &mut impl FnMut(Position) -> Result<Vec<Recorded>, E>,
        journals: &[JournalReader],
    ) -> Result<Reach, E> {
        self.meet(journals);
        let batch = read(self.next)?;
        for recorded in &batch {
            let glimpse = Glimpse::of(recorded)?;
            self.now = self.now.max(glimpse.at);
            if self.concerns(&glimpse) {
                self.take(recorded.position, &recorded.event()?, journals)?;
            }
            self.next = Position(recorded.position.0 + 1);
        }
        let until = if batch.is_empty() { None } else { Some(self.now) };
        let mut more = !batch.is_empty();
        for journal in journals {
            // Some lines of each in turn, so that one step is bounded.
            more |= self.read_lines(journal, until)?;
        }
        let apart = self.incomplete();
        self.intents.forget(self.now, |ca| apart.contains(ca));
        Ok(if more { Reach::More } else { Reach::End })
    }

    /// What is wrong, as far as both were read: ask at [`Reach::End`].
    pub fn findings(&self) -> Vec<SignatureFinding> {
        let mut findings: Vec<_> = self.found.iter().cloned().collect();
        findings.extend(self.waiting.iter().flat_map(|(digest, waiting)| {
            waiting.iter().filter_map(|entry| self.unexplained(*digest, entry))
        }));
        let apart = self.incomplete();
        let unrecorded = self.intents.unrecorded().filter(|(_, intent)| !apart.contains(&intent.ca));
        findings.extend(unrecorded.filter_map(|(digest, intent)| {
            Some(SignatureFinding::Unrecorded {
                ca: intent.ca.clone(),
                subject: intent.subject.clone(),
                position: intent.result?,
                digest: *digest,
            })
        }));
        findings.extend(self.journals.iter().filter_map(|(id, journal)| self.absent(id, journal)));
        findings
    }

    /// What is wrong and not in the ledger yet.
    pub fn unreported(&self) -> Vec<SignatureFinding> {
        let known = |finding: &SignatureFinding| self.reported.contains(&finding.name());
        self.findings().into_iter().filter(|finding| !known(finding)).collect()
    }

    /// What was compared, journal by journal.
    pub fn counted(&self) -> Vec<Counted> {
        let counted = |(id, journal): (&JournalId, &Journal)| Counted {
            ca: journal.ca.clone(),
            node: journal.node.clone(),
            journal: id.clone(),
            key: journal.key,
            signatures: journal.read,
            explained: journal.explained,
        };
        self.journals.iter().filter(|(_, journal)| journal.at_hand).map(counted).collect()
    }

    /// How many intents the ledger has of each CA since its first journal was begun.
    pub const fn intended(&self) -> &BTreeMap<CaId, u64> {
        &self.intended
    }

    /// Learns which journals are at hand.
    fn meet(&mut self, journals: &[JournalReader]) {
        self.journals.values_mut().for_each(|journal| journal.at_hand = false);
        for reader in journals {
            let header = reader.header();
            let unread = || Journal::unread(header.ca.clone(), header.node.clone(), header.key);
            self.journals.entry(header.journal.clone()).or_insert_with(unread).at_hand = true;
        }
    }

    /// CAs of which some journal is not at hand: what it would say is not missed one by one.
    fn incomplete(&self) -> BTreeSet<CaId> {
        self.journals.values().filter(|journal| !journal.at_hand).map(|journal| journal.ca.clone()).collect()
    }

    fn take(
        &mut self,
        position: Position,
        event: &Event,
        journals: &[JournalReader],
    ) -> Result<(), JournalError> {
        if event.action == JOURNAL_BEGUN {
            self.begin(position, event);
        } else if event.action == SIGNATURE_UNEXPLAINED {
            self.reported.extend(event.detail.get(FINDING).cloned());
        } else if self.is_watched(&event.subject) {
            self.match_event(position, event);
        }
        match JournalMark::of_event(event) {
            Some(mark) => self.compare(position, &mark, journals),
            None => Ok(()),
        }
    }

    fn begin(&mut self, position: Position, event: &Event) -> Option<()> {
        let detail = |name| event.detail.get(name);
        let id = JournalId::parse(detail(JOURNAL)?)?;
        let ca = CaId::new(super::ca_of(&event.subject)?).ok()?;
        let node = NodeName::new(detail(NODE)?.clone()).ok()?;
        let journal = Journal::unread(ca, node, detail(KEY)?.parse().ok()?);
        self.journals.entry(id).or_insert(journal).begun.get_or_insert(position);
        Some(())
    }

    /// Whether anything of the event is compared: of most, nothing is.
    fn concerns(&self, event: &Glimpse<'_>) -> bool {
        [JOURNAL_BEGUN, SIGNATURE_UNEXPLAINED].iter().any(|action| event.action() == action.as_str())
            || event.detail(JOURNAL).is_some()
            || self.is_watched(event.subject())
    }

    /// Whether a subject is of a CA that the ledger knows a journal of by now.
    fn is_watched(&self, subject: &str) -> bool {
        let ca = super::ca_of(subject);
        self.journals.values().any(|journal| journal.begun.is_some() && ca == Some(journal.ca.as_str()))
    }

    fn match_event(&mut self, position: Position, event: &Event) {
        let Some((ca, digest)) = self.intents.intend(event) else {
            self.intents.result(position, event);
            return;
        };
        *self.intended.entry(ca).or_default() += 1;
        // Entries that were read before the event that explains them.
        let Some(mut waiting) = self.waiting.remove(&digest) else { return };
        let first = waiting.iter().position(|entry| self.explain(&entry.journal.clone(), &digest));
        if let Some(first) = first {
            waiting.remove(first);
        }
        if !waiting.is_empty() {
            self.waiting.insert(digest, waiting);
        }
    }

    /// Explains an entry of a journal by an intent of its CA, if there is one that was not used.
    fn explain(&mut self, journal: &JournalId, digest: &Digest) -> bool {
        let Some(journal) = self.journals.get_mut(journal) else { return false };
        let explained = self.intents.explain(&journal.ca, digest).is_some();
        journal.explained += u64::from(explained);
        explained
    }

    /// Compares what the ledger remembers of a journal with the journal.
    fn compare(
        &mut self,
        position: Position,
        mark: &JournalMark,
        journals: &[JournalReader],
    ) -> Result<(), JournalError> {
        if let Some(journal) = self.journals.get_mut(&mark.journal) {
            journal.recorded = journal.recorded.max(mark.count);
        }
        let Some(reader) = journals.iter().find(|reader| reader.header().journal == mark.journal) else {
            return Ok(());
        };
        let (node, journal) = (reader.header().node.clone(), mark.journal.clone());
        let finding = match reader.chain(mark.count)? {
            Some(chain) if chain == mark.chain => return Ok(()),
            Some(_) => SignatureFinding::Rewritten { node, journal, sequence: mark.count, position },
            None => {
                let (recorded, held) = (mark.count, reader.count()?);
                if recorded > held {
                    SignatureFinding::Truncated { node, journal, recorded, held, position }
                } else {
                    SignatureFinding::Rewritten { node, journal, sequence: recorded, position }
                }
            }
        };
        self.found.insert(finding);
        Ok(())
    }

    /// Reads some lines, up to a time or to the end. Whether there may be more.
    fn read_lines(
        &mut self,
        reader: &JournalReader,
        until: Option<OffsetDateTime>,
    ) -> Result<bool, JournalError> {
        let header = reader.header();
        let known = self.journals.get(&header.journal);
        let mut read = known.map_or(0, |journal| journal.read);
        if read > 0 && reader.chain(read)? != known.and_then(|journal| journal.chain) {
            let (node, journal) = (header.node.clone(), header.journal.clone());
            let position = self.next;
            self.found.insert(SignatureFinding::Rewritten { node, journal, sequence: read, position });
        }
        let lines = reader.lines(read, LINES)?;
        let mut more = lines.len() == LINES;
        for line in lines {
            match line {
                Line::Sound(entry) | Line::Broken(entry) if until.is_some_and(|until| entry.at > until) => {
                    more = true;
                    break;
                }
                Line::Sound(entry) => self.judge(&header.journal, entry),
                Line::Broken(entry) => {
                    self.broken(reader, read + 1);
                    self.judge(&header.journal, Entry { sequence: read + 1, ..entry });
                }
                Line::Unreadable => self.broken(reader, read + 1),
            }
            read += 1;
            more |= until.is_none();
        }
        if let Some(journal) = self.journals.get_mut(&header.journal) {
            journal.read = read;
            journal.chain = reader.chain(read)?;
        }
        Ok(more)
    }

    fn broken(&mut self, reader: &JournalReader, sequence: u64) {
        let header = reader.header();
        let (node, journal) = (header.node.clone(), header.journal.clone());
        self.found.insert(SignatureFinding::Broken { node, journal, sequence });
    }

    fn judge(&mut self, journal: &JournalId, entry: Entry) {
        if !self.explain(journal, &entry.digest) {
            let Entry { sequence, at, digest } = entry;
            let waiting = Waiting { journal: journal.clone(), sequence, at };
            self.waiting.entry(digest).or_default().push(waiting);
        }
    }

    fn unexplained(&self, digest: Digest, entry: &Waiting) -> Option<SignatureFinding> {
        let journal = self.journals.get(&entry.journal)?;
        Some(SignatureFinding::Unexplained {
            ca: journal.ca.clone(),
            node: journal.node.clone(),
            journal: entry.journal.clone(),
            sequence: entry.sequence,
            at: entry.at,
            digest,
        })
    }

    /// A journal that one side has and the other has not.
    fn absent(&self, id: &JournalId, journal: &Journal) -> Option<SignatureFinding> {
        let Journal { ca, node, .. } = journal;
        let (ca, node, id) = (ca.clone(), node.clone(), id.clone());
        match journal.begun {
            None if journal.read > 0 => Some(SignatureFinding::Unannounced { ca, node, journal: id }),
            Some(position) if !journal.at_hand && self.expects(&node) => {
                let recorded = journal.recorded;
                Some(SignatureFinding::Missing { ca, node, journal: id, recorded, position })
            }
            _ => None,
        }
    }

    fn expects(&self, node: &NodeName) -> bool {
        match &self.scope {
            Scope::All => true,
            Scope::Node(own) => own == node,
        }
    }
}
