//! Binding the arguments of a call to parameters, with CPython's messages.
//!
//! Pure: takes and gives values, runs no program code. The result has one value for each parameter register.

use smallvec::SmallVec;

use super::native::{Native, Param, ParamKind};
use super::text::wraps_slot;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Raised, Value};

/// The values of the parameters.
pub type Bound<'h> = SmallVec<[Value<'h>; 8]>;

/// A name and a value.
type Keyword<'h> = (Value<'h>, Value<'h>);

/// Binds arguments to a function's parameters.
#[inline(never)]
pub fn bind_function<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    positional: &[Value<'h>],
    keywords: &[Keyword<'h>],
) -> Result<Bound<'h>, Raised> {
    let code = function.code(heap);
    let params = &code.code.params;
    let (max, kwonly) = (usize::from(params.positional), usize::from(params.kwonly));
    let mut bound: Bound<'h> = SmallVec::from_elem(Value::UNDEF, params.count());
    let given = positional.len().min(max);
    bound[..given].copy_from_slice(&positional[..given]);
    if params.varargs {
        bound[max + kwonly] = heap.tuple(&positional[given..]).value();
    }
    let extra = params.varkw.then(|| heap.dict());
    if let Some(dict) = extra {
        let last = params.count() - 1;
        bound[last] = dict.value();
    }
    for &(name, value) in keywords {
        bind_keyword(
            heap,
            function,
            &mut bound,
            extra,
            name.as_gc().expect("keywords are strings"),
            value,
        )?;
    }
    if positional.len() > max && !params.varargs {
        return Err(too_many(heap, function, positional.len(), &bound));
    }
    fill_defaults(heap, function, &mut bound)?;
    Ok(bound)
}

fn bind_keyword<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    bound: &mut Bound<'h>,
    extra: Option<Gc<'h, Dict>>,
    name: Gc<'h, Str>,
    value: Value<'h>,
) -> Result<(), Raised> {
    let params = &function.code(heap).code.params;
    let named = usize::from(params.positional + params.kwonly);
    let position = params.names[..named]
        .iter()
        .position(|p| **p == *name.as_str());
    match position {
        Some(i) if i >= usize::from(params.posonly) => {
            if !bound[i].is_undef() {
                let message = format!(
                    "{}() got multiple values for argument '{}'",
                    qualname(heap, function),
                    name.as_str()
                );
                return Err(heap.type_error(message));
            }
            bound[i] = value;
            Ok(())
        }
        _ => match extra {
            Some(dict) => {
                dict.set_str(heap, name, value);
                Ok(())
            }
            None if position.is_some() => Err(heap.type_error(format!(
                "{}() got some positional-only arguments passed as keyword arguments: '{}'",
                qualname(heap, function),
                name.as_str()
            ))),
            None => {
                let candidates = params.names[usize::from(params.posonly)..named]
                    .iter()
                    .map(|n| &**n);
                Err(unexpected_keyword(
                    heap,
                    qualname(heap, function),
                    name.as_str(),
                    candidates,
                ))
            }
        },
    }
}

fn unexpected_keyword<'a>(
    heap: &Heap,
    function: &str,
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Raised {
    let hint = crate::diagnostics::similar::nearest(name, candidates)
        .map_or(String::new(), |n| format!(". Did you mean '{n}'?"));
    heap.type_error(format!(
        "{function}() got an unexpected keyword argument '{name}'{hint}"
    ))
}

fn fill_defaults<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    bound: &mut Bound<'h>,
) -> Result<(), Raised> {
    let params = &function.code(heap).code.params;
    let max = usize::from(params.positional);
    let defaults = function.defaults.get(heap).as_gc::<Tuple>();
    let first_default = max - defaults.map_or(0, |d| d.len());
    let mut missing: Vec<&str> = Vec::new();
    for i in 0..max {
        if bound[i].is_undef() {
            match defaults.and_then(|d| d.at(heap, i.checked_sub(first_default)?)) {
                Some(value) => bound[i] = value,
                None => missing.push(&params.names[i]),
            }
        }
    }
    if !missing.is_empty() {
        return Err(missing_arguments(
            heap,
            qualname(heap, function),
            "positional",
            &missing,
        ));
    }
    let kwdefaults = function.kwdefaults.get(heap).as_gc::<Dict>();
    for i in max..max + usize::from(params.kwonly) {
        if bound[i].is_undef() {
            match kwdefaults.and_then(|d| keyword_default(heap, d, i - max, &params.names[i])) {
                Some(value) => bound[i] = value,
                None => missing.push(&params.names[i]),
            }
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(missing_arguments(
            heap,
            qualname(heap, function),
            "keyword-only",
            &missing,
        ))
    }
}

/// The default of a keyword-only parameter. Its entry stands, as a rule, where the parameter stands among its like.
fn keyword_default<'h>(
    heap: &'h Heap,
    defaults: Gc<'h, Dict>,
    at: usize,
    name: &str,
) -> Option<Value<'h>> {
    if let Some((key, value)) = defaults.table.entry(heap, at)
        && key.as_gc::<Str>().is_some_and(|key| key.as_str() == name)
    {
        return Some(value);
    }
    defaults.get_str(heap, heap.intern(name))
}

fn qualname<'h>(heap: &'h Heap, function: Gc<'h, Function>) -> &'h str {
    function.qualname.expect::<Str>(heap).as_str()
}

fn missing_arguments(heap: &Heap, function: &str, sort: &str, names: &[&str]) -> Raised {
    let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
    let list = match quoted.as_slice() {
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
        [] => String::new(),
    };
    let (count, plural) = (names.len(), plural(names.len()));
    heap.type_error(format!(
        "{function}() missing {count} required {sort} argument{plural}: {list}"
    ))
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn too_many(heap: &Heap, function: Gc<'_, Function>, given: usize, bound: &Bound<'_>) -> Raised {
    let params = &function.code(heap).code.params;
    let max = usize::from(params.positional);
    let defaults = function
        .defaults
        .get(heap)
        .as_gc::<Tuple>()
        .map_or(0, |d| d.len());
    let keyword_only = bound[max..max + usize::from(params.kwonly)]
        .iter()
        .filter(|v| !v.is_undef())
        .count();
    too_many_arguments(
        heap,
        qualname(heap, function),
        max - defaults,
        max,
        given,
        keyword_only,
    )
}

fn too_many_arguments(
    heap: &Heap,
    function: &str,
    min: usize,
    max: usize,
    given: usize,
    keyword_only: usize,
) -> Raised {
    let takes = if min == max {
        format!("{max}")
    } else {
        format!("from {min} to {max}")
    };
    let plural_max = if min == max { plural(max) } else { "s" };
    let were = if given == 1 && keyword_only == 0 {
        "was"
    } else {
        "were"
    };
    let given = if keyword_only == 0 {
        format!("{given}")
    } else {
        let (p, k) = (plural(given), plural(keyword_only));
        format!("{given} positional argument{p} (and {keyword_only} keyword-only argument{k})")
    };
    heap.type_error(format!(
        "{function}() takes {takes} positional argument{plural_max} but {given} {were} given"
    ))
}

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

/// Modules whose functions are written in Python in CPython, so that its messages are those of functions.
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

    /// The name in messages: of a constructor the class's.
    fn name(&self) -> &str {
        match self.owner() {
            Some(owner) if self.function.is_new || self.native.name() == "__init__" => {
                owner.name(self.heap).as_str()
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

    /// Whether CPython's own is a function or class written in Python.
    fn in_python(&self) -> bool {
        match self.owner() {
            Some(owner) => owner.builtin.is_none() && !owner.name(self.heap).as_str().contains('.'),
            None => {
                let module = self.function.module.get(self.heap).as_gc::<Str>();
                module.is_some_and(|m| IN_PYTHON.contains(&m.as_str()))
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
            _ if min == max && max > 0 && wraps_slot(name) => {
                format!("expected {max} argument{}, got {given}", plural(max))
            }
            (0, 0) if params.iter().any(|p| p.kind == ParamKind::Keyword) => {
                format!("{name}() takes no positional arguments")
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
            _ if !only && !self.function.is_new => {
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
