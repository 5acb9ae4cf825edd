//! `__reduce__` and `__setstate__` of iterators: where they stand, as `pickle` and `copy` ask.
//!
//! To add an iterator: an arm in `reduce`, and one in `set_state` if it walks by position.

use crate::runtime::bytes::ByteArray;
use crate::runtime::heap::Object;
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::range::Range;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::receiver::this_of;
use crate::vm::{Local, Locals, Native, Vm};

/// `__reduce__` of every iterator of this kind.
pub const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    reduce,
)
.on_instance();

/// `__setstate__` of those that walk by position.
pub const SETSTATE: Native = Native::vm(
    "__setstate__(self, object, /)",
    "Set state information for unpickling.",
    set_state,
);

/// What is needed of an iterator.
struct State {
    tag: IterTag,
    class: Local,
    source: Local,
    extra: Local,
    pos: i64,
    end: i64,
    step: i64,
}

fn state_of(vm: &Vm, args: Locals) -> Result<State, Raised> {
    let heap = &vm.heap;
    let class = vm.local(heap.class_of(vm.get(args.at(0))).value());
    let inner = crate::stdlib::receiver::plain(vm, args.at(0));
    let Some(iter) = vm.get_gc::<Iter>(inner) else {
        return Err(heap.type_error("an iterator was expected"));
    };
    Ok(State {
        tag: iter.tag,
        class,
        source: vm.local(iter.source.get(heap)),
        extra: vm.local(iter.extra.get(heap)),
        pos: iter.pos.get(),
        end: iter.end.get(),
        step: iter.step.get(),
    })
}

fn reduce(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let state = state_of(vm, args)?;
    let is_done = vm.get(state.source).is_undef();
    let int = |vm: &Vm, n: i64| vm.local(vm.heap.int(n));
    match state.tag {
        IterTag::Range => {
            let left = Range {
                start: state.pos,
                stop: state
                    .pos
                    .saturating_add(state.end.saturating_mul(state.step)),
                step: state.step,
            };
            let range = vm.local(vm.heap.alloc(left).value());
            let none = vm.none();
            by_iter(vm, &[range], Some(none))
        }
        IterTag::Enumerate => {
            let (source, count) = (state.source, state.extra);
            with_args(vm, state.class, &[source, count], None)
        }
        IterTag::Zip => {
            let sources = tuple_items(vm, state.source);
            let strict = (state.pos == 1).then(|| vm.bool_local(true));
            with_args(vm, state.class, &sources, strict)
        }
        IterTag::Map => {
            let mut parts = vec![state.extra];
            parts.extend(tuple_items(vm, state.source));
            with_args(vm, state.class, &parts, None)
        }
        IterTag::Filter => {
            let (function, source) = (state.extra, state.source);
            with_args(vm, state.class, &[function, source], None)
        }
        tag if is_done => {
            let empty = match tag {
                IterTag::Str => vm.local(vm.heap.str_value("")),
                IterTag::Tuple
                | IterTag::Bytes
                | IterTag::Array
                | IterTag::Sequence
                | IterTag::SequenceReverse
                | IterTag::Call => vm.tuple_of(&[]),
                _ => vm.local(vm.heap.list([]).value()),
            };
            match tag {
                IterTag::ListReverse | IterTag::SequenceReverse => by_reversed(vm, empty, None),
                _ => by_iter(vm, &[empty], None),
            }
        }
        IterTag::Call => by_iter(vm, &[state.source, state.extra], None),
        IterTag::ListReverse | IterTag::SequenceReverse => {
            let position = int(vm, state.pos);
            by_reversed(vm, state.source, Some(position))
        }
        IterTag::Str => {
            let text = vm.get_gc::<Str>(state.source).map_or("", Gc::as_str);
            let before = text
                .get(..state.pos as usize)
                .map_or(0, |t| t.chars().count());
            let position = int(vm, before as i64);
            by_iter(vm, &[state.source], Some(position))
        }
        IterTag::List | IterTag::Tuple | IterTag::Bytes | IterTag::Array | IterTag::Sequence => {
            let position = int(vm, state.pos);
            by_iter(vm, &[state.source], Some(position))
        }
        // What is left, as a list: such an iterator cannot be set to a place.
        IterTag::DictKeys
        | IterTag::DictValues
        | IterTag::DictItems
        | IterTag::DictReverse
        | IterTag::Ordered
        | IterTag::Set => {
            let left = left_of(vm, args)?;
            by_iter(vm, &[left], None)
        }
    }
}

/// The items that an iterator has left, without moving it.
fn left_of(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let iter = this_of::<Iter>(vm, args)?;
    let before = (iter.pos.get(), iter.end.get(), iter.step.get());
    let expected = vm.local(iter.extra.get(&vm.heap));
    let source = vm.local(iter.source.get(&vm.heap));
    let left = vm.to_list(args.at(0));
    let iter = this_of::<Iter>(vm, args)?;
    iter.pos.set(before.0);
    iter.end.set(before.1);
    iter.step.set(before.2);
    iter.source.set(vm.get(source));
    iter.extra.set(vm.get(expected));
    left
}

fn tuple_items(vm: &Vm, tuple: Local) -> Vec<Local> {
    let tuple = vm.get_gc::<Tuple>(tuple);
    tuple.map_or_else(Vec::new, |tuple| {
        tuple.iter(&vm.heap).map(|item| vm.local(item)).collect()
    })
}

fn by_iter(vm: &mut Vm, args: &[Local], state: Option<Local>) -> Result<Local, Raised> {
    let builtins = vm.import_module("builtins")?;
    let iter = vm.get_attr_named(builtins, "iter")?;
    with_args(vm, iter, args, state)
}

fn by_reversed(vm: &mut Vm, source: Local, state: Option<Local>) -> Result<Local, Raised> {
    let class = vm.heap.types.class(&vm.heap, Builtin::Reversed).value();
    let class = vm.local(class);
    with_args(vm, class, &[source], state)
}

fn with_args(
    vm: &mut Vm,
    function: Local,
    args: &[Local],
    state: Option<Local>,
) -> Result<Local, Raised> {
    let args = vm.tuple_of(args);
    let mut parts = vec![function, args];
    parts.extend(state);
    Ok(vm.tuple_of(&parts))
}

fn set_state(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if this_of::<Iter>(vm, args)?.tag == IterTag::Zip {
        let is_strict = vm.truth(args.at(1))?;
        this_of::<Iter>(vm, args)?.pos.set(i64::from(is_strict));
        return Ok(vm.none());
    }
    let wanted = vm.index(args.at(1))?;
    let heap = &vm.heap;
    let iter = this_of::<Iter>(vm, args)?;
    let source = iter.source.get(heap);
    match iter.tag {
        IterTag::Range => {
            let done = wanted.clamp(0, iter.end.get());
            iter.pos.set(iter.pos.get() + done * iter.step.get());
            iter.end.set(iter.end.get() - done);
        }
        _ if source.is_undef() => {}
        IterTag::Str => {
            let text = source.as_gc::<Str>().map_or("", Gc::as_str);
            let at = text.char_indices().nth(wanted.max(0) as usize);
            iter.pos.set(at.map_or(text.len(), |(at, _)| at) as i64);
        }
        IterTag::ListReverse | IterTag::SequenceReverse => {
            let len = crate::vm::leaf_len(heap, source).map_or(i64::MAX, |len| len as i64);
            iter.pos.set(wanted.clamp(-1, len - 1));
        }
        IterTag::List | IterTag::Tuple | IterTag::Bytes | IterTag::Array | IterTag::Sequence => {
            let len = match source.as_object().map(Gc::kind) {
                Some(ByteArray::KIND) | None => i64::MAX,
                Some(_) => crate::vm::leaf_len(heap, source).map_or(i64::MAX, |len| len as i64),
            };
            iter.pos.set(wanted.clamp(0, len));
        }
        _ => {}
    }
    Ok(vm.local(Value::NONE))
}
