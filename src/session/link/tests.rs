//! A connection's thread, watched from its timeline.

use std::net::TcpListener;
use std::sync::{Mutex, OnceLock};

use super::*;
use crate::event::{Event, Kind};
use crate::session::options::ProxyChoice;
use crate::session::{Clock, Sink};

/// Sends a message the moment that it hears of the open connection.
struct Eager {
    link: Arc<OnceLock<Link>>,
    begun: Arc<Mutex<Option<Result<Answer, LinkError>>>>,
}

impl Sink for Eager {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.kind, Kind::Ready(_)) {
            let begun = self.link.wait().begin(Command::Text("at once".into()));
            *self.begun.lock().expect("no panic") = Some(begun);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn whoever_hears_that_it_is_open_can_send() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let url = format!("ws://{}/", listener.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().expect("a client").0).expect("a handshake");
        socket.read().expect("a message").into_text().expect("text")
    });
    let (link, begun) = (Arc::new(OnceLock::new()), Arc::default());
    let eager = Eager { link: Arc::clone(&link), begun: Arc::clone(&begun) };
    let timeline = Timeline::new(Clock::start(), vec![Box::new(eager)]);
    let options = ConnectOptions { proxy: ProxyChoice::Direct, ..ConnectOptions::new(url) };
    let opened = Link::open(options, timeline, 1).expect("a thread");
    assert!(link.set(opened).is_ok());
    assert_eq!(server.join().expect("no panic").as_str(), "at once");
    let begun = begun.lock().expect("no panic").take().expect("it was told").expect("it was open");
    assert_eq!(answer(&begun, Duration::from_secs(10)), Some(Ok(())));
}
