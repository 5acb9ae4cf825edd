//! The options of `apy test`.
//!
//! A new one is an `Arg` in `command` and a field here. What the project's settings say holds where the command line says nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;

use super::super::project::Project;
use super::super::style::{Style, When};
use super::{Format, command, inherited, many, when, word};

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageForm {
    /// A table with the lines that did not run.
    Missing,
    /// A table.
    Table,
    /// For lcov and editors.
    Lcov,
    /// Cobertura's XML, for continuous integration.
    Xml,
}

impl CoverageForm {
    /// The form with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<CoverageForm> {
        Some(match name {
            "term-missing" => CoverageForm::Missing,
            "term" => CoverageForm::Table,
            "lcov" => CoverageForm::Lcov,
            "xml" => CoverageForm::Xml,
            _ => return None,
        })
    }

    /// The file that it goes to; None for the terminal.
    #[must_use]
    pub fn file(self) -> Option<&'static str> {
        match self {
            CoverageForm::Missing | CoverageForm::Table => None,
            CoverageForm::Lcov => Some("coverage.lcov"),
            CoverageForm::Xml => Some("coverage.xml"),
        }
    }
}

/// The settings of a measurement of coverage: which files, which reports.
#[derive(Clone)]
pub struct Coverage {
    /// Files, folders and names of packages; empty texts stand for the whole project.
    pub sources: Vec<String>,
    /// Each form, and the file that it goes to.
    pub reports: Vec<(CoverageForm, Option<PathBuf>)>,
    /// The smallest part that is enough, of 100.
    pub least: Option<f64>,
    /// The folder for the notes of processes, once there is one.
    pub notes: PathBuf,
}

impl Coverage {
    fn of(matches: &ArgMatches) -> Option<Coverage> {
        let sources: Vec<String> = many(matches, "cov");
        let mut reports: Vec<(CoverageForm, Option<PathBuf>)> = many(matches, "cov-report");
        if reports.is_empty() {
            reports.push((CoverageForm::Missing, None));
        }
        (!sources.is_empty()).then(|| Coverage {
            sources,
            reports,
            least: matches.get_one("cov-fail-under").copied(),
            notes: PathBuf::new(),
        })
    }
}

/// Which tests to run, and how.
#[derive(Clone)]
pub struct TestOptions {
    /// Files and folders to search.
    pub paths: Vec<PathBuf>,
    /// Only names for which one of these expressions holds; none: all.
    pub words: Vec<String>,
    /// Only tests with such marks.
    pub marks: Option<String>,
    /// Only these names, if there is a list.
    pub only: Option<BTreeSet<String>>,
    /// Stop after so many failures.
    pub most_failures: Option<usize>,
    /// Only what failed the last time.
    pub last_failed: bool,
    /// A part and the number of parts.
    pub shard: Option<(u64, u64)>,
    /// Name the tests instead of running them.
    pub lists: bool,
    /// Run again after each change.
    pub watches: bool,
    /// Write what programs print into the files of what is expected.
    pub bless: bool,
    /// Keep back what tests print.
    pub captures: bool,
    /// How the results are written.
    pub format: Format,
    /// A file for JUnit's XML.
    pub junit: Option<PathBuf>,
    /// How many of the slowest tests to show.
    pub durations: usize,
    /// Tell of fixtures.
    pub shows_setup: bool,
    /// 1 with `-v`.
    pub verbosity: u8,
    /// Which lines to measure, if any.
    pub coverage: Option<Coverage>,
    /// How to paint the report, which goes to standard output.
    pub style: Style,
    /// How long one test may take.
    pub timeout: Duration,
    /// How many files run at once.
    pub jobs: usize,
    /// Options for the programs: their time and seed where the command line names them, and other things they inherit.
    pub inherited: Vec<String>,
    /// What the project's files say.
    pub settings: Project,
}

impl TestOptions {
    /// Reads the arguments.
    pub(super) fn of(matches: &ArgMatches) -> TestOptions {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let number = |name| matches.get_one::<u64>(name).copied();
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let format = match word(matches, "format").as_deref() {
            Some("tap") => Format::Tap,
            Some("junit") => Format::Junit,
            Some("json") => Format::Json,
            _ => Format::Human,
        };
        let when = match format {
            Format::Human => when(matches),
            _ => When::Never,
        };
        let captures = !matches.get_flag("no-capture");
        let most = number("maxfail").map(count);
        TestOptions {
            style: when.style_on(&std::io::stdout()),
            format,
            paths: many(matches, "paths"),
            words: many(matches, "words"),
            marks: word(matches, "marks"),
            only: None,
            most_failures: most.or_else(|| matches.get_flag("fail-fast").then_some(1)),
            last_failed: matches.get_flag("last-failed"),
            shard: matches.get_one("shard").copied(),
            lists: matches.get_flag("list"),
            watches: matches.get_flag("watch"),
            bless: matches.get_flag("bless"),
            captures,
            junit: matches.get_one("junit").cloned(),
            durations: number("durations").map_or(0, count),
            coverage: Coverage::of(matches),
            shows_setup: matches.get_flag("setup-show"),
            verbosity: matches.get_flag("verbose").into(),
            timeout: matches
                .get_one::<Duration>("timeout")
                .copied()
                .unwrap_or(command::TIMEOUT),
            // Streams that are not kept back would mix.
            jobs: number("jobs")
                .map_or(cores, count)
                .min(if captures { 1024 } else { 1 }),
            inherited: inherited(matches),
            settings: Project::default(),
        }
    }

    /// The expression that a name must meet: any of those that were given.
    #[must_use]
    pub fn keyword(&self) -> String {
        match self.words.as_slice() {
            [] => String::new(),
            [word] => word.clone(),
            words => words
                .iter()
                .map(|word| format!("({word})"))
                .collect::<Vec<_>>()
                .join(" or "),
        }
    }
}
