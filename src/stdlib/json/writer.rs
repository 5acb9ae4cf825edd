//! The writer of JSON: values to text. Values of builtin types are written without a call; others go to `default`.
//!
//! It is recursive, and so are the values: each level is counted by `Vm::nested`. Containers are remembered by identity while they are
//! open, so that a circle is an error. To add a type that JSON knows: an arm in `leaf` or `write`.

use super::escape::{Escapes, push_string};
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{as_str, checked, plain_value};
use crate::text::float_repr::float_repr;
use crate::text::int_text::{Decimal, int_to_long_str};
use crate::text::pause::pieces;
use crate::vm::{Local, Vm};

/// Room that a small value takes, with what goes around it.
const ITEM: usize = 256;
/// Texts of so many bytes are quoted piece by piece.
const LONG_TEXT: usize = 1 << 16;

/// What happens to a name that JSON cannot have, or a float that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// TypeError or ValueError.
    Refused,
    /// The name is left out; the float is written as JavaScript would.
    Tolerated,
}

/// Whether the members of objects are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they come.
    Given,
    /// By name.
    Sorted,
}

/// How a text is written.
pub struct Style {
    /// What happens to names that are no strings, numbers, bools or None.
    pub keys: Unfit,
    /// What happens to NaN and infinities.
    pub floats: Unfit,
    /// How strings are escaped.
    pub escapes: Escapes,
    /// The order of members.
    pub order: Order,
    /// What a level is indented by; `None`: all in one line.
    pub indent: Option<String>,
    /// What stands between items.
    pub item_separator: String,
    /// What stands between name and value.
    pub key_separator: String,
    /// Whether circles are looked for.
    pub check_circular: bool,
}

/// A text in the making.
pub struct Writer {
    style: Style,
    /// Turns what JSON does not know into what it knows.
    default: Option<Local>,
    /// The addresses of the containers that are being written; locals keep them.
    open: Vec<usize>,
    level: usize,
    out: String,
}

/// Which brackets.
#[derive(Clone, Copy)]
enum Brackets {
    Array,
    Object,
}

impl Brackets {
    fn brackets(self) -> (char, char) {
        match self {
            Brackets::Array => ('[', ']'),
            Brackets::Object => ('{', '}'),
        }
    }
}

impl Writer {
    /// A writer with an empty text.
    pub fn new(style: Style, default: Option<Local>) -> Writer {
        Writer {
            style,
            default,
            open: Vec::new(),
            level: 0,
            out: String::new(),
        }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.out
    }

    /// Writes a value.
    pub fn write(&mut self, vm: &mut Vm, local: Local) -> Result<(), Raised> {
        let value = vm.get(local);
        if self.leaf(&vm.heap, value)? {
            return Ok(());
        }
        let plain = plain_value(&vm.heap, value);
        let is_exact = plain.is(value);
        if plain.is_gc::<List>() || plain.is_gc::<Tuple>() {
            return self.enclosed(vm, local, |this, vm| match is_exact {
                true => this.array(vm, local),
                // A subclass says itself what its items are.
                false => {
                    let items = vm.iter(local)?;
                    let items = vm.to_list(items)?;
                    this.array(vm, items)
                }
            });
        }
        if plain.is_gc::<Dict>() {
            return self.enclosed(vm, local, |this, vm| this.object(vm, local));
        }
        let Some(default) = self.default else {
            let class = vm.heap.type_name(value);
            let message = format!("Object of type {class} is not JSON serializable");
            return Err(vm.heap.type_error(message));
        };
        self.enclosed(vm, local, |this, vm| {
            let made = vm.call(default, &[local])?;
            this.write(vm, made)
        })
    }

    /// Writes the inside of something that may be part of itself.
    fn enclosed(
        &mut self,
        vm: &mut Vm,
        local: Local,
        body: impl FnOnce(&mut Writer, &mut Vm) -> Result<(), Raised>,
    ) -> Result<(), Raised> {
        if self.style.check_circular {
            let address = vm.get(local).as_object().map_or(0, Gc::address);
            if self.open.contains(&address) {
                return Err(vm.heap.value_error("Circular reference detected"));
            }
            self.open.push(address);
        }
        let mark = vm.mark();
        vm.nested(|vm| body(self, vm))?;
        vm.release(mark);
        if self.style.check_circular {
            self.open.pop();
        }
        Ok(())
    }

    /// Writes a value that contains no others; false: it is none.
    fn leaf(&mut self, heap: &Heap, value: Value<'_>) -> Result<bool, Raised> {
        heap.poll(1)?;
        heap.grow_text(&mut self.out, ITEM)?;
        if let Some(text) = as_str(heap, value) {
            self.string(heap, text.as_str())?;
        } else if value.is_none() {
            self.out.push_str("null");
        } else if let Some(word) = bool_word(value) {
            self.out.push_str(word);
        } else {
            return self.number(heap, value);
        }
        Ok(true)
    }

    /// Writes a number; false: it is none.
    fn number(&mut self, heap: &Heap, value: Value<'_>) -> Result<bool, Raised> {
        let plain = plain_value(heap, value);
        if let Some(n) = plain.as_i64() {
            self.out.push_str(Decimal::new(n).text());
        } else if let Some(n) = plain.as_any_int() {
            let pause = &mut |digits| heap.pause(digits);
            let digits = checked(heap, int_to_long_str(n, heap.digit_limit.get(), pause))?;
            heap.grow_text(&mut self.out, digits.len())?;
            self.out.push_str(&digits);
        } else if let Some(x) = plain.as_float() {
            self.float(heap, x)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn float(&mut self, heap: &Heap, x: f64) -> Result<(), Raised> {
        if x.is_finite() {
            self.out.push_str(&float_repr(x));
            return Ok(());
        }
        if self.style.floats == Unfit::Refused {
            let shown = float_repr(x);
            let message = format!("Out of range float values are not JSON compliant: {shown}");
            return Err(heap.value_error(message));
        }
        self.out.push_str(match (x.is_nan(), x > 0.0) {
            (true, _) => "NaN",
            (false, true) => "Infinity",
            (false, false) => "-Infinity",
        });
        Ok(())
    }

    fn begin(&mut self, shape: Brackets) {
        self.out.push(shape.brackets().0);
        self.level += 1;
    }

    /// What stands before an item.
    fn before_item(&mut self, heap: &Heap, is_first: bool) -> Result<(), Raised> {
        if !is_first {
            heap.append_text(&mut self.out, &self.style.item_separator)?;
        }
        self.new_line(heap)
    }

    fn new_line(&mut self, heap: &Heap) -> Result<(), Raised> {
        let Some(indent) = &self.style.indent else {
            return Ok(());
        };
        heap.grow_text(&mut self.out, 1 + self.level.saturating_mul(indent.len()))?;
        self.out.push('\n');
        for _ in 0..self.level {
            self.out.push_str(indent);
        }
        Ok(())
    }

    fn end(&mut self, heap: &Heap, shape: Brackets, is_empty: bool) -> Result<(), Raised> {
        self.level -= 1;
        if !is_empty {
            self.new_line(heap)?;
        }
        self.out.push(shape.brackets().1);
        Ok(())
    }

    /// Writes a text in quotes.
    fn string(&mut self, heap: &Heap, text: &str) -> Result<(), Raised> {
        let likely = text.len() + text.len() / 2;
        if text.len() < LONG_TEXT {
            heap.grow_text(&mut self.out, likely + ITEM)?;
            push_string(&mut self.out, text, self.style.escapes);
            return Ok(());
        }
        heap.grow_text(&mut self.out, likely)?;
        let mut quoted = String::new();
        self.out.push('"');
        for piece in pieces(text) {
            quoted.clear();
            push_string(&mut quoted, &text[piece], self.style.escapes);
            heap.append_text(&mut self.out, &quoted[1..quoted.len() - 1])?;
        }
        heap.append_text(&mut self.out, "\"")
    }

    fn array(&mut self, vm: &mut Vm, local: Local) -> Result<(), Raised> {
        self.begin(Brackets::Array);
        let mut count = 0;
        while let Some(item) = item_at(vm, local, count) {
            self.before_item(&vm.heap, count == 0)?;
            // Most items are written where they are, without a local.
            if !self.leaf(&vm.heap, item)? {
                let mark = vm.mark();
                let item = vm.local(item);
                self.write(vm, item)?;
                vm.release(mark);
            }
            count += 1;
        }
        vm.native_safepoint()?;
        self.end(&vm.heap, Brackets::Array, count == 0)
    }

    fn object(&mut self, vm: &mut Vm, local: Local) -> Result<(), Raised> {
        let plain = plain_value(&vm.heap, vm.get(local));
        if (plain.as_gc::<Dict>()).is_some_and(|dict| dict.get().table.is_empty(&vm.heap)) {
            // Then also the `items` of a subclass is not asked.
            self.out.push_str("{}");
            return Ok(());
        }
        let members = self.members(vm, local)?;
        self.begin(Brackets::Object);
        let mut is_first = true;
        let mut at = 0;
        while let Some((name, value)) = pair_at(vm, members, at) {
            at += 2;
            if !self.name(&vm.heap, name, is_first)? {
                continue;
            }
            is_first = false;
            vm.heap
                .append_text(&mut self.out, &self.style.key_separator)?;
            if !self.leaf(&vm.heap, value)? {
                let mark = vm.mark();
                let value = vm.local(value);
                self.write(vm, value)?;
                vm.release(mark);
            }
        }
        vm.native_safepoint()?;
        self.end(&vm.heap, Brackets::Object, is_first)
    }

    /// The members of an object as a list: a name, its value, the next name ...
    fn members(&self, vm: &mut Vm, local: Local) -> Result<Local, Raised> {
        if let Some(dict) = vm.get_gc::<Dict>(local) {
            let heap = &vm.heap;
            let mut entries = dict.get().table.entries(heap);
            if self.style.order == Order::Given || sort_by_text(heap, &mut entries) {
                let flat = entries.into_iter().flat_map(|(name, value)| [name, value]);
                return Ok(vm.local(heap.list(flat).value()));
            }
        }
        let items = vm.call_method(local, "items", &[])?;
        let pairs = vm.to_list(items)?;
        if self.style.order == Order::Sorted {
            vm.call_method(pairs, "sort", &[])?;
        }
        let flat = vm.local(vm.heap.list([]).value());
        let mut at = 0;
        while let Some(pair) = item_at(vm, pairs, at) {
            let members = pair.as_gc::<Tuple>().filter(|pair| pair.len() == 2);
            let Some(members) = members else {
                return Err(vm.heap.value_error("items must return 2-tuples"));
            };
            if let Some(list) = vm.get_gc::<List>(flat) {
                list.get().extend(&vm.heap, members.iter(&vm.heap))?;
            }
            at += 1;
        }
        Ok(flat)
    }

    /// Writes the name of a member, with what stands before it; false: it is left out.
    fn name(&mut self, heap: &Heap, name: Value<'_>, is_first: bool) -> Result<bool, Raised> {
        let text = as_str(heap, name);
        let word = match name.is_none() {
            true => Some("null"),
            false => bool_word(name),
        };
        let is_number = || {
            let plain = plain_value(heap, name);
            plain.as_any_int().is_some() || plain.as_float().is_some()
        };
        if text.is_none() && word.is_none() && !is_number() {
            if self.style.keys == Unfit::Tolerated {
                return Ok(false);
            }
            let class = heap.type_name(name);
            let message = format!("keys must be str, int, float, bool or None, not {class}");
            return Err(heap.raise(Builtin::TypeError, message));
        }
        self.before_item(heap, is_first)?;
        if let Some(text) = text {
            self.string(heap, text.as_str())?;
            return Ok(true);
        }
        self.out.push('"');
        match word {
            Some(word) => self.out.push_str(word),
            None => drop(self.number(heap, name)?),
        }
        self.out.push('"');
        Ok(true)
    }
}

/// Sorts members whose names are all texts; false: they are not.
fn sort_by_text<'h>(heap: &'h Heap, members: &mut [(Value<'h>, Value<'h>)]) -> bool {
    let is_text = |name: &Value<'h>| name.is_gc::<Str>();
    if !members.iter().all(|(name, _)| is_text(name)) {
        return false;
    }
    // The order of code points is that of their bytes.
    members.sort_by_key(|(name, _)| as_str(heap, *name).map(Gc::<Str>::as_str));
    true
}

fn bool_word(value: Value<'_>) -> Option<&'static str> {
    match value.as_bool()? {
        true => Some("true"),
        false => Some("false"),
    }
}

/// An item of a list or tuple.
fn item_at(vm: &Vm, local: Local, at: usize) -> Option<Value<'_>> {
    let plain = vm.get(local);
    match plain.as_gc::<List>() {
        Some(list) => list.item(&vm.heap, at),
        None => plain
            .as_gc::<Tuple>()
            .and_then(|tuple: Gc<'_, Tuple>| tuple.at(&vm.heap, at)),
    }
}

/// The name and the value that stand at a position in a list of members.
fn pair_at(vm: &Vm, members: Local, at: usize) -> Option<(Value<'_>, Value<'_>)> {
    let members = vm.get_gc::<List>(members)?;
    Some((
        members.get().item(&vm.heap, at)?,
        members.get().item(&vm.heap, at + 1)?,
    ))
}
