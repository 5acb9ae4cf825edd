//! Functions written in Rust: how they are declared, and what they get and give.
//!
//! A native is `const LEN: Native = Native::vm("len(obj, /) -> int", "Return the number of items.", len)` beside a plain `fn len`. The
//! signature is the single truth: the binder enforces it, messages quote it, `help` prints it. Two sorts:
//! a *leaf* gets values and can neither call the program nor collect; a *vm* native gets locals (rooted handles) and may do both.

use std::cell::OnceCell;

use crate::runtime::class::Class;
use crate::runtime::future::Future;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::slot_wrapper::wraps_slot;

/// A leaf: takes and returns values; the heap cannot collect meanwhile.
pub type LeafFn = for<'h> fn(&'h Heap, Args<'h>) -> Result<Value<'h>, Raised>;
/// The step of an iterator written in Rust: puts the next item of the first local into the second one, which holds Undef; false at
/// the end. Locals that it makes are released by the caller.
pub type StepFn = fn(&mut Vm, Local, Local) -> Result<bool, Raised>;
/// A native that may call the program. It gets one local a parameter, Undef where the caller omitted it.
pub type VmFn = fn(&mut Vm, Locals) -> Result<Local, Raised>;

/// What a coroutine function does where its call is awaited on the spot, before a coroutine is made. It can neither call the program
/// nor collect, so it leaves to the coroutine whatever needs that. Where it gave a waiter (`Waiting`) to wait for it is called
/// once more, with the waiter, when that is done.
pub type DirectFn =
    for<'h> fn(&'h Vm, Args<'h>, Option<Gc<'h, Future>>) -> Result<Direct<'h>, Raised>;

/// What awaiting came to without a coroutine.
#[derive(Clone, Copy)]
pub enum Direct<'h> {
    /// The result is there.
    Done(Value<'h>),
    /// A bare yield; then the result is None.
    Yield,
    /// Wait for this future, whose result is the result unless it is a waiter.
    Wait(Gc<'h, Future>),
    /// Make the coroutine and await that.
    Coroutine,
}

/// Fast path: returns the result for common argument types, None to fall back to the general path. It must not call user code.
/// The loop tries it first for calls with positional arguments, however many.
pub type QuickFn = for<'h> fn(&'h Heap, Args<'h>) -> Option<Value<'h>>;

/// What a native method gets as its receiver, where that is an instance of a subclass of the builtin type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// The builtin object inside.
    Payload,
    /// The instance, whose class may have a say.
    Instance,
}

/// The Rust side of a native.
#[derive(Clone, Copy)]
pub enum NativeFn {
    /// See `LeafFn`.
    Leaf(LeafFn),
    /// See `VmFn`.
    Vm(VmFn),
    /// A coroutine function: what makes the coroutine, and what may do without.
    Coroutine(VmFn, DirectFn),
    /// `__next__` of an iterator: loops take its steps without a call, and without StopIteration at the end.
    Step(StepFn),
}

/// A function written in Rust.
pub struct Native {
    /// `name(params) -> result`, as in a stub file.
    pub signature: &'static str,
    /// One sentence, then more if need be, what it raises among it; `help` and docs/library show it.
    pub doc: &'static str,
    /// What runs.
    pub call: NativeFn,
    /// Its fast path; that of a `__new__` answers for calls of the class.
    pub quick: Option<QuickFn>,
    /// What a method gets of an instance that extends the builtin type.
    pub receiver: Receiver,
    /// How many arguments a plain call may have, read off the signature.
    arity: Arity,
}

/// What a call without keywords and stars needs to know.
#[derive(Clone, Copy)]
struct Arity {
    /// Parameters that keywords can fill, or that collect.
    named: u8,
    min: u8,
    /// Positional parameters.
    max: u8,
    /// All parameters, those that only keywords fill included.
    all: u8,
    /// Whether `*args` collects further positional arguments.
    args: bool,
    /// Whether `**kwargs` collects further keyword arguments.
    kwargs: bool,
    /// Whether a keyword is required: plain calls always fail, the binder says how.
    keyword: bool,
    /// How long the name before the parameters is.
    name: u16,
}

impl Native {
    /// A leaf.
    pub const fn leaf(signature: &'static str, doc: &'static str, call: LeafFn) -> Native {
        assert!(!doc.is_empty(), "a native says what it does");
        Native {
            signature,
            doc,
            call: NativeFn::Leaf(call),
            quick: None,
            receiver: Receiver::Payload,
            arity: Arity::read(signature),
        }
    }

    /// A native that may call the program.
    pub const fn vm(signature: &'static str, doc: &'static str, call: VmFn) -> Native {
        assert!(!doc.is_empty(), "a native says what it does");
        Native {
            signature,
            doc,
            call: NativeFn::Vm(call),
            quick: None,
            receiver: Receiver::Payload,
            arity: Arity::read(signature),
        }
    }

    /// A coroutine function: `make` makes a native coroutine, `direct` is asked first where the call is awaited on the spot.
    pub const fn coroutine(
        signature: &'static str,
        doc: &'static str,
        make: VmFn,
        direct: DirectFn,
    ) -> Native {
        assert!(!doc.is_empty(), "a native says what it does");
        Native {
            signature,
            doc,
            call: NativeFn::Coroutine(make, direct),
            arity: Arity::read(signature),
            receiver: Receiver::Payload,
            quick: None,
        }
    }

    /// `__next__` of a class of opaque objects.
    pub const fn step(step: StepFn) -> Native {
        Native {
            signature: "__next__(self, /)",
            doc: "Implement next(self).",
            call: NativeFn::Step(step),
            arity: Arity::read("__next__(self, /)"),
            receiver: Receiver::Payload,
            quick: None,
        }
    }

    /// The same native with a fast path.
    pub const fn quick(self, quick: QuickFn) -> Native {
        Native {
            quick: Some(quick),
            ..self
        }
    }

    /// The same method, which gets an instance of a subclass itself.
    pub const fn on_instance(self) -> Native {
        Native {
            receiver: Receiver::Instance,
            ..self
        }
    }

    /// Whether it has only parameters that keywords cannot fill.
    pub fn takes_no_keywords(&self) -> bool {
        self.arity.named == 0
    }

    /// The function's name.
    pub fn name(&self) -> &'static str {
        &self.signature[..self.arity.name as usize]
    }

    /// Whether a call with so many positional arguments needs no binding.
    #[inline(always)]
    pub fn takes(&self, count: usize) -> bool {
        let closed = !(self.arity.args || self.arity.kwargs || self.arity.keyword);
        closed && self.arity.min as usize <= count && count <= self.arity.max as usize
    }

    /// Whether in a call with so many positional arguments only `*args` and `**kwargs` have to be made.
    #[inline]
    pub fn gathers(&self, count: usize) -> bool {
        let arity = &self.arity;
        let fits = arity.args || count <= arity.max as usize;
        (arity.args || arity.kwargs) && !arity.keyword && arity.min as usize <= count && fits
    }

    /// How the parameter at a position is filled in such a call.
    pub fn gathered(&self, at: usize) -> ParamKind {
        let arity = &self.arity;
        match at {
            _ if at < arity.max as usize => ParamKind::Positional,
            _ if arity.args && at == arity.max as usize => ParamKind::Args,
            _ if arity.kwargs && at + 1 == arity.all as usize => ParamKind::Kwargs,
            _ => ParamKind::Keyword,
        }
    }

    /// Number of parameters.
    #[inline]
    pub fn params(&self) -> usize {
        self.arity.all as usize
    }
}

impl Arity {
    /// Reads a signature at compile time.
    const fn read(signature: &str) -> Arity {
        let text = signature.as_bytes();
        let mut arity = Arity {
            named: 0,
            min: 0,
            max: 0,
            all: 0,
            args: false,
            kwargs: false,
            keyword: false,
            name: 0,
        };
        let mut i = 0;
        while text[i] != b'(' {
            i += 1;
        }
        arity.name = i as u16;
        i += 1;
        let mut depth = 0;
        let mut start = true;
        let mut keyword_only = false;
        while i < text.len() && (depth > 0 || text[i] != b')') {
            match text[i] {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => start = true,
                b' ' => {}
                b'/' if start => {
                    start = false;
                    arity.named = 0;
                }
                b'*' if start => {
                    start = false;
                    let bare = text[i + 1] == b',' || text[i + 1] == b')';
                    keyword_only = true;
                    if !bare {
                        match text[i + 1] {
                            b'*' => arity.kwargs = true,
                            _ => arity.args = true,
                        }
                        arity.all += 1;
                        arity.named += 1;
                    }
                }
                _ if start => {
                    start = false;
                    arity.all += 1;
                    arity.named += 1;
                    if !keyword_only {
                        arity.max += 1;
                        if !has_default(text, i) {
                            arity.min += 1;
                        }
                    } else if !has_default(text, i) {
                        arity.keyword = true;
                    }
                }
                _ => {}
            }
            i += 1;
        }
        arity
    }
}

/// Whether the parameter that begins at `i` has a `=` before the next comma at its depth.
const fn has_default(text: &[u8], mut i: usize) -> bool {
    let mut depth = 0;
    while i < text.len() {
        match text[i] {
            b'=' if depth == 0 => return true,
            b'(' | b'[' => depth += 1,
            b')' | b']' if depth > 0 => depth -= 1,
            b',' | b')' if depth == 0 => return false,
            _ => {}
        }
        i += 1;
    }
    false
}

/// How a parameter may be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// By position only.
    Positional,
    /// By position or name.
    Normal,
    /// By name only.
    Keyword,
    /// Collects further positional arguments in a tuple.
    Args,
    /// Collects further keyword arguments in a dict.
    Kwargs,
}

/// A parameter of a native.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// How it may be filled.
    pub kind: ParamKind,
    /// Whether it may be omitted.
    pub optional: bool,
}

/// Reads a signature's parameters.
pub fn parse_params(signature: &'static str) -> Vec<Param> {
    let open = signature.find('(').map_or(signature.len(), |i| i + 1);
    let mut depth = 0;
    let end = signature[open..].find(|c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        depth < 0
    });
    let mut params: Vec<Param> = Vec::new();
    let mut kind = ParamKind::Normal;
    for part in split_top(&signature[open..end.map_or(signature.len(), |e| open + e)]) {
        let name = part.split(['=', ':']).next().unwrap_or_default().trim();
        let optional = part.contains('=');
        match name {
            "" => {}
            "/" => params
                .iter_mut()
                .for_each(|p| p.kind = ParamKind::Positional),
            "*" => kind = ParamKind::Keyword,
            _ if name.starts_with("**") => params.push(Param {
                name: &name[2..],
                kind: ParamKind::Kwargs,
                optional: true,
            }),
            _ if name.starts_with('*') => {
                params.push(Param {
                    name: &name[1..],
                    kind: ParamKind::Args,
                    optional: true,
                });
                kind = ParamKind::Keyword;
            }
            _ => params.push(Param {
                name,
                kind,
                optional,
            }),
        }
    }
    params
}

fn split_top(text: &'static str) -> Vec<&'static str> {
    let mut depth = 0;
    text.split(move |c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

/// The arguments of a leaf: as many as the caller gave, Undef beyond.
#[derive(Clone, Copy)]
pub struct Args<'h> {
    heap: &'h Heap,
    slots: &'h [Slot],
}

impl<'h> Args<'h> {
    /// Arguments that stand in these slots.
    #[inline(always)]
    pub fn new(heap: &'h Heap, slots: &'h [Slot]) -> Args<'h> {
        Args { heap, slots }
    }

    /// How many arguments the caller gave.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The arguments in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Value<'h>> {
        self.slots.iter().map(move |slot| slot.get(self.heap))
    }

    /// The argument for parameter `i`; Undef if the caller omitted it.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Value<'h> {
        match self.slots.get(i) {
            Some(slot) => slot.get(self.heap),
            None => Value::UNDEF,
        }
    }
}

/// The arguments of a vm native: one local a parameter.
#[derive(Clone, Copy)]
pub struct Locals {
    first: u32,
}

impl Locals {
    /// Locals from `first` on.
    pub(in crate::vm) fn new(first: Local) -> Locals {
        Locals { first: first.0 }
    }

    /// The local of parameter `i`.
    #[inline]
    pub fn at(self, i: usize) -> Local {
        Local(self.first + i as u32)
    }
}

/// The natives of a VM, by number.
#[derive(Default)]
pub struct Natives {
    rows: Vec<Row>,
}

struct Row {
    native: &'static Native,
    params: OnceCell<Box<[Param]>>,
}

impl Natives {
    /// Adds one; its number.
    pub fn add(&mut self, native: &'static Native) -> u32 {
        self.rows.push(Row {
            native,
            params: OnceCell::new(),
        });
        self.rows.len() as u32 - 1
    }

    /// The native with this number.
    #[inline(always)]
    pub fn get(&self, id: u32) -> &'static Native {
        self.rows[id as usize].native
    }

    /// Its parameters.
    pub fn params(&self, id: u32) -> &[Param] {
        let row = &self.rows[id as usize];
        row.params
            .get_or_init(|| parse_params(row.native.signature).into())
    }
}

/// What a native function object stands for.
#[derive(Clone, Copy)]
pub enum NativeRole {
    /// A function of the module whose name (a string) is in the local.
    Function(Local),
    /// A method of the class in the local.
    Method(Local),
    /// The `__new__` of the class in the local.
    New(Local),
    /// The function under a classmethod, staticmethod or native attribute: bound to no class by itself.
    Free,
}

impl Vm {
    /// The Rust side of a native function object.
    #[inline]
    pub fn native(&self, id: u32) -> &'static Native {
        self.registry.natives.get(id)
    }

    /// Makes the function object of a native.
    pub fn native_function(&mut self, native: &'static Native, role: NativeRole) -> Local {
        let id = self.registry.natives.add(native);
        let (owner, module, class) = match role {
            NativeRole::Function(module) => {
                (Value::UNDEF, self.get(module), Builtin::BuiltinFunction)
            }
            NativeRole::Method(class)
                if self
                    .get_gc::<Class>(class)
                    .is_some_and(|c| wraps_slot(c.name(&self.heap).as_str(), native.name())) =>
            {
                (self.get(class), Value::UNDEF, Builtin::WrapperDescriptor)
            }
            NativeRole::Method(class) => (self.get(class), Value::UNDEF, Builtin::MethodDescriptor),
            NativeRole::New(class) => (self.get(class), Value::UNDEF, Builtin::BuiltinFunction),
            NativeRole::Free => (Value::UNDEF, Value::UNDEF, Builtin::BuiltinFunction),
        };
        let is_new = matches!(role, NativeRole::New(_));
        let fields = NativeFunction {
            id,
            owner: Slot::new(owner),
            module: Slot::new(module),
            is_new,
        };
        self.local(
            self.heap
                .alloc_shaped(fields, self.heap.types.shape_of(class))
                .value(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none<'h>(_: &'h Heap, _: Args<'h>) -> Result<Value<'h>, Raised> {
        Ok(Value::NONE)
    }

    #[test]
    fn arity_follows_the_signature() {
        let takes = |signature, n| Native::leaf(signature, "None.", none).takes(n);
        assert!(takes("f()", 0) && !takes("f()", 1));
        assert!(takes("f(a, b=1, /)", 1) && takes("f(a, b=1, /)", 2) && !takes("f(a, b=1, /)", 3));
        assert!(takes("f(a, *, key=None)", 1) && !takes("f(a, *, key=None)", 2));
        assert!(!takes("f(*args)", 0) && !takes("f(a, *, key)", 1));
        assert!(takes("f(a=(1, 2), b='x') -> int", 0));
        let unnamed = |signature| Native::leaf(signature, "None.", none).takes_no_keywords();
        assert!(unnamed("f(a, b=1, /)") && unnamed("f()"));
        assert!(!unnamed("f(a, /, b)") && !unnamed("f(*args)") && !unnamed("f(a, /, *, key)"));
    }

    #[test]
    fn params_follow_the_signature() {
        let params = parse_params("f(self, /, a, b=1, *rest, key=None, **more) -> x");
        let names: Vec<_> = params
            .iter()
            .map(|p| (p.name, p.kind, p.optional))
            .collect();
        use ParamKind::*;
        let expected = [
            ("self", Positional, false),
            ("a", Normal, false),
            ("b", Normal, true),
            ("rest", Args, true),
            ("key", Keyword, true),
            ("more", Kwargs, true),
        ];
        assert_eq!(names, expected);
    }
}
