//! `memoryview.cast`: the same bytes as items of another format or shape.
//!
//! One of the two formats is of single bytes; the bytes stand in a row.

use smallvec::{SmallVec, smallvec};

use super::{Format, object, view};
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::text;
use crate::stdlib::packing::{Sizes, size_of};
use crate::vm::{Local, Locals, Native, Vm};

/// `cast`
pub const CAST: Native = Native::vm(
    "cast(self, /, format, shape=None)",
    "The same bytes as items of another format, or in another shape.",
    cast,
);

fn cast(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let format = text(&vm.heap, vm.get(args.at(1)), "cast() argument 'format'")?.to_owned();
    let old = view(vm, args.at(0))?;
    if !old.is_contiguous() {
        let message = "memoryview: casts are restricted to C-contiguous views";
        return Err(vm.heap.type_error(message));
    }
    let letter = format.strip_prefix('@').unwrap_or(&format);
    let known = match letter.as_bytes() {
        [letter] if !matches!(letter, b'x' | b's' | b'p') => {
            size_of(*letter, Sizes::Native).map(|size| (*letter, size))
        }
        _ => None,
    };
    let Some((letter, size)) = known else {
        let message = "memoryview: destination format must be a native single character format prefixed with an optional '@'";
        return Err(vm.heap.value_error(message));
    };
    let is_bytes = |letter: u8| matches!(letter, b'B' | b'b' | b'c');
    if !is_bytes(old.letter()) && !is_bytes(letter) {
        let message = "memoryview: cannot cast between two non-byte formats";
        return Err(vm.heap.type_error(message));
    }
    let len = old.byte_len();
    if len % size != 0 {
        let message = "memoryview: length is not a multiple of itemsize";
        return Err(vm.heap.type_error(message));
    }
    let mut new = old.again(&vm.heap);
    new.format = Format {
        letter,
        is_marked: format.starts_with('@'),
    };
    new.itemsize = size;
    new.shape = shape_of(vm, args.at(2))?.unwrap_or_else(|| smallvec![len / size]);
    let product = new
        .shape
        .iter()
        .try_fold(size, |n, &len| n.checked_mul(len));
    if product != Some(len) {
        let message = "memoryview: product(shape) * itemsize != buffer size";
        return Err(vm.heap.type_error(message));
    }
    let mut stride = size as i64;
    let mut strides = SmallVec::new();
    for &len in new.shape.iter().rev() {
        strides.push(stride);
        stride *= len as i64;
    }
    strides.reverse();
    new.strides = strides;
    Ok(object(vm, args.at(0), new))
}

fn shape_of(vm: &mut Vm, shape: Local) -> Result<Option<SmallVec<[usize; 2]>>, Raised> {
    let value: Value<'_> = vm.get(shape);
    if value.is_undef() || value.is_none() {
        return Ok(None);
    }
    let mut lengths = SmallVec::new();
    for length in vm.to_vec(shape)? {
        let length = vm.index(length)?;
        match usize::try_from(length) {
            Ok(length) if length > 0 => lengths.push(length),
            _ => {
                let message = "memoryview.cast(): elements of shape must be integers > 0";
                return Err(vm.heap.value_error(message));
            }
        }
    }
    if lengths.len() > 64 {
        let message = "memoryview: number of dimensions must not exceed 64";
        return Err(vm.heap.value_error(message));
    }
    Ok(Some(lengths))
}
