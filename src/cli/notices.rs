//! Warnings on their way to the user: shown and counted, or dropped, as `-W` and `--strict` say.
//!
//! Whatever is not the program's own failure goes through here: what the compiler finds suspicious, coroutines never awaited,
//! exceptions that nobody took. Clones share their count.

use std::cell::Cell;
use std::rc::Rc;

use super::args::{Settings, Warnings};
use super::status;
use super::style::{Style, complain, say};
use crate::diagnostics::{Diagnostic, FileId, SourceMap, render};

/// Hears warnings.
#[derive(Clone)]
pub struct Notices {
    policy: Warnings,
    style: Style,
    heard: Rc<Cell<usize>>,
}

impl Notices {
    /// What the settings ask for.
    #[must_use]
    pub fn new(settings: &Settings) -> Notices {
        Notices {
            policy: settings.warnings,
            style: settings.style,
            heard: Rc::default(),
        }
    }

    /// A warning as text; it is made only if someone hears it.
    pub fn tell(&self, text: impl FnOnce(Style) -> String) {
        if self.policy == Warnings::Ignore {
            return;
        }
        self.heard.set(self.heard.get() + 1);
        say(&text(self.style));
    }

    /// A warning about source text.
    pub fn diagnose(&self, sources: &SourceMap, file: FileId, warning: &Diagnostic) {
        self.tell(|style| render(warning, sources, file, style.0));
    }

    /// The exit status of what would have ended with `status`.
    #[must_use]
    pub fn judge(&self, status: u8) -> u8 {
        let count = self.heard.get();
        if status != status::OK || count == 0 || self.policy != Warnings::Fail {
            return status;
        }
        let plural = if count == 1 { "" } else { "s" };
        complain(&format!(
            "{count} warning{plural}, and warnings are errors here"
        ));
        status::FAILURE
    }
}
