//! Arguments, environment and profiles to settings; errors to one line, a hint and an exit code.
