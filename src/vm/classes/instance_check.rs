//! `isinstance` and `issubclass`.
//!
//! The second operand is a class, a tuple of such operands (nested), a union, or anything with `__instancecheck__`. What a
//! metaclass inherits from `type` is answered here without a call.

use crate::runtime::class::{Class, class_flag};
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

const INSTANCE_OPERAND: &str = "isinstance() arg 2 must be a type, a tuple of types, or a union";
const SUBCLASS_OPERAND: &str = "issubclass() arg 2 must be a class, a tuple of classes, or a union";

impl Vm {
    /// `isinstance(object, class)`, the class being whatever that takes.
    pub fn is_instance(&mut self, object: Local, class: Local) -> Result<bool, Raised> {
        if let Some(plain) = self.plain_class(class, Sym::InstanceCheck) {
            let actual = self.heap.class_of(self.get(object));
            if actual.is_subclass(&self.heap, plain) {
                return Ok(true);
            }
            return self.claims_class(object, class);
        }
        if let Some(members) = self.alternatives(class) {
            return self.any_of(members, |vm, member| vm.is_instance(object, member));
        }
        let actual = self.heap.class_of(self.get(object)).value();
        if self.get(class).is(actual) {
            return Ok(true);
        }
        match self.checked_special(class, Sym::InstanceCheck, object)? {
            Some(answer) => Ok(answer),
            None if self.abstract_bases(class)?.is_some() => {
                match self.find_attr(object, Sym::Class.text())? {
                    Some(actual) => self.derives_abstractly(actual, class),
                    None => Ok(false),
                }
            }
            None => Err(self.heap.type_error(INSTANCE_OPERAND)),
        }
    }

    /// The `__bases__` of what stands for a class without being one: a tuple.
    fn abstract_bases(&mut self, class: Local) -> Result<Option<Local>, Raised> {
        let bases = self.find_attr(class, "__bases__")?;
        Ok(bases.filter(|&bases| self.get(self.plain(bases)).is_gc::<Tuple>()))
    }

    /// Whether `class` is `other` or has it somewhere in its `__bases__`.
    fn derives_abstractly(&mut self, class: Local, other: Local) -> Result<bool, Raised> {
        if self.get(class).is(self.get(other)) {
            return Ok(true);
        }
        let Some(bases) = self.abstract_bases(class)? else {
            return Ok(false);
        };
        let bases = self.plain(bases);
        for base in self.items(bases) {
            if self.nested(|vm| vm.derives_abstractly(base, other))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `issubclass(class, other)`, the other being whatever that takes.
    pub fn is_subclass(&mut self, class: Local, other: Local) -> Result<bool, Raised> {
        if let Some(plain) = self.plain_class(other, Sym::SubclassCheck) {
            return match self.get_gc::<Class>(class) {
                Some(class) => Ok(class.is_subclass(&self.heap, plain)),
                None => self.is_abstract_subclass(class, other),
            };
        }
        if let Some(members) = self.alternatives(other) {
            return self.any_of(members, |vm, member| vm.is_subclass(class, member));
        }
        match self.checked_special(other, Sym::SubclassCheck, class)? {
            Some(answer) => Ok(answer),
            None => self.is_abstract_subclass(class, other),
        }
    }

    /// `issubclass` where one operand only has `__bases__`.
    fn is_abstract_subclass(&mut self, class: Local, other: Local) -> Result<bool, Raised> {
        if self.abstract_bases(class)?.is_none() {
            return Err(self.heap.type_error("issubclass() arg 1 must be a class"));
        }
        if self.abstract_bases(other)?.is_none() {
            return Err(self.heap.type_error(SUBCLASS_OPERAND));
        }
        self.derives_abstractly(class, other)
    }

    /// `type.__instancecheck__`: the class decides, or what the object says about its class.
    pub fn plain_is_instance(&mut self, object: Local, class: Local) -> Result<bool, Raised> {
        let Some(plain) = self.get_gc::<Class>(class) else {
            return Err(self.heap.type_error(INSTANCE_OPERAND));
        };
        if self
            .heap
            .class_of(self.get(object))
            .is_subclass(&self.heap, plain)
        {
            return Ok(true);
        }
        self.claims_class(object, class)
    }

    /// `type.__subclasscheck__`.
    pub fn plain_is_subclass(&mut self, class: Local, other: Local) -> Result<bool, Raised> {
        match (self.get_gc::<Class>(class), self.get_gc::<Class>(other)) {
            (Some(class), Some(other)) => Ok(class.is_subclass(&self.heap, other)),
            _ => self.is_abstract_subclass(class, other),
        }
    }

    /// The class, if its metaclass has the check from `type`.
    fn plain_class(&self, class: Local, check: Sym) -> Option<Gc<'_, Class>> {
        let heap = &self.heap;
        let this = self.get_gc::<Class>(class)?;
        let meta = heap.class_of(this.value());
        if meta.builtin_is(Builtin::Type) {
            return Some(this);
        }
        let (owner, _) = meta.lookup_in(heap, heap.sym(check))?;
        owner.builtin_is(Builtin::Type).then_some(this)
    }

    /// The members of a tuple or union.
    fn alternatives(&self, operand: Local) -> Option<Local> {
        let heap = &self.heap;
        let value = self.get(operand);
        if value.is_gc::<Tuple>() {
            return Some(operand);
        }
        let plain = self.plain_value(value);
        if plain.is_gc::<Tuple>() {
            return Some(self.local(plain));
        }
        if !heap.class_of(value).builtin_is(Builtin::UnionType) {
            return None;
        }
        Some(
            self.local(
                value
                    .as_gc::<Instance>()?
                    .attr(heap, heap.intern("__args__"))?,
            ),
        )
    }

    fn any_of(
        &mut self,
        members: Local,
        mut test: impl FnMut(&mut Vm, Local) -> Result<bool, Raised>,
    ) -> Result<bool, Raised> {
        for member in self.items(members) {
            // A union's None stands for its class.
            if self.get(member).is_none() {
                self.set(
                    member,
                    self.heap.types.class(&self.heap, Builtin::NoneType).value(),
                );
            }
            if self.nested(|vm| test(vm, member))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn checked_special(
        &mut self,
        class: Local,
        check: Sym,
        operand: Local,
    ) -> Result<Option<bool>, Raised> {
        match self.call_special(class, check, &[operand])? {
            Some(answer) => self.truth(answer).map(Some),
            None => Ok(None),
        }
    }

    /// Whether an object whose class defines `__class__` itself (a proxy, a mock) says that it is of this class.
    fn claims_class(&mut self, object: Local, class: Local) -> Result<bool, Raised> {
        let heap = &self.heap;
        let value = self.get(object);
        if !value.is_gc::<Instance>() {
            return Ok(false);
        }
        let own_class = heap.class_of(value);
        let owner = own_class
            .lookup_in(heap, heap.sym(Sym::Class))
            .map(|(owner, _)| owner);
        let is_plain = owner.is_none_or(|owner| owner.builtin_is(Builtin::Object));
        if is_plain && !own_class.has(class_flag::GETATTRIBUTE) {
            return Ok(false);
        }
        let claimed = self.find_attr(object, Sym::Class.text())?;
        let claimed = claimed.and_then(|c| self.get_gc::<Class>(c));
        let class = self.get_gc::<Class>(class);
        Ok(claimed
            .zip(class)
            .is_some_and(|(claimed, class)| claimed.is_subclass(&self.heap, class)))
    }

    /// An immediate value's truth as a local: what checks return.
    pub fn bool_local(&self, answer: bool) -> Local {
        self.local(Value::bool(answer))
    }
}
