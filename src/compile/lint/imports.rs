//! Imports: modules that are not there, names that modules lack, and what is imported and never used.
//!
//! What stands in a `try` that catches ImportError, or under an `if` that asks for the platform, is tried, not counted on. A package's
//! `__init__`, names in `__all__` and `import x as x` are there for others. A name in a string may be an annotation: it is used.

use super::Lint;
use super::fix;
use super::known::Known;
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

/// Names that modules have on other systems and in other implementations: only code that is for those asks for them.
const OF_OTHERS: &[(&str, &[&str])] = &[
    (
        "sys",
        &[
            "getwindowsversion",
            "winver",
            "dllhandle",
            "pypy_version_info",
            "getandroidapilevel",
        ],
    ),
    (
        "ctypes",
        &[
            "windll",
            "oledll",
            "WinDLL",
            "OleDLL",
            "WINFUNCTYPE",
            "WinError",
            "FormatError",
            "GetLastError",
            "get_last_error",
            "set_last_error",
            "HRESULT",
            "wintypes",
            "DllCanUnloadNow",
            "DllGetClassObject",
        ],
    ),
    (
        "os",
        &[
            "startfile",
            "O_BINARY",
            "O_NOINHERIT",
            "add_dll_directory",
            "get_handle_inheritable",
            "lchmod",
        ],
    ),
    ("signal", &["CTRL_C_EVENT", "CTRL_BREAK_EVENT", "SIGBREAK"]),
    (
        "asyncio",
        &[
            "ProactorEventLoop",
            "IocpProactor",
            "DefaultEventLoopPolicy",
            "WindowsProactorEventLoopPolicy",
            "WindowsSelectorEventLoopPolicy",
        ],
    ),
    (
        "subprocess",
        &[
            "STARTUPINFO",
            "STARTF_USESHOWWINDOW",
            "SW_HIDE",
            "CREATE_NEW_CONSOLE",
            "CREATE_NEW_PROCESS_GROUP",
            "CREATE_NO_WINDOW",
            "DETACHED_PROCESS",
        ],
    ),
    (
        "socket",
        &[
            "SIO_KEEPALIVE_VALS",
            "SIO_RCVALL",
            "RCVALL_ON",
            "RCVALL_OFF",
            "SO_EXCLUSIVEADDRUSE",
            "fromshare",
        ],
    ),
    ("select", &["kqueue", "kevent", "devpoll"]),
];

/// Modules that other systems have.
const MODULES_OF_OTHERS: &[&str] = &[
    "msvcrt",
    "winreg",
    "winsound",
    "_winapi",
    "nt",
    "ctypes.wintypes",
];

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let is_facade = module.body.iter().all(is_part_of_facade);
    let mut imports = Imports { is_facade, lint };
    let tree = imports.lint.known.tree;
    walk(module, tree, &mut imports);
}

struct Imports<'a, 'l, 'w> {
    /// Whether the file does nothing but import: then it does so for others.
    is_facade: bool,
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
            && !at.guards.has(Guards::ATTRIBUTE)
            && !at.guards.has(Guards::PROBED)
            && let Some(module) = self.lint.known.module(value, at.scope)
        {
            self.attribute(module, attr);
        }
    }
}

impl<'a> Imports<'a, '_, '_> {
    fn module(&mut self, module: &Ident, at: At) {
        // A file that changes `sys.modules` may import what no finder knows.
        let makes = self.lint.text.contains("modules[");
        if at.guards.has(Guards::IMPORT) || at.guards.has(Guards::PROBED) || makes {
            return;
        }
        let name = &*module.name;
        if MODULES_OF_OTHERS.contains(&name) {
            return;
        }
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
        let is_of_others = OF_OTHERS
            .iter()
            .any(|(of, names)| *of == module && names.contains(&name));
        if self.is_assigned(module, name) || OF_RUNS.contains(&(module, name)) || is_of_others {
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
            || known.mentions(&bound.name)
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
            || self.is_facade
            || bound.name.contains('.')
            || bound.name.starts_with('_')
            || self.lint.known.tree.get(at.scope).kind == ScopeKind::Class
            || at.guards.has(Guards::IMPORT)
            || at.guards.has(Guards::PROBED)
    }
}

/// Whether a statement imports, documents, or sets a name such as `__all__`.
fn is_part_of_facade(stmt: &Stmt) -> bool {
    let is_dunder =
        |target: &Expr| matches!(&target.kind, ExprKind::Name(name) if name.starts_with("__"));
    match &stmt.kind {
        StmtKind::Import(_) | StmtKind::ImportFrom { .. } | StmtKind::Pass => true,
        StmtKind::Expr(value) => matches!(value.kind, ExprKind::Constant(Constant::Str(_))),
        StmtKind::Assign { targets, .. } => targets.iter().all(is_dunder),
        StmtKind::If { .. } | StmtKind::Try { .. } => {
            let mut all = true;
            super::blocks(stmt, &mut |body| all &= body.iter().all(is_part_of_facade));
            all
        }
        _ => false,
    }
}

/// Whether a module is private: the last part of its name begins with `_`.
fn is_private(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|leaf| leaf.starts_with('_'))
}
