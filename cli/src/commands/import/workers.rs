//! Parts under way: a few at once, each by a connection of its own, so that a flush of the server's disk serves several.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ca_core::clock::Entropy;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::client::records::Refusal;
use crate::failure::{Exit, Failure, catalogue};

/// How long a worker waits before it sends a part again that got no answer: a server that is restarted is soon back, and
/// knows what it has entered.
const AGAIN_AFTER: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What the service says of a part.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    pub(super) registered: u64,
    pub(super) already: u64,
    pub(super) rows: Vec<RowAnswer>,
}

/// What the service says of a row.
#[derive(Debug, Deserialize)]
pub(super) struct RowAnswer {
    pub(super) row: u64,
    pub(super) outcome: String,
    #[serde(default)]
    pub(super) refusal: Option<Refusal>,
}

/// A part's answer, by the part's number.
pub(super) type Answered = (u64, Result<Answer, Failure>);

/// The way to the workers. Dropped, it ends them.
#[derive(Debug)]
pub(super) struct Workers {
    work: Option<SyncSender<(u64, Value)>>,
    answers: Receiver<Answered>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Workers {
    /// A worker for each client.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub(super) fn start(clients: Vec<Client>, entropy: &Arc<dyn Entropy>) -> Result<Self, Failure> {
        let (work, waiting) = sync_channel(clients.len());
        let (answering, answers) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for client in clients {
            let worker = Worker {
                client,
                entropy: Arc::clone(entropy),
                waiting: Arc::clone(&waiting),
                answering: answering.clone(),
            };
            let thread = std::thread::Builder::new().name("import".to_owned()).spawn(move || worker.run());
            let machine = |error: std::io::Error| Failure::of(&catalogue::MACHINE).cause(error.to_string());
            threads.push(thread.map_err(machine)?);
        }
        Ok(Self { work: Some(work), answers, threads })
    }

    /// Hands a part's message on.
    pub(super) fn send(&self, number: u64, message: Value) {
        if let Some(work) = &self.work {
            // Workers that have gone are found by their answers, which do not come.
            let _ = work.send((number, message));
        }
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// There are no workers any more.
    pub(super) fn hear(&self) -> Result<Answered, Failure> {
        self.answers
            .recv()
            .map_err(|_| Failure::of(&catalogue::MACHINE).cause("the threads that send have ended"))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.work = None;
        for thread in self.threads.drain(..) {
            // A panic there was reported there.
            let _ = thread.join();
        }
    }
}

struct Worker {
    client: Client,
    entropy: Arc<dyn Entropy>,
    waiting: Arc<Mutex<Receiver<(u64, Value)>>>,
    answering: Sender<Answered>,
}

impl Worker {
    fn run(self) {
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((number, message)) = next else { return };
            if self.answering.send((number, self.ask(&message))).is_err() {
                return;
            }
        }
    }

    fn ask(&self, message: &Value) -> Result<Answer, Failure> {
        let mut pauses = AGAIN_AFTER.into_iter();
        loop {
            let answer = self.client.change(&["identities", "import"], message, self.entropy.as_ref());
            match answer {
                Err(failure) if failure.exit() == Exit::Unavailable => match pauses.next() {
                    Some(pause) => std::thread::sleep(pause),
                    None => return Err(failure),
                },
                answer => return answer,
            }
        }
    }
}
