//! Equality and hash of builtin types that cannot call user code: numbers, strings, tuples of them, objects compared by identity.
//!
//! `None` means that user code may decide (`__eq__`, `__hash__`): the VM must be asked. Dicts and sets use these first, so that the
//! common keys never leave the runtime.

use std::cmp::Ordering;

use super::bytes::Bytes;
use super::class::class_flag;
use super::code::{CodeObj, hash_of as hash_of_code, is_same};
use super::complex::Complex;
use super::heap::{Gc, Header, Heap, Kind};
use super::instance::Instance;
use super::intern::Sym;
use super::native::NativeFunction;
use super::str::Str;
use super::tuple::Tuple;
use super::value::{Unpacked, Value};
use crate::text::{IntRef, num};

/// How deep tuples are compared here before the VM, which checks its stack, takes over.
const DEPTH: u32 = 16;

/// A number, for comparison across types.
#[derive(Clone, Copy)]
pub enum Number<'h> {
    /// An integer or boolean.
    Int(IntRef<'h>),
    /// A float.
    Float(f64),
    /// A complex number.
    Complex(Complex),
}

impl<'h> Value<'h> {
    /// The number in it.
    pub fn as_number(self) -> Option<Number<'h>> {
        if let Some(x) = self.as_float() {
            return Some(Number::Float(x));
        }
        if let Some(n) = self.as_any_int() {
            return Some(Number::Int(n));
        }
        self.as_gc::<Complex>().map(|c| Number::Complex(*c.get()))
    }
}

/// Whether two numbers are equal, exactly.
pub fn numbers_equal(a: Number<'_>, b: Number<'_>) -> bool {
    use Number::*;
    match (a, b) {
        (Int(IntRef::Small(x)), Int(IntRef::Small(y))) => x == y,
        (Int(IntRef::Big(x)), Int(IntRef::Big(y))) => x == y,
        (Int(_), Int(_)) => false,
        (Float(x), Float(y)) => x == y,
        (Int(n), Float(x)) | (Float(x), Int(n)) => {
            num::convert::compare_int_float(n, x) == Some(Ordering::Equal)
        }
        (Complex(x), Complex(y)) => x == y,
        (Complex(c), real) | (real, Complex(c)) => c.im == 0.0 && numbers_equal(Float(c.re), real),
    }
}

/// `a == b`, if no program code can take part.
#[inline]
pub fn equal(heap: &Heap, a: Value<'_>, b: Value<'_>) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_gc::<Str>(), b.as_gc::<Str>()) {
        return Some(x == y || x.same_text(y));
    }
    if let Some((x, y)) = Value::int_pair(a, b) {
        return Some(x == y);
    }
    equal_to(heap, a, b, DEPTH)
}

#[inline(never)]
fn equal_to(heap: &Heap, a: Value<'_>, b: Value<'_>, depth: u32) -> Option<bool> {
    if a.is(b) && !a.is_float() {
        return Some(true);
    }
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Some(numbers_equal(x, y));
    }
    if let Some(x) = inside(heap, a, Sym::Eq) {
        return equal_to(heap, x, b, depth);
    }
    if let Some(y) = inside(heap, b, Sym::Eq) {
        return equal_to(heap, a, y, depth);
    }
    match (a.unpack(), b.unpack()) {
        (Unpacked::Object(x), Unpacked::Object(y)) => objects_equal(heap, x, y, depth),
        (Unpacked::Object(x), _) | (_, Unpacked::Object(x)) => {
            (!has_own_eq(heap, x)).then_some(false)
        }
        _ => Some(false),
    }
}

fn objects_equal(heap: &Heap, a: Gc<'_, Header>, b: Gc<'_, Header>, depth: u32) -> Option<bool> {
    match (a.kind(), b.kind()) {
        (Kind::Str, Kind::Str) => {
            Some(a.downcast::<Str>()?.as_str() == b.downcast::<Str>()?.as_str())
        }
        (Kind::Bytes, Kind::Bytes) => {
            Some(a.downcast::<Bytes>()?.as_slice() == b.downcast::<Bytes>()?.as_slice())
        }
        (Kind::Tuple, Kind::Tuple) => tuples_equal(heap, a.downcast()?, b.downcast()?, depth),
        (Kind::Code, Kind::Code) => Some(is_same(
            &a.downcast::<CodeObj>()?.get().code,
            &b.downcast::<CodeObj>()?.get().code,
        )),
        _ if has_own_eq(heap, a) || has_own_eq(heap, b) => None,
        _ => Some(false),
    }
}

fn tuples_equal(heap: &Heap, a: Gc<'_, Tuple>, b: Gc<'_, Tuple>, depth: u32) -> Option<bool> {
    if depth == 0 {
        return None;
    }
    if a.len() != b.len() {
        return Some(false);
    }
    for (x, y) in a.tail().iter().zip(b.tail()) {
        let (x, y) = (x.get(heap), y.get(heap));
        if !x.is(y) && !equal_to(heap, x, y, depth - 1)? {
            return Some(false);
        }
    }
    Some(true)
}

/// The builtin object in an instance whose class leaves a method to the builtin type: a namedtuple is compared and hashed as its tuple.
fn inside<'h>(heap: &'h Heap, value: Value<'h>, method: Sym) -> Option<Value<'h>> {
    let instance = value.as_gc::<Instance>()?;
    if !instance.has_payload() {
        return None;
    }
    let payload = instance.payload(heap)?;
    let found = heap.class_of(value).lookup(heap, heap.sym(method))?;
    let owner = found.as_gc::<NativeFunction>()?.get().owner.get(heap);
    owner.is(heap.class_of(payload).value()).then_some(payload)
}

/// Whether comparing this object to one of another kind may run code, or needs to look inside.
fn has_own_eq(heap: &Heap, object: Gc<'_, Header>) -> bool {
    match object.kind() {
        Kind::Str | Kind::Bytes | Kind::Int | Kind::Complex | Kind::Function | Kind::Native => {
            false
        }
        Kind::Module | Kind::Cell | Kind::Code | Kind::Frame | Kind::Coroutine | Kind::Future => {
            false
        }
        Kind::Class => !heap.class_of(object.value()).is_type(heap),
        // An instance around a builtin object is equal to what that object is equal to.
        Kind::Instance if object.downcast::<Instance>().is_some_and(Gc::has_payload) => true,
        Kind::Instance | Kind::Exception => heap.class_of(object.value()).has(class_flag::EQ),
        _ => true,
    }
}

/// The hash of a value, if no program code takes part in it. Values that cannot be hashed give `None`, too.
#[inline]
pub fn hash(heap: &Heap, value: Value<'_>) -> Option<u64> {
    if let Some(s) = value.as_gc::<Str>() {
        return Some(s.hash());
    }
    if let Some(n) = value.as_int() {
        return Some(hash_word(n));
    }
    hash_of(heap, value, DEPTH)
}

/// The hash of an integer that is no object: all of these are below the modulus.
#[inline(always)]
fn hash_word(n: i64) -> u64 {
    if n == -1 { -2_i64 as u64 } else { n as u64 }
}

#[inline(never)]
fn hash_of(heap: &Heap, value: Value<'_>, depth: u32) -> Option<u64> {
    if let Some(number) = value.as_number() {
        if let Number::Int(IntRef::Big(n)) = number {
            heap.note_bytes((n.bits() / 8) as usize);
        }
        return Some(hash_number(number) as u64);
    }
    match value.unpack() {
        Unpacked::Object(object) => hash_object(heap, object, depth),
        Unpacked::None => Some(0xfca8_6420),
        Unpacked::Ellipsis => Some(0x0e11_1951),
        _ => Some(0x0000_5eed),
    }
}

/// The hash of a number, as CPython computes it.
pub fn hash_number(number: Number<'_>) -> i64 {
    match number {
        Number::Int(n) => num::hash::hash_int(n),
        Number::Float(x) => num::hash::hash_float(x),
        Number::Complex(c) => num::hash::hash_complex(c.re, c.im),
    }
}

fn hash_object(heap: &Heap, object: Gc<'_, Header>, depth: u32) -> Option<u64> {
    match object.kind() {
        Kind::Str => Some(object.downcast::<Str>()?.hash()),
        Kind::Bytes => Some(hash_bytes(object.downcast::<Bytes>()?.as_slice())),
        Kind::Tuple => hash_tuple(heap, object.downcast()?, depth),
        Kind::Code => Some(hash_of_code(&object.downcast::<CodeObj>()?.get().code) >> 1),
        Kind::Instance if object.downcast::<Instance>()?.has_payload() => {
            let payload = inside(heap, object.value(), Sym::Hash)?;
            hash_of(heap, payload, depth.checked_sub(1)?)
        }
        Kind::Instance | Kind::Exception
            if !heap
                .class_of(object.value())
                .has(class_flag::EQ | class_flag::HASH) =>
        {
            Some(heap.id_of(object.value()) as u64)
        }
        Kind::Class if heap.class_of(object.value()).is_type(heap) => {
            Some(heap.id_of(object.value()) as u64)
        }
        Kind::Function
        | Kind::Native
        | Kind::Module
        | Kind::Coroutine
        | Kind::Future
        | Kind::Cell
        | Kind::Frame
        | Kind::Traceback => Some(heap.id_of(object.value()) as u64),
        _ => None,
    }
}

/// The hash of bytes.
pub fn hash_bytes(data: &[u8]) -> u64 {
    use std::hash::Hasher;
    if data.is_empty() {
        return 0;
    }
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(data);
    hasher.finish()
}

fn hash_tuple(heap: &Heap, tuple: Gc<'_, Tuple>, depth: u32) -> Option<u64> {
    if depth == 0 {
        return None;
    }
    let mut hash = TupleHash::new();
    for slot in tuple.tail() {
        let item = slot.get(heap);
        hash.add(match (item.as_gc::<Str>(), item.as_int()) {
            (Some(s), _) => s.hash(),
            (_, Some(n)) => hash_word(n),
            _ => hash_of(heap, item, depth - 1)?,
        });
    }
    Some(hash.finish())
}

/// The hash of a tuple from the hashes of its items: CPython's scheme (a variant of xxHash).
pub struct TupleHash {
    acc: u64,
    len: u64,
}

impl TupleHash {
    /// No items yet.
    pub fn new() -> TupleHash {
        TupleHash {
            acc: 2_870_177_450_012_600_261,
            len: 0,
        }
    }

    /// One more item.
    pub fn add(&mut self, hash: u64) {
        self.acc = self
            .acc
            .wrapping_add(hash.wrapping_mul(14_029_467_366_897_019_727));
        self.acc = self
            .acc
            .rotate_left(31)
            .wrapping_mul(11_400_714_785_074_694_791);
        self.len += 1;
    }

    /// The hash of all.
    pub fn finish(self) -> u64 {
        let acc = self
            .acc
            .wrapping_add(self.len ^ (2_870_177_450_012_600_261 ^ 3_527_539));
        if acc == u64::MAX { 1_546_275_796 } else { acc }
    }
}
