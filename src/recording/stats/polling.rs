//! What an exchange would have cost as HTTP polling, from the sizes of its own opening handshake.

use std::time::Duration;

/// A connection's messages, carried by requests at an interval instead.
///
/// With *R* and *S* the sizes of the opening handshake's request and response heads, less their lines that only a WebSocket
/// needs (`Upgrade`, `Connection`, `Sec-WebSocket-*`), and a connection that was open for *T*, polled every *I*:
///
/// ```text
/// requests = max(1, ceil(T / I)) + messages that the client sent (each is a request of its own)
/// bytes    = requests * (R + S) + content of all data messages, inflated
/// wait     = from a message's arrival to the next poll, at I, 2 I, 3 I, ... after the connection opened: mean of those
///            that the server sent
/// ```
///
/// Bodies of empty answers, `Content-Length`, `Content-Type`, TCP and TLS are not counted: it is a lower bound.
/// Connections without both heads are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polling {
    pub interval: Duration,
    pub requests: u64,
    /// Sent and received, in bytes.
    pub bytes: u64,
    /// What the same connections took as they were: opening handshakes and frames, in bytes.
    pub websocket: u64,
    /// Messages of the server, and how long they would have waited in all.
    pub messages: u64,
    /// In microseconds.
    pub waited: u64,
}

impl Polling {
    /// The mean time that a message of the server would have waited.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_micros(self.waited.checked_div(self.messages).unwrap_or_default())
    }
}

/// A connection as polling would see it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exchange {
    /// Heads without what only a WebSocket needs, in bytes.
    pub(super) request: Option<u64>,
    pub(super) response: Option<u64>,
    /// Whether the opening handshake was successful.
    pub(super) begun: Option<Duration>,
    pub(super) last: Duration,
    pub(super) from_client: u64,
    pub(super) from_server: u64,
    pub(super) content: u64,
    pub(super) wire: u64,
    /// In microseconds.
    pub(super) waited: u64,
}

impl Exchange {
    /// A message of the server's: how long it would have waited.
    pub(super) fn received(&mut self, time: Duration, interval: Duration) {
        self.from_server += 1;
        let interval = (interval.as_micros() as u64).max(1);
        let since = time.saturating_sub(self.begun.unwrap_or(time)).as_micros() as u64;
        self.waited = self.waited.saturating_add(since.next_multiple_of(interval) - since);
    }

    /// Counts from here on, if it is open.
    pub(super) fn begin_anew(&mut self, time: Duration) {
        self.begun = self.begun.map(|_| time);
        self.last = time;
        self.wire = 0;
    }

    /// Adds its cost.
    pub(super) fn add_to(&self, polling: &mut Polling) {
        let (Some(request), Some(response), Some(begun)) = (self.request, self.response, self.begun) else { return };
        let open = self.last.saturating_sub(begun).as_micros();
        let polls = open.div_ceil(polling.interval.as_micros().max(1)).max(1) as u64;
        let requests = polls.saturating_add(self.from_client);
        polling.requests = polling.requests.saturating_add(requests);
        let heads = requests.saturating_mul(request + response);
        polling.bytes = polling.bytes.saturating_add(heads).saturating_add(self.content);
        polling.websocket += self.wire;
        polling.messages += self.from_server;
        polling.waited = polling.waited.saturating_add(self.waited);
    }
}

/// The size of a head without the lines that only a WebSocket needs, in bytes.
pub(super) fn plain_head(head: &[u8]) -> u64 {
    let only = |line: &&[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        name == b"upgrade" || name == b"connection" || name.starts_with(b"sec-websocket-")
    };
    head.split_inclusive(|byte| *byte == b'\n').filter(|line| !only(line)).map(|line| line.len() as u64).sum()
}
