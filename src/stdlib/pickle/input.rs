//! Where an unpickler reads: bytes that are there, and more from a file when they end.
//!
//! `Input` is plain bytes and a place. `fill` asks the file for what a code still needs; the code is then read anew from its start, so
//! nothing is half done. A file that can `peek` is read ahead; at the end it is left where the pickle ends.

use super::unpickler::unpickler;
use super::{UNPICKLING_ERROR, pickler::slot};
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::Buffer;
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Vm};

/// How far a file is read ahead.
const AHEAD: i64 = 128 * 1024;

/// The bytes that were read and not used yet.
#[derive(Default)]
pub struct Input {
    pub data: Vec<u8>,
    /// Where the next code begins.
    pub at: usize,
    /// From here on the bytes were only peeked at: the file stands there.
    pub peeked: usize,
}

/// The operands that a code needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// So many bytes from the code's start on.
    Bytes(usize),
    /// A line after its code.
    Line,
}

impl Input {
    /// The bytes from the code at `at` on that have this end, if all are there.
    #[inline]
    pub fn get(&self, from: usize, len: usize) -> Option<&[u8]> {
        self.data.get(from..from.checked_add(len)?)
    }
}

/// Reads what a code needs. False: the input ends before.
///
/// # Errors
/// The exceptions of the file's methods.
pub fn fill(vm: &mut Vm, this: Local, need: Need) -> Result<bool, Raised> {
    if unpickler(vm, this).read.is_undef() {
        return Ok(false);
    }
    skip_consumed(vm, this)?;
    let state = unpickler(vm, this);
    let kept = {
        let mut input = state.input.borrow_mut();
        let (at, peeked) = (input.at, input.peeked.max(input.at));
        input.data.truncate(peeked);
        input.data.drain(..at);
        input.at = 0;
        input.data.len()
    };
    let enough = match need {
        Need::Bytes(len) => {
            let more = vm.local(vm.heap.usize(len - kept.min(len)));
            let read = slot(vm, &state.read);
            let data = vm.call(read, &[more])?;
            append(vm, this, data)? + kept >= len
        }
        Need::Line => {
            let readline = slot(vm, &state.readline);
            let data = vm.call(readline, &[])?;
            let is_more = append(vm, this, data)? > 0;
            is_more && unpickler(vm, this).input.borrow().data.last() == Some(&b'\n')
        }
    };
    let end = unpickler(vm, this).input.borrow().data.len();
    unpickler(vm, this).input.borrow_mut().peeked = end;
    if enough {
        peek(vm, this)?;
    }
    Ok(enough)
}

/// Appends what a file returned; how much that is.
fn append(vm: &mut Vm, this: Local, data: Local) -> Result<usize, Raised> {
    let heap = &vm.heap;
    let bytes = Buffer::arg(heap, vm.get(data))?;
    let mut input = unpickler(vm, this).input.borrow_mut();
    heap.append_bytes(&mut input.data, &bytes)?;
    Ok(bytes.len())
}

fn peek(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let state = unpickler(vm, this);
    if state.peek.is_undef() {
        return Ok(());
    }
    let peek = slot(vm, &state.peek);
    let size = vm.local(vm.heap.int(AHEAD));
    match vm.call(peek, &[size]) {
        Ok(data) => append(vm, this, data).map(drop),
        Err(raised) if vm.is_raised(&raised, Builtin::NotImplementedError) => {
            vm.heap.take_raised(raised);
            unpickler(vm, this).peek.clear();
            Ok(())
        }
        Err(raised) => Err(raised),
    }
}

/// Moves the file over the bytes that were peeked at and used.
///
/// # Errors
/// The exceptions of `read`.
pub fn skip_consumed(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let state = unpickler(vm, this);
    let consumed = {
        let mut input = state.input.borrow_mut();
        let consumed = input.at.saturating_sub(input.peeked);
        input.peeked += consumed;
        consumed
    };
    if consumed == 0 || state.read.is_undef() {
        return Ok(());
    }
    let read = slot(vm, &state.read);
    let mark = vm.mark();
    let size = vm.local(vm.heap.usize(consumed));
    vm.call(read, &[size])?;
    vm.release(mark);
    Ok(())
}

/// UnpicklingError with a message.
pub fn refuse(vm: &mut Vm, message: &str) -> Raised {
    raise_text(vm, &UNPICKLING_ERROR, message)
}
