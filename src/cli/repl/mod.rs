//! The prompt: statements typed by a person, run one after the other, while tasks go on.
//!
//! Two threads: this one has the interpreter and runs the loop while the other, with the line editor, waits for keys. They pass
//! strings. Every input sees what earlier ones defined; `await` works at top level; values of expressions are shown and bound to
//! `_`. No error ends the session: Ctrl-D does, `:quit`, or `exit()`.

mod commands;
mod complete;
mod editor;
mod highlight;
mod input;
mod literal;
mod screen;

use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::args::{ProgramText, Settings};
use super::markup::quote;
use super::run::{conclude, draw, options_with, read};
use super::signals::Signals;
use super::status;
use super::style::{complain, say};
use crate::diagnostics::{Diagnostic, fitted};
use crate::embed::{Interpreter, Mode, Outcome, Sources};
use crate::syntax::parser::{ReplInput, parse_repl};
use editor::{LineEditor, Message};
use screen::{Screen, Terminal};

const PROMPT: &str = ">>> ";
/// Longer than anybody waits, and short enough for every clock.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Whether the talk goes on.
pub enum Talk {
    /// It does.
    On,
    /// The user wants to leave.
    Over,
    /// The program asked to exit, with this status.
    Exit(u8),
}

/// A talk with a person.
pub struct Session<'s> {
    interpreter: Interpreter,
    editor: LineEditor,
    screen: Screen,
    signals: Signals,
    sources: Sources,
    settings: &'s Settings,
    /// The program that was named on the command line, and its arguments.
    script: Option<PathBuf>,
    args: Vec<String>,
    /// How many inputs there were.
    count: usize,
    /// Those that ran without an error, each with the end of its line.
    inputs: Vec<String>,
}

/// Talks until the end of input, after running a program if there is one; the exit status.
pub fn repl(program: Option<(ProgramText, Vec<String>)>, settings: &Settings) -> u8 {
    let signals = match Signals::for_prompt() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("cannot listen to Ctrl-C: {error}"));
            return status::USAGE;
        }
    };
    let (source, args) = match program {
        Some((source, args)) => (Some(source), args),
        None => (None, vec![String::new()]),
    };
    let text = match source.as_ref().map(read).transpose() {
        Ok(text) => text,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let script = if let Some(ProgramText::File(path)) = source {
        Some(path)
    } else {
        None
    };
    let mut session = Session::new(signals, settings, script, args);
    if let Some((name, text)) = text {
        let outcome = session.interpreter.run(&name, &text, Mode::Script);
        session.conclude(outcome);
    }
    session.say(&banner());
    let status = session.talk();
    let outcome = session.interpreter.leave();
    session.conclude(outcome);
    // Freeing every object one by one is of no use to a process that ends.
    std::mem::forget(session);
    status
}

fn banner() -> String {
    fitted(&format!(
        "apy {}: asyncio is imported, and `await` works here. :help lists the commands, Ctrl-D leaves.\n",
        env!("CARGO_PKG_VERSION")
    ))
}

impl<'s> Session<'s> {
    fn new(
        signals: Signals,
        settings: &'s Settings,
        script: Option<PathBuf>,
        args: Vec<String>,
    ) -> Session<'s> {
        let screen = Screen::default();
        let sources = Sources::default();
        let interpreter = make(&screen, &signals, &sources, settings, &script, &args);
        Session {
            interpreter,
            editor: LineEditor::start(screen.clone(), settings.style, history_file()),
            screen,
            signals,
            sources,
            settings,
            script,
            args,
            count: 0,
            inputs: Vec::new(),
        }
    }

    /// Inputs until one of them ends the talk; the exit status.
    fn talk(&mut self) -> u8 {
        loop {
            let text = match self.next_input() {
                Message::Input(text) => text,
                Message::End => return status::OK,
                Message::Broken(problem) => {
                    complain(&format!("cannot read from this terminal: {problem}"));
                    return status::FAILURE;
                }
                Message::Cleared | Message::Complete { .. } => continue,
            };
            self.signals.reset();
            let talk = match self.word(&text) {
                Some(talk) => talk,
                None if input::is_command(&text) => commands::command(self, &text),
                None => self.run(&text),
            };
            match talk {
                Talk::On => {}
                Talk::Over => return status::OK,
                Talk::Exit(status) => return status,
            }
        }
    }

    /// Does what a word asks for that is no call: `exit`, `quit`, `help`, `name?`, `!command`. None: the text is an input like others.
    fn word(&mut self, text: &str) -> Option<Talk> {
        let text = text.trim();
        if let Some(command) = text.strip_prefix('!').filter(|it| !it.trim().is_empty()) {
            let command = quote(command.trim());
            let call = format!("__import__('subprocess').run({command}, shell=True) and None");
            return Some(self.run(&call));
        }
        if let Some(name) = text.strip_suffix('?').or_else(|| text.strip_prefix('?')) {
            let name = name.trim_end_matches('?').trim();
            let is_path = |c: char| c == '.' || c == '_' || c.is_alphanumeric();
            let asks = !name.is_empty() && name.chars().all(is_path);
            return asks.then(|| self.run(&format!("help({name})")));
        }
        match text {
            "exit" | "quit" if !self.interpreter.defines(text) => Some(Talk::Over),
            "help" if !self.interpreter.defines(text) => {
                let talk = self.run("help()");
                commands::command(self, ":help");
                Some(talk)
            }
            _ => None,
        }
    }

    /// Runs the loop until the editor has an input.
    fn next_input(&mut self) -> Message {
        self.screen.lend();
        self.editor.ask();
        let message = loop {
            match self.idle() {
                Message::Complete { query, reply } => {
                    let words = complete::answer(&query, &mut self.interpreter);
                    // The editor may have stopped waiting.
                    let _ = reply.send(words);
                }
                message => break message,
            }
        };
        self.screen.take_back();
        message
    }

    /// Runs the loop until the editor says something. What ends a program ends no session: it is told, and the loop goes on.
    fn idle(&mut self) -> Message {
        loop {
            let mut said = None;
            let messages = &self.editor.messages;
            let ended = self.interpreter.idle(&mut |patience| {
                let wait = patience.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
                said = match messages.recv_timeout(wait) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => Some(Message::End),
                };
                said.is_some()
            });
            match (said, ended) {
                (Some(message), _) => return message,
                (None, Some(Outcome::Exit(..))) => {
                    self.say("a task asked to exit; :quit leaves\n");
                }
                (None, Some(outcome)) => {
                    self.conclude(outcome);
                }
                (None, None) => {}
            }
        }
    }

    /// Runs the text of an input.
    fn run(&mut self, text: &str) -> Talk {
        if text.trim().is_empty() {
            return Talk::On;
        }
        let name = self.next_name();
        // The parser waits for a blank line after a block; the editor saw one, or the text needs none.
        let text = format!("{}\n", text.trim_end());
        match parse_repl(&format!("{text}\n")) {
            ReplInput::Complete(module) => {
                let outcome = self
                    .interpreter
                    .run_parsed(&name, &text, module, Mode::Interactive);
                if matches!(outcome, Outcome::Done) {
                    self.keep(&text);
                }
                self.conclude(outcome)
            }
            ReplInput::Incomplete => {
                self.say("the input ends in the middle of a statement\n");
                Talk::On
            }
            ReplInput::Invalid(mistakes) => {
                self.complain_of(&name, &text, &mistakes);
                Talk::On
            }
        }
    }

    /// What messages call the next input.
    fn next_name(&mut self) -> String {
        self.count += 1;
        format!("<stdin-{}>", self.count)
    }

    /// Remembers a text that ran, for `:save`.
    fn keep(&mut self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.inputs.push(format!("{text}{end}"));
    }

    /// Draws the mistakes of a text that does not parse.
    fn complain_of(&mut self, name: &str, text: &str, mistakes: &[Diagnostic]) {
        let file = self.sources.borrow_mut().add(name, text);
        let text = draw(mistakes, &self.sources.borrow(), file, self.settings.style);
        self.say(&text);
    }

    /// Tells how a run ended.
    fn conclude(&mut self, outcome: Outcome) -> Talk {
        self.interpreter.flush();
        match outcome {
            Outcome::Done | Outcome::Deadlock | Outcome::Limit(_) => Talk::On,
            Outcome::Interrupted(_) => {
                self.say("KeyboardInterrupt\n");
                Talk::On
            }
            Outcome::Exit(..) => {
                Talk::Exit(conclude(outcome, &self.sources.borrow(), self.settings))
            }
            Outcome::Failed(_) | Outcome::Mistakes(..) => {
                conclude(outcome, &self.sources.borrow(), self.settings);
                Talk::On
            }
        }
    }

    /// Says something that is not the program's.
    fn say(&self, text: &str) {
        if self.screen.print(text).is_err() {
            say(text);
        }
    }

    /// A new interpreter: nothing is bound, nothing runs.
    fn begin_anew(&mut self) {
        self.interpreter = make(
            &self.screen,
            &self.signals,
            &self.sources,
            self.settings,
            &self.script,
            &self.args,
        );
        self.inputs.clear();
    }
}

fn make(
    screen: &Screen,
    signals: &Signals,
    sources: &Sources,
    settings: &Settings,
    script: &Option<PathBuf>,
    args: &[String],
) -> Interpreter {
    let mut options = options_with(
        signals.clone(),
        settings,
        sources,
        args.to_vec(),
        script.clone(),
    );
    options.host = Box::new(Terminal::new(
        screen.clone(),
        signals.clone(),
        Sources::clone(sources),
        settings.style,
    ));
    let mut interpreter = Interpreter::new(options);
    interpreter.attend();
    interpreter
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
