//! What a function may do: its policy statements, evaluated as IAM does.
//!
//! Only identity policies exist here, and without conditions: the template loader refuses what cannot be evaluated.

use std::collections::BTreeMap;

use crate::template::model::{Function, Statement};

/// The statements of every function's execution role.
#[derive(Clone, Debug, Default)]
pub struct Policies(BTreeMap<String, Vec<Statement>>);

impl Policies {
    /// The policies of a model's functions.
    pub fn new(functions: &[Function]) -> Self {
        Self(
            functions.iter().map(|function| (function.logical_id.clone(), function.policy.clone())).collect(),
        )
    }

    /// The function whose process signs with this key: `<LogicalId>-<n>`. Any other key is the person at the machine,
    /// who may do everything.
    pub fn function_of(&self, access_key_id: &str) -> Option<&str> {
        let (logical_id, number) = access_key_id.rsplit_once('-')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let (logical_id, _) = self.0.get_key_value(logical_id)?;
        is_number.then_some(logical_id)
    }

    /// Whether a function's statements allow the action and none denies it.
    pub fn permit(&self, function: &str, action: &str, resource: &str) -> bool {
        let Some(statements) = self.0.get(function) else {
            return false;
        };
        let mut applying =
            statements.iter().filter(|statement| applies(statement, action, resource)).peekable();
        applying.peek().is_some() && applying.all(|statement| statement.allow)
    }
}

fn applies(statement: &Statement, action: &str, resource: &str) -> bool {
    let action = action.to_lowercase();
    statement.actions.iter().any(|pattern| matches(&pattern.to_lowercase(), &action))
        && statement.resources.iter().any(|pattern| matches(pattern, resource))
}

/// `*` stands for any text, `?` for any one character.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut here) = (0, 0);
    // Where the last `*` stands, and up to where it has swallowed the text.
    let mut star: Option<(usize, usize)> = None;
    while here < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[here] => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else {
                    return false;
                };
                star = Some((star_at, swallowed + 1));
                at = star_at + 1;
                here = swallowed + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(statements: &[(bool, &str, &str)]) -> Policies {
        let statements = statements.iter().map(|(allow, action, resource)| Statement {
            allow: *allow,
            actions: vec![(*action).to_owned()],
            resources: vec![(*resource).to_owned()],
        });
        Policies(BTreeMap::from([("Work".to_owned(), statements.collect())]))
    }

    #[test]
    fn wildcards_match_as_iam_matches_them() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything/at:all"),
            ("photos/*", "photos/a/b"),
            ("a*b*c", "a-b-b-c"),
            ("secret-??????", "secret-a1B2c3"),
            ("*.fifo", "bot.fifo.fifo"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("photos/*", "photo"),
            ("secret-??????", "secret-a1B2c"),
            ("a*b", "a-b-c"),
            ("Photos/*", "photos/a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn nothing_is_allowed_that_no_statement_allows() {
        let policies = policies(&[(true, "s3:PutObject", "arn:aws:s3:::b/photos/*")]);
        assert!(policies.permit("Work", "s3:PutObject", "arn:aws:s3:::b/photos/1"));
        assert!(!policies.permit("Work", "s3:PutObject", "arn:aws:s3:::b/others/1"));
        assert!(!policies.permit("Work", "s3:GetObject", "arn:aws:s3:::b/photos/1"));
        assert!(!policies.permit("Other", "s3:PutObject", "arn:aws:s3:::b/photos/1"));
    }

    #[test]
    fn an_explicit_deny_wins() {
        let policies = policies(&[(true, "s3:*", "*"), (false, "s3:Delete*", "arn:aws:s3:::b/kept/*")]);
        assert!(policies.permit("Work", "s3:DeleteObject", "arn:aws:s3:::b/photos/1"));
        assert!(!policies.permit("Work", "s3:DeleteObject", "arn:aws:s3:::b/kept/1"));
    }

    #[test]
    fn actions_are_compared_without_case() {
        assert!(policies(&[(true, "SQS:sendmessage", "*")]).permit("Work", "sqs:SendMessage", "q"));
    }

    #[test]
    fn a_function_is_known_by_its_processes_keys() {
        let policies = policies(&[]);
        assert_eq!(policies.function_of("Work-12"), Some("Work"));
        for key in ["Work", "Work-", "Work-1x", "Other-1", "AKIDEXAMPLE", ""] {
            assert_eq!(policies.function_of(key), None, "{key}");
        }
    }
}
