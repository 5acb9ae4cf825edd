//! What bytes and bytearray have in common: nearly all of their methods. The result has the type of the receiver.
//!
//! `bytes.rs` and `bytearray.rs` list these beside what only they have. What the methods do to bytes is in
//! `text/bytes_ops`. To add a method: `const` and code in the file of its topic, its name in both tables.

pub mod case;
pub mod convert;
pub mod make;
pub mod operators;
pub mod pad;
pub mod search;
pub mod split;

use crate::runtime::{Heap, Raised};
use crate::stdlib::arg::Buffer;
use crate::vm::{Args, Locals, Vm};

/// The receiver's bytes.
fn this<'h>(heap: &'h Heap, a: Args<'h>) -> Result<Buffer<'h>, Raised> {
    Buffer::arg(heap, a.get(0))
}

/// The receiver's bytes, in a native that may call the program.
fn this_of(vm: &Vm, a: Locals) -> Result<Buffer<'_>, Raised> {
    Buffer::arg(&vm.heap, vm.get(a.at(0)))
}
