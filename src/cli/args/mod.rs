//! The command line: from arguments to what is to be done.
//!
//! `command` declares every command and option once: parser, help, completion scripts and docs/cli.md come from there. This file
//! turns what was found into an `Action` and `Settings`; `complaint` says what was wrong. A new command is a row in `command` and an
//! arm in `action`; a new option that holds whatever is done is an `Arg` in `command::options` and a field of `Settings`.

mod command;
mod complaint;
#[cfg(test)]
mod reference;
mod testing;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use clap::error::ErrorKind;

use super::status;
use super::style::{Style, When, say};
use crate::embed::Limits;
use crate::embed::module_store::Writing;
use crate::embed::sandbox::Doors;
use crate::sched::clock::TimeMode;
use command::DUMPS;
pub use complaint::commands_like;
pub use testing::{Coverage, CoverageForm, TestOptions};

/// What the arguments mean.
pub enum Parsed {
    /// Something to do.
    Run(Action, Box<Settings>),
    /// Nothing: help was shown, or a complaint; the exit status.
    Over(u8),
}

/// What to do.
pub enum Action {
    /// Talk to a person, after running a program with arguments if there is one.
    Repl(Option<(ProgramText, Vec<String>)>),
    /// Run a program with arguments.
    Program(ProgramText, Vec<String>),
    /// Run tests.
    Test(Box<TestOptions>),
    /// Look for mistakes without running.
    Check(CheckOptions),
    /// Show what a stage makes of a program.
    Dump(Dump, ProgramText),
    /// Explain a kind of mistake by its number.
    Explain(Vec<String>),
    /// Show the programs that may be inspected, or the tasks of the one with a number.
    Ps(Option<i32>),
    /// Write a completion script for this shell.
    Completions(String),
    /// Write the man page.
    Manual,
}

/// Where a program's text is.
pub enum ProgramText {
    /// In a file.
    File(PathBuf),
    /// On the command line.
    Code(String),
    /// On standard input.
    Stdin,
    /// A module that is found as `import` finds it.
    Module(String),
}

/// The stages that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dump {
    /// What the lexer makes.
    Tokens,
    /// What the parser makes.
    Ast,
    /// What the resolver makes.
    Scopes,
    /// What the compiler makes.
    Dis,
}

/// How tracebacks look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracebacks {
    /// apy's own: source first.
    Source,
    /// CPython's.
    Python,
}

/// What becomes of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warnings {
    /// They are shown.
    Show,
    /// They are shown, and the exit status is not 0.
    Fail,
    /// Nobody hears of them.
    Ignore,
}

/// How much `apy` says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// Only what is wrong.
    Quiet,
    /// What is usual.
    Normal,
    /// What it does, too.
    Verbose,
}

/// What holds whatever is done.
#[derive(Clone)]
pub struct Settings {
    /// Real or virtual time.
    pub time: TimeMode,
    /// For `random`.
    pub seed: Option<u64>,
    /// How to paint what apy says.
    pub style: Style,
    /// How tracebacks look.
    pub tracebacks: Tracebacks,
    /// What becomes of warnings.
    pub warnings: Warnings,
    /// Whether the code of imported files is stored: unless `-B` is given.
    pub storing: Writing,
    /// `sys.warnoptions`.
    pub warn_options: Vec<String>,
    /// How much `apy` says of itself.
    pub talk: Talk,
    /// Where imports look after the program's folder.
    pub path: Vec<PathBuf>,
    /// When output is written.
    pub output: Flushing,
    /// Collect garbage at every safepoint: for tests.
    pub gc_stress: bool,
    /// How much programs may use.
    pub limits: Limits,
    /// The parts of the world that they may use; None: all of them.
    pub sandbox: Option<Doors>,
    /// Whether `apy ps` may look.
    pub inspect: Inspect,
}

/// Whether a program answers `apy ps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inspect {
    /// Nothing of it is seen.
    Refuse,
    /// It opens a socket for that: `--inspect`.
    Answer,
}

/// When output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushing {
    /// At the end of a line on a terminal, else when there is much of it.
    ByLineOrFull,
    /// At once: `-u`, or the variable PYTHONUNBUFFERED.
    AtOnce,
}

/// Whether an option that only some commands know was given.
fn counted(matches: &ArgMatches, name: &str) -> bool {
    let given = matches.try_get_one::<u8>(name);
    given.ok().flatten().is_some_and(|&n| n > 0)
}

impl Flushing {
    fn of(matches: &ArgMatches) -> Flushing {
        let asked = counted(matches, "unbuffered");
        let variable = std::env::var_os("PYTHONUNBUFFERED");
        match asked || variable.is_some_and(|value| !value.is_empty()) {
            true => Flushing::AtOnce,
            false => Flushing::ByLineOrFull,
        }
    }
}

/// Which programs to check, and how to say what is found.
pub struct CheckOptions {
    /// Files and folders.
    pub files: Vec<ProgramText>,
    /// How the findings are written.
    pub format: Findings,
    /// How findings that have a fix are treated.
    pub fixes: Fixes,
}

/// How to write findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Findings {
    /// With excerpts.
    Human,
    /// One JSON array.
    Json,
    /// Commands that GitHub shows beside the lines of a change.
    Github,
    /// The static analysis format of code scanning.
    Sarif,
}

/// The treatment of findings that have a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixes {
    /// They are told like all others.
    Tell,
    /// The file is changed.
    Apply,
}

/// How results of tests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// The Test Anything Protocol.
    Tap,
    /// JUnit's XML.
    Junit,
    /// One JSON object.
    Json,
}

/// Reads this process's arguments.
#[must_use]
pub fn parse() -> Parsed {
    let args: Vec<OsString> = std::env::args_os().collect();
    match plain(&args).map_or_else(|| command::command().try_get_matches_from(&args), Ok) {
        Ok(matches) => Parsed::Run(action(&matches), Box::new(Settings::of(&matches))),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            Parsed::Over(super::output::write_listing(&error.render().to_string()))
        }
        Err(error) => {
            say(&complaint::words(&error));
            Parsed::Over(status::USAGE)
        }
    }
}

/// A call that names no command, which is what most are: found without declaring the commands, each with all options. None where
/// there is a command, or where something is wrong or help is asked for, which only the whole can answer.
fn plain(args: &[OsString]) -> Option<ArgMatches> {
    let matches = command::without_commands()
        .try_get_matches_from(args)
        .ok()?;
    let first = matches
        .get_many::<OsString>("program")
        .and_then(|mut words| words.next());
    let is_command = first.is_some_and(|word| command::NAMES.iter().any(|name| word == name));
    (!is_command).then_some(matches)
}

/// The completion script for a shell.
#[must_use]
pub fn completions(shell: &str) -> Vec<u8> {
    command::completions(shell)
}

/// The man page.
#[must_use]
pub fn manual() -> Vec<u8> {
    command::manual()
}

fn action(matches: &ArgMatches) -> Action {
    match matches.subcommand() {
        Some(("run", of)) => run(of, matches),
        Some(("repl", _)) => Action::Repl(None),
        Some(("test", of)) => Action::Test(Box::new(TestOptions::of(of))),
        Some(("check", of)) => Action::Check(CheckOptions::of(of)),
        Some(("explain", of)) => Action::Explain(many(of, "number")),
        Some(("ps", of)) => Action::Ps(of.get_one("pid").copied()),
        Some(("completions", of)) => Action::Completions(word(of, "shell").unwrap_or_default()),
        Some(("manual", _)) => Action::Manual,
        Some((name, of)) => dump(name, of),
        None => without_command(matches),
    }
}

fn run(of: &ArgMatches, matches: &ArgMatches) -> Action {
    let interactive = matches.get_flag("interactive") || of.get_flag("interactive");
    action_of(program(of), interactive)
}

fn dump(name: &str, of: &ArgMatches) -> Action {
    let stage = DUMPS.iter().find(|row| row.0 == name);
    let file = of.get_one::<OsString>("file").cloned().unwrap_or_default();
    Action::Dump(
        stage.map_or(Dump::Tokens, |row| row.1),
        ProgramText::of_name(file),
    )
}

fn without_command(matches: &ArgMatches) -> Action {
    if let Some(words) = matches.get_many::<String>("module") {
        let args: Vec<String> = words.cloned().collect();
        let module = args.first().cloned().unwrap_or_default();
        return Action::Program(ProgramText::Module(module), args);
    }
    let Some(mut words) = matches.get_many::<String>("code").map(Iterator::cloned) else {
        return action_of(program(matches), matches.get_flag("interactive"));
    };
    let code = words.next().unwrap_or_default();
    let args = [String::from("-c")].into_iter().chain(words).collect();
    action_of(
        Some((ProgramText::Code(code), args)),
        matches.get_flag("interactive"),
    )
}

/// A program is run, and with `-i` a prompt follows; without one it comes from standard input, or a person types it. `FILE -i` means
/// the same as `-i FILE`; among other arguments a `-i` after the file is the program's own.
fn action_of(program: Option<(ProgramText, Vec<String>)>, interactive: bool) -> Action {
    match program {
        Some((source @ ProgramText::File(_), mut args)) if interactive || args[1..] == ["-i"] => {
            if !interactive {
                args.pop();
            }
            Action::Repl(Some((source, args)))
        }
        Some(program) if interactive => Action::Repl(Some(program)),
        Some((source, args)) => Action::Program(source, args),
        None if interactive || std::io::stdin().is_terminal() => Action::Repl(None),
        None => Action::Program(ProgramText::Stdin, vec![String::new()]),
    }
}

/// The program that the arguments name, if they name one.
fn program(matches: &ArgMatches) -> Option<(ProgramText, Vec<String>)> {
    let mut words = matches.get_many::<OsString>("program")?.cloned();
    let name = words.next()?;
    let shown = name.to_string_lossy().into_owned();
    let rest = words.map(|word| word.to_string_lossy().into_owned());
    Some((
        ProgramText::of_name(name),
        [shown].into_iter().chain(rest).collect(),
    ))
}

fn word(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

impl ProgramText {
    fn of_name(name: OsString) -> ProgramText {
        if name == "-" {
            ProgramText::Stdin
        } else {
            ProgramText::File(name.into())
        }
    }
}

impl Settings {
    fn of(matches: &ArgMatches) -> Settings {
        // An option may stand before or after the subcommand.
        let inner = matches.subcommand().map_or(matches, |(_, inner)| inner);
        let text = |name| inner.get_one::<String>(name).map(String::as_str);
        let sandbox = inner.get_flag("sandbox").then(|| doors_of(inner));
        Settings {
            time: match text("time") {
                Some("virtual") => TimeMode::Virtual,
                None if sandbox.is_some() => TimeMode::Virtual,
                _ => TimeMode::Real,
            },
            seed: inner
                .get_one("seed")
                .copied()
                .or(sandbox.as_ref().map(|_| 0)),
            style: when(inner).style(),
            tracebacks: if text("traceback") == Some("python") {
                Tracebacks::Python
            } else {
                Tracebacks::Source
            },
            warnings: match many::<String>(inner, "warnings").last().map(String::as_str) {
                _ if inner.get_flag("strict") => Warnings::Fail,
                Some("error") => Warnings::Fail,
                Some("ignore") => Warnings::Ignore,
                _ => Warnings::Show,
            },
            storing: match counted(matches, "no-bytecode") {
                true => Writing::Refuse,
                false => Writing::Allow,
            },
            warn_options: many(inner, "warnings"),
            talk: match (inner.get_flag("quiet"), inner.get_flag("verbose")) {
                (true, _) => Talk::Quiet,
                (_, true) => Talk::Verbose,
                _ => Talk::Normal,
            },
            path: import_path(inner.get_one::<PathBuf>("site").cloned()),
            output: Flushing::of(matches),
            gc_stress: std::env::var_os("APY_GC_STRESS").is_some_and(|value| value == "1"),
            limits: limits_of(inner, sandbox.is_some()),
            sandbox,
            inspect: match inner.get_flag("inspect") {
                true => Inspect::Answer,
                false => Inspect::Refuse,
            },
        }
    }
}

/// The limits that the options set; a sandbox has some of its own.
fn limits_of(matches: &ArgMatches, is_sandbox: bool) -> Limits {
    let number = |name| matches.get_one::<u64>(name).copied();
    let time = |name| matches.get_one::<Duration>(name).copied();
    let own = |limit| is_sandbox.then_some(limit);
    let size = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    Limits {
        steps: number("max-steps").or(own(10_000_000)),
        time: time("max-time"),
        memory: number("max-memory").or(own(64 << 20)).map(size),
        output: number("max-output").or(own(1 << 20)),
        tasks: number("max-tasks").or(own(10_000)).map(size),
        virtual_time: time("max-virtual").map(|time| time.as_secs_f64()),
        depth: number("max-depth").map(size),
    }
}

/// The parts of the world that `--allow-...` opens.
fn doors_of(matches: &ArgMatches) -> Doors {
    let words = |name| {
        matches
            .get_many::<OsString>(name)
            .into_iter()
            .flatten()
            .cloned()
    };
    Doors {
        read: words("allow-read").map(PathBuf::from).collect(),
        write: words("allow-write").map(PathBuf::from).collect(),
        environment: words("allow-env").collect(),
        network: matches.get_flag("allow-net"),
        processes: matches.get_flag("allow-run"),
    }
}

/// Where imports look after the program's folder: `APYPATH`, or `PYTHONPATH`, then the site folder that `--site` or `APYHOME` names.
fn import_path(site: Option<PathBuf>) -> Vec<PathBuf> {
    let listed = std::env::var_os("APYPATH").or_else(|| std::env::var_os("PYTHONPATH"));
    let listed = listed.unwrap_or_default();
    let home = std::env::var_os("APYHOME").filter(|home| !home.is_empty());
    let site = site.or_else(|| home.map(|home| PathBuf::from(home).join("site-packages")));
    std::env::split_paths(&listed)
        .filter(|folder| !folder.as_os_str().is_empty())
        .chain(site)
        .map(|folder| std::path::absolute(&folder).unwrap_or(folder))
        .collect()
}

impl CheckOptions {
    fn of(matches: &ArgMatches) -> CheckOptions {
        let mut files: Vec<OsString> = many(matches, "files");
        if files.is_empty() {
            files.push(".".into());
        }
        CheckOptions {
            files: files.into_iter().map(ProgramText::of_name).collect(),
            format: match word(matches, "format").as_deref() {
                Some("json") => Findings::Json,
                Some("github") => Findings::Github,
                Some("sarif") => Findings::Sarif,
                _ => Findings::Human,
            },
            fixes: if matches.get_flag("fix") {
                Fixes::Apply
            } else {
                Fixes::Tell
            },
        }
    }
}

/// When to use colours.
fn when(matches: &ArgMatches) -> When {
    match word(matches, "color").as_deref() {
        Some("always") => When::Always,
        Some("never") => When::Never,
        _ => When::Auto,
    }
}

fn many<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<T> {
    matches
        .get_many::<T>(name)
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

/// The options of `apy test` that are meant for the programs that it runs.
fn inherited(matches: &ArgMatches) -> Vec<String> {
    let mut options = Vec::new();
    for name in ["time", "traceback"] {
        options.extend(word(matches, name).map(|value| format!("--{name}={value}")));
    }
    let seed = matches.get_one::<u64>("seed");
    options.extend(seed.map(|seed| format!("--seed={seed}")));
    let warnings = many::<String>(matches, "warnings").into_iter();
    options.extend(warnings.map(|value| format!("-W{value}")));
    if matches.get_flag("strict") {
        options.push("--strict".to_owned());
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(words: &[&str]) -> bool {
        let args: Vec<OsString> = ["apy"].iter().chain(words).map(OsString::from).collect();
        plain(&args).is_some()
    }

    #[test]
    fn only_calls_without_a_command_are_plain() {
        for words in [
            &["f.apy"][..],
            &[],
            &["-q", "--time", "virtual", "f.apy", "test"],
            &["-c", "pass", "test"],
            &["-i"],
            &["-"],
        ] {
            assert!(plainly(words), "{words:?}");
        }
        for words in [
            &["test"][..],
            &["--time", "virtual", "run", "f.apy"],
            &["--help"],
            &["-V"],
            &["--tme", "real"],
            &["--seed", "x", "f.apy"],
        ] {
            assert!(!plainly(words), "{words:?}");
        }
    }
}
