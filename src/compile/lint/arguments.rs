//! Calls whose arguments do not fit: of functions, methods and classes of this file, and of those of the library.
//!
//! Only what a signature surely refuses is told. A class is looked at if all its bases are known, for a metaclass may have any call.

use super::Lint;
use super::class_facts::last_name;
use super::evident::callee;
use super::known::{Callee, Known};
use super::members::{self, Base, Found, is_abstract};
use super::signature::{Bound, Field, Signature};
use super::walk::{At, Guards, Visit, walk};
use super::world::Member;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Arg, ClassDef, Constant, Expr, ExprKind, FunctionDef, Module, StmtKind};

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let tree = lint.known.tree;
    walk(module, tree, &mut Arguments { lint });
}

struct Arguments<'a, 'l, 'w> {
    lint: &'l mut Lint<'a, 'w>,
}

impl<'a> Visit<'a> for Arguments<'a, '_, '_> {
    fn expr(&mut self, expr: &'a Expr, at: At) {
        let ExprKind::Call { func, args } = &expr.kind else {
            return;
        };
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::PROBED) {
            return;
        }
        let known: &Known<'a> = self.lint.known;
        match callee(known, func, at.scope) {
            // `__new__` and its like are bound in ways of their own; what only raises is there to be overridden.
            Some(Callee::Def(def, _, Bound::ToInstance))
                if def.name.name.starts_with("__") || is_abstract(def) => {}
            // Its text is not all that says how it is called.
            Some(Callee::Def(def, ..))
                if known.stores("__defaults__") + known.stores("__kwdefaults__") > 0
                    || has_mangled(def) => {}
            Some(Callee::Def(def, _, bound)) => {
                let signature = Signature::of_def(&def.params, bound);
                let place = Some((def.header, "defined here"));
                self.hold(&def.name.name, &signature, args, expr.span, place);
            }
            Some(Callee::Class(class)) => {
                if let Some(signature) = constructor(known, class) {
                    let place = Some((class.header, "defined here"));
                    self.hold(&class.name.name, &signature, args, expr.span, place);
                }
            }
            Some(Callee::Member(module, name)) => {
                let text = self.lint.world.signature(module, name);
                if let Some(signature) = text.as_deref().and_then(Signature::of_text) {
                    self.hold(name, &signature, args, expr.span, None);
                }
            }
            Some(Callee::Method(module, class, name)) => {
                if let Member::Method(text) = known.world.member(module, class, name)
                    && let Some(signature) = Signature::of_text(&text)
                {
                    self.hold(name, &signature, args, expr.span, None);
                }
            }
            Some(Callee::OfClass(module, class, name)) => {
                let path = format!("{class}.{name}");
                let text = known.world.signature(module, &path);
                if let Some(signature) = text.as_deref().and_then(Signature::of_text) {
                    self.hold(name, &signature, args, expr.span, None);
                }
            }
            None => {}
        }
    }
}

impl Arguments<'_, '_, '_> {
    fn hold(
        &mut self,
        name: &str,
        signature: &Signature,
        args: &[Arg],
        span: Span,
        place: Option<(Span, &str)>,
    ) {
        let Some(problem) = signature.refuse(args) else {
            return;
        };
        let mut finding = Diagnostic::error(
            ErrorCode::WrongArguments,
            span,
            format!("{name}() cannot be called so: {problem}"),
        )
        .label("this call raises TypeError");
        if let Some((span, text)) = place {
            finding = finding.also(span, text);
        }
        if let Some(help) = signature.help(args) {
            finding = finding.help(help);
        }
        self.lint.found.push(finding);
    }
}

/// Whether a parameter's name is private to the class around.
fn has_mangled(def: &FunctionDef) -> bool {
    let params = &def.params;
    let mut all = params
        .posonly
        .iter()
        .chain(&params.regular)
        .chain(&params.kwonly);
    all.any(|it| it.name.name.starts_with("__"))
}

/// How a class of this file is called, if nothing but its own `__init__` or its fields have a say in it.
fn constructor<'a>(known: &Known<'a>, class: &'a ClassDef) -> Option<Signature> {
    if !members::is_made_plainly(known, class) {
        return None;
    }
    match members::find(known, class, "__init__") {
        Found::Method(init, _, _) if !is_dataclass(class) => {
            Some(Signature::of_def(&init.params, Bound::ToInstance))
        }
        Found::Absent if !is_dataclass(class) => {
            let has_fields = known
                .classes()
                .any(|it| is_dataclass(it.def) && members::derives(known, class, it.def));
            (!has_fields).then(Signature::default)
        }
        Found::Absent => fields(known, class, 8).map(Signature::of_fields),
        _ => None,
    }
}

fn is_dataclass(class: &ClassDef) -> bool {
    class
        .decorators
        .iter()
        .any(|it| last_name(it) == Some("dataclass"))
}

/// The fields of a data class and its bases; None where something is not evident.
fn fields<'a>(known: &Known<'a>, class: &'a ClassDef, depth: u32) -> Option<Vec<Field>> {
    let (depth, facts) = (depth.checked_sub(1)?, known.class(class)?);
    let mut all: Vec<Field> = Vec::new();
    match &class.args[..] {
        [] => {}
        [base] => match members::base(known, facts, base) {
            Base::File(base) => all = fields(known, base, depth)?,
            Base::Plain => {}
            _ => return None,
        },
        _ => return None,
    }
    let Some(decorator) = class
        .decorators
        .iter()
        .find(|it| last_name(it) == Some("dataclass"))
    else {
        return Some(all);
    };
    let mut is_keyword = matches!(option(decorator, "kw_only"), Some(Constant::Bool(true)));
    if option(decorator, "init").is_some() {
        return None;
    }
    for stmt in &class.body {
        let StmtKind::AnnAssign {
            target,
            annotation,
            value,
            ..
        } = &stmt.kind
        else {
            continue;
        };
        let ExprKind::Name(name) = &target.kind else {
            return None;
        };
        let text = known
            .text
            .get(annotation.span.start as usize..annotation.span.end as usize)?;
        if text.contains("KW_ONLY") {
            is_keyword = true;
            continue;
        }
        if text.contains("ClassVar") {
            continue;
        }
        let mut field = Field {
            name: name.to_string(),
            is_keyword,
            is_required: value.is_none(),
        };
        if let Some(call) = value.as_ref().filter(|it| last_name(it) == Some("field")) {
            if option(call, "init").is_some() || option(call, "kw_only").is_some() {
                return None;
            }
            field.is_required =
                !has_option(call, "default") && !has_option(call, "default_factory");
        }
        match all.iter_mut().find(|it| it.name == field.name) {
            Some(old) => *old = field,
            None => all.push(field),
        }
    }
    Some(all)
}

fn has_option(call: &Expr, option: &str) -> bool {
    let ExprKind::Call { args, .. } = &call.kind else {
        return false;
    };
    args.iter().any(|arg| match arg {
        Arg::Keyword { name, .. } => &*name.name == option,
        Arg::DoubleStar(_) => true,
        _ => false,
    })
}

/// The constant that a call has for a keyword; what is no constant counts as None.
fn option<'a>(call: &'a Expr, option: &str) -> Option<&'a Constant> {
    const UNSURE: &Constant = &Constant::None;
    let ExprKind::Call { args, .. } = &call.kind else {
        return None;
    };
    args.iter().find_map(|arg| match arg {
        Arg::Keyword { name, value } if &*name.name == option => match &value.kind {
            ExprKind::Constant(constant) => Some(constant),
            _ => Some(UNSURE),
        },
        _ => None,
    })
}
