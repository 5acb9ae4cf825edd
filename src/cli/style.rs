//! Colours of what `apy` itself says, and the one way to say it.
//!
//! Whether to use colours: `--color`, else NO_COLOR, FORCE_COLOR and TERM, else whether standard error is a terminal. ariadne's
//! reports use the same answer. The colours themselves are in `embed/present/style.rs`.

use std::io::{IsTerminal, Write};

use crate::diagnostics::{Color, fit_to, fitted};
pub use crate::embed::present::style::Style;

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

impl When {
    /// What `--color` and the environment ask for, for messages.
    #[must_use]
    pub fn style(self) -> Style {
        self.style_on(&std::io::stderr())
    }

    /// The same for what is written to this stream.
    #[must_use]
    pub fn style_on(self, stream: &impl IsTerminal) -> Style {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = match self {
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
