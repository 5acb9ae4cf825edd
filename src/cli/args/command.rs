//! Every command and option of `apy`, declared once.
//!
//! From these declarations come the parser, `--help`, the completion scripts and docs/cli.md (`reference.rs`; its test says when the
//! page is behind). The first line of a help text is a phrase without a full stop; what needs more goes into `long_help`. To add an
//! option, add an `Arg` beside its kin and read it in `mod.rs`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint, value_parser};

use super::CoverageForm;
use super::Dump;

/// How long a test may take if nobody says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// The commands that show what a stage makes of a program.
pub const DUMPS: [(&str, Dump, &str); 4] = [
    ("tokens", Dump::Tokens, "Show the tokens of a program"),
    ("ast", Dump::Ast, "Show the syntax tree of a program"),
    (
        "scopes",
        Dump::Scopes,
        "Show what each name of a program refers to",
    ),
    ("dis", Dump::Dis, "Show the bytecode of a program"),
];

const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

const USAGE: &str = "apy [OPTIONS] [FILE [ARGS]...]
       apy [OPTIONS] -c CODE [ARGS]...
       apy [OPTIONS] -m MODULE [ARGS]...
       apy <COMMAND> [OPTIONS] ...";

const EXAMPLES: &str = "\
Examples:
  apy hello.apy              run a program
  apy --time virtual app.py  run it without waiting for its sleeps
  apy -c 'print(6 * 7)'      run a line
  apy                        type and run, line by line
  apy -i app.apy             run it, then type with what it defined
  apy test                   run the tests in this folder
  apy check app.py           look for mistakes without running

Exit status: 0; 1 exception or syntax error; 2 usage or unreadable file; 3 deadlock; 5 limit; 130 Ctrl-C.";

/// The version, and of which commit apy was built; of builds for development only the version.
pub const VERSION: &str = env!("APY_VERSION");

/// The names of all commands. A first word that is none of them is a program, and then the commands need not be declared.
pub const NAMES: [&str; 12] = [
    "run",
    "repl",
    "test",
    "check",
    "tokens",
    "ast",
    "scopes",
    "dis",
    "explain",
    "ps",
    "completions",
    "manual",
];

/// All of it.
pub fn command() -> Command {
    without_commands()
        .about("An interpreter for an async Python-like language that owns its scheduler")
        .version(VERSION)
        .after_help(EXAMPLES)
        .override_usage(USAGE)
        .disable_help_subcommand(true)
        .subcommand(run())
        .subcommand(Command::new("repl").about("Type and run, line by line"))
        .subcommand(test())
        .subcommand(check())
        .subcommands(DUMPS.map(|(name, _, about)| Command::new(name).about(about).arg(file())))
        .subcommand(explain())
        .subcommand(ps())
        .subcommand(completions_command())
        .subcommand(Command::new("manual").about("Write the man page: apy manual > apy.1"))
}

/// What `apy FILE`, `apy -c CODE` and `apy` alone may have.
pub fn without_commands() -> Command {
    let code = Arg::new("code")
        .short('c')
        .value_name("CODE")
        .help("Run this text; what follow are its arguments")
        .num_args(1..)
        .allow_hyphen_values(true)
        .conflicts_with("program");
    let module = Arg::new("module")
        .short('m')
        .value_name("MODULE")
        .help("Run this module as a program; what follow are its arguments")
        .num_args(1..)
        .allow_hyphen_values(true)
        .conflicts_with_all(["program", "code"]);
    Command::new("apy")
        .args_override_self(true)
        .arg(program())
        .arg(code)
        .arg(module)
        .args(pythons())
        .arg(interactive("Talk after the program has run, with what it defined; also as the only word behind FILE"))
        .args(options())
}

/// The options of CPython's that programs give to `sys.executable`: `-u` and `-B` mean the same here, and what the others turn off is
/// not there (the user's site folder, variables of CPython's installation, its own debugging).
fn pythons() -> Vec<Arg> {
    let bare = |short: char, name: &'static str, help| {
        Arg::new(name)
            .short(short)
            .help(help)
            .action(ArgAction::Count)
            .hide(true)
    };
    vec![
        bare('u', "unbuffered", "Write output at once"),
        bare('b', "bytes-warning", "Taken for CPython's sake"),
        bare('B', "no-bytecode", "Store no code of imported files"),
        bare('d', "parser-debug", "Taken for CPython's sake"),
        bare('E', "no-environment", "Taken for CPython's sake"),
        bare('I', "isolated", "Taken for CPython's sake"),
        bare('P', "safe-path", "Taken for CPython's sake"),
        bare('s', "no-user-site", "Taken for CPython's sake"),
        bare('S', "no-site", "Taken for CPython's sake"),
        Arg::new("implementation")
            .short('X')
            .value_name("OPTION")
            .help("Taken for CPython's sake")
            .action(ArgAction::Append)
            .hide(true),
    ]
}

/// A prompt follows the program.
fn interactive(help: &'static str) -> Arg {
    Arg::new("interactive")
        .short('i')
        .help(help)
        .action(ArgAction::SetTrue)
}

/// A program and its arguments.
fn program() -> Arg {
    Arg::new("program")
        .value_names(["FILE", "ARGS"])
        .help("The program (- for standard input) and its arguments")
        .num_args(1..)
        .trailing_var_arg(true)
        .value_hint(ValueHint::FilePath)
        .value_parser(value_parser!(OsString))
}

fn file() -> Arg {
    Arg::new("file")
        .value_name("FILE")
        .help("The program; - for standard input")
        .required(true)
        .value_hint(ValueHint::FilePath)
        .value_parser(value_parser!(OsString))
}

fn run() -> Command {
    Command::new("run")
        .about("Run a program")
        .args_override_self(true)
        .arg(program().required(true))
        .arg(interactive(
            "Talk after the program has run; also as the only word behind FILE",
        ))
}

fn check() -> Command {
    Command::new("check")
        .about("Look for mistakes without running: syntax, names, calls, imports, awaits")
        .after_help(
            "`# noqa` at the end of a line silences what is found on it, `# noqa: E0410` only that.\n\
             [check.severity] in apy.toml says \"ignore\", \"warning\" or \"error\" by number.\n\
             Exit status: 0; 1 something was found; 2 wrong usage or unreadable file.",
        )
        .arg(
            Arg::new("files")
                .value_name("PATHS")
                .help("Programs and folders of programs [default: this folder]; - for standard input")
                .num_args(0..)
                .value_hint(ValueHint::AnyPath)
                .value_parser(value_parser!(OsString)),
        )
        .arg(choice(
            "format",
            "FORMAT",
            &["human", "json", "github", "sarif"],
            "How to write what is found",
        ))
        .arg(flag("fix", "Change the files where that is safe: unused imports, needless f"))
}

fn explain() -> Command {
    Command::new("explain")
        .about("Explain a kind of mistake by the number in its message")
        .arg(
            Arg::new("number")
                .value_name("CODE")
                .help("Such as E0106, or 106; none: list all")
                .num_args(0..),
        )
}

fn ps() -> Command {
    Command::new("ps")
        .about("Show the programs that run with --inspect, or what the tasks of one wait for")
        .after_help("Exit status: 0; 1 the program does not answer; 2 wrong usage.")
        .arg(
            Arg::new("pid")
                .value_name("PID")
                .help("The number of the process; none: list all programs")
                .value_parser(value_parser!(i32).range(1..)),
        )
}

fn completions_command() -> Command {
    Command::new("completions")
        .about("Write a script that completes commands and options with Tab")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("For which shell")
                .required(true)
                .value_parser(PossibleValuesParser::new(SHELLS)),
        )
}

fn test() -> Command {
    Command::new("test")
        .about("Run tests: programs beside their expected output, and test functions as pytest has them")
        .after_help(
            "Time is virtual and the seed 0 unless options say otherwise.\n\
             Exit status: 0; 1 a test failed; 2 wrong usage, or there was nothing to run.",
        )
        .arg(
            Arg::new("paths")
                .value_name("PATHS")
                .help("Files, folders, FILE::NAME or FILE:LINE [default: this folder]")
                .num_args(0..)
                .value_hint(ValueHint::AnyPath)
                .value_parser(value_parser!(PathBuf)),
        )
        .args(which_tests())
        .args(how_to_test())
        .args(coverage())
}

fn which_tests() -> [Arg; 8] {
    [
        Arg::new("words")
            .short('k')
            .value_name("EXPR")
            .help("Only tests whose name contains this: words with and, or, not; case is ignored")
            .action(ArgAction::Append),
        Arg::new("marks")
            .short('m')
            .value_name("EXPR")
            .help("Only tests with this mark: words with and, or, not"),
        flag("fail-fast", "Stop at the first failure").short('x'),
        Arg::new("maxfail")
            .long("maxfail")
            .value_name("N")
            .help("Stop after so many failures")
            .value_parser(value_parser!(u64).range(1..)),
        flag("last-failed", "Only what failed the last time").visible_alias("lf"),
        Arg::new("shard")
            .long("shard")
            .value_name("I/N")
            .help("Only this part of the tests, of so many parts")
            .value_parser(shard),
        flag("list", "Name the tests instead of running them").visible_alias("collect-only"),
        flag("watch", "Run again whenever a file changes"),
    ]
}

fn how_to_test() -> [Arg; 8] {
    [
        flag(
            "bless",
            "Write what programs print into the files of what is expected",
        ),
        flag(
            "no-capture",
            "Show what tests print, one file after the other",
        )
        .short('s'),
        choice(
            "format",
            "FORMAT",
            &["human", "tap", "junit", "json"],
            "How to write the results",
        ),
        Arg::new("junit")
            .long("junit")
            .value_name("FILE")
            .help("Write the results as JUnit's XML to a file, too")
            .value_hint(ValueHint::FilePath)
            .value_parser(value_parser!(PathBuf)),
        Arg::new("durations")
            .long("durations")
            .value_name("N")
            .help("Show the N slowest tests")
            .value_parser(value_parser!(u64)),
        flag("setup-show", "Show when fixtures are set up and torn down"),
        Arg::new("timeout")
            .long("timeout")
            .value_name("SECONDS")
            .help("How long one test may take, in real time [default: 30]")
            .value_parser(seconds),
        Arg::new("jobs")
            .long("jobs")
            .short('j')
            .value_name("N")
            .help("How many files run at once [default: one a processor]")
            .value_parser(value_parser!(u64).range(1..=1024)),
    ]
}

/// Which lines the tests ran.
fn coverage() -> [Arg; 3] {
    [
        Arg::new("cov")
            .long("cov")
            .value_name("PATH")
            .help("Show which lines the tests did not run, of this file, folder or package [default: the project]")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("")
            .value_hint(ValueHint::AnyPath)
            .action(ArgAction::Append),
        Arg::new("cov-report")
            .long("cov-report")
            .value_name("FORM[:FILE]")
            .help("term-missing (the default), term, lcov or xml; the last two go to a file")
            .requires("cov")
            .value_parser(report_form)
            .action(ArgAction::Append),
        Arg::new("cov-fail-under")
            .long("cov-fail-under")
            .value_name("PERCENT")
            .help("Fail if the tests ran a smaller part of the lines")
            .requires("cov")
            .value_parser(value_parser!(f64)),
    ]
}

fn report_form(text: &str) -> Result<(CoverageForm, Option<PathBuf>), String> {
    let (name, file) = match text.split_once(':') {
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let form = CoverageForm::named(name).ok_or("it must be term-missing, term, lcov or xml")?;
    let file = file.or_else(|| form.file().map(PathBuf::from));
    Ok((form, file))
}

/// A part and the number of parts.
fn shard(text: &str) -> Result<(u64, u64), String> {
    let parts = text.split_once('/');
    let parts = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    parts
        .filter(|&(part, parts): &(u64, u64)| part >= 1 && part <= parts)
        .ok_or_else(|| "it must be I/N with I from 1 to N".to_owned())
}

/// The options that hold whatever is done.
fn options() -> Vec<Arg> {
    let general = general_options();
    let all = general.into_iter().chain(limits()).chain(doors());
    all.map(|arg| arg.global(true)).collect()
}

/// How much a program may use.
fn limits() -> [Arg; 7] {
    [
        limit(
            "max-steps",
            "N",
            "End the program after so many steps of the interpreter",
        )
        .value_parser(value_parser!(u64)),
        limit(
            "max-time",
            "TIME",
            "End it when it has computed for so long, such as 2s, 500ms or 1m",
        )
        .value_parser(duration),
        limit(
            "max-memory",
            "SIZE",
            "How much memory its objects may take, such as 64M; then MemoryError, then its end",
        )
        .value_parser(size),
        limit("max-output", "SIZE", "End it after so much output").value_parser(size),
        limit(
            "max-tasks",
            "N",
            "How many tasks and threads it may have at once",
        )
        .value_parser(value_parser!(u64)),
        limit(
            "max-virtual",
            "TIME",
            "End it when virtual time has gone so far",
        )
        .value_parser(duration),
        limit("max-depth", "N", "How many calls may be inside each other")
            .value_parser(value_parser!(u64).range(1..)),
    ]
}

fn limit(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .help(help)
        .action(ArgAction::Set)
}

/// The parts of the world that a program may use.
fn doors() -> [Arg; 6] {
    [
        flag(
            "sandbox",
            "No files, sockets, processes or environment; virtual time, seed 0 and limits unless options say otherwise",
        ),
        door(
            "allow-read",
            "DIR",
            "In a sandbox: read what is in this folder",
        )
        .value_hint(ValueHint::DirPath),
        door(
            "allow-write",
            "DIR",
            "In a sandbox: read and change what is in this folder",
        )
        .value_hint(ValueHint::DirPath),
        door(
            "allow-env",
            "NAME",
            "In a sandbox: see this variable of the environment",
        ),
        flag("allow-net", "In a sandbox: use sockets"),
        flag("allow-run", "In a sandbox: start and signal processes"),
    ]
}

fn door(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .help(help)
        .action(ArgAction::Append)
        .value_parser(value_parser!(OsString))
}

fn general_options() -> [Arg; 10] {
    [
        choice(
            "time",
            "CLOCK",
            &["real", "virtual"],
            "Which clock: virtual time jumps to the next timer instead of waiting",
        ),
        Arg::new("seed")
            .long("seed")
            .value_name("N")
            .value_parser(value_parser!(u64))
            .help("What random numbers start from"),
        choice(
            "traceback",
            "STYLE",
            &["source", "python"],
            "How to show exceptions: source first, or as CPython does",
        ),
        Arg::new("warnings")
            .long("warnings")
            .short('W')
            .value_name("WHAT")
            .action(ArgAction::Append)
            .help("What becomes of warnings: default (shown), error (shown and exit status 1), ignore (not shown), or a filter as CPython's -W"),
        flag("strict", "The same as -W error"),
        choice(
            "color",
            "WHEN",
            &["auto", "always", "never"],
            "Colours in messages",
        ),
        Arg::new("site")
            .long("site")
            .value_name("DIR")
            .value_hint(ValueHint::DirPath)
            .value_parser(value_parser!(PathBuf))
            .help("Where installed packages are; else APYHOME/site-packages"),
        flag("inspect", "Let `apy ps` show what the program's tasks wait for"),
        flag("quiet", "Say only what is wrong").short('q'),
        flag("verbose", "Say what is done, too").short('v'),
    ]
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(help)
        .action(ArgAction::SetTrue)
}

fn choice(
    name: &'static str,
    value: &'static str,
    values: &'static [&'static str],
    help: &'static str,
) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_parser(PossibleValuesParser::new(values))
        .help(help)
        .action(ArgAction::Set)
}

/// A number and its unit: `64M` for 64 times 1,048,576 bytes.
fn size(text: &str) -> Result<u64, String> {
    let text = text.trim_end_matches(['B', 'b']);
    let (number, shift) = match text.chars().last().map(|unit| unit.to_ascii_lowercase()) {
        Some('k') => (&text[..text.len() - 1], 10),
        Some('m') => (&text[..text.len() - 1], 20),
        Some('g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number = number.parse::<u64>().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "it must be a number of bytes, such as 500000, 64K, 64M or 2G".to_owned())
}

/// A number and its unit: `2s`, `500ms`, `1m`, `1h`; without one, seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let found = units
        .iter()
        .find_map(|&(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (number, unit) = found.unwrap_or((text, 1.0));
    let number = number.parse().ok().filter(|number: &f64| *number >= 0.0);
    number
        .and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
        .ok_or_else(|| "it must be a time, such as 2s, 500ms, 1m or 1h".to_owned())
}

/// A number of seconds above 0.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|&seconds: &f64| seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "it must be a number above 0".to_owned())
}

/// The completion script for one of `SHELLS`.
pub fn completions(shell: &str) -> Vec<u8> {
    use clap_complete::{Shell, generate};
    let shell = match shell {
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        "powershell" => Shell::PowerShell,
        _ => Shell::Bash,
    };
    let mut script = Vec::new();
    generate(shell, &mut command(), "apy", &mut script);
    script
}

/// The man page: the command, then each subcommand.
pub fn manual() -> Vec<u8> {
    let mut page = Vec::new();
    let mut whole = command();
    whole.build();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(whole.clone()).render(&mut page);
    for sub in whole.get_subcommands() {
        let title = format!("apy {}", sub.get_name());
        let part = clap_mangen::Man::new(sub.clone().bin_name(title.clone()));
        let mut text = Vec::new();
        let _ = part
            .render_description_section(&mut text)
            .and_then(|()| part.render_options_section(&mut text));
        let text = String::from_utf8_lossy(&text);
        let text = text.replace(
            ".SH DESCRIPTION",
            &format!(".SH \"{}\"", title.to_uppercase()),
        );
        page.extend_from_slice(text.replace(".SH OPTIONS", ".PP").as_bytes());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_commands() {
        let command = command();
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(names, NAMES);
        assert!(
            command
                .get_subcommands()
                .all(|sub| sub.get_all_aliases().next().is_none())
        );
    }
}
