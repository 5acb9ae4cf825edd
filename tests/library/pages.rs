//! Which page shows what: builtins by kind, asyncio by primitive, a page for each other module.
//!
//! To add a native module: it has a page by itself as soon as it is in `stdlib::MODULES`. A builtin class: a word in the
//! table of its page here; the suite says so when it is on none.

use apy::reference::Builtin::{self, *};
use apy::reference::MODULES;
use apy::reference::builtins::{self, functions};
use apy::reference::{ASYNCIO, streams};
use apy::reference::{ModuleType, NativeModule};

use super::{Item, native, written};

/// A page.
pub struct Page {
    /// Its name without `.md`.
    pub file: &'static str,
    pub title: String,
    /// What stands above the first heading.
    pub intro: String,
    pub items: Vec<Item>,
}

/// The pages of builtin classes: file, title, introduction, classes.
const CLASSES: &[(&str, &str, &str, &[Builtin])] = &[
    (
        "number-types",
        "Numbers",
        "`int`, `bool`, `float` and `complex`. Integers have any size.",
        &[Int, Bool, Float, Complex],
    ),
    (
        "str",
        "Strings",
        "Text: immutable sequences of code points. An f-string or `format` puts values in.",
        &[Str],
    ),
    (
        "bytes",
        "Bytes",
        "Sequences of integers from 0 to 255: `bytes` is immutable, `bytearray` is not.",
        &[Bytes, ByteArray],
    ),
    ("list", "Lists", "Mutable sequences.", &[List]),
    ("tuple", "Tuples", "Immutable sequences.", &[Tuple]),
    (
        "dict",
        "Dicts",
        "Mappings that keep the order of insertion, and their views.",
        &[Dict, DictKeys, DictValues, DictItems, MappingProxy],
    ),
    (
        "set",
        "Sets",
        "Sets of values that have a hash, in the order of insertion.",
        &[Set, FrozenSet],
    ),
    (
        "range",
        "Ranges and slices",
        "Arithmetic progressions, and what stands in the brackets of `x[a:b:c]`.",
        &[Range, Slice],
    ),
    (
        "iterators",
        "Iterators, generators, coroutines",
        "What `for` and `await` run through, and the builtin functions that make iterators.",
        &[
            Enumerate,
            Zip,
            Map,
            Filter,
            Reversed,
            Generator,
            Coroutine,
            AsyncGenerator,
            AsyncGenASend,
            AsyncGenAThrow,
            AnextAwaitable,
            CoroutineWrapper,
            Iterator,
            ListIterator,
            ListReverseIterator,
            TupleIterator,
            RangeIterator,
            StrIterator,
            BytesIterator,
            ByteArrayIterator,
            DictKeyIterator,
            DictValueIterator,
            DictItemIterator,
            DictReverseKeyIterator,
            ArrayIterator,
            SetIterator,
            CallableIterator,
        ],
    ),
    (
        "classes",
        "Objects, classes, functions",
        "What every object has, how classes are made, and what functions are made of.",
        &[
            Object,
            Type,
            Super,
            Property,
            StaticMethod,
            ClassMethod,
            Function,
            Method,
            BuiltinFunction,
            MethodDescriptor,
            WrapperDescriptor,
            MethodWrapper,
            GetSetDescriptor,
            MemberDescriptor,
            Code,
            Cell,
            Module,
            Frame,
            Traceback,
            NoneType,
            EllipsisType,
            NotImplementedType,
        ],
    ),
    (
        "types-as-values",
        "Types as values",
        "What annotations such as `list[int]` and `int | str`, type parameters and `type` statements make. Nothing checks them.",
        &[
            GenericAlias,
            UnionType,
            Generic,
            TypeVar,
            TypeVarTuple,
            ParamSpec,
            TypeAliasType,
        ],
    ),
];

/// Classes that no program meets, and those on the page of asyncio.
pub const INTERNAL: &[Builtin] = &[Opaque, Spill, StrBuf, Future, Task];

/// The pages of asyncio's classes: file, title, introduction, `__module__` of the classes.
const ASYNCIO_PAGES: &[(&str, &str, &str, &[&str])] = &[
    (
        "asyncio-locks",
        "asyncio: locks",
        "What tasks use to wait for each other. All are fair: who came first is served first.",
        &["asyncio.locks"],
    ),
    (
        "asyncio-queues",
        "asyncio: queues",
        "Queues between tasks.",
        &["asyncio.queues"],
    ),
    (
        "asyncio-streams",
        "asyncio: streams",
        "Connections over TCP and Unix sockets.",
        &["asyncio.streams", "asyncio.base_events", "asyncio.trsock"],
    ),
    (
        "asyncio-loop",
        "asyncio: the event loop",
        "The scheduler as an object. Programs rarely need it.",
        &["asyncio.unix_events", "asyncio.events", "asyncio"],
    ),
];

/// All pages, in the order of the index.
pub fn all() -> Vec<Page> {
    let mut pages = vec![functions_page()];
    pages.extend(CLASSES.iter().map(|(file, title, intro, classes)| {
        Page {
            file,
            title: (*title).to_owned(),
            intro: (*intro).to_owned(),
            items: classes
                .iter()
                .map(|class| native::builtin_class(*class))
                .collect(),
        }
    }));
    pages.push(exceptions_page());
    pages.extend(asyncio_pages());
    let natives = MODULES
        .iter()
        .filter(|module| module.name != "asyncio" && !module.name.starts_with('_'));
    let mut modules: Vec<Page> = natives.map(|module| module_page(module)).collect();
    modules.extend(written::modules().into_iter().map(written_page));
    modules.sort_by_key(|page| page.file);
    pages.extend(modules);
    pages
}

/// The builtin classes that pages show, exceptions left out.
pub fn builtin_classes() -> impl std::iter::Iterator<Item = Builtin> {
    CLASSES
        .iter()
        .flat_map(|(_, _, _, classes)| classes.iter().copied())
}

/// The exceptions, builtin names and others.
pub fn exceptions() -> impl std::iter::Iterator<Item = Builtin> {
    Builtin::all().filter(|class| class.derives_from(BaseException))
}

fn functions_page() -> Page {
    let mut natives: Vec<_> = functions::ALL.iter().copied().flatten().copied().collect();
    natives.sort_by_key(|native| native.name());
    let constants = native::constants(builtins::CONSTANTS);
    Page {
        file: "builtins",
        title: "Builtin functions".to_owned(),
        intro: "Names that need no import. The builtin classes have pages of their own; `asyncio` and its names `sleep`, `gather`, `wait`, `wait_for`, \
            `create_task`, `run`, `Queue` and `Semaphore` are builtin names, too."
            .to_owned(),
        items: vec![
            Item::Section("Functions", native::functions(&natives)),
            Item::Section("Constants and other names", vec![constants]),
        ],
    }
}

fn exceptions_page() -> Page {
    let with_members = |class: &Builtin| builtins::types::declared().any(|ty| ty.class == *class);
    let classes = exceptions().filter(with_members).map(native::builtin_class);
    Page {
        file: "exceptions",
        title: "Exceptions".to_owned(),
        intro: "The builtin exceptions; `CancelledError` and `InvalidStateError` are found in `asyncio`. The exceptions of modules are on the pages of the modules.".to_owned(),
        items: vec![
            Item::Section("All of them", vec![native::rows(exceptions())]),
            Item::Section("What they have", classes.collect()),
        ],
    }
}

/// The classes of asyncio; one has no name of its own in the module.
fn asyncio_classes() -> impl std::iter::Iterator<Item = &'static ModuleType> {
    let unnamed = [&streams::TRANSPORT_SOCKET];
    ASYNCIO.types.iter().copied().chain(unnamed)
}

fn asyncio_pages() -> Vec<Page> {
    let mut pages = vec![asyncio_page()];
    pages.extend(ASYNCIO_PAGES.iter().map(|(file, title, intro, modules)| {
        let shown = asyncio_classes().filter(|ty| modules.contains(&ty.module));
        Page {
            file,
            title: (*title).to_owned(),
            intro: (*intro).to_owned(),
            items: shown.map(native::module_class).collect(),
        }
    }));
    pages
}

/// The functions of asyncio, and the classes that no other page has.
fn asyncio_page() -> Page {
    let has = |modules: &[&str], ty: &ModuleType| modules.contains(&ty.module);
    let elsewhere = |ty: &ModuleType| {
        ASYNCIO_PAGES
            .iter()
            .any(|(_, _, _, modules)| has(modules, ty))
    };
    let own = asyncio_classes()
        .filter(|ty| !elsewhere(ty))
        .map(native::module_class);
    let tasks = [Future, Task].map(native::builtin_class);
    let mut raised = native::rows(exceptions().filter(|class| ASYNCIO.builtins.contains(class)));
    if let Item::Table(_, rows) = &mut raised {
        rows.extend(native::module_rows(ASYNCIO.exceptions));
    }
    let classes = tasks.into_iter().chain(own).collect();
    Page {
        file: "asyncio",
        title: "asyncio".to_owned(),
        intro: format!(
            "{} It needs no import. `await` stands before what has to be awaited.",
            ASYNCIO.doc
        ),
        items: vec![
            Item::Section("Functions", native::functions_of(&ASYNCIO)),
            Item::Section("Tasks, futures, groups, timeouts", classes),
            Item::Section("Exceptions", vec![raised]),
            Item::Section("Constants", vec![native::constants(ASYNCIO.constants)]),
        ],
    }
}

fn module_page(module: &'static NativeModule) -> Page {
    let mut items = Vec::new();
    let functions = native::functions_of(module);
    if !functions.is_empty() {
        items.push(Item::Section("Functions", functions));
    }
    if module.name == "random" {
        items.push(Item::Section("Functions", vec![Item::Text(
            "The methods of `Random` that do not begin with an underscore are functions of the module, too: they share one generator, which begins with the \
            interpreter's seed (`--seed`).",
        ), shared(module)]));
    }
    if !module.types.is_empty() {
        items.push(Item::Section(
            "Classes",
            module
                .types
                .iter()
                .map(|ty| native::module_class(ty))
                .collect(),
        ));
    }
    if !module.exceptions.is_empty() {
        let rows = native::module_rows(module.exceptions);
        let table = Item::Table(["class and base", "what it says"], rows);
        items.push(Item::Section("Exceptions", vec![table]));
    }
    if !module.constants.is_empty() {
        items.push(Item::Section(
            "Constants",
            vec![native::constants(module.constants)],
        ));
    }
    Page {
        file: module.name,
        title: module.name.to_owned(),
        intro: module.doc.to_owned(),
        items,
    }
}

/// The functions that are methods of a generator that all share.
fn shared(module: &NativeModule) -> Item {
    let methods = module.types.iter().flat_map(|ty| ty.body.methods);
    let public = methods.filter(|native| !native.name().starts_with('_'));
    let rows = public.map(|native| {
        let mut entry = native::method(native);
        entry.doc = entry
            .doc
            .split_inclusive(['.', ':'])
            .next()
            .unwrap_or_default()
            .replace(':', ".");
        entry
    });
    Item::Table(["call", "what it does"], rows.collect())
}

fn public_functions(module: &NativeModule) -> Vec<Item> {
    let mut natives = module.functions.to_vec();
    natives.retain(|native| !native.name().starts_with('_'));
    natives.sort_by_key(|native| native.name());
    native::functions(&natives)
}

fn written_page(module: &'static str) -> Page {
    let written = written::read(module);
    let mut items = Vec::new();
    // What a module takes from its native part: `abc` from `_abc`.
    let native = MODULES.iter().find(|native| {
        let name = native.name.strip_prefix('_');
        name == Some(module)
    });
    let mut functions = written.functions;
    functions.extend(
        native
            .into_iter()
            .flat_map(|native| public_functions(native)),
    );
    if !functions.is_empty() {
        items.push(Item::Section("Functions", functions));
    }
    let mut classes = written.classes;
    classes.extend(
        native
            .into_iter()
            .flat_map(|native| native.types)
            .map(|ty| native::module_class(ty)),
    );
    if !classes.is_empty() {
        items.push(Item::Section("Classes", classes));
    }
    let builtins: Vec<Builtin> = native
        .into_iter()
        .flat_map(|native| native.builtins)
        .copied()
        .collect();
    if !builtins.is_empty() {
        items.push(Item::Section(
            "Classes of the interpreter",
            vec![native::rows(builtins.into_iter())],
        ));
    }
    if !written.constants.is_empty() {
        items.push(Item::Section(
            "Constants and other names",
            vec![Item::Table(["name", "what it is"], written.constants)],
        ));
    }
    Page {
        file: module,
        title: module.to_owned(),
        intro: written.doc,
        items,
    }
}
