//! Warnings that the interpreter itself issues: they go through the module `warnings`, so that a program filters, records and shows
//! them.
//!
//! A native is no call that frames show, so the warning is about the line that calls it.

use crate::runtime::{Builtin, Raised};
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// Issues a warning of a builtin class.
    ///
    /// # Errors
    /// The warning itself, where a filter makes it an exception.
    pub fn warn(&mut self, category: Builtin, message: &str) -> Result<(), Raised> {
        let warnings = self.import_module("warnings")?;
        let text = self.local(self.heap.str_value(message));
        let category = self.local(self.heap.types.class(&self.heap, category).value());
        self.call_method(warnings, "warn", &[text, category])?;
        Ok(())
    }

    /// A conversion method returned an instance of a subclass of what it must return.
    #[cold]
    pub fn warn_of_subclass(
        &mut self,
        result: Local,
        (method, wanted): (&str, &str),
    ) -> Result<(), Raised> {
        let found = self.heap.type_name(self.get(result));
        let message = format!(
            "{method} returned non-{wanted} (type {found}).  The ability to return an instance of a strict subclass of \
             {wanted} is deprecated, and may be removed in a future version of Python."
        );
        self.warn(Builtin::DeprecationWarning, &message)
    }
}
