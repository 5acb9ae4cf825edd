//! An interpreter: one VM with its scheduler, and the ways in which a run ends.
//!
//! Text goes through parser, compiler and loader, runs as `__main__`, and its end becomes an `Outcome`. The source map is shared
//! with the host, which draws excerpts from it. What one run defines, the next one sees.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::loader::{self, Loader, SourceImporter, Unit, evaluate, finder};
use super::module_store::ModuleStore;
use super::run_module;
use super::{Mode, Sources, Warn};
use crate::diagnostics::{Diagnostic, FileId};
use crate::runtime::exception::Exception;
use crate::runtime::heap::{LimitKind, Limits};
use crate::runtime::module::Module;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::clock::TimeMode;
use crate::sched::ready_queue::Seeded;
use crate::sched::{self, at_exit, block, green, report, run, scheduler, slow_step, task};
use crate::stdlib::{self, asyncio, importlib, random, sys};
use crate::syntax::ast;
use crate::vm::{Failure, Host, Local, Problem, Report, Vm};

/// What an interpreter is made from.
pub struct Options {
    /// Output, interruptions, and the receiver of reports.
    pub host: Box<dyn Host>,
    /// Where source texts go.
    pub sources: Sources,
    /// Hears of warnings about source text before it runs.
    pub warn: Warn,
    /// Real or virtual time.
    pub time: TimeMode,
    /// What `random` starts from; none: different in each run.
    pub seed: Option<u64>,
    /// `sys.argv`.
    pub args: Vec<String>,
    /// The program's file: `__file__`, and where imports look first.
    pub script: Option<PathBuf>,
    /// Where imports look afterwards.
    pub path: Vec<PathBuf>,
    /// Keeps the code of imported files between runs; None: nothing does.
    pub store: Option<Arc<dyn ModuleStore>>,
    /// `sys.warnoptions`.
    pub warn_options: Vec<String>,
    /// Collect garbage at every safepoint: for tests of the collector.
    pub gc_stress: bool,
    /// How much programs may use.
    pub limits: Limits,
}

impl Options {
    /// An interpreter on this host that is the same in each run: virtual time, a seed, no warnings about texts, no limits.
    pub(super) fn repeatable(host: impl Host + 'static) -> Options {
        Options {
            host: Box::new(host),
            sources: Sources::default(),
            warn: Box::new(|_, _, _| {}),
            time: TimeMode::Virtual,
            seed: Some(0),
            args: Vec::new(),
            script: None,
            path: Vec::new(),
            store: None,
            warn_options: Vec::new(),
            gc_stress: false,
            limits: Limits::NONE,
        }
    }
}

/// How a run ended.
pub enum Outcome {
    /// By itself.
    Done,
    /// It did not begin: mistakes in the text, in source order.
    Mistakes(FileId, Vec<Diagnostic>),
    /// With an exception that nothing caught.
    Failed(Box<Failure>),
    /// With SystemExit: the status, and what goes to standard error first.
    Exit(i32, Option<String>),
    /// Nothing could run any more; the host was told.
    Deadlock,
    /// By this limit; the host was told.
    Limit(LimitKind),
    /// With KeyboardInterrupt.
    Interrupted(Box<Failure>),
}

/// An interpreter. What one `run` defines, the next one sees.
pub struct Interpreter {
    /// In a box: threads have pointers to it.
    pub(super) vm: Box<Vm>,
}

impl Interpreter {
    /// An interpreter with an empty `__main__`.
    #[must_use]
    pub fn new(options: Options) -> Interpreter {
        let mut vm = Box::new(Vm::new(options.host));
        vm.heap.set_stress(options.gc_stress);
        sched::install(&mut vm, options.time);
        vm.set_pulse(slow_step::pulse);
        stdlib::install(&mut vm);
        random::seed_default(&vm, options.seed.unwrap_or_else(any_seed));
        let path = search_path(options.script.as_deref(), options.path);
        let shown = path
            .iter()
            .map(|folder| folder.to_string_lossy().into_owned());
        let has_options = !options.warn_options.is_empty();
        let program = sys::Program::new(options.args, shown.collect());
        let bytecode = options.store.as_ref().map(|store| sys::Bytecode {
            is_written: store.writes(),
            prefix: store.prefix().map(|p| p.to_string_lossy().into_owned()),
        });
        let program = program.with_warn_options(options.warn_options);
        vm.extend(program.with_bytecode(bytecode.unwrap_or_default()));
        vm.extend(Loader::new(
            options.sources,
            options.warn,
            path,
            options.store,
        ));
        vm.set_importer(SourceImporter);
        vm.set_locate(loader::locate);
        vm.set_compile(evaluate::compile);
        vm.set_texts(loader::Texts);
        vm.heap.make_permanent();
        let mut interpreter = Interpreter { vm };
        interpreter.make_main(options.script);
        interpreter.vm.set_limits(options.limits);
        if has_options {
            interpreter.deep(Interpreter::heed_warn_options);
        }
        interpreter
    }

    /// Loads the module whose filters the options -W set: reports of the run ask it once it is loaded.
    fn heed_warn_options(&mut self) {
        let mark = self.vm.mark();
        if let Err(raised) = self.vm.import_module("warnings") {
            self.vm.heap.take_raised(raised);
        }
        self.vm.release(mark);
    }

    /// Steps that programs have taken: safepoints passed, and what natives charge.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.vm.heap.steps()
    }

    /// Bytes of objects, and of what they own, that may be live.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.vm.heap.used()
    }

    /// Frees what nothing refers to any more.
    pub fn collect(&mut self) {
        self.vm.collect();
    }

    /// Sets how much programs may use from now on; what was used so far counts.
    pub fn set_limits(&mut self, limits: Limits) {
        self.vm.set_limits(limits);
    }

    /// Runs something on the interpreter's own stack, which is deep.
    pub(super) fn deep<T>(&mut self, body: impl FnOnce(&mut Interpreter) -> T) -> T {
        let Some(mut stack) = self.vm.take_stack() else {
            return body(self);
        };
        let result = stack.run(|| body(self));
        self.vm.put_stack(stack);
        result
    }

    /// Has a seed choose the order of what could come in any (handles of one turn, timers due at once, threads), instead of asyncio's
    /// first in first out.
    pub fn shuffle(&mut self, seed: u64) {
        scheduler(&self.vm).set_order(Box::new(Seeded::new(seed)));
    }

    /// Runs a text as `__main__`. `name` is what messages call it.
    pub fn run(&mut self, name: &str, text: &[u8], mode: Mode) -> Outcome {
        self.deep(|it| it.run_here(name, text, mode))
    }

    fn run_here(&mut self, name: &str, text: &[u8], mode: Mode) -> Outcome {
        let unit = match loader::read(&self.vm, name, text) {
            Ok(unit) => unit,
            Err((file, mistakes)) => return Outcome::Mistakes(file, mistakes),
        };
        self.run_unit(&unit, mode)
    }

    /// Runs a module as `__main__`, found as `import` finds it; of a package its `__main__` module.
    pub fn run_module(&mut self, name: &str) -> Outcome {
        self.deep(|it| it.run_module_here(name))
    }

    fn run_module_here(&mut self, name: &str) -> Outcome {
        let mark = self.vm.mark();
        let result = run_module::run(&mut self.vm, name);
        let missing = format!("apy: No module named {name}");
        let outcome = self.run_found(result, missing);
        self.vm.release(mark);
        outcome
    }

    /// Runs the `__main__` module in a folder or a zip file as `__main__`.
    pub fn run_container(&mut self, path: &str) -> Outcome {
        self.deep(|it| it.run_container_here(path))
    }

    fn run_container_here(&mut self, path: &str) -> Outcome {
        let mark = self.vm.mark();
        let result = run_module::run_container(&mut self.vm, path);
        let missing = format!("apy: can't find '__main__' module in '{path}'");
        let outcome = self.run_found(result, missing);
        self.vm.release(mark);
        outcome
    }

    /// Runs what was found to run; `missing` says that there is nothing.
    fn run_found(
        &mut self,
        found: Result<Option<run_module::Parsed>, Raised>,
        missing: String,
    ) -> Outcome {
        match found {
            Ok(None) => Outcome::Exit(1, Some(missing)),
            Ok(Some(Ok(unit))) => self.run_unit(&unit, Mode::Script),
            Ok(Some(Err((file, mistakes)))) => Outcome::Mistakes(file, mistakes),
            Err(raised) => self.outcome_of(Err(raised)),
        }
    }

    /// Runs a module that was parsed already: `text` is what it was parsed from.
    pub fn run_parsed(
        &mut self,
        name: &str,
        text: &str,
        module: ast::Module,
        mode: Mode,
    ) -> Outcome {
        self.deep(|it| it.run_parsed_here(name, text, module, mode))
    }

    fn run_parsed_here(
        &mut self,
        name: &str,
        text: &str,
        module: ast::Module,
        mode: Mode,
    ) -> Outcome {
        let unit = loader::adopt(&self.vm, name, text, module);
        self.run_unit(&unit, mode)
    }

    /// Gives `__main__` another name: the file is run for what it defines, not as a program.
    pub fn name_main(&mut self, name: &str) {
        let main = self.main_module();
        main.set(&self.vm.heap, "__name__", self.vm.heap.str_value(name));
    }

    /// Calls a function of `__main__` without arguments; what an `async def` returns is run in a loop of its own.
    pub fn call(&mut self, function: &str) -> Outcome {
        self.deep(|it| it.call_here(function))
    }

    fn call_here(&mut self, function: &str) -> Outcome {
        let mark = self.vm.mark();
        let result = self.call_with(function, &[]);
        let outcome = self.outcome_of(result);
        self.vm.release(mark);
        outcome
    }

    /// Runs something in the VM as a run of its own: how it ended, and what it made.
    pub(super) fn perform<T>(
        &mut self,
        body: impl FnOnce(&mut Interpreter) -> Result<T, Raised>,
    ) -> (Outcome, Option<T>) {
        self.deep(|it| {
            let mark = it.vm.mark();
            it.vm.resume_after_halt();
            let mut made = None;
            let result = body(it).map(|value| {
                made = Some(value);
                it.vm.none()
            });
            let result = join_threads(&mut it.vm, result);
            let outcome = it.outcome_of(result);
            it.vm.release(mark);
            (outcome, made)
        })
    }

    /// The value of an expression in `__main__`.
    ///
    /// # Errors
    /// The outer one: the text is no expression.
    pub(super) fn evaluate(
        &mut self,
        name: &str,
        text: &[u8],
    ) -> Result<Result<Local, Raised>, Outcome> {
        let unit = loader::read(&self.vm, name, text)
            .map_err(|(file, mistakes)| Outcome::Mistakes(file, mistakes))?;
        if let Some(mistake) = evaluate::no_expression(&unit) {
            return Err(Outcome::Mistakes(unit.file, vec![mistake]));
        }
        let main = self.vm.local(self.main_module().value());
        match loader::link(&mut self.vm, &unit, main, Mode::Expression) {
            Ok((function, is_async)) => Ok(run_linked(&mut self.vm, function, is_async)),
            Err(mistakes) => Err(Outcome::Mistakes(unit.file, mistakes)),
        }
    }

    /// Calls a function of `__main__`; what an `async def` returns is run in a loop of its own.
    pub(super) fn call_with(&mut self, name: &str, arguments: &[Local]) -> Result<Local, Raised> {
        let vm = &self.vm;
        let function = self
            .main_module()
            .globals
            .get(&vm.heap, vm.heap.intern(name));
        let Some(function) = function else {
            let message = format!("name '{name}' is not defined");
            return Err(vm.heap.raise(Builtin::NameError, message));
        };
        let function = vm.local(function);
        let vm = &mut self.vm;
        let result = vm.call(function, arguments)?;
        if task::is_coroutine(vm, result) {
            run_main_task(vm, result)
        } else {
            Ok(result)
        }
    }

    /// Ends the program: reports the tasks that are left and the exceptions that nobody took, and writes what is buffered.
    ///
    /// # Errors
    /// The output takes nothing more.
    pub fn finish(&mut self) -> io::Result<()> {
        self.deep(|it| it.finish_here())
    }

    fn finish_here(&mut self) -> io::Result<()> {
        self.run_exit_functions();
        green::abandon_all(&mut self.vm);
        if !self.vm.is_halting() {
            at_exit::pending_at_exit(&mut self.vm);
            self.vm.finalise_all();
            self.vm.report_unstarted();
            report::failures_at_exit(&mut self.vm);
        }
        stdlib::io::finish(&mut self.vm).and(self.vm.host.finish())
    }

    /// Calls what the program left in `atexit`, which tells itself of failures.
    fn run_exit_functions(&mut self) {
        let vm = &mut self.vm;
        if vm.is_halting() {
            return;
        }
        let mark = vm.mark();
        if let Some(module) = vm.loaded_module("atexit")
            && let Err(raised) = vm.call_method(module, "_run_exitfuncs", &[])
        {
            vm.report_unraisable(module, raised);
        }
        vm.release(mark);
    }

    /// Writes what the program printed and the host has kept back.
    pub fn flush(&mut self) {
        // The next write fails, too, and tells the program.
        let _ = self.vm.host.flush();
    }

    pub(super) fn run_unit(&mut self, unit: &Unit, mode: Mode) -> Outcome {
        let mark = self.vm.mark();
        self.vm.resume_after_halt();
        let main = self.vm.local(self.main_module().value());
        let outcome = match loader::link(&mut self.vm, unit, main, mode) {
            Ok((function, is_async)) => {
                let result = run_linked(&mut self.vm, function, is_async);
                let result = join_threads(&mut self.vm, result);
                self.outcome_of(result)
            }
            Err(mistakes) => Outcome::Mistakes(unit.file, mistakes),
        };
        self.vm.release(mark);
        outcome
    }

    pub(super) fn outcome_of(&mut self, result: Result<Local, Raised>) -> Outcome {
        let vm = &mut self.vm;
        let raised = match result {
            Ok(_) if vm.heap.guard.ended().is_none() => return Outcome::Done,
            Ok(_) => vm.heap.memory_error(),
            Err(raised) => raised,
        };
        if vm.is_halting() {
            vm.report_limit();
            vm.heap.take_raised(raised);
            return match vm.heap.guard.ended() {
                Some(kind) => Outcome::Limit(kind),
                None => Outcome::Deadlock,
            };
        }
        let is_exit = vm.is_raised(&raised, Builtin::SystemExit);
        let is_interrupt = vm.is_raised(&raised, Builtin::KeyboardInterrupt);
        let exception = vm.take_local(raised);
        if is_exit {
            return exit_of(vm, exception);
        }
        match sys::hooks::call_excepthook(vm, exception) {
            Ok(false) => {}
            Ok(true) => return Outcome::Exit(if is_interrupt { 130 } else { 1 }, None),
            Err(raised) => {
                let failed = vm.take_local(raised);
                let failure = vm.describe(failed);
                let problem = Problem::Unraisable("sys.excepthook".to_owned());
                vm.host.report(Report::Failed { problem, failure });
            }
        }
        let failure = Box::new(vm.describe(exception));
        if is_interrupt {
            Outcome::Interrupted(failure)
        } else {
            Outcome::Failed(failure)
        }
    }

    pub(super) fn main_module(&self) -> Gc<'_, Module> {
        let main = self
            .vm
            .loaded_module("__main__")
            .and_then(|main| self.vm.get_gc(main));
        main.expect("made with the interpreter; a program that replaces it in sys.modules replaces it by a module")
    }

    fn make_main(&mut self, script: Option<PathBuf>) {
        let vm = &mut self.vm;
        let mark = vm.mark();
        let main = vm.local(vm.heap.module("__main__").value());
        let name = vm.heap.str_value("__main__");
        vm.get_gc::<Module>(main)
            .expect("just made")
            .set(&vm.heap, "__name__", name);
        let script = script.map(|script| finder::absolute(&script));
        let file = script.as_ref().map(|script| script.to_string_lossy());
        importlib::describe_main(vm, main, file.as_deref());
        vm.add_module("__main__", main);
        vm.release(mark);
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        green::abandon_all(&mut self.vm);
    }
}

/// `sys.path`: the program's folder, or the working folder as the empty string, then the rest.
fn search_path(script: Option<&Path>, rest: Vec<PathBuf>) -> Vec<PathBuf> {
    let folder = script.map_or_else(PathBuf::new, |script| {
        let script = script
            .canonicalize()
            .unwrap_or_else(|_| finder::absolute(script));
        script.parent().map_or_else(PathBuf::new, Path::to_path_buf)
    });
    [folder].into_iter().chain(rest).collect()
}

/// A seed from the system's randomness.
fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Runs a module's body; one that awaits is a task of the loop, which ends as `asyncio.run` does, but for a prompt, where tasks
/// live on.
fn run_linked(vm: &mut Vm, function: Local, is_async: bool) -> Result<Local, Raised> {
    let result = vm.call(function, &[])?;
    if !is_async {
        return Ok(result);
    }
    run_main_task(vm, result)
}

/// Waits for the threads that the program started; at a prompt they live on.
fn join_threads(vm: &mut Vm, result: Result<Local, Raised>) -> Result<Local, Raised> {
    if vm.is_halting() || scheduler(vm).is_attended() {
        return result;
    }
    let result = result.map_err(|raised| vm.take_local(raised));
    block::join_all(vm)?;
    result.map_err(|exception| vm.raise_local(exception))
}

/// Runs a coroutine as `asyncio.run` does; at a prompt tasks live on.
fn run_main_task(vm: &mut Vm, coroutine: Local) -> Result<Local, Raised> {
    let outcome = run::run_main_task(vm, coroutine);
    if vm.is_halting() || scheduler(vm).is_attended() {
        return outcome;
    }
    let outcome = outcome.map_err(|raised| vm.take_local(raised));
    asyncio::run::shut_down(vm, 0)?;
    outcome.map_err(|exception| vm.raise_local(exception))
}

/// What SystemExit asks for: no code or None is success, an integer the status, anything else a message.
fn exit_of(vm: &mut Vm, exception: Local) -> Outcome {
    let code = vm
        .get_gc::<Exception>(exception)
        .and_then(|e| e.arg(&vm.heap, 0))
        .unwrap_or(Value::NONE);
    if code.is_none() {
        return Outcome::Exit(0, None);
    }
    if let Some(status) = code.as_any_int() {
        return Outcome::Exit(status.to_i64().map_or(-1, |status| status as i32), None);
    }
    let code = vm.local(code);
    let text = vm.text_of(code).unwrap_or_else(|raised| {
        vm.heap.take_raised(raised);
        String::new()
    });
    let told = sys::hooks::tell_exit(vm, &text).unwrap_or_else(|raised| {
        vm.heap.take_raised(raised);
        false
    });
    Outcome::Exit(1, (!told).then_some(text))
}
