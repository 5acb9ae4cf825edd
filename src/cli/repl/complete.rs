//! What Tab may put under the cursor: names, attributes, keywords, modules, commands.
//!
//! `Query::of` says from the text before the cursor what is asked, without knowing any name; the editor's thread does that. `answer`
//! gives the names and runs where the interpreter is. Names that begin with an underscore are given to those who typed one.

use super::commands::COMMANDS;
use crate::embed::Interpreter;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A command of the prompt.
    Command(String),
    /// A file, for `:load` and `:save`.
    File,
    /// A module.
    Module(String),
    /// A name of a module.
    Member(String, String),
    /// A name behind a dotted path, which may be empty.
    Name(Vec<String>, String),
}

impl Query {
    /// What the text before the cursor asks for; None: nothing that could be completed.
    pub fn of(before: &str) -> Option<Query> {
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        if let Some(command) = before.strip_prefix(':') {
            return match command.split_once(' ') {
                None => Some(Query::Command(format!(":{command}"))),
                Some(("load" | "save", _)) => Some(Query::File),
                Some((_, rest)) => dotted(rest),
            };
        }
        let mut words = line.split_whitespace();
        let is_import = matches!(words.next(), Some("import" | "from"));
        if is_import && !line.contains(" import ") && line.contains(' ') {
            let word = line.rsplit([' ', ',']).next().unwrap_or_default();
            return Some(Query::Module(word.to_owned()));
        }
        if let (true, Some((from, names))) = (is_import, line.split_once(" import ")) {
            let path = from.trim_start_matches("from").trim();
            let word = names.rsplit([' ', ',', '(']).next().unwrap_or_default();
            return Some(Query::Member(path.to_owned(), word.to_owned()));
        }
        dotted(line)
    }

    /// How much of the text before the cursor the answer replaces, in bytes.
    pub fn typed(&self) -> usize {
        match self {
            Query::Command(word)
            | Query::Module(word)
            | Query::Member(_, word)
            | Query::Name(_, word) => word.len(),
            Query::File => 0,
        }
    }
}

/// The dotted name at the end of a text; none behind a number, a string or a call, whose attributes nobody knows.
fn dotted(text: &str) -> Option<Query> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let start = text
        .rfind(|c: char| !is_word(c) && c != '.')
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    let mut words: Vec<String> = text[start..].split('.').map(str::to_owned).collect();
    let word = words.pop()?;
    let broken = |word: &String| word.is_empty() || word.starts_with(|c: char| c.is_numeric());
    (!words.iter().any(broken) && !word.starts_with(|c: char| c.is_numeric()))
        .then_some(Query::Name(words, word))
}

/// The words that fit, in order.
pub fn answer(query: &Query, interpreter: &mut Interpreter) -> Vec<String> {
    let (mut names, word): (Vec<String>, &str) = match query {
        Query::File => return Vec::new(),
        Query::Command(word) => {
            let names = COMMANDS.iter().map(|command| format!(":{}", command.name));
            (names.collect(), word)
        }
        Query::Module(word) => (interpreter.modules().map(str::to_owned).collect(), word),
        Query::Member(module, word) => (interpreter.members(module), word),
        Query::Name(path, word) => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let mut names = interpreter.names(&path);
            if path.is_empty() {
                names.extend(KEYWORDS.iter().map(|&word| word.to_owned()));
                names.push("asyncio".to_owned());
            }
            (names, word)
        }
    };
    names
        .retain(|name| name.starts_with(word) && (word.starts_with('_') || !name.starts_with('_')));
    names.sort();
    names.dedup();
    names
}

const KEYWORDS: [&str; 38] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "case", "class",
    "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if",
    "import", "in", "is", "lambda", "match", "nonlocal", "not", "or", "pass", "raise", "return",
    "try", "type", "while", "with", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &[&str], word: &str) -> Option<Query> {
        let path = path.iter().map(|&word| word.to_owned()).collect();
        Some(Query::Name(path, word.to_owned()))
    }

    #[test]
    fn the_text_says_what_is_asked() {
        assert_eq!(Query::of("print(asyncio.sl"), name(&["asyncio"], "sl"));
        assert_eq!(Query::of("x = a.b.c"), name(&["a", "b"], "c"));
        assert_eq!(Query::of("fo"), name(&[], "fo"));
        assert_eq!(Query::of("import ma"), Some(Query::Module("ma".to_owned())));
        let member = Query::Member("math".to_owned(), "s".to_owned());
        assert_eq!(Query::of("from math import s"), Some(member));
        assert_eq!(Query::of(":ta"), Some(Query::Command(":ta".to_owned())));
        assert_eq!(Query::of(":type a.b"), name(&["a"], "b"));
        assert_eq!(Query::of(":load x"), Some(Query::File));
        assert_eq!(Query::of("1.2"), None);
        assert_eq!(Query::of("f().x"), None);
    }
}
