//! `_tuplegetter`: the attribute of a named tuple that is an item of it.
//!
//! It reads the item at once where the object is a tuple, without calling anything. Outside of a class it behaves as CPython's: it
//! cannot be written or deleted, and it takes itself apart for `copy` and `pickle`.

use crate::runtime::heap::traced;
use crate::runtime::instance::Instance;
use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm, payload_of};

struct Field {
    index: usize,
    doc: Slot,
}

traced!(Field { doc } plain { index });

impl Payload for Field {}

pub const FIELD: ModuleType = ModuleType {
    name: "collections._tuplegetter",
    module: "collections",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&GET, &SET, &DELETE, &REPR, &REDUCE],
        getters: &[Getter::leaf("__doc__", "What the item is.", |heap, args| {
            Ok(field(args.get(0)).doc.get(heap))
        })
        .with_set(|_, args| {
            field(args.get(0)).doc.set(args.get(1).or(Value::NONE));
            Ok(Value::NONE)
        })],
        ..NativeType::of(Builtin::Opaque, "An attribute that is an item of a tuple.")
    },
};

const NEW: Native = Native::vm(
    "_tuplegetter(cls, index, doc, /)",
    "An attribute for the item at an index.",
    |vm, args| {
        let index = vm.index(args.at(1))?;
        let made = Field {
            index: usize::try_from(index).unwrap_or(usize::MAX),
            doc: Slot::new(vm.get(args.at(2))),
        };
        Ok(vm.new_opaque(args.at(0), made))
    },
);

fn field<'h>(value: Value<'h>) -> &'h Field {
    payload_of(value)
}

const GET: Native = Native::vm(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    get,
)
.quick(|heap, args| {
    let instance: Gc<'_, Instance> = args.get(1).as_gc()?;
    let tuple: Gc<'_, Tuple> = instance.payload(heap)?.as_gc()?;
    tuple.at(heap, field(args.get(0)).index)
});

fn get(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = field(vm.get(args.at(0)));
    if vm.get(args.at(1)).is_none() {
        return Ok(args.at(0));
    }
    let tuple = crate::stdlib::arg::plain(vm, args.at(1));
    let Some(tuple) = vm.get_gc::<Tuple>(tuple) else {
        let index = this.index;
        let class = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!(
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{class}' object"
        );
        return Err(vm.heap.type_error(message));
    };
    match tuple.at(&vm.heap, this.index) {
        Some(item) => Ok(vm.local(item)),
        None => Err(vm
            .heap
            .raise(Builtin::IndexError, "tuple index out of range")),
    }
}

const SET: Native = Native::leaf(
    "__set__(self, instance, value, /)",
    "Raises AttributeError.",
    |heap, _| Err(heap.raise(Builtin::AttributeError, "can't set attribute")),
);
const DELETE: Native = Native::leaf(
    "__delete__(self, instance, /)",
    "Raises AttributeError.",
    |heap, _| Err(heap.raise(Builtin::AttributeError, "can't delete attribute")),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = field(vm.get(args.at(0)));
    let (index, doc) = (this.index, vm.local(this.doc.get(&vm.heap)));
    let text = format!("_tuplegetter({index}, {})", vm.repr_text(doc)?);
    Ok(vm.local(vm.heap.str_value(&text)))
});
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    |vm, args| {
        let this = field(vm.get(args.at(0)));
        let (index, doc) = (this.index, vm.local(this.doc.get(&vm.heap)));
        let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
        let index = vm.local(vm.heap.usize(index));
        let parts = vm.tuple_of(&[index, doc]);
        Ok(vm.tuple_of(&[class, parts]))
    },
);
