//! Events to and from lines of the recording format.
