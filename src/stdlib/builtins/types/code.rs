//! Code objects: what can be asked of them, as far as CPython's tells more than how CPython works.
//!
//! A function's `__code__` is one, and `compile` makes them; programs make others only with `replace`. An instruction counts as
//! two bytes, as CPython's code units do. To add an attribute: a `Getter`.

use std::rc::Rc;

use super::frame::offset;
use super::special::Special;
use crate::bytecode::{Annotations, Code, CodeKind, Const, Draft, Op, Params, ToldPlace, verify};
use crate::bytecode::{Effect, Instr};
use crate::runtime::code::{CodeObj, hash_of, is_same};
use crate::runtime::dict::Dict;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::receiver::{this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    methods: &[
        &Special::<CodeObj>::REPR,
        &LINES,
        &POSITIONS,
        &REPLACE,
        &DUNDER_REPLACE,
        &EQ,
        &HASH,
    ],
    getters: &[
        Getter::leaf("co_name", "The name of the function.", |heap, args| {
            Ok(heap.str_value(&code(heap, args)?.name))
        })
        .as_member(),
        Getter::leaf(
            "co_qualname",
            "The qualified name of the function.",
            |heap, args| Ok(heap.str_value(&code(heap, args)?.qualname)),
        )
        .as_member(),
        Getter::vm("co_filename", "The file that it comes from.", |vm, args| {
            let code = &this_of::<CodeObj>(vm, args)?.get().code;
            let place = vm.locate(code, code.span.start);
            let file = place.map_or_else(|| "?".into(), |place| place.file);
            Ok(vm.local(vm.heap.str_value(&file)))
        })
        .as_member(),
        Getter::vm(
            "co_firstlineno",
            "The line that it begins at.",
            |vm, args| {
                let code = &this_of::<CodeObj>(vm, args)?.get().code;
                Ok(vm.local(vm.heap.int(first_line(vm, code))))
            },
        )
        .as_member(),
        Getter::leaf(
            "co_argcount",
            "How many parameters positional arguments may fill.",
            |heap, args| count(heap, args, |p| p.positional),
        )
        .as_member(),
        Getter::leaf(
            "co_posonlyargcount",
            "How many parameters are positional-only.",
            |heap, args| count(heap, args, |p| p.posonly),
        )
        .as_member(),
        Getter::leaf(
            "co_kwonlyargcount",
            "How many parameters are keyword-only.",
            |heap, args| count(heap, args, |p| p.kwonly),
        )
        .as_member(),
        Getter::leaf(
            "co_nlocals",
            "How many parameters and local variables there are.",
            |heap, args| Ok(heap.usize(local_names(code(heap, args)?).count())),
        )
        .as_member(),
        Getter::leaf(
            "co_stacksize",
            "How many registers a call takes.",
            |heap, args| Ok(heap.int(i64::from(code(heap, args)?.nregs))),
        )
        .as_member(),
        Getter::leaf(
            "co_varnames",
            "The names of the parameters and local variables, a tuple.",
            |heap, args| Ok(names(heap, local_names(code(heap, args)?))),
        ),
        Getter::leaf(
            "co_cellvars",
            "The names of the variables that inner functions use, a tuple.",
            |heap, args| {
                let code = code(heap, args)?;
                let mut cells: Vec<_> = all_locals(code)
                    .filter(|name| is_cell(code, name))
                    .collect();
                cells.sort();
                Ok(names(heap, cells.into_iter()))
            },
        ),
        Getter::leaf(
            "co_freevars",
            "The names of the free variables, a tuple.",
            |heap, args| Ok(names(heap, code(heap, args)?.free_names.iter())),
        ),
        Getter::leaf(
            "co_names",
            "The names of the globals and attributes that it uses, a tuple.",
            used_names,
        )
        .as_member(),
        Getter::leaf(
            "co_consts",
            "The constants that it uses, a tuple.",
            constants,
        )
        .as_member(),
        Getter::leaf(
            "co_code",
            "Its instructions, two bytes each.",
            |heap, args| {
                let instrs = &code(heap, args)?.instrs;
                let bytes: Vec<u8> = instrs.iter().flat_map(|i| [i.op as u8, i.a]).collect();
                Ok(heap.bytes(&bytes[..]).value())
            },
        ),
        Getter::leaf(
            "co_flags",
            "Bits that say what kind of function it is.",
            |heap, args| Ok(heap.int(flags(code(heap, args)?))),
        )
        .as_member(),
    ],
    ..NativeType::of(Builtin::Code, "Create a code object.")
}];

fn code<'h>(heap: &'h Heap, args: Args<'h>) -> Result<&'h Rc<Code>, Raised> {
    Ok(&this::<CodeObj>(heap, args)?.get().code)
}

fn first_line(vm: &Vm, code: &Code) -> i64 {
    if code.kind.is_module() {
        1
    } else {
        vm.line_of(code, None)
    }
}

fn count<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    which: fn(&Params) -> u16,
) -> Result<Value<'h>, Raised> {
    Ok(heap.int(i64::from(which(&code(heap, args)?.params))))
}

fn names<'h>(heap: &'h Heap, names: impl Iterator<Item = impl AsRef<str>>) -> Value<'h> {
    let names: Vec<Value<'h>> = names
        .map(|name| heap.intern(name.as_ref()).value())
        .collect();
    heap.tuple(&names).value()
}

/// Parameters, then the other variables that have registers; names that begin with a dot are the compiler's.
fn all_locals(code: &Code) -> impl Iterator<Item = &Rc<str>> {
    let params = &code.params.names;
    let others = code.locals.iter().map(|(name, _)| name);
    let others = others.filter(move |name| !params.contains(name) && !name.starts_with('.'));
    let others = others.filter(|_| !code.kind.has_namespace());
    params.iter().chain(others)
}

/// `co_varnames`: a captured variable is in it only if it is a parameter.
fn local_names(code: &Code) -> impl Iterator<Item = &Rc<str>> {
    all_locals(code).filter(|name| code.params.names.contains(name) || !is_cell(code, name))
}

/// Whether inner functions use a variable.
fn is_cell(code: &Code, name: &Rc<str>) -> bool {
    let found = code.locals.iter().find(|(local, _)| local == name);
    let makes = |reg: u8| {
        code.instrs
            .iter()
            .any(|i| i.op == Op::MakeCell && i.a == reg)
    };
    found.is_some_and(|&(_, reg)| makes(reg))
}

/// The name of a global or attribute that an instruction uses.
fn used_name<'h>(heap: &'h Heap, this: Gc<'h, CodeObj>, i: &Instr) -> Option<Gc<'h, Str>> {
    use crate::bytecode::op::Wide;
    let info = i.op.info();
    match info.wide {
        Wide::Global => this.module(heap).globals.name(heap, i.d as usize),
        Wide::Cache => Some(this.cache(i.d).name.get(heap)),
        Wide::Name if !matches!(info.effect, Effect::Pure | Effect::ReadCell) => {
            Some(this.name(heap, i.d))
        }
        _ => None,
    }
}

fn used_names<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this = this::<CodeObj>(heap, args)?;
    let mut found: Vec<Value<'h>> = Vec::new();
    for i in &this.get().code.instrs {
        if let Some(name) = used_name(heap, this, i).map(Gc::value)
            && !found.iter().any(|known| known.is(name))
        {
            found.push(name);
        }
    }
    Ok(heap.tuple(&found).value())
}

fn constants<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this = this::<CodeObj>(heap, args)?.loaded(heap);
    let code = &this.get().code;
    let doc = code.doc.as_ref().map(|doc| heap.str_value(doc));
    // The first constant of a function is its documentation.
    let is_function = !code.kind.is_module() && !code.kind.has_namespace();
    let none = is_function.then_some(Value::NONE);
    let mut found: Vec<Value<'h>> = doc.or(none).into_iter().collect();
    let mut seen = std::collections::HashSet::new();
    for i in &code.instrs {
        let value = match i.op {
            Op::LoadInt => heap.int(i64::from(i.d)),
            Op::LoadImm => Value::immediate(i.d as u32),
            Op::LoadConst => this.constant(heap, i.d),
            Op::MakeFunction => {
                let nested = this.constant(heap, i.d).as_gc::<CodeObj>();
                nested.map_or(Value::UNDEF, |nested| nested.loaded(heap).value())
            }
            _ => continue,
        };
        let is_new = seen.insert((
            matches!(i.op, Op::LoadConst | Op::MakeFunction),
            i.d,
            i.op == Op::LoadInt,
        ));
        let is_first = found.first().is_some_and(|first| first.is(value));
        if is_new && !is_first && !value.is_undef() {
            found.push(value);
        }
    }
    Ok(heap.tuple(&found).value())
}

/// CPython's flags.
fn flags(code: &Code) -> i64 {
    let future = match code.annotations {
        Annotations::Values => 0,
        Annotations::Texts => 0x100_0000,
    };
    future | own_flags(code)
}

fn own_flags(code: &Code) -> i64 {
    if code.kind.is_module() || code.kind == CodeKind::Class {
        return if code.kind == CodeKind::AsyncModule {
            0x80
        } else {
            0
        };
    }
    let kind = match code.kind {
        CodeKind::Generator => 0x20,
        CodeKind::Coroutine => 0x80,
        CodeKind::AsyncGenerator => 0x200,
        _ => 0,
    };
    let bit = |on: bool, bit: i64| if on { bit } else { 0 };
    3 | kind
        | bit(code.params.varargs, 4)
        | bit(code.params.varkw, 8)
        | bit(code.qualname.contains("<locals>"), 0x10)
}

const LINES: Native = Native::vm(
    "co_lines(self, /)",
    "Iterate over (start, end, line) of the runs of instructions of one line.",
    |vm, args| {
        let code = Rc::clone(&this_of::<CodeObj>(vm, args)?.get().code);
        let mut runs: Vec<(u32, u32, i64)> = Vec::new();
        for ip in 0..code.instrs.len() as u32 {
            let line = vm.line_of(&code, Some(ip));
            match runs.last_mut() {
                Some((_, end, last)) if *last == line => *end = ip + 1,
                _ => runs.push((ip, ip + 1, line)),
            }
        }
        let heap = &vm.heap;
        let rows = runs.into_iter().map(|(start, end, line)| {
            heap.tuple(&[
                heap.int(offset(start)),
                heap.int(offset(end)),
                heap.int(line),
            ])
            .value()
        });
        let rows = vm.local(heap.list(rows).value());
        vm.iter(rows)
    },
);

const POSITIONS: Native = Native::vm(
    "co_positions(self, /)",
    "Iterate over (line, end line, column, end column) of each instruction; columns count bytes.",
    |vm, args| {
        let code = Rc::clone(&this_of::<CodeObj>(vm, args)?.get().code);
        let heap = &vm.heap;
        let row = |ip: u32| {
            let span = code.span_at(ip);
            let (start, end) = (vm.locate(&code, span.start), vm.locate(&code, span.end));
            let parts = [
                start.as_ref().map(|p| p.line),
                end.as_ref().map(|p| p.line),
                start.as_ref().map(|p| p.column),
                end.as_ref().map(|p| p.column),
            ];
            let parts = parts.map(|part| part.map_or(Value::NONE, |part| heap.usize(part)));
            heap.tuple(&parts).value()
        };
        let rows = heap.list((0..code.instrs.len() as u32).map(row)).value();
        let rows = vm.local(rows);
        vm.iter(rows)
    },
);

const REPLACE: Native = Native::vm(
    "replace(self, /, **changes)",
    "Return a copy of the code object with new values for the specified fields. Names, the file and the first line can be changed; \
     for other fields only what they hold is accepted.",
    replace,
);
const DUNDER_REPLACE: Native = Native::vm(
    "__replace__(self, /, **changes)",
    "The same as replace().",
    replace,
);

fn replace(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let mut draft = Draft::clone(&this_of::<CodeObj>(vm, args)?.get().code);
    for (name, value) in changes(vm, args.at(1)) {
        let text = vm.get_gc::<Str>(value).map(|text| text.as_str().into());
        match (name.as_str(), text) {
            ("co_name", Some(text)) => draft.name = text,
            ("co_qualname", Some(text)) => draft.qualname = text,
            ("co_filename", Some(text)) => told(&mut draft).file = Some(text),
            ("co_firstlineno", None) => {
                let line = vm.index(value)?;
                let now = first_line(vm, &this_of::<CodeObj>(vm, args)?.get().code);
                let told = told(&mut draft);
                told.lines = told.lines.saturating_add(line.saturating_sub(now));
            }
            ("co_consts", None) if vm.get_gc::<Tuple>(value).is_some() => {
                let rest = replace_nested(vm, args.at(0), &mut draft, value)?;
                unchanged(vm, args.at(0), &name, rest)?;
            }
            _ => unchanged(vm, args.at(0), &name, value)?,
        }
    }
    let Ok(code) = verify::verify(draft) else {
        let message = "code: these fields do not fit together";
        return Err(vm.heap.value_error(message));
    };
    let module = this_of::<CodeObj>(vm, args)?.module(&vm.heap).value();
    let module = vm.local(module);
    Ok(vm.load(&Rc::new(code), module, &[]))
}

fn told(draft: &mut Draft) -> &mut ToldPlace {
    draft.told.get_or_insert_default()
}

/// Puts the code objects of a tuple in place of the nested ones, in order; returns the tuple with those of now instead.
fn replace_nested(
    vm: &mut Vm,
    code: Local,
    draft: &mut Draft,
    new: Local,
) -> Result<Local, Raised> {
    let Some(now) = vm.find_attr(code, "co_consts")? else {
        return Ok(new);
    };
    let (Some(now), Some(given)) = (vm.get_gc::<Tuple>(now), vm.get_gc::<Tuple>(new)) else {
        return Ok(new);
    };
    let mut values: Vec<Value<'_>> = given.to_vec(&vm.heap);
    if values.len() != now.len() {
        return Ok(new);
    }
    let mut nested = Vec::new();
    for (value, now) in values.iter_mut().zip(now.iter(&vm.heap)) {
        if let (Some(made), Some(old)) = (value.as_gc::<CodeObj>(), now.as_gc::<CodeObj>()) {
            nested.push((old.get().code.clone(), made.get().code.clone()));
            *value = now;
        }
    }
    for constant in &mut draft.consts {
        if let Const::Code(old) = constant
            && let Some((_, made)) = nested.iter().find(|(known, _)| Rc::ptr_eq(known, old))
        {
            *old = made.clone();
        }
    }
    Ok(vm.local(vm.heap.tuple(&values).value()))
}

/// The names and values of a dict of keyword arguments.
fn changes(vm: &Vm, given: Local) -> Vec<(String, Local)> {
    let Some(given) = vm.get_gc::<Dict>(given) else {
        return Vec::new();
    };
    let items = given.table.entries(&vm.heap);
    let name = |key: Value<'_>| key.as_gc::<Str>().map(|s| s.as_str().to_owned());
    items
        .into_iter()
        .filter_map(|(key, value)| Some((name(key)?, vm.local(value))))
        .collect()
}

/// A field that `replace` cannot change gets what it has.
fn unchanged(vm: &mut Vm, code: Local, name: &str, value: Local) -> Result<(), Raised> {
    let known = name.starts_with("co_");
    let now = match vm.find_attr(code, name)? {
        Some(now) if known => now,
        _ => {
            let message = format!("replace() got an unexpected keyword argument '{name}'");
            return Err(vm.heap.type_error(message));
        }
    };
    if vm.equal(now, value)? {
        return Ok(());
    }
    let message = format!("code: {name} cannot be replaced");
    Err(vm.heap.value_error(message))
}

const EQ: Native = Native::leaf(
    "__eq__(self, value, /)",
    "Return self==value.",
    |heap, args| {
        let this = this::<CodeObj>(heap, args)?;
        Ok(match args.get(1).as_gc::<CodeObj>() {
            Some(other) => Value::bool(is_same(&this.get().code, &other.get().code)),
            None => Value::NOT_IMPLEMENTED,
        })
    },
);

const HASH: Native = Native::leaf("__hash__(self, /)", "Return hash(self).", |heap, args| {
    Ok(heap.int((hash_of(code(heap, args)?) >> 1) as i64))
});
