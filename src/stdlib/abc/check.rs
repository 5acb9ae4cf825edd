//! `ABCMeta.register`, `isinstance` and `issubclass` with an abstract class.
//!
//! A class counts as a subclass if `__subclasshook__` says so, if it derives from the abstract class, or if it derives from a class
//! that was registered or that derives from the abstract class. Answers are remembered; a denial holds until the next
//! registration with any abstract class.

use std::cell::Cell;

use super::Registrations;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::intern::Sym;
use crate::runtime::members::Members;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::set::Set;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::vm::{Local, Locals, Native, Vm};

pub(super) const REGISTER: Native = Native::vm(
    "register(cls, subclass)",
    "Register a virtual subclass of an ABC.\n\nReturns the subclass, to allow usage as a class decorator.",
    register,
);
pub(super) const INSTANCECHECK: Native = Native::vm(
    "__instancecheck__(cls, instance)",
    "Override for isinstance(instance, cls).",
    instancecheck,
);
pub(super) const SUBCLASSCHECK: Native = Native::vm(
    "__subclasscheck__(cls, subclass)",
    "Override for issubclass(subclass, cls).",
    |vm, args| {
        let answer = is_subclass(vm, args.at(0), args.at(1))?;
        Ok(vm.bool_local(answer))
    },
);
pub(super) const DUMP_REGISTRY: Native = Native::vm(
    "_dump_registry(cls, file=None)",
    "Print what the class knows of its subclasses, for debugging.",
    dump_registry,
);
pub(super) const REGISTRY_CLEAR: Native = Native::vm(
    "_abc_registry_clear(cls)",
    "Clear the registry (for debugging or testing).",
    |vm, args| {
        let set = known_set(vm, args.at(0), |known| &known.registry)?;
        clear(vm, set);
        Ok(vm.none())
    },
);
pub(super) const CACHES_CLEAR: Native = Native::vm(
    "_abc_caches_clear(cls)",
    "Clear the caches (for debugging or testing).",
    |vm, args| {
        let accepted = known_set(vm, args.at(0), |known| &known.accepted)?;
        let denied = known_set(vm, args.at(0), |known| &known.denied)?;
        clear(vm, accepted);
        clear(vm, denied);
        Ok(vm.none())
    },
);

/// The class attribute that holds a `Known`.
const ATTRIBUTE: &str = "_abc_impl";

/// What an abstract class knows of other classes: three sets.
struct Known {
    registry: Slot,
    accepted: Slot,
    denied: Slot,
    /// The number of registrations up to which `denied` holds.
    denied_at: Cell<usize>,
}

traced!(Known { registry, accepted, denied } plain { denied_at });

impl Payload for Known {}

/// Gives a new class its empty sets.
pub(super) fn init(vm: &mut Vm, class: Local) {
    let heap = &vm.heap;
    let empty = || Slot::new(heap.set(Members::default()).value());
    let known = Known {
        registry: empty(),
        accepted: empty(),
        denied: empty(),
        denied_at: Cell::new(registrations(vm)),
    };
    let object = heap.types.class(heap, Builtin::Opaque);
    let known = vm.local(heap.opaque(object, known).value());
    vm.class_set_attr(class, ATTRIBUTE, known);
}

fn registrations(vm: &Vm) -> usize {
    vm.extension::<Registrations>().count.get()
}

fn known_of(vm: &Vm, class: Local) -> Result<&Known, Raised> {
    let heap = &vm.heap;
    let known = vm
        .get_gc::<Class>(class)
        .and_then(|class| class.attrs.get(heap, heap.intern(ATTRIBUTE)))
        .and_then(|known| known.as_gc::<Opaque>()?.payload::<Known>());
    known.ok_or_else(|| heap.type_error("the class was not made by ABCMeta.__new__()"))
}

fn known_set(vm: &Vm, class: Local, field: fn(&Known) -> &Slot) -> Result<Local, Raised> {
    let known = known_of(vm, class)?;
    Ok(vm.local(field(known).get(&vm.heap)))
}

fn clear(vm: &Vm, set: Local) {
    if let Some(set) = vm.get_gc::<Set>(set) {
        set.members.clear(&vm.heap);
    }
}

fn register(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (class, subclass) = (args.at(0), args.at(1));
    if !vm.get(subclass).is_gc::<Class>() {
        return Err(vm.heap.type_error("Can only register classes"));
    }
    if searching(vm, |vm| vm.is_subclass(subclass, class))? {
        return Ok(subclass);
    }
    if searching(vm, |vm| vm.is_subclass(class, subclass))? {
        return Err(vm.heap.raise(
            Builtin::RuntimeError,
            "Refusing to create an inheritance cycle",
        ));
    }
    let registry = known_set(vm, class, |known| &known.registry)?;
    vm.set_add(registry, subclass)?;
    let count = &vm.extension::<Registrations>().count;
    count.set(count.get() + 1);
    hand_on_pattern_flags(vm, class, subclass);
    Ok(subclass)
}

/// What is registered as a sequence or mapping matches the patterns of one.
fn hand_on_pattern_flags(vm: &mut Vm, class: Local, subclass: Local) {
    const FLAGS: &str = "__abc_tpflags__";
    let heap = &vm.heap;
    let flags_of = |class| {
        vm.get_gc::<Class>(class)
            .and_then(|class| class.lookup(heap, heap.intern(FLAGS)))
    };
    // Strings and bytes are sequences that match no pattern; the other builtin classes are known without a flag.
    let is_builtin = vm
        .get_gc::<Class>(subclass)
        .is_some_and(|class| class.builtin.is_some());
    if is_builtin {
        return;
    }
    if let (Some(flags), None) = (flags_of(class), flags_of(subclass)) {
        let flags = vm.local(flags);
        vm.class_set_attr(subclass, FLAGS, flags);
    }
}

fn instancecheck(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (class, instance) = (args.at(0), args.at(1));
    let actual = vm.local(vm.heap.class_of(vm.get(instance)).value());
    let claimed = vm.find_attr(instance, Sym::Class.text())?.unwrap_or(actual);
    let accepted = known_set(vm, class, |known| &known.accepted)?;
    if vm.set_contains(accepted, claimed)? {
        return Ok(vm.bool_local(true));
    }
    if vm.get(actual).is(vm.get(claimed)) {
        if known_of(vm, class)?.denied_at.get() == registrations(vm) {
            let denied = known_set(vm, class, |known| &known.denied)?;
            if vm.set_contains(denied, claimed)? {
                return Ok(vm.bool_local(false));
            }
        }
        return ask(vm, class, claimed);
    }
    let answer = ask(vm, class, claimed)?;
    if vm.truth(answer)? {
        return Ok(answer);
    }
    ask(vm, class, actual)
}

/// `class.__subclasscheck__(other)`, which a metaclass may override.
fn ask(vm: &mut Vm, class: Local, other: Local) -> Result<Local, Raised> {
    let answer = searching(vm, |vm| {
        match vm.call_special(class, Sym::SubclassCheck, &[other])? {
            Some(answer) => vm.truth(answer),
            None => Ok(false),
        }
    })?;
    Ok(vm.bool_local(answer))
}

fn is_subclass(vm: &mut Vm, class: Local, subclass: Local) -> Result<bool, Raised> {
    if !vm.get(subclass).is_gc::<Class>() {
        return Err(vm.heap.type_error("issubclass() arg 1 must be a class"));
    }
    let accepted = known_set(vm, class, |known| &known.accepted)?;
    if vm.set_contains(accepted, subclass)? {
        return Ok(true);
    }
    let denied = known_set(vm, class, |known| &known.denied)?;
    if known_of(vm, class)?.denied_at.get() < registrations(vm) {
        clear(vm, denied);
        known_of(vm, class)?.denied_at.set(registrations(vm));
    } else if vm.set_contains(denied, subclass)? {
        return Ok(false);
    }
    let answer = searching(vm, |vm| find_out(vm, class, subclass))?;
    vm.set_add(if answer { accepted } else { denied }, subclass)?;
    Ok(answer)
}

/// Asks other classes on behalf of an abstract one: protocols answer these questions, too.
fn searching(
    vm: &mut Vm,
    ask: impl FnOnce(&mut Vm) -> Result<bool, Raised>,
) -> Result<bool, Raised> {
    let count = |vm: &Vm| vm.extension::<Registrations>().searches.get();
    let before = count(vm);
    vm.extension::<Registrations>().searches.set(before + 1);
    let answer = ask(vm);
    vm.extension::<Registrations>().searches.set(before);
    answer
}

fn find_out(vm: &mut Vm, class: Local, subclass: Local) -> Result<bool, Raised> {
    let hook = vm.call_method(class, "__subclasshook__", &[subclass])?;
    let answer = vm.get(hook);
    if let Some(answer) = answer.as_bool() {
        return Ok(answer);
    }
    if !answer.is(Value::NOT_IMPLEMENTED) {
        let message = "__subclasshook__ must return either False, True, or NotImplemented";
        return Err(vm.heap.raise(Builtin::AssertionError, message));
    }
    if vm.plain_is_subclass(subclass, class)? {
        return Ok(true);
    }
    for other in registered(vm, class)? {
        if vm.nested(|vm| vm.is_subclass(subclass, other))? {
            return Ok(true);
        }
    }
    let subclasses = vm.call_method(class, "__subclasses__", &[])?;
    for other in vm.to_vec(subclasses)? {
        if vm.nested(|vm| vm.is_subclass(subclass, other))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn registered(vm: &Vm, class: Local) -> Result<Vec<Local>, Raised> {
    let registry = known_set(vm, class, |known| &known.registry)?;
    let classes = vm
        .get_gc::<Set>(registry)
        .map_or_else(Vec::new, |set| set.members.keys(&vm.heap));
    Ok(classes.into_iter().map(|class| vm.local(class)).collect())
}

/// One of the three sets that a class keeps.
type Field = fn(&Known) -> &Slot;

/// The three sets of classes, and when the last of them was right: what `abc._get_dump` shows.
pub(super) const GET_DUMP: Native = Native::vm(
    "_get_dump(cls)",
    "Return the registry, the two caches and the version of the second, for debugging.",
    |vm, args| {
        let class = args.at(0);
        let registry = known_set(vm, class, |known| &known.registry)?;
        let accepted = known_set(vm, class, |known| &known.accepted)?;
        let denied = known_set(vm, class, |known| &known.denied)?;
        let version = known_of(vm, class)?.denied_at.get();
        let version = vm.local(vm.heap.usize(version));
        Ok(vm.tuple_of(&[registry, accepted, denied, version]))
    },
);

fn dump_registry(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm.repr_text(args.at(0))?;
    let mut lines = vec![
        format!("Class: {name}"),
        format!("Inv. counter: {}", registrations(vm)),
    ];
    let fields: [(&str, Field); 3] = [
        ("_abc_registry", |known| &known.registry),
        ("_abc_cache", |known| &known.accepted),
        ("_abc_negative_cache", |known| &known.denied),
    ];
    for (name, field) in fields {
        let set = known_set(vm, args.at(0), field)?;
        lines.push(format!("{name}: {}", vm.repr_text(set)?));
    }
    lines.push(format!(
        "_abc_negative_cache_version: {}",
        known_of(vm, args.at(0))?.denied_at.get()
    ));
    let text = vm.local(vm.heap.str_value(&lines.join("\n")));
    let print = vm
        .builtins()
        .globals
        .get(&vm.heap, vm.heap.intern("print"))
        .map(|print| vm.local(print));
    match print {
        Some(print) => vm.call_kw(
            print,
            &[text],
            &["file"],
            &[args.at(1)].map(|file| {
                if vm.get(file).is_undef() {
                    vm.none()
                } else {
                    file
                }
            }),
        ),
        None => Ok(vm.none()),
    }
}
