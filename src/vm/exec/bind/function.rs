//! Binding to functions of the program.
//!
//! The parameters are put together in a `Place`: as a rule the callee's registers, in which the positional arguments stand already.

use super::message::{missing_arguments, too_many_arguments, unexpected_keyword};
use super::{Bound, Keyword};
use crate::bytecode::Params;
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Raised, Value};

/// Where the parameters of a call are put together. It has room for all of them, and for all positional arguments.
pub trait Place<'h> {
    /// What stands there.
    fn get(&self, i: usize) -> Value<'h>;
    /// Puts a value there.
    fn set(&mut self, i: usize, value: Value<'h>);
}

impl<'h> Place<'h> for Bound<'h> {
    fn get(&self, i: usize) -> Value<'h> {
        self[i]
    }

    fn set(&mut self, i: usize, value: Value<'h>) {
        self[i] = value;
    }
}

/// Binds arguments to a function's parameters.
pub fn bind_function<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    positional: &[Value<'h>],
    keywords: &[Keyword<'h>],
) -> Result<Bound<'h>, Raised> {
    let count = function.code(heap).code.params.count();
    let mut bound = Bound::from_slice(positional);
    bound.resize(count.max(positional.len()), Value::UNDEF);
    bind_in_place(heap, function, &mut bound, positional.len(), keywords)?;
    bound.truncate(count);
    Ok(bound)
}

/// Binds arguments to a function's parameters, the first `given` values of the place being the positional ones.
#[inline]
pub fn bind_in_place<'h, P: Place<'h>>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    place: &mut P,
    given: usize,
    keywords: &[Keyword<'h>],
) -> Result<(), Raised> {
    let params = &function.code(heap).get().code.params;
    let (max, count) = (usize::from(params.positional), params.count());
    let named = max + usize::from(params.kwonly);
    let rest = params
        .varargs
        .then(|| heap.tuple_with(given.saturating_sub(max), |i| place.get(max + i)));
    for i in given.min(max)..count {
        place.set(i, Value::UNDEF);
    }
    if let Some(rest) = rest {
        place.set(named, rest.value());
    }
    let extra = params.varkw.then(|| heap.dict());
    if let Some(dict) = extra {
        place.set(count - 1, dict.value());
    }
    let mut call = Call {
        heap,
        function,
        params,
        place,
    };
    for &(name, value) in keywords {
        let name = name.as_gc().expect("keywords are strings");
        if !call.bind_keyword(extra, name, value)? {
            return Err(call.no_parameter(name, keywords));
        }
    }
    if given > max && !params.varargs {
        return Err(call.too_many(given));
    }
    if given < max {
        call.fill_positional(given)?;
    }
    if params.kwonly > 0 {
        call.fill_keyword_only()?;
    }
    Ok(())
}

/// A call whose parameters are being put together.
struct Call<'h, 'p, P> {
    heap: &'h Heap,
    function: Gc<'h, Function>,
    params: &'h Params,
    place: &'p mut P,
}

impl<'h, P: Place<'h>> Call<'h, '_, P> {
    /// Whether there is a place for the argument.
    fn bind_keyword(
        &mut self,
        extra: Option<Gc<'h, Dict>>,
        name: Gc<'h, Str>,
        value: Value<'h>,
    ) -> Result<bool, Raised> {
        let params = self.params;
        let posonly = usize::from(params.posonly);
        let named = &params.names[..usize::from(params.positional + params.kwonly)];
        match named.iter().position(|p| **p == *name.as_str()) {
            Some(i) if i >= posonly => {
                if !self.place.get(i).is_undef() {
                    let (function, name) = (self.qualname(), name.as_str());
                    return Err(self.heap.type_error(format!(
                        "{function}() got multiple values for argument '{name}'"
                    )));
                }
                self.place.set(i, value);
                Ok(true)
            }
            _ => {
                if let Some(dict) = extra {
                    dict.set_str(self.heap, name, value);
                }
                Ok(extra.is_some())
            }
        }
    }

    /// No parameter takes this keyword argument: what CPython says first is which of all are for positional-only ones.
    #[cold]
    fn no_parameter(&self, name: Gc<'h, Str>, keywords: &[Keyword<'h>]) -> Raised {
        let params = self.params;
        let named = &params.names[..usize::from(params.positional + params.kwonly)];
        let (posonly, others) = named.split_at(usize::from(params.posonly));
        let given = |parameter: &str| {
            let is = |keyword: Gc<'_, Str>| keyword.as_str() == parameter;
            keywords
                .iter()
                .any(|(name, _)| name.as_gc().is_some_and(is))
        };
        let wrong: Vec<&str> = posonly.iter().map(|p| &**p).filter(|p| given(p)).collect();
        if wrong.is_empty() {
            let candidates = others.iter().map(|n| &**n);
            return unexpected_keyword(self.heap, self.qualname(), name.as_str(), candidates);
        }
        self.heap.type_error(format!(
            "{}() got some positional-only arguments passed as keyword arguments: '{}'",
            self.qualname(),
            wrong.join(", ")
        ))
    }

    fn fill_positional(&mut self, given: usize) -> Result<(), Raised> {
        let max = usize::from(self.params.positional);
        let defaults = self.function.defaults.get(self.heap).as_gc::<Tuple>();
        // User code may set more defaults than there are parameters: the last ones count.
        let count = defaults.map_or(0, |d| d.len());
        for i in given..max {
            if self.place.get(i).is_undef() {
                let default = (i + count)
                    .checked_sub(max)
                    .and_then(|n| defaults?.at(self.heap, n));
                match default {
                    Some(value) => self.place.set(i, value),
                    None => return Err(self.missing("positional", i..max - count)),
                }
            }
        }
        Ok(())
    }

    fn fill_keyword_only(&mut self) -> Result<(), Raised> {
        let max = usize::from(self.params.positional);
        let named = max + usize::from(self.params.kwonly);
        let defaults = self.function.kwdefaults.get(self.heap).as_gc::<Dict>();
        let default = |i: usize| {
            defaults.and_then(|d| keyword_default(self.heap, d, i - max, &self.params.names[i]))
        };
        for i in max..named {
            if self.place.get(i).is_undef() {
                match default(i) {
                    Some(value) => self.place.set(i, value),
                    None => {
                        let without = (i..named).filter(|&i| default(i).is_none());
                        return Err(self.missing("keyword-only", without));
                    }
                }
            }
        }
        Ok(())
    }

    /// Those of the parameters were not given and have no default.
    #[cold]
    fn missing(&self, sort: &str, parameters: impl Iterator<Item = usize>) -> Raised {
        let names: Vec<&str> = parameters
            .filter(|&i| self.place.get(i).is_undef())
            .map(|i| &*self.params.names[i])
            .collect();
        missing_arguments(self.heap, self.qualname(), sort, &names)
    }

    #[cold]
    fn too_many(&self, given: usize) -> Raised {
        let max = usize::from(self.params.positional);
        let defaults = self.function.defaults.get(self.heap).as_gc::<Tuple>();
        let keyword_only = (max..max + usize::from(self.params.kwonly))
            .filter(|&i| !self.place.get(i).is_undef())
            .count();
        too_many_arguments(
            self.heap,
            self.qualname(),
            max.saturating_sub(defaults.map_or(0, |d| d.len())),
            max,
            given,
            keyword_only,
        )
    }

    fn qualname(&self) -> &'h str {
        self.function.qualname.expect::<Str>(self.heap).as_str()
    }
}

/// The default of a keyword-only parameter. Its entry stands, as a rule, where the parameter stands among its like.
fn keyword_default<'h>(
    heap: &'h Heap,
    defaults: Gc<'h, Dict>,
    at: usize,
    name: &str,
) -> Option<Value<'h>> {
    if let Some((key, value)) = defaults.table.entry(heap, at)
        && key.as_gc::<Str>().is_some_and(|key| key.as_str() == name)
    {
        return Some(value);
    }
    defaults.get_str(heap, heap.intern(name))
}
