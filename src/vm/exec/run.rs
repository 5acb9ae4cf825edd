//! The loop: one `match`, one arm an instruction.
//!
//! `ip` (the instruction that is being executed), `w` (the window) and `code` are the state of the top frame, kept in locals. An arm
//! that has done its work falls through to the step to the next instruction; `continue` stays at `ip`. Arms that cannot finish at
//! once leave the loop by `slow!` or `trap!`: these store in the frame where to go on and call a cold method of the VM; `run` goes on
//! with whatever frame is then on top; so a method may push a frame, pop one, move registers or collect, and need not say so. Frames
//! end in `Ret` (`call/`) or `RetCoro` (`coroutine/`); exceptions unwind in `unwind.rs`.

use crate::bytecode::Op;
use crate::runtime::cell::{CellObj, Spill};
use crate::runtime::class::Class;
use crate::runtime::code::{CLASS_VALUE, Cache, GETTER};
use crate::runtime::coroutine::Coroutine;
use crate::runtime::function::Function;
use crate::runtime::heap::{Header, Kind};
use crate::runtime::instance::Instance;
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::shape::NO_SHAPE;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::cursor::Cursor;
use crate::vm::exec::frame::{Frame, frame_flag};
use crate::vm::exec::inline_cache::Access;
use crate::vm::exec::trap::Trap;
use crate::vm::local::Mark;
use crate::vm::native::{Args, NativeFn};
use crate::vm::protocol::arith::{self, Operator};
use crate::vm::protocol::compare::Comparison;
use crate::vm::protocol::contains::leaf_contains;
use crate::vm::protocol::iterate::{
    Advance, leaf_next, next_of_list, next_of_range, next_of_tuple, next_pair,
};

impl Vm {
    /// Runs the top frame until the frame with the `BOUNDARY` flag nearest to it ends or traps.
    pub(in crate::vm) fn run(&mut self) -> Result<Trap, Raised> {
        let floor = self.mark();
        let mut done = Ok(None);
        loop {
            if let Some(trap) = self.after_cold(done, floor) {
                return self.leave(trap);
            }
            done = self.execute();
        }
    }

    /// Executes the instructions of the top frame, and of those it calls and returns to, up to the first one that needs a cold
    /// method; returns that method's result, or the trap that ends the run.
    #[inline(always)]
    fn execute(&mut self) -> Result<Option<Trap>, Raised> {
        let (mut ip, mut w, mut code) = self.exec.stack.top().state();

        // Leaves the arm for what follows every call of a cold method: where to go on is stored first.
        macro_rules! slow {
            ($call:expr) => {{
                self.exec.stack.top_mut().ip = ip.next();
                return $call.map(|()| None);
            }};
        }
        // The call may stop the run.
        macro_rules! trap {
            ($call:expr) => {{
                self.exec.stack.top_mut().ip = ip.next();
                return $call;
            }};
        }
        macro_rules! r {
            ($reg:expr) => {
                w.get(&self.heap, $reg)
            };
        }
        macro_rules! jump {
            ($distance:expr) => {{
                let from = ip;
                ip.jump($distance);
                if $distance < 0 && self.budget_ends() {
                    return self.attend_jump(from.next(), ip.next()).map(|()| None);
                }
            }};
        }
        macro_rules! branch {
            ($condition:expr, $i:expr) => {
                if $condition {
                    jump!($i.d());
                }
            };
        }
        // A loop's item and the jump to its body, or neither.
        macro_rules! step {
            ($i:expr, $item:expr) => {
                if let Some(item) = $item {
                    w.set($i.b(), item);
                    jump!($i.d());
                }
            };
        }
        // R[a] := R[b] op R[c]; `$otherwise`: what else the loop tries before the VM does it.
        macro_rules! arith {
            ($i:expr, $operator:ident, $ints:expr, $floats:expr $(, $otherwise:ident)?) => {{
                let (x, y) = (r!($i.b()), r!($i.c()));
                if let Some(value) = $ints(x, y) {
                    w.set($i.a(), value);
                } else if let Some((x, y)) =
                    Value::both_floats(x, y).or_else(|| Value::mixed_floats(x, y))
                {
                    w.set($i.a(), Value::float_result($floats(x, y)));
                } $(else if let Some(value) = self.$otherwise(r!($i.b()), r!($i.c())) {
                    w.set($i.a(), value);
                })? else {
                    slow!(self.binary_op(Operator::$operator, $i.instr()));
                }
            }};
        }
        macro_rules! bits {
            ($i:expr, $operator:ident, $f:expr) => {{
                match Value::int_pair(r!($i.b()), r!($i.c())).and_then($f) {
                    Some(value) => w.set($i.a(), value),
                    None => slow!(self.binary_op(Operator::$operator, $i.instr())),
                }
            }};
        }
        // R[a] := R[b] op d
        macro_rules! arith_imm {
            ($i:expr, $operator:ident, $ints:expr, $floats:expr) => {{
                let x = r!($i.b());
                if let Some(value) = $ints(x, Value::small_int($i.d() as i64)) {
                    w.set($i.a(), value);
                } else if let Some(x) = x.as_float() {
                    w.set($i.a(), Value::float_result($floats(x, f64::from($i.d()))));
                } else {
                    slow!(self.immediate_op(Operator::$operator, $i.instr()));
                }
            }};
        }
        macro_rules! bits_imm {
            ($i:expr, $operator:ident, $f:expr) => {{
                match r!($i.b()).as_int().and_then(|x| $f((x, $i.d() as i64))) {
                    Some(value) => w.set($i.a(), value),
                    None => slow!(self.immediate_op(Operator::$operator, $i.instr())),
                }
            }};
        }
        macro_rules! compare {
            ($i:expr, $comparison:ident, $op:tt) => {{
                let (x, y) = (r!($i.b()), r!($i.c()));
                if let Some((x, y)) = Value::int_pair(x, y) {
                    w.set($i.a(), Value::bool(x $op y));
                } else if let Some((x, y)) = Value::both_floats(x, y) {
                    w.set($i.a(), Value::bool(x $op y));
                } else {
                    slow!(self.compare_op(Comparison::$comparison, $i.instr()));
                }
            }};
        }
        macro_rules! jump_compare {
            ($i:expr, $comparison:ident, $op:tt) => {{
                let (x, y) = (r!($i.a()), r!($i.b()));
                if let Some((x, y)) = Value::int_pair(x, y) {
                    branch!(u8::from(x $op y) == $i.c(), $i);
                } else if let Some((x, y)) = Value::both_floats(x, y) {
                    branch!(u8::from(x $op y) == $i.c(), $i);
                } else {
                    slow!(self.jump_compare(Comparison::$comparison, $i.instr()));
                }
            }};
        }
        macro_rules! jump_compare_imm {
            ($i:expr, $comparison:ident, $op:tt) => {{
                let x = r!($i.a());
                if let Some(x) = x.as_int() {
                    branch!(u8::from(x $op i64::from($i.b() as i8)) == $i.c(), $i);
                } else if let Some(x) = x.as_float() {
                    branch!(u8::from(x $op f64::from($i.b() as i8)) == $i.c(), $i);
                } else {
                    slow!(self.jump_compare_imm(Comparison::$comparison, $i.instr()));
                }
            }};
        }
        // Enters a function whose `count` arguments begin at register `first`, if it can be entered directly.
        macro_rules! enter {
            ($function:expr, $first:expr, $count:expr, $otherwise:expr) => {{
                let callee = $function.code_or_stub(&self.heap);
                let window = w.from($first);
                if callee.plain_args == $count && self.exec.stack.has_room(window) {
                    self.exec.stack.top_mut().ip = ip.next();
                    let frame = Frame::new(callee, window, $function.value(), 0);
                    if callee.undef_count != 0 {
                        crate::vm::exec::call::clear_registers(callee, window);
                    }
                    ip = frame.ip;
                    code = frame.code;
                    w = window;
                    self.exec.stack.push(frame);
                    if self.budget_ends() {
                        return self.attend().map(|()| None);
                    }
                    continue;
                } else {
                    trap!($otherwise);
                }
            }};
        }

        loop {
            let i = ip.fetched();
            match i.op() {
                Op::Nop => {}
                Op::LoadInt => w.set(i.a(), Value::small_int(i64::from(i.d()))),
                Op::LoadImm => w.set(i.a(), Value::immediate(i.d() as u32)),
                Op::LoadConst => w.set(i.a(), code.get(&self.heap).constant(&self.heap, i.d())),
                Op::Move => w.set(i.a(), r!(i.b())),
                Op::CheckLocal => {
                    if r!(i.a()).is_undef() {
                        slow!(self.unbound_local(i.instr()));
                    }
                }

                Op::GetGlobal => {
                    let module = code.get(&self.heap).module(&self.heap);
                    match module.globals.values.get(&self.heap, i.d() as usize) {
                        Some(value) if !value.is_undef() => w.set(i.a(), value),
                        _ => slow!(self.get_builtin(i.instr())),
                    }
                }
                Op::SetGlobal => {
                    let module = code.get(&self.heap).module(&self.heap);
                    if module.globals.is_bound(&self.heap, i.d() as usize) {
                        module.globals.values.set(i.d() as usize, r!(i.a()));
                    } else {
                        self.bind_global(i.instr());
                    }
                }
                Op::DelGlobal => slow!(self.del_global(i.instr())),
                Op::SetupAnnotations => self.setup_annotations(i.instr()),
                Op::GetName => slow!(self.get_name(i.instr())),
                Op::SetName => slow!(self.set_name(i.instr())),
                Op::DelName => slow!(self.del_name(i.instr())),
                Op::MakeCell => slow!(self.make_cell(i.instr())),
                Op::GetCell => {
                    let value = r!(i.b())
                        .as_gc::<CellObj>()
                        .map_or(Value::UNDEF, |cell| cell.value.get(&self.heap));
                    if value.is_undef() {
                        slow!(self.unbound_local(i.instr()));
                    } else {
                        w.set(i.a(), value);
                    }
                }
                Op::SetCell => {
                    if let Some(cell) = r!(i.a()).as_gc::<CellObj>() {
                        cell.value.set(r!(i.b()));
                    }
                }
                Op::GetFree => {
                    let function = self.exec.stack.top().function(&self.heap);
                    let cell = function.tail()[usize::from(i.b()) | usize::from(i.c()) << 8]
                        .get(&self.heap);
                    let value = cell
                        .as_gc::<CellObj>()
                        .map_or(Value::UNDEF, |cell| cell.value.get(&self.heap));
                    if value.is_undef() {
                        slow!(self.unbound_free(i.instr()));
                    } else {
                        w.set(i.a(), value);
                    }
                }
                Op::SetFree => {
                    let function = self.exec.stack.top().function(&self.heap);
                    let cell = function.tail()[usize::from(i.b()) | usize::from(i.c()) << 8]
                        .get(&self.heap);
                    if let Some(cell) = cell.as_gc::<CellObj>() {
                        cell.value.set(r!(i.a()));
                    }
                }
                Op::GetFreeCell => {
                    let function = self.exec.stack.top().function(&self.heap);
                    w.set(
                        i.a(),
                        function.tail()[usize::from(i.b()) | usize::from(i.c()) << 8]
                            .get(&self.heap),
                    );
                }
                Op::SpillNew => slow!(self.spill_new(i.instr())),
                Op::SpillGet => {
                    let spill = r!(i.b()).as_gc::<Spill>();
                    w.set(
                        i.a(),
                        spill
                            .and_then(|s| s.slots.get(&self.heap, i.d() as usize))
                            .unwrap_or(Value::UNDEF),
                    );
                }
                Op::SpillSet => {
                    if let Some(spill) = r!(i.b()).as_gc::<Spill>() {
                        spill.slots.set(i.d() as usize, r!(i.a()));
                    }
                }

                Op::Add => arith!(
                    i,
                    Add,
                    Value::add_ints,
                    |x: f64, y: f64| x + y,
                    joined_texts
                ),
                Op::Sub => arith!(i, Sub, Value::sub_ints, |x: f64, y: f64| x - y),
                Op::Mul => arith!(i, Mul, Value::mul_ints, |x: f64, y: f64| x * y),
                Op::Div => {
                    let (x, y) = (r!(i.b()), r!(i.c()));
                    let pair = Value::both_floats(x, y)
                        .or_else(|| Value::mixed_floats(x, y))
                        .or_else(|| Value::int_pair(x, y).map(|(x, y)| (x as f64, y as f64)));
                    match pair {
                        Some((x, y)) if y != 0.0 => w.set(i.a(), Value::float_result(x / y)),
                        _ => slow!(self.binary_op(Operator::Div, i.instr())),
                    }
                }
                Op::FloorDiv => bits!(i, FloorDiv, arith::floor_div),
                Op::Mod => bits!(i, Mod, arith::floor_mod),
                Op::Pow => {
                    let floats = Value::both_floats(r!(i.b()), r!(i.c()));
                    match floats.and_then(|(x, y)| arith::plain_power(x, y)) {
                        Some(power) => w.set(i.a(), Value::float(power)),
                        None => slow!(self.binary_op(Operator::Pow, i.instr())),
                    }
                }
                Op::MatMul => slow!(self.binary_op(Operator::MatMul, i.instr())),
                Op::Shl => bits!(i, Shl, arith::shift_left),
                Op::Shr => bits!(i, Shr, arith::shift_right),
                Op::BitAnd => bits!(i, BitAnd, |(x, y)| Some(Value::small_int(x & y))),
                Op::BitOr => bits!(i, BitOr, |(x, y)| Some(Value::small_int(x | y))),
                Op::BitXor => bits!(i, BitXor, |(x, y)| Some(Value::small_int(x ^ y))),
                Op::AddI => arith_imm!(i, Add, Value::add_ints, |x: f64, y: f64| x + y),
                Op::SubI => arith_imm!(i, Sub, Value::sub_ints, |x: f64, y: f64| x - y),
                Op::MulI => arith_imm!(i, Mul, Value::mul_ints, |x: f64, y: f64| x * y),
                Op::FloorDivI => bits_imm!(i, FloorDiv, arith::floor_div),
                Op::ModI => bits_imm!(i, Mod, arith::floor_mod),
                Op::BitAndI => bits_imm!(i, BitAnd, |(x, y): (i64, i64)| Some(Value::small_int(
                    x & y
                ))),
                Op::ShlI => bits_imm!(i, Shl, arith::shift_left),
                Op::ShrI => bits_imm!(i, Shr, arith::shift_right),
                Op::Neg => {
                    let x = r!(i.b());
                    if let Some(x) = x.as_float() {
                        w.set(i.a(), Value::float(-x));
                    } else if let Some(value) = Value::sub_ints(Value::small_int(0), x) {
                        w.set(i.a(), value);
                    } else {
                        slow!(self.unary_op(i.instr()));
                    }
                }
                Op::Pos => slow!(self.unary_op(i.instr())),
                Op::Invert => slow!(self.unary_op(i.instr())),
                Op::Not => match r!(i.b()).plain_truth() {
                    Some(b) => w.set(i.a(), Value::bool(!b)),
                    None => slow!(self.not_op(i.instr())),
                },

                Op::Lt => compare!(i, Lt, <),
                Op::Le => compare!(i, Le, <=),
                Op::Gt => compare!(i, Gt, >),
                Op::Ge => compare!(i, Ge, >=),
                Op::Eq => compare!(i, Eq, ==),
                Op::Ne => compare!(i, Ne, !=),
                Op::Is => w.set(i.a(), Value::bool(r!(i.b()).is(r!(i.c())) != (i.d() == 1))),
                Op::In => match leaf_contains(&self.heap, r!(i.c()), r!(i.b())) {
                    Some(found) => w.set(i.a(), Value::bool(found != (i.d() == 1))),
                    None => slow!(self.in_op(i.instr())),
                },
                Op::Jmp => jump!(i.d()),
                Op::JmpIf => {
                    let x = r!(i.a());
                    match x.plain_truth() {
                        Some(b) => branch!(b, i),
                        None => slow!(self.jump_truth(i.instr(), true)),
                    }
                }
                Op::JmpIfNot => {
                    let x = r!(i.a());
                    match x.plain_truth() {
                        Some(b) => branch!(!b, i),
                        None => slow!(self.jump_truth(i.instr(), false)),
                    }
                }
                Op::JmpIfNone => branch!(u8::from(r!(i.a()).is_none()) == i.c(), i),
                Op::JmpIfUndef => branch!(u8::from(r!(i.a()).is_undef()) == i.c(), i),
                Op::JmpIs => branch!(u8::from(r!(i.a()).is(r!(i.b()))) == i.c(), i),
                Op::JmpIn => match leaf_contains(&self.heap, r!(i.b()), r!(i.a())) {
                    Some(found) => branch!(u8::from(found) == i.c(), i),
                    None => slow!(self.jump_in(i.instr())),
                },
                Op::JmpLt => jump_compare!(i, Lt, <),
                Op::JmpLe => jump_compare!(i, Le, <=),
                Op::JmpGt => jump_compare!(i, Gt, >),
                Op::JmpGe => jump_compare!(i, Ge, >=),
                Op::JmpEq => jump_compare!(i, Eq, ==),
                Op::JmpNe => jump_compare!(i, Ne, !=),
                Op::JmpLtI => jump_compare_imm!(i, Lt, <),
                Op::JmpLeI => jump_compare_imm!(i, Le, <=),
                Op::JmpGtI => jump_compare_imm!(i, Gt, >),
                Op::JmpGeI => jump_compare_imm!(i, Ge, >=),
                Op::JmpEqI => jump_compare_imm!(i, Eq, ==),
                Op::JmpNeI => jump_compare_imm!(i, Ne, !=),

                Op::GetAttr => {
                    let cache = code.get(&self.heap).cache(i.d());
                    let object = r!(i.b()).as_object();
                    match object {
                        Some(o) if cache.guard.get() == self.guard(o.shape()) => {
                            let value = o
                                .downcast::<Instance>()
                                .and_then(|o| o.near_slot(&self.heap, cache.slot.get() as usize));
                            let value = match value {
                                Some(value) => value,
                                None => self.cached_value(o, cache),
                            };
                            if value.is_undef() {
                                slow!(self.get_attr_op(i.instr()));
                            } else {
                                w.set(i.a(), value);
                            }
                        }
                        Some(o) if self.recalls(cache, o, Access::Get) => continue,
                        _ => slow!(self.get_attr_op(i.instr())),
                    }
                }
                Op::SetAttr => {
                    let cache = code.get(&self.heap).cache(i.d());
                    match r!(i.a()).as_gc::<Instance>() {
                        Some(o) if cache.guard.get() == self.guard(o.shape()) => {
                            let value = r!(i.b());
                            let next = cache.next_shape.get();
                            o.set_slot(&self.heap, cache.slot.get() as usize, value);
                            if next != NO_SHAPE {
                                o.set_shape(next);
                            }
                        }
                        Some(o) if self.recalls(cache, o.erase(), Access::Set) => continue,
                        _ => slow!(self.set_attr_op(i.instr())),
                    }
                }
                Op::DelAttr => slow!(self.del_attr_op(i.instr())),
                Op::GetItem => {
                    let (object, key) = (r!(i.b()), r!(i.c()));
                    let item = match (object.as_gc::<List>(), key.as_int()) {
                        (Some(list), Some(n)) => {
                            let at = if n < 0 {
                                n + list.len(&self.heap) as i64
                            } else {
                                n
                            };
                            list.item(&self.heap, at as usize)
                        }
                        _ => self.item_of(object, key),
                    };
                    match item {
                        Some(value) => w.set(i.a(), value),
                        None => slow!(self.get_item_op(i.instr())),
                    }
                }
                Op::SetItem => {
                    let (object, key, value) = (r!(i.a()), r!(i.b()), r!(i.c()));
                    let done = match (object.as_gc::<List>(), key.as_int()) {
                        (Some(list), Some(n)) => {
                            let at = if n < 0 {
                                n + list.len(&self.heap) as i64
                            } else {
                                n
                            };
                            list.set_item(&self.heap, at as usize, value)
                        }
                        _ => self.set_item_of(object, key, value),
                    };
                    if !done {
                        slow!(self.set_item_op(i.instr()));
                    }
                }
                Op::GetSlice => slow!(self.get_slice_op(i.instr())),
                Op::SetSlice => slow!(self.set_slice_op(i.instr())),
                Op::DelItem => slow!(self.del_item_op(i.instr())),
                Op::BuildSlice => slow!(self.build_slice(i.instr())),

                Op::Call => {
                    let callee = r!(i.a());
                    if let Some(function) = callee.as_gc::<Function>() {
                        enter!(
                            function,
                            i.a() as usize + 1,
                            u32::from(i.b()),
                            self.call_op(i.instr()).map(|()| None)
                        );
                    } else if callee.as_gc::<Class>().is_some_and(|c| c.builtin.is_none()) {
                        trap!(self.construct_op(i.instr()));
                    } else if !self.quick_callee(w, i.instr()) {
                        trap!(self.call_native_op(i.instr()));
                    }
                }
                Op::CallMethod => {
                    let cache = code.get(&self.heap).cache(i.d());
                    let object = r!(i.a() + 1).as_object();
                    match object {
                        Some(o) if cache.guard.get() == self.guard(o.shape()) => {
                            let value = cache.value.get(&self.heap);
                            if let Some(function) = value.as_gc::<Function>() {
                                enter!(
                                    function,
                                    i.a() as usize + 1,
                                    u32::from(i.b()) + 1,
                                    self.call_method_op(i.instr())
                                );
                            } else if let Some(native) = value.as_gc::<NativeFunction>() {
                                let native = self.registry.natives.get(native.id);
                                match native.call {
                                    NativeFn::Leaf(f) if native.takes(i.b() as usize + 1) => {
                                        let args = Args::new(
                                            &self.heap,
                                            w.slots(i.a() as usize + 1, i.b() as usize + 1),
                                        );
                                        match f(&self.heap, args) {
                                            Ok(value) => w.set(i.a(), value),
                                            Err(raised) => slow!(Err::<(), Raised>(raised)),
                                        }
                                        if let Err(raised) = self.heap.check_failed() {
                                            slow!(Err::<(), Raised>(raised));
                                        }
                                    }
                                    _ if self.quick_call(
                                        native,
                                        w,
                                        i.instr(),
                                        1,
                                        i.b() as usize + 1,
                                    ) => {}
                                    _ if o.kind() != Kind::Instance => {
                                        trap!(self.call_cached_native(native, i.instr()));
                                    }
                                    _ => trap!(self.call_method_op(i.instr())),
                                }
                            } else {
                                trap!(self.call_attribute_op(i.instr()));
                            }
                        }
                        Some(o) if self.recalls(cache, o, Access::Method) => continue,
                        _ => trap!(self.call_method_op(i.instr())),
                    }
                }
                Op::GetMethod => {
                    let cache = code.get(&self.heap).cache(i.d());
                    match r!(i.a() + 1).as_object() {
                        Some(o)
                            if cache.guard.get() == self.guard(o.shape())
                                && !cache.value.is_undef() =>
                        {
                            w.set(i.a(), cache.value.get(&self.heap));
                        }
                        Some(o)
                            if cache.guard.get() != self.guard(o.shape())
                                && self.recalls(cache, o, Access::Method) =>
                        {
                            continue;
                        }
                        _ => slow!(self.get_method_op(i.instr())),
                    }
                }
                Op::GetSuper => {
                    let cache = code.get(&self.heap).cache(i.d());
                    let (class, this) = (r!(i.a() + 1).as_gc::<Class>(), r!(i.a() + 2));
                    let known = class.zip(this.as_object()).is_some_and(|(class, o)| {
                        cache.guard.get() == self.guard(o.shape())
                            && cache.slot.get() == class.root_shape()
                    });
                    if known && self.heap.types.is_super(r!(i.a())) {
                        w.set(i.a(), cache.value.get(&self.heap));
                        w.set(i.a() + 1, this);
                    } else {
                        slow!(self.get_super_op(i.instr()));
                    }
                }
                Op::CallFound => {
                    let first = if r!(i.a() + 1).is_undef() { 2 } else { 1 };
                    match r!(i.a()).as_gc::<Function>() {
                        Some(function) => {
                            let (at, count) =
                                (i.a() as usize + first, u32::from(i.b()) + 2 - first as u32);
                            enter!(
                                function,
                                at,
                                count,
                                self.call_found_function(i.instr()).map(|()| None)
                            );
                        }
                        None => trap!(self.call_found_op(i.instr())),
                    }
                }
                Op::CallSpecial => trap!(self.call_special_op(i.instr())),
                Op::CallKw => trap!(self.call_kw_op(i.instr())),
                Op::CallEx => trap!(self.call_ex_op(i.instr())),
                Op::Ret => {
                    let value = r!(i.a());
                    let frame = self.exec.stack.pop();
                    if frame.flags.get() & !frame_flag::CAUGHT == 0 {
                        (ip, w, code) = self.exec.stack.top().state();
                        w.set(ip.previous().a, value);
                        continue;
                    } else {
                        self.exec.result.set(value);
                        if frame.flags.get() & frame_flag::OBSERVED != 0 {
                            self.observed_ends(&frame, ip.index(code.get(&self.heap)));
                        }
                        if frame.flags.get() & frame_flag::BOUNDARY != 0 {
                            return Ok(Some(Trap::Returned));
                        }
                        return self.frame_returned(frame).map(|()| None);
                    }
                }
                Op::RetCoro => trap!(self.ret_coro(i.instr())),

                Op::Await => trap!(self.await_op(i.instr())),
                Op::Yield => trap!(self.yield_op(i.instr())),
                Op::YieldFrom => trap!(self.yield_from_op(i.instr())),

                Op::BuildList => self.build_list(w, i.instr()),
                Op::BuildTuple => self.build_tuple(w, i.instr()),
                Op::BuildSet => slow!(self.build_set(i.instr())),
                Op::BuildDict => slow!(self.build_dict(i.instr())),
                Op::BuildString => slow!(self.build_string(i.instr())),
                Op::FormatValue => slow!(self.format_value(i.instr())),
                Op::ListAppend => {
                    if let Some(list) = r!(i.a()).as_gc::<List>()
                        && let Err(raised) = list.push(&self.heap, r!(i.b()))
                    {
                        slow!(Err::<(), Raised>(raised));
                    }
                }
                Op::ListExtend => slow!(self.list_extend(i.instr())),
                Op::ListToTuple => slow!(self.list_to_tuple(i.instr())),
                Op::SetAdd => slow!(self.set_add_op(i.instr())),
                Op::SetUpdate => slow!(self.set_update_op(i.instr())),
                Op::DictSet => {
                    if !self.set_item_of(r!(i.a()), r!(i.b()), r!(i.c())) {
                        slow!(self.dict_set_op(i.instr()));
                    }
                }
                Op::DictUpdate => slow!(self.dict_update_op(i.instr())),
                Op::DictMerge => slow!(self.dict_merge_op(i.instr())),
                Op::UnpackSeq => {
                    let source = r!(i.a());
                    match source.as_gc::<Tuple>() {
                        Some(tuple) if tuple.len() == i.d() as usize => {
                            for (n, slot) in tuple.tail().iter().enumerate() {
                                w.slot(i.b() as usize + n).set(slot.get(&self.heap));
                            }
                        }
                        _ => slow!(self.unpack_seq(i.instr())),
                    }
                }
                Op::UnpackEx => slow!(self.unpack_ex(i.instr())),
                Op::UnpackList => slow!(self.unpack_seq(i.instr())),
                Op::UnpackListEx => slow!(self.unpack_ex(i.instr())),

                Op::GetIter => slow!(self.get_iter_op(i.instr())),
                Op::ForIter => {
                    if let Some(iter) = r!(i.a()).as_gc::<Iter>() {
                        match iter.tag {
                            IterTag::Range => step!(i, next_of_range(&self.heap, iter)),
                            IterTag::List => step!(i, next_of_list(&self.heap, iter)),
                            IterTag::Tuple => step!(i, next_of_tuple(&self.heap, iter)),
                            // Pairs that are taken apart at once are never put together.
                            IterTag::Enumerate | IterTag::Zip | IterTag::DictItems
                                if i.c() == 1 =>
                            {
                                match next_pair(&self.heap, iter) {
                                    Ok(Advance::Item((first, second))) => {
                                        let unpack = ip.next().at_distance(i.d());
                                        w.set(unpack.b, first);
                                        w.set(unpack.b + 1, second);
                                        jump!(i.d() + 1);
                                    }
                                    Ok(Advance::End) => {}
                                    Ok(Advance::Program) => {
                                        trap!(self.for_iter_op(i.instr()))
                                    }
                                    Err(raised) => slow!(Err::<(), Raised>(raised)),
                                }
                            }
                            _ => match leaf_next(&self.heap, iter) {
                                Ok(Advance::Item(value)) => {
                                    w.set(i.b(), value);
                                    jump!(i.d());
                                }
                                Ok(Advance::End) => {}
                                Ok(Advance::Program) => trap!(self.for_iter_op(i.instr())),
                                Err(raised) => slow!(Err::<(), Raised>(raised)),
                            },
                        }
                    } else if r!(i.a()).is_gc::<Coroutine>() {
                        trap!(self.for_iter_generator_op(i.instr()));
                    } else {
                        trap!(self.for_iter_op(i.instr()));
                    }
                }
                Op::CloseIter => self.close_iter_op(i.instr()),
                Op::GetAIter => slow!(self.get_aiter_op(i.instr())),
                Op::GetANext => slow!(self.get_anext_op(i.instr())),

                Op::EndAsyncFor => slow!(self.end_async_for_op(i.instr())),

                Op::MakeFunction => slow!(self.make_function(i.instr())),
                Op::BuildClass => slow!(self.build_class_op(i.instr())),

                Op::Raise => slow!(self.raise_op(i.instr())),
                Op::RaiseFrom => slow!(self.raise_from_op(i.instr())),
                Op::Reraise => slow!(self.reraise_op(i.instr())),
                Op::RaiseHandled => slow!(self.raise_handled_op()),
                Op::ExcMatch => slow!(self.exc_match_op(i.instr())),
                Op::ExcInfo => slow!(self.exc_info_op(i.instr())),
                Op::ExcStarSplit => slow!(self.exc_star_split_op(i.instr())),
                Op::ExcStarFinish => slow!(self.exc_star_finish_op(i.instr())),
                Op::Cover => slow!(self.cover_op(i.instr())),
                Op::Traced => slow!(self.traced_op()),
                Op::AssertFail => slow!(self.assert_fail_op(i.instr())),
                Op::CheckWith => slow!(self.check_with_op(i.instr())),

                Op::MatchSeq => slow!(self.match_seq_op(i.instr())),
                Op::MatchMap => slow!(self.match_map_op(i.instr())),
                Op::MatchKeys => slow!(self.match_keys_op(i.instr())),
                Op::MatchClass => slow!(self.match_class_op(i.instr())),
                Op::GetLen => slow!(self.get_len_op(i.instr())),

                Op::Import => slow!(self.import_op(i.instr())),
                Op::ImportFrom => slow!(self.import_from_op(i.instr())),
                Op::ImportStar => slow!(self.import_star_op(i.instr())),
                Op::TypeParam => slow!(self.type_param_op(i.instr())),
                Op::GenericBase => slow!(self.generic_base_op(i.instr())),
                Op::TypeAlias => slow!(self.type_alias_op(i.instr())),
                Op::Display => slow!(self.display_op(i.instr())),
            }
            ip.step();
        }
    }

    /// The safepoint of a jump back from before `from` to before `to`; it is the jump that raises, since its goal may be in another
    /// handler's range.
    #[cold]
    fn attend_jump(&mut self, from: Cursor, to: Cursor) -> Result<(), Raised> {
        self.exec.stack.top_mut().ip = to;
        let attended = self.attend();
        if attended.is_err() {
            self.exec.stack.top_mut().ip = from;
        }
        attended
    }

    /// Follows every cold method, which may have entered a function or a coroutine: a safepoint; then its exception, where it has
    /// raised one, finds its handler. Returns the trap that ends the run; without one the loop goes on with the top frame.
    #[inline(always)]
    fn after_cold(&mut self, done: Result<Option<Trap>, Raised>, floor: Mark) -> Option<Trap> {
        let done = match done {
            Ok(None) if self.heap.budget.is_over() => self.attend().map(|()| None),
            done => done,
        };
        done.unwrap_or_else(|raised| {
            let trap = self.unwind(raised);
            // Whatever locals the failed operation made are dead now.
            self.release(floor);
            trap
        })
    }

    /// Ends the run.
    fn leave(&self, trap: Trap) -> Result<Trap, Raised> {
        if trap == Trap::Raised {
            Err(self.heap.raise_pending())
        } else {
            Ok(trap)
        }
    }

    /// What `GetAttr` finds through a cache whose guard holds, where that is in no slot of the object; Undef: ask its getter.
    #[inline(never)]
    fn cached_value<'h>(&'h self, object: Gc<'h, Header>, cache: &Cache) -> Value<'h> {
        let (heap, slot) = (&self.heap, cache.slot.get());
        match slot {
            CLASS_VALUE => cache.value.get(heap),
            GETTER => Value::UNDEF,
            _ => match object.downcast::<Module>() {
                Some(module) => module
                    .globals
                    .values
                    .get(heap, slot as usize)
                    .unwrap_or(Value::UNDEF),
                None => object
                    .downcast::<Instance>()
                    .map_or(Value::UNDEF, |o| o.slot(heap, slot as usize)),
            },
        }
    }
}

const _: () = assert!(size_of::<Result<Trap, Raised>>() <= 2);
