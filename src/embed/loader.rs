//! From source text to functions that can be called: the pipeline's one driver, for programs and for `import`.
//!
//! `import` is the VM's hook: native modules first, then files, in `sys.path`'s order, then the library's own texts. A folder is a package, with or without
//! `__init__.apy`; `.apy` is looked for before `.py`. What the hook needs to know lives in an extension of the VM. A syntax error
//! in an imported file is an exception of the program; in the program itself it is a diagnostic.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::evaluate::Compiled;
use super::syntax_error::{Origin, syntax_error};
use super::{Sources, Warn, library};
use crate::bytecode::{CodeKind, GlobalNames, image};
use crate::compile::{Mode, compile_module};
use crate::diagnostics::{Diagnostic, FileId};
use crate::runtime::heap::traced;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised};
use crate::sched::{event_loop, scheduler};
use crate::stdlib::{self, asyncio};
use crate::syntax::ast;
use crate::syntax::parser::{decode_source, parse_module};
use crate::vm::{Extension, Layer, Local, Vm};

/// The endings of source files, in the order in which they are tried.
const ENDINGS: [&str; 2] = ["apy", "py"];

/// What importing needs to know.
pub(super) struct Loader {
    sources: Sources,
    warn: Warn,
    folder: PathBuf,
    compiled: Compiled,
}

impl Layer for Loader {
    const PLACE: usize = 4;
}

traced!(Loader { sources, warn, compiled } plain { folder });

impl Extension for Loader {}

impl Loader {
    /// `folder`: where the program is.
    pub(super) fn new(sources: Sources, warn: Warn, folder: PathBuf) -> Loader {
        Loader {
            sources,
            warn,
            folder,
            compiled: Compiled::default(),
        }
    }
}

/// A source text that parsed.
pub(super) struct Unit {
    pub(super) file: FileId,
    pub(super) text: Rc<str>,
    pub(super) module: ast::Module,
}

/// Decodes and parses a text; the mistakes in it otherwise.
pub(super) fn read(vm: &Vm, name: &str, bytes: &[u8]) -> Result<Unit, (FileId, Vec<Diagnostic>)> {
    let sources = &vm.extension::<Loader>().sources;
    let text: Rc<str> = match decode_source(bytes) {
        Ok(text) => text.into(),
        Err(mistake) => {
            // Up to the first bad byte, where the diagnostic points, the lossy text has the same offsets.
            let file = sources
                .borrow_mut()
                .add(name, String::from_utf8_lossy(bytes));
            return Err((file, vec![*mistake]));
        }
    };
    let file = sources.borrow_mut().add(name, Rc::clone(&text));
    let parsed = parse_module(&text);
    match parsed.module {
        Some(module) => Ok(Unit { file, text, module }),
        None => Err((file, parsed.diagnostics)),
    }
}

/// Takes in a text that was parsed elsewhere.
pub(super) fn adopt(vm: &Vm, name: &str, text: &str, module: ast::Module) -> Unit {
    let text: Rc<str> = text.into();
    let file = vm
        .extension::<Loader>()
        .sources
        .borrow_mut()
        .add(name, Rc::clone(&text));
    Unit { file, text, module }
}

/// Compiles a unit for a module and links it: the function that runs it, and whether that gives a coroutine.
pub(super) fn link(
    vm: &mut Vm,
    unit: &Unit,
    module: Local,
    mode: Mode,
) -> Result<(Local, bool), Vec<Diagnostic>> {
    let mut names = names_of(vm, module);
    let (code, warnings) = compile_module(&unit.module, unit.file.0, &unit.text, mode, &mut names)?;
    warn(vm, unit.file, &warnings);
    asyncio::bind_builtins(vm, names.names());
    let is_async = code.kind == CodeKind::AsyncModule;
    let code = vm.load(&code, module, names.names());
    Ok((vm.function_of(code), is_async))
}

/// Tells of warnings about a text.
pub(super) fn warn(vm: &Vm, file: FileId, warnings: &[Diagnostic]) {
    let loader = vm.extension::<Loader>();
    for warning in warnings {
        (loader.warn)(&loader.sources.borrow(), file, warning);
    }
}

/// What the program compiled so far.
pub(super) fn compiled(vm: &Vm) -> &Compiled {
    &vm.extension::<Loader>().compiled
}

/// The texts that were loaded.
pub(super) fn sources(vm: &Vm) -> &Sources {
    &vm.extension::<Loader>().sources
}

/// The file and the line of an offset into a text that was loaded: the hook of `Vm::locate`.
pub(super) fn locate(vm: &Vm, file: u32, offset: u32) -> Option<(String, usize)> {
    let sources = sources(vm).borrow();
    let source = sources.file(FileId(file));
    Some((source.name().to_string(), source.line(offset) as usize))
}

/// The names that a module has slots for, as the compiler wants them.
pub(super) fn names_of(vm: &Vm, module: Local) -> GlobalNames {
    let mut names = GlobalNames::new();
    if let Some(module) = vm.get_gc::<Module>(module) {
        for i in 0..module.globals.len() {
            let name = module
                .globals
                .name(&vm.heap, i)
                .map_or("", |name| name.as_str());
            names.slot(&name.into());
        }
    }
    names
}

/// Binds what a module knows of itself.
pub(super) fn bind_identity(vm: &Vm, module: Local, name: &str, file: Option<&Path>) {
    let Some(module) = vm.get_gc::<Module>(module) else {
        return;
    };
    module.set(&vm.heap, "__name__", vm.heap.str_value(name));
    if let Some(file) = file {
        module.set(
            &vm.heap,
            "__file__",
            vm.heap.str_value(&file.to_string_lossy()),
        );
    }
}

/// The hook of `import`.
pub(super) fn import(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    if let Some(module) = stdlib::import(vm, name)? {
        return Ok(Some(module));
    }
    let (parent, leaf) = name
        .rsplit_once('.')
        .map_or((None, name), |(parent, leaf)| (Some(parent), leaf));
    let folders = match parent {
        Some(parent) => package_path(vm, parent),
        None => search_path(vm),
    };
    for folder in folders {
        let inside = folder.join(leaf);
        let package = ENDINGS
            .iter()
            .map(|ending| inside.join(format!("__init__.{ending}")))
            .find(|file| file.is_file());
        if let Some(file) = package {
            return run_file(vm, name, &file, Some(&inside)).map(Some);
        }
        let module = ENDINGS
            .iter()
            .map(|ending| folder.join(format!("{leaf}.{ending}")))
            .find(|file| file.is_file());
        if let Some(file) = module {
            return run_file(vm, name, &file, None).map(Some);
        }
        if inside.is_dir() {
            return Ok(Some(make_module(vm, name, None, Some(&inside))));
        }
    }
    match library::find(name) {
        Some(found) => run_library(vm, found).map(Some),
        None => Ok(None),
    }
}

/// `sys.path` as the program left it; the program's folder if it never looked at it.
fn search_path(vm: &Vm) -> Vec<PathBuf> {
    let changed = vm
        .loaded_module("sys")
        .and_then(|sys| paths(vm, sys, "path"));
    changed.unwrap_or_else(|| vec![vm.extension::<Loader>().folder.clone()])
}

fn package_path(vm: &Vm, package: &str) -> Vec<PathBuf> {
    vm.loaded_module(package)
        .and_then(|package| paths(vm, package, "__path__"))
        .unwrap_or_default()
}

/// A module's global that is a list of strings.
fn paths(vm: &Vm, module: Local, name: &str) -> Option<Vec<PathBuf>> {
    let module: Gc<'_, Module> = vm.get_gc(module)?;
    let list: Gc<'_, List> = module
        .globals
        .get(&vm.heap, vm.heap.intern(name))?
        .as_gc()?;
    let items = list.to_vec(&vm.heap);
    Some(
        items
            .into_iter()
            .filter_map(|item| item.as_gc::<Str>())
            .map(|text| PathBuf::from(text.as_str()))
            .collect(),
    )
}

/// A new module, registered as loaded. `folder`: of a package.
fn make_module(vm: &mut Vm, name: &str, file: Option<&Path>, folder: Option<&Path>) -> Local {
    let module = vm.local(vm.heap.module(name).value());
    register(vm, module, name, file, folder);
    module
}

/// Binds the names that describe a module and registers it as loaded.
fn register(vm: &mut Vm, module: Local, name: &str, file: Option<&Path>, folder: Option<&Path>) {
    bind_identity(vm, module, name, file);
    if let Some(module) = vm.get_gc::<Module>(module) {
        let package = if folder.is_some() {
            name
        } else {
            name.rsplit_once('.').map_or("", |(package, _)| package)
        };
        module.set(&vm.heap, "__package__", vm.heap.str_value(package));
    }
    if let (Some(module), Some(folder)) = (vm.get_gc::<Module>(module), folder) {
        let path = vm
            .heap
            .list([vm.heap.str_value(&folder.to_string_lossy())])
            .value();
        module.set(&vm.heap, "__path__", path);
    }
    vm.add_module(name, module);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the facade reads the modules that programs import"
)]
fn run_file(vm: &mut Vm, name: &str, file: &Path, folder: Option<&Path>) -> Result<Local, Raised> {
    let shown = file.to_string_lossy();
    let bytes = std::fs::read(file).map_err(|error| {
        vm.heap.raise(
            Builtin::ImportError,
            format!("cannot read {shown}: {error}"),
        )
    })?;
    let unit = read(vm, &shown, &bytes)
        .map_err(|(file, mistakes)| syntax_error(vm, file, &mistakes, Origin::File))?;
    let module = make_module(vm, name, Some(file), folder);
    run_unit(vm, name, &unit, module)
}

/// Runs a module of the library, which was compiled when apy was built.
fn run_library(vm: &mut Vm, library: &library::Module) -> Result<Local, Raised> {
    let shown = format!("<apy>/{}", library.name);
    let sources = &vm.extension::<Loader>().sources;
    let file = sources.borrow_mut().add(&*shown, library.text);
    let (code, names) = image::read(library.image, file.0)
        .expect("the build wrote it; a unit test of `library` reads each");
    let module = vm.local(vm.heap.module(library.name).value());
    // The code counts on its names having the first slots.
    vm.reserve_globals(module, &names);
    let folder = library.is_package.then(|| Path::new(&shown));
    register(vm, module, library.name, None, folder);
    asyncio::bind_builtins(vm, &names);
    let code = vm.load(&code, module, &names);
    let function = vm.function_of(code);
    vm.call(function, &[])?;
    Ok(module)
}

fn run_unit(vm: &mut Vm, name: &str, unit: &Unit, module: Local) -> Result<Local, Raised> {
    let linked = link(vm, unit, module, Mode::Script);
    let (function, is_async) =
        linked.map_err(|mistakes| syntax_error(vm, unit.file, &mistakes, Origin::File))?;
    if is_async && scheduler(vm).is_running() {
        let message = format!(
            "module '{name}' awaits at top level: it cannot be imported while the event loop runs"
        );
        return Err(vm.heap.raise(Builtin::ImportError, message));
    }
    let result = vm.call(function, &[])?;
    if is_async {
        event_loop::run_task(vm, result)?;
    }
    Ok(module)
}
