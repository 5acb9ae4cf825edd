//! Comparisons and truth.
//!
//! `leaf` settles numbers, strings, bytes and what compares by identity. Then both operands are asked in CPython's order: the right
//! one first where its class derives from the left one's; `==` and `!=` end in identity, the others in TypeError.
//! How containers compare is in `order.rs`, membership in `contains.rs`.
//!
//! The fused jumps visit the safepoint themselves when they go backwards: a loop may have no other.

use std::cmp::Ordering;

use crate::bytecode::CompareOp;
use crate::runtime::Builtin;
use crate::runtime::builtin_eq::{self, Number, numbers_equal};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::class::class_flag;
use crate::runtime::complex::Complex;
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::members::Members;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::View;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::text::IntRef;
use crate::text::num::convert::compare_int_float;
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Provider;
use crate::vm::protocol::subscript::leaf_len;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl From<CompareOp> for Comparison {
    fn from(op: CompareOp) -> Comparison {
        match op {
            CompareOp::Lt => Comparison::Lt,
            CompareOp::Le => Comparison::Le,
            CompareOp::Gt => Comparison::Gt,
            CompareOp::Ge => Comparison::Ge,
            CompareOp::Eq => Comparison::Eq,
            CompareOp::Ne => Comparison::Ne,
        }
    }
}

impl Comparison {
    /// Symbol, method, and the comparison with its operands exchanged.
    const fn row(self) -> (&'static str, Sym, Comparison) {
        match self {
            Comparison::Lt => ("<", Sym::Lt, Comparison::Gt),
            Comparison::Le => ("<=", Sym::Le, Comparison::Ge),
            Comparison::Eq => ("==", Sym::Eq, Comparison::Eq),
            Comparison::Ne => ("!=", Sym::Ne, Comparison::Ne),
            Comparison::Gt => (">", Sym::Gt, Comparison::Lt),
            Comparison::Ge => (">=", Sym::Ge, Comparison::Le),
        }
    }

    /// How the program writes it.
    pub const fn symbol(self) -> &'static str {
        self.row().0
    }

    /// The special method.
    pub const fn method(self) -> Sym {
        self.row().1
    }

    /// The comparison that holds of `b, a` when this one holds of `a, b`.
    pub const fn swapped(self) -> Comparison {
        self.row().2
    }

    /// Whether it holds of operands in this order; None: unordered, as NaN is.
    #[inline]
    pub fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Comparison::Lt => order == Some(Ordering::Less),
            Comparison::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Eq => order == Some(Ordering::Equal),
            Comparison::Ne => order != Some(Ordering::Equal),
            Comparison::Gt => order == Some(Ordering::Greater),
            Comparison::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl Vm {
    /// `a c b`: any value, as special methods may return any.
    pub fn compare(&mut self, c: Comparison, a: Local, b: Local) -> Result<Local, Raised> {
        match leaf(&self.heap, c, self.get(a), self.get(b)) {
            Some(outcome) => Ok(self.local(Value::bool(outcome))),
            None => self.compare_slow(c, a, b),
        }
    }

    /// The truth of `a c b`.
    pub fn compare_truth(&mut self, c: Comparison, a: Local, b: Local) -> Result<bool, Raised> {
        if let Some(outcome) = leaf(&self.heap, c, self.get(a), self.get(b)) {
            return Ok(outcome);
        }
        let mark = self.mark();
        let result = self.compare_slow(c, a, b)?;
        let outcome = self.truth(result)?;
        self.release(mark);
        Ok(outcome)
    }

    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn compare_slow(
        &mut self,
        c: Comparison,
        a: Local,
        b: Local,
    ) -> Result<Local, Raised> {
        let (left, right) = (
            self.heap.class_of(self.get(a)),
            self.heap.class_of(self.get(b)),
        );
        let right_first = left != right && right.is_subclass(&self.heap, left);
        if right_first && let Some(result) = self.compare_attempt(c.swapped(), b, a)? {
            return Ok(result);
        }
        if let Some(result) = self.compare_attempt(c, a, b)? {
            return Ok(result);
        }
        if !right_first && let Some(result) = self.compare_attempt(c.swapped(), b, a)? {
            return Ok(result);
        }
        self.compare_default(c, a, b)
    }

    /// Goes on after the left operand's method has answered NotImplemented, the right one having no right to go first.
    pub(in crate::vm) fn compare_refused(
        &mut self,
        c: Comparison,
        a: Local,
        b: Local,
    ) -> Result<Local, Raised> {
        match self.compare_attempt(c.swapped(), b, a)? {
            Some(result) => Ok(result),
            None => self.compare_default(c, a, b),
        }
    }

    /// What holds where no operand knows.
    fn compare_default(&mut self, c: Comparison, a: Local, b: Local) -> Result<Local, Raised> {
        let same = self.get(a).is(self.get(b));
        match c {
            Comparison::Eq => Ok(self.local(Value::bool(same))),
            Comparison::Ne => Ok(self.local(Value::bool(!same))),
            _ => Err(self.not_ordered(c, a, b)),
        }
    }

    /// Asks one operand; None: NotImplemented.
    fn compare_attempt(
        &mut self,
        c: Comparison,
        receiver: Local,
        other: Local,
    ) -> Result<Option<Local>, Raised> {
        match self.provider(self.get(receiver), c.method()) {
            Provider::Builtin if self.other_decides(c, receiver, other) => Ok(None),
            Provider::Builtin => self.builtin_compare(c, receiver, other),
            Provider::Method => self.call_operator(receiver, c.method(), other),
            Provider::Nobody if c == Comparison::Ne => self.negated_eq(receiver, other),
            Provider::Nobody => Ok(None),
        }
    }

    /// Whether a number has no answer about an instance that extends a later type of the tower and overrides the comparison.
    fn other_decides(&self, c: Comparison, receiver: Local, other: Local) -> bool {
        let (left, right) = (self.get(receiver), self.get(other));
        if !right.is_gc::<Instance>()
            || self.provider(right, c.swapped().method()) != Provider::Method
        {
            return false;
        }
        let (left, right) = (self.plain_value(left), self.plain_value(right));
        matches!(
            (left.as_number(), right.as_number()),
            (
                Some(Number::Int(_)),
                Some(Number::Float(_) | Number::Complex(_))
            ) | (Some(Number::Float(_)), Some(Number::Complex(_)))
        )
    }

    /// `object.__ne__`: the negation of the class's own `__eq__`.
    fn negated_eq(&mut self, receiver: Local, other: Local) -> Result<Option<Local>, Raised> {
        if self.provider(self.get(receiver), Sym::Eq) != Provider::Method {
            return Ok(None);
        }
        let Some(equal) = self.call_operator(receiver, Sym::Eq, other)? else {
            return Ok(None);
        };
        let equal = self.truth(equal)?;
        Ok(Some(self.local(Value::bool(!equal))))
    }

    #[cold]
    fn not_ordered(&self, c: Comparison, a: Local, b: Local) -> Raised {
        let (left, right) = (
            self.heap.type_name(self.get(a)),
            self.heap.type_name(self.get(b)),
        );
        let symbol = c.symbol();
        self.heap.type_error(format!(
            "'{symbol}' not supported between instances of '{left}' and '{right}'"
        ))
    }
}

/// `a c b` where the program cannot come in; None: it may, or the operands have no order.
#[inline]
pub fn leaf(heap: &Heap, c: Comparison, a: Value<'_>, b: Value<'_>) -> Option<bool> {
    if matches!(c, Comparison::Eq | Comparison::Ne)
        && let (Some(x), Some(y)) = (a.as_gc::<Str>(), b.as_gc::<Str>())
    {
        return Some((x == y || x.same_text(y)) == (c == Comparison::Eq));
    }
    if !a.is_gc::<Instance>()
        && let Some(order) = simple_order(a, b)
    {
        return Some(c.holds(order));
    }
    if let Some(outcome) = leaf_sequences(heap, c, a, b) {
        return Some(outcome);
    }
    if let (Some(x), Some(y)) = (a.as_gc::<Set>(), b.as_gc::<Set>()) {
        return leaf_sets(heap, c, &x.get().members, &y.get().members);
    }
    match c {
        Comparison::Eq => leaf_equal(heap, a, b),
        Comparison::Ne => leaf_equal(heap, a, b).map(|equal| !equal),
        _ => None,
    }
}

/// The order of two strings, words or floats.
#[inline]
fn simple_order(a: Value<'_>, b: Value<'_>) -> Option<Option<Ordering>> {
    if let Some((x, y)) = Value::int_pair(a, b) {
        return Some(Some(x.cmp(&y)));
    }
    if let (Some(x), Some(y)) = (a.as_gc::<Str>(), b.as_gc::<Str>()) {
        return Some(Some(x.as_str().cmp(y.as_str())));
    }
    scalar_order(a, b)
}

/// `a c b` of two tuples or two lists whose first difference the runtime can tell.
fn leaf_sequences(heap: &Heap, c: Comparison, a: Value<'_>, b: Value<'_>) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_gc::<Tuple>(), b.as_gc::<Tuple>()) {
        let items = x.iter(heap).zip(y.iter(heap));
        return by_difference(heap, c, items, (x.len(), y.len()));
    }
    let (x, y) = (a.as_gc::<List>()?.get(), b.as_gc::<List>()?.get());
    let items = (0..x.len(heap)).map_while(|i| x.item(heap, i).zip(y.item(heap, i)));
    by_difference(heap, c, items, (x.len(heap), y.len(heap)))
}

/// `a c b` of two sets of members that the runtime can compare.
const MANY: usize = 1 << 12;

fn leaf_sets(heap: &Heap, c: Comparison, a: &Members, b: &Members) -> Option<bool> {
    let (m, n) = (a.len(heap), b.len(heap));
    // Larger ones may take long: `compare_sets` looks for interrupts.
    if m.min(n) > MANY {
        return None;
    }
    Some(match c {
        Comparison::Eq => m == n && a.is_subset(heap, b)?,
        Comparison::Ne => m != n || !a.is_subset(heap, b)?,
        Comparison::Le => m <= n && a.is_subset(heap, b)?,
        Comparison::Lt => m < n && a.is_subset(heap, b)?,
        Comparison::Ge => n <= m && b.is_subset(heap, a)?,
        Comparison::Gt => n < m && b.is_subset(heap, a)?,
    })
}

/// Compares where two sequences differ first, else their lengths; None: it takes looking into nested ones, or the program.
fn by_difference<'h>(
    heap: &'h Heap,
    c: Comparison,
    items: impl Iterator<Item = (Value<'h>, Value<'h>)>,
    lens: (usize, usize),
) -> Option<bool> {
    if lens.0 != lens.1 && matches!(c, Comparison::Eq | Comparison::Ne) {
        return Some(c == Comparison::Ne);
    }
    for (x, y) in items {
        if x.is(y) {
            continue;
        }
        if let Some(order) = simple_order(x, y) {
            if order == Some(Ordering::Equal) {
                continue;
            }
            return Some(c.holds(order));
        }
        match c {
            Comparison::Eq | Comparison::Ne if builtin_eq::equal(heap, x, y)? => {}
            Comparison::Eq | Comparison::Ne => return Some(c == Comparison::Ne),
            _ => return None,
        }
    }
    Some(c.holds(Some(lens.0.cmp(&lens.1))))
}

/// The order of two strings, bytes or real numbers: what builtin types compare among themselves without looking inside;
/// `Some(None)`: unordered.
pub(in crate::vm) fn scalar_order(a: Value<'_>, b: Value<'_>) -> Option<Option<Ordering>> {
    match (a.as_number(), b.as_number()) {
        (Some(x), Some(y)) => number_order(x, y),
        (None, None) => text_order(a, b),
        _ => None,
    }
}

fn number_order(x: Number<'_>, y: Number<'_>) -> Option<Option<Ordering>> {
    match (x, y) {
        (Number::Int(IntRef::Small(x)), Number::Int(IntRef::Small(y))) => Some(Some(x.cmp(&y))),
        (Number::Float(x), Number::Float(y)) => Some(x.partial_cmp(&y)),
        (Number::Int(x), Number::Int(y)) => Some(Some(x.to_big().cmp(&y.to_big()))),
        (Number::Int(x), Number::Float(y)) => Some(compare_int_float(x, y)),
        (Number::Float(x), Number::Int(y)) => Some(compare_int_float(y, x).map(Ordering::reverse)),
        _ => None,
    }
}

fn text_order(a: Value<'_>, b: Value<'_>) -> Option<Option<Ordering>> {
    if let (Some(x), Some(y)) = (a.as_gc::<Str>(), b.as_gc::<Str>()) {
        return Some(Some(x.as_str().cmp(y.as_str())));
    }
    if let (Some(x), Some(y)) = (a.as_gc::<Bytes>(), b.as_gc::<Bytes>()) {
        return Some(Some(x.get().as_slice().cmp(y.get().as_slice())));
    }
    if !a.is_gc::<ByteArray>() && !b.is_gc::<ByteArray>() {
        return None;
    }
    let order = a.with_bytes(|x| b.with_bytes(|y| x.cmp(y)));
    Some(Some(order??))
}

/// `a == b` beyond scalars.
fn leaf_equal(heap: &Heap, a: Value<'_>, b: Value<'_>) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Some(numbers_equal(x, y));
    }
    // The same object may still say that it is not equal to itself.
    if a.is(b)
        && a.as_object().is_some_and(|o| {
            matches!(
                o.kind(),
                Kind::Instance | Kind::Exception | Kind::Opaque | Kind::Class
            )
        })
    {
        return None;
    }
    builtin_eq::equal(heap, a, b)
}

// Truth.
impl Vm {
    /// Whether a value counts as true.
    #[inline]
    pub fn truth(&mut self, l: Local) -> Result<bool, Raised> {
        match leaf_truth(&self.heap, self.get(l)) {
            Some(truth) => Ok(truth),
            None => self.truth_slow(l),
        }
    }

    /// Asks `__bool__`, then `__len__`; an instance around a builtin object counts as that object unless it has its own.
    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn truth_slow(&mut self, l: Local) -> Result<bool, Raised> {
        if self.get(l).is(Value::NOT_IMPLEMENTED) {
            let message = "NotImplemented should not be used in a boolean context";
            self.warn(Builtin::DeprecationWarning, message)?;
            return Ok(true);
        }
        match self.provider(self.get(l), Sym::Bool) {
            Provider::Method => {
                let Some(result) = self.call_special(l, Sym::Bool, &[])? else {
                    return Ok(true);
                };
                self.bool_result(result)
            }
            provider => match self.provider(self.get(l), Sym::Len) {
                Provider::Method => Ok(self.len(l)? != 0),
                _ if provider == Provider::Builtin && self.get(l).is_gc::<Instance>() => {
                    let payload = self.plain(l);
                    self.truth(payload)
                }
                _ => match leaf_len(&self.heap, self.get(l)) {
                    Some(length) => Ok(length != 0),
                    // A proxy of a mapping that has a `__len__` of its own.
                    None if self.get(l).is_gc::<View>() => Ok(self.len(l)? != 0),
                    None => Ok(true),
                },
            },
        }
    }

    /// What `__bool__` returned, which must be a bool.
    pub(in crate::vm) fn bool_result(&self, result: Local) -> Result<bool, Raised> {
        self.get(result)
            .as_bool()
            .ok_or_else(|| self.not_bool(result))
    }

    #[cold]
    fn not_bool(&self, result: Local) -> Raised {
        let class = self.heap.type_name(self.get(result));
        self.heap
            .type_error(format!("__bool__ should return bool, returned {class}"))
    }
}

/// The truth of a value, if no program code takes part.
#[inline]
pub fn leaf_truth(heap: &Heap, value: Value<'_>) -> Option<bool> {
    if let Some(b) = value.as_bool() {
        return Some(b);
    }
    if let Some(n) = value.as_int() {
        return Some(n != 0);
    }
    if let Some(x) = value.as_float() {
        return Some(x != 0.0);
    }
    match value.as_object() {
        Some(_) => object_truth(heap, value),
        // NotImplemented warns: see `truth_slow`.
        None => (!value.is(Value::NOT_IMPLEMENTED)).then(|| !value.is_none()),
    }
}

fn object_truth(heap: &Heap, value: Value<'_>) -> Option<bool> {
    match value.as_object()?.kind() {
        Kind::Str => value.as_gc::<Str>().map(|s| s.byte_len() != 0),
        Kind::List => value.as_gc::<List>().map(|l| !l.get().is_empty(heap)),
        Kind::Dict => value.as_gc::<Dict>().map(|d| !d.get().table.is_empty(heap)),
        Kind::Tuple => value.as_gc::<Tuple>().map(|t| !t.is_empty()),
        Kind::Set => value
            .as_gc::<Set>()
            .map(|s| !s.get().members.is_empty(heap)),
        // Zero is always a small integer.
        Kind::Int | Kind::Function | Kind::Native | Kind::BoundMethod => Some(true),
        Kind::Bytes => value
            .as_gc::<Bytes>()
            .map(|b| !b.get().as_slice().is_empty()),
        Kind::ByteArray => value.as_gc::<ByteArray>().map(|b| !b.get().is_empty(heap)),
        Kind::Range => value.as_gc::<Range>().map(|r| !r.get().is_empty()),
        Kind::Complex => value
            .as_gc::<Complex>()
            .map(|c| c.get().re != 0.0 || c.get().im != 0.0),
        Kind::Instance if value.as_gc::<Instance>().is_some_and(Gc::has_payload) => None,
        Kind::View => None,
        _ => (!heap.class_of(value).has(class_flag::TRUTH)).then_some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_only_unequal() {
        let heap = Heap::new();
        let (nan, one) = (Value::float(f64::NAN), Value::float(1.0));
        for c in [
            Comparison::Lt,
            Comparison::Le,
            Comparison::Eq,
            Comparison::Gt,
            Comparison::Ge,
        ] {
            assert_eq!(leaf(&heap, c, nan, one), Some(false));
            assert_eq!(leaf(&heap, c, nan, nan), Some(false));
        }
        assert_eq!(leaf(&heap, Comparison::Ne, nan, nan), Some(true));
    }

    #[test]
    fn numbers_compare_exactly_across_types() {
        let heap = Heap::new();
        let (n, x) = (heap.int((1 << 53) + 1), Value::float((1_i64 << 53) as f64));
        assert_eq!(leaf(&heap, Comparison::Gt, n, x), Some(true));
        assert_eq!(leaf(&heap, Comparison::Eq, n, x), Some(false));
        assert_eq!(
            leaf(&heap, Comparison::Eq, Value::TRUE, Value::float(1.0)),
            Some(true)
        );
    }

    #[test]
    fn order_needs_a_common_type() {
        let heap = Heap::new();
        assert_eq!(
            leaf(&heap, Comparison::Lt, heap.int(1), heap.str_value("a")),
            None
        );
        assert_eq!(
            leaf(&heap, Comparison::Eq, heap.int(1), heap.str_value("a")),
            Some(false)
        );
        assert_eq!(
            leaf(
                &heap,
                Comparison::Lt,
                heap.str_value("ab"),
                heap.str_value("é")
            ),
            Some(true)
        );
    }
}
