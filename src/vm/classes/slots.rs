//! `__slots__`: which names a class reserves, and the members that give access to them.
//!
//! The values live in the slots of the instance's shape, like any attribute; what `__slots__` changes is that a class whose
//! ancestors all have it (and name no `__dict__`) takes no other attributes.

use crate::runtime::class::{Class, Extension, class_flag, extension_of};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::text::unicode;
use crate::vm::Vm;
use crate::vm::local::Local;

/// What a class body says about slots.
pub(in crate::vm) struct Slots {
    /// The reserved names, mangled: strings.
    names: Vec<Local>,
    /// Whether instances keep a `__dict__`.
    dict: bool,
    /// Whether weak references to instances are possible although they have no `__dict__`.
    weak: bool,
}

impl Slots {
    /// Whether the class gives its instances a `__dict__`.
    pub(in crate::vm) fn has_dict(&self) -> bool {
        self.dict
    }

    /// Whether the class makes weak references to its instances possible.
    pub(in crate::vm) fn has_weak(&self) -> bool {
        self.weak
    }
}

impl Vm {
    /// Reads `__slots__` of a namespace; None where there is none.
    pub(in crate::vm) fn slot_names(
        &mut self,
        namespace: Local,
        class: Local,
        bases: Local,
    ) -> Result<Option<Slots>, Raised> {
        let heap = &self.heap;
        let value = self.get(namespace);
        let inner = value
            .as_gc::<Instance>()
            .and_then(|i| i.payload(heap))
            .unwrap_or(value);
        let Some(given) = inner
            .as_gc::<Dict>()
            .and_then(|d| d.get_str(heap, heap.sym(Sym::Slots)))
        else {
            return Ok(None);
        };
        let given = self.local(given);
        let items = if self.get(given).is_gc::<Str>() {
            vec![given]
        } else {
            self.iterable_items(given)?
        };
        self.check_slots(&items, bases)?;
        let mut slots = Slots {
            names: Vec::new(),
            dict: false,
            weak: false,
        };
        for item in items {
            let name: Gc<'_, Str> = self.get_gc(item).expect("check_slots saw strings only");
            match name.as_str() {
                "__dict__" => {
                    if slots.dict || self.bases_have_dict(bases) {
                        return Err(self
                            .heap
                            .type_error("__dict__ slot disallowed: we already got one"));
                    }
                    slots.dict = true;
                }
                "__weakref__" => {
                    if slots.weak || self.bases_have_weak(bases) {
                        return Err(self
                            .heap
                            .type_error("__weakref__ slot disallowed: we already got one"));
                    }
                    slots.weak = true;
                }
                text => {
                    let mangled =
                        mangle(text, self.get_gc::<Str>(class).map_or("", |c| c.as_str()));
                    slots
                        .names
                        .push(self.local(self.heap.intern(&mangled).value()));
                }
            }
        }
        self.check_slot_conflicts(&slots, namespace)?;
        Ok(Some(slots))
    }

    fn iterable_items(&mut self, iterable: Local) -> Result<Vec<Local>, Raised> {
        let list = self.to_list(iterable)?;
        let list: Gc<'_, List> = self.get_gc(list).expect("to_list makes a list");
        Ok(list
            .to_vec(&self.heap)
            .into_iter()
            .map(|v| self.local(v))
            .collect())
    }

    fn check_slots(&self, items: &[Local], bases: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let first = self
            .get_gc::<Tuple>(bases)
            .and_then(|t| t.at(heap, 0))
            .and_then(|v| v.as_gc::<Class>());
        if let Some(base) = first.filter(|base| {
            !items.is_empty() && matches!(base.layout, Kind::Int | Kind::Tuple | Kind::Bytes)
        }) {
            let name = base.name(heap).as_str();
            return Err(heap.type_error(format!(
                "nonempty __slots__ not supported for subtype of '{name}'"
            )));
        }
        for &item in items {
            let value = self.get(item);
            let Some(name) = value.as_gc::<Str>() else {
                let given = heap.type_name(value);
                return Err(
                    heap.type_error(format!("__slots__ items must be strings, not '{given}'"))
                );
            };
            if !is_identifier(name.as_str()) {
                return Err(heap.type_error("__slots__ must be identifiers"));
            }
        }
        Ok(())
    }

    fn check_slot_conflicts(&self, slots: &Slots, namespace: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let value = self.get(namespace);
        let inner = value
            .as_gc::<Instance>()
            .and_then(|i| i.payload(heap))
            .unwrap_or(value);
        let Some(dict) = inner.as_gc::<Dict>() else {
            return Ok(());
        };
        for &name in &slots.names {
            let name: Gc<'_, Str> = self.get_gc(name).expect("slot names are strings");
            if dict.get_str(heap, name).is_some()
                && !matches!(
                    name.as_str(),
                    "__qualname__" | "__classcell__" | "__classdictcell__"
                )
            {
                return Err(heap.value_error(format!(
                    "'{}' in __slots__ conflicts with class variable",
                    name.as_str()
                )));
            }
        }
        Ok(())
    }

    pub(in crate::vm) fn bases_have_dict(&self, bases: Local) -> bool {
        let classes = self.get_gc::<Tuple>(bases);
        classes
            .into_iter()
            .flat_map(|t| t.iter(&self.heap))
            .filter_map(|v| v.as_gc())
            .any(has_dict)
    }

    pub(in crate::vm) fn bases_have_weak(&self, bases: Local) -> bool {
        let heap = &self.heap;
        let name = heap.intern("__weakref__");
        let classes = self.get_gc::<Tuple>(bases);
        classes
            .into_iter()
            .flat_map(|t| t.iter(heap))
            .filter_map(|v| v.as_gc::<Class>())
            .any(|class| class.lookup(heap, name).is_some())
    }

    /// Gives a new class the members for its slots, and the flag if its instances have no `__dict__`.
    pub(in crate::vm) fn add_members(
        &mut self,
        class: Local,
        bases: Local,
        slots: Option<Slots>,
    ) -> Result<(), Raised> {
        let Some(slots) = slots else { return Ok(()) };
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller made it");
        for &name in &slots.names {
            let name: Gc<'_, Str> = self.get_gc(name).expect("slot names are strings");
            this.bind(heap, name, member(heap, this, name));
        }
        if !slots.dict && !self.bases_have_dict(bases) {
            this.add_flags(class_flag::NO_DICT);
        }
        Ok(())
    }
}

/// Whether instances of a base bring a `__dict__` with them.
fn has_dict(class: Gc<'_, Class>) -> bool {
    match (class.builtin, extension_of(class.layout)) {
        (Some(_), Extension::Own) => true,
        (None, _) if class.has(class_flag::NATIVE) => {
            matches!(
                class.layout,
                Kind::Exception | Kind::Module | Kind::Class | Kind::Future
            )
        }
        (Some(_), _) => false,
        (None, _) => !class.has(class_flag::NO_DICT),
    }
}

fn member<'h>(heap: &'h Heap, class: Gc<'h, Class>, name: Gc<'h, Str>) -> Value<'h> {
    let made = Descriptor::new(DescriptorKind::Member, Slot::undef());
    made.owner.set(class.value());
    made.extra.set(name.value());
    heap.alloc_shaped(made, heap.types.shape_of(Builtin::MemberDescriptor))
        .value()
}

/// A private name as it is stored: `__x` in class `_C` is `_C__x`.
fn mangle(name: &str, class: &str) -> String {
    let stem = class.trim_start_matches('_');
    if !name.starts_with("__") || name.ends_with("__") || stem.is_empty() {
        return name.to_owned();
    }
    format!("_{stem}{name}")
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(unicode::starts_identifier) && chars.all(unicode::continues_identifier)
}
