//! Imports: modules that are not there, names that modules lack, and what is imported and never used.
//!
//! What stands in a `try` that catches ImportError, or under an `if` that asks for the platform, is tried, not counted on. A package's
//! `__init__`, names in `__all__` and `import x as x` are there for others. A name in a string may be an annotation: it is used.

use super::Lint;
use super::fix;
use super::known::{Bind, Known};
use super::walk::{At, Guards, Visit, walk};
use super::world::Origin;
use crate::compile::scope::{ScopeKind, ScopeTree};
use crate::diagnostics::similar::nearest;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{
    Alias, Constant, Expr, ExprKind, Ident, ImportNames, Module, Stmt, StmtKind,
};

/// What modules have only while or after something runs.
const OF_RUNS: &[(&str, &str)] = &[
    ("sys", "last_exc"),
    ("sys", "last_type"),
    ("sys", "last_value"),
    ("sys", "last_traceback"),
    ("sys", "tracebacklimit"),
    ("sys", "ps1"),
    ("sys", "ps2"),
];

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let mut texts = Texts::default();
    walk(module, lint.known.tree, &mut texts);
    let mut imports = Imports { texts, lint };
    let tree = imports.lint.known.tree;
    walk(module, tree, &mut imports);
}

/// What the strings of a file mention.
#[derive(Default)]
struct Texts<'a>(Vec<&'a str>);

impl<'a> Visit<'a> for Texts<'a> {
    fn expr(&mut self, expr: &'a Expr, _: At) {
        if let ExprKind::Constant(Constant::Str(text)) = &expr.kind {
            self.0.push(text);
        }
    }
}

impl Texts<'_> {
    fn mention(&self, name: &str) -> bool {
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        self.0
            .iter()
            .filter(|text| text.contains(name))
            .any(|text| text.split(|c| !is_part(c)).any(|word| word == name))
    }
}

struct Imports<'a, 'l, 'w> {
    texts: Texts<'a>,
    lint: &'l mut Lint<'a, 'w>,
}

impl<'a> Visit<'a> for Imports<'a, '_, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        match &stmt.kind {
            StmtKind::Import(names) => {
                for (index, alias) in names.iter().enumerate() {
                    self.module(&alias.name, at);
                    self.unused(names, index, stmt.span, at);
                }
            }
            StmtKind::ImportFrom {
                module,
                level,
                names,
            } => {
                let is_future = module.as_ref().is_some_and(|it| &*it.name == "__future__");
                if let Some(module) = module.as_ref().filter(|_| *level == 0 && !is_future) {
                    self.module(module, at);
                    self.members(module, names, at);
                }
                // A public module hands on what a private one beside it has.
                let is_handed_on = at.scope == ScopeTree::MODULE
                    && module
                        .as_ref()
                        .is_some_and(|module| is_private(&module.name));
                if let ImportNames::Names(names) = names
                    && !is_future
                    && !is_handed_on
                {
                    (0..names.len()).for_each(|index| self.unused(names, index, stmt.span, at));
                }
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        if let ExprKind::Attribute { value, attr } = &expr.kind
            && let ExprKind::Name(object) = &value.kind
            && !at.guards.has(Guards::ATTRIBUTE)
            && !at.guards.has(Guards::PROBED)
            && let Some(module) = self.module_of(object, at)
        {
            self.attribute(module, attr);
        }
    }
}

impl<'a> Imports<'a, '_, '_> {
    fn module_of(&self, name: &str, at: At) -> Option<&'a str> {
        match self.lint.known.bind(at.scope, name) {
            Some(Bind::Module(module)) => Some(module),
            None if name == "asyncio" && self.lint.known.is_builtin(at.scope, name) => {
                Some("asyncio")
            }
            _ => None,
        }
    }

    fn module(&mut self, module: &Ident, at: At) {
        // A file that changes `sys.modules` may import what no finder knows.
        let makes = self.lint.text.contains("modules[");
        if at.guards.has(Guards::IMPORT) || at.guards.has(Guards::PROBED) || makes {
            return;
        }
        let name = &*module.name;
        let finding = match self.lint.world.module(name) {
            Origin::Library | Origin::File => return,
            Origin::Lacking => Diagnostic::error(
                ErrorCode::UnknownModule,
                module.span,
                match name.contains('.') {
                    true => format!("apy has no module '{name}'"),
                    false => format!("apy does not have the module '{name}' of CPython"),
                },
            )
            .help("docs/library/README.md lists the modules that apy has"),
            Origin::Unknown => {
                let finding = Diagnostic::error(
                    ErrorCode::UnknownModule,
                    module.span,
                    format!("no module named '{name}'"),
                )
                .label("it is not part of apy, and no file of this name is beside the program or on the path");
                let modules = self.lint.world.modules();
                match nearest(name, modules.iter().map(String::as_str)) {
                    Some(near) => finding.help(format!("did you mean '{near}'?")),
                    None => finding,
                }
            }
        };
        self.lint.found.push(finding);
    }

    fn members(&mut self, module: &'a Ident, names: &'a ImportNames, at: At) {
        let ImportNames::Names(names) = names else {
            return;
        };
        if at.guards.has(Guards::IMPORT) || at.guards.has(Guards::PROBED) {
            return;
        }
        for alias in names {
            let inside = format!("{}.{}", module.name, alias.name.name);
            let is_module = matches!(
                self.lint.world.module(&inside),
                Origin::Library | Origin::File
            );
            if !is_module {
                self.attribute(&module.name, &alias.name);
            }
        }
    }

    fn attribute(&mut self, module: &str, attr: &Ident) {
        let name = &*attr.name;
        if self.lint.world.has_attribute(module, name) != Some(false) {
            return;
        }
        if self.is_assigned(module, name) || OF_RUNS.contains(&(module, name)) {
            return;
        }
        let finding = Diagnostic::error(
            ErrorCode::UnknownAttribute,
            attr.span,
            format!("module '{module}' has no attribute '{name}'"),
        );
        let mut names = self.lint.world.names(module).unwrap_or_default();
        names.retain(|it| it.starts_with('_') == name.starts_with('_'));
        let finding = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean '{near}'?")),
            None => finding.help(format!("`apy -c 'help({module})'` lists what is in it")),
        };
        self.lint.found.push(finding);
    }

    /// Whether the file itself sets the attribute: `module.name = value`.
    fn is_assigned(&self, module: &str, name: &str) -> bool {
        let text = self.lint.text;
        text.contains(&format!("{module}.{name} =")) || text.contains("setattr(")
    }

    fn unused(&mut self, names: &'a [Alias], index: usize, stmt: Span, at: At) {
        let alias = &names[index];
        let bound = alias.asname.as_ref().unwrap_or(&alias.name);
        let known: &Known<'a> = self.lint.known;
        let Some(home) = known
            .home(at.scope, &bound.name)
            .filter(|_| !self.is_for_others(alias, at))
        else {
            return;
        };
        let symbol = known.tree.symbol(home.0, home.1);
        if symbol.bindings != 1
            || known.is_used(home)
            || known.is_rebound(home)
            || self.texts.mention(&bound.name)
        {
            return;
        }
        let fix = fix::remove_import(self.lint.text, stmt, names, index);
        self.lint.found.push(
            Diagnostic::error(
                ErrorCode::UnusedImport,
                bound.span,
                format!("'{}' is imported and never used", bound.name),
            )
            .help(if names.len() == 1 {
                "remove the import"
            } else {
                "remove it from the import"
            })
            .fix(fix)
            .as_warning(),
        );
    }

    /// Whether an import may be there for its effect, or for those who import this file.
    fn is_for_others(&self, alias: &Alias, at: At) -> bool {
        let bound = alias.asname.as_ref().unwrap_or(&alias.name);
        alias
            .asname
            .as_ref()
            .is_some_and(|it| it.name == alias.name.name)
            || self.lint.is_package
            || bound.name.contains('.')
            || bound.name.starts_with('_')
            || self.lint.known.tree.get(at.scope).kind == ScopeKind::Class
            || at.guards.has(Guards::IMPORT)
            || at.guards.has(Guards::PROBED)
    }
}

/// Whether a module is private: the last part of its name begins with `_`.
fn is_private(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|leaf| leaf.starts_with('_'))
}
