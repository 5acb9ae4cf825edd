//! Operations that begin again after a signal.
//!
//! A program's handler cannot run in the middle of a product of long integers: it could change anything. So the product stops
//! (`Heap::poll_or_stop`), the handler runs, and if it raises nothing the product is computed again. Each attempt may take twice as long as
//! the last one before it stops, so that a timer that rings again and again does not keep it from its end.

use crate::runtime::Raised;
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// The result of `work`, which changes nothing; `first` is that of the first attempt. Meanwhile the program handles signals.
    pub(in crate::vm) fn restarted(
        &mut self,
        first: Result<Local, Raised>,
        work: &mut dyn FnMut(&mut Vm) -> Result<Local, Raised>,
    ) -> Result<Local, Raised> {
        let mut result = first;
        loop {
            match result {
                Err(raised) if self.heap.guard.attempt.stopped.take() => {
                    self.heap.take_raised(raised);
                }
                _ => return result,
            }
            let least = self.heap.guard.attempt.done.get().saturating_mul(2);
            self.check_interrupt()?;
            self.heap.guard.attempt.least.set(least);
            result = work(self);
            self.heap.guard.attempt.least.set(0);
        }
    }
}
