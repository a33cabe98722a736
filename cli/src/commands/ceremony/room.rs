//! The room at a terminal: questions and shares go to standard error, answers come from the keyboard or were prepared.

use ca_core::ceremony::room::{Question, Room, RoomError, Seen, StepMoment};
use zeroize::Zeroizing;

use super::answers::Answers;
use crate::output::Console;

/// A terminal, or prepared answers in its place.
#[derive(Debug)]
pub struct Terminal {
    console: Console,
    answers: Option<Answers>,
}

impl Terminal {
    /// A room at this console.
    pub const fn new(console: Console, answers: Option<Answers>) -> Self {
        Self { console, answers }
    }

    fn must_be_a_person(&self, key: &str) -> Result<(), RoomError> {
        if self.console.can_ask() {
            return Ok(());
        }
        Err(RoomError::Unanswered { key: key.to_owned(), why: "nobody is at a terminal".to_owned() })
    }
}

impl Room for Terminal {
    fn tell(&mut self, lines: &[String]) -> Result<(), RoomError> {
        self.console.note(&lines.join("\n"));
        Ok(())
    }

    fn ask(&mut self, question: &Question) -> Result<Zeroizing<String>, RoomError> {
        let unanswered = |why: String| RoomError::Unanswered { key: question.key.clone(), why };
        if let Some(answers) = &self.answers {
            return answers
                .to(&question.key)
                .ok_or_else(|| unanswered(format!("the prepared answers have no \"{}\"", question.key)));
        }
        self.must_be_a_person(&question.key)?;
        let typed = match question.answer {
            Seen::Openly => self
                .console
                .ask(&question.text, "--answers FILE")
                .map_err(|failure| unanswered(failure.to_string()))?,
            Seen::Hidden => rpassword::prompt_password(format!("{} ", question.text))
                .map_err(|error| unanswered(error.to_string()))?,
        };
        Ok(Zeroizing::new(typed))
    }

    fn show_share(&mut self, holder: &str, written: &str) -> Result<(), RoomError> {
        // A share is shown to a person who writes it down; into a pipe or a log it never goes.
        self.must_be_a_person("show-share")?;
        let unanswered = |why: String| RoomError::Unanswered { key: "show-share".to_owned(), why };
        self.console.show(&format!("\n{holder} alone looks at the screen.\n\n{written}\n"));
        let question = "Written down? Press Enter, and the share disappears.";
        self.console.ask(question, "a terminal").map_err(|failure| unanswered(failure.to_string()))?;
        // ECMA-48: erase the display and what scrolled off it, and go home.
        self.console.show("\x1b[2J\x1b[3J\x1b[H");
        Ok(())
    }

    fn progress(&mut self, step: &str, moment: StepMoment) -> Result<(), RoomError> {
        if moment == StepMoment::Recorded {
            self.console.note(&format!("done: {step}"));
        }
        Ok(())
    }
}
