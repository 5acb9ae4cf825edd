//! `apy` on a pseudo-terminal: keys are sent, the screen is looked at.
//!
//! Nothing is timed: who waits for something waits until the screen shows it, and fails with the screen when that takes longer than
//! anybody would wait. `tests/repl.rs` tests the prompt with it, `tests/pictures.rs` takes a picture of it.

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The pause between two keys.
const FINGER: Duration = Duration::from_millis(40);

/// As long as anybody would wait, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(40);
pub const ROWS: u16 = 60;
pub const COLUMNS: u16 = 100;

/// The key that ends a line.
pub const ENTER: &str = "\r";

/// An `apy` on a terminal.
pub struct Talk {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    pub screen: Arc<Mutex<vt100::Parser>>,
    /// The terminal goes when this does.
    _terminal: Box<dyn MasterPty + Send>,
}

fn size_of(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("not zero")
}

/// An empty folder that no other test has; it lies in cargo's own, so that nothing is left elsewhere.
pub fn folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}-{count}", env!("CARGO_CRATE_NAME"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What the last run of this test has left, a history say, is none of this one's business.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub fn file(name: &str, text: &str) -> String {
    let path = folder().join(name);
    fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// An `apy` with these arguments, at its prompt.
pub fn talk(args: &[&str]) -> Talk {
    talk_in(args, &[], &folder())
}

pub fn talk_in(args: &[&str], environment: &[(&str, &str)], state: &Path) -> Talk {
    let size = PtySize {
        rows: ROWS,
        cols: COLUMNS,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_apy"));
    command.args(args);
    command.env_remove("FORCE_COLOR");
    command.env("TERM", "xterm-256color");
    command.env("NO_COLOR", "1");
    command.env("XDG_STATE_HOME", state);
    for (name, value) in environment {
        command.env(name, value);
    }
    let child = pair.slave.spawn_command(command).expect("apy starts");
    let mut output = pair.master.try_clone_reader().expect("a reader");
    let keys = pair.master.take_writer().expect("a writer");
    let screen = Arc::new(Mutex::new(vt100::Parser::new(
        size_of(ROWS),
        size_of(COLUMNS),
        0,
    )));
    let shown = Arc::clone(&screen);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            shown.lock().expect("no panic").process(&bytes[..count]);
        }
    });
    let talk = Talk {
        child,
        keys,
        screen,
        _terminal: pair.master,
    };
    talk.sees("Ctrl-D leaves");
    talk.at_prompt();
    talk
}

impl Talk {
    /// The lines of the screen without the blanks at their ends and the empty ones below.
    pub fn lines(&self) -> Vec<String> {
        let text = self.screen.lock().expect("no panic").screen().contents();
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    pub fn wait(&self, what: &str, mut holds: impl FnMut(&[String]) -> bool) {
        let start = Instant::now();
        loop {
            let lines = self.lines();
            if holds(&lines) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "the screen never shows {what}:\n{}",
                lines.join("\n")
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a line has this text in it.
    pub fn sees(&self, text: &str) {
        self.wait(&format!("{text:?}"), |lines| {
            lines.iter().any(|line| line.contains(text))
        });
    }

    /// Waits until these are whole lines of the screen, one below the other.
    pub fn sees_lines(&self, wanted: &[&str]) {
        self.wait(&format!("{wanted:#?}"), |lines| {
            lines.windows(wanted.len()).any(|lines| lines == wanted)
        });
    }

    /// Waits for an empty prompt at the bottom.
    pub fn at_prompt(&self) {
        self.wait("an empty prompt", |lines| {
            lines.last().is_some_and(|line| line == ">>>")
        });
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("a terminal");
        self.keys.flush().expect("a terminal");
    }

    /// Types a line, waits until the screen shows it, and presses Enter.
    pub fn enter(&mut self, line: &str) {
        self.press(line);
        self.wait(&format!("{line:?} typed"), |lines| {
            lines
                .last()
                .is_some_and(|last| last.ends_with(line.trim_end()))
        });
        // An Enter that follows at once would count as sent by a program.
        thread::sleep(FINGER);
        self.press(ENTER);
    }

    /// An input of one line, until the next prompt.
    pub fn run(&mut self, line: &str) {
        self.enter(line);
        self.wait("the next prompt", |lines| {
            lines.last().is_some_and(|last| last == ">>>")
        });
    }

    /// The exit status, which comes soon.
    pub fn status(mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                return status.exit_code();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "apy does not end:\n{}",
                self.lines().join("\n")
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // It has ended, or the test has failed.
        let _ = self.child.kill();
    }
}
