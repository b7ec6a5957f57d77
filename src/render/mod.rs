//! Events to text for a terminal or a pipe, and nothing else.
