//! Formats that do not fit their arguments: `"%s %s" % x`, `"{} {}".format(1)`, and `print("{name}")` without the `f`.
//!
//! Only literal formats are read, and only what surely fails, or surely loses an argument, is told.

use super::Lint;
use super::evident::evident;
use super::known::{Callee, Known};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Arg, BinOp, Constant, DictItem, Expr, ExprKind};

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Formats {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Formats<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Formats<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Formats<'a, '_> {
    fn expr(&mut self, expr: &'a Expr, at: At) {
        let guards = [Guards::TYPE, Guards::VALUE, Guards::LOOKUP];
        if guards.iter().any(|it| at.guards.has(*it)) {
            return;
        }
        match &expr.kind {
            ExprKind::BinOp {
                left,
                op: BinOp::Mod,
                right,
            } => {
                if let ExprKind::Constant(Constant::Str(text)) = &left.kind {
                    self.percent(text, right, expr.span, at);
                }
            }
            ExprKind::Call { func, args } => {
                if let ExprKind::Attribute { value, attr } = &func.kind
                    && &*attr.name == "format"
                    && let ExprKind::Constant(Constant::Str(text)) = &value.kind
                {
                    self.braces(text, args, expr.span);
                }
                if let Some(Callee::Member("builtins", "print")) = self.known.callee(func, at.scope)
                {
                    for arg in args {
                        self.forgotten(arg, at);
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Formats<'a, '_> {
    fn tell(&mut self, span: Span, problem: String, raises: &str) {
        self.found.push(
            Diagnostic::error(ErrorCode::FormatArguments, span, problem)
                .label(format!("raises {raises}")),
        );
    }

    fn percent(&mut self, text: &str, right: &'a Expr, span: Span, at: At) {
        let Some(fields) = Percent::read(text) else {
            return;
        };
        let given = match &right.kind {
            ExprKind::Tuple(items) => {
                if items
                    .iter()
                    .any(|it| matches!(it.kind, ExprKind::Starred(_)))
                {
                    return;
                }
                items.len()
            }
            ExprKind::Dict(items) => return self.named(&fields, items, span),
            _ => match evident(self.known, right, at.scope).and_then(|it| it.builtin()) {
                Some("str" | "int" | "float" | "bool") => 1,
                _ => return,
            },
        };
        if fields.has_names {
            if !fields.names.is_empty() {
                self.tell(
                    span,
                    "a format with names needs a dict".to_owned(),
                    "TypeError",
                );
            }
            return;
        }
        if fields.count != given {
            let (wants, gets) = (plural(fields.count, "value"), plural(given, "value"));
            self.tell(
                span,
                format!("this format takes {wants} and gets {gets}"),
                "TypeError",
            );
        }
    }

    fn named(&mut self, fields: &Percent, items: &[DictItem], span: Span) {
        let mut keys = Vec::new();
        for item in items {
            match item {
                DictItem::Pair(key, _) => match &key.kind {
                    ExprKind::Constant(Constant::Str(key)) => keys.push(&**key),
                    _ => return,
                },
                DictItem::DoubleStar(_) => return,
            }
        }
        if let Some(missing) = fields.names.iter().find(|name| !keys.contains(&&***name)) {
            self.tell(span, format!("the dict has no key '{missing}'"), "KeyError");
        }
    }

    fn braces(&mut self, text: &str, args: &[Arg], span: Span) {
        let is_open = |arg: &Arg| matches!(arg, Arg::Star(_) | Arg::DoubleStar(_));
        if args.iter().any(is_open) {
            return;
        }
        let Some(fields) = Braces::read(text) else {
            return;
        };
        if fields.is_automatic && fields.is_numbered {
            let problem = "fields with and without numbers cannot be mixed".to_owned();
            return self.tell(span, problem, "ValueError");
        }
        let positional = args.iter().filter(|arg| matches!(arg, Arg::Pos(_))).count();
        if fields.count > positional {
            let (wants, gets) = (plural(fields.count, "value"), plural(positional, "value"));
            let problem = format!("this format takes {wants} and gets {gets}");
            return self.tell(span, problem, "IndexError");
        }
        let keywords: Vec<&str> = args
            .iter()
            .filter_map(|arg| match arg {
                Arg::Keyword { name, .. } => Some(&*name.name),
                _ => None,
            })
            .collect();
        if let Some(missing) = fields.names.iter().find(|it| !keywords.contains(&&***it)) {
            self.tell(
                span,
                format!("no argument is called '{missing}'"),
                "KeyError",
            );
        }
    }

    /// `print("Hello {name}")`, where `name` is a variable.
    fn forgotten(&mut self, arg: &'a Arg, at: At) {
        let Arg::Pos(expr) = arg else {
            return;
        };
        let ExprKind::Constant(Constant::Str(text)) = &expr.kind else {
            return;
        };
        let Some(fields) = Braces::read(text).filter(|it| !it.names.is_empty()) else {
            return;
        };
        let is_variable = |name: &String| {
            self.known
                .home(at.scope, name)
                .is_some_and(|home| self.known.tree.symbol(home.0, home.1).is_bound)
        };
        if fields.is_automatic || fields.is_numbered || !fields.names.iter().all(is_variable) {
            return;
        }
        self.found.push(
            Diagnostic::error(
                ErrorCode::MissingPrefix,
                expr.span,
                format!("this prints '{{{}}}' as it stands", fields.names[0]),
            )
            .label("a string without `f`")
            .help("put an `f` before the string")
            .as_warning(),
        );
    }
}

fn plural(count: usize, word: &str) -> String {
    match count {
        0 => format!("no {word}"),
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}

/// The fields of a format with `%`.
struct Percent {
    count: usize,
    names: Vec<String>,
    has_names: bool,
}

impl Percent {
    /// None: it cannot be read, or nobody can count its fields.
    fn read(text: &str) -> Option<Percent> {
        let mut fields = Percent {
            count: 0,
            names: Vec::new(),
            has_names: false,
        };
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('%') {
            rest = after;
            if let Some(name) = rest.strip_prefix('(') {
                let (name, after) = name.split_once(')')?;
                fields.names.push(name.to_owned());
                fields.has_names = true;
                rest = after;
            }
            rest = rest.trim_start_matches(['#', '-', '+', ' ', '0']);
            for _ in 0..2 {
                if let Some(after) = rest.strip_prefix('*') {
                    fields.count += 1;
                    rest = after;
                }
                rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                rest = rest.strip_prefix('.').unwrap_or(rest);
            }
            rest = rest.trim_start_matches(['h', 'l', 'L']);
            let kind = rest.chars().next()?;
            match kind {
                '%' => {}
                _ if "diouxXeEfFgGcrsa".contains(kind) => fields.count += 1,
                _ => return None,
            }
            rest = &rest[1..];
        }
        Some(fields)
    }
}

/// The fields of a format with braces.
#[derive(Default)]
struct Braces {
    /// How many positional values it takes.
    count: usize,
    names: Vec<String>,
    is_automatic: bool,
    is_numbered: bool,
}

impl Braces {
    /// None: it cannot be read.
    fn read(text: &str) -> Option<Braces> {
        let mut fields = Braces::default();
        fields.take(text, 0)?;
        Some(fields)
    }

    fn take(&mut self, text: &str, depth: u32) -> Option<()> {
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let doubled = chars.peek().is_some_and(|next| next.1 == c);
            match c {
                '{' | '}' if doubled && depth == 0 => {
                    chars.next();
                }
                '}' => return None,
                '{' => {
                    let inside = &text[at + 1..];
                    let end = closing(inside)?;
                    self.field(&inside[..end], depth)?;
                    while chars.peek().is_some_and(|next| next.0 <= at + 1 + end) {
                        chars.next();
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn field(&mut self, field: &str, depth: u32) -> Option<()> {
        let (name, spec) = field.split_once(':').unwrap_or((field, ""));
        let name = name.split('!').next().unwrap_or_default();
        let first = name.split(['.', '[']).next().unwrap_or_default();
        if first.is_empty() {
            self.is_automatic = true;
            self.count += 1;
        } else if let Ok(number) = first.parse::<usize>() {
            self.is_numbered = true;
            self.count = self.count.max(number.checked_add(1)?);
        } else {
            let mut chars = first.chars();
            let is_name = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
                && chars.all(|c| c == '_' || c.is_alphanumeric());
            if !is_name {
                return None;
            }
            self.names.push(first.to_owned());
        }
        if depth > 1 {
            return None;
        }
        self.take(spec, depth + 1)
    }
}

/// Where the brace closes that was open before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted() {
        for (text, count) in [
            ("%s %d", 2),
            ("100%% of %5.2f", 1),
            ("%*d", 2),
            ("%-10s|%+d", 2),
        ] {
            assert_eq!(
                Percent::read(text).map(|it| it.count),
                Some(count),
                "{text}"
            );
        }
        for (text, count, names) in [
            ("{} {}", 2, 0),
            ("{{}}", 0, 0),
            ("{1} {0}", 2, 0),
            ("{a.b[0]!r:>{width}}", 0, 2),
            ("{:{}}", 2, 0),
        ] {
            let fields = Braces::read(text).expect(text);
            assert_eq!((fields.count, fields.names.len()), (count, names), "{text}");
        }
        assert!(Braces::read("{").is_none() && Braces::read("a } b").is_none());
    }
}
