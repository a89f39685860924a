//! Checks the shape of `reply_markup` and of its buttons, as far as a bot can get them wrong.
//!
//! `http` addresses are accepted where a local Bot API server accepts them. Keyboards are not shown to anybody, so
//! what a client draws (sizes, placeholders, styles) is left unchecked.

use serde_json::{Map, Value};

use super::error::ApiError;
use super::limits::MAX_CALLBACK_DATA_BYTES;
use super::params::Params;

/// What makes an inline button do something; a button needs one of them.
const INLINE_ACTIONS: &[&str] = &[
    "callback_data",
    "callback_game",
    "copy_text",
    "login_url",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "url",
    "web_app",
];

/// A `reply_markup` of the right shape.
#[derive(Debug)]
pub(super) struct Markup {
    value: Value,
    has_web_app: bool,
}

impl Markup {
    /// Reads `reply_markup`; `None` when there is none.
    pub(super) fn of(params: &Params) -> Result<Option<Self>, ApiError> {
        let text = params.text("reply_markup");
        if text.is_empty() {
            return Ok(None);
        }
        let value: Value = serde_json::from_str(&text)
            .map_err(|_| ApiError::bad_request("can't parse reply keyboard markup JSON object"))?;
        if value.is_null() {
            return Ok(None);
        }
        let object =
            value.as_object().ok_or_else(|| ApiError::bad_request("object expected as reply markup"))?;
        let has_web_app = if let Some(rows) = object.get("inline_keyboard") {
            check_keyboard(rows, "inline_keyboard", "InlineKeyboardMarkup", check_inline_button)?
        } else if let Some(rows) = object.get("keyboard") {
            check_keyboard(rows, "keyboard", "ReplyKeyboardMarkup", check_button)?
        } else {
            for flag in ["remove_keyboard", "force_reply"] {
                check_flag(object, flag)?;
            }
            false
        };
        Ok(Some(Self { value, has_web_app }))
    }

    /// Web App buttons exist in private chats only.
    pub(super) fn check_chat(&self, is_private: bool) -> Result<(), ApiError> {
        if self.has_web_app && !is_private {
            return Err(ApiError::bad_request("BUTTON_TYPE_INVALID"));
        }
        Ok(())
    }

    /// The markup as a message shows it: inline keyboards only.
    pub(super) fn shown(&self) -> Option<&Value> {
        self.value.get("inline_keyboard").is_some().then_some(&self.value)
    }
}

/// Checks a web address of a webhook, button or menu button; the result is why it is refused.
pub(super) fn check_web_url(url: &str) -> Result<(), &'static str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err("URL must have a protocol");
    };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err("Unsupported URL protocol");
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err("URL host is empty");
    }
    match url.parse::<http::Uri>() {
        Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) => Ok(()),
        _ => Err("Wrong URL host"),
    }
}

type ButtonCheck = fn(&Value) -> Result<bool, ApiError>;

/// Says whether any button opens a Web App.
fn check_keyboard(rows: &Value, field: &str, of: &str, check: ButtonCheck) -> Result<bool, ApiError> {
    let rows = rows
        .as_array()
        .ok_or_else(|| ApiError::bad_request(format!("field \"{field}\" must be of type Array")))?;
    let mut has_web_app = false;
    for row in rows {
        let row = row.as_array().ok_or_else(|| {
            ApiError::bad_request(format!("field \"{field}\" of the {of} must be an Array of Arrays"))
        })?;
        for button in row {
            has_web_app |= check(button)?;
        }
    }
    Ok(has_web_app)
}

fn check_button(button: &Value) -> Result<bool, ApiError> {
    const PREFIX: &str = "can't parse keyboard button: ";
    if button.is_string() {
        return Ok(false);
    }
    let object = button
        .as_object()
        .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}KeyboardButton must be an Object")))?;
    required_text(object, "text", PREFIX)?;
    check_web_app(object, "keyboard button", PREFIX)
}

fn check_inline_button(button: &Value) -> Result<bool, ApiError> {
    const PREFIX: &str = "can't parse inline keyboard button: ";
    let object = button
        .as_object()
        .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}InlineKeyboardButton must be an Object")))?;
    required_text(object, "text", PREFIX)?;
    if !INLINE_ACTIONS.iter().any(|action| object.contains_key(*action)) {
        return Err(ApiError::bad_request(format!(
            "{PREFIX}Text buttons are unallowed in the inline keyboard"
        )));
    }
    if let Some(data) = object.get("callback_data") {
        let length = data.as_str().map_or(0, str::len);
        if !(1..=MAX_CALLBACK_DATA_BYTES).contains(&length) {
            return Err(ApiError::bad_request("BUTTON_DATA_INVALID"));
        }
    }
    if let Some(url) = object.get("url").and_then(Value::as_str)
        && !url.starts_with("tg://")
    {
        check_web_url(url).map_err(|reason| {
            ApiError::bad_request(format!("inline keyboard button URL '{url}' is invalid: {reason}"))
        })?;
    }
    check_web_app(object, "inline keyboard button", PREFIX)
}

fn check_web_app(button: &Map<String, Value>, kind: &str, prefix: &str) -> Result<bool, ApiError> {
    let Some(web_app) = button.get("web_app") else {
        return Ok(false);
    };
    let web_app = web_app
        .as_object()
        .ok_or_else(|| ApiError::bad_request(format!("{prefix}field \"web_app\" must be of type Object")))?;
    let url = required_text(web_app, "url", prefix)?;
    check_web_url(url).map_err(|reason| {
        ApiError::bad_request(format!("{kind} Web App URL '{url}' is invalid: {reason}"))
    })?;
    Ok(true)
}

/// A field that must be there and must be text.
pub(super) fn required_text<'a>(
    object: &'a Map<String, Value>,
    field: &str,
    prefix: &str,
) -> Result<&'a str, ApiError> {
    let value = object
        .get(field)
        .ok_or_else(|| ApiError::bad_request(format!("{prefix}can't find field \"{field}\"")))?;
    value
        .as_str()
        .ok_or_else(|| ApiError::bad_request(format!("{prefix}field \"{field}\" must be of type String")))
}

fn check_flag(object: &Map<String, Value>, flag: &str) -> Result<(), ApiError> {
    match object.get(flag) {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(_) => Err(ApiError::bad_request(format!("field \"{flag}\" must be of type Boolean"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(markup: &str) -> Result<Option<Markup>, ApiError> {
        Markup::of(&Params::of_pairs(&[("reply_markup", markup)]))
    }

    #[test]
    fn each_wrong_shape_has_telegrams_sentence() {
        let long =
            format!(r#"{{"inline_keyboard":[[{{"text":"a","callback_data":"{}"}}]]}}"#, "x".repeat(65));
        let cases = [
            ("{", "can't parse reply keyboard markup JSON object"),
            ("[]", "object expected as reply markup"),
            (r#"{"keyboard":1}"#, "field \"keyboard\" must be of type Array"),
            (
                r#"{"keyboard":[{"text":"a"}]}"#,
                "field \"keyboard\" of the ReplyKeyboardMarkup must be an Array of Arrays",
            ),
            (r#"{"inline_keyboard":null}"#, "field \"inline_keyboard\" must be of type Array"),
            (
                r#"{"inline_keyboard":[["a"]]}"#,
                "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
            ),
            (
                r#"{"inline_keyboard":[[{"text":"a"}]]}"#,
                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
            ),
            (
                r#"{"inline_keyboard":[[{"url":"https://a.b"}]]}"#,
                "can't parse inline keyboard button: can't find field \"text\"",
            ),
            (
                r#"{"inline_keyboard":[[{"text":"a","web_app":{"url":"ftp://a"}}]]}"#,
                "inline keyboard button Web App URL 'ftp://a' is invalid: Unsupported URL protocol",
            ),
            (
                r#"{"keyboard":[[{"text":"a","web_app":{"url":"https://"}}]]}"#,
                "keyboard button Web App URL 'https://' is invalid: URL host is empty",
            ),
            (long.as_str(), "BUTTON_DATA_INVALID"),
            (r#"{"remove_keyboard":"yes"}"#, "field \"remove_keyboard\" must be of type Boolean"),
        ];
        for (markup, sentence) in cases {
            assert_eq!(read(markup).unwrap_err(), ApiError::bad_request(sentence), "{markup}");
        }
    }

    #[test]
    fn null_and_nothing_are_no_markup() {
        assert!(read("").unwrap().is_none());
        assert!(read("null").unwrap().is_none());
    }

    #[test]
    fn a_web_app_button_needs_a_private_chat() {
        let keyboard =
            json!({"keyboard": [["plain", {"text": "a", "web_app": {"url": "http://127.0.0.1/app"}}]]});
        let markup = read(&keyboard.to_string()).unwrap().unwrap();
        assert_eq!(markup.check_chat(true), Ok(()));
        assert_eq!(markup.check_chat(false), Err(ApiError::bad_request("BUTTON_TYPE_INVALID")));
        assert_eq!(markup.shown(), None);
    }
}
