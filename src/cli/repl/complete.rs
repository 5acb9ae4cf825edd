//! What Tab may put under the cursor: names, attributes, keywords, modules, commands.
//!
//! `Query::of` says from the text before the cursor what is asked, without knowing any name; the editor's thread does that. `answer`
//! gives the names and runs where the interpreter is. Names that begin with an underscore are given to those who typed one.

use super::commands::COMMANDS;
use super::literal::{Operand, operand};
use crate::embed::{Interpreter, KEY};

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
    /// A name after a dotted path, which may be empty.
    Name(Vec<String>, String),
    /// The same for a name alone among the arguments of a call of what the path stands for: also the parameters.
    Argument(Vec<String>, String),
    /// A method of a literal of this type.
    Method(&'static str, String),
    /// The same of an instance of the class that the path stands for.
    Made(Vec<String>, String),
    /// A key of what the path stands for, in these quotes.
    Key(Vec<String>, String, char),
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
        let quote = line.rfind(['"', '\'']);
        if quote.is_some_and(|at| line[..at].ends_with('[')) {
            return key(line);
        }
        method(line)
            .or_else(|| argument(before))
            .or_else(|| dotted(line))
    }

    /// How much of the text before the cursor the answer replaces, in bytes.
    pub fn typed(&self) -> usize {
        match self {
            Query::Command(word)
            | Query::Module(word)
            | Query::Member(_, word)
            | Query::Name(_, word)
            | Query::Argument(_, word)
            | Query::Method(_, word)
            | Query::Made(_, word)
            | Query::Key(_, word, _) => word.len(),
            Query::File => 0,
        }
    }

    /// What follows the only word that fits: the end of a key.
    pub fn end(&self) -> String {
        match self {
            Query::Key(.., quote) => format!("{quote}]"),
            _ => String::new(),
        }
    }
}

/// `data["na`: a key; before it may be further keys, as in `data["user"]["na`.
fn key(line: &str) -> Option<Query> {
    let quote = line.rfind(['"', '\''])?;
    let (before, word) = (&line[..quote], &line[quote + 1..]);
    let mark = line[quote..].chars().next()?;
    let mut before = before.strip_suffix('[')?;
    let mut keys = Vec::new();
    while let Some(inner) = before.strip_suffix(']') {
        let quote = inner.chars().next_back().filter(|c| "\"'".contains(*c))?;
        let (outer, key) = inner.strip_suffix(quote)?.rsplit_once(quote)?;
        keys.push(format!("{KEY}{key}"));
        before = outer.strip_suffix('[')?;
    }
    let Query::Name(mut path, last) = dotted(before)? else {
        return None;
    };
    path.push(last);
    let is_whole = !path.iter().any(String::is_empty);
    path.extend(keys.into_iter().rev());
    is_whole.then(|| Query::Key(path, word.to_owned(), mark))
}

/// `"abc".st`, `[1, 2].ap`, `Path("x").na`: a method of a literal, or of what a call makes.
fn method(line: &str) -> Option<Query> {
    let (before, word) = line.rsplit_once('.')?;
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    if !word.chars().all(is_word) || word.starts_with(|c: char| c.is_numeric()) {
        return None;
    }
    Some(match operand(before)? {
        Operand::Literal(of) => Query::Method(of, word.to_owned()),
        Operand::Call(path) => Query::Made(path, word.to_owned()),
    })
}

/// A name alone within the parentheses of a call.
fn argument(text: &str) -> Option<Query> {
    let Query::Name(path, word) = dotted(text)? else {
        return None;
    };
    let before = text[..text.len() - word.len()].trim_end();
    if !path.is_empty() || !before.ends_with(['(', ',']) {
        return None;
    }
    let mut depth = 0_i32;
    let open = before.char_indices().rev().find(|&(_, c)| {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' => depth -= 1,
            _ => {}
        }
        depth < 0
    });
    let (at, _) = open.filter(|&(_, c)| c == '(')?;
    let Query::Name(mut callee, last) = dotted(&before[..at])? else {
        return None;
    };
    callee.push(last);
    (!callee.iter().any(String::is_empty)).then_some(Query::Argument(callee, word))
}

/// The dotted name at the end of a text; none after a number, a string or a call, whose attributes nobody knows.
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

/// The names that may follow a path; for an empty one also keywords.
fn names(interpreter: &mut Interpreter, path: &[String]) -> Vec<String> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut names = interpreter.names(&path);
    if path.is_empty() {
        names.extend(KEYWORDS.iter().map(|&word| word.to_owned()));
        names.push("asyncio".to_owned());
    }
    names
}

/// The words that fit, in order.
pub fn answer(query: &Query, interpreter: &mut Interpreter) -> Vec<String> {
    let (mut names, word): (Vec<String>, &str) = match query {
        Query::File => return Vec::new(),
        Query::Command(word) => {
            let names = COMMANDS.iter().map(|command| format!(":{}", command.name));
            (names.collect(), word)
        }
        Query::Module(word) => {
            let package = word.rsplit_once('.').map_or("", |(package, _)| package);
            (interpreter.importable(package), word)
        }
        Query::Member(module, word) => (interpreter.members(module), word),
        Query::Name(path, word) => (names(interpreter, path), word),
        Query::Argument(path, word) => {
            let callee: Vec<&str> = path.iter().map(String::as_str).collect();
            let mut found = names(interpreter, &[]);
            let parameters = interpreter.parameters(&callee).into_iter();
            found.extend(parameters.map(|name| format!("{name}=")));
            (found, word)
        }
        Query::Method(of, word) => (interpreter.names(&[of]), word),
        Query::Made(path, word) => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            (interpreter.names_of_instances(&path), word)
        }
        Query::Key(path, word, _) => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            (interpreter.keys(&path), word)
        }
    };
    let last = |name: &str| {
        name.rsplit('.')
            .next()
            .is_some_and(|it| it.starts_with('_'))
    };
    names.retain(|name| name.starts_with(word) && (last(word) || !last(name)));
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
        let of = |path: &[&str]| path.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let argument = Query::Argument(of(&["print"]), "se".to_owned());
        assert_eq!(Query::of("print(f(1), se"), Some(argument));
        let method = Query::Method("str", "sta".to_owned());
        assert_eq!(Query::of("'abc'.sta"), Some(method));
        assert_eq!(Query::of("x[0].sta"), None);
        let key = Query::Key(of(&["a", "data"]), "na".to_owned(), '\'');
        assert_eq!(Query::of("a.data['na"), Some(key));
        let nested = Query::Key(of(&["data", "[a", "[b"]), "na".to_owned(), '\'');
        assert_eq!(Query::of("data['a'][\"b\"]['na"), Some(nested));
        assert_eq!(Query::of("data[0]['na"), None);
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
        let made = Query::Made(of(&["f"]), "x".to_owned());
        assert_eq!(Query::of("f().x"), Some(made));
        assert_eq!(Query::of("f()().x"), None);
    }
}
