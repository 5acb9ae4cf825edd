//! `import`: modules by name, names of modules.
//!
//! A module that is not in the dict of loaded modules comes from the `import` hook, which an upper layer sets: it makes the module
//! (or says that there is none), and may put it into the dict before it runs it, so that modules can import each other.

use crate::bytecode::{CodeKind, Instr, Op};
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::import_lock::Imports;
use crate::vm::local::Local;

/// How an upper layer finds and runs modules.
pub trait Importer {
    /// Makes and runs the module of this name, if there is one; may register it before it runs it, so that modules can import each
    /// other.
    fn load(&self, vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised>;

    /// The spec of a module, if there is one; the list says where to look for its file.
    fn find(&self, vm: &mut Vm, name: &str, path: Option<Local>) -> Result<Option<Local>, Raised>;

    /// Runs a source file in the namespace of a module.
    fn run_file(&self, vm: &mut Vm, module: Local, file: &str) -> Result<(), Raised>;

    /// The bytes of a file.
    fn read_file(&self, vm: &mut Vm, file: &str) -> Result<Vec<u8>, Raised>;

    /// The names of the modules that are part of the program `apy`.
    fn names(&self) -> Vec<&'static str>;
}

/// The modules of one VM.
pub(in crate::vm) struct Modules {
    /// The builtin names, a module.
    pub builtins: Slot,
    /// A dict from name to module.
    pub loaded: Slot,
    /// The imports that are under way.
    pub imports: Imports,
    /// A dict from the names of packages to the `__path__` that is not among their globals: they are no plain modules.
    pub paths: Slot,
    /// The files whose frames have no line in tracebacks.
    pub silent: Vec<u32>,
}

traced!(Modules { builtins, loaded, paths } plain { imports, silent });

impl Modules {
    /// An empty module of builtin names; nothing is loaded.
    pub fn new(heap: &Heap) -> Modules {
        Modules {
            builtins: Slot::new(heap.module("builtins").value()),
            loaded: Slot::new(heap.dict().value()),
            imports: Imports::default(),
            paths: Slot::new(heap.dict().value()),
            silent: Vec::new(),
        }
    }
}

impl Vm {
    /// Leaves the frames of a file out of tracebacks: its functions are native ones in CPython, which have no frames.
    pub fn leave_out_of_tracebacks(&mut self, file: u32) {
        self.modules.silent.push(file);
    }

    /// Whether the frames of a file are left out of tracebacks.
    pub(in crate::vm) fn is_left_out(&self, file: u32) -> bool {
        self.modules.silent.contains(&file)
    }

    /// The spec of a module that can be imported. `path`: a list of folders, or where `sys.path` or the package says.
    ///
    /// # Errors
    /// What the finders raise.
    pub fn find_module(
        &mut self,
        name: &str,
        path: Option<Local>,
    ) -> Result<Option<Local>, Raised> {
        match self.hooks.importer.clone() {
            Some(importer) => importer.find(self, name, path),
            None => Ok(None),
        }
    }

    /// Runs a source file in the namespace of a module.
    ///
    /// # Errors
    /// OSError, SyntaxError, or what the file raises.
    pub fn run_module_file(&mut self, module: Local, file: &str) -> Result<(), Raised> {
        match self.hooks.importer.clone() {
            Some(importer) => importer.run_file(self, module, file),
            None => Ok(()),
        }
    }

    /// The bytes of a file from which a module is loaded.
    ///
    /// # Errors
    /// OSError.
    pub fn read_module_file(&mut self, file: &str) -> Result<Vec<u8>, Raised> {
        match self.hooks.importer.clone() {
            Some(importer) => importer.read_file(self, file),
            None => Ok(Vec::new()),
        }
    }

    /// The names of the modules that are there without any file.
    pub fn importable_modules(&self) -> Vec<&'static str> {
        let importer = self.hooks.importer.as_ref();
        importer.map_or_else(Vec::new, |importer| importer.names())
    }

    /// `sys.path[0]`.
    pub(in crate::vm) fn first_of_path(&self) -> Option<String> {
        let path = self.find_global(self.loaded_module("sys")?, "path")?;
        let first = self.get_gc::<List>(path)?.item(&self.heap, 0)?;
        Some(first.as_gc::<Str>()?.as_str().to_owned())
    }

    /// What a module binds to a name.
    pub fn find_global(&self, module: Local, name: &str) -> Option<Local> {
        let module = self.get_gc::<Module>(module)?;
        let value = module.globals.get(&self.heap, self.heap.intern(name))?;
        Some(self.local(value))
    }

    /// Imports a module and the packages around it; the module itself.
    pub fn import_module(&mut self, name: &str) -> Result<Local, Raised> {
        if name.is_empty() {
            return Err(self.heap.value_error("Empty module name"));
        }
        let mark = self.mark();
        let mut parent: Option<Local> = None;
        let mut end = 0;
        loop {
            end = name[end..].find('.').map_or(name.len(), |dot| end + dot);
            let module = self.import_part(&name[..end], parent)?;
            if end == name.len() {
                return Ok(self.keep(mark, module));
            }
            parent = Some(module);
            end += 1;
        }
    }

    /// The dict of loaded modules (`sys.modules`).
    pub fn modules(&self) -> Gc<'_, Dict> {
        self.modules.loaded.expect(&self.heap)
    }

    /// A loaded module.
    pub fn loaded_module(&self, name: &str) -> Option<Local> {
        self.modules()
            .get_str(&self.heap, self.heap.str(name))
            .map(|module| self.local(module))
    }

    /// Registers a module as loaded: what the hook does before it runs one.
    pub fn add_module(&self, name: &str, module: Local) {
        self.modules()
            .set_str(&self.heap, self.heap.intern(name), self.get(module));
    }

    /// One module, the package that it is in (if any) being imported.
    fn import_part(&mut self, name: &str, parent: Option<Local>) -> Result<Local, Raised> {
        while self.wait_for_import(name)? {}
        if let Some(module) = self.loaded_module(name) {
            if self.get(module).is_none() && !self.is_own_import(name) {
                return Err(self.not_found(
                    name,
                    &format!("import of {name} halted; None in sys.modules"),
                ));
            }
            if !self.get(module).is_none() {
                return Ok(module);
            }
        }
        let split = name.rsplit_once('.');
        if let (Some(parent), Some((package, _))) = (parent, split) {
            self.compute_path(package, parent)?;
        }
        match self.load_module(name)? {
            Some(module) => {
                if let Some(parent) = parent {
                    self.bind_child(parent, name, module)?;
                }
                Ok(module)
            }
            None => Err(match split {
                Some((parent, _)) if self.package_path(parent).is_none() => self.not_found(
                    name,
                    &format!("No module named '{name}'; '{parent}' is not a package"),
                ),
                _ => self.not_found(name, &format!("No module named '{name}'")),
            }),
        }
    }

    /// Asks the hook; a module that fails to run is not loaded.
    fn load_module(&mut self, name: &str) -> Result<Option<Local>, Raised> {
        let Some(importer) = self.hooks.importer.clone() else {
            return Ok(None);
        };
        self.begin_import(name);
        let result = self.nested(|vm| importer.load(vm, name));
        self.end_import(name);
        match result {
            Ok(Some(module)) => {
                // A module may replace itself in `sys.modules` while it runs.
                let own = self.loaded_module(name);
                let own = own.filter(|own| !self.get(*own).is_none());
                let module = own.unwrap_or(module);
                self.add_module(name, module);
                Ok(Some(module))
            }
            Ok(None) => Ok(None),
            Err(raised) => {
                self.modules()
                    .remove_str(&self.heap, self.heap.intern(name));
                Err(raised)
            }
        }
    }

    fn not_found(&self, name: &str, message: &str) -> Raised {
        let raised = self.heap.raise(Builtin::ModuleNotFoundError, message);
        let attrs = self.heap.peek_raised(&raised).fields(&self.heap);
        attrs.set_str(
            &self.heap,
            self.heap.sym(Sym::BareName),
            self.heap.str_value(name),
        );
        raised
    }
}

// The instructions.
impl Vm {
    /// `R[a] :=` module `K[d]`, relative to `b` parent packages; `c`: 1 for the leaf of a dotted name, 0 for its top.
    pub(in crate::vm) fn import_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        if let Some(import) = self.own_import()? {
            let module = self.import_by(import, i)?;
            self.finish(mark, i.a, module);
            return Ok(());
        }
        let name = self.name_operand(i).as_str().to_owned();
        let name = if i.b == 0 {
            name
        } else {
            let heap = &self.heap;
            let module = self.exec.stack.top().code(heap).module(heap);
            let globals = self.local(module.dict(heap).value());
            self.absolute_name(&name, usize::from(i.b), globals)?
        };
        let mut module = self.import_module(&name)?;
        if i.c == 0 {
            let top = name.split('.').next().unwrap_or(&name);
            module = self.loaded_module(top).unwrap_or(module);
        }
        self.finish(mark, i.a, module);
        Ok(())
    }

    /// The full name of what a relative import means in code with these globals.
    fn absolute_name(
        &mut self,
        name: &str,
        level: usize,
        globals: Local,
    ) -> Result<String, Raised> {
        let package = self.package_of(globals)?.ok_or_else(|| {
            self.heap.raise(
                Builtin::ImportError,
                "attempted relative import with no known parent package",
            )
        })?;
        let mut base = package.as_str();
        for _ in 1..level {
            base = match base.rsplit_once('.') {
                Some((parent, _)) => parent,
                None => {
                    return Err(self.heap.raise(
                        Builtin::ImportError,
                        "attempted relative import beyond top-level package",
                    ));
                }
            };
        }
        Ok(if name.is_empty() {
            base.to_owned()
        } else {
            format!("{base}.{name}")
        })
    }

    /// The package that the module with these globals is, or is in.
    fn package_of(&mut self, globals: Local) -> Result<Option<String>, Raised> {
        let text = |vm: &Vm, sym: Sym| {
            let value = vm.name_in(globals, sym)?;
            vm.get_gc::<Str>(value).map(|s| s.as_str().to_owned())
        };
        if let Some(package) = text(self, Sym::Package) {
            return Ok(Some(package).filter(|package| !package.is_empty()));
        }
        let spec = self.name_in(globals, Sym::Spec);
        if let Some(spec) = spec.filter(|&spec| !self.get(spec).is_none()) {
            let parent = self.get_attr_named(spec, "parent")?;
            let parent = self.get_gc::<Str>(parent).map(|s| s.as_str().to_owned());
            return Ok(parent.filter(|parent| !parent.is_empty()));
        }
        let Some(name) = text(self, Sym::Name) else {
            return Err(self.heap.raise_with(
                Builtin::KeyError,
                &[self.heap.str_value("'__name__' not in globals")],
            ));
        };
        if self.name_in(globals, Sym::Path).is_some() {
            return Ok(Some(name));
        }
        Ok(name.rsplit_once('.').map(|(package, _)| package.to_owned()))
    }

    fn name_in(&self, globals: Local, sym: Sym) -> Option<Local> {
        let names = self.get_gc::<Dict>(globals)?;
        let value = names.get_str(&self.heap, self.heap.sym(sym))?;
        Some(self.local(value))
    }

    /// `__import__`: the module of a dotted name, its top package, or, with names to take from it, the module after its submodules
    /// of these names were imported. `globals`: a dict, which relative names count from.
    ///
    /// # Errors
    /// ImportError, or what a module raises.
    pub fn import_name(
        &mut self,
        name: &str,
        level: usize,
        globals: Local,
        from: &[Local],
    ) -> Result<Local, Raised> {
        let full = match level {
            0 => name.to_owned(),
            _ => self.absolute_name(name, level, globals)?,
        };
        let module = self.import_module(&full)?;
        if !from.is_empty() {
            self.import_listed(module, from)?;
            return Ok(module);
        }
        let top = name.split('.').next().unwrap_or(name);
        let shown = &full[..full.len() - (name.len() - top.len())];
        Ok(self.loaded_module(shown).unwrap_or(module))
    }

    /// Imports the submodules among the names that are taken from a package.
    fn import_listed(&mut self, module: Local, names: &[Local]) -> Result<(), Raised> {
        if !self.is_package(module) {
            return Ok(());
        }
        for &name in names {
            let Some(text) = self.get_gc::<Str>(name) else {
                let class = self.heap.type_name(self.get(name));
                return Err(self
                    .heap
                    .type_error(format!("Item in ``from list'' must be str, not {class}")));
            };
            let text = text.as_str().to_owned();
            if text != "*" && self.find_attr(module, &text)?.is_none() {
                self.import_submodule(module, &text)?;
            }
        }
        Ok(())
    }

    /// The `__import__` that the running code sees, where that is not the builtin function itself. The library's own imports, which
    /// come when something is first used, are no matter of the program's function.
    fn own_import(&mut self) -> Result<Option<Local>, Raised> {
        if self.exec.stack.top().code(&self.heap).code.is_library() {
            return Ok(None);
        }
        let name = self.local(self.heap.intern("__import__").value());
        match self.own_builtin(name)? {
            None => {
                let message = "__import__ not found";
                Err(self.heap.raise(Builtin::ImportError, message))
            }
            Some(found) if self.get(found).is_gc::<NativeFunction>() => Ok(None),
            found => Ok(found),
        }
    }

    /// Has a function of the program import: it gets what `__import__` gets.
    fn import_by(&mut self, import: Local, i: Instr) -> Result<Local, Raised> {
        let heap = &self.heap;
        let name = self.local(self.name_operand(i).value());
        let frame = self.exec.stack.top();
        let code = frame.code(heap);
        let following = code.code.instrs.iter().skip(frame.index(heap) as usize);
        let from: Vec<Value<'_>> = following
            .take_while(|next| {
                matches!(
                    next.op,
                    Op::ImportFrom | Op::ImportStar | Op::SetGlobal | Op::SetName
                )
            })
            .filter(|next| next.op == Op::ImportFrom && next.b == i.a)
            .map(|next| code.name(heap, next.d).value())
            .collect();
        let from = if from.is_empty() {
            Value::NONE
        } else {
            heap.tuple(&from).value()
        };
        let from = self.local(from);
        let globals = self.local(code.module(heap).dict(heap).value());
        let level = self.local(heap.int(i64::from(i.b)));
        let locals = self.running_locals().unwrap_or(globals);
        self.call(import, &[name, globals, locals, from, level])
    }

    /// `R[a] :=` name `K[d]` of module `R[b]`.
    pub(in crate::vm) fn import_from_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (module, name) = (
            self.reg_local(i.b),
            self.name_operand(i).as_str().to_owned(),
        );
        let value = match self.find_attr(module, &name)? {
            Some(value) => value,
            None => match self.import_submodule(module, &name)? {
                Some(value) => value,
                None => return Err(self.cannot_import(module, &name)),
            },
        };
        self.finish(mark, i.a, value);
        Ok(())
    }

    /// `from package import name` where the name is a module that was not imported yet.
    fn import_submodule(&mut self, package: Local, name: &str) -> Result<Option<Local>, Raised> {
        let Some(module) = self.get_gc::<Module>(package) else {
            return Ok(None);
        };
        let full = format!("{}.{name}", self.module_name(module));
        if let Some(loaded) = self.loaded_module(&full) {
            return Ok(Some(loaded));
        }
        if !self.is_package(package) {
            return Ok(None);
        }
        self.load_module(&full)?.map_or(Ok(None), |found| {
            self.set_attr_named(package, name, found)?;
            Ok(Some(found))
        })
    }

    fn module_name<'h>(&'h self, module: Gc<'h, Module>) -> &'h str {
        let name = module
            .globals
            .get(&self.heap, self.heap.sym(Sym::Name))
            .and_then(|v| v.as_gc::<Str>());
        name.unwrap_or_else(|| module.name(&self.heap)).as_str()
    }

    fn cannot_import(&mut self, from: Local, name: &str) -> Raised {
        let heap = &self.heap;
        let module = self.get_gc::<Module>(from);
        let module_name = module.map_or("<unknown module name>", |module| self.module_name(module));
        let file = module
            .and_then(|m| m.globals.get(heap, heap.sym(Sym::File)))
            .and_then(|v| v.as_gc::<Str>());
        let place = file.map_or("unknown location", |file| file.as_str());
        let message = if self.is_importing(module_name) {
            format!(
                "cannot import name '{name}' from partially initialized module '{module_name}' \
                 (most likely due to a circular import) ({place})"
            )
        } else {
            format!("cannot import name '{name}' from '{module_name}' ({place})")
        };
        let raised = heap.raise(Builtin::ImportError, message);
        let attrs = heap.peek_raised(&raised).fields(heap);
        attrs.set_str(heap, heap.sym(Sym::BareName), heap.str_value(module_name));
        attrs.set_str(heap, heap.intern("name_from"), heap.str_value(name));
        attrs.set_str(
            heap,
            heap.intern("path"),
            file.map_or(Value::NONE, Gc::value),
        );
        raised
    }

    /// Binds every public name of module `R[a]` in the globals.
    pub(in crate::vm) fn import_star_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let module = self.reg_local(i.a);
        let names = match self.find_attr(module, Sym::All.text())? {
            Some(names) => self.to_list(names)?,
            None => self.public_names(module),
        };
        let list: Gc<'_, List> = self.get_gc(names).expect("to_list makes a list");
        let names: Vec<Local> = list
            .to_vec(&self.heap)
            .into_iter()
            .map(|v| self.local(v))
            .collect();
        for name in names {
            let Some(text) = self.get_gc::<Str>(name) else {
                let given = self.heap.type_name(self.get(name));
                let module = self
                    .get_gc::<Module>(module)
                    .map_or("?", |m| self.module_name(m));
                return Err(self
                    .heap
                    .type_error(format!("Item in {module}.__all__ must be str, not {given}")));
            };
            let text = text.as_str().to_owned();
            let value = match self.find_attr(module, &text)? {
                Some(value) => value,
                None => match self.import_submodule(module, &text)? {
                    Some(value) => value,
                    None => return Err(self.attribute_error(module, name)),
                },
            };
            self.bind_starred(&text, value)?;
        }
        self.release(mark);
        Ok(())
    }

    /// Binds a name that `import *` brings: in the globals, or in the mapping that `exec` was given.
    fn bind_starred(&mut self, name: &str, value: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let name = heap.intern(name);
        let code = self.exec.stack.top().code(heap);
        if code.code.kind != CodeKind::Mapped {
            code.module(heap).bind(heap, name, self.get(value));
            return Ok(());
        }
        let (namespace, name) = (self.reg_local(0), self.local(name.value()));
        self.set_item(namespace, name, value)
    }

    fn public_names(&self, module: Local) -> Local {
        let heap = &self.heap;
        let module: Option<Gc<'_, Module>> = self.get_gc(module);
        let entries = module.map_or_else(Vec::new, |module| module.entries(heap));
        let names = entries
            .into_iter()
            .filter(|(name, _)| !name.as_str().starts_with('_'))
            .map(|(name, _)| name.value());
        self.local(heap.list(names).value())
    }
}
