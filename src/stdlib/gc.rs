//! `gc`: the collector as programs see it.
//!
//! There are no generations and no reference counts. `collect()` collects and runs the finalisers and callbacks that become due;
//! `disable()` holds those back that would run by themselves, while memory is still taken back.

use std::cell::Cell;

use super::arg;
use super::registry::NativeModule;
use crate::runtime::heap::traced;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Slot, Value};
use crate::vm::{Extension, Layer, LayerPlace, Local, Native, Vm};

/// The module.
pub const GC: NativeModule = NativeModule {
    functions: &[
        &COLLECT,
        &DISABLE,
        &ENABLE,
        &FREEZE,
        &GET_COUNT,
        &GET_DEBUG,
        &GET_FREEZE_COUNT,
        &GET_OBJECTS,
        &GET_REFERENTS,
        &GET_REFERRERS,
        &GET_STATS,
        &GET_THRESHOLD,
        &IS_FINALIZED,
        &IS_TRACKED,
        &ISENABLED,
        &SET_DEBUG,
        &SET_THRESHOLD,
        &UNFREEZE,
    ],
    constants: &[
        ("DEBUG_COLLECTABLE", "Accepted by set_debug."),
        ("DEBUG_LEAK", "Accepted by set_debug."),
        ("DEBUG_SAVEALL", "Accepted by set_debug."),
        ("DEBUG_STATS", "Accepted by set_debug."),
        ("DEBUG_UNCOLLECTABLE", "Accepted by set_debug."),
        (
            "callbacks",
            "Functions that collect() calls with 'start' or 'stop' and a dict.",
        ),
        (
            "garbage",
            "Empty: the collector frees whatever nothing reaches.",
        ),
    ],
    init,
    ..NativeModule::of(
        "gc",
        "This module provides access to the garbage collector.",
    )
};

const DEBUG: [(&str, i64); 5] = [
    ("DEBUG_STATS", 1),
    ("DEBUG_COLLECTABLE", 2),
    ("DEBUG_UNCOLLECTABLE", 4),
    ("DEBUG_SAVEALL", 32),
    ("DEBUG_LEAK", 38),
];

/// What programs set, and the list of callbacks.
pub struct Settings {
    threshold: [Cell<i64>; 3],
    debug: Cell<i64>,
    callbacks: Slot,
    /// Whether `collect()` runs.
    collecting: Cell<bool>,
}

traced!(Settings { callbacks } plain { threshold, debug, collecting });

impl Extension for Settings {}

impl Layer for Settings {
    const PLACE: LayerPlace = LayerPlace::Collector;
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            threshold: [2000, 10, 10].map(Cell::new),
            debug: Cell::new(0),
            callbacks: Slot::undef(),
            collecting: Cell::new(false),
        }
    }
}

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    for (name, value) in DEBUG {
        let value = vm.local(vm.heap.int(value));
        vm.set_attr_named(module, name, value)?;
    }
    let [callbacks, garbage] = [(); 2].map(|()| vm.local(vm.heap.list([]).value()));
    vm.extension::<Settings>().callbacks.set(vm.get(callbacks));
    vm.set_attr_named(module, "callbacks", callbacks)?;
    vm.set_attr_named(module, "garbage", garbage)
}

const COLLECT: Native = Native::vm(
    "collect(generation=2) -> int",
    "Run the garbage collector, and the finalisers of what it finds.\n\n\
     Returns the number of objects with a finaliser and of weak references that it found to be over. ValueError for a generation that\n\
     does not exist.",
    |vm, args| {
        let generation = arg::vm_index_or(vm, args.at(0), 2)?;
        if !(0..=2).contains(&generation) {
            return Err(vm.heap.value_error("invalid generation"));
        }
        // A callback or finaliser that collects would do so for ever: it finds nothing, as in CPython.
        if vm.extension::<Settings>().collecting.replace(true) {
            return Ok(vm.local(vm.heap.usize(0)));
        }
        let found = collect(vm, generation);
        vm.extension::<Settings>().collecting.set(false);
        Ok(vm.local(vm.heap.usize(found?)))
    },
);

fn collect(vm: &mut Vm, generation: i64) -> Result<usize, Raised> {
    tell(vm, "start", generation)?;
    let found = vm.collect_and_finalise();
    tell(vm, "stop", generation)?;
    Ok(found)
}

/// Calls the callbacks of the program.
fn tell(vm: &mut Vm, phase: &str, generation: i64) -> Result<(), Raised> {
    let callbacks = vm.local(vm.extension::<Settings>().callbacks.get(&vm.heap));
    if vm.get(callbacks).is_undef() || vm.len(callbacks)? == 0 {
        return Ok(());
    }
    let list = vm.to_list(callbacks)?;
    let heap = &vm.heap;
    let info = heap.dict();
    for (name, value) in [
        ("generation", generation),
        ("collected", 0),
        ("uncollectable", 0),
    ] {
        info.set_str(heap, heap.intern(name), heap.int(value));
    }
    let (phase, info) = (vm.local(heap.str_value(phase)), vm.local(info.value()));
    for i in 0..vm.len(list)? {
        let at = vm.local(vm.heap.usize(i));
        let callback = vm.get_item(list, at)?;
        if let Err(raised) = vm.call(callback, &[phase, info]) {
            vm.report_unraisable(callback, raised);
        }
    }
    Ok(())
}

const DISABLE: Native = Native::vm(
    "disable() -> None",
    "Let no finaliser run by itself until enable().",
    |vm, _| {
        vm.finalisation_mut().held_back = true;
        Ok(vm.none())
    },
);

const ENABLE: Native = Native::vm(
    "enable() -> None",
    "Let finalisers run by themselves again.",
    |vm, _| {
        vm.finalisation_mut().held_back = false;
        Ok(vm.none())
    },
);

const ISENABLED: Native = Native::vm(
    "isenabled() -> bool",
    "Return whether finalisers run by themselves.",
    |vm, _| Ok(vm.local(Value::bool(!vm.finalisation().held_back))),
);

const FREEZE: Native = Native::leaf(
    "freeze() -> None",
    "Accepted; objects are not moved between generations.",
    |_, _| Ok(Value::NONE),
);

const UNFREEZE: Native = Native::leaf(
    "unfreeze() -> None",
    "Accepted; objects are not moved between generations.",
    |_, _| Ok(Value::NONE),
);

const GET_FREEZE_COUNT: Native = Native::leaf(
    "get_freeze_count() -> int",
    "Return the number of frozen objects.",
    |heap, _| Ok(heap.int(0)),
);

const GET_COUNT: Native = Native::leaf(
    "get_count() -> tuple",
    "Return kilobytes allocated since the last collection, collections so far, and 0.",
    |heap, _| {
        let counts = [heap.allocated_bytes() / 1024, heap.collections(), 0];
        Ok(heap.tuple(&counts.map(|n| heap.usize(n))).value())
    },
);

const GET_THRESHOLD: Native = Native::vm(
    "get_threshold() -> tuple",
    "Return what set_threshold has set; the collector goes by memory.",
    |vm, _| {
        let settings = vm.extension::<Settings>();
        let values = [0, 1, 2].map(|i| vm.heap.int(settings.threshold[i].get()));
        Ok(vm.local(vm.heap.tuple(&values).value()))
    },
);

const SET_THRESHOLD: Native = Native::vm(
    "set_threshold(threshold0, threshold1=10, threshold2=10, /) -> None",
    "Remember thresholds; the collector goes by memory.",
    |vm, args| {
        for i in 0..3 {
            if !vm.get(args.at(i)).is_undef() {
                let value = vm.index(args.at(i))?;
                vm.extension::<Settings>().threshold[i].set(value);
            }
        }
        Ok(vm.none())
    },
);

const GET_DEBUG: Native = Native::vm(
    "get_debug() -> int",
    "Return the debugging flags.",
    |vm, _| Ok(vm.local(vm.heap.int(vm.extension::<Settings>().debug.get()))),
);

const SET_DEBUG: Native = Native::vm(
    "set_debug(flags, /) -> None",
    "Remember debugging flags; nothing is written.",
    |vm, args| {
        let flags = vm.index(args.at(0))?;
        vm.extension::<Settings>().debug.set(flags);
        Ok(vm.none())
    },
);

const GET_STATS: Native = Native::leaf(
    "get_stats() -> list",
    "Return a list of three dicts, as CPython has one for each generation.",
    |heap, _| {
        let stats = [0, 0, heap.collections()].map(|collections| {
            let row = heap.dict();
            for (name, n) in [
                ("collections", collections),
                ("collected", 0),
                ("uncollectable", 0),
            ] {
                row.set_str(heap, heap.intern(name), heap.usize(n));
            }
            row.value()
        });
        Ok(heap.list(stats).value())
    },
);

const IS_TRACKED: Native = Native::leaf(
    "is_tracked(obj, /) -> bool",
    "Return whether the collector looks into the object: whether it may refer to others.",
    |heap, args| Ok(Value::bool(heap.may_refer(args.get(0)))),
);

const IS_FINALIZED: Native = Native::leaf(
    "is_finalized(obj, /) -> bool",
    "Return whether the object's finaliser has run.",
    |heap, args| {
        let over = heap
            .class_of(args.get(0))
            .has(crate::runtime::class::class_flag::DEL)
            && !heap
                .finalisable()
                .iter()
                .any(|object| object.is(args.get(0)));
        Ok(Value::bool(over))
    },
);

const GET_REFERENTS: Native = Native::leaf(
    "get_referents(*objs) -> list",
    "Return the objects that the arguments refer to directly.",
    |heap, args| {
        let objects = args.get(0).as_gc::<Tuple>();
        let objects = objects.map_or_else(Vec::new, |tuple| tuple.to_vec(heap));
        let found = objects
            .into_iter()
            .flat_map(|object| heap.referents(object));
        Ok(heap.list(found.collect::<Vec<_>>()).value())
    },
);

const GET_OBJECTS: Native = Native::vm(
    "get_objects(generation=None) -> list",
    "Return all objects that the program can see and that may refer to others.",
    |vm, _| {
        vm.collect();
        Ok(vm.list_of_objects(|_, _| true))
    },
);

const GET_REFERRERS: Native = Native::vm(
    "get_referrers(*objs) -> list",
    "Return the objects that refer to one of the arguments directly.",
    |vm, args| {
        vm.collect();
        let objects = vm.get_gc::<Tuple>(args.at(0));
        let objects = objects.map_or_else(Vec::new, |tuple| tuple.to_vec(&vm.heap));
        let objects: Vec<Local> = objects.into_iter().map(|v| vm.local(v)).collect();
        let ids: Vec<i64> = objects.iter().map(|&o| vm.heap.id_of(vm.get(o))).collect();
        let arguments = vm.heap.id_of(vm.get(args.at(0)));
        Ok(vm.list_of_objects(|heap, object| {
            let refers = |child| ids.contains(&heap.id_of(child));
            heap.id_of(object) != arguments && heap.referents(object).into_iter().any(refers)
        }))
    },
);
