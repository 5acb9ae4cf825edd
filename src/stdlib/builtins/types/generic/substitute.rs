//! Replacing type parameters by arguments: `dict[K, list[V]][str, int]`.
//!
//! The protocol is CPython's: a parameter is what has `__typing_subst__`; `__typing_prepare_subst__` may rearrange the arguments
//! before (defaults, `*Ts`, parameter lists); anything with `__parameters__` is subscripted in turn.

use super::field;
use crate::runtime::class::Class;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::spread;
use crate::vm::{Local, Vm};

/// The arguments of `alias[item]`, a tuple.
pub(super) fn replace_parameters(vm: &mut Vm, alias: Local, item: Local) -> Result<Local, Raised> {
    let parameters = vm.find_attr(alias, "__parameters__")?;
    let parameters = parameters.map_or_else(Vec::new, |tuple| spread(vm, tuple));
    if parameters.is_empty() {
        let shown = vm.repr_text(alias)?;
        return Err(vm
            .heap
            .type_error(format!("{shown} is not a generic class")));
    }
    let items = prepared(vm, alias, item, &parameters)?;
    if items.len() != parameters.len() {
        return Err(wrong_number(vm, alias, items.len(), parameters.len())?);
    }
    let members = spread(vm, field(vm, alias, "__args__"));
    let replaced = replace_in(vm, &members, &parameters, &items)?;
    Ok(vm.tuple_of(&replaced))
}

/// The arguments, one for each parameter.
fn prepared(
    vm: &mut Vm,
    alias: Local,
    item: Local,
    parameters: &[Local],
) -> Result<Vec<Local>, Raised> {
    let given = match vm.get(item).is_gc::<Tuple>() {
        true => spread(vm, item),
        false => vec![item],
    };
    let items = unpacked(vm, given)?;
    let mut item = vm.tuple_of(&items);
    for &parameter in parameters {
        if let Some(prepare) = vm.find_attr(parameter, "__typing_prepare_subst__")? {
            item = vm.call(prepare, &[alias, item])?;
        }
    }
    vm.to_vec(item)
}

/// `*tuple[int, str]` among arguments is as good as its items.
fn unpacked(vm: &mut Vm, items: Vec<Local>) -> Result<Vec<Local>, Raised> {
    let mut flat = Vec::with_capacity(items.len());
    for item in items {
        let inner = match vm.get(item).is_gc::<Class>() {
            true => None,
            false => vm.find_attr(item, "__typing_unpacked_tuple_args__")?,
        };
        let inner = inner.filter(|&inner| {
            vm.get_gc::<Tuple>(inner).is_some_and(|tuple| {
                let last = tuple.iter(&vm.heap).last();
                last.is_none_or(|last| !last.is(Value::ELLIPSIS))
            })
        });
        match inner {
            Some(inner) => flat.extend(spread(vm, inner)),
            None => flat.push(item),
        }
    }
    Ok(flat)
}

fn wrong_number(vm: &mut Vm, alias: Local, given: usize, wanted: usize) -> Result<Raised, Raised> {
    let shown = vm.repr_text(alias)?;
    let amount = if given < wanted { "few" } else { "many" };
    Ok(vm.heap.type_error(format!(
        "Too {amount} arguments for {shown}; actual {given}, expected {wanted}"
    )))
}

fn replace_in(
    vm: &mut Vm,
    members: &[Local],
    parameters: &[Local],
    items: &[Local],
) -> Result<Vec<Local>, Raised> {
    let mut replaced = Vec::with_capacity(members.len());
    for &member in members {
        if vm.get(member).is_gc::<Class>() {
            replaced.push(member);
            continue;
        }
        if let Some(inner) = list_items(vm, member)? {
            let inner = vm.nested(|vm| replace_in(vm, &inner, parameters, items))?;
            replaced.push(match vm.get(member).is_gc::<Tuple>() {
                true => vm.tuple_of(&inner),
                false => {
                    let values: Vec<Value<'_>> = inner.iter().map(|&item| vm.get(item)).collect();
                    vm.local(vm.heap.list(values).value())
                }
            });
            continue;
        }
        let new = replace_one(vm, member, parameters, items)?;
        if is_unpacked_variable(vm, member)? && vm.get(new).is_gc::<Tuple>() {
            replaced.extend(spread(vm, new));
        } else {
            replaced.push(new);
        }
    }
    Ok(replaced)
}

fn list_items(vm: &mut Vm, value: Local) -> Result<Option<Vec<Local>>, Raised> {
    let is_list = vm.get(value).is_gc::<Tuple>() || vm.get(value).is_gc::<List>();
    is_list.then(|| vm.to_vec(value)).transpose()
}

fn replace_one(
    vm: &mut Vm,
    member: Local,
    parameters: &[Local],
    items: &[Local],
) -> Result<Local, Raised> {
    if let Some(substitute) = vm.find_attr(member, "__typing_subst__")? {
        return match position(vm, parameters, member) {
            Some(i) => vm.call(substitute, &[items[i]]),
            None => Ok(member),
        };
    }
    let inner = vm.find_attr(member, "__parameters__")?;
    let inner = inner.map_or_else(Vec::new, |inner| spread(vm, inner));
    if inner.is_empty() {
        return Ok(member);
    }
    let mut args = Vec::with_capacity(inner.len());
    for parameter in inner {
        let value = position(vm, parameters, parameter).map_or(parameter, |i| items[i]);
        let is_many = vm
            .heap
            .class_of(vm.get(parameter))
            .builtin_is(Builtin::TypeVarTuple);
        match is_many && vm.get(value).is_gc::<Tuple>() {
            true => args.extend(spread(vm, value)),
            false => args.push(value),
        }
    }
    let key = vm.tuple_of(&args);
    vm.nested(|vm| vm.get_item(member, key))
}

fn position(vm: &Vm, parameters: &[Local], wanted: Local) -> Option<usize> {
    parameters
        .iter()
        .position(|&parameter| vm.get(parameter).is(vm.get(wanted)))
}

/// Whether it is the `*Ts` of a TypeVarTuple.
fn is_unpacked_variable(vm: &mut Vm, value: Local) -> Result<bool, Raised> {
    match vm.find_attr(value, "__typing_is_unpacked_typevartuple__")? {
        Some(mark) => vm.truth(mark),
        None => Ok(false),
    }
}
