//! Names: load, store and delete, wherever the resolver has placed them.
//!
//! Contract: a read of a variable that may have no value is preceded by `CheckLocal`; cells, free cells and globals
//! check themselves. To add a kind of place: a variant of `scope::Place` and its arm in each of the three verbs.

use super::assigned::Var;
use super::emitter::{Emitter, Home};
use super::scope::{CLASS_DICT, Place, ScopeId};
use crate::bytecode::{CodeKind, Imm, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::Name;

/// The register of a class body that holds its namespace.
pub(super) const NAMESPACE: Reg = 0;

/// The builtins that read the variables of the code that calls them.
const SHOW_LOCALS: [&str; 7] = [
    "breakpoint",
    "dir",
    "eval",
    "exec",
    "locals",
    "vars",
    "_getframe",
];

impl Emitter<'_, '_> {
    /// Where a name is, seen from here; hidden names and names that the resolver did not meet are globals.
    pub fn place(&self, name: &Name) -> Place {
        let scope = self.here();
        let symbol = scope.symbol(&scope.mangle(name));
        let place = symbol.map_or(Place::Global, |symbol| symbol.place);
        let declared = symbol.is_some_and(|symbol| symbol.global.is_some());
        match place {
            Place::Global if self.kind == CodeKind::Mapped && !declared => Place::Namespace(None),
            place => place,
        }
    }

    /// The register of a variable that is neither a cell nor spilled.
    pub fn variable(&self, name: &Name) -> Option<Reg> {
        match self.place(name) {
            Place::Var(scope, index) if !self.is_cell(scope, index) => {
                match self.homes.get(&(scope, index)) {
                    Some(Home::Reg(reg)) => Some(*reg),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_cell(&self, scope: ScopeId, index: u32) -> bool {
        self.unit.tree.symbol(scope, index).is_cell
    }

    /// Makes sure that a variable in a register has a value.
    pub fn check(&mut self, name: &Name, span: Span, reg: Reg, var: Var) {
        if !self.assigned.has(var) {
            let name = self.here().mangle(name);
            let name = self.b.name(&name);
            self.op_at(span, Op::CheckLocal, reg, 0, 0, name);
            self.assigned.set(var);
        }
    }

    /// `R[dest] := name`
    pub fn load_name(&mut self, name: &Name, span: Span, dest: Reg) {
        match self.place(name) {
            Place::Var(scope, index) => self.load_var(name, span, dest, (scope, index)),
            Place::Free(index) => self.load_free(name, span, dest, index),
            Place::Global => self.load_global(name, span, dest),
            Place::Namespace(fallback) => {
                self.load_from_namespace(name, span, dest, NAMESPACE, fallback)
            }
            Place::ClassNamespace(dict, fallback) => self.scratch(|e| {
                let namespace = e.temp();
                e.load_free(&CLASS_DICT.into(), span, namespace, dict);
                e.load_from_namespace(name, span, dest, namespace, fallback);
            }),
        }
    }

    fn load_var(&mut self, name: &Name, span: Span, dest: Reg, symbol: (ScopeId, u32)) {
        let var = self.var(symbol).unwrap_or_default();
        match (self.homes.get(&symbol), self.is_cell(symbol.0, symbol.1)) {
            (Some(&Home::Reg(reg)), true) => {
                let name = self.here().mangle(name);
                let name = self.b.name(&name);
                self.op_at(span, Op::GetCell, dest, reg, 0, name);
            }
            (Some(&Home::Reg(reg)), false) => {
                self.check(name, span, reg, var);
                self.b.set_span(span);
                self.copy(dest, reg);
            }
            (Some(&Home::Spill(slot)), true) => self.scratch(|e| {
                let (area, slot) = e.spill_place(slot);
                let cell = e.temp();
                let name = e.here().mangle(name);
                let name = e.b.name(&name);
                e.op_at(span, Op::SpillGet, cell, area, 0, slot as i32);
                e.op(Op::GetCell, dest, cell, 0, name);
            }),
            (Some(&Home::Spill(slot)), false) => {
                let (area, slot) = self.spill_place(slot);
                self.op_at(span, Op::SpillGet, dest, area, 0, slot as i32);
                self.check(name, span, dest, var);
            }
            (None, _) => self.load_global(name, span, dest),
        }
    }

    fn load_free(&mut self, name: &Name, span: Span, dest: Reg, index: u16) {
        let name = self.here().mangle(name);
        let name = self.b.name(&name);
        let [low, high] = index.to_le_bytes();
        self.op_at(span, Op::GetFree, dest, low, high, name);
    }

    /// `R[dest] := G[name]`
    pub fn load_global(&mut self, name: &Name, span: Span, dest: Reg) {
        let slot = self.global(name);
        self.shows_locals |= SHOW_LOCALS.contains(&&**name);
        self.op_at(span, Op::GetGlobal, dest, 0, 0, slot);
    }

    fn global(&mut self, name: &Name) -> i32 {
        let name = self.here().mangle(name);
        self.unit.globals.slot(&name) as i32
    }

    pub(super) fn load_from_namespace(
        &mut self,
        name: &Name,
        span: Span,
        dest: Reg,
        namespace: Reg,
        fallback: Option<u16>,
    ) {
        let mangled = self.here().mangle(name);
        let key = self.b.name(&mangled);
        let end = self.label();
        self.op_at(span, Op::GetName, dest, namespace, 0, key);
        self.jump(Op::JmpIfUndef, dest, 0, 0, end);
        match fallback {
            Some(index) => self.load_free(name, span, dest, index),
            None => self.load_global(name, span, dest),
        }
        self.bind(end);
    }

    /// `name := R[source]`
    pub fn store_name(&mut self, name: &Name, span: Span, source: Reg) {
        self.b.set_span(span);
        match self.place(name) {
            Place::Var(scope, index) => self.store_var((scope, index), source),
            Place::Free(index) => {
                let [low, high] = index.to_le_bytes();
                self.op(Op::SetFree, source, low, high, 0);
            }
            Place::Global => {
                let slot = self.global(name);
                self.op(Op::SetGlobal, source, 0, 0, slot);
            }
            Place::Namespace(_) | Place::ClassNamespace(..) => {
                let name = self.here().mangle(name);
                let key = self.b.name(&name);
                self.op(Op::SetName, source, NAMESPACE, 0, key);
            }
        }
    }

    fn store_var(&mut self, symbol: (ScopeId, u32), source: Reg) {
        match (self.homes.get(&symbol), self.is_cell(symbol.0, symbol.1)) {
            (Some(&Home::Reg(reg)), true) => self.op(Op::SetCell, reg, source, 0, 0),
            (Some(&Home::Reg(reg)), false) => self.copy(reg, source),
            (Some(&Home::Spill(slot)), true) => self.scratch(|e| {
                let (area, slot) = e.spill_place(slot);
                let cell = e.temp();
                e.op(Op::SpillGet, cell, area, 0, slot as i32);
                e.op(Op::SetCell, cell, source, 0, 0);
            }),
            (Some(&Home::Spill(slot)), false) => {
                let (area, slot) = self.spill_place(slot);
                self.op(Op::SpillSet, source, area, 0, slot as i32);
            }
            (None, _) => {}
        }
        if let Some(var) = self.var(symbol) {
            self.assigned.set(var);
        }
    }

    /// Notes that a variable has got its value by an instruction that wrote its register.
    pub fn has_value(&mut self, variable: Reg) {
        self.assigned.set(variable.into());
    }

    /// `del name`: raises if it has no value.
    pub fn delete_name(&mut self, name: &Name, span: Span) {
        self.b.set_span(span);
        match self.place(name) {
            Place::Global => {
                let slot = self.global(name);
                self.op(Op::DelGlobal, 0, 0, 0, slot);
            }
            Place::Namespace(_) | Place::ClassNamespace(..) => {
                let name = self.here().mangle(name);
                let key = self.b.name(&name);
                self.op(Op::DelName, 0, NAMESPACE, 0, key);
            }
            Place::Var(..) | Place::Free(_) => {
                if let Some(reg) = self.variable(name) {
                    self.check(name, span, reg, reg.into());
                } else {
                    self.scratch(|e| {
                        let value = e.temp();
                        e.load_name(name, span, value);
                    });
                }
                self.unset_name(name, span);
            }
        }
    }

    /// Unbinds a name that has a value, as the end of an `except` clause does.
    pub fn unset_name(&mut self, name: &Name, span: Span) {
        self.b.set_span(span);
        match self.place(name) {
            Place::Var(scope, index) => {
                let unset = self.variable(name);
                match unset {
                    Some(reg) => self.imm(reg, Imm::Undef),
                    None => self.store_undef(name, span),
                }
                if let Some(var) = self.var((scope, index)) {
                    self.assigned.clear(var);
                }
            }
            Place::Free(_) => self.store_undef(name, span),
            Place::Global | Place::Namespace(_) | Place::ClassNamespace(..) => {
                // Binding it first makes the deletion safe if the clause has already deleted it.
                self.scratch(|e| {
                    let none = e.temp();
                    e.imm(none, Imm::None);
                    e.store_name(name, span, none);
                });
                self.delete_name(name, span);
            }
        }
    }

    fn store_undef(&mut self, name: &Name, span: Span) {
        self.scratch(|e| {
            let undef = e.temp();
            e.imm(undef, Imm::Undef);
            e.store_name(name, span, undef);
        });
    }
}
