//! What the tests have in common: the program under test, peers of every kind, certificates, a terminal.

pub(crate) mod between;
pub(crate) mod browser;
pub(crate) mod certificates;
pub(crate) mod command;
pub(crate) mod frames;
pub(crate) mod golden;
pub(crate) mod peers;
pub(crate) mod server;
pub(crate) mod serving;
pub(crate) mod tmux;
