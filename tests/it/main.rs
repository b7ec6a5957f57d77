//! Every integration test, as one program.

mod chat;
mod ci;
mod demo;
mod diff;
mod errors;
mod export;
mod export_html;
mod handshake;
mod house;
mod import;
mod interop;
mod mock;
mod pipe;
mod readme;
mod recording;
mod replay_client;
mod report;
mod scripting;
mod scripts;
mod serve;
mod serve_script;
mod show;
mod stats;
mod support;
mod terminal;
mod test_runner;
