//! Attributes that an object surely does not have: of literals, of objects of classes of the file and of the library, of `self`.
//!
//! `self` may be an object of a subclass that another file defines. So an attribute of it is told only if this file makes objects of
//! the class, or of a subclass, by its name, and none of those has the attribute.

use super::Lint;
use super::evident::{Evident, evident};
use super::known::Known;
use super::members::{Found, derives, find, unset};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use super::world::{Entity, Member};
use crate::diagnostics::similar::nearest;
use crate::diagnostics::{Diagnostic, ErrorCode};
use crate::syntax::ast::{ClassDef, Expr, ExprKind, Ident};

/// What other languages, or older versions, call what a type has under another name, or does in another way.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("list", "push", "write `append`"),
    ("list", "add", "write `append`"),
    ("list", "length", "write `len(...)`"),
    ("list", "size", "write `len(...)`"),
    ("list", "len", "write `len(...)`"),
    ("list", "contains", "write `x in ...`"),
    ("list", "includes", "write `x in ...`"),
    ("list", "map", "write `[f(x) for x in ...]`"),
    ("list", "filter", "write `[x for x in ... if f(x)]`"),
    ("list", "join", "write `separator.join(...)`"),
    ("set", "append", "write `add`"),
    ("set", "push", "write `add`"),
    ("tuple", "append", "a tuple cannot change; a list can"),
    ("dict", "has_key", "write `key in ...`"),
    ("dict", "iteritems", "write `items`"),
    ("dict", "iterkeys", "write `keys`"),
    ("dict", "itervalues", "write `values`"),
    ("dict", "add", "write `...[key] = value`"),
    ("dict", "append", "write `...[key] = value`"),
    ("dict", "length", "write `len(...)`"),
    ("str", "length", "write `len(...)`"),
    ("str", "len", "write `len(...)`"),
    ("str", "contains", "write `part in ...`"),
    ("str", "includes", "write `part in ...`"),
    ("str", "trim", "write `strip`"),
    ("str", "toUpperCase", "write `upper`"),
    ("str", "toLowerCase", "write `lower`"),
    ("str", "substring", "write `...[start:end]`"),
    ("str", "charAt", "write `...[index]`"),
    ("str", "indexOf", "write `find`"),
    ("str", "reverse", "write `...[::-1]`"),
    (
        "str",
        "decode",
        "text is decoded already; bytes have `decode`",
    ),
    (
        "bytes",
        "encode",
        "bytes are encoded already; text has `encode`",
    ),
];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Objects {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Objects<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Objects<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Objects<'a, '_> {
    fn expr(&mut self, expr: &'a Expr, at: At) {
        let ExprKind::Attribute { value, attr } = &expr.kind else {
            return;
        };
        let is_asked = at.guards.has(Guards::ATTRIBUTE) || at.guards.has(Guards::PROBED);
        if is_asked || attr.name.starts_with("__") {
            return;
        }
        let is_stored = self.known.stores(&attr.name) > 0;
        match evident(self.known, value, at.scope) {
            Some(Evident::Instance(class)) if is_stored => {
                let is_self = matches!(&value.kind, ExprKind::Name(name)
                    if self.known.class_of_self(name, at.scope).is_some());
                self.unset(class, attr, is_self.then_some(class));
            }
            _ if is_stored => {}
            Some(Evident::Instance(class)) => {
                let is_self = matches!(&value.kind, ExprKind::Name(name)
                    if self.known.class_of_self(name, at.scope).is_some());
                if self.lacks(class, attr, is_self.then_some(class)) {
                    self.tell_of_file(class, attr, "object");
                }
            }
            Some(Evident::Class(class)) => {
                let is_seldom = matches!(&*attr.name, "mro" | "register");
                if !is_seldom && self.lacks(class, attr, None) {
                    self.tell_of_file(class, attr, "class");
                }
            }
            Some(task) if task.is_task() => self.of_library("asyncio", "Task", attr),
            Some(Evident::Of(module, class)) => self.of_library(module, class, attr),
            Some(Evident::Member(module, class)) => self.of_class(module, class, attr),
            _ => {}
        }
    }
}

impl<'a> Objects<'a, '_> {
    /// Whether no object of the class can have the attribute; `this`: the class whose method asks.
    fn lacks(&self, class: &'a ClassDef, attr: &Ident, this: Option<&'a ClassDef>) -> bool {
        let is_absent =
            |class: &'a ClassDef| matches!(find(self.known, class, &attr.name), Found::Absent);
        if !is_absent(class) || self.known.mentions(&attr.name) {
            return false;
        }
        let Some(this) = this else {
            return true;
        };
        let mut family = self
            .known
            .classes()
            .filter(|it| derives(self.known, it.def, this));
        let all_lack = self
            .known
            .classes()
            .filter(|it| derives(self.known, it.def, this))
            .all(|it| is_absent(it.def));
        all_lack && family.any(|it| self.known.is_made(it.def))
    }

    /// The attribute is set by the `__init__` of a base that does not run; `this`: the class whose method asks.
    fn unset(&mut self, class: &'a ClassDef, attr: &Ident, this: Option<&'a ClassDef>) {
        let Some(setter) = unset(self.known, class, &attr.name) else {
            return;
        };
        let mut family = self
            .known
            .classes()
            .filter(|it| this.is_some_and(|this| derives(self.known, it.def, this)));
        let all_lack = family.all(|it| unset(self.known, it.def, &attr.name).is_some());
        if this.is_some_and(|this| !all_lack || !self.known.is_made(this)) {
            return;
        }
        let (name, setter) = (&class.name.name, &setter.name.name);
        let what = format!("'{name}' object has no attribute '{}'", attr.name);
        self.found.push(
            Diagnostic::error(ErrorCode::UnknownMember, attr.span, what)
                .label(format!(
                    "'{setter}.__init__' sets it, and nothing calls that"
                ))
                .also(class.header, "the class")
                .help(format!("call `super().__init__()` in '{name}.__init__'")),
        );
    }

    fn tell_of_file(&mut self, class: &'a ClassDef, attr: &Ident, of: &str) {
        let name = &class.name.name;
        let what = match of {
            "class" => format!("class '{name}' has no attribute '{}'", attr.name),
            _ => format!("'{name}' object has no attribute '{}'", attr.name),
        };
        let finding = Diagnostic::error(ErrorCode::UnknownMember, attr.span, what)
            .label("neither the class nor its bases set it")
            .also(class.header, "the class");
        let names = self.names_of(class);
        let finding = match nearest(&attr.name, names.into_iter()) {
            Some(near) => finding.help(format!("did you mean '{near}'?")),
            None => finding,
        };
        self.found.push(finding);
    }

    fn names_of(&self, class: &'a ClassDef) -> Vec<&'a str> {
        let Some(facts) = self.known.class(class) else {
            return Vec::new();
        };
        let methods = facts.methods.keys().copied();
        let names = methods.chain(facts.attributes.keys().copied());
        let names = names.filter(|name| !name.starts_with("__"));
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names
    }

    fn of_library(&mut self, module: &str, class: &str, attr: &Ident) {
        let name = &*attr.name;
        let world = self.known.world;
        if name.starts_with('_')
            || world.entity(module, class) != Entity::Class
            || world.member(module, class, name) != Member::Absent
        {
            return;
        }
        let finding = Diagnostic::error(
            ErrorCode::UnknownMember,
            attr.span,
            format!("'{class}' object has no attribute '{name}'"),
        );
        // Objects with a dict may get what a string names.
        let grows = module != "builtins"
            || world
                .ancestors(module, class)
                .iter()
                .any(|it| it.ends_with("BaseException"));
        if grows && self.known.mentions(name) {
            return;
        }
        let elsewhere = ELSEWHERE
            .iter()
            .find(|row| module == "builtins" && row.0 == class && row.1 == name);
        let names = world.member_names(module, class);
        let near = nearest(name, names.iter().map(String::as_str));
        let help = match (elsewhere, near) {
            (Some(row), _) => Some(row.2.to_owned()),
            (None, Some(near)) => Some(format!("did you mean '{near}'?")),
            (None, None) => None,
        };
        self.found.push(match help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }

    fn of_class(&mut self, module: &str, class: &str, attr: &Ident) {
        let name = &*attr.name;
        let world = self.known.world;
        let path = format!("{class}.{name}");
        // A mock may stand in its place.
        if name.starts_with('_')
            || self.known.text.contains("mock")
            || world.entity(module, class) != Entity::Class
            || world.member(module, class, name) != Member::Absent
            || world.has_attribute(module, &path) != Some(false)
        {
            return;
        }
        let finding = Diagnostic::error(
            ErrorCode::UnknownMember,
            attr.span,
            format!("class '{class}' has no attribute '{name}'"),
        );
        let names = world.member_names(module, class);
        let near = nearest(name, names.iter().map(String::as_str));
        self.found.push(match near {
            Some(near) => finding.help(format!("did you mean '{near}'?")),
            None => finding,
        });
    }
}
