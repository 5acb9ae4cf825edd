//! Which registers have been written where: for code that looks at the variables of a frame from outside.
//!
//! A call clears no registers, so a variable that was not assigned yet may hold what an older frame left there. A register counts as
//! written at an instruction if it is written on some path to it: parameters at the start, results of instructions, the exception of a
//! handler. Nothing that runs asks this.

use super::code::Draft;
use super::op::{Field, Instr, Reg, Run, Wide};

/// A set of registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegSet([u64; 4]);

impl RegSet {
    /// Whether a register is in it.
    pub fn has(self, reg: Reg) -> bool {
        self.0[usize::from(reg) / 64] & 1 << (reg % 64) != 0
    }

    fn add(&mut self, reg: usize) {
        if let Some(word) = self.0.get_mut(reg / 64) {
            *word |= 1 << (reg % 64);
        }
    }

    /// Adds all of another set; whether that changed anything.
    fn merge(&mut self, other: RegSet) -> bool {
        let before = *self;
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
        *self != before
    }
}

impl Draft {
    /// The registers that may have been written before the instruction at `ip`, and those that the code clears at its start
    /// (`first_cleared` and above), which hold Undef until they are written.
    pub fn written_before(&self, ip: u32, first_cleared: u32) -> RegSet {
        let mut start = RegSet::default();
        let namespace = usize::from(self.kind.has_namespace());
        (0..self.params.count() + namespace).for_each(|reg| start.add(reg));
        (first_cleared as usize..usize::from(self.nregs)).for_each(|reg| start.add(reg));
        let mut before: Vec<Option<RegSet>> = vec![None; self.instrs.len()];
        let mut open = vec![(0, start)];
        while let Some((at, set)) = open.pop() {
            let Some(known) = before.get_mut(at) else {
                continue;
            };
            let changed = match known {
                Some(known) => known.merge(set),
                None => {
                    *known = Some(set);
                    true
                }
            };
            if changed {
                let set = known.unwrap_or_default();
                self.successors(at, set, &mut open);
            }
        }
        before.get(ip as usize).copied().flatten().unwrap_or(start)
    }

    /// Where control may go from an instruction, with what is written by then.
    fn successors(&self, at: usize, mut set: RegSet, open: &mut Vec<(usize, RegSet)>) {
        if let Some(handler) = self.handler_at(at as u32) {
            let mut caught = set;
            caught.add(usize::from(handler.reg));
            open.push((handler.target as usize, caught));
        }
        let instr = self.instrs[at];
        let info = instr.op.info();
        add_written(instr, &mut set);
        if info.wide == Wide::Jump {
            open.push(((at as i64 + 1 + i64::from(instr.d)) as usize, set));
        }
        if !info.facts.ends {
            open.push((at + 1, set));
        }
    }
}

/// The registers that an instruction writes.
fn add_written(instr: Instr, set: &mut RegSet) {
    let info = instr.op.info();
    let operands = [instr.a, instr.b, instr.c].map(usize::from);
    for (field, reg) in info.fields.into_iter().zip(operands) {
        if matches!(field, Field::Def | Field::First) {
            set.add(reg);
        }
    }
    let (first, count) = match info.run {
        Run::A(n) => (operands[0], usize::from(n) + 1),
        Run::Items if info.fields[0] == Field::Use => (operands[1], instr.d.max(0) as usize),
        Run::Starred => (operands[1], operands[2] + instr.d.max(0) as usize + 1),
        _ => return,
    };
    (first..first + count).for_each(|reg| set.add(reg));
}
