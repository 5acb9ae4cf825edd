//! AST to Code: resolves names, then emits instructions and proves them.
//!
//! `resolve` gives a `ScopeTree` and reports what no grammar can forbid; the emitter (`emitter` and a file for each
//! topic) writes the code of a frame and of all frames inside of it. Nothing here touches the heap: constants are
//! plain data. A new syntax form needs an arm in `resolve` and one in `stmt`, `expr` or `pattern`.

mod assertion;
mod assign;
mod assigned;
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
pub use self::lint::lint;
use self::resolve::{Resolved, resolve};
use self::scope::ScopeTree;
use crate::bytecode::{Code, GlobalNames, Op, Params};
use crate::diagnostics::{Diagnostic, Span};
use crate::syntax::ast::Module;

/// What the module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file: values of expression statements are dropped.
    Script,
    /// One input of the REPL: they are shown.
    Interactive,
}

/// Compiles a module; gives its code and warnings. `file` is the number that the source map gave the text, `globals`
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
    let Resolved {
        tree,
        mut errors,
        mut warnings,
    } = resolve(module);
    warnings.extend(module.warnings.iter().cloned());
    warnings.sort_by_key(Diagnostic::span);
    if !errors.is_empty() {
        errors.sort_by_key(Diagnostic::span);
        return Err(errors);
    }
    let mut unit = Unit {
        tree: &tree,
        source,
        file,
        mode,
        globals,
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
            Mode::Interactive => (None, &module.body[..]),
        };
        if let Some(doc) = &doc {
            self.scratch(|e| {
                let value = e.temp();
                e.load_str(value, doc);
                let slot = e.unit.globals.slot(&"__doc__".into()) as i32;
                e.op(Op::SetGlobal, value, 0, 0, slot);
            });
        }
        self.start_annotations();
        self.block(body);
        let end = Span::at(u32::try_from(source.len()).unwrap_or(u32::MAX));
        self.return_none(end);
        Header {
            span: Span::default(),
            params: Params::default(),
            doc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
