//! DynamoDB's number: a decimal of at most 38 significant digits, exact, never a float.

use std::cmp::Ordering;
use std::fmt;

/// Significant digits that a number may have.
const DIGITS_MAX: u32 = 38;
/// Power of ten of the leading digit: 9.99…E+125 is the largest magnitude, 1E-130 the smallest.
const LEADING_POWER_MAX: i32 = 125;
const LEADING_POWER_MIN: i32 = -130;

/// `±digits × 10^exponent`. Canonical: `digits` does not end in a zero, and zero is `+0 × 10^0`, so equal numbers are equal
/// values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: u128,
    exponent: i32,
}

/// Why a text or a result is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    Malformed,
    TooManyDigits,
    Overflow,
    Underflow,
}

impl Number {
    pub(super) const ZERO: Self = Self { negative: false, digits: 0, exponent: 0 };

    /// Reads `-12.5`, `1e3`, `.5`, `+7`.
    pub(super) fn parse(text: &str) -> Result<Self, NumberError> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, power) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], parse_power(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(NumberError::Malformed);
        }
        let mut digits = 0_u128;
        let mut dropped_zeros = 0_i32;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return Err(NumberError::Malformed);
            }
            // Zeros are held back until a digit follows: trailing ones do not count as significant.
            if byte == b'0' {
                dropped_zeros += i32::from(digits != 0);
                continue;
            }
            let held_back = u32::try_from(dropped_zeros).unwrap_or(u32::MAX);
            digits = 10_u128
                .checked_pow(held_back.saturating_add(1))
                .and_then(|scale| digits.checked_mul(scale))
                .and_then(|shifted| shifted.checked_add(u128::from(byte - b'0')))
                .ok_or(NumberError::TooManyDigits)?;
            dropped_zeros = 0;
        }
        let fraction_len = i32::try_from(fraction.len()).map_err(|_| NumberError::TooManyDigits)?;
        Self::canonical(negative, digits, power.saturating_sub(fraction_len).saturating_add(dropped_zeros))
    }

    /// Of a count; exact.
    pub(super) fn from_count(count: usize) -> Self {
        Self::canonical(false, count as u128, 0).unwrap_or(Self::ZERO)
    }

    fn canonical(negative: bool, mut digits: u128, mut exponent: i32) -> Result<Self, NumberError> {
        if digits == 0 {
            return Ok(Self::ZERO);
        }
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent = exponent.saturating_add(1);
        }
        let number = Self { negative, digits, exponent };
        if number.digit_count() > DIGITS_MAX {
            Err(NumberError::TooManyDigits)
        } else if number.leading_power() > LEADING_POWER_MAX {
            Err(NumberError::Overflow)
        } else if number.leading_power() < LEADING_POWER_MIN {
            Err(NumberError::Underflow)
        } else {
            Ok(number)
        }
    }

    fn digit_count(&self) -> u32 {
        self.digits.checked_ilog10().map_or(1, |log| log + 1)
    }

    fn leading_power(&self) -> i32 {
        self.exponent.saturating_add(i32::try_from(self.digit_count()).unwrap_or(i32::MAX) - 1)
    }

    pub(super) fn checked_add(&self, other: &Self) -> Result<Self, NumberError> {
        if self.digits == 0 {
            return Ok(*other);
        }
        if other.digits == 0 {
            return Ok(*self);
        }
        let exponent = self.exponent.min(other.exponent);
        // Scaling past 128 bits means that the exact sum has more than 38 digits: the lower one's last digit is not zero.
        let scaled = |number: &Self| {
            let shift = u32::try_from(number.exponent - exponent).unwrap_or(u32::MAX);
            10_u128
                .checked_pow(shift)
                .and_then(|scale| number.digits.checked_mul(scale))
                .ok_or(NumberError::TooManyDigits)
        };
        let (a, b) = (scaled(self)?, scaled(other)?);
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, a.checked_add(b).ok_or(NumberError::TooManyDigits)?)
        } else if a >= b {
            (self.negative, a - b)
        } else {
            (other.negative, b - a)
        };
        Self::canonical(negative, digits, exponent)
    }

    pub(super) fn checked_sub(&self, other: &Self) -> Result<Self, NumberError> {
        let negated = Self { negative: !other.negative && other.digits != 0, ..*other };
        self.checked_add(&negated)
    }

    /// What it counts towards an item's size: a byte for two digits, one more for the exponent, one more for a minus.
    pub(super) fn size_bytes(&self) -> usize {
        self.digit_count().div_ceil(2) as usize + 1 + usize::from(self.negative)
    }

    fn magnitude_cmp(&self, other: &Self) -> Ordering {
        let aligned = |number: &Self| number.digits * 10_u128.pow(DIGITS_MAX - number.digit_count());
        self.leading_power().cmp(&other.leading_power()).then_with(|| aligned(self).cmp(&aligned(other)))
    }
}

fn parse_power(text: &str) -> Result<i32, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Malformed);
    }
    // Far outside of the range on both sides; the sum with the mantissa's length saturates.
    let power = digits.parse().unwrap_or(i32::MAX / 2).min(i32::MAX / 2);
    Ok(if text.starts_with('-') { -power } else { power })
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits, number.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        match (sign(self), sign(other)) {
            (-1, -1) => other.magnitude_cmp(self),
            (1, 1) => self.magnitude_cmp(other),
            (a, b) => a.cmp(&b),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    /// Plain decimal text without an exponent, as DynamoDB answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.digits.to_string();
        match usize::try_from(self.exponent) {
            Ok(zeros) => write!(f, "{digits}{:0<zeros$}", ""),
            Err(_) => {
                let places = self.exponent.unsigned_abs() as usize;
                match digits.len().checked_sub(places).filter(|whole| *whole > 0) {
                    Some(whole) => write!(f, "{}.{}", &digits[..whole], &digits[whole..]),
                    None => write!(f, "0.{digits:0>places$}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn text_is_canonical() {
        for (given, wanted) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            ("-1e3", "-1000"),
            (".5", "0.5"),
            ("5.", "5"),
            ("12345e-3", "12.345"),
            ("1E-3", "0.001"),
            ("+100.0", "100"),
            ("1780000000123", "1780000000123"),
            ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        ] {
            assert_eq!(number(given).to_string(), wanted, "{given}");
        }
        assert_eq!(number("1e125").to_string().len(), 126);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "+", ".", "e5", "1e", "1e+", "1x", "0x10", "1.2.3", "--1", "NaN", "Infinity", " 1", "1 ",
        ] {
            assert_eq!(Number::parse(text), Err(NumberError::Malformed), "{text:?}");
        }
        assert_eq!(Number::parse("1e126"), Err(NumberError::Overflow));
        assert_eq!(Number::parse("1e99999999999999"), Err(NumberError::Overflow));
        assert_eq!(Number::parse("-1e-131"), Err(NumberError::Underflow));
        assert_eq!(Number::parse(&"1".repeat(39)), Err(NumberError::TooManyDigits));
        assert_eq!(Number::parse(&format!("1{}", "0".repeat(200))), Err(NumberError::Overflow));
    }

    #[test]
    fn order_is_numeric_and_exact() {
        let ordered = [
            "-1e100",
            "-2",
            "-1.5",
            "-1e-130",
            "0",
            "1e-130",
            "0.5",
            "9",
            "10",
            "10.0000000000000001",
            "1e20",
        ];
        for pair in ordered.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
        assert!(number("9007199254740993") > number("9007199254740992"));
    }

    #[test]
    fn sums_are_exact_or_refused() {
        let sum = |a: &str, b: &str| number(a).checked_add(&number(b)).map(|sum| sum.to_string());
        assert_eq!(sum("0.1", "0.2").as_deref(), Ok("0.3"));
        assert_eq!(sum("-5", "5").as_deref(), Ok("0"));
        assert_eq!(sum("1e38", "-1").as_deref(), Ok("99999999999999999999999999999999999999"));
        assert_eq!(sum("99999999999999999999999999999999999999", "1").map(|text| text.len()), Ok(39));
        assert_eq!(sum("1e60", "1"), Err(NumberError::TooManyDigits));
        assert_eq!(sum("9e125", "9e125"), Err(NumberError::Overflow));
        assert_eq!(number("5").checked_sub(&number("7")).map(|left| left.to_string()).as_deref(), Ok("-2"));
    }

    proptest! {
        #[test]
        fn text_never_panics(text in "[-+0-9.eE]{0,50}") {
            let _ = Number::parse(&text);
        }

        #[test]
        fn agrees_with_integers(a in any::<i64>(), b in any::<i64>()) {
            let (x, y) = (number(&a.to_string()), number(&b.to_string()));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.to_string(), a.to_string());
            prop_assert_eq!(x.checked_add(&y).unwrap().to_string(), (i128::from(a) + i128::from(b)).to_string());
            prop_assert_eq!(x.checked_sub(&y).unwrap().to_string(), (i128::from(a) - i128::from(b)).to_string());
        }

        #[test]
        fn text_round_trips(digits in 0_u64.., exponent in -100_i32..90, negative: bool) {
            let given = number(&format!("{}{digits}e{exponent}", if negative { "-" } else { "" }));
            prop_assert_eq!(number(&given.to_string()), given);
        }
    }
}
