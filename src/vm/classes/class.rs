//! The `class` statement.
//!
//! `build_class_op` does what the statement says: bases, metaclass, namespace, body, and the call of the metaclass, which ends in
//! `new_class` (`new_class.rs`).

use crate::bytecode::{CodeKind, Instr};
use crate::runtime::cell::CellObj;
use crate::runtime::class::Class;
use crate::runtime::descriptor::Descriptor;
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// What the `class` statement calls, and with what.
struct ClassCall {
    name: Local,
    bases: Local,
    /// Without `metaclass`.
    keywords: Local,
    metaclass: Local,
}

impl Vm {
    /// `R[a] := class K[d]` with body function `R[b]`, bases `R[b+1]`, keywords `R[b+2]`.
    pub(in crate::vm) fn build_class_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let name = self.local(self.name_operand(i).value());
        let (body, bases, keywords) = (
            self.reg_local(i.b),
            self.reg_local(i.b + 1),
            self.reg_local(i.b + 2),
        );
        let class = match self.own_build_class()? {
            None => self.build_class(name, body, bases, keywords)?,
            Some(own) => {
                let mut args = vec![body, name];
                args.extend(self.items(bases));
                let args = self.tuple_of(&args);
                let keywords = self.get_gc::<Dict>(keywords).map(|_| keywords);
                self.call_ex(own, args, keywords)?
            }
        };
        self.finish(mark, i.a, class);
        Ok(())
    }

    /// What `__build_class__` does: makes a class of a body.
    pub fn build_class(
        &mut self,
        name: Local,
        body: Local,
        orig_bases: Local,
        keywords: Local,
    ) -> Result<Local, Raised> {
        let bases = self.resolve_bases(orig_bases)?;
        let (metaclass, keywords) = self.metaclass(bases, keywords)?;
        let call = ClassCall {
            name,
            bases,
            keywords,
            metaclass,
        };
        let namespace = self.prepare(&call)?;
        self.put_module(namespace, body)?;
        let cell = match self.is_class_body(body) {
            true => self.call(body, &[namespace])?,
            false => self.call(body, &[])?,
        };
        self.put_static_attributes(namespace)?;
        if self.get(cell).is_gc::<CellObj>() {
            self.put(namespace, Sym::ClassCell, cell)?;
        }
        if !self.get(bases).is(self.get(orig_bases)) {
            self.put(namespace, Sym::OrigBases, orig_bases)?;
        }
        let args = self.tuple_of(&[name, bases, namespace]);
        let class = self.call_ex(metaclass, args, Some(keywords))?;
        self.check_class_cell(cell, class, name)?;
        Ok(class)
    }

    /// Replaces what is no class by what its `__mro_entries__` returns.
    fn resolve_bases(&mut self, bases: Local) -> Result<Local, Raised> {
        let items = self.items(bases);
        let mut resolved: Vec<Local> = Vec::with_capacity(items.len());
        let mut changed = false;
        for base in items {
            let entries = if self.get(base).is_gc::<Class>() {
                None
            } else {
                self.find_mro_entries(base)?
            };
            match entries {
                None => resolved.push(base),
                Some(function) => {
                    changed = true;
                    let entries = self.call(function, &[bases])?;
                    if !self.get(entries).is_gc::<Tuple>() {
                        return Err(self.heap.type_error("__mro_entries__ must return a tuple"));
                    }
                    resolved.extend(self.items(entries));
                }
            }
        }
        Ok(if changed {
            self.tuple_of(&resolved)
        } else {
            bases
        })
    }

    fn find_mro_entries(&mut self, base: Local) -> Result<Option<Local>, Raised> {
        if !self.get(base).is_object() {
            return Ok(None);
        }
        self.find_attr(base, Sym::MroEntries.text())
    }

    /// The metaclass that the statement means, and the keywords without it.
    fn metaclass(&mut self, bases: Local, keywords: Local) -> Result<(Local, Local), Raised> {
        let heap = &self.heap;
        let given = self.get_gc::<Dict>(keywords);
        let rest = heap.dict();
        let mut explicit = None;
        for (key, value) in given.map_or_else(Vec::new, |d| d.table.entries(heap)) {
            match key.as_gc::<Str>() {
                Some(name) if name.as_str() == "metaclass" => explicit = Some(value),
                _ => rest.set_leaf(heap, key, value),
            }
        }
        let first = self.get_gc::<Tuple>(bases).and_then(|t| t.at(heap, 0));
        let start = match (explicit, first) {
            (Some(meta), _) => meta,
            (None, Some(base)) => heap.class_of(base).value(),
            (None, None) => heap.types.class(heap, Builtin::Type).value(),
        };
        let (start, rest) = (self.local(start), self.local(rest.value()));
        if !self.get(start).is_gc::<Class>() {
            return Ok((start, rest));
        }
        Ok((self.most_derived_metaclass(start, bases)?, rest))
    }

    /// The most derived among `start` and the classes of the bases.
    pub(super) fn most_derived_metaclass(
        &self,
        start: Local,
        bases: Local,
    ) -> Result<Local, Raised> {
        let heap = &self.heap;
        let mut winner: Gc<'_, Class> = self
            .get_gc(start)
            .expect("the caller checked that it is a class");
        for base in self
            .get_gc::<Tuple>(bases)
            .into_iter()
            .flat_map(|t| t.iter(heap))
        {
            let meta = heap.class_of(base);
            if winner.is_subclass(heap, meta) {
                continue;
            }
            if !meta.is_subclass(heap, winner) {
                let message = "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass \
                               of the metaclasses of all its bases";
                return Err(heap.type_error(message));
            }
            winner = meta;
        }
        Ok(self.local(winner.value()))
    }

    /// The namespace that the body fills.
    fn prepare(&mut self, call: &ClassCall) -> Result<Local, Raised> {
        if self
            .get_gc::<Class>(call.metaclass)
            .is_some_and(|meta| meta.builtin_is(Builtin::Type))
        {
            return Ok(self.local(self.heap.dict().value()));
        }
        let Some(prepare) = self.find_attr(call.metaclass, Sym::Prepare.text())? else {
            return Ok(self.local(self.heap.dict().value()));
        };
        let args = self.tuple_of(&[call.name, call.bases]);
        let namespace = self.call_ex(prepare, args, Some(call.keywords))?;
        let value = self.get(namespace);
        if value.is_gc::<Dict>() || self.special(value, Sym::GetItem).is_some() {
            return Ok(namespace);
        }
        let meta = self
            .get_gc::<Class>(call.metaclass)
            .map_or("<metaclass>", |meta| meta.name(&self.heap).as_str());
        let given = self.heap.type_name(value);
        Err(self.heap.type_error(format!(
            "{meta}.__prepare__() must return a mapping, not {given}"
        )))
    }

    /// `__module__`: the name of the module that the body belongs to.
    fn put_module(&mut self, namespace: Local, body: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let function: Gc<'_, Function> = self
            .get_gc(body)
            .expect("the compiler makes the body a function");
        let module = function
            .code(heap)
            .module(heap)
            .globals
            .get(heap, heap.sym(Sym::Name));
        let module = module.map(|name| self.local(name));
        let code = &function.code(heap).get().code;
        let line = self.local(heap.int(self.line_of(code, None)));
        let qualname = self.local(function.qualname.get(heap));
        if let Some(name) = module {
            self.put(namespace, Sym::Module, name)?;
        }
        self.put(namespace, Sym::Qualname, qualname)?;
        self.put(namespace, Sym::FirstLine, line)
    }

    /// `__static_attributes__`: the names that the methods of the body store in their first argument.
    fn put_static_attributes(&mut self, namespace: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let value = self.get(namespace);
        let inner = value.as_gc::<Instance>().and_then(|i| i.payload(heap));
        let Some(dict) = inner.unwrap_or(value).as_gc::<Dict>() else {
            return Ok(());
        };
        let mut names: Vec<Value<'_>> = Vec::new();
        for (_, value) in dict.table.entries(heap) {
            let value = value
                .as_gc::<Descriptor>()
                .map_or(value, |d| d.get.get(heap));
            let Some(function) = value.as_gc::<Function>() else {
                continue;
            };
            let code = &function.code_or_stub(heap).get().code;
            for name in code.stored_in_self() {
                let name = heap.intern(&name).value();
                if !names.iter().any(|known| known.is(name)) {
                    names.push(name);
                }
            }
        }
        let text = |name: &Value<'_>| name.as_gc::<Str>().map(|name| name.as_str().to_owned());
        names.sort_by_key(text);
        let names = self.local(heap.tuple(&names).value());
        self.put(namespace, Sym::StaticAttributes, names)
    }

    fn put(&mut self, namespace: Local, key: Sym, value: Local) -> Result<(), Raised> {
        if let Some(dict) = self.get_gc::<Dict>(namespace) {
            dict.set_str(&self.heap, self.heap.sym(key), self.get(value));
            return Ok(());
        }
        let key = self.local(self.heap.sym(key).value());
        self.set_item(namespace, key, value)
    }

    /// The `__class__` of the body's methods must be the class by now: a metaclass may have lost it.
    fn check_class_cell(&mut self, cell: Local, class: Local, name: Local) -> Result<(), Raised> {
        let Some(cell) = self.get_gc::<CellObj>(cell) else {
            return Ok(());
        };
        let found = cell.value.get(&self.heap);
        if !self.get(class).is_gc::<Class>() || found.is(self.get(class)) {
            return Ok(());
        }
        let found = self.local(found);
        let (name, class) = (self.text_of(name)?, self.repr(class)?);
        let class = self.text_of(class)?;
        if self.get(found).is_undef() {
            let tail = "Was __classcell__ propagated to type.__new__?";
            return Err(self.heap.raise(
                Builtin::RuntimeError,
                format!("__class__ not set defining '{name}' as {class}. {tail}"),
            ));
        }
        let found = self.repr(found)?;
        let found = self.text_of(found)?;
        Err(self.heap.type_error(format!(
            "__class__ set to {found} defining '{name}' as {class}"
        )))
    }

    /// Whether a function is the body of a class statement, which takes the namespace.
    fn is_class_body(&self, body: Local) -> bool {
        let function = self.get_gc::<Function>(body);
        function.is_some_and(|body| body.code(&self.heap).code.kind == CodeKind::Class)
    }

    /// The `__build_class__` that the running code sees, where that is not the builtin function itself.
    fn own_build_class(&mut self) -> Result<Option<Local>, Raised> {
        let name = self.local(self.heap.intern("__build_class__").value());
        match self.own_builtin(name)? {
            None => {
                let message = "__build_class__ not found";
                Err(self.heap.raise(Builtin::NameError, message))
            }
            Some(found) if self.get(found).is_gc::<NativeFunction>() => Ok(None),
            found => Ok(found),
        }
    }

    /// The items of a tuple (or nothing), as locals.
    pub(in crate::vm) fn items(&self, tuple: Local) -> Vec<Local> {
        let tuple = self.get_gc::<Tuple>(tuple);
        tuple.map_or_else(Vec::new, |t| {
            t.iter(&self.heap).map(|v| self.local(v)).collect()
        })
    }
}
