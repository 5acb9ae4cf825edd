//! `groupby` and the iterators over its groups.
//!
//! A group and its `groupby` share one source: as soon as `groupby` goes on, the groups that it handed out before are over.

use super::reduce::{Reduce, Reduced, parts};
use super::{ITER, body, class, held, held_if, make, slot, state};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Raised, Slot, Value};
use crate::stdlib::arg::given;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

struct GroupBy {
    source: Slot,
    /// None: the items are their own keys.
    key_function: Slot,
    /// The key of the group that was handed out last.
    target: Slot,
    /// The key of the item that was read last.
    key: Slot,
    /// That item, unless a group took it.
    item: Slot,
    /// The group that may still take items.
    group: Slot,
}

traced!(GroupBy {
    source,
    key_function,
    target,
    key,
    item,
    group
});

impl Payload for GroupBy {}

impl Reduce for GroupBy {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let source = held(vm, iter, |g: &GroupBy| &g.source);
        let function = held(vm, iter, |g: &GroupBy| &g.key_function);
        let reduced = Reduced::of(&[source, function]);
        let item = held_if(vm, iter, |g: &GroupBy| &g.item);
        let target = held_if(vm, iter, |g: &GroupBy| &g.target);
        let key = held_if(vm, iter, |g: &GroupBy| &g.key);
        let (Some(item), Some(target), Some(key)) = (item, target, key) else {
            return Ok(reduced);
        };
        Ok(reduced.with_state(vm.tuple_of(&[item, target, key])))
    }

    fn restore(vm: &mut Vm, iter: Local, given: Local) -> Result<(), Raised> {
        let given = parts(vm, given, 3, 3)?;
        let this = state::<GroupBy>(vm, iter);
        this.item.set(vm.get(given[0]));
        this.target.set(vm.get(given[1]));
        this.key.set(vm.get(given[2]));
        Ok(())
    }
}

struct Group {
    parent: Slot,
    key: Slot,
}

traced!(Group { parent, key });

impl Payload for Group {}

impl Reduce for Group {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        if is_current(vm, iter) {
            let parent = held(vm, iter, |g: &Group| &g.parent);
            let key = held(vm, iter, |g: &Group| &g.key);
            return Ok(Reduced::of(&[parent, key]));
        }
        let builtins = vm.import_module("builtins")?;
        let function = Some(vm.get_attr_named(builtins, "iter")?);
        Ok(Reduced {
            function,
            ..Reduced::of(&[vm.tuple_of(&[])])
        })
    }
}

/// Whether its `groupby` has not gone on to another group.
fn is_current(vm: &Vm, iter: Local) -> bool {
    let parent = held(vm, iter, |g: &Group| &g.parent);
    let group = state::<GroupBy>(vm, parent).group.get(&vm.heap);
    group.is(vm.get(iter))
}

pub const GROUPBY: ModuleType = class(
    "itertools.groupby",
    NativeType {
        methods: &[&ITER, &NEXT, &GroupBy::REDUCE, &GroupBy::SETSTATE],
        ..body(
            &NEW,
            "make an iterator that returns consecutive keys and groups from the iterable\n\n  iterable\n    Elements to divide into groups according to the key function.\n  key\n    A function for computing the group category for each element.\n    If the key function is not specified or is None, the element itself\n    is used for grouping.",
        )
    },
);

pub const GROUPER: ModuleType = class(
    "itertools._grouper",
    NativeType {
        methods: &[&ITER, &GROUP_NEXT, &Group::REDUCE],
        ..body(&NEW_GROUP, "An iterator over a group of groupby().")
    },
);

const NEW: Native = Native::vm(
    "groupby(cls, iterable, key=None)",
    "Create and return a new object.",
    |vm, args| {
        let source = vm.iter(args.at(1))?;
        let key = given(vm, args.at(2)).map_or(Value::NONE, |key| vm.get(key));
        let payload = GroupBy {
            source: slot(vm, source),
            key_function: Slot::new(key),
            target: Slot::undef(),
            key: Slot::undef(),
            item: Slot::undef(),
            group: Slot::undef(),
        };
        make(vm, args.at(0), payload)
    },
);

const NEW_GROUP: Native = Native::vm(
    "_grouper(cls, parent, tgtkey, /)",
    "Create and return a new object.",
    |vm, args| {
        let parent = vm.get_gc::<Opaque>(args.at(1));
        if parent.is_none_or(|parent| parent.payload::<GroupBy>().is_none()) {
            let given = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("_grouper() argument 1 must be itertools.groupby, not {given}");
            return Err(vm.heap.type_error(message));
        }
        new_group(vm, args.at(0), args.at(1), args.at(2))
    },
);

/// The group that may take items from now on.
fn new_group(vm: &mut Vm, class: Local, parent: Local, key: Local) -> Result<Local, Raised> {
    let payload = Group {
        parent: slot(vm, parent),
        key: slot(vm, key),
    };
    let group = make(vm, class, payload)?;
    state::<GroupBy>(vm, parent).group.set(vm.get(group));
    Ok(group)
}

/// Reads the next item and its key; false: there is none.
fn read(vm: &mut Vm, iter: Local) -> Result<bool, Raised> {
    let source = held(vm, iter, |g: &GroupBy| &g.source);
    let item = vm.none();
    if !vm.next(source, item)? {
        return Ok(false);
    }
    let function = held(vm, iter, |g: &GroupBy| &g.key_function);
    let key = if vm.get(function).is_none() {
        item
    } else {
        vm.call(function, &[item])?
    };
    let this = state::<GroupBy>(vm, iter);
    this.item.set(vm.get(item));
    this.key.set(vm.get(key));
    Ok(true)
}

const NEXT: Native = Native::step(|vm, iter, into| {
    state::<GroupBy>(vm, iter).group.clear();
    let mark = vm.mark();
    while goes_on(vm, iter)? {
        if !read(vm, iter)? {
            return Ok(false);
        }
        vm.release(mark);
        vm.native_safepoint()?;
    }
    let this = state::<GroupBy>(vm, iter);
    this.target.assign(&this.key);
    let key = vm.local(this.key.get(&vm.heap));
    let class = class_of(vm, &GROUPER);
    let group = new_group(vm, class, iter, key)?;
    let pair = vm.tuple_of(&[key, group]);
    vm.set(into, vm.get(pair));
    Ok(true)
});

/// Whether the item that was read last belongs to the group that was handed out last, or none was read yet.
fn goes_on(vm: &mut Vm, iter: Local) -> Result<bool, Raised> {
    let Some(key) = held_if(vm, iter, |g: &GroupBy| &g.key) else {
        return Ok(true);
    };
    match held_if(vm, iter, |g: &GroupBy| &g.target) {
        Some(target) => vm.equal(target, key),
        None => Ok(false),
    }
}

const GROUP_NEXT: Native = Native::step(|vm, iter, into| {
    let parent = held(vm, iter, |g: &Group| &g.parent);
    if !is_current(vm, iter) {
        return Ok(false);
    }
    if state::<GroupBy>(vm, parent).item.is_undef() && !read(vm, parent)? {
        return Ok(false);
    }
    let wanted = held(vm, iter, |g: &Group| &g.key);
    let key = held(vm, parent, |g: &GroupBy| &g.key);
    if !vm.equal(wanted, key)? {
        return Ok(false);
    }
    let this = state::<GroupBy>(vm, parent);
    let Some(item) = this.item.get(&vm.heap).defined() else {
        return Ok(false);
    };
    vm.set(into, item);
    this.item.clear();
    Ok(true)
});
