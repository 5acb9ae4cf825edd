//! From bytes to lines: an incremental decoder, and what a text stream takes for the end of a line.
//!
//! `Newline` is the argument `newline` of `open`. A carriage return at the end of what was read waits for the next byte, so that `\r\n`
//! is never cut.

use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::text;
use crate::text::codec::{CodecError, Decoder, Encoding};

/// How lines end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Newline {
    /// None: any end, translated to `\n`; written as the system's, `\n`.
    #[default]
    Universal,
    /// `''`: any end, left as it is.
    Any,
    /// `'\n'`
    Lf,
    /// `'\r'`
    Cr,
    /// `'\r\n'`
    CrLf,
}

impl Newline {
    /// The argument `newline`.
    pub fn of(heap: &Heap, value: Value<'_>, what: &str) -> Result<Newline, Raised> {
        if value.is_undef() || value.is_none() {
            return Ok(Newline::Universal);
        }
        let class = heap.type_name(value);
        if crate::stdlib::arg::as_str(heap, value).is_none() {
            return Err(heap.type_error(format!("{what} must be str or None, not {class}")));
        }
        Ok(match text(heap, value, what)? {
            "" => Newline::Any,
            "\n" => Newline::Lf,
            "\r" => Newline::Cr,
            "\r\n" => Newline::CrLf,
            other => {
                let shown = match what == "newline" {
                    true => crate::text::str_repr::str_repr(other),
                    false => other.to_owned(),
                };
                return Err(heap.value_error(format!("illegal newline value: {shown}")));
            }
        })
    }

    /// The argument of which this was made; None for universal newlines.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Newline::Universal => None,
            Newline::Any => Some(""),
            Newline::Lf => Some("\n"),
            Newline::Cr => Some("\r"),
            Newline::CrLf => Some("\r\n"),
        }
    }

    /// Where the first line of a text ends, its end included.
    pub fn line_end(self, text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        match self {
            Newline::Universal | Newline::Lf => memchr::memchr(b'\n', bytes).map(|at| at + 1),
            Newline::Cr => memchr::memchr(b'\r', bytes).map(|at| at + 1),
            Newline::CrLf => text.find("\r\n").map(|at| at + 2),
            Newline::Any => {
                let at = memchr::memchr2(b'\n', b'\r', bytes)?;
                let both = bytes[at..].starts_with(b"\r\n");
                Some(at + if both { 2 } else { 1 })
            }
        }
    }

    /// Text as it is written.
    pub fn write(self, text: &str) -> std::borrow::Cow<'_, str> {
        match self {
            Newline::Cr if text.contains('\n') => text.replace('\n', "\r").into(),
            Newline::CrLf if text.contains('\n') => text.replace('\n', "\r\n").into(),
            _ => text.into(),
        }
    }

    fn is_universal(self) -> bool {
        matches!(self, Newline::Universal | Newline::Any)
    }
}

/// The ends of lines that were met, as bits.
pub mod seen {
    /// `\r`
    pub const CR: u8 = 1;
    /// `\n`
    pub const LF: u8 = 2;
    /// `\r\n`
    pub const CRLF: u8 = 4;
}

/// Translates ends of lines in a stream of text.
#[derive(Clone, Debug, Default)]
pub struct Translator {
    /// How lines end.
    pub newline: Newline,
    /// Whether a `\r` is held back.
    pub holds_cr: bool,
    /// Which ends were met.
    pub seen: u8,
}

impl Translator {
    /// The next piece of text; `last`: nothing follows.
    pub fn translate(&mut self, mut text: String, last: bool) -> String {
        if !self.newline.is_universal() {
            return text;
        }
        if self.holds_cr {
            text.insert(0, '\r');
            self.holds_cr = false;
        }
        if !last && text.ends_with('\r') {
            text.pop();
            self.holds_cr = true;
        }
        if memchr::memchr(b'\r', text.as_bytes()).is_none() {
            if self.seen & seen::LF == 0 && text.contains('\n') {
                self.seen |= seen::LF;
            }
            return text;
        }
        self.look(&text);
        match self.newline {
            Newline::Universal => text.replace("\r\n", "\n").replace('\r', "\n"),
            _ => text,
        }
    }

    fn look(&mut self, text: &str) {
        let bytes = text.as_bytes();
        for at in memchr::memchr2_iter(b'\r', b'\n', bytes) {
            self.seen |= match (bytes[at], at > 0 && bytes[at - 1] == b'\r') {
                (b'\n', true) => seen::CRLF,
                (b'\n', false) => seen::LF,
                _ if bytes.get(at + 1) == Some(&b'\n') => 0,
                _ => seen::CR,
            };
        }
    }

    /// The attribute `newlines`.
    pub fn newlines<'h>(&self, heap: &'h Heap) -> Value<'h> {
        let all = [(seen::CR, "\r"), (seen::LF, "\n"), (seen::CRLF, "\r\n")];
        let met: Vec<Value<'h>> = all
            .iter()
            .filter(|(bit, _)| self.seen & bit != 0)
            .map(|(_, end)| heap.str_value(end))
            .collect();
        match met[..] {
            [] => Value::NONE,
            [one] => one,
            _ => heap.tuple(&met).value(),
        }
    }
}

/// From bytes to text with its ends of lines translated.
#[derive(Clone, Debug)]
pub struct TextDecoder {
    /// From bytes to text.
    pub codec: Decoder,
    /// The ends of lines.
    pub lines: Translator,
}

impl TextDecoder {
    /// A decoder at the start of a stream.
    pub fn new(encoding: Encoding, newline: Newline) -> TextDecoder {
        TextDecoder {
            codec: Decoder::new(encoding),
            lines: Translator {
                newline,
                ..Translator::default()
            },
        }
    }

    /// The next piece; `last`: nothing follows.
    pub fn decode(&mut self, bytes: &[u8], errors: &str, last: bool) -> Result<String, CodecError> {
        let text = self.codec.decode(bytes, errors, last)?;
        Ok(self.lines.translate(text, last))
    }

    /// Bytes that were taken in but have not become text.
    pub fn held(&self) -> usize {
        self.codec.held().len() + usize::from(self.lines.holds_cr) * self.codec.unit()
    }
}
