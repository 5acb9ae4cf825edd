//! Type parameters and type aliases (PEP 695): plain instances of their builtin classes.
//!
//! What is evaluated late (a bound, an alias's value) is kept as the function `EVALUATE`; the getters in
//! `stdlib/builtins/types/generic.rs` call it when someone asks.

use crate::bytecode::Instr;
use crate::runtime::class::Class;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// The attribute with the function that computes the bound or value. No program can spell it.
pub const EVALUATE: &str = ".evaluate";
/// The same for the constraints of a type variable.
pub const EVALUATE_CONSTRAINTS: &str = ".evaluate_constraints";
/// The same for the default of a type parameter.
pub const EVALUATE_DEFAULT: &str = ".evaluate_default";
/// The attribute that marks an alias with a star before it.
pub const UNPACKED: &str = ".unpacked";

impl Vm {
    /// `R[a] :=` type parameter `K[d]`, its bound the function `R[b]` or Undef, its default the function `R[b+1]` or Undef.
    pub(in crate::vm) fn type_param_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let (class, late) = match i.c {
            0 => (Builtin::TypeVar, EVALUATE),
            1 => (Builtin::TypeVarTuple, EVALUATE),
            2 => (Builtin::ParamSpec, EVALUATE),
            _ => (Builtin::TypeVar, EVALUATE_CONSTRAINTS),
        };
        let param = heap.instance(heap.types.class(heap, class));
        param.set_attr(heap, heap.intern("__name__"), self.name_operand(i).value());
        for (name, function) in [(late, i.b), (EVALUATE_DEFAULT, i.b + 1)] {
            if let Some(function) = self.reg(function).defined() {
                param.set_attr(heap, heap.intern(name), function);
            }
        }
        if class != Builtin::TypeVarTuple {
            for variance in ["__covariant__", "__contravariant__"] {
                param.set_attr(heap, heap.intern(variance), Value::FALSE);
            }
            param.set_attr(heap, heap.intern("__infer_variance__"), Value::TRUE);
        }
        self.set_reg(i.a, param.value());
        Ok(())
    }

    /// `R[a] :=` the bases `R[b]` of a class with type parameters `R[c]`, `Generic` with these added.
    pub(in crate::vm) fn generic_base_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let generic = self.heap.types.class(&self.heap, Builtin::Generic).value();
        let generic = self.local(generic);
        let params = self.unpacked_params(self.reg_local(i.c))?;
        let base = match self.loaded_module("typing") {
            Some(typing) => {
                let make = self.get_attr_named(typing, "_generic_base")?;
                self.call(make, &[self.reg_local(i.b), params])?
            }
            None => self.generic_alias(generic, params)?,
        };
        let mut bases = self.to_vec(self.reg_local(i.b))?;
        bases.push(base);
        let bases = self.tuple_of(&bases);
        self.finish(mark, i.a, bases);
        Ok(())
    }

    /// `R[a] :=` type alias `K[d]` with parameters `R[b]`, its value the function `R[c]`.
    pub(in crate::vm) fn type_alias_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let alias = heap.instance(heap.types.class(heap, Builtin::TypeAliasType));
        alias.set_attr(heap, heap.intern("__name__"), self.name_operand(i).value());
        alias.set_attr(heap, heap.intern("__type_params__"), self.reg(i.b));
        alias.set_attr(heap, heap.intern(EVALUATE), self.reg(i.c));
        let module = self.exec.stack.top().code(heap).module(heap);
        let name = module.globals.get(heap, heap.sym(Sym::Name));
        alias.set_attr(heap, heap.intern("__module__"), name.unwrap_or(Value::NONE));
        self.set_reg(i.a, alias.value());
        Ok(())
    }
}

impl Vm {
    /// Type parameters as arguments of `Generic`: a TypeVarTuple stands there unpacked.
    fn unpacked_params(&mut self, params: Local) -> Result<Local, Raised> {
        let mut unpacked = Vec::new();
        for param in self.to_vec(params)? {
            let class = self.heap.class_of(self.get(param));
            match class.builtin_is(Builtin::TypeVarTuple) {
                true => unpacked.extend(self.to_vec(param)?),
                false => unpacked.push(param),
            }
        }
        Ok(self.tuple_of(&unpacked))
    }
}

// Generic aliases.
impl Vm {
    /// `origin[args]`, the arguments a tuple or a single one.
    pub fn generic_alias(&mut self, origin: Local, args: Local) -> Result<Local, Raised> {
        let class = self.heap.types.class(&self.heap, Builtin::GenericAlias);
        let class = self.local(class.value());
        self.generic_alias_of(class, origin, args)
    }

    /// The same, an instance of a class that derives from GenericAlias.
    pub fn generic_alias_of(
        &mut self,
        class: Local,
        origin: Local,
        args: Local,
    ) -> Result<Local, Raised> {
        let args = match self.get(args).is_gc::<Tuple>() {
            true => args,
            false => self.tuple_of(&[args]),
        };
        let parameters = self.type_parameters(args)?;
        let heap = &self.heap;
        let class = self.get_gc::<Class>(class).expect("the caller has a class");
        let alias = heap.instance(class);
        let fields = [
            ("__origin__", origin),
            ("__args__", args),
            ("__parameters__", parameters),
        ];
        for (name, value) in fields {
            alias.set_attr(heap, heap.intern(name), self.get(value));
        }
        Ok(self.local(alias.value()))
    }

    /// The type parameters among types, each once: what has `__typing_subst__`, and the parameters of what has some.
    pub fn type_parameters(&mut self, types: Local) -> Result<Local, Raised> {
        let mut found = Vec::new();
        self.collect_parameters(types, &mut found)?;
        Ok(self.tuple_of(&found))
    }

    fn collect_parameters(&mut self, types: Local, found: &mut Vec<Local>) -> Result<(), Raised> {
        for ty in self.to_vec(types)? {
            let value = self.get(ty);
            if !value.is_object() || value.is_gc::<Class>() || value.is_gc::<Str>() {
                continue;
            }
            if value.is_gc::<Tuple>() || value.is_gc::<List>() {
                self.nested(|vm| vm.collect_parameters(ty, found))?;
                continue;
            }
            let inner = match self.is_parameter(ty)? {
                true => vec![ty],
                false => match self.find_attr(ty, "__parameters__")? {
                    Some(inner) if self.get(inner).is_gc::<Tuple>() => self.to_vec(inner)?,
                    _ => Vec::new(),
                },
            };
            for parameter in inner {
                let is_known = found
                    .iter()
                    .any(|&known| self.get(known).is(self.get(parameter)));
                if !is_known {
                    found.push(parameter);
                }
            }
        }
        Ok(())
    }

    fn is_parameter(&mut self, ty: Local) -> Result<bool, Raised> {
        match self.heap.class_of(self.get(ty)).builtin {
            Some(Builtin::TypeVar | Builtin::TypeVarTuple | Builtin::ParamSpec) => Ok(true),
            Some(Builtin::GenericAlias | Builtin::UnionType) => Ok(false),
            _ => Ok(self.find_attr(ty, "__typing_subst__")?.is_some()),
        }
    }
}
