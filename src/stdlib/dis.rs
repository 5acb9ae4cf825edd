//! `_dis`: the instructions of code objects, for the module `dis`, which is written in apy.
//!
//! An instruction is a tuple of its number, its first operand, its operands as text and where it jumps to. They are apy's own: they
//! say nothing about CPython's bytecode.

use crate::bytecode::dis::operand_texts;
use crate::bytecode::{GlobalNames, Op};
use crate::runtime::code::CodeObj;
use crate::runtime::{Gc, Raised};
use crate::stdlib::registry::{NativeModule, bind};
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const DIS: NativeModule = NativeModule {
    functions: &[&INSTRUCTIONS],
    constants: &[("opname", "The names of all instructions, by number.")],
    init: |vm, module| {
        let heap = &vm.heap;
        let names = Op::ALL.iter().map(|op| heap.str_value(op.info().name));
        bind(vm, module, "opname", heap.list(names).value());
        Ok(())
    },
    ..NativeModule::of("_dis", "The instructions of code objects.")
};

const INSTRUCTIONS: Native = Native::vm(
    "instructions(code, /)",
    "A list of (opcode, the first operand, the operands as text, the index that it jumps to or -1).",
    instructions,
);

fn instructions(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(this): Option<Gc<'_, CodeObj>> = vm.get_gc(args.at(0)) else {
        return Err(heap.type_error("a code object was expected"));
    };
    let module = this.module(heap);
    let mut globals = GlobalNames::new();
    for slot in 0..module.globals.len() {
        let name = module.globals.name(heap, slot);
        globals.slot(&name.map_or("", |name| name.as_str()).into());
    }
    let code = &this.get().code;
    let row = |ip: usize| {
        let instr = code.instrs[ip];
        let (text, target) = operand_texts(code, ip, &globals);
        let parts = [
            heap.int(instr.op as i64),
            heap.int(i64::from(instr.a)),
            heap.str_value(&text),
            heap.int(target),
        ];
        heap.tuple(&parts).value()
    };
    let rows = heap.list((0..code.instrs.len()).map(row)).value();
    Ok(vm.local(rows))
}
