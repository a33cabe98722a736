//! What is wrong with something that is done again and again: told when it begins or changes, and when it is over.

/// What was told last of one thing.
#[derive(Debug)]
pub(super) struct Complaint {
    wrong: &'static str,
    right: &'static str,
    told: Option<String>,
}

impl Complaint {
    /// Nothing is wrong yet. What is said when something is, and when nothing is any more.
    pub(super) const fn of(wrong: &'static str, right: &'static str) -> Self {
        Self { wrong, right, told: None }
    }

    /// Takes in how it went this time.
    pub(super) fn hears(&mut self, outcome: Result<(), String>) {
        let complaint = outcome.err();
        if self.told != complaint {
            match &complaint {
                Some(why) => tracing::error!(%why, "{}", self.wrong),
                None => tracing::info!("{}", self.right),
            }
        }
        self.told = complaint;
    }
}
