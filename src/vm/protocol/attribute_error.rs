//! AttributeError: what it says, and which attribute of which object it names.
//!
//! The name and the object are fields of the exception, for hints (`vm/suggest.rs`) and for programs. Cold: nothing here runs where the
//! attribute is there.

use crate::runtime::class::Class;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::suggest::is_standard;

impl Vm {
    /// An AttributeError that user code raised for an attribute, told which it was.
    #[cold]
    pub(super) fn with_attribute(&mut self, raised: Raised, object: Local, name: Local) -> Raised {
        if !self.is_raised(&raised, Builtin::AttributeError) {
            return raised;
        }
        let heap = &self.heap;
        let fields = heap.peek_raised(&raised).fields(heap);
        let (own_name, own_object) = (heap.intern("name"), heap.intern("obj"));
        let is_unset = |attr| {
            let value = fields.get_str(heap, attr);
            value.is_none_or(|value: Value<'_>| value.is_none() || value.is_undef())
        };
        if is_unset(own_name) && is_unset(own_object) {
            fields.set_str(heap, own_name, self.get(name));
            fields.set_str(heap, own_object, self.get(object));
        }
        raised
    }

    /// AttributeError for an attribute that is not there.
    #[cold]
    pub fn attribute_error(&self, object: Local, name: Local) -> Raised {
        let heap = &self.heap;
        let (mut value, text) = (self.get(object), self.interned(name).as_str());
        // A method of the program's has the attributes of its function.
        if let Some(method) = value.as_gc::<BoundMethod>()
            && method.function.get(heap).is_gc::<Function>()
        {
            value = method.function.get(heap);
        }
        let message = if let Some(class) = value.as_gc::<Class>() {
            format!(
                "type object '{}' has no attribute '{text}'",
                class.name(heap).as_str()
            )
        } else if let Some(module) = value.as_gc::<Module>() {
            let own = module.globals.get(heap, heap.sym(Sym::Name));
            match own.and_then(|own| own.as_gc::<Str>()) {
                Some(own) => self.module_lacks(object, own.as_str(), text),
                None => format!("module has no attribute '{text}'"),
            }
        } else {
            format!(
                "'{}' object has no attribute '{text}'",
                heap.type_name(value)
            )
        };
        self.attribute_error_with(value, text, message)
    }

    /// A module lacks an attribute: it may not be complete yet, or hide the module that was meant.
    fn module_lacks(&self, module: Local, name: &str, attr: &str) -> String {
        let plain = format!("module '{name}' has no attribute '{attr}'");
        let file = self.find_global(module, Sym::File.text());
        let file = file.and_then(|file| self.get_gc::<Str>(file));
        let Some(file) = file.map(|file| file.as_str()) else {
            return plain;
        };
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let hides = self.first_of_path().as_deref() == Some(folder);
        if hides && is_standard(name) {
            return format!(
                "{plain} (consider renaming '{file}' since it has the same name as the standard library module \
                 named '{name}' and the import system gives it precedence)"
            );
        }
        if !self.is_importing(name) {
            return plain;
        }
        if hides {
            return format!(
                "{plain} (consider renaming '{file}' if it has the same name as a third-party module you intended to import)"
            );
        }
        format!(
            "partially initialized module '{name}' from '{file}' has no attribute '{attr}' \
             (most likely due to a circular import)"
        )
    }

    pub(in crate::vm) fn attribute_error_with(
        &self,
        object: Value<'_>,
        name: &str,
        message: String,
    ) -> Raised {
        let heap = &self.heap;
        let raised = heap.raise(Builtin::AttributeError, message);
        let attrs = heap.peek_raised(&raised).fields(heap);
        attrs.set_str(heap, heap.intern("name"), heap.str_value(name));
        let object = self.local(object);
        attrs.set_str(heap, heap.intern("obj"), self.get(object));
        raised
    }
}
