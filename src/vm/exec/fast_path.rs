//! Fast paths of calls: what the loop tries before it calls a native in full.
//!
//! A native may have a fast path (`Native::quick`) that handles common arguments on values alone: no locals, no binding, no
//! frame. It either has the result or does nothing. Instances of the program's classes never reach one as receivers, as
//! caches do not learn natives for them; as other arguments they may, and fast paths turn them down.

use crate::bytecode::Instr;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::function::BoundMethod;
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
            Some(Kind::BoundMethod) => self.quick_bound(callee, w, i),
            Some(Kind::Opaque) => self
                .own_call(callee)
                .is_some_and(|native| self.quick_call(native, w, i, 0, i.b as usize + 1)),
            _ => false,
        }
    }

    /// `Call` of a method in Rust that is bound to its receiver, which takes the place of the callee while its fast path is asked.
    fn quick_bound(&self, callee: Value<'_>, w: Window, i: Instr) -> bool {
        let Some((native, receiver)) = self.bound_native(callee) else {
            return false;
        };
        w.set(i.a, receiver);
        let done = self.quick_call(native, w, i, 0, i.b as usize + 1);
        if !done {
            w.set(i.a, callee);
        }
        done
    }

    /// The native and the receiver of a bound method of the receiver's own class, which gets it as it is.
    pub(in crate::vm) fn bound_native<'h>(
        &'h self,
        callee: Value<'h>,
    ) -> Option<(&'static Native, Value<'h>)> {
        let bound = callee.as_gc::<BoundMethod>()?;
        let function = bound.get().function.get(&self.heap);
        let function = function.as_gc::<NativeFunction>()?;
        let receiver = bound.get().receiver.get(&self.heap);
        // A method that another class has, or that was bound by hand to some object, is for the general path to check.
        let class = self.heap.class_of(receiver).value();
        let plain = !function.is_new && function.get().owner.get(&self.heap).is(class);
        plain.then(|| (self.native(function.id), receiver))
    }

    /// The native that is the `__call__` of an object's class.
    pub(in crate::vm) fn own_call(&self, callee: Value<'_>) -> Option<&'static Native> {
        let class = self.heap.class_of(callee);
        let call = class.lookup(&self.heap, self.heap.sym(Sym::Call))?;
        Some(self.native(call.as_gc::<NativeFunction>()?.id))
    }

    /// The native of a function object that gets its arguments as they are: no method, no constructor.
    fn free_native(&self, callee: Value<'_>) -> Option<&'static Native> {
        let function = callee.as_gc::<NativeFunction>()?;
        (!function.is_new && function.owner.is_undef()).then(|| self.native(function.id))
    }

    /// The native under the `__new__` that a builtin class, or one of a native module, has itself.
    fn constructor(&self, callee: Value<'_>) -> Option<&'static Native> {
        let class = callee.as_gc::<Class>()?;
        if class.builtin.is_none() && !class.has(class_flag::NATIVE) {
            return None;
        }
        let new = class.attrs.get(&self.heap, self.heap.sym(Sym::New))?;
        Some(self.native(new.as_gc::<NativeFunction>()?.id))
    }
}
