//! A chat of as many processes as you like, joined by Redis: what one client says in a room, everyone there hears, whichever
//! process they are connected to. wscope is the library that it speaks WebSocket with, and what to point at it.
//!
//!     cargo run --example chat_server -- --listen 127.0.0.1:7001 --redis redis://127.0.0.1
//!     cargo run --example chat_server -- --listen 127.0.0.1:7002 --redis redis://127.0.0.1
//!     wscope ':7002/chat?user=bob&room=lobby' -x '{"type":"say","text":"hi"}'
//!
//! Without `--redis` it is one process and needs nothing. A client says `{"type":"say","text":"hi"}` and hears, as texts:
//!
//!     {"type":"welcome","user":"bob","room":"lobby"}                  first, and for itself alone
//!     {"type":"joined","user":"bob"}                                  as everyone in the room, itself included
//!     {"type":"said","user":"bob","room":"lobby","text":"hi","n":1}   the same; n counts what was said in the room
//!     {"type":"left","user":"bob"}                                    the same
//!     {"type":"error","message":"want {\"type\":\"say\",\"text\":\"...\"}"}   for itself alone, and it may go on

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};
use wscope::command::Command;
use wscope::event::{Direction::Received, Event, FrameEvent, Kind, Message};
use wscope::handshake::{Request, Response, ServerOffer};
use wscope::session::{Answer, Clock, Incoming, Timeline, Waited, Waker, accept, waker};
use wscope::transport::Tcp;

/// How long Redis may take to connect, and a client for its opening handshake.
const PATIENCE: Duration = Duration::from_secs(10);
/// Counts and publishes in one step, so that no other process gets in between.
const PUBLISH: &str = "redis.call('PUBLISH', ARGV[1], '[' .. redis.call('INCRBY', KEYS[1], ARGV[2]) .. ARGV[3])";
const USAGE: &str = r#"want {"type":"say","text":"..."}"#;

/// A WebSocket chat whose processes are joined by Redis
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0: any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: String,
    /// The Redis that joins the processes, such as `redis://127.0.0.1:6379`; without it this one is alone
    #[arg(long, value_name = "URL", value_parser = |url: &str| redis::Client::open(url))]
    redis: Option<redis::Client>,
    /// Processes on the same channel are joined
    #[arg(long, value_name = "NAME", default_value = "chat")]
    channel: String,
}

fn main() {
    let options = Options::parse();
    let listener = TcpListener::bind(&options.listen);
    let listener = listener.unwrap_or_else(|error| fail(&format!("cannot listen on {}: {error}", options.listen)));
    let Some(redis) = options.redis else { return Chat::start(None).serve_all(&listener) };
    let Err(error) = join(&redis, options.channel, listener);
    fail(&format!("cannot reach Redis at {}: {error}", redis.get_connection_info().addr()))
}

fn fail(error: &str) -> ! {
    eprintln!("chat_server: {error}");
    std::process::exit(1)
}

/// Serves, and delivers what all processes on the channel publish.
fn join(redis: &redis::Client, channel: String, listener: TcpListener) -> redis::RedisResult<std::convert::Infallible> {
    let connect = || redis.get_connection_with_timeout(PATIENCE);
    let (publisher, mut subscriber) = (connect()?, connect()?);
    let mut posts = subscriber.as_pubsub();
    posts.subscribe(&channel)?;
    let chat = Chat::start(Some((Mutex::new(publisher), channel)));
    thread::spawn(move || chat.serve_all(&listener));
    loop {
        let post: String = posts.get_message()?.get_payload()?;
        // What anybody else publishes on the channel is no post.
        if let Ok((n, room, event)) = serde_json::from_str::<(u64, String, Value)>(&post) {
            chat.deliver(&room, event, n);
        }
    }
}

/// Who is here, and the way to everyone else.
struct Chat {
    timeline: Timeline,
    members: Mutex<Vec<Member>>,
    /// How much was said in each room, where no Redis counts it.
    counts: Mutex<HashMap<String, u64>>,
    /// The Redis that joins the processes, and their channel there.
    redis: Option<(Mutex<redis::Connection>, String)>,
}

struct Member {
    id: u32,
    room: String,
    queue: Sender<Command>,
    waker: Waker,
}

impl Chat {
    /// A chat that lives as long as the process.
    fn start(redis: Option<(Mutex<redis::Connection>, String)>) -> &'static Chat {
        let timeline = Timeline::new(Clock::start(), Vec::new());
        Box::leak(Box::new(Chat { timeline, members: Mutex::default(), counts: Mutex::default(), redis }))
    }

    fn serve_all(&'static self, listener: &TcpListener) {
        println!("ws://{}/chat", listener.local_addr().expect("an address that it listens on"));
        for stream in listener.incoming().flatten() {
            thread::spawn(|| self.serve(stream).is_ok()); // A client that goes away in the middle is no news.
        }
    }

    /// One client, from its opening handshake to its end: a thread that waits for its socket and its queue alike.
    fn serve(&self, stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
        let (address, bad_request) = (stream.peer_addr()?, Response::new(400, &[("Connection", "close")])?);
        let answer = move |request: &Request| match seat(request) {
            Some(_) => Answer::Accept(ServerOffer::default()),
            None => Answer::Respond { response: bad_request, body: "connect to /chat?user=NAME&room=ROOM\n".into() },
        };
        let incoming = Incoming { transport: Box::new(Tcp::new(stream)?), peer: Some(address), tls: None };
        let (request, driver) = accept(incoming, PATIENCE, &self.timeline, answer)?;
        let (user, room) = seat(&request).ok_or("it was refused")?;
        let ((waker, wakened), (queue, events), id) = (waker()?, channel(), driver.number());
        let mut driver = driver.with_waker(wakened);
        driver.send(text(&json!({"type": "welcome", "user": user, "room": room})))?;
        self.members.lock().unwrap().push(Member { id, room: room.clone(), queue, waker });
        self.publish(&room, json!({"type": "joined", "user": user}));
        loop {
            let waited = driver.wait(None);
            // A connection that is closing takes no more: what `send` says is no matter from here on.
            for event in events.try_iter() {
                let _ = driver.send(event);
            }
            match waited {
                Waited::Event(Event {
                    kind: Kind::Frame(FrameEvent { direction: Received, message: Some(message), .. }),
                    ..
                }) => match said(&message) {
                    Some(text) => {
                        self.publish(&room, json!({"type": "said", "user": user, "room": room, "text": text}));
                    }
                    None => drop(driver.send(text(&json!({"type": "error", "message": USAGE})))),
                },
                Waited::Over => break,
                _ if driver.is_full() => drop(driver.send(Command::Drop)), // It does not read what it is told.
                _ => {}
            }
        }
        self.members.lock().unwrap().retain(|member| member.id != id);
        self.publish(&room, json!({"type": "left", "user": user}));
        Ok(())
    }

    /// Tells everyone in a room, on every process.
    fn publish(&self, room: &str, event: Value) {
        let said = u64::from(event["type"] == "said");
        let Some((redis, channel)) = &self.redis else {
            let mut counts = self.counts.lock().unwrap();
            let n = counts.entry(room.to_owned()).or_default();
            *n += said;
            return self.deliver(room, event, *n);
        };
        let (counter, post) = (format!("{channel}:{room}"), format!(",{},{event}]", json!(room)));
        let mut command = redis::cmd("EVAL");
        command.arg(PUBLISH).arg(1).arg(counter).arg(channel).arg(said).arg(post);
        let published = command.exec(&mut redis.lock().unwrap());
        published.unwrap_or_else(|error| fail(&format!("cannot publish by Redis: {error}")));
    }

    /// Tells everyone in a room of this process. `n` messages were said there, this one included.
    fn deliver(&self, room: &str, mut event: Value, n: u64) {
        if event["type"] == "said" {
            event["n"] = n.into();
        }
        let command = text(&event);
        for member in self.members.lock().unwrap().iter().filter(|member| member.room == room) {
            let _ = member.queue.send(command.clone()); // One that is leaving takes no more.
            member.waker.wake();
        }
    }
}

fn text(event: &Value) -> Command {
    Command::Text(event.to_string().into())
}

/// The text of a message that is as [`USAGE`] wants it.
fn said(message: &Message) -> Option<String> {
    let said: Value = serde_json::from_str(message.text()?).ok()?;
    said["text"].as_str().filter(|_| said["type"] == "say").map(str::to_owned)
}

/// User and room of `/chat?user=NAME&room=ROOM`.
fn seat(request: &Request) -> Option<(String, String)> {
    let query = request.resource.strip_prefix("/chat?")?;
    let value = |name| form_urlencoded::parse(query.as_bytes()).find(|(n, v)| n == name && !v.is_empty());
    Some((value("user")?.1.into(), value("room")?.1.into()))
}
