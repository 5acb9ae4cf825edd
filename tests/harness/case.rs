//! Cases made of files: `name.apy` with `name.out`, and perhaps `name.err` and `name.in`, anywhere under a folder.
//!
//! [`cases_under`] makes one test a program, named by its path (`area::name`); [`stressed`] makes the second pass of the
//! same programs with a collection at every safepoint. With `BLESS=1` a run writes the expected files instead of
//! comparing; `tests/oracle.py` is the better author wherever CPython can run the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use apy::cli::Directives;

use super::Test;
use super::diff::line_diff;
use super::process::{End, Invocation, Outcome, package_root};

/// Far more than any case needs on virtual time; a hang must not hold up the suite for minutes.
const LIMIT: Duration = Duration::from_secs(90);
/// Collecting at every safepoint is hundreds of times slower.
const STRESS_LIMIT: Duration = Duration::from_secs(120);

/// The options of a program that asks for none: no golden waits, none depends on chance.
const DEFAULT_OPTIONS: [&str; 4] = ["--time", "virtual", "--seed", "0"];

/// One test for each program under `folder` (relative to the package), except under the folders named in `skipped`.
pub fn cases_under(folder: &str, skipped: &[&str]) -> Vec<Test> {
    let folder = Path::new(folder);
    let mut programs = Vec::new();
    collect_programs(folder, skipped, &mut programs);
    let test = |program: PathBuf| Test {
        name: name_of(folder, &program),
        check: Box::new(move || check(&program)),
    };
    programs.into_iter().map(test).collect()
}

/// The programs that [`cases_under`] finds, once more under gc-stress; those that opt out are left out.
pub fn stressed(folder: &str, skipped: &[&str]) -> Vec<Test> {
    if blessing() {
        return Vec::new();
    }
    let folder = Path::new(folder);
    let mut programs = Vec::new();
    collect_programs(folder, skipped, &mut programs);
    programs.retain(|program| !Directives::mentions(&read_or_empty(program), "apy-no-stress"));
    let test = |program: PathBuf| Test {
        name: format!("gc_stress::{}", name_of(folder, &program)),
        check: Box::new(move || {
            let outcome = run(&program, STRESS_LIMIT, true)?;
            compare(&program, &outcome).map_err(|why| format!("with APY_GC_STRESS=1: {why}"))
        }),
    };
    programs.into_iter().map(test).collect()
}

/// An unreadable folder yields no cases; a suite that lost its folder shows as "0 tests" and its count is in the report.
fn collect_programs(folder: &Path, skipped: &[&str], programs: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(package_root().join(folder)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let path = folder.join(&name);
        if entry.path().is_dir() {
            if !skipped.iter().any(|skip| name == **skip) {
                collect_programs(&path, skipped, programs);
            }
        } else if path.extension().is_some_and(|extension| extension == "apy") {
            programs.push(path);
        }
    }
}

fn name_of(folder: &Path, program: &Path) -> String {
    let relative = program
        .strip_prefix(folder)
        .unwrap_or(program)
        .with_extension("");
    relative.to_string_lossy().replace(['/', '\\'], "::")
}

fn check(program: &Path) -> Result<(), String> {
    let outcome = run(program, LIMIT, false)?;
    if blessing() {
        bless(program, &outcome)
    } else {
        compare(program, &outcome)
    }
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}

fn run(program: &Path, limit: Duration, gc_stress: bool) -> Result<Outcome, String> {
    let directives = Directives::of(&read_or_empty(program));
    let mut arguments = match directives.options {
        options if options.is_empty() => DEFAULT_OPTIONS.map(str::to_owned).to_vec(),
        options => options,
    };
    arguments.push(program.to_string_lossy().into_owned());
    arguments.extend(directives.arguments);
    let stdin = fs::read(package_root().join(program.with_extension("in"))).unwrap_or_default();
    Invocation {
        arguments,
        stdin,
        gc_stress,
        limit,
    }
    .run()
}

/// What a `.err` file holds for this outcome: stderr, then the exit status.
fn stderr_and_status(outcome: &Outcome) -> String {
    let mut text = outcome.stderr.clone();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    match &outcome.end {
        End::Exit(status) => text + &format!("exit: {status}\n"),
        End::Signal(signal) => text + &format!("crashed: {signal}\n"),
        End::TimedOut(limit) => {
            text + &format!("killed: still running after {} s\n", limit.as_secs())
        }
    }
}

/// Quiet success needs no `.err` file.
const NO_STDERR: &str = "exit: 0\n";

fn compare(program: &Path, outcome: &Outcome) -> Result<(), String> {
    let beside =
        |extension| fs::read_to_string(package_root().join(program.with_extension(extension)));
    let Ok(stdout) = beside("out") else {
        return Err(format!(
            "{} has no .out beside it: write it with `tests/oracle.py write {}`",
            program.display(),
            program.display()
        ));
    };
    let expected = beside("err").unwrap_or_else(|_| NO_STDERR.to_owned());
    let found = stderr_and_status(outcome);
    let mut why = String::new();
    if stdout != outcome.stdout {
        why += &format!(
            "stdout differs (- expected, + found):\n{}",
            line_diff(&stdout, &outcome.stdout)
        );
    }
    if expected != found {
        why += &format!(
            "stderr or exit status differs (- expected, + found):\n{}",
            line_diff(&expected, &found)
        );
    }
    if why.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n{why}(to accept what was found: check it against CPython, then BLESS=1 with this test's name)\n",
        program.display()
    ))
}

fn bless(program: &Path, outcome: &Outcome) -> Result<(), String> {
    if !matches!(outcome.end, End::Exit(_)) {
        return Err(format!(
            "{}: not blessed: {}",
            program.display(),
            stderr_and_status(outcome)
        ));
    }
    let beside = |extension| package_root().join(program.with_extension(extension));
    let cannot = |error: std::io::Error| format!("cannot bless {}: {error}", program.display());
    fs::write(beside("out"), &outcome.stdout).map_err(cannot)?;
    let found = stderr_and_status(outcome);
    if found != NO_STDERR {
        return fs::write(beside("err"), found).map_err(cannot);
    }
    match fs::remove_file(beside("err")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(cannot(error)),
        _ => Ok(()),
    }
}

/// A program that cannot be read is reported by `apy` itself.
fn read_or_empty(program: &Path) -> String {
    fs::read_to_string(package_root().join(program)).unwrap_or_default()
}
