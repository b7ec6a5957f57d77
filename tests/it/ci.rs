//! What examples/ has for CIs: valid by the schemas of those who read it, and each wscope in it is run as it would be, up to
//! the command line, which is read as the program reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::peers::{peers, skip};

/// Stands in for wscope: notes its arguments, a line each.
const NOTES_ITS_ARGUMENTS: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\n";

/// A program of the virtualenv that scripts/setup makes.
fn validator(name: &str) -> Option<PathBuf> {
    let program = peers().join("schemas/bin").join(name);
    if program.exists() {
        return Some(program);
    }
    skip(&format!("skipped: {name}: it is not installed; scripts/setup tests does that"));
    None
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

#[track_caller]
fn succeeds(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
    output.stdout
}

/// The documents of a file of YAML.
fn documents(python: &Path, name: &str) -> Vec<Value> {
    let read = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let json = succeeds(Command::new(python).args(["-c", read]).arg(example(name)));
    serde_json::from_slice(&json).unwrap()
}

/// Runs a script of the example; gives the arguments of the wscope that it ends in, and checks them.
#[track_caller]
fn arguments(script: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    for place in ["", "parts/wscope"] {
        let program = folder.path().join(place).join("wscope");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, NOTES_ITS_ARGUMENTS).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut bash = Command::new("bash");
    bash.args(["-euc", script]).env("PATH", path).envs(environment.iter().copied()).current_dir(folder.path());
    succeeds(&mut bash);
    let noted = fs::read_to_string(folder.path().join("arguments")).unwrap();
    let arguments: Vec<String> = noted.lines().map(str::to_owned).collect();
    let line = std::iter::once("wscope").chain(arguments.iter().map(String::as_str));
    wscope::cli::command().try_get_matches_from(line).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    arguments
}

/// What stands after this argument.
fn after<'a>(arguments: &'a [String], flag: &str) -> &'a str {
    let at = arguments.iter().position(|argument| argument == flag);
    &arguments[at.unwrap_or_else(|| panic!("no {flag} in {arguments:?}")) + 1]
}

#[test]
fn the_github_workflow_is_valid() {
    let Some(check) = validator("check-jsonschema") else { return };
    succeeds(
        Command::new(check).args(["--builtin-schema", "vendor.github-workflows"]).arg(example("github-actions.yml")),
    );
}

#[test]
fn the_kubernetes_job_is_valid() {
    let Some(validate) = validator("kubernetes-validate") else { return };
    succeeds(Command::new(validate).arg("--strict").arg(example("kubernetes-job.yaml")));
}

#[test]
fn the_github_workflow_runs_every_part_of_the_tests_and_merges_the_reports() {
    let Some(python) = validator("python") else { return };
    let workflow = &documents(&python, "github-actions.yml")[0];
    let script = |job: &str, command: &str| {
        let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
        let mut scripts = steps.iter().filter_map(|step| step["run"].as_str());
        scripts.find(|script| script.contains(command)).unwrap().to_owned()
    };
    let shards = workflow["jobs"]["test"]["strategy"]["matrix"]["shard"].as_array().unwrap();
    for (at, shard) in shards.iter().enumerate() {
        let script = script("test", "wscope test")
            .replace("${{ matrix.shard }}", &shard.to_string())
            .replace("${{ strategy.job-total }}", &shards.len().to_string());
        let arguments = arguments(&script, &[("URL", "ws://a b/"), ("TOKEN", "t0p s3cret")]);
        assert_eq!(after(&arguments, "--shard"), format!("{}/{}", at + 1, shards.len()));
        assert_eq!(after(&arguments, "--var"), "url=ws://a b/");
        assert_eq!(after(&arguments, "--secret"), "token=t0p s3cret");
    }
    let arguments = arguments(&script("report", "report merge"), &[]);
    assert_eq!(arguments[..2], ["report", "merge"]);
}

#[test]
fn the_pods_of_the_kubernetes_job_run_every_part_of_the_tests() {
    let Some(python) = validator("python") else { return };
    let spec = &documents(&python, "kubernetes-job.yaml")[0]["spec"];
    let container = &spec["template"]["spec"]["containers"][0];
    let shards = container["env"][0]["value"].as_str().unwrap();
    assert_eq!((&spec["completions"].to_string()[..], &spec["parallelism"].to_string()[..]), (shards, shards));
    for index in 0..shards.parse().unwrap() {
        let index: u32 = index;
        let environment =
            [("JOB_COMPLETION_INDEX", &index.to_string()[..]), ("SHARDS", shards), ("URL", "ws://a/"), ("TOKEN", "t")];
        let arguments = arguments(container["args"][0].as_str().unwrap(), &environment);
        assert_eq!(after(&arguments, "--shard"), format!("{}/{shards}", index + 1));
        assert_eq!(after(&arguments, "--json"), format!("/reports/{}.json", index + 1));
    }
}
