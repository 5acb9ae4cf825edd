//! What bounds a run, as the VM sees it: memory, steps, time, output, tasks.
//!
//! `runtime/heap/guard.rs` counts and notices; here is what needs more than the heap: collecting before MemoryError is raised, the
//! program's output, and the report of the limit that ends a program. To add a limit: a field of `Limits`, a `LimitKind`, the
//! place that looks at it, an option in `cli/args`.

use super::{Report, Vm};
use crate::runtime::heap::{LimitKind, Limits, Shortage};
use crate::runtime::{Builtin, Raised};

/// Less than one part in so many of what is live is little.
const LITTLE: usize = 128;
/// So many collections with little between them end in MemoryError.
const PATIENCE: u32 = 8;

impl Vm {
    /// Sets how much the program may use; what was used so far counts.
    pub fn set_limits(&mut self, limits: Limits) {
        self.heap.guard.set_limits(limits);
        self.set_recursion_limit(self.recursion_limit());
        // The slice that runs may be longer than the limit of steps.
        let rest = self.heap.start_slice(0);
        self.heap.start_slice(rest);
    }

    /// What concerns memory and limits at each visit of the slow path.
    pub(in crate::vm) fn attend_memory(&mut self) -> Result<(), Raised> {
        self.heap.check_limits()?;
        let allocated = self.heap.allocated();
        self.collect_if_due();
        self.heap.check_memory()?;
        self.check_shortage(allocated)
    }

    /// Whether memory that is put by had to be used: collects, and puts memory by again. `allocated`: in bytes, since the last
    /// collection.
    fn check_shortage(&mut self, allocated: usize) -> Result<(), Raised> {
        if !self.heap.take_shortage() {
            return Ok(());
        }
        let outside = self.heap.guard.outside();
        self.collect();
        match outside.refill() {
            // Where collections follow each other too closely the program gets nowhere.
            Shortage::None if self.is_cramped(allocated) => Err(self.heap.memory_error()),
            Shortage::None => Ok(()),
            Shortage::Drawn | Shortage::Low => Err(self.heap.memory_error()),
            Shortage::Critical => Err(self.heap.end(LimitKind::SystemMemory)),
        }
    }

    /// Counts collections for want of memory before which little was allocated, compared with what is live; whether there were several.
    fn is_cramped(&self, allocated: usize) -> bool {
        let cramped = &self.heap.guard.cramped;
        let is_little = allocated < self.heap.used() / LITTLE;
        cramped.set(if is_little { cramped.get() + 1 } else { 0 });
        if cramped.get() < PATIENCE {
            return false;
        }
        cramped.set(0);
        true
    }

    /// Asks for memory as `Heap::room_for` does, and collects where there is too little.
    ///
    /// # Errors
    /// As for `Heap::room_for`.
    pub fn room_for(&mut self, bytes: usize) -> Result<(), Raised> {
        if self.heap.fits(bytes) {
            return Ok(());
        }
        self.collect();
        self.heap.room_for(bytes)
    }

    /// Writes to standard output; what is beyond the limit of output ends the program.
    ///
    /// # Errors
    /// The system's.
    pub fn print(&mut self, text: &str) -> std::io::Result<()> {
        let text = self.within_output(text);
        self.host.print(text)
    }

    /// The same for standard error.
    ///
    /// # Errors
    /// The system's.
    pub fn print_error(&mut self, text: &str) -> std::io::Result<()> {
        let text = self.within_output(text);
        self.host.print_error(text)
    }

    fn within_output<'t>(&self, text: &'t str) -> &'t str {
        let len = self.heap.guard.count_output(text.len());
        if len == text.len() {
            return text;
        }
        self.heap.end_at_return(LimitKind::Output);
        let whole = (0..=len).rev().find(|&end| text.is_char_boundary(end));
        &text[..whole.unwrap_or(0)]
    }

    /// One more task or green thread: refused where as many are alive as the limit allows.
    ///
    /// # Errors
    /// RuntimeError at the limit; the end of the program after as many refusals.
    pub fn admit_task(&self, alive: usize) -> Result<(), Raised> {
        let Some(limit) = self.heap.guard.limits().tasks else {
            return Ok(());
        };
        if alive < limit {
            return Ok(());
        }
        if self.heap.guard.count_refusal() > limit {
            return Err(self.heap.end(LimitKind::Tasks));
        }
        let message = format!("too many tasks: the limit is {limit}");
        Err(self.heap.raise(Builtin::RuntimeError, message))
    }

    /// Tells the user of the limit that ends the program, unless that was done.
    pub fn report_limit(&mut self) {
        let Some(kind) = self.heap.guard.take_unreported() else {
            return;
        };
        self.exec.halting = true;
        let name_task = self.hooks.name_task.clone();
        let task = name_task.and_then(|name_task| name_task(self));
        let place = self.place();
        let limits = self.heap.guard.limits();
        self.host.report(Report::Limit {
            kind,
            limits,
            task,
            place,
        });
    }
}
