//! What `help` shows: signature and documentation, of modules and classes also what is in them.
//!
//! A text names what is meant: a module, a dotted name, a builtin, a keyword. Lines are broken at words.

use crate::diagnostics::width;
use crate::runtime::class::Class;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::summary::{constructor, signature};
use crate::vm::{Local, Vm};

/// The columns of a line.
const WIDTH: usize = 79;
/// The same on a narrow terminal.
fn columns() -> usize {
    width().map_or(WIDTH, |width| width.saturating_sub(1).min(WIDTH))
}

const INTRODUCTION: &str = "\
help(object) shows how something is called and what it does:
help(print), help(asyncio), help(asyncio.Queue).
help(\"asyncio.gather\") does the same by name, without an import.
";

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "case", "class",
    "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if",
    "import", "in", "is", "lambda", "match", "nonlocal", "not", "or", "pass", "raise", "return",
    "try", "type", "while", "with", "yield",
];

/// The text of `help()`.
pub fn introduction() -> String {
    INTRODUCTION.to_owned()
}

/// The text of `help(object)`.
///
/// # Errors
/// What the object's own attributes raise.
pub fn of(vm: &mut Vm, object: Local) -> Result<String, Raised> {
    let Some(name) = vm
        .get_gc::<Str>(object)
        .map(|name| name.as_str().trim().to_owned())
    else {
        return describe(vm, object);
    };
    if KEYWORDS.contains(&&*name) {
        return Ok(format!("'{name}' is a keyword of the language.\n"));
    }
    match named(vm, &name) {
        Some(found) => describe(vm, found),
        None => Ok(format!(
            "Nothing is called '{name}'. help() says how to ask; help(str) is about texts.\n"
        )),
    }
}

/// What a dotted name stands for: a builtin, or a module and what is in it.
fn named(vm: &mut Vm, name: &str) -> Option<Local> {
    let parts: Vec<&str> = name.split('.').collect();
    let is_name =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c == '_' || c.is_alphanumeric());
    if !parts.iter().all(is_name) {
        return None;
    }
    let builtins = vm.local(vm.builtins().value());
    if let Some(found) = attributes(vm, builtins, &parts) {
        return Some(found);
    }
    (1..=parts.len()).rev().find_map(|length| {
        let module = match vm.import_module(&parts[..length].join(".")) {
            Ok(module) => module,
            Err(raised) => {
                vm.heap.take_raised(raised);
                return None;
            }
        };
        attributes(vm, module, &parts[length..])
    })
}

fn attributes(vm: &mut Vm, object: Local, path: &[&str]) -> Option<Local> {
    let mut at = object;
    for name in path {
        at = attribute(vm, at, name)?;
    }
    Some(at)
}

fn attribute(vm: &mut Vm, object: Local, name: &str) -> Option<Local> {
    match vm.find_attr(object, name) {
        Ok(found) => found,
        Err(raised) => {
            vm.heap.take_raised(raised);
            None
        }
    }
}

fn describe(vm: &mut Vm, object: Local) -> Result<String, Raised> {
    let is_module = vm.get_gc::<Module>(object).is_some();
    let mut text = match signature(vm, object) {
        Some(signature) => heading(&signature),
        None if is_module => match attribute(vm, object, "__name__") {
            Some(name) => format!("module {}", vm.text_of(name)?),
            None => "module".to_owned(),
        },
        None => vm.text_of(object)?,
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let doc = doc(vm, object)?;
    let call = constructor(vm, object);
    // A documentation that begins with the call says it better.
    let name = call.as_deref().and_then(|call| call.split_once('('));
    let call = call
        .as_ref()
        .filter(|_| name.is_some_and(|(name, _)| !doc.starts_with(&format!("{name}("))));
    if let Some(call) = call {
        wrap(&mut text, call, "    ");
    }
    for line in doc.lines() {
        wrap(&mut text, line.trim_end(), "    ");
    }
    if is_module || vm.get_gc::<Class>(object).is_some() {
        contents(vm, object, &mut text)?;
    }
    Ok(text)
}

fn doc(vm: &mut Vm, object: Local) -> Result<String, Raised> {
    let doc = vm.find_attr(object, "__doc__")?;
    let doc = doc.and_then(|doc| vm.get_gc::<Str>(doc));
    Ok(doc.map_or(String::new(), |doc| doc.as_str().trim_end().to_owned()))
}

/// What is in a module or class, with a sentence each.
fn contents(vm: &mut Vm, object: Local, out: &mut String) -> Result<(), Raised> {
    let calls = match vm.get_gc::<Class>(object) {
        Some(_) => "Methods",
        None => "Functions",
    };
    let mut rows: Vec<(&str, String, String)> = Vec::new();
    for name in public_names(vm, object)? {
        let mark = vm.mark();
        if let Some(value) = attribute(vm, object, &name) {
            let is_class = vm.get_gc::<Class>(value).is_some();
            let head = signature(vm, value).map(|head| without_self(&head));
            let kind = match (is_class, &head) {
                (true, _) => "Classes",
                (false, Some(_)) => calls,
                (false, None) => "Values",
            };
            let sentence = match kind {
                "Values" => String::new(),
                _ => first_sentence(&doc(vm, value)?),
            };
            let head = head.filter(|_| !is_class).unwrap_or(name);
            rows.push((kind, head, sentence));
        }
        vm.release(mark);
    }
    for kind in ["Classes", calls, "Values"] {
        let mut of_kind = rows.iter().filter(|row| row.0 == kind).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        out.push_str(&format!("\n{kind}:\n"));
        if kind == "Values" {
            let names: Vec<&str> = of_kind.map(|row| &*row.1).collect();
            wrap(out, &names.join(", "), "    ");
            continue;
        }
        for (_, head, sentence) in of_kind {
            wrap(out, head, "    ");
            if !sentence.is_empty() {
                wrap(out, sentence, "        ");
            }
        }
    }
    Ok(())
}

/// A signature as a call through an instance sees it.
fn without_self(head: &str) -> String {
    let shorter = [
        ("(self, /, ", "("),
        ("(self, /)", "()"),
        ("(self, ", "("),
        ("(self)", "()"),
    ];
    let mut known = shorter.iter().filter(|(from, _)| head.contains(from));
    known
        .next()
        .map_or(head.to_owned(), |(from, to)| head.replacen(from, to, 1))
}

/// The names in `dir()` that do not begin with `_`.
fn public_names(vm: &mut Vm, object: Local) -> Result<Vec<String>, Raised> {
    let builtins = vm.local(vm.builtins().value());
    let Some(dir) = vm.find_attr(builtins, "dir")? else {
        return Ok(Vec::new());
    };
    let names = match vm.call(dir, &[object]) {
        Ok(names) => names,
        Err(raised) if vm.is_raised(&raised, Builtin::Exception) => {
            vm.heap.take_raised(raised);
            return Ok(Vec::new());
        }
        Err(raised) => return Err(raised),
    };
    let names = vm
        .get_gc::<List>(names)
        .map_or(Vec::new(), |names| names.to_vec(&vm.heap));
    let names = names.into_iter().filter_map(|name| name.as_gc::<Str>());
    let public = names.filter(|name| !name.as_str().starts_with('_'));
    Ok(public.map(|name| name.as_str().to_owned()).collect())
}

fn first_sentence(doc: &str) -> String {
    let paragraph = doc.trim().split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.find(". ") {
        Some(end) => line[..=end].to_owned(),
        None => line,
    }
}

/// A signature, whose further lines are indented.
fn heading(signature: &str) -> String {
    let mut lines = String::new();
    wrap(&mut lines, signature, "");
    lines.trim_end().replace('\n', "\n    ")
}

/// Adds a line, broken at words; a line that is indented keeps its indentation.
fn wrap(out: &mut String, line: &str, margin: &str) {
    if line.is_empty() {
        out.push('\n');
        return;
    }
    let own = &line[..line.len() - line.trim_start().len()];
    let mut column = 0;
    for word in line.split_whitespace() {
        let size = word.chars().count();
        if column > 0 && column + 1 + size > columns() {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(margin);
            out.push_str(own);
            column = margin.len() + own.len();
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += size;
    }
    out.push('\n');
}
