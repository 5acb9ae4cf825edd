//! Bindings, uses and declarations of names in the scope that is being walked.
//!
//! Every name passes through here exactly once per mention, mangled. The rules about `global`, `nonlocal`, `:=` and
//! `__debug__` live here, with CPython's words.

use super::Resolver;
use crate::compile::scope::{ScopeId, ScopeKind, ScopeTree};
use crate::diagnostics::{ErrorCode, Span};
use crate::syntax::ast::{Ident, Name};

impl Resolver {
    /// The scope binds the name.
    pub(super) fn bind(&mut self, name: &Name, span: Span) {
        self.refuse_debug(name, span);
        let scope = self.here_mut();
        let name = scope.mangle(name);
        let symbol = scope.mention(&name, span);
        symbol.is_bound = true;
        symbol.bindings += 1;
        if symbol.is_walrus_target {
            let message = format!(
                "comprehension inner loop cannot rebind assignment expression target '{name}'"
            );
            self.error(ErrorCode::WalrusInComprehension, span, message);
        }
    }

    /// The scope binds the name of an identifier.
    pub(super) fn bind_ident(&mut self, ident: &Ident) {
        self.bind(&ident.name, ident.span);
    }

    /// A name that only the compiler knows.
    pub(super) fn bind_hidden(&mut self, name: &str) {
        self.here_mut()
            .mention(&name.into(), Span::default())
            .is_bound = true;
    }

    /// A parameter that only the compiler knows.
    pub(super) fn hidden_param(&mut self, name: &str) {
        let symbol = self.here_mut().mention(&name.into(), Span::default());
        (symbol.is_bound, symbol.is_param) = (true, true);
    }

    /// The scope reads a name that only the compiler knows.
    pub(super) fn use_hidden(&mut self, name: &str) {
        self.here_mut()
            .mention(&name.into(), Span::default())
            .is_used = true;
    }

    /// The scope reads the name.
    pub(super) fn use_name(&mut self, name: &Name, span: Span) {
        let is_super =
            &**name == "super" && !matches!(self.here().kind, ScopeKind::Module | ScopeKind::Class);
        let scope = self.here_mut();
        let name = scope.mangle(name);
        scope.mention(&name, span).is_used = true;
        if is_super && self.has_class_around() {
            self.use_hidden("__class__");
        }
    }

    /// Whether something around binds `__class__`: a class, or a function that assigns it, as generated code does.
    fn has_class_around(&self) -> bool {
        let mut id = Some(self.scope);
        while let Some(scope) = id.map(|id| self.tree.get(id)) {
            let is_variable =
                || scope.kind != ScopeKind::Module && scope.symbol("__class__").is_some();
            if scope.kind == ScopeKind::Class || is_variable() {
                return true;
            }
            id = scope.parent;
        }
        false
    }

    /// The scope unbinds the name, which makes it its own.
    pub(super) fn unbind(&mut self, name: &Name, span: Span) {
        let scope = self.here_mut();
        let name = scope.mangle(name);
        let symbol = scope.mention(&name, span);
        symbol.is_bound = true;
        symbol.bindings += 1;
        self.will_be_unbound(&name, span);
    }

    /// Something at this place of the frame unbinds the name.
    pub(super) fn will_be_unbound(&mut self, name: &Name, span: Span) {
        let name = self.here().mangle(name);
        self.here_mut().unbinds.push((name, span.start));
    }

    /// A parameter of the function whose scope this is.
    pub(super) fn param(&mut self, ident: &Ident) {
        self.refuse_debug(&ident.name, ident.span);
        let scope = self.here_mut();
        let name = scope.mangle(&ident.name);
        let symbol = scope.mention(&name, ident.span);
        if symbol.is_param {
            let first = symbol.span;
            let message = format!("duplicate argument '{}' in function definition", ident.name);
            let problem = self.error(ErrorCode::DuplicateName, ident.span, message);
            *problem = problem
                .clone()
                .also(first, "first here")
                .help("give one of them another name");
            return;
        }
        (symbol.is_bound, symbol.is_param) = (true, true);
        symbol.bindings += 1;
    }

    /// `x: annotation` for a plain name.
    pub(super) fn annotate(&mut self, name: &Name, span: Span) {
        let is_module = self.here().kind == ScopeKind::Module;
        let scope = self.here_mut();
        let mangled = scope.mangle(name);
        scope.has_annotations = true;
        let symbol = scope.mention(&mangled, span);
        let declared = match (symbol.global, symbol.nonlocal) {
            (Some(at), _) if !is_module => Some((at, "global")),
            (_, Some(at)) => Some((at, "nonlocal")),
            _ => None,
        };
        (symbol.is_bound, symbol.is_annotated) = (true, true);
        symbol.bindings += 1;
        if let Some((at, what)) = declared {
            let problem = self.error(
                ErrorCode::AnnotatedGlobal,
                span,
                format!("annotated name '{name}' can't be {what}"),
            );
            *problem = problem.clone().also(at, "declared here");
        }
    }

    /// `global x`; mistakes are reported at the whole statement.
    pub(super) fn declare_global(&mut self, ident: &Ident, stmt: Span) {
        self.check_declaration(ident, stmt, "global");
        let scope = self.here_mut();
        let name = scope.mangle(&ident.name);
        let symbol = scope.mention(&name, ident.span);
        symbol.global = Some(ident.span);
        let of_module = self
            .tree
            .get_mut(ScopeTree::MODULE)
            .mention(&name, ident.span);
        of_module.global.get_or_insert(ident.span);
        let symbol = self.here_mut().mention(&name, ident.span);
        symbol.declared.get_or_insert(stmt);
        if let Some(nonlocal) = symbol.nonlocal {
            let first = symbol.declared.unwrap_or(stmt);
            self.both_declared(ident, stmt, nonlocal, first);
        }
    }

    /// `nonlocal x`
    pub(super) fn declare_nonlocal(&mut self, ident: &Ident, stmt: Span) {
        if self.here().kind == ScopeKind::Module {
            let problem = self.error(
                ErrorCode::Declaration,
                stmt,
                "nonlocal declaration not allowed at module level",
            );
            problem.help = Some(
                "names at the top level are the module's own: leave the declaration out".to_owned(),
            );
            return;
        }
        self.check_declaration(ident, stmt, "nonlocal");
        let scope = self.here_mut();
        let name = scope.mangle(&ident.name);
        let symbol = scope.mention(&name, ident.span);
        symbol.nonlocal = Some(ident.span);
        symbol.declared.get_or_insert(stmt);
        if let Some(global) = symbol.global {
            let first = symbol.declared.unwrap_or(stmt);
            self.both_declared(ident, stmt, global, first);
        }
    }

    fn both_declared(&mut self, ident: &Ident, stmt: Span, other: Span, first: Span) {
        let problem = self.error(
            ErrorCode::Declaration,
            stmt,
            format!("name '{}' is nonlocal and global", ident.name),
        );
        *problem = problem
            .clone()
            .quoted(first)
            .also(other, "the other declaration");
    }

    /// A declaration comes before everything else that a scope does with a name.
    fn check_declaration(&mut self, ident: &Ident, stmt: Span, what: &str) {
        let scope = self.here();
        let Some(symbol) = scope.symbol(&scope.mangle(&ident.name)) else {
            return;
        };
        if symbol.global.is_some() || symbol.nonlocal.is_some() {
            return;
        }
        let (name, first) = (&ident.name, symbol.span);
        let (code, message, help) = if symbol.is_param {
            (
                ErrorCode::DeclaredParameter,
                format!("name '{name}' is parameter and {what}"),
                "rename the parameter",
            )
        } else if symbol.is_used {
            (
                ErrorCode::DeclarationTooLate,
                format!("name '{name}' is used prior to {what} declaration"),
                "move the declaration to the top of the function",
            )
        } else if symbol.is_annotated {
            (
                ErrorCode::AnnotatedGlobal,
                format!("annotated name '{name}' can't be {what}"),
                "annotate it where it is defined",
            )
        } else {
            (
                ErrorCode::DeclarationTooLate,
                format!("name '{name}' is assigned to before {what} declaration"),
                "move the declaration to the top of the function",
            )
        };
        let problem = self.error(code, stmt, message);
        *problem = problem.clone().also(first, "first here").help(help);
    }

    /// `(x := value)` binds in the function around all comprehensions.
    pub(super) fn bind_walrus(&mut self, target: &Ident) {
        if self.flow.in_iterable {
            let message =
                "assignment expression cannot be used in a comprehension iterable expression";
            self.error(ErrorCode::WalrusInComprehension, target.span, message);
            return;
        }
        let Some(owner) = self.walrus_owner(target) else {
            return;
        };
        let inner = std::mem::replace(&mut self.scope, owner);
        self.bind_ident(target);
        self.scope = inner;
        if inner != owner {
            self.use_name(&target.name, target.span);
            let scope = self.here_mut();
            let name = scope.mangle(&target.name);
            scope.mention(&name, target.span).is_walrus_target = true;
        }
        let frame = self.here().frame;
        if frame == self.tree.get(owner).frame {
            let name = self.here().mangle(&target.name);
            self.tree
                .get_mut(frame)
                .walrus
                .push((name, target.span.start));
        }
    }

    fn walrus_owner(&mut self, target: &Ident) -> Option<ScopeId> {
        let mut id = self.scope;
        loop {
            let scope = self.tree.get(id);
            let is_bound = scope
                .symbol(&scope.mangle(&target.name))
                .is_some_and(|symbol| symbol.is_bound);
            let message = match scope.kind {
                ScopeKind::Comprehension | ScopeKind::Generator if is_bound => {
                    let name = &target.name;
                    format!(
                        "assignment expression cannot rebind comprehension iteration variable '{name}'"
                    )
                }
                ScopeKind::Comprehension | ScopeKind::Generator => {
                    id = scope.parent.expect("only the module has no parent");
                    continue;
                }
                ScopeKind::Class if id != self.scope => {
                    "assignment expression within a comprehension cannot be used in a class body"
                        .to_owned()
                }
                ScopeKind::TypeParams | ScopeKind::Bound | ScopeKind::AliasValue => {
                    let place = scope.type_place().unwrap_or_default();
                    self.refuse_in_type("named", place, target.span);
                    return None;
                }
                _ => return Some(id),
            };
            self.error(ErrorCode::WalrusInComprehension, target.span, message);
            return None;
        }
    }

    /// `__debug__` is a constant; the parser has refused it where a target can be seen without scopes.
    fn refuse_debug(&mut self, name: &str, span: Span) {
        if name == "__debug__" {
            let problem = self.error(ErrorCode::InvalidTarget, span, "cannot assign to __debug__");
            problem.help = Some("`__debug__` is a constant of the language".to_owned());
        }
    }

    /// What binds or suspends has no place in a part of a type that is evaluated on its own.
    pub(super) fn refuse_in_type(&mut self, what: &str, place: &str, span: Span) {
        let message = format!("{what} expression cannot be used within {place}");
        self.error(ErrorCode::InType, span, message);
    }
}
