//! The repr of what is no plain data: classes, functions, descriptors, modules, coroutines, futures, and the default one.
//!
//! Where CPython shows an address, the object's number (`id()`) is shown in its form, so that output is the same in each run.

use crate::runtime::cell::CellObj;
use crate::runtime::class::Class;
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::descriptor::{Descriptor, DescriptorKind, Super};
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::text::str_repr;
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::slot_wrapper::wraps_slot;

impl Vm {
    /// `<module.Class object at 0x...>`: what `object.__repr__` answers.
    pub fn object_repr(&mut self, value: Local) -> Result<Local, Raised> {
        let mut out = String::new();
        self.write_default(value, &mut out)?;
        Ok(self.local(self.heap.str_value(&out)))
    }

    pub(super) fn write_default(&self, value: Local, out: &mut String) -> Result<(), Raised> {
        let value = self.get(value);
        out.push_str(&format!(
            "<{} object at {}>",
            self.class_path(self.heap.class_of(value)),
            self.address(value)
        ));
        Ok(())
    }

    /// The address of an object, as reprs show it: it is made up, and the same in each run.
    pub fn address(&self, value: Value<'_>) -> String {
        format!("0x{:012x}", 0x7f00_0000_0000 + self.heap.id_of(value) * 16)
    }

    /// The same for natives.
    pub fn address_text(&self, object: Local) -> String {
        self.address(self.get(object))
    }

    /// `module.qualname` of a class, the qualname alone for builtins.
    pub(super) fn class_path(&self, class: Gc<'_, Class>) -> String {
        let qualname = class.qualname(&self.heap).as_str();
        let module = class
            .attrs
            .get(&self.heap, self.heap.sym(Sym::Module))
            .and_then(|module| module.as_gc::<Str>());
        match module.map(Gc::as_str) {
            Some(module) if module != Sym::Builtins.text() => format!("{module}.{qualname}"),
            _ => qualname.to_owned(),
        }
    }

    /// Appends the repr of any kind that `repr.rs` does not know.
    pub(super) fn write_object(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        let text = match self.get(value).as_object().map(Gc::kind) {
            Some(Kind::Exception) => return self.write_exception_repr(value, out),
            Some(Kind::BoundMethod) => return self.write_bound_method(value, out),
            Some(Kind::Descriptor) => return self.write_descriptor(value, out),
            Some(Kind::Class) => self
                .get_gc::<Class>(value)
                .map(|class| format!("<class '{}'>", self.class_path(class))),
            Some(Kind::Function) => self.function_repr(value),
            Some(Kind::Native) => self.native_repr(value),
            Some(Kind::Module) => self.module_repr(value)?,
            Some(Kind::Coroutine) => self.coroutine_repr(value),
            Some(Kind::Cell) => self.cell_repr(value),
            Some(Kind::Super) => self.super_repr(value),
            Some(Kind::Code) => self.code_repr(value),
            _ => None,
        };
        match text {
            Some(text) => out.push_str(&text),
            None => self.write_default(value, out)?,
        }
        Ok(())
    }

    fn function_repr(&self, value: Local) -> Option<String> {
        let qualname = self
            .get_gc::<Function>(value)?
            .qualname
            .get(&self.heap)
            .as_gc::<Str>()?;
        Some(format!(
            "<function {} at {}>",
            qualname.as_str(),
            self.address(self.get(value))
        ))
    }

    fn native_repr(&self, value: Local) -> Option<String> {
        let native = self.get_gc::<NativeFunction>(value)?;
        let name = self.registry.natives.get(native.id).name();
        let Some(owner) = native.owner.get(&self.heap).as_gc::<Class>() else {
            return Some(format!("<built-in function {name}>"));
        };
        if name == Sym::New.text() {
            return Some(format!(
                "<built-in method {name} of type object at {}>",
                self.address(owner.value())
            ));
        }
        let owner = owner.name(&self.heap).as_str();
        let what = if wraps_slot(owner, name) {
            "slot wrapper"
        } else {
            "method"
        };
        Some(format!("<{what} '{name}' of '{owner}' objects>"))
    }

    fn write_bound_method(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        let Some(method) = self.get_gc::<BoundMethod>(value) else {
            return Ok(());
        };
        let (function, receiver) = (
            method.function.get(&self.heap),
            method.receiver.get(&self.heap),
        );
        if let Some(native) = function.as_gc::<NativeFunction>() {
            let name = self.registry.natives.get(native.id).name();
            let owner = native.owner.get(&self.heap).as_gc::<Class>();
            let owner = owner.map_or("", |owner| owner.name(&self.heap).as_str());
            let what = if wraps_slot(owner, name) && !receiver.is_gc::<Class>() {
                format!("method-wrapper '{name}'")
            } else {
                format!("built-in method {name}")
            };
            let (class, at) = (self.heap.type_name(receiver), self.address(receiver));
            out.push_str(&format!("<{what} of {class} object at {at}>"));
            return Ok(());
        }
        let (function, receiver) = (self.local(function), self.local(receiver));
        let name = match self.get_gc::<Function>(function) {
            Some(function) => Some(self.local(function.qualname.get(&self.heap))),
            None => match self.find_attr(function, Sym::Qualname.text())? {
                None => self.find_attr(function, Sym::Name.text())?,
                found => found,
            },
        };
        let name = name.map_or_else(|| Ok("?".to_owned()), |name| self.text_of(name))?;
        out.push_str(&format!("<bound method {name} of "));
        self.nested(|vm| vm.write_repr(receiver, out))?;
        out.push('>');
        Ok(())
    }

    fn write_descriptor(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        let Some(descriptor) = self.get_gc::<Descriptor>(value) else {
            return Ok(());
        };
        let (kind, get) = (descriptor.kind, descriptor.get.get(&self.heap));
        let owner = &descriptor.get().owner;
        let name = descriptor
            .extra
            .get(&self.heap)
            .as_gc::<Str>()
            .map_or("?", Gc::as_str);
        match kind {
            DescriptorKind::Property => return self.write_default(value, out),
            DescriptorKind::Static | DescriptorKind::Class => {
                let function = self.local(get);
                out.push_str(if kind == DescriptorKind::Static {
                    "<staticmethod("
                } else {
                    "<classmethod("
                });
                self.nested(|vm| vm.write_repr(function, out))?;
                out.push_str(")>");
            }
            DescriptorKind::GetSet | DescriptorKind::Member => {
                let owner = owner.get(&self.heap).as_gc::<Class>();
                let owner = owner.map_or("?", |class| class.name(&self.heap).as_str());
                let what = match self
                    .heap
                    .is_instance(self.get(value), Builtin::MemberDescriptor)
                {
                    true => "member",
                    false => "attribute",
                };
                out.push_str(&format!("<{what} '{name}' of '{owner}' objects>"));
            }
        }
        Ok(())
    }

    /// As CPython's import system shows modules: by the spec where there is one, else by loader and file.
    fn module_repr(&mut self, value: Local) -> Result<Option<String>, Raised> {
        let Some(module) = self.get_gc::<Module>(value) else {
            return Ok(None);
        };
        let heap = &self.heap;
        let name = module.globals.get(heap, heap.sym(Sym::Name));
        let name = match name.and_then(|name| name.as_gc::<Str>()) {
            Some(name) => str_repr::str_repr(name.as_str()),
            None => "'?'".to_owned(),
        };
        if let Some(spec) = self.global_of(value, "__spec__") {
            return self.spec_repr(spec).map(Some);
        }
        if let Some(file) = self.global_of(value, "__file__") {
            return Ok(Some(format!(
                "<module {name} from {}>",
                self.repr_text(file)?
            )));
        }
        Ok(Some(match self.global_of(value, "__loader__") {
            Some(loader) => format!("<module {name} ({})>", self.repr_text(loader)?),
            None => format!("<module {name}>"),
        }))
    }

    fn spec_repr(&mut self, spec: Local) -> Result<String, Raised> {
        let field = |vm: &mut Vm, name| {
            let found = vm.find_attr(spec, name)?;
            Ok::<_, Raised>(found.filter(|&value| !vm.get(value).is_none()))
        };
        let name = match field(self, "name")? {
            Some(name) => self.repr_text(name)?,
            None => "'?'".to_owned(),
        };
        let Some(origin) = field(self, "origin")? else {
            let Some(loader) = field(self, "loader")? else {
                return Ok(format!("<module {name}>"));
            };
            if let Some(folders) = field(self, "submodule_search_locations")?
                && self.heap.type_name(self.get(loader)) == "NamespaceLoader"
            {
                let folders = self.repr_text(folders)?;
                return Ok(format!("<module {name} (namespace) from {folders}>"));
            }
            return Ok(format!("<module {name} ({})>", self.repr_text(loader)?));
        };
        let located = match field(self, "has_location")? {
            Some(flag) => self.truth(flag)?,
            None => false,
        };
        Ok(if located {
            format!("<module {name} from {}>", self.repr_text(origin)?)
        } else {
            format!("<module {name} ({})>", self.text_of(origin)?)
        })
    }

    /// What a module binds, unless that is None.
    fn global_of(&self, module: Local, name: &str) -> Option<Local> {
        let found = self.find_global(module, name);
        found.filter(|&value| !self.get(value).is_none())
    }

    fn coroutine_repr(&self, value: Local) -> Option<String> {
        let qualname = self.coroutine_name(self.get_gc(value)?)?;
        let (class, at) = (
            self.heap.type_name(self.get(value)),
            self.address(self.get(value)),
        );
        let named = matches!(class, "coroutine" | "generator" | "async_generator");
        Some(if named {
            format!("<{class} object {qualname} at {at}>")
        } else {
            format!("<{class} object at {at}>")
        })
    }

    fn coroutine_name<'h>(&'h self, coroutine: Gc<'h, Coroutine>) -> Option<&'h str> {
        if coroutine.kind == CoroutineKind::Native {
            return Some(self.native_coroutine_name(coroutine.native));
        }
        let function = coroutine.function.get(&self.heap).as_gc::<Function>()?;
        function
            .qualname
            .get(&self.heap)
            .as_gc::<Str>()
            .map(Gc::as_str)
    }

    fn cell_repr(&self, value: Local) -> Option<String> {
        let content = self.get_gc::<CellObj>(value)?.value.get(&self.heap);
        let at = self.address(self.get(value));
        if content.is_undef() {
            return Some(format!("<cell at {at}: empty>"));
        }
        Some(format!(
            "<cell at {at}: {} object at {}>",
            self.heap.type_name(content),
            self.address(content)
        ))
    }

    fn super_repr(&self, value: Local) -> Option<String> {
        let this = self.get_gc::<Super>(value)?;
        let class = this
            .class
            .get(&self.heap)
            .as_gc::<Class>()?
            .name(&self.heap)
            .as_str();
        Some(match this.object_class.get(&self.heap).as_gc::<Class>() {
            Some(object) => format!(
                "<super: <class '{class}'>, <{} object>>",
                object.name(&self.heap).as_str()
            ),
            None => format!("<super: <class '{class}'>, NULL>"),
        })
    }

    fn code_repr(&self, value: Local) -> Option<String> {
        let code = self.get_gc::<CodeObj>(value)?;
        let place = self.locate(&code.code, code.code.begin);
        let (file, line) = place.map_or_else(|| ("?".into(), 0), |p| (p.file, p.line));
        Some(format!(
            "<code object {} at {}, file \"{file}\", line {line}>",
            code.code.name,
            self.address(self.get(value))
        ))
    }
}
