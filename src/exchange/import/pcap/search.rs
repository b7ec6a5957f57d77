//! A stream before its opening handshake: whatever else goes over it is stepped over until a request asks for WebSocket.
//!
//! A request begins where a segment does, since the answer to the one before has to be there first. So bodies need not be
//! understood to get past them, and a stream whose beginning is not in the capture is no different.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::micros;
use super::out::Out;
use super::talk::{self, End, Talk};
use crate::event::{self, Kind, Open, Ready, Role};
use crate::handshake::{
    Body, BodyReader, HeadError, MAX_HEAD, Request, RequestReader, Response, ResponseReader, check,
};
use crate::session::OpenError;

/// What the beginning of every request that opens a connection is (RFC 6455 section 4.1).
const GET: &[u8] = b"GET ";

/// Both ends of a stream, and when it was opened.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) addresses: [SocketAddr; 2],
    /// When the first SYN was, and when the handshake was done; `None` if the capture begins later.
    pub(super) syn: Option<Duration>,
    pub(super) opened: Option<Duration>,
}

/// What is looked for.
#[derive(Default)]
pub(super) struct Search {
    /// The head that each end may be in the midst of.
    requests: [Option<RequestReader>; 2],
    asked: Option<Box<Asked>>,
    /// Whether there was a request, for whatever it was.
    is_http: bool,
    /// Whether the first byte of an end is not there.
    is_headless: bool,
}

/// A request for WebSocket that waits for its answer.
struct Asked {
    /// Which of the ends.
    client: usize,
    number: u32,
    url: String,
    request: Request,
    time: Duration,
    /// What the client sent behind it.
    early: Vec<u8>,
    answer: Answer,
}

enum Answer {
    Head(ResponseReader),
    Refusal(Response, BodyReader),
}

/// What was found.
pub(super) enum Found {
    Nothing,
    /// Not to be looked at any further.
    Tls,
    /// The end that is the client, the connection, and what each end has said already.
    Talk(usize, Box<Talk>, [(Role, Vec<u8>); 2]),
}

impl Search {
    /// Bytes that an end sent.
    pub(super) fn receive(&mut self, from: usize, bytes: &[u8], ends: &Ends, out: &mut Out) -> Found {
        match &mut self.asked {
            Some(asked) if asked.client != from => self.answer(bytes, out),
            Some(asked) if matches!(asked.answer, Answer::Head(_)) => {
                // A client has to wait for the answer. What one that does not sends is kept, to a limit.
                let room = MAX_HEAD.saturating_sub(asked.early.len());
                asked.early.extend_from_slice(&bytes[..bytes.len().min(room)]);
                Found::Nothing
            }
            // The refusal is over, wherever its body ended: something else begins.
            Some(_) => {
                self.refused(out);
                self.request(from, bytes, ends, out)
            }
            None => self.request(from, bytes, ends, out),
        }
    }

    /// Whether a request for WebSocket waits for its answer.
    pub(super) const fn has_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether it is known what the stream is.
    pub(super) const fn is_http(&self) -> bool {
        self.is_http
    }

    /// Whether it has no beginning, although the stream's was seen.
    pub(super) const fn is_headless(&self) -> bool {
        self.is_headless
    }

    /// Bytes of an end are not there.
    pub(super) fn missing(&mut self, from: usize, places: &Range<u64>, out: &mut Out) {
        self.requests = [None, None];
        self.is_headless |= places.start == 0;
        if let Some(asked) = self.asked.take() {
            let by = if asked.client == from { Role::Client } else { Role::Server };
            let text = talk::missing(by, places);
            out.tell(asked.number, Kind::Note(format!("{text}: the opening handshake is not whole")));
        }
    }

    /// The stream is over.
    pub(super) fn end(mut self, end: End, out: &mut Out) {
        if let Some(Answer::Refusal(..)) = self.asked.as_ref().map(|asked| &asked.answer) {
            return self.refused(out);
        }
        let Some(asked) = self.asked.take() else { return };
        let Asked { number, url, answer: Answer::Head(reader), .. } = *asked else { return };
        tell_raw(number, reader.received(), out);
        let kind = match end {
            End::Open => Kind::Note("the capture ends inside the opening handshake".into()),
            End::Closed(_) | End::Reset(_) => error(&OpenError::Head { url, error: reader.end() }),
        };
        out.tell(number, kind);
    }

    fn request(&mut self, from: usize, bytes: &[u8], ends: &Ends, out: &mut Out) -> Found {
        if let [0x16, 3, 0..=4, _, _, hello @ (1 | 2), ..] = *bytes {
            let other = 1 - from;
            let (client, server) = if hello == 1 { (from, other) } else { (other, from) };
            out.tls.add(ends.addresses[client], ends.addresses[server]);
            return Found::Tls;
        }
        let mut rest = Bytes::copy_from_slice(bytes);
        while !rest.is_empty() {
            let begins = rest.starts_with(GET) || GET.starts_with(&rest);
            let Some(mut reader) = self.requests[from].take().or(begins.then(RequestReader::default)) else { break };
            match reader.receive(&rest) {
                Ok(None) => {
                    self.requests[from] = Some(reader);
                    break;
                }
                Ok(Some((request, tail))) if request.headers.has_token("Upgrade", "websocket") => {
                    self.is_http = true;
                    self.asked = Some(Box::new(ask(from, request, &tail, ends, out)));
                    break;
                }
                Ok(Some((_, tail))) => {
                    self.is_http = true;
                    rest = tail;
                }
                Err(_) => break,
            }
        }
        Found::Nothing
    }

    /// Bytes of the answer.
    fn answer(&mut self, bytes: &[u8], out: &mut Out) -> Found {
        let Some(asked) = &mut self.asked else { return Found::Nothing };
        let mut rest = Bytes::copy_from_slice(bytes);
        loop {
            let received = match &mut asked.answer {
                Answer::Refusal(_, body) => {
                    if body.receive(&rest) {
                        self.refused(out);
                    }
                    return Found::Nothing;
                }
                Answer::Head(reader) => reader.receive(&rest),
            };
            match received {
                Ok(None) => return Found::Nothing,
                Ok(Some((response, tail))) if response.is_interim() => {
                    tell(asked.number, &response, Body::default(), out);
                    asked.answer = Answer::Head(ResponseReader::default());
                    rest = tail;
                }
                Ok(Some((response, tail))) if response.status == 101 => return self.opened(&response, &tail, out),
                Ok(Some((response, tail))) => {
                    let body = BodyReader::new(&response);
                    let done = body.is_done();
                    asked.answer = Answer::Refusal(response, body);
                    if done {
                        self.refused(out);
                        return Found::Nothing;
                    }
                    rest = tail;
                }
                Err(wrong) => {
                    self.not_http(wrong, out);
                    return Found::Nothing;
                }
            }
        }
    }

    fn opened(&mut self, response: &Response, tail: &[u8], out: &mut Out) -> Found {
        let Some(asked) = self.asked.take() else { return Found::Nothing };
        let Asked { client, number, request, time, early, .. } = *asked;
        tell(number, response, Body::default(), out);
        let (negotiated, faults) = check(&request, response);
        for fault in faults {
            out.tell(number, Kind::Fault(Box::new(fault)));
        }
        let talk = Talk::new(number, negotiated.deflate);
        let upgrade = since(time, out.now);
        out.tell(number, Kind::Ready(Box::new(Ready { negotiated, upgrade })));
        Found::Talk(client, Box::new(talk), [(Role::Server, tail.to_vec()), (Role::Client, early)])
    }

    /// Tells a refusal, with what there is of its body.
    fn refused(&mut self, out: &mut Out) {
        let Some(asked) = self.asked.take() else { return };
        let Asked { number, url, answer: Answer::Refusal(response, body), .. } = *asked else { return };
        tell(number, &response, body.finish(), out);
        let Response { status, reason, .. } = response;
        let text = format!("{url} refused the opening handshake: {status} {reason}").trim_end().to_owned();
        out.tell(number, Kind::Error { text, hint: None });
    }

    fn not_http(&mut self, wrong: HeadError, out: &mut Out) {
        let Some(asked) = self.asked.take() else { return };
        tell_raw(asked.number, wrong.received(), out);
        out.tell(asked.number, error(&OpenError::Head { url: asked.url, error: wrong }));
    }
}

/// Begins a connection with its request.
fn ask(client: usize, request: Request, tail: &[u8], ends: &Ends, out: &mut Out) -> Asked {
    let number = out.connection();
    let server = ends.addresses[1 - client];
    let host = request.headers.get("Host").map_or_else(|| server.to_string(), std::borrow::Cow::into_owned);
    let url = format!("ws://{host}{}", request.resource);
    let open = Open {
        role: Role::Client,
        url: url.clone(),
        address: Some(server),
        via: None,
        dns: None,
        tcp: ends.syn.zip(ends.opened).map(|(syn, opened)| since(syn, opened)),
        tls: None,
    };
    out.tell_at(ends.opened.unwrap_or(out.now), number, Kind::Open(Box::new(open)));
    out.tell(number, Kind::Request(request.raw.clone()));
    let answer = Answer::Head(ResponseReader::default());
    Asked { client, number, url, request, time: out.now, early: tail.to_vec(), answer }
}

fn tell(number: u32, response: &Response, body: Body, out: &mut Out) {
    let (raw, status) = (response.raw.clone(), response.status);
    let Body { data: body, cut: body_cut } = body;
    out.tell(number, Kind::Response(Box::new(event::Response { raw, status, body, body_cut })));
}

/// Tells what came instead of a response.
fn tell_raw(number: u32, received: &[u8], out: &mut Out) {
    if !received.is_empty() {
        let raw = Bytes::copy_from_slice(received);
        let response = event::Response { raw, status: 0, body: Bytes::new(), body_cut: false };
        out.tell(number, Kind::Response(Box::new(response)));
    }
}

fn error(error: &OpenError) -> Kind {
    Kind::Error { text: error.to_string(), hint: error.hint() }
}

fn since(from: Duration, to: Duration) -> Duration {
    micros(to).saturating_sub(micros(from))
}
