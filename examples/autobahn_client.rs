//! The client of the Autobahn test suite: runs every case of a fuzzing server and echoes what it gets.
//!
//! `wstest -m fuzzingserver`, then `cargo run --release --example autobahn_client -- ws://127.0.0.1:9001 [AGENT]`.

#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;

use wscope::command::Command;
use wscope::event::{Direction, Kind, Message};
use wscope::session::{Clock, ConnectOptions, Driver, Timeline, Waited, open};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let server = args.next().ok_or("usage: autobahn_client ws://HOST:PORT [AGENT]")?;
    let agent = args.next().unwrap_or_else(|| "wscope".into());
    let mut cases = 0;
    run(&format!("{server}/getCaseCount"), |_, message| {
        cases = message.text().and_then(|text| text.parse().ok()).unwrap_or_default();
    })?;
    for case in 1..=cases {
        run(&format!("{server}/runCase?case={case}&agent={agent}"), echo)?;
    }
    run(&format!("{server}/updateReports?agent={agent}"), |_, _| {})?;
    println!("ran {cases} cases");
    Ok(())
}

/// Connects, and gives each message to `answer` until the connection is over.
fn run(url: &str, mut answer: impl FnMut(&mut Driver, Message)) -> Result<(), Box<dyn Error>> {
    let timeline = Timeline::new(Clock::start(), Vec::new());
    let number = timeline.open_connection();
    let mut driver = open(&ConnectOptions::new(url), &timeline, number)?;
    loop {
        match driver.wait(None) {
            Waited::Event(event) => {
                if let Kind::Frame(frame) = event.kind
                    && frame.direction == Direction::Received
                    && let Some(message) = frame.message
                {
                    answer(&mut driver, message);
                }
            }
            Waited::Over => return Ok(()),
            _ => {}
        }
    }
}

fn echo(driver: &mut Driver, message: Message) {
    let command = if message.binary { Command::Binary(message.data) } else { Command::Text(message.data) };
    // A connection that is closing needs no echo.
    let _ = driver.send(command);
}
