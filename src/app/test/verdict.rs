//! How a run of tests ends: one exit code for all its cases.

use crate::cli::report::Exit;

/// From what each failure would end a script with. Failures of one kind are that kind, others failed tests.
pub(super) fn verdict(failures: &[Exit], interrupted: bool) -> Exit {
    match failures {
        _ if interrupted => Exit::Interrupted,
        [] => Exit::Success,
        [first, rest @ ..] if rest.iter().all(|exit| exit == first) => *first,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_one_kind_are_that_kind() {
        assert_eq!(verdict(&[], false), Exit::Success);
        assert_eq!(verdict(&[Exit::Failed, Exit::Failed], false), Exit::Failed);
        assert_eq!(verdict(&[Exit::Connect, Exit::Connect], false), Exit::Connect);
        assert_eq!(verdict(&[Exit::Script], false), Exit::Script);
        assert_eq!(verdict(&[Exit::Connect, Exit::Failed], false), Exit::Failed);
        assert_eq!(verdict(&[Exit::Connect, Exit::Timeout], false), Exit::Failed);
        assert_eq!(verdict(&[Exit::Connect], true), Exit::Interrupted);
        assert_eq!(verdict(&[], true), Exit::Interrupted);
    }
}
