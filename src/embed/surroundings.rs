//! What surrounds a program that is looked at and not run: the modules that apy has, and the files beside the program.
//!
//! An interpreter of its own imports modules of the library when a question needs them, and answers from the objects themselves: what
//! `dir`, `getattr` and `help` would say. No file of the user is ever run.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::loader::finder;
use super::{Interpreter, Options};
use crate::compile::{Entity, Member, Origin, World};
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::stdlib::asyncio;
use crate::vm::{Local, NoHost, is_standard};

/// The modules of apy, and files in some folders.
pub struct Surroundings {
    interpreter: OnceCell<RefCell<Interpreter>>,
    folders: Vec<PathBuf>,
    /// Which modules could be imported.
    library: RefCell<HashMap<String, bool>>,
    /// What names of modules are, as far as it was asked.
    entities: RefCell<HashMap<String, Entity>>,
}

impl Surroundings {
    /// Surroundings without any folder.
    #[must_use]
    pub fn new() -> Surroundings {
        Surroundings {
            interpreter: OnceCell::new(),
            folders: Vec::new(),
            library: RefCell::default(),
            entities: RefCell::default(),
        }
    }

    /// Where the next program's imports look for files.
    pub fn look_in(&mut self, folders: Vec<PathBuf>) {
        self.folders = folders;
        self.entities.borrow_mut().clear();
    }

    fn interpreter(&self) -> &RefCell<Interpreter> {
        self.interpreter
            .get_or_init(|| RefCell::new(Interpreter::new(Options::repeatable(NoHost))))
    }

    /// Asks something of a module of the library.
    fn ask<R>(&self, module: &str, f: impl FnOnce(&mut Interpreter, Local) -> R) -> Option<R> {
        let is_missing = self.library.borrow().get(module) == Some(&false);
        if is_missing || self.file(module) {
            return None;
        }
        let mut interpreter = self.interpreter().borrow_mut();
        let mark = interpreter.vm.mark();
        let found = interpreter.module(module);
        let answer = found.map(|module| f(&mut interpreter, module));
        interpreter.vm.release(mark);
        answer
    }

    /// Whether a file or folder of this name is found before the library is asked.
    fn file(&self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or_default();
        let is_module = |folder: &Path| finder::is_module_of(folder, top);
        !finder::is_built_in(top) && self.folders.iter().any(|folder| is_module(folder))
    }

    /// Whether there is a folder of this name, which is a package if nothing else has the name.
    fn folder(&self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or_default();
        self.folders.iter().any(|folder| folder.join(top).is_dir())
    }

    fn is_library(&self, name: &str) -> bool {
        if let Some(&known) = self.library.borrow().get(name) {
            return known;
        }
        // A module whose body fails here is there all the same.
        let is_listed =
            !self.file(name) && self.interpreter().borrow().modules().any(|it| it == name);
        let found = is_listed || self.ask(name, |_, _| ()).is_some();
        self.library.borrow_mut().insert(name.to_owned(), found);
        found
    }
}

impl Default for Surroundings {
    fn default() -> Surroundings {
        Surroundings::new()
    }
}

impl World for Surroundings {
    fn builtins(&self) -> Vec<String> {
        let of_asyncio = asyncio::BUILTIN_NAMES.iter().copied().chain(["asyncio"]);
        let names = self.names("builtins").unwrap_or_default().into_iter();
        // The prompt binds `_`, and so does gettext.
        let others = of_asyncio.chain(["_"]).map(str::to_owned);
        names.chain(others).collect()
    }

    fn module(&self, name: &str) -> Origin {
        if self.file(name) {
            return Origin::File;
        }
        if self.is_library(name) {
            return Origin::Library;
        }
        let top = name.split('.').next().unwrap_or_default();
        match (self.folder(name), is_standard(top)) {
            (true, _) => Origin::File,
            (false, true) => Origin::Lacking,
            (false, false) => Origin::Unknown,
        }
    }

    fn names(&self, module: &str) -> Option<Vec<String>> {
        self.ask(module, |interpreter, found| {
            let public = interpreter.attribute(found, "__all__");
            let vm = &interpreter.vm;
            let module = vm.get_gc::<Module>(found);
            let entries = module.map_or(Vec::new(), |module| module.entries(&vm.heap));
            let bound = entries.into_iter().filter(|(_, value)| !value.is_undef());
            let mut names: Vec<String> = bound.map(|(name, _)| name.as_str().to_owned()).collect();
            // Some are made when they are first asked for.
            let public = public.and_then(|all| vm.get_gc::<List>(all));
            let public = public.map_or(Vec::new(), |all| all.to_vec(&vm.heap));
            let public = public.into_iter().filter_map(|name| name.as_gc::<Str>());
            names.extend(public.map(|name| name.as_str().to_owned()));
            names
        })
    }

    fn has_attribute(&self, module: &str, path: &str) -> Option<bool> {
        let found = self.ask(module, |interpreter, module| {
            let (object, name) = match path.rsplit_once('.') {
                Some((object, name)) => (interpreter.path(module, object)?, name),
                None => (module, path),
            };
            let vm = &mut interpreter.vm;
            match vm.find_attr(object, name) {
                Ok(found) => Some(found.is_some()),
                // It is made on demand, from what a check may not touch.
                Err(raised) => {
                    vm.heap.take_raised(raised);
                    None
                }
            }
        });
        found.flatten()
    }

    fn signature(&self, module: &str, name: &str) -> Option<String> {
        let found = self.ask(module, |interpreter, module| {
            let object = interpreter.path(module, name)?;
            interpreter.call_signature(object)
        });
        found.flatten()
    }

    fn entity(&self, module: &str, path: &str) -> Entity {
        let key = format!("{module}:{path}");
        if let Some(&known) = self.entities.borrow().get(&key) {
            return known;
        }
        let found = self.ask(module, |interpreter, module| {
            let object = interpreter.path(module, path);
            object.map_or(Entity::Other, |object| interpreter.entity(object))
        });
        let found = found.unwrap_or(Entity::Other);
        self.entities.borrow_mut().insert(key, found);
        found
    }

    fn member(&self, module: &str, class: &str, name: &str) -> Member {
        let found = self.ask(module, |interpreter, module| {
            let class = interpreter.path(module, class)?;
            Some(interpreter.member(class, name))
        });
        found.flatten().unwrap_or(Member::Unknown)
    }

    fn member_names(&self, module: &str, class: &str) -> Vec<String> {
        let found = self.ask(module, |interpreter, module| {
            let class = interpreter.path(module, class)?;
            Some(interpreter.member_names(class))
        });
        found.flatten().unwrap_or_default()
    }

    fn ancestors(&self, module: &str, class: &str) -> Vec<String> {
        let found = self.ask(module, |interpreter, module| {
            let class = interpreter.path(module, class)?;
            Some(interpreter.ancestors(class))
        });
        found.flatten().unwrap_or_default()
    }

    fn modules(&self) -> Vec<String> {
        let interpreter = self.interpreter().borrow();
        let public = interpreter.modules().filter(|name| !name.starts_with('_'));
        public.map(str::to_owned).collect()
    }
}

impl Interpreter {
    /// A module of the library, imported if it is not yet.
    fn module(&mut self, name: &str) -> Option<Local> {
        if let Some(module) = self.vm.loaded_module(name) {
            return Some(module);
        }
        match self.vm.import_module(name) {
            Ok(module) => Some(module),
            Err(raised) => {
                self.vm.heap.take_raised(raised);
                None
            }
        }
    }

    pub(super) fn attribute(&mut self, object: Local, name: &str) -> Option<Local> {
        match self.vm.find_attr(object, name) {
            Ok(found) => found,
            Err(raised) => {
                self.vm.heap.take_raised(raised);
                None
            }
        }
    }
}
