//! Recordings taken elsewhere, and others brought in: a file a format, below `export` and `import`.
//!
//! ```text
//! recording -> Source (passes over its entries, damage told) -> export::{csv, ...} -> bytes
//! bytes -> import::{har, ...} -> Import (events in order of time) -> whoever writes a recording
//! ```

pub mod export;
pub mod import;
