//! `apy -m MODULE`, `apy FOLDER`, `apy FILE.zip`: a module as the main program.
//!
//! It is found as `import` finds it; the packages around it are imported first, and a package is run by its `__main__` module.
//! `__main__` gets the module's spec, so that relative imports work, and `sys.argv[0]` becomes its file.

use super::library;
use super::loader::finder::{self, Found};
use super::loader::{self, Unit};
use crate::diagnostics::{Diagnostic, FileId};
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::{Raised, Value};
use crate::stdlib::importlib::{self, Kind, Origin};
use crate::vm::Vm;

/// The parsed file, or the mistakes in it.
pub(super) type Parsed = Result<Unit, (FileId, Vec<Diagnostic>)>;

/// Prepares `__main__` and reads the file; none: there is no such module, or none with a file.
pub(super) fn run(vm: &mut Vm, name: &str) -> Result<Option<Parsed>, Raised> {
    if let Some((parent, _)) = name.rsplit_once('.') {
        vm.import_module(parent)?;
    }
    let (name, file) = match finder::find(vm, name, None) {
        Some(
            Found::File {
                folder: Some(_), ..
            }
            | Found::Namespace(_),
        ) => {
            vm.import_module(name)?;
            let main = format!("{name}.__main__");
            match finder::find(vm, &main, None) {
                Some(Found::File { file, .. }) => (main, file),
                _ => return Ok(None),
            }
        }
        Some(Found::File { file, .. }) => (name.to_owned(), file),
        Some(Found::Library(module)) => return run_library(vm, module),
        // What a module written in Rust does as a program is in apy beside it.
        _ => match library::find(&format!("_{name}_main")) {
            Some(module) => return run_library(vm, module),
            None => return Ok(None),
        },
    };
    let shown = file.to_string_lossy().into_owned();
    let bytes = vm.read_module_file(&shown)?;
    describe(vm, &name, &shown)?;
    Ok(Some(loader::read(vm, &shown, &bytes)))
}

/// The same for the `__main__` in a folder or a zip file, which becomes the first entry of `sys.path`.
pub(super) fn run_container(vm: &mut Vm, path: &str) -> Result<Option<Parsed>, Raised> {
    let runpy = vm.import_module("runpy")?;
    let enter = vm.get_attr_named(runpy, "_enter_container")?;
    let path = vm.local(vm.heap.str_value(path));
    let text = vm.call(enter, &[path])?;
    let Some(text) = vm.get_gc::<Str>(text) else {
        return Ok(None);
    };
    let text = text.as_str().to_owned();
    let file = vm.loaded_module("__main__");
    let file = file.and_then(|main| vm.find_global(main, "__file__"));
    let file = file.and_then(|file| vm.get_gc::<Str>(file).map(|name| name.as_str().to_owned()));
    let file = file.unwrap_or_default();
    Ok(Some(loader::read(vm, &file, text.as_bytes())))
}

/// The same for a module of the library, whose text is parsed anew: as the main program it is another module.
fn run_library(vm: &mut Vm, module: &library::Module) -> Result<Option<Parsed>, Raised> {
    let main = format!("{}.__main__", module.name);
    let main = match library::find(&main) {
        Some(main) => {
            vm.import_module(module.name)?;
            main
        }
        None if module.is_package => return Ok(None),
        None => module,
    };
    let shown = format!("<apy>/{}", main.name);
    describe(vm, main.name, &shown)?;
    Ok(Some(loader::read(vm, &shown, main.text.as_bytes())))
}

fn describe(vm: &mut Vm, name: &str, file: &str) -> Result<(), Raised> {
    if let Some(main) = vm.loaded_module("__main__") {
        let origin = Origin {
            name,
            kind: Kind::File,
            file: Some(file),
            search: None,
        };
        importlib::describe(vm, main, &origin);
        let main_name = vm.local(vm.heap.str_value("__main__"));
        vm.set_attr_named(main, "__name__", main_name)?;
    }
    let sys = vm.import_module("sys")?;
    let argv = vm.find_global(sys, "argv");
    let first: Value<'_> = vm.heap.str_value(file);
    if let Some(argv) = argv.and_then(|argv| vm.get_gc::<List>(argv)) {
        argv.set_item(&vm.heap, 0, first);
    }
    Ok(())
}
