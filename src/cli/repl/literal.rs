//! Of which type the expression before a dot is, as far as its text alone says: a literal, or a call of a dotted name.
//!
//! The text is read backwards from its end to where the last operand begins. What is indexed or returned by a call of something else
//! has a type that nobody knows, so there is no answer.

/// What stands before a dot.
#[derive(Debug, PartialEq, Eq)]
pub enum Operand {
    /// A literal of this builtin type.
    Literal(&'static str),
    /// A call of what this dotted path stands for.
    Call(Vec<String>),
}

/// What the last operand of a text is; None: nobody knows.
pub fn operand(text: &str) -> Option<Operand> {
    let last = text.chars().next_back()?;
    match last {
        '"' | '\'' => string(text).map(Operand::Literal),
        '0'..='9' | 'j' | 'J' => number(text).map(Operand::Literal),
        ')' | ']' | '}' => {
            let (before, inner) = bracket(text)?;
            match (last, is_operand(before)) {
                (')', false) => group(inner),
                (')', true) => path(before).map(Operand::Call),
                (_, true) => None,
                (']', false) => Some(Operand::Literal("list")),
                (_, false) => Some(Operand::Literal(braces(inner))),
            }
        }
        _ => None,
    }
}

/// What parentheses hold: a tuple, or another operand alone.
fn group(inner: &str) -> Option<Operand> {
    if inner.trim().is_empty() || has_outside(inner, ',') {
        return Some(Operand::Literal("tuple"));
    }
    let inner = inner.trim();
    let is_negative = inner
        .strip_prefix('-')
        .is_some_and(|rest| number(rest).is_some());
    let inner = inner
        .strip_prefix('-')
        .filter(|_| is_negative)
        .unwrap_or(inner);
    // An operand alone: one that ends it and does not begin it is a part of a sum or a call.
    let begin = match inner.chars().next_back()? {
        ')' | ']' | '}' => bracket(inner)?.0,
        '"' | '\'' => string_begin(inner)?,
        _ => "",
    };
    let is_alone = begin
        .chars()
        .all(|c| c.is_alphanumeric() || "._".contains(c));
    operand(inner).filter(|_| is_alone)
}

/// A set, or a dict if it is empty or has a colon.
fn braces(inner: &str) -> &'static str {
    let is_dict =
        inner.trim().is_empty() || has_outside(inner, ':') || inner.trim_start().starts_with("**");
    if is_dict { "dict" } else { "set" }
}

/// The type of a string literal by its prefix; None if it is not closed.
fn string(text: &str) -> Option<&'static str> {
    let before = string_begin(text)?;
    let letters = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next()?;
    let is_bytes = letters.len() <= 2 && letters.contains(['b', 'B']);
    Some(if is_bytes { "bytes" } else { "str" })
}

/// What stands before the string that ends a text: its prefix among it.
fn string_begin(text: &str) -> Option<&str> {
    let mut open: Option<(usize, char)> = None;
    let mut begin = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match open {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some((start, quote)) if c == quote => {
                begin = Some(start);
                open = None;
            }
            None if c == '"' || c == '\'' => open = Some((at, c)),
            _ => {}
        }
    }
    begin.filter(|_| open.is_none()).map(|at| &text[..at])
}

/// The type of the number that ends a text.
fn number(text: &str) -> Option<&'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let start = text.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
    let word = text.get(start..)?;
    let has_prefix = ["0x", "0b", "0o", "0X", "0B", "0O"]
        .iter()
        .any(|it| word.starts_with(it));
    if !word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    match word {
        _ if has_prefix => Some("int"),
        _ if word.ends_with(['j', 'J']) => Some("complex"),
        _ if word.contains(['.', 'e', 'E']) => Some("float"),
        _ => Some("int"),
    }
}

/// What stands before the bracket that closes at the end of a text, and what is in it.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let mut open = Vec::new();
    let mut found = None;
    walk(text, |at, c| match c {
        '(' | '[' | '{' => open.push(at),
        ')' | ']' | '}' => found = open.pop(),
        _ => {}
    });
    let at = found?;
    Some((&text[..at], &text[at + 1..text.len() - 1]))
}

/// Whether a character stands outside of all strings and brackets.
fn has_outside(text: &str, wanted: char) -> bool {
    let (mut depth, mut found) = (0_usize, false);
    walk(text, |_, c| match c {
        '(' | '[' | '{' => depth += 1,
        ')' | ']' | '}' => depth = depth.saturating_sub(1),
        _ => found |= c == wanted && depth == 0,
    });
    found
}

/// Each character outside of strings.
fn walk(text: &str, mut each: impl FnMut(usize, char)) {
    let (mut open, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match open {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(quote) if c == quote => open = None,
            None if c == '"' || c == '\'' => open = Some(c),
            None => each(at, c),
            Some(_) => {}
        }
    }
}

/// Whether a text ends with something that a bracket after it would call or index.
fn is_operand(before: &str) -> bool {
    let last = before.trim_end().chars().next_back();
    let words = [
        "in", "return", "await", "and", "or", "not", "if", "else", "is", "yield", "assert", "del",
    ];
    let word = before
        .trim_end()
        .rsplit(|c: char| c != '_' && !c.is_alphanumeric())
        .next();
    last.is_some_and(|c| c == '_' || c.is_alphanumeric() || ")]}\"'".contains(c))
        && !word.is_some_and(|word| words.contains(&word))
}

/// The dotted path that ends a text.
fn path(text: &str) -> Option<Vec<String>> {
    let is_part = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    let start = text.rfind(|c: char| !is_part(c)).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let words: Vec<String> = text[start..].split('.').map(str::to_owned).collect();
    let is_name = |word: &String| !word.starts_with(|c: char| c.is_numeric()) && !word.is_empty();
    words.iter().all(is_name).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::{Operand, operand};

    #[test]
    fn literals_are_told_by_their_text() {
        for (text, of) in [
            ("'abc'", "str"),
            ("print(f'x'", "str"),
            ("rb'x'", "bytes"),
            ("x = b\"it's\"", "bytes"),
            ("[1, (2)]", "list"),
            ("return [x for x in y]", "list"),
            ("{}", "dict"),
            ("{'a': 1}", "dict"),
            ("{**a}", "dict"),
            ("{1, 2}", "set"),
            ("{':'}", "set"),
            ("()", "tuple"),
            ("f((1, 2)", "tuple"),
            ("(1)", "int"),
            ("(-1)", "int"),
            ("1.5", "float"),
            ("1e3", "float"),
            ("(2j)", "complex"),
            ("('a')", "str"),
        ] {
            assert_eq!(operand(text), Some(Operand::Literal(of)), "{text}");
        }
    }

    #[test]
    fn calls_have_the_path_of_what_is_called() {
        let path = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let call = Some(Operand::Call(path(&["asyncio", "Queue"])));
        assert_eq!(operand("x = asyncio.Queue(3)"), call);
        assert_eq!(operand("(asyncio.Queue())"), call);
        for unknown in [
            "x[0]",
            "f()()",
            "(a + b)",
            "'abc",
            "x",
            "(1 + f())",
            "'a'[0]",
        ] {
            assert_eq!(operand(unknown), None, "{unknown}");
        }
    }
}
