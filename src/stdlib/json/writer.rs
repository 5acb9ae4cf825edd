//! The writer of JSON: values to text. Values of builtin types are written without a call; others go to `default`.
//!
//! It is recursive, and so are the values: each level is counted by `Vm::nested`. Containers are remembered by identity while they are
//! open, so that a circle is an error. To add a type that JSON knows: an arm in `leaf` or `write`.

use super::escape::{Escapes, push_string};
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{as_str, checked, plain_value};
use crate::text::float_repr::float_repr;
use crate::text::int_text::{Decimal, int_to_str};
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
    open: Vec<i64>,
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
            let id = vm.heap.id_of(vm.get(local));
            if self.open.contains(&id) {
                return Err(vm.heap.value_error("Circular reference detected"));
            }
            self.open.push(id);
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
        } else if let Some(number) = self.number(heap, value)? {
            heap.grow_text(&mut self.out, number.len())?;
            self.out.push_str(&number);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The text of a number; `None`: it is none.
    fn number(&self, heap: &Heap, value: Value<'_>) -> Result<Option<String>, Raised> {
        let plain = plain_value(heap, value);
        if let Some(n) = plain.as_i64() {
            let digits = Decimal::new(n);
            return Ok(Some(
                String::from_utf8_lossy(digits.as_bytes()).into_owned(),
            ));
        }
        if let Some(n) = plain.as_any_int() {
            return checked(heap, int_to_str(n, heap.digit_limit.get())).map(Some);
        }
        let Some(x) = plain.as_float() else {
            return Ok(None);
        };
        if x.is_finite() {
            return Ok(Some(float_repr(x)));
        }
        if self.style.floats == Unfit::Refused {
            let shown = float_repr(x);
            let message = format!("Out of range float values are not JSON compliant: {shown}");
            return Err(heap.value_error(message));
        }
        let word = match (x.is_nan(), x > 0.0) {
            (true, _) => "NaN",
            (false, true) => "Infinity",
            (false, false) => "-Infinity",
        };
        Ok(Some(word.to_owned()))
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
        let pairs = self.pairs(vm, local)?;
        self.begin(Brackets::Object);
        let mut is_first = true;
        let mut at = 0;
        while let Some(pair) = vm
            .get_gc::<List>(pairs)
            .and_then(|pairs| pairs.item(&vm.heap, at))
        {
            at += 1;
            let Some(pair) = pair.as_gc::<Tuple>() else {
                return Err(vm.heap.value_error("items must return 2-tuples"));
            };
            let (Some(key), Some(value)) = (pair.at(&vm.heap, 0), pair.at(&vm.heap, 1)) else {
                return Err(vm.heap.value_error("items must return 2-tuples"));
            };
            let Some(name) = self.name(&vm.heap, key)? else {
                continue;
            };
            self.before_item(&vm.heap, is_first)?;
            is_first = false;
            self.string(&vm.heap, &name)?;
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

    /// The members of an object as a list of pairs.
    fn pairs(&self, vm: &mut Vm, local: Local) -> Result<Local, Raised> {
        let pairs = match vm.get_gc::<Dict>(local) {
            Some(dict) => {
                let heap = &vm.heap;
                let entries = dict.get().table.entries(heap);
                let pairs = entries
                    .into_iter()
                    .map(|(key, value)| heap.tuple(&[key, value]).value());
                vm.local(heap.list(pairs).value())
            }
            None => {
                let items = vm.call_method(local, "items", &[])?;
                vm.to_list(items)?
            }
        };
        if self.style.order == Order::Sorted {
            vm.call_method(pairs, "sort", &[])?;
        }
        Ok(pairs)
    }

    /// The name of a member; `None`: it is left out.
    fn name<'h>(&self, heap: &'h Heap, key: Value<'h>) -> Result<Option<String>, Raised> {
        if let Some(text) = as_str(heap, key) {
            return Ok(Some(text.as_str().to_owned()));
        }
        if key.is_none() {
            return Ok(Some("null".to_owned()));
        }
        if let Some(word) = bool_word(key) {
            return Ok(Some(word.to_owned()));
        }
        if let Some(number) = self.number(heap, key)? {
            return Ok(Some(number));
        }
        if self.style.keys == Unfit::Tolerated {
            return Ok(None);
        }
        let class = heap.type_name(key);
        let message = format!("keys must be str, int, float, bool or None, not {class}");
        Err(heap.raise(Builtin::TypeError, message))
    }
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
