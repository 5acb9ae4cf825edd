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
mod hooks;
mod host;
mod import;
mod import_lock;
mod layers;
mod limits;
mod load;
mod local;
pub mod native;
mod packages;
mod payload;
pub mod processes;
pub mod protocol;
pub mod registry;
mod report;
pub mod seldom_call;
pub mod signals;
mod slot_wrapper;
mod suggest;

pub use classes::type_param::{EVALUATE, EVALUATE_CONSTRAINTS, EVALUATE_DEFAULT, UNPACKED};
pub use classes::{bases, order};
pub use evaluate::{CompileRequest, Goal, SourceText};
pub use exec::coroutine::{AsyncStepKind, Input, Mention, NativeCoroutine, Resumed, Step, Waiting};
pub use exec::green_stack::{GreenStack, Slice};
#[cfg(feature = "cli")]
pub use exec::native_stack::on_stack;
pub use exec::tracing::Watcher;
pub use hooks::{SourcePlace, SourceTexts};
pub use host::{Host, NoHost, Values};
pub use import::Importer;
pub use import_lock::ImportThreads;
pub use layers::{Extension, Layer, LayerPlace};
pub use local::{Local, Mark};
pub use native::{Args, Direct, LeafFn, Locals, Native, NativeRole, VmFn};
pub use payload::payload_of;
pub use protocol::arith::Operator;
pub use protocol::dict_lookup::DictEnd;
pub use protocol::subscript::{leaf_item, leaf_len};
pub use report::{
    Awaitable, Failure, Forgotten, HeldAt, Place, Problem, Report, Standing, Stuck, StuckKind,
    Written,
};
pub use suggest::is_standard;

use crate::bytecode::Instr;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Value};
use exec::Exec;
use exec::frame::Stack;
use exec::inline_cache::Learned;
use hooks::Hooks;
use import::Modules;
use layers::Layers;
use registry::Rows;

/// What objects on the heap name by number.
#[derive(Default)]
struct Registry {
    /// The native functions.
    pub natives: native::Natives,
    /// The native coroutines met so far.
    pub steps: Rows<NativeCoroutine>,
    /// What waiters wait in, as met so far.
    pub waits: Rows<Waiting>,
}

/// Safepoints of a time slice.
const QUANTUM: i32 = 10_000;
/// CPython's default recursion limit.
const RECURSION_LIMIT: usize = 1000;
/// Registers of the main stack: grown when a frame does not fit.
const REGISTERS: usize = 1 << 16;
/// How deep Rust code may run the loop within the loop where the native stack allows it: CPython's limit of calls in C.
const NESTING_LIMIT: u32 = 10_000;

/// A virtual machine.
pub struct Vm {
    /// The objects.
    pub heap: Heap,
    /// What runs, and the rooted handles of Rust code.
    exec: Exec,
    /// The Rust side of natives.
    registry: Registry,
    /// What attribute instructions have learned.
    caches: Learned,
    /// The loaded modules.
    modules: Modules,
    /// What the layers above do for the VM.
    hooks: Hooks,
    /// The state of the layers above.
    layers: Layers,
    /// Output, and what comes from outside.
    pub host: Box<dyn Host>,
}

impl Vm {
    /// A VM with an empty `builtins` module.
    pub fn new(host: Box<dyn Host>) -> Vm {
        let heap = Heap::new();
        heap.guard.set_outside(host.outside());
        Vm {
            exec: Exec::new(Stack::new(RECURSION_LIMIT, REGISTERS)),
            registry: Registry::default(),
            caches: Learned::new(),
            modules: Modules::new(&heap),
            hooks: Hooks::default(),
            layers: Layers::default(),
            host,
            heap,
        }
    }

    /// The module of builtin names.
    pub fn builtins(&self) -> Gc<'_, Module> {
        self.modules.builtins.expect(&self.heap)
    }

    /// How many calls may be nested.
    pub fn recursion_limit(&self) -> usize {
        self.exec.stack.limit()
    }

    /// Changes how many calls may be nested.
    pub fn set_recursion_limit(&mut self, limit: usize) {
        let most = self.heap.guard.limits().depth.unwrap_or(usize::MAX);
        self.exec.stack.set_limit(limit.min(most));
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
            self.heap.start_slice(QUANTUM);
        }
        self.attend_memory()?;
        self.exec.stack.shrink(&self.heap);
        if self.heap.has_lost() {
            self.report_lost();
        }
        if self.heap.has_due() && !self.exec.finalisation.held_back {
            self.finalise_due();
        }
        if self.heap.stress() {
            self.heap.budget.hasten();
        }
        // Ctrl-C is the main thread's.
        if !self.is_green() && self.host.interrupted() {
            self.interrupt()?;
        }
        if let Some(pulse) = self.hooks.pulse.clone() {
            pulse(self);
        }
        match self.hooks.slice_end.clone() {
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
        self.caches.clear();
        let Vm {
            heap,
            exec,
            modules,
            layers,
            registry: _,
            caches: _,
            hooks: _,
            host: _,
        } = self;
        let roots = (&*exec, &*modules, &*layers);
        // SAFETY: the pattern has all fields of the VM: those that hold slots are among the roots. Inline caches were cleared.
        unsafe { heap.collect(&roots) };
    }

    /// A register of the running frame.
    #[inline]
    fn reg(&self, reg: u8) -> Value<'_> {
        self.exec.stack.top().window.get(&self.heap, reg)
    }

    /// Changes a register of the running frame.
    #[inline]
    fn set_reg(&self, reg: u8, value: Value<'_>) {
        self.exec.stack.top().window.set(reg, value);
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
        self.exec.stack.top().code(&self.heap).name(&self.heap, i.d)
    }
}
