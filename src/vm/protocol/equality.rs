//! Equality and hash as containers use them: identity first, then what the runtime knows, then the program.
//!
//! Contract: equal objects hash alike, across int, float, bool, complex and their subclasses; an object whose class defines `__eq__`
//! without `__hash__` cannot be hashed. Hashes by identity come from the id counter, never from an address.

use crate::runtime::builtin_eq::{self, Number, TupleHash};
use crate::runtime::class::Class;
use crate::runtime::function::BoundMethod;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::members::Members;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::slice::Slice;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::compare::Comparison;

/// Who says what an object hashes to.
enum HashRule {
    /// The id.
    Identity,
    /// The builtin object that the instance extends.
    Payload,
    /// `__hash__` of the class.
    Method,
    /// It cannot be hashed.
    Unhashable,
}

impl Vm {
    /// Whether two items are the same or equal: what containers mean by it.
    #[inline]
    pub fn equal(&mut self, a: Local, b: Local) -> Result<bool, Raised> {
        let (x, y) = (self.get(a), self.get(b));
        if x.is(y) {
            return Ok(true);
        }
        match builtin_eq::equal(&self.heap, x, y) {
            Some(equal) => Ok(equal),
            None => self.compare_truth(Comparison::Eq, a, b),
        }
    }

    /// `hash(l)`; TypeError if it cannot be hashed.
    #[inline]
    pub fn hash(&mut self, l: Local) -> Result<u64, Raised> {
        match builtin_eq::hash(&self.heap, self.get(l)) {
            Some(hash) => Ok(hash),
            None => self.hash_slow(l),
        }
    }

    #[cold]
    #[inline(never)]
    fn hash_slow(&mut self, l: Local) -> Result<u64, Raised> {
        let value = self.get(l);
        match value.as_object().map(Gc::kind) {
            Some(Kind::List | Kind::Dict | Kind::ByteArray) => Err(self.unhashable(l)),
            Some(Kind::Tuple) => self.nested(|vm| vm.hash_tuple(l)),
            Some(Kind::Set) => match value.as_gc::<Set>() {
                Some(set) if self.heap.is_instance(value, Builtin::FrozenSet) => {
                    if set.hash.get() == 0 {
                        let hash = hash_frozenset(&self.heap, &set.get().members);
                        set.hash.set(hash);
                    }
                    Ok(set.hash.get())
                }
                _ => Err(self.unhashable(l)),
            },
            Some(Kind::Range) => Ok(value
                .as_gc::<Range>()
                .map_or(0, |range| hash_range(*range.get()))),
            Some(Kind::Slice) => self.nested(|vm| vm.hash_slice(l)),
            Some(Kind::BoundMethod) => self.nested(|vm| vm.hash_method(l)),
            Some(Kind::View) => self.hash_view(l),
            _ => self.hash_object(l),
        }
    }

    fn hash_tuple(&mut self, tuple: Local) -> Result<u64, Raised> {
        let mut hash = TupleHash::new();
        let mut i = 0;
        while let Some(item) = self
            .get_gc::<Tuple>(tuple)
            .and_then(|t| t.at(&self.heap, i))
        {
            self.heap.poll(1)?;
            hash.add(self.hash_of(item_local(self, item))?);
            i += 1;
        }
        Ok(hash.finish())
    }

    /// The hash of a value whose local is dropped again.
    fn hash_of(&mut self, (mark, item): (crate::vm::Mark, Local)) -> Result<u64, Raised> {
        let hash = self.hash(item);
        self.release(mark);
        hash
    }

    fn hash_slice(&mut self, slice: Local) -> Result<u64, Raised> {
        let mut hash = TupleHash::new();
        for part in 0..3 {
            let Some(slice) = self.get_gc::<Slice>(slice) else {
                break;
            };
            let slot = [&slice.get().start, &slice.get().stop, &slice.get().step][part];
            hash.add(self.hash_of(item_local(self, slot.get(&self.heap)))?);
        }
        Ok(hash.finish())
    }

    fn hash_method(&mut self, method: Local) -> Result<u64, Raised> {
        let Some(method) = self.get_gc::<BoundMethod>(method) else {
            return Ok(0);
        };
        let receiver = self.heap.id_of(method.get().receiver.get(&self.heap)) as u64;
        let function = self.hash_of(item_local(self, method.get().function.get(&self.heap)))?;
        Ok(receiver.rotate_left(17) ^ function)
    }

    fn hash_view(&mut self, l: Local) -> Result<u64, Raised> {
        match self.get_gc::<View>(l).map(|view| view.get().tag) {
            Some(ViewTag::Values) => Ok(self.heap.id_of(self.get(l)) as u64),
            Some(ViewTag::Proxy) => {
                let source = self
                    .get_gc::<View>(l)
                    .map_or(Value::NONE, |view| view.get().source.get(&self.heap));
                let source = self.local(source);
                self.hash(source)
            }
            _ => Err(self.unhashable(l)),
        }
    }

    fn hash_object(&mut self, l: Local) -> Result<u64, Raised> {
        match self.hash_rule(self.get(l)) {
            HashRule::Identity => Ok(self.heap.id_of(self.get(l)) as u64),
            HashRule::Unhashable => Err(self.unhashable(l)),
            HashRule::Payload => {
                let payload = self.plain(l);
                self.hash(payload)
                    .map_err(|raised| self.unhashable_as(l, raised))
            }
            HashRule::Method => {
                let result = self
                    .call_special(l, Sym::Hash, &[])?
                    .ok_or_else(|| self.unhashable(l))?;
                let plain = self.plain(result);
                match self.get(plain).as_any_int() {
                    // Python reduces what does not fit a machine word; -1 means "error" in C.
                    Some(n) => Ok(match n.to_i64() {
                        Some(-1) => -2_i64 as u64,
                        Some(n) => n as u64,
                        None => builtin_eq::hash_number(Number::Int(n)) as u64,
                    }),
                    None => Err(self
                        .heap
                        .type_error("__hash__ method should return an integer")),
                }
            }
        }
    }

    /// Walks the classes up to the first that says something about hashing.
    fn hash_rule(&self, value: Value<'_>) -> HashRule {
        let heap = &self.heap;
        let payload = value.as_gc::<Instance>().is_some_and(Gc::has_payload);
        let by_nature = if payload {
            HashRule::Payload
        } else {
            HashRule::Identity
        };
        for class in heap.class_of(value).mro(heap) {
            let of_program = class.builtin.is_none();
            if class.builtin_is(Builtin::Object) || (payload && !of_program) {
                return by_nature;
            }
            match class.attrs.get(heap, heap.sym(Sym::Hash)) {
                Some(hash) if hash.is_none() => return HashRule::Unhashable,
                Some(_) => return HashRule::Method,
                None if !of_program && defines_eq(self, class) => return HashRule::Unhashable,
                None => {}
            }
        }
        by_nature
    }

    #[cold]
    pub(in crate::vm) fn unhashable(&self, l: Local) -> Raised {
        let class = self.heap.type_name(self.get(l));
        self.heap.type_error(format!("unhashable type: '{class}'"))
    }

    /// The error about the payload, as one about the object around it.
    #[cold]
    fn unhashable_as(&self, l: Local, raised: Raised) -> Raised {
        if self
            .get_gc::<Instance>(l)
            .is_none_or(|i| i.payload(&self.heap).is_none_or(|p| p.is_gc::<Tuple>()))
        {
            return raised;
        }
        let _ = self.heap.take_raised(raised);
        self.unhashable(l)
    }
}

fn defines_eq(vm: &Vm, class: Gc<'_, Class>) -> bool {
    class
        .get()
        .attrs
        .get(&vm.heap, vm.heap.sym(Sym::Eq))
        .is_some()
}

fn item_local(vm: &Vm, item: Value<'_>) -> (crate::vm::Mark, Local) {
    (vm.mark(), vm.local(item))
}

/// The hash of a range: of its length, first item and step, as far as they matter.
fn hash_range(range: Range) -> u64 {
    let mut hash = TupleHash::new();
    hash.add(range.len());
    hash.add(if range.is_empty() {
        1
    } else {
        range.start as u64
    });
    hash.add(if range.len() < 2 {
        1
    } else {
        range.step as u64
    });
    hash.finish()
}

/// The hash of a frozenset from its members' hashes, in whatever order: CPython's scheme.
pub(in crate::vm) fn hash_frozenset(heap: &Heap, members: &Members) -> u64 {
    let mut hash = 0_u64;
    let mut position = 0;
    while let Some((at, member, _)) = members.next(heap, position) {
        hash ^= ((member ^ 89_869_747) ^ (member << 16)).wrapping_mul(3_644_798_167);
        position = at + 1;
    }
    hash ^= (members.len(heap) as u64)
        .wrapping_add(1)
        .wrapping_mul(1_927_868_237);
    hash ^= (hash >> 11) ^ (hash >> 25);
    hash = hash.wrapping_mul(69_069).wrapping_add(907_133_923);
    if hash == u64::MAX { 590_923_713 } else { hash }
}
