//! Finds out what every name means, and what no grammar can forbid: AST to `ScopeTree` and diagnostics.
//!
//! One walk in the order of evaluation notes bindings and uses scope by scope (`stmt`, `function`, `expr`, `pattern`),
//! then `analyze` gives every symbol its place. The walk goes on after a mistake, so one run reports them all; the
//! words are CPython's. A new syntax form needs its arm in `stmt` or `expr`; a new rule about names belongs in
//! `declare`.

mod analyze;
mod declare;
mod expr;
mod function;
mod pattern;
mod stmt;

pub(super) use expr::literal_kind;
pub(super) use function::{params_in_order, params_in_source};

use std::rc::Rc;

use super::scope::{NodeKey, Scope, ScopeId, ScopeKind, ScopeTree};
use crate::bytecode::{Annotations, TopLevelAwait};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Module, Name};

/// Resolves a module: whether its body may await, and what annotations are before it says so itself.
pub fn resolve(module: &Module, (awaits, annotations): (TopLevelAwait, Annotations)) -> Resolved {
    let mut resolver = Resolver::new(awaits);
    resolver.tree.annotations = annotations;
    resolver.module(module);
    analyze::analyze(&mut resolver.tree, &mut resolver.problems);
    let (warnings, errors) = resolver
        .problems
        .into_iter()
        .partition(Diagnostic::is_warning);
    Resolved {
        tree: resolver.tree,
        errors,
        warnings,
    }
}

/// The result of resolving.
pub struct Resolved {
    /// The scopes; of use only if there are no errors.
    pub tree: ScopeTree,
    /// Why the program cannot run.
    pub errors: Vec<Diagnostic>,
    /// What is likely not as meant.
    pub warnings: Vec<Diagnostic>,
}

/// The walk.
struct Resolver {
    tree: ScopeTree,
    scope: ScopeId,
    /// Whether the module's body may await.
    awaits: TopLevelAwait,
    flow: Flow,
    /// Whether a `from __future__` import may still come.
    at_top: bool,
    /// The `return`s with a value, by function: async generators may have none.
    valued_returns: Vec<(ScopeId, Span, Span)>,
    problems: Vec<Diagnostic>,
}

/// What surrounds a statement inside of its frame.
#[derive(Clone, Copy, Default)]
struct Flow {
    in_loop: bool,
    in_star_handler: bool,
    /// Inside of the expression that a comprehension iterates.
    in_iterable: bool,
}

/// The forms that need an async frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AsyncForm {
    Await,
    For,
    With,
}

impl Resolver {
    fn new(awaits: TopLevelAwait) -> Resolver {
        let mut tree = ScopeTree::default();
        let name: Rc<str> = "<module>".into();
        tree.add(None, |id| {
            Scope::new(ScopeKind::Module, None, id, name.clone(), name.clone())
        });
        Resolver {
            tree,
            scope: ScopeTree::MODULE,
            awaits,
            flow: Flow::default(),
            at_top: true,
            valued_returns: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn module(&mut self, module: &Module) {
        for (index, stmt) in module.body.iter().enumerate() {
            self.at_top = self.at_top && stmt::may_precede_future(stmt, index);
            self.stmt(stmt);
        }
    }

    fn here(&self) -> &Scope {
        self.tree.get(self.scope)
    }

    fn here_mut(&mut self) -> &mut Scope {
        self.tree.get_mut(self.scope)
    }

    fn error(
        &mut self,
        code: ErrorCode,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let problem = Diagnostic::error(code, span, message).by_compiler();
        self.problems.push(problem);
        self.problems.last_mut().expect("just pushed")
    }

    fn warn(&mut self, code: ErrorCode, span: Span, message: impl Into<String>, help: &str) {
        self.problems.push(
            Diagnostic::error(code, span, message)
                .help(help)
                .as_warning(),
        );
    }

    /// Walks something in a scope of its own.
    fn inside(
        &mut self,
        kind: ScopeKind,
        key: NodeKey,
        name: &Name,
        walk: impl FnOnce(&mut Resolver),
    ) -> ScopeId {
        let id = self.open(kind, key, name);
        let (scope, flow) = (self.scope, self.flow);
        self.scope = id;
        self.flow = Flow {
            in_iterable: flow.in_iterable,
            ..Flow::default()
        };
        walk(self);
        (self.scope, self.flow) = (scope, flow);
        id
    }

    fn open(&mut self, kind: ScopeKind, key: NodeKey, name: &Name) -> ScopeId {
        let parent = self.here();
        let private = if kind == ScopeKind::Class {
            Some(name.clone())
        } else {
            parent.private.clone()
        };
        let frame = parent.frame;
        let private_only = match kind {
            ScopeKind::Class => None,
            _ => parent.private_only.clone(),
        };
        let inlined = kind == ScopeKind::Comprehension;
        let (name, qualname) = if inlined {
            (name.clone(), parent.qualname.clone())
        } else {
            (name.clone(), self.qualname(name))
        };
        let parent = self.scope;
        let id = self.tree.add(Some(key), |id| {
            Scope::new(
                kind,
                Some(parent),
                if inlined { frame } else { id },
                name,
                qualname,
            )
        });
        let scope = self.tree.get_mut(id);
        (scope.private, scope.private_only) = (private, private_only);
        if kind == ScopeKind::Class {
            scope.mention(&".class".into(), Span::default());
        }
        id
    }

    fn qualname(&self, name: &Name) -> Rc<str> {
        let mut around = self.here();
        while matches!(
            around.kind,
            ScopeKind::TypeParams | ScopeKind::Comprehension
        ) {
            around = self
                .tree
                .get(around.parent.expect("only the module has no parent"));
        }
        let is_global = around
            .symbol(&around.mangle(name))
            .is_some_and(|symbol| symbol.global.is_some());
        match around.kind {
            ScopeKind::Module => name.clone(),
            _ if is_global => name.clone(),
            ScopeKind::Class => format!("{}.{name}", around.qualname).into(),
            _ => format!("{}.<locals>.{name}", around.qualname).into(),
        }
    }

    /// Notes that something here needs an async frame, which makes modules and generator expressions async.
    fn needs_async(&mut self, form: AsyncForm, span: Span) {
        let (mut id, mut through) = (self.scope, false);
        loop {
            let scope = self.tree.get_mut(id);
            match scope.kind {
                ScopeKind::Comprehension => through = true,
                ScopeKind::Function | ScopeKind::Lambda if !scope.is_async => break,
                ScopeKind::Class
                | ScopeKind::TypeParams
                | ScopeKind::Bound
                | ScopeKind::AliasValue => break,
                ScopeKind::Module if self.awaits == TopLevelAwait::Refused => break,
                ScopeKind::Module
                | ScopeKind::Generator
                | ScopeKind::Function
                | ScopeKind::Lambda => {
                    scope.is_async = true;
                    return;
                }
            }
            scope.is_async = true;
            id = scope.parent.expect("only the module has no parent");
        }
        self.refuse_async(form, span, through, id);
    }

    fn refuse_async(
        &mut self,
        form: AsyncForm,
        span: Span,
        through_comprehension: bool,
        frame: ScopeId,
    ) {
        if let Some(place) = self.tree.get(frame).type_place() {
            return self.refuse_in_type("await", place, span);
        }
        let in_function = matches!(
            self.tree.get(frame).kind,
            ScopeKind::Function | ScopeKind::Lambda
        );
        let message = match form {
            _ if through_comprehension => {
                "asynchronous comprehension outside of an asynchronous function"
            }
            AsyncForm::Await if in_function => "'await' outside async function",
            AsyncForm::Await => "'await' outside function",
            AsyncForm::For => "'async for' outside async function",
            AsyncForm::With => "'async with' outside async function",
        };
        let header = self.tree.get(frame).name.clone();
        let help = match self.tree.get(frame).kind {
            ScopeKind::Function => format!("make the function async: `async def {header}(...)`"),
            ScopeKind::Lambda => "a lambda cannot await: write an `async def`".to_owned(),
            _ => "await in an `async def`, or at the top level of the script".to_owned(),
        };
        let (code, label) = match form {
            AsyncForm::Await => (
                ErrorCode::AwaitOutside,
                "`await` is only allowed inside `async def`, or at top level",
            ),
            _ => (
                ErrorCode::OutsideFunction,
                "only allowed inside `async def`, or at top level",
            ),
        };
        let problem = self.error(code, span, message);
        *problem = problem.clone().label(label).help(help);
    }
}
