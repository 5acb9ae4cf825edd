//! Code for another module: the same instructions with other global slots.
//!
//! Slots are numbered module by module. Code that was compiled by itself (`compile`), or belongs to a function that gets other
//! globals, is copied with its `Global` operands renumbered; nested functions with it. Nothing else of it changes, so it needs no
//! second verification.

use std::rc::Rc;

use super::code::{Code, Const, Draft};
use super::op::Wide;

/// The code with slot `i` renamed to `place(i)`; the same one if that changes nothing.
pub fn relink(code: &Rc<Code>, place: &mut impl FnMut(u32) -> u32) -> Rc<Code> {
    let mut draft: Draft = Draft::clone(code);
    let mut changed = false;
    for instr in &mut draft.instrs {
        if instr.op.info().wide == Wide::Global {
            let slot = place(instr.d as u32);
            draft.nglobals = draft.nglobals.max(slot + 1);
            changed |= instr.d as u32 != slot;
            instr.d = slot as i32;
        }
    }
    for constant in &mut draft.consts {
        if let Const::Code(nested) = constant {
            let moved = relink(nested, place);
            changed |= !Rc::ptr_eq(nested, &moved);
            *nested = moved;
        }
    }
    if changed {
        Rc::new(Code::trusted(draft))
    } else {
        Rc::clone(code)
    }
}
