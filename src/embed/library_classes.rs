//! What classes of the library have and how they are called: facts for checks of programs that are not run.
//!
//! A class answers from itself: what is bound in it and its bases, and what its methods store in `self`. One that makes attributes in
//! other ways (`__getattr__`, `setattr`, a namespace) is open: of it nothing is known. No code of the class runs.

use super::Interpreter;
use crate::compile::{Entity, Member};
use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::Descriptor;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::heap::{Gc, Heap};
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::types::Builtin;
use crate::runtime::value::Value;
use crate::stdlib::summary;
use crate::vm::Local;

/// Classes whose instances are there to take any attribute, and those that stand for objects of any class.
const OPEN: &[&str] = &[
    "SimpleNamespace",
    "Namespace",
    "local",
    "_local",
    "ModuleSpec",
    "Values",
    "Mock",
    "MagicMock",
    "AsyncMock",
    "NonCallableMock",
    // Of Windows it has `winerror`.
    "OSError",
    "module",
    "super",
    "type",
    "object",
    "property",
    "partial",
];

/// Modules written in apy whose classes make no attributes but by `self.name = ...`.
const CLOSED: &[&str] = &[
    "asyncio",
    "threading",
    "collections",
    "queue",
    "random",
    "datetime",
    "decimal",
    "fractions",
    "pathlib",
    "json",
    "subprocess",
    "csv",
    "logging",
    "statistics",
    "string",
    "contextlib",
    "concurrent",
    "tempfile",
    "uuid",
    "zipfile",
    "io",
];

impl Interpreter {
    /// What a module has under a dotted name.
    pub(super) fn path(&mut self, module: Local, path: &str) -> Option<Local> {
        path.split('.')
            .try_fold(module, |object, name| self.attribute(object, name))
    }

    /// Which kind of thing this is.
    pub(super) fn entity(&self, object: Local) -> Entity {
        let heap = &self.vm.heap;
        let value = self.vm.get(object);
        if let Some(class) = value.as_gc::<Class>() {
            let is_plain = heap.class_of(value).is_type(heap);
            // A metaclass may answer calls in a way of its own.
            let calls = heap.class_of(value).lookup(heap, heap.intern("__call__"));
            let is_plain = is_plain || calls.is_some_and(|call| call.is_gc::<NativeFunction>());
            let is_open = OPEN.contains(&class.short_name(heap));
            return match (is_plain, is_open) {
                (true, false) => Entity::Class,
                _ => Entity::Other,
            };
        }
        let is_function = value.is_gc::<Function>()
            || value.is_gc::<NativeFunction>()
            || value.is_gc::<BoundMethod>();
        if is_function {
            Entity::Function
        } else {
            Entity::Other
        }
    }

    /// How a function is called, or a class whose making is its own affair.
    pub(super) fn call_signature(&mut self, object: Local) -> Option<String> {
        match self.entity(object) {
            Entity::Function => {
                let text = summary::signature(&mut self.vm, object)?;
                let Some(bound) = self.vm.get_gc::<BoundMethod>(object) else {
                    return Some(text);
                };
                Some(
                    match bound.function.get(&self.vm.heap).is_gc::<Function>() {
                        true => without_first(&text),
                        false => without_self(&text),
                    },
                )
            }
            Entity::Class => self.constructor(object),
            Entity::Other => None,
        }
    }

    fn constructor(&mut self, object: Local) -> Option<String> {
        let class = self.vm.get_gc::<Class>(object)?;
        let heap = &self.vm.heap;
        let maker = |name: &str| {
            let (owner, value) = class.lookup_in(heap, heap.intern(name))?;
            (!owner.builtin_is(Builtin::Object)).then_some(value)
        };
        let (new, init) = (maker("__new__"), maker("__init__"));
        let which = match (new, init) {
            (None, Some(init)) => init,
            (Some(new), None) => descriptor_of(heap, new),
            // The one that takes anything leaves the word to the other.
            (Some(new), Some(init)) if new.is_gc::<NativeFunction>() => init,
            _ => return None,
        };
        let which = self.vm.local(which);
        let is_function = self.vm.get_gc::<Function>(which).is_some();
        let text = summary::signature(&mut self.vm, which)?;
        let text = if is_function {
            without_first(&text)
        } else {
            without_self(&text)
        };
        (!text.contains('*') || text.contains("*,")).then_some(text)
    }

    /// What objects of a class have under a name.
    pub(super) fn member(&mut self, object: Local, name: &str) -> Member {
        if self.entity(object) != Entity::Class {
            return Member::Unknown;
        }
        let Some(class) = self.vm.get_gc::<Class>(object) else {
            return Member::Unknown;
        };
        let heap = &self.vm.heap;
        let Some((_, value)) = class.lookup_in(heap, heap.intern(name)) else {
            return match is_open(heap, class) || stores(heap, class, name) {
                true => Member::Unknown,
                false => Member::Absent,
            };
        };
        if !value.is_gc::<Function>() && !value.is_gc::<NativeFunction>() {
            return Member::Value;
        }
        let is_function = value.is_gc::<Function>();
        let function = self.vm.local(value);
        match summary::signature(&mut self.vm, function) {
            Some(text) if is_function => Member::Method(without_first(&text)),
            Some(text) => Member::Method(without_self(&text)),
            None => Member::Value,
        }
    }

    /// The public names that objects of a class have.
    pub(super) fn member_names(&self, object: Local) -> Vec<String> {
        let heap = &self.vm.heap;
        let Some(class) = self.vm.get_gc::<Class>(object) else {
            return Vec::new();
        };
        let names = class.mro(heap).flat_map(|class| {
            let names = class.get().attrs.entries(heap).into_iter();
            names.map(|(name, _)| name).collect::<Vec<_>>()
        });
        let public = names.filter(|name| !name.as_str().starts_with('_'));
        public.map(|name| name.as_str().to_owned()).collect()
    }

    /// The names of the class and of all its bases.
    pub(super) fn ancestors(&self, object: Local) -> Vec<String> {
        let heap = &self.vm.heap;
        let class = self.vm.get_gc::<Class>(object);
        class.map_or(Vec::new(), |class| {
            let bases = class.mro(heap);
            bases.map(|it| it.name(heap).as_str().to_owned()).collect()
        })
    }
}

fn descriptor_of<'h>(heap: &'h Heap, value: Value<'h>) -> Value<'h> {
    value
        .as_gc::<Descriptor>()
        .map_or(value, |descriptor| descriptor.get.get(heap))
}

/// Whether objects of the class may have attributes that nothing names.
fn is_open<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> bool {
    if class.has(class_flag::GETATTR | class_flag::GETATTRIBUTE | class_flag::SETATTR) {
        return true;
    }
    class.mro(heap).any(|class| {
        let is_named = OPEN.contains(&class.short_name(heap));
        let module = module_of(heap, class);
        let is_closed = module.is_some_and(|module| {
            let top = module.as_str().split('.').next().unwrap_or_default();
            CLOSED.contains(&top.trim_start_matches('_'))
        });
        // Exceptions in Rust set what no text names.
        let exceptions = heap.types.class(heap, Builtin::BaseException);
        let sets_more = class.has(class_flag::NATIVE) && class.is_subclass(heap, exceptions);
        (is_named && !class.builtin_is(Builtin::Object))
            || (is_written_in_apy(class) && !is_closed)
            || sets_more
    })
}

fn is_written_in_apy(class: Gc<'_, Class>) -> bool {
    class.builtin.is_none() && !class.has(class_flag::NATIVE)
}

fn module_of<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Option<Gc<'h, Str>> {
    let module = class.get().attrs.get(heap, heap.intern("__module__"))?;
    module.as_gc::<Str>()
}

/// Whether a method of the class stores the name in `self`.
fn stores<'h>(heap: &'h Heap, class: Gc<'h, Class>, name: &str) -> bool {
    let key = heap.intern("__static_attributes__");
    class.mro(heap).any(|class| {
        let names = class.get().attrs.get(heap, key);
        let names = names.and_then(|names| names.as_gc::<Tuple>());
        let names = names.map_or(Vec::new(), |names| names.to_vec(heap));
        let mut names = names.into_iter().filter_map(|it| it.as_gc::<Str>());
        names.any(|it| it.as_str() == name)
    })
}

/// The signature of a function that is bound: without its first parameter, whatever its name is.
fn without_first(text: &str) -> String {
    let Some((head, rest)) = text.split_once('(') else {
        return text.to_owned();
    };
    let end = rest.find([',', ')']).unwrap_or(rest.len());
    if rest.starts_with('*') {
        return text.to_owned();
    }
    let rest = rest[end..].trim_start_matches([',', ' ']);
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    format!("{head}({}", rest.trim_start_matches([',', ' ']))
}

/// The signature of a native that is bound: without the parameter that stands for the object, if it names one.
fn without_self(text: &str) -> String {
    let Some((head, rest)) = text.split_once('(') else {
        return text.to_owned();
    };
    let first = ["self", "cls", "type"].iter().find_map(|name| {
        let rest = rest.strip_prefix(name)?;
        rest.starts_with([',', ')']).then_some(rest)
    });
    let Some(rest) = first else {
        return text.to_owned();
    };
    let rest = rest.trim_start_matches([',', ' ']);
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    format!("{head}({}", rest.trim_start_matches([',', ' ']))
}
