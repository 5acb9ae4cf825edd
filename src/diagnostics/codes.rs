//! The kinds of mistakes that are found before a program runs: one table.
//!
//! A row gives a kind its number, the exception that CPython raises for it and a title; what `apy explain` prints is the page
//! `docs/errors/<number>.md`. Several messages may share a kind, if the same explanation helps. To add one: a row, a page
//! and a golden in `tests/golden/diagnostics` (`tests/diagnostics.rs` asks for both). E00xx text and tokens, E01xx syntax,
//! E02xx names and scopes, E03xx warnings, E04xx what `apy check` looks for,
//! E05xx what only a run shows. Numbers are never reused.

macro_rules! codes {
    ($($name:ident $id:literal $exception:literal $title:literal)*) => {
        /// A kind of mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode {
            $(#[doc = $title] $name,)*
        }

        impl ErrorCode {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            const fn row(self) -> [&'static str; 4] {
                match self {
                    $(Self::$name => [
                        $id,
                        $exception,
                        $title,
                        include_str!(concat!("../../docs/errors/", $id, ".md")),
                    ],)*
                }
            }
        }
    };
}

codes! {
    NotUtf8 "E0001" "SyntaxError" "the file is not UTF-8 text"
    NullByte "E0002" "SyntaxError" "the file contains a null byte"
    FileTooLarge "E0003" "SyntaxError" "the file is too large"
    InvalidCharacter "E0004" "SyntaxError" "a character that means nothing here"
    LineContinuation "E0005" "SyntaxError" "a backslash that is not the end of its line"
    UnterminatedString "E0006" "SyntaxError" "a string without its closing quote"
    InvalidNumber "E0007" "SyntaxError" "a number that cannot be read"
    IntegerTooLong "E0008" "SyntaxError" "a decimal number with more than 4300 digits"
    InvalidEscape "E0009" "SyntaxError" "an escape sequence that cannot be decoded"
    BytesNotAscii "E0011" "SyntaxError" "a bytes literal with a character beyond ASCII"
    MixedBytes "E0012" "SyntaxError" "text and bytes side by side"
    FString "E0013" "SyntaxError" "a replacement field that cannot be read"
    UnclosedBracket "E0014" "SyntaxError" "an opening bracket without its closing one"
    UnmatchedBracket "E0015" "SyntaxError" "a closing bracket that closes nothing"
    TooNested "E0016" "SyntaxError" "nesting that is too deep"
    UnexpectedIndent "E0017" "IndentationError" "a line that is indented without reason"
    UnmatchedDedent "E0018" "IndentationError" "a line whose indentation fits no block"
    ExpectedBlock "E0019" "IndentationError" "a block is missing"
    MixedTabs "E0020" "TabError" "tabs and spaces are mixed so that the indentation is ambiguous"
    TooManyLevels "E0021" "IndentationError" "more than 100 levels of indentation"
    EmptyField "E0022" "SyntaxError" "a replacement field without an expression"
    LoneBrace "E0023" "SyntaxError" "a closing brace alone in an f-string"
    Conversion "E0024" "SyntaxError" "a conversion other than !s, !r and !a"
    UnterminatedBlock "E0025" "SyntaxError" "a triple-quoted string without its closing quotes"
    MismatchedBracket "E0026" "SyntaxError" "a closing bracket of another kind than the open one"
    InvalidSyntax "E0100" "SyntaxError" "something that does not belong here"
    ExpectedToken "E0101" "SyntaxError" "something is missing"
    MissingComma "E0102" "SyntaxError" "two values side by side"
    AssignInExpression "E0103" "SyntaxError" "an assignment where a value is wanted"
    PrintStatement "E0104" "SyntaxError" "print without parentheses"
    ForeignSyntax "E0105" "SyntaxError" "an operator of another language"
    MissingColon "E0106" "SyntaxError" "a header without its colon"
    MissingElse "E0107" "SyntaxError" "a conditional expression without else"
    MissingIn "E0108" "SyntaxError" "a loop without in"
    MissingParameters "E0109" "SyntaxError" "a function without parentheses"
    InvalidTarget "E0110" "SyntaxError" "something that cannot be assigned to"
    MisplacedStar "E0111" "SyntaxError" "a starred expression in a place where none can be"
    InvalidWalrus "E0112" "SyntaxError" "`:=` with something else than a name"
    MissingValue "E0113" "SyntaxError" "a name or key without its value"
    KeywordAsName "E0114" "SyntaxError" "a keyword used as a name"
    NotAfterOperator "E0115" "SyntaxError" "not behind an operator"
    ComprehensionTarget "E0116" "SyntaxError" "several values in a comprehension without parentheses"
    IncompleteStatement "E0117" "SyntaxError" "a statement that stops in the middle"
    ElseIf "E0118" "SyntaxError" "else if in two words"
    ForeignStatement "E0119" "SyntaxError" "a statement of another language"
    CallArguments "E0120" "SyntaxError" "arguments that do not go together"
    Parameters "E0121" "SyntaxError" "parameters that do not go together"
    PositionalAfterKeyword "E0122" "SyntaxError" "an argument without name behind one with a name"
    RepeatedKeyword "E0123" "SyntaxError" "an argument given twice"
    BareGenerator "E0124" "SyntaxError" "a generator expression beside other arguments"
    ArgumentName "E0125" "SyntaxError" "an assignment to something else than a parameter's name"
    DefaultOrder "E0126" "SyntaxError" "a parameter without default behind one with a default"
    TypeParameters "E0127" "SyntaxError" "type parameters that do not go together"
    AugmentedTarget "E0128" "SyntaxError" "an augmented assignment to several things"
    AnnotationTarget "E0129" "SyntaxError" "an annotation of several things"
    TryWithoutHandler "E0130" "SyntaxError" "a try without except or finally"
    ExceptClause "E0131" "SyntaxError" "an except clause that cannot be"
    InvalidImport "E0132" "SyntaxError" "an import that cannot be"
    ExceptTypes "E0133" "SyntaxError" "several exception types without parentheses"
    ImportOrder "E0134" "SyntaxError" "import and from the other way round"
    StarImport "E0135" "SyntaxError" "import * within a function"
    MixedBraces "E0136" "SyntaxError" "a display that is neither a set nor a dict"
    DeleteTarget "E0137" "SyntaxError" "something that cannot be deleted"
    StarredTargets "E0138" "SyntaxError" "a starred target that cannot be"
    AsInTuple "E0139" "SyntaxError" "as within a tuple"
    InvalidPattern "E0140" "SyntaxError" "a pattern that cannot be"
    Unpacking "E0141" "SyntaxError" "unpacking where it cannot be"
    UnreachableCase "E0142" "SyntaxError" "a pattern that leaves nothing to those behind it"
    PatternNames "E0143" "SyntaxError" "names in a pattern that do not go together"
    OrphanClause "E0144" "SyntaxError" "a clause without its statement"
    OutsideFunction "E0200" "SyntaxError" "an asynchronous form outside of async def"
    OutsideLoop "E0201" "SyntaxError" "break or continue where there is no loop to leave"
    Declaration "E0202" "SyntaxError" "a global or nonlocal declaration that cannot be"
    DuplicateName "E0203" "SyntaxError" "two parameters with the same name"
    FutureFeature "E0204" "SyntaxError" "a future feature that does not exist"
    TooComplex "E0205" "SyntaxError" "code that needs more room than a function has"
    AwaitOutside "E0206" "SyntaxError" "await outside of async def"
    ReturnOutside "E0207" "SyntaxError" "return outside of a function"
    YieldOutside "E0208" "SyntaxError" "yield outside of a function"
    AsyncGeneratorReturn "E0209" "SyntaxError" "an async generator that returns a value"
    YieldFromAsync "E0210" "SyntaxError" "yield from within async def"
    ExceptStarExit "E0211" "SyntaxError" "a jump out of an except* block"
    DeclarationTooLate "E0212" "SyntaxError" "a name used before it is declared global or nonlocal"
    NoNonlocal "E0213" "SyntaxError" "nonlocal without a variable around"
    DeclaredParameter "E0214" "SyntaxError" "a parameter declared global or nonlocal"
    AnnotatedGlobal "E0215" "SyntaxError" "an annotated name that is declared global or nonlocal"
    FutureTooLate "E0216" "SyntaxError" "a future import behind other statements"
    WalrusInComprehension "E0217" "SyntaxError" "`:=` that gets into the way of a comprehension"
    InType "E0218" "SyntaxError" "yield, await or := within a type"
    IsLiteral "E0300" "SyntaxWarning" "`is` with a literal"
    AssertTuple "E0301" "SyntaxWarning" "an assertion that always holds"
    NotCallable "E0302" "SyntaxWarning" "a call of something that cannot be called"
    NotSubscriptable "E0303" "SyntaxWarning" "a subscript of something that has no items"
    BadIndex "E0304" "SyntaxWarning" "a list or string with an index that is no integer"
    OddEscape "E0305" "SyntaxWarning" "a backslash that escapes nothing"
    GluedNumber "E0306" "SyntaxWarning" "a number and a word without a space"
    NeverAwaited "E0400" "RuntimeWarning" "a coroutine that nothing awaits"
    NeedlessAwait "E0401" "Warning" "await of something that cannot be awaited"
    DroppedTask "E0402" "Warning" "a task that nothing keeps"
    Unreachable "E0403" "Warning" "a statement that can never run"
    ShadowedBuiltin "E0404" "Warning" "a name that hides a builtin"
    UndefinedName "E0405" "NameError" "a name that nothing defines"
    UnboundName "E0406" "UnboundLocalError" "a variable that is read before it has a value"
    UnknownModule "E0407" "ModuleNotFoundError" "a module that is not there"
    UnknownAttribute "E0408" "AttributeError" "a name that a module does not have"
    WrongArguments "E0409" "TypeError" "a call whose arguments do not fit"
    UnusedImport "E0410" "Warning" "an import that nothing uses"
    UnusedVariable "E0411" "Warning" "a variable that nothing reads"
    CoroutineAsValue "E0412" "TypeError" "a coroutine where its result is meant"
    WaitOfCoroutines "E0413" "TypeError" "asyncio.wait of coroutines"
    BlockingSleep "E0414" "Warning" "a call in an async function that blocks"
    LockAcrossAwait "E0415" "Warning" "the lock of a thread held over an await"
    SwallowedCancel "E0416" "Warning" "an except clause that swallows cancellation"
    MissingTaskDone "E0417" "Warning" "a queue that is joined and never told task_done"
    MutableDefault "E0418" "Warning" "a default value that is changed"
    NoPlaceholders "E0419" "Warning" "an f-string without fields"
    UnknownMember "E0420" "AttributeError" "an attribute that an object does not have"
    MethodWithoutSelf "E0421" "TypeError" "a method without self"
    UnpackCount "E0422" "ValueError" "an unpacking whose counts differ"
    FormatArguments "E0423" "TypeError" "a format that does not fit its arguments"
    DuplicateKey "E0424" "Warning" "a dict with the same key twice"
    Redefinition "E0425" "Warning" "a definition that a later one replaces unused"
    CalledTooEarly "E0426" "TypeError" "a callback that cannot be called"
    GatherOfList "E0427" "TypeError" "asyncio.gather of a list"
    FunctionAsValue "E0428" "Warning" "a function where its result is meant"
    NoEffect "E0429" "Warning" "a statement that does nothing"
    HandlerOrder "E0430" "Warning" "an except clause that an earlier one hides"
    LateCapture "E0431" "Warning" "a function made in a loop that sees the last value"
    SyncAsAsync "E0432" "TypeError" "async for or async with of something plain"
    NestedLoop "E0433" "RuntimeError" "an event loop that is run inside of a coroutine"
    OperandTypes "E0434" "TypeError" "an operation that its operands do not have"
    NothingAsValue "E0435" "TypeError" "None where a value is meant"
    MissingPrefix "E0436" "Warning" "a string with fields and without f"
    AbstractClass "E0437" "TypeError" "an abstract class that is made"
    BooleanHandler "E0438" "Warning" "an except clause with `or` or `and`"
    TaskDestroyed "E0500" "RuntimeWarning" "a task that its loop left behind"
    LoopHeld "E0501" "RuntimeWarning" "a task that held the event loop"
    Deadlock "E0502" "deadlock" "tasks that wait for each other, or for nothing"
    Internal "E0900" "SystemError" "a mistake of apy"
}

impl ErrorCode {
    /// The number, such as `E0101`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row()[0]
    }

    /// Name of the exception that CPython raises.
    #[must_use]
    pub const fn exception(self) -> &'static str {
        self.row()[1]
    }

    /// What it is, in half a sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row()[2]
    }

    /// What it means and what to do, with a wrong and a right example: a page of Markdown.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        self.row()[3]
    }

    /// The kind with that number, in either case.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_and_find_their_code() {
        assert!(
            ErrorCode::ALL
                .windows(2)
                .all(|pair| pair[0].id() < pair[1].id())
        );
        assert_eq!(ErrorCode::from_id("e0104"), Some(ErrorCode::PrintStatement));
        assert_eq!(ErrorCode::from_id("E9999"), None);
    }
}
