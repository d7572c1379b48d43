//! Units, as powers of what can be measured.

use std::fmt;

/// Powers of seconds, bytes, dollars and countable things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    seconds: i8,
    bytes: i8,
    dollars: i8,
    things: i8,
}

const NONE: Unit = Unit { seconds: 0, bytes: 0, dollars: 0, things: 0 };

impl Unit {
    pub(crate) const COUNT: Self = Self { things: 1, ..NONE };
    pub(crate) const SECONDS: Self = Self { seconds: 1, ..NONE };

    /// Of the catalogue's UCUM units.
    pub(crate) fn of(ucum: &str) -> Self {
        match ucum {
            "s" => Self::SECONDS,
            "By" => Self { bytes: 1, ..NONE },
            "{USD}" => Self { dollars: 1, ..NONE },
            _ => Self::COUNT,
        }
    }

    pub(crate) fn times(self, other: Self, power: i8) -> Self {
        Self {
            seconds: self.seconds + power * other.seconds,
            bytes: self.bytes + power * other.bytes,
            dollars: self.dollars + power * other.dollars,
            things: self.things + power * other.things,
        }
    }

    /// Whether Grafana's unit shows it as what it is. Per file is no unit of Grafana's: seconds for each file are shown as seconds.
    pub(crate) fn is_shown_by(self, grafana: &str) -> bool {
        let each = |unit: Self| {
            [0, -1].into_iter().any(|things| self == Self { things: unit.things + things, ..unit })
        };
        match grafana {
            "s" => each(Self::SECONDS),
            "bytes" => each(Self::of("By")),
            "Bps" => self == Self::of("By").times(Self::SECONDS, -1),
            "currencyUSD" => each(Self::of("{USD}")),
            "cps" | "reqps" | "wps" => self == Self::COUNT.times(Self::SECONDS, -1),
            "percentunit" => self == NONE,
            "short" => self == NONE || self == Self::COUNT,
            _ => false,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let powers = [("s", self.seconds), ("By", self.bytes), ("USD", self.dollars), ("count", self.things)];
        let powers: Vec<String> = powers
            .into_iter()
            .filter(|(_, power)| *power != 0)
            .map(|(name, power)| format!("{name}^{power}"))
            .collect();
        f.write_str(&if powers.is_empty() { "no unit".to_owned() } else { powers.join(" ") })
    }
}
