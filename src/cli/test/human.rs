//! The results as people read them: failures as they come, then what sums up.
//!
//! On a terminal a line at the bottom shows how far it is and what runs; it goes to standard error and is wiped before anything else is
//! written, so that standard output holds the report and nothing more.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use unicode_width::UnicodeWidthChar;

use super::super::args::{Format, Settings, Talk, TestOptions};
use super::super::output::write_listing;
use super::super::style::{Style, say};
use super::verdict::Verdict;
use super::{Done, Event, Summary};
use crate::diagnostics::{fit, width};

/// Columns of the bar.
const WIDTH: usize = 24;
/// Before what is said about a test.
pub const INDENT: &str = "    ";

/// Tells a person.
pub struct Human {
    total: usize,
    done: usize,
    failed: usize,
    /// What runs, oldest first.
    running: Vec<String>,
    style: Style,
    talk: Talk,
    /// Whether the report is for people at all.
    speaks: bool,
    /// Whether there is a line at the bottom.
    has_bar: bool,
}

impl Human {
    /// For a run.
    pub fn new(options: &TestOptions, settings: &Settings) -> Human {
        let has_bar = settings.talk != Talk::Quiet && !options.lists && io::stderr().is_terminal();
        let human = Human {
            total: 0,
            done: 0,
            failed: 0,
            running: Vec::new(),
            style: options.style,
            talk: settings.talk,
            speaks: options.format == Format::Human && !options.lists,
            has_bar: has_bar && options.captures,
        };
        human.draw_bar();
        human
    }

    /// Something happened.
    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::Expected(count, _) => self.total += count,
            Event::Running(name) => self.running.push(name.clone()),
            Event::Done(done) => {
                self.done += 1;
                self.failed += usize::from(done.failure().is_some());
                self.running.retain(|name| *name != done.name);
                self.write(&self.lines(done));
            }
            Event::Note(text) => self.write(text),
            Event::Listed(_) => {}
        }
        self.draw_bar();
    }

    /// The names of what runs now.
    pub fn running(&self) -> Vec<String> {
        self.running.clone()
    }

    fn write(&self, text: &str) {
        if self.speaks && !text.is_empty() {
            self.wipe_bar();
            write_listing(text);
        }
    }

    fn lines(&self, done: &Done) -> String {
        let (name, took) = (&done.name, milliseconds(done));
        let told = |word: &str, reason: &str| match reason.trim() {
            "" => format!("{word} {name}\n"),
            reason => format!("{word} {name}: {reason}\n"),
        };
        match &done.verdict {
            Verdict::Failed(why) => {
                let why = indented(why);
                format!("{} {name} ({took})\n{why}\n", self.style.bad("FAILED"))
            }
            Verdict::Blessed(files) if self.talk != Talk::Quiet => {
                let files: Vec<String> = files
                    .iter()
                    .filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
                    .collect();
                format!("wrote  {name}: {}\n", files.join(", "))
            }
            _ if self.talk != Talk::Verbose => String::new(),
            Verdict::Passed => format!("ok     {name} ({took})\n"),
            Verdict::Skipped(reason) => told("skip  ", reason),
            Verdict::ExpectedFailure(reason) => told("xfail ", reason),
            Verdict::UnexpectedPass(reason) => told("xpass ", reason),
            Verdict::Blessed(_) => String::new(),
        }
    }

    /// All tests are over.
    pub fn conclude(&self, summary: &Summary, options: &TestOptions) {
        self.wipe_bar();
        if !self.speaks || summary.done.is_empty() && summary.interrupted.is_none() {
            return;
        }
        if self.talk == Talk::Quiet && summary.failed() == 0 && summary.interrupted.is_none() {
            return;
        }
        let mut text = self.warnings(summary);
        text.push_str(&slowest(summary, options.durations));
        text.push_str(&self.failures(summary));
        if let Some(running) = &summary.interrupted {
            let what = match running.as_slice() {
                [] => "nothing".to_owned(),
                names => names.join(", "),
            };
            text.push_str(&format!("interrupted while running: {what}\n"));
        }
        text.push_str(&self.counts(summary));
        write_listing(&text);
    }

    /// The warnings of tests that passed.
    fn warnings(&self, summary: &Summary) -> String {
        let mut text = String::new();
        for done in &summary.done {
            for warning in &done.warnings {
                text.push_str(&format!(
                    "{} {}\n",
                    self.style.warning("WARNING"),
                    done.name
                ));
                text.push_str(&indented(warning));
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }

    /// All failures, one a line, as they can be typed back.
    fn failures(&self, summary: &Summary) -> String {
        let failed: Vec<&Done> = summary
            .done
            .iter()
            .filter(|done| done.failure().is_some())
            .collect();
        if failed.len() < 2 {
            return String::new();
        }
        let mut text = String::from("Failed:\n");
        for done in failed {
            text.push_str(&format!("  {}\n", typed(&done.name)));
        }
        text
    }

    fn counts(&self, summary: &Summary) -> String {
        let mut parts = Vec::new();
        let mut part = |count: usize, word: &str, paint: &dyn Fn(&str) -> String| {
            if count > 0 {
                parts.push(paint(&format!("{count} {word}")));
            }
        };
        let plain = |text: &str| text.to_owned();
        let style = self.style;
        part(summary.failed(), "failed", &|text| style.bad(text));
        let passed = |verdict: &Verdict| matches!(verdict, Verdict::Passed | Verdict::Blessed(_));
        part(summary.count(passed), "passed", &|text| style.added(text));
        let blessed = |verdict: &Verdict| matches!(verdict, Verdict::Blessed(_));
        part(summary.count(blessed), "of them blessed", &plain);
        let skipped = |verdict: &Verdict| matches!(verdict, Verdict::Skipped(_));
        part(summary.count(skipped), "skipped", &plain);
        let xfailed = |verdict: &Verdict| matches!(verdict, Verdict::ExpectedFailure(_));
        part(summary.count(xfailed), "failed as expected", &plain);
        let xpassed = |verdict: &Verdict| matches!(verdict, Verdict::UnexpectedPass(_));
        part(summary.count(xpassed), "passed unexpectedly", &|text| {
            style.warning(text)
        });
        let warnings = summary.done.iter().map(|done| done.warnings.len()).sum();
        let word = if warnings == 1 { "warning" } else { "warnings" };
        part(warnings, word, &|text| style.warning(text));
        part(summary.left_out, "not run", &plain);
        if parts.is_empty() {
            parts.push("nothing ran".to_owned());
        }
        format!(
            "{} in {:.2} s\n",
            parts.join(", "),
            summary.took.as_secs_f64()
        )
    }

    fn draw_bar(&self) {
        if !self.has_bar {
            return;
        }
        let columns = width().unwrap_or(usize::MAX);
        let size = WIDTH.min(columns / 4);
        let filled = size * self.done.min(self.total) / self.total.max(1);
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(" {failed} failed"),
        };
        let bar = "=".repeat(filled) + &" ".repeat(size - filled);
        let bar = format!("[{bar}] {}/{}", self.done, self.total);
        // A line that the terminal breaks cannot be wiped. The last column stays free.
        let left = (columns - 1).saturating_sub(bar.len() + failed.len() + "  ".len());
        let name = self.running.first().map_or("", String::as_str);
        let name = shortened(name, left.min(40));
        let failed = self.style.bad(&failed);
        say(&format!("\r\x1b[K{bar}{failed}  {name}"));
        // It is a picture: nothing is lost if it cannot be shown.
        let _ = io::stderr().flush();
    }

    fn wipe_bar(&self) {
        if self.has_bar {
            say("\r\x1b[K");
        }
    }
}

/// The lines of a text under the name of a test.
fn indented(text: &str) -> String {
    let fits = io::stdout().is_terminal();
    text.lines()
        .map(|line| format!("{INDENT}{line}"))
        .map(|line| if fits { fit(&line) } else { line } + "\n")
        .collect()
}

/// A name as a shell takes it for one word.
fn typed(name: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if name.chars().all(is_plain) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("'{}'", name.replace('\'', "'\\''")))
}

/// The beginning of a text, in so many columns.
fn shortened(text: &str, columns: usize) -> String {
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= columns
    };
    text.chars().take_while(fits).collect()
}

/// The slowest tests.
fn slowest(summary: &Summary, count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    let mut done: Vec<&Done> = summary.done.iter().collect();
    done.sort_by_key(|done| std::cmp::Reverse(done.took));
    let lines = done
        .iter()
        .take(count)
        .map(|done| format!("  {:>9}  {}\n", milliseconds(done), done.name));
    format!("Slowest:\n{}", lines.collect::<String>())
}

fn milliseconds(done: &Done) -> String {
    format!("{} ms", done.took.as_millis())
}
