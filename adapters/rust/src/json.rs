//! JSON: numbers stay as they are written.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

const MOST_DEPTH: usize = 100;

impl Json {
    pub fn get(&self, key: &str) -> &Json {
        match self {
            Json::Object(items) => items.get(key).unwrap_or(&Json::Null),
            _ => &Json::Null,
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            _ => "",
        }
    }

    pub fn number(&self) -> f64 {
        match self {
            Json::Number(text) => text.parse().unwrap_or(0.0),
            _ => 0.0,
        }
    }

    pub fn list(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    pub fn is_null(&self) -> bool {
        *self == Json::Null
    }

    pub fn parse(text: &str) -> Result<Json, String> {
        let mut parser = Parser { rest: text.chars().peekable() };
        let value = parser.value(0)?;
        match parser.next_token() {
            None => Ok(value),
            Some(other) => Err(format!("expected the end, seen {other:?}")),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_string())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Json {
        Json::Number(value.to_string())
    }
}

/// An object of pairs: `object([("name", "x".into())])`.
pub fn object<const N: usize>(pairs: [(&str, Json); N]) -> Json {
    Json::Object(pairs.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Json::Null => write!(out, "null"),
            Json::Bool(value) => write!(out, "{value}"),
            Json::Number(text) => write!(out, "{text}"),
            Json::Text(text) => quoted(out, text),
            Json::List(items) => {
                write!(out, "[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(out, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                write!(out, "]")
            }
            Json::Object(items) => {
                write!(out, "{{")?;
                for (index, (key, value)) in items.iter().enumerate() {
                    write!(out, "{}", if index == 0 { "" } else { "," })?;
                    quoted(out, key)?;
                    write!(out, ":{value}")?;
                }
                write!(out, "}}")
            }
        }
    }
}

fn quoted(out: &mut fmt::Formatter, text: &str) -> fmt::Result {
    write!(out, "\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            control if (control as u32) < 0x20 => write!(out, "\\u{:04x}", control as u32)?,
            other => write!(out, "{other}")?,
        }
    }
    write!(out, "\"")
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Parser<'_> {
    fn next_token(&mut self) -> Option<char> {
        while matches!(self.rest.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.rest.next();
        }
        self.rest.peek().copied()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.next_token() {
            Some(seen) if seen == wanted => {
                self.rest.next();
                Ok(())
            }
            seen => Err(format!("expected {wanted:?}, seen {seen:?}")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > MOST_DEPTH {
            return Err(format!("more than {MOST_DEPTH} lists and objects within one another"));
        }
        match self.next_token() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => Ok(Json::Text(self.string()?)),
            Some(_) => self.word(),
            None => Err("expected a value, seen the end".to_string()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        let mut items = BTreeMap::new();
        self.expect('{')?;
        if self.next_token() == Some('}') {
            self.rest.next();
            return Ok(Json::Object(items));
        }
        loop {
            self.next_token();
            let key = self.string()?;
            self.expect(':')?;
            items.insert(key, self.value(depth + 1)?);
            if self.next_token() != Some(',') {
                self.expect('}')?;
                return Ok(Json::Object(items));
            }
            self.rest.next();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, String> {
        let mut items = Vec::new();
        self.expect('[')?;
        if self.next_token() == Some(']') {
            self.rest.next();
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.next_token() != Some(',') {
                self.expect(']')?;
                return Ok(Json::List(items));
            }
            self.rest.next();
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        let mut word = String::new();
        while let Some(next) = self.rest.peek().filter(|next| next.is_ascii_alphanumeric() || "+-.".contains(**next)) {
            word.push(*next);
            self.rest.next();
        }
        match word.as_str() {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            number if number.parse::<f64>().is_ok_and(f64::is_finite) && number.ends_with(|end: char| end.is_ascii_digit()) => {
                Ok(Json::Number(word))
            }
            _ => Err(format!("expected a value, seen {word:?}")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some(other) => text.push(other),
                None => return Err("a text without an end".to_string()),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        Ok(match self.rest.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => return self.unicode(),
            Some(other @ ('"' | '\\' | '/')) => other,
            other => return Err(format!("expected an escape, seen {other:?}")),
        })
    }

    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hexadecimal()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or("half of a surrogate pair".to_string());
        }
        if self.rest.next() != Some('\\') || self.rest.next() != Some('u') {
            return Err("half of a surrogate pair".to_string());
        }
        let second = self.hexadecimal()?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00))
            .ok_or("half of a surrogate pair".to_string())
    }

    fn hexadecimal(&mut self) -> Result<u32, String> {
        let digits: String = (0..4).filter_map(|_| self.rest.next()).collect();
        u32::from_str_radix(&digits, 16).map_err(|_| format!("expected four hexadecimal digits, seen {digits:?}"))
    }
}
