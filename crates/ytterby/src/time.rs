//! Times and dates in their one accepted spelling: `2026-08-30T12:00:00Z` and `2026-08-30`.

use jiff::{Timestamp, civil::Date};

/// A text is not a time or date in the accepted spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not `YYYY-MM-DDThh:mm:ssZ`.
    #[error("not a UTC time written YYYY-MM-DDThh:mm:ssZ")]
    Time,
    /// Not `YYYY-MM-DD`.
    #[error("not a date written YYYY-MM-DD")]
    Date,
}

/// Parses a UTC time to the second. No offset, no fraction, no leap second, no lower case.
pub fn parse_time(text: &str) -> Result<Timestamp, TimeError> {
    if !has_shape(text, "0000-00-00T00:00:00Z") || text.ends_with(":60Z") {
        return Err(TimeError::Time);
    }
    text.parse().map_err(|_| TimeError::Time)
}

/// Parses a date.
pub fn parse_date(text: &str) -> Result<Date, TimeError> {
    if !has_shape(text, "0000-00-00") {
        return Err(TimeError::Date);
    }
    text.parse().map_err(|_| TimeError::Date)
}

/// Parses a time, or a date for the first second of that day in UTC.
pub fn parse_day_or_time(text: &str) -> Option<Timestamp> {
    match parse_date(text) {
        Ok(_) => parse_time(&format!("{text}T00:00:00Z")).ok(),
        Err(_) => parse_time(text).ok(),
    }
}

/// A time to the second, as certificates write it.
pub fn format_time(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}

/// The UTC date of a time.
pub(crate) fn date_of(time: Timestamp) -> Date {
    jiff::tz::Offset::UTC.to_datetime(time).date()
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'0' { b.is_ascii_digit() } else { b == s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let text = "2026-08-30T12:00:00Z";
        assert_eq!(format_time(parse_time(text).unwrap()), text);
        for bad in [
            "2026-08-30T12:00:00z",
            "2026-08-30 12:00:00Z",
            "2026-08-30T12:00:00.0Z",
            "2026-08-30T12:00:00+00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-12-31T23:59:60Z",
            "2026-08-30T24:00:00Z",
            "2026-08-30T12:00Z",
        ] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
        assert!(parse_date("2026-02-29").is_err());
        assert_eq!(date_of(parse_time("2026-08-30T23:59:59Z").unwrap()), parse_date("2026-08-30").unwrap());
    }
}
