//! Templates of `str.format`: `"{0.a[b]!r:>{w}}"` as literals and replacement fields.
//!
//! [`FormatTemplate`] iterates over the pieces, lazily, so that its errors and those of the arguments come in CPython's
//! order; [`FieldPath`] takes a field's name apart; [`Numbering`] gives `{}` its index. Looking values up, converting and
//! formatting them is the caller's work: a spec with fields of its own is a template again, down to [`MAX_DEPTH`].

use super::unicode::decimal_value;
use super::{TextError, TextResult};

/// How many templates may be nested: a spec may hold fields, their specs may not.
pub const MAX_DEPTH: usize = 2;

/// The error of a template nested deeper than [`MAX_DEPTH`].
pub fn too_deep() -> TextError {
    TextError::value("Max string recursion exceeded")
}

/// The pieces of a template, in order; it ends after the first error.
#[derive(Clone, Debug)]
pub struct FormatTemplate<'a> {
    rest: &'a str,
    /// A literal was cut off before this field, which is not read yet.
    at_field: bool,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stands for itself.
    Literal(&'a str),
    /// `{...}`
    Field(Field<'a>),
}

/// A replacement field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// What the value is: see [`FieldPath`].
    pub name: &'a str,
    /// The letter after `!`; [`Conversion::of`] says which are known.
    pub conversion: Option<char>,
    /// The text after `:`.
    pub spec: &'a str,
    /// Whether the spec is a template itself, to be expanded first.
    pub spec_has_fields: bool,
}

/// What `!r`, `!s`, `!a` do to a value before it is formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `repr()`
    Repr,
    /// `str()`
    Str,
    /// `ascii()`
    Ascii,
}

impl Conversion {
    /// The conversion of a letter.
    pub fn of(letter: char) -> TextResult<Self> {
        match letter {
            'r' => Ok(Self::Repr),
            's' => Ok(Self::Str),
            'a' => Ok(Self::Ascii),
            '!'..='~' => Err(TextError::value(format!(
                "Unknown conversion specifier {letter}"
            ))),
            _ => Err(TextError::value(format!(
                "Unknown conversion specifier \\x{:x}",
                letter as u32
            ))),
        }
    }
}

impl<'a> FormatTemplate<'a> {
    /// The pieces of `template`.
    pub fn new(template: &'a str) -> Self {
        Self {
            rest: template,
            at_field: false,
        }
    }

    /// Reads up to the next field; an escaped brace ends a literal that holds its first half.
    fn piece(&mut self) -> TextResult<Piece<'a>> {
        if std::mem::take(&mut self.at_field) {
            return self.field().map(Piece::Field);
        }
        let text = self.rest;
        let Some(at) = text.find(['{', '}']) else {
            self.rest = "";
            return Ok(Piece::Literal(text));
        };
        let brace = &text[at..at + 1];
        let after = &text[at + 1..];
        if let Some(rest) = after.strip_prefix(brace) {
            self.rest = rest;
            return Ok(Piece::Literal(&text[..at + 1]));
        }
        if brace == "}" || after.is_empty() {
            return Err(TextError::value(format!(
                "Single '{brace}' encountered in format string"
            )));
        }
        self.rest = after;
        if at == 0 {
            return self.field().map(Piece::Field);
        }
        self.at_field = true;
        Ok(Piece::Literal(&text[..at]))
    }

    /// Reads a field whose opening brace is read.
    fn field(&mut self) -> TextResult<Field<'a>> {
        let (name, end) = self.field_name()?;
        let mut field = Field {
            name,
            conversion: None,
            spec: "",
            spec_has_fields: false,
        };
        match end {
            Some('}') => return Ok(field),
            None => return Err(TextError::value("expected '}' before end of string")),
            Some('!') => {
                let missing =
                    || TextError::value("end of string while looking for conversion specifier");
                field.conversion = Some(self.take().ok_or_else(missing)?);
                match self.take() {
                    Some('}') => return Ok(field),
                    Some(':') => {}
                    Some(_) => {
                        return Err(TextError::value("expected ':' after conversion specifier"));
                    }
                    None => return Err(TextError::value("unmatched '{' in format spec")),
                }
            }
            Some(_) => {}
        }
        field.spec = self.spec()?;
        field.spec_has_fields = field.spec.contains('{');
        Ok(field)
    }

    /// The name and the character that ends it; brackets hide all but their closing one.
    fn field_name(&mut self) -> TextResult<(&'a str, Option<char>)> {
        let text = self.rest;
        while let Some(c) = self.take() {
            match c {
                '{' => return Err(TextError::value("unexpected '{' in field name")),
                '[' => self.rest = self.rest.find(']').map_or("", |at| &self.rest[at..]),
                '}' | ':' | '!' => {
                    let name = &text[..text.len() - self.rest.len() - 1];
                    return Ok((name, Some(c)));
                }
                _ => {}
            }
        }
        Ok((text, None))
    }

    fn spec(&mut self) -> TextResult<&'a str> {
        let text = self.rest;
        let mut open = 1;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                _ => continue,
            }
            if open == 0 {
                self.rest = &text[at + 1..];
                return Ok(&text[..at]);
            }
        }
        Err(TextError::value("unmatched '{' in format spec"))
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }
}

impl<'a> Iterator for FormatTemplate<'a> {
    type Item = TextResult<Piece<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() && !self.at_field {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            *self = Self::new("");
        }
        Some(piece)
    }
}

/// The name of a field, taken apart: an argument, then attributes and items of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath<'a> {
    /// Where the path begins.
    pub first: First<'a>,
    rest: &'a str,
}

/// The argument that a path begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First<'a> {
    /// Nothing is written: [`Numbering`] chooses the positional argument.
    Auto,
    /// A positional argument.
    Index(usize),
    /// A keyword argument.
    Name(&'a str),
}

/// A step from a value to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// `.name`
    Attribute(&'a str),
    /// `[123]`
    Index(usize),
    /// `[text]`: the text is the key.
    Key(&'a str),
}

impl<'a> FieldPath<'a> {
    /// Takes a field's name apart; the steps follow from [`FieldPath::steps`].
    pub fn parse(name: &'a str) -> TextResult<Self> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, rest) = name.split_at(end);
        let first = match index(first)? {
            Some(number) => First::Index(number),
            None if first.is_empty() => First::Auto,
            None => First::Name(first),
        };
        Ok(Self { first, rest })
    }

    /// The steps, in order; it ends after the first error.
    pub fn steps(&self) -> impl Iterator<Item = TextResult<Step<'a>>> + use<'a> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let kind = rest.chars().next()?;
            let result = step(kind, &rest[kind.len_utf8()..]);
            rest = result.as_ref().map_or("", |(_, rest)| rest);
            Some(result.map(|(step, _)| step))
        })
    }
}

fn step(kind: char, text: &str) -> TextResult<(Step<'_>, &str)> {
    let (name, rest) = match kind {
        '.' => text.split_at(text.find(['.', '[']).unwrap_or(text.len())),
        '[' => text
            .split_once(']')
            .ok_or_else(|| TextError::value("Missing ']' in format string"))?,
        _ => {
            return Err(TextError::value(
                "Only '.' or '[' may follow ']' in format field specifier",
            ));
        }
    };
    let step = match kind {
        '.' => Step::Attribute(name),
        _ => index(name)?.map_or(Step::Key(name), Step::Index),
    };
    if name.is_empty() {
        return Err(TextError::value("Empty attribute in format string"));
    }
    Ok((step, rest))
}

/// The number that the text is, if it is all digits.
fn index(text: &str) -> TextResult<Option<usize>> {
    let mut number = None;
    for c in text.chars() {
        let Some(digit) = decimal_value(c) else {
            return Ok(None);
        };
        let larger = number
            .unwrap_or(0isize)
            .checked_mul(10)
            .and_then(|n| n.checked_add(digit as isize));
        number = Some(
            larger.ok_or_else(|| TextError::value("Too many decimal digits in format string"))?,
        );
    }
    Ok(number.map(isize::unsigned_abs))
}

/// Whether the fields of a template are numbered by their order or by hand: one state for all its nested templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbering {
    /// No positional field was seen.
    #[default]
    Open,
    /// `{}`: the index of the next one.
    Automatic(usize),
    /// `{0}`
    Manual,
}

impl Numbering {
    /// The index of a positional field, or the name of a keyword.
    pub fn resolve<'a>(&mut self, first: First<'a>) -> TextResult<Argument<'a>> {
        match (first, *self) {
            (First::Name(name), _) => Ok(Argument::Keyword(name)),
            (First::Auto, Self::Manual) => Err(TextError::value(
                "cannot switch from manual field specification to automatic field numbering",
            )),
            (First::Index(_), Self::Automatic(_)) => Err(TextError::value(
                "cannot switch from automatic field numbering to manual field specification",
            )),
            (First::Index(index), _) => {
                *self = Self::Manual;
                Ok(Argument::Positional(index))
            }
            (First::Auto, state) => {
                let index = if let Self::Automatic(next) = state {
                    next
                } else {
                    0
                };
                *self = Self::Automatic(index + 1);
                Ok(Argument::Positional(index))
            }
        }
    }
}

/// An argument of `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// By index; beyond the last one it is [`missing_argument`].
    Positional(usize),
    /// By name; a missing one is a `KeyError` of the name.
    Keyword(&'a str),
}

/// The error of a positional field without an argument.
pub fn missing_argument(index: usize) -> TextError {
    TextError::index(format!(
        "Replacement index {index} out of range for positional args tuple"
    ))
}

/// The error of a positional field under `format_map`, which has no positional arguments.
pub fn no_positional() -> TextError {
    TextError::value("Format string contains positional fields")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::format_spec::FormatSpec;
    use crate::text::{oracle, str_repr};

    /// A caller as the VM is one, with strings as arguments: two positional ones and the keyword `k`.
    fn format(template: &str, numbering: &mut Numbering, depth: usize) -> TextResult<String> {
        if depth == 0 {
            return Err(too_deep());
        }
        let mut out = String::new();
        for piece in FormatTemplate::new(template) {
            let field = match piece? {
                Piece::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Field(field) => field,
            };
            let path = FieldPath::parse(field.name)?;
            let mut value = match numbering.resolve(path.first)? {
                Argument::Positional(index) => *["ab", "8"]
                    .get(index)
                    .ok_or_else(|| missing_argument(index))?,
                Argument::Keyword("k") => "5",
                Argument::Keyword(name) => return Err(TextError::index(format!("keyword {name}"))),
            }
            .to_owned();
            for step in path.steps() {
                value = match step? {
                    Step::Index(index) => value
                        .chars()
                        .nth(index)
                        .ok_or_else(|| TextError::index("range"))?
                        .into(),
                    other => return Err(TextError::index(format!("{other:?}"))),
                };
            }
            if let Some(letter) = field.conversion {
                value = match Conversion::of(letter)? {
                    Conversion::Repr => str_repr::str_repr(&value),
                    Conversion::Str => value,
                    Conversion::Ascii => str_repr::str_ascii(&value),
                };
            }
            let spec = if field.spec_has_fields {
                format(field.spec, numbering, depth - 1)?
            } else {
                field.spec.to_owned()
            };
            out.push_str(&FormatSpec::parse(&spec, "str")?.format_str(&value, "str")?);
        }
        Ok(out)
    }

    #[test]
    fn formatting_agrees_with_cpython() {
        for row in oracle::rows(include_str!("oracle/format_template.tsv")) {
            let [template, expected] = row[..] else {
                panic!("two columns: {row:?}")
            };
            let result = format(
                &oracle::unescape(template),
                &mut Numbering::default(),
                MAX_DEPTH,
            );
            oracle::check(result, expected, &template);
        }
    }

    #[test]
    fn paths_agree_with_cpython() {
        for row in oracle::rows(include_str!("oracle/field_path.tsv")) {
            let [name, expected] = row[..] else {
                panic!("two columns: {row:?}")
            };
            oracle::check(show_path(&oracle::unescape(name)), expected, &name);
        }
    }

    fn show_path(name: &str) -> TextResult<String> {
        let path = FieldPath::parse(name)?;
        let mut shown = match path.first {
            First::Auto => "''".to_owned(),
            First::Index(index) => index.to_string(),
            First::Name(name) => str_repr::str_repr(name),
        };
        for step in path.steps() {
            shown += &match step? {
                Step::Attribute(name) => format!(" .{name}"),
                Step::Index(index) => format!(" [{index}]"),
                Step::Key(key) => format!(" [{}]", str_repr::str_repr(key)),
            };
        }
        Ok(shown)
    }
}
