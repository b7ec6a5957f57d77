//! wscope as a library: connect, send one message, show every event until the connection is over.
//!
//! `cargo run --example embed -- ws://127.0.0.1:7000/echo hello`

use std::error::Error;
use std::io;

use wscope::command::Command;
use wscope::event::{Direction, Kind};
use wscope::render::{Options, Renderer, Screen, WallClock};
use wscope::session::{Clock, ConnectOptions, Timeline, Waited, open};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("usage: embed URL [TEXT]")?;
    let text = args.next().unwrap_or_else(|| "hello".into());

    let clock = Clock::start();
    let renderer = Renderer::new(Options::default(), WallClock::local(clock.created()));
    let timeline = Timeline::new(clock, vec![Box::new(Screen::new(renderer, io::stdout()))]);
    let mut driver = open(&ConnectOptions::new(url), &timeline, timeline.open_connection())?;
    driver.send(Command::Text(text.into()))?;
    loop {
        match driver.wait(None) {
            Waited::Event(event) => {
                let Kind::Frame(frame) = event.kind else { continue };
                if frame.direction == Direction::Received && frame.message.is_some() {
                    driver.send(Command::Close { code: Some(1000), reason: "enough".into(), force: false })?;
                }
            }
            Waited::Over => return Ok(timeline.flush()?),
            Waited::Timeout | Waited::Woken | Waited::Writable => {}
            Waited::SinkFailed(error) => return Err(error.into()),
        }
    }
}
