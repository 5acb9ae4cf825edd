//! What a prompt asks of an interpreter, beside running inputs: tasks that go on between them, and questions about names.
//!
//! Questions are answered as text: no value leaves the interpreter. Looking at an object for completion runs as little of the
//! program as possible: attributes are read only where that runs nothing.

use std::time::Duration;

use super::loader::{self, finder};
use super::{Interpreter, Mode, Outcome, library};
use crate::bytecode::dis;
use crate::compile::Signature;
use crate::diagnostics::FileId;
use crate::runtime::class::Class;
use crate::runtime::code::CodeObj;
use crate::runtime::dict::Dict;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Raised};
use crate::sched::clock::TimeMode;
use crate::sched::{deadlock, prompt, scheduler};
use crate::stdlib::summary::{constructor, signature, summary};
use crate::stdlib::{self, asyncio, display};
use crate::syntax::ast::{ExprKind, Module as Ast, StmtKind};
use crate::vm::{Local, Stuck, Vm};

/// Where the value of `:type` is kept for a moment: no program can spell it.
const VALUE: &str = ":value";

/// What a dotted name stands for.
pub enum Found {
    /// Functions with their code: a listing.
    Listing(String),
    /// Something else, of this type.
    Other(String),
}

/// Why there is no answer.
pub enum Nothing {
    /// The name is unbound.
    Unbound,
    /// The text is no single expression.
    NoExpression,
    /// Running it ended otherwise.
    Ended(Outcome),
}

impl Interpreter {
    /// From now on inputs come from a prompt: tasks live on from one to the next.
    pub fn attend(&mut self) {
        prompt::attend(&mut self.vm);
        self.vm.set_display(display::display);
    }

    /// Runs tasks until somebody calls; `called` as in `sched::prompt::idle`. None: somebody called; else a task ended the loop.
    pub fn idle(&mut self, called: &mut dyn FnMut(Option<Duration>) -> bool) -> Option<Outcome> {
        self.deep(|it| it.idle_here(called))
    }

    fn idle_here(&mut self, called: &mut dyn FnMut(Option<Duration>) -> bool) -> Option<Outcome> {
        self.vm.resume_after_halt();
        let mark = self.vm.mark();
        let ended = prompt::idle(&mut self.vm, called).err();
        let outcome = ended.map(|raised| self.outcome_of(Err(raised)));
        self.vm.release(mark);
        outcome
    }

    /// The end of a session: cancels the tasks that are left and lets them finish.
    pub fn leave(&mut self) -> Outcome {
        self.deep(|it| it.leave_here())
    }

    fn leave_here(&mut self) -> Outcome {
        self.vm.resume_after_halt();
        prompt::leave_loop(&self.vm);
        let mark = self.vm.mark();
        let result = asyncio::run::shut_down(&mut self.vm, 0).map(|()| self.vm.none());
        let outcome = self.outcome_of(result);
        self.vm.release(mark);
        // There is nobody at the other end of a terminal that takes nothing.
        let _ = self.finish();
        outcome
    }

    /// Every task that is not done.
    pub fn tasks(&mut self) -> Vec<Stuck> {
        let mark = self.vm.mark();
        let tasks = deadlock::waiting(&mut self.vm);
        self.vm.release(mark);
        tasks
    }

    /// Which time the program lives in.
    pub fn time(&self) -> TimeMode {
        scheduler(&self.vm).clock.mode()
    }

    /// Changes the time that the program lives in.
    pub fn set_time(&mut self, mode: TimeMode) {
        scheduler(&self.vm).clock.set_mode(mode);
    }

    /// Seconds of the program's time, and of real time, since it began.
    pub fn clocks(&self) -> (f64, f64) {
        let clock = &scheduler(&self.vm).clock;
        (clock.monotonic(), clock.real())
    }

    /// The names that may follow `path` and a dot; for an empty path the global and builtin names.
    pub fn names(&mut self, path: &[&str]) -> Vec<String> {
        self.deep(|it| it.names_here(path))
    }

    fn names_here(&mut self, path: &[&str]) -> Vec<String> {
        let mark = self.vm.mark();
        let names = if path.is_empty() {
            let mut names = bound_names(&self.vm, self.main_module());
            names.extend(bound_names(&self.vm, self.vm.builtins()));
            names
        } else {
            let found = self.find(path);
            found.map_or_else(Vec::new, |object| attributes(&mut self.vm, object))
        };
        self.vm.release(mark);
        names
    }

    /// The names that may follow a call of the class that a path stands for and a dot; none for what is no class.
    pub fn names_of_instances(&mut self, path: &[&str]) -> Vec<String> {
        let mark = self.vm.mark();
        let is_class = self
            .find(path)
            .is_some_and(|object| self.vm.get_gc::<Class>(object).is_some());
        self.vm.release(mark);
        match is_class {
            true => self.names(path),
            false => Vec::new(),
        }
    }

    /// The names of the modules that are part of apy.
    pub fn modules(&self) -> impl Iterator<Item = &'static str> + use<> {
        stdlib::module_names().chain(library::names())
    }

    /// The full names of the modules directly inside of a package, `""`: of those outside of any. A package that is part of apy is
    /// loaded for that, others are not run.
    pub fn importable(&mut self, package: &str) -> Vec<String> {
        self.deep(|it| {
            if it.vm.loaded_module(package).is_none() && it.modules().any(|name| name == package) {
                it.import(package);
            }
            finder::importable(&it.vm, package)
        })
    }

    /// The names in a module that is part of apy or loaded: others are not run for that.
    pub fn members(&mut self, module: &str) -> Vec<String> {
        self.deep(|it| it.members_here(module))
    }

    fn members_here(&mut self, module: &str) -> Vec<String> {
        let mark = self.vm.mark();
        let known = self.modules().any(|name| name == module);
        let found = match self.vm.loaded_module(module) {
            None if known => self.import(module),
            loaded => loaded,
        };
        let names = found.map_or_else(Vec::new, |module| attributes(&mut self.vm, module));
        self.vm.release(mark);
        names
    }

    /// Whether an input has bound a global name.
    pub fn defines(&self, name: &str) -> bool {
        let heap = &self.vm.heap;
        self.main_module()
            .globals
            .get(heap, heap.intern(name))
            .is_some()
    }

    /// The names of the parameters that a call of what a path stands for may fill by keyword.
    pub fn parameters(&mut self, path: &[&str]) -> Vec<String> {
        let mark = self.vm.mark();
        let found = self.find(path);
        let vm = &mut self.vm;
        let text =
            found.and_then(|object| constructor(vm, object).or_else(|| signature(vm, object)));
        self.vm.release(mark);
        let signature = text.as_deref().and_then(Signature::of_text);
        signature.map_or_else(Vec::new, |signature| {
            signature
                .keywords()
                .into_iter()
                .map(str::to_owned)
                .collect()
        })
    }

    /// The keys of a dict that are texts.
    pub fn keys(&mut self, path: &[&str]) -> Vec<String> {
        let mark = self.vm.mark();
        let found = self.find(path);
        let heap = &self.vm.heap;
        let dict = found.and_then(|object| self.vm.get_gc::<Dict>(object));
        let keys = dict.map_or_else(Vec::new, |dict| {
            let entries = (0..dict.table.end(heap)).filter_map(|n| dict.get().table.entry(heap, n));
            let texts = entries.filter_map(|(key, _)| key.as_gc::<Str>());
            texts.map(|key| key.as_str().to_owned()).collect()
        });
        self.vm.release(mark);
        keys
    }

    /// The bytecode of the function, or the functions of the class, of this name.
    ///
    /// # Errors
    /// Nothing is called so.
    pub fn listing(&mut self, path: &[&str]) -> Result<Found, Nothing> {
        self.deep(|it| it.listing_here(path))
    }

    fn listing_here(&mut self, path: &[&str]) -> Result<Found, Nothing> {
        let mark = self.vm.mark();
        let found = self.find(path).ok_or(Nothing::Unbound);
        let found = found.map(|object| {
            let functions = functions_of(&self.vm, object);
            if functions.is_empty() {
                return Found::Other(type_name(&self.vm, object));
            }
            let listings = functions.into_iter().map(|f| list(&self.vm, f));
            Found::Listing(listings.collect::<Vec<_>>().join("\n"))
        });
        self.vm.release(mark);
        found
    }

    /// Runs an expression (`module` is what `text` parses to) and says what its value is: the type, with a signature or the types of items.
    ///
    /// # Errors
    /// It is none, or it did not end with a value.
    pub fn type_of(&mut self, name: &str, text: &str, module: Ast) -> Result<String, Nothing> {
        self.deep(|it| it.type_of_here(name, text, module))
    }

    fn type_of_here(&mut self, name: &str, text: &str, module: Ast) -> Result<String, Nothing> {
        let module = assign(module).ok_or(Nothing::NoExpression)?;
        let unit = loader::adopt(&self.vm, name, text, module);
        let outcome = self.run_unit(&unit, Mode::Script);
        if !matches!(outcome, Outcome::Done) {
            return Err(Nothing::Ended(outcome));
        }
        let mark = self.vm.mark();
        let heap = &self.vm.heap;
        let main = self.main_module();
        let value = main.globals.get(heap, heap.intern(VALUE));
        let value = value.map(|value| self.vm.local(value));
        main.unbind(heap, heap.intern(VALUE));
        let found = value.map(|value| summary(&mut self.vm, value));
        self.vm.release(mark);
        found.ok_or(Nothing::NoExpression)
    }

    /// What a dotted name stands for, if finding it runs nothing.
    fn find(&mut self, path: &[&str]) -> Option<Local> {
        let (first, rest) = path.split_first()?;
        let heap = &self.vm.heap;
        let name = heap.intern(first);
        let value = self
            .main_module()
            .get()
            .globals
            .get(heap, name)
            .or_else(|| self.vm.builtins().get().globals.get(heap, name));
        let mut at = match value {
            Some(value) => self.vm.local(value),
            None => self.always_bound(first)?,
        };
        for name in rest {
            at = step(&mut self.vm, at, name)?;
        }
        Some(at)
    }

    /// `asyncio` is there before any input has named it.
    fn always_bound(&mut self, name: &str) -> Option<Local> {
        if name == "asyncio" {
            self.import(name)
        } else {
            None
        }
    }

    fn import(&mut self, name: &str) -> Option<Local> {
        match self.vm.import_module(name) {
            Ok(module) => Some(module),
            Err(raised) => {
                self.vm.heap.take_raised(raised);
                None
            }
        }
    }
}

/// One expression statement, as an assignment of its value.
fn assign(mut module: Ast) -> Option<Ast> {
    let [only] = &mut module.body[..] else {
        return None;
    };
    let StmtKind::Expr(value) = &only.kind else {
        return None;
    };
    let mut target = value.clone();
    target.kind = ExprKind::Name(VALUE.into());
    target.depth = 1;
    only.kind = StmtKind::Assign {
        targets: vec![target],
        value: value.clone(),
    };
    Some(module)
}

/// Before a part of a path: it is a key of a dict, not an attribute.
pub const KEY: char = '[';

fn step(vm: &mut Vm, object: Local, name: &str) -> Option<Local> {
    if let Some(key) = name.strip_prefix(KEY) {
        let dict = vm.get_gc::<Dict>(object)?;
        let value = dict.get_str(&vm.heap, vm.heap.intern(key))?;
        return Some(vm.local(value));
    }
    if let Some(module) = vm.get_gc::<Module>(object) {
        let value = module.globals.get(&vm.heap, vm.heap.intern(name))?;
        return Some(vm.local(value));
    }
    vm.peek_attr(object, name)
}

fn bound_names(vm: &Vm, module: Gc<'_, Module>) -> Vec<String> {
    let entries = module.entries(&vm.heap);
    let names = entries
        .into_iter()
        .map(|(name, _)| name.as_str().to_owned());
    names.collect()
}

/// What `dir` says of an object.
fn attributes(vm: &mut Vm, object: Local) -> Vec<String> {
    if let Some(module) = vm.get_gc::<Module>(object) {
        return bound_names(vm, module);
    }
    match ask_dir(vm, object) {
        Ok(names) => names,
        Err(raised) => {
            vm.heap.take_raised(raised);
            Vec::new()
        }
    }
}

fn ask_dir(vm: &mut Vm, object: Local) -> Result<Vec<String>, Raised> {
    let heap = &vm.heap;
    let Some(dir) = vm.builtins().get().globals.get(heap, heap.intern("dir")) else {
        return Ok(Vec::new());
    };
    let dir = vm.local(dir);
    let names = vm.call(dir, &[object])?;
    let Some(names) = vm.get_gc::<List>(names) else {
        return Ok(Vec::new());
    };
    let names = names.to_vec(&vm.heap).into_iter();
    Ok(names
        .filter_map(|name| name.as_gc::<Str>().map(|name| name.as_str().to_owned()))
        .collect())
}

fn type_name(vm: &Vm, object: Local) -> String {
    vm.heap.type_name(vm.get(object)).to_owned()
}

/// The function that an object is, or those of a class.
fn functions_of(vm: &Vm, object: Local) -> Vec<Gc<'_, CodeObj>> {
    let heap = &vm.heap;
    let value = vm.get(object);
    let value = value
        .as_gc::<BoundMethod>()
        .map_or(value, |method| method.function.get(heap));
    if let Some(function) = value.as_gc::<Function>() {
        return vec![function.code(heap)];
    }
    let Some(class) = value.as_gc::<Class>() else {
        return Vec::new();
    };
    let attributes = class.get().attrs.entries(heap).into_iter();
    let functions = attributes.filter_map(|(_, value)| value.as_gc::<Function>());
    functions.map(|function| function.code(heap)).collect()
}

fn list(vm: &Vm, code: Gc<'_, CodeObj>) -> String {
    let module = vm.local(code.module(&vm.heap).value());
    let names = loader::names_of(vm, module);
    let sources = loader::sources(vm).borrow();
    dis::listing(&code.code, sources.file(FileId(code.code.file)), &names)
}
