//! `apy test`: programs beside their expected output, and files of tests as pytest has them.
//!
//! `collect` finds the files; `pool` runs them, programs with `child` and `verdict`, files of tests with `suite`; `human` and `format`
//! tell. Each file has a process of its own, so a crash, a hang or a deadlock is the failure of one test and no other.
//! docs/testing.md is the page for users.

mod child;
mod collect;
mod control;
mod covered;
mod diff;
mod directives;
mod expression;
mod format;
mod human;
mod memory;
mod pool;
mod request;
mod suite;
mod verdict;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::collect::{Case, Kind, Programs};
use self::control::Control;
use self::memory::Memory;
use self::verdict::Verdict;
use super::args::{Format, Settings, TestOptions, Warnings};
use super::project::Project;
use super::style::{complain, say};
use super::{output, status};

/// What happens while tests run.
pub enum Event {
    /// So many tests are to run, so many others were not chosen.
    Expected(usize, usize),
    /// This one begins.
    Running(String),
    /// One is over.
    Done(Done),
    /// A test that would run (`--list`).
    Listed(String),
    /// A line beside.
    Note(String),
}

/// What came of one test.
pub struct Done {
    /// Its name, which can be typed back.
    pub name: String,
    /// The file that it is in.
    pub file: PathBuf,
    /// Whether it passed.
    pub verdict: Verdict,
    /// How long it ran, in real time.
    pub took: Duration,
    /// What it was warned of.
    pub warnings: Vec<String>,
}

impl Done {
    /// What is wrong, if something is.
    pub fn failure(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Failed(why) => Some(why),
            _ => None,
        }
    }
}

/// What came of all.
#[derive(Default)]
pub struct Summary {
    /// Those that ran, in the order of collection.
    pub done: Vec<Done>,
    /// How many did not run.
    pub left_out: usize,
    /// How many were found and not chosen.
    pub unchosen: usize,
    /// The names of `--list`.
    pub listed: Vec<String>,
    /// What ran when Ctrl-C was pressed.
    pub interrupted: Option<Vec<String>>,
    /// How long it took, in real time.
    pub took: Duration,
}

impl Summary {
    /// How many failed.
    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// How many have such a verdict.
    pub fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.done.iter().filter(|done| is(&done.verdict)).count()
    }
}

/// Runs the tests; the exit status.
pub fn test(options: &TestOptions, settings: &Settings) -> u8 {
    let mut options = options.clone();
    match Project::of_this_folder(&options.paths) {
        Ok(project) => {
            options.marks = options.marks.or_else(|| project.marks.clone());
            if options.words.is_empty() {
                options.words.extend(project.names.clone());
            }
            options.settings = project;
        }
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    }
    if options.watches {
        return watch::watch(&options, settings);
    }
    once(&options, settings)
}

/// Runs them once.
fn once(options: &TestOptions, settings: &Settings) -> u8 {
    let memory = Memory::of_this_folder();
    let mut options = options.clone();
    let expressions = [
        ("-k", options.keyword()),
        ("-m", options.marks.clone().unwrap_or_default()),
    ];
    for (option, text) in expressions {
        if let Err(problem) = expression::check(&text) {
            complain(&format!("{option}: {problem}"));
            return status::USAGE;
        }
    }
    let cases = match select(&mut options, &memory) {
        Ok(cases) => cases,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let covered = match covered::Covered::begin(&mut options, &cases) {
        Ok(covered) => covered,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let summary = match run(&cases, &options, settings) {
        Ok(summary) => summary,
        Err(error) => {
            complain(&format!("cannot listen to Ctrl-C: {error}"));
            return status::USAGE;
        }
    };
    if options.lists {
        return list_names(&cases, &summary);
    }
    memory.remember(&summary.done);
    let written = write_results(&summary, &options);
    let written = covered.map_or(written, |covered| covered.conclude(&options).max(written));
    match () {
        () if summary.interrupted.is_some() => status::INTERRUPTED,
        () if summary.failed() > 0 => status::FAILURE,
        () if summary.done.is_empty() => nothing_ran(&cases, &summary, &options),
        () => written,
    }
}

fn nothing_ran(cases: &[Case], summary: &Summary, options: &TestOptions) -> u8 {
    match summary.unchosen {
        0 => complain(&no_tests(&options.paths)),
        found => complain(&format!("none of the {found} tests found was chosen")),
    }
    debug_assert!(!cases.is_empty(), "checked before");
    status::USAGE
}

fn list_names(cases: &[Case], summary: &Summary) -> u8 {
    let goldens = cases.iter().filter(|case| case.kind == Kind::Golden);
    let mut names: Vec<&str> = goldens.map(|case| case.name.as_str()).collect();
    names.extend(summary.listed.iter().map(String::as_str));
    let text: String = names.iter().flat_map(|name| [name, "\n"]).collect();
    let written = output::write_listing(&text);
    for done in &summary.done {
        if let Some(why) = done.failure() {
            complain(&format!("{}: {why}", done.name));
            return status::FAILURE;
        }
    }
    written
}

/// Writes the results as other programs read them.
fn write_results(summary: &Summary, options: &TestOptions) -> u8 {
    let mut written = match options.format {
        // It told as it went.
        Format::Human => status::OK,
        Format::Tap => output::write_listing(&format::tap::write(summary)),
        Format::Junit => output::write_listing(&format::junit::write(summary)),
        Format::Json => output::write_listing(&format::json::write(summary)),
    };
    if let Some(path) = &options.junit
        && let Err(error) = put(path, &format::junit::write(summary))
    {
        let why = output::words(&error);
        complain(&format!("cannot write '{}': {why}", path.display()));
        written = status::FAILURE;
    }
    written
}

#[expect(clippy::disallowed_methods, reason = "the user names this file")]
pub(super) fn put(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// The files that the options ask for.
fn select(options: &mut TestOptions, memory: &Memory) -> Result<Vec<Case>, String> {
    if options.paths.is_empty() {
        options.paths = options.settings.paths.clone();
    }
    if options.paths.is_empty() {
        options.paths.push(PathBuf::from("."));
    }
    let programs = match options.bless {
        true => Programs::WithOutputOrNamed,
        false => Programs::WithOutput,
    };
    let mut cases = collect::collect(&options.paths, programs, &options.settings)?;
    if cases.is_empty() {
        return Err(no_tests(&options.paths));
    }
    let found = cases.len();
    cases.retain(|case| suite::is_suite(case) || expression::is_chosen(&case.name, options));
    if options.last_failed {
        only_last_failed(options, &mut cases, memory);
    }
    if cases.is_empty() {
        return Err(format!("none of the {found} tests found was chosen"));
    }
    Ok(cases)
}

fn only_last_failed(options: &mut TestOptions, cases: &mut Vec<Case>, memory: &Memory) {
    let failed = memory.failed();
    let has_failed = |case: &Case| match case.kind {
        Kind::Golden => failed.contains(&case.name),
        Kind::Suite { .. } => failed
            .iter()
            .any(|name| *name == case.name || name.starts_with(&format!("{}::", case.name))),
    };
    if cases.iter().any(has_failed) {
        // A file that could not be loaded is tried as a whole.
        let whole = cases
            .iter()
            .any(|case| suite::is_suite(case) && failed.contains(&case.name));
        cases.retain(has_failed);
        options.only = (!whole).then_some(failed);
    } else {
        say("apy: none of these tests failed the last time: running all\n");
    }
}

fn no_tests(paths: &[PathBuf]) -> String {
    format!(
        "found no tests in {}: a test is x.apy with x.out beside it, or a function test... in a file test_x or x_test",
        list(paths)
    )
}

fn list(paths: &[PathBuf]) -> String {
    let shown = |path: &PathBuf| {
        if path == Path::new(".") {
            "this folder".to_owned()
        } else {
            path.display().to_string()
        }
    };
    paths.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn run(cases: &[Case], options: &TestOptions, settings: &Settings) -> std::io::Result<Summary> {
    let started = child::now();
    let control = Control::new(options.most_failures)?;
    let suites: Vec<Case>;
    let cases = if options.lists {
        suites = cases
            .iter()
            .filter(|case| suite::is_suite(case))
            .cloned()
            .collect();
        &suites
    } else {
        cases
    };
    let mut human = human::Human::new(options, settings);
    let mut summary = Summary::default();
    let (mut expected, mut begun) = (0, 0);
    pool::run_all(cases, options, &control, |mut event| {
        if let Event::Done(done) = &mut event {
            fail_if_strict(done, settings);
        }
        human.tell(&event);
        match event {
            Event::Expected(chosen, others) => {
                expected += chosen;
                begun += 1;
                summary.unchosen += others;
            }
            Event::Done(done) => summary.done.push(done),
            Event::Listed(name) => summary.listed.push(name),
            Event::Running(_) | Event::Note(_) => {}
        }
    });
    let told = summary.done.len() + summary.listed.len();
    summary.left_out = usize::max(expected, told) - told;
    if control.is_over() {
        // Of a file that was not loaded it is not known how many tests it has.
        summary.left_out += cases.len().saturating_sub(begun);
    }
    if control.is_interrupted() {
        summary.interrupted = Some(human.running());
    }
    summary.took = child::now() - started;
    human.conclude(&summary, options);
    Ok(summary)
}

/// With `--strict` a test that was warned of something failed.
fn fail_if_strict(done: &mut Done, settings: &Settings) {
    let strict = settings.warnings == Warnings::Fail;
    if strict && !done.warnings.is_empty() && done.failure().is_none() {
        let texts = std::mem::take(&mut done.warnings);
        done.verdict = Verdict::Failed(format!(
            "warnings are errors here (--strict):\n{}",
            texts.concat()
        ));
    }
}
