//! Calling classes: `__new__`, then `__init__`.
//!
//! `construct` is the general path. The instruction `Call` first tries the short ones: plain classes, whose `__init__` runs in a
//! frame of its own (`frame_flag::INIT`); exceptions; builtin classes whose natives take the registers as they are.

use smallvec::SmallVec;

use super::entry::clear_registers;
use super::{CallArgs, Caller, Invoked};
use crate::bytecode::Instr;
use crate::runtime::class::{Class, Extension, class_flag, extension_of};
use crate::runtime::function::Function;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Native;
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::frame::{Frame, frame_flag};
use crate::vm::exec::trap::Trap;
use crate::vm::local::Local;

// The general path.
impl Vm {
    /// Calls a class: makes an instance and initialises it. Where a function of the program does all of it, its frame is pushed: a
    /// metaclass's `__call__`, a `__new__` after which nothing is left to do.
    pub(super) fn construct(
        &mut self,
        class: Local,
        mut args: CallArgs,
        caller: Caller,
    ) -> Result<Invoked, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller checked the kind");
        let meta = heap.class_of(this.value());
        if !meta.builtin_is(Builtin::Type) {
            let call = meta
                .lookup_in(heap, heap.sym(Sym::Call))
                .filter(|(owner, _)| !owner.builtin_is(Builtin::Type));
            if let Some((_, call)) = call {
                let call = self.local(call);
                let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
                let function = self.bind_special(call, class, &mut positional)?;
                positional.extend(args.positional);
                args.positional = positional;
                return match self.get(function).is_gc::<Function>() {
                    true => self.invoke(function, args, caller),
                    false => self.call_args(function, args).map(Invoked::Done),
                };
            }
        }
        if let Some(new) = self.only_new(class) {
            args.positional.insert(0, class);
            return self.invoke(new, args, caller);
        }
        self.instantiate(class, args).map(Invoked::Done)
    }

    /// The `__new__` of a class if calling it is all that calling the class means: it is a function, what it returns has no finaliser
    /// and no `__init__`, and there is no subclass with one, of which it could return an instance.
    fn only_new(&self, class: Local) -> Option<Local> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class)?;
        if this.has(class_flag::DEL) || !this.subclasses.is_empty() {
            return None;
        }
        let new = this.lookup(heap, heap.sym(Sym::New))?;
        let (owner, _) = this.lookup_in(heap, heap.sym(Sym::Init))?;
        let is_only = new.is_gc::<Function>() && owner.builtin_is(Builtin::Object);
        is_only.then(|| self.local(new))
    }

    /// `type.__call__`: `__new__`, then `__init__` if that gave an instance of the class.
    pub(in crate::vm) fn instantiate(
        &mut self,
        class: Local,
        args: CallArgs,
    ) -> Result<Local, Raised> {
        let instance = self.make_instance(class, &args)?;
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller checked the kind");
        let actual = heap.class_of(self.get(instance));
        if !actual.is_subclass(heap, this)
            || this.builtin_is(Builtin::Type) && args.positional.len() == 1
        {
            return Ok(instance);
        }
        let Some((owner, init)) = actual.lookup_in(heap, heap.sym(Sym::Init)) else {
            return Ok(instance);
        };
        if owner.builtin_is(Builtin::Object) {
            let given = !args.positional.is_empty() || !args.keywords.is_empty();
            let unused = given && !this.has(class_flag::NEW);
            if unused {
                return Err(
                    heap.type_error(format!("{}() takes no arguments", this.name(heap).as_str()))
                );
            }
            return Ok(instance);
        }
        let init = self.local(init);
        let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
        let function = self.bind_special(init, instance, &mut positional)?;
        positional.extend(args.positional);
        let result = self.call_args(
            function,
            CallArgs {
                positional,
                keywords: args.keywords,
            },
        )?;
        self.check_init(self.get(result))?;
        Ok(instance)
    }

    pub(super) fn make_instance(&mut self, class: Local, args: &CallArgs) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller checked the kind");
        let is_builtin = this.builtin.is_some_and(|b| b != Builtin::Object);
        if is_builtin && !this.has(class_flag::NEW) {
            let name = this.name(heap).as_str();
            return Err(heap.type_error(format!("cannot create '{name}' instances")));
        }
        if !this.has(class_flag::NEW) && this.layout == Kind::Instance {
            self.check_abstract(this)?;
            let instance = heap.instance(this).value();
            self.note_finaliser(instance);
            return Ok(self.local(instance));
        }
        let new = this
            .lookup(heap, heap.sym(Sym::New))
            .expect("object has __new__");
        let new = self.local(new);
        let function = match self.get(new).as_object().map(Gc::kind) {
            Some(Kind::Function | Kind::Native) => new,
            _ => self.bind_descriptor(new, class)?,
        };
        let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
        positional.push(class);
        positional.extend_from_slice(&args.positional);
        let made = self.call_args(
            function,
            CallArgs {
                positional,
                keywords: args.keywords.clone(),
            },
        )?;
        self.note_finaliser(self.get(made));
        Ok(made)
    }

    /// Registers an instance of a class with `__del__`.
    pub fn note_finaliser(&self, instance: Value<'_>) {
        if self.heap.class_of(instance).has(class_flag::DEL) {
            self.heap.finalise(instance);
        }
    }

    /// What `__new__` of a builtin type made, as an instance of the class that was asked for.
    pub(super) fn wrap_new(&mut self, class: Local, made: Local) -> Local {
        let heap = &self.heap;
        let value = self.get(made);
        match self.get_gc::<Class>(class) {
            Some(class)
                if class.builtin.is_none() && extension_of(class.layout) == Extension::Payload =>
            {
                let plain = value.as_gc::<Instance>().is_none();
                if plain {
                    self.local(heap.instance_around(class, value).value())
                } else {
                    made
                }
            }
            _ => made,
        }
    }

    /// Refuses to make an instance of a class with abstract methods left.
    pub fn check_abstract(&self, class: Gc<'_, Class>) -> Result<(), Raised> {
        let heap = &self.heap;
        let Some(names) = class.attrs.get(heap, heap.sym(Sym::AbstractMethods)) else {
            return Ok(());
        };
        let Some(set) = names.as_gc::<Set>() else {
            return Ok(());
        };
        let mut names: Vec<&str> = set
            .members
            .keys(heap)
            .iter()
            .filter_map(|v| Some(v.as_gc::<Str>()?.as_str()))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        names.sort_unstable();
        let plural = if names.len() == 1 { "" } else { "s" };
        let list = names
            .iter()
            .map(|n| format!("'{n}'"))
            .collect::<Vec<_>>()
            .join(", ");
        let class = class.name(heap).as_str();
        Err(heap.type_error(format!(
            "Can't instantiate abstract class {class} without an implementation for abstract method{plural} {list}"
        )))
    }

    pub(in crate::vm) fn check_init(&self, result: Value<'_>) -> Result<(), Raised> {
        if result.is_none() {
            return Ok(());
        }
        Err(self.heap.type_error(format!(
            "__init__() should return None, not '{}'",
            self.heap.type_name(result)
        )))
    }
}

// The fast paths.
impl Vm {
    /// The native `__new__` of a builtin class that is called with positional arguments only, if these suit it.
    pub(super) fn builtin_constructor(
        &self,
        class: Gc<'_, Class>,
        i: Instr,
    ) -> Option<&'static Native> {
        let heap = &self.heap;
        if class.builtin.is_none() && !class.has(class_flag::NATIVE) {
            return None;
        }
        let meta = heap.class_of(class.value());
        let new: Gc<'_, NativeFunction> = class.lookup(heap, heap.sym(Sym::New))?.as_gc()?;
        // A class that leaves it to another one has other instances, or none.
        let is_own = new.get().owner.get(heap).is(class.value());
        let native = self.registry.natives.get(new.id);
        let count = i.b as usize + 1;
        let takes = native.takes(count) && (is_own || class.builtin.is_some());
        let suits = takes || native.gathers(count) && is_own;
        (meta.builtin_is(Builtin::Type) && suits).then_some(native)
    }

    /// Makes an exception of a class that leaves both making and initialising to BaseException: its arguments are its `args`.
    pub(super) fn construct_exception(&self, i: Instr) -> bool {
        let heap = &self.heap;
        let w = self.exec.stack.top().window;
        let Some(class) = w.get(heap, i.a).as_gc::<Class>() else {
            return false;
        };
        let inherits = |sym| {
            class
                .lookup_in(heap, heap.sym(sym))
                .is_some_and(|(owner, _)| owner.builtin_is(Builtin::BaseException))
        };
        let plain = heap.class_of(class.value()).builtin_is(Builtin::Type)
            && !class.has(class_flag::DEL)
            && inherits(Sym::New)
            && inherits(Sym::Init);
        if plain {
            let args: SmallVec<[Value<'_>; 4]> = w
                .slots(i.a as usize + 1, i.b as usize)
                .iter()
                .map(|slot| slot.get(heap))
                .collect();
            w.set(i.a, heap.exception(class, &args).value());
        }
        plain
    }

    /// Makes an object of the builtin class in `R[a]`, the arguments after it: `__new__`, and `__init__` where the class has one.
    pub(super) fn construct_builtin(
        &mut self,
        new: &'static Native,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let heap = &self.heap;
        let class: Gc<'_, Class> = self.reg(i.a).as_gc().expect("the caller checked the kind");
        let init = class.lookup_in(heap, heap.sym(Sym::Init));
        let asks_type = class.builtin_is(Builtin::Type) && i.b == 1;
        let init = init
            .filter(|(owner, _)| !asks_type && !owner.builtin_is(Builtin::Object))
            .map(|(_, init)| self.local(init));
        let count = i.b as usize + 1;
        let trap = if new.takes(count) {
            self.call_native_window(new, i, 0, count)?
        } else {
            let mark = self.mark();
            let made = self.call_gathering(new, i.a as usize, count)?;
            self.finish(mark, i.a, made);
            self.after_native(i)?
        };
        let Some(init) = init else {
            return Ok(trap);
        };
        let made = self.reg_local(i.a);
        if let Some(init) = self.get_gc::<NativeFunction>(init) {
            let init = self.registry.natives.get(init.id);
            if init.takes(count) || init.gathers(count) {
                self.call_gathering(init, i.a as usize, count)?;
                self.finish(mark, i.a, made);
                return Ok(None);
            }
        }
        let mut args = self.window_args(i.a as usize + 1, i.b as usize);
        args.positional.insert(0, made);
        self.call_args(init, args)?;
        self.finish(mark, i.a, made);
        Ok(None)
    }

    /// Makes an instance of a plain class and enters its `__init__`; false: the general path must do it.
    #[inline]
    pub(super) fn construct_directly(&mut self, i: Instr) -> bool {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let w = stack.top().window;
        let Some(class) = w.get(heap, i.a).as_gc::<Class>() else {
            return false;
        };
        let Some(init) = class.entry(heap).or_else(|| find_entry(heap, class)) else {
            return false;
        };
        let code = init.code(heap);
        let count = i.b as usize + 1;
        if code.plain_args as usize != count {
            return false;
        }
        let instance = heap.instance(class).value();
        w.set(i.a, instance);
        let Some(window) = stack.callee_window(heap, i.a as usize, count) else {
            stack.top().window.set(i.a, class.value());
            return false;
        };
        let frame = Frame::new(code, window, init.value(), frame_flag::INIT);
        frame.extra.set(instance);
        clear_registers(code, window);
        stack.push(frame);
        true
    }

    /// Makes an instance of a plain class that initialises nothing; false: the general path must do it.
    pub(super) fn construct_bare(&self, i: Instr) -> bool {
        let heap = &self.heap;
        let Some(class) = self.reg(i.a).as_gc::<Class>() else {
            return false;
        };
        let init = class.lookup_in(heap, heap.sym(Sym::Init));
        let bare = i.b == 0
            && init.is_some_and(|(owner, _)| owner.builtin_is(Builtin::Object))
            && is_plain(heap, class);
        if bare {
            self.set_reg(i.a, heap.instance(class).value());
        }
        bare
    }
}

/// Whether calling a class whose instances are plain means nothing but an instance and its `__init__`.
fn is_plain(heap: &Heap, class: Gc<'_, Class>) -> bool {
    !class.has(class_flag::NEW | class_flag::DEL)
        && is_called_by_type(heap, class)
        && !is_abstract(heap, class)
}

/// Whether calling the class means what `type.__call__` does.
fn is_called_by_type(heap: &Heap, class: Gc<'_, Class>) -> bool {
    let meta = heap.class_of(class.value());
    meta.builtin_is(Builtin::Type)
        || meta
            .lookup_in(heap, heap.sym(Sym::Call))
            .is_some_and(|(owner, _)| owner.builtin_is(Builtin::Type))
}

fn is_abstract(heap: &Heap, class: Gc<'_, Class>) -> bool {
    let names = class.attrs.get(heap, heap.sym(Sym::AbstractMethods));
    names.is_some_and(|names| {
        names
            .as_gc::<Set>()
            .is_none_or(|names| !names.members.is_empty(heap))
    })
}

/// The function that calling a plain class enters; remembered in the class.
#[inline(never)]
fn find_entry<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Option<Gc<'h, Function>> {
    let init: Gc<'h, Function> = class.lookup(heap, heap.sym(Sym::Init))?.as_gc()?;
    is_plain(heap, class).then(|| {
        if class.entry.is_undef() {
            class.want_capacity(attributes_of(heap, class) as u32);
        }
        class.set_entry(heap, init);
        init
    })
}

/// How many attributes the `__init__` methods of a class and its bases store in their first argument: what an instance will have,
/// as a rule, so that the first ones have room for it already.
fn attributes_of<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> usize {
    let mut names: SmallVec<[usize; 16]> = SmallVec::new();
    for class in class.mro(heap) {
        let init = class.attrs.get(heap, heap.sym(Sym::Init));
        let Some(init) = init.and_then(|init| init.as_gc::<Function>()) else {
            continue;
        };
        let stored = init.code(heap).get().stored_in_first(heap);
        names.extend(stored.filter_map(|name| name.as_object()).map(Gc::address));
    }
    names.sort_unstable();
    names.dedup();
    names.len()
}
