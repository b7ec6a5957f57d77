//! Every integration test, as one program.

mod chat;
mod ci;
mod demo;
mod diff;
mod errors;
mod export_html;
mod export_rhai;
mod handshake;
mod house;
mod interop;
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
