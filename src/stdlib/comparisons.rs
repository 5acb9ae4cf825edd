//! The six comparisons of a native class, made from one function.
//!
//! `comparisons!(vm, compare)` defines the natives `EQ`, `NE`, `LT`, `LE`, `GT` and `GE`; each calls `compare` with its arguments and the
//! `Comparison` that it is. `leaf` in the place of `vm`: the function runs no code of the program.

macro_rules! comparisons {
    ($kind:ident, $compare:path) => {
        $crate::stdlib::comparisons::comparisons! { @one $kind, $compare, EQ, Eq, "__eq__", "==" }
        $crate::stdlib::comparisons::comparisons! { @one $kind, $compare, NE, Ne, "__ne__", "!=" }
        $crate::stdlib::comparisons::comparisons! { @one $kind, $compare, LT, Lt, "__lt__", "<" }
        $crate::stdlib::comparisons::comparisons! { @one $kind, $compare, LE, Le, "__le__", "<=" }
        $crate::stdlib::comparisons::comparisons! { @one $kind, $compare, GT, Gt, "__gt__", ">" }
        $crate::stdlib::comparisons::comparisons! { @one $kind, $compare, GE, Ge, "__ge__", ">=" }
    };
    (@one $kind:ident, $compare:path, $name:ident, $comparison:ident, $method:literal, $sign:literal) => {
        #[doc = concat!("`self ", $sign, " value`")]
        pub const $name: $crate::vm::Native = $crate::vm::Native::$kind(
            concat!($method, "(self, value, /)"),
            concat!("Return self", $sign, "value."),
            |context, args| {
                $compare(
                    context,
                    args,
                    $crate::vm::protocol::compare::Comparison::$comparison,
                )
            },
        );
    };
}
pub(crate) use comparisons;
