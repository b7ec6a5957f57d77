//! The house rules that the compiler does not know: floors, file sizes, and one table of flags for all who speak of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Modules by floor, lowest first. Those of a floor that is marked do not use each other.
const FLOORS: [(&[&str], bool); 8] = [
    (&["protocol", "sequence"], true),
    (&["handshake", "transport"], false),
    (&["event", "command", "session"], false),
    (&["render", "recording", "report"], true),
    (&["replay", "proxy", "exchange"], true),
    (&["script"], false),
    (&["shell"], true),
    (&["cli", "app"], false),
];

/// The most lines of a source file.
const MOST_LINES: usize = 420;

fn floor(module: &str) -> usize {
    let floor = FLOORS.iter().position(|(modules, _)| modules.contains(&module));
    floor.unwrap_or_else(|| panic!("src/{module} is on no floor: add it to the diagram in lib.rs and to FLOORS"))
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules of the crate that a source names: `crate::a::...`, `crate::{a, b::c}`.
fn used(source: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in source.match_indices("crate::") {
        // `$crate` and `wscope_crate` are not ours; documentation may point anywhere.
        let line_start = source[..at].rfind('\n').map_or(0, |end| end + 1);
        if source[line_start..at].trim_start().starts_with("//") {
            continue;
        }
        let rest = &source[at + "crate::".len()..];
        let named = match rest.strip_prefix('{') {
            Some(list) => list[..list.find("};").unwrap_or(list.len())].split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in named {
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            if end > 0 {
                modules.insert(name[..end].to_owned());
            }
        }
    }
    modules
}

#[test]
fn a_module_uses_lower_floors_only() {
    let mut wrong = Vec::new();
    for path in sources("src") {
        let inside = path.strip_prefix(Path::new(ROOT).join("src")).expect("below src");
        let first = inside.components().next().expect("a file").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let own = floor(module);
        for other in used(&read(&path)) {
            let below = floor(&other);
            let sibling = other != module && below == own && FLOORS[own].1;
            if below > own || sibling {
                wrong.push(format!("{} (floor {own}) uses {other} (floor {below})", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that go up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read_at_once_and_each_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests/it", "examples", "benches"] {
        for path in sources(folder) {
            let text = read(&path);
            let lines = text.lines().count();
            if lines > MOST_LINES {
                wrong.push(format!("{}: {lines} lines", path.display()));
            }
            if !text.starts_with("//!") {
                wrong.push(format!("{}: does not begin with what it is for", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_for_later() {
    // In two pieces, so that this file does not find itself.
    let words = ["TO", "FIX", "XX", "todo", "unimple"].iter().zip(["DO", "ME", "X", "!(", "mented!("]);
    let words: Vec<String> = words.map(|(a, b)| format!("{a}{b}")).collect();
    for path in sources("src") {
        let text = read(&path);
        for word in &words {
            assert!(!text.contains(word.as_str()), "{} holds {word}", path.display());
        }
    }
}

/// Every long flag of every command, and of its commands.
fn flags() -> BTreeSet<String> {
    fn add(command: &clap::Command, flags: &mut BTreeSet<String>) {
        flags.extend(command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
        command.get_subcommands().for_each(|inner| add(inner, flags));
    }
    let mut program = wscope::cli::command();
    program.build();
    let mut flags = BTreeSet::new();
    add(&program, &mut flags);
    flags
}

#[test]
fn the_readme_names_every_flag_and_no_other() {
    let readme = read(&Path::new(ROOT).join("README.md"));
    let is_flag = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let named: BTreeSet<String> = readme
        .match_indices("--")
        .filter(|(at, _)| !readme[..*at].ends_with(is_flag))
        .map(|(at, _)| readme[at..].chars().take_while(|c| is_flag(*c)).collect::<String>())
        .filter(|flag| flag.len() > 3 && !flag.starts_with("---"))
        .collect();
    let flags = flags();
    let missing: Vec<_> = flags.difference(&named).collect();
    // Flags of other programs that the README's commands use.
    let foreign = ["--release", "--locked", "--path", "--example", "--bench", "--root", "--listen", "--redis"];
    let unknown: Vec<_> = named.difference(&flags).filter(|flag| !foreign.contains(&flag.as_str())).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}, unknown: {unknown:?}");
}

#[test]
fn completions_and_manual_know_every_flag() {
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_wscope")).args(args).output().expect("wscope runs");
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let commands = [
        "",
        "connect",
        "demo",
        "record",
        "run",
        "test",
        "replay",
        "serve",
        "proxy",
        "mask",
        "show",
        "last",
        "stats",
        "diff",
        "export",
        "import",
        "report merge",
    ];
    let page = |command: &str| run(&std::iter::once("man").chain(command.split_whitespace()).collect::<Vec<_>>());
    let pages = commands.map(page).join("\n");
    let pages = pages.replace("\\-", "-");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]);
        for flag in flags() {
            let named = if shell == "fish" { format!("-l {}", &flag[2..]) } else { flag.clone() };
            assert!(script.contains(&named), "{shell} does not complete {flag}");
        }
    }
    for flag in flags().iter().filter(|flag| *flag != "--version") {
        assert!(pages.contains(flag.as_str()), "no manual page has {flag}");
    }
}
