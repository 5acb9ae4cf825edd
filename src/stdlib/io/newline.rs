//! `io.IncrementalNewlineDecoder`: translates the ends of lines of a stream.
//!
//! It works on what another decoder returns, or on text itself where that is None. The translation is `text_codec.rs`'s.

use std::cell::RefCell;

use super::text_codec::{Newline, Translator};
use super::{opaque, payload};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::arg::{as_str, truth_or};
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Local, Native, Vm};

/// `io.IncrementalNewlineDecoder`.
pub const NEWLINE_DECODER: ModuleType = ModuleType {
    name: "_io.IncrementalNewlineDecoder",
    module: "_io",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &DECODE, &RESET, &GETSTATE, &SETSTATE],
        getters: &[Getter::vm(
            "newlines",
            "The ends of lines that were met.",
            |vm, args| {
                let state = payload::<State>(vm, args.at(0))?;
                Ok(vm.local(state.lines.borrow().newlines(&vm.heap)))
            },
        )],
        ..NativeType::of(
            Builtin::Opaque,
            "Codec used when reading a file in universal newlines mode.",
        )
    },
};

#[derive(Default)]
struct State {
    decoder: Slot,
    lines: RefCell<Translator>,
}

traced!(State { decoder } plain { lines });

impl Payload for State {}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| opaque(vm, args.at(0), State::default()),
);
const INIT: Native = Native::vm(
    "__init__(self, decoder, translate, errors='strict')",
    "Translate what a decoder returns; None: decode gets text.",
    |vm, args| {
        let translate = truth_or(vm, args.at(2), false)?;
        let state = payload::<State>(vm, args.at(0))?;
        state.decoder.set(vm.get(args.at(1)));
        state.lines.borrow_mut().newline = match translate {
            true => Newline::Universal,
            false => Newline::Any,
        };
        Ok(vm.none())
    },
);
const DECODE: Native = Native::vm(
    "decode(self, input, final=False)",
    "The next piece of text, its line ends translated.",
    |vm, args| {
        let last = truth_or(vm, args.at(2), false)?;
        let decoder = vm.local(payload::<State>(vm, args.at(0))?.decoder.get(&vm.heap));
        let text = if vm.get(decoder).is_none() || vm.get(decoder).is_undef() {
            args.at(1)
        } else {
            let last = vm.local(Value::bool(last));
            vm.call_method(decoder, "decode", &[args.at(1), last])?
        };
        let Some(text) = as_str(&vm.heap, vm.get(text)) else {
            let class = vm.heap.type_name(vm.get(text));
            let message = format!("decoder should return a string result, not '{class}'");
            return Err(vm.heap.type_error(message));
        };
        let text = text.as_str().to_owned();
        let text = lines(vm, args.at(0))?.borrow_mut().translate(text, last);
        Ok(vm.local(vm.heap.try_str(&text)?))
    },
);
const RESET: Native = Native::vm("reset(self, /)", "Begin again.", |vm, args| {
    let mut lines = lines(vm, args.at(0))?.borrow_mut();
    (lines.holds_cr, lines.seen) = (false, 0);
    drop(lines);
    let decoder = vm.local(payload::<State>(vm, args.at(0))?.decoder.get(&vm.heap));
    if !vm.get(decoder).is_none() && !vm.get(decoder).is_undef() {
        vm.call_method(decoder, "reset", &[])?;
    }
    Ok(vm.none())
});

const GETSTATE: Native = Native::vm(
    "getstate(self, /)",
    "What setstate() needs to go on from here.",
    |vm, args| {
        let held = i64::from(lines(vm, args.at(0))?.borrow().holds_cr);
        let (buffer, flags) = match decoder(vm, args.at(0))? {
            Some(decoder) => {
                let state = vm.call_method(decoder, "getstate", &[])?;
                let [buffer, flags] = pair(vm, state)?;
                (buffer, vm.index(flags)? << 1)
            }
            None => (vm.local(vm.heap.bytes(Vec::new()).value()), 0),
        };
        let flags = vm.local(vm.heap.int(flags | held));
        Ok(vm.tuple_of(&[buffer, flags]))
    },
);
const SETSTATE: Native = Native::vm(
    "setstate(self, state, /)",
    "Go on from where getstate() was called.",
    |vm, args| {
        let [buffer, flags] = pair(vm, args.at(1))?;
        let flags = vm.index(flags)?;
        lines(vm, args.at(0))?.borrow_mut().holds_cr = flags & 1 != 0;
        if let Some(decoder) = decoder(vm, args.at(0))? {
            let flags = vm.local(vm.heap.int(flags >> 1));
            let state = vm.tuple_of(&[buffer, flags]);
            vm.call_method(decoder, "setstate", &[state])?;
        }
        Ok(vm.none())
    },
);

/// The decoder below, if there is one.
fn decoder(vm: &Vm, this: Local) -> Result<Option<Local>, Raised> {
    let decoder = payload::<State>(vm, this)?.decoder.get(&vm.heap);
    Ok(match decoder.is_none() || decoder.is_undef() {
        true => None,
        false => Some(vm.local(decoder)),
    })
}

fn pair(vm: &Vm, state: Local) -> Result<[Local; 2], Raised> {
    let items = vm
        .get_gc::<Tuple>(state)
        .map(|state| state.to_vec(&vm.heap));
    match items.as_deref() {
        Some(&[buffer, flags]) => Ok([vm.local(buffer), vm.local(flags)]),
        Some(_) => Err(vm.heap.type_error("illegal decoder state")),
        None => Err(vm.heap.type_error("state argument must be a tuple")),
    }
}

fn lines(vm: &Vm, this: Local) -> Result<&RefCell<Translator>, Raised> {
    payload::<State>(vm, this).map(|state| &state.lines)
}
