//! Class statements and class bodies.
//!
//! Contract: the body is a function whose register 0 holds the namespace; it returns the `__class__` cell if a method
//! captures it, else None. What the VM knows by itself (`__module__`) is not set here.

use super::emitter::{Emitter, Header, Home};
use super::function::split_doc;
use super::names::NAMESPACE;
use super::scope::{CLASS_CELL, CLASS_DICT, Role};
use crate::bytecode::{Op, Params, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{ClassDef, Name};

impl<'a> Emitter<'_, 'a> {
    /// `class`
    pub fn class_def(&mut self, def: &'a ClassDef) {
        self.decorated(&def.decorators, &def.name.name, def.name.span, |e, dest| {
            if def.type_params.is_empty() {
                e.build_class(def, dest)
            } else {
                e.generic_class(def, dest)
            }
        });
    }

    /// Makes the body function, evaluates bases and keywords, builds the class.
    pub fn build_class(&mut self, def: &'a ClassDef, dest: Reg) {
        self.scratch(|e| {
            let body = e.temps(3);
            let scope = e.unit.tree.of(def, Role::Body);
            let code = e.nested(scope, |inner| inner.class_body(def));
            e.b.set_span(def.header);
            e.make_plain_function(body, code);
            e.class_arguments(&def.args, body, body + 1, body + 2);
            if !def.type_params.is_empty() {
                e.scratch(|e| {
                    let params = e.temp();
                    e.load_name(&".type_params".into(), def.header, params);
                    e.op(Op::GenericBase, body + 1, body + 1, params, 0);
                });
            }
            let name = e.b.name(&def.name.name);
            e.op_at(def.header, Op::BuildClass, dest, body, 0, name);
        });
    }

    fn class_body(&mut self, def: &'a ClassDef) -> Header {
        let (doc, body) = split_doc(&def.body);
        self.b.set_span(def.header);
        self.scratch(|e| {
            let value = e.temp();
            if let Some(dict) = e.here().find(CLASS_DICT)
                && let Some(&Home::Reg(cell)) = e.homes.get(&(e.frame, dict))
            {
                e.op(Op::SetCell, cell, NAMESPACE, 0, 0);
                e.set_in_namespace("__classdictcell__", cell);
            }
            if !def.type_params.is_empty() {
                e.load_name(&".type_params".into(), def.header, value);
                e.set_in_namespace("__type_params__", value);
            }
            if let Some(doc) = &doc {
                e.load_str(value, doc);
                e.set_in_namespace("__doc__", value);
            }
        });
        self.start_annotations();
        self.block(body);
        self.return_class_cell(def.header);
        Header {
            span: def.header,
            begin: super::function::begin(&def.decorators, def.header),
            params: Params::default(),
            doc,
        }
    }

    fn set_in_namespace(&mut self, name: &str, value: Reg) {
        let name = self.b.name(&name.into());
        self.op(Op::SetName, value, NAMESPACE, 0, name);
    }

    fn return_class_cell(&mut self, span: Span) {
        match self.homes.get(&(self.frame, CLASS_CELL)) {
            Some(&Home::Reg(cell)) if self.is_reachable() => {
                self.b.set_span(span);
                self.op(Op::Ret, cell, 0, 0, 0);
            }
            _ => self.return_none(span),
        }
    }

    /// Makes the dict of annotations, if a plain name of this body has one.
    pub fn start_annotations(&mut self) {
        if !self.here().has_annotations {
            return;
        }
        if !self.kind.has_namespace() {
            let slot = self.unit.globals.slot(&annotations()) as i32;
            self.op(Op::SetupAnnotations, 0, 0, 0, slot);
            return;
        }
        self.scratch(|e| {
            // A metaclass may have prepared it.
            let (dict, present) = (e.temp(), e.label());
            let name = e.b.name(&annotations());
            e.op(Op::GetName, dict, NAMESPACE, 0, name);
            e.jump(Op::JmpIfUndef, dict, 0, 0, present);
            e.op(Op::BuildDict, dict, dict, 0, 0);
            e.set_in_namespace("__annotations__", dict);
            e.bind(present);
        });
    }

    /// `R[dest] := __annotations__` of the module or class.
    pub fn load_annotations(&mut self, dest: Reg, span: Span) {
        if self.kind.has_namespace() {
            self.load_from_namespace(&annotations(), span, dest, NAMESPACE, None);
        } else {
            self.load_global(&annotations(), span, dest);
        }
    }
}

fn annotations() -> Name {
    "__annotations__".into()
}
