//! The kinds of mistakes that are found before a program runs: one table.
//!
//! A row gives a kind its number for `apy explain`, the exception that CPython raises for it, a title and an
//! explanation. Several messages may share a kind, if the same explanation helps. To add one, add a row:
//! E00xx text and tokens, E01xx syntax, E02xx names and scopes. Numbers are never reused.

macro_rules! codes {
    ($($name:ident $id:literal $exception:literal $title:literal $explanation:literal)*) => {
        /// A kind of mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            const fn row(self) -> [&'static str; 4] {
                match self {
                    $(Self::$name => [$id, $exception, $title, $explanation],)*
                }
            }
        }
    };
}

codes! {
    NotUtf8 "E0001" "SyntaxError" "the file is not UTF-8 text"
        "Source files are UTF-8. The message names the first byte that is not. Convert the file in your editor, or check \
         that it is a source file at all."
    NullByte "E0002" "SyntaxError" "the file contains a null byte"
        "A byte of value 0 never stands in source text; it hints at a binary file or at UTF-16. Inside a string literal \
         write \\0."
    FileTooLarge "E0003" "SyntaxError" "the file is too large"
        "Source files may have up to 4 GB."
    InvalidCharacter "E0004" "SyntaxError" "a character that means nothing here"
        "Outside of strings and comments only letters, digits, `_`, spaces and the operators of the language may stand. \
         Typical causes: typographic quotes or dashes and non-breaking spaces from a web page or word processor."
    LineContinuation "E0005" "SyntaxError" "a backslash not followed by a new line"
        "A backslash outside of strings joins two lines: nothing may follow it on its line, not even a space or comment. \
         Inside of brackets lines join without it."
    UnterminatedString "E0006" "SyntaxError" "a string without its closing quote"
        "A string in single or double quotes ends on the line it starts on. For text over several lines use triple \
         quotes; for a quote inside the text write \\\" or use the other kind of quotes."
    InvalidNumber "E0007" "SyntaxError" "a number that cannot be read"
        "Numbers are written 10, 1_000, 0xff, 0o17, 0b101, 1.5, 1e-3, 2j. A name cannot start with a digit, an \
         underscore stands only between digits, and a decimal number other than 0 does not start with 0."
    IntegerTooLong "E0008" "SyntaxError" "a decimal number with more than 4300 digits"
        "Reading decimal digits takes time that grows with the square of their number, so there is a limit. Hexadecimal \
         numbers have none."
    InvalidEscape "E0009" "SyntaxError" "an escape sequence that cannot be decoded"
        "\\x takes 2 hexadecimal digits, \\u 4, \\U 8 (up to 10FFFF), \\N{...} the name of a Unicode character. For a \
         backslash itself, as in Windows paths, write \\\\ or use a raw string: r\"...\"."
    LoneSurrogate "E0010" "SyntaxError" "an escape sequence for half a character"
        "The code points D800 to DFFF are halves of UTF-16 pairs, not characters, and apy's strings hold only \
         characters. Write the character itself, or \\U with its 8 digits."
    BytesNotAscii "E0011" "SyntaxError" "a bytes literal with a character beyond ASCII"
        "The characters of b\"...\" stand for bytes. Write other bytes as \\xNN, or encode text: \"...\".encode()."
    MixedBytes "E0012" "SyntaxError" "text and bytes side by side"
        "Adjacent literals are joined, but only text with text and bytes with bytes."
    FString "E0013" "SyntaxError" "a replacement field that cannot be read"
        "A field of an f-string is {expression}, {expression=}, {expression!r}, {expression:format}. For a brace in the \
         text write {{ or }}. A lambda or := in a field needs parentheses, because the colon starts the format."
    UnclosedBracket "E0014" "SyntaxError" "an opening bracket without its closing one"
        "All lines up to the closing bracket belong together, so the program seems to end in the middle of a statement."
    UnmatchedBracket "E0015" "SyntaxError" "a closing bracket that matches no opening one"
        "Brackets close in the reverse order of their opening."
    TooNested "E0016" "SyntaxError" "nesting that is too deep"
        "There are limits: 200 open brackets, 100 levels of indentation, about 3000 operations within one another. \
         Programs reach them only when they are generated: build the value step by step, or in a loop."
    UnexpectedIndent "E0017" "IndentationError" "a line that is indented without reason"
        "Only the block behind a line that ends in a colon is indented."
    UnmatchedDedent "E0018" "IndentationError" "a line whose indentation fits no block"
        "When a block ends, the next line must start exactly below the start of an enclosing block."
    ExpectedBlock "E0019" "IndentationError" "a block is missing"
        "Behind a line that ends in a colon at least one indented statement must follow. Use `pass` if there is nothing \
         to do."
    MixedTabs "E0020" "TabError" "tabs and spaces are mixed so that the indentation is ambiguous"
        "Whether one line is deeper than another must not depend on the width of a tab. Indent with spaces only."
    TooManyLevels "E0021" "IndentationError" "more than 100 levels of indentation"
        "Move inner blocks to functions of their own."
    InvalidSyntax "E0100" "SyntaxError" "something that does not belong here"
        "The parser could make sense of everything up to the marked place. Look there, and at what stands just before it."
    ExpectedToken "E0101" "SyntaxError" "something is missing"
        "At the marked place the language asks for a certain symbol or keyword, which the message names."
    MissingComma "E0102" "SyntaxError" "two values side by side"
        "Within brackets values are separated by commas."
    AssignInExpression "E0103" "SyntaxError" "an assignment where a value is wanted"
        "`=` assigns and is a statement of its own. To compare, write `==`. To assign within an expression, write \
         (name := value)."
    PrintStatement "E0104" "SyntaxError" "print without parentheses"
        "print is a function: print(\"hello\")."
    ForeignSyntax "E0105" "SyntaxError" "a form of another language"
        "The help line names what to write here instead."
    InvalidTarget "E0110" "SyntaxError" "something that cannot be assigned to"
        "Assign to names, attributes (a.b), items (a[i]) and lists or tuples of these. The same holds for the targets of \
         `for`, `with ... as` and `del`; `+=` and annotations allow only the first three."
    MisplacedStar "E0111" "SyntaxError" "a starred expression in a place where none can be"
        "*x spreads a value into a list, tuple, set or call, or collects the rest in an assignment to several targets."
    InvalidWalrus "E0112" "SyntaxError" "`:=` with something else than a name"
        "(name := value) can bind only a plain name."
    CallArguments "E0120" "SyntaxError" "arguments of a call that do not go together"
        "Positional arguments come first, then name=value; a generator expression needs its own parentheses unless it is \
         the only argument; no name may be given twice."
    Parameters "E0121" "SyntaxError" "parameters that do not go together"
        "The order is: positional-only, /, ordinary, *args or *, keyword-only, **kwargs. Once a positional parameter has \
         a default, those behind it need one too."
    TryWithoutHandler "E0130" "SyntaxError" "a try without except or finally"
        "A `try` block is followed by `except`, or `finally`, or both."
    ExceptClause "E0131" "SyntaxError" "an except clause that cannot be"
        "Several types are written as a tuple: `except (A, B):`. A bare `except:` is the last one. `except` and \
         `except*` do not mix, and `except*` needs a type."
    InvalidImport "E0132" "SyntaxError" "an import that cannot be"
        "Write `import a.b as c`, `from a import b, c as d`, `from a import *`."
    InvalidPattern "E0140" "SyntaxError" "a pattern that cannot be"
        "Patterns are literals, names (which capture), dotted names (which compare), [sequences], {mappings}, \
         Class(patterns), `|` and `as`. A pattern that always fits ends an `|` and a match; alternatives bind the same \
         names; no name is bound twice."
    Unpacking "E0141" "SyntaxError" "unpacking where it cannot be"
        "A comprehension makes one item at a time; write a loop or a nested `for` instead of * or **."
    OutsideFunction "E0200" "SyntaxError" "a statement or expression in the wrong kind of function"
        "`return` and `yield` stand in functions, `await`, `async for` and `async with` in `async def` functions or at \
         the top level of a script. A class body is not a function. Comprehensions cannot yield, async generators cannot \
         return a value."
    OutsideLoop "E0201" "SyntaxError" "break or continue where there is no loop to leave"
        "`break` and `continue` belong to the innermost `for` or `while` of the same function. They cannot leave an \
         `except*` block, nor can `return`, because several such blocks may have to run."
    Declaration "E0202" "SyntaxError" "a global or nonlocal declaration that cannot be"
        "`global x` and `nonlocal x` stand before everything else that a function does with x, and x is no parameter. \
         `nonlocal` names a variable of a function around; names of the module need `global`."
    DuplicateName "E0203" "SyntaxError" "two parameters with the same name"
        "Each parameter of a function, and each type parameter, has a name of its own."
    FutureFeature "E0204" "SyntaxError" "a from __future__ import that cannot be"
        "`from __future__ import annotations` and its like stand at the very top, behind nothing but a docstring. The \
         other features are part of the language already."
    TooComplex "E0205" "SyntaxError" "code that needs more room than a function has"
        "A function has 240 registers for its variables and for the values that an expression needs at the same time. \
         Programs reach this only when they are generated: split the function or name parts of the expression."
    Suspicious "E0300" "SyntaxWarning" "something that is likely not as meant"
        "The program runs, but the marked place does something else than it seems to. The help line says what to write."
    Internal "E0900" "SystemError" "a mistake of apy"
        "The compiler made code that its own verifier refuses. This is a bug of apy, not of the program. Please report it \
         with the program."
}

impl Code {
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

    /// What it means and what to do.
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
        assert!(Code::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
        assert_eq!(Code::from_id("e0104"), Some(Code::PrintStatement));
        assert_eq!(Code::from_id("E9999"), None);
    }
}
