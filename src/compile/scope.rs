//! Scopes: which names a stretch of program binds and uses, and where each use finds its value.
//!
//! The resolver fills a `ScopeTree`, the emitter only reads it: scopes by the node that opens them, and for each
//! symbol its `Place`. A scope whose code runs in a frame of its own is a *frame*; list, set and dict comprehensions
//! are scopes inside the frame that contains them. `dump.rs` prints a tree.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::bytecode::{Annotations, CodeKind};
use crate::diagnostics::Span;
use crate::syntax::ast::Name;

/// All scopes of a module; the first is the module's own.
#[derive(Debug, Default)]
pub struct ScopeTree {
    scopes: Vec<Scope>,
    by_node: FxHashMap<NodeKey, ScopeId>,
    /// How annotations are read: as texts after `from __future__ import annotations`.
    pub annotations: Annotations,
}

/// Names a scope of its tree; parents come before children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(u32);

/// The node of the tree that opens a scope: its address while the tree is borrowed, and which of its scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeKey(usize, Role);

/// Which of a node's scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The body of a function, class or comprehension.
    Body,
    /// The scope around a generic function or class that holds its type parameters.
    TypeParams,
    /// A value that is evaluated when someone asks: of a type alias, a bound, a default.
    Lazy,
}

/// What opened a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The whole source text.
    Module,
    /// A class body: invisible to the functions inside of it.
    Class,
    /// `def`
    Function,
    /// `lambda`
    Lambda,
    /// `(x for ...)`
    Generator,
    /// `[x for ...]` and its kin, which run in the frame around them.
    Comprehension,
    /// Type parameters of a generic function, class or alias.
    TypeParams,
    /// The bound of a type parameter, evaluated when someone asks.
    Bound,
    /// The value of a type alias, evaluated when someone asks.
    AliasValue,
}

/// One scope.
#[derive(Debug)]
pub struct Scope {
    /// What opened it.
    pub kind: ScopeKind,
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// The scope whose code runs it: itself, unless it is a comprehension.
    pub frame: ScopeId,
    /// Its bare name.
    pub name: Rc<str>,
    /// Its dotted name.
    pub qualname: Rc<str>,
    /// The class whose private names (`__x`) are spelled here.
    pub private: Option<Name>,
    /// Among the type parameters of a class only their own names are private ones.
    pub private_only: Option<Rc<[Name]>>,
    /// `async def`, or it awaits (module, generator expression, comprehension).
    pub is_async: bool,
    /// Which part of a type a bound is: `a TypeVar bound`, `a ParamSpec default`.
    pub type_part: &'static str,
    /// Whether it yields.
    pub is_generator: bool,
    /// Whether it annotates a plain name.
    pub has_annotations: bool,
    /// The names, in the order of their first mention; parameters first.
    pub symbols: Vec<Symbol>,
    /// The cells that its frame takes from the frames around it: the scope that binds each, and the symbol there.
    pub free: Vec<(ScopeId, u32)>,
    /// Where in the frame `:=` binds which name, for code that holds an operand meanwhile.
    pub walrus: Vec<(Name, u32)>,
    /// Where in the frame a name is unbound again, by `del` or at the end of an `except` clause.
    pub unbinds: Vec<(Name, u32)>,
    index: FxHashMap<Name, u32>,
}

/// One name in one scope.
#[derive(Debug)]
pub struct Symbol {
    /// The name, private names as they are mangled.
    pub name: Name,
    /// Where it is mentioned first.
    pub span: Span,
    /// Whether it is a parameter.
    pub is_param: bool,
    /// Whether the scope binds it (parameters included).
    pub is_bound: bool,
    /// How often the scope binds, annotates or unbinds it.
    pub bindings: u32,
    /// Whether the scope reads it.
    pub is_used: bool,
    /// Whether the scope annotates it.
    pub is_annotated: bool,
    /// Whether `:=` in this comprehension binds it further out.
    pub is_walrus_target: bool,
    /// Where it is declared global.
    pub global: Option<Span>,
    /// The statement of its first `global` or `nonlocal` declaration.
    pub declared: Option<Span>,
    /// Where it is declared nonlocal.
    pub nonlocal: Option<Span>,
    /// Whether an inner frame captures it, so that it lives in a cell.
    pub is_cell: bool,
    /// Where its value is.
    pub place: Place,
}

/// Where the value of a name is, seen from one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A variable of the same frame: the scope that binds it and the symbol there.
    Var(ScopeId, u32),
    /// A cell of the frame's closure.
    Free(u16),
    /// A global of the module, or a builtin.
    Global,
    /// The namespace of the class body, and if it is not there the closure or the globals.
    Namespace(Option<u16>),
    /// Seen from a part of a type that a class body defines: the namespace of the class, which is in a cell of the closure, and if
    /// it is not there another cell or the globals.
    ClassNamespace(u16, Option<u16>),
}

/// The hidden symbol of each class scope that stands for its `__class__` cell.
pub const CLASS_CELL: u32 = 0;

/// The hidden symbol of a class scope that stands for the cell with its namespace.
pub const CLASS_DICT: &str = ".classdict";

impl NodeKey {
    /// The key of a node that lives as long as the tree is compiled.
    pub fn of<T>(node: &T, role: Role) -> NodeKey {
        NodeKey(std::ptr::from_ref(node).addr(), role)
    }
}

impl ScopeTree {
    /// The module's scope.
    pub const MODULE: ScopeId = ScopeId(0);

    /// Adds a scope for a node.
    pub fn add(&mut self, key: Option<NodeKey>, make: impl FnOnce(ScopeId) -> Scope) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        self.scopes.push(make(id));
        if let Some(key) = key {
            self.by_node.insert(key, id);
        }
        id
    }

    /// The scope that a node opened.
    pub fn of<T>(&self, node: &T, role: Role) -> ScopeId {
        *self
            .by_node
            .get(&NodeKey::of(node, role))
            .expect("the resolver has visited every node")
    }

    /// The scope that a key stands for, if there is one.
    pub fn of_key(&self, key: NodeKey) -> Option<ScopeId> {
        self.by_node.get(&key).copied()
    }

    /// One scope.
    pub fn get(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// One scope, to fill it.
    pub fn get_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    /// All ids, parents before children.
    pub fn ids(&self) -> impl Iterator<Item = ScopeId> + use<> {
        (0..self.scopes.len() as u32).map(ScopeId)
    }

    /// A symbol of a scope.
    pub fn symbol(&self, scope: ScopeId, index: u32) -> &Symbol {
        &self.get(scope).symbols[index as usize]
    }

    /// What running a frame's code means.
    pub fn code_kind(&self, frame: ScopeId) -> CodeKind {
        let scope = self.get(frame);
        match (scope.kind, scope.is_async, scope.is_generator) {
            (ScopeKind::Module, false, _) => CodeKind::Module,
            (ScopeKind::Module, true, _) => CodeKind::AsyncModule,
            (ScopeKind::Class, ..) => CodeKind::Class,
            (_, false, false) => CodeKind::Function,
            (_, true, false) => CodeKind::Coroutine,
            (_, false, true) => CodeKind::Generator,
            (_, true, true) => CodeKind::AsyncGenerator,
        }
    }
}

impl Scope {
    /// An empty scope.
    pub fn new(
        kind: ScopeKind,
        parent: Option<ScopeId>,
        frame: ScopeId,
        name: Rc<str>,
        qualname: Rc<str>,
    ) -> Scope {
        Scope {
            kind,
            parent,
            frame,
            name,
            qualname,
            private: None,
            private_only: None,
            is_async: false,
            type_part: "a TypeVar bound",
            is_generator: kind == ScopeKind::Generator,
            has_annotations: false,
            symbols: Vec::new(),
            free: Vec::new(),
            walrus: Vec::new(),
            unbinds: Vec::new(),
            index: FxHashMap::default(),
        }
    }

    /// The index of a name, if the scope mentions it.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// The symbol of a name, if the scope mentions it.
    pub fn symbol(&self, name: &str) -> Option<&Symbol> {
        self.find(name).map(|index| &self.symbols[index as usize])
    }

    /// The symbol of a name, a new one if needed.
    pub fn mention(&mut self, name: &Name, span: Span) -> &mut Symbol {
        let next = self.symbols.len() as u32;
        let index = *self.index.entry(name.clone()).or_insert(next);
        if index == next {
            self.symbols.push(Symbol::new(name.clone(), span));
        }
        &mut self.symbols[index as usize]
    }

    /// What a part of a type is called in messages; None for other scopes.
    pub fn type_place(&self) -> Option<&'static str> {
        match self.kind {
            ScopeKind::Bound => Some(self.type_part),
            ScopeKind::AliasValue => Some("a type alias"),
            ScopeKind::TypeParams => Some("the definition of a generic"),
            _ => None,
        }
    }

    /// What a comprehension or generator expression is called in messages.
    pub fn comprehension_form(&self) -> &str {
        if self.kind == ScopeKind::Generator {
            "generator expression"
        } else {
            &self.name
        }
    }

    /// Whether `:=` binds the name somewhere in the span.
    pub fn has_walrus(&self, name: &str, span: Span) -> bool {
        occurs(&self.walrus, name, span)
    }

    /// The names that something in the span unbinds.
    pub fn unbound_in(&self, span: Span) -> impl Iterator<Item = &Name> {
        let inside = move |at: u32| (span.start..span.end).contains(&at);
        self.unbinds
            .iter()
            .filter(move |&&(_, at)| inside(at))
            .map(|(name, _)| name)
    }

    /// A name as it is spelled outside of the class: `__x` becomes `_C__x`.
    pub fn mangle(&self, name: &Name) -> Name {
        if let Some(names) = &self.private_only
            && !names.contains(name)
        {
            return name.clone();
        }
        mangle(self.private.as_deref(), name)
    }
}

fn occurs(places: &[(Name, u32)], name: &str, span: Span) -> bool {
    places
        .iter()
        .any(|(bound, at)| (span.start..span.end).contains(at) && **bound == *name)
}

/// A private name as it is spelled outside of the class.
pub fn mangle(class: Option<&str>, name: &Name) -> Name {
    let Some(class) = class.map(|class| class.trim_start_matches('_')) else {
        return name.clone();
    };
    if class.is_empty() || !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return name.clone();
    }
    format!("_{class}{name}").into()
}

impl Symbol {
    fn new(name: Name, span: Span) -> Symbol {
        Symbol {
            name,
            span,
            is_param: false,
            is_bound: false,
            bindings: 0,
            is_used: false,
            is_annotated: false,
            is_walrus_target: false,
            global: None,
            declared: None,
            nonlocal: None,
            is_cell: false,
            place: Place::Global,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_names_are_mangled() {
        let mangled = |class: &str, name: &str| mangle(Some(class), &name.into()).to_string();
        assert_eq!(mangled("C", "__x"), "_C__x");
        assert_eq!(mangled("__C", "__x"), "_C__x");
        assert_eq!(
            (
                mangled("C", "__x__"),
                mangled("C", "_x"),
                mangled("__", "__x")
            ),
            ("__x__".into(), "_x".into(), "__x".into())
        );
        assert_eq!(*mangle(None, &"__x".into()), *"__x");
    }
}
