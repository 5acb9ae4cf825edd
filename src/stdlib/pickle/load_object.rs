//! Codes that make and fill instances: calls of functions and of `__new__`, and states.
//!
//! The state of a plain instance goes straight into its attributes where that means the same as writing to its `__dict__`.

use super::input::refuse;
use super::load::underflow;
use super::load_call::{Done, ascii, find, pop, pop_mark, push, skip, take_from, take_line};
use super::opcode as op;
use super::unpickler::unpickler;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::dict::Dict;
use crate::runtime::instance::Instance;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Raised};
use crate::stdlib::receiver::plain;
use crate::vm::{Local, Vm};

/// Does what a code for instances says.
///
/// # Errors
/// UnpicklingError; what the program raises.
pub fn load_object(vm: &mut Vm, this: Local, code: u8) -> Done {
    match code {
        op::REDUCE => {
            skip(vm, this);
            let (args, function) = (pop(vm, this)?, pop(vm, this)?);
            let args = plain(vm, args);
            if vm.get_gc::<Tuple>(args).is_none() {
                return Err(vm.heap.type_error("argument list must be a tuple"));
            }
            let made = vm.call_ex(function, args, None)?;
            push(vm, this, made)
        }
        op::NEWOBJ => {
            skip(vm, this);
            let (args, class) = (pop(vm, this)?, pop(vm, this)?);
            new_object(vm, this, class, args, None)
        }
        op::NEWOBJ_EX => {
            skip(vm, this);
            let (keywords, args) = (pop(vm, this)?, pop(vm, this)?);
            let class = pop(vm, this)?;
            new_object(vm, this, class, args, Some(keywords))
        }
        op::OBJ => load_obj(vm, this),
        op::INST => load_inst(vm, this),
        _ => build(vm, this),
    }
}

fn new_object(
    vm: &mut Vm,
    this: Local,
    class: Local,
    args: Local,
    keywords: Option<Local>,
) -> Done {
    let code = if keywords.is_some() {
        "NEWOBJ_EX"
    } else {
        "NEWOBJ"
    };
    let args = plain(vm, args);
    let keywords = keywords.map(|keywords| plain(vm, keywords));
    let wrong = if vm.get_gc::<Class>(class).is_none() {
        Some(("class argument must be a type", class))
    } else if vm.get_gc::<Tuple>(args).is_none() {
        Some(("args argument must be a tuple", args))
    } else {
        let no_dict = keywords.filter(|&k| vm.get_gc::<Dict>(k).is_none());
        no_dict.map(|keywords| ("kwargs argument must be a dict", keywords))
    };
    if let Some((what, wrong)) = wrong {
        let name = vm.heap.type_name(vm.get(wrong));
        let message = format!("{code} {what}, not {name}");
        return Err(refuse(vm, &message));
    }
    let new = vm.get_attr_named(class, "__new__")?;
    let made = match (vm.get_gc::<Tuple>(args).map_or(0, Gc::len), keywords) {
        (0, None) => vm.call(new, &[class])?,
        _ => {
            let mut values = vec![class];
            values.extend(crate::stdlib::receiver::spread(vm, args));
            let values = vm.tuple_of(&values);
            vm.call_ex(new, values, keywords)?
        }
    };
    push(vm, this, made)
}

/// Makes an instance of a class as Python 2 did.
fn instantiate(vm: &mut Vm, this: Local, class: Local, args: &[Local]) -> Done {
    if args.is_empty()
        && vm.get_gc::<Class>(class).is_some()
        && vm.find_attr(class, "__getinitargs__")?.is_none()
    {
        let made = vm.call_method(class, "__new__", &[class])?;
        return push(vm, this, made);
    }
    let made = vm.call(class, args)?;
    push(vm, this, made)
}

fn load_obj(vm: &mut Vm, this: Local) -> Done {
    skip(vm, this);
    let start = pop_mark(vm, this)?;
    let parts = take_from(vm, this, start);
    let Some((&class, args)) = parts.split_first() else {
        return Err(underflow(vm, this));
    };
    instantiate(vm, this, class, args)
}

fn load_inst(vm: &mut Vm, this: Local) -> Done {
    let start = pop_mark(vm, this)?;
    let mut names = Vec::new();
    for _ in 0..2 {
        let line = take_line(vm, this)?;
        unpickler(vm, this).input.borrow_mut().at -= 1;
        if line.is_empty() {
            return Err(refuse(vm, "pickle data was truncated"));
        }
        let name = ascii(vm, &line).map(|name| vm.local(name.value()));
        match name {
            Some(name) => names.push(name),
            None => {
                let data = vm.local(vm.heap.bytes(line).value());
                let encoding = vm.local(vm.heap.intern("ascii").value());
                names.push(vm.call_method(data, "decode", &[encoding])?);
            }
        }
    }
    skip(vm, this);
    let class = find(vm, this, names[0], names[1])?;
    let args = take_from(vm, this, start);
    instantiate(vm, this, class, &args)
}

fn build(vm: &mut Vm, this: Local) -> Done {
    skip(vm, this);
    let stack = &unpickler(vm, this).stack;
    if stack.len() < unpickler(vm, this).fence() + 2 {
        return Err(underflow(vm, this));
    }
    let state = pop(vm, this)?;
    let target = unpickler(vm, this).top(&vm.heap).map(|top| vm.local(top));
    let Some(target) = target else {
        return Err(underflow(vm, this));
    };
    if let Some(set_state) = vm.find_attr(target, "__setstate__")? {
        vm.call(set_state, &[state])?;
        return Ok(());
    }
    let pair = vm
        .get_gc::<Tuple>(plain(vm, state))
        .filter(|pair| pair.len() == 2);
    let pair = pair.map(|pair| pair.to_vec(&vm.heap));
    let (state, slots) = match pair.as_deref() {
        Some(&[state, slots]) => (vm.local(state), Some(vm.local(slots))),
        _ => (state, None),
    };
    if !vm.get(state).is_none() {
        set_attributes(vm, target, state)?;
    }
    let Some(slots) = slots.filter(|&slots| !vm.get(slots).is_none()) else {
        return Ok(());
    };
    for (name, value) in entries(vm, slots, "slot state is not a dictionary")? {
        vm.set_attr(target, name, value)?;
    }
    Ok(())
}

/// The entries of a state that must be a dict.
fn entries(vm: &mut Vm, state: Local, complaint: &str) -> Result<Vec<(Local, Local)>, Raised> {
    let inner = plain(vm, state);
    let entries = vm
        .get_gc::<Dict>(inner)
        .map(|dict| dict.table.entries(&vm.heap));
    let Some(entries) = entries else {
        return Err(refuse(vm, complaint));
    };
    Ok(entries
        .into_iter()
        .map(|(name, value)| (vm.local(name), vm.local(value)))
        .collect())
}

/// Puts a state into the `__dict__` of an instance.
fn set_attributes(vm: &mut Vm, target: Local, state: Local) -> Done {
    if set_plain_attributes(vm, target, state) {
        return Ok(());
    }
    let entries = entries(vm, state, "state is not a dictionary")?;
    let own = vm.get_attr_named(target, "__dict__")?;
    for (name, value) in entries {
        let name = match vm.is_exactly(name, crate::runtime::Builtin::Str) {
            true => match vm.get_gc::<Str>(name) {
                Some(text) => vm.local(vm.heap.intern_str(text).value()),
                None => name,
            },
            false => name,
        };
        vm.set_item(own, name, value)?;
    }
    Ok(())
}

/// The same for a plain instance, where nothing of the program's has a say; false: nothing was done.
fn set_plain_attributes(vm: &Vm, target: Local, state: Local) -> bool {
    let heap = &vm.heap;
    let (Some(instance), Some(dict)) = (vm.get_gc::<Instance>(target), vm.get_gc::<Dict>(state))
    else {
        return false;
    };
    let class = heap.class_of(instance.value());
    let has_say = class_flag::GETATTRIBUTE | class_flag::NO_DICT;
    let is_plain = |name: &str| class.lookup(heap, heap.intern(name)).is_none();
    if class.has(has_say) || !is_plain("__slots__") || !is_plain("__dict__") {
        return false;
    }
    let entries = dict.table.entries(heap);
    if !entries.iter().all(|(name, _)| name.is_gc::<Str>()) {
        return false;
    }
    for (name, value) in entries {
        if let Some(name) = name.as_gc::<Str>() {
            instance.set_attr(heap, heap.intern_str(name), value);
        }
    }
    true
}
