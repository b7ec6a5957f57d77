//! The server's side of a recording played to real clients: a mock.
//!
//! ```text
//! who gets which connection (cast) -> the opening handshake (opening) -> each message of the client is found in the
//! recording (cues, ids) and releases what answered it there (part, answers, dealt) when its time has come (play)
//! ```

mod answers;
mod cast;
mod cues;
mod dealt;
mod forward;
mod ids;
mod opening;
mod play;
mod verdict;

use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::compare::{Rules, Verdict};
use super::{ChangeError, Changes, Conversation, Hooks, Pace, Score, Stopped};
use crate::event::Role;
use crate::handshake::{Request, Response};
use crate::session::{AcceptError, Answer, ConnectOptions, Incoming, Timeline, accept};
use answers::Answers;
use cast::{Cast, Nothing, Turn};
use cues::Cues;
use opening::Opening;
use play::{Ended, Player};
use verdict::verdict;

pub use ids::Ids;

/// How the server plays.
#[derive(Clone, Debug)]
pub struct Options {
    pub matching: Matching,
    pub unmatched: Unmatched,
    /// When something is said: at once, at the recorded time after what releases it, or without waiting for the client.
    pub pace: Pace,
    /// Longer gaps are cut to this.
    pub max_gap: Option<Duration>,
    /// Say the recorded frames, right or wrong, instead of the messages.
    pub frames: bool,
    pub changes: Changes,
    /// Begin with the first connection again after the last one.
    pub again: bool,
    /// Take clients that ask for another path, or not for the recorded subprotocol.
    pub lenient: bool,
    /// How long a client may be silent where the recorded one was not; `None`: for ever.
    pub patience: Option<Duration>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            matching: Matching::Order(Box::default()),
            unmatched: Unmatched::Close,
            pace: Pace::Wait,
            max_gap: None,
            frames: false,
            changes: Changes::default(),
            again: false,
            lenient: false,
            patience: None,
        }
    }
}

/// Which recorded message one from the client is.
#[derive(Clone, Debug)]
pub enum Matching {
    /// The next one, whatever is said; the verdict is by these rules.
    Order(Box<Rules>),
    /// The next one, and so it is the one.
    Any,
    /// The first that is left with the same content.
    Exact,
    /// The first that is left with the same content as JSON by these rules, whatever its id.
    Json { rules: Box<Rules>, ids: Ids },
    /// The first that is left whose text matches as a pattern.
    Regex,
}

/// What becomes of a message that was not recorded.
#[derive(Clone, Debug)]
pub enum Unmatched {
    /// The connection is closed with 1008.
    Close,
    Ignore,
    /// As `Close`, and all has failed.
    Error,
    /// It goes to this server, and what that says comes back.
    Forward(Box<ConnectOptions>),
}

/// Why a recording can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MockError {
    #[error("no server answered in it")]
    Nothing,
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// What is worth saying while a client is served.
#[derive(Debug)]
pub enum Remark {
    /// It asks for a connection with this path and query, and for no redirect that leads to one.
    Asked(String),
    /// It asks for something else than was recorded, and is taken all the same.
    Otherwise(Mismatch),
    /// It said what is not in the recording.
    Unmatched { binary: bool, data: Bytes },
    /// The server behind does not answer any more, for this reason.
    Upstream(String),
    /// A sink takes no more.
    Lost(io::Error),
}

/// What a client asks for that the recorded one did not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("it asks for {asked:?}, and the recording has {}", listed(recorded))]
    Resource { asked: String, recorded: Vec<String> },
    #[error("the recording has subprotocol {recorded:?}, and it offers {}", offered.as_ref().map_or("none".to_owned(), |offered| format!("{offered:?}")))]
    Subprotocol { recorded: String, offered: Option<String> },
    #[error("every connection of the recording has been played")]
    Over,
}

impl Mismatch {
    const fn status(&self) -> u16 {
        match self {
            Mismatch::Resource { .. } => 404,
            Mismatch::Subprotocol { .. } => 400,
            Mismatch::Over => 503,
        }
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// What became of a client.
#[derive(Debug)]
pub enum Served {
    Played(Played),
    /// It got the recorded refusal.
    Answered {
        connection: u32,
        status: u16,
    },
    /// It got a redirect that led to the recorded connection, and may come again for what follows.
    Redirected {
        connection: u32,
        status: u16,
    },
    /// It got none of the recording.
    Refused {
        status: u16,
        why: Mismatch,
    },
    /// It did not come to an opening handshake.
    Failed(AcceptError),
}

/// A client's connection, and the recorded one.
#[derive(Debug)]
pub struct Played {
    /// The number in the recording.
    pub connection: u32,
    pub verdict: Verdict,
    /// Why it did not come to its end, where that was not the client's wish.
    pub stopped: Option<Stopped>,
}

/// A recording as a server. Clients may come at the same time.
#[derive(Debug)]
pub struct Mock {
    parts: Vec<Part>,
    cast: Cast,
    options: Options,
}

/// A recorded connection, made ready.
#[derive(Debug)]
struct Part {
    number: u32,
    /// Those of the redirects to it, and its own: at least one.
    openings: Vec<Opening>,
    answers: Answers,
    cues: Cues,
    recorded: Conversation,
}

impl Mock {
    /// A server that plays these connections; those that were never answered are left out.
    ///
    /// # Errors
    /// When none is left, or what is to be changed can't be.
    pub fn new(scores: &[Score], options: Options) -> Result<Mock, MockError> {
        let all: Vec<&Score> = scores.iter().flat_map(openings).collect();
        let part = |score: &Score| {
            let openings: Vec<Opening> = openings(score).filter_map(|score| Opening::of(score, &all)).collect();
            if openings.is_empty() {
                return None;
            }
            let score = score.clone().seen_by(Role::Server);
            let answers = Answers::of(&score, &options);
            let cues = Cues::new(&answers.awaited, &options.matching);
            let recorded = Conversation { messages: answers.awaited.clone(), end: score.end.map(|(_, closed)| closed) };
            Some(Part { number: score.number, openings, answers, cues, recorded })
        };
        let parts: Vec<Part> = scores.iter().filter_map(part).collect();
        if parts.is_empty() {
            return Err(MockError::Nothing);
        }
        options.changes.check(parts.iter().flat_map(|part| part.answers.texts()))?;
        let cast = Cast::new(parts.iter().map(|part| part.openings.len()), options.again);
        Ok(Mock { parts, cast, options })
    }

    /// How many connections it plays.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.parts.len()
    }

    /// What their clients asked for first, secrets masked.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.openings[0].resource.as_str())
    }

    /// Whether every connection has been played to its end, and none will be again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.cast.is_over()
    }

    /// The connections that nobody has come for, with what their clients asked for in the end, secrets masked.
    pub fn left(&self) -> impl Iterator<Item = (u32, &str)> {
        let left = self.cast.left().into_iter().map(|part| &self.parts[part]);
        left.filter_map(|part| Some((part.number, part.openings.last()?.resource.as_str())))
    }

    /// Serves a client to the end of its connection; it has so much time for its opening handshake.
    pub fn serve(
        &self,
        incoming: Incoming,
        timeout: Duration,
        timeline: &Timeline,
        hooks: &mut dyn Hooks,
        remark: &dyn Fn(Remark),
    ) -> Served {
        let (mut given, mut refused) = (None, None);
        let secure = incoming.tls.is_some();
        let accepted = accept(incoming, timeout, timeline, |request| {
            let answer = self.give(request, remark);
            // Whoever looks whether a server is there is no client.
            let is_client = request.headers.has_token("Upgrade", "websocket");
            if is_client && answer.as_ref().map_or(true, |turn| self.is_last(*turn)) {
                remark(Remark::Asked(request.resource.clone()));
            }
            match answer {
                Ok(turn) => {
                    given = Some(turn);
                    self.opening(turn).answer(request, secure)
                }
                Err(mismatch) => {
                    let (response, body) = Response::plain(mismatch.status(), &[], &format!("{mismatch}\n"))
                        .expect("our own headers are valid");
                    refused = Some(mismatch).filter(|_| is_client);
                    Answer::Respond { response, body }
                }
            }
        });
        let Some(given) = given else {
            return match (accepted, refused) {
                (Err(AcceptError::Answered(status)), Some(why)) => Served::Refused { status, why },
                (Err(error), _) => Served::Failed(error),
                (Ok(_), _) => unreachable!("nobody is accepted without a part"),
            };
        };
        let part = &self.parts[given.part];
        let played = accepted.and_then(|(_, driver)| {
            let player = Player::new(driver, (&part.answers, part.cues.clone()), &self.options, hooks, remark)?;
            Ok(player.play())
        });
        let served = match played {
            Ok(ended) => {
                let Ended { heard, closed, stopped } = ended;
                let verdict = verdict(&part.recorded, heard, closed, &self.options.matching);
                Served::Played(Played { connection: part.number, verdict, stopped })
            }
            Err(AcceptError::Answered(status)) if self.is_last(given) => {
                Served::Answered { connection: part.number, status }
            }
            Err(AcceptError::Answered(status)) => Served::Redirected { connection: part.number, status },
            Err(error) => Served::Failed(error),
        };
        self.cast.give_back(given, !matches!(served, Served::Failed(_)));
        served
    }

    fn opening(&self, Turn { part, turn }: Turn) -> &Opening {
        &self.parts[part].openings[turn]
    }

    /// Whether a turn is that of the connection itself.
    fn is_last(&self, Turn { part, turn }: Turn) -> bool {
        turn + 1 == self.parts[part].openings.len()
    }

    /// The turn for a client that asks so.
    fn give(&self, request: &Request, remark: &dyn Fn(Remark)) -> Result<Turn, Mismatch> {
        let other = || {
            let mut recorded: Vec<String> = Vec::new();
            for opening in self.parts.iter().flat_map(|part| &part.openings) {
                if !recorded.contains(&opening.resource) {
                    recorded.push(opening.resource.clone());
                }
            }
            Mismatch::Resource { asked: request.resource.clone(), recorded }
        };
        let given = match self.cast.give(|turn| self.opening(turn).has(&request.resource)) {
            Err(Nothing::Fits) if self.options.lenient => {
                remark(Remark::Otherwise(other()));
                self.cast.give(|turn| self.is_last(turn))
            }
            given => given,
        };
        let turn = given.map_err(|nothing| match nothing {
            Nothing::Fits => other(),
            Nothing::Left => Mismatch::Over,
        })?;
        let opening = self.opening(turn);
        if let Some(recorded) = opening.subprotocol.clone().filter(|_| !opening.is_spoken(request)) {
            let offered = request.headers.joined("Sec-WebSocket-Protocol");
            let mismatch = Mismatch::Subprotocol { recorded, offered };
            if !self.options.lenient {
                self.cast.give_back(turn, false);
                return Err(mismatch);
            }
            remark(Remark::Otherwise(mismatch));
        }
        Ok(turn)
    }
}

/// A recorded connection as each request for it found it.
fn openings(score: &Score) -> impl Iterator<Item = &Score> {
    score.hops.iter().chain([score])
}
