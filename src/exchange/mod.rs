//! Recordings taken elsewhere, and others brought in: a file a format, below `export` and `import`.
