//! The loop against peers that a socket on loopback won't play.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};

use super::*;
use crate::event::Kind;
use crate::protocol::{Config, Role};
use crate::session::{Clock, Sink, keys, waker};
use crate::transport::{Blocking, Tcp};

/// A peer that always has more to say than there is room for, and never takes part in a closing handshake.
struct Flood {
    /// Always ready to be read.
    zeros: File,
    odd: bool,
    /// Each read gives less than there is room for, as if that were all for now.
    short: bool,
}

impl Transport for Flood {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = if self.short { buffer.len() / 2 } else { buffer.len() };
        let buffer = &mut buffer[..room];
        self.zeros.read_exact(buffer)?;
        // Empty text messages.
        for byte in buffer.iter_mut().skip(usize::from(self.odd)).step_by(2) {
            *byte = 0x81;
        }
        self.odd ^= buffer.len() % 2 == 1;
        Ok(buffer.len())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::sink().write(bytes)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn set_blocking(&mut self, _: Blocking) -> io::Result<()> {
        Ok(())
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.zeros.as_fd())
    }
}

fn flooded(short: bool) -> Driver {
    let flood = Flood { zeros: File::open("/dev/zero").expect("every system has it"), odd: false, short };
    driver(flood, Role::Client)
}

/// A driver and the other end of its socket.
fn over_loopback(role: Role) -> (Driver, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let peer = TcpStream::connect(listener.local_addr().expect("bound")).expect("loopback");
    let mut tcp = Tcp::new(listener.accept().expect("connected").0).expect("a socket");
    tcp.set_blocking(Blocking::Never).expect("a socket");
    (driver(tcp, role), peer)
}

fn driver(transport: impl Transport + 'static, role: Role) -> Driver {
    let connection = Connection::new(Config::new(role), keys::os_keys());
    Driver::new(Box::new(transport), connection, Timeline::new(Clock::start(), Vec::new()), 1)
}

/// How many events come before `wanted`, and no more than two bursts of them.
fn events_before(driver: &mut Driver, until: Option<Duration>, wanted: impl Fn(&Waited) -> bool) -> Option<usize> {
    (0..2 * BURST).find(|_| wanted(&driver.wait(until)))
}

#[test]
fn a_flood_keeps_neither_a_waker_nor_a_deadline_from_being_heard() {
    for short in [false, true] {
        let mut driver = flooded(short);
        assert!(events_before(&mut driver, Some(Duration::ZERO), |w| matches!(w, Waited::Timeout)).is_some());
        let (waker, wakened) = waker().expect("a pair of sockets");
        let mut driver = flooded(short).with_waker(wakened);
        waker.wake();
        assert!(events_before(&mut driver, None, |w| matches!(w, Waited::Woken)).is_some());
    }
}

#[test]
fn a_flood_does_not_prolong_the_closing_handshake_for_ever() {
    // With short reads, the deadline once passed unheard each time that something more had arrived.
    let mut driver = flooded(true);
    driver.send(Command::Close { code: Some(1000), reason: String::new(), force: false }).expect("open");
    let closed = loop {
        match driver.wait(None) {
            Waited::Event(Event { kind: Kind::Close(closed), .. }) => break closed,
            Waited::Event(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closed.detail.as_deref(), Some("no close frame came back within 2s"));
    assert!(matches!(driver.wait(None), Waited::Over));
}

#[test]
fn a_peer_that_is_held_is_stopped_by_its_own_tcp_and_nothing_is_lost() {
    const FRAME: &[u8] = b"\x81\x7e\x10\x00";
    const FRAMES: usize = 8192;

    let (mut driver, mut peer) = over_loopback(Role::Client);
    driver.hold_reading(true);
    let message = [FRAME, &[b'a'; 4096]].concat();
    let sender = std::thread::spawn(move || (0..FRAMES).try_for_each(|_| peer.write_all(&message)));
    let soon = |driver: &Driver| Some(driver.timeline().clock().elapsed() + Duration::from_millis(50));
    // 32 MiB don't fit into the buffers of two sockets.
    let mut seen = 0;
    for _ in 0..4 {
        let until = soon(&driver);
        while let Waited::Event(_) = driver.wait(until) {
            seen += 1;
        }
    }
    assert_eq!((seen, sender.is_finished()), (0, false));
    driver.hold_reading(false);
    while seen < FRAMES {
        match driver.wait(None) {
            Waited::Event(Event { kind: Kind::Frame(_), .. }) => seen += 1,
            other => panic!("{other:?} after {seen}"),
        }
    }
    sender.join().expect("no panic").expect("all was sent");
    // Its end is noticed while it is held, too.
    driver.hold_reading(true);
    assert!(matches!(driver.wait(None), Waited::Event(Event { kind: Kind::Close(_), .. })));
}

#[test]
fn who_sends_as_fast_as_the_peer_reads_hears_the_peer_all_the_same() {
    let (mut driver, mut peer) = over_loopback(Role::Server);
    // A close frame of a client, masked with zeros; then it reads all that still comes.
    peer.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).expect("loopback");
    let reader = std::thread::spawn(move || io::copy(&mut peer, &mut io::sink()));
    let message = Command::Binary(vec![0; 4096].into());
    let mut turns = 0;
    let closed = loop {
        while !driver.is_full() && driver.send(message.clone()).is_ok() {}
        turns += 1;
        match driver.wait(None) {
            Waited::Event(Event { kind: Kind::Close(closed), .. }) => break closed,
            Waited::Event(_) | Waited::Writable => assert!(turns < 10_000, "it hears nothing"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((closed.code, closed.clean), (Some(1000), true));
    drop(driver);
    reader.join().expect("no panic").expect("all was read");
}

#[test]
fn two_drivers_wait_together_for_whichever_is_first() {
    let ((mut first, mut one), (mut second, mut two)) = (over_loopback(Role::Client), over_loopback(Role::Client));
    let (waker, wakened) = waker().expect("a pair");
    second = second.with_waker(wakened);
    let soon = Some(first.timeline().clock().elapsed());
    assert!(matches!(wait_either(&mut first, &mut second, soon), (_, Waited::Timeout)));
    two.write_all(b"\x81\x00").expect("loopback");
    let (which, waited) = wait_either(&mut first, &mut second, None);
    assert!(matches!((which, &waited), (Either::Second, Waited::Event(_))), "{which:?} {waited:?}");
    one.write_all(b"\x81\x00").expect("loopback");
    let (which, waited) = wait_either(&mut first, &mut second, None);
    assert!(matches!((which, &waited), (Either::First, Waited::Event(_))), "{which:?} {waited:?}");
    waker.wake();
    let (which, waited) = wait_either(&mut first, &mut second, None);
    assert!(matches!((which, &waited), (Either::Second, Waited::Woken)), "{which:?} {waited:?}");
    // What is sent is written before anybody waits.
    first.send(Command::Frame(crate::protocol::connection::FrameSpec::new(Opcode::TEXT, &b""[..]))).expect("open");
    let answered = std::thread::spawn(move || {
        let mut frame = [0; 6];
        one.read_exact(&mut frame).expect("a frame");
        one.write_all(b"\x81\x00").expect("loopback");
        one
    });
    assert!(matches!(wait_either(&mut first, &mut second, None), (Either::First, Waited::Event(_))));
    drop((answered.join().expect("no panic"), two));
}

/// What happened, in the order that it did.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<&'static str>>>);

impl Diary {
    fn note(&self, what: &'static str) {
        self.0.lock().expect("no panic").push(what);
    }
}

impl Sink for Diary {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.kind, Kind::Close(_)) {
            self.note("closed");
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.note("flushed");
        Ok(())
    }
}

/// A peer that is gone.
struct Gone(Diary);

impl Transport for Gone {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.0.note("ended");
        Ok(())
    }

    fn set_blocking(&mut self, _: Blocking) -> io::Result<()> {
        Ok(())
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

#[test]
fn a_peer_sees_the_end_of_the_transport_once_the_close_is_recorded() {
    for dropped in [false, true] {
        let diary = Diary::default();
        let timeline = Timeline::new(Clock::start(), vec![Box::new(diary.clone())]);
        let connection = Connection::new(Config::new(Role::Server), keys::os_keys());
        let mut driver = Driver::new(Box::new(Gone(diary.clone())), connection, timeline, 1);
        if dropped {
            driver.send(Command::Drop).expect("open");
        }
        while !matches!(driver.wait(None), Waited::Over) {}
        let written = diary.0.lock().expect("no panic").clone();
        let closed = written.iter().position(|what| *what == "closed").expect("it was told");
        assert_eq!(written[closed..], ["closed", "flushed", "ended"], "{dropped}");
    }
}
