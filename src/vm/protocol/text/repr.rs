//! The repr of values and containers.
//!
//! Values that hold no others (`write_leaf`) need no locals and no calls. Containers mark themselves while they are written, so that
//! one that contains itself shows `[...]` in its place, and are read item by item, since an item's `__repr__` may change them.

use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::class::Class;
use crate::runtime::complex::Complex;
use crate::runtime::heap::{Kind, flag};
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::native::NativeFunction;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::slice::Slice;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::value::Unpacked;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::text::int_text::int_to_long_str;
use crate::text::{TextError, float_repr, str_repr};
use crate::vm::Vm;
use crate::vm::local::Local;

/// Room that the text of a small value takes, with what goes around it.
const LEAF: usize = 64;

impl Vm {
    /// Appends the repr of a value that holds no others and has no say in it; false for all else.
    pub(super) fn write_leaf(&self, value: Value<'_>, out: &mut String) -> Result<bool, Raised> {
        use std::fmt::Write;
        self.heap.poll(1)?;
        self.heap.grow_text(out, LEAF)?;
        match value.unpack() {
            // Writing to a String cannot fail.
            Unpacked::Int(n) => drop(write!(out, "{n}")),
            Unpacked::Float(x) => out.push_str(&float_repr::float_repr(x)),
            Unpacked::None => out.push_str("None"),
            Unpacked::Bool(b) => out.push_str(if b { "True" } else { "False" }),
            Unpacked::Ellipsis => out.push_str("Ellipsis"),
            Unpacked::NotImplemented => out.push_str("NotImplemented"),
            Unpacked::Undef => out.push_str("<NULL>"),
            Unpacked::Object(object) => return self.write_leaf_object(object.kind(), value, out),
        }
        Ok(true)
    }

    fn write_leaf_object(
        &self,
        kind: Kind,
        value: Value<'_>,
        out: &mut String,
    ) -> Result<bool, Raised> {
        if let Some(written) = self.write_quoted(value, out) {
            return written.map(|()| true);
        }
        let text = match kind {
            Kind::Int => match value.as_any_int() {
                Some(n) => Some(
                    int_to_long_str(n, self.heap.digit_limit.get(), &mut |n| self.heap.pause(n))
                        .map_err(|error| self.heap.raise_text(error))?,
                ),
                None => None,
            },
            Kind::Complex => value
                .as_gc::<Complex>()
                .map(|c| float_repr::complex_repr(c.re, c.im)),
            Kind::Range => value.as_gc::<Range>().map(|range| range_repr(*range.get())),
            _ => None,
        };
        let shown = text.as_deref().unwrap_or_default();
        self.heap.grow_text(out, shown.len())?;
        out.push_str(shown);
        Ok(text.is_some())
    }

    /// Appends the repr of a string, bytes or a bytearray; None: it is none of these.
    fn write_quoted(&self, value: Value<'_>, out: &mut String) -> Option<Result<(), Raised>> {
        let heap = &self.heap;
        let grow = &mut |out: &mut String, more: usize| {
            let grown = heap.grow_text(out, more);
            grown.map_err(|_| TextError::ended())
        };
        let written = if let Some(text) = value.as_gc::<Str>() {
            str_repr::write_str(text.as_str(), out, grow)
        } else if let Some(bytes) = value.as_gc::<Bytes>() {
            str_repr::write_bytes(bytes.as_slice(), out, grow)
        } else {
            str_repr::write_bytearray(&value.as_gc::<ByteArray>()?.read(heap), out, grow)
        };
        Some(written.map_err(|error| heap.raise_text(error)))
    }

    /// Appends what the builtin type under a value makes of it.
    pub(super) fn write_builtin_repr(
        &mut self,
        value: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        if self.write_leaf(self.get(value), out)? {
            return Ok(());
        }
        match self.get(value).as_object().map(Gc::kind) {
            Some(Kind::List) => self.write_list(value, out),
            Some(Kind::Tuple) => self.write_tuple(value, out),
            Some(Kind::Dict) => self.write_dict(value, out),
            Some(Kind::Set) => {
                let name = self.heap.type_name(self.get(value)).to_owned();
                self.write_set(value, &name, out)
            }
            Some(Kind::Slice) => self.write_slice(value, out),
            Some(Kind::View) => self.write_view(value, out),
            Some(Kind::Instance) => self.write_instance(value, out),
            _ => self.write_object(value, out),
        }
    }

    /// An instance that extends a builtin type shows as that, one of a set under its own class's name.
    fn write_instance(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        let payload = self
            .get_gc::<Instance>(value)
            .and_then(|instance| instance.payload(&self.heap));
        let Some(payload) = payload else {
            return self.write_default(value, out);
        };
        let payload = self.local(payload);
        let name = self.heap.type_name(self.get(value)).to_owned();
        match self.get(payload).as_object().map(Gc::kind) {
            Some(Kind::Set) if self.iterates_by_user(value) => {
                self.write_iterated_set(value, payload, &name, out)
            }
            Some(Kind::Set) => self.write_set(payload, &name, out),
            Some(Kind::ByteArray) => {
                let mut text = String::new();
                self.write_leaf(self.get(payload), &mut text)?;
                out.push_str(&text.replacen(Builtin::ByteArray.name(), &name, 1));
                Ok(())
            }
            _ => self.write_builtin_repr(payload, out),
        }
    }

    /// Writes a container, unless it is being written already: then `again`.
    pub fn write_once(
        &mut self,
        value: Local,
        again: &str,
        out: &mut String,
        body: impl FnOnce(&mut Vm, &mut String) -> Result<(), Raised>,
    ) -> Result<(), Raised> {
        let Some(object) = self.get(value).as_object() else {
            return Ok(());
        };
        if object.has_flag(flag::IN_REPR) {
            out.push_str(again);
            return Ok(());
        }
        object.set_flag(flag::IN_REPR, true);
        let result = self.nested_for(" while getting the repr of an object", |vm| body(vm, out));
        if let Some(object) = self.get(value).as_object() {
            object.set_flag(flag::IN_REPR, false);
        }
        result
    }

    /// Appends the repr of an item that `item` finds, then of the next one, until there is none, with commas between.
    fn write_items(
        &mut self,
        out: &mut String,
        mut item: impl for<'h> FnMut(&'h Vm) -> Option<Value<'h>>,
    ) -> Result<usize, Raised> {
        let mut count = 0;
        let slot = self.none();
        while let Some(value) = item(self) {
            if count > 0 {
                out.push_str(", ");
            }
            if !self.write_leaf(value, out)? {
                self.set(slot, value);
                self.write_repr(slot, out)?;
            }
            count += 1;
        }
        Ok(count)
    }

    fn write_list(&mut self, list: Local, out: &mut String) -> Result<(), Raised> {
        self.write_once(list, "[...]", out, |vm, out| {
            let mut n = 0;
            out.push('[');
            vm.write_items(out, |vm| {
                n += 1;
                vm.get_gc::<List>(list)?.item(&vm.heap, n - 1)
            })?;
            out.push(']');
            Ok(())
        })
    }

    pub(super) fn write_tuple(&mut self, tuple: Local, out: &mut String) -> Result<(), Raised> {
        self.write_once(tuple, "(...)", out, |vm, out| {
            let mut n = 0;
            out.push('(');
            let count = vm.write_items(out, |vm| {
                n += 1;
                vm.get_gc::<Tuple>(tuple)?.at(&vm.heap, n - 1)
            })?;
            out.push_str(if count == 1 { ",)" } else { ")" });
            Ok(())
        })
    }

    fn write_dict(&mut self, dict: Local, out: &mut String) -> Result<(), Raised> {
        self.write_once(dict, "{...}", out, |vm, out| {
            let (mut at, mut first) = (0, true);
            let (key, value) = (vm.none(), vm.none());
            out.push('{');
            while let Some((k, v)) = vm.entry_at(dict, &mut at) {
                vm.set(key, k);
                vm.set(value, v);
                if !std::mem::take(&mut first) {
                    out.push_str(", ");
                }
                vm.write_repr(key, out)?;
                out.push_str(": ");
                vm.write_repr(value, out)?;
            }
            out.push('}');
            Ok(())
        })
    }

    fn write_set(&mut self, set: Local, name: &str, out: &mut String) -> Result<(), Raised> {
        let table_is_empty = self
            .get_gc::<Set>(set)
            .is_none_or(|set| set.members.is_empty(&self.heap));
        if table_is_empty {
            out.push_str(name);
            out.push_str("()");
            return Ok(());
        }
        let braces = if name == Builtin::Set.name() {
            ("{".to_owned(), "}")
        } else {
            (format!("{name}({{"), "})")
        };
        self.write_once(set, &format!("{name}(...)"), out, |vm, out| {
            let mut at = 0;
            out.push_str(&braces.0);
            vm.write_items(out, |vm| {
                let members = &vm.get_gc::<Set>(set)?.get().members;
                let (position, _, member) = members.next(&vm.heap, at)?;
                at = position + 1;
                Some(member)
            })?;
            out.push_str(braces.1);
            Ok(())
        })
    }

    /// Whether a class of user code says what is in an object.
    fn iterates_by_user(&self, value: Local) -> bool {
        [Sym::Iter, Sym::Len].into_iter().any(|sym| {
            let method = self.special(self.get(value), sym);
            method.is_some_and(|method| !method.is_gc::<NativeFunction>())
        })
    }

    /// A set whose class has an `__iter__` or `__len__` of its own shows what these say.
    fn write_iterated_set(
        &mut self,
        set: Local,
        payload: Local,
        name: &str,
        out: &mut String,
    ) -> Result<(), Raised> {
        let members = self.get_gc::<Set>(payload);
        if members.is_none_or(|set| set.members.is_empty(&self.heap)) {
            out.push_str(name);
            out.push_str("()");
            return Ok(());
        }
        self.write_once(set, &format!("{name}(...)"), out, |vm, out| {
            let items = vm.to_list(set)?;
            let text = vm.repr_text(items)?;
            let text = text.get(1..text.len() - 1).unwrap_or_default();
            out.push_str(&format!("{name}({{{text}}})"));
            Ok(())
        })
    }

    fn write_slice(&mut self, slice: Local, out: &mut String) -> Result<(), Raised> {
        self.write_once(slice, "slice(...)", out, |vm, out| {
            let mut n = 0;
            out.push_str("slice(");
            vm.write_items(out, |vm| {
                let slice = vm.get_gc::<Slice>(slice)?.get();
                n += 1;
                let slot = [&slice.start, &slice.stop, &slice.step]
                    .get(n - 1)
                    .copied()?;
                Some(slot.get(&vm.heap))
            })?;
            out.push(')');
            Ok(())
        })
    }

    fn write_view(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        let Some(view) = self.get_gc::<View>(value) else {
            return Ok(());
        };
        let (tag, source) = (view.tag, self.local(view.get().source.get(&self.heap)));
        let name = self.heap.type_name(self.get(value)).to_owned();
        self.write_once(value, "...", out, |vm, out| {
            out.push_str(&name);
            out.push('(');
            match tag {
                ViewTag::Proxy => vm.write_proxied(source, out)?,
                _ => vm.write_view_items(tag, source, out)?,
            }
            out.push(')');
            Ok(())
        })
    }

    fn write_view_items(
        &mut self,
        tag: ViewTag,
        dict: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        let mut at = 0;
        out.push('[');
        self.write_items(out, |vm| {
            let (key, value) = vm.entry_at(dict, &mut at)?;
            Some(match tag {
                ViewTag::Keys | ViewTag::Proxy => key,
                ViewTag::Values => value,
                ViewTag::Items => vm.heap.tuple(&[key, value]).value(),
            })
        })?;
        out.push(']');
        Ok(())
    }

    /// What a mapping proxy shows: a mapping, or the attributes of a class.
    fn write_proxied(&mut self, source: Local, out: &mut String) -> Result<(), Raised> {
        let Some(class) = self.get_gc::<Class>(source) else {
            return self.write_repr(source, out);
        };
        let dict = self.heap.dict();
        for (name, value) in class.attrs.entries(&self.heap) {
            dict.set_str(&self.heap, name, value);
        }
        let dict = self.local(dict.value());
        self.write_dict(dict, out)
    }
}

fn range_repr(range: Range) -> String {
    let Range { start, stop, step } = range;
    if step == 1 {
        format!("range({start}, {stop})")
    } else {
        format!("range({start}, {stop}, {step})")
    }
}
