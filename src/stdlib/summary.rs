//! What a value is, in one line: signatures of functions, the types within containers.
//!
//! `help` begins with a signature, `:type` of the prompt shows a summary. Of what a program wrote, defaults are shown by `repr()` and
//! annotations by the names of classes; nothing else of the program runs.

use crate::bytecode::CodeKind;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::list::List;
use crate::runtime::native::NativeFunction;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Value};
use crate::vm::{Local, Vm};

/// How many items of a container are looked at.
const LOOKED_AT: usize = 1000;

/// How many types of items are named.
const NAMED: usize = 3;

/// How deep containers within containers are described.
const DEPTH: usize = 3;

/// The longest tuple whose items are described one by one.
const LONGEST_TUPLE: usize = 5;

/// The type of a value, and what is good to know of it: `list[int], 3 items`.
pub fn summary(vm: &mut Vm, value: Local) -> String {
    let of = vm.heap.type_name(vm.get(value)).to_owned();
    if let Some(signature) = signature(vm, value) {
        return format!("{of}: {signature}");
    }
    if vm.get(value).is_none() {
        return of;
    }
    let text = type_text(&vm.heap, vm.get(value), DEPTH);
    match count(&vm.heap, vm.get(value)) {
        Some(0) => format!("{of}, empty"),
        Some(1) => format!("{text}, 1 item"),
        Some(count) => format!("{text}, {count} items"),
        None => text,
    }
}

/// How many items a builtin container has.
fn count(heap: &Heap, value: Value<'_>) -> Option<usize> {
    match heap.type_name(value) {
        "list" => value.as_gc::<List>().map(|list| list.len(heap)),
        "tuple" => value.as_gc::<Tuple>().map(Gc::<Tuple>::len),
        "dict" => value.as_gc::<Dict>().map(|dict| dict.table.len(heap)),
        "set" | "frozenset" => value.as_gc::<Set>().map(|set| set.members.len(heap)),
        _ => None,
    }
}

/// `dict[str, list[int | None]]`
fn type_text(heap: &Heap, value: Value<'_>, depth: usize) -> String {
    let name = heap.type_name(value);
    if value.is_none() {
        return "None".to_owned();
    }
    let Some(count) = count(heap, value).filter(|&count| count > 0 && depth > 0) else {
        return name.to_owned();
    };
    let inner = if let Some(tuple) = value.as_gc::<Tuple>() {
        let items = tuple.iter(heap).take(LOOKED_AT);
        if count <= LONGEST_TUPLE {
            let items: Vec<String> = items.map(|v| type_text(heap, v, depth - 1)).collect();
            items.join(", ")
        } else {
            union(heap, items, count, depth) + ", ..."
        }
    } else if let Some(dict) = value.as_gc::<Dict>() {
        let at = |n| dict.get().table.entry(heap, n);
        let entries: Vec<_> = (0..dict.table.end(heap))
            .filter_map(at)
            .take(LOOKED_AT)
            .collect();
        let keys = union(heap, entries.iter().map(|&(key, _)| key), count, depth);
        let values = union(heap, entries.iter().map(|&(_, value)| value), count, depth);
        format!("{keys}, {values}")
    } else if let Some(set) = value.as_gc::<Set>() {
        let at = |n| set.get().members.at(heap, n);
        let items = (0..set.members.end(heap)).filter_map(at).take(LOOKED_AT);
        union(heap, items, count, depth)
    } else if let Some(list) = value.as_gc::<List>() {
        let items = (0..count.min(LOOKED_AT)).filter_map(|n| list.get().item(heap, n));
        union(heap, items, count, depth)
    } else {
        return name.to_owned();
    };
    format!("{name}[{inner}]")
}

/// The types of some items out of `count`, each once, in the order in which they come.
fn union<'h>(
    heap: &'h Heap,
    items: impl Iterator<Item = Value<'h>>,
    count: usize,
    depth: usize,
) -> String {
    let mut types: Vec<String> = Vec::new();
    for item in items {
        let text = type_text(heap, item, depth - 1);
        if !types.contains(&text) {
            if types.len() == NAMED {
                types.push("...".to_owned());
                break;
            }
            types.push(text);
        }
    }
    if count > LOOKED_AT && types.len() <= NAMED {
        types.push("...".to_owned());
    }
    types.join(" | ")
}

/// How something is called: `open(file, mode='r')`; of a class its bases. None: it is neither function nor class.
pub fn signature(vm: &mut Vm, object: Local) -> Option<String> {
    let heap = &vm.heap;
    let value = vm.get(object);
    if let Some(bound) = value.as_gc::<BoundMethod>() {
        let function = vm.local(bound.function.get(heap));
        return signature(vm, function);
    }
    if let Some(native) = value.as_gc::<NativeFunction>() {
        return Some(vm.native(native.id).signature.to_owned());
    }
    if let Some(class) = value.as_gc::<Class>() {
        return Some(class_head(heap, class));
    }
    value.as_gc::<Function>()?;
    Some(function_head(vm, object))
}

/// How a class is called, by its `__init__`, else its `__new__`: `Dog(name, legs=4)`. None: neither says anything beyond `*args`.
pub fn constructor(vm: &mut Vm, class: Local) -> Option<String> {
    let name = vm.get_gc::<Class>(class)?.name(&vm.heap);
    let name = name.as_str().to_owned();
    ["__init__", "__new__"].into_iter().find_map(|method| {
        let method = match vm.find_attr(class, method) {
            Ok(method) => method?,
            Err(raised) => {
                vm.heap.take_raised(raised);
                return None;
            }
        };
        let head = signature(vm, method)?;
        let (_, parameters) = head.split_once('(')?;
        let parameters = parameters.rsplit_once(')')?.0;
        let parameters = parameters
            .split_once(',')
            .map_or("", |(_, rest)| rest)
            .trim();
        let parameters = parameters.trim_start_matches("/, ");
        (parameters != "*args, **kwargs" && parameters != "/")
            .then(|| format!("{name}({parameters})"))
    })
}

/// `class Dog(Animal)`
fn class_head<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> String {
    let bases = class.bases.get(heap).as_gc::<Tuple>();
    let bases = bases.map_or(Vec::new(), |bases| bases.to_vec(heap));
    let names = bases.into_iter().filter_map(|base| base.as_gc::<Class>());
    let names: Vec<&str> = names.map(|base| base.name(heap).as_str()).collect();
    let name = class.name(heap).as_str();
    match names[..] {
        [] | ["object"] => format!("class {name}"),
        _ => format!("class {name}({})", names.join(", ")),
    }
}

/// `async def` of a function, with defaults and annotations.
fn function_head(vm: &mut Vm, object: Local) -> String {
    let heap = &vm.heap;
    let Some(function) = vm.get_gc::<Function>(object) else {
        return String::new();
    };
    let name = function.name.get(heap).as_gc::<Str>();
    let name = name.map_or(String::new(), |name| name.as_str().to_owned());
    let code = function.code(heap);
    let params = code.code.params.clone();
    let is_async = matches!(
        code.code.kind,
        CodeKind::Coroutine | CodeKind::AsyncGenerator
    );
    let (positional, kwonly) = (usize::from(params.positional), usize::from(params.kwonly));
    let mut parts: Vec<String> = Vec::new();
    let mut rest = params.names.iter();
    for (i, param) in rest.by_ref().take(positional).enumerate() {
        parts.push(parameter(
            vm,
            object,
            param,
            positional_default(vm, object, i, positional),
        ));
        if i + 1 == usize::from(params.posonly) {
            parts.push("/".to_owned());
        }
    }
    let keyword_only: Vec<_> = rest.by_ref().take(kwonly).collect();
    if params.varargs {
        let name = rest.next().map(|name| parameter(vm, object, name, None));
        parts.extend(name.map(|name| format!("*{name}")));
    } else if kwonly > 0 {
        parts.push("*".to_owned());
    }
    for param in keyword_only {
        parts.push(parameter(
            vm,
            object,
            param,
            keyword_default(vm, object, param),
        ));
    }
    if params.varkw {
        let name = rest.next().map(|name| parameter(vm, object, name, None));
        parts.extend(name.map(|name| format!("**{name}")));
    }
    let gives = annotation(vm, object, "return").map_or(String::new(), |of| format!(" -> {of}"));
    let is_async = if is_async { "async " } else { "" };
    format!("{is_async}{name}({}){gives}", parts.join(", "))
}

/// `name: type = default`
fn parameter(vm: &mut Vm, function: Local, name: &str, default: Option<Local>) -> String {
    let of = annotation(vm, function, name);
    let default = default.map(|value| repr_or_dots(vm, value));
    match (of, default) {
        (None, None) => name.to_owned(),
        (None, Some(default)) => format!("{name}={default}"),
        (Some(of), None) => format!("{name}: {of}"),
        (Some(of), Some(default)) => format!("{name}: {of} = {default}"),
    }
}

fn positional_default(vm: &Vm, function: Local, at: usize, count: usize) -> Option<Local> {
    let defaults = vm
        .get_gc::<Function>(function)?
        .get()
        .defaults
        .get(&vm.heap);
    let defaults: Gc<'_, Tuple> = defaults.as_gc()?;
    let first = count.checked_sub(defaults.len())?;
    Some(vm.local(defaults.at(&vm.heap, at.checked_sub(first)?)?))
}

fn keyword_default(vm: &Vm, function: Local, name: &str) -> Option<Local> {
    let defaults = vm
        .get_gc::<Function>(function)?
        .get()
        .kwdefaults
        .get(&vm.heap);
    let defaults: Gc<'_, Dict> = defaults.as_gc()?;
    Some(vm.local(defaults.get_str(&vm.heap, vm.heap.intern(name))?))
}

/// What a parameter or the result is annotated with: the name of a class, a text as it is, anything else by `repr()`.
fn annotation(vm: &mut Vm, function: Local, name: &str) -> Option<String> {
    let heap = &vm.heap;
    let annotations = vm.get_gc::<Function>(function)?.get().annotations.get(heap);
    let value = annotations
        .as_gc::<Dict>()?
        .get_str(heap, heap.intern(name))?;
    if let Some(class) = value.as_gc::<Class>() {
        return Some(class.name(heap).as_str().to_owned());
    }
    if let Some(text) = value.as_gc::<Str>() {
        return Some(text.as_str().to_owned());
    }
    let value = vm.local(value);
    Some(repr_or_dots(vm, value))
}

fn repr_or_dots(vm: &mut Vm, value: Local) -> String {
    vm.repr_text(value).unwrap_or_else(|raised| {
        vm.heap.take_raised(raised);
        "...".to_owned()
    })
}
