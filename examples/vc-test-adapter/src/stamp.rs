//! Times: the `dateTimeStamp` of XML Schema 1.1, which always says its offset from UTC.

use std::cmp::Ordering;

use jiff::Timestamp;
use ytterby::json::Value;

use crate::place::Place;
use crate::problem::Problem;

/// A point in time, to any number of decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Seconds since 1970.
    seconds: i64,
    /// The decimals, without zeros at the end.
    fraction: String,
}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stamp {
    fn cmp(&self, other: &Self) -> Ordering {
        // Without zeros at the end, decimals are in the order of their texts.
        self.seconds.cmp(&other.seconds).then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl From<Timestamp> for Stamp {
    fn from(time: Timestamp) -> Self {
        let since = time.as_nanosecond();
        let fraction = format!("{:09}", since.rem_euclid(1_000_000_000)).trim_end_matches('0').to_owned();
        Stamp { seconds: i64::try_from(since.div_euclid(1_000_000_000)).unwrap_or(i64::MAX), fraction }
    }
}

impl Stamp {
    /// The time that may stand at a place.
    pub(crate) fn optional(value: Option<&Value<'_>>, place: &Place) -> Result<Option<Self>, Problem> {
        let Some(value) = value else { return Ok(None) };
        let stamp = value.as_str().and_then(Self::parse);
        stamp.map(Some).ok_or_else(|| Problem::malformed(place, "not a dateTimeStamp with its offset"))
    }

    /// Parses `YYYY-MM-DDThh:mm:ss(.s+)?(Z|±hh:mm)`; years have four to six digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let (year, month_day) = date.split_at_checked(date.len().checked_sub(6)?)?;
        let month = number(month_day.strip_prefix('-')?.get(..2)?, 1, 12)?;
        let last = days_in(parse_year(year)?, month);
        let day = number(month_day.get(3..)?.strip_prefix('-')?, 1, last)?;
        let zone = time.find(['Z', '+', '-'])?;
        let (clock, zone) = time.split_at(zone);
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, decimals))
                if !decimals.is_empty() && decimals.bytes().all(|b| b.is_ascii_digit()) =>
            {
                (clock, decimals.trim_end_matches('0'))
            }
            Some(_) => return None,
            None => (clock, ""),
        };
        let seconds = seconds_of_day(clock, fraction.is_empty())?;
        let days = days_since_1970(parse_year(year)?, month, day);
        Some(Stamp { seconds: days * 86_400 + seconds - offset(zone)?, fraction: fraction.to_owned() })
    }
}

fn parse_year(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !(4..=6).contains(&digits.len()) || (digits.len() > 4 && digits.starts_with('0')) {
        return None;
    }
    let year = number(digits, 0, 999_999)?;
    Some(if text.starts_with('-') { -year } else { year })
}

/// A number of digits alone, between two bounds.
fn number(digits: &str, least: i64, most: i64) -> Option<i64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|n| plain && (least..=most).contains(n))
}

/// `hh:mm:ss`; midnight at the end of a day may be written 24:00:00.
fn seconds_of_day(clock: &str, whole: bool) -> Option<i64> {
    if clock == "24:00:00" && whole {
        return Some(86_400);
    }
    let mut parts = clock.split(':');
    let mut part = |most| parts.next().filter(|p| p.len() == 2).and_then(|p| number(p, 0, most));
    let (hours, minutes, seconds) = (part(23)?, part(59)?, part(59)?);
    parts.next().is_none().then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// `Z`, or hours and minutes up to 14:00 either way.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
    let seconds = number(hours, 0, 14)? * 3_600 + number(minutes, 0, 59)? * 60;
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    (seconds <= 14 * 3_600).then_some(sign * seconds)
}

fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = |year: i64| {
        let past = year - 1;
        past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
    };
    let months: i64 = (1..month).map(|m| days_in(year, m)).sum();
    before(year) - before(1970) + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_in_many_spellings() {
        let noon = Stamp::parse("2026-08-30T12:00:00Z").unwrap();
        assert_eq!(noon, Stamp::from("2026-08-30T12:00:00Z".parse::<Timestamp>().unwrap()));
        for same in ["2026-08-30T12:00:00.000Z", "2026-08-30T14:00:00+02:00", "2026-08-29T22:00:00-14:00"] {
            assert_eq!(Stamp::parse(same), Some(noon.clone()), "{same}");
        }
        assert_eq!(Stamp::parse("2026-08-30T24:00:00Z"), Stamp::parse("2026-08-31T00:00:00Z"));
        for later in ["2026-08-30T12:00:00.001Z", "2026-08-30T12:00:01Z", "10000-01-01T00:00:00Z"] {
            assert!(Stamp::parse(later).unwrap() > noon, "{later}");
        }
        assert!(
            Stamp::parse("-0001-12-31T00:00:00Z").unwrap() < Stamp::parse("0000-01-01T00:00:00Z").unwrap()
        );
        assert!(Stamp::parse("2024-02-29T00:00:00Z").is_some());
    }

    #[test]
    fn what_is_no_stamp() {
        for bad in [
            "",
            "T",
            "Z",
            "2026-08-30",
            "2026-08-30T12:00:00",
            "2026-08-30T12:00:00z",
            "2026-08-30 12:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "26-08-30T12:00:00Z",
            "02026-08-30T12:00:00Z",
            "2026-08-30T12:00:60Z",
            "2026-08-30T25:00:00Z",
            "2026-08-30T12:00Z",
            "2026-08-30T12:00:00.Z",
            "2026-08-30T12:00:00.xZ",
            "2026-08-30T24:00:00.1Z",
            "2026-08-30T12:00:00+15:00",
            "2026-08-30T12:00:00+14:01",
            "2026-08-30T12:00:00+1:00",
            "2026-08-30T12:00:00+01",
            "2026-08-30T+2:00:00Z",
            "é26-08-30T12:00:00Z",
            "2026-08-é0T12:00:00Z",
            "1234567-08-30T12:00:00Z",
            "2026-08-30T12:00:00Z ",
        ] {
            assert_eq!(Stamp::parse(bad), None, "{bad}");
        }
    }
}
