//! The emitter of one frame: builder, registers, variables, and definite assignment at the current place.
//!
//! Each topic (expressions, calls, loops ...) adds its methods in its own file; this one holds what they share. Jumps
//! go through `jump` and `bind` here, which carry the state of definite assignment along. Code that no path reaches is
//! not emitted: statements ask `is_reachable` first.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::assigned::{Assigned, Var};
use super::block::Block;
use super::registers::{KEPT_FIXED, MAX_FIXED, Mark, Registers};
use super::scope::{CLASS_CELL, CLASS_DICT, Scope, ScopeId, ScopeKind, ScopeTree};
use super::{Mode, Names, Notes};
use crate::bytecode::verify::verify;
use crate::bytecode::{
    Builder, Capture, Code, CodeKind, Const, Draft, GlobalNames, Imm, Label, MOST_IN_REGISTERS, Op,
    Params, Reg,
};
use crate::diagnostics::{self, Diagnostic, Span};
use crate::syntax::ast::Ident;

/// What all frames of a module share.
pub(super) struct Unit<'a> {
    pub tree: &'a ScopeTree,
    pub file: u32,
    pub mode: Mode,
    /// Where the names of the module body are.
    pub names: Names,
    /// What the code notes while it runs.
    pub notes: Notes,
    pub globals: &'a mut GlobalNames,
    /// The text that spans are about.
    pub source: &'a str,
    pub problems: Vec<Diagnostic>,
}

/// The emitter of one frame.
pub(super) struct Emitter<'u, 'a> {
    pub unit: &'u mut Unit<'a>,
    pub b: Builder,
    /// The scope that names are looked up in: the frame's own, or a comprehension's inside of it.
    pub scope: ScopeId,
    pub frame: ScopeId,
    pub kind: CodeKind,
    pub regs: Registers,
    pub homes: FxHashMap<(ScopeId, u32), Home>,
    /// The register of the spill area, if there is one.
    spill: Option<Reg>,
    /// How many parameters are in a spill area of their own, in register 0.
    boxed: u32,
    /// Temporaries from here on may be set aside while an inner expression is evaluated: no handler and no name refers to them.
    pub floor: Mark,
    pub assigned: Assigned,
    /// What is sure at labels that are jumped to and not yet bound.
    pending: FxHashMap<Label, Assigned>,
    /// What surrounds the current statement, outermost first.
    pub blocks: Vec<Block<'a>>,
    /// How the frame's variables are called, for listings.
    locals: Vec<(Rc<str>, Reg)>,
    /// Whether the code names a builtin that shows its variables.
    pub shows_locals: bool,
    is_refused: bool,
}

/// Where a variable of the frame lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Reg(Reg),
    Spill(u32),
}

/// Code that grows beyond this is refused: nested `finally` blocks double it at every level.
const MAX_INSTRS: u32 = 4_000_000;

/// What a finished frame is called and where it is.
pub(super) struct Header {
    pub span: Span,
    pub begin: u32,
    pub params: Params,
    pub doc: Option<Rc<str>>,
}

impl<'u, 'a> Emitter<'u, 'a> {
    /// Starts a frame: gives its variables registers and makes the cells.
    pub fn new(unit: &'u mut Unit<'a>, frame: ScopeId) -> Emitter<'u, 'a> {
        let kind = match unit.tree.code_kind(frame) {
            CodeKind::Module if unit.names == Names::Mapping => CodeKind::Mapped,
            kind => kind,
        };
        let mut emitter = Emitter {
            unit,
            b: Builder::new(),
            scope: frame,
            frame,
            kind,
            regs: Registers::default(),
            homes: FxHashMap::default(),
            spill: None,
            boxed: 0,
            floor: Mark::default(),
            assigned: Assigned::start(),
            pending: FxHashMap::default(),
            blocks: Vec::new(),
            locals: Vec::new(),
            shows_locals: false,
            is_refused: false,
        };
        emitter.place_variables();
        emitter.floor = emitter.regs.mark();
        emitter
    }

    fn place_variables(&mut self) {
        let scope = self.unit.tree.get(self.frame);
        let (mut kept, mut spilled) = (Vec::new(), Vec::new());
        if self.kind.has_namespace() {
            self.regs.fix();
        }
        let variables = variables(scope);
        let keep = if variables.len() <= MAX_FIXED {
            MAX_FIXED
        } else {
            KEPT_FIXED
        };
        let params = scope.symbols.iter().take_while(|symbol| symbol.is_param);
        let params = params.count();
        if params > MOST_IN_REGISTERS {
            self.regs.fix();
            self.boxed = params as u32;
        }
        for index in variables {
            if kept.len() < keep && index >= self.boxed {
                kept.push(index)
            } else {
                spilled.push(index)
            }
        }
        kept.into_iter()
            .for_each(|index| self.place_in_register(scope, index));
        if spilled.len() > self.boxed as usize {
            let reg = self.regs.fix();
            self.spill = Some(reg);
            let slots = spilled.len() - self.boxed as usize;
            self.op(Op::SpillNew, reg, 0, 0, slots as i32);
        }
        for (slot, &index) in (0..).zip(&spilled) {
            self.homes.insert((self.frame, index), Home::Spill(slot));
            self.start_spilled(scope, index, slot);
        }
    }

    fn place_in_register(&mut self, scope: &'a Scope, index: u32) {
        let reg = self.regs.fix();
        let symbol = &scope.symbols[index as usize];
        self.homes.insert((self.frame, index), Home::Reg(reg));
        self.locals.push((symbol.name.clone(), reg));
        if symbol.is_param {
            self.assigned.set(reg.into());
        }
        if symbol.is_cell {
            self.b.set_span(symbol.span);
            self.op(Op::MakeCell, reg, 0, 0, 0);
        }
    }

    /// Notes a parameter in a spill area as bound, and puts a variable that inner frames share into a cell.
    fn start_spilled(&mut self, scope: &Scope, index: u32, slot: u32) {
        let symbol = &scope.symbols[index as usize];
        if symbol.is_param {
            self.assigned.set(256 + slot as usize);
        }
        if symbol.is_cell {
            let (area, slot) = self.spill_place(slot);
            self.b.set_span(symbol.span);
            self.scratch(|e| {
                let cell = e.temp();
                e.op(Op::SpillGet, cell, area, 0, slot as i32);
                e.op(Op::MakeCell, cell, 0, 0, 0);
                e.op(Op::SpillSet, cell, area, 0, slot as i32);
            });
        }
    }

    /// The register of the spill area that holds a spilled variable, and its slot there.
    pub fn spill_place(&self, slot: u32) -> (Reg, u32) {
        match slot.checked_sub(self.boxed) {
            None => (0, slot),
            Some(slot) => (self.spill.unwrap_or_default(), slot),
        }
    }

    /// Ends the frame.
    pub fn finish(self, header: Header, captures: Vec<Capture>) -> Option<Rc<Code>> {
        let scope = self.unit.tree.get(self.frame);
        if self.is_refused {
            return None;
        }
        let parts = self.b.finish();
        let names = scope
            .free
            .iter()
            .map(|&(owner, index)| self.unit.tree.symbol(owner, index));
        let draft = Draft {
            name: scope.name.clone(),
            qualname: scope.qualname.clone(),
            told: None,
            file: self.unit.file,
            span: header.span,
            begin: header.begin,
            kind: self.kind,
            params: header.params,
            nregs: self.regs.window(),
            instrs: parts.instrs,
            consts: parts.consts,
            caches: parts.caches,
            handlers: parts.handlers,
            handling: parts.handling,
            captures: captures.into(),
            free_names: names.map(|symbol| shown_name(&symbol.name)).collect(),
            locals: self.locals.into(),
            spans: parts.spans,
            doc: header.doc,
            nglobals: self.unit.globals.len() as u32,
            shows_locals: self.shows_locals,
            annotations: self.unit.tree.annotations,
        };
        match verify(draft) {
            Ok(code) => Some(Rc::new(code)),
            Err(error) => {
                let message = format!(
                    "internal error in the compiler, in {}: {error}",
                    scope.qualname
                );
                let help = "this is a bug of apy, not of the program: please report it";
                self.unit.problems.push(
                    Diagnostic::error(diagnostics::ErrorCode::Internal, header.span, message)
                        .help(help),
                );
                None
            }
        }
    }

    /// The innermost scope.
    pub fn here(&self) -> &'a Scope {
        self.unit.tree.get(self.scope)
    }

    /// Whether any path leads to the current place; if not, statements are left out.
    pub fn is_reachable(&self) -> bool {
        self.assigned.is_reachable() && !self.is_refused
    }

    /// Gives up on this frame with a message.
    pub fn refuse(&mut self, span: Span, message: &str, help: &str) {
        if !self.is_refused {
            self.is_refused = true;
            let problem =
                Diagnostic::error(diagnostics::ErrorCode::TooComplex, span, message).help(help);
            self.unit.problems.push(problem);
        }
    }

    /// Appends an instruction.
    pub fn op(&mut self, op: Op, a: Reg, b: u8, c: u8, d: i32) {
        self.b.emit(op, a, b, c, d);
        if op.info().facts.ends {
            self.assigned = Assigned::unreachable();
        }
        if self.b.here() > MAX_INSTRS {
            let help =
                "`finally` blocks are copied to every way out of their `try`: nest them less";
            self.refuse(
                self.b.span(),
                "the code of this function grows too large",
                help,
            );
        }
    }

    /// Where an access of `attr`, or a call of it, is: an attribute on a later line than its object begins with its own name, for errors
    /// name the line of the link of a chain that failed.
    pub fn span_of_link(&self, span: Span, attr: &Ident) -> Span {
        let start = attr.span.start;
        if start <= span.start || start > span.end {
            return span;
        }
        let between = self
            .unit
            .source
            .as_bytes()
            .get(span.start as usize..start as usize);
        match between {
            Some(text) if text.iter().rev().any(|&byte| matches!(byte, b'\n' | b'\r')) => {
                Span::new(start, span.end)
            }
            _ => span,
        }
    }

    /// Appends an instruction that may raise, at the expression that is to blame.
    pub fn op_at(&mut self, span: Span, op: Op, a: Reg, b: u8, c: u8, d: i32) {
        self.b.set_span(span);
        self.op(op, a, b, c, d);
    }

    /// Has the code note that it ran the part at this place, if it is to.
    pub fn note(&mut self, span: Span) {
        if self.unit.notes == Notes::Statements {
            let offset = i32::try_from(span.start).unwrap_or(i32::MAX);
            self.op_at(span, Op::Cover, 0, 0, 0, offset);
        }
    }

    /// Appends a jump to a place further down.
    pub fn jump(&mut self, op: Op, a: u8, b: u8, c: u8, target: Label) {
        self.b.jump(op, a, b, c, target);
        self.pending
            .entry(target)
            .or_insert_with(Assigned::unreachable)
            .meet(&self.assigned);
        if op.info().facts.ends {
            self.assigned = Assigned::unreachable();
        }
    }

    /// Goes on at a place further down, if anything goes on here.
    pub fn goto(&mut self, target: Label) {
        if self.is_reachable() {
            self.jump(Op::Jmp, 0, 0, 0, target);
        }
    }

    /// A new label.
    pub fn label(&mut self) -> Label {
        self.b.label()
    }

    /// Binds a label that was jumped to from above.
    pub fn bind(&mut self, label: Label) {
        self.b.bind(label);
        if let Some(state) = self.pending.remove(&label) {
            self.assigned.meet(&state);
        }
    }

    /// Binds a label that is reached in other ways too: `sure` is the definite assignment there.
    pub fn bind_with(&mut self, label: Label, state: Assigned) {
        self.b.bind(label);
        self.pending.remove(&label);
        self.assigned = state;
    }

    /// What is sure at the current place, minus what something in the span unbinds.
    pub fn state_without(&self, span: Span) -> Assigned {
        let mut state = self.assigned.clone();
        let frame = self.unit.tree.get(self.frame);
        for name in frame.unbound_in(span) {
            if let Some(var) = frame
                .find(name)
                .and_then(|index| self.var((self.frame, index)))
            {
                state.clear(var);
            }
        }
        state
    }

    /// The variable's number for definite assignment.
    pub fn var(&self, symbol: (ScopeId, u32)) -> Option<Var> {
        self.homes.get(&symbol).map(|home| match *home {
            Home::Reg(reg) => reg.into(),
            Home::Spill(slot) => 256 + slot as usize,
        })
    }

    /// A new temporary.
    pub fn temp(&mut self) -> Reg {
        self.temps(1)
    }

    /// New temporaries in a row.
    pub fn temps(&mut self, n: usize) -> Reg {
        let first = self.regs.take(n);
        if self.regs.overflowed() {
            let help = "give a part of the expression a name, or make a function of it";
            self.refuse(
                self.b.span(),
                "this needs more than 240 values at once",
                help,
            );
        }
        first
    }

    /// Does something and gives back the temporaries that it took.
    pub fn scratch<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let mark: Mark = self.regs.mark();
        let result = work(self);
        self.regs.release(mark);
        result
    }

    /// Notes a comprehension's variable for listings.
    pub fn name_local(&mut self, name: &Rc<str>, reg: Reg) {
        if !self
            .locals
            .iter()
            .any(|(other, at)| other == name && *at == reg)
        {
            self.locals.push((name.clone(), reg));
        }
    }

    /// Loads one of the immediate values.
    pub fn imm(&mut self, dest: Reg, value: Imm) {
        self.op(Op::LoadImm, dest, 0, 0, value as i32);
    }

    /// Copies a register, unless it is the same.
    pub fn copy(&mut self, dest: Reg, source: Reg) {
        if dest != source {
            self.op(Op::Move, dest, source, 0, 0);
        }
    }

    /// Loads a constant in the shortest way.
    pub fn load_const(&mut self, dest: Reg, value: Const) {
        match value {
            Const::None => self.imm(dest, Imm::None),
            Const::Bool(false) => self.imm(dest, Imm::False),
            Const::Bool(true) => self.imm(dest, Imm::True),
            Const::Ellipsis => self.imm(dest, Imm::Ellipsis),
            Const::Int(value) if i32::try_from(value).is_ok() => {
                self.op(Op::LoadInt, dest, 0, 0, value as i32)
            }
            value => {
                let index = self.b.constant(value);
                self.op(Op::LoadConst, dest, 0, 0, index);
            }
        }
    }

    /// Compiles an inner frame; returns the index of its code among the constants.
    pub fn nested(
        &mut self,
        scope: ScopeId,
        body: impl FnOnce(&mut Emitter<'_, 'a>) -> Header,
    ) -> i32 {
        let tree = self.unit.tree;
        let captures = tree
            .get(scope)
            .free
            .iter()
            .map(|&cell| self.capture(cell))
            .collect();
        let mut inner = Emitter::new(&mut *self.unit, scope);
        let header = body(&mut inner);
        match inner.finish(header, captures) {
            Some(code) => self.b.constant(Const::Code(code)),
            None => {
                self.is_refused = true;
                0
            }
        }
    }

    /// Where an inner frame finds a cell when its function is made here.
    fn capture(&self, cell: (ScopeId, u32)) -> Capture {
        match self.homes.get(&cell) {
            Some(Home::Reg(reg)) => return Capture::Local(*reg),
            Some(Home::Spill(slot)) => {
                let (area, slot) = self.spill_place(*slot);
                return Capture::Spilled { area, slot };
            }
            None => {}
        }
        let free = &self.unit.tree.get(self.frame).free;
        let index = free
            .iter()
            .position(|other| *other == cell)
            .unwrap_or(usize::from(u16::MAX));
        Capture::Free(index as u16)
    }
}

/// The symbols of a frame that live in registers, parameters first.
fn variables(scope: &Scope) -> Vec<u32> {
    let symbols = (0..).zip(&scope.symbols);
    let is_variable = |index: u32, is_bound: bool| match scope.kind {
        ScopeKind::Module => false,
        ScopeKind::Class if index == CLASS_CELL => scope.symbols[0].is_cell,
        ScopeKind::Class => &*scope.symbols[index as usize].name == CLASS_DICT,
        _ => is_bound,
    };
    let declared =
        |symbol: &super::scope::Symbol| symbol.global.is_some() || symbol.nonlocal.is_some();
    symbols
        .filter(|(index, s)| is_variable(*index, s.is_bound) && !declared(s))
        .map(|(index, _)| index)
        .collect()
}

/// The `__class__` cell goes by its public name.
fn shown_name(name: &Rc<str>) -> Rc<str> {
    if &**name == ".class" {
        "__class__".into()
    } else {
        name.clone()
    }
}
