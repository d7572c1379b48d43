//! PromQL as far as dashboards and rules use it, as a tree. What it does not know it refuses; that the text is right PromQL is for
//! promtool to say.

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Number,
    Selector { name: String, matchers: Vec<Matcher> },
    Call { function: String, arguments: Vec<Expr> },
    Aggregate { operator: String, grouping: Grouping, arguments: Vec<Expr> },
    Binary { operator: String, matching: Matching, left: Box<Expr>, right: Box<Expr> },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    pub(crate) operator: String,
    pub(crate) value: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Matching {
    All,
    On(Vec<String>),
    Ignoring(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A name, a number or a duration; Grafana's variables too.
    Word(String),
    Text(String),
    Mark(String),
}

const AGGREGATIONS: &[&str] = &["sum", "min", "max", "avg", "count", "topk", "bottomk"];
/// Loosest first.
const PRECEDENCE: &[&[&str]] =
    &[&["or"], &["and", "unless"], &["==", "!=", ">", "<", ">=", "<="], &["+", "-"], &["*", "/", "%"]];

pub(crate) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(format!("unexpected {token:?} in {text}")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '$');
    while let Some(&c) = chars.get(at) {
        if c.is_whitespace() {
            at += 1;
        } else if c == '"' {
            let length = chars[at + 1..].iter().position(|c| *c == '"').ok_or("a string without an end")?;
            found.push(Token::Text(chars[at + 1..at + 1 + length].iter().collect()));
            at += length + 2;
        } else if is_word(c) {
            let length = chars[at..].iter().take_while(|c| is_word(**c)).count();
            found.push(Token::Word(chars[at..at + length].iter().collect()));
            at += length;
        } else {
            let two: String = chars[at..].iter().take(2).collect();
            let mark =
                if ["=~", "!~", "!=", "==", ">=", "<="].contains(&&*two) { two } else { c.to_string() };
            at += mark.len();
            found.push(Token::Mark(mark));
        }
    }
    Ok(found)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or("an unexpected end")?;
        self.at += 1;
        Ok(token)
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Mark(text) | Token::Word(text)) if text == wanted);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        if self.takes(wanted) {
            Ok(())
        } else {
            Err(format!("{:?} where {wanted} was expected", self.peek()))
        }
    }

    fn expression(&mut self, level: usize) -> Result<Expr, String> {
        let Some(operators) = PRECEDENCE.get(level) else { return self.operand() };
        let mut left = self.expression(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.takes(operator)) {
            let matching = self.matching()?;
            let right = self.expression(level + 1)?;
            let (left_, right) = (Box::new(left), Box::new(right));
            left = Expr::Binary { operator: (*operator).to_owned(), matching, left: left_, right };
        }
        Ok(left)
    }

    fn matching(&mut self) -> Result<Matching, String> {
        let matching = if self.takes("on") {
            Matching::On(self.names()?)
        } else if self.takes("ignoring") {
            Matching::Ignoring(self.names()?)
        } else {
            return Ok(Matching::All);
        };
        if self.takes("group_left") {
            self.names()?;
        }
        Ok(matching)
    }

    /// `(a, b)`
    fn names(&mut self) -> Result<Vec<String>, String> {
        self.expect("(")?;
        let mut names = Vec::new();
        while !self.takes(")") {
            match self.next()? {
                Token::Word(name) => names.push(name),
                token => return Err(format!("{token:?} where a label was expected")),
            }
            self.takes(",");
        }
        Ok(names)
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, String> {
        Ok(if self.takes("by") {
            Some(Grouping::By(self.names()?))
        } else if self.takes("without") {
            Some(Grouping::Without(self.names()?))
        } else {
            None
        })
    }

    fn operand(&mut self) -> Result<Expr, String> {
        if self.takes("(") {
            let inner = self.expression(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = match self.next()? {
            Token::Word(word) => word,
            Token::Mark(mark) if mark == "{" => return Err("a selector without a metric's name".to_owned()),
            token => return Err(format!("{token:?} where an operand was expected")),
        };
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(Expr::Number);
        }
        if AGGREGATIONS.contains(&&*word) {
            let before = self.grouping()?;
            let arguments = self.arguments()?;
            let after = self.grouping()?;
            let grouping = before.or(after).unwrap_or(Grouping::By(Vec::new()));
            return Ok(Expr::Aggregate { operator: word, grouping, arguments });
        }
        if matches!(self.peek(), Some(Token::Mark(mark)) if mark == "(") {
            return Ok(Expr::Call { function: word, arguments: self.arguments()? });
        }
        let matchers = if self.takes("{") { self.matchers()? } else { Vec::new() };
        if self.takes("[") {
            self.next()?;
            self.expect("]")?;
        }
        if self.takes("offset") {
            self.next()?;
        }
        Ok(Expr::Selector { name: word, matchers })
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, String> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.takes(")") {
            arguments.push(self.expression(0)?);
            self.takes(",");
        }
        Ok(arguments)
    }

    fn matchers(&mut self) -> Result<Vec<Matcher>, String> {
        let mut matchers = Vec::new();
        while !self.takes("}") {
            match (self.next()?, self.next()?, self.next()?) {
                (Token::Word(label), Token::Mark(operator), Token::Text(value)) => {
                    matchers.push(Matcher { label, operator, value });
                }
                other => return Err(format!("{other:?} where a matcher was expected")),
            }
            self.takes(",");
        }
        Ok(matchers)
    }
}
