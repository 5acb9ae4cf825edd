//! What is wrong with a pattern or a template, as plain data; `error.rs` makes exceptions of it.
//!
//! To add a kind: a variant here and its exception in `error.rs`.

/// A mistake in a pattern or template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// `re.PatternError` with its position in code points, if it has one.
    Pattern(String, Option<usize>),
    /// `ValueError`
    Value(&'static str),
    /// `OverflowError`
    Overflow(&'static str),
    /// `IndexError`
    Index(String),
    /// `RecursionError`: groups in groups without end.
    TooDeep,
}

/// What reading a pattern returns.
pub type Reading<T> = Result<T, Complaint>;
