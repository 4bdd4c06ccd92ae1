//! The grammar of `condition:`, for rules and filters and for extended correlations.
//!
//! ```text
//! or   := and ("or" and)*          and  := not ("and" not)*
//! not  := "not" not | term         term := "(" or ")" | ("1" | "any" | "all") "of" pattern | name
//! ```
//!
//! Precedence as the specification has it: `or` < `and` < `not` < `x of`. A parser written by hand
//! because every error must name its column and what to write instead.
//!
//! What it refuses: the aggregations of Sigma 1 (`| count() > 5`, `near`), which the specification
//! removed in 2.0 in favour of correlations.

/// A parsed condition over names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// The name of a selection or a rule, and the character where it stands.
    Name(String, usize),
    /// `1 of pattern` (any) or `all of pattern`; `them` is the pattern `them`.
    Of {
        all: bool,
        pattern: String,
        at: usize,
    },
}

impl Condition {
    /// Whether anything in it is negated.
    pub(crate) fn has_not(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_not),
            Self::Not(_) => true,
            Self::Name(..) | Self::Of { .. } => false,
        }
    }

    /// Calls `visit` with every name that is written out and the character where it stands.
    pub(crate) fn names<'a>(&'a self, visit: &mut impl FnMut(&'a str, usize)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.names(visit)),
            Self::Not(inner) => inner.names(visit),
            Self::Name(name, at) => visit(name, *at),
            Self::Of { .. } => {}
        }
    }
}

/// What is wrong, and the 0-based character where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConditionError {
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// Nesting deeper than this is refused, so that recursion is bounded.
const DEPTH_MAX: usize = 64;

/// Parses a condition.
pub(crate) fn parse(text: &str) -> Result<Condition, ConditionError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        next: 0,
        depth: 0,
        end: text.chars().count(),
    };
    let condition = parser.or()?;
    match parser.peek() {
        None => Ok(condition),
        Some((Token::Close, at)) => Err(error(*at, "this `)` closes nothing; remove it")),
        Some((_, at)) => Err(error(*at, "expected `and`, `or` or the end here")),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Of,
    Word(String),
}

fn error(at: usize, message: impl Into<String>) -> ConditionError {
    ConditionError {
        at,
        message: message.into(),
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ConditionError> {
    let mut out = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' => out.push((Token::Open, at)),
            ')' => out.push((Token::Close, at)),
            '|' => {
                return Err(error(
                    at,
                    "aggregations after `|` were removed in Sigma 2; write a correlation (`correlation:` with `type: event_count`) instead",
                ));
            }
            c => {
                let mut word = String::from(c);
                while let Some((_, c)) =
                    chars.next_if(|(_, c)| !c.is_whitespace() && !matches!(c, '(' | ')' | '|'))
                {
                    word.push(c);
                }
                out.push((keyword(word), at));
            }
        }
    }
    Ok(out)
}

fn keyword(word: String) -> Token {
    match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "of" => Token::Of,
        _ => Token::Word(word),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&(Token, usize)> {
        self.tokens.get(self.next)
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek().is_some_and(|(next, _)| next == token);
        self.next += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.and()?];
        while self.eat(&Token::Or) {
            parts.push(self.and()?);
        }
        Ok(one_or(parts, Condition::Or))
    }

    fn and(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.not()?];
        while self.eat(&Token::And) {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Condition::And))
    }

    fn not(&mut self) -> Result<Condition, ConditionError> {
        let at = self.peek().map_or(self.end, |(_, at)| *at);
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(error(
                at,
                "nested too deep; split the condition into selections",
            ));
        }
        let result = if self.eat(&Token::Not) {
            self.not().map(|inner| Condition::Not(Box::new(inner)))
        } else {
            self.term()
        };
        self.depth -= 1;
        result
    }

    fn term(&mut self) -> Result<Condition, ConditionError> {
        let Some((token, at)) = self.peek().cloned() else {
            return Err(error(
                self.end,
                "the condition ends here; a name is missing",
            ));
        };
        self.next += 1;
        match token {
            Token::Open => {
                let inner = self.or()?;
                if self.eat(&Token::Close) {
                    return Ok(inner);
                }
                Err(error(at, "this `(` is never closed; add `)`"))
            }
            Token::Word(word) if self.eat(&Token::Of) => self.of(&word, at),
            Token::Word(word) => Ok(Condition::Name(word, at)),
            Token::Of => Err(error(at, "`of` needs `1`, `any` or `all` before it")),
            Token::Close => Err(error(at, "a name is missing before this `)`")),
            Token::And | Token::Or | Token::Not => {
                Err(error(at, "a name is missing before this operator"))
            }
        }
    }

    fn of(&mut self, quantity: &str, at: usize) -> Result<Condition, ConditionError> {
        let all = match quantity.to_ascii_lowercase().as_str() {
            "1" | "any" => false,
            "all" => true,
            _ => {
                return Err(error(
                    at,
                    format!("`{quantity} of` is not in Sigma; write `1 of` or `all of`"),
                ));
            }
        };
        match self.peek().cloned() {
            Some((Token::Word(pattern), at)) => {
                self.next += 1;
                Ok(Condition::Of { all, pattern, at })
            }
            other => Err(error(
                other.map_or(self.end, |(_, at)| at),
                "expected `them` or a name pattern like `selection_*` after `of`",
            )),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        many(parts)
    }
}

#[cfg(test)]
mod tests;
