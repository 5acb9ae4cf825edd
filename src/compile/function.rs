//! Functions: definitions, lambdas, defaults, annotations, decorators.
//!
//! Contract: decorators first, then defaults, then annotations, as CPython evaluates them; the function is bound last.
//! `MakeFunction` finds defaults, keyword defaults and annotations in three registers in a row.

use super::annotation_text::annotation_text;
use super::emitter::{Emitter, Header};
use super::expr::NOTHING;
use super::fold::fold;
use super::resolve::{params_in_order, params_in_source};
use super::scope::Role;
use crate::bytecode::{self, Annotations, CodeKind, Const, Imm, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{
    Constant, Expr, ExprKind, FunctionDef, Lambda, Name, Param, Params, Stmt, StmtKind,
};

impl<'a> Emitter<'_, 'a> {
    /// `[async] def`
    pub fn function_def(&mut self, def: &'a FunctionDef) {
        let variable = if def.decorators.is_empty() {
            self.variable(&def.name.name)
        } else {
            None
        };
        if let Some(reg) = variable {
            self.function_value(def, reg);
            return self.has_value(reg);
        }
        self.decorated(&def.decorators, &def.name.name, def.name.span, |e, dest| {
            e.function_value(def, dest)
        });
    }

    /// Makes a value, passes it through decorators and binds it.
    pub fn decorated(
        &mut self,
        decorators: &'a [Expr],
        name: &Name,
        span: Span,
        make: impl FnOnce(&mut Self, Reg),
    ) {
        if !self.regs.has_room(decorators.len()) {
            return self.decorated_by_list(decorators, name, span, make);
        }
        self.scratch(|e| {
            let first = e.regs.next();
            for decorator in decorators {
                e.expr_temp(decorator);
            }
            let mut value = e.temp();
            make(e, value);
            for decorator in decorators.iter().rev() {
                value = value.wrapping_sub(1);
                e.op_at(decorator.span, Op::Call, value, 1, 0, 0);
            }
            e.store_name(name, span, first);
        });
    }

    /// More decorators than registers: they wait in a list.
    fn decorated_by_list(
        &mut self,
        decorators: &'a [Expr],
        name: &Name,
        span: Span,
        make: impl FnOnce(&mut Self, Reg),
    ) {
        self.scratch(|e| {
            let (list, call) = (e.temp(), e.temps(2));
            e.op(Op::BuildList, list, list, 0, 0);
            for decorator in decorators {
                e.scratch(|e| {
                    let value = e.operand(decorator, NOTHING);
                    e.op(Op::ListAppend, list, value, 0, 0);
                });
            }
            make(e, call + 1);
            for (index, decorator) in decorators.iter().enumerate().rev() {
                e.op(Op::LoadInt, call, 0, 0, index as i32);
                e.op(Op::GetItem, call, list, call, 0);
                e.op_at(decorator.span, Op::Call, call, 1, 0, 0);
                e.copy(call + 1, call);
            }
            e.store_name(name, span, call + 1);
        });
    }

    fn function_value(&mut self, def: &'a FunctionDef, dest: Reg) {
        if !def.type_params.is_empty() {
            return self.generic_function(def, dest);
        }
        self.scratch(|e| {
            let extras = e.temps(3);
            e.defaults(&def.params, extras);
            e.make_function(def, extras, dest);
        });
    }

    /// Evaluates annotations and makes the function; its defaults are in registers already.
    pub fn make_function(&mut self, def: &'a FunctionDef, extras: Reg, dest: Reg) {
        self.annotations(def, extras + 2);
        let scope = self.unit.tree.of(def, Role::Body);
        let code = self.nested(scope, |inner| inner.function_body(def));
        self.op_at(def.header, Op::MakeFunction, dest, extras, 0, code);
    }

    fn function_body(&mut self, def: &'a FunctionDef) -> Header {
        let (doc, body) = split_doc(&def.body);
        self.block(body);
        self.return_none(def.header);
        Header {
            span: def.header,
            begin: begin(&def.decorators, def.header),
            params: self.params(&def.params),
            doc,
        }
    }

    /// `lambda params: body`
    pub fn lambda(&mut self, lambda: &'a Lambda, span: Span, dest: Reg) {
        let extras = self.temps(3);
        self.defaults(&lambda.params, extras);
        self.imm(extras + 2, Imm::Undef);
        let scope = self.unit.tree.of(lambda, Role::Body);
        let code = self.nested(scope, |inner| {
            inner.return_stmt(Some(&lambda.body), lambda.body.span);
            Header {
                span,
                begin: span.start,
                params: inner.params(&lambda.params),
                doc: None,
            }
        });
        self.op_at(span, Op::MakeFunction, dest, extras, 0, code);
    }

    /// A function without parameters that returns the value of an expression.
    pub fn lazy_value(&mut self, value: &'a Expr, dest: Reg) {
        let scope = self.unit.tree.of(value, Role::Lazy);
        let code = self.nested(scope, |inner| {
            inner.return_stmt(Some(value), value.span);
            Header {
                span: value.span,
                begin: value.span.start,
                params: bytecode::Params::default(),
                doc: None,
            }
        });
        self.b.set_span(value.span);
        self.make_plain_function(dest, code);
    }

    fn params(&self, params: &Params) -> bytecode::Params {
        let names = params_in_order(params)
            .map(|param| self.here().mangle(&param.name.name))
            .collect();
        bytecode::Params {
            names,
            posonly: params.posonly.len() as u16,
            positional: (params.posonly.len() + params.regular.len()) as u16,
            kwonly: params.kwonly.len() as u16,
            varargs: params.vararg.is_some(),
            varkw: params.kwarg.is_some(),
        }
    }

    /// The tuple of defaults and the dict of keyword defaults, Undef for none.
    pub fn defaults(&mut self, params: &'a Params, extras: Reg) {
        let positional: Vec<&Expr> = params
            .posonly
            .iter()
            .chain(&params.regular)
            .filter_map(|param| param.default.as_ref())
            .collect();
        self.tuple_or_undef(&positional, extras);
        let keyword: Vec<&Param> = params
            .kwonly
            .iter()
            .filter(|param| param.default.is_some())
            .collect();
        if keyword.is_empty() {
            return self.imm(extras + 1, Imm::Undef);
        }
        self.op(Op::BuildDict, extras + 1, extras + 1, 0, 0);
        for param in keyword {
            if let Some(default) = &param.default {
                self.set_entry(extras + 1, &param.name.name, |e| {
                    e.operand(default, NOTHING)
                });
            }
        }
    }

    fn tuple_or_undef(&mut self, values: &[&'a Expr], dest: Reg) {
        if values.is_empty() {
            return self.imm(dest, Imm::Undef);
        }
        let constants: Option<Vec<Const>> = values.iter().map(|value| fold(value)).collect();
        if let Some(constants) = constants {
            return self.load_const(dest, Const::Tuple(constants));
        }
        self.scratch(|e| {
            if e.regs.has_room(values.len()) {
                let first = e.regs.next();
                for value in values {
                    e.expr_temp(value);
                }
                return e.op(Op::BuildTuple, dest, first, 0, values.len() as i32);
            }
            let list = e.temp();
            e.op(Op::BuildList, list, list, 0, 0);
            for value in values {
                e.scratch(|e| {
                    let value = e.operand(value, NOTHING);
                    e.op(Op::ListAppend, list, value, 0, 0);
                });
            }
            e.op(Op::ListToTuple, dest, list, 0, 0);
        });
    }

    /// `R[dict][name] := value`, for a dict of the compiler's own.
    fn set_entry(&mut self, dict: Reg, name: &Name, value: impl FnOnce(&mut Self) -> Reg) {
        self.scratch(|e| {
            let key = e.temp();
            let name = e.here().mangle(name);
            e.load_str(key, &name);
            let value = value(e);
            e.op(Op::DictSet, dict, key, value, 0);
        });
    }

    fn annotations(&mut self, def: &'a FunctionDef, dest: Reg) {
        let mut annotated: Vec<(&Name, &'a Expr)> = params_in_source(&def.params)
            .filter_map(|param| {
                param
                    .annotation
                    .as_ref()
                    .map(|annotation| (&param.name.name, annotation))
            })
            .collect();
        let returned: Name = "return".into();
        annotated.extend(def.returns.iter().map(|annotation| (&returned, annotation)));
        if annotated.is_empty() {
            return self.imm(dest, Imm::Undef);
        }
        self.op(Op::BuildDict, dest, dest, 0, 0);
        for (name, annotation) in annotated {
            self.set_entry(dest, name, |e| e.annotation(annotation));
        }
    }

    /// The value of an annotation: as text if the module asks for it.
    pub fn annotation(&mut self, annotation: &'a Expr) -> Reg {
        if self.unit.tree.annotations == Annotations::Texts {
            let text = self.temp();
            self.load_str(text, &annotation_text(annotation).into());
            return text;
        }
        match &annotation.kind {
            // `*args: *Ts`
            ExprKind::Starred(inner) => {
                let first = self.temp();
                let values = self.operand(inner, NOTHING);
                self.op_at(inner.span, Op::UnpackSeq, values, first, 0, 1);
                first
            }
            _ => self.operand(annotation, NOTHING),
        }
    }

    /// Whether the frame is the body of a module or class, whose names others see.
    pub fn is_namespace(&self) -> bool {
        self.scope == self.frame && (self.kind.is_module() || self.kind == CodeKind::Class)
    }
}

/// Takes the docstring off a body.
pub(super) fn split_doc(body: &[Stmt]) -> (Option<Name>, &[Stmt]) {
    match body.split_first() {
        Some((
            Stmt {
                kind: StmtKind::Expr(first),
                ..
            },
            rest,
        )) => match &first.kind {
            ExprKind::Constant(Constant::Str(text)) => (Some(clean_doc(text)), rest),
            _ => (None, body),
        },
        _ => (None, body),
    }
}

/// A docstring without the indentation that all its lines but the first share, as CPython 3.13 keeps it.
fn clean_doc(doc: &str) -> Name {
    let doc = expand_tabs(doc);
    let mut lines = doc.split('\n');
    let first = lines.next().unwrap_or_default().trim_start_matches(' ');
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let filled = lines
        .clone()
        .filter(|line| !line.trim_start_matches(' ').is_empty());
    let margin = filled.map(indent).min().unwrap_or(0);
    let mut cleaned = first.to_owned();
    for line in lines {
        cleaned.push('\n');
        cleaned.push_str(&line[margin.min(indent(line))..]);
    }
    cleaned.into()
}

fn expand_tabs(text: &str) -> String {
    let (mut out, mut column) = (String::with_capacity(text.len()), 0);
    for letter in text.chars() {
        match letter {
            '\t' => {
                let width = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\n' | '\r' => {
                out.push(letter);
                column = 0;
            }
            _ => {
                out.push(letter);
                column += 1;
            }
        }
    }
    out
}

/// Where a definition begins: at its first decorator, if it has one.
pub(super) fn begin(decorators: &[Expr], header: Span) -> u32 {
    decorators
        .first()
        .map_or(header.start, |first| first.span.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_lose_the_shared_indentation() {
        assert_eq!(
            &*clean_doc("  one\n    two\n      three\n\n    "),
            "one\ntwo\n  three\n\n"
        );
        assert_eq!(&*clean_doc("one\n\ttwo"), "one\ntwo");
        assert_eq!(&*clean_doc("one"), "one");
    }
}
