//! `_operator`: the operators as functions, for `operator` (library/operator.apy).
//!
//! Each is a native, so a class attribute that holds one does not bind, as in CPython. A row of a table makes each operator's function:
//! its plain form, and the form that changes its first argument where it can (`iadd`).

mod getters;

use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::builtins::functions::number::absolute;
use crate::stdlib::registry::NativeModule;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Native, Vm};

/// The module.
pub const OPERATOR: NativeModule = NativeModule {
    functions: &[
        &LT,
        &LE,
        &EQ,
        &NE,
        &GE,
        &GT,
        &NOT,
        &TRUTH,
        &IS,
        &IS_NOT,
        &ABS,
        &INDEX,
        &INV,
        &INVERT,
        &NEG,
        &POS,
        &CONCAT,
        &ICONCAT,
        &CONTAINS,
        &COUNT_OF,
        &INDEX_OF,
        &DELITEM,
        &GETITEM,
        &SETITEM,
        &LENGTH_HINT,
        &CALL,
        &ADD,
        &IADD,
        &SUB,
        &ISUB,
        &MUL,
        &IMUL,
        &MATMUL,
        &IMATMUL,
        &TRUEDIV,
        &ITRUEDIV,
        &FLOORDIV,
        &IFLOORDIV,
        &MOD,
        &IMOD,
        &POW,
        &IPOW,
        &LSHIFT,
        &ILSHIFT,
        &RSHIFT,
        &IRSHIFT,
        &AND,
        &IAND,
        &OR,
        &IOR,
        &XOR,
        &IXOR,
    ],
    types: &[&getters::ATTRGETTER, &getters::ITEMGETTER],
    ..NativeModule::of("_operator", "Operator interface.")
};

/// Natives of two arguments: the plain operator, then the one that may change its first argument.
macro_rules! operators {
    ($($plain:ident $name:literal, $inplace:ident $changing:literal, $operator:ident $sign:literal;)*) => { $(
        const $plain: Native = Native::vm(
            concat!($name, "(a, b, /)"),
            concat!("Same as a ", $sign, " b."),
            |vm, args| vm.binary(Operator::$operator, args.at(0), args.at(1)),
        );
        const $inplace: Native = Native::vm(
            concat!($changing, "(a, b, /)"),
            concat!("Same as a ", $sign, "= b; returns a."),
            |vm, args| vm.inplace(Operator::$operator, args.at(0), args.at(1)),
        );
    )* };
}

operators! {
    ADD "add", IADD "iadd", Add "+";
    SUB "sub", ISUB "isub", Sub "-";
    MUL "mul", IMUL "imul", Mul "*";
    MATMUL "matmul", IMATMUL "imatmul", MatMul "@";
    TRUEDIV "truediv", ITRUEDIV "itruediv", Div "/";
    FLOORDIV "floordiv", IFLOORDIV "ifloordiv", FloorDiv "//";
    MOD "mod", IMOD "imod", Mod "%";
    POW "pow", IPOW "ipow", Pow "**";
    LSHIFT "lshift", ILSHIFT "ilshift", Shl "<<";
    RSHIFT "rshift", IRSHIFT "irshift", Shr ">>";
    AND "and_", IAND "iand", BitAnd "&";
    OR "or_", IOR "ior", BitOr "|";
    XOR "xor", IXOR "ixor", BitXor "^";
}

/// Natives that compare two arguments.
macro_rules! comparisons {
    ($($native:ident $name:literal $comparison:ident $sign:literal;)*) => { $(
        const $native: Native = Native::vm(
            concat!($name, "(a, b, /)"),
            concat!("Same as a ", $sign, " b."),
            |vm, args| vm.compare(Comparison::$comparison, args.at(0), args.at(1)),
        );
    )* };
}

comparisons! {
    LT "lt" Lt "<";
    LE "le" Le "<=";
    EQ "eq" Eq "==";
    NE "ne" Ne "!=";
    GE "ge" Ge ">=";
    GT "gt" Gt ">";
}

const NOT: Native = Native::vm("not_(a, /)", "Same as not a.", |vm, args| {
    let truth = vm.truth(args.at(0))?;
    Ok(vm.local(Value::bool(!truth)))
});

const TRUTH: Native = Native::vm(
    "truth(a, /)",
    "Return True if a is true, False otherwise.",
    |vm, args| {
        let truth = vm.truth(args.at(0))?;
        Ok(vm.local(Value::bool(truth)))
    },
);

const IS: Native = Native::leaf("is_(a, b, /)", "Same as a is b.", |_, args| {
    Ok(Value::bool(args.get(0).is(args.get(1))))
});

const IS_NOT: Native = Native::leaf("is_not(a, b, /)", "Same as a is not b.", |_, args| {
    Ok(Value::bool(!args.get(0).is(args.get(1))))
});

const ABS: Native = Native::vm("abs(a, /)", "Same as abs(a).", |vm, args| {
    absolute(vm, args.at(0))
});

const INDEX: Native = Native::vm(
    "index(a, /)",
    "Return a as an integer, by its __index__. Raises TypeError if it has none.",
    |vm, args| {
        let value = vm.index_value(args.at(0))?;
        match vm.get(value).as_bool() {
            Some(truth) => Ok(vm.local(vm.heap.int(i64::from(truth)))),
            None => Ok(value),
        }
    },
);

const INV: Native = Native::vm("inv(a, /)", "Same as ~a.", |vm, args| vm.invert(args.at(0)));

const INVERT: Native = Native::vm("invert(a, /)", "Same as ~a.", |vm, args| {
    vm.invert(args.at(0))
});

const NEG: Native = Native::vm("neg(a, /)", "Same as -a.", |vm, args| vm.negate(args.at(0)));

const POS: Native = Native::vm("pos(a, /)", "Same as +a.", |vm, args| {
    vm.positive(args.at(0))
});

const CONCAT: Native = Native::vm(
    "concat(a, b, /)",
    "Same as a + b, for sequences. Raises TypeError if a is none.",
    |vm, args| {
        require_sequence(vm, args.at(0), &[Sym::Add])?;
        vm.binary(Operator::Add, args.at(0), args.at(1))
    },
);

const ICONCAT: Native = Native::vm(
    "iconcat(a, b, /)",
    "Same as a += b, for sequences; returns a. Raises TypeError if a is none.",
    |vm, args| {
        require_sequence(vm, args.at(0), &[Sym::Add, Sym::IAdd])?;
        vm.inplace(Operator::Add, args.at(0), args.at(1))
    },
);

/// Refuses what is no sequence, or has none of these methods.
fn require_sequence(vm: &Vm, value: Local, methods: &[Sym]) -> Result<(), Raised> {
    let heap = &vm.heap;
    let value = vm.get(value);
    let has = |name| vm.special(value, name).is_some();
    let adds = methods.iter().any(|&method| has(method));
    if has(Sym::GetItem) && adds && !heap.is_instance(value, Builtin::Dict) {
        return Ok(());
    }
    let class = heap.type_name(value);
    Err(heap.type_error(format!("'{class}' object can't be concatenated")))
}

const CONTAINS: Native = Native::vm(
    "contains(a, b, /)",
    "Same as b in a (note the order).",
    |vm, args| {
        let found = vm.contains(args.at(0), args.at(1))?;
        Ok(vm.local(Value::bool(found)))
    },
);

const COUNT_OF: Native = Native::vm(
    "countOf(a, b, /)",
    "Return how many items of a are b or equal to it.",
    |vm, args| {
        let mut count = 0;
        each_equal(vm, args.at(0), args.at(1), |_| {
            count += 1;
            Search::Continue
        })?;
        Ok(vm.local(vm.heap.int(count)))
    },
);

const INDEX_OF: Native = Native::vm(
    "indexOf(a, b, /)",
    "Return the first index of b in a. Raises ValueError if there is none.",
    |vm, args| {
        let mut first = None;
        each_equal(vm, args.at(0), args.at(1), |at| {
            first = Some(at);
            Search::Stop
        })?;
        match first {
            Some(at) => Ok(vm.local(vm.heap.int(at))),
            None => Err(vm.heap.value_error("sequence.index(x): x not in sequence")),
        }
    },
);

/// Whether a search goes on after an item that was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Search {
    Continue,
    Stop,
}

/// Calls `found` with the place of each item that is `wanted` or equal to it.
fn each_equal(
    vm: &mut Vm,
    iterable: Local,
    wanted: Local,
    mut found: impl FnMut(i64) -> Search,
) -> Result<(), Raised> {
    let has = |name| vm.special(vm.get(iterable), name).is_some();
    if !has(Sym::Iter) && !has(Sym::GetItem) {
        let class = vm.heap.type_name(vm.get(iterable));
        let message = format!("argument of type '{class}' is not iterable");
        return Err(vm.heap.type_error(message));
    }
    let iterator = vm.iter(iterable)?;
    let item = vm.local(Value::UNDEF);
    for at in 0.. {
        let mark = vm.mark();
        vm.set(item, Value::UNDEF);
        if !vm.next(iterator, item)? {
            break;
        }
        if vm.equal(item, wanted)? && found(at) == Search::Stop {
            break;
        }
        vm.release(mark);
        vm.native_safepoint()?;
    }
    Ok(())
}

const DELITEM: Native = Native::vm("delitem(a, b, /)", "Same as del a[b].", |vm, args| {
    vm.del_item(args.at(0), args.at(1))?;
    Ok(vm.none())
});

const GETITEM: Native = Native::vm("getitem(a, b, /)", "Same as a[b].", |vm, args| {
    vm.get_item(args.at(0), args.at(1))
});

const SETITEM: Native = Native::vm("setitem(a, b, c, /)", "Same as a[b] = c.", |vm, args| {
    vm.set_item(args.at(0), args.at(1), args.at(2))?;
    Ok(vm.none())
});

const LENGTH_HINT: Native = Native::vm(
    "length_hint(obj, default=0, /)",
    "Return an estimate of the number of items in obj: its length, else its __length_hint__, else default.",
    |vm, args| {
        let default = args.at(1);
        let otherwise = match vm.get(default).is_undef() {
            true => 0,
            false if vm.heap.is_instance(vm.get(default), Builtin::Int) => vm.index(default)?,
            false => {
                let class = vm.heap.type_name(vm.get(default));
                let message = format!("'{class}' object cannot be interpreted as an integer");
                return Err(vm.heap.type_error(message));
            }
        };
        let hint = vm.length_hint(args.at(0))?.unwrap_or(otherwise);
        Ok(vm.local(vm.heap.int(hint)))
    },
);

const CALL: Native = Native::vm(
    "call(obj, /, *args, **kwargs)",
    "Same as obj(*args, **kwargs).",
    |vm, args| {
        let keywords = vm.get_gc::<Dict>(args.at(2)).map(|_| args.at(2));
        vm.call_ex(args.at(0), args.at(1), keywords)
    },
);
