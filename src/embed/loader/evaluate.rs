//! The VM's hook for texts that the program compiles: `eval`, `exec`, `compile`.
//!
//! A text that was compiled before is not parsed again: its code object is remembered, linked to a module of its own where it never
//! runs. The text of a code object stays in the source map, so that its second form, with names in a mapping, can be made later.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::syntax_error::{Place, syntax_error};
use super::{self as loader, Unit};
use crate::bytecode::{Annotations, GlobalNames, TopLevelAwait};
use crate::compile::{Mode, Names, Target, compile_with};
use crate::diagnostics::{Diagnostic, ErrorCode, FileId, Span};
use crate::embed::tree;
use crate::runtime::heap::traced;
use crate::runtime::{Builtin, Raised, Slot};
use crate::stdlib::asyncio;
use crate::syntax::ast::StmtKind;
use crate::syntax::parser::{has_block, parse_module};
use crate::vm::{CompileRequest, Goal, Local, SourceText, Vm};

/// Texts that are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 512;
/// Longer texts are seldom compiled twice.
const MAX_REMEMBERED_LEN: usize = 4096;

/// The cache of compiled texts.
#[derive(Default)]
pub(in crate::embed) struct Compiled {
    known: RefCell<FxHashMap<Key, Slot>>,
    /// Compiled code by the number of its text in the source map.
    goals: RefCell<FxHashMap<u32, Way>>,
}

traced!(Compiled { known } plain { goals });

/// How a text is compiled.
type Way = (Goal, TopLevelAwait, Annotations);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    text: Box<[u8]>,
    name: Box<str>,
    way: Way,
}

traced!(plain Key);

/// The hook.
pub(in crate::embed) fn compile(
    vm: &mut Vm,
    request: &CompileRequest<'_>,
) -> Result<Local, Raised> {
    match request {
        CompileRequest::Text(text) => compile_text(vm, text),
        CompileRequest::Tree(text) => tree_of(vm, text),
        CompileRequest::Mapped(file) => compile_mapped(vm, FileId(*file)),
    }
}

fn compile_text(vm: &mut Vm, source: &SourceText<'_>) -> Result<Local, Raised> {
    let way = (source.goal, source.awaits, source.annotations);
    let key = Key {
        text: source.text.into(),
        name: source.name.into(),
        way,
    };
    if let Some(known) = loader::compiled(vm).known.borrow().get(&key) {
        return Ok(vm.local(known.get(&vm.heap)));
    }
    let unit = parse(vm, source)?;
    let (code, warnings) = build(vm, &unit, way, Names::Slots)?;
    let compiled = loader::compiled(vm);
    compiled.goals.borrow_mut().insert(unit.file.0, way);
    // What is warned of is warned of each time.
    if warnings == 0 && source.text.len() <= MAX_REMEMBERED_LEN {
        let mut known = compiled.known.borrow_mut();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, Slot::new(vm.get(code)));
    }
    Ok(code)
}

/// The text of a request, parsed.
fn parse(vm: &Vm, source: &SourceText<'_>) -> Result<Unit, Raised> {
    loader::room_to_parse(vm, source.text)?;
    let text = match source.goal {
        Goal::Expression => source.text.trim_ascii_start(),
        Goal::Statements | Goal::Prompt => source.text,
    };
    if text.contains(&0) {
        let message = "source code string cannot contain null bytes";
        return Err(vm.heap.raise(Builtin::SyntaxError, message));
    }
    let unit = loader::read_utf8(vm, source.name, text).map_err(|(file, mistakes)| {
        let statement = mistakes.first().filter(|_| source.goal == Goal::Expression);
        let mistake = statement.and_then(|first| wrong_statement(vm, file, first));
        let mistakes = mistake.map_or(mistakes, |mistake| vec![mistake]);
        syntax_error(vm, file, &mistakes, Place::Text(source.goal))
    })?;
    match several_statements(&unit).filter(|_| source.goal == Goal::Prompt) {
        Some(mistake) => Err(syntax_error(
            vm,
            unit.file,
            &[mistake],
            Place::Text(source.goal),
        )),
        None => Ok(unit),
    }
}

/// What is wrong with a text that should be one line of statements, or one statement with blocks.
fn several_statements(unit: &Unit) -> Option<Diagnostic> {
    let first = unit.module.body.first()?;
    let start = first.span.end as usize;
    let line_end = unit.text[start..]
        .find('\n')
        .map_or(unit.text.len(), |at| start + at);
    let next = unit
        .module
        .body
        .iter()
        .find(|next| next.span.start as usize > line_end)?;
    // CPython's parser knows why only behind a plain statement.
    Some(match has_block(first) {
        true => Diagnostic::error(ErrorCode::InvalidSyntax, next.span, "invalid syntax"),
        false => Diagnostic::error(
            ErrorCode::ExpectedToken,
            Span::at(line_end as u32),
            "multiple statements found while compiling a single statement",
        ),
    })
}

fn tree_of(vm: &mut Vm, source: &SourceText<'_>) -> Result<Local, Raised> {
    let unit = parse(vm, source)?;
    let class = match source.goal {
        Goal::Statements => "Module",
        Goal::Expression => "Expression",
        Goal::Prompt => "Interactive",
    };
    if source.goal == Goal::Expression
        && let Some(mistake) = no_expression(&unit)
    {
        return Err(syntax_error(
            vm,
            unit.file,
            &[mistake],
            Place::Text(source.goal),
        ));
    }
    let sources = loader::sources(vm).borrow();
    let made = tree::module(&vm.heap, sources.file(unit.file), &unit.module, class);
    Ok(vm.local(made))
}

/// A target that nothing can be assigned to, where no assignment is allowed: CPython refuses the `=`, or the `del`.
fn wrong_statement(vm: &Vm, file: FileId, mistake: &Diagnostic) -> Option<Diagnostic> {
    let sources = loader::sources(vm).borrow();
    let text = sources.file(file).text();
    let span = mistake.span();
    let after = &text[span.end as usize..];
    let place = match mistake.code {
        ErrorCode::InvalidTarget if after.trim_start().starts_with('=') => {
            let at = span.end + after.find('=').unwrap_or(0) as u32;
            Span::new(at, at + 1)
        }
        ErrorCode::DeleteTarget => Span::new(0, "del".len() as u32),
        _ => return None,
    };
    let code = ErrorCode::InvalidSyntax;
    Some(Diagnostic::error(code, place, "invalid syntax"))
}

/// Whether the text with this number was compiled by the program, which names it as it likes.
pub(in crate::embed) fn has_made(vm: &Vm, file: u32) -> bool {
    loader::compiled(vm).goals.borrow().contains_key(&file)
}

/// The second form of a text that was compiled before.
fn compile_mapped(vm: &mut Vm, file: FileId) -> Result<Local, Raised> {
    let goal = loader::compiled(vm).goals.borrow().get(&file.0).copied();
    let Some(goal) = goal else {
        let message = "the text of this code object is not known";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    };
    let text = Rc::clone(loader::sources(vm).borrow().file(file).text());
    let parsed = parse_module(&text);
    let module = parsed
        .module
        .ok_or_else(|| syntax_error(vm, file, &parsed.diagnostics, Place::Text(goal.0)))?;
    let unit = Unit { file, text, module };
    build(vm, &unit, goal, Names::Mapping).map(|(code, _)| code)
}

/// Compiles a unit; the code, and how many warnings there were.
fn build(
    vm: &mut Vm,
    unit: &Unit,
    (goal, awaits, annotations): Way,
    names: Names,
) -> Result<(Local, usize), Raised> {
    let refuse =
        |vm: &Vm, mistakes: &[Diagnostic]| syntax_error(vm, unit.file, mistakes, Place::Compiled);
    if goal == Goal::Expression
        && let Some(mistake) = no_expression(unit)
    {
        return Err(syntax_error(vm, unit.file, &[mistake], Place::Text(goal)));
    }
    let mode = match goal {
        Goal::Statements => Mode::Script,
        Goal::Expression => Mode::Expression,
        Goal::Prompt => Mode::Interactive,
    };
    let mut globals = GlobalNames::new();
    let target = Target {
        names,
        awaits,
        annotations,
        ..Target::of(mode)
    };
    let compiled = compile_with(&unit.module, unit.file.0, &unit.text, target, &mut globals);
    let (code, warnings) = compiled.map_err(|mistakes| refuse(vm, &mistakes))?;
    if names == Names::Slots {
        loader::warn(vm, unit.file, &warnings).map_err(|mistake| refuse(vm, &[mistake]))?;
    }
    asyncio::bind_builtins(vm, globals.names());
    let home = vm.heap.module_around(vm.heap.dict()).value();
    let home = vm.local(home);
    Ok((vm.load(&code, home, globals.names()), warnings.len()))
}

/// What is wrong with a text that should be one expression.
pub(in crate::embed) fn no_expression(unit: &Unit) -> Option<Diagnostic> {
    let invalid = |span| Diagnostic::error(ErrorCode::InvalidSyntax, span, "invalid syntax");
    let end = Span::at(unit.text.len() as u32);
    match &unit.module.body[..] {
        [] => Some(invalid(end)),
        [only] if matches!(only.kind, StmtKind::Expr(_)) => None,
        [first, rest @ ..] => match &first.kind {
            StmtKind::Expr(_) => rest.first().map(|next| invalid(next.span)),
            StmtKind::Assign { targets, .. } => {
                let target = targets.first().map_or(first.span, |target| target.span);
                let after = &unit.text[target.end as usize..];
                let at = target.end + after.find('=').unwrap_or(0) as u32;
                Some(invalid(Span::new(at, at + 1)))
            }
            _ => {
                let word = unit.text[first.span.range()]
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(1) as u32;
                Some(invalid(Span::new(
                    first.span.start,
                    first.span.start + word.max(1),
                )))
            }
        },
    }
}
