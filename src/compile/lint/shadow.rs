//! Names that hide a builtin and are then called as if they were the builtin.
//!
//! A name such as `id` or `type` for something of one's own is common and harmless. A mistake it is where the value is surely nothing
//! that can be called, and the name is called where it means that value.

use std::collections::HashSet;

use super::Lint;
use super::known::{Bind, Home, Known};
use super::walk::{At, Guards, Visit, walk};
use crate::diagnostics::{Diagnostic, ErrorCode};
use crate::syntax::ast::{Expr, ExprKind, Module};

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let mut shadows = Shadows {
        known: lint.known,
        builtins: lint.world.builtins().into_iter().collect(),
        told: HashSet::new(),
        found: Vec::new(),
    };
    walk(module, lint.known.tree, &mut shadows);
    lint.found.extend(shadows.found);
}

struct Shadows<'a, 'k> {
    known: &'k Known<'a>,
    builtins: HashSet<String>,
    told: HashSet<Home>,
    found: Vec<Diagnostic>,
}

impl<'a> Visit<'a> for Shadows<'a, '_> {
    fn expr(&mut self, expr: &'a Expr, at: At) {
        let ExprKind::Call { func, .. } = &expr.kind else {
            return;
        };
        let ExprKind::Name(name) = &func.kind else {
            return;
        };
        if !self.builtins.contains(&**name) || at.guards.has(Guards::TYPE) {
            return;
        }
        let (Some(home), Some(Bind::Value(value))) = (
            self.known.home(at.scope, name),
            self.known.bind(at.scope, name),
        ) else {
            return;
        };
        let symbol = self.known.tree.symbol(home.0, home.1);
        // A call before the assignment, or a value made from the builtin itself, is another matter.
        let is_later = value.span.end <= func.span.start;
        if is_data(value) && is_later && self.told.insert(home) {
            self.found.push(
                Diagnostic::error(
                    ErrorCode::ShadowedBuiltin,
                    func.span,
                    format!(
                        "'{name}' hides the builtin of this name, and is called as if it did not"
                    ),
                )
                .label("calls what the name means here: TypeError")
                .also(symbol.span, "the builtin is hidden from here on")
                .help(format!("another name, such as `{name}_`, keeps both"))
                .as_warning(),
            );
        }
    }
}

/// Whether a value is surely nothing that can be called.
fn is_data(value: &Expr) -> bool {
    matches!(
        value.kind,
        ExprKind::Constant(_)
            | ExprKind::FString(_)
            | ExprKind::Tuple(_)
            | ExprKind::List(_)
            | ExprKind::Set(_)
            | ExprKind::Dict(_)
            | ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::GeneratorExp { .. }
            | ExprKind::Compare { .. }
    )
}
