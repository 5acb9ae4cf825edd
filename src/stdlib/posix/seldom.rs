//! `_call`: the door of `library/_os_seldom.apy` to the calls of the system that few programs make.
//!
//! A call has a name, texts, numbers and open files; which of them it takes says `vm/seldom_call.rs`.

use super::descriptor_of;
use super::descriptors::keep;
use crate::runtime::bytes::Bytes;
use crate::runtime::list::List;
use crate::runtime::{Gc, Raised};
use crate::stdlib::path::system_error;
use crate::vm::seldom_call::{NAMES, SeldomAnswer, SeldomArguments};
use crate::vm::{Local, Locals, Native, Vm};

pub const CALL: Native = Native::vm(
    "_call(name, numbers=(), texts=(), files=(), /)",
    "A call of the system with numbers, bytes and descriptors: its number or numbers, bytes, or the descriptor of a new file.",
    call,
);

fn call(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm.text_of(args.at(0))?;
    let Some((_, call)) = NAMES.iter().find(|(known, _)| *known == name) else {
        return Err(vm.heap.value_error(format!("no call {name}")));
    };
    let mut arguments = SeldomArguments::default();
    for number in items(vm, args.at(1))? {
        arguments.numbers.push(vm.index(number)?);
    }
    for text in items(vm, args.at(2))? {
        let text = vm
            .get_gc::<Bytes>(text)
            .map(|text| text.as_slice().to_vec());
        arguments.texts.extend(text);
    }
    for file in items(vm, args.at(3))? {
        let number = vm.index(file)?;
        let descriptor = descriptor_of(vm, number).map_err(|error| system_error(vm, &error))?;
        arguments.files.push(descriptor);
    }
    let answer = vm.host.processes().seldom(*call, &arguments);
    match answer.map_err(|error| system_error(vm, &error))? {
        SeldomAnswer::Nothing => Ok(vm.none()),
        SeldomAnswer::Text(text) => Ok(vm.local(vm.heap.bytes(text).value())),
        SeldomAnswer::Numbers(numbers) => {
            let numbers: Vec<Local> = numbers
                .into_iter()
                .map(|number| vm.local(vm.heap.int(number)))
                .collect();
            match numbers[..] {
                [number] => Ok(number),
                _ => Ok(vm.tuple_of(&numbers)),
            }
        }
        SeldomAnswer::File(descriptor) => {
            let file = vm.host.files().take_over(descriptor);
            keep(vm, file.map_err(|error| system_error(vm, &error))?)
        }
    }
}

fn items(vm: &mut Vm, iterable: Local) -> Result<Vec<Local>, Raised> {
    if vm.get(iterable).is_undef() {
        return Ok(Vec::new());
    }
    let list = vm.to_list(iterable)?;
    let list: Gc<'_, List> = vm.get_gc(list).expect("to_list makes a list");
    let items = list.to_vec(&vm.heap);
    Ok(items.into_iter().map(|item| vm.local(item)).collect())
}
