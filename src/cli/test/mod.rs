//! `apy test`: programs beside their expected output, and `test_*` functions, each in a process of its own.
//!
//! `collect` finds the cases, `pool` runs them with `child`, `verdict` says what came of each, `format` and `human` tell. A process
//! starts in a few milliseconds, and so a crash, a hang or a deadlock is the failure of one case and no other. docs/testing.md
//! is the page for users.

mod child;
mod collect;
mod diff;
mod directives;
mod format;
mod human;
mod memory;
mod pool;
mod verdict;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::collect::{Case, Programs};
pub use self::directives::Directives;
pub use self::format::json::quote;
use self::memory::Memory;
use self::verdict::Verdict;
use super::args::{Format, Settings, TestOptions};
use super::style::{complain, say};
use super::{host, status};

/// What came of one case.
pub struct Done {
    /// Which.
    pub case: Case,
    /// Whether it passed.
    pub verdict: Verdict,
    /// How long its process ran, in real time.
    pub took: Duration,
}

impl Done {
    /// What is wrong, if something is.
    pub fn failure(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Failed(why) => Some(why),
            Verdict::Passed | Verdict::Blessed(_) => None,
        }
    }
}

/// What came of all.
pub struct Summary {
    /// Those that ran, in the order of collection.
    pub done: Vec<Done>,
    /// How many did not run because of `-x`.
    pub left_out: usize,
    /// How long it took, in real time.
    pub took: Duration,
}

impl Summary {
    /// How many failed.
    pub fn failed(&self) -> usize {
        let failed = |done: &&Done| done.failure().is_some();
        self.done.iter().filter(failed).count()
    }
}

/// Runs the tests; the exit status.
pub fn test(options: &TestOptions, settings: &Settings) -> u8 {
    let memory = Memory::of_this_folder();
    let cases = match select(options, &memory) {
        Ok(cases) => cases,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let summary = run(cases, options, settings);
    memory.remember(&summary.done);
    let written = match options.format {
        // It told as it went.
        Format::Human => status::OK,
        Format::Tap => host::write_listing(&format::tap::write(&summary)),
        Format::Junit => host::write_listing(&format::junit::write(&summary)),
        Format::Json => host::write_listing(&format::json::write(&summary)),
    };
    if summary.failed() > 0 {
        status::FAILURE
    } else {
        written
    }
}

/// The cases that the options ask for.
fn select(options: &TestOptions, memory: &Memory) -> Result<Vec<Case>, String> {
    let here = [PathBuf::from(".")];
    let paths: &[PathBuf] = if options.paths.is_empty() {
        &here
    } else {
        &options.paths
    };
    let programs = match options.bless {
        true => Programs::WithOutputOrNamed,
        false => Programs::WithOutput,
    };
    let mut cases = collect::collect(paths, programs)?;
    let found = cases.len();
    let wanted = |case: &Case| {
        let mut words = options.words.iter();
        options.words.is_empty() || words.any(|word| case.name.contains(word.as_str()))
    };
    cases.retain(wanted);
    if options.last_failed {
        only_last_failed(&mut cases, memory);
    }
    match (cases.is_empty(), found) {
        (false, _) => Ok(cases),
        (true, 0) => Err(format!(
            "found no tests in {}: a test is x.apy with x.out beside it, or a test_* function in test_x.apy",
            list(paths)
        )),
        (true, _) => Err(format!("none of the {found} tests found has such a name")),
    }
}

fn only_last_failed(cases: &mut Vec<Case>, memory: &Memory) {
    let failed = memory.failed();
    if cases.iter().any(|case| failed.contains(&case.name)) {
        cases.retain(|case| failed.contains(&case.name));
    } else {
        say("apy: none of these tests failed the last time: running all\n");
    }
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

#[expect(
    clippy::disallowed_methods,
    reason = "tests are timed from outside of any program"
)]
fn run(cases: Vec<Case>, options: &TestOptions, settings: &Settings) -> Summary {
    let started = Instant::now();
    let count = cases.len();
    let mut human = human::Human::new(count, options, settings);
    let done = pool::run_all(cases, options, |done| human.tell(done));
    let summary = Summary {
        left_out: count - done.len(),
        done,
        took: started.elapsed(),
    };
    human.conclude(&summary);
    summary
}
