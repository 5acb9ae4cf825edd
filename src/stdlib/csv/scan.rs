//! Reading rows: a machine of eight states that sees each character of each line.
//!
//! A row may go on in the next line: inside quotes, and after an escaped end of line. `None` for a character is the end of a line.

use super::{Format, Quoting};

/// What the next character means.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    StartRow,
    StartField,
    InField,
    Escaped,
    AfterEscapedEnd,
    InQuotes,
    EscapedInQuotes,
    AfterQuote,
    EndOfLine,
}

/// A field that was read.
#[derive(Default)]
pub struct Field {
    pub text: String,
    pub is_quoted: bool,
}

/// What a line ended with.
pub enum Done {
    Row,
    Continues,
}

/// The row that is being read.
#[derive(Default)]
pub struct Scanner {
    state: State,
    fields: Vec<Field>,
    field: Field,
    /// Characters of the field.
    len: usize,
    /// How many of the fields have been seen by `unchecked`.
    checked: usize,
}

impl Scanner {
    /// Reads a line.
    pub fn feed(&mut self, format: &Format, line: &str, limit: usize) -> Result<Done, String> {
        let ends = [Some(format.delimiter), format.escape, format.quote];
        let mut rest = line;
        loop {
            // Inside a field most characters are only copied.
            if self.state == State::InField {
                let plain = |c: char| c != '\n' && c != '\r' && !ends.contains(&Some(c));
                let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
                self.add(&rest[..end], limit)?;
                rest = &rest[end..];
            }
            let Some(c) = rest.chars().next() else { break };
            self.step(format, Some(c), limit)?;
            rest = &rest[c.len_utf8()..];
        }
        self.step(format, None, limit)?;
        Ok(match self.state {
            State::StartRow => Done::Row,
            _ => Done::Continues,
        })
    }

    /// Whether the end of all lines ends a field.
    pub fn is_inside(&self) -> bool {
        self.len > 0 || self.state == State::InQuotes
    }

    /// Ends the field.
    pub fn save(&mut self) {
        self.len = 0;
        self.fields.push(std::mem::take(&mut self.field));
    }

    /// The texts without quotes that were read since the last call: those that may have to be numbers.
    pub fn unchecked(&mut self) -> Vec<String> {
        let new = self.fields[self.checked..].iter();
        let plain = new.filter(|field| !field.is_quoted && !field.text.is_empty());
        let texts = plain.map(|field| field.text.clone()).collect();
        self.checked = self.fields.len();
        texts
    }

    /// The fields of the row; the next one begins.
    pub fn take(&mut self) -> Vec<Field> {
        std::mem::take(self).fields
    }

    fn add(&mut self, text: &str, limit: usize) -> Result<(), String> {
        self.len += text.chars().count();
        if self.len > limit {
            return Err(format!("field larger than field limit ({limit})"));
        }
        self.field.text.push_str(text);
        Ok(())
    }

    fn put(&mut self, c: char, limit: usize) -> Result<(), String> {
        self.add(c.encode_utf8(&mut [0; 4]), limit)
    }

    /// Ends the field if the line ends or `c` ends it.
    fn ends_line(&mut self, c: Option<char>) -> bool {
        let ends = matches!(c, None | Some('\n' | '\r'));
        if ends {
            self.save();
            self.state = match c {
                None => State::StartRow,
                Some(_) => State::EndOfLine,
            };
        }
        ends
    }

    fn step(&mut self, format: &Format, c: Option<char>, limit: usize) -> Result<(), String> {
        let is = |wanted: Option<char>| c.is_some() && c == wanted;
        let is_quote = is(format.quote) && format.quoting != Quoting::Never;
        match self.state {
            State::StartRow => match c {
                None => {}
                Some('\n' | '\r') => self.state = State::EndOfLine,
                Some(_) => self.start_field(format, c, limit)?,
            },
            State::StartField => self.start_field(format, c, limit)?,
            State::Escaped => {
                self.put(c.unwrap_or('\n'), limit)?;
                self.state = match c {
                    Some('\n' | '\r') => State::AfterEscapedEnd,
                    _ => State::InField,
                };
            }
            State::AfterEscapedEnd if c.is_none() => {}
            State::AfterEscapedEnd | State::InField => {
                if self.ends_line(c) {
                    return Ok(());
                }
                if is(format.escape) {
                    self.state = State::Escaped;
                } else if is(Some(format.delimiter)) {
                    self.save();
                    self.state = State::StartField;
                } else if let Some(c) = c {
                    // After an escaped end the state stays: the row goes on in the next line, as in CPython.
                    self.put(c, limit)?;
                }
            }
            State::InQuotes => match c {
                None => {}
                Some(_) if is(format.escape) => self.state = State::EscapedInQuotes,
                Some(_) if is_quote && format.doubles_quotes => self.state = State::AfterQuote,
                Some(_) if is_quote => self.state = State::InField,
                Some(c) => self.put(c, limit)?,
            },
            State::EscapedInQuotes => {
                self.put(c.unwrap_or('\n'), limit)?;
                self.state = State::InQuotes;
            }
            State::AfterQuote => self.after_quote(format, c, limit)?,
            State::EndOfLine => match c {
                None => self.state = State::StartRow,
                Some('\n' | '\r') => {}
                Some(_) => {
                    return Err("new-line character seen in unquoted field - \
                                do you need to open the file with newline=''?"
                        .to_owned());
                }
            },
        }
        Ok(())
    }

    fn start_field(
        &mut self,
        format: &Format,
        c: Option<char>,
        limit: usize,
    ) -> Result<(), String> {
        if self.ends_line(c) {
            return Ok(());
        }
        if c == format.quote && format.quoting != Quoting::Never {
            self.field.is_quoted = true;
            self.state = State::InQuotes;
        } else if c == format.escape {
            self.state = State::Escaped;
        } else if c == Some(' ') && format.skips_spaces {
            self.state = State::StartField;
        } else if c == Some(format.delimiter) {
            self.save();
            self.state = State::StartField;
        } else if let Some(c) = c {
            self.put(c, limit)?;
            self.state = State::InField;
        }
        Ok(())
    }

    fn after_quote(
        &mut self,
        format: &Format,
        c: Option<char>,
        limit: usize,
    ) -> Result<(), String> {
        match (c, format.quote) {
            (Some(c), Some(quote)) if c == quote => {
                self.put(c, limit)?;
                self.state = State::InQuotes;
            }
            (Some(c), _) if c == format.delimiter => {
                self.save();
                self.state = State::StartField;
            }
            _ if self.ends_line(c) => {}
            (_, Some(quote)) if format.is_strict => {
                return Err(format!("'{}' expected after '{quote}'", format.delimiter));
            }
            (Some(c), _) => {
                self.put(c, limit)?;
                self.state = State::InField;
            }
            _ => {}
        }
        Ok(())
    }
}
