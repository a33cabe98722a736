//! The room in which a ceremony is held: people who are asked and told. A terminal is one, a test is another.

use zeroize::Zeroizing;

/// Asks and tells the people in the room.
pub trait Room {
    /// Shows lines to everybody.
    ///
    /// # Errors
    /// They cannot be shown.
    fn tell(&mut self, lines: &[String]) -> Result<(), RoomError>;

    /// Asks somebody for a line.
    ///
    /// # Errors
    /// Nobody answers.
    fn ask(&mut self, question: &Question) -> Result<Zeroizing<String>, RoomError>;

    /// Shows a share to its holder alone, to be written down. When this returns, it must not be seen any more.
    ///
    /// # Errors
    /// It cannot be shown.
    fn show_share(&mut self, holder: &str, written: &str) -> Result<(), RoomError>;

    /// Is told where the ceremony stands.
    ///
    /// # Errors
    /// The ceremony is to stop here; it can be resumed.
    fn progress(&mut self, step: &str, moment: StepMoment) -> Result<(), RoomError>;
}

/// A moment of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepMoment {
    /// It begins.
    Begins,
    /// It is done, and not yet in the journal.
    Acted,
    /// It is in the journal.
    Recorded,
}

/// A question to somebody in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its name: answers that were prepared are found by it. `agree.1`, `share.3`, `passphrase.3`.
    pub key: String,
    /// The question.
    pub text: String,
    /// Whether others may see the answer.
    pub answer: Seen,
}

/// Whether an answer is seen while it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// By everybody.
    Openly,
    /// By nobody.
    Hidden,
}

/// The room cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// A question was not answered.
    #[error("nobody answered the question {key}: {why}")]
    Unanswered {
        /// The question's name.
        key: String,
        /// Why.
        why: String,
    },
    /// The ceremony was stopped. It can be resumed.
    #[error("the ceremony was stopped; it can be resumed")]
    Stopped,
}
