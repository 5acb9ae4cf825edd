//! AST to Code: resolves names, then emits instructions and proves them.
//!
//! `resolve` returns a `ScopeTree` and reports what no grammar can forbid; the emitter (`emitter` and a file for each
//! topic) writes the code of a frame and of all frames inside of it. Nothing here touches the heap: constants are
//! plain data. A new syntax form needs an arm in `resolve` and one in `stmt`, `expr` or `pattern`.

mod annotation_text;
mod assertion;
mod assign;
mod assigned;
mod block;
mod call;
mod class;
mod comprehension;
mod cond;
mod display;
pub mod dump;
mod emitter;
mod expr;
mod fold;
mod function;
mod generic;
mod import;
mod lint;
mod loops;
mod names;
mod pattern;
mod registers;
mod resolve;
mod scope;
mod stmt;
mod try_stmt;
mod unwind;
mod with_stmt;

use std::rc::Rc;

pub use self::assertion::{Asserted, asserted};
use self::emitter::{Emitter, Header, Unit};
use self::function::split_doc;
pub use self::lint::{Entity, Member, Origin, Signature, Subject, World, lint};
use self::resolve::{Resolved, resolve};
use self::scope::ScopeTree;
use crate::bytecode::{Annotations, Code, GlobalNames, Params, TopLevelAwait};
use crate::diagnostics::{Diagnostic, Span};
use crate::syntax::ast::{Expr, Module, Stmt, StmtKind};

/// What the module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file: values of expression statements are dropped.
    Script,
    /// One input of the REPL: they are shown.
    Interactive,
    /// One expression, whose value the code returns (`eval`).
    Expression,
}

/// Where the names of a module body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// In the slots of the module.
    Slots,
    /// In a mapping that the code is called with; names that it lacks are globals.
    Mapping,
}

/// What the code notes while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notes {
    /// Nothing.
    None,
    /// Which statements ran, for a report of coverage.
    Statements,
}

/// The purpose that code is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Script, prompt or expression.
    pub mode: Mode,
    /// Where its names are.
    pub names: Names,
    /// Events that it notes while it runs.
    pub notes: Notes,
    /// Whether its body may await.
    pub awaits: TopLevelAwait,
    /// How annotations are read before a statement of the text changes that.
    pub annotations: Annotations,
}

impl Target {
    /// A module with slots that may await and notes nothing.
    #[must_use]
    pub fn of(mode: Mode) -> Target {
        Target {
            mode,
            names: Names::Slots,
            notes: Notes::None,
            awaits: TopLevelAwait::Allowed,
            annotations: Annotations::Values,
        }
    }
}

/// Compiles a module; returns its code and warnings. `file` is the number that the source map gave the text, `globals`
/// the names that have slots already (a REPL passes the same table each time).
///
/// # Errors
/// Everything that is wrong with the program, in source order.
pub fn compile_module(
    module: &Module,
    file: u32,
    source: &str,
    mode: Mode,
    globals: &mut GlobalNames,
) -> Result<(Rc<Code>, Vec<Diagnostic>), Vec<Diagnostic>> {
    compile_with(module, file, source, Target::of(mode), globals)
}

/// The same for code that is made for something else.
///
/// # Errors
/// Everything that is wrong with the program, in source order.
pub fn compile_with(
    module: &Module,
    file: u32,
    source: &str,
    target: Target,
    globals: &mut GlobalNames,
) -> Result<(Rc<Code>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let Resolved {
        tree,
        mut errors,
        mut warnings,
    } = resolve(module, (target.awaits, target.annotations));
    warnings.extend(module.warnings.iter().cloned());
    warnings.sort_by_key(Diagnostic::span);
    if !errors.is_empty() {
        errors.sort_by_key(Diagnostic::span);
        return Err(errors);
    }
    let mut unit = Unit {
        tree: &tree,
        file,
        mode: target.mode,
        names: target.names,
        notes: target.notes,
        globals,
        source,
        problems: Vec::new(),
    };
    let mut emitter = Emitter::new(&mut unit, ScopeTree::MODULE);
    let header = emitter.module(module, source);
    match emitter.finish(header, Vec::new()) {
        Some(code) => Ok((code, warnings)),
        None => Err(unit.problems),
    }
}

impl<'a> Emitter<'_, 'a> {
    fn module(&mut self, module: &'a Module, source: &str) -> Header {
        let (doc, body) = match self.unit.mode {
            Mode::Script => split_doc(&module.body),
            Mode::Interactive | Mode::Expression => (None, &module.body[..]),
        };
        if let Some(doc) = &doc {
            self.scratch(|e| {
                let value = e.temp();
                e.load_str(value, doc);
                e.store_name(&"__doc__".into(), Span::default(), value);
            });
        }
        self.start_annotations();
        match body {
            [
                Stmt {
                    kind: StmtKind::Expr(value),
                    ..
                },
            ] if self.unit.mode == Mode::Expression => self.module_value(value),
            _ => self.block(body),
        }
        let end = Span::at(u32::try_from(source.len()).unwrap_or(u32::MAX));
        self.return_none(end);
        Header {
            span: Span::default(),
            begin: 0,
            params: Params::default(),
            doc,
        }
    }

    fn module_value(&mut self, value: &'a Expr) {
        self.scratch(|e| {
            let reg = e.expr_temp(value);
            e.return_reg(reg, value.span);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::Op;
    use crate::syntax::parser::parse_module;

    #[test]
    fn the_repl_shows_values_and_keeps_slots() {
        let mut globals = GlobalNames::new();
        let mut shown = |source: &str| {
            let module = parse_module(source).module.expect("valid");
            let compiled = compile_module(&module, 0, source, Mode::Interactive, &mut globals);
            let (code, _) = compiled.expect("compiles");
            code.instrs
                .iter()
                .filter(|instr| instr.op == Op::Display)
                .count()
        };
        assert_eq!(shown("x = 1\nx\n'text'"), 2);
        assert_eq!(shown("def f():\n  x\nif x:\n  f()"), 1);
        assert_eq!((globals.get("x"), globals.get("f")), (Some(0), Some(1)));
    }
}
