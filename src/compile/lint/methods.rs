//! Methods that have no parameter for the object: calling one on an object raises TypeError.
//!
//! Silent where a decorator, the class body or a call through the class may use the function as it is.

use super::Lint;
use super::class_facts::How;
use super::members::{Base, base, is_closed};
use super::world::Member;
use crate::compile::scope::Role;
use crate::diagnostics::{Diagnostic, ErrorCode};
use crate::syntax::ast::FunctionDef;

/// Adds what it finds.
pub fn lint(lint: &mut Lint<'_, '_>) {
    let known = lint.known;
    for facts in known.classes() {
        let bases = facts.def.args.iter().map(|arg| base(known, facts, arg));
        let are_known = bases.into_iter().all(|it| !matches!(it, Base::Unknown));
        let mut methods: Vec<&FunctionDef> = facts
            .methods
            .values()
            .flatten()
            .filter(|it| it.how == How::Instance && it.def.decorators.is_empty())
            .map(|it| it.def)
            .collect();
        methods.sort_by_key(|def| def.header);
        let has_self = methods.iter().any(|def| {
            let mut params = def.params.posonly.iter().chain(&def.params.regular);
            params
                .next()
                .is_some_and(|first| &*first.name.name == "self")
        });
        if !are_known || !(is_closed(known, facts) || has_self) {
            continue;
        }
        if !has_self && !known.is_made(facts.def) {
            continue;
        }
        let body = known.tree.get(known.tree.of(facts.def, Role::Body));
        for def in methods {
            let params = &def.params;
            let takes_none =
                params.posonly.is_empty() && params.regular.is_empty() && params.vararg.is_none();
            let name = &def.name.name;
            let is_used = body
                .symbol(name)
                .is_none_or(|it| it.is_used || it.bindings != 1);
            let through_class = format!("{}.{name}", facts.def.name.name);
            // A base in the library may call it through the class.
            let is_known_to_base = facts
                .def
                .args
                .iter()
                .any(|arg| match base(known, facts, arg) {
                    Base::Library(module, base) => {
                        known.world.member(module, base, name) != Member::Absent
                    }
                    _ => false,
                });
            if !takes_none || is_used || is_known_to_base || lint.text.contains(&through_class) {
                continue;
            }
            lint.found.push(
                Diagnostic::error(
                    ErrorCode::MethodWithoutSelf,
                    def.header,
                    format!("method '{name}' has no parameter for the object"),
                )
                .label("a call on an object passes the object: TypeError")
                .help(format!(
                    "write `def {name}(self, ...)`, or put `@staticmethod` before it"
                )),
            );
        }
    }
}
