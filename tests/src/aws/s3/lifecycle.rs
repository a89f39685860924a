//! The buckets' lifecycle rules, as far as they concern uploads that nobody completes. Rules about objects have no effect
//! on one machine.

use serde::Deserialize;

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// A rule as CloudFormation writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rule {
    pub(super) id: Option<String>,
    status: String,
    #[serde(default)]
    prefix: String,
    abort_incomplete_multipart_upload: Option<Abort>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Abort {
    days_after_initiation: u64,
}

/// When an upload that began then will be aborted, in Unix seconds, and by which rule: the days of the rule later, at the
/// next midnight (AWS, "Expiring objects"). The earliest rule wins.
pub(super) fn abort_at<'a>(rules: &'a [Rule], key: &str, initiated_s: u64) -> Option<(u64, &'a Rule)> {
    let applying = rules.iter().filter(|rule| rule.status == "Enabled" && key.starts_with(&rule.prefix));
    let times = applying.filter_map(|rule| {
        let days = rule.abort_incomplete_multipart_upload.as_ref()?.days_after_initiation;
        let due = initiated_s.saturating_add(days.saturating_mul(DAY_S));
        Some((due.div_ceil(DAY_S).saturating_mul(DAY_S), rule))
    });
    times.min_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(rules: serde_json::Value) -> Vec<Rule> {
        serde_json::from_value(rules).expect("rules")
    }

    #[test]
    fn uploads_end_at_the_midnight_after_their_days() {
        let rules = rules(json!([
            {"Id": "objects", "Status": "Enabled", "ExpirationInDays": 45},
            {"Id": "off", "Status": "Disabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
            {"Id": "a", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
            {"Id": "b", "Status": "Enabled", "Prefix": "b/",
             "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        ]));
        let at = |key, initiated_s| {
            let (at, rule) = abort_at(&rules, key, initiated_s).expect("a rule applies");
            (at, rule.id.as_deref().expect("an id"))
        };
        assert_eq!(at("a/1", 10 * DAY_S + 1), (13 * DAY_S, "a"));
        assert_eq!(at("a/1", 10 * DAY_S), (12 * DAY_S, "a"));
        assert_eq!(at("b/1", 10 * DAY_S + 1), (12 * DAY_S, "b"));
        assert!(abort_at(&rules[..2], "b/1", 0).is_none());
    }
}
