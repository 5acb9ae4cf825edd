//! Pattern matching: what `case` asks of a subject before its parts are compared.
//!
//! Classes of the library that match sequence or mapping patterns without being a builtin say so as in CPython: their attribute
//! `__abc_tpflags__` has bit 5 (sequence) or bit 6 (mapping), which subclasses inherit.

use crate::bytecode::Instr;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::text::str_repr;
use crate::vm::Vm;
use crate::vm::local::Local;

/// Bits of `__abc_tpflags__`.
const SEQUENCE: i64 = 1 << 5;
const MAPPING: i64 = 1 << 6;

/// The classes whose only positional sub-pattern matches the subject itself.
const MATCH_SELF: [Builtin; 11] = [
    Builtin::Bool,
    Builtin::ByteArray,
    Builtin::Bytes,
    Builtin::Dict,
    Builtin::Float,
    Builtin::FrozenSet,
    Builtin::Int,
    Builtin::List,
    Builtin::Set,
    Builtin::Str,
    Builtin::Tuple,
];

impl Vm {
    /// `R[a] :=` whether `R[b]` matches sequence patterns.
    pub(in crate::vm) fn match_seq_op(&mut self, i: Instr) -> Result<(), Raised> {
        let matches = self.collection(self.reg(i.b)) == SEQUENCE;
        self.set_reg(i.a, Value::bool(matches));
        Ok(())
    }

    /// `R[a] :=` whether `R[b]` matches mapping patterns.
    pub(in crate::vm) fn match_map_op(&mut self, i: Instr) -> Result<(), Raised> {
        let matches = self.collection(self.reg(i.b)) == MAPPING;
        self.set_reg(i.a, Value::bool(matches));
        Ok(())
    }

    /// Which patterns a value matches: `SEQUENCE`, `MAPPING`, or neither, 0.
    fn collection(&self, value: Value<'_>) -> i64 {
        match value.as_object().map(Gc::kind) {
            Some(Kind::List | Kind::Tuple | Kind::Range) => SEQUENCE,
            Some(Kind::Dict) => MAPPING,
            Some(Kind::View) => match value.as_gc::<View>() {
                Some(view) if view.tag == ViewTag::Proxy => MAPPING,
                _ => 0,
            },
            Some(Kind::Instance | Kind::Opaque) => {
                let inner = self.plain_value(value).as_gc::<Opaque>();
                match inner.is_some_and(Gc::<Opaque>::is_sequence) {
                    true => SEQUENCE,
                    false => self.declared(value),
                }
            }
            _ => 0,
        }
    }

    /// What the first of a class's ancestors that is a collection says.
    fn declared(&self, value: Value<'_>) -> i64 {
        let (heap, name) = (&self.heap, self.heap.intern("__abc_tpflags__"));
        let of = |class: Gc<'_, Class>| match class.builtin {
            Some(Builtin::List | Builtin::Tuple | Builtin::Range) => Some(SEQUENCE),
            Some(Builtin::Dict) => Some(MAPPING),
            _ => class.attrs.get(heap, name)?.as_int(),
        };
        let flags = heap.class_of(value).mro(heap).find_map(of).unwrap_or(0);
        flags & (SEQUENCE | MAPPING)
    }

    /// `R[a] :=` the values of `R[b]` for the keys `R[c]`, a tuple of each; None if one is missing.
    pub(in crate::vm) fn match_keys_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (subject, keys) = (self.reg_local(i.b), self.reg_local(i.c));
        let keys = self.to_vec(keys)?;
        let seen = self.local(self.heap.dict().value());
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            if self.dict_get(seen, key)?.is_some() {
                let key = self.repr_text(key)?;
                return Err(self
                    .heap
                    .value_error(format!("mapping pattern checks duplicate key ({key})")));
            }
            self.dict_set(seen, key, key)?;
            match self.value_for(subject, key, seen)? {
                Some(value) => values.push(value),
                None => {
                    self.set_reg(i.a, Value::NONE);
                    self.release(mark);
                    return Ok(());
                }
            }
        }
        let values = self.tuple_of(&values);
        self.finish(mark, i.a, values);
        Ok(())
    }

    /// `subject.get(key, missing)`: no `__missing__` is asked. `missing` is an object that nothing in the program can be.
    fn value_for(
        &mut self,
        subject: Local,
        key: Local,
        missing: Local,
    ) -> Result<Option<Local>, Raised> {
        if self.get(subject).is_gc::<Dict>() {
            return self.dict_get(subject, key);
        }
        let value = self.call_method(subject, "get", &[key, missing])?;
        Ok(if self.get(value).is(self.get(missing)) {
            None
        } else {
            Some(value)
        })
    }
}

// Class patterns.
impl Vm {
    /// `R[a] :=` a tuple of attributes if `R[b]` is a `R[c]` with `d` positional sub-patterns and those named by `R[c+1]`; else None.
    pub(in crate::vm) fn match_class_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (subject, class, names) = (
            self.reg_local(i.b),
            self.reg_local(i.c),
            self.reg_local(i.c + 1),
        );
        if !self.get(class).is_gc::<Class>() {
            return Err(self.heap.type_error("called match pattern must be a class"));
        }
        let parts = if self.is_instance(subject, class)? {
            self.class_parts(subject, class, i.d as usize, names)?
        } else {
            None
        };
        let result = parts.map_or_else(|| self.none(), |parts| self.tuple_of(&parts));
        self.finish(mark, i.a, result);
        Ok(())
    }

    /// The parts of a subject that sub-patterns are about, positional ones first; None if it lacks one.
    fn class_parts(
        &mut self,
        subject: Local,
        class: Local,
        positional: usize,
        names: Local,
    ) -> Result<Option<Vec<Local>>, Raised> {
        let mut parts = Vec::new();
        let mut seen = Vec::new();
        if positional > 0 {
            match self.match_args(class, positional)? {
                None => parts.push(subject),
                Some(match_args) => seen = match_args,
            }
        }
        for name in self.to_vec(names)? {
            let name = self
                .get_gc::<Str>(name)
                .map(Gc::as_str)
                .unwrap_or_default()
                .to_owned();
            seen.push(name);
        }
        self.check_repeated(class, &seen)?;
        for name in &seen {
            match self.find_attr(subject, name)? {
                Some(part) => parts.push(part),
                None => return Ok(None),
            }
        }
        Ok(Some(parts))
    }

    /// The attributes that the class's positional sub-patterns mean; None: one, and it is the subject itself.
    fn match_args(&mut self, class: Local, wanted: usize) -> Result<Option<Vec<String>>, Raised> {
        let Some(match_args) = self.find_attr(class, Sym::MatchArgs.text())? else {
            let matches_self = self.matches_self(class);
            self.check_allowed(class, usize::from(matches_self), wanted)?;
            return Ok(None);
        };
        let Some(tuple) = self.get_gc::<Tuple>(match_args) else {
            let (class, got) = (
                self.class_name(class),
                self.heap.type_name(self.get(match_args)),
            );
            return Err(self.heap.type_error(format!(
                "{class}.__match_args__ must be a tuple (got {got})"
            )));
        };
        self.check_allowed(class, tuple.len(), wanted)?;
        let names = tuple
            .iter(&self.heap)
            .take(wanted)
            .map(|name| match name.as_gc::<Str>() {
                Some(name) => Ok(name.as_str().to_owned()),
                None => {
                    let got = self.heap.type_name(name);
                    Err(self.heap.type_error(format!(
                        "__match_args__ elements must be strings (got {got})"
                    )))
                }
            });
        names.collect::<Result<_, _>>().map(Some)
    }

    fn matches_self(&self, class: Local) -> bool {
        let class = self.get_gc::<Class>(class);
        class.is_some_and(|class| {
            class.mro(&self.heap).any(|class| {
                class
                    .get()
                    .builtin
                    .is_some_and(|builtin| MATCH_SELF.contains(&builtin))
            })
        })
    }

    fn class_name(&self, class: Local) -> &str {
        self.get_gc::<Class>(class)
            .map_or("?", |class| class.name(&self.heap).as_str())
    }

    fn check_allowed(&self, class: Local, allowed: usize, given: usize) -> Result<(), Raised> {
        if given <= allowed {
            return Ok(());
        }
        let (class, plural) = (self.class_name(class), if allowed == 1 { "" } else { "s" });
        Err(self.heap.type_error(format!(
            "{class}() accepts {allowed} positional sub-pattern{plural} ({given} given)"
        )))
    }

    fn check_repeated(&self, class: Local, names: &[String]) -> Result<(), Raised> {
        let repeated = names
            .iter()
            .enumerate()
            .find(|(n, name)| names[..*n].contains(name));
        let Some((_, name)) = repeated else {
            return Ok(());
        };
        let (class, name) = (self.class_name(class), str_repr::str_repr(name));
        Err(self.heap.type_error(format!(
            "{class}() got multiple sub-patterns for attribute {name}"
        )))
    }
}
