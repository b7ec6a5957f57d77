//! An echo server by tungstenite, which shares no code with wscope's own protocol: something independent to point it at.
//!
//! `cargo run --example echo_server -- 7000`, then `wscope ws://127.0.0.1:7000`. Without a port it takes any that is free.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::error::Error;
use std::net::{TcpListener, TcpStream};

use tungstenite::handshake::server::{ErrorResponse, Request, Response};

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on ws://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// Shakes hands with whoever comes, takes the first subprotocol asked for, and sends back what it gets.
fn serve(stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    #[allow(clippy::result_large_err, reason = "what tungstenite's callback returns")]
    let answer = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let asked = request.headers().get("Sec-WebSocket-Protocol").and_then(|value| value.to_str().ok());
        if let Some(first) = asked.and_then(|list| list.split(',').next()?.trim().parse().ok()) {
            response.headers_mut().insert("Sec-WebSocket-Protocol", first);
        }
        Ok(response)
    };
    let mut socket = tungstenite::accept_hdr(stream, answer)?;
    loop {
        match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => socket.send(message)?,
            Ok(_) => {}
            Err(tungstenite::Error::ConnectionClosed) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
