//! Which names surely mean which function, class, module or value: those that one statement binds and nothing else.
//!
//! A name that is bound twice, declared `global` somewhere and bound there, or decorated, is not known: better silent than wrong. The
//! table also says which names are read anywhere, for the lints about what is never used.

use std::collections::{HashMap, HashSet};

use super::blocks;
use super::class_facts::{ClassFacts, keeps_class};
use super::signature::Bound;
use super::walk::{At, Probes, Visit, walk};
use super::world::{Origin, World};
use crate::compile::scope::{Place, Role, ScopeId, ScopeKind, ScopeTree};
use crate::diagnostics::Span;
use crate::syntax::ast::{
    Alias, Block, ClassDef, Constant, Expr, ExprKind, FunctionDef, Ident, ImportNames, Module,
    Name, Stmt, StmtKind,
};

/// What is known of a function or class that a call names.
#[derive(Clone, Copy)]
pub enum Callee<'a> {
    /// A `def` of this file.
    Def(&'a FunctionDef, Kind, Bound),
    /// A class of this file.
    Class(&'a ClassDef),
    /// A function or class of a module.
    Member(&'a str, &'a str),
    /// A method of an object of a module's class: the module, the class, the method.
    Method(&'a str, &'a str, &'a str),
    /// The same, taken from the class itself.
    OfClass(&'a str, &'a str, &'a str),
}

/// What calling a function of this file returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A coroutine.
    Coroutine,
    /// An async generator.
    AsyncGenerator,
    /// None, always.
    Nothing,
    /// Something.
    Value,
}

/// What a name is bound to, where that is known.
#[derive(Clone, Copy)]
pub enum Bind<'a> {
    /// A function.
    Def(&'a FunctionDef, Kind),
    /// A class.
    Class(&'a ClassDef),
    /// A module, by its full name.
    Module(&'a str),
    /// What `from module import name` takes.
    Member(&'a str, &'a str),
    /// The value of an assignment.
    Value(&'a Expr),
    /// What entering this context manager returns.
    Entered(&'a Expr),
}

/// Texts that make attributes of objects in ways that no statement names.
const MAKERS: &[&str] = &[
    "setattr(",
    "__setattr__",
    "__dict__",
    "__class__ =",
    "vars(",
    "locals()",
    "exec(",
];

/// A name in the scope that binds it.
pub type Home = (ScopeId, u32);

/// What is known of the names of a module.
pub struct Known<'a> {
    /// The scopes.
    pub tree: &'a ScopeTree,
    /// What surrounds the program.
    pub world: &'a dyn World,
    /// The text of the program.
    pub text: &'a str,
    binds: HashMap<Home, Bind<'a>>,
    /// The classes of the file, by the scopes of their bodies.
    classes: HashMap<ScopeId, ClassFacts<'a>>,
    /// How often the file stores to an attribute of a name, of whatever object.
    stored: HashMap<&'a str, u32>,
    /// The words in strings that could be names.
    words: HashSet<&'a str>,
    /// The classes of the file that it makes objects of.
    made: HashSet<ScopeId>,
    /// The values of names to which nothing but statements of assignment gives one.
    assigned: HashMap<Home, Vec<&'a Expr>>,
    /// How often `name += value` changes a name.
    changed: HashMap<Home, u32>,
    /// Whether the text makes attributes of objects in ways that no statement names.
    makes_attributes: bool,
    /// Bound through a `global` or `nonlocal` declaration somewhere.
    rebound: HashSet<Home>,
    /// Read somewhere.
    used: HashSet<Home>,
    /// The modules of `from module import *`; None: one with leading dots.
    stars: Vec<Option<&'a str>>,
    /// The names that ask what there is.
    pub probes: Probes<'a>,
}

impl<'a> Known<'a> {
    /// Looks through a module.
    pub fn of(
        module: &'a Module,
        tree: &'a ScopeTree,
        (world, text): (&'a dyn World, &'a str),
    ) -> Known<'a> {
        let mut known = Known {
            tree,
            world,
            text,
            binds: HashMap::new(),
            classes: HashMap::new(),
            stored: HashMap::new(),
            words: HashSet::new(),
            made: HashSet::new(),
            assigned: HashMap::new(),
            changed: HashMap::new(),
            makes_attributes: MAKERS.iter().any(|word| text.contains(word)),
            rebound: HashSet::new(),
            used: HashSet::new(),
            stars: Vec::new(),
            probes: Probes::of(module, tree),
        };
        known.collect(&module.body, ScopeTree::MODULE);
        let are_all = |home: &Home, values: &mut Vec<_>| {
            values.len() == tree.symbol(home.0, home.1).bindings as usize
        };
        known.assigned.retain(are_all);
        for id in tree.ids() {
            for symbol in &tree.get(id).symbols {
                let is_declared = symbol.global.is_some() || symbol.nonlocal.is_some();
                if is_declared && symbol.is_bound && id != ScopeTree::MODULE {
                    known.rebound.extend(known.home(id, &symbol.name));
                }
            }
        }
        let mut uses = Uses {
            known: &known,
            used: HashSet::new(),
            stored: HashMap::new(),
            words: HashSet::new(),
            made: HashSet::new(),
        };
        walk(module, tree, &mut uses);
        let Uses {
            used,
            stored,
            words,
            made,
            ..
        } = uses;
        (known.used, known.stored) = (used, stored);
        (known.words, known.made) = (words, made);
        known
    }

    fn collect(&mut self, body: &'a [Stmt], scope: ScopeId) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::FunctionDef(def) => {
                    if def.decorators.is_empty() {
                        let bind = Bind::Def(def, self.kind(def));
                        self.note(scope, &def.name.name, bind);
                    }
                    self.collect(&def.body, self.tree.of(&**def, Role::Body));
                }
                StmtKind::ClassDef(def) => {
                    if def.decorators.iter().all(keeps_class) {
                        self.note(scope, &def.name.name, Bind::Class(def));
                    }
                    let body = self.tree.of(&**def, Role::Body);
                    let outer = self.tree.get(body).parent.unwrap_or(scope);
                    self.classes
                        .insert(body, ClassFacts::of(def, outer, self.tree));
                    self.collect(&def.body, body);
                }
                StmtKind::Import(names) => names.iter().for_each(|it| self.import(scope, it)),
                StmtKind::ImportFrom {
                    module,
                    level,
                    names,
                } => self.import_from(scope, module.as_ref(), *level, names),
                StmtKind::Assign { targets, value } => {
                    if let [target] = &targets[..]
                        && let ExprKind::Name(name) = &target.kind
                    {
                        self.assign(scope, name, value);
                    }
                }
                StmtKind::AnnAssign {
                    target,
                    value: Some(value),
                    ..
                } => {
                    if let ExprKind::Name(name) = &target.kind {
                        self.assign(scope, name, value);
                    }
                }
                StmtKind::With { items, .. } => {
                    for item in items {
                        if let Some(ExprKind::Name(name)) = item.target.as_ref().map(|it| &it.kind)
                        {
                            self.note(scope, name, Bind::Entered(&item.context));
                        }
                    }
                    blocks(stmt, &mut |body| self.collect(body, scope));
                }
                StmtKind::AugAssign { target, .. } => {
                    if let ExprKind::Name(name) = &target.kind
                        && let Some(index) = self.tree.get(scope).find(name)
                    {
                        *self.changed.entry((scope, index)).or_default() += 1;
                    }
                }
                _ => blocks(stmt, &mut |body| self.collect(body, scope)),
            }
        }
    }

    fn import(&mut self, scope: ScopeId, alias: &'a Alias) {
        match &alias.asname {
            Some(bound) => self.note(scope, &bound.name, Bind::Module(&alias.name.name)),
            None if !alias.name.name.contains('.') => {
                self.note(scope, &alias.name.name, Bind::Module(&alias.name.name));
            }
            None => {}
        }
    }

    fn import_from(
        &mut self,
        scope: ScopeId,
        module: Option<&'a Ident>,
        level: u32,
        names: &'a ImportNames,
    ) {
        let module = module.filter(|_| level == 0).map(|module| &*module.name);
        match (names, module) {
            (ImportNames::Star(_), _) => self.stars.push(module),
            (ImportNames::Names(names), Some(module)) => {
                for alias in names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.note(scope, &bound.name, Bind::Member(module, &alias.name.name));
                }
            }
            (ImportNames::Names(_), None) => {}
        }
    }

    fn assign(&mut self, scope: ScopeId, name: &Name, value: &'a Expr) {
        let of = self.tree.get(scope);
        if let Some(index) = of.find(&of.mangle(name)) {
            self.assigned.entry((scope, index)).or_default().push(value);
        }
        self.note(scope, name, Bind::Value(value));
    }

    fn note(&mut self, scope: ScopeId, name: &Name, bind: Bind<'a>) {
        let of = self.tree.get(scope);
        if let Some(index) = of.find(&of.mangle(name))
            && self.tree.symbol(scope, index).bindings == 1
        {
            self.binds.insert((scope, index), bind);
        }
    }

    fn kind(&self, def: &FunctionDef) -> Kind {
        let scope = self.tree.get(self.tree.of(def, Role::Body));
        match (scope.is_async, scope.is_generator) {
            (true, false) => Kind::Coroutine,
            (true, true) => Kind::AsyncGenerator,
            (false, false) if !returns_value(&def.body) => Kind::Nothing,
            _ => Kind::Value,
        }
    }

    /// The scope that binds a name, seen from another, and its symbol there.
    pub fn home(&self, scope: ScopeId, name: &str) -> Option<Home> {
        let mut at = scope;
        loop {
            let here = self.tree.get(at);
            if let Some(symbol) = here.symbol(name) {
                return match symbol.place {
                    Place::Var(home, index) => Some((home, index)),
                    Place::Free(index) => self
                        .tree
                        .get(here.frame)
                        .free
                        .get(usize::from(index))
                        .copied(),
                    Place::Global => self.global(name),
                    Place::Namespace(_) if symbol.is_bound => {
                        here.find(name).map(|index| (at, index))
                    }
                    Place::Namespace(Some(index)) => here.free.get(usize::from(index)).copied(),
                    Place::Namespace(None) => self.global(name),
                    // The class around may bind it.
                    Place::ClassNamespace(..) => {
                        at = here.parent?;
                        continue;
                    }
                };
            }
            at = here.parent?;
        }
    }

    fn global(&self, name: &str) -> Option<Home> {
        let index = self.tree.get(ScopeTree::MODULE).find(name)?;
        Some((ScopeTree::MODULE, index))
    }

    /// What a name means, seen from a scope; None: nobody can say.
    pub fn bind(&self, scope: ScopeId, name: &str) -> Option<Bind<'a>> {
        let home = self.home(scope, name)?;
        let is_sure =
            !self.rebound.contains(&home) && (home.0 != ScopeTree::MODULE || self.stars.is_empty());
        self.binds.get(&home).copied().filter(|_| is_sure)
    }

    /// What a call of this expression calls, seen from a scope.
    pub fn callee(&self, func: &'a Expr, scope: ScopeId) -> Option<Callee<'a>> {
        match &func.kind {
            ExprKind::Name(name) if self.is_bound_later(func.span, scope, name) => None,
            ExprKind::Name(name) => match self.bind(scope, name) {
                Some(Bind::Def(def, kind)) => Some(Callee::Def(def, kind, Bound::No)),
                Some(Bind::Class(def)) => Some(Callee::Class(def)),
                Some(Bind::Member(module, name)) => Some(Callee::Member(module, name)),
                Some(_) => None,
                None if self.is_builtin(scope, name) => Some(Callee::Member(home_of(name), name)),
                None => None,
            },
            ExprKind::Attribute { value, attr } => {
                let module = self.module(value, scope)?;
                Some(Callee::Member(module, &attr.name))
            }
            _ => None,
        }
    }

    /// The module that an expression stands for: a name, or `os.path`.
    pub fn module(&self, expr: &'a Expr, scope: ScopeId) -> Option<&'a str> {
        match &expr.kind {
            ExprKind::Name(name) => match self.bind(scope, name) {
                Some(Bind::Module(module)) => Some(module),
                Some(Bind::Member("os", "path")) => Some("os.path"),
                None if &**name == "asyncio" && self.is_builtin(scope, name) => Some("asyncio"),
                _ => None,
            },
            ExprKind::Attribute { value, attr } => {
                let is_path = &*attr.name == "path" && self.module(value, scope)? == "os";
                (is_path && self.world.module("os.path") == Origin::Library).then_some("os.path")
            }
            _ => None,
        }
    }

    /// Whether the scope itself binds the name further down: here it is still that of a scope around, or a builtin.
    fn is_bound_later(&self, here: Span, scope: ScopeId, name: &str) -> bool {
        let bound = match self.bind(scope, name) {
            Some(Bind::Def(def, _)) => def.name.span,
            Some(Bind::Class(def)) => def.name.span,
            _ => return false,
        };
        let in_scope = self.home(scope, name).is_some_and(|home| home.0 == scope);
        in_scope && here.start < bound.start
    }

    /// Whether nothing in the file binds the name.
    pub fn is_builtin(&self, scope: ScopeId, name: &str) -> bool {
        self.stars.is_empty()
            && self.home(scope, name).is_none_or(|home| {
                !self.tree.symbol(home.0, home.1).is_bound && !self.rebound.contains(&home)
            })
    }

    /// The class whose method this is, if the name is the first parameter of a method around.
    pub fn class_of_self(&self, object: &str, scope: ScopeId) -> Option<&'a ClassDef> {
        let (function, index) = self.home(scope, object)?;
        let symbol = self.tree.symbol(function, index);
        let class = self.tree.get(function).parent?;
        if index != 0 || !symbol.is_param || symbol.bindings != 1 {
            return None;
        }
        let facts = self.classes.get(&class)?;
        facts.takers.contains(&function).then_some(facts.def)
    }

    /// The facts in the text of a class.
    pub fn class(&self, class: &ClassDef) -> Option<&ClassFacts<'a>> {
        self.classes.get(&self.tree.of(class, Role::Body))
    }

    /// All classes of the file.
    pub fn classes(&self) -> impl Iterator<Item = &ClassFacts<'a>> {
        self.classes.values()
    }

    /// Whether the file makes an object of the class by its name.
    pub fn is_made(&self, class: &ClassDef) -> bool {
        self.made.contains(&self.tree.of(class, Role::Body))
    }

    /// The values of a name; none if anything but statements of assignment gives it one.
    pub fn assigned(&self, home: Home) -> &[&'a Expr] {
        let all = self.assigned.get(&home);
        all.filter(|_| !self.rebound.contains(&home))
            .map_or(&[], |all| &all[..])
    }

    /// How often `name += value` changes a name.
    pub fn changes(&self, home: Home) -> u32 {
        self.changed.get(&home).copied().unwrap_or(0)
    }

    /// Whether the text makes attributes of objects in ways that no statement names.
    pub fn makes_attributes(&self) -> bool {
        self.makes_attributes
    }

    /// How often the file stores to an attribute of this name.
    pub fn stores(&self, name: &str) -> u32 {
        self.stored.get(name).copied().unwrap_or(0)
    }

    /// Whether a string of the file has the name as a word.
    pub fn mentions(&self, name: &str) -> bool {
        self.words.contains(name)
    }

    /// What calling a function of this file returns.
    pub fn kind_of(&self, def: &FunctionDef) -> Kind {
        self.kind(def)
    }

    /// Whether something reads the name.
    pub fn is_used(&self, home: Home) -> bool {
        self.used.contains(&home)
    }

    /// Whether a function binds the name through a declaration.
    pub fn is_rebound(&self, home: Home) -> bool {
        self.rebound.contains(&home)
    }

    /// The modules all of whose names are imported; None: one that is relative.
    pub fn stars(&self) -> &[Option<&'a str>] {
        &self.stars
    }
}

/// The module of a name that is there without a definition: those of asyncio are, where CPython has no builtin of that name.
pub fn home_of(name: &str) -> &'static str {
    const OF_ASYNCIO: &[&str] = &[
        "sleep",
        "gather",
        "wait",
        "wait_for",
        "create_task",
        "run",
        "Queue",
        "Semaphore",
    ];
    if OF_ASYNCIO.contains(&name) {
        "asyncio"
    } else {
        "builtins"
    }
}

struct Uses<'a, 'k> {
    known: &'k Known<'a>,
    used: HashSet<Home>,
    stored: HashMap<&'a str, u32>,
    words: HashSet<&'a str>,
    made: HashSet<ScopeId>,
}

impl<'a> Visit<'a> for Uses<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, _: At) {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } | StmtKind::Del(targets) => {
                targets.iter().for_each(|it| self.store(it));
            }
            StmtKind::AugAssign { target, .. }
            | StmtKind::AnnAssign { target, .. }
            | StmtKind::For { target, .. } => self.store(target),
            StmtKind::With { items, .. } => items
                .iter()
                .filter_map(|item| item.target.as_ref())
                .for_each(|it| self.store(it)),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        match &expr.kind {
            ExprKind::Name(name) => {
                let name = self.known.tree.get(at.scope).mangle(name);
                self.used.extend(self.known.home(at.scope, &name));
                // A class body that binds the name may read the one around it before.
                let here = self.known.tree.get(at.scope);
                if here.kind == ScopeKind::Class {
                    self.used.extend(self.known.global(&name));
                }
            }
            ExprKind::Constant(Constant::Str(text)) => {
                let is_part = |c: char| c == '_' || c.is_alphanumeric();
                self.words.extend(text.split(|c| !is_part(c)));
            }
            ExprKind::Call { func, .. } => {
                if let Some(Callee::Class(class)) = self.known.callee(func, at.scope) {
                    self.made.insert(self.known.tree.of(class, Role::Body));
                }
            }
            _ => {}
        }
    }
}

impl<'a> Uses<'a, '_> {
    fn store(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Attribute { attr, .. } => {
                *self.stored.entry(&attr.name).or_default() += 1;
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|it| self.store(it));
            }
            ExprKind::Starred(inner) => self.store(inner),
            _ => {}
        }
    }
}

/// Whether a function returns something else than None somewhere.
pub fn returns_value(body: &Block) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => !matches!(value.kind, ExprKind::Constant(Constant::None)),
        _ => {
            let mut found = false;
            super::blocks_of_frame(stmt, &mut |body| found |= returns_value(body));
            found
        }
    })
}
