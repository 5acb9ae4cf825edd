//! The line editor, on a thread of its own. The only file that names rustyline.
//!
//! It reads an input when asked, keeps the history, and asks back for completions; the interpreter's thread answers between turns
//! of its loop. What the keys do to the text is in `input`, colours in `highlight`, what can be completed in `complete`.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    CharSearch, Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, Editor,
    Event, EventContext, EventHandler, ExternalPrinter, Helper, KeyCode, KeyEvent, Modifiers,
    Movement, RepeatCount,
};

use super::PROMPT;
use super::complete::Query;
use super::highlight;
use super::input::{self, Copied, Pace};
use super::screen::Screen;
use crate::cli::style::Style;

/// How long Tab waits for the interpreter.
const PATIENCE: Duration = Duration::from_millis(500);
/// Inputs that the history keeps.
const HISTORY: usize = 10_000;

/// What the editor has to say.
pub enum Message {
    /// An input.
    Input(String),
    /// Ctrl-C: the input was given up.
    Cleared,
    /// The end of all input.
    End,
    /// The terminal does not work.
    Broken(String),
    /// What fits? The words go to `reply`.
    Complete {
        /// What is asked.
        query: Query,
        /// Where the answer goes; nobody may wait for it any more.
        reply: Sender<Vec<String>>,
    },
}

/// The editor as the interpreter's thread sees it.
pub struct LineEditor {
    asks: Sender<()>,
    /// What it says.
    pub messages: Receiver<Message>,
}

impl LineEditor {
    /// Starts the editor's thread.
    pub fn start(screen: Screen, style: Style, history: Option<PathBuf>) -> LineEditor {
        let (asks, asked) = channel();
        let (tell, messages) = channel();
        thread::spawn(move || {
            let told = tell.clone();
            if let Err(error) = serve(&asked, tell, &screen, style, history) {
                // Who does not listen has left already.
                let _ = told.send(Message::Broken(error.to_string()));
            }
        });
        LineEditor { asks, messages }
    }

    /// Asks for the next input.
    pub fn ask(&self) {
        // If the thread is gone its channel tells.
        let _ = self.asks.send(());
    }
}

fn serve(
    asked: &Receiver<()>,
    tell: Sender<Message>,
    screen: &Screen,
    style: Style,
    history: Option<PathBuf>,
) -> rustyline::Result<()> {
    let (mut editor, rhythm) = make(tell.clone(), style)?;
    let mut copied = Copied::default();
    if let Some(file) = &history {
        // There is none at the first start.
        let _ = editor.load_history(file);
    }
    if let Ok(mut printer) = editor.create_external_printer() {
        screen.show_by(move |text| {
            // A terminal that is gone is noticed by the editor.
            let _ = printer.print(text);
        });
    }
    while asked.recv().is_ok() {
        let message = match editor.readline(PROMPT) {
            Ok(text) => {
                let text = copied.without_output(text, rhythm.last());
                remember(&mut editor, &text, history.as_ref());
                Message::Input(input::program(&text))
            }
            Err(ReadlineError::Interrupted) => Message::Cleared,
            Err(ReadlineError::Eof) => Message::End,
            Err(error) => return Err(error),
        };
        if tell.send(message).is_err() {
            break;
        }
    }
    Ok(())
}

fn remember(editor: &mut Editor<Assistant, DefaultHistory>, text: &str, history: Option<&PathBuf>) {
    let text = input::program(text);
    if text.trim().is_empty() {
        return;
    }
    // A history that cannot be kept is not worth a complaint at every input.
    let added = editor.add_history_entry(input::with_gutters(text.trim_end()));
    if let (Ok(true), Some(file)) = (added, history) {
        let _ = editor.append_history(file);
    }
}

fn make(
    tell: Sender<Message>,
    style: Style,
) -> rustyline::Result<(Editor<Assistant, DefaultHistory>, Rhythm)> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        // The gutter is drawn by the highlighter, which knows itself whether colours are wanted.
        .color_mode(ColorMode::Forced)
        .tab_stop(4)
        .indent_size(4)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_max_history_size(HISTORY)?;
    editor.set_helper(Some(Assistant {
        tell,
        style,
        is_final: Cell::new(false),
    }));
    let rhythm = Rhythm::default();
    let any = EventHandler::Conditional(Box::new(Key(|_, _, _| None, rhythm.clone())));
    editor.bind_sequence(Event::Any, any);
    let mut bind = |key, handle: Command| {
        editor.bind_sequence(
            Event::from(key),
            EventHandler::Conditional(Box::new(Key(handle, rhythm.clone()))),
        );
    };
    for key in [
        KeyEvent(KeyCode::Enter, Modifiers::NONE),
        KeyEvent::ctrl('M'),
        KeyEvent::ctrl('J'),
    ] {
        bind(key, |text, at, pace| {
            Some(match input::enter(text, at, pace) {
                Some(line) => Cmd::Insert(1, line),
                None => Cmd::AcceptLine,
            })
        });
    }
    for key in [
        KeyEvent(KeyCode::Backspace, Modifiers::NONE),
        KeyEvent::ctrl('H'),
    ] {
        bind(key, |text, at, _| {
            let back = Movement::ViCharSearch(1, CharSearch::Backward('\n'));
            input::is_behind_gutter(text.get(..at)?).then_some(Cmd::Kill(back))
        });
    }
    for key in [
        KeyEvent(KeyCode::Home, Modifiers::NONE),
        KeyEvent::ctrl('A'),
    ] {
        bind(key, |text, at, _| {
            let home = Movement::ViCharSearch(1, CharSearch::BackwardAfter(input::MARK));
            input::has_gutter(text.get(..at)?).then_some(Cmd::Move(home))
        });
    }
    for key in [KeyEvent(KeyCode::Tab, Modifiers::NONE), KeyEvent::ctrl('I')] {
        bind(key, |text, at, _| {
            input::is_indentation(text.get(..at)?).then(|| Cmd::Insert(1, "\t".to_owned()))
        });
    }
    Ok((editor, rhythm))
}

/// What a key does to the text with the cursor at a byte; None: what it does anyway.
type Command = fn(&str, usize, Pace) -> Option<Cmd>;

/// A key's handle, and when the key before it came.
struct Key(Command, Rhythm);

impl ConditionalEventHandler for Key {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        (self.0)(context.line(), context.pos(), self.1.key())
    }
}

/// When the last key came. The editor reads many bytes at once and tells nobody how many are left, so the time tells: keys that a
/// program sends follow each other faster than any finger.
#[derive(Clone, Default)]
struct Rhythm(Arc<Mutex<Option<(Instant, Pace)>>>);

/// Nobody presses two keys within this time.
const FASTEST: Duration = Duration::from_millis(15);

impl Rhythm {
    /// Notes that a key came, and says how.
    #[expect(
        clippy::disallowed_methods,
        reason = "the person at the keyboard lives in real time"
    )]
    fn key(&self) -> Pace {
        let now = Instant::now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = match *last {
            Some((before, _)) if now.duration_since(before) < FASTEST => Pace::Sent,
            _ => Pace::Typed,
        };
        *last = Some((now, pace));
        pace
    }

    /// How the last key came.
    fn last(&self) -> Pace {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map_or(Pace::Typed, |(_, pace)| pace)
    }
}

/// What rustyline asks while a text is edited.
struct Assistant {
    tell: Sender<Message>,
    style: Style,
    /// Whether the text is drawn for the last time, without a cursor.
    is_final: Cell<bool>,
}

impl Helper for Assistant {}

impl Hinter for Assistant {
    type Hint = String;
}

impl Validator for Assistant {
    /// Where Enter is no key: on terminals that can do nothing, and in files.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if input::is_whole(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        let cursor = (!self.is_final.get()).then_some(pos);
        Cow::Owned(highlight::paint(line, cursor, self.style))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(self.style.paint("1;32", prompt))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.is_final.set(kind == CmdKind::ForcedRefresh);
        true
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = input::clean(line.get(..pos).unwrap_or_default());
        let Some(query) = Query::of(&before) else {
            return Ok((pos, Vec::new()));
        };
        if query == Query::File {
            return FilenameCompleter::new().complete_path(line, pos);
        }
        let start = pos - query.typed();
        let end = query.end();
        let (reply, answer) = channel();
        if self.tell.send(Message::Complete { query, reply }).is_err() {
            return Ok((pos, Vec::new()));
        }
        // No answer in time is none: the program is busy.
        let words = answer.recv_timeout(PATIENCE).unwrap_or_default();
        let is_followed = end.is_empty() || words.len() != 1 || line[pos..].starts_with(&end[..1]);
        let end = if is_followed { "" } else { &*end };
        let pair = |word: String| Pair {
            replacement: word.clone() + end,
            display: word,
        };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}
