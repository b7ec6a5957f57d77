//! Runs the command line and exits with its code.

fn main() -> wscope::cli::Exit {
    wscope::app::run(std::env::args_os())
}
