//! What objects of a class of the file have: its own names, those of its bases, those of bases in the library.
//!
//! "Absent" is said only where the whole ancestry is in sight and nothing in it, or in the file, makes attributes in ways that no
//! statement names.

use super::class_facts::{ClassFacts, How, keeps_class};
use super::known::{Callee, Kind, Known};
use super::world::{Entity, Member};
use crate::compile::scope::{Role, ScopeId};
use crate::syntax::ast::{Arg, ClassDef, Expr, ExprKind, FunctionDef, StmtKind};

/// What a class has under a name.
#[derive(Clone)]
pub enum Found<'a> {
    /// A method of a class of the file.
    Method(&'a FunctionDef, Kind, How),
    /// A value; the only one that methods assign, and their scope, if that is known.
    Value(Option<(&'a Expr, ScopeId)>),
    /// A method of a base in the library: its module and class.
    Library(&'a str, &'a str),
    /// Nothing.
    Absent,
    /// Nobody can say.
    Unknown,
}

/// A base of a class.
pub enum Base<'a> {
    /// A class of the file.
    File(&'a ClassDef),
    /// A class of the library: its module and name.
    Library(&'a str, &'a str),
    /// `object`, `ABC`, `Protocol`, `Generic`: nothing of its own.
    Plain,
    /// `typing.NamedTuple`: a tuple whose fields the class names.
    NamedTuple,
    /// Nobody can say.
    Unknown,
}

/// The names that a named tuple has beside its fields and the names of tuples.
const NAMED_TUPLE: [&str; 5] = ["_asdict", "_replace", "_make", "_fields", "_field_defaults"];

/// How many classes deep bases are followed.
const DEPTH: u32 = 20;

/// What objects of a class have under a name.
pub fn find<'a>(known: &Known<'a>, class: &'a ClassDef, name: &str) -> Found<'a> {
    find_in(DEPTH, known, class, name)
}

fn find_in<'a>(depth: u32, known: &Known<'a>, class: &'a ClassDef, name: &str) -> Found<'a> {
    let (Some(depth), Some(facts)) = (depth.checked_sub(1), known.class(class)) else {
        return Found::Unknown;
    };
    if let Some(own) = own(known, facts, name) {
        return own;
    }
    if !is_closed(known, facts) {
        return Found::Unknown;
    }
    for arg in &class.args {
        let found = match base(known, facts, arg) {
            Base::File(base) => find_in(depth, known, base, name),
            Base::Library(module, base) => match known.world.member(module, base, name) {
                Member::Unknown => Found::Unknown,
                Member::Absent => Found::Absent,
                Member::Value => Found::Value(None),
                Member::Method(_) => Found::Library(module, base),
            },
            Base::NamedTuple if NAMED_TUPLE.contains(&name) => Found::Value(None),
            Base::NamedTuple => match known.world.member("builtins", "tuple", name) {
                Member::Absent => Found::Absent,
                _ => Found::Value(None),
            },
            Base::Plain => Found::Absent,
            Base::Unknown => Found::Unknown,
        };
        if !matches!(found, Found::Absent) {
            return found;
        }
    }
    Found::Absent
}

/// The base whose `__init__` alone sets an attribute, if making an object of the class does not call that.
pub fn unset<'a>(known: &Known<'a>, class: &'a ClassDef, name: &str) -> Option<&'a ClassDef> {
    let initial = known.classes().filter_map(|it| it.initial.get(name));
    if initial.sum::<u32>() != known.stores(name) || known.mentions(name) {
        return None;
    }
    let mut setter = None;
    let is_sure = find_setter(DEPTH, known, (class, true), name, &mut setter);
    setter.filter(|_| is_sure)
}

/// Goes through a class and its bases; whether none of them may give its objects the attribute. `runs`: whether its `__init__` runs.
fn find_setter<'a>(
    depth: u32,
    known: &Known<'a>,
    (class, runs): (&'a ClassDef, bool),
    name: &str,
    setter: &mut Option<&'a ClassDef>,
) -> bool {
    let (Some(depth), Some(facts)) = (depth.checked_sub(1), known.class(class)) else {
        return false;
    };
    let body = known.tree.get(known.tree.of(class, Role::Body));
    let symbol = body.symbol(&body.mangle(&name.into()));
    let is_bound = symbol.is_some_and(|it| it.is_bound || it.is_annotated);
    let is_set = facts.attributes.contains_key(name);
    if is_bound || (is_set && runs) || !is_closed(known, facts) {
        return false;
    }
    if is_set {
        setter.get_or_insert(class);
    }
    let runs = match facts.methods.get("__init__") {
        None => runs,
        Some(Some(_)) => runs && facts.chains,
        Some(None) => return false,
    };
    class.args.iter().all(|arg| match base(known, facts, arg) {
        Base::File(base) => find_setter(depth, known, (base, runs), name, setter),
        Base::Plain => true,
        Base::Library(module, of) => known.world.member(module, of, name) == Member::Absent,
        Base::NamedTuple | Base::Unknown => false,
    })
}

/// What the class itself has.
fn own<'a>(known: &Known<'a>, facts: &ClassFacts<'a>, name: &str) -> Option<Found<'a>> {
    let body = known.tree.get(known.tree.of(facts.def, Role::Body));
    let attribute = facts.attributes.get(name).copied();
    let symbol = body.symbol(&body.mangle(&name.into()));
    let symbol = symbol.filter(|it| it.is_bound || it.is_annotated);
    match (symbol, attribute) {
        (None, None) => None,
        (None, Some(value)) => Some(Found::Value(value)),
        (Some(symbol), None) => {
            let method = facts.methods.get(name).copied().flatten();
            Some(match method.filter(|_| symbol.bindings == 1) {
                Some(method) => Found::Method(method.def, known.kind_of(method.def), method.how),
                None => Found::Value(None),
            })
        }
        (Some(_), Some(_)) => Some(Found::Value(None)),
    }
}

/// Which class a base is.
pub fn base<'a>(known: &Known<'a>, facts: &ClassFacts<'a>, arg: &'a Arg) -> Base<'a> {
    let Arg::Pos(expr) = arg else {
        return Base::Unknown;
    };
    let expr = match &expr.kind {
        // `Generic[T]`
        ExprKind::Subscript { value, .. } => value,
        _ => expr,
    };
    match known.callee(expr, facts.outer) {
        Some(Callee::Class(class)) => Base::File(class),
        Some(Callee::Member(module, name)) => match (module, name) {
            ("builtins", "object") | ("abc", "ABC") | ("typing", "Protocol" | "Generic") => {
                Base::Plain
            }
            ("typing", "NamedTuple") => Base::NamedTuple,
            _ if known.world.entity(module, name) == Entity::Class => Base::Library(module, name),
            _ => Base::Unknown,
        },
        _ => Base::Unknown,
    }
}

/// Whether the class's own text names all that its objects have.
pub fn is_closed(known: &Known<'_>, facts: &ClassFacts<'_>) -> bool {
    let class = facts.def;
    let body = known.tree.get(known.tree.of(class, Role::Body));
    let defines = |name: &str| body.symbol(name).is_some_and(|it| it.is_bound);
    let answers = [
        "__getattr__",
        "__getattribute__",
        "__init_subclass__",
        "__new__",
        "__slots__",
    ];
    class.decorators.iter().all(keeps_class)
        && class.args.iter().all(|arg| matches!(arg, Arg::Pos(_)))
        && !answers.into_iter().any(defines)
        && !known.makes_attributes()
}

/// Whether a class is that class or derives from it, as far as the file shows.
pub fn derives<'a>(known: &Known<'a>, class: &'a ClassDef, from: &ClassDef) -> bool {
    derives_in(DEPTH, known, class, from)
}

fn derives_in<'a>(depth: u32, known: &Known<'a>, class: &'a ClassDef, from: &ClassDef) -> bool {
    let (Some(depth), Some(facts)) = (depth.checked_sub(1), known.class(class)) else {
        return false;
    };
    std::ptr::eq(class, from)
        || class.args.iter().any(|arg| match base(known, facts, arg) {
            Base::File(base) => derives_in(depth, known, base, from),
            _ => false,
        })
}

/// Whether all ancestors of a class are made in the usual way: by `__init__`, without a metaclass or a `__new__` of their own.
pub fn is_made_plainly<'a>(known: &Known<'a>, class: &'a ClassDef) -> bool {
    is_made_plainly_in(DEPTH, known, class)
}

fn is_made_plainly_in<'a>(depth: u32, known: &Known<'a>, class: &'a ClassDef) -> bool {
    let (Some(depth), Some(facts)) = (depth.checked_sub(1), known.class(class)) else {
        return false;
    };
    let body = known.tree.get(known.tree.of(class, Role::Body));
    let makes = body.symbol("__new__").is_some_and(|it| it.is_bound);
    !makes
        && class.decorators.iter().all(keeps_class)
        && class.args.iter().all(|arg| match base(known, facts, arg) {
            Base::File(base) => is_made_plainly_in(depth, known, base),
            Base::Plain => true,
            Base::Library("threading", "Thread") => true,
            Base::Library("builtins", name) => {
                let ancestors = known.world.ancestors("builtins", name);
                ancestors.iter().any(|it| it.ends_with(".BaseException"))
            }
            _ => false,
        })
}

/// Whether a method does nothing, or raises and nothing else.
pub fn is_abstract(def: &FunctionDef) -> bool {
    def.body.iter().all(|stmt| {
        matches!(
            &stmt.kind,
            StmtKind::Raise { .. }
                | StmtKind::Pass
                | StmtKind::Expr(Expr {
                    kind: ExprKind::Constant(_),
                    ..
                })
        )
    })
}
