//! Stacks beside the main one: what a green thread runs on. The scheduler decides when (`sched/green.rs`).
//!
//! Exactly one stack runs at a time; the others wait in `suspended` or in a `GreenStack`, and the collector sees them all.

use crate::runtime::dict::Dict;
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Slot, Value};
use crate::vm::exec::frame::Stack;
use crate::vm::exec::trap::{Park, Trap};
use crate::vm::local::Local;
use crate::vm::{QUANTUM, Vm};

/// Registers of a green thread's stack at first.
const REGISTERS: usize = 1 << 10;

/// The stack of a thread that does not run now.
pub struct GreenStack {
    stack: Stack,
    /// What to call at the start, then its arguments; empty once it was called.
    start: SlotVec,
    kwargs: Slot,
    /// What a call that parked will give once it goes on, if it was all that the thread had to do.
    finished: Option<Slot>,
}

traced!(GreenStack {
    stack,
    start,
    kwargs,
    finished
});

impl Vm {
    /// A stack on which a call will run. `args`: a tuple, `kwargs`: a dict.
    pub fn green_stack(&self, callee: Local, args: Local, kwargs: Local) -> GreenStack {
        let heap = &self.heap;
        let args = self
            .get_gc::<Tuple>(args)
            .map(|t| t.to_vec(heap))
            .unwrap_or_default();
        let start = SlotVec::from_values(std::iter::once(self.get(callee)).chain(args));
        let stack = Stack::new(self.stack.limit(), REGISTERS);
        GreenStack {
            stack,
            start,
            kwargs: Slot::new(self.get(kwargs)),
            finished: None,
        }
    }

    /// Runs a thread until it is over, parks, or has used up its slice.
    pub fn run_green(&mut self, green: &mut GreenStack) -> Result<Trap, Raised> {
        if let Some(result) = green.finished.take() {
            self.result = result;
            return Ok(Trap::Returned);
        }
        std::mem::swap(&mut self.stack, &mut green.stack);
        let outer = std::mem::replace(&mut green.stack, Stack::new(0, 0));
        self.suspended.push(outer);
        let preemptible = std::mem::replace(&mut self.preemptible, true);
        let rest = self.heap.budget.start(QUANTUM);
        let outcome = self.nested(|vm| {
            if green.start.is_empty() {
                vm.run()
            } else {
                vm.begin_green(green)
            }
        });
        self.preemptible = preemptible;
        self.heap.budget.start(rest);
        let outer = self.suspended.pop().expect("pushed above");
        green.stack = std::mem::replace(&mut self.stack, outer);
        outcome
    }

    fn begin_green(&mut self, green: &mut GreenStack) -> Result<Trap, Raised> {
        let mark = self.mark();
        let mut items = green
            .start
            .to_vec(&self.heap)
            .into_iter()
            .map(|v| self.local(v))
            .collect::<Vec<_>>()
            .into_iter();
        let callee = items.next().expect("a stack starts with what to call");
        let kwargs = self.local(green.kwargs.get(&self.heap));
        let kwargs = self.get_gc::<Dict>(kwargs).map(|_| kwargs);
        green.start.clear();
        let entered = self.enter_call(callee, items.as_slice(), kwargs)?;
        let trap = match entered {
            None => self.run()?,
            Some(result) if self.park.is_some() => {
                green.finished = Some(Slot::new(self.get(result)));
                Trap::Parked
            }
            Some(result) => {
                self.result.set(self.get(result));
                Trap::Returned
            }
        };
        self.release(mark);
        Ok(trap)
    }

    /// Whether a blocking native may park the thread that calls it.
    pub fn can_park(&self) -> bool {
        self.preemptible
    }

    /// The native that runs now blocks: its thread goes on once this is over.
    pub fn set_park(&mut self, park: Park) {
        self.park = Some(park);
    }

    /// What the thread that just stopped blocks on.
    pub fn take_park(&mut self) -> Option<Park> {
        self.park.take()
    }

    /// What the thread that just ended returned.
    pub fn take_result(&mut self) -> Local {
        let result = self.local(self.result.get(&self.heap));
        self.result.set(Value::UNDEF);
        result
    }
}
