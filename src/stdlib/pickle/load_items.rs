//! Codes that put values into lists, dicts and sets.
//!
//! Those of the builtin classes are filled here, as long as hashes and comparisons take no user code; all others are left to `load_call.rs`.
//! Pairs that were bound before that are bound once more there, to the same effect.

use super::input::Input;
use super::load::{GO_ON, Pause, Step, push_plain, wrong};
use super::opcode as op;
use super::unpickler::Unpickler;
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::members::Members;
use crate::runtime::set::Set;
use crate::runtime::table::Found;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value, builtin_eq};
use crate::vm::Vm;

/// The list at a place of the stack, if it is exactly one.
fn list_at<'h>(vm: &'h Vm, state: &Unpickler, at: usize) -> Option<Gc<'h, List>> {
    let value = state.stack.get(&vm.heap, at)?;
    let is_list = vm.heap.class_of(value).builtin_is(Builtin::List);
    value.as_gc().filter(|_| is_list)
}

/// The code of this name.
pub fn append(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let height = state.stack.len();
    if height < state.fence() + 2 {
        return Ok(Some(Pause::Underflow));
    }
    let Some(list) = list_at(vm, state, height - 2) else {
        return Ok(Some(Pause::Call(op::APPEND)));
    };
    if let Some(value) = state.stack.pop(&vm.heap) {
        list.push(&vm.heap, value)?;
    }
    input.at += 1;
    GO_ON
}

/// Where the items after the last mark begin, if there is something before it that takes them.
fn items_start(state: &Unpickler) -> Result<usize, Pause> {
    let mut marks = state.marks.borrow_mut();
    let Some(start) = marks.pop() else {
        return Err(Pause::Wrong("could not find MARK"));
    };
    if start <= marks.last().copied().unwrap_or(0) {
        return Err(Pause::Underflow);
    }
    marks.push(start);
    Ok(start)
}

/// The code of this name.
pub fn appends(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let start = match items_start(state) {
        Ok(start) => start,
        Err(pause) => return Ok(Some(pause)),
    };
    let Some(list) = list_at(vm, state, start - 1) else {
        return Ok(Some(Pause::Call(op::APPENDS)));
    };
    list.extend(
        &vm.heap,
        state.stack.copy_range(&vm.heap, start..state.stack.len()),
    )?;
    state.stack.truncate(start);
    state.marks.borrow_mut().pop();
    input.at += 1;
    GO_ON
}

/// The dict at a place of the stack, if it is exactly one.
fn dict_at<'h>(vm: &'h Vm, state: &Unpickler, at: usize) -> Option<Gc<'h, Dict>> {
    let value = state.stack.get(&vm.heap, at)?;
    let is_dict = vm.heap.class_of(value).builtin_is(Builtin::Dict);
    value.as_gc().filter(|_| is_dict)
}

/// Binds the pairs from `start` on in a dict; false: a key takes user code, and the pairs before it are bound.
fn bind_pairs(vm: &Vm, state: &Unpickler, dict: Gc<'_, Dict>, start: usize) -> bool {
    let mut at = start;
    while let (Some(key), Some(value)) = (
        state.stack.get(&vm.heap, at),
        state.stack.get(&vm.heap, at + 1),
    ) {
        if !vm.dict_set_leaf(dict, key, value) {
            return false;
        }
        at += 2;
    }
    true
}

/// The code of this name.
pub fn set_item(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let height = state.stack.len();
    if height < state.fence() + 3 {
        return Ok(Some(Pause::Underflow));
    }
    let Some(dict) = dict_at(vm, state, height - 3) else {
        return Ok(Some(Pause::Call(op::SETITEM)));
    };
    if !bind_pairs(vm, state, dict, height - 2) {
        return Ok(Some(Pause::Call(op::SETITEM)));
    }
    state.stack.truncate(height - 2);
    input.at += 1;
    GO_ON
}

/// The code of this name.
pub fn set_items(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let start = match items_start(state) {
        Ok(start) => start,
        Err(pause) => return Ok(Some(pause)),
    };
    if !(state.stack.len() - start).is_multiple_of(2) {
        return wrong("odd number of items for SETITEMS");
    }
    let bound =
        dict_at(vm, state, start - 1).is_some_and(|dict| bind_pairs(vm, state, dict, start));
    if !bound {
        return Ok(Some(Pause::Call(op::SETITEMS)));
    }
    state.stack.truncate(start);
    state.marks.borrow_mut().pop();
    input.at += 1;
    GO_ON
}

/// Adds a member to a set; false: that takes user code.
fn add_member<'h>(heap: &'h Heap, set: Gc<'h, Set>, member: Value<'h>) -> Result<bool, Raised> {
    match set.members.find_leaf(heap, member) {
        Some(Found::At(_)) => Ok(true),
        Some(Found::Missing) => {
            let Some(hash) = builtin_eq::hash(heap, member) else {
                return Ok(false);
            };
            set.members.push(heap, hash, member)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Adds the values from `start` on to a set; false: one of them takes user code.
fn add_members<'h>(
    vm: &'h Vm,
    state: &Unpickler,
    set: Gc<'h, Set>,
    start: usize,
) -> Result<bool, Raised> {
    let mut at = start;
    while let Some(member) = state.stack.get(&vm.heap, at) {
        if !add_member(&vm.heap, set, member)? {
            return Ok(false);
        }
        at += 1;
    }
    Ok(true)
}

/// The code of this name.
pub fn add_items(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let start = match items_start(state) {
        Ok(start) => start,
        Err(pause) => return Ok(Some(pause)),
    };
    let target = state.stack.get(&vm.heap, start - 1);
    let is_set = target.is_some_and(|t| vm.heap.class_of(t).builtin_is(Builtin::Set));
    let set: Option<Gc<'_, Set>> = target.and_then(|t| t.as_gc()).filter(|_| is_set);
    let added = match set {
        Some(set) => add_members(vm, state, set, start)?,
        None => false,
    };
    if !added {
        return Ok(Some(Pause::Call(op::ADDITEMS)));
    }
    state.stack.truncate(start);
    state.marks.borrow_mut().pop();
    input.at += 1;
    GO_ON
}

/// The code of this name.
pub fn frozen_set(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let Some(start) = state.marks.borrow().last().copied() else {
        return wrong("could not find MARK");
    };
    let set = vm.heap.frozenset(Members::default());
    if !add_members(vm, state, set, start)? {
        return Ok(Some(Pause::Call(op::FROZENSET)));
    }
    state.stack.truncate(start);
    state.marks.borrow_mut().pop();
    push_plain(vm, state, input, set.value())
}
