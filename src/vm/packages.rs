//! Packages: where their parts are looked for, and the names that those get in them.
//!
//! A package is whatever has a `__path__`: a module, an instance of a class of modules that computes one, any other object in
//! `sys.modules`. Finders ask `Vm::package_path`; a part is bound in its package when it is loaded.

use crate::runtime::dict::Dict;
use crate::runtime::{Builtin, Raised};
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// Keeps the `__path__` of a package that is no plain module, where finders read it: its class computes it (`__getattr__`, a
    /// property), or it is another object that stands for a module.
    pub(in crate::vm) fn compute_path(&mut self, name: &str, package: Local) -> Result<(), Raised> {
        let class = self.heap.class_of(self.get(package));
        if class.builtin_is(Builtin::Module) || self.is_package(package) {
            return Ok(());
        }
        if let Some(path) = self.find_attr(package, "__path__")? {
            let paths = self.modules.paths.expect::<Dict>(&self.heap);
            paths.set_str(&self.heap, self.heap.intern(name), self.get(path));
        }
        Ok(())
    }

    /// The `__path__` of a package whose parts are being imported.
    pub fn package_path(&self, name: &str) -> Option<Local> {
        let package = self.loaded_module(name)?;
        self.find_global(package, "__path__").or_else(|| {
            let paths = self.modules.paths.expect::<Dict>(&self.heap);
            let path = paths.get_str(&self.heap, self.heap.str(name))?;
            Some(self.local(path))
        })
    }

    pub(in crate::vm) fn is_package(&self, module: Local) -> bool {
        self.find_global(module, "__path__").is_some()
    }

    /// Binds a module in the package that it is in, unless that has no room for attributes.
    pub(in crate::vm) fn bind_child(
        &mut self,
        parent: Local,
        name: &str,
        module: Local,
    ) -> Result<(), Raised> {
        let Some((package, child)) = name.rsplit_once('.') else {
            return Ok(());
        };
        let Err(raised) = self.set_attr_named(parent, child, module) else {
            return Ok(());
        };
        let exception = self.heap.peek_raised(&raised).value();
        if !self.heap.is_instance(exception, Builtin::AttributeError) {
            return Err(raised);
        }
        self.heap.take_raised(raised);
        self.warn(
            Builtin::ImportWarning,
            &format!("Cannot set an attribute on '{package}' for child module '{child}'"),
        )
    }
}
