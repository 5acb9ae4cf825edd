//! `_frozen_importlib`: what modules know of their origin, and the loaders and finders that programs can call.
//!
//! `import` itself is in `vm/import.rs` and goes through the hooks of the facade. A module's `__spec__` and `__loader__` are made
//! here; `importlib` and its submodules, written in apy, take these classes from here. To add a loader: a `ModuleType` and a
//! variant of `Kind`.

use super::registry::{Getter, ModuleType, NativeModule, NativeType, bind, class_of};
use crate::runtime::class::Class;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::builtins::functions::code::utf8_source;
use crate::stdlib::receiver::given;
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const FROZEN_IMPORTLIB: NativeModule = NativeModule {
    types: &[
        &SPEC,
        &SOURCE_LOADER,
        &BUILTIN,
        &FROZEN,
        &NAMESPACE,
        &PATH_FINDER,
    ],
    ..NativeModule::of(
        "_frozen_importlib",
        "Specs, loaders and finders: what modules know of their origin.",
    )
};

/// What loads a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Native code.
    Native,
    /// Code in the binary.
    Library,
    /// A source file.
    File,
    /// Nothing: a namespace package.
    Namespace,
}

/// Where a module comes from, as its `__spec__` tells it.
pub struct Origin<'a> {
    /// The module's full name.
    pub name: &'a str,
    /// What loads it.
    pub kind: Kind,
    /// The file; absent for others.
    pub file: Option<&'a str>,
    /// Where a package's modules are; absent for others.
    pub search: Option<Vec<String>>,
}

const SPEC: ModuleType = ModuleType {
    name: "ModuleSpec",
    module: "_frozen_importlib",
    body: NativeType {
        methods: &[&SPEC_INIT, &SPEC_REPR, &SPEC_EQ],
        getters: &[
            Getter::vm("parent", "The name of the module's parent.", parent),
            Getter::vm("has_location", "Whether `origin` is a file.", has_location)
                .with_vm_set(set_has_location),
        ],
        ..NativeType::of(
            Builtin::Object,
            "The specification for a module, used for loading.",
        )
    },
};
const SOURCE_LOADER: ModuleType = ModuleType {
    name: "SourceFileLoader",
    module: "_frozen_importlib_external",
    body: NativeType {
        methods: &[
            &FILE_INIT,
            &CREATE_NOTHING,
            &FILE_EXEC,
            &FILE_SOURCE,
            &FILE_NAME,
            &FILE_DATA,
            &FILE_IS_PACKAGE,
            &FILE_CODE,
            &FILE_LOAD,
        ],
        ..NativeType::of(Builtin::Object, "Loads a module from a source file.")
    },
};
const BUILTIN: ModuleType = ModuleType {
    name: "BuiltinImporter",
    module: "_frozen_importlib",
    body: NativeType {
        class_methods: &[
            &FIND,
            &CREATE_LOADED,
            &EXEC_NOTHING,
            &NO_SOURCE,
            &NO_CODE,
            &NO_PACKAGE,
        ],
        ..NativeType::of(
            Builtin::Object,
            "Meta path import for modules written in Rust.",
        )
    },
};
const FROZEN: ModuleType = ModuleType {
    name: "FrozenImporter",
    module: "_frozen_importlib",
    body: NativeType {
        class_methods: &[
            &FIND,
            &CREATE_LOADED,
            &EXEC_NOTHING,
            &NO_SOURCE,
            &NO_CODE,
            &NO_PACKAGE,
        ],
        ..NativeType::of(
            Builtin::Object,
            "Meta path import for modules that are part of the binary.",
        )
    },
};
const NAMESPACE: ModuleType = ModuleType {
    name: "NamespaceLoader",
    module: "_frozen_importlib_external",
    body: NativeType {
        methods: &[&CREATE_NOTHING, &EXEC_NAMESPACE, &LOAD],
        ..NativeType::of(
            Builtin::Object,
            "Loads a package that has no file of its own.",
        )
    },
};
const PATH_FINDER: ModuleType = ModuleType {
    name: "PathFinder",
    module: "_frozen_importlib_external",
    body: NativeType {
        class_methods: &[&FIND, &INVALIDATE],
        ..NativeType::of(Builtin::Object, "Meta path finder for sys.path.")
    },
};

/// The finders that `sys.meta_path` begins with.
pub fn default_finders(vm: &mut Vm) -> [Local; 3] {
    [&BUILTIN, &FROZEN, &PATH_FINDER].map(|class| class_of(vm, class))
}

/// A spec.
pub fn spec_of(vm: &mut Vm, origin: &Origin<'_>) -> Local {
    let loader = loader_of(vm, origin);
    let class = class_of(vm, &SPEC);
    let spec = instance(vm, class);
    let heap = &vm.heap;
    let text = match origin.kind {
        Kind::Native => Some("built-in"),
        Kind::Library => Some("frozen"),
        Kind::File => origin.file,
        Kind::Namespace => None,
    };
    let text = vm.local(text.map_or(Value::NONE, |text| heap.str_value(text)));
    let search = origin.search.as_ref().map_or(Value::NONE, |folders| {
        heap.list(folders.iter().map(|folder| heap.str_value(folder)))
            .value()
    });
    let search = vm.local(search);
    let name = vm.local(heap.str_value(origin.name));
    let located = vm.bool_local(origin.kind == Kind::File);
    fill_spec(vm, spec, [name, loader, text, search, located]);
    spec
}

fn fill_spec(vm: &Vm, spec: Local, [name, loader, origin, search, located]: [Local; 5]) {
    let none = vm.none();
    for (attr, value) in [
        ("name", name),
        ("loader", loader),
        ("origin", origin),
        ("loader_state", none),
        ("submodule_search_locations", search),
        ("_set_fileattr", located),
        ("cached", none),
    ] {
        put(vm, spec, attr, value);
    }
}

fn loader_of(vm: &mut Vm, origin: &Origin<'_>) -> Local {
    let class = match origin.kind {
        Kind::Native => return class_of(vm, &BUILTIN),
        Kind::Library => return class_of(vm, &FROZEN),
        Kind::File => class_of(vm, &SOURCE_LOADER),
        Kind::Namespace => class_of(vm, &NAMESPACE),
    };
    let loader = instance(vm, class);
    let name = vm.local(vm.heap.str_value(origin.name));
    put(vm, loader, "name", name);
    if let Some(file) = origin.file {
        let path = vm.local(vm.heap.str_value(file));
        put(vm, loader, "path", path);
    }
    loader
}

/// Binds in a module what it knows of its origin.
pub fn describe(vm: &mut Vm, module: Local, origin: &Origin<'_>) {
    let mark = vm.mark();
    let spec = spec_of(vm, origin);
    let loader = attr(vm, spec, "loader");
    let package = match (&origin.search, origin.name.rsplit_once('.')) {
        (Some(_), _) => origin.name,
        (None, Some((package, _))) => package,
        (None, None) => "",
    };
    bind(vm, module, "__name__", vm.heap.str_value(origin.name));
    if vm.find_global(module, "__doc__").is_none() {
        bind(vm, module, "__doc__", Value::NONE);
    }
    bind(vm, module, "__package__", vm.heap.str_value(package));
    bind(vm, module, "__loader__", vm.get(loader));
    bind(vm, module, "__spec__", vm.get(spec));
    if origin.search.is_some() {
        let search = attr(vm, spec, "submodule_search_locations");
        bind(vm, module, "__path__", vm.get(search));
    }
    if let (Some(file), Kind::File) = (origin.file, origin.kind) {
        bind(vm, module, "__file__", vm.heap.str_value(file));
        bind(vm, module, "__cached__", vm.heap.str_value(&cached(file)));
    }
    if matches!(origin.kind, Kind::File | Kind::Library) {
        bind(
            vm,
            module,
            "__builtins__",
            vm.builtins().dict(&vm.heap).value(),
        );
    }
    vm.release(mark);
}

const BUILTINS: Origin<'_> = Origin {
    name: "builtins",
    kind: Kind::Native,
    file: None,
    search: None,
};

/// Binds in `__main__` what a program that is run knows of itself.
pub fn describe_main(vm: &mut Vm, module: Local, file: Option<&str>) {
    let mark = vm.mark();
    let builtins = vm.local(vm.builtins().value());
    describe(vm, builtins, &BUILTINS);
    for name in ["__doc__", "__package__", "__spec__"] {
        bind(vm, module, name, Value::NONE);
    }
    let loader = match file {
        Some(file) => loader_of(
            vm,
            &Origin {
                name: "__main__",
                kind: Kind::File,
                file: Some(file),
                search: None,
            },
        ),
        None => class_of(vm, &BUILTIN),
    };
    bind(vm, module, "__loader__", vm.get(loader));
    bind(vm, module, "__annotations__", vm.heap.dict().value());
    bind(vm, module, "__builtins__", vm.builtins().value());
    if let Some(file) = file {
        bind(vm, module, "__file__", vm.heap.str_value(file));
        bind(vm, module, "__cached__", Value::NONE);
    }
    vm.release(mark);
}

/// Where the stored code of a file is.
fn cached(file: &str) -> String {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{folder}/__pycache__/{stem}.apy-313.pyc")
}

fn instance(vm: &Vm, class: Local) -> Local {
    let class: Gc<'_, Class> = vm.get_gc(class).expect("class_of returns a class");
    vm.local(vm.heap.instance(class).value())
}

fn put(vm: &Vm, object: Local, name: &str, value: Local) {
    use crate::runtime::instance::Instance;
    if let Some(object) = vm.get_gc::<Instance>(object) {
        object.set_attr(&vm.heap, vm.heap.intern(name), vm.get(value));
    }
}

fn attr(vm: &Vm, object: Local, name: &str) -> Local {
    use crate::runtime::instance::Instance;
    let found = vm
        .get_gc::<Instance>(object)
        .and_then(|object| object.attr(&vm.heap, vm.heap.intern(name)));
    vm.local(found.unwrap_or(Value::NONE))
}

fn text_of(vm: &Vm, local: Local) -> Option<String> {
    vm.get_gc::<Str>(local).map(|text| text.as_str().to_owned())
}

// ModuleSpec.

const SPEC_INIT: Native = Native::vm(
    "__init__(self, name, loader, *, origin=None, loader_state=None, is_package=None)",
    "Initialize self.  See help(type(self)) for accurate signature.",
    |vm, args| {
        let none = vm.none();
        let origin = given(vm, args.at(3)).unwrap_or(none);
        let is_package = match given(vm, args.at(5)) {
            Some(flag) => vm.truth(flag)?,
            None => false,
        };
        let search = if is_package {
            vm.local(vm.heap.list([]).value())
        } else {
            none
        };
        let located = vm.bool_local(false);
        fill_spec(
            vm,
            args.at(0),
            [args.at(1), args.at(2), origin, search, located],
        );
        if let Some(state) = given(vm, args.at(4)) {
            put(vm, args.at(0), "loader_state", state);
        }
        Ok(none)
    },
);
const SPEC_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let mut parts = Vec::new();
    for (name, always) in [
        ("name", true),
        ("loader", true),
        ("origin", false),
        ("submodule_search_locations", false),
    ] {
        let value = attr(vm, args.at(0), name);
        if always || !vm.get(value).is_none() {
            let text = match name {
                "submodule_search_locations" => vm.text_of(value)?,
                _ => vm.repr_text(value)?,
            };
            parts.push(format!("{name}={text}"));
        }
    }
    Ok(vm.local(
        vm.heap
            .str_value(&format!("ModuleSpec({})", parts.join(", "))),
    ))
});
const SPEC_EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| {
        let same_class =
            vm.heap.class_of(vm.get(args.at(0))) == vm.heap.class_of(vm.get(args.at(1)));
        if !same_class {
            return Ok(vm.local(Value::NOT_IMPLEMENTED));
        }
        for name in ["name", "loader", "origin", "submodule_search_locations"] {
            let (left, right) = (attr(vm, args.at(0), name), attr(vm, args.at(1), name));
            if !vm.equal(left, right)? {
                return Ok(vm.bool_local(false));
            }
        }
        Ok(vm.bool_local(true))
    },
);

fn parent(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let name = attr(vm, this, "name");
    let search = attr(vm, this, "submodule_search_locations");
    if !vm.get(search).is_none() {
        return Ok(name);
    }
    let text = text_of(vm, name).unwrap_or_default();
    let parent = text.rsplit_once('.').map_or("", |(parent, _)| parent);
    Ok(vm.local(vm.heap.str_value(parent)))
}

fn has_location(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    Ok(attr(vm, args.at(0), "_set_fileattr"))
}

fn set_has_location(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let flag = vm.truth(args.at(1))?;
    let flag = vm.bool_local(flag);
    put(vm, args.at(0), "_set_fileattr", flag);
    Ok(vm.none())
}

// Loaders.

const FILE_INIT: Native = Native::vm(
    "__init__(self, fullname, path)",
    "Remember the module's name and its file.",
    |vm, args| {
        put(vm, args.at(0), "name", args.at(1));
        put(vm, args.at(0), "path", args.at(2));
        Ok(vm.none())
    },
);
const CREATE_NOTHING: Native = Native::vm(
    "create_module(self, spec)",
    "Leave making the module to the caller.",
    |vm, _| Ok(vm.none()),
);
const FILE_EXEC: Native = Native::vm(
    "exec_module(self, module)",
    "Run the file in the namespace of the module.",
    |vm, args| {
        let path = attr(vm, args.at(0), "path");
        let path = text_of(vm, path).unwrap_or_default();
        vm.run_module_file(args.at(1), &path)?;
        Ok(vm.none())
    },
);
const FILE_SOURCE: Native = Native::vm(
    "get_source(self, fullname)",
    "The text of the file.",
    |vm, args| {
        let path = attr(vm, args.at(0), "path");
        let path = text_of(vm, path).unwrap_or_default();
        let bytes = vm.read_module_file(&path)?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        Ok(vm.local(vm.heap.str_value(&text)))
    },
);
const FILE_NAME: Native = Native::vm(
    "get_filename(self, name=None)",
    "The path of the file.",
    |vm, args| Ok(attr(vm, args.at(0), "path")),
);
const FILE_DATA: Native = Native::vm(
    "get_data(self, path)",
    "The bytes of a file.",
    |vm, args| {
        let path = text_of(vm, args.at(1)).unwrap_or_default();
        let bytes = vm.read_module_file(&path)?;
        Ok(vm.local(vm.heap.bytes(bytes).value()))
    },
);
const FILE_IS_PACKAGE: Native = Native::vm(
    "is_package(self, fullname)",
    "Whether the file is the `__init__` of a package.",
    |vm, args| {
        let path = attr(vm, args.at(0), "path");
        let path = text_of(vm, path).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        Ok(vm.bool_local(name.starts_with("__init__.")))
    },
);
const FILE_CODE: Native = Native::vm(
    "get_code(self, fullname)",
    "The code of the file.",
    |vm, args| {
        use crate::bytecode::{Annotations, TopLevelAwait};
        use crate::vm::{CompileRequest, Goal, SourceText};
        let path = attr(vm, args.at(0), "path");
        let path = text_of(vm, path).unwrap_or_default();
        let bytes = vm.read_module_file(&path)?;
        let bytes = utf8_source(vm, &bytes, &path)?;
        vm.compile(&CompileRequest::Text(SourceText {
            text: &bytes,
            name: &path,
            goal: Goal::Statements,
            awaits: TopLevelAwait::Allowed,
            annotations: Annotations::Values,
        }))
    },
);
const FILE_LOAD: Native = Native::vm(
    "load_module(self, fullname=None)",
    "Load the file as the module of this name, by default the loader's, and return the module.",
    |vm, args| {
        let name = given(vm, args.at(1)).filter(|&name| !vm.get(name).is_none());
        let name = name.unwrap_or_else(|| attr(vm, args.at(0), "name"));
        let bases = vm.import_module("importlib.abc")?;
        let loader = vm.get_attr_named(bases, "Loader")?;
        let load = vm.get_attr_named(loader, "load_module")?;
        vm.call(load, &[args.at(0), name])
    },
);
const LOAD: Native = Native::vm(
    "load_module(self, fullname)",
    "Import the module of this name.",
    |vm, args| {
        let name = text_of(vm, args.at(1)).unwrap_or_default();
        vm.import_module(&name)
    },
);
const EXEC_NAMESPACE: Native = Native::vm(
    "exec_module(self, module)",
    "Do nothing: the package has no code.",
    |vm, _| Ok(vm.none()),
);

// Finders.

const FIND: Native = Native::vm(
    "find_spec(cls, fullname, path=None, target=None)",
    "The spec of a module, or None.",
    |vm, args| {
        let Some(name) = text_of(vm, args.at(1)) else {
            return Ok(vm.none());
        };
        let path = given(vm, args.at(2)).filter(|&path| !vm.get(path).is_none());
        let found = vm.find_module(&name, path)?;
        let Some(spec) = found else {
            return Ok(vm.none());
        };
        let loader = attr(vm, spec, "loader");
        let own = vm.get(loader).is(vm.get(args.at(0)));
        let loads_files =
            class_name(vm, args.at(0)) == "PathFinder" && !vm.get(loader).is_gc::<Class>();
        Ok(if own || loads_files { spec } else { vm.none() })
    },
);
const CREATE_LOADED: Native = Native::vm(
    "create_module(cls, spec)",
    "Make the module.",
    |vm, args| {
        let name = vm.get_attr_named(args.at(1), "name")?;
        let name = text_of(vm, name).unwrap_or_default();
        vm.import_module(&name)
    },
);
const EXEC_NOTHING: Native = Native::vm(
    "exec_module(cls, module)",
    "Do nothing: the module was run when it was made.",
    |vm, _| Ok(vm.none()),
);
const NO_SOURCE: Native = Native::vm(
    "get_source(cls, fullname)",
    "None: there is no source file.",
    |vm, _| Ok(vm.none()),
);
const NO_CODE: Native = Native::vm(
    "get_code(cls, fullname)",
    "None: there is no code object.",
    |vm, _| Ok(vm.none()),
);
const NO_PACKAGE: Native = Native::vm(
    "is_package(cls, fullname)",
    "Whether the module is a package.",
    |vm, args| {
        let name = text_of(vm, args.at(1)).unwrap_or_default();
        let module = vm.import_module(&name)?;
        let is_package = vm.find_attr(module, Sym::Path.text())?.is_some();
        Ok(vm.bool_local(is_package))
    },
);
const INVALIDATE: Native = Native::vm(
    "invalidate_caches(cls)",
    "Do nothing: nothing is remembered.",
    |vm, _| Ok(vm.none()),
);

fn class_name(vm: &Vm, class: Local) -> &str {
    vm.get_gc::<Class>(class)
        .map_or("", |class| class.name(&vm.heap).as_str())
}
