//! Binary and unary operators: which methods are asked, in which order, and what is raised when none knows.
//!
//! Contract: builtin operands are settled by leaf functions (`number.rs`, `concat.rs`), then by what needs the VM
//! (`set_ops.rs`, `%` formatting), and only then are special methods looked up: the left operand's, the right
//! operand's reflected one, the latter first where its class is a subclass that redefines it. A builtin object inside an
//! instance of a program's class (`class Celsius(float)`) takes part unless the program overrides the method.
//!
//! To add an operator: a row in `Operator::row`, its arms in the files above.

use crate::bytecode::BinaryOp;
use crate::runtime::builtin_eq::Number;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::text::num::power::int_pow_mod;
use crate::text::{IntRef, TextError};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::concat;
use crate::vm::protocol::number;
use crate::vm::protocol::number::Unary;

pub use crate::vm::protocol::number::{floor_div, floor_mod, plain_power, shift_left, shift_right};

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `@`
    MatMul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `divmod()`
    DivMod,
    /// `**`
    Pow,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
}

impl From<BinaryOp> for Operator {
    fn from(op: BinaryOp) -> Operator {
        match op {
            BinaryOp::Add => Operator::Add,
            BinaryOp::Sub => Operator::Sub,
            BinaryOp::Mul => Operator::Mul,
            BinaryOp::Div => Operator::Div,
            BinaryOp::FloorDiv => Operator::FloorDiv,
            BinaryOp::Mod => Operator::Mod,
            BinaryOp::Pow => Operator::Pow,
            BinaryOp::MatMul => Operator::MatMul,
            BinaryOp::Shl => Operator::Shl,
            BinaryOp::Shr => Operator::Shr,
            BinaryOp::BitAnd => Operator::BitAnd,
            BinaryOp::BitOr => Operator::BitOr,
            BinaryOp::BitXor => Operator::BitXor,
        }
    }
}

impl Operator {
    /// Symbol, method, reflected method, in-place method.
    const fn row(self) -> (&'static str, Sym, Sym, Sym) {
        use Operator::*;
        match self {
            Add => ("+", Sym::Add, Sym::RAdd, Sym::IAdd),
            Sub => ("-", Sym::Sub, Sym::RSub, Sym::ISub),
            Mul => ("*", Sym::Mul, Sym::RMul, Sym::IMul),
            MatMul => ("@", Sym::MatMul, Sym::RMatMul, Sym::IMatMul),
            Div => ("/", Sym::TrueDiv, Sym::RTrueDiv, Sym::ITrueDiv),
            FloorDiv => ("//", Sym::FloorDiv, Sym::RFloorDiv, Sym::IFloorDiv),
            Mod => ("%", Sym::Mod, Sym::RMod, Sym::IMod),
            // `divmod` has no in-place form, so the last column is never asked for.
            DivMod => ("divmod()", Sym::DivMod, Sym::RDivMod, Sym::DivMod),
            Pow => ("**", Sym::Pow, Sym::RPow, Sym::IPow),
            Shl => ("<<", Sym::LShift, Sym::RLShift, Sym::ILShift),
            Shr => (">>", Sym::RShift, Sym::RRShift, Sym::IRShift),
            BitAnd => ("&", Sym::And, Sym::RAnd, Sym::IAnd),
            BitOr => ("|", Sym::Or, Sym::ROr, Sym::IOr),
            BitXor => ("^", Sym::Xor, Sym::RXor, Sym::IXor),
        }
    }

    /// How the program writes it.
    pub const fn symbol(self) -> &'static str {
        self.row().0
    }

    /// The method of the left operand.
    pub const fn method(self) -> Sym {
        self.row().1
    }

    /// The method of the right operand.
    pub const fn reflected(self) -> Sym {
        self.row().2
    }

    /// The method of the augmented assignment.
    pub const fn inplace(self) -> Sym {
        self.row().3
    }
}

/// Which operand's method is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Who implements a special method for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Provider {
    /// Rust code that knows the kind of the value, or of the builtin object that it extends.
    Builtin,
    /// A method in its class.
    Method,
    /// Nobody: `object`'s own methods do not count.
    Nobody,
}

impl Vm {
    /// `a op b`
    pub fn binary(&mut self, op: Operator, a: Local, b: Local) -> Result<Local, Raised> {
        match leaf(&self.heap, op, self.get(a), self.get(b)) {
            Some(Ok(value)) => Ok(self.local(value)),
            Some(Err(raised)) => self.binary_again(raised, op, a, b),
            None => self.binary_slow(op, a, b),
        }
    }

    /// `a op b` where the first attempt stopped for a signal; else that attempt's exception.
    #[cold]
    pub(in crate::vm) fn binary_again(
        &mut self,
        raised: Raised,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Local, Raised> {
        self.restarted(
            Err(raised),
            &mut |vm| match leaf(&vm.heap, op, vm.get(a), vm.get(b)) {
                Some(value) => Ok(vm.local(value?)),
                None => vm.binary_slow(op, a, b),
            },
        )
    }

    /// What `a op= b` leaves in `a`.
    pub fn inplace(&mut self, op: Operator, a: Local, b: Local) -> Result<Local, Raised> {
        match self.provider(self.get(a), op.inplace()) {
            Provider::Method => {
                if let Some(result) = self.call_operator(a, op.inplace(), b)? {
                    return Ok(result);
                }
            }
            Provider::Builtin if self.inplace_builtin(op, a, b)? => return Ok(a),
            _ => {}
        }
        match self.binary_dispatch(op, a, b)? {
            Some(result) => Ok(result),
            None => Err(self.unsupported(&format!("{}=", op.symbol()), a, b)),
        }
    }

    /// `pow(a, b, m)`; `m` may be None.
    pub fn pow3(&mut self, a: Local, b: Local, m: Local) -> Result<Local, Raised> {
        if self.get(m).is_none() {
            return self.binary(Operator::Pow, a, b);
        }
        if self.provider(self.get(a), Sym::Pow) == Provider::Method {
            let result = self.call_special(a, Sym::Pow, &[b, m])?;
            if let Some(result) = result.filter(|&r| !self.get(r).is(Value::NOT_IMPLEMENTED)) {
                return Ok(result);
            }
        }
        let numbers = [a, b, m].map(|l| self.get(self.plain(l)).as_number());
        match numbers {
            [
                Some(Number::Int(x)),
                Some(Number::Int(y)),
                Some(Number::Int(z)),
            ] => {
                let first = self.pow_mod(x, y, z);
                self.restarted(first, &mut |vm| vm.pow3(a, b, m))
            }
            [Some(x), Some(y), Some(z)]
                if [x, y, z].iter().any(|n| matches!(n, Number::Complex(_))) =>
            {
                Err(self.heap.value_error("complex modulo"))
            }
            [Some(_), Some(_), Some(_)] => Err(self
                .heap
                .type_error("pow() 3rd argument not allowed unless all arguments are integers")),
            _ => {
                let [a, b, m] = [a, b, m].map(|l| self.heap.type_name(self.get(l)));
                Err(self.heap.type_error(format!(
                    "unsupported operand type(s) for ** or pow(): '{a}', '{b}', '{m}'"
                )))
            }
        }
    }

    fn pow_mod(
        &self,
        base: IntRef<'_>,
        exponent: IntRef<'_>,
        modulus: IntRef<'_>,
    ) -> Result<Local, Raised> {
        self.heap.guard.attempt.done.set(0);
        let mut pause = |digits| {
            let raised = self.heap.poll_or_stop(digits);
            raised.map_err(|_| TextError::ended())
        };
        let power = int_pow_mod(base, exponent, modulus, &mut pause);
        let power = power.map_err(|error| self.heap.raise_text(error))?;
        Ok(self.local(self.heap.any_int(power)))
    }

    /// `-x`
    pub fn negate(&mut self, x: Local) -> Result<Local, Raised> {
        self.unary(Unary::Neg, x)
    }

    /// `+x`
    pub fn positive(&mut self, x: Local) -> Result<Local, Raised> {
        self.unary(Unary::Pos, x)
    }

    /// `~x`
    pub fn invert(&mut self, x: Local) -> Result<Local, Raised> {
        self.unary(Unary::Invert, x)
    }

    #[cold]
    fn invert_bool(&mut self, b: bool) -> Result<Local, Raised> {
        let message = "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise \
             inversion of the underlying int object and is usually not what you expect from negating a bool. Use the \
             'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.";
        self.warn(Builtin::DeprecationWarning, message)?;
        Ok(self.local(self.heap.int(!i64::from(b))))
    }

    pub(in crate::vm) fn unary(&mut self, op: Unary, x: Local) -> Result<Local, Raised> {
        if self.provider(self.get(x), op.method()) == Provider::Builtin {
            let plain = self.plain(x);
            if let Some(b) = self.get(plain).as_bool().filter(|_| op == Unary::Invert) {
                return self.invert_bool(b);
            }
            if let Some(value) = number::unary(&self.heap, op, self.get(plain)) {
                return Ok(self.local(value));
            }
        } else if let Some(result) = self.call_special(x, op.method(), &[])? {
            return Ok(result);
        }
        let class = self.heap.type_name(self.get(x));
        Err(self.heap.type_error(format!(
            "bad operand type for unary {}: '{class}'",
            op.symbol()
        )))
    }
}

// The order in which operands are asked.
impl Vm {
    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn binary_slow(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Local, Raised> {
        match self.binary_dispatch(op, a, b)? {
            Some(result) => Ok(result),
            None => Err(self.unsupported_operator(op, a, b)),
        }
    }

    /// Goes on after the left operand's method, or (`right`) the right one's, has answered NotImplemented.
    pub(in crate::vm) fn binary_refused(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
        right: bool,
    ) -> Result<Local, Raised> {
        let same_class = self.heap.class_of(self.get(a)) == self.heap.class_of(self.get(b));
        if !right
            && !same_class
            && let Some(result) = self.attempt(op, a, b, Side::Right)?
        {
            return Ok(result);
        }
        match self.sequence_operator(op, a, b)? {
            Some(result) => Ok(result),
            None => Err(self.unsupported_operator(op, a, b)),
        }
    }

    #[cold]
    fn unsupported_operator(&self, op: Operator, a: Local, b: Local) -> Raised {
        let symbol = if op == Operator::Pow {
            "** or pow()"
        } else {
            op.symbol()
        };
        self.unsupported(symbol, a, b)
    }

    /// Asks both operands, then the protocol of sequences; None: nobody knows.
    fn binary_dispatch(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Option<Local>, Raised> {
        let (same_class, right_first) = self.precedence(op, a, b);
        if right_first && let Some(result) = self.attempt(op, a, b, Side::Right)? {
            return Ok(Some(result));
        }
        if let Some(result) = self.attempt(op, a, b, Side::Left)? {
            return Ok(Some(result));
        }
        if !same_class
            && !right_first
            && let Some(result) = self.attempt(op, a, b, Side::Right)?
        {
            return Ok(Some(result));
        }
        self.sequence_operator(op, a, b)
    }

    /// Whether the operands are of one class; whether the right one's class derives from the left one's and redefines the method.
    fn precedence(&self, op: Operator, a: Local, b: Local) -> (bool, bool) {
        let heap = &self.heap;
        let (left, right) = (heap.class_of(self.get(a)), heap.class_of(self.get(b)));
        if left == right {
            return (true, false);
        }
        let name = heap.sym(op.reflected());
        let redefines = || match (left.lookup(heap, name), right.lookup(heap, name)) {
            (Some(inherited), Some(own)) => !own.is(inherited),
            (None, own) => own.is_some(),
            _ => false,
        };
        (false, right.is_subclass(heap, left) && redefines())
    }

    fn attempt(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
        side: Side,
    ) -> Result<Option<Local>, Raised> {
        let (receiver, method, other) = match side {
            Side::Left => (a, op.method(), b),
            Side::Right => (b, op.reflected(), a),
        };
        match self.provider(self.get(receiver), method) {
            Provider::Builtin if side == Side::Left && self.leaves_to_right(op, a, b) => Ok(None),
            Provider::Builtin => self.builtin_binary(op, a, b),
            Provider::Method => self.call_operator(receiver, method, other),
            Provider::Nobody => Ok(None),
        }
    }

    /// Whether a builtin left operand has no answer of its own and the right operand overrides the reflected method: numbers
    /// take their own type and those before it in the tower; sequences add and repeat only after both operands have declined.
    fn leaves_to_right(&self, op: Operator, a: Local, b: Local) -> bool {
        let (left, right) = (self.get(a), self.get(b));
        if !right.is_gc::<Instance>() || self.provider(right, op.reflected()) != Provider::Method {
            return false;
        }
        let (left, right) = (self.plain_value(left), self.plain_value(right));
        match left.as_number().map(rank) {
            Some(left) => right.as_number().map(rank).is_none_or(|right| left < right),
            None => {
                matches!(op, Operator::Add | Operator::Mul)
                    && matches!(
                        left.as_object().map(Gc::kind),
                        Some(Kind::Str | Kind::Bytes | Kind::ByteArray | Kind::List | Kind::Tuple)
                    )
            }
        }
    }

    /// What the builtin types themselves make of `a op b`, whatever the program's classes override; None: NotImplemented.
    /// This is what native methods such as `int.__add__` answer.
    pub fn builtin_binary(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Option<Local>, Raised> {
        let (left, right) = (self.plain(a), self.plain(b));
        if let Some(value) = leaf(&self.heap, op, self.get(left), self.get(right)) {
            return match value {
                Ok(value) => Ok(Some(self.local(value))),
                Err(raised) => self.binary_again(raised, op, left, right).map(Some),
            };
        }
        match self.get(left).as_object().map(Gc::kind) {
            Some(Kind::Str | Kind::Bytes | Kind::ByteArray) if op == Operator::Mod => {
                self.percent_format(left, b).map(Some)
            }
            _ => self.set_operator(op, left, right),
        }
    }

    /// Changes a builtin container in place; false: the operator has no such form for it.
    fn inplace_builtin(&mut self, op: Operator, a: Local, b: Local) -> Result<bool, Raised> {
        let target = self.plain(a);
        match self.get(target).as_object().map(Gc::kind) {
            Some(Kind::List | Kind::ByteArray) => self.inplace_sequence(op, target, b),
            Some(Kind::Set | Kind::Dict) => self.inplace_set(op, target, b),
            _ => Ok(false),
        }
    }

    /// Calls a binary special method that the class of `receiver` has; None where it answers NotImplemented.
    pub(in crate::vm) fn call_operator(
        &mut self,
        receiver: Local,
        method: Sym,
        other: Local,
    ) -> Result<Option<Local>, Raised> {
        let result = self.call_special(receiver, method, &[other])?;
        Ok(result.filter(|&r| !self.get(r).is(Value::NOT_IMPLEMENTED)))
    }

    #[cold]
    fn unsupported(&self, symbol: &str, a: Local, b: Local) -> Raised {
        let (left, right) = (
            self.heap.type_name(self.get(a)),
            self.heap.type_name(self.get(b)),
        );
        // Python 2's way to print to a file.
        let old_print = symbol == ">>"
            && self
                .get_gc::<NativeFunction>(a)
                .is_some_and(|f| self.registry.natives.get(f.id).name() == "print");
        let hint = match old_print {
            true => ". Did you mean \"print(<message>, file=<output_stream>)\"?",
            false => "",
        };
        self.heap.type_error(format!(
            "unsupported operand type(s) for {symbol}: '{left}' and '{right}'{hint}"
        ))
    }

    /// The builtin object that an instance of a program's class extends; any other value itself.
    pub(in crate::vm) fn plain(&self, l: Local) -> Local {
        let value = self.get(l);
        let plain = self.plain_value(value);
        if plain.is(value) {
            l
        } else {
            self.local(plain)
        }
    }

    /// The same, of a value.
    #[inline]
    pub(in crate::vm) fn plain_value<'h>(&'h self, value: Value<'h>) -> Value<'h> {
        value
            .as_gc::<Instance>()
            .and_then(|instance| instance.payload(&self.heap))
            .unwrap_or(value)
    }

    /// Who implements a special method for a value.
    pub(in crate::vm) fn provider(&self, value: Value<'_>, method: Sym) -> Provider {
        let heap = &self.heap;
        let class = heap.class_of(value);
        let builtin = is_builtin_value(value);
        if builtin && class.builtin.is_some() {
            return Provider::Builtin;
        }
        match class.lookup_in(heap, heap.sym(method)) {
            Some((owner, _)) if owner.builtin.is_none() => Provider::Method,
            Some((owner, _)) if !builtin && !owner.builtin_is(Builtin::Object) => Provider::Method,
            _ if builtin => Provider::Builtin,
            _ => Provider::Nobody,
        }
    }
}

/// A number's place in the tower int, float, complex.
fn rank(number: Number<'_>) -> u8 {
    match number {
        Number::Int(_) => 0,
        Number::Float(_) => 1,
        Number::Complex(_) => 2,
    }
}

/// Whether Rust code knows the operators of the value: a builtin value, or an instance around one.
fn is_builtin_value(value: Value<'_>) -> bool {
    match value.as_object() {
        None => true,
        Some(object) => match object.kind() {
            Kind::Instance => object.downcast::<Instance>().is_some_and(Gc::has_payload),
            Kind::Class
            | Kind::Exception
            | Kind::Opaque
            | Kind::Future
            | Kind::Module
            | Kind::Super => false,
            _ => true,
        },
    }
}

/// `a op b` where neither the program nor a collection can come in; None: not for these operands.
#[inline]
pub(in crate::vm) fn leaf<'h>(
    heap: &'h Heap,
    op: Operator,
    a: Value<'h>,
    b: Value<'h>,
) -> Option<Result<Value<'h>, Raised>> {
    // Instances of the program's classes are none of theirs, whatever they extend.
    if a.is_gc::<Instance>() {
        return None;
    }
    number::binary(heap, op, a, b).or_else(|| concat::binary(heap, op, a, b))
}
