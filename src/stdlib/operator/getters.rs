//! `attrgetter` and `itemgetter`: functions of one argument that return an attribute or an item of it, or a tuple of several.
//!
//! They are what programs sort and group by, so the item of a builtin sequence or dict is fetched without a call (`quick`), and names
//! with dots are split when the function is made.

use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Slot};
use crate::stdlib::arg::as_str;
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm, leaf_item};

/// The names or keys to fetch.
struct Getter {
    /// The names or keys as they were given: a tuple.
    wanted: Slot,
    /// Of names, the parts between dots: a tuple of tuples. Of keys, the same as `wanted`.
    paths: Slot,
}

traced!(Getter { wanted, paths });
impl Payload for Getter {}

/// `attrgetter`.
pub const ATTRGETTER: ModuleType = ModuleType {
    name: "operator.attrgetter",
    module: "operator",
    body: NativeType {
        new: Some(&NEW_OF_NAMES),
        is_final: true,
        methods: &[&CALL_OF_NAMES, &REPR, &REDUCE],
        ..NativeType::of(
            Builtin::Opaque,
            "Return a callable object that fetches the given attribute(s) from its operand.\n\
             After f = attrgetter('name'), the call f(r) returns r.name.\n\
             After g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\n\
             After h = attrgetter('name.first', 'name.last'), the call h(r) returns\n\
             (r.name.first, r.name.last).",
        )
    },
};

/// `itemgetter`.
pub const ITEMGETTER: ModuleType = ModuleType {
    name: "operator.itemgetter",
    module: "operator",
    body: NativeType {
        new: Some(&NEW_OF_KEYS),
        is_final: true,
        methods: &[&CALL_OF_KEYS, &REPR, &REDUCE],
        ..NativeType::of(
            Builtin::Opaque,
            "Return a callable object that fetches the given item(s) from its operand.\n\
             After f = itemgetter(2), the call f(r) returns r[2].\n\
             After g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])",
        )
    },
};

/// The names or keys, the first of which is a parameter of its own.
fn given(vm: &mut Vm, args: Locals) -> Vec<Local> {
    let mut wanted = vec![args.at(1)];
    wanted.extend(spread(vm, args.at(2)));
    wanted
}

const NEW_OF_NAMES: Native = Native::vm(
    "attrgetter(cls, attr, /, *attrs)",
    "A function that returns attributes of its argument. Raises TypeError for names that are no strings.",
    |vm, args| {
        let names = given(vm, args);
        let mut paths = Vec::with_capacity(names.len());
        for &name in &names {
            let Some(text) = as_str(&vm.heap, vm.get(name)) else {
                return Err(vm.heap.type_error("attribute name must be a string"));
            };
            let parts: Vec<Local> = (text.as_str().split('.'))
                .map(|part| vm.local(vm.heap.intern(part).value()))
                .collect();
            paths.push(vm.tuple_of(&parts));
        }
        let (wanted, paths) = (vm.tuple_of(&names), vm.tuple_of(&paths));
        make(vm, args.at(0), wanted, paths)
    },
);

const NEW_OF_KEYS: Native = Native::vm(
    "itemgetter(cls, item, /, *items)",
    "A function that returns items of its argument.",
    |vm, args| {
        let keys = given(vm, args);
        let wanted = vm.tuple_of(&keys);
        make(vm, args.at(0), wanted, wanted)
    },
);

fn make(vm: &mut Vm, class: Local, wanted: Local, paths: Local) -> Result<Local, Raised> {
    let getter = Getter {
        wanted: Slot::new(vm.get(wanted)),
        paths: Slot::new(vm.get(paths)),
    };
    Ok(vm.new_opaque(class, getter))
}

/// One of several: a tuple's item, as a local.
fn part(vm: &Vm, tuple: Local, at: usize) -> Option<Local> {
    let tuple: Gc<'_, Tuple> = vm.get_gc(tuple)?;
    Some(vm.local(tuple.at(&vm.heap, at)?))
}

/// Fetches by each path: the result itself if there is one, else a tuple of them.
fn fetch_all(
    vm: &mut Vm,
    args: Locals,
    fetch: fn(&mut Vm, Local, Local) -> Result<Local, Raised>,
) -> Result<Local, Raised> {
    let paths = vm.payload::<Getter>(args.at(0)).paths.get(&vm.heap);
    let paths = vm.local(paths);
    let mut found = Vec::new();
    while let Some(path) = part(vm, paths, found.len()) {
        found.push(fetch(vm, args.at(1), path)?);
    }
    match found[..] {
        [only] => Ok(only),
        _ => Ok(vm.tuple_of(&found)),
    }
}

const CALL_OF_NAMES: Native = Native::vm(
    "__call__(self, obj, /)",
    "Call self as a function.",
    |vm, args| {
        fetch_all(vm, args, |vm, object, path| {
            let mut object = object;
            let mut at = 0;
            while let Some(name) = part(vm, path, at) {
                object = vm.get_attr(object, name)?;
                at += 1;
            }
            Ok(object)
        })
    },
);

const CALL_OF_KEYS: Native = Native::vm(
    "__call__(self, obj, /)",
    "Call self as a function.",
    |vm, args| fetch_all(vm, args, Vm::get_item),
)
.quick(|heap, args| {
    let getter = args.get(0).as_gc::<Opaque>()?;
    let keys = getter.payload::<Getter>()?.paths.get(heap);
    let keys = keys.as_gc::<Tuple>().filter(|keys| keys.len() == 1)?;
    if args.len() != 2 {
        return None;
    }
    leaf_item(heap, args.get(1), keys.at(heap, 0)?)?.ok()
});

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    let module = vm.get_attr_named(class, "__module__")?;
    let name = vm.get_attr_named(class, "__qualname__")?;
    let mut text = format!("{}.{}(", vm.text_of(module)?, vm.text_of(name)?);
    let wanted = vm.payload::<Getter>(args.at(0)).wanted.get(&vm.heap);
    let wanted = vm.local(wanted);
    let mut at = 0;
    while let Some(one) = part(vm, wanted, at) {
        if at > 0 {
            text.push_str(", ");
        }
        vm.write_repr(one, &mut text)?;
        at += 1;
    }
    text.push(')');
    Ok(vm.local(vm.heap.str_value(&text)))
});

const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling",
    |vm, args| {
        let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
        let wanted = vm.payload::<Getter>(args.at(0)).wanted.get(&vm.heap);
        let wanted = vm.local(wanted);
        Ok(vm.tuple_of(&[class, wanted]))
    },
);
