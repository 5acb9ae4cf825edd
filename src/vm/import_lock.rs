//! Which thread loads which module: others wait for it, and see no half of it.
//!
//! A thread that would wait for itself through others goes on with what is there of the module, as with CPython's locks.

use std::rc::Rc;

use crate::runtime::Raised;
use crate::vm::Vm;
use crate::vm::local::Local;

/// What the scheduler does for imports.
pub trait ImportThreads {
    /// The number of the thread that runs now.
    fn current(&self, vm: &Vm) -> u64;

    /// Blocks the thread that runs now until no other one loads the module of this name.
    fn wait(&self, vm: &mut Vm, name: Local) -> Result<(), Raised>;

    /// Wakes those that wait: a module was loaded, or failed.
    fn wake(&self, vm: &Vm);
}

/// A thread and the module that it loads, or waits for.
struct Claim {
    name: Box<str>,
    thread: u64,
}

/// The imports that are under way.
#[derive(Default)]
pub(in crate::vm) struct Imports {
    /// Who loads what, oldest first.
    loading: Vec<Claim>,
    /// Who waits for what.
    waiting: Vec<Claim>,
}

impl Imports {
    fn loader(&self, name: &str) -> Option<u64> {
        let claim = self.loading.iter().find(|claim| &*claim.name == name);
        claim.map(|claim| claim.thread)
    }

    /// Whether a thread waits for another one, by the modules that each waits for.
    fn depends(&self, mut thread: u64, on: u64) -> bool {
        // There are no more steps than claims, unless others wait in a circle.
        for _ in 0..=self.waiting.len() {
            if thread == on {
                return true;
            }
            let next = self.waiting.iter().find(|claim| claim.thread == thread);
            match next.and_then(|claim| self.loader(&claim.name)) {
                Some(next) => thread = next,
                None => return false,
            }
        }
        false
    }
}

impl Vm {
    /// Says which threads there are.
    pub fn set_import_threads(&mut self, threads: impl ImportThreads + 'static) {
        self.hooks.import_threads = Some(Rc::new(threads));
    }

    fn import_thread(&self) -> u64 {
        let threads = self.hooks.import_threads.as_ref();
        threads.map_or(0, |threads| threads.current(self))
    }

    /// Whether a module of this name is being loaded.
    pub(in crate::vm) fn is_importing(&self, name: &str) -> bool {
        self.modules.imports.loader(name).is_some()
    }

    /// Whether another thread than the one that runs now loads the module of this name.
    pub fn is_importing_elsewhere(&self, name: &str) -> bool {
        let loader = self.modules.imports.loader(name);
        loader.is_some_and(|loader| loader != self.import_thread())
    }

    /// Whether a module of the library imports its native half, which no entry of the program keeps it from.
    pub(in crate::vm) fn is_own_import(&self, name: &str) -> bool {
        let (loading, me) = (&self.modules.imports.loading, self.import_thread());
        let importer = loading.iter().rfind(|claim| claim.thread == me);
        importer.is_some_and(|importer| name.strip_prefix('_') == importer.name.split('.').next())
    }

    /// This thread begins to load a module.
    pub(in crate::vm) fn begin_import(&mut self, name: &str) {
        let claim = Claim {
            name: name.into(),
            thread: self.import_thread(),
        };
        self.modules.imports.loading.push(claim);
    }

    /// It is loaded, or failed.
    pub(in crate::vm) fn end_import(&mut self, name: &str) {
        let me = self.import_thread();
        let loading = &mut self.modules.imports.loading;
        let own = loading
            .iter()
            .rposition(|claim| claim.thread == me && &*claim.name == name);
        if let Some(own) = own {
            loading.remove(own);
        }
        if let Some(threads) = self.hooks.import_threads.clone() {
            threads.wake(self);
        }
    }

    /// Waits while another thread loads this module; whether there was a wait.
    ///
    /// # Errors
    /// KeyboardInterrupt.
    pub(in crate::vm) fn wait_for_import(&mut self, name: &str) -> Result<bool, Raised> {
        let imports = &self.modules.imports;
        // Nearly always nothing is being loaded.
        let Some(loader) = imports.loader(name) else {
            return Ok(false);
        };
        let Some(threads) = self.hooks.import_threads.clone() else {
            return Ok(false);
        };
        let me = self.import_thread();
        if imports.depends(loader, me) {
            return Ok(false);
        }
        self.modules.imports.waiting.push(Claim {
            name: name.into(),
            thread: me,
        });
        let mark = self.mark();
        let text = self.local(self.heap.str_value(name));
        let waited = threads.wait(self, text);
        self.release(mark);
        self.modules
            .imports
            .waiting
            .retain(|claim| claim.thread != me);
        waited.map(|()| true)
    }
}
