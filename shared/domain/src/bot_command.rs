//! Bot commands as people write them: `/report@examplebot weekly "two words"`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A command and what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotCommand {
    /// Its name, without the slash, in lower case: Telegram's clients send a command as it was typed.
    pub name: String,
    /// The bot it is for, without the `@`, where it names one. In a group several bots may have the same command.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bot: Option<String>,
    /// What follows, as a shell would take it apart.
    pub arguments: Vec<String>,
    /// What follows, as it was written, without the blanks around it.
    pub rest: String,
}

impl BotCommand {
    /// The command that `message` (a Bot API `Message`) begins with: Telegram marks it with an entity at offset 0.
    pub fn of_message(message: &Value) -> Option<Self> {
        let text = message.get("text")?.as_str()?;
        let entities = message.get("entities")?.as_array()?;
        let marked = entities.iter().find(|entity| {
            entity.get("type").and_then(Value::as_str) == Some("bot_command")
                && entity.get("offset").and_then(Value::as_u64) == Some(0)
        })?;
        // An entity is measured in UTF-16 units. A command is ASCII, so its bytes are as many.
        let length = marked.get("length").and_then(Value::as_u64)?;
        let (command, rest) = text.split_at_checked(usize::try_from(length).ok()?)?;
        let (name, bot) = match command.strip_prefix('/')?.split_once('@') {
            Some((name, bot)) => (name, Some(bot)),
            None => (&command[1..], None),
        };
        (is_word(name) && bot.is_none_or(is_word)).then_some(())?;
        Some(Self {
            name: name.to_ascii_lowercase(),
            bot: bot.map(str::to_owned),
            arguments: split(rest).unwrap_or_else(|| vec![rest.trim().to_owned()]),
            rest: rest.trim().to_owned(),
        })
    }

    /// Whether it is for the bot of that username: it names it, or names none.
    pub fn is_for(&self, username: &str) -> bool {
        self.bot.as_ref().is_none_or(|bot| bot.eq_ignore_ascii_case(username))
    }
}

/// Letters, digits and underscores: all that a command's name and a bot's username have.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The words of `text` as a POSIX shell splits them, except that `#` begins no comment: people write numbers and tags
/// with it. `None` where quotes do not pair: `it's` is no mistake in a message, and such text is one argument.
fn split(text: &str) -> Option<Vec<String>> {
    // 32 characters that Unicode keeps for the inside of programs: a text with all of them was made to be one.
    let stand_in = ('\u{fdd0}'..='\u{fdef}').find(|letter| !text.contains(*letter))?;
    let hidden = text.replace('#', stand_in.encode_utf8(&mut [0; 4]));
    let words = shell_words::split(&hidden).ok()?;
    Some(words.into_iter().map(|word| word.replace(stand_in, "#")).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str, length: usize) -> Option<BotCommand> {
        let entity = json!({"type": "bot_command", "offset": 0, "length": length});
        BotCommand::of_message(&json!({"text": text, "entities": [entity]}))
    }

    fn arguments(rest: &str) -> Vec<String> {
        read(&format!("/do {rest}"), 3).unwrap().arguments
    }

    #[test]
    fn a_command_has_a_name_a_bot_and_arguments() {
        let command = read("/Report@ExampleBot weekly \"two words\"\n", 18).unwrap();
        assert_eq!(
            command,
            BotCommand {
                name: "report".to_owned(),
                bot: Some("ExampleBot".to_owned()),
                arguments: vec!["weekly".to_owned(), "two words".to_owned()],
                rest: "weekly \"two words\"".to_owned(),
            }
        );
        assert!(command.is_for("examplebot"));
        assert!(!command.is_for("otherbot"));
    }

    #[test]
    fn a_command_that_names_no_bot_is_for_any() {
        let command = read("/ping", 5).unwrap();
        assert_eq!((command.name.as_str(), command.bot.as_ref(), command.arguments.len()), ("ping", None, 0));
        assert!(command.is_for("examplebot"));
    }

    #[test]
    fn arguments_are_taken_apart_as_in_a_shell() {
        for (rest, words) in [
            ("", &[][..]),
            ("  a   b\tc\nd ", &["a", "b", "c", "d"]),
            ("'one two' three", &["one two", "three"]),
            (r#""say \"hi\"" 'a\b'"#, &[r#"say "hi""#, r"a\b"]),
            (r"one\ two", &["one two"]),
            ("a'b c'\"d e\"", &["ab cd e"]),
            ("'' \"\"", &["", ""]),
            ("$HOME `x` *.txt ~ a;b|c&d", &["$HOME", "`x`", "*.txt", "~", "a;b|c&d"]),
            ("\u{201c}curly quotes\u{201d}", &["\u{201c}curly", "quotes\u{201d}"]),
            (
                "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442} \u{1f600}",
                &["\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", "\u{1f600}"],
            ),
        ] {
            assert_eq!(arguments(rest), words, "{rest:?}");
        }
    }

    #[test]
    fn a_hash_sign_begins_no_comment() {
        assert_eq!(arguments("#42 is open"), ["#42", "is", "open"]);
        assert_eq!(arguments("\u{fdd0} '#a b'#"), ["\u{fdd0}", "#a b#"]);
        let all: String = ('\u{fdd0}'..='\u{fdef}').chain(" #".chars()).collect();
        assert_eq!(arguments(&all), [all]);
    }

    #[test]
    fn what_follows_is_one_argument_when_its_quotes_do_not_pair() {
        for rest in ["it's  fine", "say \"hi", "#1 'a", "\"ends in \\"] {
            assert_eq!(arguments(rest), [rest]);
        }
    }

    #[test]
    fn only_an_entity_at_the_beginning_makes_a_command() {
        let entity = |kind: &str, offset: i64, length: i64| json!([{"type": kind, "offset": offset, "length": length}]);
        for (text, entities) in [
            ("/ping", json!(null)),
            ("/ping", json!([])),
            ("/ping", json!("bot_command")),
            ("/ping", json!([{"type": "bot_command"}])),
            ("/ping", entity("bold", 0, 5)),
            ("a /ping", entity("bot_command", 2, 5)),
            ("/ping", entity("bot_command", -1, 5)),
            ("/ping", entity("bot_command", 0, -5)),
            ("/ping", entity("bot_command", 0, 6)),
            ("/ping", entity("bot_command", 0, 0)),
            ("/ping", entity("bot_command", 0, 1)),
            ("ping!", entity("bot_command", 0, 4)),
            ("/a b", entity("bot_command", 0, 4)),
            ("/ping@", entity("bot_command", 0, 6)),
            ("/@bot", entity("bot_command", 0, 5)),
            ("/a@b@c", entity("bot_command", 0, 6)),
            ("/\u{43f}", entity("bot_command", 0, 2)),
            ("/\u{43f}", entity("bot_command", 0, 3)),
        ] {
            let message = json!({"text": text, "entities": entities});
            assert_eq!(BotCommand::of_message(&message), None, "{message}");
        }
        assert_eq!(
            BotCommand::of_message(
                &json!({"caption": "/ping", "caption_entities": entity("bot_command", 0, 5)})
            ),
            None
        );
    }

    proptest! {
        #[test]
        fn quoted_words_come_back_as_they_were(words in prop::collection::vec(".{0,12}", 0..6)) {
            prop_assert_eq!(arguments(&shell_words::join(&words)), words);
        }

        #[test]
        fn any_message_is_a_command_or_none(text in ".{0,24}", length in 0_u64..40) {
            let entity = json!({"type": "bot_command", "offset": 0, "length": length});
            if let Some(command) = BotCommand::of_message(&json!({"text": text, "entities": [entity]})) {
                prop_assert!(text.starts_with('/'));
                prop_assert!(is_word(&command.name));
                prop_assert!(text.contains(&command.rest));
            }
        }
    }
}
