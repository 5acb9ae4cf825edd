//! The VM: runs code on one heap, and offers Rust code everything that the language can do to values.
//!
//! `run` is the loop; each other file holds the slow paths of one topic as two sorts of methods: `*_op(instr)` for instructions,
//! and the operation itself on locals (`vm.get_attr(object, name)`), which natives use as well. Whatever may run the program takes
//! `&mut Vm` and locals; whatever cannot takes `&Heap` and values.

#![expect(unsafe_code, reason = "vouches for the roots of a collection")]

pub(in crate::vm) mod classes;
pub(in crate::vm) mod evaluate;
pub(in crate::vm) mod exec;
pub mod files;
mod import;
mod load;
mod local;
pub mod native;
pub mod protocol;
mod report;
mod suggest;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::ptr::NonNull;
use std::rc::Rc;

pub use classes::type_param::{EVALUATE, EVALUATE_CONSTRAINTS, EVALUATE_DEFAULT, UNPACKED};
pub use evaluate::{CompileFn, CompileRequest, Goal, SourceText, TopLevelAwait};
pub use exec::coroutine::{AsyncStepKind, Input, Mention, NativeCoroutine, Resumed, Step, Waiting};
pub use exec::finalize::Finalisation;
pub use exec::green_stack::{GreenStack, Slice};
pub use import::ImportHooks;
pub use local::{Local, Mark};
pub use native::{Args, Direct, LeafFn, Locals, Native, NativeRole, VmFn};
pub use protocol::arith::Operator;
pub use protocol::subscript::leaf_len;
pub use report::{Failure, HeldAt, Place, Problem, Report, Stuck, StuckKind};

use crate::bytecode::{Code, Instr};
use crate::runtime::heap::{SlotVec, Trace};
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use exec::frame::Stack;
use exec::green_stack::{NativeStack, Switch, ThreadState};
use exec::inline_cache::Learned;
use files::{Files, NoFiles};
use native::Natives;

/// Safepoints of a time slice.
const QUANTUM: i32 = 10_000;
/// CPython's default recursion limit.
const RECURSION_LIMIT: usize = 1000;
/// Registers of the main stack: grown when a frame does not fit.
const REGISTERS: usize = 1 << 16;
/// How deep Rust code may run the loop within the loop.
const NESTING_LIMIT: u32 = 1500;

/// A layer above that keeps values of its own: the scheduler, the modules' state.
pub trait Extension: Trace + Any {}

/// An extension with its place among the others: what runs at each step of the scheduler finds it without a search.
pub trait Layer: Extension {
    /// A number below `LAYERS` that no other layer has.
    const PLACE: usize;
}

/// How many layers extend the VM: scheduler, registry of natives, entropy, the program's arguments, the loader, abstract classes,
/// open files, settings of the collector.
const LAYERS: usize = 8;

/// What the VM asks of the program around it.
pub trait Host {
    /// Tells the user something about the program, beside its output.
    fn report(&mut self, report: Report);
    /// Writes to standard output.
    fn print(&mut self, text: &str) -> std::io::Result<()>;
    /// Writes to standard error.
    fn print_error(&mut self, text: &str) -> std::io::Result<()>;
    /// Hands on what `print` has kept back: before waits, and at the end.
    fn flush(&mut self) -> std::io::Result<()>;
    /// Reads a line of standard input, its end included; empty at the end of the input.
    fn read_line(&mut self) -> std::io::Result<String>;
    /// Whether Ctrl-C was pressed since the last call.
    fn interrupted(&mut self) -> bool;
    /// Whether `input` asks `read_line` rather than the file of the standard input.
    fn reads_lines(&self) -> bool {
        true
    }
    /// The file system that the program sees; by default one that refuses everything.
    fn files(&self) -> Rc<dyn Files> {
        Rc::new(NoFiles)
    }
    /// The variables of the environment; by default none.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        Vec::new()
    }
    /// Takes what `print` has kept back, so that the caller writes it.
    fn take_kept(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// A host that swallows everything: stands in while the real one is borrowed.
pub struct NoHost;

impl Host for NoHost {
    fn report(&mut self, _: Report) {}

    fn print(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn print_error(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn read_line(&mut self) -> std::io::Result<String> {
        Ok(String::new())
    }

    fn interrupted(&mut self) -> bool {
        false
    }
}

/// Decides what Ctrl-C does: an error is raised where the program is.
pub type InterruptFn = fn(&mut Vm) -> Result<(), Raised>;

/// Hears from time to time that the program is running.
pub type PulseFn = fn(&mut Vm);

/// Called when the running thread has used up its time slice: lets others run.
pub type SliceEndFn = fn(&mut Vm) -> Result<(), Raised>;

/// The file and the line of an offset into a source text, by the text's number.
pub type LocateFn = fn(&Vm, u32, u32) -> Option<(String, usize)>;

/// A virtual machine.
pub struct Vm {
    /// The objects.
    pub heap: Heap,
    /// Registers and frames of the thread of execution that runs now.
    stack: Stack,
    /// What the threads have for themselves that wait for it.
    suspended: Vec<ThreadState>,
    /// The rooted handles of Rust code.
    locals: SlotVec,
    natives: Natives,
    /// What attribute instructions have learned.
    learned: Learned,
    /// The native coroutines met so far; their rows.
    steps: Vec<&'static NativeCoroutine>,
    /// How what is over is finalised.
    pub finalisation: Finalisation,
    /// How reports mention a wait for a timer that has no coroutine.
    timer_mention: &'static str,
    /// What waiters wait in, as met so far; their rows.
    waits: RefCell<Vec<&'static Waiting>>,
    /// Whether `result` is to be thrown into the async generator that goes on next.
    throwing: bool,
    /// The address of the exception that is being thrown into a chain, 0 if none is: it gets the context of each coroutine that it
    /// passes.
    thrown: Cell<usize>,
    /// What goes with a `Trap`.
    result: Slot,
    /// How many loops run inside each other.
    nesting: u32,
    /// How deep they may.
    nesting_limit: u32,
    /// What suspends the running green thread; None on the main thread.
    switch: Option<NonNull<Switch>>,
    /// Native stacks of threads that ended, for the next ones.
    native_stacks: Vec<NativeStack>,
    /// Whether the program is being ended: exceptions find no handlers any more.
    halting: bool,
    /// The builtin names, a module.
    builtins: Slot,
    /// Loaded modules: a dict from name to module.
    modules: Slot,
    import: Option<ImportHooks>,
    locate: Option<LocateFn>,
    compile: Option<CompileFn>,
    on_interrupt: Option<InterruptFn>,
    on_pulse: Option<PulseFn>,
    on_slice_end: Option<SliceEndFn>,
    /// The names of the modules that the hook is loading now, outermost first.
    importing: Vec<Rc<str>>,
    extensions: [Option<Box<dyn Extension>>; LAYERS],
    /// Output, and what comes from outside.
    pub host: Box<dyn Host>,
}

impl Vm {
    /// A VM with an empty `builtins` module.
    pub fn new(host: Box<dyn Host>) -> Vm {
        let heap = Heap::new();
        let builtins = Slot::new(heap.module("builtins").value());
        let modules = Slot::new(heap.dict().value());
        Vm {
            stack: Stack::new(RECURSION_LIMIT, REGISTERS),
            suspended: Vec::new(),
            locals: SlotVec::new(),
            natives: Natives::default(),
            learned: Learned::new(),
            steps: Vec::new(),
            timer_mention: "a timer",
            waits: RefCell::default(),
            finalisation: Finalisation::default(),
            throwing: false,
            thrown: Cell::new(0),
            result: Slot::undef(),
            nesting: 0,
            nesting_limit: NESTING_LIMIT,
            switch: None,
            native_stacks: Vec::new(),
            halting: false,
            builtins,
            modules,
            import: None,
            locate: None,
            compile: None,
            on_interrupt: None,
            on_pulse: None,
            on_slice_end: None,
            importing: Vec::new(),
            extensions: Default::default(),
            host,
            heap,
        }
    }

    /// The module of builtin names.
    pub fn builtins(&self) -> Gc<'_, Module> {
        self.builtins.expect(&self.heap)
    }

    /// Says how modules are found.
    pub fn set_import(&mut self, import: ImportHooks) {
        self.import = Some(import);
    }

    /// Says where source texts are known.
    pub fn set_locate(&mut self, locate: LocateFn) {
        self.locate = Some(locate);
    }

    /// The file and the line of an offset into a code's source text.
    pub fn locate(&self, code: &Code, offset: u32) -> Option<(String, usize)> {
        self.locate?(self, code.file, offset)
    }

    /// Says what Ctrl-C does, instead of raising KeyboardInterrupt where the program is.
    pub fn set_interrupt(&mut self, interrupt: InterruptFn) {
        self.on_interrupt = Some(interrupt);
    }

    /// Says who hears each time that the budget of safepoints is used up.
    pub fn set_pulse(&mut self, pulse: PulseFn) {
        self.on_pulse = Some(pulse);
    }

    /// Says what happens when the running thread has used up its time slice.
    pub fn set_slice_end(&mut self, slice_end: SliceEndFn) {
        self.on_slice_end = Some(slice_end);
    }

    /// Says how reports mention a wait for a timer that has no coroutine.
    pub fn mention_timers(&mut self, name: &'static str) {
        self.timer_mention = name;
    }

    /// Ctrl-C was pressed.
    ///
    /// # Errors
    /// KeyboardInterrupt, if it goes to what runs now.
    pub fn interrupt(&mut self) -> Result<(), Raised> {
        match self.on_interrupt {
            Some(interrupt) => interrupt(self),
            None => Err(self.heap.raise_with(Builtin::KeyboardInterrupt, &[])),
        }
    }

    /// Lets Ctrl-C through: for natives that wait for the system.
    ///
    /// # Errors
    /// KeyboardInterrupt.
    pub fn check_interrupt(&mut self) -> Result<(), Raised> {
        if self.host.interrupted() {
            self.interrupt()?;
        }
        Ok(())
    }

    /// Adds a layer's state.
    pub fn extend<T: Layer>(&mut self, extension: T) {
        let place = &mut self.extensions[T::PLACE];
        debug_assert!(place.is_none(), "the place of another layer");
        *place = Some(Box::new(extension));
    }

    /// A layer's state; the layer added it when the VM was made.
    #[inline]
    pub fn extension<T: Layer>(&self) -> &T {
        let found = self.extensions[T::PLACE]
            .as_deref()
            .and_then(|e| (e as &dyn Any).downcast_ref());
        found.expect("the layer extended the VM before anything ran")
    }

    /// How many calls may be nested.
    pub fn recursion_limit(&self) -> usize {
        self.stack.limit()
    }

    /// Changes how many calls may be nested.
    pub fn set_recursion_limit(&mut self, limit: usize) {
        self.stack.set_limit(limit);
    }

    /// What inline caches compare: shape and class epoch in one number.
    #[inline(always)]
    fn guard(&self, shape: u32) -> u64 {
        u64::from(shape) | self.heap.class_epoch()
    }

    /// The fast path of safepoints: one less until the slow path is due.
    #[inline(always)]
    fn budget_ends(&self) -> bool {
        self.heap.budget.spend()
    }

    /// A whole safepoint, for instructions that have left the loop anyway.
    fn safepoint(&mut self) -> Result<(), Raised> {
        if self.budget_ends() {
            self.attend()
        } else {
            Ok(())
        }
    }

    /// The slow path of safepoints: collection, signals, time slices.
    #[cold]
    fn attend(&mut self) -> Result<(), Raised> {
        let goes_on = self.heap.budget.resume();
        if !goes_on {
            self.heap.budget.start(QUANTUM);
        }
        self.collect_if_due();
        if self.heap.has_due() && !self.finalisation.held_back {
            self.finalise_due();
        }
        if self.heap.stress() {
            self.heap.budget.hasten();
        }
        if self.heap.take_shortage() {
            self.collect();
            return Err(self.heap.memory_error());
        }
        // Ctrl-C is the main thread's.
        if !self.is_green() && self.host.interrupted() {
            self.interrupt()?;
        }
        if let Some(pulse) = self.on_pulse {
            pulse(self);
        }
        match self.on_slice_end {
            Some(slice_end) if !goes_on => slice_end(self),
            _ => Ok(()),
        }
    }

    /// Collects if enough was allocated. Values on the Rust stack do not survive; locals and registers do.
    pub fn collect_if_due(&mut self) {
        if self.heap.wants_collection() {
            self.collect();
        }
    }

    /// Collects now.
    pub fn collect(&mut self) {
        self.learned.clear();
        let Vm {
            heap,
            stack,
            suspended,
            locals,
            finalisation,
            result,
            builtins,
            modules,
            extensions,
            natives: _,
            learned: _,
            steps: _,
            waits: _,
            throwing: _,
            thrown: _,
            nesting: _,
            nesting_limit: _,
            switch: _,
            native_stacks: _,
            halting: _,
            import: _,
            locate: _,
            compile: _,
            on_interrupt: _,
            on_pulse: _,
            on_slice_end: _,
            importing: _,
            timer_mention: _,
            host: _,
        } = self;
        let roots = (
            (&*stack, &*suspended, &*locals),
            (&*finalisation, &*result, &*builtins, &*modules),
            &*extensions,
        );
        // SAFETY: the pattern has all fields of the VM: those that hold slots are among the roots. Inline caches were cleared.
        unsafe { heap.collect(&roots) };
    }

    /// A register of the running frame.
    #[inline]
    fn reg(&self, reg: u8) -> Value<'_> {
        self.stack.top().window.get(&self.heap, reg)
    }

    /// Changes a register of the running frame.
    #[inline]
    fn set_reg(&self, reg: u8, value: Value<'_>) {
        self.stack.top().window.set(reg, value);
    }

    /// A register of the running frame, in a local.
    #[inline]
    fn reg_local(&self, reg: u8) -> Local {
        self.local(self.reg(reg))
    }

    /// Ends an instruction: puts a local's value into a register and drops the locals since `mark`.
    #[inline]
    fn finish(&self, mark: Mark, reg: u8, local: Local) {
        self.set_reg(reg, self.get(local));
        self.release(mark);
    }

    /// The name constant that an instruction's wide operand means.
    fn name_operand(&self, i: Instr) -> Gc<'_, Str> {
        self.stack.top().code(&self.heap).name(&self.heap, i.d)
    }
}
