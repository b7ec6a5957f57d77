//! Wires everything: one file a subcommand.
