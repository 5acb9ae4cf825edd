//! The listing of a Code that `apy dis` prints and the tests compare.
//!
//! One line an instruction: source line where it changes, index, mnemonic, operands by the row in `ops!`. Then the
//! exception table, then the nested codes in the order of the constants. The text depends on nothing but the code, so
//! it is stable. An operand kind that is added to `Field` or `Wide` needs an arm here.

use std::fmt::Write;

use super::code::{Capture, Code, CodeKind, Const};
use super::globals::GlobalNames;
use super::op::{Field, Imm, Instr, Wide};
use crate::diagnostics::SourceFile;

/// Lists a code and all codes nested in it.
#[must_use]
pub fn listing(code: &Code, source: &SourceFile, globals: &GlobalNames) -> String {
    let mut out = String::new();
    list(&mut out, code, source, globals);
    out
}

fn list(out: &mut String, code: &Code, source: &SourceFile, globals: &GlobalNames) {
    header(out, code);
    let mut last_line = 0;
    for (ip, &instr) in code.instrs.iter().enumerate() {
        let line = source.line(code.span_at(ip as u32).start);
        let shown = if line == last_line {
            String::new()
        } else {
            line.to_string()
        };
        last_line = line;
        let operands = operands(code, ip, instr, globals);
        let text = format!(
            "{shown:>5} {ip:>5}  {:<13} {operands}",
            instr.op.info().name
        );
        let _ = writeln!(out, "{}", text.trim_end());
    }
    tables(out, code);
    for value in &code.consts {
        if let Const::Code(nested) = value {
            out.push('\n');
            list(out, nested, source, globals);
        }
    }
}

fn header(out: &mut String, code: &Code) {
    let _ = writeln!(
        out,
        "{} {}: {} registers",
        kind(code.kind),
        code.qualname,
        code.nregs
    );
    let locals: Vec<String> = code
        .locals
        .iter()
        .map(|(name, reg)| format!("R{reg} {name}"))
        .collect();
    if !locals.is_empty() {
        let _ = writeln!(out, "      locals: {}", locals.join(", "));
    }
    let free: Vec<String> = (0..)
        .zip(code.free_names.iter().zip(&code.captures))
        .map(free)
        .collect();
    if !free.is_empty() {
        let _ = writeln!(out, "      free: {}", free.join(", "));
    }
}

fn free((index, (name, capture)): (usize, (&std::rc::Rc<str>, &Capture))) -> String {
    match capture {
        Capture::Local(reg) => format!("F{index} {name} = outer R{reg}"),
        Capture::Free(outer) => format!("F{index} {name} = outer F{outer}"),
        Capture::Spilled { area, slot } => {
            format!("F{index} {name} = outer R{area}.spill[{slot}]")
        }
    }
}

fn tables(out: &mut String, code: &Code) {
    for row in &code.handlers {
        let _ = writeln!(
            out,
            "      handler {}..{} -> {} in R{}",
            row.start, row.end, row.target, row.reg
        );
    }
    for row in &code.handling {
        let _ = writeln!(
            out,
            "      handling {}..{} in R{}",
            row.start, row.end, row.reg
        );
    }
}

fn kind(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::Function => "function",
        CodeKind::Coroutine => "coroutine",
        CodeKind::Generator => "generator",
        CodeKind::AsyncGenerator => "async generator",
        CodeKind::Module => "module",
        CodeKind::AsyncModule => "async module",
        CodeKind::Mapped => "module in a mapping",
        CodeKind::Class => "class",
    }
}

/// The operands of an instruction as text, and the index that it jumps to; -1 if it is no jump.
pub fn operand_texts(code: &Code, ip: usize, globals: &GlobalNames) -> (String, i64) {
    let instr = code.instrs[ip];
    let jumps = instr.op.info().wide == Wide::Jump;
    let target = if jumps {
        ip as i64 + 1 + i64::from(instr.d)
    } else {
        -1
    };
    (operands(code, ip, instr, globals), target)
}

fn operands(code: &Code, ip: usize, instr: Instr, globals: &GlobalNames) -> String {
    let info = instr.op.info();
    let mut parts = Vec::new();
    for (field, value) in info.fields.into_iter().zip([instr.a, instr.b, instr.c]) {
        match field {
            Field::Unused => {}
            Field::Flag if value == 0 => {}
            Field::Def | Field::Use | Field::First => parts.push(format!("R{value}")),
            Field::Num | Field::Flag => parts.push(value.to_string()),
            Field::Int => parts.push((value as i8).to_string()),
        }
    }
    parts.extend(wide(code, ip, instr, globals));
    parts.join(", ")
}

fn wide(code: &Code, ip: usize, instr: Instr, globals: &GlobalNames) -> Option<String> {
    let d = instr.d;
    let at = d as usize;
    Some(match instr.op.info().wide {
        Wide::Unused => return None,
        Wide::Singleton => immediate(d).to_owned(),
        Wide::Spec if d < 0 => return None,
        Wide::Spec => format!("R{d}"),
        Wide::Flag if d == 0 => return None,
        Wide::Imm | Wide::Flag => format!("#{d}"),
        Wide::Jump => format!("->{}", ip as i64 + 1 + i64::from(d)),
        Wide::Const => constant(&code.consts[at]),
        Wide::Name => name(code, at).to_owned(),
        Wide::Code => constant(&code.consts[at]),
        Wide::Global => globals
            .names()
            .get(at)
            .map_or_else(|| format!("G{d}"), |name| name.to_string()),
        Wide::Cache => format!("{} [cache {d}]", name(code, code.caches[at] as usize)),
    })
}

fn immediate(d: i32) -> &'static str {
    match d {
        d if d == Imm::None as i32 => "None",
        d if d == Imm::False as i32 => "False",
        d if d == Imm::True as i32 => "True",
        d if d == Imm::Ellipsis as i32 => "Ellipsis",
        d if d == Imm::NotImplemented as i32 => "NotImplemented",
        _ => "Undef",
    }
}

fn name(code: &Code, index: usize) -> &str {
    match &code.consts[index] {
        Const::Str(text) => text,
        _ => "?",
    }
}

fn constant(value: &Const) -> String {
    match value {
        Const::None => "None".to_owned(),
        Const::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Const::Ellipsis => "Ellipsis".to_owned(),
        Const::Int(value) => value.to_string(),
        Const::BigInt(value) => value.to_string(),
        Const::Float(value) => format!("{value:?}"),
        Const::Complex(re, im) => format!("{re:?}+{im:?}j"),
        Const::Str(text) => format!("{text:?}"),
        Const::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        Const::Tuple(items) => format!("({})", constants(items)),
        Const::FrozenSet(items) => format!("frozenset({})", constants(items)),
        Const::Code(code) => format!("<{} {}>", kind(code.kind), code.qualname),
    }
}

fn constants(items: &[Const]) -> String {
    items.iter().map(constant).collect::<Vec<_>>().join(", ")
}
