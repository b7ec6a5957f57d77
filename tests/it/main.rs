//! Every integration test, as one program.

mod demo;
mod house;
mod readme;
