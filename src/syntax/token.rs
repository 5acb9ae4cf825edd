//! The words of the language: one table, from which logos makes the lexer.
//!
//! Tokens carry no text: a user of the text takes it from the source by span. Strings and numbers are matched here
//! only by how they start; `literal` and `fstring` find their ends. Whether `match`, `case` and `type` are
//! keywords depends on where they stand, which `layout` knows. To add a word, add a row here and one in the
//! `extern` block of `grammar/apy.lalrpop`.

use logos::Logos;

use crate::diagnostics::Span;

/// A token where it stands; 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexeme {
    /// Which word.
    pub token: Token,
    /// Its bytes; empty for `Dedent`.
    pub span: Span,
}

macro_rules! tokens {
    (
        words { $($word:tt $word_name:ident)* }
        made { $($made_name:ident $made_text:literal)* }
        starts { $($(#[$attr:meta])* $start_name:ident $start_text:literal)* }
    ) => {
        /// A kind of token.
        #[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[logos(skip r"[ \t\x0C]+")]
        #[expect(missing_docs, reason = "`text` says what each is")]
        pub enum Token {
            $(#[token($word)] $word_name,)*
            $($(#[$attr])* $start_name,)*
            $($made_name,)*
        }

        impl Token {
            /// How it is written, or a description of it for tokens with changing text.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$word_name => $word,)*
                    $(Self::$start_name => $start_text,)*
                    $(Self::$made_name => $made_text,)*
                }
            }

            /// Its name in a dump.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$word_name => stringify!($word_name),)*
                    $(Self::$start_name => stringify!($start_name),)*
                    $(Self::$made_name => stringify!($made_name),)*
                }
            }
        }
    };
}

tokens! {
    words {
        "False" False "None" None "True" True "and" And "as" As "assert" Assert "async" Async "await" Await
        "break" Break "class" Class "continue" Continue "def" Def "del" Del "elif" Elif "else" Else
        "except" Except "finally" Finally "for" For "from" From "global" Global "if" If "import" Import "in" In
        "is" Is "lambda" Lambda "nonlocal" Nonlocal "not" Not "or" Or "pass" Pass "raise" Raise "return" Return
        "try" Try "while" While "with" With "yield" Yield

        "(" LParen ")" RParen "[" LBracket "]" RBracket "{" LBrace "}" RBrace
        "," Comma ":" Colon ";" Semicolon "." Dot "..." Ellipsis "->" Arrow ":=" Walrus "=" Equal "!" Bang
        "+" Plus "-" Minus "*" Star "**" DoubleStar "/" Slash "//" DoubleSlash "%" Percent "@" At
        "<<" LeftShift ">>" RightShift "&" Ampersand "|" Pipe "^" Caret "~" Tilde
        "<" Less "<=" LessEqual ">" Greater ">=" GreaterEqual "==" EqualEqual "!=" NotEqual
        "+=" PlusEqual "-=" MinusEqual "*=" StarEqual "**=" DoubleStarEqual "/=" SlashEqual "//=" DoubleSlashEqual
        "%=" PercentEqual "@=" AtEqual "<<=" LeftShiftEqual ">>=" RightShiftEqual "&=" AmpersandEqual
        "|=" PipeEqual "^=" CaretEqual
    }
    made {
        Match "match" Case "case" Type "type"
        WithParen "("
        Indent "an indented block" Dedent "the end of the block"
        FLBrace "{" FRBrace "}" FColon ":" FMiddle "text" FEnd "the end of the f-string"
    }
    starts {
        #[regex(r"[A-Za-z_\u{80}-\u{10FFFF}][A-Za-z0-9_\u{80}-\u{10FFFF}]*")]
        Name "a name"
        #[regex(r"\.?[0-9]")]
        Number "a number"
        #[regex("(?i:r|u|b|br|rb)?(\"|\"\"\"|'|''')")]
        String "a string"
        #[regex("(?i:f|fr|rf)(\"|\"\"\"|'|''')")]
        FStart "an f-string"
        #[regex(r"\r\n|\r|\n")]
        Newline "the end of the line"
        #[regex(r"#[^\r\n]*", allow_greedy = true)]
        Comment "a comment"
        #[token("\\")]
        Backslash "a backslash"
        #[regex(r"[$?`]")]
        Unknown "an unknown character"
    }
}

impl Token {
    /// Whether an expression can start with it.
    #[must_use]
    pub const fn starts_expression(self) -> bool {
        use Token::*;
        matches!(
            self,
            Name | Number
                | String
                | FStart
                | False
                | None
                | True
                | Ellipsis
                | LParen
                | LBracket
                | LBrace
                | Match
                | Case
                | Type
                | Not
                | Lambda
                | Await
                | Minus
                | Plus
                | Tilde
                | Star
                | DoubleStar
                | Yield
        )
    }

    /// Whether an expression can end with it.
    #[must_use]
    pub const fn ends_expression(self) -> bool {
        use Token::*;
        matches!(
            self,
            Name | Number
                | String
                | FEnd
                | False
                | None
                | True
                | Ellipsis
                | RParen
                | RBracket
                | RBrace
                | Match
                | Case
                | Type
        )
    }

    /// Whether an operand can start with it, other than a bracket that would make a call or a subscript. After another operand
    /// such a token is a mistake; after `match` it shows that this is the keyword.
    #[must_use]
    pub const fn starts_operand(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Number
                | Self::String
                | Self::FStart
                | Self::False
                | Self::None
                | Self::True
                | Self::Ellipsis
                | Self::LBrace
                | Self::Lambda
                | Self::Not
                | Self::Await
                | Self::Tilde
        )
    }

    /// Whether it is a word made of letters that cannot be a name.
    #[must_use]
    pub const fn is_keyword(self) -> bool {
        (self as u8) <= (Self::Yield as u8)
    }
}
