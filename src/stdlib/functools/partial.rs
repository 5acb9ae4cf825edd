//! `partial`: a function with some of its arguments given.
//!
//! Calling one calls the function with all arguments at once (`Payload::forward`): no call of its own stands between.

use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Forward, Opaque, Payload};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::receiver::{plain, spread};
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

struct Partial {
    function: Slot,
    /// A tuple.
    args: Slot,
    /// A dict.
    keywords: Slot,
}

traced!(Partial {
    function,
    args,
    keywords
});

impl Payload for Partial {
    fn forward<'h>(&self, heap: &'h Heap) -> Option<Forward<'h>> {
        Some(Forward {
            function: self.function.get(heap),
            args: self.args.get(heap).as_gc()?,
            keywords: self.keywords.get(heap).as_gc()?,
        })
    }
}

/// The class.
pub const PARTIAL: ModuleType = ModuleType {
    name: "functools.partial",
    module: "functools",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&CALL, &GET, &REPR, &REDUCE, &SETSTATE],
        class_methods: &[&CLASS_GETITEM],
        getters: &[
            Getter::vm(
                "func",
                "function object to use in future partial calls",
                |vm, args| Ok(vm.local(partial(vm, args.at(0)).function.get(&vm.heap))),
            )
            .as_member(),
            Getter::vm(
                "args",
                "tuple of arguments to future partial calls",
                |vm, args| Ok(vm.local(partial(vm, args.at(0)).args.get(&vm.heap))),
            )
            .as_member(),
            Getter::vm(
                "keywords",
                "dictionary of keyword arguments to future partial calls",
                |vm, args| Ok(vm.local(partial(vm, args.at(0)).keywords.get(&vm.heap))),
            )
            .as_member(),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Create a new function with partial application of the given arguments and keywords.",
        )
    },
};

fn partial(vm: &Vm, this: Local) -> &Partial {
    vm.payload(this)
}

const NEW: Native = Native::vm(
    "partial(cls, /, *args, **kwargs)",
    "A function with some of its arguments given. Raises TypeError if it cannot be called.",
    |vm, args| {
        let parts = spread(vm, args.at(1));
        let Some((&function, rest)) = parts.split_first() else {
            return Err(vm
                .heap
                .type_error("type 'partial' takes at least one argument"));
        };
        if !vm.is_callable(function) {
            return Err(vm.heap.type_error("the first argument must be callable"));
        }
        let (mut function, mut positional) = (function, rest.to_vec());
        let keywords = vm.local(vm.heap.dict().value());
        if let Some(inner) = flat(vm, function) {
            let (first, more) = (vm.local(inner.args.get(&vm.heap)), inner);
            function = vm.local(more.function.get(&vm.heap));
            let given = vm.local(more.keywords.get(&vm.heap));
            merge(vm, keywords, given)?;
            positional.splice(0..0, spread(vm, first));
        }
        merge(vm, keywords, args.at(2))?;
        let positional = vm.tuple_of(&positional);
        let made = Partial {
            function: Slot::new(vm.get(function)),
            args: Slot::new(vm.get(positional)),
            keywords: Slot::new(vm.get(keywords)),
        };
        Ok(vm.new_opaque(args.at(0), made))
    },
);

/// The partial that a function is, if it has no attributes of its own and is called as all are.
fn flat(vm: &Vm, function: Local) -> Option<&Partial> {
    let object: Gc<'_, Opaque> = vm.get_gc(function)?;
    let own = object.get().attrs.get(&vm.heap);
    let has_own = own
        .as_gc::<Dict>()
        .is_some_and(|dict| !dict.table.is_empty(&vm.heap));
    let found = object.payload::<Partial>()?;
    (!has_own).then_some(found)
}

/// Adds the entries of a dict of keyword arguments to another one.
fn merge(vm: &Vm, target: Local, source: Local) -> Result<(), Raised> {
    let (Some(target), Some(source)) = (vm.get_gc::<Dict>(target), vm.get_gc::<Dict>(source))
    else {
        return Ok(());
    };
    for (name, value) in source.table.entries(&vm.heap) {
        target.set_leaf(&vm.heap, name, value);
    }
    Ok(())
}

const CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    |vm, args| {
        let this = partial(vm, args.at(0));
        let (function, first) = (
            vm.local(this.function.get(&vm.heap)),
            vm.local(this.args.get(&vm.heap)),
        );
        let given = vm.local(this.keywords.get(&vm.heap));
        let keywords = vm.local(vm.heap.dict().value());
        merge(vm, keywords, given)?;
        merge(vm, keywords, args.at(2))?;
        let mut positional = spread(vm, first);
        positional.extend(spread(vm, args.at(1)));
        let positional = vm.tuple_of(&positional);
        vm.call_ex(function, positional, Some(keywords))
    },
);

const GET: Native = Native::vm(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    |vm, args| {
        if !vm.get(args.at(1)).is_none() {
            let message = "functools.partial will be a method descriptor in future Python versions; \
                           wrap it in staticmethod() if you want to preserve the old behavior";
            vm.warn(Builtin::FutureWarning, message)?;
        }
        Ok(args.at(0))
    },
);

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let mut text = String::new();
    vm.write_once(args.at(0), "...", &mut text, |vm, out| {
        *out = call_text(vm, args)?;
        Ok(())
    })?;
    Ok(vm.local(vm.heap.str_value(&text)))
});

fn call_text(vm: &mut Vm, args: Locals) -> Result<String, Raised> {
    let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    let module = vm.get_attr_named(class, "__module__")?;
    let name = vm.get_attr_named(class, "__qualname__")?;
    let this = partial(vm, args.at(0));
    let function = vm.local(this.function.get(&vm.heap));
    let given = vm.local(this.args.get(&vm.heap));
    let keywords = this.keywords.get(&vm.heap).as_gc::<Dict>();
    let entries = keywords
        .map(|k| k.table.entries(&vm.heap))
        .unwrap_or_default();
    let entries: Vec<_> = entries
        .into_iter()
        .map(|(k, v)| (vm.local(k), vm.local(v)))
        .collect();
    let mut text = format!("{}.{}(", vm.text_of(module)?, vm.text_of(name)?);
    vm.write_repr(function, &mut text)?;
    for item in spread(vm, given) {
        text.push_str(", ");
        vm.write_repr(item, &mut text)?;
    }
    for (name, value) in entries {
        text.push_str(", ");
        vm.write_str(name, &mut text)?;
        text.push('=');
        vm.write_repr(value, &mut text)?;
    }
    text.push(')');
    Ok(text)
}

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    let own = vm.attr_dict(vm.get(args.at(0))).map(|own| own.value());
    let this = partial(vm, args.at(0));
    let function = vm.local(this.function.get(&vm.heap));
    let parts = [
        function,
        vm.local(this.args.get(&vm.heap)),
        vm.local(this.keywords.get(&vm.heap)),
        vm.local(own.unwrap_or(Value::NONE)),
    ];
    let (made_of, state) = (vm.tuple_of(&[function]), vm.tuple_of(&parts));
    Ok(vm.tuple_of(&[class, made_of, state]))
});

const SETSTATE: Native = Native::vm(
    "__setstate__(self, state, /)",
    "Set the function, the arguments and the attributes. Raises TypeError if state is none that __reduce__ makes.",
    |vm, args| {
        let state = plain(vm, args.at(1));
        let parts = match vm.get_gc::<Tuple>(state).is_some() {
            true => spread(vm, state),
            false => Vec::new(),
        };
        let [function, positional, keywords, own] = parts[..] else {
            return Err(vm.heap.type_error("invalid partial state"));
        };
        let (positional, inner) = (plain(vm, positional), plain(vm, keywords));
        let is_dict = |vm: &Vm, at: Local| vm.get_gc::<Dict>(at).is_some() || vm.get(at).is_none();
        if !vm.is_callable(function)
            || vm.get_gc::<Tuple>(positional).is_none()
            || !is_dict(vm, inner)
            || !is_dict(vm, plain(vm, own))
        {
            return Err(vm.heap.type_error("invalid partial state"));
        }
        let known = match vm.is_exactly(keywords, Builtin::Dict) {
            true => keywords,
            false => {
                let made = vm.local(vm.heap.dict().value());
                merge(vm, made, inner)?;
                made
            }
        };
        let this = partial(vm, args.at(0));
        this.function.set(vm.get(function));
        this.args.set(vm.get(positional));
        this.keywords.set(vm.get(known));
        let owner = vm.get(args.at(0));
        if let Some(dict) = vm.get_gc::<Dict>(plain(vm, own)) {
            vm.set_attr_dict(owner, dict);
        } else if vm.attr_dict(owner).is_some() {
            vm.set_attr_dict(owner, vm.heap.dict());
        }
        Ok(vm.none())
    },
);

const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);
