//! `dict_keys`, `dict_values`, `dict_items` and `mappingproxy`.
//!
//! Views of keys and items act like sets (`vm/protocol/set_ops.rs` has the operators); a proxy leads all to its mapping.
//! To add a method: a `Native`, its function, a name in the tables that have it.

use super::CLASS_GETITEM;
use super::dict;
use super::set::is_disjoint;
use super::special::Special;
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::iter::IterTag;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::{given, this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: SET_LIKE,
        getters: MAPPING,
        ..NativeType::of(
            Builtin::DictKeys,
            "The keys of a dict, as a set that follows its changes.",
        )
    },
    NativeType {
        methods: &[
            &Special::<View>::ITER,
            &Special::<View>::LEN,
            &Special::<View>::REPR,
            &REVERSED,
        ],
        getters: MAPPING,
        ..NativeType::of(
            Builtin::DictValues,
            "The values of a dict; it follows its changes.",
        )
    },
    NativeType {
        methods: SET_LIKE,
        getters: MAPPING,
        ..NativeType::of(
            Builtin::DictItems,
            "The pairs of a dict, as a set that follows its changes.",
        )
    },
    NativeType {
        new: Some(&NEW_PROXY),
        methods: &[
            &PROXY_COPY,
            &PROXY_GET,
            &PROXY_ITEMS,
            &PROXY_KEYS,
            &PROXY_VALUES,
            &Special::<View>::CONTAINS,
            &Special::<View>::EQ,
            &Special::<View>::GETITEM,
            &Special::<View>::ITER,
            &Special::<View>::LEN,
            &Special::<View>::NE,
            &Special::<View>::OR,
            &Special::<View>::REPR,
            &PROXY_REVERSED,
            &Special::<View>::ROR,
        ],
        class_methods: &[&CLASS_GETITEM],
        ..NativeType::of(Builtin::MappingProxy, "Read-only proxy of a mapping.")
    },
];

/// What keys and items have.
const SET_LIKE: &[&Native] = &[
    &ISDISJOINT,
    &Special::<View>::AND,
    &Special::<View>::CONTAINS,
    &Special::<View>::EQ,
    &Special::<View>::GE,
    &Special::<View>::GT,
    &Special::<View>::ITER,
    &Special::<View>::LE,
    &Special::<View>::LEN,
    &Special::<View>::LT,
    &Special::<View>::NE,
    &Special::<View>::OR,
    &Special::<View>::RAND,
    &Special::<View>::REPR,
    &REVERSED,
    &Special::<View>::ROR,
    &Special::<View>::RSUB,
    &Special::<View>::RXOR,
    &Special::<View>::SUB,
    &Special::<View>::XOR,
];

const MAPPING: &[Getter] = &[Getter::leaf(
    "mapping",
    "dictionary that this view refers to",
    |heap, args| {
        Ok(heap
            .view(ViewTag::Proxy, this::<View>(heap, args)?.source.get(heap))
            .value())
    },
)];

const REVERSED: Native = Native::leaf(
    "__reversed__(self, /)",
    "Return a reverse iterator over the dict view.",
    |heap, args| {
        let view = this::<View>(heap, args)?;
        let Some(dict) = view.source.get(heap).as_gc::<Dict>() else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        let entries = dict.table.entries(heap).into_iter();
        let items = match view.tag {
            ViewTag::Keys | ViewTag::Proxy => return Ok(dict::reversed(heap, dict)),
            ViewTag::Values => heap.list(entries.map(|(_, value)| value)),
            ViewTag::Items => {
                heap.list(entries.map(|(key, value)| heap.tuple(&[key, value]).value()))
            }
        };
        let last = items.len(heap) as i64 - 1;
        Ok(heap
            .iter(IterTag::ListReverse, items.value(), Value::UNDEF, last, 0)
            .value())
    },
);

const ISDISJOINT: Native = Native::vm(
    "isdisjoint(self, other, /) -> bool",
    "Return True if the view and the given iterable have a null intersection.",
    |vm, args| {
        this_of::<View>(vm, args)?;
        is_disjoint(vm, args)
    },
);

const NEW_PROXY: Native = Native::vm(
    "mappingproxy(cls, mapping, /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| {
        let mapping = vm.get(args.at(1));
        if vm.special(mapping, Sym::GetItem).is_none()
            || mapping.is_gc::<List>()
            || mapping.is_gc::<Tuple>()
        {
            let class = vm.heap.type_name(mapping);
            return Err(vm.heap.type_error(format!(
                "mappingproxy() argument must be a mapping, not {class}"
            )));
        }
        Ok(vm.local(vm.heap.view(ViewTag::Proxy, mapping).value()))
    },
);

/// The mapping behind a proxy.
fn source(vm: &Vm, args: Locals) -> Result<Local, Raised> {
    Ok(vm.local(this_of::<View>(vm, args)?.source.get(&vm.heap)))
}

const PROXY_GET: Native = Native::vm(
    "get(self, key, default=None, /)",
    "Return the value for key if key is in the mapping, else default.",
    |vm, args| {
        let source = source(vm, args)?;
        let default = given(vm, args.at(2)).unwrap_or_else(|| vm.none());
        vm.call_method(source, "get", &[args.at(1), default])
    },
);

const PROXY_KEYS: Native = Native::vm(
    "keys(self, /)",
    "D.keys() -> a set-like object providing a view on D's keys",
    |vm, args| {
        let source = source(vm, args)?;
        vm.call_method(source, "keys", &[])
    },
);

const PROXY_VALUES: Native = Native::vm(
    "values(self, /)",
    "D.values() -> an object providing a view on D's values",
    |vm, args| {
        let source = source(vm, args)?;
        vm.call_method(source, "values", &[])
    },
);

const PROXY_ITEMS: Native = Native::vm(
    "items(self, /)",
    "D.items() -> a set-like object providing a view on D's items",
    |vm, args| {
        let source = source(vm, args)?;
        vm.call_method(source, "items", &[])
    },
);

const PROXY_COPY: Native = Native::vm(
    "copy(self, /)",
    "D.copy() -> a shallow copy of D",
    |vm, args| {
        let source = source(vm, args)?;
        vm.call_method(source, "copy", &[])
    },
);

const PROXY_REVERSED: Native = Native::vm(
    "__reversed__(self, /)",
    "D.__reversed__() -> reverse iterator",
    |vm, args| {
        let source = source(vm, args)?;
        vm.call_method(source, "__reversed__", &[])
    },
);
