//! The reader of JSON: text to a sequence of events, with CPython's messages and positions.
//!
//! It keeps what is open on a stack of its own, so that no text overflows the machine's. Who builds values from the events
//! (`build.rs`) may call user code between two of them: the reader owns nothing but positions. To add a form: an arm in `value`.

use std::borrow::Cow;

use crate::text::surrogate;

/// How deep arrays and objects may nest.
const MAX_DEPTH: usize = 50_000;

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'t> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer as it is written.
    Int(&'t str),
    /// A number with a point or an exponent as it is written.
    Float(&'t str),
    /// `NaN`, `Infinity`, `-Infinity`
    Constant(&'static str),
    /// A string.
    Str(Cow<'t, str>),
    /// The name of the next member of an object.
    Key(Cow<'t, str>),
    /// `[`
    BeginArray,
    /// `]`
    EndArray,
    /// `{`
    BeginObject,
    /// `}`
    EndObject,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The message and the byte offset.
    Syntax(&'static str, usize),
    /// Too many open arrays, or objects where the text is right.
    TooDeep(Container),
}

/// What can be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// An array.
    Array,
    /// An object.
    Object,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value.
    Value,
    /// The first item of an array, or its end.
    FirstItem,
    /// The first name of an object, or its end.
    FirstKey,
    /// The end of a container, or a comma.
    Rest,
    /// Nothing.
    End,
}

/// Whether strings may hold control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// They may not.
    Strict,
    /// They may.
    Lenient,
}

/// A document that is being read.
pub struct Reader<'t> {
    text: &'t str,
    /// Where the next event begins, in bytes; at the end: where the document ends.
    pub at: usize,
    strictness: Strictness,
    open: Vec<Container>,
    expect: Expect,
}

/// What reading returns.
pub type Reading<T> = Result<T, Mistake>;

impl<'t> Reader<'t> {
    /// Reads a value that begins at an offset; white space before it is not skipped.
    pub fn new(text: &'t str, at: usize, strictness: Strictness) -> Reader<'t> {
        Reader {
            text,
            at,
            strictness,
            open: Vec::new(),
            expect: Expect::Value,
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips white space.
    #[inline]
    pub fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// The next event; `None` when the value is complete.
    #[inline]
    pub fn next(&mut self) -> Reading<Option<Event<'t>>> {
        match self.expect {
            Expect::Value => self.value().map(Some),
            Expect::FirstItem => {
                self.skip_space();
                if self.byte() == Some(b']') {
                    return Ok(Some(self.close(Event::EndArray)));
                }
                self.value().map(Some)
            }
            Expect::FirstKey => {
                self.skip_space();
                if self.byte() == Some(b'}') {
                    return Ok(Some(self.close(Event::EndObject)));
                }
                self.key().map(Some)
            }
            Expect::Rest => self.rest().map(Some),
            Expect::End => Ok(None),
        }
    }

    /// What follows a value in a container.
    fn rest(&mut self) -> Reading<Event<'t>> {
        self.skip_space();
        let container = self.open.last().copied();
        match (self.byte(), container) {
            (Some(b']'), Some(Container::Array)) => Ok(self.close(Event::EndArray)),
            (Some(b'}'), Some(Container::Object)) => Ok(self.close(Event::EndObject)),
            (Some(b','), Some(container)) => {
                let comma = self.at;
                self.at += 1;
                self.skip_space();
                match (self.byte(), container) {
                    (Some(b']'), Container::Array) => Err(Mistake::Syntax(
                        "Illegal trailing comma before end of array",
                        comma,
                    )),
                    (Some(b'}'), Container::Object) => Err(Mistake::Syntax(
                        "Illegal trailing comma before end of object",
                        comma,
                    )),
                    (_, Container::Array) => self.value(),
                    (_, Container::Object) => self.key(),
                }
            }
            _ => Err(Mistake::Syntax("Expecting ',' delimiter", self.at)),
        }
    }

    fn close(&mut self, event: Event<'t>) -> Event<'t> {
        self.at += 1;
        self.open.pop();
        self.after_value();
        event
    }

    #[inline]
    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() {
            Expect::End
        } else {
            Expect::Rest
        };
    }

    fn key(&mut self) -> Reading<Event<'t>> {
        if self.byte() != Some(b'"') {
            let message = "Expecting property name enclosed in double quotes";
            return Err(Mistake::Syntax(message, self.at));
        }
        let key = self.string()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(Mistake::Syntax("Expecting ':' delimiter", self.at));
        }
        self.at += 1;
        self.skip_space();
        self.expect = Expect::Value;
        Ok(Event::Key(key))
    }

    fn value(&mut self) -> Reading<Event<'t>> {
        let event = match self.byte() {
            Some(b'"') => Event::Str(self.string()?),
            Some(b'{') => {
                return self.begin(Container::Object, Expect::FirstKey, Event::BeginObject);
            }
            Some(b'[') => {
                return self.begin(Container::Array, Expect::FirstItem, Event::BeginArray);
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'n') => self.word("null", Event::Null)?,
            Some(b't') => self.word("true", Event::Bool(true))?,
            Some(b'f') => self.word("false", Event::Bool(false))?,
            Some(b'N') => self.word("NaN", Event::Constant("NaN"))?,
            Some(b'I') => self.word("Infinity", Event::Constant("Infinity"))?,
            _ => return Err(self.no_value()),
        };
        self.after_value();
        Ok(event)
    }

    fn no_value(&self) -> Mistake {
        Mistake::Syntax("Expecting value", self.at)
    }

    fn begin(
        &mut self,
        container: Container,
        expect: Expect,
        event: Event<'t>,
    ) -> Reading<Event<'t>> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Mistake::TooDeep(container));
        }
        self.at += 1;
        self.open.push(container);
        self.expect = expect;
        Ok(event)
    }

    fn word(&mut self, word: &str, event: Event<'t>) -> Reading<Event<'t>> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.no_value());
        }
        self.at += word.len();
        Ok(event)
    }

    fn number(&mut self) -> Reading<Event<'t>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start + usize::from(bytes[start] == b'-');
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        match bytes.get(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = digits(at),
            _ if bytes[start..].starts_with(b"-Infinity") => {
                return self.word("-Infinity", Event::Constant("-Infinity"));
            }
            _ => return Err(self.no_value()),
        }
        let mut is_float = false;
        if bytes.get(at) == Some(&b'.') && digits(at + 1) > at + 1 {
            at = digits(at + 1);
            is_float = true;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let first = at + 1 + sign;
            if digits(first) > first {
                at = digits(first);
                is_float = true;
            }
        }
        self.at = at;
        let text = &self.text[start..at];
        Ok(if is_float {
            Event::Float(text)
        } else {
            Event::Int(text)
        })
    }

    /// A string, from its quote on.
    pub fn string(&mut self) -> Reading<Cow<'t, str>> {
        let begin = self.at;
        self.at += 1;
        let start = self.at;
        let end = self.plain_run(begin)?;
        if self.text.as_bytes()[end] == b'"' {
            self.at = end + 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        let mut out = String::from(&self.text[start..end]);
        self.at = end;
        loop {
            if self.byte() == Some(b'"') {
                self.at += 1;
                return Ok(Cow::Owned(out));
            }
            let c = self.escape(begin)?;
            out.push(c);
            let start = self.at;
            let end = self.plain_run(begin)?;
            out.push_str(&self.text[start..end]);
            self.at = end;
        }
    }

    /// Where the next quote or backslash is. `begin`: where the string begins.
    #[inline]
    fn plain_run(&self, begin: usize) -> Reading<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            match bytes.get(at) {
                None => return Err(Mistake::Syntax("Unterminated string starting at", begin)),
                Some(b'"' | b'\\') => return Ok(at),
                Some(0..0x20) if self.strictness == Strictness::Strict => {
                    return Err(Mistake::Syntax("Invalid control character at", at));
                }
                Some(_) => at += 1,
            }
        }
    }

    /// A backslash and what follows it.
    fn escape(&mut self, begin: usize) -> Reading<char> {
        let bytes = self.text.as_bytes();
        let slash = self.at;
        let c = match bytes.get(slash + 1) {
            None => return Err(Mistake::Syntax("Unterminated string starting at", begin)),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(slash),
            Some(_) => return Err(Mistake::Syntax("Invalid \\escape", slash)),
        };
        self.at = slash + 2;
        Ok(c)
    }

    /// `\uXXXX`, or two that are one character; half of such a pair stays what it is.
    fn unicode_escape(&mut self, slash: usize) -> Reading<char> {
        let high = self.four_digits(slash)?;
        self.at = slash + 6;
        if (0xd800..0xdc00).contains(&high) && self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            let low = self.four_digits(self.at)?;
            if (0xdc00..0xe000).contains(&low) {
                self.at += 6;
                let code = 0x1_0000 + ((high - 0xd800) << 10 | (low - 0xdc00));
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        Ok(surrogate::character(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&self, slash: usize) -> Reading<u32> {
        let bytes = self.text.as_bytes();
        // Something has to follow: the closing quote at least.
        let digits = bytes
            .get(slash + 2..slash + 6)
            .filter(|_| bytes.len() > slash + 6);
        let is_hex = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match value.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(value) if is_hex => Ok(value),
            _ => Err(Mistake::Syntax("Invalid \\uXXXX escape", slash + 1)),
        }
    }
}
