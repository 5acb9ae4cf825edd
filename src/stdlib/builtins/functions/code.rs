//! Builtin functions that make and run code: `compile`, `eval`, `exec`.
//!
//! They check their arguments as CPython does; the work is in `vm/evaluate.rs`, the front end behind a hook. To add one: a `Native`,
//! its function, a name in the table.

use std::borrow::Cow;

use super::scope;
use crate::bytecode::{Annotations, TopLevelAwait};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::cell::CellObj;
use crate::runtime::code::CodeObj;
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::receiver::{given, plain};
use crate::text::source_encoding;
use crate::vm::{CompileRequest, Goal, Local, Locals, Native, SourceText, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&BUILD_CLASS, &COMPILE, &EVAL, &EXEC];

/// `ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`.
const ALLOW_TOP_LEVEL_AWAIT: i64 = 0x2000;
/// `__future__.annotations.compiler_flag`.
const FUTURE_ANNOTATIONS: i64 = 0x100_0000;
/// `ast.PyCF_ONLY_AST`: the result is a tree.
const ONLY_AST: i64 = 0x400;
/// `ast.PyCF_OPTIMIZED_AST`: the same, and the tree may be simpler than the text.
const OPTIMIZED_AST: i64 = 0x8000 | ONLY_AST;
/// The flags that CPython knows: those of `ast.PyCF_*`, and those of `__future__`.
const KNOWN_FLAGS: i64 = 0x1ff_7210 | ALLOW_TOP_LEVEL_AWAIT | OPTIMIZED_AST;

const COMPILE: Native = Native::vm(
    "compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
    "Compile source into a code object that can be executed by exec() or eval().\n\n\
     The source code may represent a Python module, statement or expression.\n\
     The filename will be used for run-time error messages.\n\
     The mode must be 'exec' to compile a module, 'single' to compile a\n\
     single (interactive) statement, or 'eval' to compile an expression.\n\
     The flags argument, if present, controls which future statements influence\n\
     the compilation of the code.\n\
     The dont_inherit argument, if true, stops the compilation inheriting\n\
     the effects of any future statements in effect in the code calling\n\
     compile; if absent or false these statements do influence the compilation,\n\
     in addition to any features explicitly specified.",
    compile,
);
const BUILD_CLASS: Native = Native::vm(
    "__build_class__(func, name, /, *bases, **kwds)",
    "__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\n\
     Internal helper function used by the class statement.",
    build_class,
);
const EVAL: Native = Native::vm(
    "eval(source, /, globals=None, locals=None)",
    "Evaluate the given source in the context of globals and locals.\n\n\
     The source may be a string representing a Python expression\n\
     or a code object as returned by compile().\n\
     The globals must be a dictionary and locals can be any mapping,\n\
     defaulting to the current globals and locals.\n\
     If only globals is given, locals defaults to it.",
    |vm, args| run(vm, args, &EVALUATION),
);
const EXEC: Native = Native::vm(
    "exec(source, /, globals=None, locals=None, *, closure=None)",
    "Execute the given source in the context of globals and locals.\n\n\
     The source may be a string representing one or more Python statements\n\
     or a code object as returned by compile().\n\
     The globals must be a dictionary and locals can be any mapping,\n\
     defaulting to the current globals and locals.\n\
     If only globals is given, locals defaults to it.\n\
     The closure must be a tuple of cellvars, and can only be used\n\
     when source is a code object requiring exactly that many cellvars.",
    |vm, args| {
        run(vm, args, &EXECUTION)?;
        Ok(vm.none())
    },
);

/// How `eval` and `exec` differ.
struct Way {
    name: &'static str,
    goal: Goal,
    wrong_globals: fn(&str) -> String,
    wrong_locals: fn(&str) -> String,
}

const EVALUATION: Way = Way {
    name: "eval",
    goal: Goal::Expression,
    wrong_globals: |_| "globals must be a dict".to_owned(),
    wrong_locals: |_| "locals must be a mapping".to_owned(),
};
const EXECUTION: Way = Way {
    name: "exec",
    goal: Goal::Statements,
    wrong_globals: |class| format!("exec() globals must be a dict, not {class}"),
    wrong_locals: |class| format!("locals must be a mapping or None, not {class}"),
};

fn run(vm: &mut Vm, args: Locals, way: &Way) -> Result<Local, Raised> {
    let (globals, locals) = namespaces(vm, args, way)?;
    let closure = match way.goal {
        Goal::Expression => None,
        Goal::Statements | Goal::Prompt => Some(args.at(3)).filter(|&arg| !scope::absent(vm, arg)),
    };
    if vm.get_gc::<CodeObj>(args.at(0)).is_some() {
        check_closure(vm, args.at(0), closure, way)?;
        return vm.run_code(args.at(0), globals, (locals, closure));
    }
    if closure.is_some() {
        let message = "closure can only be used when source is a code object";
        return Err(vm.heap.type_error(message));
    }
    let text = source_text(
        vm,
        args.at(0),
        "<string>",
        (way.name, "string, bytes or code"),
    )?;
    let code = vm.compile(&CompileRequest::Text(SourceText {
        text: &text,
        name: "<string>",
        goal: way.goal,
        awaits: TopLevelAwait::Refused,
        annotations: vm.running_annotations(),
    }))?;
    vm.run_code(code, globals, (locals, None))
}

/// A code object runs with exactly the cells that it uses.
fn check_closure(vm: &Vm, code: Local, closure: Option<Local>, way: &Way) -> Result<(), Raised> {
    let code: Gc<'_, CodeObj> = vm.get_gc(code).expect("the caller checked the kind");
    let wanted = code.code.free_names.len();
    let given = closure.map(|closure| vm.get_gc::<Tuple>(closure));
    let message = match given {
        None if wanted == 0 => return Ok(()),
        None if way.goal == Goal::Expression => {
            "code object passed to eval() may not contain free variables".to_owned()
        }
        Some(_) if wanted == 0 => "cannot use a closure with this code object".to_owned(),
        Some(Some(cells))
            if cells.len() == wanted
                && cells.iter(&vm.heap).all(|cell| cell.is_gc::<CellObj>()) =>
        {
            return Ok(());
        }
        _ => format!("code object requires a closure of exactly length {wanted}"),
    };
    Err(vm.heap.type_error(message))
}

/// The dict of globals and, where names are not bound in it, the mapping of locals.
fn namespaces(vm: &mut Vm, args: Locals, way: &Way) -> Result<(Local, Option<Local>), Raised> {
    let chosen = |vm: &Vm, at| {
        let local = args.at(at);
        (!scope::absent(vm, local)).then_some(local)
    };
    let (globals, locals) = (chosen(vm, 1), chosen(vm, 2));
    if let Some(locals) = locals
        && vm.special(vm.get(locals), Sym::GetItem).is_none()
    {
        let class = vm.heap.type_name(vm.get(locals)).to_owned();
        return Err(vm.heap.type_error((way.wrong_locals)(&class)));
    }
    let Some(globals) = globals else {
        let own = scope::module_names(vm)?;
        let locals = locals.or_else(|| vm.running_locals());
        return Ok((own, locals));
    };
    let dict = plain(vm, globals);
    if vm.get_gc::<Dict>(dict).is_none() {
        let value = vm.get(globals);
        let class = vm.heap.type_name(value).to_owned();
        let is_mapping = vm.special(value, Sym::GetItem).is_some();
        let message = match way.goal {
            Goal::Expression if is_mapping => {
                "globals must be a real dict; try eval(code, {}, mapping)".to_owned()
            }
            _ => (way.wrong_globals)(&class),
        };
        return Err(vm.heap.type_error(message));
    }
    // A subclass of dict is asked for its items where names are looked up, a dict is read at once.
    let is_plain = vm.get(dict).is(vm.get(globals));
    if !is_plain {
        vm.ask_for_globals(dict, globals);
    }
    let locals = locals.or_else(|| (!is_plain).then_some(globals));
    let is_same = |locals: &Local| vm.get(*locals).is(vm.get(dict));
    Ok((dict, locals.filter(|locals| !is_same(locals))))
}

fn build_class(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (body, name) = (args.at(0), args.at(1));
    if vm.get_gc::<Function>(body).is_none() {
        let message = "__build_class__: func must be a function";
        return Err(vm.heap.type_error(message));
    }
    if vm.get_gc::<Str>(name).is_none() {
        let message = "__build_class__: name is not a string";
        return Err(vm.heap.type_error(message));
    }
    vm.build_class(name, body, args.at(2), args.at(3))
}

fn compile(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = file_name(vm, args.at(1))?;
    let Some(mode) = vm.get_gc::<Str>(args.at(2)) else {
        let class = vm.heap.argument_name(vm.get(args.at(2)));
        return Err(vm.heap.type_error(format!(
            "compile() argument 'mode' must be str, not {class}"
        )));
    };
    let goal = match mode.as_str() {
        "exec" => Some(Goal::Statements),
        "eval" => Some(Goal::Expression),
        "single" => Some(Goal::Prompt),
        _ => None,
    };
    let flags = number(vm, args.at(3), 0)?;
    if flags & !KNOWN_FLAGS != 0 {
        return Err(vm.heap.value_error("compile(): unrecognised flags"));
    }
    if !(-1..=2).contains(&number(vm, args.at(5), -1)?) {
        return Err(vm.heap.value_error("compile(): invalid optimize value"));
    }
    let Some(goal) = goal else {
        let message = "compile() mode must be 'exec', 'eval' or 'single'";
        return Err(vm.heap.value_error(message));
    };
    if vm.get_gc::<CodeObj>(args.at(0)).is_some() {
        return Ok(args.at(0));
    }
    let wants_tree = flags & ONLY_AST != 0;
    let tree = tree_source(vm, args.at(0))?;
    let source = match tree {
        Some(tree) if wants_tree => return Ok(tree),
        Some(tree) => {
            let ast = vm.import_module("ast")?;
            vm.call_method(ast, "_source_of", &[tree, args.at(2)])?
        }
        None => args.at(0),
    };
    let text = source_text(vm, source, &name, ("compile", "string, bytes or AST"))?;
    let awaits = if flags & ALLOW_TOP_LEVEL_AWAIT == 0 {
        TopLevelAwait::Refused
    } else {
        TopLevelAwait::Allowed
    };
    let dont_inherit = match given(vm, args.at(4)) {
        Some(arg) => vm.truth(arg)?,
        None => false,
    };
    let annotations = match flags & FUTURE_ANNOTATIONS {
        0 if dont_inherit => Annotations::Values,
        0 => vm.running_annotations(),
        _ => Annotations::Texts,
    };
    let source = SourceText {
        text: &text,
        name: &name,
        goal,
        awaits,
        annotations,
    };
    if wants_tree {
        let data = vm.compile(&CompileRequest::Tree(source))?;
        let ast = vm.import_module("ast")?;
        return vm.call_method(ast, "_from_data", &[data]);
    }
    let code = vm.compile(&CompileRequest::Text(source))?;
    if tree.is_some() && memchr::memmem::find(&text, b"_apy_name_").is_some() {
        let ast = vm.import_module("ast")?;
        return vm.call_method(ast, "_with_own_names", &[code]);
    }
    Ok(code)
}

/// The argument, if it is a tree of the module `ast`.
fn tree_source(vm: &mut Vm, source: Local) -> Result<Option<Local>, Raised> {
    let class = vm.local(vm.heap.class_of(vm.get(source)).value());
    let is_tree =
        vm.find_attr(class, "_attributes")?.is_some() && vm.find_attr(class, "_fields")?.is_some();
    Ok(is_tree.then_some(source))
}

fn number(vm: &mut Vm, arg: Local, default: i64) -> Result<i64, Raised> {
    match given(vm, arg) {
        Some(arg) => vm.index(arg),
        None => Ok(default),
    }
}

fn file_name(vm: &mut Vm, arg: Local) -> Result<String, Raised> {
    let mut path = plain(vm, arg);
    if let Some(asked) = vm.call_special(arg, Sym::Fspath, &[])? {
        path = plain(vm, asked);
    }
    if let Some(name) = vm.get_gc::<Str>(path) {
        return Ok(name.as_str().to_owned());
    }
    if let Some(name) = vm.get_gc::<Bytes>(path) {
        return Ok(String::from_utf8_lossy(name.as_slice()).into_owned());
    }
    let class = vm.heap.type_name(vm.get(arg));
    Err(vm.heap.type_error(format!(
        "expected str, bytes or os.PathLike object, not {class}"
    )))
}

/// Bytes of a source text in UTF-8; SyntaxError where they are not what their coding cookie says.
pub fn utf8_source(vm: &Vm, bytes: &[u8], name: &str) -> Result<Vec<u8>, Raised> {
    let heap = &vm.heap;
    source_encoding::to_utf8(bytes)
        .map(Cow::into_owned)
        .map_err(|problem| {
            let (line, column) = (heap.int(0), heap.int(-1));
            let place = [
                heap.str_value(name),
                line,
                column,
                Value::NONE,
                line,
                column,
            ];
            let place = heap.tuple(&place).value();
            let message = heap.str_value(&problem.of_bytes());
            heap.raise_with(Builtin::SyntaxError, &[message, place])
        })
}

/// The bytes of a text with a name; `wanted`: the function, and what it takes.
fn source_text(
    vm: &mut Vm,
    source: Local,
    name: &str,
    (function, wanted): (&str, &str),
) -> Result<Vec<u8>, Raised> {
    let source = plain(vm, source);
    if let Some(text) = vm.get_gc::<Str>(source) {
        return vm.heap.copy_of(text.as_str().as_bytes());
    }
    if let Some(bytes) = vm.get_gc::<Bytes>(source) {
        return utf8_source(vm, bytes.as_slice(), name);
    }
    if let Some(bytes) = vm.get_gc::<ByteArray>(source) {
        let bytes = vm.heap.copy_of(&bytes.read(&vm.heap))?;
        return utf8_source(vm, &bytes, name);
    }
    if let Some(bytes) = vm.exported_bytes(source)? {
        return Ok(bytes);
    }
    Err(vm.heap.raise(
        Builtin::TypeError,
        format!("{function}() arg 1 must be a {wanted} object"),
    ))
}
