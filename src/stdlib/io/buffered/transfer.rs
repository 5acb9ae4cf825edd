//! Bytes between the buffer of a stream and its raw stream: reading ahead, writing what is pending, moving.
//!
//! At most one of both holds bytes: what was read ahead is given back (`rewind`) before a write, what is pending is written before a
//! read. Where the raw stream is the system's file, these calls go to it directly.

use std::io::SeekFrom;

use super::{BufferedState, direct, raw, state};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::{Builtin, Raised};
use crate::stdlib::io::file_io::{read_rest, read_some};
use crate::stdlib::path::system_error;
use crate::vm::{Local, Vm};

/// One read of the raw stream; None: it would block.
fn read_raw(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
    len: usize,
) -> Result<Option<Vec<u8>>, Raised> {
    if let Some(file) = direct(state) {
        return read_some(vm, &file, len);
    }
    let raw = raw(vm, this)?;
    let room = crate::stdlib::io::zeroed(vm, len)?;
    let room = vm.local(vm.heap.bytearray(room).value());
    let count = vm.call_method(raw, "readinto", &[room])?;
    if vm.get(count).is_none() {
        return Ok(None);
    }
    let count = vm.index(count)?;
    let array = vm.get_gc::<ByteArray>(room).expect("just made");
    let mut data = array.take(&vm.heap);
    match usize::try_from(count) {
        Ok(count) if count <= len => data.truncate(count),
        _ => {
            let message = format!(
                "raw readinto() returned invalid length {count} (should have been between 0 and {len})"
            );
            return Err(vm.heap.raise(Builtin::OSError, message));
        }
    }
    Ok(Some(data))
}

/// Reads ahead; how many bytes there are more, None: it would block.
pub(super) fn fill(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
) -> Result<Option<usize>, Raised> {
    let Some(data) = read_raw(vm, this, state, state.size.get())? else {
        return Ok(None);
    };
    let mut ahead = state.ahead.borrow_mut();
    ahead.drain(..state.at.replace(0));
    if ahead.is_empty() {
        *ahead = data;
        return Ok(Some(ahead.len()));
    }
    vm.heap.append_bytes(&mut ahead, &data)?;
    Ok(Some(data.len()))
}

/// `count` bytes, fewer only at the end; None: it would block before the first.
pub(super) fn read_exactly(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
    count: usize,
) -> Result<Option<Vec<u8>>, Raised> {
    write_pending(vm, this, state)?;
    let mut data = state.take(count);
    while data.len() < count {
        vm.native_safepoint()?;
        let left = count - data.len();
        let mark = vm.mark();
        if left >= state.size.get() {
            // What is more than the buffer holds goes past it, in whole blocks, one after the other.
            let block = left.min(1 << 26) / state.size.get() * state.size.get();
            match read_raw(vm, this, state, block)? {
                None if data.is_empty() => return Ok(None),
                None => break,
                Some(more) if more.is_empty() => break,
                Some(more) => vm.heap.append_bytes(&mut data, &more)?,
            }
        } else {
            match fill(vm, this, state)? {
                None if data.is_empty() => return Ok(None),
                None | Some(0) => break,
                Some(_) => vm.heap.append_bytes(&mut data, &state.take(left))?,
            }
        }
        vm.release(mark);
    }
    Ok(Some(data))
}

pub(super) fn read_everything(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
) -> Result<Option<Vec<u8>>, Raised> {
    write_pending(vm, this, state)?;
    let mut data = state.take(usize::MAX);
    if let Some(file) = direct(state) {
        return Ok(match read_rest(vm, &file)? {
            Some(rest) if data.is_empty() => Some(rest),
            Some(rest) => {
                vm.heap.append_bytes(&mut data, &rest)?;
                Some(data)
            }
            None if data.is_empty() => None,
            None => Some(data),
        });
    }
    let raw = raw(vm, this)?;
    if vm.find_attr(raw, "readall")?.is_some() {
        let rest = vm.call_method(raw, "readall", &[])?;
        if vm.get(rest).is_none() {
            return Ok(Some(data).filter(|data| !data.is_empty()));
        }
        let Some(rest) = vm.get_gc::<Bytes>(rest) else {
            return Err(vm.heap.type_error("readall() should return bytes"));
        };
        vm.heap.append_bytes(&mut data, rest.as_slice())?;
        return Ok(Some(data));
    }
    loop {
        vm.native_safepoint()?;
        let piece = vm.call_method(raw, "read", &[])?;
        let piece = vm.get(piece).to_bytes().unwrap_or_default();
        if piece.is_empty() {
            return Ok(Some(data));
        }
        vm.heap.append_bytes(&mut data, &piece)?;
    }
}

/// What is buffered, or what one read of the raw stream returns.
pub(super) fn read_once(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
    count: usize,
) -> Result<Vec<u8>, Raised> {
    write_pending(vm, this, state)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    if state.unread() > 0 {
        return Ok(state.take(count));
    }
    state.forget();
    Ok(read_raw(vm, this, state, count)?.unwrap_or_default())
}

/// Returns buffered bytes. One read of the raw stream follows where nothing is buffered, or where more is left than the buffer holds.
pub(super) fn read_up_to(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
    count: usize,
) -> Result<Vec<u8>, Raised> {
    write_pending(vm, this, state)?;
    let mut data = state.take(count);
    let left = count - data.len();
    if left > state.size.get() {
        state.forget();
        let more = read_raw(vm, this, state, left)?.unwrap_or_default();
        vm.heap.append_bytes(&mut data, &more)?;
    } else if left > 0 && data.is_empty() {
        fill(vm, this, state)?;
        data = state.take(count);
    }
    Ok(data)
}

/// A line, at most `limit` bytes of it.
pub(super) fn read_line(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
    limit: Option<usize>,
) -> Result<Vec<u8>, Raised> {
    write_pending(vm, this, state)?;
    let mut line = Vec::new();
    loop {
        let found = {
            let ahead = state.ahead.borrow();
            memchr::memchr(b'\n', &ahead[state.at.get()..]).map(|at| at + 1)
        };
        let room = limit.map_or(usize::MAX, |limit| limit - line.len());
        let part = state.take(found.unwrap_or(usize::MAX).min(room));
        vm.heap.append_bytes(&mut line, &part)?;
        if found.is_some_and(|found| found <= room) || limit == Some(line.len()) {
            return Ok(line);
        }
        vm.native_safepoint()?;
        let mark = vm.mark();
        if fill(vm, this, state)?.unwrap_or(0) == 0 {
            return Ok(line);
        }
        vm.release(mark);
    }
}

/// Buffers bytes; writes first what would not fit.
pub(super) fn write_bytes(
    vm: &mut Vm,
    this: Local,
    state: &BufferedState,
    data: &[u8],
) -> Result<(), Raised> {
    rewind(vm, this, state)?;
    let is_full = state.sink.pending.borrow().len() + data.len() > state.size.get();
    if is_full && let Err(raised) = write_pending(vm, this, state) {
        let raised = unless_blocked(vm, raised)?;
        let room = state.size.get() - state.sink.pending.borrow().len().min(state.size.get());
        let kept = data.len().min(room);
        vm.heap
            .append_bytes(&mut state.sink.pending.borrow_mut(), &data[..kept])?;
        return match kept == data.len() {
            true => drop_raised(vm, raised),
            false => Err(would_block(vm, kept)),
        };
    }
    vm.heap
        .append_bytes(&mut state.sink.pending.borrow_mut(), data)?;
    if state.sink.pending.borrow().len() <= state.size.get() {
        return Ok(());
    }
    let Err(raised) = write_pending(vm, this, state) else {
        return Ok(());
    };
    let raised = unless_blocked(vm, raised)?;
    let over = state
        .sink
        .pending
        .borrow()
        .len()
        .saturating_sub(state.size.get());
    if over == 0 {
        return drop_raised(vm, raised);
    }
    let kept = state.sink.pending.borrow().len() - over;
    state.sink.pending.borrow_mut().truncate(kept);
    Err(would_block(vm, data.len().saturating_sub(over)))
}

/// The error again if it says that a write would block; any other error is returned as one.
fn unless_blocked(vm: &Vm, raised: Raised) -> Result<Raised, Raised> {
    match vm.is_raised(&raised, Builtin::BlockingIOError) {
        true => Ok(raised),
        false => Err(raised),
    }
}

fn drop_raised(vm: &Vm, raised: Raised) -> Result<(), Raised> {
    vm.heap.take_raised(raised);
    Ok(())
}

/// The raw stream takes no more now; so many bytes of the data were written or kept.
fn would_block(vm: &mut Vm, written: usize) -> Raised {
    let heap = &vm.heap;
    let text = "write could not complete without blocking";
    let arguments = [heap.int(11), heap.str_value(text), heap.usize(written)];
    let arguments = arguments.map(|argument| vm.local(argument));
    let class = heap.types.class(heap, Builtin::BlockingIOError).value();
    let class = vm.local(class);
    match vm.call(class, &arguments) {
        Ok(exception) => vm.raise_local(exception),
        Err(raised) => raised,
    }
}

/// Hands what is to be written to the raw stream.
pub(super) fn write_pending(vm: &mut Vm, this: Local, state: &BufferedState) -> Result<(), Raised> {
    if state.sink.pending.borrow().is_empty() {
        return Ok(());
    }
    if direct(state).is_some() {
        return state
            .sink
            .write_out()
            .map_err(|error| system_error(vm, &error));
    }
    let raw = raw(vm, this)?;
    while !state.sink.pending.borrow().is_empty() {
        vm.native_safepoint()?;
        let mark = vm.mark();
        let data = state.sink.pending.borrow().clone();
        let len = data.len();
        let data = vm.local(vm.heap.bytes(data).value());
        let count = vm.call_method(raw, "write", &[data])?;
        if vm.get(count).is_none() {
            return Err(would_block(vm, 0));
        }
        let count = vm.index(count)?;
        match usize::try_from(count) {
            Ok(count) if count <= len => {
                let mut pending = state.sink.pending.borrow_mut();
                let count = count.min(pending.len());
                pending.drain(..count);
            }
            _ => {
                let message = format!(
                    "raw write() returned invalid length {count} (should have been between 0 and {len})"
                );
                return Err(vm.heap.raise(Builtin::OSError, message));
            }
        }
        vm.release(mark);
    }
    Ok(())
}

/// Moves the raw stream back to the position of the buffered one: before a write after a read.
pub(super) fn rewind(vm: &mut Vm, this: Local, state: &BufferedState) -> Result<(), Raised> {
    let unread = state.unread();
    if unread == 0 {
        state.forget();
        return Ok(());
    }
    let able = ask(vm, this, "seekable")?;
    if !vm.truth(able)? {
        return Ok(());
    }
    seek_raw(vm, this, SeekFrom::Current(-(unread as i64)))?;
    state.forget();
    Ok(())
}

/// Calls a method of the raw stream.
pub(super) fn ask(vm: &mut Vm, this: Local, method: &str) -> Result<Local, Raised> {
    let raw = raw(vm, this)?;
    vm.call_method(raw, method, &[])
}

/// Moves the raw stream; its new position.
pub(super) fn seek_raw(vm: &mut Vm, this: Local, target: SeekFrom) -> Result<i64, Raised> {
    let state = state(vm, this)?;
    if let Some(file) = direct(&state) {
        let at = file
            .seek(target)
            .map_err(|error| system_error(vm, &error))?;
        return Ok(at as i64);
    }
    let (offset, whence) = match target {
        SeekFrom::Start(offset) => (offset as i64, 0),
        SeekFrom::Current(offset) => (offset, 1),
        SeekFrom::End(offset) => (offset, 2),
    };
    let (offset, whence) = (vm.local(vm.heap.int(offset)), vm.local(vm.heap.int(whence)));
    let raw = raw(vm, this)?;
    let at = vm.call_method(raw, "seek", &[offset, whence])?;
    checked_position(vm, at)
}

/// A position that the raw stream returned.
fn checked_position(vm: &mut Vm, at: Local) -> Result<i64, Raised> {
    let at = vm.index(at)?;
    if at < 0 {
        let message = format!("Raw stream returned invalid position {at}");
        return Err(vm.heap.raise(Builtin::OSError, message));
    }
    Ok(at)
}

/// The position of a buffered stream.
pub(super) fn tell(vm: &mut Vm, this: Local) -> Result<i64, Raised> {
    let state = state(vm, this)?;
    let at = match direct(&state) {
        Some(file) => {
            let at = file.seek(SeekFrom::Current(0));
            at.map_err(|error| system_error(vm, &error))? as i64
        }
        None => {
            let at = ask(vm, this, "tell")?;
            checked_position(vm, at)?
        }
    };
    let pending = state.sink.pending.borrow().len() as i64;
    Ok(at - state.unread() as i64 + pending)
}
