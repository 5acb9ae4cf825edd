//! Programs with and without forgotten awaits: each report stands at the line where the coroutine was made, and there is no other one.
//!
//! tests/forgotten_awaits/ has one mistake, or one lawful use, a file, and beside it in `.out` what CPython 3.13 prints. Comments in the
//! programs say what is reported:
//! - `# never awaited: a, b` at the end of a line: a warning for each of these coroutines, made in this line;
//! - `# made here: a`: the exception that ends the program shows that this line made the coroutine;
//! - `# help: text` at the end of the file: a line "Help: ..." of the exception holds this text.
//!
//! Where there is a CPython 3.13 (`APY_CPYTHON` names it), it must warn of the same coroutines. To add one, write the program, and
//! its `.out` with CPython.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many programs there are at least.
const LEAST: usize = 82;

/// A report: the line, from 1, and the name of the coroutine.
type Found = BTreeSet<(usize, String)>;

/// What the comments of a program promise.
struct Expected {
    warnings: Found,
    made: Found,
    help: Vec<String>,
}

#[test]
fn each_forgotten_await_is_reported_where_it_was_made() {
    let programs = programs();
    assert!(programs.len() >= LEAST, "there are {}", programs.len());
    let wrong: Vec<String> = programs.iter().filter_map(|p| mistakes(p)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cpython_warns_of_the_same_coroutines() {
    let Some(python) = python() else {
        eprintln!("skipped: there is no CPython 3.13");
        return;
    };
    for program in programs() {
        let source = read(&program);
        let expected = expected(&source);
        let names = |found: &Found| -> BTreeSet<String> {
            found.iter().map(|(_, name)| name.clone()).collect()
        };
        let mut promised = names(&expected.warnings);
        promised.extend(names(&expected.made));
        // CPython tells of its exception, and only of one that was cancelled.
        promised.remove("gather");
        let mut command = Command::new(&python);
        let (out, err) = run(command.args(["-X", "utf8"]).arg(&program));
        let warned: BTreeSet<String> = err.lines().filter_map(warned_name).collect();
        // The exception shows those that it was raised for.
        let extra: Vec<&String> = warned.difference(&promised).collect();
        assert!(
            promised.is_subset(&warned) && (extra.is_empty() || !expected.help.is_empty()),
            "{}: CPython warns of {warned:?}, promised are {promised:?}",
            program.display()
        );
        assert_eq!(out, read(&program.with_extension("out")));
    }
}

/// How a run differs from what the program promises.
fn mistakes(program: &Path) -> Option<String> {
    let expected = expected(&read(program));
    let (out, err) = run(Command::new(env!("CARGO_BIN_EXE_apy"))
        .args(["--time", "virtual"])
        .arg(program));
    let lines: Vec<&str> = err.lines().collect();
    let mut warnings = Found::new();
    let mut made = Found::new();
    for (i, line) in lines.iter().enumerate() {
        if let Some(name) = warned_name(line) {
            warnings.insert((line_of(&lines, i), name));
        }
        if line.contains("made here, and not awaited") {
            let at = (0..i).rev().find(|&at| lines[at].contains("╭─["));
            let line = line_of(&lines, at.unwrap_or(0));
            let here = expected.made.iter().find(|(n, _)| *n == line);
            made.insert(here.cloned().unwrap_or((line, "?".to_owned())));
        }
    }
    let helps = |text: &String| {
        let mut helps = lines.iter().filter(|line| line.contains("Help: "));
        helps.any(|line| line.contains(text.as_str()))
    };
    let is_silent = expected.help.is_empty() && expected.warnings.is_empty();
    let is_right = warnings == expected.warnings
        && made == expected.made
        && expected.help.iter().all(helps)
        && out == read(&program.with_extension("out"))
        && (!is_silent || err.is_empty());
    (!is_right).then(|| {
        format!(
            "{}\n  promised {:?} {:?} {:?}\n  reported {warnings:?} {made:?}\n{out}{err}",
            program.display(),
            expected.warnings,
            expected.made,
            expected.help
        )
    })
}

/// The line number in the first frame of an excerpt from here on.
fn line_of(lines: &[&str], from: usize) -> usize {
    let head = lines[from..].iter().find(|line| line.contains("╭─["));
    let place = head.and_then(|head| head.trim_end_matches(" ]").rsplit(':').nth(1));
    place.and_then(|line| line.parse().ok()).unwrap_or(0)
}

/// The coroutine of a warning, of apy or of CPython.
fn warned_name(line: &str) -> Option<String> {
    let (warning, _) = line.split_once(" was never awaited")?;
    let (_, name) = warning.split_once('\'')?;
    name.split('\'').next().map(str::to_owned)
}

fn expected(source: &str) -> Expected {
    let marked = |mark: &str| {
        let lines = source.lines().enumerate();
        let found = lines.filter_map(|(i, line)| Some((i + 1, line.split_once(mark)?.1)));
        let each = found.flat_map(|(at, names)| names.split(", ").map(move |n| (at, n.to_owned())));
        each.collect()
    };
    let helps = source.lines().filter_map(|l| l.strip_prefix("# help: "));
    Expected {
        warnings: marked("  # never awaited: "),
        made: marked("  # made here: "),
        help: helps.map(str::to_owned).collect(),
    }
}

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forgotten_awaits");
    let entries = std::fs::read_dir(folder).expect("it can be listed");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let mut programs: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "apy"))
        .collect();
    programs.sort();
    programs
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What a command writes to standard output and to standard error.
fn run(command: &mut Command) -> (String, String) {
    let output = command
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A CPython 3.13, if there is one.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("APY_CPYTHON").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let of_pyenv = home.map(|home| home.join(".pyenv/versions/3.13.0/bin/python3"));
    let candidates = [named, of_pyenv, Some(PathBuf::from("python3.13"))];
    candidates.into_iter().flatten().find(|python| {
        let version = Command::new(python).arg("--version").output();
        version.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).starts_with("Python 3.13"))
    })
}
