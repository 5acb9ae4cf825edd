//! What is to be said about a program: a message as data.
//!
//! Written as advice: `message` says what is wrong (in CPython's words where CPython has good ones),
//! the labels point at the places, `help` says what to do. The file that the spans belong to is known
//! to the renderer. Passes make one with `Diagnostic::error` and refine it by the chained methods.

use super::{ErrorCode, Span};

/// One message to the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which kind of mistake; it also knows the name of Python's exception.
    pub code: ErrorCode,
    /// What is wrong, without the exception's name in front.
    pub message: String,
    /// Places in the source; the first is the primary one.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// The change of the text that does it, where that is safe.
    pub fix: Option<Fix>,
    /// Which part of CPython finds the mistake.
    pub finder: Finder,
    /// The place that CPython's exception names, where that is not the primary one.
    pub quoted: Option<Span>,
}

/// The part of CPython that finds a mistake: it decides which of several is raised, and how the line is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finder {
    /// The tokenizer. The quoted span holds the first and the last character that count, the last one included.
    Tokenizer,
    /// The parser.
    Parser,
    /// The compiler, to which the text of a string is lost.
    Compiler,
}

/// A change of a text after which the program does the same, and the finding is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The part that is replaced.
    pub span: Span,
    /// What comes instead.
    pub text: String,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// May be empty: then the place is only marked.
    pub text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// It runs, but likely not as meant.
    Warning,
}

impl Diagnostic {
    /// A message about a mistake at `span`.
    #[must_use]
    pub fn error(code: ErrorCode, span: Span, message: impl Into<String>) -> Self {
        let labels = vec![Label {
            span,
            text: String::new(),
        }];
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            labels,
            help: None,
            fix: None,
            finder: Finder::Parser,
            quoted: None,
        }
    }

    /// Says that CPython's tokenizer finds it at the character that starts at `offset`.
    #[must_use]
    pub fn by_tokenizer(mut self, offset: u32) -> Self {
        (self.finder, self.quoted) = (Finder::Tokenizer, Some(Span::at(offset)));
        self
    }

    /// Says that CPython finds it after parsing.
    #[must_use]
    pub fn by_compiler(mut self) -> Self {
        self.finder = Finder::Compiler;
        self
    }

    /// Says that CPython's exception names another place than the primary one.
    #[must_use]
    pub fn quoted(mut self, span: Span) -> Self {
        self.quoted = Some(span);
        self
    }

    /// Gives the primary place a text.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Says how the text can be changed.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// The same message, but the program may run.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether the program may run all the same.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// The primary place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels
            .first()
            .map_or(Span::default(), |label| label.span)
    }

    /// Name of the exception that CPython raises for it, such as `IndentationError`.
    #[must_use]
    pub fn exception(&self) -> &'static str {
        self.code.exception()
    }
}
