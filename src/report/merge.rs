//! Several runs joined into one: the shards of a run that several machines shared.

use std::collections::BTreeMap;

use super::result::{Failure, Run, Suite};
use super::shard::Shard;

/// Runs, joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Suites by file, cases by line. A shard that is missing is a suite that ended in an error, so that no report of it
    /// passes for a whole one.
    pub run: Run,
    /// Parts of the set that none of the runs is.
    pub missing: Vec<Shard>,
    /// Runs that are left out, because a later one is the same part.
    pub doubled: Vec<Doubled>,
}

/// A part that is there more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubled {
    pub shard: Shard,
    /// The name of the run that is left out.
    pub left_out: String,
    /// The name of the run that counts: the one that was started last.
    pub counted: String,
}

/// Why runs can't be joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    #[error("no reports to join")]
    Nothing,
    #[error("\"{a}\" is shard {of_a} and \"{b}\" shard {of_b}: they are parts of different runs")]
    DifferentSets { a: String, of_a: Shard, b: String, of_b: Shard },
}

/// Joins runs, each with the name that a person knows it by. Runs that are no shards are joined as they are.
///
/// # Errors
/// When there are none, or shards of sets of different sizes.
pub fn merge(runs: Vec<(String, Run)>) -> Result<Merged, MergeError> {
    let (shards, mut counted): (Vec<_>, Vec<_>) = runs.into_iter().partition(|(_, run)| run.shard.is_some());
    let mut doubled = Vec::new();
    let mut parts: BTreeMap<Shard, (String, Run)> = BTreeMap::new();
    for (name, run) in shards {
        let Some(shard) = run.shard else { continue };
        if let Some((other, (first, _))) = parts.first_key_value().filter(|(other, _)| other.count() != shard.count()) {
            return Err(MergeError::DifferentSets { a: first.clone(), of_a: *other, b: name, of_b: shard });
        }
        let (later, earlier) = match parts.remove(&shard) {
            Some(other) if other.1.started > run.started => (other, Some((name, run))),
            other => ((name, run), other),
        };
        if let Some((left_out, _)) = earlier {
            doubled.push(Doubled { shard, left_out, counted: later.0.clone() });
        }
        parts.insert(shard, later);
    }
    let all = parts.first_key_value().map(|(shard, _)| shard.all());
    let missing: Vec<_> = all.into_iter().flatten().filter(|shard| !parts.contains_key(shard)).collect();
    counted.extend(parts.into_values());
    let runs: Vec<_> = counted.into_iter().map(|(_, run)| run).collect();
    Ok(Merged { run: join(runs, &missing).ok_or(MergeError::Nothing)?, missing, doubled })
}

fn join(runs: Vec<Run>, missing: &[Shard]) -> Option<Run> {
    let started = runs.iter().map(|run| run.started).min()?;
    let ends = runs.iter().map(|run| run.started + run.duration);
    let duration = ends.max()?.duration_since(started).unwrap_or_default();
    let seed = runs[0].seed.filter(|seed| runs.iter().all(|run| run.seed == Some(*seed)));
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for suite in runs.into_iter().flat_map(|run| run.suites) {
        let Some(joined) = suites.get_mut(&suite.file) else {
            suites.insert(suite.file.clone(), suite);
            continue;
        };
        joined.cases.extend(suite.cases);
        joined.output.extend(suite.output);
        // A file that can't be loaded is the same error on every machine.
        joined.error = joined.error.take().or(suite.error);
    }
    for suite in suites.values_mut() {
        suite.cases.sort_by_key(|case| case.line);
    }
    let gap = |shard: &Shard| Suite {
        file: format!("shard {shard}"),
        error: Some(Failure::new(format!("shard {shard} is missing: its report is not among those joined"))),
        ..Suite::default()
    };
    let suites = suites.into_values().chain(missing.iter().map(gap)).collect();
    Some(Run { started, duration, shard: None, seed, suites })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples;
    use super::super::{Case, Outcome};
    use super::*;

    /// A run of the suite `file`, started so many seconds after the others, two seconds long.
    fn run(shard: Option<&str>, after: u64, file: &str, cases: &[(u32, &str)]) -> Run {
        let case = |&(line, name): &(u32, &str)| Case { name: name.into(), line: Some(line), ..Case::default() };
        let suite = Suite { file: file.into(), cases: cases.iter().map(case).collect(), ..Suite::default() };
        let started = samples::empty().started + Duration::from_secs(after);
        let shard = shard.map(|shard| shard.parse().unwrap());
        Run { started, duration: Duration::from_secs(2), shard, seed: Some(7), suites: vec![suite] }
    }

    fn merged(runs: &[Run]) -> Result<Merged, MergeError> {
        merge(runs.iter().enumerate().map(|(at, run)| (format!("{at}.json"), run.clone())).collect())
    }

    #[test]
    fn shards_become_the_run_that_they_are_parts_of() {
        let runs = [
            run(Some("2/3"), 0, "b", &[(9, "late")]),
            run(Some("1/3"), 1, "b", &[(2, "early"), (20, "last")]),
            run(Some("3/3"), 3, "a", &[(1, "only")]),
        ];
        let Merged { run, missing, doubled } = merged(&runs).unwrap();
        assert!(missing.is_empty() && doubled.is_empty());
        let names: Vec<_> =
            run.suites.iter().flat_map(|s| s.cases.iter().map(|case| (&*s.file, &*case.name))).collect();
        assert_eq!(names, [("a", "only"), ("b", "early"), ("b", "late"), ("b", "last")]);
        assert_eq!((run.shard, run.seed, run.duration), (None, Some(7), Duration::from_secs(5)));
        assert_eq!(run.started, samples::empty().started);
    }

    #[test]
    fn a_missing_shard_is_an_error_of_the_run() {
        let Merged { run, missing, .. } = merged(&[run(Some("2/3"), 0, "a", &[(1, "x")])]).unwrap();
        assert_eq!(missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1/3", "3/3"]);
        assert_eq!(run.counts().in_words(), "3 cases: 1 passed, 2 errors");
        let last = run.suites.last().unwrap().results().next().unwrap().into_owned();
        let message = "shard 3/3 is missing: its report is not among those joined";
        assert_eq!(last.outcome, Outcome::Error(Failure::new(message)));
    }

    #[test]
    fn of_a_shard_that_is_there_twice_the_later_run_counts() {
        for (first, second, counted) in [(0, 9, "1.json"), (9, 0, "0.json"), (0, 0, "1.json")] {
            let runs = [run(Some("1/1"), first, "a", &[(1, "x")]), run(Some("1/1"), second, "a", &[(1, "x")])];
            let Merged { run, missing, doubled } = merged(&runs).unwrap();
            assert_eq!((run.counts().total(), missing.len(), doubled.len()), (1, 0, 1));
            assert_eq!(doubled[0].counted, counted);
            assert_ne!(doubled[0].left_out, counted);
        }
    }

    #[test]
    fn parts_of_different_sets_are_not_joined() {
        let runs = [run(Some("1/2"), 0, "a", &[]), run(Some("2/3"), 0, "a", &[])];
        let message = "\"0.json\" is shard 1/2 and \"1.json\" shard 2/3: they are parts of different runs";
        assert_eq!(merged(&runs).unwrap_err().to_string(), message);
        assert_eq!(merged(&[]).unwrap_err(), MergeError::Nothing);
    }

    #[test]
    fn whole_runs_are_joined_as_they_are() {
        let runs = [run(None, 0, "a", &[(1, "x")]), run(None, 5, "b", &[(1, "y")]), run(None, 6, "b", &[(1, "y")])];
        let Merged { run, missing, doubled } = merged(&runs).unwrap();
        assert!(missing.is_empty() && doubled.is_empty());
        assert_eq!(run.counts().total(), 3);
    }
}
