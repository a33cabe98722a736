//! Many callers, one worker: callers hand in what they want and wait; the worker takes all that wait at once, does it
//! together, and answers each. This is how a disk flush or a round trip is shared by all who need one.
//!
//! A worker that finds one caller takes that one; what comes meanwhile waits for the next turn, so that a turn grows with
//! the load by itself. Where a turn is dear, a worker may linger for callers who are on their way back.
//!
//! A caller sleeps by `park` and is woken alone, rather than by a channel of its own for each change: that is one
//! allocation for each change, and a system call only where somebody sleeps. A caller whose [`Answer`] is dropped is
//! told so: whatever becomes of the worker, nobody waits for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Callers in line for a worker: each brings a `T` and waits for an `A`.
#[derive(Debug)]
pub(crate) struct Group<T, A> {
    line: Mutex<Line<T, A>>,
    came: Condvar,
}

#[derive(Debug)]
struct Line<T, A> {
    waiting: VecDeque<Waiting<T, A>>,
    closed: bool,
    /// The worker sleeps: whoever comes has to wake it.
    idle: bool,
}

/// What a caller wants, and the means to answer.
#[derive(Debug)]
pub(crate) struct Waiting<T, A> {
    pub(crate) item: T,
    pub(crate) answer: Answer<A>,
}

/// The most that is taken in one turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    /// Callers.
    pub(crate) items: usize,
    /// Their octets together; the one that passes this bound is still taken.
    pub(crate) octets: usize,
}

/// How long a turn is left open for more callers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linger {
    /// At the most.
    pub(crate) most: Duration,
    /// It is closed earlier when nobody came for so long.
    pub(crate) gap: Duration,
}

impl Linger {
    /// Not at all.
    pub(crate) const NOT: Self = Self { most: Duration::ZERO, gap: Duration::ZERO };
}

/// What a caller who waits for a bounded time hears.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<A> {
    /// The answer.
    Answer(A),
    /// There is none: the group was closed before, or the worker gave up.
    Nothing,
    /// It has not come in time, and may still.
    TooLate,
}

impl<T, A> Default for Group<T, A> {
    fn default() -> Self {
        let line = Line { waiting: VecDeque::new(), closed: false, idle: false };
        Self { line: Mutex::new(line), came: Condvar::new() }
    }
}

impl<T, A> Group<T, A> {
    /// Hands `item` in and waits. `None`: it is not answered, because the group was closed before or the worker gave
    /// up; whether it was done is not known then.
    pub(crate) fn submit(&self, item: T) -> Option<A> {
        self.enter(item)?.wait()
    }

    /// As [`Group::submit`], for no longer than `patience`.
    pub(crate) fn submit_within(&self, item: T, patience: Duration) -> Heard<A> {
        match self.enter(item) {
            Some(slot) => slot.wait_until(Instant::now() + patience),
            None => Heard::Nothing,
        }
    }

    fn enter(&self, item: T) -> Option<Arc<Slot<A>>> {
        let slot = Arc::new(Slot { verdict: Mutex::new(Verdict::Open), caller: std::thread::current() });
        let mut line = self.line();
        if line.closed {
            return None;
        }
        line.waiting.push_back(Waiting { item, answer: Answer(Arc::clone(&slot)) });
        let wake = std::mem::take(&mut line.idle);
        drop(line);
        if wake {
            self.came.notify_one();
        }
        Some(slot)
    }

    /// Waits until somebody is in line. Whether there is: `false` once the group is closed and everybody was taken.
    pub(crate) fn come(&self) -> bool {
        let line = self.occupied();
        !line.waiting.is_empty()
    }

    /// The line, once somebody is in it or it is closed.
    fn occupied(&self) -> MutexGuard<'_, Line<T, A>> {
        let mut line = self.line();
        while line.waiting.is_empty() && !line.closed {
            line.idle = true;
            line = self.came.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
        line.idle = false;
        line
    }

    /// Waits until somebody is in line, lingers, and takes all who are, up to `most`. `None` once the group is closed and
    /// everybody who came before was taken.
    pub(crate) fn take(
        &self,
        most: Most,
        linger: Linger,
        size: impl Fn(&T) -> usize,
    ) -> Option<Vec<Waiting<T, A>>> {
        let mut line = self.occupied();
        if line.waiting.is_empty() {
            return None;
        }
        if !linger.most.is_zero() {
            line = self.lingered(line, most, linger);
        }
        let mut octets = 0;
        let within = line.waiting.iter().take(most.items).take_while(|waiting| {
            let fits = octets < most.octets;
            octets += size(&waiting.item);
            fits
        });
        let taken = within.count();
        Some(line.waiting.drain(..taken).collect())
    }

    /// Looks now and then whether more have come. Nobody wakes the worker for it: that would cost what it saves.
    fn lingered<'a>(
        &'a self,
        mut line: MutexGuard<'a, Line<T, A>>,
        most: Most,
        linger: Linger,
    ) -> MutexGuard<'a, Line<T, A>> {
        let until = Instant::now() + linger.most;
        loop {
            let before = line.waiting.len();
            if before >= most.items || line.closed || Instant::now() >= until {
                return line;
            }
            drop(line);
            std::thread::sleep(linger.gap);
            line = self.line();
            if line.waiting.len() == before {
                return line;
            }
        }
    }

    /// Whether nobody is in line.
    pub(crate) fn is_empty(&self) -> bool {
        self.line().waiting.is_empty()
    }

    /// Lets nobody in any more; those in line are still served.
    pub(crate) fn close(&self) {
        self.line().closed = true;
        self.came.notify_all();
    }

    /// Lets nobody in any more, and sends those in line away unanswered.
    pub(crate) fn abandon(&self) {
        self.close();
        let sent_away = std::mem::take(&mut self.line().waiting);
        drop(sent_away);
    }

    fn line(&self) -> MutexGuard<'_, Line<T, A>> {
        // Nothing above panics while it holds the lock half way through a change.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Slot<A> {
    verdict: Mutex<Verdict<A>>,
    caller: Thread,
}

#[derive(Debug)]
enum Verdict<A> {
    Open,
    Given(A),
    /// The answer was given up, or fetched.
    Gone,
}

impl<A> Slot<A> {
    fn wait(&self) -> Option<A> {
        loop {
            match self.heard() {
                Heard::Answer(answer) => return Some(answer),
                Heard::Nothing => return None,
                Heard::TooLate => std::thread::park(),
            }
        }
    }

    fn wait_until(&self, end: Instant) -> Heard<A> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.heard() {
                Heard::TooLate if !left.is_zero() => std::thread::park_timeout(left),
                heard => return heard,
            }
        }
    }

    /// What there is to hear now.
    fn heard(&self) -> Heard<A> {
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *verdict, Verdict::Gone) {
            Verdict::Given(answer) => Heard::Answer(answer),
            Verdict::Gone => Heard::Nothing,
            Verdict::Open => {
                *verdict = Verdict::Open;
                Heard::TooLate
            }
        }
    }
}

/// The means to answer one caller. Dropped without being used, it sends the caller away.
#[derive(Debug)]
pub(crate) struct Answer<A>(Arc<Slot<A>>);

impl<A> Answer<A> {
    /// Answers and wakes the caller.
    pub(crate) fn give(self, answer: A) {
        *self.0.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Verdict::Given(answer);
    }
}

impl<A> Drop for Answer<A> {
    fn drop(&mut self) {
        let mut verdict = self.0.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*verdict, Verdict::Open) {
            *verdict = Verdict::Gone;
        }
        drop(verdict);
        self.0.caller.unpark();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const MOST: Most = Most { items: 100, octets: 1_000 };

    #[test]
    fn everybody_gets_the_answer_to_what_they_brought() {
        let group = Group::<u64, u64>::default();
        std::thread::scope(|threads| {
            let callers: Vec<_> = (0..16)
                .map(|caller| {
                    let group = &group;
                    threads.spawn(move || {
                        for turn in 0..200 {
                            let item = caller * 1_000 + turn;
                            assert_eq!(group.submit(item), Some(item + 7));
                        }
                    })
                })
                .collect();
            let worker = threads.spawn(|| {
                while let Some(taken) = group.take(MOST, Linger::NOT, |_| 1) {
                    taken.into_iter().for_each(|waiting| waiting.answer.give(waiting.item + 7));
                }
            });
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            group.close();
            worker.join().unwrap();
        });
        assert_eq!(group.submit(1), None, "closed");
    }

    #[test]
    fn a_turn_is_bounded_in_callers_and_in_octets() {
        let group = Group::<usize, ()>::default();
        std::thread::scope(|threads| {
            for _ in 0..6 {
                threads.spawn(|| group.submit(400));
            }
            while group.line().waiting.len() < 6 {
                std::thread::yield_now();
            }
            let taken = |most| group.take(most, Linger::NOT, |size| *size).unwrap().len();
            assert_eq!(taken(Most { items: 2, octets: 10_000 }), 2);
            assert_eq!(taken(Most { items: 9, octets: 1 }), 1, "one is taken however large it is");
            assert_eq!(taken(Most { items: 9, octets: 800 }), 2);
            group.abandon();
        });
    }

    #[test]
    fn nobody_waits_for_ever() {
        let group = Group::<(), ()>::default();
        std::thread::scope(|threads| {
            let callers: Vec<_> = (0..4).map(|_| threads.spawn(|| group.submit(()))).collect();
            let taken = group.take(Most { items: 1, octets: 1 }, Linger::NOT, |()| 1);
            drop(taken);
            while group.line().waiting.len() < 3 {
                std::thread::yield_now();
            }
            group.abandon();
            callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), None));
        });
    }
}
