//! Binding to functions written in Rust.
//!
//! Arguments are filled in first; only where that fails the message is worded. Messages differ with how CPython's own function is
//! written: in C with positional parameters only, in C with names, as a wrapper around a slot, in Python.

use smallvec::SmallVec;

use super::message::{missing_arguments, plural, too_many_arguments, unexpected_keyword};
use super::{Bound, Keyword};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::native::{Native, Param, ParamKind};
use crate::vm::slot_wrapper::wraps_slot;

/// How user code came to a method: messages of a bound method name the receiver's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Called as a function, or looked up and called in one go.
    Directly,
    /// Through a bound method.
    Bound,
}

/// A call of a native: the function, and the arguments as user code wrote them.
pub struct NativeCall<'h, 'n> {
    /// The heap of all of it.
    pub heap: &'h Heap,
    /// The Rust side.
    pub native: &'n Native,
    /// Its function object.
    pub function: Gc<'h, NativeFunction>,
    /// The arguments by position, the receiver among them.
    pub positional: &'n [Value<'h>],
    /// The arguments by name.
    pub keywords: &'n [Keyword<'h>],
    /// How the function was reached.
    pub reached: Reached,
}

/// Binds arguments to a native's parameters.
#[inline(never)]
pub fn bind_native<'h>(call: &NativeCall<'h, '_>, params: &[Param]) -> Result<Bound<'h>, Raised> {
    let heap = call.heap;
    let mut bound: Bound<'h> = SmallVec::from_elem(Value::UNDEF, params.len());
    let mut rest = call.positional.iter();
    for (i, param) in params.iter().enumerate() {
        match param.kind {
            ParamKind::Positional | ParamKind::Normal => {
                bound[i] = rest.next().copied().unwrap_or(Value::UNDEF)
            }
            ParamKind::Args => {
                bound[i] = heap.tuple(rest.as_slice()).value();
                rest = [].iter();
            }
            ParamKind::Kwargs => bound[i] = heap.dict().value(),
            ParamKind::Keyword => {}
        }
    }
    let collected = params.last().filter(|p| p.kind == ParamKind::Kwargs);
    for &(key, value) in call.keywords {
        let key: Gc<'h, Str> = key.as_gc().expect("keywords are strings");
        match position_of(params, key.as_str()) {
            Some(i) if bound[i].is_undef() => bound[i] = value,
            Some(_) => return Err(call.complaint(params)),
            None => match collected.and(bound.last()).and_then(|v| v.as_gc::<Dict>()) {
                Some(dict) => dict.set_str(heap, key, value),
                None if call.leaves_keywords(params) => {}
                None => return Err(call.complaint(params)),
            },
        }
    }
    let missing = |(p, v): (&Param, &Value<'_>)| !p.optional && v.is_undef();
    if rest.len() > 0 || params.iter().zip(&bound).any(missing) {
        return Err(call.complaint(params));
    }
    Ok(bound)
}

/// The error of a method of a builtin type that was called on another type's object.
#[cold]
pub fn wrong_receiver<'h>(
    heap: &'h Heap,
    name: &str,
    owner: Gc<'h, Class>,
    receiver: Value<'h>,
) -> Raised {
    let (owner, given) = (owner.name(heap).as_str(), heap.type_name(receiver));
    heap.type_error(match wraps_slot(owner, name) {
        true => format!("descriptor '{name}' requires a '{owner}' object but received a '{given}'"),
        false => {
            format!("descriptor '{name}' for '{owner}' objects doesn't apply to a '{given}' object")
        }
    })
}

fn position_of(params: &[Param], key: &str) -> Option<usize> {
    params.iter().position(|p| is_named(p) && p.name == key)
}

fn is_named(p: &Param) -> bool {
    matches!(p.kind, ParamKind::Normal | ParamKind::Keyword)
}

fn by_position(p: &Param) -> bool {
    matches!(p.kind, ParamKind::Positional | ParamKind::Normal)
}

/// Modules and packages whose functions are written in Python in CPython, so that its messages are those of functions.
const IN_PYTHON: [&str; 2] = ["asyncio", "random"];

/// Sequences whose repetition CPython unpacks in another way than a number's product.
const SEQUENCES: [&str; 7] = [
    "str",
    "bytes",
    "bytearray",
    "list",
    "tuple",
    "collections.deque",
    "array.array",
];

// Names in messages.
impl<'h> NativeCall<'h, '_> {
    fn owner(&self) -> Option<Gc<'h, Class>> {
        self.function.get().owner.get(self.heap).as_gc()
    }

    fn owner_name(&self) -> &'h str {
        self.owner()
            .map_or("", |owner| owner.name(self.heap).as_str())
    }

    /// The name in messages: of a constructor the class's, without its module.
    fn name(&self) -> &str {
        if self.function.is_new && self.owner_name() == "datetime.timedelta" {
            return "__new__";
        }
        match self.owner() {
            Some(_) if self.function.is_new || self.native.name() == "__init__" => {
                let name = self.owner_name();
                name.rsplit('.').next().unwrap_or(name)
            }
            _ => self.native.name(),
        }
    }

    /// The class that stands before the name of a method: the receiver's where that was bound before, else the method's own.
    fn class_name(&self) -> Option<&'h str> {
        let receiver = self.positional.first().copied();
        if self.reached == Reached::Bound
            && let Some(receiver) = receiver
        {
            let class = receiver.as_gc::<Class>();
            let class = class.unwrap_or_else(|| self.heap.class_of(receiver));
            return Some(class.qualname(self.heap).as_str());
        }
        let own = || {
            receiver
                .and_then(|r| r.as_gc::<Class>())
                .filter(|_| self.is_of_class())
        };
        let owner = self.owner().or_else(own)?;
        Some(owner.qualname(self.heap).as_str())
    }

    /// Whether it is a class method: it has no owner, and its first parameter is the class.
    fn is_of_class(&self) -> bool {
        self.owner().is_none()
            && self.function.module.is_undef()
            && self.native.signature.contains("(cls,")
    }

    fn qualified(&self) -> String {
        let module = self
            .function
            .module
            .get(self.heap)
            .as_gc::<Str>()
            .map(|m| m.as_str());
        let name = self.native.name();
        match (self.class_name(), module) {
            (Some(_), _) if self.function.is_new || name == "__init__" => self.name().to_owned(),
            (Some(class), _) => format!("{class}.{name}"),
            (None, Some(module)) if module != "builtins" && !self.is_in_python() => {
                format!("{module}.{name}")
            }
            _ => name.to_owned(),
        }
    }

    /// The name of a function written in Python: constructors are `__init__` methods.
    fn python_name(&self) -> String {
        match self.owner() {
            Some(_) if self.function.is_new => format!("{}.__init__", self.owner_name()),
            Some(_) => format!("{}.{}", self.owner_name(), self.native.name()),
            None => self.native.name().to_owned(),
        }
    }

    /// Whether CPython's own is a function or class written in Python.
    fn is_in_python(&self) -> bool {
        match self.owner() {
            Some(owner) => {
                let module = owner.attrs.get(self.heap, self.heap.intern("__module__"));
                let module = module
                    .and_then(|m| m.as_gc::<Str>())
                    .map_or("", |m| m.as_str());
                owner.builtin.is_none() && module != "builtins" && !self.owner_name().contains('.')
            }
            None => {
                let module = self.function.module.get(self.heap).as_gc::<Str>();
                module.is_some_and(|m| {
                    let package = m.as_str().split('.').next().unwrap_or_default();
                    IN_PYTHON.contains(&package)
                })
            }
        }
    }

    /// Whether CPython's own unpacks the arguments by position before it looks at names.
    fn is_unpacked(&self) -> bool {
        let by_position = self.keywords.is_empty() && self.function.is_new;
        self.native.name() == "sorted" || by_position && ["int", "str"].contains(&self.owner_name())
    }

    fn wraps_slot(&self) -> bool {
        self.owner().is_some()
            && !self.function.is_new
            && self.native.name() != "__init__"
            && wraps_slot(self.owner_name(), self.native.name())
    }

    /// Messages count what the program wrote: without the receiver.
    fn receiver(&self, params: &[Param]) -> usize {
        let class = self.function.is_new || self.is_of_class();
        let first = params.first().map_or("", |p| p.name);
        usize::from(first == "self" || first == "cls" && class)
    }
}

// What a call may have beside its parameters.
impl<'h> NativeCall<'h, '_> {
    /// Whether keywords that a constructor in C does not know are for another function: half of a pair of `__new__` and `__init__`
    /// refuses them only where the class has not the other half of its own.
    fn leaves_keywords(&self, params: &[Param]) -> bool {
        let heap = self.heap;
        let (class, other) = match self.positional.first() {
            Some(class) if self.function.is_new => (class.as_gc::<Class>(), "__init__"),
            Some(&this) if self.native.name() == "__init__" => {
                (Some(heap.class_of(this)), "__new__")
            }
            _ => return false,
        };
        let (Some(class), Some(owner)) = (class, self.owner()) else {
            return false;
        };
        let other = heap.intern(other);
        let halves = (class.lookup(heap, other), owner.lookup(heap, other));
        !params.iter().any(is_named)
            && matches!(halves, (Some(own), Some(inherited)) if !own.is(inherited))
    }
}

// What is wrong with a call.
impl<'h> NativeCall<'h, '_> {
    /// The error of arguments that do not fit; its checks are in the order of CPython's.
    #[cold]
    fn complaint(&self, params: &[Param]) -> Raised {
        if self.is_in_python() {
            return self.python_complaint(params);
        }
        if let Some(raised) = self.receiver_complaint(params) {
            return raised;
        }
        let own = &params[self.receiver(params)..];
        if own.iter().any(is_named) && !self.is_unpacked() {
            return self.named_complaint(own);
        }
        if !self.keywords.is_empty() && own.last().is_none_or(|p| p.kind != ParamKind::Kwargs) {
            return self.heap.type_error(if self.wraps_slot() {
                format!(
                    "wrapper {}() takes no keyword arguments",
                    self.native.name()
                )
            } else {
                format!("{}() takes no keyword arguments", self.qualified())
            });
        }
        self.heap.type_error(self.count_message(own))
    }

    fn receiver_complaint(&self, params: &[Param]) -> Option<Raised> {
        let owner = self.owner().filter(|_| !self.function.is_new)?;
        if params.first().is_none_or(|p| p.name != "self") {
            return None;
        }
        match self.positional.first() {
            Some(&receiver) if self.heap.class_of(receiver).is_subclass(self.heap, owner) => None,
            Some(&receiver) => Some(wrong_receiver(
                self.heap,
                self.native.name(),
                owner,
                receiver,
            )),
            None if self.wraps_slot() || self.native.name() == "__init__" => {
                let (name, owner) = (self.native.name(), self.owner_name());
                Some(self.heap.type_error(format!(
                    "descriptor '{name}' of '{owner}' object needs an argument"
                )))
            }
            None => Some(self.heap.type_error(format!(
                "unbound method {}() needs an argument",
                self.qualified()
            ))),
        }
    }

    /// How many arguments by position user code wrote.
    fn given(&self, own: &[Param], params: usize) -> usize {
        self.positional.len().saturating_sub(params - own.len())
    }

    /// Of a function in C whose parameters all are positional: the count is wrong.
    fn count_message(&self, own: &[Param]) -> String {
        let given = self.given(own, self.native.params());
        let max = own.iter().filter(|p| by_position(p)).count();
        let min = own.iter().filter(|p| by_position(p) && !p.optional).count();
        let name = self.name();
        let wraps = self.wraps_slot();
        let (bound, count) = match (min, max) {
            (0, 0) if !wraps => {
                return format!("{}() takes no arguments ({given} given)", self.qualified());
            }
            (1, 1)
                if !wraps
                    && !self.is_unpacked()
                    && !self.function.is_new
                    && name == self.native.name() =>
            {
                let name = self.qualified();
                return format!("{name}() takes exactly one argument ({given} given)");
            }
            _ if min == max => ("", max),
            _ if given < min => ("at least ", min),
            _ => ("at most ", max),
        };
        let ending = plural(count);
        let counts = format!("expected {bound}{count} argument{ending}, got {given}");
        // CPython unpacks the arguments of these wrappers under an empty name.
        let repeats = || name.ends_with("mul__") && SEQUENCES.contains(&self.owner_name());
        match wraps {
            true if max < 2 && !repeats() => counts,
            true => format!(" {counts}"),
            false => format!("{name} {counts}"),
        }
    }

    /// Whether CPython's own binds its arguments without a name.
    fn is_nameless(&self) -> bool {
        const NAMELESS: [&str; 3] = ["datetime.date", "datetime.time", "datetime.datetime"];
        self.function.is_new && NAMELESS.contains(&self.owner_name())
    }

    /// The name as the subject of a message.
    fn subject(&self) -> String {
        match self.is_nameless() {
            true => "function".to_owned(),
            false => format!("{}()", self.name()),
        }
    }

    /// Of a function in C that takes arguments by name.
    fn named_complaint(&self, own: &[Param]) -> Raised {
        let name = self.subject();
        let given = self.given(own, self.native.params());
        let collects = |kind| own.iter().any(|p| p.kind == kind);
        let max = own.iter().filter(|p| by_position(p)).count();
        let written = given + self.keywords.len();
        let only = |p: &&Param| p.kind == ParamKind::Positional && !p.optional;
        let min_only = own.iter().filter(only).count();
        let closed = !collects(ParamKind::Args) && !collects(ParamKind::Kwargs);
        let limit = |all: bool| if all { "exactly" } else { "at most" };
        let message = if closed && written > own.len() {
            let sort = if given == 0 { "keyword " } else { "" };
            let ending = plural(own.len());
            format!(
                "{name} takes at most {} {sort}argument{ending} ({written} given)",
                own.len()
            )
        } else if closed && given > max && max == 0 {
            format!("{name} takes no positional arguments")
        } else if closed && given > max {
            let needed = own.iter().filter(|p| by_position(p) && !p.optional).count();
            let (limit, ending) = (limit(needed == max), plural(max));
            format!("{name} takes {limit} {max} positional argument{ending} ({given} given)")
        } else if given < min_only {
            let limit = if min_only < max {
                "at least"
            } else {
                "exactly"
            };
            let ending = plural(min_only);
            format!("{name} takes {limit} {min_only} positional argument{ending} ({given} given)")
        } else {
            return self.misnamed(own, given);
        };
        self.heap.type_error(message)
    }

    /// The count fits: a required argument is missing, or a name is unknown or filled by position, too.
    fn misnamed(&self, own: &[Param], given: usize) -> Raised {
        let name = self.name();
        let keys: Vec<&str> = self
            .keywords
            .iter()
            .filter_map(|(key, _)| key.as_gc::<Str>())
            .map(|key| key.as_str())
            .collect();
        let missing = own.iter().enumerate().find(|(i, p)| {
            let is_filled = by_position(p) && *i < given || keys.contains(&p.name);
            !p.optional && !is_filled
        });
        if let Some((i, p)) = missing {
            // Its constructor reads its arguments by itself in CPython.
            if name == "enumerate" {
                let message = format!("enumerate() missing required argument '{}'", p.name);
                return self.heap.type_error(message);
            }
            return self.heap.type_error(if p.kind == ParamKind::Keyword {
                format!(
                    "{name}() missing 1 required keyword-only argument: '{}'",
                    p.name
                )
            } else {
                format!(
                    "{name}() missing required argument '{}' (pos {})",
                    p.name,
                    i + 1
                )
            });
        }
        let twice = keys.iter().find_map(|key| {
            position_of(own, key)
                .filter(|&i| i < given && by_position(&own[i]))
                .map(|i| (key, i))
        });
        if let Some((key, i)) = twice {
            let at = i + 1;
            return self.heap.type_error(format!(
                "argument for {} given by name ('{key}') and position ({at})",
                self.subject()
            ));
        }
        let unknown = keys.iter().find(|key| position_of(own, key).is_none());
        let unknown = unknown.copied().unwrap_or_default();
        if self.is_nameless() {
            let message = format!("this function got an unexpected keyword argument '{unknown}'");
            return self.heap.type_error(message);
        }
        let names = own.iter().filter(|p| is_named(p)).map(|p| p.name);
        unexpected_keyword(self.heap, name, unknown, names)
    }

    fn python_complaint(&self, params: &[Param]) -> Raised {
        let name = self.python_name();
        let given = self.positional.len();
        let max = params.iter().filter(|p| by_position(p)).count();
        for &(key, _) in self.keywords {
            let key = key.as_gc::<Str>().map_or("", |key| key.as_str());
            match position_of(params, key) {
                None if params.last().is_none_or(|p| p.kind != ParamKind::Kwargs) => {
                    let names = params.iter().filter(|p| is_named(p)).map(|p| p.name);
                    return unexpected_keyword(self.heap, &name, key, names);
                }
                Some(i) if by_position(&params[i]) && i < given => {
                    let message = format!("{name}() got multiple values for argument '{key}'");
                    return self.heap.type_error(message);
                }
                _ => {}
            }
        }
        if given > max && params.iter().all(|p| p.kind != ParamKind::Args) {
            let min = params
                .iter()
                .filter(|p| by_position(p) && !p.optional)
                .count();
            return too_many_arguments(self.heap, &name, min, max, given, 0);
        }
        let named = |p: &Param| {
            self.keywords
                .iter()
                .any(|(key, _)| key.as_gc::<Str>().is_some_and(|key| key.as_str() == p.name))
        };
        let missing = |keyword: bool| -> Vec<&str> {
            let unfilled = params.iter().enumerate().filter(|(i, p)| {
                let is_filled = by_position(p) && *i < given || named(p);
                !p.optional && !is_filled && (p.kind == ParamKind::Keyword) == keyword
            });
            unfilled.map(|(_, p)| p.name).collect()
        };
        match &missing(false)[..] {
            [] => missing_arguments(self.heap, &name, "keyword-only", &missing(true)),
            names => missing_arguments(self.heap, &name, "positional", names),
        }
    }
}
