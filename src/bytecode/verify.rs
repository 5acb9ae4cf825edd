//! The only door from a `Draft` to a `Code`: proves what the VM's unchecked fetches and register accesses rely on.
//!
//! After it every operand is in range by its row in `ops!`, every jump and handler lands on an instruction, the last
//! instruction is a terminator and all tables are sorted. It knows nothing of what instructions mean beyond their
//! rows, except the few facts in `check_special`. An error is a bug of the compiler, never of a program.

use std::fmt;

use super::code::{Capture, Code, Const, Draft};
use super::op::{Field, Imm, Instr, Op, Run, Wide};

/// Checks a draft and makes it a `Code`.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(draft: Draft) -> Result<Code, VerifyError> {
    check_shape(&draft)?;
    for (ip, &instr) in draft.instrs.iter().enumerate() {
        check_instr(&draft, ip, instr).map_err(|what| VerifyError {
            ip: Some(ip as u32),
            op: Some(instr.op),
            what,
        })?;
    }
    check_tables(&draft)?;
    check_captures(&draft)?;
    Ok(Code::trusted(draft))
}

/// What does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The instruction, if it is about one.
    pub ip: Option<u32>,
    /// Its operation.
    pub op: Option<Op>,
    /// The rule that is broken.
    pub what: &'static str,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.op) {
            (Some(ip), Some(op)) => write!(f, "instruction {ip} ({op:?}): {}", self.what),
            _ => f.write_str(self.what),
        }
    }
}

type Check = Result<(), &'static str>;

/// The window is `u8`-addressed; one more than the highest register.
const MAX_NREGS: u16 = 256;

fn check_shape(draft: &Draft) -> Result<(), VerifyError> {
    let params = &draft.params;
    let first = usize::from(draft.kind.has_namespace());
    ensure(draft.nregs <= MAX_NREGS, "at most 256 registers")?;
    ensure(
        params.registers() + first <= usize::from(draft.nregs),
        "parameters have registers",
    )?;
    ensure(
        params.names.len() == params.count(),
        "each parameter has a name",
    )?;
    ensure(
        params.posonly <= params.positional,
        "positional-only parameters are positional",
    )?;
    ensure(
        i32::try_from(draft.instrs.len()).is_ok(),
        "jumps can span the code",
    )?;
    ensure(
        draft
            .instrs
            .last()
            .is_some_and(|last| last.op.info().facts.ends),
        "the last instruction is a terminator",
    )?;
    ensure(
        draft
            .locals
            .iter()
            .all(|&(_, reg)| u16::from(reg) < draft.nregs),
        "locals have registers",
    )
}

fn check_instr(draft: &Draft, ip: usize, instr: Instr) -> Check {
    holds(instr.op != Op::Traced, "code is traced in copies only")?;
    let info = instr.op.info();
    for (field, value) in info.fields.into_iter().zip([instr.a, instr.b, instr.c]) {
        check_field(draft, field, value)?;
    }
    check_wide(draft, ip, info.wide, instr.d)?;
    if let Some(end) = run_end(info.run, instr)? {
        holds(
            end <= i64::from(draft.nregs),
            "the run of registers is inside of the window",
        )?;
    }
    check_special(draft, ip, instr)
}

fn check_field(draft: &Draft, field: Field, value: u8) -> Check {
    match field {
        Field::Unused => holds(value == 0, "unused operands are 0"),
        Field::Def | Field::Use | Field::First => holds(
            u16::from(value) < draft.nregs,
            "registers are in the window",
        ),
        Field::Num | Field::Int => Ok(()),
        Field::Flag => holds(value <= 1, "flags are 0 or 1"),
    }
}

fn check_wide(draft: &Draft, ip: usize, wide: Wide, d: i32) -> Check {
    match wide {
        Wide::Unused => holds(d == 0, "the unused wide operand is 0"),
        Wide::Imm => Ok(()),
        Wide::Flag => holds((0..=1).contains(&d), "flags are 0 or 1"),
        Wide::Singleton => holds(
            (Imm::Undef as i32..=Imm::NotImplemented as i32).contains(&d),
            "immediates exist",
        ),
        Wide::Spec => holds(d < i32::from(draft.nregs), "the format spec has a register"),
        Wide::Jump => {
            let target = ip as i64 + 1 + i64::from(d);
            holds(
                in_range(target, draft.instrs.len()),
                "jumps lead to instructions",
            )
        }
        Wide::Const => holds(
            in_range(i64::from(d), draft.consts.len()),
            "constants exist",
        ),
        Wide::Name => match constant(draft, d) {
            Some(Const::Str(_)) => Ok(()),
            _ => Err("names are string constants"),
        },
        Wide::Code => match constant(draft, d) {
            Some(Const::Code(_)) => Ok(()),
            _ => Err("functions are made of code constants"),
        },
        Wide::Global => holds(
            in_range(i64::from(d), draft.nglobals as usize),
            "global slots exist",
        ),
        Wide::Cache => holds(
            in_range(i64::from(d), draft.caches.len()),
            "inline caches exist",
        ),
    }
}

/// One past the last register that an instruction touches beyond its named ones.
fn run_end(run: Run, instr: Instr) -> Result<Option<i64>, &'static str> {
    let [a, b, c, d] = [
        instr.a.into(),
        instr.b.into(),
        instr.c.into(),
        i64::from(instr.d),
    ];
    Ok(Some(match run {
        Run::No => return Ok(None),
        Run::CallB => a + b + 1,
        Run::MethodB => a + b + 2,
        Run::CallBC => a + b + c + 1,
        Run::A(n) => a + i64::from(n) + 1,
        Run::B(n) => b + i64::from(n) + 1,
        Run::C(n) => c + i64::from(n) + 1,
        Run::Items | Run::Pairs | Run::Starred if d < 0 => return Err("counts are not negative"),
        Run::Items => b + d,
        Run::Pairs => b + 2 * d,
        Run::Starred => b + c + d + 1,
    }))
}

/// The facts about single instructions that the rows of `ops!` do not tell.
fn check_special(draft: &Draft, ip: usize, instr: Instr) -> Check {
    match instr.op {
        Op::Ret => holds(!draft.kind.suspends(), "only plain functions end with Ret"),
        Op::RetCoro | Op::Yield | Op::YieldFrom | Op::Await => holds(
            draft.kind.suspends(),
            "only code that owns its registers suspends",
        ),
        Op::ForIter if instr.c != 0 => {
            let target = (ip as i64 + 1 + i64::from(instr.d)) as usize;
            let unpack = draft.instrs[target];
            holds(
                unpack.op == Op::UnpackSeq && unpack.a == instr.b && unpack.d == 2,
                "loops over pairs begin by taking them apart",
            )
        }
        Op::GetFree | Op::SetFree | Op::GetFreeCell => {
            let index = usize::from(instr.b) + 256 * usize::from(instr.c);
            holds(index < draft.captures.len(), "free cells are captured")
        }
        Op::CallKw => match constant(draft, instr.d) {
            Some(Const::Tuple(names)) if names.len() == usize::from(instr.c) => holds(
                names.iter().all(|name| matches!(name, Const::Str(_))),
                "keywords are strings",
            ),
            _ => Err("keywords are a tuple of as many names"),
        },
        Op::SpillNew => holds(instr.d >= 0, "spill areas have a size"),
        // A slot beyond the area in the register reads as unset: the VM looks at the size.
        Op::SpillGet | Op::SpillSet => holds(instr.d >= 0, "spill slots have an index"),
        Op::UnpackList | Op::UnpackListEx => holds(instr.d >= 0, "counts are not negative"),
        _ => Ok(()),
    }
}

fn check_tables(draft: &Draft) -> Result<(), VerifyError> {
    let len = draft.instrs.len() as u32;
    for row in &draft.handlers {
        ensure(
            row.start < row.end && row.end <= len && row.target < len,
            "handlers cover and reach instructions",
        )?;
        ensure(u16::from(row.reg) < draft.nregs, "handlers have a register")?;
    }
    for row in &draft.handling {
        ensure(
            row.start < row.end && row.end <= len,
            "handling ranges cover instructions",
        )?;
        ensure(
            u16::from(row.reg) < draft.nregs,
            "handled exceptions have a register",
        )?;
    }
    let names = draft
        .caches
        .iter()
        .all(|&name| matches!(draft.consts.get(name as usize), Some(Const::Str(_))));
    ensure(names, "inline caches have names")?;
    ensure(
        draft.spans.is_sorted_by(|a, b| a.0 <= b.0),
        "spans are sorted by instruction",
    )
}

/// A nested code's cells come from registers and cells that this code has.
fn check_captures(draft: &Draft) -> Result<(), VerifyError> {
    ensure(
        draft.free_names.len() == draft.captures.len(),
        "each free cell has a name",
    )?;
    let nested = draft.consts.iter().filter_map(|value| match value {
        Const::Code(code) => Some(code),
        _ => None,
    });
    for capture in nested.flat_map(|code| code.head().captures) {
        match *capture {
            Capture::Local(reg) => ensure(
                u16::from(reg) < draft.nregs,
                "captured cells have a register",
            )?,
            Capture::Spilled { area, .. } => ensure(
                u16::from(area) < draft.nregs,
                "captured cells have a spill area",
            )?,
            Capture::Free(index) => {
                ensure(
                    usize::from(index) < draft.captures.len(),
                    "captured cells are in the closure",
                )?;
            }
        }
    }
    Ok(())
}

fn constant(draft: &Draft, d: i32) -> Option<&Const> {
    draft.consts.get(usize::try_from(d).ok()?)
}

fn in_range(index: i64, len: usize) -> bool {
    index >= 0 && index < len as i64
}

fn holds(condition: bool, what: &'static str) -> Check {
    if condition { Ok(()) } else { Err(what) }
}

fn ensure(condition: bool, what: &'static str) -> Result<(), VerifyError> {
    holds(condition, what).map_err(|what| VerifyError {
        ip: None,
        op: None,
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::code::{CodeKind, Params};
    use crate::diagnostics::Span;

    fn draft(instrs: Vec<Instr>) -> Draft {
        Draft {
            name: "f".into(),
            qualname: "f".into(),
            file: 0,
            told: None,
            span: Span::default(),
            kind: CodeKind::Function,
            params: Params::default(),
            nregs: 8,
            instrs: instrs.into(),
            consts: Box::new([Const::Str("x".into()), Const::Int(1)]),
            caches: Box::new([0]),
            handlers: Box::default(),
            handling: Box::default(),
            captures: Box::default(),
            free_names: Box::default(),
            locals: Box::default(),
            spans: Box::default(),
            begin: 0,
            doc: None,
            nglobals: 2,
            shows_locals: false,
            annotations: crate::bytecode::Annotations::Values,
        }
    }

    fn refused(instrs: Vec<Instr>) -> &'static str {
        verify(draft(instrs)).expect_err("must be refused").what
    }

    const RET: Instr = Instr::new(Op::Ret, 0, 0, 0, 0);

    #[test]
    fn good_code_passes() {
        let code = [
            Instr::new(Op::LoadInt, 0, 0, 0, 7),
            Instr::new(Op::GetAttr, 1, 0, 0, 0),
            Instr::new(Op::Jmp, 0, 0, 0, -3),
            RET,
        ];
        assert!(verify(draft(code.to_vec())).is_ok());
    }

    #[test]
    fn each_rule_is_enforced() {
        assert_eq!(refused(vec![]), "the last instruction is a terminator");
        assert_eq!(
            refused(vec![Instr::new(Op::Nop, 0, 0, 0, 0)]),
            "the last instruction is a terminator"
        );
        assert_eq!(
            refused(vec![Instr::new(Op::Ret, 8, 0, 0, 0)]),
            "registers are in the window"
        );
        assert_eq!(
            refused(vec![Instr::new(Op::Jmp, 0, 0, 0, 0)]),
            "jumps lead to instructions"
        );
        assert_eq!(
            refused(vec![Instr::new(Op::Nop, 1, 0, 0, 0), RET]),
            "unused operands are 0"
        );
        assert_eq!(
            refused(vec![Instr::new(Op::GetGlobal, 0, 0, 0, 2), RET]),
            "global slots exist"
        );
        assert_eq!(
            refused(vec![Instr::new(Op::CheckLocal, 0, 0, 0, 1), RET]),
            "names are string constants"
        );
        let call = Instr::new(Op::Call, 5, 3, 0, 0);
        assert_eq!(
            refused(vec![call, RET]),
            "the run of registers is inside of the window"
        );
        assert_eq!(
            refused(vec![Instr::new(Op::RetCoro, 0, 0, 0, 0)]),
            "only code that owns its registers suspends"
        );
    }

    #[test]
    fn random_instructions_never_panic() {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let mut instrs: Vec<Instr> = (0..random() % 5)
                .map(|_| {
                    let (op, bits) = (Op::ALL[random() as usize % Op::ALL.len()], random());
                    let wide = if bits & 1 == 0 {
                        random() as i32
                    } else {
                        (random() % 9) as i32 - 4
                    };
                    Instr::new(
                        op,
                        (bits >> 8) as u8 % 10,
                        (bits >> 16) as u8 % 10,
                        (bits >> 24) as u8 % 3,
                        wide,
                    )
                })
                .collect();
            instrs.extend([RET]);
            let _ = verify(draft(instrs));
        }
    }
}
