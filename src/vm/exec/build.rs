//! Building: list, tuple, set and dict displays, joined strings, cells; and what displays with stars and calls with `**` do to
//! the dict or set under construction.
//!
//! Keys whose hash and equality need no program code go straight into the table; the others through `equality.rs`.

use crate::bytecode::Instr;
use crate::runtime::cell::{CellObj, Spill};
use crate::runtime::dict::Dict;
use crate::runtime::heap::SlotVec;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::members::Members;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::table::Found;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value, builtin_eq};
use crate::vm::Vm;
use crate::vm::exec::frame::Window;
use crate::vm::local::Local;

impl Vm {
    /// The registers `R[b] .. R[b + count - 1]`.
    fn operands<'h>(
        &'h self,
        i: Instr,
        count: usize,
    ) -> impl ExactSizeIterator<Item = Value<'h>> + 'h {
        self.exec
            .stack
            .top()
            .window
            .slots(i.b as usize, count)
            .iter()
            .map(|slot| slot.get(&self.heap))
    }

    /// `R[a] := [R[b], ..., d items]`
    #[inline(never)]
    pub(in crate::vm) fn build_list(&self, w: Window, i: Instr) {
        let items = w.slots(i.b as usize, i.d as usize);
        let list = self
            .heap
            .list(items.iter().map(|slot| slot.get(&self.heap)));
        w.set(i.a, list.value());
    }

    /// `R[a] := (R[b], ..., d items)`
    #[inline(never)]
    pub(in crate::vm) fn build_tuple(&self, w: Window, i: Instr) {
        let items = w.slots(i.b as usize, i.d as usize);
        w.set(i.a, self.heap.tuple_of(items).value());
    }

    /// `R[a] := {R[b], ..., d items}`
    pub(in crate::vm) fn build_set(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let set = self.local(self.heap.set(Members::default()).value());
        for n in 0..i.d as u8 {
            self.add_item(set, self.reg_local(i.b + n))?;
        }
        self.finish(mark, i.a, set);
        Ok(())
    }

    /// `R[a] := {R[b]: R[b+1], ..., d pairs}`
    pub(in crate::vm) fn build_dict(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let dict = self.local(self.heap.dict().value());
        for n in 0..i.d as u8 {
            let (key, value) = (self.reg_local(i.b + 2 * n), self.reg_local(i.b + 2 * n + 1));
            self.bind_item(dict, key, value)?;
        }
        self.finish(mark, i.a, dict);
        Ok(())
    }

    /// `R[a] := ''.join(R[b], ..., d strings)`
    pub(in crate::vm) fn build_string(&mut self, i: Instr) -> Result<(), Raised> {
        let parts = || {
            self.operands(i, i.d as usize)
                .filter_map(|part| part.as_gc::<Str>())
        };
        let text = self
            .heap
            .joined(|| parts().map(Gc::as_str))
            .ok_or_else(|| self.heap.string_too_long())?;
        self.set_reg(i.a, text);
        Ok(())
    }

    /// `R[a] := tuple(R[b])`, `R[b]` a list.
    pub(in crate::vm) fn list_to_tuple(&mut self, i: Instr) -> Result<(), Raised> {
        let items = self
            .reg(i.b)
            .as_gc::<List>()
            .map(|list| list.to_vec(&self.heap))
            .unwrap_or_default();
        self.set_reg(i.a, self.heap.tuple(&items).value());
        Ok(())
    }

    /// `R[a] := Cell(R[a])`
    pub(in crate::vm) fn make_cell(&mut self, i: Instr) -> Result<(), Raised> {
        let cell = self.heap.alloc(CellObj {
            value: Slot::new(self.reg(i.a)),
        });
        self.set_reg(i.a, cell.value());
        Ok(())
    }

    /// `R[a] :=` a spill area of `d` Undef slots.
    pub(in crate::vm) fn spill_new(&mut self, i: Instr) -> Result<(), Raised> {
        self.heap.charge(i.d as usize * size_of::<Slot>());
        let slots = SlotVec::from_values((0..i.d).map(|_| Value::UNDEF));
        self.set_reg(i.a, self.heap.alloc(Spill { slots }).value());
        Ok(())
    }
}

// Sets.
impl Vm {
    /// `R[a].add(R[b])`
    pub(in crate::vm) fn set_add_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.add_leaf(self.reg(i.a), self.reg(i.b)) {
            return Ok(());
        }
        let mark = self.mark();
        let (set, item) = (self.reg_local(i.a), self.reg_local(i.b));
        self.set_add(set, item)?;
        self.release(mark);
        Ok(())
    }

    /// `R[a].update(R[b])`
    pub(in crate::vm) fn set_update_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (set, items) = (self.reg_local(i.a), self.reg_local(i.b));
        self.add_all(set, items)?;
        self.release(mark);
        Ok(())
    }

    fn add_item(&mut self, set: Local, item: Local) -> Result<(), Raised> {
        if !self.add_leaf(self.get(set), self.get(item)) {
            self.set_add(set, item)?;
        }
        Ok(())
    }

    /// Adds an item that needs no program code; false: it does.
    fn add_leaf(&self, set: Value<'_>, item: Value<'_>) -> bool {
        let (Some(set), Some(hash)) = (set.as_gc::<Set>(), builtin_eq::hash(&self.heap, item))
        else {
            return false;
        };
        match set.members.find(&self.heap, hash, item) {
            Found::At(_) => true,
            // Without memory the general path raises.
            Found::Missing => set.members.push(&self.heap, hash, item).is_ok(),
            Found::Ask(_) => false,
        }
    }
}

// Dicts.
impl Vm {
    fn bind_item(&mut self, dict: Local, key: Local, value: Local) -> Result<(), Raised> {
        if self.dict_set_leaf(self.dict_in(dict), self.get(key), self.get(value)) {
            return Ok(());
        }
        self.dict_set(dict, key, value)
    }

    fn dict_in(&self, dict: Local) -> Gc<'_, Dict> {
        self.get_gc(dict).expect("the caller made the dict")
    }

    /// `R[a][R[b]] := R[c]`
    pub(in crate::vm) fn dict_set_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (dict, key, value) = (
            self.reg_local(i.a),
            self.reg_local(i.b),
            self.reg_local(i.c),
        );
        self.bind_item(dict, key, value)?;
        self.release(mark);
        Ok(())
    }

    /// `R[a].update(R[b])`, `R[b]` a mapping.
    pub(in crate::vm) fn dict_update_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (dict, other) = (self.reg_local(i.a), self.reg_local(i.b));
        if !self.update_from_mapping(dict, other)? {
            let name = self.heap.type_name(self.get(other));
            return Err(self
                .heap
                .type_error(format!("'{name}' object is not a mapping")));
        }
        self.release(mark);
        Ok(())
    }

    /// `dict.update(other)`: `other` is a mapping or an iterable of pairs.
    pub fn dict_update(&mut self, dict: Local, other: Local) -> Result<(), Raised> {
        let mark = self.mark();
        if !self.update_from_mapping(dict, other)? {
            self.update_from_pairs(dict, other)?;
        }
        self.release(mark);
        Ok(())
    }

    /// False: `other` is no mapping.
    fn update_from_mapping(&mut self, dict: Local, other: Local) -> Result<bool, Raised> {
        let plain = self.underlying(self.get(other), Sym::Iter);
        if plain.is_gc::<Dict>() {
            let plain = self.local(plain);
            self.update_from_dict(dict, plain)?;
            return Ok(true);
        }
        let Some(keys) = self.mapping_keys(other)? else {
            return Ok(false);
        };
        self.update_from_keys(dict, other, keys, |_, _| Ok(()))?;
        Ok(true)
    }

    /// Binds the items of a mapping with these keys; `check` looks at each key before.
    fn update_from_keys(
        &mut self,
        dict: Local,
        other: Local,
        keys: Local,
        mut check: impl FnMut(&mut Vm, Local) -> Result<(), Raised>,
    ) -> Result<(), Raised> {
        let (iter, key) = (self.iter(keys)?, self.none());
        let mark = self.mark();
        while self.next(iter, key)? {
            check(self, key)?;
            let value = self.get_item(other, key)?;
            self.bind_item(dict, key, value)?;
            self.release(mark);
            self.native_safepoint()?;
        }
        Ok(())
    }

    /// `other.keys()`, if there is such a method: that makes a mapping.
    fn mapping_keys(&mut self, other: Local) -> Result<Option<Local>, Raised> {
        let method = self.find_attr(other, Sym::Keys.text())?;
        method.map(|method| self.call(method, &[])).transpose()
    }

    fn update_from_dict(&mut self, dict: Local, other: Local) -> Result<(), Raised> {
        if self.get(dict).is(self.get(other)) {
            return Ok(());
        }
        let size = self.dict_in(other).table.len(&self.heap);
        let mut at = 0;
        while let Some((key, value)) = self.entry_at(other, &mut at) {
            self.heap.poll(1)?;
            let mark = self.mark();
            if !self.dict_set_leaf(self.dict_in(dict), key, value) {
                let hash = self.dict_in(other).table.hash_at(&self.heap, at - 1);
                let (key, value) = (self.local(key), self.local(value));
                self.dict_set_hashed(dict, hash, key, value)?;
                if self.dict_in(other).table.len(&self.heap) != size {
                    return Err(self
                        .heap
                        .raise(Builtin::RuntimeError, "dict mutated during update"));
                }
            }
            self.release(mark);
        }
        Ok(())
    }

    /// The next key and value of a walk through a dict that the program may change meanwhile.
    pub(in crate::vm) fn entry_at(
        &self,
        dict: Local,
        at: &mut usize,
    ) -> Option<(Value<'_>, Value<'_>)> {
        let table = &self.dict_in(dict).get().table;
        let position = table.next_position(&self.heap, *at)?;
        *at = position + 1;
        table.entry(&self.heap, position)
    }

    fn update_from_pairs(&mut self, dict: Local, pairs: Local) -> Result<(), Raised> {
        let (iter, pair) = (self.iter(pairs)?, self.none());
        let mut n = 0;
        let mark = self.mark();
        while self.next(iter, pair)? {
            let (key, value) = self.pair_at(pair, n)?;
            self.bind_item(dict, key, value)?;
            self.release(mark);
            self.native_safepoint()?;
            n += 1;
        }
        Ok(())
    }

    fn pair_at(&mut self, pair: Local, n: usize) -> Result<(Local, Local), Raised> {
        let items = match self.to_list(pair) {
            Ok(items) => items,
            Err(raised) => {
                self.take_if(raised, Builtin::TypeError)?;
                let message =
                    format!("cannot convert dictionary update sequence element #{n} to a sequence");
                return Err(self.heap.type_error(message));
            }
        };
        let items = self
            .get_gc::<List>(items)
            .map(|list| list.to_vec(&self.heap))
            .unwrap_or_default();
        match items[..] {
            [key, value] => Ok((self.local(key), self.local(value))),
            _ => {
                let len = items.len();
                let message = format!(
                    "dictionary update sequence element #{n} has length {len}; 2 is required"
                );
                Err(self.heap.value_error(message))
            }
        }
    }

    /// `R[a].update(R[b])` for the `**kwargs` of a call of `R[c]`: keys must not repeat.
    pub(in crate::vm) fn dict_merge_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (dict, other) = (self.reg_local(i.a), self.reg_local(i.b));
        let new_key = |vm: &mut Vm, key: Local| {
            if vm.dict_get(dict, key)?.is_none() {
                return Ok(());
            }
            let (callee, key) = (vm.callee_in(i)?, vm.text_of(key)?);
            let message = format!("{callee} got multiple values for keyword argument '{key}'");
            Err(vm.heap.type_error(message))
        };
        let plain = self.underlying(self.get(other), Sym::Iter);
        if plain.is_gc::<Dict>() {
            let (plain, mut at) = (self.local(plain), 0);
            while let Some((key, value)) = self.entry_at(plain, &mut at) {
                let (key, value) = (self.local(key), self.local(value));
                new_key(self, key)?;
                self.bind_item(dict, key, value)?;
            }
        } else if let Some(keys) = self.mapping_keys(other)? {
            self.update_from_keys(dict, other, keys, new_key)?;
        } else {
            let callee = self.callee_in(i)?;
            let name = self.heap.type_name(self.get(other));
            return Err(self.heap.type_error(format!(
                "{callee} argument after ** must be a mapping, not {name}"
            )));
        }
        self.release(mark);
        Ok(())
    }

    fn callee_in(&mut self, i: Instr) -> Result<String, Raised> {
        let callee = self.reg_local(i.c);
        self.callee_text(callee)
    }
}
