//! Colours of what is said about a program.
//!
//! Whether there are any is the caller's choice: the program `apy` asks the terminal, an embedder says so. To add a colour: a method of
//! `Style`.

use crate::diagnostics::Color;

/// How to paint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style(pub Color);

impl Style {
    /// Without colours.
    pub const PLAIN: Style = Style(Color::Never);

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
    #[cfg(feature = "cli")]
    pub fn removed(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// For what came instead, and for what is well.
    #[must_use]
    #[cfg(feature = "cli")]
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
