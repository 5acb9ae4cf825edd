//! Text of values: `repr`, `str`, `ascii`, and the REPL's display. Formatting by templates stands beside it.
//!
//! Everything is written into one growing `String`, so that a deep container costs no copies. `write_repr` and `write_str` ask the
//! object's class first; `builtin_repr` and `builtin_str` do not: they are what the native `__repr__` and `__str__` of builtin
//! types call, so that `super().__repr__()` ends.
//!
//! To add the repr of a kind: an arm in `repr.rs` (values and containers) or `object.rs` (the rest).

mod exception;
mod format;
mod object;
mod percent;
mod repr;
mod template;

use crate::bytecode::CodeKind;
use crate::runtime::class::Class;
use crate::runtime::function::Function;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::text::str_repr;
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// `repr(value)`, a string object.
    pub fn repr(&mut self, value: Local) -> Result<Local, Raised> {
        if self.overrides(self.get(value), Sym::Repr) {
            return self.special_text(value, Sym::Repr, Sym::Repr);
        }
        let text = self.repr_text(value)?;
        self.text_local(&text)
    }

    /// `str(value)`, a string object.
    pub fn str(&mut self, value: Local) -> Result<Local, Raised> {
        if self.get(value).is_gc::<Str>() {
            return Ok(value);
        }
        if self.overrides(self.get(value), Sym::Str) {
            return self.special_text(value, Sym::Str, Sym::Str);
        }
        if self.get(value).is_gc::<Instance>()
            && self.str_inside(self.get(value)).is_none()
            && self.overrides(self.get(value), Sym::Repr)
        {
            return self.special_text(value, Sym::Repr, Sym::Str);
        }
        let text = self.text_of(value)?;
        self.text_local(&text)
    }

    /// `ascii(value)`, a string object.
    pub fn ascii(&mut self, value: Local) -> Result<Local, Raised> {
        let text = self.repr(value)?;
        let shown = self.text_of_str(text);
        match shown.is_ascii() {
            true => Ok(text),
            false => self.text_local(&str_repr::escape_non_ascii(&shown)),
        }
    }

    /// The text inside a string or an instance of a subclass.
    fn text_of_str(&self, text: Local) -> String {
        let inner = self.str_inside(self.get(text));
        inner.map_or_else(String::new, |text| text.as_str().to_owned())
    }

    /// The text of `str(value)`.
    pub fn text_of(&mut self, value: Local) -> Result<String, Raised> {
        let mut out = String::new();
        self.write_str(value, &mut out)?;
        Ok(out)
    }

    /// The text of `repr(value)`.
    pub fn repr_text(&mut self, value: Local) -> Result<String, Raised> {
        let mut out = String::new();
        self.write_repr(value, &mut out)?;
        Ok(out)
    }

    /// What the native `__repr__` of a builtin type answers: the class is not asked.
    pub fn builtin_repr(&mut self, value: Local) -> Result<Local, Raised> {
        let mut out = String::new();
        self.write_builtin_repr(value, &mut out)?;
        self.text_local(&out)
    }

    /// What the native `__str__` of a builtin type answers: the class's `__str__` is not asked (its `__repr__` may be).
    pub fn builtin_str(&mut self, value: Local) -> Result<Local, Raised> {
        let mut out = String::new();
        self.write_builtin_str(value, &mut out)?;
        self.text_local(&out)
    }

    fn text_local(&self, text: &str) -> Result<Local, Raised> {
        Ok(self.local(self.heap.try_str(text)?))
    }

    /// Appends `repr(value)`.
    pub fn write_repr(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        if self.write_leaf(self.get(value), out)? {
            return Ok(());
        }
        if self.overrides(self.get(value), Sym::Repr) {
            return self.write_special(value, Sym::Repr, Sym::Repr, out);
        }
        self.write_builtin_repr(value, out)
    }

    /// Appends `str(value)`.
    pub fn write_str(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        if let Some(text) = self.get_gc::<Str>(value) {
            self.heap.grow_text(out, text.byte_len())?;
            out.push_str(text.as_str());
            return Ok(());
        }
        if self.write_leaf(self.get(value), out)? {
            return Ok(());
        }
        if self.overrides(self.get(value), Sym::Str) {
            return self.write_special(value, Sym::Str, Sym::Str, out);
        }
        self.write_builtin_str(value, out)
    }

    fn write_builtin_str(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        if let Some(text) = self.str_inside(self.get(value)) {
            out.push_str(text.as_str());
            return Ok(());
        }
        if self.get(value).as_object().map(Gc::kind) == Some(Kind::Exception) {
            return self.write_exception_str(value, out);
        }
        if let Some(view) = self
            .get_gc::<View>(value)
            .filter(|view| view.tag == ViewTag::Proxy)
        {
            let source = self.local(view.get().source.get(&self.heap));
            return self.nested(|vm| vm.write_str(source, out));
        }
        if self.overrides(self.get(value), Sym::Repr) {
            // It was `str` that was asked for, and an error says so.
            return self.write_special(value, Sym::Repr, Sym::Str, out);
        }
        self.write_repr(value, out)
    }

    /// Whether the value's class has a method of its own under this name: the program's, or one of a type outside of this file's
    /// knowledge.
    fn overrides(&self, value: Value<'_>, sym: Sym) -> bool {
        let Some(object) = value.as_object() else {
            return false;
        };
        match object.kind() {
            Kind::Instance | Kind::Exception | Kind::Future | Kind::Opaque | Kind::Class => {}
            Kind::Frame if sym == Sym::Repr => {}
            Kind::Tuple if object.shape() != self.heap.types.shape_of_kind(Kind::Tuple) => {}
            _ => return false,
        }
        let Some(method) = self.special(value, sym) else {
            return false;
        };
        let Some(native) = method.as_gc::<NativeFunction>() else {
            return true;
        };
        // `__str__ = int.__repr__`: the builtin method of another name.
        if self.registry.natives.get(native.id).name() != sym.text() {
            return true;
        }
        match native
            .owner
            .get(&self.heap)
            .as_gc::<Class>()
            .and_then(|class| class.builtin)
        {
            // `__str__ = object.__str__` hides the text that strings and exceptions have.
            Some(Builtin::Object) => {
                sym == Sym::Str
                    && (object.kind() == Kind::Exception || self.str_inside(value).is_some())
            }
            // Builtin types whose objects are plain instances or opaque have their texts beside their methods.
            Some(_) => {
                matches!(object.kind(), Kind::Opaque | Kind::Future | Kind::Frame)
                    || object
                        .downcast::<Instance>()
                        .is_some_and(|i| !i.has_payload())
            }
            None => true,
        }
    }

    /// Appends what the class's own `__repr__` or `__str__` answers, which must be a string. `asked`: what an error names.
    fn write_special(
        &mut self,
        value: Local,
        sym: Sym,
        asked: Sym,
        out: &mut String,
    ) -> Result<(), Raised> {
        let mark = self.mark();
        let text = self.special_text(value, sym, asked)?;
        if let Some(text) = self.str_inside(self.get(text)) {
            out.push_str(text.as_str());
        }
        self.release(mark);
        Ok(())
    }

    /// What the class's own `__repr__` or `__str__` answers: a string, or an instance of a subclass.
    fn special_text(&mut self, value: Local, sym: Sym, asked: Sym) -> Result<Local, Raised> {
        let text = self.call_special(value, sym, &[])?.unwrap_or(value);
        if self.str_inside(self.get(text)).is_some() {
            return Ok(text);
        }
        let (method, name) = (asked.text(), self.heap.type_name(self.get(text)));
        Err(self
            .heap
            .type_error(format!("{method} returned non-string (type {name})")))
    }

    /// The string that a value is, or extends.
    pub(in crate::vm) fn str_inside<'h>(&'h self, value: Value<'h>) -> Option<Gc<'h, Str>> {
        match value.as_gc::<Instance>() {
            Some(instance) => instance.payload(&self.heap)?.as_gc(),
            None => value.as_gc(),
        }
    }

    /// How messages about a call name what is called: `module.qualname()`.
    pub(in crate::vm) fn callee_text(&mut self, callee: Local) -> Result<String, Raised> {
        if let Some(function) = self.get_gc::<Function>(callee)
            && function.code(&self.heap).code.kind == CodeKind::Class
        {
            return Ok("__build_class__()".to_owned());
        }
        let mark = self.mark();
        let Some(qualname) = self.find_attr(callee, Sym::Qualname.text())? else {
            return self.text_of(callee);
        };
        let mut text = self.text_of(qualname)? + "()";
        if let Some(module) = self.find_attr(callee, Sym::Module.text())? {
            let module = if self.get(module).is_none() {
                Sym::Builtins.text().to_owned()
            } else {
                self.text_of(module)?
            };
            if module != Sym::Builtins.text() {
                text = format!("{module}.{text}");
            }
        }
        self.release(mark);
        Ok(text)
    }
}
