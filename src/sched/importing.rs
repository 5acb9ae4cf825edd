//! Threads that import the same module: one loads it, the others wait in a queue.
//!
//! The VM knows who loads what (`vm/import_lock.rs`); here is how a thread blocks meanwhile.

use super::block::{self, BlockingWait};
use super::green::current;
use super::scheduler;
use super::thread_queue::ThreadQueue;
use crate::runtime::Raised;
use crate::runtime::str::Str;
use crate::vm::{ImportThreads, Local, Vm};

fn importers(vm: &Vm, _: Local) -> &ThreadQueue {
    &scheduler(vm).green.importers
}

fn is_import_over(vm: &Vm, name: Local) -> bool {
    let name = vm.get_gc::<Str>(name);
    name.is_none_or(|name| !vm.is_importing_elsewhere(name.as_str()))
}

/// Threads that import the same module.
pub(super) struct Importing;

impl ImportThreads for Importing {
    fn current(&self, vm: &Vm) -> u64 {
        current(vm).id.0
    }

    fn wait(&self, vm: &mut Vm, name: Local) -> Result<(), Raised> {
        let wait = BlockingWait {
            what: "an import",
            object: name,
            until: None,
        };
        block::wait(vm, &wait, importers, is_import_over).map(drop)
    }

    fn wake(&self, vm: &Vm) {
        let scheduler = scheduler(vm);
        scheduler.green.importers.wake_all(scheduler);
    }
}
