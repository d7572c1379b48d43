//! An expression's tokens.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a function or a bare attribute name.
    Word,
    /// `#name`
    Name,
    /// `:value`
    Value,
    /// Digits, as in `[0]`.
    Integer,
    Comma,
    Dot,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    /// A character that no expression has.
    Unknown,
    End,
}

/// A token and where it stands, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Splits an expression; the last token is always [`Kind::End`].
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(source.len() / 4 + 1);
    let mut start = 0;
    while start < source.len() {
        let rest = &source[start..];
        let Some(first) = rest.chars().next() else { break };
        if first.is_ascii_whitespace() {
            start += first.len_utf8();
            continue;
        }
        let (kind, len) = token(first, rest);
        tokens.push(Token { kind, text: &rest[..len], start });
        start += len;
    }
    tokens.push(Token { kind: Kind::End, text: "", start: source.len() });
    tokens
}

fn token(first: char, rest: &str) -> (Kind, usize) {
    let second = rest.as_bytes().get(1).copied();
    match first {
        '#' => (Kind::Name, 1 + word_len(&rest[1..])),
        ':' => (Kind::Value, 1 + word_len(&rest[1..])),
        '0'..='9' => (Kind::Integer, rest.bytes().take_while(u8::is_ascii_digit).count()),
        'a'..='z' | 'A'..='Z' | '_' => (Kind::Word, word_len(rest)),
        ',' => (Kind::Comma, 1),
        '.' => (Kind::Dot, 1),
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        '[' => (Kind::OpenBracket, 1),
        ']' => (Kind::CloseBracket, 1),
        '+' => (Kind::Plus, 1),
        '-' => (Kind::Minus, 1),
        '=' => (Kind::Equal, 1),
        '<' if second == Some(b'>') => (Kind::NotEqual, 2),
        '<' if second == Some(b'=') => (Kind::LessOrEqual, 2),
        '<' => (Kind::Less, 1),
        '>' if second == Some(b'=') => (Kind::GreaterOrEqual, 2),
        '>' => (Kind::Greater, 1),
        other => (Kind::Unknown, other.len_utf8()),
    }
}

fn word_len(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_split_without_spaces() {
        let texts: Vec<_> = tokens("#a.b[10]<>:v AND(c>=:w)").iter().map(|token| token.text).collect();
        assert_eq!(texts, ["#a", ".", "b", "[", "10", "]", "<>", ":v", "AND", "(", "c", ">=", ":w", ")", ""]);
    }

    #[test]
    fn foreign_characters_are_tokens_of_their_own() {
        let kinds: Vec<_> = tokens("a é!").iter().map(|token| token.kind).collect();
        assert_eq!(kinds, [Kind::Word, Kind::Unknown, Kind::Unknown, Kind::End]);
    }
}
