//! What a function may be called with: read off a `def` or off the text of a signature, and held against the arguments of a call.
//!
//! A native's signature is the text that its binder obeys, so a call that does not fit here raises TypeError there. Arguments after
//! stars are unknown: with them only what is certain is said.

use crate::diagnostics::similar::nearest;
use crate::syntax::ast::{Arg, Params};

/// What a function may be called with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    params: Vec<Param>,
    has_args: bool,
    has_kwargs: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Param {
    name: String,
    kind: Kind,
    is_required: bool,
}

/// A field of a data class.
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether only a keyword fills it.
    pub is_keyword: bool,
    /// Whether it has no default.
    pub is_required: bool,
}

/// How a parameter may be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Positional,
    Normal,
    Keyword,
}

impl Signature {
    /// The parameters of a `def`, from the second on where `bound` says so.
    pub fn of_def(params: &Params, bound: Bound) -> Signature {
        let param = |kind| {
            move |param: &crate::syntax::ast::Param| Param {
                name: param.name.name.to_string(),
                kind,
                is_required: param.default.is_none(),
            }
        };
        let positional = params.posonly.iter().map(param(Kind::Positional));
        let all = positional
            .chain(params.regular.iter().map(param(Kind::Normal)))
            .chain(params.kwonly.iter().map(param(Kind::Keyword)));
        let mut params_left: Vec<Param> = all.collect();
        let takes_self = params_left
            .first()
            .is_some_and(|first| first.kind != Kind::Keyword);
        if bound == Bound::ToInstance && takes_self {
            params_left.remove(0);
        }
        Signature {
            params: params_left,
            has_args: params.vararg.is_some(),
            has_kwargs: params.kwarg.is_some(),
        }
    }

    /// How a data class with these fields is called.
    pub fn of_fields(fields: Vec<Field>) -> Signature {
        let params = fields.into_iter().map(|field| Param {
            name: field.name,
            kind: if field.is_keyword {
                Kind::Keyword
            } else {
                Kind::Normal
            },
            is_required: field.is_required,
        });
        Signature {
            params: params.collect(),
            ..Signature::default()
        }
    }

    /// What to do about a call that does not fit, if that is likely known: a keyword that is spelt nearly right.
    pub fn help(&self, args: &[Arg]) -> Option<String> {
        let unknown = self.unknown_keyword(args)?;
        let near = nearest(unknown, self.keywords().into_iter())?;
        Some(format!("did you mean '{near}'?"))
    }

    /// What the text `name(a, /, b=1, *, c) -> result` says; None if it cannot be read.
    pub fn of_text(text: &str) -> Option<Signature> {
        let inside = text.split_once('(')?.1;
        let mut signature = Signature::default();
        let mut kind = Kind::Normal;
        for part in split(inside)? {
            let name = part.split(['=', ':']).next().unwrap_or_default().trim();
            match name {
                "" => {}
                "/" => signature
                    .params
                    .iter_mut()
                    .for_each(|param| param.kind = Kind::Positional),
                "*" => kind = Kind::Keyword,
                _ if name.starts_with("**") => signature.has_kwargs = true,
                _ if name.starts_with('*') => {
                    signature.has_args = true;
                    kind = Kind::Keyword;
                }
                _ => signature.params.push(Param {
                    name: name.to_owned(),
                    kind,
                    is_required: !part.contains('='),
                }),
            }
        }
        Some(signature)
    }

    /// What is wrong with a call, if anything surely is.
    pub fn refuse(&self, args: &[Arg]) -> Option<String> {
        let given = args.iter().filter(|arg| matches!(arg, Arg::Pos(_))).count();
        let has_star = args.iter().any(|arg| matches!(arg, Arg::Star(_)));
        let has_double_star = args.iter().any(|arg| matches!(arg, Arg::DoubleStar(_)));
        let named = |name: &str| {
            args.iter()
                .any(|arg| matches!(arg, Arg::Keyword { name: it, .. } if &*it.name == name))
        };
        let places: Vec<&Param> = self.places().collect();
        if !self.has_args && given > places.len() {
            return Some(too_many(places.len(), given));
        }
        if let Some(unknown) = self.unknown_keyword(args) {
            return Some(format!("it has no parameter '{unknown}'"));
        }
        if let Some(twice) = places[..given.min(places.len())]
            .iter()
            .find(|param| param.kind == Kind::Normal && named(&param.name))
        {
            return Some(format!("'{}' is given twice", twice.name));
        }
        if has_double_star {
            return None;
        }
        let missing: Vec<String> = places
            .iter()
            .skip(given)
            .filter(|_| !has_star)
            .chain(
                self.params
                    .iter()
                    .filter(|param| param.kind == Kind::Keyword)
                    .collect::<Vec<_>>()
                    .iter(),
            )
            .filter(|param| {
                param.is_required && (param.kind == Kind::Positional || !named(&param.name))
            })
            .map(|param| format!("'{}'", param.name))
            .collect();
        (!missing.is_empty()).then(|| format!("{} missing", listed(&missing)))
    }

    fn places(&self) -> impl Iterator<Item = &Param> {
        self.params
            .iter()
            .filter(|param| param.kind != Kind::Keyword)
    }

    fn unknown_keyword<'a>(&self, args: &'a [Arg]) -> Option<&'a str> {
        if self.has_kwargs {
            return None;
        }
        let names = args.iter().filter_map(|arg| match arg {
            Arg::Keyword { name, .. } => Some(&*name.name),
            _ => None,
        });
        let takes = |name: &str| {
            let mut params = self.params.iter();
            params.any(|param| param.kind != Kind::Positional && param.name == name)
        };
        names.into_iter().find(|name| !takes(name))
    }

    /// The names that keywords may have.
    pub fn keywords(&self) -> Vec<&str> {
        let named = self
            .params
            .iter()
            .filter(|param| param.kind != Kind::Positional);
        named.map(|param| &*param.name).collect()
    }
}

/// Whether the first parameter is filled before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It is not.
    No,
    /// With the instance or the class.
    ToInstance,
}

fn too_many(takes: usize, given: usize) -> String {
    let arguments = match takes {
        0 => "no positional arguments".to_owned(),
        1 => "at most 1 positional argument".to_owned(),
        n => format!("at most {n} positional arguments"),
    };
    let were = if given == 1 { "is" } else { "are" };
    format!("it takes {arguments}, {given} {were} given")
}

fn listed(names: &[String]) -> String {
    match names {
        [only] => format!("{only} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => String::new(),
    }
}

/// The parameters in a text that begins after the `(`; None if its brackets and quotes do not match.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut depth, mut quote, mut from) = (0_u32, None, 0);
    let mut parts = Vec::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            let ends = c == open && !escaped;
            escaped = c == '\\' && !escaped;
            if ends {
                quote = None;
            }
            continue;
        }
        match c {
            '\'' | '"' => quote = Some(c),
            ')' if depth == 0 => {
                parts.push(&text[from..at]);
                return Some(parts);
            }
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::ast::{ExprKind, StmtKind};
    use crate::syntax::parser::parse_module;

    fn refused(signature: &str, call: &str) -> Option<String> {
        let module = parse_module(call).module.expect("it parses");
        let StmtKind::Expr(expr) = &module.body[0].kind else {
            panic!("{call} is no expression");
        };
        let ExprKind::Call { args, .. } = &expr.kind else {
            panic!("{call} is no call");
        };
        Signature::of_text(signature)
            .expect("it can be read")
            .refuse(args)
    }

    #[test]
    fn calls_are_held_against_signatures() {
        for (signature, call, problem) in [
            (
                "f()",
                "f(1)",
                Some("it takes no positional arguments, 1 is given"),
            ),
            (
                "f(a, b=',')",
                "f(1, 2, 3)",
                Some("it takes at most 2 positional arguments, 3 are given"),
            ),
            ("f(a, b)", "f()", Some("'a' and 'b' are missing")),
            ("f(a, /, b)", "f(a=1, b=2)", Some("it has no parameter 'a'")),
            (
                "f(a, *, key=None)",
                "f(1, ky=2)",
                Some("it has no parameter 'ky'"),
            ),
            ("f(a, b)", "f(1, a=2)", Some("'a' is given twice")),
            ("f(a, *, c)", "f(1)", Some("'c' is missing")),
            ("f(a, *rest)", "f(1, 2, 3)", None),
            ("f(a, b)", "f(*x)", None),
            ("f(a, b)", "f(1, **x)", None),
            ("f(**options)", "f(a=1)", None),
            ("f(a: dict[str, int] = {}, b=(1, 2))", "f()", None),
        ] {
            assert_eq!(
                refused(signature, call).as_deref(),
                problem,
                "{signature} {call}"
            );
        }
    }
}
