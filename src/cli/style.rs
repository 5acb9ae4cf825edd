//! Colours of what `apy` itself says, and the one way to say it.
//!
//! Whether to use colours: `--color`, else NO_COLOR, FORCE_COLOR and TERM, else whether standard error is a terminal. ariadne's
//! reports use the same answer. To add a colour: a method of `Style`.

use std::io::{IsTerminal, Write};

use crate::diagnostics::{Color, fit_to, fitted};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// If standard error is a terminal that wants them.
    Auto,
    /// Whatever it is.
    Always,
    /// Not at all.
    Never,
}

/// How to paint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style(pub Color);

impl Style {
    /// What `--color` and the environment ask for, for messages.
    #[must_use]
    pub fn detect(when: When) -> Style {
        Style::detect_on(when, &std::io::stderr())
    }

    /// The same for what is written to this stream.
    #[must_use]
    pub fn detect_on(when: When, stream: &impl IsTerminal) -> Style {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = match when {
            When::Always => true,
            When::Never => false,
            When::Auto if set("NO_COLOR") => false,
            When::Auto if set("FORCE_COLOR") => true,
            When::Auto => {
                std::env::var_os("TERM").is_none_or(|term| term != "dumb") && stream.is_terminal()
            }
        };
        Style(if wanted { Color::Always } else { Color::Never })
    }

    /// For the word that says what is wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For the word that says what may be wrong.
    #[must_use]
    pub fn warning(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// For what was expected and is missing.
    #[must_use]
    pub fn removed(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// For what came instead, and for what is well.
    #[must_use]
    pub fn added(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For places.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// In the colour of an SGR code.
    #[must_use]
    pub fn paint(self, code: &str, text: &str) -> String {
        match self.0 {
            Color::Always => format!("\x1b[{code}m{text}\x1b[0m"),
            Color::Never => text.to_owned(),
        }
    }
}

/// Has drawings fit the terminal that standard error is, if it is one.
pub fn fit_terminal() {
    use terminal_size::{Width, terminal_size_of};
    if let Some((Width(columns), _)) = terminal_size_of(std::io::stderr()) {
        fit_to(columns.into());
    }
}

/// Writes to standard error; if that is gone, nobody is left to tell.
pub fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// One line about what `apy` cannot do.
pub fn complain(problem: &str) {
    say(&fitted(&format!("apy: {problem}\n")));
}
