//! Classes of the file that cannot be used so: abstract ones that are made, and names that an enum does not have.
//!
//! A class is abstract while a method of its family is marked as such and no class of the family defines it otherwise. All bases must
//! be in sight, and the enum must get its members from its own text.

use std::collections::HashSet;

use super::Lint;
use super::class_facts::last_name;
use super::evident::{Evident, evident};
use super::known::{Callee, Known};
use super::members::{Base, base};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::compile::scope::{Role, ScopeId};
use crate::diagnostics::similar::nearest;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Arg, ClassDef, Constant, Expr, ExprKind, FunctionDef, StmtKind};

/// Decorators of methods that a class must define to be made.
const MARKS: &[&str] = &[
    "abstractmethod",
    "abstractproperty",
    "abstractclassmethod",
    "abstractstaticmethod",
];
/// The classes of `enum` whose members are those of the text.
const ENUMS: &[&str] = &["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"];
/// How many classes deep bases are followed.
const DEPTH: u32 = 20;

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    let methods = lint.known.classes().flat_map(|it| it.methods.values());
    let marked = methods.filter_map(|it| it.filter(|it| is_marked(it.def)));
    Box::new(Classes {
        known: lint.known,
        marked: marked
            .map(|it| lint.known.tree.of(it.def, Role::Body))
            .collect(),
        found: Vec::new(),
    })
}

struct Classes<'a, 'k> {
    known: &'k Known<'a>,
    /// The bodies of abstract methods.
    marked: HashSet<ScopeId>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Classes<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Classes<'a, '_> {
    fn expr(&mut self, expr: &'a Expr, at: At) {
        if at.guards.has(Guards::PROBED) {
            return;
        }
        match &expr.kind {
            // The body of an abstract method is there to be replaced.
            ExprKind::Call { func, .. }
                if !at.guards.has(Guards::TYPE) && !self.marked.contains(&at.scope) =>
            {
                if let Some(Callee::Class(class)) = self.known.callee(func, at.scope) {
                    self.made(class, expr.span);
                }
            }
            ExprKind::Attribute { value, attr } if !at.guards.has(Guards::ATTRIBUTE) => {
                if let Some(Evident::Class(class)) = evident(self.known, value, at.scope)
                    && self.known.stores(&attr.name) == 0
                    && !attr.name.starts_with('_')
                    && self.is_no_member(class, &attr.name)
                {
                    let what = format!(
                        "class '{}' has no attribute '{}'",
                        class.name.name, attr.name
                    );
                    self.no_member(class, &attr.name, attr.span, what);
                }
            }
            ExprKind::Subscript { value, index } if !at.guards.has(Guards::LOOKUP) => {
                if let Some(Evident::Class(class)) = evident(self.known, value, at.scope)
                    && let ExprKind::Constant(Constant::Str(name)) = &index.kind
                    && self.is_no_member(class, name)
                {
                    let what = format!("'{name}' is no member of '{}'", class.name.name);
                    self.no_member(class, name, index.span, what);
                }
            }
            _ => {}
        }
    }
}

impl<'a> Classes<'a, '_> {
    /// An object of the class is made.
    fn made(&mut self, class: &'a ClassDef, span: Span) {
        let mut family = Family::default();
        if !family.add(DEPTH, self.known, class) || !family.is_checked {
            return;
        }
        let missing = family.missing(self.known);
        let Some(first) = missing.first() else {
            return;
        };
        let methods = match missing.len() {
            1 => format!("abstract method '{first}'"),
            _ => format!("abstract methods '{}'", missing.join("', '")),
        };
        let name = &class.name.name;
        self.found.push(
            Diagnostic::error(
                ErrorCode::AbstractClass,
                span,
                format!(
                    "Can't instantiate abstract class {name} without an implementation for {methods}"
                ),
            )
            .label("raises TypeError")
            .also(class.header, "the class"),
        );
    }

    /// Whether the class is an enum that surely has no member or attribute of this name.
    fn is_no_member(&self, class: &'a ClassDef, name: &str) -> bool {
        let Some(facts) = self.known.class(class) else {
            return false;
        };
        let body = self.known.tree.get(self.known.tree.of(class, Role::Body));
        let binds = |name: &str| body.symbol(name).is_some_and(|it| it.is_bound);
        if binds(name) || binds("_ignore_") || binds("__getattr__") || self.known.makes_attributes()
        {
            return false;
        }
        let mut is_enum = false;
        let all_lack = class.args.iter().all(|arg| {
            let Arg::Pos(expr) = arg else {
                return false;
            };
            let (module, of) = match self.known.callee(expr, facts.outer) {
                Some(Callee::Member("enum", of)) if ENUMS.contains(&of) => {
                    is_enum = true;
                    ("enum", of)
                }
                Some(Callee::Member("builtins", of)) => ("builtins", of),
                _ => return false,
            };
            let path = format!("{of}.{name}");
            self.known.world.has_attribute(module, &path) == Some(false)
        });
        is_enum && all_lack
    }

    fn no_member(&mut self, class: &'a ClassDef, name: &str, span: Span, what: String) {
        let finding = Diagnostic::error(ErrorCode::UnknownMember, span, what)
            .label("no such member")
            .also(class.header, "the enum");
        let names = class.body.iter().filter_map(|stmt| match &stmt.kind {
            StmtKind::Assign { targets, .. } => match &targets[..] {
                [
                    Expr {
                        kind: ExprKind::Name(name),
                        ..
                    },
                ] => Some(&**name),
                _ => None,
            },
            _ => None,
        });
        self.found.push(match nearest(name, names) {
            Some(near) => finding.help(format!("did you mean '{near}'?")),
            None => finding,
        });
    }
}

/// A class and its bases in the file.
#[derive(Default)]
struct Family<'a> {
    classes: Vec<&'a ClassDef>,
    /// Whether making an object asks for abstract methods: `ABC`, `ABCMeta`.
    is_checked: bool,
}

impl<'a> Family<'a> {
    /// Adds a class with its bases; false: not all of them are in sight.
    fn add(&mut self, depth: u32, known: &Known<'a>, class: &'a ClassDef) -> bool {
        let (Some(depth), Some(facts)) = (depth.checked_sub(1), known.class(class)) else {
            return false;
        };
        self.classes.push(class);
        class.args.iter().all(|arg| match arg {
            Arg::Keyword { name, value } if &*name.name == "metaclass" => {
                let is_abc = matches!(
                    known.callee(value, facts.outer),
                    Some(Callee::Member("abc", "ABCMeta"))
                );
                self.is_checked |= is_abc;
                is_abc
            }
            Arg::Pos(expr) => match base(known, facts, arg) {
                Base::File(base) => self.add(depth, known, base),
                Base::Plain => {
                    let called = known.callee(expr, facts.outer);
                    self.is_checked |= matches!(called, Some(Callee::Member("abc", "ABC")));
                    true
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// The methods that are marked as abstract and that no class of the family defines.
    fn missing(&self, known: &Known<'a>) -> Vec<&'a str> {
        let facts = || self.classes.iter().filter_map(|it| known.class(it));
        let marked = facts().flat_map(|it| &it.methods);
        let marked = marked.filter(|(_, method)| method.is_some_and(|it| is_marked(it.def)));
        let mut names: Vec<&str> = marked.map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        let defines = |class: &ClassDef, name: &str| {
            let body = known.tree.get(known.tree.of(class, Role::Body));
            let method = known.class(class).and_then(|it| it.methods.get(name));
            let is_abstract = method.is_some_and(|it| it.is_some_and(|it| is_marked(it.def)));
            body.symbol(&body.mangle(&name.into()))
                .is_some_and(|it| it.is_bound)
                && !is_abstract
        };
        let makes = |class: &&ClassDef| defines(class, "__new__");
        if self.classes.iter().any(makes) || known.text.contains("__abstractmethods__") {
            return Vec::new();
        }
        names.retain(|name| !self.classes.iter().any(|class| defines(class, name)));
        names
    }
}

/// Whether a method is marked as abstract.
fn is_marked(def: &FunctionDef) -> bool {
    let marks = def.decorators.iter().filter_map(last_name);
    marks.into_iter().any(|name| MARKS.contains(&name))
}
