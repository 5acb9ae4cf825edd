//! `_bisect`: places in sorted lists, by halving, for `bisect` (library/bisect.apy).
//!
//! Each function compares only with `<`, as CPython's do: `bisect_left` asks `item < x`, `bisect_right` asks `x < item`. An item comes by
//! subscription and its key by a call, so both may run user code; a list of builtin items is searched without any (`Native::quick`).

use super::registry::NativeModule;
use crate::runtime::list::List;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::stdlib::receiver::given;
use crate::vm::protocol::compare::{self, Comparison};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The module.
pub const BISECT: NativeModule = NativeModule {
    functions: &[&BISECT_LEFT, &BISECT_RIGHT, &INSORT_LEFT, &INSORT_RIGHT],
    ..NativeModule::of("_bisect", "Bisection algorithms.")
};

/// On which side of equal items the place is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

const BISECT_LEFT: Native = Native::vm(
    "bisect_left(a, x, lo=0, hi=None, *, key=None)",
    "Return the index before the items that are greater than or equal to x. Raises ValueError if lo is negative.",
    |vm, args| {
        let at = place(vm, args, args.at(1), Side::Left)?;
        Ok(vm.local(vm.heap.int(at)))
    },
)
.quick(|heap, args| quick(heap, args, Side::Left));

const BISECT_RIGHT: Native = Native::vm(
    "bisect_right(a, x, lo=0, hi=None, *, key=None)",
    "Return the index after the items that are less than or equal to x. Raises ValueError if lo is negative.",
    |vm, args| {
        let at = place(vm, args, args.at(1), Side::Right)?;
        Ok(vm.local(vm.heap.int(at)))
    },
)
.quick(|heap, args| quick(heap, args, Side::Right));

const INSORT_LEFT: Native = Native::vm(
    "insort_left(a, x, lo=0, hi=None, *, key=None)",
    "Insert x before the items that are equal to it; with a key, x is compared by its own.",
    |vm, args| insort(vm, args, Side::Left),
);

const INSORT_RIGHT: Native = Native::vm(
    "insort_right(a, x, lo=0, hi=None, *, key=None)",
    "Insert x after the items that are equal to it; with a key, x is compared by its own.",
    |vm, args| insort(vm, args, Side::Right),
);

/// The place of the second argument in the first, if that is a list and no comparison runs user code.
fn quick<'h>(heap: &'h Heap, args: Args<'h>, side: Side) -> Option<Value<'h>> {
    if args.len() != 2 {
        return None;
    }
    let (list, x): (Gc<'_, List>, _) = (args.get(0).as_gc()?, args.get(1));
    let (mut lo, mut hi) = (0, list.len(heap));
    while lo < hi {
        let mid = lo.midpoint(hi);
        let item = list.item(heap, mid)?;
        if belongs_after(
            side,
            |a, b| compare::leaf(heap, Comparison::Lt, a, b),
            item,
            x,
        )? {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    Some(heap.int(lo as i64))
}

/// Whether the place is after an item; `less` compares two values.
fn belongs_after<V, R: Answer>(side: Side, less: impl FnOnce(V, V) -> R, item: V, x: V) -> R {
    match side {
        Side::Left => less(item, x),
        Side::Right => less(x, item).negated(),
    }
}

/// A truth that may be missing.
trait Answer {
    fn negated(self) -> Self;
}

impl Answer for Option<bool> {
    fn negated(self) -> Self {
        self.map(|truth| !truth)
    }
}

impl Answer for Result<bool, Raised> {
    fn negated(self) -> Self {
        self.map(|truth| !truth)
    }
}

fn insort(vm: &mut Vm, args: Locals, side: Side) -> Result<Local, Raised> {
    let mark = vm.mark();
    let x = match given(vm, args.at(4)).filter(|&key| !vm.get(key).is_none()) {
        Some(key) => vm.call(key, &[args.at(1)])?,
        None => args.at(1),
    };
    let at = place(vm, args, x, side)?;
    vm.release(mark);
    let at = vm.local(vm.heap.int(at));
    vm.call_method(args.at(0), "insert", &[at, args.at(1)])?;
    Ok(vm.none())
}

/// The place of `x` in the sequence that is the first argument.
fn place(vm: &mut Vm, args: Locals, x: Local, side: Side) -> Result<i64, Raised> {
    let present = |vm: &Vm, at| given(vm, args.at(at)).filter(|&arg| !vm.get(arg).is_none());
    let key = present(vm, 4);
    let mut lo = match given(vm, args.at(2)) {
        Some(lo) => vm.index(lo)?,
        None => 0,
    };
    if lo < 0 {
        return Err(vm.heap.value_error("lo must be non-negative"));
    }
    let mut hi = match present(vm, 3) {
        Some(hi) => vm.index(hi)?,
        None => vm.len(args.at(0))? as i64,
    };
    while lo < hi {
        let mark = vm.mark();
        let mid = lo.midpoint(hi);
        let index = vm.local(vm.heap.int(mid));
        let mut item = vm.get_item(args.at(0), index)?;
        if let Some(key) = key {
            item = vm.call(key, &[item])?;
        }
        let less = |a, b| vm.compare_truth(Comparison::Lt, a, b);
        if belongs_after(side, less, item, x)? {
            lo = mid + 1;
        } else {
            hi = mid;
        }
        vm.release(mark);
    }
    Ok(lo)
}
