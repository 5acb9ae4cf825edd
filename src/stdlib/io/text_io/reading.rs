//! Reading a text stream: pieces of bytes decoded ahead, lines and counts of characters taken from them.
//!
//! A piece is decoded with all that the decoder holds back; the snapshot remembers the bytes of what is not read yet, so that `tell` can
//! name a place inside of a piece.

use super::{
    CHUNK, TextPayload, TextState, buffer, hand_on, open_state, size_arg, state, unsupported,
};
use crate::runtime::bytes::Bytes;
use crate::runtime::opaque::Opaque;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{Buffer, as_str, codec_error};
use crate::stdlib::io::standard::{self, Standard};
use crate::stdlib::io::text_position::Snapshot;
use crate::text::codec::{CodecError, Encoding};
use crate::vm::{Args, Local, Locals, Vm};

/// What the decoder cannot make sense of.
fn decode_error(vm: &Vm, error: CodecError, held: &[u8], bytes: &[u8]) -> Raised {
    let input = vm.heap.bytes([held, bytes].concat()).value();
    codec_error(&vm.heap, error, input)
}

/// Reads and decodes the next piece, a larger one where much waits for its end already; false at the end.
fn fill(vm: &mut Vm, this: Local, state: &TextState) -> Result<bool, Raised> {
    if !state.readable.get() {
        return Err(unsupported(vm, "not readable"));
    }
    let mark = vm.mark();
    let buffer = buffer(vm, this)?;
    let waiting = state.text.borrow().len() - state.at.get();
    let size = vm.local(vm.heap.usize(CHUNK.max(waiting)));
    let method = if state.has_read1.get() {
        "read1"
    } else {
        "read"
    };
    let piece = vm.call_method(buffer, method, &[size])?;
    let piece = match Buffer::of(&vm.heap, vm.get(piece)) {
        Some(bytes) => bytes.into_vec(&vm.heap)?,
        None => {
            let class = vm.heap.type_name(vm.get(piece));
            let message = format!(
                "underlying {method}() should have returned a bytes-like object, not '{class}'"
            );
            return Err(vm.heap.type_error(message));
        }
    };
    vm.release(mark);
    let last = piece.is_empty();
    add_piece(vm, state, &piece, last)?;
    Ok(!last)
}

/// Decodes a piece after what is decoded.
fn add_piece(vm: &Vm, state: &TextState, piece: &[u8], last: bool) -> Result<(), Raised> {
    let mut decoder = state.decoder.borrow_mut();
    let mut text = state.text.borrow_mut();
    let mut snapshot = state.snapshot.borrow_mut();
    let at = state.at.get();
    let consumed = snapshot.bytes_of(&text, at, &decoder);
    snapshot.drop_front(consumed);
    vm.heap.room_for(piece.len().saturating_mul(2))?;
    let before = decoder.codec.clone();
    let decoded = decoder.decode(piece, &state.errors.borrow(), last);
    let decoded = decoded.map_err(|error| decode_error(vm, error, before.held(), piece))?;
    if before.current() != decoder.codec.current() {
        let all = [before.held(), piece].concat();
        snapshot.mark = mark_len(&all, before.current());
    }
    vm.heap.append_bytes(&mut snapshot.bytes, piece)?;
    if at == text.len() {
        *text = decoded;
    } else {
        text.drain(..at);
        vm.heap.append_text(&mut text, &decoded)?;
    }
    state.at.set(0);
    Ok(())
}

/// All text that is left; these are the last bytes. Nothing of either stays behind.
fn rest_as_text(vm: &Vm, state: &TextState, rest: &[u8]) -> Result<String, Raised> {
    let mut decoder = state.decoder.borrow_mut();
    vm.heap.room_for(rest.len().saturating_mul(2))?;
    let held = decoder.codec.held().to_vec();
    let decoded = decoder.decode(rest, &state.errors.borrow(), true);
    let decoded = decoded.map_err(|error| decode_error(vm, error, &held, rest))?;
    *state.snapshot.borrow_mut() = Snapshot::default();
    let mut text = state.text.take();
    let at = state.at.replace(0);
    if at == text.len() {
        return Ok(decoded);
    }
    text.drain(..at);
    vm.heap.append_text(&mut text, &decoded)?;
    Ok(text)
}

fn mark_len(bytes: &[u8], encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8Sig if bytes.starts_with("\u{feff}".as_bytes()) => 3,
        Encoding::Utf16(_) if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) => 2,
        Encoding::Utf32(_) if matches!(bytes, [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..]) => 4,
        _ => 0,
    }
}

/// A stream of the host reads through the system's file from now on; what was written goes out before a read.
pub(super) fn before_read(vm: &mut Vm, this: Local, state: &TextState) -> Result<(), Raised> {
    if state.standard.get() == Some(Standard::Input) {
        standard::leave_host(vm, this)?;
    }
    if !state.readable.get() {
        return Err(unsupported(vm, "not readable"));
    }
    hand_on(vm, this, state)
}

pub(super) fn read(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let size = size_arg(vm, args.at(1))?;
    let state = open_state(vm, this)?;
    before_read(vm, this, &state)?;
    let Ok(size) = usize::try_from(size) else {
        let buffer = buffer(vm, this)?;
        let rest = vm.call_method(buffer, "read", &[])?;
        let text = match vm.get_gc::<Bytes>(rest) {
            Some(rest) => rest_as_text(vm, &state, rest.as_slice())?,
            None => {
                let rest = Buffer::copied(&vm.heap, vm.get(rest))?;
                rest_as_text(vm, &state, &rest)?
            }
        };
        return Ok(vm.local(vm.heap.adopt_text(text)?));
    };
    let mut out = String::new();
    let mut left = size;
    while left > 0 {
        {
            let text = state.text.borrow();
            let rest = &text[state.at.get()..];
            let end = match rest.char_indices().nth(left) {
                Some((end, _)) => {
                    left = 0;
                    end
                }
                None => {
                    left -= rest.chars().count();
                    rest.len()
                }
            };
            vm.heap.append_text(&mut out, &rest[..end])?;
            state.at.set(state.at.get() + end);
        }
        vm.native_safepoint()?;
        if left > 0 && !fill(vm, this, &state)? && state.at.get() == state.text.borrow().len() {
            break;
        }
    }
    Ok(vm.local(vm.heap.try_str(&out)?))
}

/// The next line of at most `limit` characters.
pub fn read_line(
    vm: &mut Vm,
    this: Local,
    state: &TextState,
    limit: Option<usize>,
) -> Result<Local, Raised> {
    before_read(vm, this, state)?;
    loop {
        if let Some(line) = known_line(vm, state, limit) {
            return Ok(line);
        }
        vm.native_safepoint()?;
        if !fill(vm, this, state)? {
            if let Some(line) = known_line(vm, state, limit) {
                return Ok(line);
            }
            let rest = state.take_rest();
            return Ok(vm.local(vm.heap.try_str(&rest)?));
        }
    }
}

/// The next line of at most `limit` characters, if it is decoded.
fn known_line(vm: &Vm, state: &TextState, limit: Option<usize>) -> Option<Local> {
    let Some(limit) = limit else {
        return state.line(&vm.heap).map(|line| vm.local(line));
    };
    let end = limited_end(state, limit)?;
    let text = state.text.borrow();
    let start = state.at.replace(state.at.get() + end);
    Some(vm.local(vm.heap.str_value(&text[start..start + end])))
}

/// Where a line of at most `limit` characters ends, if that is known.
fn limited_end(state: &TextState, limit: usize) -> Option<usize> {
    let text = state.text.borrow();
    let rest = &text[state.at.get()..];
    let end = state.newline.get().line_end(rest);
    let cut = match rest.char_indices().nth(limit) {
        Some((cut, _)) => Some(cut),
        None if end.is_none() && rest.chars().count() == limit => Some(rest.len()),
        None => None,
    };
    match (end, cut) {
        (Some(end), Some(cut)) => Some(end.min(cut)),
        (end, cut) => end.or(cut),
    }
}

pub(super) fn next(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let state = state(vm, this)?;
    let line = if state.exact {
        open_state(vm, this)?;
        state.telling.set(false);
        read_line(vm, this, &state, None)?
    } else {
        let line = vm.call_method(this, "readline", &[])?;
        if as_str(&vm.heap, vm.get(line)).is_none() {
            let class = vm.heap.type_name(vm.get(line));
            let message = format!("readline() should have returned a str object, not '{class}'");
            return Err(vm.heap.raise(Builtin::OSError, message));
        }
        line
    };
    if vm.truth(line)? {
        return Ok(line);
    }
    state.telling.set(state.seekable.get());
    Err(vm.heap.raise_with(Builtin::StopIteration, &[]))
}

/// `next` where the class is the native one and the line is there.
pub(super) fn quick_next<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let state = &args.get(0).as_gc::<Opaque>()?.payload::<TextPayload>()?.0;
    if !state.exact || state.closed.get() || !state.sink.pending.borrow().is_empty() {
        return None;
    }
    let line = state.line(heap)?;
    state.telling.set(false);
    Some(line)
}
