//! Operations that their operands surely do not have: text plus a number, a number that is iterated, None that is used as a value.
//!
//! Both sides must be evident values of builtin types. None is evident where a function of this file returns nothing, or where a
//! method such as `list.sort` says so.

use super::Lint;
use super::evident::{Evident, evident};
use super::known::{Callee, Known};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Arg, BinOp, CmpOp, DictItem, Expr, ExprKind, Stmt, StmtKind};

const NUMBERS: &[&str] = &["int", "float", "bool", "complex"];
const SEQUENCES: &[&str] = &["str", "bytes", "list", "tuple"];
const OTHERS: &[&str] = &["dict", "set"];
/// Builtins that take no None.
const TAKES_VALUE: &[&str] = &[
    "len",
    "int",
    "float",
    "list",
    "sum",
    "sorted",
    "min",
    "max",
    "set",
    "tuple",
    "abs",
    "enumerate",
    "iter",
    "reversed",
    "ord",
    "chr",
    "any",
    "all",
];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Operands {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Operands<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Operands<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Operands<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        if at.guards.has(Guards::TYPE) {
            return;
        }
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                targets.iter().for_each(|target| self.changed(target, at));
                if let [target] = &targets[..] {
                    self.lost(target, value, at);
                }
            }
            StmtKind::AugAssign { target, op, value } => {
                self.changed(target, at);
                if let (Some(left), Some(right)) =
                    (self.builtin(target, at), self.builtin(value, at))
                {
                    self.calculated(left, *op, right, value.span);
                }
            }
            StmtKind::For {
                iter,
                is_async: false,
                ..
            } => self.iterated(iter, at),
            StmtKind::Raise {
                exc: Some(value), ..
            } => {
                if let Some(of) = self.builtin(value, at) {
                    let help = "raise an exception that holds it: `raise ValueError(...)`";
                    self.tell(
                        value.span,
                        format!("'{of}' object cannot be raised"),
                        Some(help),
                    );
                }
            }
            StmtKind::Try { handlers, .. } => {
                for ty in handlers.iter().filter_map(|it| it.ty.as_ref()) {
                    if let Some(of @ ("str" | "int" | "float")) = self.builtin(ty, at) {
                        self.tell(
                            ty.span,
                            format!("'{of}' object is no class of exceptions"),
                            None,
                        );
                    }
                }
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::PROBED) {
            return;
        }
        match &expr.kind {
            ExprKind::BinOp { left, op, right } => {
                self.is_none(left, at, "calculates with");
                if *op != BinOp::Mod {
                    self.is_none(right, at, "calculates with");
                }
                if let (Some(left), Some(right)) = (self.builtin(left, at), self.builtin(right, at))
                {
                    self.calculated(left, *op, right, expr.span);
                }
            }
            ExprKind::Compare { left, rest } => {
                let mut left = &**left;
                for (op, right) in rest {
                    if matches!(op, CmpOp::Lt | CmpOp::Gt | CmpOp::LtE | CmpOp::GtE) {
                        self.ordered(left, right, at);
                    }
                    left = right;
                }
            }
            ExprKind::Attribute { value, attr }
                if !attr.name.starts_with("__") && !at.guards.has(Guards::ATTRIBUTE) =>
            {
                self.is_none(value, at, "takes an attribute of");
            }
            ExprKind::Subscript { value, index } => {
                self.is_none(value, at, "takes an item of");
                self.index(value, index, at);
                if let Some(of @ ("int" | "float" | "bool" | "set")) = self.builtin(value, at) {
                    self.tell(
                        value.span,
                        format!("'{of}' object has no items to take by []"),
                        None,
                    );
                }
            }
            ExprKind::ListComp { clauses, .. }
            | ExprKind::SetComp { clauses, .. }
            | ExprKind::DictComp { clauses, .. }
            | ExprKind::GeneratorExp { clauses, .. } => {
                if let Some(first) = clauses.first().filter(|it| !it.is_async) {
                    self.iterated(&first.iter, at);
                }
            }
            ExprKind::Set(items) => items.iter().for_each(|it| self.hashed(it, at)),
            ExprKind::Dict(items) => {
                for item in items {
                    if let DictItem::Pair(key, _) = item {
                        self.hashed(key, at);
                    }
                }
            }
            ExprKind::Call { func, args } if matches!(func.kind, ExprKind::Name(_)) => {
                self.passed(func, args, at);
                if let Some(of) = self.builtin(func, at) {
                    // What is not callable and hides a builtin `shadow` tells of.
                    let is_hiding = matches!(&func.kind, ExprKind::Name(name)
                        if self.known.world.has_attribute("builtins", name) == Some(true));
                    if !is_hiding {
                        self.tell(func.span, format!("'{of}' object cannot be called"), None);
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Operands<'a, '_> {
    fn tell(&mut self, span: Span, message: String, help: Option<&str>) {
        let finding =
            Diagnostic::error(ErrorCode::OperandTypes, span, message).label("raises TypeError");
        self.found.push(match help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }

    /// The builtin type of a value, if it is one of those that the rules are about.
    fn builtin(&self, value: &'a Expr, at: At) -> Option<&'a str> {
        let of = evident(self.known, value, at.scope)?.builtin()?;
        let all = [NUMBERS, SEQUENCES, OTHERS];
        let is_known = all.iter().any(|group| group.contains(&of));
        let is_builtin = match &value.kind {
            ExprKind::Call { func, .. } => {
                !matches!(&func.kind, ExprKind::Name(name) if **name == *of)
                    || self.known.is_builtin(at.scope, of)
            }
            _ => true,
        };
        (is_known && is_builtin).then_some(of)
    }

    fn calculated(&mut self, left: &str, op: BinOp, right: &str, span: Span) {
        let numbers = NUMBERS.contains(&left) && NUMBERS.contains(&right);
        let is_integer = |of: &str| matches!(of, "int" | "bool");
        let fits = match op {
            BinOp::Add => numbers || (left == right && SEQUENCES.contains(&left)),
            BinOp::Sub => numbers || (left == "set" && right == "set"),
            BinOp::Mul => {
                numbers
                    || (SEQUENCES.contains(&left) && is_integer(right))
                    || (SEQUENCES.contains(&right) && is_integer(left))
            }
            BinOp::Mod => numbers || matches!(left, "str" | "bytes"),
            BinOp::Div | BinOp::FloorDiv | BinOp::Pow => numbers,
            _ => return,
        };
        if fits {
            return;
        }
        let sign = match op {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Mod => "%",
            BinOp::Div => "/",
            BinOp::FloorDiv => "//",
            _ => "**",
        };
        let is_text = matches!(
            (left, right),
            ("str", "int" | "float") | ("int" | "float", "str")
        );
        let help = (is_text && op == BinOp::Add)
            .then_some("`int(...)` makes a number of text, `str(...)` text of a number; an f-string mixes both");
        self.tell(
            span,
            format!("'{left}' {sign} '{right}' is not defined"),
            help,
        );
    }

    fn ordered(&mut self, left: &'a Expr, right: &'a Expr, at: At) {
        self.is_none(left, at, "compares");
        self.is_none(right, at, "compares");
        let (Some(one), Some(other)) = (self.builtin(left, at), self.builtin(right, at)) else {
            return;
        };
        let is_real = |of: &str| matches!(of, "int" | "float" | "bool");
        if one != other && !(is_real(one) && is_real(other)) {
            let span = Span::new(left.span.start, right.span.end);
            let help = (matches!(
                (one, other),
                ("str", "int" | "float") | ("int" | "float", "str")
            ))
            .then_some("`int(...)` makes a number of text");
            self.tell(span, format!("'{one}' and '{other}' have no order"), help);
        }
    }

    fn iterated(&mut self, iter: &'a Expr, at: At) {
        self.is_none(iter, at, "iterates");
        match evident(self.known, iter, at.scope) {
            Some(Evident::Of("builtins", of @ ("int" | "float" | "bool"))) => {
                let help =
                    "`range(...)` counts up to a number; a list is iterated itself, not its length";
                self.tell(
                    iter.span,
                    format!("'{of}' object cannot be iterated"),
                    Some(help),
                );
            }
            Some(Evident::Function(def)) => {
                let name = &def.name.name;
                self.tell(
                    iter.span,
                    format!("'{name}' is a function: it cannot be iterated"),
                    Some("call it: what it returns may be iterated"),
                );
            }
            _ => {}
        }
    }

    /// `range(items)`, `int(f())`
    fn passed(&mut self, func: &'a Expr, args: &'a [Arg], at: At) {
        let Some(Callee::Member("builtins", name)) = self.known.callee(func, at.scope) else {
            return;
        };
        let [Arg::Pos(only)] = args else {
            return;
        };
        if TAKES_VALUE.contains(&name) {
            self.is_none(only, at, "passes on");
        }
        if name == "range"
            && let Some(of @ ("str" | "list" | "tuple" | "dict" | "set" | "float")) =
                self.builtin(only, at)
        {
            let help = match of {
                "float" => "`int(...)` makes a whole number",
                "str" => "`int(...)` makes a number of text, `range(len(...))` counts its letters",
                _ => "iterate it itself, or write `range(len(...))`",
            };
            self.tell(
                only.span,
                format!("range takes a number, not '{of}'"),
                Some(help),
            );
        }
    }

    /// `items["0"]`, `table[[1, 2]]`
    fn index(&mut self, value: &'a Expr, index: &'a Expr, at: At) {
        match self.builtin(value, at) {
            Some("dict") => self.hashed(index, at),
            Some(of @ ("list" | "tuple" | "str" | "bytes")) => {
                if let Some(by @ ("str" | "float" | "list" | "dict" | "set")) =
                    self.builtin(index, at)
                {
                    let help =
                        (by != "float").then_some("items are counted from 0; a dict has keys");
                    self.tell(index.span, format!("'{of}' has no items by '{by}'"), help);
                }
            }
            _ => {}
        }
    }

    /// A key of a dict, an item of a set.
    fn hashed(&mut self, key: &'a Expr, at: At) {
        if let Some(of @ ("list" | "dict" | "set")) = self.builtin(key, at) {
            let help = (of == "list").then_some("a tuple can be a key: `(1, 2)`");
            self.tell(
                key.span,
                format!("'{of}' object is no key: it can change"),
                help,
            );
        }
    }

    /// `text[0] = "x"`
    fn changed(&mut self, target: &'a Expr, at: At) {
        let ExprKind::Subscript { value, index } = &target.kind else {
            return;
        };
        self.index(value, index, at);
        if let Some(of @ ("str" | "tuple" | "bytes" | "int" | "float")) = self.builtin(value, at) {
            self.tell(
                target.span,
                format!("'{of}' object cannot be changed"),
                Some("make a new one, or use a list"),
            );
        }
    }

    fn is_none(&mut self, value: &'a Expr, at: At, does: &str) {
        let Some(Evident::Nothing(name)) = evident(self.known, value, at.scope) else {
            return;
        };
        self.found.push(
            Diagnostic::error(
                ErrorCode::NothingAsValue,
                value.span,
                format!("this {does} what '{name}' returns: always None"),
            )
            .label("None"),
        );
    }

    /// `items = items.append(1)`
    fn lost(&mut self, target: &'a Expr, value: &'a Expr, at: At) {
        let (ExprKind::Name(variable), ExprKind::Call { func, .. }) = (&target.kind, &value.kind)
        else {
            return;
        };
        let ExprKind::Attribute {
            value: object,
            attr,
        } = &func.kind
        else {
            return;
        };
        let is_same = matches!(&object.kind, ExprKind::Name(name) if name == variable);
        let changes = matches!(
            &*attr.name,
            "append" | "sort" | "reverse" | "extend" | "insert" | "remove" | "clear"
        );
        let is_lost =
            || self.builtin(object, at) == Some("list") || is_same && self.was_list(variable, at);
        if !changes || !is_lost() {
            return;
        }
        let help = match &*attr.name {
            "sort" => format!(
                "`{variable} = sorted(...)` makes a new list; `.sort()` alone changes the list"
            ),
            other => format!("`.{other}(...)` alone changes the list"),
        };
        self.found.push(
            Diagnostic::error(
                ErrorCode::NothingAsValue,
                value.span,
                format!("'{}' returns None: '{variable}' gets no list", attr.name),
            )
            .label("changes the list and returns None")
            .help(help)
            .as_warning(),
        );
    }

    /// Whether all that is assigned to a variable are lists, and results of its own methods.
    fn was_list(&self, variable: &str, at: At) -> bool {
        let Some(home) = self.known.home(at.scope, variable) else {
            return false;
        };
        let is_own = |value: &Expr| {
            matches!(&value.kind, ExprKind::Call { func, .. }
                if matches!(&func.kind, ExprKind::Attribute { value, .. }
                    if matches!(&value.kind, ExprKind::Name(it) if **it == *variable)))
        };
        let mut others = self.known.assigned(home).iter().filter(|it| !is_own(it));
        others.clone().next().is_some() && others.all(|it| self.builtin(it, at) == Some("list"))
    }
}
