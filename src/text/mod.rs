//! Python's text and number algorithms on plain Rust data: no Value, no heap, no user code.
//!
//! Every function takes `&str`, numbers or big integers and returns text, numbers or a [`TextError`] that carries
//! CPython's message word for word; the caller turns it into an exception. Tables in `oracle/` come from CPython 3.13
//! (`oracle/README.md` says how) and are the tests' expected values.
//!
//! To add one more algorithm: a file named after it, its table written by `oracle/generate.py`, a line here.

pub mod bytes_ops;
pub mod codec;
pub mod float_repr;
pub mod format_spec;
pub mod format_template;
pub mod int;
pub mod int_text;
pub mod num;
pub mod pause;
pub mod percent;
pub mod positions;
pub mod source_encoding;
pub mod str_ops;
pub mod str_repr;
pub mod surrogate;
pub mod unicode;
mod unicode_tables;

#[cfg(test)]
pub(crate) mod oracle;

pub use int::{Int, IntRef};
pub use int_text::Decimal;

/// The exception class that a [`TextError`] becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `ValueError`
    Value,
    /// `TypeError`
    Type,
    /// `OverflowError`
    Overflow,
    /// `ZeroDivisionError`
    ZeroDivision,
    /// `IndexError`
    Index,
    /// `MemoryError`: the result would be larger than [`MAX_TEXT`] or than the allocator gives.
    Memory,
    /// None: an exception from outside ended the work, which is known already.
    Ended,
}

impl ErrorKind {
    /// The name of the exception class.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Value => "ValueError",
            Self::Type => "TypeError",
            Self::Overflow => "OverflowError",
            Self::ZeroDivision => "ZeroDivisionError",
            Self::Index => "IndexError",
            Self::Memory | Self::Ended => "MemoryError",
        }
    }
}

/// What went wrong, as the exception class and CPython's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// Which exception to raise.
    pub kind: ErrorKind,
    /// Its message.
    pub message: String,
}

impl TextError {
    /// What ends work that paused: the callee of the pause knows the exception.
    pub fn ended() -> Self {
        Self::new(ErrorKind::Ended, "")
    }
}

/// The result of the functions of this module tree.
pub type TextResult<T> = Result<T, TextError>;

impl TextError {
    /// A `ValueError`.
    pub fn value(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type, message)
    }

    /// An `OverflowError`.
    pub fn overflow(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Overflow, message)
    }

    /// A `ZeroDivisionError`.
    pub fn zero_division(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::ZeroDivision, message)
    }

    /// An `IndexError`.
    pub fn index(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Index, message)
    }

    /// A `MemoryError`, which has no message in CPython either.
    pub fn memory() -> Self {
        Self::new(ErrorKind::Memory, "")
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// The longest text, in bytes, that a width, precision or repetition may ask for: beyond it lies an allocation failure,
/// which in Rust is an abort and here a `MemoryError`.
pub const MAX_TEXT: usize = 1 << 30;

/// Results below so many bytes are not asked for before they are allocated.
const LARGE_TEXT: usize = 1 << 18;

/// Refuses a result of more than [`MAX_TEXT`] bytes, or than there is memory for, before anything is allocated.
pub fn check_text_size(bytes: usize) -> TextResult<()> {
    check_copies(bytes, 1)
}

/// The same where several texts of the size are needed at once.
pub fn check_copies(bytes: usize, copies: usize) -> TextResult<()> {
    let all = bytes.saturating_mul(copies);
    let fits = bytes < LARGE_TEXT || can_be_had(all);
    if bytes > MAX_TEXT || !fits {
        Err(TextError::memory())
    } else {
        Ok(())
    }
}

/// Whether there is so much memory. The compiler must not see that nothing is done with it: it would leave the question out.
fn can_be_had(bytes: usize) -> bool {
    let mut probe = Vec::<u8>::new();
    let done = probe.try_reserve_exact(bytes).is_ok();
    std::hint::black_box(&probe);
    done
}

/// Appends to a vector that grows, unless there is no memory.
pub fn push_item<T>(out: &mut Vec<T>, item: T) -> TextResult<()> {
    if out.len() == out.capacity() {
        let ahead = out.len().max(4);
        if out.try_reserve_exact(ahead).is_err() && out.try_reserve_exact(ahead / 8 + 1).is_err() {
            return Err(TextError::memory());
        }
    }
    out.push(item);
    Ok(())
}

/// Appends to a result that grows, unless it becomes longer than [`MAX_TEXT`] or there is no memory.
pub fn push_text(out: &mut String, part: &str) -> TextResult<()> {
    if out.capacity() - out.len() < part.len() {
        let is_too_long = out.len().saturating_add(part.len()) > MAX_TEXT;
        if is_too_long || out.try_reserve(part.len()).is_err() {
            return Err(TextError::memory());
        }
    }
    out.push_str(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::format_spec::FormatSpec;
    use super::format_template::{FieldPath, FormatTemplate, Piece};
    use super::int_text::{DigitLimit, int_from_str};
    use super::pause::{mapped, unpaused};
    use super::percent::{PercentTemplate, Segment};
    use super::{IntRef, float_repr, str_ops};

    /// Whatever the text, every parser answers; the results are checked against CPython elsewhere.
    #[test]
    fn no_text_makes_a_parser_panic() {
        const PIECES: &[&str] = &[
            "%",
            "(",
            ")",
            "*",
            ".",
            "5",
            "0",
            "{",
            "}",
            "[",
            "]",
            ":",
            "!",
            "r",
            "d",
            "x",
            "e",
            "+",
            "-",
            "_",
            ",",
            "j",
            "0x",
            "p",
            "inf",
            "nan",
            " ",
            "\n",
            "\u{e9}",
            "\u{663}",
            "\u{1f600}",
            "\u{3a3}",
            "#",
            "z",
            "<",
            "=",
            "%s",
        ];
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let text: String = (0..random(9))
                .map(|_| PIECES[random(PIECES.len())])
                .collect();
            answer_all(&text);
        }
    }

    fn answer_all(text: &str) {
        let limit = DigitLimit::default();
        for base in [0, 2, 10, 36] {
            let _ = int_from_str(text, base, limit);
        }
        let _ = (
            float_repr::float_from_str(text),
            float_repr::float_fromhex(text),
            float_repr::complex_from_str(text),
        );
        let _ = (
            mapped(text, str_ops::case::title, &mut unpaused),
            str_ops::split::split_space(text, 1, &mut unpaused),
        );
        if let Ok(spec) = FormatSpec::parse(text, "int") {
            let _ = (
                spec.format_int(IntRef::Small(-5), "int", limit, &mut unpaused),
                spec.format_float(0.5, "float"),
            );
            let _ = (
                spec.format_str(text, "str"),
                spec.format_complex(0.0, 1.0, "complex"),
            );
        }
        for segment in PercentTemplate::new(text) {
            if let Ok(Segment::Conversion(conversion)) = segment {
                let _ = (
                    conversion.finish_text(&mut text.to_owned(), 0),
                    conversion.push_float(0.5, &mut String::new()),
                    conversion.wants(),
                );
                let _ = conversion.push_int(
                    IntRef::Small(-5),
                    limit,
                    &mut unpaused,
                    &mut String::new(),
                );
            }
        }
        for piece in FormatTemplate::new(text) {
            if let Ok(Piece::Field(field)) = piece {
                let _ = FieldPath::parse(field.name).map(|path| path.steps().count());
            }
        }
    }
}
