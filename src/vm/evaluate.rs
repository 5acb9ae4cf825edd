//! `eval`, `exec` and `compile`: code that the program makes while it runs.
//!
//! The VM knows no source text: a hook that an upper layer sets turns a text into a code object, linked to a module of its own
//! where it never runs. Running it links a copy to the module around the dict of globals (`Heap::module_around`); the code object
//! remembers the last copy. Names that are local to an `exec` are in a mapping: that takes another compilation, which the hook makes
//! from the same text when it is first needed.

use std::rc::Rc;

use crate::bytecode::{Annotations, Code, CodeKind, TopLevelAwait, relink};
use crate::runtime::code::CodeObj;
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::heap::Gc;
use crate::runtime::link::load_code;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// What a text is compiled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// Statements: mode "exec".
    Statements,
    /// One expression, whose value running the code returns: mode "eval".
    Expression,
    /// Statements of a prompt, which shows the values of expressions: mode "single".
    Prompt,
}

/// A text to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceText<'a> {
    /// The text, in UTF-8 whatever its coding cookie says.
    pub text: &'a [u8],
    /// What tracebacks call it.
    pub name: &'a str,
    /// What it is compiled to.
    pub goal: Goal,
    /// Whether it may await.
    pub awaits: TopLevelAwait,
    /// What its annotations are, unless it says so itself.
    pub annotations: Annotations,
}

/// What the hook is asked for.
#[derive(Clone, Copy, Debug)]
pub enum CompileRequest<'a> {
    /// The code of a text.
    Text(SourceText<'a>),
    /// The code of the text with this number again, its names in a mapping.
    Mapped(u32),
    /// The tree of a text, as plain objects that the module `ast` makes nodes of.
    Tree(SourceText<'a>),
}

impl Vm {
    /// Asks the hook.
    ///
    /// # Errors
    /// SyntaxError; RuntimeError where no hook was set.
    pub fn compile(&mut self, request: &CompileRequest<'_>) -> Result<Local, Raised> {
        match self.hooks.compile.clone() {
            Some(compile) => compile(self, request),
            None => Err(self
                .heap
                .raise(Builtin::RuntimeError, "this interpreter compiles no texts")),
        }
    }

    /// Runs a code object. `globals`: a dict; then the mapping of locals, unless names are bound in the globals, and the tuple of
    /// the cells that the code uses, if any.
    ///
    /// # Errors
    /// Whatever the code raises.
    pub fn run_code(
        &mut self,
        code: Local,
        globals: Local,
        (locals, closure): (Option<Local>, Option<Local>),
    ) -> Result<Local, Raised> {
        let module = self.module_for(globals);
        let kind = self.code_of(code).code.kind;
        match locals {
            Some(locals) if kind == CodeKind::Module => {
                let mapped = self.mapped(code)?;
                let function = self.function_in(mapped, module);
                self.call(function, &[locals])
            }
            _ => {
                let linked = self.linked(code, module);
                let function = self.closure_of(linked, closure);
                self.call(function, &[])
            }
        }
    }

    /// What annotations are in the code that runs: texts that it compiles inherit that.
    pub fn running_annotations(&self) -> Annotations {
        match self.exec.stack.depth() {
            0 => Annotations::Values,
            _ => self.exec.stack.top().code(&self.heap).code.annotations,
        }
    }

    /// Has code with this dict of globals ask `mapping`, whose dict that is, for the names that the dict lacks.
    pub fn ask_for_globals(&mut self, globals: Local, mapping: Local) {
        let module = self.module_for(globals);
        let heap = &self.heap;
        let module: Gc<'_, Module> = self.get_gc(module).expect("`module_for` returns one");
        module.mapping.set(self.get(mapping));
        if module.builtins.get(heap).is_undef() {
            module.builtins.set(self.builtins().dict(heap).value());
        }
    }

    /// The module that code with this dict of globals runs in; what the dict has as `__builtins__` are its builtins.
    pub fn module_for(&mut self, globals: Local) -> Local {
        let heap = &self.heap;
        let dict: Gc<'_, Dict> = self.get_gc(globals).expect("the caller checked it");
        let module = heap.module_around(dict);
        let name = heap.intern("__builtins__");
        let standard = self.builtins();
        match dict.get_str(heap, name) {
            None => dict.set_str(heap, name, standard.dict(heap).value()),
            Some(given) => {
                let own = match given.as_gc::<Module>() {
                    Some(module) => module.dict(heap).value(),
                    None => given,
                };
                let is_standard = own.is(standard.dict(heap).value());
                let is_asked = module.mapping.get(heap).defined().is_some();
                let unset = is_standard && !is_asked;
                module.builtins.set(if unset { Value::UNDEF } else { own });
            }
        }
        self.local(module.value())
    }

    /// A function without arguments or closure that runs the code in a module.
    pub fn function_in(&mut self, code: Local, module: Local) -> Local {
        let linked = self.linked(code, module);
        self.function_of(linked)
    }

    /// A function of this code with the cells of a tuple.
    pub fn closure_of(&self, code: Local, cells: Option<Local>) -> Local {
        let heap = &self.heap;
        let cells = cells.and_then(|cells| self.get_gc::<Tuple>(cells));
        let count = cells.map_or(0, |cells| cells.len());
        let cell = |i| cells.and_then(|cells| cells.at(heap, i));
        let function = heap.function(self.code_of(code), count as u32, |i| {
            cell(i).unwrap_or(Value::UNDEF)
        });
        self.local(function.value())
    }

    /// The code linked to a module.
    pub fn linked(&self, code: Local, module: Local) -> Local {
        let heap = &self.heap;
        let this = self.code_of(code);
        let to: Gc<'_, Module> = self.get_gc(module).expect("the caller made it");
        let from = this.module(heap);
        if from == to {
            return code;
        }
        let known: Option<Gc<'_, CodeObj>> = this.linked.get(heap).as_gc();
        if let Some(known) = known.filter(|known| known.module(heap) == to) {
            return self.local(known.value());
        }
        let moved: Rc<Code> = relink(&this.code, &mut |slot| {
            let name = from.globals.name(heap, slot as usize);
            name.map_or(slot, |name| to.globals.reserve(heap, name) as u32)
        });
        let made = load_code(heap, &moved, to);
        this.linked.set(made.value());
        self.local(made.value())
    }

    /// `f.__code__ = code`: the code, linked to the function's module.
    ///
    /// # Errors
    /// ValueError if it has another number of free variables, or if coroutines may be under way in the function.
    pub fn replace_code(&mut self, function: Local, code: Local) -> Result<(), Raised> {
        let this: Gc<'_, Function> = self.get_gc(function).expect("the caller checked it");
        let (old, count) = (this.code(&self.heap), this.ncells as usize);
        let free = self.code_of(code).code.free_names.len();
        if free != count {
            let name = this
                .name
                .get(&self.heap)
                .as_gc::<Str>()
                .map_or("?", |name| name.as_str());
            let message =
                format!("{name}() requires a code object with {count} free vars, not {free}");
            return Err(self.heap.value_error(message));
        }
        if old.code.kind.suspends() {
            let message = "the code of a function that is suspended cannot be exchanged";
            return Err(self.heap.value_error(message));
        }
        let module = self.local(old.module(&self.heap).value());
        let linked = self.linked(code, module);
        let this: Gc<'_, Function> = self.get_gc(function).expect("the caller checked it");
        let old = this.code(&self.heap).value();
        self.exec.former_codes.push(&self.heap, old);
        // The docstring stays that of the former code.
        this.doc(&self.heap);
        this.set_code(self.code_of(linked));
        Ok(())
    }

    fn mapped(&mut self, code: Local) -> Result<Local, Raised> {
        let this = self.code_of(code);
        if let Some(known) = this.mapped.get(&self.heap).defined() {
            return Ok(self.local(known));
        }
        let file = this.code.file;
        let made = self.compile(&CompileRequest::Mapped(file))?;
        self.code_of(code).mapped.set(self.get(made));
        Ok(made)
    }

    fn code_of(&self, code: Local) -> Gc<'_, CodeObj> {
        let code: Gc<'_, CodeObj> = self.get_gc(code).expect("the caller checked the kind");
        code.loaded(&self.heap)
    }
}
