//! Every integration test, as one program.

mod chat;
mod ci;
mod demo;
mod diff;
mod errors;
mod export;
mod handshake;
mod house;
mod import;
mod interop;
mod pipe;
mod readme;
mod recording;
mod report;
mod scripting;
mod scripts;
mod serve;
mod show;
mod stats;
mod support;
mod terminal;
mod test_runner;
