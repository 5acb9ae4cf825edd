//! Type parameters and type aliases (PEP 695): plain instances of their builtin classes.
//!
//! What is evaluated late (a bound, an alias's value) is kept as the function `EVALUATE`; the getters in
//! `stdlib/builtins/types/generic.rs` call it when someone asks.

use crate::bytecode::Instr;
use crate::runtime::class::Class;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// The attribute with the function that computes the bound or value. No program can spell it.
pub const EVALUATE: &str = ".evaluate";

impl Vm {
    /// `R[a] :=` type parameter `K[d]`, its bound the function `R[b]` or Undef.
    pub(in crate::vm) fn type_param_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let class = match i.c {
            0 => Builtin::TypeVar,
            1 => Builtin::TypeVarTuple,
            _ => Builtin::ParamSpec,
        };
        let param = heap.instance(heap.types.class(heap, class));
        param.set_attr(heap, heap.intern("__name__"), self.name_operand(i).value());
        if let Some(bound) = self.reg(i.b).defined() {
            param.set_attr(heap, heap.intern(EVALUATE), bound);
        }
        for variance in ["__covariant__", "__contravariant__"] {
            param.set_attr(heap, heap.intern(variance), Value::FALSE);
        }
        param.set_attr(heap, heap.intern("__infer_variance__"), Value::TRUE);
        self.set_reg(i.a, param.value());
        Ok(())
    }

    /// `R[a] :=` type alias `K[d]` with parameters `R[b]`, its value the function `R[c]`.
    pub(in crate::vm) fn type_alias_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let alias = heap.instance(heap.types.class(heap, Builtin::TypeAliasType));
        alias.set_attr(heap, heap.intern("__name__"), self.name_operand(i).value());
        alias.set_attr(heap, heap.intern("__type_params__"), self.reg(i.b));
        alias.set_attr(heap, heap.intern(EVALUATE), self.reg(i.c));
        self.set_reg(i.a, alias.value());
        Ok(())
    }
}

// Generic aliases.
impl Vm {
    /// `origin[args]`, the arguments a tuple or a single one.
    pub fn generic_alias(&self, origin: Local, args: Local) -> Local {
        let heap = &self.heap;
        let class = self.local(heap.types.class(heap, Builtin::GenericAlias).value());
        self.generic_alias_of(class, origin, args)
    }

    /// The same, an instance of a class that derives from GenericAlias.
    pub fn generic_alias_of(&self, class: Local, origin: Local, args: Local) -> Local {
        let heap = &self.heap;
        let args = match self.get_gc::<Tuple>(args) {
            Some(tuple) => tuple,
            None => heap.tuple(&[self.get(args)]),
        };
        let class = self.get_gc::<Class>(class).expect("the caller has a class");
        let alias = heap.instance(class);
        let parameters = parameters(heap, args);
        let fields = [
            ("__origin__", self.get(origin)),
            ("__args__", args.value()),
            ("__parameters__", heap.tuple(&parameters).value()),
        ];
        for (name, value) in fields {
            alias.set_attr(heap, heap.intern(name), value);
        }
        self.local(alias.value())
    }

    /// Whether a class, or one that it derives from, was written with type parameters.
    pub(in crate::vm) fn has_type_params(&self, class: Local) -> bool {
        let heap = &self.heap;
        let params = self
            .get_gc::<Class>(class)
            .and_then(|class| class.lookup(heap, heap.sym(Sym::TypeParams)));
        params
            .and_then(|params| params.as_gc::<Tuple>())
            .is_some_and(|params| !params.is_empty())
    }
}

/// The type parameters among the arguments of an alias, each once.
fn parameters<'h>(heap: &'h Heap, args: Gc<'h, Tuple>) -> Vec<Value<'h>> {
    let mut found: Vec<Value<'h>> = Vec::new();
    for arg in args.iter(heap) {
        let inner = match heap.class_of(arg).builtin {
            Some(Builtin::TypeVar | Builtin::TypeVarTuple | Builtin::ParamSpec) => vec![arg],
            Some(Builtin::GenericAlias) => {
                let own = arg
                    .as_gc::<Instance>()
                    .and_then(|alias| alias.attr(heap, heap.intern("__parameters__")));
                own.and_then(|own| own.as_gc::<Tuple>())
                    .map_or_else(Vec::new, |own| own.to_vec(heap))
            }
            _ => vec![],
        };
        found.extend(
            inner
                .into_iter()
                .filter(|param| !found.iter().any(|known| known.is(*param)))
                .collect::<Vec<_>>(),
        );
    }
    found
}
