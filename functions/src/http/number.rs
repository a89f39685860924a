//! Whole numbers in bodies, however a client spells them.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// The largest number up to which a float holds every whole one: 2⁵³ (RFC 8259, section 6).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that `value` is. JSON knows one kind of numbers: `7.0` is 7 (JSON Schema 2020-12, section 4.2.3).
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let float = value.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
        format!("{float:.0}").parse().ok()
    })
}

/// As [`whole`], of a number from 0 on, for a field.
///
/// # Errors
///
/// Anything else.
pub(crate) fn deserialize_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = whole(&value).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| de::Error::custom("no whole number"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_may_be_spelt_with_a_point() {
        for (spelt, number) in
            [("7", 7), ("7.0", 7), ("7e2", 700), ("-3.0", -3), ("0", 0), ("9007199254740992.0", 1 << 53)]
        {
            assert_eq!(whole(&serde_json::from_str(spelt).unwrap()), Some(number), "{spelt}");
        }
    }

    #[test]
    fn what_is_no_whole_number_is_none() {
        for value in
            [json!(1.5), json!("7"), json!(null), json!(true), json!([7]), json!(1e300), json!(u64::MAX)]
        {
            assert_eq!(whole(&value), None, "{value}");
        }
    }
}
