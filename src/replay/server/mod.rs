//! The server's side of a recording played to real clients: a mock.
//!
//! ```text
//! who gets which connection (cast) -> the opening handshake (opening) -> each message of the client is found in the
//! recording (cues, ids) and releases what followed it there (part) when its time has come (play)
//! ```

mod cast;
mod cues;
mod ids;
mod opening;
mod part;
mod play;

use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::{Conversation, Score};
use crate::handshake::{Request, Response};
use crate::recording::JsonPath;
use crate::session::{AcceptError, Answer, Incoming, Timeline, accept};
use cast::{Cast, Nothing};
use cues::Cues;
use opening::Opening;
use part::Part;
use play::Player;

pub use ids::Ids;

/// How the server plays.
#[derive(Clone, Debug)]
pub struct Options {
    pub matching: Matching,
    pub unmatched: Unmatched,
    pub pace: Pace,
    /// Say the recorded frames, right or wrong, instead of the messages.
    pub frames: bool,
    /// Begin with the first connection again after the last one.
    pub again: bool,
    /// Take clients that ask for another path, or for none of the recorded subprotocol.
    pub lenient: bool,
    /// How long a client may be silent where the recorded one was not; `None`: for ever.
    pub patience: Option<Duration>,
}

/// Which recorded message one from the client is.
#[derive(Clone, Debug)]
pub enum Matching {
    /// The next one, whatever is said.
    Order,
    /// The same, and that is as it should be.
    Any,
    /// The first that is left with the same content.
    Exact,
    /// The first that is left with the same content as JSON, but for what is at these places, and whatever its id.
    Json { ignore: Vec<JsonPath>, ids: Ids },
    /// The first that is left whose text matches as a pattern.
    Regex,
}

/// What becomes of a message that was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// The connection is closed with 1008.
    Close,
    Ignore,
    /// As `Close`, and all has failed.
    Error,
}

/// When something is said after what releases it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    AtOnce,
    /// With the recorded gaps, so many times as fast, none longer than `most`.
    Recorded {
        speed: f64,
        most: Option<Duration>,
    },
}

impl Pace {
    fn of(self, gap: Duration) -> Duration {
        match self {
            Pace::AtOnce => Duration::ZERO,
            Pace::Recorded { speed, most } => {
                let gap = most.map_or(gap, |most| gap.min(most));
                Duration::try_from_secs_f64(gap.as_secs_f64() / speed).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// A recording that has no connection with a server's answer in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no server answered in it")]
pub struct NothingToPlay;

/// What is worth saying while a client is served.
#[derive(Debug)]
pub enum Remark {
    /// It asks for something else than was recorded, and is taken all the same.
    Otherwise(Mismatch),
    /// It said what is not in the recording.
    Unmatched { binary: bool, data: Bytes },
    /// It said nothing for so long, and so many of the recorded messages are missing.
    Late { after: Duration, missing: usize },
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
    /// It got none of the recording.
    Refused {
        status: u16,
        why: Mismatch,
    },
    /// It did not come to an opening handshake.
    Failed(AcceptError),
}

/// A client's connection against the recorded one.
#[derive(Debug)]
pub struct Played {
    /// The number in the recording.
    pub connection: u32,
    /// Its number on the timeline.
    pub number: u32,
    /// What the client sent; the recorded one, and this one.
    pub recorded: Conversation,
    pub live: Conversation,
    /// How many messages were not in the recording.
    pub unmatched: u64,
    /// The client said nothing for too long.
    pub late: bool,
}

/// A recording as a server. Clients may come at the same time.
#[derive(Debug)]
pub struct Mock {
    roles: Vec<Role>,
    cast: Cast,
    options: Options,
}

/// A recorded connection, made ready.
#[derive(Debug)]
struct Role {
    score: Score,
    opening: Opening,
    part: Part,
    cues: Cues,
}

impl Mock {
    /// A server that plays these connections; those that were never answered are left out.
    ///
    /// # Errors
    /// When none is left.
    pub fn new(scores: Vec<Score>, options: Options) -> Result<Mock, NothingToPlay> {
        let role = |score: Score| {
            let opening = Opening::of(&score)?;
            let part = Part::of(&score, &options);
            let cues = Cues::new(&part.cues, &options.matching);
            Some(Role { score, opening, part, cues })
        };
        let roles: Vec<Role> = scores.into_iter().filter_map(role).collect();
        let cast = Cast::new(roles.len(), options.again);
        if roles.is_empty() { Err(NothingToPlay) } else { Ok(Mock { roles, cast, options }) }
    }

    /// How many connections it plays.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.roles.len()
    }

    /// Whether every connection has been played to its end, and none will be again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.cast.is_over()
    }

    /// Serves a client to the end of its connection; it has so much time for its opening handshake.
    pub fn serve(&self, incoming: Incoming, timeout: Duration, timeline: &Timeline, remark: &dyn Fn(Remark)) -> Served {
        let mut given = None;
        let mut refused = None;
        let accepted = accept(incoming, timeout, timeline, |request| match self.give(request, remark) {
            Ok(role) => {
                given = Some(role);
                self.roles[role].opening.answer()
            }
            Err(mismatch) => {
                let (response, body) = Response::plain(mismatch.status(), &[], &format!("{mismatch}\n"));
                refused = Some(mismatch);
                Answer::Respond { response, body }
            }
        });
        let Some(given) = given else {
            return match (accepted, refused) {
                (Err(AcceptError::Answered(status)), Some(why)) => Served::Refused { status, why },
                (Err(error), _) => Served::Failed(error),
                (Ok(_), _) => unreachable!("nobody is accepted without a part"),
            };
        };
        let role = &self.roles[given];
        let connection = role.score.number;
        let served = match accepted {
            Ok((_, driver)) => {
                let number = driver.number();
                let player = Player::new(driver, (&role.part, role.cues.clone()), &self.options, remark);
                let ended = player.play();
                let live = Conversation { messages: ended.heard, end: None };
                let recorded = Conversation { messages: role.part.cues.clone(), end: None };
                let (unmatched, late) = (ended.unmatched, ended.late);
                Served::Played(Played { connection, number, recorded, live, unmatched, late })
            }
            Err(AcceptError::Answered(status)) => Served::Answered { connection, status },
            Err(error) => Served::Failed(error),
        };
        self.cast.give_back(given, !matches!(served, Served::Failed(_)));
        served
    }

    /// The part for a client that asks so.
    fn give(&self, request: &Request, remark: &dyn Fn(Remark)) -> Result<usize, Mismatch> {
        let has = |role: usize| self.roles[role].opening.has(&request.resource);
        let other = || {
            let mut recorded: Vec<String> = Vec::new();
            for role in &self.roles {
                if !recorded.contains(&role.opening.resource) {
                    recorded.push(role.opening.resource.clone());
                }
            }
            Mismatch::Resource { asked: request.resource.clone(), recorded }
        };
        let role = match self.cast.give(has) {
            Err(Nothing::Fits) if self.options.lenient => {
                remark(Remark::Otherwise(other()));
                self.cast.give(|_| true)
            }
            given => given,
        };
        let role = role.map_err(|nothing| match nothing {
            Nothing::Fits => other(),
            Nothing::Left => Mismatch::Over,
        })?;
        let opening = &self.roles[role].opening;
        if let Some(recorded) = opening.subprotocol.clone().filter(|_| !opening.is_spoken(request)) {
            let offered = request.headers.joined("Sec-WebSocket-Protocol");
            let mismatch = Mismatch::Subprotocol { recorded, offered };
            if !self.options.lenient {
                self.cast.give_back(role, false);
                return Err(mismatch);
            }
            remark(Remark::Otherwise(mismatch));
        }
        Ok(role)
    }
}
