//! The command line: from arguments to what is to be done.
//!
//! clap knows the syntax, prints the help and words the complaints. What follows the program's name belongs to the program. A new
//! option is an `Arg` in `command` and a field of `Settings`; a new dump a row in `Dump`.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueEnum, value_parser};

use super::status;
use super::style::{Style, When};
use crate::sched::clock::TimeMode;

/// What the arguments mean.
pub enum Parsed {
    /// Something to do.
    Run(Action, Settings),
    /// Nothing: help was shown, or a complaint; the exit status.
    Over(u8),
}

/// What to do.
pub enum Action {
    /// Talk to a person, after running a program with arguments if there is one.
    Repl(Option<(Source, Vec<String>)>),
    /// Run a program with arguments.
    Program(Source, Vec<String>),
    /// Show what a stage makes of a program.
    Dump(Dump, Source),
    /// Explain a kind of mistake by its number.
    Explain(Option<String>),
}

/// Where a program's text is.
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// On the command line.
    Code(String),
    /// On standard input.
    Stdin,
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

const DUMPS: [(&str, Dump, &str); 4] = [
    ("tokens", Dump::Tokens, "Show the tokens of a program"),
    ("ast", Dump::Ast, "Show the syntax tree of a program"),
    (
        "scopes",
        Dump::Scopes,
        "Show what each name of a program refers to",
    ),
    ("dis", Dump::Dis, "Show the bytecode of a program"),
];

/// How tracebacks look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracebacks {
    /// apy's own: source first.
    Source,
    /// CPython's.
    Python,
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
    /// Collect garbage at every safepoint: for tests.
    pub gc_stress: bool,
}

/// Reads this process's arguments.
#[must_use]
pub fn parse() -> Parsed {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help on a closed pipe: there is nobody to tell.
            let _ = error.print();
            return Parsed::Over(u8::try_from(error.exit_code()).unwrap_or(status::USAGE));
        }
    };
    let settings = Settings::of(&matches);
    Parsed::Run(action(&matches), settings)
}

fn action(matches: &ArgMatches) -> Action {
    if let Some((name, of)) = matches.subcommand() {
        if name == "explain" {
            return Action::Explain(of.get_one::<String>("number").cloned());
        }
        if let Some(&(_, dump, _)) = DUMPS.iter().find(|row| row.0 == name) {
            let file = of.get_one::<PathBuf>("file").cloned().unwrap_or_default();
            return Action::Dump(dump, Source::of_name(file.into_os_string()));
        }
        if name == "repl" {
            return Action::Repl(None);
        }
        return action_of(program(of), matches);
    }
    if let Some(mut words) = matches
        .get_many::<String>("code")
        .map(|words| words.cloned())
    {
        let code = words.next().unwrap_or_default();
        let args = [String::from("-c")].into_iter().chain(words).collect();
        return action_of(Some((Source::Code(code), args)), matches);
    }
    action_of(program(matches), matches)
}

/// A program is run, and with `-i` a prompt follows; without one it comes from standard input, or a person types it.
fn action_of(program: Option<(Source, Vec<String>)>, matches: &ArgMatches) -> Action {
    let interactive = matches.get_flag("interactive");
    match program {
        Some(program) if interactive => Action::Repl(Some(program)),
        Some((source, args)) => Action::Program(source, args),
        None if interactive || std::io::stdin().is_terminal() => Action::Repl(None),
        None => Action::Program(Source::Stdin, vec![String::new()]),
    }
}

/// The program that the arguments name, if they name one.
fn program(matches: &ArgMatches) -> Option<(Source, Vec<String>)> {
    let mut words = matches.get_many::<OsString>("program")?.cloned();
    let name = words.next()?;
    let shown = name.to_string_lossy().into_owned();
    let rest = words.map(|word| word.to_string_lossy().into_owned());
    Some((
        Source::of_name(name),
        [shown].into_iter().chain(rest).collect(),
    ))
}

impl Source {
    fn of_name(name: OsString) -> Source {
        if name == "-" {
            Source::Stdin
        } else {
            Source::File(name.into())
        }
    }
}

impl Settings {
    fn of(matches: &ArgMatches) -> Settings {
        // An option may stand before or behind the subcommand.
        let inner = matches.subcommand().map_or(matches, |(_, inner)| inner);
        let text = |name| inner.get_one::<String>(name).map(String::as_str);
        Settings {
            time: if text("time") == Some("virtual") {
                TimeMode::Virtual
            } else {
                TimeMode::Real
            },
            seed: inner.get_one("seed").copied(),
            style: Style::detect(inner.get_one("color").copied().unwrap_or(When::Auto)),
            tracebacks: if text("traceback") == Some("python") {
                Tracebacks::Python
            } else {
                Tracebacks::Source
            },
            gc_stress: std::env::var_os("APY_GC_STRESS").is_some_and(|value| value == "1"),
        }
    }
}

impl ValueEnum for When {
    fn value_variants<'a>() -> &'a [When] {
        &[When::Auto, When::Always, When::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            When::Auto => "auto",
            When::Always => "always",
            When::Never => "never",
        }))
    }
}

const EXAMPLES: &str = "\
Examples:
  apy hello.apy              run a program
  apy --time virtual app.py  run it without waiting for its sleeps
  apy -c 'print(6 * 7)'      run a line
  apy                        type and run, line by line
  apy -i app.apy             run it, then type with what it defined

Exit status: 0; 1 exception or syntax error; 2 usage or unreadable file; 3 deadlock; 130 Ctrl-C.";

fn command() -> Command {
    let program = || {
        Arg::new("program")
            .value_names(["FILE", "ARGS"])
            .help("The program (- for standard input) and its arguments")
            .num_args(1..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .value_parser(value_parser!(OsString))
    };
    let mut command = Command::new("apy")
        .about("An interpreter for an async Python-like language that owns its scheduler")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(EXAMPLES)
        .override_usage("apy [OPTIONS] [FILE [ARGS]...]\n       apy [OPTIONS] -c CODE [ARGS]...\n       apy <COMMAND> [OPTIONS] FILE")
        .disable_help_subcommand(true)
        .arg(program())
        .arg(
            Arg::new("code")
                .short('c')
                .value_name("CODE")
                .help("Run this text; what follows are its arguments")
                .num_args(1..)
                .allow_hyphen_values(true)
                .conflicts_with("program"),
        )
        .arg(
            Arg::new("interactive")
                .short('i')
                .help("Talk after the program has run, with what it defined")
                .action(ArgAction::SetTrue),
        )
        .args(options())
        .subcommand(
            Command::new("explain")
                .about("Explain a kind of mistake by the number in its message")
                .arg(
                    Arg::new("number")
                        .value_name("CODE")
                        .help("Such as E0106; none: list all"),
                ),
        )
        .subcommand(Command::new("repl").about("Type and run, line by line"))
        .subcommand(Command::new("run").about("Run a program").arg(program().required(true)));
    for (name, _, about) in DUMPS {
        let file = Arg::new("file")
            .value_name("FILE")
            .required(true)
            .value_parser(value_parser!(PathBuf));
        command = command.subcommand(
            Command::new(name)
                .about(about)
                .arg(file.help("The program; - for standard input")),
        );
    }
    command
}

/// The options that hold whatever is done.
fn options() -> [Arg; 4] {
    let choice = |name: &'static str, values: [&'static str; 2], help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_parser(PossibleValuesParser::new(values))
            .help(help)
    };
    [
        choice(
            "time",
            ["real", "virtual"],
            "Which clock: virtual time jumps to the next timer instead of waiting",
        ),
        Arg::new("seed")
            .long("seed")
            .value_name("N")
            .value_parser(value_parser!(u64))
            .help("What random numbers start from"),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .value_parser(value_parser!(When))
            .help("Colours in messages"),
        choice(
            "traceback",
            ["source", "python"],
            "How to show exceptions: source first, or as CPython does",
        ),
    ]
    .map(|arg| arg.global(true).action(ArgAction::Set))
}
