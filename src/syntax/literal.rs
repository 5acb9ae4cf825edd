//! What numbers and plain strings are worth.
//!
//! `scan_number` and `scan_string` find where a literal ends, for `layout`; `number` and `decode_*` give its value,
//! for `build_ast`. All take source text and report mistakes with offsets into it. Raw strings, underscores and
//! escapes follow CPython 3.13; an unknown escape such as `\d` stays as it is.

use num_bigint::BigInt;

use super::ast::Constant;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::text::surrogate;

/// CPython's limit for decimal digits of one integer.
const MAX_DECIMAL_DIGITS: usize = 4300;

/// The end of the number that starts at `start`, or what is wrong with it and where it ends.
pub fn scan_number(source: &str, start: usize) -> Result<usize, (Box<Diagnostic>, usize)> {
    let bytes = source.as_bytes();
    let mut scan = NumberScan { bytes, at: start };
    let result = match (
        bytes[start],
        bytes.get(start + 1).map(u8::to_ascii_lowercase),
    ) {
        (b'0', Some(b'x')) => scan.radix(16, "hexadecimal"),
        (b'0', Some(b'o')) => scan.radix(8, "octal"),
        (b'0', Some(b'b')) => scan.radix(2, "binary"),
        _ => scan.decimal(),
    };
    let kind = match result {
        Ok(kind) => kind,
        Err(message) => {
            let wrong = Span::new(start as u32, word_end(source, scan.at) as u32);
            let read = scan.read(start);
            let diagnostic = invalid_number(source, wrong, message).by_tokenizer(read.end);
            return Err((Box::new(diagnostic.quoted(read)), wrong.end as usize));
        }
    };
    let end = word_end(source, scan.at);
    if end == scan.at || is_operator_word(&source[scan.at..end]) {
        return Ok(scan.at);
    }
    let wrong = Span::new(start as u32, end as u32);
    Err((
        Box::new(
            invalid_number(source, wrong, format!("invalid {kind} literal"))
                .by_tokenizer(scan.at as u32 - 1),
        ),
        end,
    ))
}

/// The end of the run of name characters at `start`.
fn word_end(source: &str, start: usize) -> usize {
    let rest = source.get(start..).unwrap_or_default();
    let word = |c: char| {
        c == '_'
            || c.is_ascii_alphanumeric()
            || (!c.is_ascii() && unicode_ident::is_xid_continue(c))
    };
    rest.find(|c| !word(c))
        .map_or(source.len(), |len| start + len)
}

/// `1if x else y` is legal, if ugly.
fn is_operator_word(word: &str) -> bool {
    ["and", "else", "for", "if", "in", "is", "not", "or"]
        .iter()
        .any(|keyword| {
            word.strip_prefix(keyword)
                .is_some_and(|rest| rest.is_empty())
        })
}

fn invalid_number(source: &str, span: Span, message: String) -> Diagnostic {
    let text = span.text(source);
    let diagnostic = Diagnostic::error(ErrorCode::InvalidNumber, span, message);
    if text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        let digits = text.trim_start_matches(['0', '_']);
        return diagnostic.help(format!(
            "write {digits} for the decimal number, 0o{digits} for the octal one"
        ));
    }
    diagnostic.label("neither a number nor a name").help("a name cannot start with a digit; between a number and a name there is an operator or a comma")
}

struct NumberScan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl NumberScan<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The characters that CPython's tokenizer names for a number it refuses: the last one it has read, or from the start of
    /// a decimal number with zeros in front up to its first digit that is none.
    fn read(&self, start: usize) -> Span {
        let text = &self.bytes[start..self.at];
        let zeros = text
            .iter()
            .take_while(|&&byte| matches!(byte, b'0' | b'_'))
            .count();
        let is_octal = zeros > 0
            && zeros < text.len()
            && text
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'_');
        if is_octal && !self.peek().is_ascii_digit() && text.last() != Some(&b'_') {
            return Span::new(start as u32, (start + zeros) as u32);
        }
        let last = if self.peek().is_ascii_digit() {
            self.at
        } else {
            self.at - 1
        };
        Span::at(last as u32)
    }

    /// Digits with single underscores between them.
    fn digits(&mut self, kind: &str) -> Result<(), String> {
        loop {
            while self.peek().is_ascii_digit() {
                self.at += 1;
            }
            if self.peek() != b'_' {
                return Ok(());
            }
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return Err(format!("invalid {kind} literal"));
            }
        }
    }

    fn radix(&mut self, radix: u32, kind: &'static str) -> Result<&'static str, String> {
        self.at += 2;
        loop {
            if self.peek() == b'_' {
                self.at += 1;
            }
            let first = self.at;
            while char::from(self.peek()).is_digit(radix) {
                self.at += 1;
            }
            if self.peek().is_ascii_digit() {
                return Err(format!(
                    "invalid digit '{}' in {kind} literal",
                    char::from(self.peek())
                ));
            }
            if first == self.at {
                return Err(format!("invalid {kind} literal"));
            }
            if self.peek() != b'_' {
                return Ok(kind);
            }
        }
    }

    fn decimal(&mut self) -> Result<&'static str, String> {
        let start = self.at;
        self.digits("decimal")?;
        let whole = self.at;
        let mut kind = "decimal";
        if self.peek() == b'.' {
            self.at += 1;
            if self.peek().is_ascii_digit() {
                self.digits("decimal")?;
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            let sign = usize::from(matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-')));
            if self
                .bytes
                .get(self.at + 1 + sign)
                .is_some_and(u8::is_ascii_digit)
            {
                self.at += 1 + sign;
                self.digits("decimal")?;
            } else if sign == 1 {
                self.at += 2;
                return Err("invalid decimal literal".to_owned());
            }
        }
        let is_float = self.at > whole;
        if matches!(self.peek(), b'j' | b'J') {
            self.at += 1;
            kind = "imaginary";
        } else if !is_float && self.has_leading_zero(start) {
            let message = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
            return Err(message.to_owned());
        }
        Ok(kind)
    }

    fn has_leading_zero(&self, start: usize) -> bool {
        self.bytes[start] == b'0'
            && self.bytes[start..self.at]
                .iter()
                .any(|byte| (b'1'..=b'9').contains(byte))
    }
}

/// The value of a number that `scan_number` let through.
pub fn number(source: &str, span: Span) -> Result<Constant, Box<Diagnostic>> {
    let text = span.text(source);
    let clean = if text.contains('_') {
        &text.replace('_', "")
    } else {
        text
    };
    if let Some(digits) = clean
        .strip_prefix('0')
        .and_then(|rest| rest.strip_prefix(['x', 'X']))
    {
        return Ok(integer(digits, 16));
    }
    if let Some(digits) = clean
        .strip_prefix('0')
        .and_then(|rest| rest.strip_prefix(['o', 'O']))
    {
        return Ok(integer(digits, 8));
    }
    if let Some(digits) = clean
        .strip_prefix('0')
        .and_then(|rest| rest.strip_prefix(['b', 'B']))
    {
        return Ok(integer(digits, 2));
    }
    if let Some(imaginary) = clean.strip_suffix(['j', 'J']) {
        return Ok(Constant::Complex(
            imaginary.parse().expect("a scanned float"),
        ));
    }
    if clean.contains(['.', 'e', 'E']) {
        return Ok(Constant::Float(clean.parse().expect("a scanned float")));
    }
    let significant = clean.trim_start_matches('0').len();
    if significant > MAX_DECIMAL_DIGITS {
        return Err(Box::new(too_many_digits(span, significant)));
    }
    Ok(integer(clean, 10))
}

fn integer(digits: &str, radix: u32) -> Constant {
    if let Ok(small) = i64::from_str_radix(digits, radix) {
        return Constant::Int(small);
    }
    Constant::BigInt(BigInt::parse_bytes(digits.as_bytes(), radix).expect("scanned digits"))
}

fn too_many_digits(span: Span, digits: usize) -> Diagnostic {
    let message = format!(
        "Exceeds the limit ({MAX_DECIMAL_DIGITS} digits) for integer string conversion: value has {digits} digits; \
         use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to \
         avoid decimal conversion limits."
    );
    Diagnostic::error(ErrorCode::IntegerTooLong, span, message)
        .help("write it as a hexadecimal number: 0x...")
}

/// Whether a string literal is written as `u"text"`, which syntax trees tell.
#[must_use]
pub fn is_unicode(literal: &str) -> bool {
    literal.starts_with('u')
}

/// How a string literal starts.
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    /// `b"..."`
    pub bytes: bool,
    /// `r"..."`
    pub raw: bool,
    /// `"""` instead of `"`.
    pub triple: bool,
    /// `"` or `'`
    pub quote: u8,
    /// Length of prefix and opening quotes.
    pub len: usize,
}

impl Prefix {
    /// Reads prefix letters and opening quotes as the lexer matched them.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let letters = text.find(['"', '\'']).unwrap_or(0);
        let has = |letter: char| {
            text[..letters]
                .chars()
                .any(|c| c.eq_ignore_ascii_case(&letter))
        };
        let quotes = &text.as_bytes()[letters..];
        let triple = quotes.len() >= 3 && quotes[0] == quotes[1] && quotes[1] == quotes[2];
        let len = letters + if triple { 3 } else { 1 };
        Self {
            bytes: has('b'),
            raw: has('r'),
            triple,
            quote: quotes.first().copied().unwrap_or(b'"'),
            len,
        }
    }

    /// Whether the closing quotes stand at `at`.
    #[must_use]
    pub fn closes_at(self, bytes: &[u8], at: usize) -> bool {
        let wanted = if self.triple { 3 } else { 1 };
        bytes.len() >= at + wanted
            && bytes[at..at + wanted]
                .iter()
                .all(|&byte| byte == self.quote)
    }

    /// Length of the closing quotes.
    #[must_use]
    pub const fn quotes(self) -> usize {
        if self.triple { 3 } else { 1 }
    }
}

/// Where a string ends whose text starts at `start`: after its closing quotes, or (Err) where the
/// line or the text ends without them.
pub fn scan_string(source: &str, start: usize, prefix: Prefix) -> Result<usize, usize> {
    let bytes = source.as_bytes();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes[at + 1..].starts_with(b"\r\n") => at += 3,
            b'\\' => at += 2,
            b'\n' | b'\r' if !prefix.triple => return Err(at),
            _ if byte == prefix.quote && prefix.closes_at(bytes, at) => {
                return Ok(at + prefix.quotes());
            }
            _ => at += 1,
        }
    }
    Err(bytes.len())
}

/// Why an escape sequence cannot be decoded: offset and length in the text, code, message.
struct BadEscape(usize, usize, ErrorCode, String);

/// Decodes the text of a string whose first byte is at `offset` in the source.
pub fn decode_text(
    text: &str,
    offset: u32,
    raw: bool,
    out: &mut String,
) -> Result<(), Box<Diagnostic>> {
    if raw || !text.contains('\\') {
        push_lines(text, out);
        return Ok(());
    }
    let mut at = 0;
    while let Some(len) = text[at..].find('\\') {
        push_lines(&text[at..at + len], out);
        at += len;
        at += text_escape(text, at, out).map_err(|bad| Box::new(bad_escape(offset, bad)))?;
    }
    push_lines(&text[at..], out);
    Ok(())
}

/// Decodes the text of a bytes literal whose first byte is at `offset` in the source.
pub fn decode_bytes(
    text: &str,
    offset: u32,
    raw: bool,
    out: &mut Vec<u8>,
) -> Result<(), Box<Diagnostic>> {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| !c.is_ascii()) {
        let start = offset + at as u32;
        let span = Span::new(start, start + c.len_utf8() as u32);
        let diagnostic = Diagnostic::error(
            ErrorCode::BytesNotAscii,
            span,
            "bytes can only contain ASCII literal characters",
        );
        return Err(Box::new(
            diagnostic
                .label("not ASCII")
                .help("write bytes as \\xNN, or encode text: \"...\".encode()"),
        ));
    }
    let mut plain = String::new();
    let mut at = 0;
    while !raw && let Some(len) = text[at..].find('\\') {
        push_lines(&text[at..at + len], &mut plain);
        out.extend_from_slice(plain.as_bytes());
        plain.clear();
        at += len;
        at += bytes_escape(text, at, out).map_err(|bad| Box::new(bad_escape(offset, bad)))?;
    }
    push_lines(&text[at..], &mut plain);
    out.extend_from_slice(plain.as_bytes());
    Ok(())
}

/// Line ends inside of literals are always `\n`, whatever the file has.
fn push_lines(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\r') {
        out.push_str(&rest[..at]);
        out.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    out.push_str(rest);
}

fn bad_escape(offset: u32, bad: BadEscape) -> Diagnostic {
    let BadEscape(at, len, code, message) = bad;
    let start = offset + at as u32;
    let diagnostic = Diagnostic::error(code, Span::new(start, start + len as u32), message);
    diagnostic.help("write \\\\ for a backslash, or use a raw string: r\"...\"")
}

/// Decodes the escape at `at` and returns its length.
fn text_escape(text: &str, at: usize, out: &mut String) -> Result<usize, BadEscape> {
    let bytes = text.as_bytes();
    let Some(&letter) = bytes.get(at + 1) else {
        out.push('\\');
        return Ok(1);
    };
    if let Some(byte) = simple_escape(letter) {
        out.push(char::from(byte));
        return Ok(2);
    }
    match letter {
        b'\n' => Ok(2),
        b'\r' => Ok(if bytes.get(at + 2) == Some(&b'\n') {
            3
        } else {
            2
        }),
        b'0'..=b'7' => {
            let (value, len) = octal(bytes, at);
            out.push(char::from_u32(value).expect("at most 0o777"));
            Ok(len)
        }
        b'x' => hex_escape(text, at, 2, "truncated \\xXX escape", out),
        b'u' => hex_escape(text, at, 4, "truncated \\uXXXX escape", out),
        b'U' => hex_escape(text, at, 8, "truncated \\UXXXXXXXX escape", out),
        b'N' => named_escape(text, at, out),
        _ => {
            out.push('\\');
            Ok(1)
        }
    }
}

fn bytes_escape(text: &str, at: usize, out: &mut Vec<u8>) -> Result<usize, BadEscape> {
    let bytes = text.as_bytes();
    let Some(&letter) = bytes.get(at + 1) else {
        out.push(b'\\');
        return Ok(1);
    };
    if let Some(byte) = simple_escape(letter) {
        out.push(byte);
        return Ok(2);
    }
    match letter {
        b'\n' => Ok(2),
        b'\r' => Ok(if bytes.get(at + 2) == Some(&b'\n') {
            3
        } else {
            2
        }),
        b'0'..=b'7' => {
            let (value, len) = octal(bytes, at);
            out.push((value & 0xFF) as u8);
            Ok(len)
        }
        b'x' => match hex_digits(text, at + 2, 2) {
            Ok(value) => {
                out.push(value as u8);
                Ok(4)
            }
            Err(len) => {
                let message = format!("(value error) invalid \\x escape at position {at}");
                Err(BadEscape(at, 2 + len, ErrorCode::InvalidEscape, message))
            }
        },
        _ => {
            out.push(b'\\');
            Ok(1)
        }
    }
}

const fn simple_escape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'\\' | b'\'' | b'"' => letter,
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        _ => return None,
    })
}

/// Value and length of the octal escape at `at`.
fn octal(bytes: &[u8], at: usize) -> (u32, usize) {
    let digits = bytes[at + 1..]
        .iter()
        .take(3)
        .take_while(|byte| (b'0'..=b'7').contains(*byte));
    digits.fold((0, 1), |(value, len), &byte| {
        (value * 8 + u32::from(byte - b'0'), len + 1)
    })
}

/// The value of exactly `count` hexadecimal digits, or how many there are.
fn hex_digits(text: &str, at: usize, count: usize) -> Result<u32, usize> {
    let found = text.as_bytes()[at..]
        .iter()
        .take(count)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    if found < count {
        return Err(found);
    }
    Ok(u32::from_str_radix(&text[at..at + count], 16).expect("hexadecimal digits"))
}

fn hex_escape(
    text: &str,
    at: usize,
    count: usize,
    short: &str,
    out: &mut String,
) -> Result<usize, BadEscape> {
    let value =
        hex_digits(text, at + 2, count).map_err(|found| unicode_error(at, 2 + found, short))?;
    match surrogate::character(value) {
        Some(c) => out.push(c),
        None => return Err(unicode_error(at, 2 + count, "illegal Unicode character")),
    }
    Ok(2 + count)
}

fn named_escape(text: &str, at: usize, out: &mut String) -> Result<usize, BadEscape> {
    let malformed = |len| Err(unicode_error(at, len, "malformed \\N character escape"));
    let Some(rest) = text[at + 2..].strip_prefix('{') else {
        return malformed(2);
    };
    let Some(len) = rest.find('}') else {
        return malformed(3);
    };
    let Some(c) = unicode_names2::character(&rest[..len]) else {
        return Err(unicode_error(at, len + 4, "unknown Unicode character name"));
    };
    out.push(c);
    Ok(len + 4)
}

fn unicode_error(at: usize, len: usize, what: &str) -> BadEscape {
    let last = at + len - 1;
    let message = format!(
        "(unicode error) 'unicodeescape' codec can't decode bytes in position {at}-{last}: {what}"
    );
    BadEscape(at, len, ErrorCode::InvalidEscape, message)
}
