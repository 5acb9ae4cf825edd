//! Names that hide a builtin: everything in their scope that means the builtin gets something else.
//!
//! Class bodies are left out: their names are attributes. One warning a name and scope, at its first mention.

use crate::compile::scope::{ScopeKind, ScopeTree};
use crate::diagnostics::{Code, Diagnostic};

/// Adds what it finds.
pub fn lint(tree: &ScopeTree, builtins: &[&str], found: &mut Vec<Diagnostic>) {
    for id in tree.ids() {
        let scope = tree.get(id);
        if matches!(scope.kind, ScopeKind::Class | ScopeKind::TypeParams) {
            continue;
        }
        let hides = |name: &str| !name.starts_with('_') && builtins.contains(&name);
        let bound = scope.symbols.iter().filter(|symbol| {
            symbol.is_bound && symbol.global.is_none() && symbol.nonlocal.is_none()
        });
        found.extend(bound.filter(|symbol| hides(&symbol.name)).map(|symbol| {
            let name = &symbol.name;
            Diagnostic::error(
                Code::ShadowedBuiltin,
                symbol.span,
                format!("'{name}' hides the builtin of this name"),
            )
            .help(format!("another name, such as `{name}_`, keeps both"))
            .as_warning()
        }));
    }
}
