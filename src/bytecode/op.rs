//! The instruction set, readable in five minutes.
//!
//! An instruction is 64 bits: `op a b c` of 8 bits each and `d`, a signed 32-bit immediate. Registers are written
//! `R[x]`, constants `K[x]`, the module's global slots `G[x]`, the closure's cells `F[x]`, inline caches `C[x]` (which
//! name what they look up). Jumps are relative to the next instruction. Every jump backwards is a safepoint.
//!
//! To add an instruction: one row in `ops!`, one arm in `vm/exec/run.rs` (the compiler insists on it).

/// A register index inside a frame's window.
pub type Reg = u8;

/// The highest register the compiler may hand out; locals beyond it are spilled (`SpillNew`).
pub const MAX_REG: usize = 240;

/// One instruction, as the VM fetches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Instr {
    /// What to do.
    pub op: Op,
    /// First operand, usually the destination.
    pub a: u8,
    /// Second operand.
    pub b: u8,
    /// Third operand.
    pub c: u8,
    /// Immediate, jump distance, constant, slot or cache index.
    pub d: i32,
}

const _: () = assert!(size_of::<Instr>() == 8);

/// What an 8-bit operand means: read by the verifier and the disassembler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Unused; must be 0.
    Unused,
    /// A register that is written.
    Def,
    /// A register that is read.
    Use,
    /// A plain number.
    Num,
    /// A signed plain number.
    Int,
    /// 1 or 0: a variant of the instruction, which its meaning names; listings show it when it is set.
    Flag,
    /// A register that starts a run of registers, checked by the row's `Run`.
    First,
}

/// What the 32-bit operand means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    /// Unused; must be 0.
    Unused,
    /// A plain number.
    Imm,
    /// 1 or 0, as `Field::Flag`.
    Flag,
    /// One of `Imm`.
    Singleton,
    /// The register of a format spec; none if negative.
    Spec,
    /// A jump, relative to the next instruction.
    Jump,
    /// An index into the constants.
    Const,
    /// An index into the constants, which must be a string.
    Name,
    /// An index into the constants, which must be a code object.
    Code,
    /// An index into the module's global slots.
    Global,
    /// An index into the inline caches.
    Cache,
}

/// Which registers beyond the named ones an instruction touches, counted from one of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// None.
    No,
    /// `a ..= a + b`: a call with `b` arguments.
    CallB,
    /// `a ..= a + 1 + b`: a method call, receiver and `b` arguments.
    MethodB,
    /// `a ..= a + b + c`: a call with `b` positional and `c` keyword arguments.
    CallBC,
    /// `a ..= a + n`.
    A(u8),
    /// `b ..= b + n`.
    B(u8),
    /// `c ..= c + n`.
    C(u8),
    /// `b .. b + d`.
    Items,
    /// `b .. b + 2 d`.
    Pairs,
    /// `b ..= b + c + d`: starred unpacking.
    Starred,
}

/// The effect of an instruction beyond registers and objects that only the compiled code knows.
///
/// An exploration of schedules asks it: two steps that touch nothing in common may be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing, and it runs no user code.
    Pure,
    /// Reads a global slot of the module or a builtin name.
    ReadGlobal,
    /// Writes a global slot of the module.
    WriteGlobal,
    /// Reads a captured variable.
    ReadCell,
    /// Writes a captured variable.
    WriteCell,
    /// Reads an attribute; a descriptor or `__getattr__` may run user code.
    ReadAttr,
    /// Writes or deletes an attribute; may run user code.
    WriteAttr,
    /// Reads an item of a container or namespace; may run user code.
    ReadItem,
    /// Writes or deletes an item of a container or namespace; may run user code.
    WriteItem,
    /// Calls, suspends, or asks special methods: whatever that user code touches.
    Runs,
}

/// A binary operator that has instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `@`
    MatMul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
}

/// A comparison that special methods decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
}

/// A fact that a row of `ops!` states in its brackets.
enum Fact {
    /// It is a form of this operator.
    Binary(BinaryOp),
    /// It is a form of this comparison.
    Compare(CompareOp),
    /// Control never falls through to the next instruction.
    Ends,
    /// It raises an exception that is on its way already: no new line in the traceback, no new context.
    Reraises,
    /// It looks at register a, which may be unset.
    MayBeUnset,
}

/// The facts of a row.
#[derive(Debug)]
pub struct Facts {
    /// The binary operator that it is a form of.
    pub binary: Option<BinaryOp>,
    /// The comparison that it is a form of.
    pub compare: Option<CompareOp>,
    /// Whether control never falls through to the next instruction.
    pub ends: bool,
    /// Whether it raises an exception that is on its way already.
    pub reraises: bool,
    /// Whether it looks at register a, which may be unset.
    pub may_be_unset: bool,
}

impl Facts {
    const fn of(stated: &[Fact]) -> Facts {
        let mut facts = Facts {
            binary: None,
            compare: None,
            ends: false,
            reraises: false,
            may_be_unset: false,
        };
        let mut i = 0;
        while i < stated.len() {
            match &stated[i] {
                Fact::Binary(op) => facts.binary = Some(*op),
                Fact::Compare(op) => facts.compare = Some(*op),
                Fact::Ends => facts.ends = true,
                Fact::Reraises => facts.reraises = true,
                Fact::MayBeUnset => facts.may_be_unset = true,
            }
            i += 1;
        }
        facts
    }
}

/// Where an operator or comparison has its two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `R[b]`, `R[c]`.
    Registers,
    /// `R[b]`, `d`.
    Immediate,
    /// `R[a]`, `R[b]`, of a jump.
    Jump,
    /// `R[a]`, `b`, of a jump.
    JumpImmediate,
}

/// Facts about one instruction, from its row.
#[derive(Debug)]
pub struct OpInfo {
    /// The mnemonic.
    pub name: &'static str,
    /// Meaning of operands a, b, c.
    pub fields: [Field; 3],
    /// Meaning of operand d.
    pub wide: Wide,
    /// Further registers.
    pub run: Run,
    /// Its effect beyond registers.
    pub effect: Effect,
    /// Its other facts.
    pub facts: Facts,
    /// The meaning, in register-transfer notation.
    pub meaning: &'static str,
}

macro_rules! ops {
    ($($name:ident $a:ident $b:ident $c:ident $d:ident $run:ident $(($n:literal))? $effect:ident [$($fact:expr),*], $meaning:literal;)*) => {
        /// An operation; see the table in this file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Op { $(#[doc = $meaning] $name),* }

        /// The facts, indexed by `Op as usize`.
        pub static OPS: &[OpInfo] = {
            use {BinaryOp::*, CompareOp::*, Fact::*};
            &[$(OpInfo {
                name: stringify!($name),
                fields: [Field::$a, Field::$b, Field::$c],
                wide: Wide::$d,
                run: Run::$run $(($n))?,
                effect: Effect::$effect,
                facts: Facts::of(&[$($fact),*]),
                meaning: $meaning,
            }),*]
        };

        impl Op {
            /// All operations, in order.
            pub const ALL: &[Op] = &[$(Op::$name),*];
        }
    };
}

ops! {
    // name          a      b      c      d         registers  effect      facts
    // Loads and moves
    Nop              Unused Unused Unused Unused    No       Pure        [], "nothing";
    LoadInt          Def    Unused Unused Imm       No       Pure        [], "R[a] := int d";
    LoadImm          Def    Unused Unused Singleton No       Pure        [], "R[a] := None, False, True, Ellipsis, NotImplemented or Undef, by d (see Imm)";
    LoadConst        Def    Unused Unused Const     No       Pure        [], "R[a] := K[d]";
    Move             Def    Use    Unused Unused    No       Pure        [], "R[a] := R[b]";
    CheckLocal       Use    Unused Unused Name      No       Pure        [MayBeUnset], "raise UnboundLocalError for K[d] if R[a] is Undef";
    // Names
    GetGlobal        Def    Unused Unused Global    No       ReadGlobal  [], "R[a] := G[d], or raise NameError";
    SetGlobal        Use    Unused Unused Global    No       WriteGlobal [], "G[d] := R[a]";
    DelGlobal        Unused Unused Unused Global    No       WriteGlobal [], "delete G[d], or raise NameError";
    SetupAnnotations Unused Unused Unused Global    No       WriteGlobal [], "G[d] := {} unless it is bound";
    GetName          Def    Use    Unused Name      No       ReadItem    [], "R[a] := R[b][K[d]] in a class namespace, Undef if missing";
    SetName          Use    Use    Unused Name      No       WriteItem   [], "R[b][K[d]] := R[a] in a class namespace";
    DelName          Unused Use    Unused Name      No       WriteItem   [], "delete R[b][K[d]] in a class namespace, or raise NameError";
    MakeCell         Use    Unused Unused Unused    No       Pure        [MayBeUnset], "R[a] := Cell(R[a])";
    GetCell          Def    Use    Unused Name      No       ReadCell    [], "R[a] := R[b].value, or raise UnboundLocalError for K[d]";
    SetCell          Use    Use    Unused Unused    No       WriteCell   [], "R[a].value := R[b] (Undef deletes)";
    GetFree          Def    Num    Num    Name      No       ReadCell    [], "R[a] := F[b + 256 c].value, or raise NameError for K[d]";
    SetFree          Use    Num    Num    Unused    No       WriteCell   [], "F[b + 256 c].value := R[a] (Undef deletes)";
    GetFreeCell      Def    Num    Num    Unused    No       Pure        [], "R[a] := F[b + 256 c], the cell itself";
    SpillNew         Def    Unused Unused Imm       No       Pure        [], "R[a] := spill area of d Undef slots, for values beyond MAX_REG";
    SpillGet         Def    Use    Unused Imm       No       Pure        [], "R[a] := R[b].spill[d] (may be Undef)";
    SpillSet         Use    Use    Unused Imm       No       Pure        [], "R[b].spill[d] := R[a]";
    // Arithmetic; the flag is 1 for the augmented form (tries __iadd__ first)
    Add              Def    Use    Use    Flag      No       Runs        [Binary(Add)], "R[a] := R[b] + R[c]";
    Sub              Def    Use    Use    Flag      No       Runs        [Binary(Sub)], "R[a] := R[b] - R[c]";
    Mul              Def    Use    Use    Flag      No       Runs        [Binary(Mul)], "R[a] := R[b] * R[c]";
    Div              Def    Use    Use    Flag      No       Runs        [Binary(Div)], "R[a] := R[b] / R[c]";
    FloorDiv         Def    Use    Use    Flag      No       Runs        [Binary(FloorDiv)], "R[a] := R[b] // R[c]";
    Mod              Def    Use    Use    Flag      No       Runs        [Binary(Mod)], "R[a] := R[b] % R[c]";
    Pow              Def    Use    Use    Flag      No       Runs        [Binary(Pow)], "R[a] := R[b] ** R[c]";
    MatMul           Def    Use    Use    Flag      No       Runs        [Binary(MatMul)], "R[a] := R[b] @ R[c]";
    Shl              Def    Use    Use    Flag      No       Runs        [Binary(Shl)], "R[a] := R[b] << R[c]";
    Shr              Def    Use    Use    Flag      No       Runs        [Binary(Shr)], "R[a] := R[b] >> R[c]";
    BitAnd           Def    Use    Use    Flag      No       Runs        [Binary(BitAnd)], "R[a] := R[b] & R[c]";
    BitOr            Def    Use    Use    Flag      No       Runs        [Binary(BitOr)], "R[a] := R[b] | R[c]";
    BitXor           Def    Use    Use    Flag      No       Runs        [Binary(BitXor)], "R[a] := R[b] ^ R[c]";
    AddI             Def    Use    Flag   Imm       No       Runs        [Binary(Add)], "R[a] := R[b] + d; c: augmented";
    SubI             Def    Use    Flag   Imm       No       Runs        [Binary(Sub)], "R[a] := R[b] - d; c: augmented";
    MulI             Def    Use    Flag   Imm       No       Runs        [Binary(Mul)], "R[a] := R[b] * d; c: augmented";
    FloorDivI        Def    Use    Flag   Imm       No       Runs        [Binary(FloorDiv)], "R[a] := R[b] // d; c: augmented";
    ModI             Def    Use    Flag   Imm       No       Runs        [Binary(Mod)], "R[a] := R[b] % d; c: augmented";
    BitAndI          Def    Use    Flag   Imm       No       Runs        [Binary(BitAnd)], "R[a] := R[b] & d; c: augmented";
    ShlI             Def    Use    Flag   Imm       No       Runs        [Binary(Shl)], "R[a] := R[b] << d; c: augmented";
    ShrI             Def    Use    Flag   Imm       No       Runs        [Binary(Shr)], "R[a] := R[b] >> d; c: augmented";
    Neg              Def    Use    Unused Unused    No       Runs        [], "R[a] := -R[b]";
    Pos              Def    Use    Unused Unused    No       Runs        [], "R[a] := +R[b]";
    Invert           Def    Use    Unused Unused    No       Runs        [], "R[a] := ~R[b]";
    Not              Def    Use    Unused Unused    No       Runs        [], "R[a] := not R[b]";
    // Comparison
    Lt               Def    Use    Use    Unused    No       Runs        [Compare(Lt)], "R[a] := R[b] < R[c]";
    Le               Def    Use    Use    Unused    No       Runs        [Compare(Le)], "R[a] := R[b] <= R[c]";
    Gt               Def    Use    Use    Unused    No       Runs        [Compare(Gt)], "R[a] := R[b] > R[c]";
    Ge               Def    Use    Use    Unused    No       Runs        [Compare(Ge)], "R[a] := R[b] >= R[c]";
    Eq               Def    Use    Use    Unused    No       Runs        [Compare(Eq)], "R[a] := R[b] == R[c]";
    Ne               Def    Use    Use    Unused    No       Runs        [Compare(Ne)], "R[a] := R[b] != R[c]";
    Is               Def    Use    Use    Flag      No       Pure        [], "R[a] := (R[b] is R[c]) != (d == 1)";
    In               Def    Use    Use    Flag      No       Runs        [], "R[a] := (R[b] in R[c]) != (d == 1)";
    // Jumps; a fused comparison jumps when its outcome equals c
    Jmp              Unused Unused Unused Jump      No       Pure        [Ends], "ip += d";
    JmpIf            Use    Unused Unused Jump      No       Runs        [], "if R[a]: ip += d";
    JmpIfNot         Use    Unused Unused Jump      No       Runs        [], "if not R[a]: ip += d";
    JmpIfNone        Use    Unused Num    Jump      No       Pure        [], "if (R[a] is None) == c: ip += d";
    JmpIfUndef       Use    Unused Num    Jump      No       Pure        [MayBeUnset], "if (R[a] is Undef) == c: ip += d";
    JmpLt            Use    Use    Num    Jump      No       Runs        [Compare(Lt)], "if (R[a] < R[b]) == c: ip += d";
    JmpLe            Use    Use    Num    Jump      No       Runs        [Compare(Le)], "if (R[a] <= R[b]) == c: ip += d";
    JmpGt            Use    Use    Num    Jump      No       Runs        [Compare(Gt)], "if (R[a] > R[b]) == c: ip += d";
    JmpGe            Use    Use    Num    Jump      No       Runs        [Compare(Ge)], "if (R[a] >= R[b]) == c: ip += d";
    JmpEq            Use    Use    Num    Jump      No       Runs        [Compare(Eq)], "if (R[a] == R[b]) == c: ip += d";
    JmpNe            Use    Use    Num    Jump      No       Runs        [Compare(Ne)], "if (R[a] != R[b]) == c: ip += d";
    JmpIs            Use    Use    Num    Jump      No       Pure        [], "if (R[a] is R[b]) == c: ip += d";
    JmpIn            Use    Use    Num    Jump      No       Runs        [], "if (R[a] in R[b]) == c: ip += d";
    JmpLtI           Use    Int    Num    Jump      No       Runs        [Compare(Lt)], "if (R[a] < b) == c: ip += d";
    JmpLeI           Use    Int    Num    Jump      No       Runs        [Compare(Le)], "if (R[a] <= b) == c: ip += d";
    JmpGtI           Use    Int    Num    Jump      No       Runs        [Compare(Gt)], "if (R[a] > b) == c: ip += d";
    JmpGeI           Use    Int    Num    Jump      No       Runs        [Compare(Ge)], "if (R[a] >= b) == c: ip += d";
    JmpEqI           Use    Int    Num    Jump      No       Runs        [Compare(Eq)], "if (R[a] == b) == c: ip += d";
    JmpNeI           Use    Int    Num    Jump      No       Runs        [Compare(Ne)], "if (R[a] != b) == c: ip += d";
    // Attributes and items
    GetAttr          Def    Use    Unused Cache     No       ReadAttr    [], "R[a] := R[b].C[d]";
    SetAttr          Use    Use    Unused Cache     No       WriteAttr   [], "R[a].C[d] := R[b]";
    DelAttr          Use    Unused Unused Name      No       WriteAttr   [], "delete R[a].K[d]";
    GetItem          Def    Use    Use    Unused    No       ReadItem    [], "R[a] := R[b][R[c]]";
    SetItem          Use    Use    Use    Unused    No       WriteItem   [], "R[a][R[b]] := R[c]";
    GetSlice         Def    First  Use    Unused    B(2)     ReadItem    [], "R[a] := R[c][R[b]:R[b+1]:R[b+2]]";
    SetSlice         Use    First  Use    Unused    B(2)     WriteItem   [], "R[a][R[b]:R[b+1]:R[b+2]] := R[c]";
    DelItem          Use    Use    Unused Unused    No       WriteItem   [], "delete R[a][R[b]]";
    BuildSlice       Def    First  Unused Unused    B(2)     Pure        [], "R[a] := slice(R[b], R[b+1], R[b+2])";
    // Calls; the result lands in R[a]. c is 1 when the statement drops it (a coroutine made there is never awaited)
    Call             First  Num    Flag   Unused    CallB    Runs        [], "R[a] := R[a](R[a+1], ..., R[a+b])";
    CallMethod       First  Num    Flag   Cache     MethodB  Runs        [], "R[a] := R[a+1].C[d](R[a+2], ..., R[a+1+b])";
    GetMethod        First  Unused Unused Cache     A(1)     ReadAttr    [], "R[a], R[a+1] := method R[a+1].C[d], receiver; for what is no method: value, Undef";
    GetSuper         First  Unused Unused Cache     A(2)     ReadAttr    [], "R[a], R[a+1] := the function R[a](R[a+1], R[a+2]).C[d] (super() in a method) and R[a+2], or any other attribute and Undef";
    CallFound        First  Num    Num    Unused    MethodB  Runs        [], "R[a] := R[a](R[a+1], ..., R[a+1+b]), R[a+1] left out if Undef: a call of what GetMethod found";
    CallSpecial      First  Num    Flag   Name      MethodB  Runs        [], "R[a] := type(R[a+1]).K[d](R[a+1], ..., R[a+1+b]); c: 1 if R[a] is that method, found before";
    CallKw           First  Num    Num    Const     CallBC   Runs        [], "R[a] := R[a](b positional, then c keyword arguments named by the tuple K[d])";
    CallEx           First  Unused Flag   Unused    A(2)     Runs        [], "R[a] := R[a](*R[a+1], **R[a+2]), a list and a dict or Undef";
    Ret              Use    Unused Unused Unused    No       Pure        [Ends], "return R[a] from a plain function";
    RetCoro          Use    Unused Unused Unused    No       Pure        [Ends], "return R[a] from a coroutine or generator";
    // Suspension
    Await            Def    Use    Unused Unused    No       Runs        [], "R[a] := await R[b]";
    Yield            Def    Use    Unused Unused    No       Runs        [], "yield R[b]; R[a] := what was sent";
    YieldFrom        Def    Use    Unused Unused    No       Runs        [], "R[a] := yield from R[b]";
    // Building
    BuildList        Def    First  Unused Imm       Items    Pure        [], "R[a] := [R[b], ..., d items]";
    BuildTuple       Def    First  Unused Imm       Items    Pure        [], "R[a] := (R[b], ..., d items)";
    BuildSet         Def    First  Unused Imm       Items    Runs        [], "R[a] := {R[b], ..., d items}";
    BuildDict        Def    First  Unused Imm       Pairs    Runs        [], "R[a] := {R[b]: R[b+1], ..., d pairs}";
    BuildString      Def    First  Unused Imm       Items    Pure        [], "R[a] := ''.join(R[b], ..., d strings)";
    FormatValue      Def    Use    Num    Spec      No       Runs        [], "R[a] := format(R[b] converted by c (0, 's', 'r' or 'a'), R[d] or '' if d < 0)";
    ListAppend       Use    Use    Unused Unused    No       Pure        [], "R[a].append(R[b]), a list of the compiler's own";
    ListExtend       Use    Use    Unused Flag      No       Runs        [], "R[a].extend(R[b]); d: 1 for a call's *args (its own message)";
    ListToTuple      Def    Use    Unused Unused    No       Pure        [], "R[a] := tuple(R[b]), R[b] a list";
    SetAdd           Use    Use    Unused Unused    No       Runs        [], "R[a].add(R[b])";
    SetUpdate        Use    Use    Unused Unused    No       Runs        [], "R[a].update(R[b])";
    DictSet          Use    Use    Use    Unused    No       Runs        [], "R[a][R[b]] := R[c], a dict of the compiler's own";
    DictUpdate       Use    Use    Unused Unused    No       Runs        [], "R[a].update(R[b]), R[b] a mapping ({**x})";
    DictMerge        Use    Use    Use    Unused    No       Runs        [], "R[a].update(R[b]) for a call's **kwargs of R[c]: duplicate keys raise TypeError";
    UnpackSeq        Use    First  Unused Imm       Items    Runs        [], "R[b], ..., R[b+d-1] := R[a]";
    UnpackEx         Use    First  Num    Imm       Starred  Runs        [], "R[b].. := c items, a list, d items from R[a]";
    UnpackList       Use    Def    Unused Imm       No       Runs        [], "R[b] := a list of the d items of R[a]";
    UnpackListEx     Use    Def    Num    Imm       No       Runs        [], "R[b] := a list of c items, a list, d items from R[a]";
    // Iteration
    GetIter          Def    Use    Flag   Unused    No       Runs        [], "R[a] := iter(R[b]); c: 1 if a for loop has just made R[b] for itself";
    ForIter          Use    Def    Num    Jump      No       Runs        [], "if R[a] has a next item: R[b] := it, ip += d (c is 1 where an UnpackSeq of two stands there and nothing else reads R[b])";
    CloseIter        Use    Use    Flag   Unused    No       Runs        [], "close R[a] if it is a generator that the loop made for itself; c: 1 only if R[b] is a GeneratorExit";
    GetAIter         Def    Use    Flag   Unused    No       Runs        [], "R[a] := aiter(R[b]); c: 1 if an async for loop has just made R[b] for itself";
    GetANext         Def    Use    Unused Unused    No       Runs        [], "R[a] := the awaitable R[b].__anext__()";
    EndAsyncFor      Use    Unused Unused Unused    No       Pure        [Reraises], "raise R[a] again (as Reraise) unless it is a StopAsyncIteration";
    // Functions and classes
    MakeFunction     Def    First  Num    Code      B(2)     Pure        [], "R[a] := function of K[d]; R[b] defaults tuple, R[b+1] keyword defaults dict, R[b+2] annotations dict (Undef for none)";
    BuildClass       Def    First  Unused Name      B(2)     Runs        [], "R[a] := class K[d] with body function R[b], bases tuple R[b+1], keywords dict R[b+2] or Undef";
    // Exceptions
    Raise            Use    Unused Unused Unused    No       Runs        [Ends], "raise R[a]";
    RaiseFrom        Use    Use    Unused Unused    No       Runs        [Ends], "raise R[a] from R[b]";
    Reraise          Use    Unused Unused Unused    No       Pure        [Ends, Reraises], "raise R[a], an exception that goes on unwinding: traceback and context stay";
    RaiseHandled     Unused Unused Unused Unused    No       Pure        [Ends, Reraises], "bare raise: the exception being handled, or RuntimeError";
    ExcMatch         Def    Use    Use    Unused    No       Runs        [], "R[a] := whether exception R[b] matches class or tuple R[c]";
    ExcInfo          First  Use    Unused Unused    A(2)     Pure        [], "R[a], R[a+1], R[a+2] := type(R[b]), R[b], R[b].__traceback__";
    ExcStarSplit     First  Use    Use    Unused    A(1)     Runs        [], "R[a], R[a+1] := the part of R[b] that matches R[c] (None if empty), the rest (None if empty)";
    ExcStarFinish    Use    Use    Unused Unused    No       Runs        [Reraises], "end of except* on R[a]: raise what the list R[b] of raised and unmatched parts amounts to, if anything";
    AssertFail       Use    First  Unused Imm       Items    Runs        [Ends], "raise AssertionError(R[a]), without argument if Undef; R[b].. d items: the values that it was about, Undef where not evaluated";
    // with
    CheckWith        Use    Def    Flag   Unused    No       Runs        [], "raise TypeError unless R[a] is a context manager; R[b] := its method __exit__, not bound; c: 1 for async";
    // Pattern matching
    MatchSeq         Def    Use    Unused Unused    No       Runs        [], "R[a] := whether R[b] matches sequence patterns";
    MatchMap         Def    Use    Unused Unused    No       Runs        [], "R[a] := whether R[b] matches mapping patterns";
    MatchKeys        Def    Use    Use    Unused    No       Runs        [], "R[a] := tuple of R[b]'s values for the keys R[c], None if one is missing";
    MatchClass       Def    Use    First  Imm       C(1)     Runs        [], "R[a] := tuple of attributes if R[b] is a R[c] with d positional and R[c+1] (tuple of names) keyword sub-patterns, else None";
    GetLen           Def    Use    Unused Unused    No       Runs        [], "R[a] := len(R[b])";
    // Modules and types
    Import           Def    Num    Num    Name      No       Runs        [], "R[a] := module K[d], relative to b parent packages; c: 1 for the leaf of a dotted name, 0 for its top";
    ImportFrom       Def    Use    Unused Name      No       ReadAttr    [], "R[a] := name K[d] of module R[b], or raise ImportError";
    ImportStar       Use    Unused Unused Unused    No       Runs        [], "bind every public name of module R[a] in the globals";
    TypeParam        Def    First  Num    Name      B(1)     Runs        [], "R[a] := type parameter K[d]; R[b] bound function, R[b+1] default function (Undef for none); c: 0 TypeVar, 1 TypeVarTuple, 2 ParamSpec, 3 TypeVar with constraints";
    GenericBase      Def    Use    Use    Unused    No       Runs        [], "R[a] := bases R[b] (a tuple) and Generic with the type parameters R[c] (a tuple)";
    TypeAlias        Def    Use    Use    Name      No       Runs        [], "R[a] := type alias K[d], parameters R[b] (a tuple), value function R[c]";
    // REPL
    Display          Use    Unused Unused Unused    No       Runs        [], "show R[a] as the REPL does, and bind _, unless it is None";
    // Coverage
    Cover            Unused Unused Unused Imm       No       Pure        [], "note that the statement at offset d of the source ran";
    // Trace functions: stands in a copy of verified code only, in place of an instruction whose operands it keeps
    Traced           Unused Unused Unused Unused    No       Runs        [], "call the trace function if there is an event here, then do what stands here in the code itself";
}

/// The values of `LoadImm`. What is checked most comes first: the loop compares with a constant that it has at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Imm {
    /// No value: an unbound local.
    Undef,
    /// `None`.
    None,
    /// `False`.
    False,
    /// `True`.
    True,
    /// `...`.
    Ellipsis,
    /// `NotImplemented`.
    NotImplemented,
}

impl Op {
    /// The row of the table.
    pub fn info(self) -> &'static OpInfo {
        &OPS[self as usize]
    }

    /// Where the two operands of an operator or a comparison are: what its operands' meanings say.
    pub fn form(self) -> Form {
        let info = self.info();
        match (info.fields[0], info.fields[1], info.wide) {
            (Field::Use, Field::Int, Wide::Jump) => Form::JumpImmediate,
            (Field::Use, _, Wide::Jump) => Form::Jump,
            (_, _, Wide::Imm) => Form::Immediate,
            _ => Form::Registers,
        }
    }
}

impl Instr {
    /// An instruction with all its operands.
    pub const fn new(op: Op, a: u8, b: u8, c: u8, d: i32) -> Instr {
        Instr { op, a, b, c, d }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_fit_the_operands() {
        for op in Op::ALL {
            let info = op.info();
            let touches_global = matches!(info.effect, Effect::ReadGlobal | Effect::WriteGlobal);
            assert_eq!(touches_global, info.wide == Wide::Global, "{op:?}");
            if info.wide == Wide::Cache {
                assert_ne!(info.effect, Effect::Pure, "{op:?} looks up an attribute");
            }
            if info.facts.binary.is_some() || info.facts.compare.is_some() {
                assert_eq!(info.effect, Effect::Runs, "{op:?} asks special methods");
            }
        }
    }
}
