//! The player on a connection in memory.
