//! How native types and modules are declared, and how the declarations become classes and modules on the heap.
//!
//! A type is `pub const LIST: NativeType = NativeType { methods: &[&APPEND, ..], ..NativeType::of(Builtin::List, "doc") }` in its file
//! and one word in `builtins/types/mod.rs`; a module is a `pub const MATH: NativeModule` in its file and one word in `stdlib/mod.rs`.
//! Builtin types are filled when the VM starts (an allocation and a table entry a method, nothing else); modules when they are
//! first imported.

use std::cell::RefCell;

use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::heap::traced;
use crate::runtime::module::Module;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::vm::{Extension, Layer, LayerPlace, LeafFn, Local, Native, NativeRole, Vm, VmFn};

/// What a builtin class has beside its bases.
pub struct NativeType {
    /// Which class; for a `ModuleType`, the class that it derives from.
    pub class: Builtin,
    /// For a `ModuleType`: the module's class that it derives from instead, of the same layout.
    pub base: Option<&'static ModuleType>,
    /// `__doc__`.
    pub doc: &'static str,
    /// `__new__`: its first parameter is `cls`. What it returns is an instance of `class`; a call through a class of the
    /// program wraps it. None: inherited.
    pub new: Option<&'static Native>,
    /// Methods: the first parameter is an instance of `class`, also when a program's class extends it.
    pub methods: &'static [&'static Native],
    /// Class methods: the first parameter is the class.
    pub class_methods: &'static [&'static Native],
    /// Static methods.
    pub static_methods: &'static [&'static Native],
    /// Attributes that are computed.
    pub getters: &'static [Getter],
    /// The class written in apy, as (module, name), that classes of the program get before this one in their MRO: the general
    /// path, on which each call goes through the instance.
    pub general: Option<(&'static str, &'static str)>,
    /// Whether programs can set attributes of the class.
    pub is_open: bool,
    /// Whether classes of the program cannot derive from it.
    pub is_final: bool,
    /// Whether its own instances take no attributes; those of classes that extend it do.
    pub has_no_dict: bool,
}

impl NativeType {
    /// A type that has nothing; for `..` in declarations.
    pub const fn of(class: Builtin, doc: &'static str) -> NativeType {
        assert!(!doc.is_empty(), "a class says what it is");
        NativeType {
            class,
            base: None,
            doc,
            new: None,
            methods: &[],
            class_methods: &[],
            static_methods: &[],
            getters: &[],
            general: None,
            is_open: false,
            is_final: false,
            has_no_dict: false,
        }
    }
}

/// A computed attribute of instances.
pub struct Getter {
    /// Its name.
    pub name: &'static str,
    get: Native,
    set: Option<Native>,
    is_member: bool,
}

impl Getter {
    /// An attribute that a leaf computes from the instance.
    pub const fn leaf(name: &'static str, doc: &'static str, get: LeafFn) -> Getter {
        Getter {
            name,
            get: Native::leaf("get(self, /)", doc, get),
            set: None,
            is_member: false,
        }
    }

    /// An attribute whose computation may run the program.
    pub const fn vm(name: &'static str, doc: &'static str, get: VmFn) -> Getter {
        Getter {
            name,
            get: Native::vm("get(self, /)", doc, get),
            set: None,
            is_member: false,
        }
    }

    /// CPython keeps the attribute in a field of the object: its descriptor is a `member_descriptor`, and where it cannot be set
    /// the error says so in other words.
    pub const fn as_member(self) -> Getter {
        Getter {
            name: self.name,
            get: self.get,
            set: self.set,
            is_member: true,
        }
    }

    /// What the attribute is.
    pub const fn doc(&self) -> &'static str {
        self.get.doc
    }

    /// Whether programs can set it.
    pub const fn is_settable(&self) -> bool {
        self.set.is_some()
    }

    /// The attribute can be set: `set` gets the instance and the value; Undef for `del`, which it may refuse.
    pub const fn with_set(self, set: LeafFn) -> Getter {
        Getter {
            name: self.name,
            get: self.get,
            set: Some(Native::leaf(
                "set(self, value=None, /)",
                "Set the attribute.",
                set,
            )),
            is_member: self.is_member,
        }
    }

    /// The same, with a setter that may run the program.
    pub const fn with_vm_set(self, set: VmFn) -> Getter {
        Getter {
            name: self.name,
            get: self.get,
            set: Some(Native::vm(
                "set(self, value=None, /)",
                "Set the attribute.",
                set,
            )),
            is_member: self.is_member,
        }
    }
}

/// A module written in Rust.
pub struct NativeModule {
    /// Its full name.
    pub name: &'static str,
    /// `__doc__`.
    pub doc: &'static str,
    /// Its functions.
    pub functions: &'static [&'static Native],
    /// The classes that it makes.
    pub types: &'static [&'static ModuleType],
    /// The exceptions that it makes, beside its other classes.
    pub exceptions: &'static [&'static ModuleType],
    /// The builtin classes that it names.
    pub builtins: &'static [Builtin],
    /// What `init` binds, with a sentence on each; docs/library shows it.
    pub constants: &'static [(&'static str, &'static str)],
    /// Binds what is neither: constants.
    pub init: fn(&mut Vm, Local) -> Result<(), Raised>,
}

impl NativeModule {
    /// A module that has nothing; for `..` in declarations.
    pub const fn of(name: &'static str, doc: &'static str) -> NativeModule {
        assert!(!doc.is_empty(), "a module says what it is");
        NativeModule {
            name,
            doc,
            functions: &[],
            types: &[],
            exceptions: &[],
            builtins: &[],
            constants: &[],
            init: |_, _| Ok(()),
        }
    }
}

/// A class that a native module makes when it is imported.
pub struct ModuleType {
    /// The name in messages: `deque` or, where CPython's class is written in C, `collections.deque`. `__name__` is its last part.
    pub name: &'static str,
    /// `__module__`.
    pub module: &'static str,
    /// The class that it derives from and what it adds; instances are made by its `new` (`heap.opaque(class, ..)` or
    /// whatever the base's layout is).
    pub body: NativeType,
}

impl ModuleType {
    /// An exception that has what its base has. One with more: a `ModuleType` whose body adds it.
    pub const fn exception(
        name: &'static str,
        module: &'static str,
        base: Builtin,
        doc: &'static str,
    ) -> ModuleType {
        ModuleType {
            name,
            module,
            body: NativeType::of(base, doc),
        }
    }

    /// `__name__`.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// The classes of the native modules that were imported.
#[derive(Default)]
pub struct Registry {
    classes: RefCell<Vec<(&'static str, Slot)>>,
    /// What modules keep between calls: caches.
    kept: RefCell<Vec<(&'static str, Slot)>>,
    /// The classes with a general path, and where that is.
    general: RefCell<Vec<(Slot, &'static str, &'static str)>>,
}

impl Layer for Registry {
    const PLACE: LayerPlace = LayerPlace::NativeClasses;
}

traced!(Registry {
    classes,
    kept,
    general
});

impl Extension for Registry {}

/// What a module keeps under this name, if it has kept something.
pub fn kept(vm: &Vm, name: &'static str) -> Option<Local> {
    let kept = vm.extension::<Registry>().kept.borrow();
    let found = kept.iter().find(|(known, _)| *known == name);
    found.map(|(_, slot)| vm.local(slot.get(&vm.heap)))
}

/// Keeps a value between calls; `kept` finds it. A name is used once.
pub fn keep(vm: &Vm, name: &'static str, value: Local) {
    let registry = vm.extension::<Registry>();
    registry
        .kept
        .borrow_mut()
        .push((name, Slot::new(vm.get(value))));
}

/// Gives a builtin class its methods and attributes.
pub fn install_type(vm: &mut Vm, ty: &'static NativeType) {
    let mark = vm.mark();
    let class = vm.local(vm.heap.types.class(&vm.heap, ty.class).value());
    fill_class(vm, class, ty);
    vm.release(mark);
}

/// Makes the objects of a native module; the caller binds it in `sys.modules`.
pub fn make_module(vm: &mut Vm, decl: &'static NativeModule) -> Result<Local, Raised> {
    let module = vm.local(vm.heap.module(decl.name).value());
    let mark = vm.mark();
    let name = vm.local(vm.heap.intern(decl.name).value());
    bind(vm, module, "__name__", vm.get(name));
    bind(vm, module, "__doc__", vm.heap.str_value(decl.doc));
    for native in decl.functions {
        add_function(vm, module, name, native);
    }
    for &builtin in decl.builtins {
        bind(
            vm,
            module,
            builtin.short_name(),
            vm.heap.types.class(&vm.heap, builtin).value(),
        );
    }
    for ty in decl.types.iter().chain(decl.exceptions) {
        let class = class_of(vm, ty);
        bind(vm, module, ty.short_name(), vm.get(class));
    }
    (decl.init)(vm, module)?;
    vm.release(mark);
    Ok(module)
}

/// Binds a name in a module: for the constants of `NativeModule::init`.
pub fn bind<'h>(vm: &'h Vm, module: Local, name: &str, value: Value<'h>) {
    if let Some(module) = vm.get_gc::<Module>(module) {
        module.set(&vm.heap, name, value);
    }
}

/// Adds a function to a module of this name (a local with a string).
pub fn add_function(vm: &mut Vm, module: Local, name: Local, native: &'static Native) {
    let mark = vm.mark();
    let function = vm.native_function(native, NativeRole::Function(name));
    bind(vm, module, native.name(), vm.get(function));
    vm.release(mark);
}

/// The class of a module's type; made now if it was not yet.
pub fn class_of(vm: &mut Vm, ty: &'static ModuleType) -> Local {
    let registry = vm.extension::<Registry>();
    let known = registry
        .classes
        .borrow()
        .iter()
        .find(|(name, _)| *name == ty.name)
        .map(|(_, slot)| Slot::copy(slot));
    if let Some(slot) = known {
        return vm.local(slot.get(&vm.heap));
    }
    let base = ty.body.base.map(|base| class_of(vm, base));
    let class = vm.local(make_class(vm, ty, base).value());
    let slot = Slot::new(vm.get(class));
    vm.extension::<Registry>()
        .classes
        .borrow_mut()
        .push((ty.name, slot));
    fill_class(vm, class, &ty.body);
    if let Some((module, name)) = ty.body.general {
        let row = (Slot::new(vm.get(class)), module, name);
        vm.extension::<Registry>().general.borrow_mut().push(row);
        let hook = vm.native_function(&INIT_SUBCLASS, NativeRole::Free);
        let hook_value = descriptor(vm, DescriptorKind::Class, hook);
        set(vm, class, INIT_SUBCLASS.name(), hook_value);
    }
    if let Some(class) = vm.get_gc::<Class>(class) {
        class.refresh_flags(&vm.heap);
    }
    class
}

/// Raises a module's exception with these arguments.
pub fn raise(vm: &mut Vm, exception: &'static ModuleType, args: &[Local]) -> Raised {
    let class = class_of(vm, exception);
    match vm.call(class, args) {
        Ok(made) => vm.raise_local(made),
        Err(raised) => raised,
    }
}

/// Raises a module's exception with a message.
pub fn raise_text(vm: &mut Vm, exception: &'static ModuleType, message: &str) -> Raised {
    let message = vm.local(vm.heap.str_value(message));
    raise(vm, exception, &[message])
}

/// Puts the general paths of the native classes that a new class extends into its MRO, each before its native class.
const INIT_SUBCLASS: Native = Native::vm(
    "__init_subclass__(cls, /)",
    "Prepare a class that extends this one.",
    |vm, args| {
        while let Some((at, module, name)) = missing_general(vm, args.at(0)) {
            let module = vm.import_module(module)?;
            let general = vm.get_attr_named(module, name)?;
            let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("a class method");
            let mut mro = class.mro.to_vec(&vm.heap);
            let general: Gc<'_, Class> = vm.get_gc(general).expect("the general path is a class");
            let new = general.mro.to_vec(&vm.heap);
            let new = new
                .into_iter()
                .filter(|v| !mro.iter().any(|known| known.is(*v)));
            let new: Vec<Value<'_>> = new.collect();
            for class in new.iter().filter_map(|class| class.as_gc::<Class>()) {
                class.add_flags(class_flag::GENERAL);
            }
            mro.splice(at..at, new);
            for (i, value) in mro.into_iter().enumerate() {
                if !class.mro.set(i, value) {
                    class.mro.push(&vm.heap, value);
                }
            }
            class.refresh_flags(&vm.heap);
            vm.heap.class_changed();
        }
        Ok(vm.none())
    },
);

/// The place in a class's MRO where a general path is missing, and which.
fn missing_general(vm: &Vm, class: Local) -> Option<(usize, &'static str, &'static str)> {
    let class: Gc<'_, Class> = vm.get_gc(class)?;
    let general = vm.extension::<Registry>().general.borrow();
    let mro = class.mro.to_vec(&vm.heap);
    mro.iter().enumerate().skip(1).find_map(|(at, ancestor)| {
        let row = |(native, _, _): &&(Slot, &str, &str)| native.get(&vm.heap).is(*ancestor);
        let &(_, module, name) = general.iter().find(row)?;
        let path = vm
            .loaded_module(module)
            .and_then(|it| vm.find_global(it, name));
        let is_there = path.is_some_and(|path| mro.iter().any(|known| known.is(vm.get(path))));
        (!is_there).then_some((at, module, name))
    })
}

fn make_class<'h>(vm: &'h Vm, ty: &'static ModuleType, base: Option<Local>) -> Gc<'h, Class> {
    let heap = &vm.heap;
    let model = heap.types.class(heap, ty.body.class);
    // `native_object` is a layout, not a class that programs should see.
    let base = if let Some(base) = base.and_then(|base| vm.get_gc(base)) {
        base
    } else if model.builtin_is(Builtin::Opaque) {
        heap.types.class(heap, Builtin::Object)
    } else {
        model
    };
    let meta = heap.types.shape_of(Builtin::Type);
    let class = heap.new_class(ty.name, &[base.value()], model.layout, None, meta);
    class.add_flags(class_flag::NATIVE);
    if ty.body.is_final {
        class.add_flags(class_flag::FINAL);
    }
    if ty.body.has_no_dict {
        class.add_flags(class_flag::NO_DICT);
    }
    if ty.body.is_open {
        class.add_flags(class_flag::OPEN);
    }
    class.qualname.set(heap.intern(ty.short_name()).value());
    class.mro.push(heap, class.value());
    for ancestor in base.mro(heap) {
        class.mro.push(heap, ancestor.value());
    }
    class.bind(
        heap,
        heap.intern("__module__"),
        heap.intern(ty.module).value(),
    );
    class
}

/// Attributes of a class beside those that its declaration lists: `__doc__`, `__new__`, `__module__`, `__hash__`.
const OTHERS: usize = 4;

fn fill_class(vm: &mut Vm, class: Local, ty: &'static NativeType) {
    let mark = vm.mark();
    if let Some(class) = vm.get_gc::<Class>(class) {
        let functions = ty.methods.len() + ty.class_methods.len() + ty.static_methods.len();
        class.expect_attrs(&vm.heap, functions + ty.getters.len() + OTHERS);
    }
    set(vm, class, "__doc__", vm.heap.str_value(ty.doc));
    if let Some(new) = ty.new {
        let function = vm.native_function(new, NativeRole::New(class));
        set(vm, class, "__new__", vm.get(function));
    }
    for native in ty.methods {
        let function = vm.native_function(native, NativeRole::Method(class));
        set(vm, class, native.name(), vm.get(function));
        vm.release(mark);
    }
    let wrapped = ty.class_methods.iter().map(|n| (n, DescriptorKind::Class));
    for (native, kind) in wrapped.chain(
        ty.static_methods
            .iter()
            .map(|n| (n, DescriptorKind::Static)),
    ) {
        let function = vm.native_function(native, NativeRole::Free);
        set(vm, class, native.name(), descriptor(vm, kind, function));
        vm.release(mark);
    }
    for getter in ty.getters {
        add_getter(vm, class, getter);
    }
    let defines = |name| ty.methods.iter().any(|native| native.name() == name);
    if defines("__eq__")
        && !defines("__hash__")
        && vm
            .get_gc::<Class>(class)
            .is_some_and(|class| class.builtin.is_none())
    {
        set(vm, class, "__hash__", Value::NONE);
    }
    // The builtin classes are refreshed together once all are filled.
    if let Some(class) = vm
        .get_gc::<Class>(class)
        .filter(|class| class.builtin.is_none())
    {
        class.refresh_flags(&vm.heap);
    }
    vm.release(mark);
}

/// Adds a computed attribute to a class.
pub fn add_getter(vm: &mut Vm, class: Local, getter: &'static Getter) {
    let mark = vm.mark();
    let get = vm.native_function(&getter.get, NativeRole::Free);
    let set_function = getter
        .set
        .as_ref()
        .map(|native| vm.native_function(native, NativeRole::Free));
    let made = Descriptor::new(DescriptorKind::GetSet, Slot::new(vm.get(get)));
    if let Some(function) = set_function {
        made.set.set(vm.get(function));
        made.delete.set(vm.get(function));
    }
    made.extra.set(vm.heap.intern(getter.name).value());
    made.owner.set(vm.get(class));
    let class_of_it = if getter.is_member {
        Builtin::MemberDescriptor
    } else {
        Builtin::GetSetDescriptor
    };
    let shape = vm.heap.types.shape_of(class_of_it);
    set(
        vm,
        class,
        getter.name,
        vm.heap.alloc_shaped(made, shape).value(),
    );
    vm.release(mark);
}

fn descriptor(vm: &Vm, kind: DescriptorKind, function: Local) -> Value<'_> {
    let class = if kind == DescriptorKind::Class {
        Builtin::ClassMethod
    } else {
        Builtin::StaticMethod
    };
    let made = Descriptor::new(kind, Slot::new(vm.get(function)));
    vm.heap
        .alloc_shaped(made, vm.heap.types.shape_of(class))
        .value()
}

fn set<'h>(vm: &'h Vm, class: Local, name: &str, value: Value<'h>) {
    if let Some(class) = vm.get_gc::<Class>(class) {
        class.bind(&vm.heap, vm.heap.intern(name), value);
    }
}
