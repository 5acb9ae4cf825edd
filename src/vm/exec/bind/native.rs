//! Binding to functions written in Rust.
//!
//! Their messages differ with how CPython's own are written: in C with positional parameters only, in C with names, in Python.

use smallvec::SmallVec;

use super::message::{missing_arguments, plural, too_many_arguments, unexpected_keyword};
use super::{Bound, Keyword};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::native::{Native, Param, ParamKind};
use crate::vm::protocol::text::wraps_slot;

/// Binds arguments to a native's parameters.
#[inline(never)]
pub fn bind_native<'h>(
    heap: &'h Heap,
    function: Gc<'h, NativeFunction>,
    native: &Native,
    params: &[Param],
    positional: &[Value<'h>],
    keywords: &[Keyword<'h>],
) -> Result<Bound<'h>, Raised> {
    let mut bound: Bound<'h> = SmallVec::from_elem(Value::UNDEF, params.len());
    let mut rest = positional.iter();
    for (i, param) in params.iter().enumerate() {
        match param.kind {
            ParamKind::Positional | ParamKind::Normal => {
                bound[i] = rest.next().copied().unwrap_or(Value::UNDEF)
            }
            ParamKind::Args => bound[i] = heap.tuple(rest.as_slice()).value(),
            ParamKind::Kwargs => bound[i] = heap.dict().value(),
            ParamKind::Keyword => {}
        }
        if param.kind == ParamKind::Args {
            rest = [].iter();
        }
    }
    let name = Named {
        heap,
        native,
        function,
    };
    if rest.len() > 0 {
        return Err(name.wrong_count(params, positional.len()));
    }
    for &(key, value) in keywords {
        let key: Gc<'h, Str> = key.as_gc().expect("keywords are strings");
        let by_name = |p: &Param| {
            matches!(p.kind, ParamKind::Normal | ParamKind::Keyword) && p.name == key.as_str()
        };
        match params.iter().position(by_name) {
            Some(i) if bound[i].is_undef() => bound[i] = value,
            Some(_) => return Err(name.twice(key.as_str())),
            None => match params
                .last()
                .filter(|p| p.kind == ParamKind::Kwargs)
                .and(bound.last())
                .and_then(|v| v.as_gc::<Dict>())
            {
                Some(dict) => dict.set_str(heap, key, value),
                None => return Err(name.unexpected(params, key.as_str())),
            },
        }
    }
    match params
        .iter()
        .zip(&bound)
        .position(|(p, v)| !p.optional && v.is_undef())
    {
        Some(i) => Err(name.missing(params, &bound, i, positional.len())),
        None => Ok(bound),
    }
}

/// Modules and packages whose functions are written in Python in CPython, so that its messages are those of functions.
const IN_PYTHON: [&str; 2] = ["asyncio", "random"];

/// A native, to be named in a message.
struct Named<'h, 'n> {
    heap: &'h Heap,
    native: &'n Native,
    function: Gc<'h, NativeFunction>,
}

impl<'h> Named<'h, '_> {
    fn owner(&self) -> Option<Gc<'h, Class>> {
        self.function.get().owner.get(self.heap).as_gc()
    }

    /// The name in messages: of a constructor the class's, without its module.
    fn name(&self) -> &str {
        match self.owner() {
            Some(owner) if self.function.is_new || self.native.name() == "__init__" => {
                let name = owner.name(self.heap).as_str();
                name.rsplit('.').next().unwrap_or(name)
            }
            _ => self.native.name(),
        }
    }

    fn qualified(&self) -> String {
        let module = self
            .function
            .module
            .get(self.heap)
            .as_gc::<Str>()
            .map(|m| m.as_str());
        match (self.owner(), module) {
            (Some(owner), _) if !self.function.is_new => {
                format!("{}.{}", owner.name(self.heap).as_str(), self.native.name())
            }
            (None, Some(module)) if module != "builtins" && !self.in_python() => {
                format!("{module}.{}", self.native.name())
            }
            _ => self.name().to_owned(),
        }
    }

    /// Whether this makes instances of a class that has its module's name in its own, as CPython's classes written in C do.
    fn makes_module_class(&self) -> bool {
        let owner = self.owner().filter(|_| self.function.is_new);
        owner.is_some_and(|owner| owner.name(self.heap).as_str().contains('.'))
    }

    /// Whether CPython's own is a function or class written in Python.
    fn in_python(&self) -> bool {
        match self.owner() {
            Some(owner) => owner.builtin.is_none() && !owner.name(self.heap).as_str().contains('.'),
            None => {
                let module = self.function.module.get(self.heap).as_gc::<Str>();
                module.is_some_and(|m| {
                    let package = m.as_str().split('.').next().unwrap_or_default();
                    IN_PYTHON.contains(&package)
                })
            }
        }
    }

    /// Messages count what the program wrote: without the receiver.
    fn receiver(&self, params: &[Param]) -> usize {
        usize::from(matches!(params.first(), Some(p) if p.name == "self" || p.name == "cls"))
    }

    fn wrong_count(&self, params: &[Param], given: usize) -> Raised {
        if self.in_python() {
            let positional = || {
                params
                    .iter()
                    .filter(|p| matches!(p.kind, ParamKind::Positional | ParamKind::Normal))
            };
            let min = positional().filter(|p| !p.optional).count();
            return too_many_arguments(
                self.heap,
                &self.qualified(),
                min,
                positional().count(),
                given,
                0,
            );
        }
        let receiver = self.receiver(params);
        let unbound =
            given == 0 && receiver == 1 && self.owner().is_some() && !self.function.is_new;
        let given = given.saturating_sub(receiver);
        let positional = params
            .iter()
            .skip(receiver)
            .filter(|p| matches!(p.kind, ParamKind::Positional | ParamKind::Normal));
        let (mut min, mut max, mut only) = (0, 0, true);
        for p in positional {
            max += 1;
            min += usize::from(!p.optional);
            only &= p.kind == ParamKind::Positional;
        }
        let name = self.name();
        let message = match (min, max) {
            _ if unbound => format!("unbound method {}() needs an argument", self.qualified()),
            _ if min == max && wraps_slot(name) && !self.function.is_new => {
                format!("expected {max} argument{}, got {given}", plural(max))
            }
            (0, 0) if params.iter().any(|p| p.kind == ParamKind::Keyword) => {
                format!("{name}() takes no positional arguments")
            }
            (0, 0) => format!("{}() takes no arguments ({given} given)", self.qualified()),
            (1, 1)
                if params
                    .iter()
                    .any(|p| p.kind == ParamKind::Keyword || p.name == "cls") =>
            {
                format!("{name} expected 1 argument, got {given}")
            }
            (1, 1) => format!(
                "{}() takes exactly one argument ({given} given)",
                self.qualified()
            ),
            _ if !only && given < min && !self.function.is_new => format!(
                "{name}() takes at least {min} positional argument{} ({given} given)",
                plural(min)
            ),
            _ if !only && (!self.function.is_new || self.makes_module_class()) => {
                let sort = if params.iter().any(|p| p.kind == ParamKind::Keyword) {
                    "positional argument"
                } else {
                    "argument"
                };
                format!(
                    "{name}() takes at most {max} {sort}{} ({given} given)",
                    plural(max)
                )
            }
            _ if min == max => {
                format!("{name} expected {max} argument{}, got {given}", plural(max))
            }
            _ if given < min => format!(
                "{name} expected at least {min} argument{}, got {given}",
                plural(min)
            ),
            _ => format!(
                "{name} expected at most {max} argument{}, got {given}",
                plural(max)
            ),
        };
        self.heap.type_error(message)
    }

    fn twice(&self, key: &str) -> Raised {
        self.heap.type_error(format!(
            "argument for {}() given by name ('{key}') and position",
            self.name()
        ))
    }

    fn unexpected(&self, params: &[Param], key: &str) -> Raised {
        let named = |p: &&Param| matches!(p.kind, ParamKind::Normal | ParamKind::Keyword);
        if !params.iter().any(|p| named(&p))
            && wraps_slot(self.native.name())
            && self.owner().is_some()
            && !self.function.is_new
        {
            let name = self.native.name();
            return self
                .heap
                .type_error(format!("wrapper {name}() takes no keyword arguments"));
        }
        if !params.iter().any(|p| named(&p)) {
            return self
                .heap
                .type_error(format!("{}() takes no keyword arguments", self.qualified()));
        }
        unexpected_keyword(
            self.heap,
            self.name(),
            key,
            params.iter().filter(named).map(|p| p.name),
        )
    }

    fn missing(&self, params: &[Param], bound: &Bound<'_>, i: usize, given: usize) -> Raised {
        let sort = if params[i].kind == ParamKind::Keyword {
            "keyword-only"
        } else {
            "positional"
        };
        if self.in_python() {
            let same = |p: &Param| (p.kind == ParamKind::Keyword) == (sort == "keyword-only");
            let missing = params
                .iter()
                .zip(bound)
                .filter(|(p, v)| !p.optional && v.is_undef() && same(p));
            let names: Vec<&str> = missing.map(|(p, _)| p.name).collect();
            return missing_arguments(self.heap, &self.qualified(), sort, &names);
        }
        match params[i].kind {
            ParamKind::Positional => self.wrong_count(params, given),
            ParamKind::Keyword => {
                let name = self.name();
                self.heap.type_error(format!(
                    "{name}() missing 1 required keyword-only argument: '{}'",
                    params[i].name
                ))
            }
            _ => {
                let (name, pos) = (self.name(), i + 1 - self.receiver(params));
                self.heap.type_error(format!(
                    "{name}() missing required argument '{}' (pos {pos})",
                    params[i].name
                ))
            }
        }
    }
}
