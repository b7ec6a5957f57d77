//! Which cases are run, how often, and in which order.

use super::{Place, outcomes};

const FILES: [(&str, &str); 4] = [
    ("a.test.rhai", "test(\"joins\", [\"chat\"], || ());\ntest(\"leaves\", [\"chat\", \"slow\"], || ());\n"),
    ("b.test.rhai", "for n in 0..5 { test(\"case \" + n, || ()); }\n"),
    ("sub/c.test.rhai", "test(\"joins\", || ());\ntest(\"waits\", [\"slow\"], || ());\n"),
    ("sub/d.test.rhai", "print(1);\n"),
];

/// What is listed with these arguments, a line each.
fn listed(place: &Place, args: &[&str]) -> Vec<String> {
    let ended = place.test(args).arg("--list").run();
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    ended.text().lines().map(str::to_owned).collect()
}

#[test]
fn cases_are_listed_and_none_is_run() {
    let place = Place::new(&FILES);
    let all = listed(&place, &[]);
    assert_eq!(all.len(), 10);
    assert_eq!(all[..3], ["a.test.rhai › joins  [chat]", "a.test.rhai › leaves  [chat, slow]", "b.test.rhai › case 0"]);
    assert_eq!(all[9], "sub/d.test.rhai › d");
    assert_eq!(listed(&place, &["sub", "--tag", "slow"]), ["sub/c.test.rhai › waits  [slow]"]);
    let joins = ["a.test.rhai › joins  [chat]", "sub/c.test.rhai › joins"];
    assert_eq!(listed(&place, &["--filter", "rhai › joins", "--tag", "!slow"]), joins);
}

#[test]
fn shards_over_several_files_share_no_case_and_miss_none() {
    let place = Place::new(&FILES);
    let mut all = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let (ended, report) = place.report(&["--shard", shard, "--jobs", "2"]);
        assert!(ended.code == Some(0) && ended.text().contains(&format!(", shard {shard}\n")), "{}", ended.text());
        let suites = report["suites"].as_array().unwrap();
        for suite in suites {
            let names = suite["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap());
            all.extend(names.map(|name| format!("{} › {name}", suite["file"].as_str().unwrap())));
        }
        std::fs::rename(place.path("report.json"), place.path(&format!("{}.json", &shard[..1]))).unwrap();
    }
    all.sort();
    let expected = listed(&place, &[]);
    let expected: Vec<_> = expected.iter().map(|line| line.split("  [").next().unwrap()).collect();
    assert_eq!(all, expected);
    let merged = crate::support::command::wscope(["report", "merge", "1.json", "2.json", "3.json"]);
    merged.inside(place.folder.path()).run().success("10 cases: 10 passed\n");
    // More shards than cases is no error.
    assert_eq!(place.test(&["--tag", "chat", "--shard", "3/3"]).run().code, Some(0));
}

#[test]
fn a_seed_orders_files_and_cases_the_same_again() {
    let place = Place::new(&FILES);
    let order = |args: &[&str]| {
        let ended = place.test(args).run();
        let lines: Vec<_> = ended.text().lines().map(|line| line.split(" (").next().unwrap().to_owned()).collect();
        let (summary, cases) = lines.split_last().unwrap();
        (summary.rsplit_once("--shuffle=").unwrap().1.to_owned(), cases.to_vec())
    };
    let (seed, first) = order(&["--shuffle"]);
    assert_eq!(order(&[&format!("--shuffle={seed}")]), (seed, first.clone()));
    let orders: Vec<_> = (0..5).map(|seed| order(&[&format!("--shuffle={seed}")]).1).collect();
    assert!(orders.iter().any(|order| *order != orders[0]));
    let sorted = |order: &[String]| order.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!((sorted(&first), first.len()), (sorted(&orders[0]), 10));
    let (_, report) = place.report(&["--shuffle=7"]);
    assert_eq!(report["seed"], 7);
    // In the report they are as in the file.
    assert_eq!(outcomes(&report)[..2], ["joins passed", "leaves passed"]);
}

#[test]
fn a_case_is_repeated() {
    let place = Place::new(&[("a.test.rhai", "let n = 0;\ntest(\"x\", || { n += 1; assert(n < 3); });\n")]);
    let (ended, report) = place.report(&["--repeat", "3"]);
    assert_eq!(outcomes(&report), ["x (1 of 3) passed", "x (2 of 3) passed", "x (3 of 3) failed"]);
    assert_eq!(ended.code, Some(1));
}

#[test]
fn after_a_failure_no_case_begins_if_it_is_to_be_the_last() {
    let text = "test(\"passes\", || ());\ntest(\"fails\", || fail(\"no\"));\ntest(\"never\", || fail(\"never\"));\n";
    let place = Place::new(&[("a.test.rhai", text), ("b.test.rhai", "fail(\"never\");\n")]);
    let (ended, report) = place.report(&["--fail-fast"]);
    assert_eq!(outcomes(&report), ["passes passed", "fails failed", "never skipped", "b skipped"]);
    assert_eq!(report["suites"][1]["cases"][0]["why"], "not run: a case has failed before");
    assert!(
        ended.text().contains("1 passed, 1 failed, 2 skipped in ") && !ended.text().contains("never"),
        "{}",
        ended.text()
    );
}

#[test]
fn a_command_line_that_makes_no_sense_says_what_would() {
    let place = Place::new(&FILES);
    for (args, message) in [
        (["--shard", "4/3"], "invalid value \"4/3\" for --shard: the parts of 3 are 1/3 to 3/3"),
        (["--jobs", "0"], "invalid value \"0\" for --jobs: 0 is not in 1..=65535"),
        (["--timeout", "0"], "invalid value \"0\" for --timeout: it must be longer than 0s"),
        (["--quiet", "--verbose"], "--quiet and --verbose exclude each other"),
    ] {
        let ended = place.test(&args).run();
        assert_eq!((ended.code, ended.stderr.lines().next()), (Some(2), Some(&*format!("wscope: error: {message}"))));
    }
}
