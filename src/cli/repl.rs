//! The prompt: statements typed by a person, run one after the other. The only file that names rustyline.
//!
//! Every input sees what earlier ones defined; `await` works at top level, and tasks go on whenever an input awaits. Values of
//! expressions are shown and bound to `_`. No error ends the session; Ctrl-D does, or `exit()`.

use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Editor, Helper, Result};

use super::args::Settings;
use super::host::Signals;
use super::run::{conclude, draw, options_with};
use super::status;
use super::style::{complain, say};
use crate::interpreter::{Interpreter, Mode, Outcome, Sources};
use crate::syntax::parser::{ReplInput, parse_repl};

const PROMPT: &str = ">>> ";

/// Decides with the parser whether a text is whole.
struct Input;

impl Helper for Input {}
impl Highlighter for Input {}

impl Completer for Input {
    type Candidate = String;
}

impl Hinter for Input {
    type Hint = String;
}

impl Validator for Input {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(match parse_repl(context.input()) {
            ReplInput::Incomplete => ValidationResult::Incomplete,
            ReplInput::Complete(_) | ReplInput::Invalid(_) => ValidationResult::Valid(None),
        })
    }
}

/// Talks until the end of input; the exit status.
pub fn repl(settings: &Settings) -> u8 {
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("cannot listen to Ctrl-C: {error}"));
            return status::USAGE;
        }
    };
    let mut editor = match Editor::<Input, DefaultHistory>::new() {
        Ok(editor) => editor,
        Err(error) => {
            complain(&format!("cannot use this terminal: {error}"));
            return status::USAGE;
        }
    };
    editor.set_helper(Some(Input));
    let history = history_file();
    if let Some(file) = &history {
        // There is none at the first start.
        let _ = editor.load_history(file);
    }
    say(&format!(
        "apy {}: type a program line by line; asyncio is imported and `await` works here. Ctrl-D ends.\n",
        env!("CARGO_PKG_VERSION")
    ));
    let sources = Sources::default();
    let options = options_with(
        signals.clone(),
        settings,
        &sources,
        vec![String::new()],
        None,
    );
    let mut interpreter = Interpreter::new(options);
    let status = session(&mut editor, &mut interpreter, &signals, &sources, settings);
    interpreter.finish();
    if let Some(file) = &history {
        // A history that cannot be kept is not worth a complaint at every exit.
        let _ = editor.save_history(file);
    }
    status
}

fn session(
    editor: &mut Editor<Input, DefaultHistory>,
    interpreter: &mut Interpreter,
    signals: &Signals,
    sources: &Sources,
    settings: &Settings,
) -> u8 {
    for count in 1.. {
        let text = match editor.readline(PROMPT) {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return status::OK,
            Err(error) => {
                complain(&format!("cannot read from this terminal: {error}"));
                return status::FAILURE;
            }
        };
        signals.reset();
        // Only the history misses what cannot be added to it.
        let _ = editor.add_history_entry(text.trim_end());
        let outcome = run(
            interpreter,
            &format!("<input {count}>"),
            &text,
            sources,
            settings,
        );
        interpreter.flush();
        match outcome {
            None | Some(Outcome::Done | Outcome::Deadlock) => {}
            Some(Outcome::Interrupted(_)) => say("KeyboardInterrupt\n"),
            Some(exit @ Outcome::Exit(..)) => return conclude(exit, &sources.borrow(), settings),
            Some(other) => {
                conclude(other, &sources.borrow(), settings);
            }
        }
    }
    status::OK
}

/// Runs one input; none: it did not parse, and the mistakes were drawn.
fn run(
    interpreter: &mut Interpreter,
    name: &str,
    text: &str,
    sources: &Sources,
    settings: &Settings,
) -> Option<Outcome> {
    // The parser waits for a blank line behind a block; the editor saw one, or the text needs none.
    let text = format!("{text}\n");
    match parse_repl(&text) {
        ReplInput::Complete(module) => {
            Some(interpreter.run_parsed(name, &text, module, Mode::Interactive))
        }
        ReplInput::Incomplete => None,
        ReplInput::Invalid(mistakes) => {
            let file = sources.borrow_mut().add(name, text);
            say(&draw(&mistakes, &sources.borrow(), file, settings.style));
            None
        }
    }
}

/// `~/.local/state/apy/history`, or where the environment puts state.
#[expect(clippy::disallowed_methods, reason = "the history lives in a file")]
fn history_file() -> Option<PathBuf> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state =
        variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")))?;
    let folder = state.join("apy");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
