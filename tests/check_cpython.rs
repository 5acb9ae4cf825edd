//! `apy check` says nothing false: over 500 files of CPython's library, and over the project's own programs.
//!
//! And no public name of CPython's modules gets lost: tests/compare_names.py, with the list of what is left out.
//!
//! The library is that of an installed CPython 3.13 (`APY_CPYTHON` names it; else the one of pyenv, else `python3.13`), which also judges
//! each finding: tests/check_oracle.py. Without one that half is skipped. The project's programs do on purpose what `apy check` looks
//! for; there a finding is true if what the program prints names the exception that it foretells.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const APY: &str = env!("CARGO_BIN_EXE_apy");

/// How many files of the library are looked at.
const FILES: usize = 560;

/// What the project's programs do on purpose, and nothing that they print shows: the part of the path, the number.
const ON_PURPOSE: &[(&str, &str)] = &[
    ("golden/diagnostics/", "E"),
    // Its finder makes the module up.
    ("library_pages/page_importlib.abc", "E0407"),
    (
        "asyncio_cancel/cancelled_error_is_not_an_exception",
        "E0416",
    ),
    ("asyncio_errors/never_started_and_misuse_messages", "E04"),
    ("asyncio_run/returns_raises_and_cleans_up", "E0402"),
    ("asyncio_sleep/timers_and_ready_tasks_interleave", "E0402"),
    ("closures/", "E0431"),
    ("exceptions/break_and_continue_through_finally", "E0403"),
    ("exceptions/try_except_else_finally_order", "E0434"),
    ("exceptions/except_with_computed_types", "E0405"),
    ("functions/defaults_are_evaluated_once", "E0418"),
    ("functions/return_and_pass", "E0403"),
    ("asyncio_signals/ctrl_c_cancels_main_first", "E0402"),
    ("golden/forgotten_awaits/", "E04"),
    ("inspect/source_and_calls", "E0405"),
    ("golden/time/", "E0414"),
    ("golden/warnings/", "E04"),
    ("traceback/links_of_chains_over_lines", "E0420"),
];

/// The exceptions that findings foretell, by the words that a program may print of them.
const FORETOLD: &[(&str, &[&str])] = &[
    ("E0405", &["NameError", "is not defined"]),
    (
        "E0406",
        &[
            "NameError",
            "UnboundLocalError",
            "is not defined",
            "cannot access",
        ],
    ),
    ("E0407", &["ModuleNotFoundError", "No module named"]),
    ("E0408", &["AttributeError", "has no attribute"]),
    ("E0409", &["TypeError", "argument"]),
    ("E0412", &["TypeError"]),
    ("E0413", &["TypeError"]),
    ("E0418", &["mutable default"]),
    ("E0420", &["AttributeError", "has no attribute"]),
    ("E0422", &["ValueError"]),
    ("E0423", &["TypeError"]),
    (
        "E0434",
        &["TypeError", "unsupported operand", "not supported"],
    ),
    ("E0435", &["TypeError", "AttributeError"]),
];

#[test]
fn no_name_of_a_module_is_lost() {
    let Some(python) = python() else {
        eprintln!("skipped: there is no CPython 3.13");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare_names.py");
    let output = Command::new(python)
        .args([script.as_os_str(), "--lost".as_ref(), APY.as_ref()])
        .output()
        .expect("CPython runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "names that CPython's modules have and tests/names_left_out.txt does not list:\n{said}{complaint}"
    );
}

#[test]
fn nothing_false_is_said_of_the_library_of_cpython() {
    let Some(python) = python() else {
        eprintln!("skipped: there is no CPython 3.13");
        return;
    };
    let library = run(
        Command::new(&python).args(["-c", "import os; print(os.path.dirname(os.__file__))"]),
        "",
    );
    let library = PathBuf::from(library.trim());
    let mut files = Vec::new();
    collect(&library, &mut files);
    files.sort();
    files.truncate(FILES);
    assert!(files.len() >= 500, "{} files", files.len());
    let mut check = Command::new(APY);
    check
        .args(["check", "--format", "json"])
        .args(&files)
        .current_dir(&library);
    let findings = run(&mut check, "");
    assert!(findings.starts_with('['), "{findings}");
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check_oracle.py");
    let wrong = run(Command::new(&python).arg(oracle), &findings);
    assert_eq!(wrong, "", "not true of CPython's library");
}

#[test]
fn nothing_false_is_said_of_the_projects_programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut check = Command::new(APY);
    check
        .args(["check", "--format", "github", "tests/golden", "examples"])
        .current_dir(root);
    let findings = run(&mut check, "");
    let wrong: Vec<&str> = findings
        .lines()
        .filter(|finding| !is_foretold(root, finding))
        .collect();
    assert!(
        wrong.is_empty(),
        "not true of the project's programs:\n{}",
        wrong.join("\n")
    );
}

/// Whether a finding is about something that its program does on purpose.
fn is_foretold(root: &Path, finding: &str) -> bool {
    let part = |from: &str, to: char| {
        let rest = finding.split_once(from).map_or("", |(_, rest)| rest);
        rest.split(to).next().unwrap_or_default().to_owned()
    };
    let (file, code) = (part("file=", ','), part("title=", ':'));
    // Goldens may import and assign what they do not use.
    let is_left_over = matches!(&*code, "E0410" | "E0411") && file.contains("golden");
    // Below E0400 running says the same.
    if code.as_str() < "E0400" || is_left_over {
        return true;
    }
    if ON_PURPOSE
        .iter()
        .any(|(path, number)| file.contains(path) && code.starts_with(number))
    {
        return true;
    }
    let printed: String = ["out", "err"]
        .iter()
        .filter_map(|ending| std::fs::read_to_string(root.join(&file).with_extension(ending)).ok())
        .collect();
    let words = FORETOLD
        .iter()
        .find(|row| row.0 == code)
        .map_or(&[][..], |row| row.1);
    words.iter().any(|word| printed.contains(word))
}

/// What a command prints, given this input.
fn run(command: &mut Command, input: &str) -> String {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    // 101: it panicked, and what it found is not all.
    assert!(
        output.status.code().is_some_and(|code| code != 101),
        "{command:?} crashed"
    );
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// A CPython 3.13, if there is one.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("APY_CPYTHON").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let of_pyenv = home.map(|home| home.join(".pyenv/versions/3.13.0/bin/python3"));
    let candidates = [named, of_pyenv, Some(PathBuf::from("python3.13"))];
    candidates.into_iter().flatten().find(|python| {
        let version = Command::new(python).arg("--version").output();
        version
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with("Python 3.13"))
    })
}

/// The library's files, without its tests, which break rules on purpose, and what is installed beside it.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    const LEFT_OUT: [&str; 4] = ["site-packages", "__pycache__", "lib2to3", "idle_test"];
    for entry in std::fs::read_dir(folder).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let is_left_out = LEFT_OUT.contains(&&*name)
                || name.starts_with("test")
                || name.starts_with("config-");
            if !is_left_out {
                collect(&path, files);
            }
        } else if name.ends_with(".py") {
            files.push(path);
        }
    }
}
