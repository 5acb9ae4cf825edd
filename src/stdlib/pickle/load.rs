//! Loading: the loop over the codes of a pickle, and the codes that need no user code.
//!
//! `run_leaf` reads on until a code needs the VM, more bytes, or a look at the outside; `load` does that and goes on. A code that cannot be
//! done is read anew from its start, so it changes nothing before it has all that it needs.

use super::input::{Input, Need, fill, refuse};
use super::opcode as op;
use super::unpickler::{Unpickler, unpickler};
use super::{load_call, load_items};
use crate::runtime::members::Members;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::codec_error;
use crate::text::codec::{self, Encoding};
use crate::text::num::bytes::{ByteOrder, Signedness, from_bytes};
use crate::text::surrogate;
use crate::vm::{Local, Vm};

/// Codes between two safepoints.
const SLICE: usize = 1 << 12;

/// Why the loop paused.
#[derive(Clone, Copy, Debug)]
pub enum Pause {
    /// The pickle ends.
    Stop,
    /// Bytes are missing.
    Need(Need),
    /// The next code takes user code, or is seldom.
    Call(u8),
    /// A look at the outside is due.
    Safepoint,
    /// The data is wrong.
    Wrong(&'static str),
    /// The stack has too few values, or a mark in their place.
    Underflow,
}

/// Loads one object.
///
/// # Errors
/// UnpicklingError; EOFError; what the program raises.
pub fn load(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    loop {
        let pause = run_leaf(vm, unpickler(vm, this))?;
        let mark = vm.mark();
        match pause {
            Pause::Stop => {
                let top = unpickler(vm, this).pop(&vm.heap).map(|top| vm.local(top));
                return match top {
                    Some(top) => Ok(top),
                    None => Err(underflow(vm, this)),
                };
            }
            Pause::Need(need) => {
                if !fill(vm, this, need)? {
                    return Err(truncated(vm, need));
                }
            }
            Pause::Call(code) => load_call::load_call(vm, this, code)?,
            Pause::Safepoint => vm.native_safepoint()?,
            Pause::Wrong(message) => return Err(refuse(vm, message)),
            Pause::Underflow => return Err(underflow(vm, this)),
        }
        vm.release(mark);
    }
}

/// The data ends too early; where a code should be that is an EOFError.
pub fn truncated(vm: &mut Vm, need: Need) -> Raised {
    match need {
        Need::Bytes(1) => vm.heap.raise(Builtin::EOFError, "Ran out of input"),
        _ => refuse(vm, "pickle data was truncated"),
    }
}

/// UnpicklingError: too few values.
pub fn underflow(vm: &mut Vm, this: Local) -> Raised {
    let has_marks = !unpickler(vm, this).marks.borrow().is_empty();
    let message = match has_marks {
        true => "unexpected MARK found",
        false => "unpickling stack underflow",
    };
    refuse(vm, message)
}

impl Unpickler {
    /// The height of the last mark.
    #[inline]
    pub fn fence(&self) -> usize {
        self.marks.borrow().last().copied().unwrap_or(0)
    }

    /// Takes the top of the stack; None: there is none above the last mark.
    #[inline]
    pub fn pop<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        if self.stack.len() <= self.fence() {
            return None;
        }
        self.stack.pop(heap)
    }

    /// The top of the stack.
    #[inline]
    pub fn top<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        if self.stack.len() <= self.fence() {
            return None;
        }
        self.stack.last(heap)
    }

    #[inline]
    fn push(&self, heap: &Heap, value: Value<'_>) -> Result<(), Raised> {
        self.stack.reserve(heap, 1)?;
        self.stack.push(heap, value);
        Ok(())
    }

    /// Takes what is above a height.
    fn take_from<'h>(&self, heap: &'h Heap, height: usize) -> Vec<Value<'h>> {
        let values = self.stack.copy_range(heap, height..self.stack.len());
        self.stack.truncate(height);
        values
    }
}

/// The outcome of reading a code.
pub type Step = Result<Option<Pause>, Raised>;

/// Done: go on.
pub const GO_ON: Step = Ok(None);

/// The data is wrong.
pub fn wrong(message: &'static str) -> Step {
    Ok(Some(Pause::Wrong(message)))
}

fn need(len: usize) -> Step {
    Ok(Some(Pause::Need(Need::Bytes(len))))
}

/// Reads codes until one needs more than values.
fn run_leaf(vm: &Vm, state: &Unpickler) -> Result<Pause, Raised> {
    let mut input = state.input.borrow_mut();
    for _ in 0..SLICE {
        let Some(&code) = input.data.get(input.at) else {
            return Ok(Pause::Need(Need::Bytes(1)));
        };
        let step = match code {
            op::STOP => {
                input.at += 1;
                return Ok(Pause::Stop);
            }
            op::NONE => push_plain(vm, state, &mut input, Value::NONE)?,
            op::NEWTRUE => push_plain(vm, state, &mut input, Value::TRUE)?,
            op::NEWFALSE => push_plain(vm, state, &mut input, Value::FALSE)?,
            op::BININT | op::BININT1 | op::BININT2 | op::BINFLOAT => {
                number(vm, state, &mut input, code)?
            }
            op::LONG1 | op::LONG4 => long(vm, state, &mut input, code)?,
            op::SHORT_BINUNICODE | op::BINUNICODE | op::BINUNICODE8 => {
                text(vm, state, &mut input, code)?
            }
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 | op::BYTEARRAY8 => {
                bytes(vm, state, &mut input, code)?
            }
            op::MARK => {
                let height = state.stack.len();
                vm.heap.grow_vec(&mut *state.marks.borrow_mut(), 1)?;
                state.marks.borrow_mut().push(height);
                input.at += 1;
                None
            }
            op::EMPTY_LIST => push_plain(vm, state, &mut input, vm.heap.list([]).value())?,
            op::EMPTY_DICT => push_plain(vm, state, &mut input, vm.heap.dict().value())?,
            op::EMPTY_TUPLE => push_plain(vm, state, &mut input, vm.heap.tuple(&[]).value())?,
            op::EMPTY_SET => push_plain(
                vm,
                state,
                &mut input,
                vm.heap.set(Members::default()).value(),
            )?,
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                short_tuple(vm, state, &mut input, usize::from(code - op::TUPLE1) + 1)?
            }
            op::TUPLE => whole_tuple(vm, state, &mut input)?,
            op::LIST => whole_list(vm, state, &mut input)?,
            op::APPEND => load_items::append(vm, state, &mut input)?,
            op::APPENDS => load_items::appends(vm, state, &mut input)?,
            op::SETITEM => load_items::set_item(vm, state, &mut input)?,
            op::SETITEMS => load_items::set_items(vm, state, &mut input)?,
            op::ADDITEMS => load_items::add_items(vm, state, &mut input)?,
            op::FROZENSET => load_items::frozen_set(vm, state, &mut input)?,
            op::MEMOIZE => memoize(vm, state, &mut input)?,
            op::BINPUT | op::LONG_BINPUT => put(vm, state, &mut input, code)?,
            op::BINGET | op::LONG_BINGET => get(vm, state, &mut input, code)?,
            op::PROTO => protocol(vm, state, &mut input)?,
            op::FRAME => frame(vm, &mut input)?,
            op::POP => pop(vm, state, &mut input)?,
            op::POP_MARK => pop_mark(vm, state, &mut input)?,
            op::DUP => match state.top(&vm.heap) {
                Some(top) => push_plain(vm, state, &mut input, top)?,
                None => Some(Pause::Underflow),
            },
            _ => Some(Pause::Call(code)),
        };
        if let Some(pause) = step {
            return Ok(pause);
        }
    }
    Ok(Pause::Safepoint)
}

/// Pushes a value that needs no more than its code.
#[inline]
pub fn push_plain(vm: &Vm, state: &Unpickler, input: &mut Input, value: Value<'_>) -> Step {
    state.push(&vm.heap, value)?;
    input.at += 1;
    GO_ON
}

/// Pushes a value whose code ends at `end`.
#[inline]
fn push_to(vm: &Vm, state: &Unpickler, input: &mut Input, value: Value<'_>, end: usize) -> Step {
    state.push(&vm.heap, value)?;
    input.at = end;
    GO_ON
}

fn number(vm: &Vm, state: &Unpickler, input: &mut Input, code: u8) -> Step {
    let len = match code {
        op::BININT1 => 1,
        op::BININT2 => 2,
        op::BININT => 4,
        _ => 8,
    };
    let at = input.at + 1;
    let Some(data) = input.get(at, len) else {
        return need(1 + len);
    };
    let value = match *data {
        [a] => vm.heap.int(i64::from(a)),
        [a, b] => vm.heap.int(i64::from(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => vm.heap.int(i64::from(i32::from_le_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => Value::float(f64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => return need(1 + len),
    };
    push_to(vm, state, input, value, at + len)
}

/// A length of `width` bytes after the code: the length, and where what it counts begins.
#[inline]
fn size(input: &Input, width: usize) -> Option<(u64, usize)> {
    let at = input.at + 1;
    let data = input.get(at, width)?;
    let mut word = [0; 8];
    word[..width].copy_from_slice(data);
    Some((u64::from_le_bytes(word), at + width))
}

fn long(vm: &Vm, state: &Unpickler, input: &mut Input, code: u8) -> Step {
    let width = if code == op::LONG1 { 1 } else { 4 };
    let Some((len, at)) = size(input, width) else {
        return need(1 + width);
    };
    if len > i32::MAX as u64 {
        return wrong("LONG pickle has negative byte count");
    }
    let len = len as usize;
    let Some(data) = input.get(at, len) else {
        return need(1 + width + len);
    };
    let value = from_bytes(data, ByteOrder::Little, Signedness::Signed);
    push_to(vm, state, input, vm.heap.any_int(value), at + len)
}

/// The length of what follows a code, as a machine size.
fn checked_size(vm: &Vm, len: u64, what: &str) -> Result<usize, Raised> {
    match usize::try_from(len) {
        Ok(len) if len <= isize::MAX as usize => Ok(len),
        _ => {
            let most = isize::MAX;
            let message = format!("{what} exceeds system's maximum size of {most} bytes");
            Err(vm.heap.raise(Builtin::OverflowError, message))
        }
    }
}

fn text(vm: &Vm, state: &Unpickler, input: &mut Input, code: u8) -> Step {
    let width = match code {
        op::SHORT_BINUNICODE => 1,
        op::BINUNICODE => 4,
        _ => 8,
    };
    let Some((len, at)) = size(input, width) else {
        return need(1 + width);
    };
    let len = checked_size(vm, len, "BINUNICODE")?;
    let Some(data) = input.get(at, len) else {
        return need((1 + width).saturating_add(len));
    };
    let value = text_value(&vm.heap, data)?;
    push_to(vm, state, input, value, at + len)
}

/// A string from UTF-8 that may have surrogates.
fn text_value<'h>(heap: &'h Heap, data: &[u8]) -> Result<Value<'h>, Raised> {
    match std::str::from_utf8(data) {
        Ok(text) if surrogate::find(text).is_none() => heap.try_str(text),
        _ => match codec::decode(data, Encoding::Utf8, "surrogatepass") {
            Ok(text) => heap.try_str(&text),
            Err(error) => Err(codec_error(heap, error, heap.bytes(data).value())),
        },
    }
}

fn bytes(vm: &Vm, state: &Unpickler, input: &mut Input, code: u8) -> Step {
    let width = match code {
        op::SHORT_BINBYTES => 1,
        op::BINBYTES => 4,
        _ => 8,
    };
    let Some((len, at)) = size(input, width) else {
        return need(1 + width);
    };
    let what = if code == op::BYTEARRAY8 {
        "BYTEARRAY8"
    } else {
        "BINBYTES"
    };
    let len = checked_size(vm, len, what)?;
    let Some(data) = input.get(at, len) else {
        return need((1 + width).saturating_add(len));
    };
    let data = crate::stdlib::arg::copied(&vm.heap, data)?;
    let value = match code {
        op::BYTEARRAY8 => vm.heap.bytearray(data).value(),
        _ => vm.heap.bytes(data).value(),
    };
    push_to(vm, state, input, value, at + len)
}

/// The height of the last mark, which is taken away.
fn take_mark(state: &Unpickler) -> Result<usize, Pause> {
    state
        .marks
        .borrow_mut()
        .pop()
        .ok_or(Pause::Wrong("could not find MARK"))
}

fn short_tuple(vm: &Vm, state: &Unpickler, input: &mut Input, len: usize) -> Step {
    let height = state.stack.len();
    if height < state.fence() + len {
        return Ok(Some(Pause::Underflow));
    }
    let values = state.take_from(&vm.heap, height - len);
    push_plain(vm, state, input, vm.heap.tuple(&values).value())
}

fn whole_tuple(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let start = match take_mark(state) {
        Ok(start) => start,
        Err(pause) => return Ok(Some(pause)),
    };
    let values = state.take_from(&vm.heap, start);
    push_plain(vm, state, input, vm.heap.tuple(&values).value())
}

fn whole_list(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let start = match take_mark(state) {
        Ok(start) => start,
        Err(pause) => return Ok(Some(pause)),
    };
    let values = state.take_from(&vm.heap, start);
    push_plain(vm, state, input, vm.heap.list(values).value())
}

fn memoize(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let Some(top) = state.top(&vm.heap) else {
        return Ok(Some(Pause::Underflow));
    };
    state.memo.set(&vm.heap, state.memo.len(), top)?;
    input.at += 1;
    GO_ON
}

fn put(vm: &Vm, state: &Unpickler, input: &mut Input, code: u8) -> Step {
    let width = if code == op::BINPUT { 1 } else { 4 };
    let Some((number, end)) = size(input, width) else {
        return need(1 + width);
    };
    let Some(top) = state.top(&vm.heap) else {
        return Ok(Some(Pause::Underflow));
    };
    state.memo.set(&vm.heap, number as usize, top)?;
    input.at = end;
    GO_ON
}

fn get(vm: &Vm, state: &Unpickler, input: &mut Input, code: u8) -> Step {
    let width = if code == op::BINGET { 1 } else { 4 };
    let Some((number, end)) = size(input, width) else {
        return need(1 + width);
    };
    match state.memo.get(&vm.heap, number as usize) {
        Some(value) => push_to(vm, state, input, value, end),
        None => Ok(Some(Pause::Call(code))),
    }
}

fn protocol(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let Some(&[number]) = input.get(input.at + 1, 1).and_then(|d| d.first_chunk()) else {
        return need(2);
    };
    if i64::from(number) > op::HIGHEST_PROTOCOL {
        let message = format!("unsupported pickle protocol: {number}");
        return Err(vm.heap.value_error(message));
    }
    state.protocol.set(i64::from(number));
    input.at += 2;
    GO_ON
}

/// A frame: what it holds is read at once.
fn frame(vm: &Vm, input: &mut Input) -> Step {
    let Some((len, at)) = size(input, 8) else {
        return need(9);
    };
    let len = match usize::try_from(len) {
        Ok(len) if len <= isize::MAX as usize => len,
        _ => {
            let message = format!(
                "FRAME length exceeds system's maximum of {} bytes",
                isize::MAX
            );
            return Err(vm.heap.raise(Builtin::OverflowError, message));
        }
    };
    if input.get(at, len).is_none() {
        return need(9_usize.saturating_add(len));
    }
    input.at = at;
    GO_ON
}

fn pop(vm: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let height = state.stack.len();
    let mut marks = state.marks.borrow_mut();
    if marks.last() == Some(&height) {
        marks.pop();
    } else if height <= marks.last().copied().unwrap_or(0) {
        return Ok(Some(Pause::Underflow));
    } else {
        state.stack.pop(&vm.heap);
    }
    input.at += 1;
    GO_ON
}

fn pop_mark(_: &Vm, state: &Unpickler, input: &mut Input) -> Step {
    let start = match take_mark(state) {
        Ok(start) => start,
        Err(pause) => return Ok(Some(pause)),
    };
    state.stack.truncate(start);
    input.at += 1;
    GO_ON
}
