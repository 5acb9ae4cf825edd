//! Fast paths of calls: what the loop tries before it calls a native in full.
//!
//! A native may have a fast path (`Native::quick`) that handles common arguments on values alone: no locals, no binding, no
//! frame. It either has the result or does nothing. Instances of the program's classes never reach one as receivers, as
//! caches do not learn natives for them; as other arguments they may, and fast paths turn them down.

use crate::bytecode::Instr;
use crate::runtime::class::Class;
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Gc, Value};
use crate::vm::Vm;
use crate::vm::exec::frame::Window;
use crate::vm::native::{Args, Native};

impl Vm {
    /// Asks a native's fast path with `count` arguments from `R[a + skip]` on; whether `R[a]` has the result.
    #[inline(always)]
    pub(in crate::vm) fn quick_call(
        &self,
        native: &Native,
        w: Window,
        i: Instr,
        skip: usize,
        count: usize,
    ) -> bool {
        let Some(quick) = native.quick else {
            return false;
        };
        let args = Args::new(&self.heap, w.slots(i.a as usize + skip, count));
        match quick(&self.heap, args) {
            // Without memory for the result the general path raises.
            Some(_) if self.heap.take_failed() => false,
            Some(value) => {
                w.set(i.a, value);
                true
            }
            None => false,
        }
    }

    /// `Call` of a function in Rust, or of a builtin class, by its fast path; whether `R[a]` has the result.
    #[inline(never)]
    pub(in crate::vm) fn quick_callee(&self, w: Window, i: Instr) -> bool {
        let callee = w.get(&self.heap, i.a);
        match callee.as_object().map(Gc::kind) {
            Some(Kind::Native) => self
                .free_native(callee)
                .is_some_and(|native| self.quick_call(native, w, i, 1, i.b as usize)),
            Some(Kind::Class) => self
                .constructor(callee)
                .is_some_and(|native| self.quick_call(native, w, i, 0, i.b as usize + 1)),
            _ => false,
        }
    }

    /// The native of a function object that gets its arguments as they are: no method, no constructor.
    fn free_native(&self, callee: Value<'_>) -> Option<&'static Native> {
        let function = callee.as_gc::<NativeFunction>()?;
        (!function.is_new && function.owner.is_undef()).then(|| self.native(function.id))
    }

    /// The native under the `__new__` that a builtin class has itself.
    fn constructor(&self, callee: Value<'_>) -> Option<&'static Native> {
        let class = callee.as_gc::<Class>()?;
        class.builtin?;
        let new = class.attrs.get(&self.heap, self.heap.sym(Sym::New))?;
        Some(self.native(new.as_gc::<NativeFunction>()?.id))
    }
}
