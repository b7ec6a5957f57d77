//! A chat: what one client says, all others hear. Each client's thread has a queue that the others put messages into, and a
//! waker that tells it so.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::client::{Client, Turn};
use crate::command::Command;
use crate::session::{Waker, waker};

/// Who is there.
#[derive(Debug, Default)]
pub struct Room {
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    /// Every member so far, for the next one's number.
    count: u64,
    present: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    number: u64,
    queue: Sender<Command>,
    waker: Waker,
}

/// Serves a client as one of its room.
pub fn serve(client: Client) {
    let room = client.room.clone();
    let Ok((waker, wakened)) = waker() else {
        return give_up(client);
    };
    let (number, queue) = room.enter(waker);
    converse(client.with_waker(wakened), &room, number, &queue);
    room.leave(number);
}

fn converse(mut client: Client, room: &Room, number: u64, queue: &Receiver<Command>) {
    loop {
        match client.next(None) {
            Turn::Message(message) => room.tell_others(number, &message.into()),
            Turn::Woken => queue.try_iter().for_each(|command| client.send(command)),
            Turn::Due | Turn::Writable => {}
            Turn::Over => return,
        }
    }
}

/// The system has no descriptor left (RFC 6455 section 7.4.1; 1013 is registered with IANA for it).
fn give_up(mut client: Client) {
    client.send(Command::Close { code: Some(1013), reason: "no room in the chat".into(), force: false });
    client.echo_all();
}

impl Room {
    fn enter(&self, waker: Waker) -> (u64, Receiver<Command>) {
        let (queue, received) = channel();
        let mut members = self.lock();
        members.count += 1;
        let number = members.count;
        members.present.push(Member { number, queue, waker });
        (number, received)
    }

    fn leave(&self, number: u64) {
        self.lock().present.retain(|member| member.number != number);
    }

    fn tell_others(&self, number: u64, command: &Command) {
        for member in self.lock().present.iter().filter(|member| member.number != number) {
            // One that has just gone hears no more.
            let _ = member.queue.send(command.clone());
            member.waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
