//! The prompt: a line to a command, and the screen around it.
