//! The results as people read them: failures as they come, then one line that sums up.
//!
//! On a terminal a line at the bottom shows how far it is; it goes to standard error and is wiped before anything else is written,
//! so that standard output holds the report and nothing more.

use std::io::{self, IsTerminal, Write};

use super::super::args::{Format, Settings, Talk, TestOptions};
use super::super::host::write_listing;
use super::super::style::{Style, say};
use super::verdict::Verdict;
use super::{Done, Summary};

/// Columns of the bar.
const WIDTH: usize = 24;

/// Tells a person.
pub struct Human {
    total: usize,
    done: usize,
    failed: usize,
    style: Style,
    talk: Talk,
    /// Whether the report is for people at all.
    speaks: bool,
    /// Whether there is a line at the bottom.
    has_bar: bool,
}

impl Human {
    /// For so many tests.
    pub fn new(total: usize, options: &TestOptions, settings: &Settings) -> Human {
        let has_bar = settings.talk != Talk::Quiet && io::stderr().is_terminal();
        let human = Human {
            total,
            done: 0,
            failed: 0,
            style: options.style,
            talk: settings.talk,
            speaks: options.format == Format::Human,
            has_bar,
        };
        human.draw_bar("");
        human
    }

    /// One test is over.
    pub fn tell(&mut self, done: &Done) {
        self.done += 1;
        self.failed += usize::from(done.failure().is_some());
        if self.speaks {
            let text = self.lines(done);
            if !text.is_empty() {
                self.wipe_bar();
                write_listing(&text);
            }
        }
        self.draw_bar(&done.case.name);
    }

    fn lines(&self, done: &Done) -> String {
        let (name, took) = (&done.case.name, milliseconds(done));
        match &done.verdict {
            Verdict::Failed(why) => {
                let why: String = why.lines().map(|line| format!("    {line}\n")).collect();
                format!("{} {name} ({took})\n{why}\n", self.style.bad("FAILED"))
            }
            Verdict::Blessed(files) if self.talk != Talk::Quiet => {
                let files: Vec<String> = files
                    .iter()
                    .filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
                    .collect();
                format!("wrote  {name}: {}\n", files.join(", "))
            }
            Verdict::Passed if self.talk == Talk::Verbose => format!("ok     {name} ({took})\n"),
            _ => String::new(),
        }
    }

    /// All tests are over.
    pub fn conclude(&self, summary: &Summary) {
        self.wipe_bar();
        if self.speaks && (self.talk != Talk::Quiet || summary.failed() > 0) {
            write_listing(&self.summary(summary));
        }
    }

    fn summary(&self, summary: &Summary) -> String {
        let (failed, count) = (summary.failed(), summary.done.len());
        let mut parts = Vec::new();
        if failed > 0 {
            parts.push(self.style.bad(&format!("{failed} failed")));
        }
        if count > failed {
            parts.push(self.style.added(&format!("{} passed", count - failed)));
        }
        let blessed = |done: &&Done| matches!(done.verdict, Verdict::Blessed(_));
        match summary.done.iter().filter(blessed).count() {
            0 => {}
            blessed => parts.push(format!("{blessed} of them blessed")),
        }
        if summary.left_out > 0 {
            parts.push(format!("{} not run", summary.left_out));
        }
        format!(
            "{} in {:.2} s\n",
            parts.join(", "),
            summary.took.as_secs_f64()
        )
    }

    fn draw_bar(&self, name: &str) {
        if !self.has_bar {
            return;
        }
        let filled = WIDTH * self.done / self.total.max(1);
        let name: String = name.chars().take(40).collect();
        let failed = match self.failed {
            0 => String::new(),
            failed => self.style.bad(&format!(" {failed} failed")),
        };
        say(&format!(
            "\r\x1b[K[{}{}] {}/{}{failed}  {name}",
            "=".repeat(filled),
            " ".repeat(WIDTH - filled),
            self.done,
            self.total
        ));
        // It is a picture: nothing is lost if it cannot be shown.
        let _ = io::stderr().flush();
    }

    fn wipe_bar(&self) {
        if self.has_bar {
            say("\r\x1b[K");
        }
    }
}

fn milliseconds(done: &Done) -> String {
    format!("{} ms", done.took.as_millis())
}
