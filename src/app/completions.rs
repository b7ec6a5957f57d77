//! `wscope completions`: a script that lets a shell complete commands, options and their values.

use clap_complete::Shell;

use crate::cli;

/// The script, from the same table that the command line is read by.
pub(super) fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "wscope", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_option_and_command() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            let command = cli::command();
            let options = command.get_arguments().filter_map(|arg| arg.get_long());
            for word in options.chain(command.get_subcommands().map(clap::Command::get_name)) {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
