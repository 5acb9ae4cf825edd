//! From source text to functions that can be called: the pipeline's one driver, for programs and for `import`.
//!
//! `import` is one of the VM's hooks: `finder` says where a module comes from, here it is made and run. What the hooks need to know
//! lives in an extension of the VM. A syntax error in an imported file is an exception of the program; in the program itself it is a
//! diagnostic.

pub(super) mod evaluate;
pub(super) mod finder;
mod meta_path;
mod stored;
mod syntax_error;

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::evaluate::Compiled;
use self::finder::Found;
use self::syntax_error::{Place, syntax_error};
use super::module_store::ModuleStore;
use super::present::carets;
use super::{Sources, Warn, library};
use crate::bytecode::image::{self, Image};
use crate::bytecode::{Code, CodeKind, GlobalNames};
use crate::compile::{Mode, Notes, Target, compile_with};
use crate::diagnostics::{Diagnostic, FileId};
use crate::runtime::heap::traced;
use crate::runtime::module::Module;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::{run, scheduler};
use crate::stdlib::importlib::{self, Kind, Origin};
use crate::stdlib::{self, asyncio};
use crate::syntax::ast;
use crate::syntax::parser::{decode_source, decode_utf8, parse_module};
use crate::vm::{Extension, Importer, Layer, LayerPlace, Local, SourcePlace, SourceTexts, Vm};

/// What importing needs to know.
pub(super) struct Loader {
    sources: Sources,
    warn: Warn,
    /// `sys.path` at the start.
    pub(super) path: Vec<PathBuf>,
    /// Keeps what was compiled from imported files.
    store: Option<Arc<dyn ModuleStore>>,
    compiled: Compiled,
    /// The whole paths of files whose names are relative, by the file's number, as they were when first asked for.
    paths: RefCell<FxHashMap<u32, String>>,
}

impl Layer for Loader {
    const PLACE: LayerPlace = LayerPlace::Loader;
}

traced!(Loader { sources, warn, compiled } plain { path, store, paths });

impl Extension for Loader {}

impl Loader {
    /// `path`: where modules are looked for; `store`: what keeps their code between runs.
    pub(super) fn new(
        sources: Sources,
        warn: Warn,
        path: Vec<PathBuf>,
        store: Option<Arc<dyn ModuleStore>>,
    ) -> Loader {
        Loader {
            sources,
            warn,
            path,
            store,
            compiled: Compiled::default(),
            paths: RefCell::default(),
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
    parse(vm, name, bytes, decode_source(bytes))
}

/// The same of a text that is in UTF-8, whatever its coding cookie says.
pub(super) fn read_utf8(
    vm: &Vm,
    name: &str,
    bytes: &[u8],
) -> Result<Unit, (FileId, Vec<Diagnostic>)> {
    parse(vm, name, bytes, decode_utf8(bytes))
}

fn parse(
    vm: &Vm,
    name: &str,
    bytes: &[u8],
    decoded: Result<String, Box<Diagnostic>>,
) -> Result<Unit, (FileId, Vec<Diagnostic>)> {
    let (file, text) = take_in(vm, name, bytes, decoded)?;
    parse_text(file, text)
}

/// A text on its way to becoming code: its number and itself.
type TakenIn = (FileId, Rc<str>);

/// Decodes a text and gives it its number.
fn take_in(
    vm: &Vm,
    name: &str,
    bytes: &[u8],
    decoded: Result<String, Box<Diagnostic>>,
) -> Result<TakenIn, (FileId, Vec<Diagnostic>)> {
    let mut sources = vm.extension::<Loader>().sources.borrow_mut();
    match decoded {
        Ok(text) => {
            let text: Rc<str> = text.into();
            Ok((sources.add(name, Rc::clone(&text)), text))
        }
        Err(mistake) => {
            // Up to the first bad byte, where the diagnostic points, the lossy text has the same offsets.
            let file = sources.add(name, String::from_utf8_lossy(bytes));
            Err((file, vec![*mistake]))
        }
    }
}

/// About the most bytes that parsing and compiling takes for a byte of a program, and for a token.
const ROOM_OF_BYTE: usize = 4;
const ROOM_OF_TOKEN: usize = 256;
/// Shorter texts are not asked for.
const LONG_TEXT: usize = 1 << 16;

/// Asks whether there is memory for parsing and compiling a text, which cannot stop in between.
pub(super) fn room_to_parse(vm: &Vm, text: &[u8]) -> Result<(), Raised> {
    if text.len() < LONG_TEXT {
        return Ok(());
    }
    let room = text.len() * ROOM_OF_BYTE + count_tokens(text) * ROOM_OF_TOKEN;
    if !vm.heap.guard.outside().has_room(room) {
        return Err(vm.heap.memory_error());
    }
    Ok(())
}

/// At least as many tokens as a text has: words, and all other characters but blanks, also those within strings and comments.
fn count_tokens(text: &[u8]) -> usize {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let mut before = false;
    let is_token = |byte: &&u8| {
        let byte = **byte;
        let within = std::mem::replace(&mut before, is_word(byte));
        byte != b' ' && byte != b'\t' && !(within && before)
    };
    text.iter().filter(is_token).count()
}

fn parse_text(file: FileId, text: Rc<str>) -> Result<Unit, (FileId, Vec<Diagnostic>)> {
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

/// Compiles a unit for a module and links it: the function that runs it, and whether that returns a coroutine.
pub(super) fn link(
    vm: &mut Vm,
    unit: &Unit,
    module: Local,
    mode: Mode,
) -> Result<(Local, bool), Vec<Diagnostic>> {
    let notes = notes(vm, unit.file);
    let compilation = compile_unit(vm, unit, module, (mode, notes))?;
    Ok(link_code(
        vm,
        &compilation.code,
        module,
        compilation.names.names(),
    ))
}

/// The code of a unit.
struct Compilation {
    code: Rc<Code>,
    names: GlobalNames,
    /// Whether there was anything to warn of.
    warned: bool,
}

fn compile_unit(
    vm: &mut Vm,
    unit: &Unit,
    module: Local,
    (mode, notes): (Mode, Notes),
) -> Result<Compilation, Vec<Diagnostic>> {
    let mut names = names_of(vm, module);
    let target = Target {
        notes,
        ..Target::of(mode)
    };
    let (code, warnings) = compile_with(&unit.module, unit.file.0, &unit.text, target, &mut names)?;
    warn(vm, unit.file, &warnings).map_err(|mistake| vec![mistake])?;
    Ok(Compilation {
        code,
        names,
        warned: !warnings.is_empty(),
    })
}

/// The function that runs code in a module, and whether that returns a coroutine. `names`: the module's by slot.
fn link_code(vm: &mut Vm, code: &Rc<Code>, module: Local, names: &[Rc<str>]) -> (Local, bool) {
    asyncio::bind_builtins(vm, names);
    let is_async = code.kind == CodeKind::AsyncModule;
    let code = vm.load(code, module, names);
    (vm.function_of(code), is_async)
}

/// What the code of a text is to note while it runs.
fn notes(vm: &mut Vm, file: FileId) -> Notes {
    let sources = Rc::clone(&vm.extension::<Loader>().sources);
    let name = Rc::clone(sources.borrow().file(file).name());
    match vm.host.covers(file.0, &name) {
        true => Notes::Statements,
        false => Notes::None,
    }
}

/// Tells of warnings about a text. A program that uses the module `warnings` has a say: its filters may ask for an exception.
pub(super) fn warn(vm: &mut Vm, file: FileId, warnings: &[Diagnostic]) -> Result<(), Diagnostic> {
    for warning in warnings {
        if is_heard(vm, file, warning).map_err(|()| warning.clone())? {
            continue;
        }
        let loader = vm.extension::<Loader>();
        (loader.warn)(&loader.sources.borrow(), file, warning);
    }
    Ok(())
}

/// Asks the module `warnings`, if it is loaded, about a SyntaxWarning; whether nothing is left to say. Err: it is an error.
fn is_heard(vm: &mut Vm, file: FileId, warning: &Diagnostic) -> Result<bool, ()> {
    if warning.exception() != "SyntaxWarning" {
        return Ok(false);
    }
    let Some(module) = vm.loaded_module("warnings") else {
        return Ok(false);
    };
    let (name, line) = {
        let sources = sources(vm).borrow();
        let source = sources.file(file);
        (Rc::clone(source.name()), source.line(warning.span().start))
    };
    let mark = vm.mark();
    let [text, name] = [&*warning.message, &*name].map(|text| vm.local(vm.heap.str_value(text)));
    let line = vm.local(vm.heap.usize(line as usize));
    let class = vm.builtins().value();
    let class = vm.local(class);
    let answer = vm
        .get_attr_named(class, "SyntaxWarning")
        .and_then(|class| vm.call_method(module, "_report", &[text, class, name, line]))
        .and_then(|answer| vm.truth(answer));
    vm.release(mark);
    answer.map_err(|raised| {
        vm.heap.take_raised(raised);
    })
}

/// What the program compiled so far.
pub(super) fn compiled(vm: &Vm) -> &Compiled {
    &vm.extension::<Loader>().compiled
}

/// The texts that were loaded.
pub(super) fn sources(vm: &Vm) -> &Sources {
    &vm.extension::<Loader>().sources
}

/// Where an offset into a text is that was loaded: the hook of `Vm::locate`.
pub(super) fn locate(vm: &Vm, file: u32, offset: u32) -> Option<SourcePlace> {
    let sources = sources(vm).borrow();
    let source = sources.file(FileId(file));
    let (line, start) = source.line_and_start(offset);
    let name = source.name();
    let is_path = !name.starts_with('<') && !name.starts_with('/') && !evaluate::has_made(vm, file);
    Some(SourcePlace {
        file: if is_path {
            let mut paths = vm.extension::<Loader>().paths.borrow_mut();
            let path = paths.entry(file).or_insert_with(|| {
                let path = finder::absolute(Path::new(&**name));
                path.to_string_lossy().into_owned()
            });
            path.as_str().into()
        } else {
            Rc::clone(name)
        },
        line: line as usize,
        column: offset.saturating_sub(start) as usize,
    })
}

/// Source texts, for display.
pub(super) struct Texts;

impl SourceTexts for Texts {
    fn text(&self, vm: &Vm, name: &str) -> Option<Rc<str>> {
        let sources = sources(vm).borrow();
        let found = sources.files().find(|(_, file)| &**file.name() == name);
        found.map(|(_, file)| Rc::clone(file.text()))
    }

    fn marked(&self, text: &str, start: usize, end: usize) -> String {
        carets::marked(text, start, end)
    }

    fn callee(&self, text: &str) -> Option<Range<usize>> {
        carets::callee(text)
    }
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

/// Imports from the sources of this interpreter: native modules, modules in apy, files.
pub(super) struct SourceImporter;

impl Importer for SourceImporter {
    fn load(&self, vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
        import(vm, name)
    }

    fn find(&self, vm: &mut Vm, name: &str, path: Option<Local>) -> Result<Option<Local>, Raised> {
        find_spec(vm, name, path)
    }

    fn run_file(&self, vm: &mut Vm, module: Local, file: &str) -> Result<(), Raised> {
        run_file(vm, module, file)
    }

    fn read_file(&self, vm: &mut Vm, file: &str) -> Result<Vec<u8>, Raised> {
        read_file(vm, file)
    }

    fn names(&self) -> Vec<&'static str> {
        stdlib::module_names().chain(library::names()).collect()
    }
}

fn import(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    if meta_path::is_changed(vm) {
        return meta_path::import(vm, name);
    }
    match finder::find(vm, name, None) {
        Some(found) => load(vm, name, found).map(Some),
        None => meta_path::import_hooked(vm, name),
    }
}

fn find_spec(vm: &mut Vm, name: &str, path: Option<Local>) -> Result<Option<Local>, Raised> {
    let folders = path.map(|path| finder::list_of_paths(vm, path));
    let Some(found) = finder::find(vm, name, folders.clone()) else {
        return meta_path::hooked_spec(vm, name, folders);
    };
    let facts = Facts::of(&found);
    Ok(Some(importlib::spec_of(vm, &facts.origin(name))))
}

/// What is told of where a module comes from.
struct Facts {
    kind: Kind,
    file: Option<String>,
    search: Option<Vec<String>>,
}

impl Facts {
    fn of(found: &Found) -> Facts {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let (kind, file, search) = match found {
            Found::Native => (Kind::Native, None, None),
            Found::Library(module) => {
                let folder = format!("<apy>/{}", module.name);
                (Kind::Library, None, module.is_package.then(|| vec![folder]))
            }
            Found::File { file, folder } => (
                Kind::File,
                Some(text(file)),
                folder.as_deref().map(|folder| vec![text(folder)]),
            ),
            Found::Namespace(folders) => (
                Kind::Namespace,
                None,
                Some(folders.iter().map(|folder| text(folder)).collect()),
            ),
        };
        Facts { kind, file, search }
    }

    fn origin<'a>(&'a self, name: &'a str) -> Origin<'a> {
        Origin {
            name,
            kind: self.kind,
            file: self.file.as_deref(),
            search: self.search.clone(),
        }
    }
}

/// Makes a module, registers it as loaded and runs it.
pub(super) fn load(vm: &mut Vm, name: &str, found: Found) -> Result<Local, Raised> {
    let facts = Facts::of(&found);
    let module = match found {
        Found::Native => {
            let made = stdlib::import(vm, name)?;
            let module = made.expect("the finder saw it in the table");
            importlib::describe(vm, module, &facts.origin(name));
            return Ok(module);
        }
        Found::Library(library) => return run_library(vm, library, &facts),
        Found::File { .. } | Found::Namespace(_) => vm.local(vm.heap.module(name).value()),
    };
    importlib::describe(vm, module, &facts.origin(name));
    vm.add_module(name, module);
    if let Some(file) = &facts.file {
        run_file(vm, module, file)?;
    }
    Ok(module)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the facade reads the modules that programs import"
)]
fn read_file(vm: &mut Vm, file: &str) -> Result<Vec<u8>, Raised> {
    let may_read = vm.host.check_import(Path::new(file));
    stdlib::io::settle(vm, Path::new(file));
    may_read
        .and_then(|()| std::fs::read(file))
        .map_err(|error| {
            let number = error
                .raw_os_error()
                .map_or(Value::NONE, |n| vm.heap.int(n.into()));
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            let args = [number, vm.heap.str_value(text), vm.heap.str_value(file)];
            let class = match error.kind() {
                std::io::ErrorKind::NotFound => Builtin::FileNotFoundError,
                std::io::ErrorKind::PermissionDenied => Builtin::PermissionError,
                _ => Builtin::OSError,
            };
            vm.heap.raise_with(class, &args)
        })
}

/// Runs a file in the namespace of a module: code that is in the store, or what is compiled from its text now, and stored.
fn run_file(vm: &mut Vm, module: Local, file: &str) -> Result<(), Raised> {
    let bytes = read_file(vm, file)?;
    room_to_parse(vm, &bytes)?;
    let (id, text) = take_in(vm, file, &bytes, decode_source(&bytes))
        .map_err(|(file, mistakes)| syntax_error(vm, file, &mistakes, Place::File))?;
    let notes = notes(vm, id);
    // Code that notes its statements is for one run only.
    let store = vm.extension::<Loader>().store.clone();
    let store = store.filter(|_| notes == Notes::None);
    let stored = store.as_ref().and_then(|store| store.read(Path::new(file)));
    let stored = stored.and_then(|stored| stored::read(&text, &stored));
    if let Some(linked) = stored.and_then(|image| link_image(vm, image, id, module)) {
        return run_linked(vm, module, linked);
    }
    let compilation = parse_text(id, Rc::clone(&text))
        .and_then(|unit| {
            let compilation = compile_unit(vm, &unit, module, (Mode::Script, notes));
            compilation.map_err(|mistakes| (id, mistakes))
        })
        .map_err(|(file, mistakes)| syntax_error(vm, file, &mistakes, Place::File))?;
    // A warning has to come again.
    if let Some(store) = store.filter(|_| !compilation.warned && may_store(vm)) {
        let stored = stored::write(&text, &compilation.code, &compilation.names);
        store.write(Path::new(file), &stored);
    }
    let linked = link_code(vm, &compilation.code, module, compilation.names.names());
    run_linked(vm, module, linked)
}

/// Links stored code to a module, if its names have the slots there that the code counts on.
fn link_image(vm: &mut Vm, image: Image, file: FileId, module: Local) -> Option<(Local, bool)> {
    let (code, names) = image::open(image, file.0).ok()?;
    let taken = names_of(vm, module);
    if !names.starts_with(taken.names()) {
        return None;
    }
    Some(link_code(vm, &code, module, &names))
}

/// Whether `sys.dont_write_bytecode` leaves it to the store.
fn may_store(vm: &mut Vm) -> bool {
    let mark = vm.mark();
    let sys = vm.loaded_module("sys");
    let refused = sys.and_then(|sys| vm.find_global(sys, "dont_write_bytecode"));
    let refused = refused.is_some_and(|refused| vm.get(refused).plain_truth() == Some(true));
    vm.release(mark);
    !refused
}

/// Runs a module of the library, which was compiled when apy was built.
fn run_library(vm: &mut Vm, library: &library::Module, facts: &Facts) -> Result<Local, Raised> {
    let shown = format!("<apy>/{}", library.name);
    let sources = &vm.extension::<Loader>().sources;
    let file = sources.borrow_mut().add(&*shown, library.text);
    let (code, names) = image::open(Image::Built(library.image), file.0)
        .expect("the build wrote it; a unit test of `library` reads each");
    if library::IN_C.contains(&library.name) {
        vm.leave_out_of_tracebacks(file.0);
    }
    let module = vm.local(vm.heap.module(library.name).value());
    // The code counts on its names having the first slots.
    vm.reserve_globals(module, &names);
    importlib::describe(vm, module, &facts.origin(library.name));
    vm.add_module(library.name, module);
    asyncio::bind_builtins(vm, &names);
    let code = vm.load(&code, module, &names);
    let function = vm.function_of(code);
    vm.call(function, &[])?;
    Ok(module)
}

/// Runs the function of a module's code.
fn run_linked(
    vm: &mut Vm,
    module: Local,
    (function, is_async): (Local, bool),
) -> Result<(), Raised> {
    if is_async && scheduler(vm).is_running() {
        let name = vm.find_global(module, "__name__");
        let name = name.map_or(Ok(String::new()), |name| vm.text_of(name))?;
        let message = format!(
            "module '{name}' awaits at top level: it cannot be imported while the event loop runs"
        );
        return Err(vm.heap.raise(Builtin::ImportError, message));
    }
    let result = vm.call(function, &[])?;
    if is_async {
        run::run_task(vm, result)?;
    }
    Ok(())
}
