//! Holds messages in the middle until somebody has looked at them: they go on, changed or not, or are dropped.
//!
//! Who decides is on another thread than the client's legs. What was decided waits in the gate, and the client's thread is
//! woken to do it; that it was done is a note in the recording.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::lane::{BACKLOG, ENTRY};
use super::tamper::{Crossing, End, Opened, Outcome, Peer, Tamper};
use crate::session::{Wakened, Waker, waker};

/// Why something can't be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    #[error("no message is held")]
    NothingHeld,
    #[error("no message is held as {0}")]
    NotHeld(u64),
    #[error("no client is connected")]
    NoClient,
    #[error("there is no client of connection {0}")]
    UnknownClient(u32),
    #[error("there are several clients: connections {}", .0.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))]
    Several(Vec<u32>),
    #[error("the connection to the {} is closing", .0.name())]
    Closing(Peer),
}

/// A message that waits.
#[derive(Clone, Debug)]
pub struct Held {
    /// From 1; a message keeps its number.
    pub number: u64,
    /// The number of the client's connection on the timeline.
    pub client: u32,
    pub crossing: Crossing,
}

/// For all clients of a proxy, and for who decides. Clones share it.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Whether messages to this end are held.
    shut: [bool; 2],
    /// The number of the last message held.
    last: u64,
    /// By the number of the connection.
    clients: BTreeMap<u32, Client>,
}

struct Client {
    /// The number of the connection to its server.
    server: u32,
    waker: Waker,
    held: Vec<Held>,
    /// What is still to be done.
    decided: Outcome,
    /// Whether this end has been sent a close frame.
    closing: [bool; 2],
}

impl Gate {
    /// What takes one client's messages to the gate.
    #[must_use]
    pub fn client(&self) -> Box<dyn Tamper> {
        let (waker, wakened) = waker().ok().unzip();
        Box::new(Passage { gate: self.clone(), number: 0, waker, wakened })
    }

    /// From now on messages to these ends are held; those to the other end as before.
    pub fn shut(&self, ends: &[Peer]) {
        let mut state = self.lock();
        for end in ends {
            state.shut[*end as usize] = true;
        }
    }

    /// From now on no message is held, and those that were go on.
    pub fn open(&self) {
        let mut state = self.lock();
        state.shut = [false; 2];
        state.clients.values_mut().for_each(Client::release_all);
    }

    /// The ends to which messages are held.
    #[must_use]
    pub fn holds(&self) -> Vec<Peer> {
        let shut = self.lock().shut;
        Peer::ALL.into_iter().filter(|end| shut[*end as usize]).collect()
    }

    /// How many clients there are.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.lock().clients.len()
    }

    /// How many messages are held.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().clients.values().map(|client| client.held.len()).sum()
    }

    /// The messages that are held, in the order in which they came.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        let mut held: Vec<Held> = self.lock().clients.values().flat_map(|client| client.held.clone()).collect();
        held.sort_by_key(|held| held.number);
        held
    }

    /// All that are held go on, each way in the order in which they came.
    ///
    /// # Errors
    /// There is none.
    pub fn release_all(&self) -> Result<(), GateError> {
        if self.count() == 0 {
            return Err(GateError::NothingHeld);
        }
        self.lock().clients.values_mut().for_each(Client::release_all);
        Ok(())
    }

    /// This one goes on, before those that are still held.
    ///
    /// # Errors
    /// It is not held.
    pub fn release(&self, number: u64) -> Result<(), GateError> {
        self.lock().find(number, Client::release)
    }

    /// This one does not go on.
    ///
    /// # Errors
    /// It is not held.
    pub fn discard(&self, number: u64) -> Result<(), GateError> {
        self.lock().find(number, |client, at| {
            let held = client.held.remove(at);
            client.decide(&format!("dropped {number}, {}", held.crossing.describe()), None);
        })
    }

    /// This one says something else from now on, and is still held.
    ///
    /// # Errors
    /// It is not held.
    pub fn edit(&self, number: u64, binary: bool, data: Bytes) -> Result<(), GateError> {
        self.lock().find(number, |client, at| {
            let crossing = &mut client.held[at].crossing;
            let before = crossing.describe();
            crossing.replace(binary, data);
            let note = format!("changed {number}, {before}, into {}", crossing.brief());
            client.decide(&note, None);
        })
    }

    /// Says a message that nobody sent, past those that are held. `connection` is the number of one of a client's two legs;
    /// `None`: those of the only client.
    ///
    /// # Errors
    /// There is no such client, it is not clear which, or that leg is closing.
    pub fn say(&self, connection: Option<u32>, to: Peer, binary: bool, data: Bytes) -> Result<(), GateError> {
        let mut state = self.lock();
        let mut fitting = state.clients.iter_mut().filter(|(number, client)| {
            connection.is_none_or(|connection| connection == **number || connection == client.server)
        });
        let client = match (fitting.next(), fitting.next(), connection) {
            (None, _, Some(connection)) => return Err(GateError::UnknownClient(connection)),
            (None, _, None) => return Err(GateError::NoClient),
            (Some((_, client)), None, _) => client,
            (Some(_), Some(_), _) => return Err(GateError::Several(state.clients.keys().copied().collect())),
        };
        if client.closing[to as usize] {
            return Err(GateError::Closing(to));
        }
        let crossing = Crossing::new(to, binary, data);
        client.decide(&format!("says {}", crossing.brief()), Some(crossing));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, number: u64, act: impl FnOnce(&mut Client, usize)) -> Result<(), GateError> {
        let place = |client: &Client| client.held.iter().position(|held| held.number == number);
        let found = self.clients.values_mut().find_map(|client| place(client).map(|at| (client, at)));
        let (client, at) = found.ok_or(GateError::NotHeld(number))?;
        act(client, at);
        Ok(())
    }
}

impl Client {
    fn release(&mut self, at: usize) {
        let Held { number, crossing, .. } = self.held.remove(at);
        self.decide(&format!("released {number}, {}", crossing.describe()), Some(crossing));
    }

    fn release_all(&mut self) {
        while !self.held.is_empty() {
            self.release(0);
        }
    }

    /// Before the close frame to this end.
    fn release_before_close(&mut self, to: Peer) {
        self.closing[to as usize] = true;
        while let Some(at) = self.held.iter().position(|held| held.crossing.to == to) {
            let Held { number, crossing, .. } = self.held.remove(at);
            let note = format!("gate: released {number} before the close, {}", crossing.describe());
            self.decided.notes.push(note);
            self.decided.crossings.push(crossing);
        }
    }

    fn decide(&mut self, note: &str, crossing: Option<Crossing>) {
        self.decided.notes.push(format!("by hand: {note}"));
        self.decided.crossings.extend(crossing);
        self.waker.wake();
    }
}

/// One client's way through the gate.
struct Passage {
    gate: Gate,
    /// The number of the client's connection.
    number: u32,
    /// `None` where the process has no file descriptor left.
    waker: Option<Waker>,
    wakened: Option<Wakened>,
}

impl Passage {
    /// What was decided, after a last change; nothing once the client is gone.
    fn decided(&self, change: impl FnOnce(&mut Client)) -> Outcome {
        let mut state = self.gate.lock();
        let Some(client) = state.clients.get_mut(&self.number) else { return Outcome::default() };
        change(client);
        std::mem::take(&mut client.decided)
    }
}

impl Tamper for Passage {
    fn wakened(&mut self) -> Option<Wakened> {
        self.wakened.take()
    }

    fn opened(&mut self, about: &Opened) -> Outcome {
        let Some(waker) = self.waker.take() else {
            let end = End { code: super::GOING_AWAY, reason: "the proxy has no file descriptor left".into() };
            return Outcome { end: Some(end), ..Outcome::default() };
        };
        self.number = about.client;
        let decided = Outcome::default();
        let client = Client { server: about.server, waker, held: Vec::new(), decided, closing: [false; 2] };
        self.gate.lock().clients.insert(about.client, client);
        Outcome::default()
    }

    fn message(&mut self, crossing: Crossing) -> Outcome {
        let mut state = self.gate.lock();
        let State { shut, last, clients } = &mut *state;
        let Some(client) = clients.get_mut(&self.number) else { return Outcome::pass(crossing) };
        // What was decided before it came goes before it.
        let mut outcome = std::mem::take(&mut client.decided);
        let to = crossing.to as usize;
        if shut[to] && !client.closing[to] {
            *last += 1;
            outcome.notes.push(format!("gate: held as {last} {}", crossing.describe()));
            client.held.push(Held { number: *last, client: self.number, crossing });
        } else {
            outcome.crossings.push(crossing);
        }
        outcome
    }

    fn woken(&mut self) -> Outcome {
        self.decided(|_| {})
    }

    fn closing(&mut self, to: Peer) -> Outcome {
        self.decided(|client| client.release_before_close(to))
    }

    fn is_full(&self, to: Peer) -> bool {
        let state = self.gate.lock();
        let held = state.clients.get(&self.number).into_iter().flat_map(|client| &client.held);
        let there = held.filter(|held| held.crossing.to == to);
        there.map(|held| ENTRY + held.crossing.data.len()).sum::<usize>() > BACKLOG
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.gate.lock().clients.remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
