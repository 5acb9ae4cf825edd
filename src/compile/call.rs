//! Calls: the window of arguments, and the forms with keywords and stars.
//!
//! Contract: the callee is in `R[base]`, arguments follow, nothing above `base` is alive, the result lands in
//! `R[base]`. `dropped` says that a statement ignores the result. Arguments are evaluated in CPython's order: all
//! positional ones before all keywords.

use super::emitter::Emitter;
use super::expr::NOTHING;
use super::scope::{Place, ScopeKind, ScopeTree};
use crate::bytecode::{Const, Imm, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Name};

/// Most arguments that are passed in registers.
const MAX_ARGS: usize = 200;

impl<'a> Emitter<'_, 'a> {
    /// `R[dest] := the call`
    pub fn call(&mut self, expr: &'a Expr, dest: Reg, dropped: bool) {
        let ExprKind::Call { func, args } = &expr.kind else {
            return;
        };
        self.scratch(|e| {
            let base = e.run_start(dest);
            if is_plain(args) && e.fits(args.len()) {
                e.plain_call(func, args, base, expr.span, dropped);
            } else if !has_stars(args) && e.fits(args.len()) {
                e.expr_to(func, base);
                let span = match &func.kind {
                    ExprKind::Attribute { attr, .. } => e.span_of_link(expr.span, attr),
                    _ => expr.span,
                };
                e.keyword_call(args, base, span);
            } else {
                e.expr_to(func, base);
                e.spread_call(args, base, expr.span, dropped);
            }
            e.b.set_span(expr.span);
            e.copy(dest, base);
        });
    }

    /// The first register of a run: `dest` itself if it is the temporary on top.
    pub fn run_start(&mut self, dest: Reg) -> Reg {
        if self.regs.is_top(dest) {
            dest
        } else {
            self.temp()
        }
    }

    fn fits(&self, args: usize) -> bool {
        args <= MAX_ARGS && self.regs.has_room(args)
    }

    fn plain_call(
        &mut self,
        func: &'a Expr,
        args: &'a [Arg],
        base: Reg,
        span: Span,
        dropped: bool,
    ) {
        if let ExprKind::Attribute { value, attr } = &func.kind {
            let spans = (
                self.span_of_link(func.span, attr),
                self.span_of_link(span, attr),
            );
            return self.method_call(value, attr, args, base, spans, dropped);
        }
        self.expr_to(func, base);
        let count = match self.super_arguments(func, args) {
            Some((class, this)) => {
                self.super_values(class, &this, span);
                2
            }
            None => {
                self.values(args);
                args.len()
            }
        };
        self.op_at(span, Op::Call, base, count as u8, dropped.into(), 0);
    }

    /// `value.attr(args)`. The attribute is looked up before the arguments are evaluated; where these are constants and
    /// names, lookup and call are one instruction.
    fn method_call(
        &mut self,
        value: &'a Expr,
        attr: &'a Ident,
        args: &'a [Arg],
        base: Reg,
        (lookup, call): (Span, Span),
        dropped: bool,
    ) {
        let name = self.here().mangle(&attr.name);
        if self.behind(value, base, lookup, &name) {
            self.values(args);
            return self.op_at(
                call,
                Op::CallFound,
                base,
                args.len() as u8,
                dropped.into(),
                0,
            );
        }
        self.expr_temp(value);
        let cache = self.b.cache(&name);
        if args.iter().all(|arg| is_inert(arg.value())) {
            self.values(args);
            return self.op_at(
                call,
                Op::CallMethod,
                base,
                args.len() as u8,
                dropped.into(),
                cache,
            );
        }
        self.op_at(lookup, Op::GetMethod, base, 0, 0, cache);
        self.values(args);
        self.op_at(
            call,
            Op::CallFound,
            base,
            args.len() as u8,
            dropped.into(),
            0,
        );
    }

    /// `super().name` in a method, about to be called: finds the function without an object in between. False: it is something else.
    fn behind(&mut self, value: &'a Expr, base: Reg, lookup: Span, name: &Name) -> bool {
        let ExprKind::Call { func, args } = &value.kind else {
            return false;
        };
        let Some((class, this)) = self.super_arguments(func, args) else {
            return false;
        };
        self.expr_to(func, base);
        self.scratch(|e| e.super_values(class, &this, value.span));
        let cache = self.b.cache(name);
        self.op_at(lookup, Op::GetSuper, base, 0, 0, cache);
        self.temp();
        true
    }

    fn values(&mut self, args: &'a [Arg]) {
        for arg in args {
            self.expr_temp(arg.value());
        }
    }

    /// For `super()` in a method: the `__class__` cell in the closure and the first parameter.
    fn super_arguments(&self, func: &Expr, args: &[Arg]) -> Option<(u16, Name)> {
        let is_super =
            args.is_empty() && matches!(&func.kind, ExprKind::Name(name) if &**name == "super");
        let module = self.unit.tree.get(ScopeTree::MODULE);
        if !is_super || module.symbol("super").is_some_and(|symbol| symbol.is_bound) {
            return None;
        }
        let frame = self.unit.tree.get(self.frame);
        let class = match (self.place(&"super".into()), self.place(&"__class__".into())) {
            (Place::Global, Place::Free(class)) => class,
            _ => return None,
        };
        let first = frame
            .symbols
            .first()
            .filter(|symbol| symbol.is_param && frame.kind != ScopeKind::Class)?;
        Some((class, first.name.clone()))
    }

    fn super_values(&mut self, class: u16, this: &Name, span: Span) {
        let (class_reg, this_reg) = (self.temp(), self.temp());
        let name = self.b.name(&"__class__".into());
        let [low, high] = class.to_le_bytes();
        self.op_at(span, Op::GetFree, class_reg, low, high, name);
        // The frame's own first parameter, even where a comprehension hides its name.
        let inner = std::mem::replace(&mut self.scope, self.frame);
        self.load_name(this, span, this_reg);
        self.scope = inner;
    }

    fn keyword_call(&mut self, args: &'a [Arg], base: Reg, span: Span) {
        self.values(args);
        let names: Vec<Const> = args
            .iter()
            .filter_map(keyword)
            .map(|name| Const::Str(name.name.clone()))
            .collect();
        let (keywords, positional) = (names.len() as u8, (args.len() - names.len()) as u8);
        let names = self.b.constant(Const::Tuple(names));
        self.op_at(span, Op::CallKw, base, positional, keywords, names);
    }

    /// A lone `*values` is walked last, behind what the keywords are computed from.
    fn spread_call(&mut self, args: &'a [Arg], base: Reg, span: Span, dropped: bool) {
        let (list, dict) = (self.temp(), self.temp());
        let mut positional = args
            .iter()
            .filter(|arg| matches!(arg, Arg::Pos(_) | Arg::Star(_)));
        if let (Some(Arg::Star(value)), None) = (positional.next(), positional.next()) {
            self.expr_to(value, list);
            self.spread_keywords(args, base, dict);
            self.scratch(|e| {
                let values = e.temp();
                e.copy(values, list);
                e.op(Op::BuildList, list, list, 0, 0);
                e.op_at(value.span, Op::ListExtend, list, values, 0, 1);
            });
        } else {
            self.spread_positional(args, list);
            self.spread_keywords(args, base, dict);
        }
        self.op_at(span, Op::CallEx, base, 0, dropped.into(), 0);
    }

    fn spread_positional(&mut self, args: &'a [Arg], list: Reg) {
        self.op(Op::BuildList, list, list, 0, 0);
        for arg in args {
            self.scratch(|e| match arg {
                Arg::Pos(value) => {
                    let value = e.operand(value, NOTHING);
                    e.op(Op::ListAppend, list, value, 0, 0);
                }
                Arg::Star(value) => {
                    let values = e.operand(value, NOTHING);
                    e.op_at(value.span, Op::ListExtend, list, values, 0, 1);
                }
                Arg::Keyword { .. } | Arg::DoubleStar(_) => {}
            });
        }
    }

    fn spread_keywords(&mut self, args: &'a [Arg], callee: Reg, dict: Reg) {
        if args
            .iter()
            .all(|arg| matches!(arg, Arg::Pos(_) | Arg::Star(_)))
        {
            return self.imm(dict, Imm::Undef);
        }
        self.op(Op::BuildDict, dict, dict, 0, 0);
        let mut merged = false;
        for arg in args {
            self.scratch(|e| match arg {
                Arg::Pos(_) | Arg::Star(_) => {}
                Arg::Keyword { name, value } => e.spread_keyword(name, value, callee, dict, merged),
                Arg::DoubleStar(value) => {
                    merged = true;
                    let mapping = e.operand(value, NOTHING);
                    e.op_at(value.span, Op::DictMerge, dict, mapping, callee, 0);
                }
            });
        }
    }

    /// Behind a `**mapping` a keyword may be there already: then it must be merged, which checks.
    fn spread_keyword(
        &mut self,
        name: &'a Ident,
        value: &'a Expr,
        callee: Reg,
        dict: Reg,
        merged: bool,
    ) {
        let pair = self.temps(2);
        self.load_str(pair, &name.name);
        self.expr_to(value, pair + 1);
        if merged {
            self.op(Op::BuildDict, pair, pair, 0, 1);
            self.op_at(value.span, Op::DictMerge, dict, pair, callee, 0);
        } else {
            self.op(Op::DictSet, dict, pair, pair + 1, 0);
        }
    }

    /// The bases of a class as a tuple, its keywords as a dict or Undef.
    pub fn class_arguments(&mut self, args: &'a [Arg], callee: Reg, bases: Reg, keywords: Reg) {
        let positional: Vec<&Expr> = args.iter().filter_map(positional).collect();
        if has_stars(args) || !self.regs.has_room(positional.len()) {
            self.spread_positional(args, bases);
            self.op(Op::ListToTuple, bases, bases, 0, 0);
        } else {
            self.scratch(|e| {
                let first = e.regs.next();
                for value in &positional {
                    e.expr_temp(value);
                }
                e.op(Op::BuildTuple, bases, first, 0, positional.len() as i32);
            });
        }
        self.spread_keywords(args, callee, keywords);
    }
}

/// Whether evaluating does nothing that a program would notice. A name may have no value: the VM looks the method up before it
/// says so (`vm/exec/name_lookup.rs`).
fn is_inert(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Constant(_) | ExprKind::Name(_))
}

fn keyword(arg: &Arg) -> Option<&Ident> {
    match arg {
        Arg::Keyword { name, .. } => Some(name),
        _ => None,
    }
}

fn positional(arg: &Arg) -> Option<&Expr> {
    match arg {
        Arg::Pos(value) => Some(value),
        _ => None,
    }
}

fn is_plain(args: &[Arg]) -> bool {
    args.iter().all(|arg| matches!(arg, Arg::Pos(_)))
}

fn has_stars(args: &[Arg]) -> bool {
    args.iter()
        .any(|arg| matches!(arg, Arg::Star(_) | Arg::DoubleStar(_)))
}
